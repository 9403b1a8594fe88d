//! Limits of connections, and floods of handshakes that come to nothing.

use nodewire::bytes::Bytes;
use nodewire::chia::{NodeCommand, NodeNotice, NodeSend};
use nodewire::codec::chia::NodeType;
use nodewire::link::Transport;
use nodewire::state::chia::{ConnectionId, FromPeer, Opened, PutOff, TurnedAway};
use nodewire::{Machine, Outbox, Refused};

use crate::given::{Played, ack, at, config, hello, peer, seconds};

const FULL: NodeType = NodeType::FullNode;

/// A host for each number.
fn from(number: u64) -> Option<nodewire::codec::chia::PeerInfo> {
    Some(at(&format!("10.1.{}.{}", number / 250, number % 250), 40_000))
}

fn inbound(number: u64) -> Opened {
    Opened::inbound(ConnectionId(number), from(number))
}

fn named(byte: u64) -> nodewire::state::chia::Peer {
    let mut peer = peer(0, FULL);
    peer.node_id.0[..8].copy_from_slice(&(byte + 1_000).to_be_bytes());
    peer
}

/// Who was turned away, and by which limit.
fn turned_away(node: &mut Played) -> Vec<(u64, &'static str)> {
    let turned = |notice| match notice {
        NodeNotice::TurnedAway(connection, TurnedAway::Full(limit)) => Some((connection.0, limit)),
        _ => None,
    };
    node.notices().into_iter().filter_map(turned).collect()
}

#[test]
fn of_48_that_dialled_us_and_64_in_all_there_are_no_more() {
    let mut node = Played::new(1);
    for number in 0..48 {
        node.establish(inbound(number), named(number));
    }
    node.sent();
    node.open(inbound(48));
    assert_eq!(node.sent(), [NodeSend::Close(ConnectionId(48))]);
    assert_eq!(turned_away(&mut node), [(48, "max_inbound")]);
    for number in 49..65 {
        let opened = Opened::outbound(ConnectionId(number), from(number));
        node.establish(opened, named(number));
    }
    assert_eq!(node.connected().len(), 64);
    node.open(Opened::outbound(ConnectionId(65), from(65)));
    assert_eq!(turned_away(&mut node), [(65, "max_established")]);
    // Who was configured always gets in, and takes nobody's place.
    node.establish(inbound(66).trusted(), named(66));
    // One that leaves makes room for one.
    node.transport(0, Transport::Closed);
    node.transport(49, Transport::Closed);
    node.establish(inbound(67), named(67));
    assert_eq!(turned_away(&mut node), []);
}

#[test]
fn who_comes_first_gets_the_last_place() {
    let mut config = config(1);
    config.registry.max_established = 1;
    let mut node = Played::with(config, FULL);
    let dialled = at("10.0.0.7", 8_444);
    node.say(nodewire::state::chia::Delivery::Dial(dialled.clone()));
    node.open(Opened::outbound(ConnectionId(0), None).of_dial(dialled.clone()));
    node.open(inbound(1));
    node.open(inbound(2));
    node.hear(0, hello(named(0)));
    node.hear(1, [hello(named(1)), ack()].concat());
    assert_eq!(node.connected(), [1]);
    // One has our ack already, the other hears nothing.
    node.hear(0, ack());
    node.hear(2, hello(named(2)));
    let limit = "max_established";
    assert_eq!(turned_away(&mut node), [(0, limit), (2, limit)]);
    assert_eq!(node.connected(), [1]);
    // The role hears of none of them but that what it had dialled is not to be there now.
    let heard = node.heard();
    assert!(matches!(heard[0], FromPeer::Connected(ConnectionId(1), ..)));
    assert_eq!(heard[1..], [FromPeer::DialPutOff(dialled, PutOff::Full)]);
}

#[test]
fn of_thousands_of_half_open_streams_the_oldest_make_room() {
    let mut node = Played::new(1);
    let empty = node.node.footprint();
    for number in 0..32 {
        node.open(inbound(number));
    }
    assert_eq!(turned_away(&mut node), []);
    let full = node.node.footprint();
    for number in 32..5_000 {
        node.open(inbound(number));
        assert_eq!(node.node.registry().len(), 32);
    }
    let limit = "max_half_open";
    let expected: Vec<_> = (0..4_968).map(|number| (number, limit)).collect();
    assert_eq!(turned_away(&mut node), expected);
    assert!(node.node.footprint() <= full + full / 10, "{} {full}", node.node.footprint());
    // An honest one gets in between, if it is quicker than 32 others.
    node.open(inbound(5_000));
    for number in 5_001..5_032 {
        node.open(inbound(number));
    }
    node.hear(5_000, [hello(named(5_000)), ack()].concat());
    assert_eq!(node.connected(), [5_000]);
    // Those that say nothing are gone after 30 s, with all they held.
    node.pass(seconds(30));
    assert_eq!(node.node.registry().len(), 1);
    node.transport(5_000, Transport::Closed);
    assert!(node.node.footprint() < empty + 2_000, "{} {empty}", node.node.footprint());
}

