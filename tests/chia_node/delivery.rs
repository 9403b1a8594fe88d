//! Who gets what, who is held back, and where peers are.

use std::time::Duration;

use nodewire::bytes::Bytes;
use nodewire::chia::{NodeCommand, NodeNotice, NodeSend};
use nodewire::codec::chia::messages::{NewChallenge, RequestBlock, RequestPeers};
use nodewire::codec::chia::{Bytes32, Function, HeaderHash, Message, NodeType, PeerInfo};
use nodewire::link::Transport;
use nodewire::state::chia::{
    ConnectionId, Delivery, Direction, FromPeer, Opened, Parting, PutOff, Reaction, Whereabouts,
    rules,
};
use nodewire::{Machine, Refused, Time};

use crate::given::{Played, Tell, at, config, frame, hello, host, parting, peer, seconds};

const FULL: NodeType = NodeType::FullNode;

fn block(byte: u8) -> Message {
    RequestBlock { header_hash: HeaderHash([byte; 32]) }.into()
}

/// A full node with three others, numbers 0 to 2, and a farmer, number 3.
fn node() -> Played {
    let mut node = Played::new(1);
    for (number, byte) in [(0, 5), (1, 6), (2, 7)] {
        node.establish(Opened::inbound(ConnectionId(number), None), peer(byte, FULL));
    }
    node.establish(Opened::inbound(ConnectionId(3), None), peer(8, NodeType::Farmer));
    node.sent();
    node.notices();
    node
}

/// Who was sent these bytes.
fn receivers(node: &mut Played, bytes: &[u8]) -> Vec<u64> {
    let to = |sent| match sent {
        NodeSend::Bytes(connection, it) if it == bytes => connection.0,
        other => panic!("{other:?}"),
    };
    node.sent().into_iter().map(to).collect()
}

fn received(node: &Played) -> Vec<(u64, u8)> {
    let block = |news: &FromPeer| match news {
        FromPeer::Received(from, Message::RequestBlock(it)) => Some((from.0, it.header_hash.0[0])),
        _ => None,
    };
    node.heard().iter().filter_map(block).collect()
}

#[test]
fn a_broadcast_reaches_all_of_a_type_or_all_others() {
    let mut node = node();
    // One that is not established is nobody.
    node.open(Opened::inbound(ConnectionId(9), None));
    node.hear(9, hello(peer(20, FULL)));
    node.sent();
    let bytes = frame(block(1));
    node.say(Delivery::Broadcast(FULL, block(1)));
    assert_eq!(receivers(&mut node, &bytes), [0, 1, 2]);
    node.say(Delivery::BroadcastToOthers(FULL, ConnectionId(1), block(1)));
    assert_eq!(receivers(&mut node, &bytes), [0, 2]);
    node.say(Delivery::To(ConnectionId(2), block(1)));
    assert_eq!(receivers(&mut node, &bytes), [2]);
    // What is for nobody vanishes.
    node.say(Delivery::To(ConnectionId(9), block(1)));
    node.say(Delivery::To(ConnectionId(77), block(1)));
    node.say(Delivery::Broadcast(NodeType::Timelord, block(1)));
    node.transport(2, Transport::Closed);
    node.sent();
    node.notices();
    node.say(Delivery::To(ConnectionId(2), block(1)));
    node.say(Delivery::Close(ConnectionId(2)));
    node.say(Delivery::Penalise(ConnectionId(2), &rules::WRONG_PROOF));
    assert_eq!((node.sent(), node.notices()), (vec![], vec![]));
}

#[test]
fn what_our_type_does_not_say_is_not_said() {
    let mut node = node();
    let challenge = NewChallenge { challenge_hash: Bytes32([1; 32]) };
    node.say(Delivery::To(ConnectionId(3), challenge.into()));
    assert_eq!(node.sent(), []);
    let why = Refused::invalid("a node of our type does not send this to one of theirs");
    let told = node.notices();
    let [NodeNotice::Unsaid { connection, function, why: because, .. }] = &told[..] else {
        panic!("{told:?}")
    };
    assert_eq!((*connection, *function, because), (ConnectionId(3), Function::NewChallenge, &why));
    assert!(node.node.registry().is_established(ConnectionId(3)));
}

