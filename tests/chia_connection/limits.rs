//! How much a peer may send (FR-2, 14.4, R-18).

use nodewire::bytes::Bytes;
use nodewire::chia::{Session, session};
use nodewire::codec::chia::messages::{
    AllHeaderHashes, HandshakeAck, HarvesterHandshake, NewTransaction, RequestAllHeaderHashes,
    RequestPeers, TransactionId,
};
use nodewire::codec::chia::{self, Blob, HeaderHash, Message, NodeType, PublicKey};
use nodewire::link::Transport;
use nodewire::state::chia::{
    Admission, ConnectionCommand, ConnectionQuery, ConnectionRemote, Direction, RateLimits,
    WhenTooFast,
};
use nodewire::{Action, Ending, Fault, Machine, Outbox, Refused, Time};

use crate::given::{Played, US, config, handshake, seconds};

const FULL_NODE: NodeType = NodeType::FullNode;

fn frame(message: impl Into<Message>) -> Vec<u8> {
    let mut body = Vec::new();
    message.into().encode(&mut body);
    [&u32::try_from(body.len()).unwrap().to_be_bytes()[..], &body].concat()
}

#[test]
fn a_frame_that_says_it_is_too_long_is_refused_before_it_is_there() {
    let mut framed = session(config(FULL_NODE, US), Direction::Inbound);
    let mut out = Outbox::new();
    let hear = |framed: &mut Session, bytes: &[u8], out: &mut _| {
        let received = Transport::Received(Bytes::copy_from_slice(bytes));
        framed.handle_remote(Time::ZERO, received, out);
    };
    framed.handle_local(Time::ZERO, ConnectionCommand::Open, &mut out).unwrap();
    let mut early = framed.clone();
    // 10 KiB until it is established, 50 MiB afterwards.
    hear(&mut early, &10_240_u32.to_be_bytes(), &mut out);
    assert!(!out.ends());
    let mut early = framed.clone();
    hear(&mut early, &10_241_u32.to_be_bytes(), &mut out);
    let Some(Action::Close(Ending::Fault(fault))) = out.drain().last() else { panic!() };
    assert_eq!(fault.rule().unwrap().id(), "chia/FR-2");
    hear(&mut framed, &frame(handshake(FULL_NODE)), &mut out);
    let asked = out.drain().find_map(|it| match it {
        Action::Ask(id, ConnectionQuery::Register(_)) => Some(id),
        _ => None,
    });
    let admitted = ConnectionCommand::Admitted(asked.unwrap(), Admission::Registered);
    framed.handle_local(Time::ZERO, admitted, &mut out).unwrap();
    hear(&mut framed, &frame(HandshakeAck {}), &mut out);
    let mut running = framed.clone();
    hear(&mut running, &52_428_800_u32.to_be_bytes(), &mut out);
    assert!(!out.ends());
    hear(&mut framed, &52_428_801_u32.to_be_bytes(), &mut out);
    assert!(out.ends());
}

#[test]
fn parts_of_messages_have_limits_of_their_own() {
    let limit = |us, peer, message: Message| {
        let mut played = Played::established(us, peer);
        played.hear(message);
        played.overrun()
    };
    let keys = |count| {
        let pool_pubkeys = vec![PublicKey([5; 48]); count];
        Message::from(HarvesterHandshake { pool_pubkeys })
    };
    assert_eq!(limit(NodeType::Harvester, NodeType::Farmer, keys(1_024)), None);
    assert_eq!(limit(NodeType::Harvester, NodeType::Farmer, keys(1_025)), Some("max_pool_pubkeys"));
    let transaction = |length| {
        let transaction = chia::Transaction(Blob(vec![0; length].into()));
        Message::from(NewTransaction { transaction })
    };
    assert_eq!(limit(FULL_NODE, FULL_NODE, transaction(1_048_576)), None);
    assert_eq!(limit(FULL_NODE, FULL_NODE, transaction(1_048_577)), Some("max_transaction"));
    // A small message in a large frame.
    let mut played = Played::established(FULL_NODE, FULL_NODE);
    let mut out = Outbox::new();
    for size in [1_024, 1_025] {
        let remote = ConnectionRemote { message: RequestPeers {}.into(), size };
        played.machine.handle_remote(played.now, remote, &mut out);
        assert_eq!(out.ends(), size > 1_024);
    }
}

