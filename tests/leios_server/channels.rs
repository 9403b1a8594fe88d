//! The server on its channels: limits, early refusal, decoding, what leaves.

use nodewire::codec::leios::{ReplyMessage, RequestMessage};
use nodewire::codec::{Malformed, MalformedKind, Source};
use nodewire::state::leios::{Order, Server, ServerCommand, ServerRemote};
use nodewire::{Channel, Class, Ending, Fault, Machine, Outbox, OverChannels, Role};

use crate::support::{Rig, limits, requests, vote_id, wants};

const REQUEST: Channel = Channel::new(24, Role::Responder);
const REPLY: Channel = Channel::new(25, Role::Responder);

fn named(fault: Fault) -> (&'static str, &'static str) {
    let rule = fault.rule().expect("a rule");
    (rule.id(), rule.reason())
}

fn kind(fault: Fault) -> &'static str {
    match fault {
        Fault::Malformed { kind, .. } => kind,
        other => panic!("not malformed but {other:?}"),
    }
}

#[test]
fn two_channels_of_one_share_with_the_limits_of_the_reference() {
    let specs = Rig::new().server.channels();
    let ingress: Vec<_> = specs.iter().map(|spec| (spec.channel, spec.ingress)).collect();
    assert_eq!(ingress, [(REQUEST, 83_087), (REPLY, 64)]);
    let Class::Bulk { share } = specs[0].class else { panic!("{specs:?}") };
    assert!(specs.iter().all(|spec| spec.class == Class::Bulk { share }));
}

#[test]
fn a_good_beginning_may_go_on() {
    let server = Rig::new().server;
    for message in [
        wants(0, 2_048),
        wants(u64::MAX, 2_048),
        requests(7, vec![vote_id(1, 1), vote_id(u64::MAX, 2)]),
        RequestMessage::MsgLeiosDoneRequest,
    ] {
        let mut bytes = Vec::new();
        message.encode(&mut bytes);
        for length in 1..=bytes.len() {
            assert_eq!(server.item_limit(REQUEST, &bytes[..length]), Ok(65_535));
        }
        let decoded = server.decode(REQUEST, &bytes, Source::COPY).expect("a message");
        assert_eq!(decoded, ServerRemote::Request { message, size: bytes.len() as u32 });
    }
    assert_eq!(server.item_limit(REPLY, &[0x81]), Ok(64));
    assert_eq!(
        server.decode(REPLY, &[0x81, 0], Source::COPY),
        Ok(ServerRemote::Reply(ReplyMessage::MsgLeiosInit))
    );
}

#[test]
fn a_bad_beginning_is_refused_at_once() {
    let server = Rig::new().server;
    for (head, wrong) in [
        (&[0x83, 3][..], "UnknownMessage"),
        (&[0x82, 0], "BadArity"),
        (&[0x9f], "BadArity"),
        (&[0xa1], "TypeMismatch"),
        (&[0x83, 0, 0, 0x1a, 0, 1, 0, 0], "IntegerOutOfRange"),
        (&[0x83, 1, 0, 0x80], "EmptyList"),
    ] {
        let fault = server.item_limit(REQUEST, head).expect_err("refused");
        assert_eq!(kind(fault), wrong, "{head:02x?}");
        let whole = server.decode(REQUEST, head, Source::COPY).expect_err("refused");
        assert_eq!(whole, fault, "{head:02x?}");
    }
    assert_eq!(kind(server.item_limit(REPLY, &[0x81, 4]).expect_err("refused")), "UnknownMessage");
}

#[test]
fn only_the_first_bytes_are_looked_at() {
    let server = Rig::new().server;
    // A good head, then thousands of ids of which the last is wrong: the limit doesn't see it.
    let mut bytes = Vec::new();
    requests(0, (0..5_000).map(|issuer| vote_id(100_000, issuer)).collect()).encode(&mut bytes);
    // The head of the last seat.
    let at = bytes.len() - 3;
    bytes[at] = 0xff;
    assert_eq!(server.item_limit(REQUEST, &bytes), Ok(65_535));
    assert!(server.decode(REQUEST, &bytes, Source::COPY).is_err());
}

