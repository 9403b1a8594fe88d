//! A short text does not make a reply without end.

use nodewire::codec::supervisor::Profile;
use nodewire::state::supervisor::{CallId, Limits, RpcText, Server};
use nodewire::{Action, Outbox, Time};
use serde_json::{Value, json};

use crate::support::{SERVED, finalized};

/// How many calls are looked up, and the replies.
fn batch(max_reply: usize, calls: usize) -> (usize, usize, Vec<Value>) {
    let index = finalized();
    let mut limits = Limits::default();
    limits.max_reply = max_reply;
    let mut server = Server::new(limits, Profile::Seed, SERVED);
    let call = |id| json!({"jsonrpc": "2.0", "id": id, "method": "supervisor_finalizedL1"});
    let text = Value::from((0..calls).map(call).collect::<Vec<_>>()).to_string().into();
    let (mut known, mut out) = (0, Outbox::new());
    let answer = |call: &_| {
        known += 1;
        index.answer(call)
    };
    server.handle_text(Time::ZERO, RpcText { call: CallId(1), text }, answer, &mut out);
    let Some(Action::Send(reply)) = out.pop() else { panic!("a reply") };
    let text = reply.text.unwrap();
    (known, text.len(), serde_json::from_slice(&text).unwrap())
}

#[test]
fn calls_after_too_long_answers_are_refused() {
    let (_, one, _) = batch(1_000, 1);
    let (known, length, replies) = batch(one * 10, 1_000);
    assert!((10..13).contains(&known), "{known}");
    assert_eq!(replies.len(), 1_000);
    assert!(length < one * 13 + 1_000 * 120, "{length}");
    for (at, reply) in replies.iter().enumerate() {
        assert_eq!(reply["id"], at);
        assert_eq!(reply["result"]["number"].as_u64(), (at < known).then_some(7));
        let refused = (at >= known).then_some(-32_005);
        assert_eq!(reply["error"]["code"].as_i64(), refused);
    }
    let (known, _, _) = batch(one * 1_001, 1_000);
    assert_eq!(known, 1_000);
}
