//! What an ending brings upon an address: the table of section 16, at its edges.

use std::time::Duration;

use nodewire::bytes::Bytes;
use nodewire::chia::{NodeCommand, NodeNotice, NodeSend};
use nodewire::codec::chia::messages::{
    AllHeaderHashes, Handshake, Ping, RequestBlock, TransactionId,
};
use nodewire::codec::chia::{Bytes32, HeaderHash, Message, NodeType, TransactionId as Id};
use nodewire::link::Transport;
use nodewire::state::chia::{
    ConnectionId, Delivery, FromPeer, Opened, Parting, PutOff, RateLimits, Reaction, TurnedAway,
    WhenTooFast, rules,
};
use nodewire::{Machine, Rule, Severity, Time};

use crate::given::{Played, ack, at, config, frame, hello, host, id, parting, peer, seconds};

const FULL: NodeType = NodeType::FullNode;

/// A node with an established peer, number 0, from far away; and another beside it, so that the
/// first is not the last one.
fn node() -> Played {
    of(Played::new(1))
}

fn of(mut node: Played) -> Played {
    node.establish(Opened::inbound(ConnectionId(0), Some(at(&host(4), 60_000))), peer(5, FULL));
    node.establish(Opened::inbound(ConnectionId(1), Some(at(&host(5), 60_000))), peer(6, FULL));
    node.notices();
    node.sent();
    node
}

/// The host of peer 0 is kept out until `until`, and let in from then on.
fn is_kept_out(node: &mut Played, until: Time) {
    let micro = Duration::from_micros(1);
    node.now = Time::from_micros(until.as_micros() - 1);
    let banned = Some(until);
    assert_eq!(node.node.registry().banned_until(node.now, &host(4)), banned);
    assert_eq!(node.node.registry().banned_until(node.now, &format!("::ffff:{}", host(4))), banned);
    node.sent();
    node.open(Opened::inbound(ConnectionId(2), Some(at(&host(4), 1))));
    // Not a word.
    assert_eq!(node.sent(), [NodeSend::Close(ConnectionId(2))]);
    let turned_away = NodeNotice::TurnedAway(ConnectionId(2), TurnedAway::Banned(until));
    assert_eq!(node.notices(), [turned_away]);
    // Nor is it dialled.
    let there = at(&host(4), 8_444);
    node.say(Delivery::Dial(there.clone()));
    assert_eq!(node.sent(), []);
    assert_eq!(node.heard().last(), Some(&FromPeer::DialPutOff(there.clone(), PutOff::Banned)));

    node.now = node.now.after(micro);
    assert_eq!(node.node.registry().banned_until(node.now, &host(4)), None);
    node.say(Delivery::Dial(there.clone()));
    assert_eq!(node.sent(), [NodeSend::Dial(there)]);
    node.establish(Opened::inbound(ConnectionId(3), Some(at(&host(4), 2))), peer(7, FULL));
}

/// What comes of these bytes: the rule or limit, and the ban in seconds.
fn of_bytes(bytes: impl Into<Bytes>, name: &'static str, reaction: Reaction, ban: Option<u64>) {
    let mut node = node();
    node.hear(0, bytes);
    ended(&mut node, name, reaction, ban);
}

fn ended(node: &mut Played, name: &'static str, reaction: Reaction, ban: Option<u64>) {
    let until = ban.map(|ban| node.now.after(Duration::from_secs(ban)));
    assert_eq!(node.endings(), [(0, name, reaction, until)]);
    let kept = reaction == Reaction::Keep;
    let expected = if kept { Parting::AddressKept } else { Parting::AddressDropped };
    assert_eq!(parting(node.heard(), 0), Some(expected));
    // The other one goes on.
    assert!(node.connected().contains(&1));
    node.hear(1, frame(Ping { nonce: Bytes32([7; 32]) }));
    assert!(matches!(node.sent()[..], [.., NodeSend::Bytes(ConnectionId(1), _)]));
    match until {
        Some(until) => is_kept_out(node, until),
        None => assert_eq!(node.node.registry().banned_until(node.now, &host(4)), None),
    }
}

