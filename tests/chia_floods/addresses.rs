//! Addresses that nobody is at, from full nodes and introducers.

use std::time::Duration;

use nodewire::codec::chia::NodeType::{FullNode as Full, Introducer as Introducing};
use nodewire::codec::chia::messages::{Handshake, Peers, RequestPeers};
use nodewire::codec::chia::{NodeType, PeerInfo};
use nodewire::sim::chia::Nobody;
use nodewire::state::chia::{AddressesConfig, AddressesLimits, ConnectionConfig, Introducer};

use crate::blocks::full_node;
use crate::flood::{Flooded, ack, frame, node_id};
use crate::kinds::{Kind, Way, anywhere, here};
use crate::wallets::who_pings;

/// What an address costs with its share of tables.
const OF_AN_ADDRESS: usize = 384;

fn introducer() -> Flooded<Introducer, Nobody> {
    // The honest peer asks for no addresses: it stays, and pings, for as long as the flood takes.
    let mut config = AddressesConfig::introducer(7);
    config.limits.introducer_idle = Duration::from_secs(86_400);
    Flooded::new(Introducer::new(config), Nobody, who_pings(Full))
}

/// A list of addresses that was not sent before.
fn list(number: u64) -> Vec<u8> {
    let address = |at: u64| PeerInfo { host: anywhere(100 * number + at).host, port: 8_444 };
    let peer_list = (0..100).map(address).chain([
        PeerInfo { host: "127.0.0.1".into(), port: 8_444 },
        PeerInfo { host: "".into(), port: 8_444 },
        PeerInfo { host: "a\n b".into(), port: 0 },
    ]);
    frame(Peers { peer_list: peer_list.collect() })
}

/// A full node that listens there, as it says.
fn listening(number: u64) -> Vec<u8> {
    let hello = frame(Handshake {
        network_id: "testnet".into(),
        version: ConnectionConfig::VERSION.into(),
        node_id: node_id(number),
        server_port: (number % 60_000) as u16 + 1,
        node_type: Full,
    });
    [hello, ack()].concat()
}

#[test]
fn lists_that_nobody_asked_for() {
    let tell = |name, from: NodeType| Kind::new(name, from, list).ends(&["UnsolicitedAnswers"]);
    full_node().flood(tell("addresses of a full node (A-12)", Full));
    full_node().flood(tell("addresses of an introducer (A-12)", Introducing));
}

#[test]
fn who_asks_an_introducer() {
    let ask = |_| frame(RequestPeers {});
    introducer().flood(Kind::new("requests for addresses", Full, ask));
    let ask = |_| frame(RequestPeers {});
    full_node().flood(Kind::new("requests for addresses", Full, ask));
}

#[test]
fn places_of_who_comes_and_goes() {
    let limits = AddressesLimits::default();
    let kind = Kind::new("nodes that come and go (A-12)", Full, listening);
    let kind = kind.way(Way::Passing(Box::new(anywhere))).ends(&["done"]);
    introducer().flood(kind.keeps("max_addresses", limits.max_addresses, OF_AN_ADDRESS));
    let kind = Kind::new("the same from one host (A-12)", Full, listening);
    let elsewhere = |_| PeerInfo { host: "11.0.0.1".into(), port: 5 };
    let kind = kind.way(Way::Passing(Box::new(elsewhere))).ends(&["done"]);
    introducer().flood(kind.keeps("max_of_host", limits.max_of_host, OF_AN_ADDRESS));
    let kind = Kind::new("the same from this computer (A-12)", Full, listening);
    let kind = kind.way(Way::Passing(Box::new(here))).ends(&["done"]);
    introducer().flood(kind.keeps("max_addresses", limits.max_addresses, OF_AN_ADDRESS));
}