#[test]
fn a_role_that_closes_blames_nobody_and_all_it_said_before_arrives() {
    let mut node = node();
    node.say(Delivery::To(ConnectionId(0), block(1)));
    node.say(Delivery::Close(ConnectionId(0)));
    let bytes = Bytes::from(frame(block(1)));
    let zero = ConnectionId(0);
    assert_eq!(node.sent(), [NodeSend::Bytes(zero, bytes), NodeSend::Close(zero)]);
    assert_eq!(node.endings(), [(0, "done", Reaction::Keep, None)]);
    assert_eq!(parting(node.heard(), 0), Some(Parting::AddressKept));
}

#[test]
fn what_came_before_a_fault_is_heard_and_nothing_after_it() {
    for whole in [true, false] {
        let mut node = node();
        let bytes = [frame(block(1)), frame(block(2)), vec![0, 0, 0, 0], frame(block(3))].concat();
        if whole {
            node.hear(0, bytes);
        } else {
            bytes.iter().for_each(|byte| node.hear(0, vec![*byte]));
        }
        assert_eq!(received(&node), [(0, 1), (0, 2)]);
        assert_eq!(parting(node.heard(), 0), Some(Parting::AddressDropped));
    }
}

#[test]
fn nothing_is_heard_of_a_peer_that_the_role_has_ended() {
    for end in
        [Delivery::Penalise(ConnectionId(0), &rules::WRONG_PROOF), Delivery::Close(ConnectionId(0))]
    {
        let mut node = node();
        let mut toy = node.node.role().clone();
        toy.reflex = Some(end);
        node = Played::of(config(1), toy);
        node.establish(Opened::inbound(ConnectionId(0), None), peer(5, FULL));
        node.hear(0, [frame(block(1)), frame(block(2)), frame(block(3))].concat());
        let heard = received(&node);
        assert_eq!(heard[0], (0, 1));
        assert!(matches!(node.heard().last(), Some(FromPeer::Disconnected(..))));
        assert_eq!(node.connected(), [] as [u64; 0]);
    }
}

#[test]
fn a_peer_that_is_too_fast_for_the_role_waits_alone() {
    let mut node = node();
    node.tell(Tell::Busy(0, true));
    let many: Vec<u8> = (0..100).flat_map(|byte| frame(block(byte))).collect();
    node.hear(0, many);
    assert!(node.node.holds_back(ConnectionId(0)));
    assert!(!node.node.holds_back(ConnectionId(1)));
    assert!(!node.node.saturated());
    node.hear(1, frame(block(200)));
    assert_eq!(received(&node), [(1, 200)]);
    // Not even the end is heard before what came before it.
    node.transport(0, Transport::Closed);
    assert_eq!(node.connected(), [0, 1, 2]);
    node.tell(Tell::Busy(0, false));
    let expected: Vec<_> = (0..100).map(|byte| (0, byte)).collect();
    assert_eq!(received(&node)[1..], expected);
    assert_eq!(node.connected(), [1, 2]);
}

#[test]
fn who_waits_is_neither_idle_nor_forgotten() {
    let mut node = node();
    node.tell(Tell::Busy(0, true));
    node.hear(0, (0..9).flat_map(|byte| frame(block(byte))).collect::<Vec<_>>());
    node.pass(seconds(2_999));
    node.hear(1, frame(block(50)));
    node.hear(2, frame(block(51)));
    node.pass(seconds(4_000));
    assert_eq!(node.endings(), []);
    node.now = seconds(4_000);
    node.tell(Tell::Busy(0, false));
    assert_eq!(received(&node).len(), 11);
    // Its silence counts from now.
    node.hear(1, frame(block(52)));
    node.hear(2, frame(block(53)));
    node.pass(Time::from_micros(seconds(7_000).as_micros() - 1));
    assert_eq!(node.endings(), []);
    node.pass(seconds(7_000));
    assert!(node.endings().iter().any(|it| (it.0, it.1) == (0, "IdleTimeout")));
}