#[test]
fn what_is_malformed_costs_10_seconds() {
    of_bytes(vec![0, 0, 0, 1, 0xff], "MalformedEnvelope", Reaction::Malformed, Some(10));
    of_bytes(vec![0, 0, 0, 0], "UnexpectedEnd", Reaction::Malformed, Some(10));
    of_bytes(vec![0xff; 4], "FrameTooLarge", Reaction::Malformed, Some(10));
    let unknown = b"\0\0\0\x08\xa2\x61f\x61x\x61d\xa0".to_vec();
    of_bytes(unknown, "UnknownFunction", Reaction::Malformed, Some(10));
}

#[test]
fn what_is_out_of_turn_costs_10_seconds() {
    of_bytes(hello(peer(5, FULL)), "SecondHandshake", Reaction::Malformed, Some(10));
    let request =
        frame(nodewire::codec::chia::messages::NewChallenge { challenge_hash: Bytes32([1; 32]) });
    of_bytes(request, "WrongSender", Reaction::Malformed, Some(10));
    let unasked = frame(AllHeaderHashes { header_hashes: Vec::new() });
    of_bytes(unasked.repeat(17), "UnsolicitedAnswers", Reaction::Malformed, Some(10));
    let mut node = node();
    node.hear(0, unasked.repeat(16));
    assert_eq!(node.endings(), []);
    assert_eq!(node.heard().len(), 2, "passed over");
}

#[test]
fn what_a_role_blames_costs_what_its_rule_says() {
    static FAULTY: Rule = Rule::new("toy/1", "Faulty", "It is faulty.", "toy", Severity::Faulty);
    static HOSTILE: Rule = Rule::new("toy/2", "Hostile", "It lies.", "toy", Severity::Hostile);
    static BENIGN: Rule = Rule::new("toy/3", "Benign", "Nothing.", "toy", Severity::Benign);
    let cases = [
        (&FAULTY, Reaction::Malformed, Some(10)),
        (&HOSTILE, Reaction::Invalid, Some(600)),
        (&BENIGN, Reaction::Keep, None),
        (&rules::SECOND_FARMER, Reaction::Keep, None),
        (&rules::WRONG_PROOF, Reaction::Invalid, Some(600)),
    ];
    for (rule, reaction, ban) in cases {
        let mut node = node();
        node.say(Delivery::Penalise(ConnectionId(0), rule));
        assert!(node.sent().contains(&NodeSend::Close(ConnectionId(0))));
        ended(&mut node, rule.reason(), reaction, ban);
    }
}

#[test]
fn a_flood_costs_300_seconds() {
    let mut config = config(1);
    let mut rate = RateLimits::default();
    (rate.transactions, rate.when_too_fast) = (3, WhenTooFast::Close);
    config.connection.limits.rate = Some(rate);
    let mut node = of(Played::with(config, FULL));
    let offer = frame(TransactionId { transaction_id: Id([1; 32]) });
    node.hear(0, offer.repeat(3));
    assert_eq!(node.endings(), []);
    node.hear(0, offer);
    ended(&mut node, "rate.transactions", Reaction::Flood, Some(300));
}

