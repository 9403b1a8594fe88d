//! Streams whose handshake comes to nothing (A-2, A-13, `chia.md` 16).

use nodewire::codec::chia::NodeId;
use nodewire::codec::chia::NodeType::{FullNode, Harvester};
use nodewire::codec::chia::messages::{Handshake, Ping};
use nodewire::state::chia::{ConnectionConfig, RegistryLimits};

use crate::blocks::full_node;
use crate::flood::{ack, frame, hello, node_id};
use crate::kinds::{Kind, Way, anywhere, bytes32, here};

/// What an idle connection may cost.
const OF_A_STREAM: usize = 4 << 10;

fn opening(name: &'static str, item: impl FnMut(u64) -> Vec<u8> + 'static) -> Kind {
    let kind = Kind::new(name, FullNode, item).way(Way::Opening(Box::new(here)));
    kind.keeps("max_half_open", RegistryLimits::default().max_half_open, OF_A_STREAM)
}

fn named(network: &str, version: &str) -> Vec<u8> {
    frame(Handshake {
        network_id: network.into(),
        version: version.into(),
        node_id: node_id(1),
        server_port: 8_444,
        node_type: FullNode,
    })
}

#[test]
fn streams_that_get_nowhere() {
    let limits = RegistryLimits::default();
    full_node().flood(opening("streams that say nothing (A-2)", |_| vec![]).ends(&["done"]));
    let from_afar = opening("the same from everywhere (A-2)", |_| vec![]);
    full_node().flood(from_afar.way(Way::Opening(Box::new(anywhere))).ends(&["done"]));
    let half = |number| hello(node_id(number), FullNode);
    full_node().flood(opening("handshakes without an ack (A-2)", half).ends(&["done"]));
    let part = |number| hello(node_id(number), FullNode)[..30].to_vec();
    full_node().flood(opening("halves of a handshake (A-2)", part).ends(&["done"]));
    let early = |number| frame(Ping { nonce: bytes32(number) });
    full_node().flood(opening("pings before all (A-17)", early).ends(&["InvalidHandshake"]));
    let acks = |_| ack();
    full_node().flood(opening("acks before all (A-17)", acks).ends(&["InvalidHandshake"]));
    let version = ConnectionConfig::VERSION;
    let network = move |_| named("mainnet", version);
    full_node().flood(opening("another network", network).ends(&["WrongNetwork"]));
    let old = |_| named("testnet", "0.0.1");
    full_node().flood(opening("another version", old).ends(&["WrongVersion"]));
    let useless = |number| hello(node_id(number), Harvester);
    full_node().flood(opening("nodes of no use", useless).ends(&["UselessPeer"]));
    let us = |_| hello(NodeId([0x80; 32]), FullNode);
    full_node().flood(opening("our own node id", us).ends(&["SelfConnection"]));
    let taken = |_| hello(NodeId([0xF0; 32]), FullNode);
    full_node().flood(opening("a node id that is taken (A-13)", taken).ends(&["Duplicate"]));
    let bans = Kind::new("hosts to ban", FullNode, |_| vec![0xff; 8]);
    let bans = bans.way(Way::Opening(Box::new(anywhere))).ends(&["FrameTooLarge"]);
    full_node().flood(bans.keeps("max_bans", limits.max_bans, 256));
}
