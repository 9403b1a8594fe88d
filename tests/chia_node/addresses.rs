//! Who tells whom where full nodes are, and who is dialled (P-25 to P-28, I-1 to I-3, C-10, C-14).

use std::time::Duration;

use nodewire::codec::chia::messages::{Peers, RequestPeers};
use nodewire::codec::chia::{Message, NodeType, PeerInfo};
use nodewire::state::chia::{
    Addresses, AddressesCommand, AddressesConfig, ConnectionId, Delivery, Direction, FromPeer,
    Introducer, Parting, Peer, Role, Whereabouts,
};
use nodewire::{Action, Machine, Never, Outbox, Time};

use crate::given::{at, id, seconds};

struct Played<M> {
    machine: M,
    now: Time,
}

impl<M> Played<M>
where
    M: Machine<
            Local = AddressesCommand,
            Remote = FromPeer,
            Send = Delivery,
            Notice = Never,
            Query = Never,
        >,
{
    fn new(machine: M) -> Self {
        Self { machine, now: Time::ZERO }
    }

    fn out(mut out: Outbox<Delivery, Never, Never>) -> Vec<Delivery> {
        let sent = |action| if let Action::Send(it) = action { it } else { unreachable!() };
        out.drain().map(sent).collect()
    }

    fn know(&mut self, addresses: Vec<PeerInfo>) -> Vec<Delivery> {
        let mut out = Outbox::new();
        let known = AddressesCommand::Known(addresses);
        self.machine.handle_local(self.now, known, &mut out).unwrap();
        Self::out(out)
    }

    fn hear(&mut self, news: FromPeer) -> Vec<Delivery> {
        let mut out = Outbox::new();
        self.machine.handle_remote(self.now, news, &mut out);
        Self::out(out)
    }

    /// A full node connects which listens there, or doesn't.
    fn connect(
        &mut self,
        from: u64,
        direction: Direction,
        listens: Option<PeerInfo>,
    ) -> Vec<Delivery> {
        let server_port = listens.as_ref().map_or(0, |at| at.port);
        let peer = Peer { node_id: id(9), node_type: NodeType::FullNode, server_port };
        self.hear(FromPeer::Connected(ConnectionId(from), peer, Whereabouts { direction, listens }))
    }

    fn disconnect(&mut self, from: u64, parting: Parting) -> Vec<Delivery> {
        self.hear(FromPeer::Disconnected(ConnectionId(from), parting))
    }

    fn introducer(&mut self, from: u64, direction: Direction) -> Vec<Delivery> {
        let peer = Peer { node_id: id(8), node_type: NodeType::Introducer, server_port: 8_445 };
        let listens = Some(at("10.9.9.9", 8_445));
        self.hear(FromPeer::Connected(ConnectionId(from), peer, Whereabouts { direction, listens }))
    }

    fn peers(&mut self, from: u64, peer_list: Vec<PeerInfo>) -> Vec<Delivery> {
        self.hear(FromPeer::Received(ConnectionId(from), Peers { peer_list }.into()))
    }

    /// What somebody is told who asks.
    fn asked(&mut self, from: u64) -> Vec<PeerInfo> {
        let said = self.hear(FromPeer::Received(ConnectionId(from), RequestPeers {}.into()));
        let [Delivery::To(ConnectionId(to), Message::Peers(peers))] = &said[..] else {
            panic!("{said:?}")
        };
        assert_eq!(*to, from);
        peers.peer_list.clone()
    }

    /// Time passes up to `to`: what it did, and when.
    fn pass(&mut self, to: Time) -> Vec<(u64, Delivery)> {
        let mut did = Vec::new();
        while let Some(due) = self.machine.deadline().filter(|due| *due <= to) {
            self.now = self.now.max(due);
            let mut out = Outbox::new();
            self.machine.handle_timeout(self.now, &mut out);
            let at = self.now.as_micros() / 1_000_000;
            did.extend(Self::out(out).into_iter().map(|it| (at, it)));
        }
        self.now = self.now.max(to);
        did
    }
}

