//! One connection for each node id, whoever dials whom in whatever order (C-4, C-8, C-9, R-7).

use nodewire::codec::chia::NodeType;
use nodewire::state::chia::{Opened, Reaction};
use nodewire::{state::chia::ConnectionId, state::chia::FromPeer};

use crate::given::{Net, Played, ack, at, hello, parting, peer, seconds};

/// Nodes 0 and 1, where 0 has the smaller node id.
fn pair() -> Net {
    Net::new(vec![Played::new(1), Played::new(2)])
}

/// The one connection that both have, by the pipe it goes through.
fn only(net: &mut Net) -> u64 {
    let [a, b] = [net.nodes[0].connected(), net.nodes[1].connected()];
    assert_eq!((a.len(), b.len()), (1, 1));
    assert_eq!(a[0] / 2, b[0] / 2);
    for node in &mut net.nodes {
        assert_eq!(node.node.registry().len(), 1);
        for (_, name, reaction, banned) in node.endings() {
            assert!(["done", "Duplicate"].contains(&name), "{name}");
            assert_eq!((reaction, banned), (Reaction::Keep, None));
        }
    }
    a[0] / 2
}

/// Every order of arrivals, by depth first, with the whole network rebuilt for each.
fn every_order(dials: &[(usize, usize)]) -> Vec<u64> {
    let mut left = vec![Vec::new()];
    let mut found = Vec::new();
    while let Some(order) = left.pop() {
        let mut net = pair();
        for (from, to) in dials {
            net.dial(*from, *to);
        }
        for (pipe, end) in &order {
            // A frame at a time: handshake, ack, and the end are what matters.
            net.arrive_frame(*pipe, *end);
        }
        let moving: Vec<_> = net.moving().collect();
        if moving.is_empty() {
            found.push(only(&mut net));
        }
        for next in moving {
            let mut longer = order.clone();
            longer.push(next);
            left.push(longer);
        }
    }
    found
}

#[test]
fn a_simultaneous_open_leaves_one_connection_in_every_order() {
    let found = every_order(&[(0, 1), (1, 0)]);
    assert!(found.len() > 100);
    // Both can win: the one dialled by the larger id only where it was established first.
    assert!(found.contains(&0));
}

#[test]
fn two_dials_by_one_end_leave_one_connection_in_every_order() {
    for by in [(0, 1), (1, 0)] {
        let found = every_order(&[by, by]);
        assert!(found.contains(&0) && found.contains(&1));
    }
}

#[test]
fn while_both_are_in_handshake_the_smaller_dialler_wins() {
    // Both handshakes have arrived everywhere before any ack.
    let mut net = pair();
    net.dial(1, 0);
    net.dial(0, 1);
    for pipe in [0, 1] {
        for end in [0, 1] {
            net.arrive_frame(pipe, end);
        }
    }
    net.settle();
    assert_eq!(only(&mut net), 1);
}

#[test]
fn an_established_connection_stays() {
    for (first, second) in [((0, 1), (1, 0)), ((1, 0), (0, 1))] {
        let mut net = pair();
        net.dial(first.0, first.1);
        net.settle();
        net.dial(second.0, second.1);
        net.settle();
        assert_eq!(only(&mut net), 0);
    }
}

#[test]
fn every_way_of_ending_frees_the_node_id() {
    for ending in 0..4 {
        // The node decides (its id is the smaller one), or it doesn't.
        for us in [1, 9] {
            let mut node = Played::new(us);
            node.establish(Opened::inbound(ConnectionId(0), None), peer(5, NodeType::FullNode));
            match ending {
                0 => node.transport(0, nodewire::link::Transport::Closed),
                1 => node.hear(0, hello(peer(5, NodeType::FullNode))),
                2 => node.command(nodewire::chia::NodeCommand::Close(ConnectionId(0))),
                _ => node.pass(seconds(4_000)),
            }
            assert!(parting(node.heard(), 0).is_some());
            node.establish(Opened::inbound(ConnectionId(1), None), peer(5, NodeType::FullNode));
        }
    }
}