#[test]
fn whoever_reads_nothing_is_closed_and_others_go_on() {
    // 64 MiB of what leads nowhere, in large messages.
    let hashes = AllHeaderHashes { header_hashes: vec![HeaderHash([9; 32]); 1_000_000] };
    let message = Message::from(hashes);
    let mut node = Played::new(1);
    for (number, byte) in [(0, 5), (1, 6)] {
        let from = Some(at(&host(usize::from(byte) - 1), 60_000));
        node.command(NodeCommand::Opened(Opened::inbound(ConnectionId(number), from)));
        // It takes our part of the handshake.
        let credit = if number == 0 { 1_000 } else { Transport::UNCOUNTED };
        node.transport(number, Transport::Writable(credit));
        node.hear(number, [hello(peer(byte, FULL)), ack()].concat());
    }
    node.notices();
    node.say(Delivery::To(ConnectionId(0), message.clone()));
    assert_eq!(node.endings(), []);
    node.say(Delivery::Broadcast(FULL, message.clone()));
    ended(&mut node, "egress", Reaction::Flood, Some(300));
}

#[test]
fn the_last_full_node_is_not_banned_for_being_slow() {
    let message =
        Message::from(AllHeaderHashes { header_hashes: vec![HeaderHash([9; 32]); 1_000_000] });
    let mut node = Played::new(1);
    let from = Some(at(&host(4), 60_000));
    node.command(NodeCommand::Opened(Opened::inbound(ConnectionId(0), from)));
    node.transport(0, Transport::Writable(1_000));
    node.hear(0, [hello(peer(5, FULL)), ack()].concat());
    node.say(Delivery::To(ConnectionId(0), message.clone()));
    node.say(Delivery::To(ConnectionId(0), message));
    assert_eq!(node.endings(), [(0, "egress", Reaction::Keep, None)]);
    assert_eq!(parting(node.heard(), 0), Some(Parting::AddressKept));
}

#[test]
fn strangers_are_forgotten_but_not_banned() {
    let strange = |change: fn(&mut Handshake)| {
        let mut handshake = Handshake {
            network_id: "testnet".to_string(),
            version: "0.0.4".to_string(),
            node_id: id(5),
            server_port: 8_444,
            node_type: FULL,
        };
        change(&mut handshake);
        let mut node = Played::new(1);
        let there = at(&host(4), 8_444);
        node.say(Delivery::Dial(there.clone()));
        node.open(Opened::outbound(ConnectionId(0), None).of_dial(there.clone()));
        node.sent();
        node.hear(0, frame(handshake));
        // Without an ack.
        assert_eq!(node.sent(), [NodeSend::Close(ConnectionId(0))]);
        assert_eq!(node.heard(), [FromPeer::DialFailed(there)]);
        node.endings()
    };
    let no_ban = |name| vec![(0, name, Reaction::Drop, None)];
    assert_eq!(strange(|it| it.network_id = "mainnet".to_string()), no_ban("WrongNetwork"));
    assert_eq!(strange(|it| it.version = "0.0.5".to_string()), no_ban("WrongVersion"));
    assert_eq!(strange(|it| it.node_type = NodeType::Harvester), no_ban("UselessPeer"));
}

#[test]
fn an_end_of_the_stream_or_of_patience_keeps_the_address() {
    let mut node = node();
    node.transport(0, Transport::Closed);
    ended(&mut node, "done", Reaction::Keep, None);
    let mut node = self::node();
    node.hear(0, vec![0, 0]);
    node.transport(0, Transport::Closed);
    ended(&mut node, "truncated", Reaction::Keep, None);
    let mut node = self::node();
    // The other one speaks in time.
    node.pass(seconds(2_999));
    node.hear(1, frame(Ping { nonce: Bytes32([1; 32]) }));
    assert_eq!(node.endings(), []);
    node.pass(seconds(3_000));
    ended(&mut node, "IdleTimeout", Reaction::Keep, None);
}