#[test]
fn those_who_wait_take_turns() {
    let mut node = node();
    node.tell(Tell::Room(0));
    for peer in [0, 1, 2] {
        node.hear(peer, (0..3).flat_map(|byte| frame(block(byte))).collect::<Vec<_>>());
    }
    assert_eq!(received(&node), []);
    node.tell(Tell::Room(4));
    let expected = [(1, 0), (2, 0), (0, 0), (1, 1)];
    assert_eq!(received(&node), expected);
    node.tell(Tell::Room(2));
    assert_eq!(received(&node)[4..], [(2, 1), (0, 1)]);
    node.tell(Tell::Room(100));
    assert_eq!(received(&node)[6..], [(1, 2), (2, 2), (0, 2)]);
}

#[test]
fn what_waits_is_bounded_and_gone_with_its_connection() {
    let mut node = node();
    let quiet = node.node.footprint();
    node.tell(Tell::Busy(0, true));
    node.hear(0, frame(block(1)).repeat(4));
    let waiting = node.node.footprint();
    assert!(waiting > quiet);
    node.hear(0, frame(block(1)));
    node.say(Delivery::Penalise(ConnectionId(0), &rules::WRONG_PROOF));
    node.tell(Tell::Busy(0, false));
    assert_eq!(received(&node), []);
    assert!(node.node.footprint() < quiet + 1_000);
}

#[test]
fn a_peer_is_where_it_was_seen_and_listens_where_it_said() {
    let seen = |opened: Opened, server_port| {
        let mut node = Played::new(1);
        let mut peer = peer(5, FULL);
        peer.server_port = server_port;
        let connection = opened.connection;
        node.establish(opened, peer);
        let FromPeer::Connected(_, of, at) = node.heard()[0].clone() else { panic!() };
        assert_eq!(of, peer);
        let told = NodeNotice::Connected(connection, peer, at.clone());
        assert!(node.notices().contains(&told));
        at
    };
    let from = |host: &str| Opened::inbound(ConnectionId(0), Some(at(host, 50_123)));
    let (inbound, outbound) = (Direction::Inbound, Direction::Outbound);
    let there = Whereabouts { direction: inbound, listens: Some(at("10.0.0.5", 8_444)) };
    assert_eq!(seen(from("10.0.0.5"), 8_444), there);
    assert_eq!(seen(from("::ffff:10.0.0.5"), 8_444), there);
    assert_eq!(seen(from("10.0.0.5"), 0).listens, None);
    assert_eq!(seen(Opened::inbound(ConnectionId(0), None), 8_444).listens, None);
    let dialled = Opened::outbound(ConnectionId(0), Some(at("10.0.0.5", 9_000)));
    let there = Whereabouts { direction: outbound, listens: Some(at("10.0.0.5", 8_444)) };
    assert_eq!(seen(dialled, 8_444), there);
}

#[test]
fn a_dial_ends_in_a_connection_or_a_failure() {
    let mut node = Played::new(1);
    let there = |port| at(&host(7), port);
    let dial = |node: &mut Played, port| {
        node.say(Delivery::Dial(there(port)));
        node.sent()
    };
    assert_eq!(dial(&mut node, 1), [NodeSend::Dial(there(1))]);
    // Once at a time.
    assert_eq!(dial(&mut node, 1), []);
    node.command(NodeCommand::DialFailed(there(1)));
    assert_eq!(node.heard(), [FromPeer::DialFailed(there(1))]);
    // What was not dialled did not fail.
    node.command(NodeCommand::DialFailed(there(2)));
    assert_eq!(node.heard().len(), 1);
    assert_eq!(dial(&mut node, 1), [NodeSend::Dial(there(1))]);
    node.establish(Opened::outbound(ConnectionId(0), None).of_dial(there(1)), peer(5, FULL));
    assert!(matches!(node.heard()[1], FromPeer::Connected(..)));
    node.transport(0, Transport::Closed);
    assert!(matches!(node.heard()[2], FromPeer::Disconnected(..)));
    assert_eq!(node.heard().len(), 3);
}

