//! The Supervisor: every decoder and every machine.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;
use core::hint::black_box;

use nodewire::AskId;
use nodewire::bytes::Bytes;
use nodewire::codec::supervisor::{
    Accesses, Answer, BlockId, BlockRef, ChainId, DerivedRefPair, Hash, Log, NodeEvent, OutputV0,
    Profile, RustCryptoKeccak256, Served, SuperV1,
};
use nodewire::state::supervisor::{
    BlockQuery, CallId, ChainConfig, Config, ExpiryWindow, L1Query, Limits, LogsQuery,
    NodeBlockQuery, NodeId, Outputs, OutputsQuery, RpcAnswer, RpcText, Server, Supervisor,
    SupervisorCommand, SupervisorRemote,
};

use crate::poke::poke;

/// Everything, on whatever the bytes are.
pub fn all(data: &[u8]) -> usize {
    decoders(data) + machines(data)
}

fn decoders(data: &[u8]) -> usize {
    let mut done = 0usize;
    let entries: Vec<_> = data.as_chunks().0.iter().map(|entry| Hash(*entry)).collect();
    let mut written = Vec::new();
    for access in Accesses::new(black_box(&entries)) {
        match access {
            Ok(access) => access.encode(&mut written),
            Err(error) => done += error.index,
        }
    }
    if let Ok(root) = SuperV1::decode(black_box(data)) {
        done += root.encode().len() + usize::from(root.root::<RustCryptoKeccak256>().0[0]);
    }
    if let Ok(output) = OutputV0::decode(black_box(data)) {
        done += output.preimage().len();
    }
    black_box(written).len() + done
}

fn machines(data: &[u8]) -> usize {
    let limits = Limits::default();
    let served = Served {
        extensions: true,
        dependency_set_v1: true,
        admin: true,
        max_access_entries: limits.max_access_entries,
    };
    let text = RpcText { call: CallId(1), text: Bytes::copy_from_slice(data) };
    let server = Server::new(limits.clone(), Profile::Seed, served);
    let answer = RpcAnswer(AskId::from_u64(0), Ok(Answer::Null));
    let done = poke(server, [answer], [text.clone()]);

    let chain_id = ChainId::from(data.len() as u64);
    let chains = BTreeMap::from([(chain_id, ChainConfig { activation: 0, block_time: 2 })]);
    let config = Config::new(chains, ExpiryWindow::EXPIRY_CURRENT);
    let Ok(supervisor) = Supervisor::<RustCryptoKeccak256>::new(config, limits) else {
        return done;
    };
    done + poke(supervisor, commands(chain_id), remotes(chain_id, text))
}

fn commands(chain_id: ChainId) -> Vec<SupervisorCommand> {
    let block = BlockRef::default();
    let id = AskId::from_u64(0);
    let output = OutputV0::default();
    let outputs = Outputs { canonical: output, pending: output };
    let anchor = Box::new(DerivedRefPair { source: block, derived: block });
    vec![
        SupervisorCommand::Anchor { chain_id, anchor },
        BlockQuery::answered(id, Some(block)),
        LogsQuery::answered(id, Some(vec![Log::default()])),
        NodeBlockQuery::answered(id, Some(BlockId::default())),
        OutputsQuery::answered(id, Some(outputs)),
        L1Query::answered(id, Some(block)),
        SupervisorCommand::Rewind { chain_id, head: block.id() },
        SupervisorCommand::Failsafe(true),
    ]
}

fn remotes(chain_id: ChainId, text: RpcText) -> Vec<SupervisorRemote> {
    let (node, block) = (NodeId(0), BlockRef::default());
    let pair = DerivedRefPair { source: block, derived: block };
    let event = Box::new(NodeEvent {
        unsafe_block: Some(block),
        derivation_update: Some(pair),
        exhaust_l1: Some(pair),
        ..NodeEvent::default()
    });
    vec![
        SupervisorRemote::NodeUp { chain_id, node },
        SupervisorRemote::Node { chain_id, node, event },
        SupervisorRemote::L1Tip(block),
        SupervisorRemote::L1Finalized(block),
        SupervisorRemote::Rpc(text),
        SupervisorRemote::NodeDown { chain_id, node },
    ]
}