#[test]
fn too_large_and_malformed_name_their_rules() {
    let server = Rig::new().server;
    assert_eq!(named(server.too_large(REQUEST)), ("leios/L-11", "MessageTooLarge"));
    assert_eq!(named(server.too_large(REPLY)), ("leios/L-23", "MessageTooLarge"));
    let zero = server.malformed(REQUEST, Malformed::new(MalformedKind::ZeroBitmap, 40));
    assert_eq!(named(zero).0, "leios/L-6");
    let windows = server.malformed(REQUEST, Malformed::new(MalformedKind::WindowsNotAscending, 40));
    assert_eq!(named(windows), ("leios/L-7", "WindowsNotAscending"));
    let Fault::Malformed { offset, inside, .. } = windows else { panic!("{windows:?}") };
    assert_eq!((offset, inside), (40, "LeiosRequest"));
}

#[test]
fn decode_errors_of_requests_name_l_6_and_l_7() {
    let server = Rig::new().server;
    let point = [&[0x82, 1, 0x58, 32][..], &[7; 32]].concat();
    let txs = |map: &[u8]| [&[0x83, 1, 0, 0x81, 0x83, 1][..], &point, map].concat();
    for (item, rule) in [
        (vec![0x83, 1, 0, 0x80], "leios/L-6"),
        (txs(&[0xa0]), "leios/L-6"),
        (txs(&[0xa1, 0, 0]), "leios/L-6"),
        (txs(&[0xa2, 1, 1, 1, 1]), "leios/L-7"),
        (txs(&[0xa2, 1, 1, 0, 1]), "leios/L-7"),
    ] {
        let fault = server.decode(REQUEST, &item, Source::COPY).expect_err("refused");
        assert_eq!(named(fault).0, rule, "{item:02x?}");
    }
    assert!(server.decode(REQUEST, &txs(&[0xa2, 0, 1, 1, 1]), Source::COPY).is_ok());
}

#[test]
fn any_byte_after_the_end_is_a_fault() {
    let mut rig = Rig::unopened(limits(), Order::FreshestFirst);
    rig.message(RequestMessage::MsgLeiosDoneRequest);
    let fault = rig.server.item_limit(REQUEST, &[0xff]).expect_err("refused");
    assert_eq!(named(fault), ("leios/5.4", "MessageAfterDone"));
    assert_eq!(rig.server.decode(REQUEST, &[0x81, 2], Source::COPY), Err(fault));
    assert_eq!(rig.server.item_limit(REPLY, &[0x81]), Ok(64));

    let mut rig = Rig::new();
    rig.local(ServerCommand::Finish);
    let fault = rig.server.item_limit(REPLY, &[0x81]).expect_err("refused");
    assert_eq!(named(fault), ("leios/5.4", "MessageAfterDone"));
    assert!(rig.server.item_limit(REQUEST, &[0x81]).is_ok());
}

#[test]
fn what_it_sends_goes_on_leios_reply_and_counts_until_it_left() {
    let mut bytes = Vec::new();
    let channel = <Server as OverChannels>::encode(&ReplyMessage::MsgLeiosDone, &mut bytes);
    assert_eq!((channel, &bytes[..]), (REPLY, &[0x81, 3][..]));
    let rig = Rig::new();
    assert_eq!(rig.server.drained(REPLY, 7), Some(ServerRemote::Drained(7)));
    assert_eq!(rig.server.drained(REQUEST, 7), None);
    assert!(matches!(rig.server.at_eof(), Ending::Fault(Fault::Truncated { .. })));
}

#[test]
fn a_full_run_byte_by_byte_of_items() {
    let mut server = Rig::unopened(limits(), Order::FreshestFirst).server;
    let mut out = Outbox::new();
    for (channel, item) in [(REPLY, vec![0x81, 0]), (REQUEST, vec![0x81, 2])] {
        let input = server.decode(channel, &item, Source::COPY).expect("a message");
        server.handle_remote(nodewire::Time::ZERO, input, &mut out);
    }
    assert!(out.ends());
}
