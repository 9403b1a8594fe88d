//! The laws of every machine, whatever a full node and its peers are told, in any order.

use std::time::Duration;

use nodewire::codec::chia::messages::{
    Block, HeaderSignature, NewProofOfTime, ProofOfTimeFinished, RequestAllHeaderHashes,
    RequestBlock, RequestHeaderHash, TransactionId, UnfinishedBlock,
};
use nodewire::codec::chia::{self, Blob, Bytes32, FullBlock, Message, NodeId, NodeType};
use nodewire::codec::streamable::{RustCryptoSha256, Streamable};
use nodewire::sim::Laws;
use nodewire::sim::chia::{Answers, Keeper, Ledger, Oracle};
use nodewire::state::chia::{
    Added, ConnectionId, Direction, FromPeer, FullNode, FullNodeCommand, FullNodeConfig,
    FullNodeQuery, Parting, Peer, Whereabouts,
};
use nodewire::{Action, AskId, Input, InputOf, Machine, Time};
use proptest::prelude::*;

use super::{branch, chain, consensus, genesis, hash, maker};

#[derive(Clone, Copy, Debug)]
enum Op {
    Connect(u64),
    Disconnect(u64),
    Send { from: u64, kind: u8, which: usize },
    Reply { which: usize, how: u8 },
    Pass(u64),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        2 => (0..6_u64).prop_map(Op::Connect),
        1 => (0..6_u64).prop_map(Op::Disconnect),
        14 => (0..6_u64, 0..12_u8, 0..9_usize)
            .prop_map(|(from, kind, which)| Op::Send { from, kind, which }),
        14 => (any::<usize>(), 0..12_u8).prop_map(|(which, how)| Op::Reply { which, how }),
        2 => (0..6_000_u64).prop_map(Op::Pass),
    ]
}

struct Watched {
    laws: Laws<FullNode>,
    keeper: Keeper,
    /// Blocks in a row, the next after our tip first; then one far away.
    blocks: Vec<FullBlock>,
    now: Time,
    asked: Vec<(AskId, FullNodeQuery)>,
}

impl Watched {
    fn new() -> Self {
        let mut ledger = Ledger::new(consensus(), genesis());
        chain(4).into_iter().for_each(|block| drop(ledger.add(block)));
        let mut config = FullNodeConfig::default();
        config.limits.max_disconnected = 5;
        config.limits.max_waiting = 3;
        config.limits.max_unfinished = 2;
        config.limits.max_candidates = 2;
        config.limits.max_asks_per_peer = 4;
        config.limits.max_asks_of_gone = 1;
        let node = FullNode::new(config, ledger.chain()).unwrap();
        let mut blocks = branch(&chain(4)[3], 1, 8);
        blocks.push(chain(40).remove(39));
        let (laws, keeper) = (Laws::new(node), Keeper::new(ledger));
        Self { laws, keeper, blocks, now: Time::ZERO, asked: Vec::new() }
    }

    fn give(&mut self, input: InputOf<FullNode>) {
        let stepped = self.laws.step(self.now, input);
        let mut actions = stepped.unwrap_or_else(|broken| panic!("{broken}")).actions;
        while let Some(action) = actions.pop() {
            if let Action::Ask(id, query) = action {
                self.asked.push((id, query));
            }
        }
    }

    fn act(&mut self, op: Op) {
        match op {
            Op::Connect(number) => {
                let peer = Peer { node_id: NodeId([9; 32]), node_type: of(number), server_port: 0 };
                let at = Whereabouts { direction: Direction::Inbound, listens: None };
                let connected = FromPeer::Connected(ConnectionId(number), peer, at);
                self.give(Input::Remote(connected));
            }
            Op::Disconnect(number) => {
                let gone = FromPeer::Disconnected(ConnectionId(number), Parting::AddressKept);
                self.give(Input::Remote(gone));
            }
            Op::Send { from, kind, which } => {
                let message = self.message(kind, which);
                self.give(Input::Remote(FromPeer::Received(ConnectionId(from), message)));
            }
            Op::Reply { which, how } if !self.asked.is_empty() => {
                let (id, query) = self.asked.remove(which % self.asked.len());
                // Who adds a block looks whether anybody wants to know: its answer counts.
                if self.laws.machine().awaits(id) {
                    let answer = self.answer(id, query, how);
                    self.give(Input::Local(answer));
                }
            }
            Op::Reply { .. } => {}
            Op::Pass(millis) => {
                self.now = self.now.after(Duration::from_millis(millis));
                self.give(Input::Timeout);
            }
        }
    }