#[test]
fn a_host_has_four_half_open_streams() {
    let mut node = Played::new(1);
    for number in 0..4 {
        node.open(Opened::inbound(ConnectionId(number), Some(at("10.0.0.9", 40_000))));
    }
    let more = |number| Opened::inbound(ConnectionId(number), Some(at("::ffff:10.0.0.9", 50_000)));
    node.open(more(4));
    assert_eq!(turned_away(&mut node), [(4, "max_half_open_of_host")]);
    // Established ones do not count.
    node.hear(0, [hello(named(0)), ack()].concat());
    node.open(more(5));
    assert_eq!(turned_away(&mut node), []);
    // Nor do those of this computer.
    for number in 10..30 {
        node.open(Opened::inbound(ConnectionId(number), Some(at("127.0.0.1", 1))));
    }
    assert_eq!(turned_away(&mut node), []);
}

#[test]
fn a_host_has_a_quarter_of_the_places() {
    let mut node = Played::new(1);
    let of_host = |number: u64, host: &str| {
        Opened::inbound(ConnectionId(number), Some(at(host, 40_000 + number as u16)))
    };
    for number in 0..12 {
        node.establish(of_host(number, "10.0.0.9"), named(number));
    }
    node.open(of_host(12, "::ffff:10.0.0.9"));
    let limit = "max_inbound_of_host";
    assert_eq!(turned_away(&mut node), [(12, limit)], "in either form");
    // Of IPv6, whoever has an address has the 2^64 that begin so.
    for number in 20..32 {
        node.establish(of_host(number, &format!("2001:db8::{number}")), named(number));
    }
    node.open(of_host(32, "2001:db8::ffff:0:0:1"));
    assert_eq!(turned_away(&mut node), [(32, limit)]);
    node.establish(of_host(33, "2001:db8:0:1::1"), named(33));
    // Nobody else is kept out, nor is who was configured or is dialled.
    node.establish(of_host(40, "10.0.0.8"), named(40));
    node.establish(of_host(41, "10.0.0.9").trusted(), named(41));
    node.establish(Opened::outbound(ConnectionId(42), Some(at("10.0.0.9", 8_444))), named(42));
    // This computer's are not counted: whole networks are tried out on one.
    for number in 50..70 {
        node.establish(of_host(number, "127.0.0.1"), named(number));
    }
    assert_eq!(turned_away(&mut node), []);
    // One that leaves makes room for one, and who has our ack already finds none if others were
    // faster.
    node.transport(3, Transport::Closed);
    node.open(of_host(80, "10.0.0.9"));
    node.open(of_host(81, "10.0.0.9"));
    node.hear(80, hello(named(80)));
    node.hear(81, [hello(named(81)), ack()].concat());
    node.hear(80, ack());
    assert_eq!(turned_away(&mut node), [(80, limit)]);
    assert!(node.connected().contains(&81));
}

#[test]
fn handshakes_without_an_ack_keep_nobody_out() {
    let mut node = Played::new(1);
    // Each claims another node id.
    for number in 0..1_000 {
        node.open(inbound(number));
        node.hear(number, hello(named(number)));
    }
    node.establish(inbound(1_000), named(1_000));
    assert_eq!(node.connected(), [1_000]);
}

#[test]
fn a_slow_drip_ends_with_the_patience() {
    let mut node = Played::new(1);
    node.open(inbound(0));
    let bytes = hello(named(0));
    for (second, byte) in (0..30).zip(bytes) {
        node.pass(seconds(second));
        node.hear(0, Bytes::from(vec![byte]));
    }
    node.pass(seconds(29));
    assert_eq!(node.endings(), []);
    node.pass(seconds(30));
    assert_eq!(node.endings()[0].1, "HandshakeTimeout");
}

#[test]
fn numbers_of_connections_ascend() {
    let mut node = Played::new(1);
    node.open(inbound(7));
    node.transport(7, Transport::Closed);
    for number in [7, 3] {
        let before = node.node.clone();
        let mut out = Outbox::new();
        let command = NodeCommand::Opened(inbound(number));
        let refusal = node.node.handle_local(node.now, command.clone(), &mut out).unwrap_err();
        assert_eq!(refusal.why, Refused::invalid("numbers of connections ascend"));
        assert_eq!(refusal.input, command);
        assert!(out.is_empty() && node.node == before);
    }
    // Nobody is there under a number that is not.
    node.notices();
    node.sent();
    node.hear(9, hello(peer(5, FULL)));
    node.command(NodeCommand::Close(ConnectionId(9)));
    assert_eq!((node.sent(), node.notices()), (vec![], vec![]));
}

#[test]
fn a_stream_is_established_once_both_acks_have_passed() {
    let mut node = Played::new(1);
    let is_established =
        |node: &Played, number| node.node.registry().is_established(ConnectionId(number));
    node.open(inbound(7));
    assert!(!is_established(&node, 7));
    node.hear(7, hello(named(7)));
    assert!(!is_established(&node, 7) && !is_established(&node, 8));
    node.hear(7, ack());
    assert!(is_established(&node, 7) && !is_established(&node, 8));
    node.transport(7, Transport::Closed);
    assert!(!is_established(&node, 7));
}
