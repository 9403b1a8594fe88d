//! A text of the RPC to its reply.

use std::collections::BTreeMap;

use nodewire::bytes::Bytes;
use nodewire::codec::supervisor::{Answer, BlockId, Call, Code, Failure, Hash, Profile, Served};
use nodewire::state::supervisor::{CallId, Limits, RpcAnswer, RpcText, Server};
use nodewire::{Action, Machine, Outbox, Time};
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;

const MAX_TEXT: usize = 4_000;
const MAX_DEPTH: usize = 12;
const MAX_BATCH: usize = 5;

/// The first byte says what is served, the rest is the text: it has exactly one reply, a JSON-RPC
/// answer of the right code, whatever it is.
pub fn text(data: &[u8]) {
    let Some((&flags, text)) = data.split_first() else { return };
    let profile = if flags & 1 == 0 { Profile::Seed } else { Profile::Deployed };
    let reply = reply(flags, profile, text);
    assert_eq!(reply, self::reply(flags, profile, text), "the same text, another reply");
    let framed = serde_json::from_slice::<IgnoredAny>(text).is_ok();
    let Some(reply) = reply else {
        return assert!(framed, "what is no JSON is answered");
    };
    let whole = |bytes| serde_json::from_slice(bytes).expect("a reply is JSON");
    if text.len() > MAX_TEXT {
        return assert_eq!(response(whole(&reply), profile), Some(Code::LimitExceeded));
    }
    if !framed || depth(text) > MAX_DEPTH {
        return assert_eq!(response(whole(&reply), profile), Some(Code::ParseError));
    }
    if reply.first() == Some(&b'[') {
        let parts: Vec<Members<'_>> = serde_json::from_slice(&reply).expect("a reply is JSON");
        let asked: Vec<IgnoredAny> = serde_json::from_slice(text).expect("a batch");
        assert!((1..=asked.len()).contains(&parts.len()) && asked.len() <= MAX_BATCH);
        for part in parts {
            let _ = response(part, profile);
        }
    } else {
        response(whole(&reply), profile);
    }
}

/// An id may be a number that nothing but its text can hold.
type Members<'a> = BTreeMap<&'a str, &'a RawValue>;

fn reply(flags: u8, profile: Profile, text: &[u8]) -> Option<Bytes> {
    let served = Served {
        extensions: flags & 2 == 0,
        dependency_set_v1: flags & 4 != 0,
        admin: flags & 8 != 0,
        max_access_entries: 9,
    };
    let mut limits = Limits::default();
    limits.max_text = MAX_TEXT;
    limits.max_depth = MAX_DEPTH;
    limits.max_batch = MAX_BATCH;
    limits.max_parked_calls = 4;
    let mut server = Server::new(limits, profile, served);
    let mut out = Outbox::new();
    let text = RpcText { call: CallId(7), text: Bytes::copy_from_slice(text) };
    server.handle_remote(Time::ZERO, text, &mut out);
    let mut replies = Vec::new();
    while let Some(action) = out.pop() {
        match action {
            Action::Ask(id, call) => {
                let answer = RpcAnswer(id, answer(&call));
                server.handle_local(Time::ZERO, answer, &mut out).expect("an open question");
            }
            Action::Send(reply) => replies.push(reply),
            other => panic!("{other:?}"),
        }
    }
    let [reply] = replies.as_slice() else { panic!("{} replies", replies.len()) };
    assert_eq!(reply.call, CallId(7));
    assert_eq!(server.deadline(), None, "nothing is left behind");
    reply.text.clone()
}

/// Something to answer, and that what was read is within the limits.
fn answer(call: &Call) -> Result<Answer, Failure> {
    match call {
        Call::CheckAccessList(check) => {
            assert!(check.inbox_entries.len() <= 9);
            Ok(Answer::Null)
        }
        Call::LocalUnsafe { .. } => Ok(Answer::BlockId(BlockId::new(Hash([0xff; 32]), u64::MAX))),
        Call::GetFailsafeEnabled => Ok(Answer::Failsafe(false)),
        Call::SetFailsafeEnabled { .. } => Ok(Answer::Null),
        _ => Err(Failure::new(Code::FutureData, "x".repeat(1_000))),
    }
}

/// A whole answer, and the code of the error that it is.
fn response(members: Members<'_>, profile: Profile) -> Option<Code> {
    assert_eq!(members["jsonrpc"].get(), r#""2.0""#);
    let id = members["id"].get();
    assert!(id == "null" || id.starts_with(|first: char| "-\"0123456789".contains(first)), "{id}");
    assert_eq!(members.len(), 3);
    assert_ne!(members.contains_key("result"), members.contains_key("error"));
    let error: Value = serde_json::from_str(members.get("error")?.get()).expect("an object");
    let number = error["code"].as_i64().expect("a number");
    let message = error["message"].as_str().expect("a text");
    assert!(message.len() < 400, "{} bytes", message.len());
    let mut known = Code::all().filter(|code| i64::from(code.in_profile(profile)) == number);
    let code = known.find(|code| message.starts_with(code.message()));
    assert!(code.is_some(), "{number}: {message}");
    code
}

/// How deep the brackets of a JSON text go.
fn depth(text: &[u8]) -> usize {
    let (mut depth, mut deepest, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !quoted => depth -= 1,
            _ => {}
        }
    }
    deepest
}