fn addresses(config: AddressesConfig) -> Played<Addresses> {
    Played::new(Addresses::new(config))
}

/// An address, one for each number.
fn far(number: u32) -> PeerInfo {
    let [_, a, b, c] = number.to_be_bytes();
    at(&format!("10.{a}.{b}.{c}"), 8_444)
}

fn many(count: u32) -> Vec<PeerInfo> {
    (0..count).map(far).collect()
}

fn dials(said: &[Delivery]) -> usize {
    said.iter().filter(|it| matches!(it, Delivery::Dial(_))).count()
}

fn quiet() -> AddressesConfig {
    AddressesConfig::introducer(1)
}

fn wanting(peers: usize) -> AddressesConfig {
    let mut config = AddressesConfig::default();
    config.target_peers = peers;
    config
}

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
fn ten_full_nodes_that_listen_are_wanted() {
    let mut node = addresses(AddressesConfig::default());
    let said = node.know(many(50));
    assert_eq!(dials(&said), 10);
    assert_eq!(node.machine.needed(), 10);
    // One that does not listen is none of them.
    assert_eq!(node.connect(0, Direction::Inbound, None), []);
    assert_eq!(node.machine.needed(), 10);
    // Those under way count: at most as many as are needed.
    let Delivery::Dial(first) = &said[0] else { panic!() };
    assert_eq!(node.connect(1, Direction::Outbound, Some(first.clone())), []);
    assert_eq!(node.machine.needed(), 9);
    // One that came by itself: one less is needed than is under way.
    assert_eq!(node.connect(2, Direction::Inbound, Some(far(1_000))), []);
    assert_eq!(node.machine.needed(), 8);
    // A failed dial: the address goes, and another is dialled only when that is one too few.
    let Delivery::Dial(second) = said[1].clone() else { panic!() };
    assert_eq!(node.hear(FromPeer::DialFailed(second.clone())), []);
    assert!(!node.machine.knows(&second));
    let Delivery::Dial(third) = said[2].clone() else { panic!() };
    let again = node.hear(FromPeer::DialFailed(third));
    assert_eq!(dials(&again), 1);
    assert!(!said.contains(&again[0]));
}

#[test]
fn who_left_is_dialled_again_after_a_while_and_a_liar_never() {
    let mut node = addresses(AddressesConfig::default());
    node.connect(0, Direction::Outbound, Some(far(0)));
    node.connect(1, Direction::Outbound, Some(far(1)));
    assert_eq!(node.disconnect(0, Parting::AddressKept), []);
    assert_eq!(node.disconnect(1, Parting::AddressDropped), []);
    assert!(!node.machine.knows(&far(1)));
    assert_eq!(node.machine.deadline(), Some(seconds(60)));
    assert_eq!(
        node.pass(seconds(600)),
        [
            (60, Delivery::Dial(far(0))),
            // What comes to nothing at all has got lost.
            (120, Delivery::Dial(far(0))),
            (180, Delivery::Dial(far(0))),
            (240, Delivery::Dial(far(0))),
            (300, Delivery::Dial(far(0))),
            (360, Delivery::Dial(far(0))),
            (420, Delivery::Dial(far(0))),
            (480, Delivery::Dial(far(0))),
            (540, Delivery::Dial(far(0))),
            (600, Delivery::Dial(far(0))),
        ]
    );
    assert_eq!(node.hear(FromPeer::DialFailed(far(0))), []);
    assert!(node.machine.is_empty());
    assert_eq!(node.pass(seconds(10_000)), []);
}

#[test]
fn an_address_that_was_not_heard_of_of_late_is_not_dialled() {
    for (wait, dialled) in [(6_000, 1), (6_001, 0)] {
        let mut node = addresses(wanting(1));
        node.connect(0, Direction::Inbound, Some(far(500)));
        assert_eq!(node.know(many(1)), []);
        node.now = seconds(wait);
        assert_eq!(dials(&node.disconnect(0, Parting::AddressDropped)), dialled);
    }
}

