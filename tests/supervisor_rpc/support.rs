//! A server before an index that answers at once.

use std::collections::BTreeMap;

use nodewire::codec::supervisor::{
    BlockRef, ChainId, Code, Failure, Hash, Profile, RustCryptoKeccak256, Served,
};
use nodewire::state::supervisor::{
    CallId, ChainConfig, Config, ExpiryWindow, Index, Limits, RpcAnswer, RpcText, Server,
};
use nodewire::{Action, Machine, Outbox, Time};
use serde_json::Value;

pub const SERVED: Served =
    Served { extensions: true, dependency_set_v1: false, admin: false, max_access_entries: 100 };

pub fn index(chains: &[u64]) -> Index<RustCryptoKeccak256> {
    let chains =
        chains.iter().map(|id| (ChainId::from(*id), ChainConfig { activation: 0, block_time: 2 }));
    let config = Config::new(chains.collect::<BTreeMap<_, _>>(), ExpiryWindow::EXPIRY_CURRENT);
    Index::new(config, Limits::default()).unwrap()
}

/// An index whose finalized layer-one block is known.
pub fn finalized() -> Index<RustCryptoKeccak256> {
    let mut index = index(&[10, 20]);
    let hash = Hash([5; 32]);
    let block = BlockRef { hash, number: 7, parent_hash: Hash([4; 32]), timestamp: 100 };
    index.finalize_l1(block, &mut Vec::new()).unwrap();
    index
}

pub fn server(served: Served) -> Server {
    Server::new(Limits::default(), Profile::Seed, served)
}

/// The reply to a text, every question answered by the index.
pub fn reply(server: &mut Server, index: &Index<RustCryptoKeccak256>, text: &str) -> Option<Value> {
    let mut out = Outbox::new();
    let text = RpcText { call: CallId(3), text: text.to_owned().into() };
    server.handle_remote(Time::ZERO, text, &mut out);
    let mut replies = Vec::new();
    while let Some(action) = out.pop() {
        match action {
            Action::Ask(id, call) => {
                let answer = index.answer(&call);
                let answer =
                    answer.unwrap_or_else(|| Err(Failure::from(Code::ResourceUnavailable)));
                server.handle_local(Time::ZERO, RpcAnswer(id, answer), &mut out).unwrap();
            }
            Action::Send(reply) => replies.push(reply),
            other => panic!("{other:?}"),
        }
    }
    let [reply] = replies.as_slice() else { panic!("one reply to each text: {replies:?}") };
    assert_eq!(reply.call, CallId(3));
    assert_eq!(server.waiting(), 0);
    reply.text.as_ref().map(|text| serde_json::from_slice(text).expect("replies are JSON"))
}