fn limited(when_too_fast: WhenTooFast) -> Played {
    let mut config = config(FULL_NODE, US);
    let mut rate = RateLimits::default();
    (rate.messages, rate.transactions, rate.when_too_fast) = (3, 5, when_too_fast);
    config.limits.rate = Some(rate);
    Played::established_with(config, FULL_NODE)
}

#[test]
fn whoever_sends_too_much_is_held_back_until_the_minute_is_over() {
    let mut played = limited(WhenTooFast::Hold);
    played.now = seconds(10);
    for sent in 1..=3 {
        assert!(!played.machine.saturated(), "{sent}");
        played.hear(RequestPeers {});
    }
    assert!(played.machine.saturated());
    assert_eq!(played.machine.deadline(), Some(seconds(70)));
    played.pass(seconds(70));
    assert!(!played.machine.saturated());
    assert_eq!(played.ending(), None);
    // What was said early in a minute does not count in the next.
    played.hear(RequestPeers {});
    played.now = seconds(130);
    for _ in 0..2 {
        played.hear(RequestPeers {});
    }
    assert!(!played.machine.saturated());
}

#[test]
fn or_it_is_closed() {
    let mut played = limited(WhenTooFast::Close);
    for _ in 0..3 {
        played.hear(RequestPeers {});
    }
    assert_eq!(played.ending(), None);
    played.hear(RequestPeers {});
    assert_eq!(played.overrun(), Some("rate.messages"));
    let mut played = limited(WhenTooFast::Close);
    for _ in 0..5 {
        let transaction_id = chia::TransactionId([6; 32]);
        played.hear(TransactionId { transaction_id });
    }
    assert_eq!(played.ending(), None);
    played.hear(TransactionId { transaction_id: chia::TransactionId([6; 32]) });
    assert_eq!(played.overrun(), Some("rate.transactions"));
}

#[test]
fn answers_to_what_we_asked_are_not_counted() {
    let mut played = limited(WhenTooFast::Close);
    for _ in 0..10 {
        let tip_header_hash = HeaderHash([7; 32]);
        let request = RequestAllHeaderHashes { tip_header_hash };
        played.command(ConnectionCommand::Send(request.into()));
        played.hear(AllHeaderHashes { header_hashes: vec![tip_header_hash] });
    }
    assert_eq!((played.notices().len(), played.ending()), (10, None));
    assert_eq!(Fault::overrun("rate.bytes").rule(), None);
}

#[test]
fn a_handshake_is_no_longer_than_a_frame_may_be_before_it() {
    for (size, limit) in [(10_240, None), (10_241, Some("max_handshake_frame"))] {
        let mut played = Played::new(config(FULL_NODE, US));
        let mut out = Outbox::new();
        let message = Message::from(handshake(FULL_NODE));
        played.machine.handle_remote(played.now, ConnectionRemote { message, size }, &mut out);
        let overrun = out.drain().find_map(|action| match action {
            Action::Close(Ending::Fault(Fault::Overrun { limit, .. })) => Some(limit),
            _ => None,
        });
        assert_eq!(overrun, limit);
    }
}

/// What was told is taken once, and taking nothing is nothing.
#[test]
fn no_more_is_taken_than_was_told() {
    let mut config = config(FULL_NODE, US);
    config.limits.max_untaken = Some(2);
    let mut played = Played::established_with(config, FULL_NODE);
    played.now = seconds(10);
    played.hear(RequestPeers {});
    played.hear(RequestPeers {});
    assert!(played.machine.saturated());
    played.now = seconds(100);
    let before = played.machine.clone();
    played.command(ConnectionCommand::Taken(0));
    assert!(played.machine == before);
    let mut out = Outbox::new();
    let many = ConnectionCommand::Taken(3);
    let refusal = played.machine.handle_local(played.now, many, &mut out).unwrap_err();
    assert_eq!(refusal.why, Refused::invalid("more than was told"));
    assert!(out.is_empty() && played.machine == before);
    played.command(ConnectionCommand::Taken(1));
    assert!(!played.machine.saturated());
    played.command(ConnectionCommand::Taken(1));
}
