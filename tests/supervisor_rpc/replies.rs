//! Replies that are wrong, hostile, or about nothing that was asked.

use nodewire::codec::supervisor::json_rpc::MalformedReply;
use nodewire::codec::supervisor::{Answer, Call, ChainId, Code};
use nodewire::state::supervisor::{
    CallError, CallToken, Client, ClientCommand, ClientNotice, ClientRemote, Ignored, Limits,
    RequestId,
};
use nodewire::{Machine, Time};
use proptest::prelude::*;

use crate::client::{heard, sent};

fn limits() -> Limits {
    let mut limits = Limits::default();
    (limits.max_reply, limits.max_batch) = (2_000, 4);
    limits
}

/// Two calls in one text, with ids 0 and 1, and one in another, with id 2.
fn waiting() -> (Client, RequestId, RequestId) {
    let mut client = Client::new(limits());
    let failsafe = |token| (CallToken(token), Call::GetFailsafeEnabled);
    let batch = ClientCommand::Batch(vec![failsafe(100), failsafe(101)]);
    let both = sent(&mut client, Time::ZERO, batch).request;
    let (token, call) = failsafe(102);
    let alone = sent(&mut client, Time::ZERO, ClientCommand::Call(token, call)).request;
    (client, both, alone)
}

fn tell(client: &mut Client, request: Option<RequestId>, text: &str) -> Vec<ClientNotice> {
    let text = text.to_owned().into();
    heard(client, Time::ZERO, ClientRemote::Reply { request, text })
}

fn good(token: u64, on: bool) -> ClientNotice {
    ClientNotice::Outcome(CallToken(token), Ok(Answer::Failsafe(on)))
}

fn bad(token: u64, why: MalformedReply) -> ClientNotice {
    ClientNotice::Outcome(CallToken(token), Err(CallError::Malformed(why)))
}

fn ignored(what: Ignored) -> ClientNotice {
    ClientNotice::Ignored(what)
}

#[test]
fn responses_in_any_order_and_one_by_one() {
    let (mut client, both, _) = waiting();
    let text =
        r#"[{"jsonrpc":"2.0","id":1,"result":false},{"result":true,"id":0,"jsonrpc":"2.0"}]"#;
    assert_eq!(tell(&mut client, Some(both), text), [good(101, false), good(100, true)]);
    let (mut client, ..) = waiting();
    let one = |id| format!(r#" {{"jsonrpc":"2.0","id":{id},"result":true,"more":[1]}} "#);
    assert_eq!(tell(&mut client, None, &one(2)), [good(102, true)]);
    assert_eq!(tell(&mut client, None, &one(2)), [ignored(Ignored::Response)]);
    assert_eq!(tell(&mut client, None, &one(0)), [good(100, true)]);
    assert_eq!(client.waiting(), 1);
}

#[test]
fn what_a_reply_leaves_out_fails() {
    let left_out = MalformedReply::LeftOut;
    let (mut client, both, alone) = waiting();
    let text = r#"[{"jsonrpc":"2.0","id":1,"result":false}]"#;
    assert_eq!(tell(&mut client, Some(both), text), [good(101, false), bad(100, left_out)]);
    // Its calls have their outcomes.
    assert_eq!(tell(&mut client, Some(both), text), [ignored(Ignored::Request(both))]);
    // A response to another request's call.
    let (mut client, both, _) = waiting();
    let text = r#"[{"jsonrpc":"2.0","id":2,"result":false}]"#;
    assert_eq!(
        tell(&mut client, Some(both), text),
        [ignored(Ignored::Response), bad(100, left_out), bad(101, left_out)]
    );
    assert_eq!(client.waiting(), 1);
    // In a stream of texts nothing is left out: it may still come.
    assert_eq!(tell(&mut client, None, text), [good(102, false)]);
    let unknown = ClientRemote::Lost(alone);
    let notices = heard(&mut client, Time::ZERO, unknown);
    assert_eq!(notices, [ignored(Ignored::Request(alone))]);
}

#[test]
fn a_lost_request_loses_its_calls() {
    let (mut client, both, _) = waiting();
    let lost = |token| ClientNotice::Outcome(CallToken(token), Err(CallError::Lost));
    let notices = heard(&mut client, Time::ZERO, ClientRemote::Lost(both));
    assert_eq!(notices, [lost(100), lost(101)]);
    assert_eq!(client.waiting(), 1);
}

#[test]
fn an_error_without_an_id_is_about_the_whole_request() {
    let text = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32005,"message":"Limit exceeded"}}"#;
    let (mut client, both, _) = waiting();
    let notices = tell(&mut client, Some(both), text);
    let tokens = [100, 101];
    assert_eq!(notices.len(), 2);
    for (notice, token) in notices.iter().zip(tokens) {
        let ClientNotice::Outcome(found, Err(CallError::Server(error))) = notice else {
            panic!("{notice:?}")
        };
        assert_eq!((found.0, error.code), (token, Some(Code::LimitExceeded)));
    }
    // In a stream nobody knows what it is about.
    assert_eq!(tell(&mut client, None, text), [ignored(Ignored::WithoutId)]);
    // Only what has no response of its own.
    let (mut client, both, _) = waiting();
    let mixed = format!(r#"[{text},{{"jsonrpc":"2.0","id":0,"result":true}},{text}]"#);
    let notices = tell(&mut client, Some(both), &mixed);
    assert_eq!(notices[..2], [good(100, true), ignored(Ignored::WithoutId)]);
    let last = &notices[2..];
    assert!(matches!(last, [ClientNotice::Outcome(CallToken(101), Err(CallError::Server(_)))]));
}