#[test]
fn links_that_were_configured_or_stay_at_home_are_never_banned() {
    let far = || Some(at("10.0.0.9", 60_000));
    for opened in [
        Opened::inbound(ConnectionId(0), far()).trusted(),
        Opened::outbound(ConnectionId(0), far()).trusted(),
        Opened::inbound(ConnectionId(0), Some(at("127.0.0.1", 1))),
        Opened::inbound(ConnectionId(0), Some(at("::1", 1))),
        Opened::inbound(ConnectionId(0), Some(at("::ffff:127.3.2.1", 1))),
        Opened::inbound(ConnectionId(0), Some(at("localhost", 1))),
        Opened::inbound(ConnectionId(0), None),
    ] {
        let mut node = Played::new(1);
        node.establish(opened.clone(), peer(5, FULL));
        node.say(Delivery::Penalise(ConnectionId(0), &rules::WRONG_PROOF));
        assert_eq!(node.endings(), [(0, "InvalidProofOfSpace", Reaction::Invalid, None)]);
        let again = Opened::inbound(ConnectionId(1), opened.remote);
        node.establish(again, peer(5, FULL));
    }
    // A configured peer comes in from where others are kept out.
    let mut node = node();
    node.say(Delivery::Penalise(ConnectionId(0), &rules::WRONG_PROOF));
    node.establish(
        Opened::inbound(ConnectionId(7), Some(at(&host(4), 3))).trusted(),
        peer(5, FULL),
    );
}

#[test]
fn a_second_ban_does_not_shorten_the_first() {
    let mut node = node();
    let there = Some(at(&host(4), 60_000));
    node.establish(Opened::inbound(ConnectionId(2), there), peer(8, FULL));
    node.say(Delivery::Penalise(ConnectionId(0), &rules::WRONG_PROOF));
    node.hear(2, vec![0, 0, 0, 1, 0xff]);
    let until = Some(seconds(600));
    assert_eq!(node.endings()[1], (2, "MalformedEnvelope", Reaction::Malformed, until));
    assert_eq!(node.node.registry().banned_until(node.now, &host(4)), until);
}

#[test]
fn bans_are_bounded_and_the_first_to_end_goes() {
    let mut config = config(1);
    config.registry.max_bans = 3;
    let mut node = Played::with(config, FULL);
    let banned = |node: &Played| -> Vec<bool> {
        let registry = node.node.registry();
        (0..5).map(|from| registry.banned_until(node.now, &host(from)).is_some()).collect()
    };
    for (number, from) in (0..4).zip(0..) {
        let opened = Opened::inbound(ConnectionId(number), Some(at(&host(from), 1)));
        node.establish(opened, peer(5, FULL));
        // The second is the shortest.
        if number == 1 {
            node.hear(1, vec![0, 0, 0, 1, 0xff]);
        } else {
            node.say(Delivery::Penalise(ConnectionId(number), &rules::WRONG_PROOF));
        }
    }
    assert_eq!(banned(&node), [true, false, true, true, false]);
}

#[test]
fn one_malformed_frame_closes_one_connection_and_no_other() {
    let mut node = node();
    let request = frame(RequestBlock { header_hash: HeaderHash([3; 32]) });
    let (first, rest) = request.split_at(11);
    // The other is in the middle of a frame.
    node.hear(1, first.to_vec());
    node.hear(0, vec![0, 0, 0, 2, 0xa1, 0xff]);
    node.hear(1, rest.to_vec());
    assert_eq!(node.connected(), [1]);
    let last = node.heard().last().unwrap();
    assert!(matches!(last, FromPeer::Received(ConnectionId(1), Message::RequestBlock(_))));
}

/// However short, what is kept of a banned host is counted.
#[test]
fn bans_are_in_the_footprint() {
    let mut node = of(Played::new(1));
    let before = node.node.footprint();
    for number in 100..300 {
        let from = at(&format!("10.9.{}.{}", number / 100, number % 100), 60_000);
        node.open(Opened::inbound(ConnectionId(number), Some(from)));
        node.hear(number, vec![0, 0, 0, 1, 0xff]);
    }
    let all_ended = node.endings().iter().filter(|(_, _, _, until)| until.is_some()).count();
    assert_eq!(all_ended, 200);
    assert!(node.node.footprint() >= before + 200 * size_of::<(String, Time)>());
}