#[test]
fn who_is_dialled_and_hangs_up_at_once_was_not_reached() {
    let mut node = Played::new(1);
    let there = at(&host(7), 1);
    node.say(Delivery::Dial(there.clone()));
    node.open(Opened::outbound(ConnectionId(0), None).of_dial(there.clone()));
    node.transport(0, Transport::Closed);
    assert_eq!(node.heard(), [FromPeer::DialFailed(there)]);
}

#[test]
fn our_own_addresses_are_not_dialled() {
    let mut config = config(1);
    config.own_addresses = vec![at("10.0.0.1", 8_444), at("Me.Example", 8_444)];
    let mut node = Played::with(config, FULL);
    let own: [PeerInfo; 3] =
        [at("10.0.0.1", 8_444), at("::ffff:10.0.0.1", 8_444), at("me.example", 8_444)];
    for address in own {
        node.say(Delivery::Dial(address.clone()));
        assert_eq!(node.heard().last(), Some(&FromPeer::DialFailed(address)));
    }
    assert_eq!(node.sent(), []);
    node.say(Delivery::Dial(at("10.0.0.1", 8_445)));
    assert_eq!(node.sent().len(), 1);
}

#[test]
fn only_so_many_are_dialled_at_a_time() {
    let mut config = config(1);
    config.max_dials = 2;
    let mut node = Played::with(config, FULL);
    for port in 1..=3 {
        node.say(Delivery::Dial(at("10.0.0.9", port)));
    }
    assert_eq!(node.sent().len(), 2);
    assert_eq!(node.heard(), [FromPeer::DialPutOff(at("10.0.0.9", 3), PutOff::Full)]);
}

#[test]
fn pings_of_connections_have_nonces_of_their_own() {
    let mut node = node();
    node.pass(seconds(300));
    let mut nonces: Vec<_> = node
        .sent()
        .into_iter()
        .filter_map(|sent| if let NodeSend::Bytes(_, bytes) = sent { Some(bytes) } else { None })
        .collect();
    assert_eq!(nonces.len(), 4);
    nonces.sort();
    nonces.dedup();
    assert_eq!(nonces.len(), 4);
    // An answer tells how long it took.
    node.now = node.now.after(Duration::from_millis(7));
    let pong = nonces.iter().map(|ping| ping[ping.len() - 32..].to_vec()).map(|nonce| {
        let nonce = Bytes32(nonce.try_into().unwrap());
        frame(nodewire::codec::chia::messages::Pong { nonce })
    });
    for pong in pong {
        node.hear(0, pong);
    }
    assert!(node.notices().contains(&NodeNotice::RoundTrip(ConnectionId(0), 7_000)));
}

#[test]
fn an_idle_peer_is_cheap() {
    // 4 KiB (`verification.md`), by what the node says of itself: 64 peers beside an empty node.
    let mut node = Played::new(1);
    let empty = node.node.footprint();
    for number in 0..48 {
        let opened =
            Opened::inbound(ConnectionId(number), Some(at(&host(number as usize), 50_000)));
        let mut peer = peer(0, FULL);
        peer.node_id.0[31] = u8::try_from(number + 2).unwrap();
        node.establish(opened, peer);
        node.hear(number, frame(RequestPeers {}));
    }
    let each = (node.node.footprint() - empty) / 48;
    assert!(each <= 4_096, "{each}");
}