#[test]
fn the_introducer_is_dialled_every_120_seconds_and_5_after_a_failure() {
    let introducer = at("introducer.example", 8_445);
    let dial = Delivery::Dial(introducer.clone());
    let mut node = addresses(AddressesConfig::full_node(Some(introducer.clone()), 3));
    assert_eq!(node.machine.deadline(), Some(Time::ZERO));
    assert_eq!(node.pass(Time::ZERO), [(0, dial.clone())]);
    assert_eq!(node.hear(FromPeer::DialFailed(introducer.clone())), []);
    assert_eq!(node.pass(seconds(5)), [(5, dial.clone())]);
    let asked = node.introducer(0, Direction::Outbound);
    assert_eq!(dials(&asked), 0);
    assert_eq!(asked.len(), 1);
    let said = node.peers(0, many(2));
    assert_eq!(said[0], Delivery::Close(ConnectionId(0)));
    assert_eq!(dials(&said), 2);
    node.disconnect(0, Parting::AddressKept);
    node.connect(1, Direction::Outbound, Some(far(0)));
    node.connect(2, Direction::Outbound, Some(far(1)));
    assert_eq!(node.pass(seconds(124)), []);
    assert_eq!(node.pass(seconds(125)), [(125, dial.clone())]);
    // One that never answers makes room for the next call.
    node.introducer(3, Direction::Outbound);
    let close = Delivery::Close(ConnectionId(3));
    assert_eq!(node.pass(seconds(245)), [(245, close), (245, dial.clone())]);
    node.hear(FromPeer::DialFailed(introducer));
    // Not while there are enough.
    for more in 0..8 {
        node.connect(10 + more, Direction::Inbound, Some(far(100 + u32::try_from(more).unwrap())));
    }
    assert_eq!(node.machine.needed(), 0);
    assert_eq!(node.machine.deadline(), None);
    assert_eq!(node.pass(seconds(5_000)), []);
    // And at once when there are too few again.
    assert!(node.disconnect(10, Parting::AddressKept).contains(&dial));
}

#[test]
fn full_nodes_are_asked_if_that_is_wanted_and_needed() {
    let mut config = wanting(2);
    config.asks_full_nodes = true;
    let mut node = addresses(config);
    let ask = |to| Delivery::To(ConnectionId(to), RequestPeers {}.into());
    assert_eq!(node.connect(0, Direction::Inbound, Some(far(0))), []);
    assert_eq!(node.connect(1, Direction::Outbound, None), [ask(1)]);
    let said = node.peers(1, vec![far(7)]);
    assert_eq!(said, [Delivery::Dial(far(7))]);
    assert_eq!(node.connect(2, Direction::Outbound, Some(far(7))), []);
    assert_eq!(node.machine.needed(), 0);
}

#[test]
fn a_failed_dial_does_not_forget_who_is_connected() {
    let mut node = addresses(AddressesConfig::default());
    node.know(many(1));
    // It came by itself before it was reached, and its second connection was one too many.
    node.connect(0, Direction::Inbound, Some(far(0)));
    node.hear(FromPeer::DialFailed(far(0)));
    assert!(node.machine.knows(&far(0)));
}

#[test]
fn footprints_grow_with_what_is_known() {
    let mut node = addresses(quiet());
    let empty = node.machine.footprint();
    node.know(many(1_000));
    let full = node.machine.footprint();
    assert!(full > empty + 1_000 * (size_of::<PeerInfo>() + 9), "{full}");
}

/// Which of many addresses are told and dialled follows from the seed.
#[test]
fn whom_a_node_dials_follows_from_its_seed() {
    let dialled = |seed| {
        let mut played = Played::new(Addresses::new(AddressesConfig::full_node(None, seed)));
        played.know((1..=200).map(|host| at(&format!("10.0.0.{host}"), 8_444)).collect())
    };
    assert_eq!(dialled(1).len(), 10);
    assert_eq!(dialled(1), dialled(1));
    assert_ne!(dialled(1), dialled(2));
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
