//! What is remembered of where full nodes are, and who is told of it (P-25, P-26, I-1, I-2, A-12).

use std::time::Duration;

use nodewire::Machine;
use nodewire::codec::chia::messages::RequestPeers;
use nodewire::codec::chia::{NodeType, PeerInfo};
use nodewire::state::chia::{
    Addresses, AddressesConfig, ConnectionId, Delivery, Direction, FromPeer, Introducer, Parting,
    Peer, Role, Whereabouts,
};

use super::{Played, addresses, far, many, quiet, wanting};
use crate::given::{at, id, seconds};

#[test]
fn an_introducer_remembers_who_connected_and_tells_20_of_them() {
    let mut introducer = Played::new(Introducer::new(AddressesConfig::introducer(7)));
    assert_eq!(introducer.machine.node_type(), NodeType::Introducer);
    for node in 0..30 {
        assert_eq!(introducer.connect(u64::from(node), Direction::Inbound, Some(far(node))), []);
    }
    let told = introducer.asked(3);
    assert_eq!(told.len(), 20);
    let mut distinct = told.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), 20);
    assert_ne!(told, distinct, "in random order");
    assert!(!told.contains(&far(3)), "the asker's own");
    assert_ne!(introducer.asked(3), told);
    // It keeps them when they go, unless they broke a rule, and dials nobody.
    assert_eq!(introducer.disconnect(5, Parting::AddressKept), []);
    assert_eq!(introducer.disconnect(6, Parting::AddressDropped), []);
    assert!(introducer.machine.addresses().knows(&far(5)));
    assert!(!introducer.machine.addresses().knows(&far(6)));
    assert_eq!(introducer.know(many(50)), []);
    assert_eq!(introducer.pass(seconds(119)), []);
}

#[test]
fn who_says_nothing_to_an_introducer_leaves_and_is_remembered() {
    let mut introducer = Played::new(Introducer::new(AddressesConfig::introducer(7)));
    for node in 0..3 {
        introducer.connect(u64::from(node), Direction::Inbound, Some(far(node)));
    }
    assert_eq!(introducer.pass(seconds(60)), []);
    introducer.asked(1);
    introducer.disconnect(2, Parting::AddressKept);
    let close = |peer| Delivery::Close(ConnectionId(peer));
    assert_eq!(introducer.pass(seconds(179)), [(120, close(0))]);
    // What it says while it is being closed changes nothing.
    introducer.asked(0);
    assert_eq!(introducer.pass(seconds(180)), [(180, close(1))]);
    introducer.disconnect(0, Parting::AddressKept);
    assert_eq!(introducer.machine.deadline(), None);
    assert!((0..3).all(|node| introducer.machine.addresses().knows(&far(node))));
}

#[test]
fn a_full_node_tells_1000_at_most_and_none_after_6000_seconds() {
    let mut node = addresses(quiet());
    node.machine = Addresses::new({
        let mut config = quiet();
        config.limits.max_addresses = 3_000;
        config.limits.max_answered = 1_000;
        config
    });
    node.know(many(1_200));
    node.connect(0, Direction::Inbound, None);
    assert_eq!(node.asked(0).len(), 1_000);
    node.now = seconds(6_000);
    assert_eq!(node.asked(0).len(), 1_000);
    node.now = node.now.after(Duration::from_micros(1));
    assert_eq!(node.asked(0), []);
    // Who is connected is heard of all the time.
    node.connect(1, Direction::Inbound, Some(far(5_000)));
    node.now = seconds(20_000);
    assert_eq!(node.asked(0), [far(5_000)]);
}

#[test]
fn addresses_are_taken_of_whom_we_asked_and_once() {
    let mut node = addresses(wanting(1));
    assert_eq!(node.connect(0, Direction::Inbound, Some(far(77))), []);
    assert_eq!(node.peers(0, many(5)), []);
    assert_eq!(node.machine.len(), 1);
    let ask = Delivery::To(ConnectionId(1), RequestPeers {}.into());
    assert_eq!(node.introducer(1, Direction::Outbound), [ask]);
    // It has nothing else to say (P-27).
    assert_eq!(node.peers(1, many(5)), [Delivery::Close(ConnectionId(1))]);
    assert_eq!(node.machine.len(), 6);
    assert_eq!(node.peers(1, many(9)), []);
    assert_eq!(node.machine.len(), 6);
    // One that dialled us is not asked.
    assert_eq!(node.introducer(2, Direction::Inbound), []);
}