    fn message(&self, kind: u8, which: usize) -> Message {
        let block = self.blocks[which].clone();
        let parent =
            which.checked_sub(1).map_or_else(|| chain(4).remove(3), |at| self.blocks[at].clone());
        let proof = block.header_block.proof_of_time.clone().unwrap();
        let unfinished = maker(1).unfinished(&parent);
        match kind {
            0..=2 => Block { block }.into(),
            3 => {
                let mut twin = block;
                twin.header_block.proof_of_time.as_mut().unwrap().witness = Blob(vec![7].into());
                Block { block: twin }.into()
            }
            4 | 5 => UnfinishedBlock { block: unfinished }.into(),
            6 => NewProofOfTime { proof }.into(),
            7 => ProofOfTimeFinished { proof }.into(),
            8 => {
                let proof_of_space = unfinished.header_block.proof_of_space;
                RequestHeaderHash {
                    challenge_hash: proof_of_space.challenge_hash,
                    coinbase: unfinished.body.coinbase,
                    coinbase_signature: unfinished.body.coinbase_signature,
                    fees_target_puzzle_hash: Bytes32([1; 32]),
                    proof_of_space,
                }
                .into()
            }
            9 => {
                let space = &unfinished.header_block.proof_of_space;
                let header = &unfinished.header_block.header;
                HeaderSignature {
                    pos_hash: Bytes32(space.get_hash::<RustCryptoSha256>()),
                    header_hash: header.data.hash::<RustCryptoSha256>(),
                    header_signature: header.harvester_signature,
                }
                .into()
            }
            10 => RequestBlock { header_hash: hash(&parent) }.into(),
            _ if which % 2 == 0 => {
                let transaction_id = chia::TransactionId([which.try_into().unwrap(); 32]);
                TransactionId { transaction_id }.into()
            }
            _ => RequestAllHeaderHashes { tip_header_hash: hash(&parent) }.into(),
        }
    }

    /// What the keeper says, or the worst that could be said.
    fn answer(&mut self, id: AskId, query: FullNodeQuery, how: u8) -> FullNodeCommand {
        match (how, &query) {
            (0, FullNodeQuery::AddBlock(_)) => FullNodeCommand::Added(id, Added::Invalid),
            (1, FullNodeQuery::AddBlock(_)) => FullNodeCommand::Added(id, Added::Disconnected),
            (0, FullNodeQuery::ValidateUnfinished(_)) => FullNodeCommand::Validated(id, None),
            (
                0,
                FullNodeQuery::VerifyProofOfTime(_)
                | FullNodeQuery::VerifyCoinbase(_)
                | FullNodeQuery::VerifySignature(_),
            ) => FullNodeCommand::Verdict(id, false),
            // Of another kind, or too much: refused, and nothing changes.
            (2, FullNodeQuery::AddBlock(_)) => {
                let mut chain = self.keeper.ledger().chain();
                chain.ips = 0;
                FullNodeCommand::Added(id, Added::Tip(Box::new(chain)))
            }
            (3, _) => FullNodeCommand::Quality(id, None),
            _ => {
                let mut answers = Answers::new();
                Oracle::<FullNode>::asked(&mut self.keeper, self.now, id, query, &mut answers);
                answers.take().remove(0).1
            }
        }
    }
}

/// Three full nodes, a farmer, a timelord, a wallet.
fn of(number: u64) -> NodeType {
    match number {
        0..=2 => NodeType::FullNode,
        3 => NodeType::Farmer,
        4 => NodeType::Timelord,
        _ => NodeType::Wallet,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_full_node_keeps_the_laws(ops in proptest::collection::vec(op(), 0..120)) {
        let mut watched = Watched::new();
        (0..6).for_each(|number| watched.act(Op::Connect(number)));
        for op in ops {
            watched.act(op);
        }
        let node = watched.laws.machine();
        prop_assert!(node.disconnected_blocks() <= 5);
        prop_assert!(node.unfinished_blocks() <= 2);
        prop_assert!(node.candidates() <= 2);
    }
}
