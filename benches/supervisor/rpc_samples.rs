//! Calls to measure, and what answers them.

use nodewire::bytes::Bytes;
use nodewire::codec::supervisor::{BlockRef, Hash, Profile, Served};
use nodewire::state::supervisor::{CallId, Index, Limits, RpcText, Server, Slot};
use nodewire::{Action, Outbox, Time};
use serde_json::json;

use crate::supervisor_samples::{self as samples, ANCHOR, access, block, chain_id, plain};

/// Messages of the longest list.
pub const MESSAGES: u64 = 100;

/// Logs of a block.
const LOGS: u32 = 2;

/// What is served.
pub const SERVED: Served =
    Served { extensions: true, dependency_set_v1: false, admin: false, max_access_entries: 32_768 };

/// The newest block.
pub fn head() -> BlockRef {
    block(0, ANCHOR + MESSAGES / u64::from(LOGS))
}

/// A small call.
pub fn small_call() -> String {
    let params = json!([chain_id(0)]);
    json!({"jsonrpc": "2.0", "id": 7, "method": "supervisor_localUnsafe", "params": params})
        .to_string()
}

/// A check of so many messages.
pub fn check(messages: u64) -> String {
    let timestamp = format!("{:#x}", block(0, ANCHOR + MESSAGES).timestamp + 10);
    let descriptor = json!({"timestamp": timestamp, "timeout": "0x12c"});
    let params = json!([entries(messages), "cross-unsafe", descriptor]);
    json!({"jsonrpc": "2.0", "id": 7, "method": "supervisor_checkAccessList", "params": params})
        .to_string()
}

/// The log that message `at` of a list is: number of its block, position.
pub fn log(at: u64) -> (u64, u32) {
    (ANCHOR + 1 + at / u64::from(LOGS), (at % u64::from(LOGS)) as u32)
}

/// An access list of so many messages.
pub fn entries(messages: u64) -> Vec<Hash> {
    let mut entries = Vec::new();
    for at in 0..messages {
        let (number, position) = log(at);
        access(0, number, position).encode(&mut entries);
    }
    entries
}

/// An index with every message, all of it cross-unsafe.
pub fn index() -> Index {
    let mut index = samples::index(2, Limits::default());
    for number in ANCHOR + 1..=ANCHOR + MESSAGES / u64::from(LOGS) {
        let logs: Vec<_> = (0..LOGS).map(|at| plain(0, number, at)).collect();
        index.append(Slot(0), &block(0, number), &logs).expect("the next block");
    }
    assert!(index.promote(&mut Vec::new()));
    index
}

/// The replies to a text, answered at once.
pub fn answered(text: &str) -> impl FnMut() -> Bytes + use<> {
    let mut server = Server::new(Limits::default(), Profile::Seed, SERVED);
    let (index, text, mut out) = (index(), Bytes::from(text.to_owned()), Outbox::new());
    let mut call = move || {
        let text = RpcText { call: CallId(1), text: text.clone() };
        server.handle_text(Time::ZERO, text, |call| index.answer(call), &mut out);
        let Some(Action::Send(reply)) = out.pop() else { panic!("answered at once") };
        reply.text.expect("a reply")
    };
    let reply = String::from_utf8(call().to_vec()).expect("replies are UTF-8");
    assert!(reply.contains("\"result\":"), "{reply}");
    call
}