#[test]
fn a_text_that_is_no_reply_fails_its_request() {
    let long = format!(r#"{{"jsonrpc":"2.0","id":2,"result":true,"x":"{}"}}"#, "x".repeat(2_000));
    let deep =
        format!(r#"{{"jsonrpc":"2.0","id":2,"result":{}1{}}}"#, "[".repeat(40), "]".repeat(40));
    let five = format!("[{}]", [r#"{"jsonrpc":"2.0","id":2,"result":true}"#; 5].join(","));
    for (text, why) in [
        ("", MalformedReply::NoJson),
        ("<html>502 Bad Gateway</html>", MalformedReply::NoJson),
        (r#"{"jsonrpc":"2.0","id":2,"result":true"#, MalformedReply::NoJson),
        (r#"{"jsonrpc":"2.0","id":2,"result":true}}"#, MalformedReply::NoJson),
        (&long, MalformedReply::TooLong),
        (&deep, MalformedReply::NoJson),
        (&five, MalformedReply::TooMany),
        ("[]", MalformedReply::NoResponse),
    ] {
        let (mut client, _, alone) = waiting();
        assert_eq!(tell(&mut client, None, text), [ignored(Ignored::Text(why))], "{text}");
        assert_eq!(client.waiting(), 3);
        assert_eq!(tell(&mut client, Some(alone), text), [bad(102, why)], "{text}");
    }
    let (mut client, _, alone) = waiting();
    let text = b"{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":\"\xff\"}".as_slice().into();
    let reply = ClientRemote::Reply { request: Some(alone), text };
    assert_eq!(heard(&mut client, Time::ZERO, reply), [bad(102, MalformedReply::NoJson)]);
    for text in ["7", "null", "true", "[3]", r#""text""#] {
        let (mut client, _, alone) = waiting();
        let left_out = bad(102, MalformedReply::LeftOut);
        assert_eq!(
            tell(&mut client, Some(alone), text),
            [ignored(Ignored::WithoutId), left_out],
            "{text}"
        );
    }
}

#[test]
fn a_malformed_response_fails_the_call_that_it_names() {
    use MalformedReply::{ErrorForm, NoResponse, NotOneOutcome, ResultForm};
    for (members, why) in [
        (r#""id":2,"result":true"#, NoResponse),
        (r#""jsonrpc":"1.0","id":2,"result":true"#, NoResponse),
        (r#""jsonrpc":2.0,"id":2,"result":true"#, NoResponse),
        (r#""jsonrpc":"2.0","jsonrpc":"2.0","id":2,"result":true"#, NoResponse),
        (r#""jsonrpc":"2.0","id":2,"result":true,"result":true"#, NoResponse),
        (r#""jsonrpc":"2.0","id":2"#, NotOneOutcome),
        (r#""jsonrpc":"2.0","id":2,"result":true,"error":null"#, NotOneOutcome),
        (r#""jsonrpc":"2.0","id":2,"error":null"#, ErrorForm),
        (r#""jsonrpc":"2.0","id":2,"error":{}"#, ErrorForm),
        (r#""jsonrpc":"2.0","id":2,"error":[1,"a"]"#, ErrorForm),
        (r#""jsonrpc":"2.0","id":2,"error":{"code":"-1","message":"a"}"#, ErrorForm),
        (r#""jsonrpc":"2.0","id":2,"error":{"code":1.5,"message":"a"}"#, ErrorForm),
        (r#""jsonrpc":"2.0","id":2,"error":{"code":1e400,"message":"a"}"#, ErrorForm),
        (r#""jsonrpc":"2.0","id":2,"error":{"code":-1,"message":null}"#, ErrorForm),
        (r#""jsonrpc":"2.0","id":2,"error":{"code":-1,"code":-1,"message":"a"}"#, ErrorForm),
        (r#""jsonrpc":"2.0","id":2,"result":"true""#, ResultForm),
        (r#""jsonrpc":"2.0","id":2,"result":null"#, ResultForm),
        (r#""jsonrpc":"2.0","id":2,"result":1"#, ResultForm),
    ] {
        let (mut client, ..) = waiting();
        let notices = tell(&mut client, None, &format!("{{{members}}}"));
        assert_eq!(notices, [bad(102, why)], "{members}");
    }
    for id in [r#""2""#, "2.0", "2e0", "-2", "[2]", "99999999999999999999", "7"] {
        let (mut client, ..) = waiting();
        let text = format!(r#"{{"jsonrpc":"2.0","id":{id},"result":true}}"#);
        let notices = tell(&mut client, None, &text);
        let what = if id == "7" { Ignored::Response } else { Ignored::WithoutId };
        assert_eq!((notices, client.waiting()), (vec![ignored(what)], 3), "{id}");
    }
    let (mut client, ..) = waiting();
    let twice = r#"{"jsonrpc":"2.0","id":2,"id":2,"result":true}"#;
    assert_eq!(tell(&mut client, None, twice), [ignored(Ignored::WithoutId)]);
}

#[test]
fn unknown_errors_keep_number_and_message() {
    for (number, kept) in [("-39001", -39_001), ("0", 0), ("9223372036854775807", i64::MAX)] {
        let (mut client, ..) = waiting();
        let text = format!(
            r#"{{"jsonrpc":"2.0","id":2,"error":{{"code":{number},"message":"\u006eo","data":[1]}}}}"#
        );
        let notices = tell(&mut client, None, &text);
        let [ClientNotice::Outcome(_, Err(CallError::Server(error)))] = &notices[..] else {
            panic!("{notices:?}")
        };
        assert_eq!((error.number, error.code, &*error.message), (kept, None, "no"));
    }
    // A long message is cut, between characters.
    let (mut client, ..) = waiting();
    let message = format!("a{}", "é".repeat(800));
    let text = format!(r#"{{"jsonrpc":"2.0","id":2,"error":{{"code":1,"message":"{message}"}}}}"#);
    let notices = tell(&mut client, None, &text);
    let [ClientNotice::Outcome(_, Err(CallError::Server(error)))] = &notices[..] else {
        panic!("{notices:?}")
    };
    assert_eq!(&*error.message, &message[..1_023]);
}

#[test]
fn results_of_another_form_are_no_answers() {
    let hash = format!("0x{}", "ab".repeat(32));
    let block = format!(r#"{{"hash":"{hash}","number":5}}"#);
    let chain_id = ChainId::from(10);
    let derived_from = Default::default();
    let chains = |members: &str| {
        let status = format!(
            r#"{{"minSyncedL1":{{"hash":"{hash}","number":5,"parentHash":"{hash}",
            "timestamp":5}},"safeTimestamp":1,"finalizedTimestamp":1,"chains":{members}}}"#
        );
        status
    };
    for (call, results) in [
        (
            Call::LocalUnsafe { chain_id },
            vec![
                (block.clone(), true),
                (format!(r#"["{hash}",5]"#), false),
                (block.replace('5', "\"0x5\""), false),
                (block.replace("0x", ""), false),
                ("{}".to_owned(), false),
            ],
        ),
        (
            Call::AllSafeDerivedAt { derived_from },
            vec![
                ("{}".to_owned(), true),
                (format!(r#"{{"0xa":{block},"11":{block}}}"#), true),
                (format!(r#"{{"0xa":{block},"10":{block}}}"#), false),
                (format!(r#"{{"x":{block}}}"#), false),
                (format!(r#"{{"0xa":["{hash}",5]}}"#), false),
                ("[]".to_owned(), false),
                ("null".to_owned(), false),
            ],
        ),
        (
            Call::SyncStatus,
            vec![(chains("{}"), true), (chains("[]"), false), (chains(r#"{"0xa":[]}"#), false)],
        ),
        (
            Call::DependencySetV1,
            vec![
                (r#"{"dependencies":{},"overrideMessageExpiryWindow":null}"#.to_owned(), true),
                (r#"{"dependencies":{"10":{}},"overrideMessageExpiryWindow":5}"#.to_owned(), true),
                (r#"{"dependencies":{"10":[]}}"#.to_owned(), false),
                (r#"{"dependencies":{"10":{},"0xa":{}}}"#.to_owned(), false),
            ],
        ),
        (
            Call::SuperRootAtTimestamp { timestamp: 1 },
            [r#"["0xa","H","0x"]"#, r#"{"chainID":"10","canonical":"H","pending":"0x0"}"#]
                .iter()
                .map(|chain| (*chain, false))
                .chain([(r#"{"chainID":"10","canonical":"H","pending":"0x00"}"#, true)])
                .map(|(chain, fits)| {
                    let chain = chain.replace('H', &hash);
                    let root = format!(
                        r#"{{"crossSafeDerivedFrom":{block},"timestamp":"0x1","superRoot":"{hash}",
                            "version":"0x01","chains":[{chain}]}}"#
                    );
                    (root, fits)
                })
                .collect(),
        ),
    ] {
        for (result, fits) in results {
            let mut client = Client::new(limits());
            sent(&mut client, Time::ZERO, ClientCommand::Call(CallToken(1), call.clone()));
            let text = format!(r#"{{"jsonrpc":"2.0","id":0,"result":{result}}}"#);
            let notices = tell(&mut client, None, &text);
            match &notices[..] {
                [ClientNotice::Outcome(_, Ok(_))] if fits => {}
                [notice] if !fits => assert_eq!(*notice, bad(1, MalformedReply::ResultForm)),
                _ => panic!("{result}: {notices:?}"),
            }
        }
    }
}

const PIECES: [&str; 19] = [
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "\"jsonrpc\":\"2.0\"",
    "\"id\":0",
    "\"id\":1",
    "\"id\":2",
    "\"id\":null",
    "\"result\":true",
    "\"error\":{\"code\":1,\"message\":\"m\"}",
    "\\",
    "\"",
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":false}",
    "1e9",
    " ",
    "\u{e9}",
];

proptest! {
    /// Whatever is heard, each call has one outcome, and time brings those that are missing.
    #[test]
    fn every_call_has_one_outcome(
        replies in proptest::collection::vec(
            (proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..12), 0..4_u8), 0..6
        )
    ) {
        let (mut client, both, alone) = waiting();
        let mut outcomes = Vec::new();
        for (pieces, about) in replies {
            let request = match about { 0 => Some(both), 1 => Some(alone), _ => None };
            for notice in tell(&mut client, request, &pieces.concat()) {
                if let ClientNotice::Outcome(token, _) = notice {
                    outcomes.push(token.0);
                }
            }
            prop_assert_eq!(client.waiting(), 3 - outcomes.len());
        }
        let mut out = nodewire::Outbox::new();
        if let Some(due) = client.deadline() {
            client.handle_timeout(due, &mut out);
        }
        prop_assert_eq!(client.waiting(), 0);
        outcomes.extend(out.drain().map(|action| match action {
            nodewire::Action::Notify(ClientNotice::Outcome(token, Err(CallError::TimedOut))) => {
                token.0
            }
            other => panic!("{other:?}"),
        }));
        outcomes.sort_unstable();
        prop_assert_eq!(outcomes, vec![100, 101, 102]);
    }
}
