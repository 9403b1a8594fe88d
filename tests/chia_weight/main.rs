//! What nodes and tables of addresses weigh, by an allocator that counts: never more than they say
//! themselves, and little for a peer that is idle.

#![cfg(feature = "chia")]

#[cfg(feature = "sim")]
mod full_node;
#[path = "../heap/mod.rs"]
mod heap;

use heap::{held, live};
use nodewire::bytes::Bytes;
use nodewire::chia::{Node, NodeCommand, NodeConfig, NodeRemote};
use nodewire::codec::chia::messages::{Handshake, HandshakeAck, Peers, Ping, RequestPeers};
use nodewire::codec::chia::{Bytes32, Message, NodeId, NodeType, PeerInfo};
use nodewire::link::Transport;
use nodewire::state::chia::{
    Addresses, AddressesCommand, AddressesConfig, ConnectionConfig, ConnectionId, FromPeer,
    Introducer, Opened,
};
use nodewire::{Machine, Outbox, Time};

fn frame(message: impl Into<Message>) -> Vec<u8> {
    let mut body = Vec::new();
    message.into().encode(&mut body);
    let mut frame = u32::try_from(body.len()).unwrap().to_be_bytes().to_vec();
    frame.extend(body);
    frame
}

fn node_id(number: u64) -> NodeId {
    let mut id = [7; 32];
    id[..8].copy_from_slice(&number.to_be_bytes());
    NodeId(id)
}

fn hello(number: u64) -> Vec<u8> {
    frame(Handshake {
        network_id: "testnet".to_string(),
        version: "0.0.4".to_string(),
        node_id: node_id(number),
        server_port: 8_444,
        node_type: NodeType::FullNode,
    })
}

/// An introducer, which is a node with a role that keeps something of everybody.
fn node(most: usize) -> Node<Introducer> {
    let connection = ConnectionConfig::new(NodeType::Introducer, node_id(u64::MAX / 2));
    let mut config = NodeConfig::new(connection);
    (config.registry.max_established, config.registry.max_inbound) = (most, most);
    Node::new(config, Introducer::new(AddressesConfig::introducer(1)))
}

/// One input, of which nothing stays but what the node keeps.
fn step(node: &mut Node<Introducer>, input: NodeCommand<AddressesCommand>) {
    held(|| node.handle_local(Time::ZERO, input, &mut Outbox::new()).unwrap());
    honest(node);
}

fn hear(node: &mut Node<Introducer>, connection: u64, transport: Transport) {
    let remote = NodeRemote { connection: ConnectionId(connection), transport };
    held(|| node.handle_remote(Time::ZERO, remote, &mut Outbox::new()));
}

/// A read of 64 KiB of which these bytes are the beginning.
fn read(bytes: &[u8]) -> Transport {
    held(|| {
        let mut buffer = vec![0; 65_536];
        buffer[..bytes.len()].copy_from_slice(bytes);
        let mut buffer = Bytes::from(buffer);
        buffer.truncate(bytes.len());
        Transport::Received(buffer)
    })
}

fn open(node: &mut Node<Introducer>, number: u64) {
    let host = format!("10.0.{}.{}", number / 250, number % 250);
    let remote = held(|| Some(PeerInfo { host: host.clone(), port: 50_000 }));
    step(node, NodeCommand::Opened(Opened::inbound(ConnectionId(number), remote)));
    hear(node, number, Transport::Writable(Transport::UNCOUNTED));
}

/// What it holds is no more than it says.
fn honest(node: &Node<Introducer>) {
    let (live, footprint) = (live(), node.footprint() - size_of_val(node));
    assert!(live <= footprint, "{live} bytes are held, {footprint} are told");
}

#[test]
fn an_idle_peer_holds_4_kib_at_most() {
    let mut node = held(|| node(200));
    let before = live();
    for number in 0..200 {
        open(&mut node, number);
        hear(&mut node, number, read(&[hello(number), frame(HandshakeAck {})].concat()));
        hear(&mut node, number, read(&frame(RequestPeers {})));
        let ping = Ping { nonce: Bytes32([1; 32]) };
        hear(&mut node, number, read(&frame(ping)));
        honest(&node);
    }
    assert_eq!(node.registry().established(NodeType::FullNode).count(), 200);
    let each = (live() - before) / 200;
    println!("an idle peer holds {each} bytes");
    assert!(each <= 4_096, "{each}");
    for number in 0..200 {
        hear(&mut node, number, Transport::Closed);
        honest(&node);
    }
    // What is left is what it knows of them, and room for a few actions.
    let known = node.role().addresses().footprint() + 512;
    assert!(live() <= before + known, "{} {before} {known}", live());
}

#[test]
fn what_is_under_way_is_told_too() {
    let mut node = held(|| node(8));
    for number in 0..300 {
        open(&mut node, number);
        match number % 5 {
            0 => hear(&mut node, number, read(&[hello(number), frame(HandshakeAck {})].concat())),
            // In the middle of a frame.
            1 => hear(&mut node, number, read(&hello(number)[..50])),
            // Somebody else's node id, below ours, so that it waits for that one's verdict.
            2 => hear(&mut node, number, read(&hello(number - 2))),
            // A liar.
            3 => hear(&mut node, number, read(&[0, 0, 0, 1, 0xff])),
            _ => {}
        }
        honest(&node);
    }
    held(|| node.handle_timeout(Time::from_micros(40_000_000), &mut Outbox::new()));
    honest(&node);
}

#[test]
fn addresses_hold_what_they_say() {
    let mut table = held(|| Addresses::new(AddressesConfig::full_node(None, 3)));
    let start = live();
    let honest = |table: &Addresses| {
        let told = table.footprint() - size_of_val(table);
        assert!(live() - start <= told, "{} bytes are held, {told} are told", live() - start);
    };
    for round in 0..5_u64 {
        let addresses = held(|| {
            let host = |n| format!("{}{n}.example", "a".repeat(200));
            (0..1_000).map(|n| PeerInfo { host: host(n + round * 500), port: 1 }).collect()
        });
        let command = AddressesCommand::Known(addresses);
        held(|| table.handle_local(Time::ZERO, command, &mut Outbox::new()).unwrap());
        honest(&table);
    }
    let unasked = held(|| FromPeer::Received(ConnectionId(9), Peers { peer_list: vec![] }.into()));
    held(|| table.handle_remote(Time::ZERO, unasked, &mut Outbox::new()));
    let addresses: Vec<_> = table.iter().cloned().collect();
    for address in addresses {
        held(|| table.handle_remote(Time::ZERO, FromPeer::DialFailed(address), &mut Outbox::new()));
        honest(&table);
    }
}