#[test]
fn who_uses_the_node_id_of_another_locks_it_out_no_longer_than_it_stays() {
    // The larger node id waits for the other's verdict, which never comes of who has none to give.
    let mut node = Played::new(9);
    node.establish(Opened::inbound(ConnectionId(0), None), peer(5, NodeType::FullNode));
    node.open(Opened::inbound(ConnectionId(1), Some(at("10.0.0.5", 1))));
    node.hear(1, hello(peer(5, NodeType::FullNode)));
    assert_eq!(node.connected(), [0]);
    node.transport(0, nodewire::link::Transport::Closed);
    node.hear(1, ack());
    assert_eq!(node.connected(), [1]);

    // Nor can it be cut off by whoever comes later.
    node.open(Opened::inbound(ConnectionId(2), None));
    node.hear(2, [hello(peer(5, NodeType::FullNode)), ack()].concat());
    assert_eq!(node.connected(), [1]);
    node.notices();
    node.pass(seconds(29));
    assert_eq!(node.endings(), []);
    node.pass(seconds(30));
    assert_eq!(node.endings(), [(2, "HandshakeTimeout", Reaction::Keep, None)]);
    assert_eq!(node.connected(), [1]);

    // The smaller one answers at once.
    let mut node = Played::new(1);
    node.establish(Opened::inbound(ConnectionId(0), None), peer(5, NodeType::FullNode));
    node.open(Opened::inbound(ConnectionId(1), None));
    node.hear(1, hello(peer(5, NodeType::FullNode)));
    assert_eq!(node.endings(), [(1, "Duplicate", Reaction::Keep, None)]);
    node.transport(0, nodewire::link::Transport::Closed);
    node.establish(Opened::inbound(ConnectionId(2), None), peer(5, NodeType::FullNode));
}

#[test]
fn a_squatter_in_handshake_gives_way_to_whom_we_dial() {
    let mut node = Played::new(1);
    node.open(Opened::inbound(ConnectionId(0), None));
    node.hear(0, hello(peer(5, NodeType::FullNode)));
    node.open(Opened::outbound(ConnectionId(1), Some(at("10.0.0.5", 8_444))));
    node.hear(1, [hello(peer(5, NodeType::FullNode)), ack()].concat());
    assert_eq!(node.endings(), [(0, "Duplicate", Reaction::Keep, None)]);
    assert_eq!(node.connected(), [1]);
}

#[test]
fn the_role_hears_that_one_has_gone_before_the_next_comes() {
    let mut node = Played::new(9);
    node.establish(Opened::inbound(ConnectionId(0), None), peer(5, NodeType::FullNode));
    node.open(Opened::inbound(ConnectionId(1), None));
    node.hear(1, [hello(peer(5, NodeType::FullNode)), ack()].concat());
    node.transport(0, nodewire::link::Transport::Closed);
    let order: Vec<_> = node.heard().iter().map(kind).collect();
    assert_eq!(order, [("connected", 0), ("disconnected", 0), ("connected", 1)]);
}

fn kind(news: &FromPeer) -> (&'static str, u64) {
    match news {
        FromPeer::Connected(connection, ..) => ("connected", connection.0),
        FromPeer::Received(connection, _) => ("received", connection.0),
        FromPeer::Disconnected(connection, _) => ("disconnected", connection.0),
        FromPeer::DialFailed(_) => ("failed", 0),
        FromPeer::DialPutOff(..) => ("put off", 0),
    }
}

#[test]
fn nobody_connects_to_itself() {
    let mut node = Played::new(1);
    let own = at("10.0.0.1", 8_444);
    node.say(nodewire::state::chia::Delivery::Dial(own.clone()));
    assert_eq!(node.sent(), [nodewire::chia::NodeSend::Dial(own.clone())]);
    let opened = Opened::outbound(ConnectionId(0), Some(own.clone()));
    node.open(opened.of_dial(own.clone()));
    node.hear(0, hello(peer(1, NodeType::FullNode)));
    assert_eq!(node.endings(), [(0, "SelfConnection", Reaction::DropForGood, None)]);
    assert_eq!(node.heard(), [FromPeer::DialFailed(own.clone())]);
    node.sent();
    // Never again (C-10).
    node.say(nodewire::state::chia::Delivery::Dial(own.clone()));
    assert_eq!(node.sent(), []);
    assert_eq!(node.heard(), [FromPeer::DialFailed(own.clone()), FromPeer::DialFailed(own)]);
}