#[test]
fn only_hosts_that_may_be_one_are_taken() {
    let mut node = addresses(quiet());
    node.introducer(0, Direction::Outbound);
    let long = "a".repeat(253);
    let longer = "a".repeat(254);
    let bad = [
        at("", 1),
        at("10.0.0.1", 0),
        at(&longer, 1),
        at("a b", 1),
        at("a\n", 1),
        at("é.org", 1),
        at("127.0.0.1", 1),
        at("::1", 1),
        at("localhost", 1),
        at("127.9.9.9", 1),
        at("::ffff:127.0.0.1", 1),
        at("0.0.0.0", 1),
        at("::ffff:0.0.0.0", 1),
        at("::ffff:224.0.0.1", 1),
        at("::", 1),
        at("224.0.0.1", 1),
    ];
    let good =
        [at("10.0.0.1", 1), at("2001:db8::1", 65_535), at("node.example", 8_444), at(&long, 1)];
    node.peers(0, bad.iter().chain(&good).cloned().collect());
    let mut known: Vec<_> = good.to_vec();
    known.sort();
    assert_eq!(node.machine.iter().cloned().collect::<Vec<_>>(), known);
    // One form for each.
    node.introducer(1, Direction::Outbound);
    node.peers(
        1,
        vec![at("NODE.example", 8_444), at("::ffff:10.0.0.1", 1), at("2001:0db8::0:1", 65_535)],
    );
    assert_eq!(node.machine.len(), 4);
}

#[test]
fn this_computer_is_known_to_those_on_it() {
    let mut node = addresses(quiet());
    let peer = Peer { node_id: id(8), node_type: NodeType::Introducer, server_port: 8_445 };
    let at_home =
        Whereabouts { direction: Direction::Outbound, listens: Some(at("127.0.0.1", 8_445)) };
    node.hear(FromPeer::Connected(ConnectionId(0), peer, at_home));
    node.peers(0, vec![at("127.0.0.1", 9_000)]);
    assert!(node.machine.knows(&at("127.0.0.1", 9_000)));
}

#[test]
fn the_table_is_bounded_and_any_one_goes() {
    let mut node = addresses(quiet());
    node.know(many(1_000));
    assert_eq!(node.machine.len(), 1_000);
    node.know((1_000..1_100).map(far).collect());
    assert_eq!(node.machine.len(), 1_000);
    let old = (0..1_000).filter(|number| node.machine.knows(&far(*number))).count();
    let new = (1_000..1_100).filter(|number| node.machine.knows(&far(*number))).count();
    assert!((900..=920).contains(&old), "{old}");
    assert_eq!(old + new, 1_000);
    // Not always the same ones.
    let first = (0..500).filter(|number| node.machine.knows(&far(*number))).count();
    assert!((420..480).contains(&first), "{first}");
    // Of a message 1,000 are read.
    let mut node = addresses(quiet());
    node.machine = Addresses::new({
        let mut config = quiet();
        config.limits.max_addresses = 5_000;
        config
    });
    node.introducer(0, Direction::Outbound);
    node.peers(0, many(1_001));
    assert_eq!(node.machine.len(), 1_000);
}

#[test]
fn one_host_pushes_out_nobody_elses_addresses() {
    let mut played = addresses(quiet());
    played.know(many(900));
    // It comes again and again, each time as if it listened somewhere else.
    for port in 1..=2_000 {
        let from = u64::from(port);
        played.connect(from, Direction::Inbound, Some(at("10.66.0.1", port)));
        played.disconnect(from, Parting::AddressKept);
    }
    let of_it = played.machine.iter().filter(|it| it.host == "10.66.0.1").count();
    assert_eq!((of_it, played.machine.len()), (32, 932));
    assert!(played.machine.knows(&at("10.66.0.1", 2_000)), "the newest is one of them");
    // Many nodes of this computer are nothing unusual.
    for port in 1..=20 {
        let from = 10_000 + u64::from(port);
        played.connect(from, Direction::Inbound, Some(at("127.0.0.1", port)));
    }
    assert_eq!(played.machine.len(), 952);
}

#[test]
fn footprints_grow_with_what_is_known() {
    let mut node = addresses(quiet());
    let empty = node.machine.footprint();
    node.know(many(1_000));
    let full = node.machine.footprint();
    assert!(full > empty + 1_000 * (size_of::<PeerInfo>() + 9), "{full}");
}

#[test]
fn whom_an_introducer_tells_of_follows_from_its_seed() {
    let told = |seed| {
        let mut played = Played::new(Introducer::new(AddressesConfig::introducer(seed)));
        played.know((1..=200).map(|host| at(&format!("10.0.0.{host}"), 8_444)).collect());
        played.connect(1, Direction::Inbound, Some(at("10.0.1.1", 8_444)));
        played.hear(FromPeer::Received(ConnectionId(1), RequestPeers {}.into()))
    };
    assert_eq!(told(1), told(1));
    assert_ne!(told(1), told(2));
}
