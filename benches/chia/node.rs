//! A full node with many peers: what a message of steady gossip costs, and what an idle peer holds.

use std::hint::black_box;

use nodewire::bytes::Bytes;
use nodewire::chia::{Node, NodeCommand, NodeConfig, NodeRemote, NodeSend};
use nodewire::codec::chia::{
    Blob, FullBlock, Message, NodeId, NodeType, PeerInfo, Transaction, messages,
};
use nodewire::link::Transport;
use nodewire::sim::chia::{Consensus, Keeper, Ledger, Maker, Staffed};
use nodewire::state::chia::{
    ConnectionConfig, ConnectionId, FullNode, FullNodeConfig, Opened, TransactionHash,
    TransactionIds,
};
use nodewire::{Action, ActionOf, Machine, Outbox, Time};

use crate::common::{Case, Run, alloc};
use crate::samples;

/// The cases.
pub fn cases() -> Vec<Case> {
    let case =
        |name, peers: u64, make| Case { name, ops: ROUNDS * (2 * peers + 1), bytes: 0, make };
    vec![
        case("gossip/100_peers", 100, || gossip(100)),
        case("gossip/200_peers", 200, || gossip(200)),
        Case { name: "blocks/100_peers", ops: 2 * 100 - 1, bytes: 0, make: || blocks(100) },
        Case { name: "blocks/200_peers", ops: 2 * 200 - 1, bytes: 0, make: || blocks(200) },
    ]
}

/// Transactions of a run.
const ROUNDS: u64 = 4;

pub type FullNodeAlone = Staffed<FullNode, Keeper>;

/// A chain of a few blocks, and whoever makes the next.
pub fn ledger(blocks: u32) -> (Ledger, Maker) {
    let mut consensus = Consensus::default();
    consensus.witness = 100;
    let mut parent = Maker::genesis(&consensus);
    let maker = Maker::new(consensus.clone(), 1);
    let mut ledger = Ledger::new(consensus, parent.clone());
    for _ in 0..blocks {
        parent = maker.child(&parent);
        ledger.add(parent.clone());
    }
    (ledger, maker)
}

/// A node that keeps this chain, with room for so many peers.
pub fn full_node(ledger: Ledger, number: u8, peers: usize) -> FullNodeAlone {
    let mut connection = ConnectionConfig::new(NodeType::FullNode, NodeId([number; 32]));
    connection.limits.rate = None;
    let mut config = NodeConfig::new(connection);
    let registry = &mut config.registry;
    (registry.max_established, registry.max_inbound) = (peers + 1, peers + 1);
    let mut of_role = FullNodeConfig::default();
    of_role.addresses.target_peers = 0;
    let role = FullNode::new(of_role, ledger.chain()).expect("a chain that stands");
    Staffed::new(Node::new(config, role), Keeper::new(ledger))
}

fn frame(message: impl Into<Message>) -> Bytes {
    let body = samples::encoded(&message.into());
    Bytes::from([&(body.len() as u32).to_be_bytes()[..], &body].concat())
}

fn hear(node: &mut FullNodeAlone, from: u64, bytes: Bytes) -> Outbox<NodeSend, Notice, Never> {
    let mut out = Outbox::new();
    let transport = Transport::Received(bytes);
    let remote = NodeRemote { connection: ConnectionId(from), transport };
    node.handle_remote(Time::ZERO, remote, &mut out);
    out
}

type Notice = <FullNodeAlone as Machine>::Notice;
type Never = <FullNodeAlone as Machine>::Query;

/// With so many peers, all of whom are full nodes that have said who they are.
fn with_peers(peers: u64) -> (FullNodeAlone, Ledger, Maker) {
    let (ledger, maker) = ledger(8);
    let mut node = full_node(ledger.clone(), 0, peers as usize);
    for peer in 1..=peers {
        let mut out = Outbox::new();
        let host = format!("10.1.{}.{}", peer / 250, peer % 250);
        let opened = Opened::inbound(ConnectionId(peer), Some(PeerInfo { host, port: 50_000 }));
        let opened = node.handle_local(Time::ZERO, NodeCommand::Opened(opened), &mut out);
        assert!(opened.is_ok());
        let transport = Transport::Writable(Transport::UNCOUNTED);
        let remote = NodeRemote { connection: ConnectionId(peer), transport };
        node.handle_remote(Time::ZERO, remote, &mut out);
        let mut node_id = [1; 32];
        node_id[..8].copy_from_slice(&peer.to_be_bytes());
        let hello = messages::Handshake {
            network_id: "testnet".into(),
            version: ConnectionConfig::VERSION.into(),
            node_id: NodeId(node_id),
            server_port: 8_444,
            node_type: NodeType::FullNode,
        };
        let _ = hear(&mut node, peer, frame(hello));
        let _ = hear(&mut node, peer, frame(messages::HandshakeAck {}));
    }
    let there = node.node().registry().established(NodeType::FullNode).count();
    assert_eq!(there as u64, peers);
    (node, ledger, maker)
}

fn sent(out: &Outbox<NodeSend, Notice, Never>) -> usize {
    let is_sent = |it: &&ActionOf<FullNodeAlone>| matches!(it, Action::Send(NodeSend::Bytes(..)));
    out.iter().filter(is_sent).count()
}

/// Transactions: one peer announces each and has it, the node tells all others, who had heard of it
/// elsewhere and announce it too.
fn gossip(peers: u64) -> Run {
    Run::Anew(Box::new(move || {
        let (mut node, _, _) = with_peers(peers);
        let rounds: Vec<_> = (0..ROUNDS)
            .map(|round| {
                let bytes = Bytes::from(vec![round as u8 + 1; 300]);
                let transaction = Transaction(Blob(bytes));
                let transaction_id = <TransactionHash>::transaction_id(&transaction);
                let announced = frame(messages::TransactionId { transaction_id });
                (announced, frame(messages::NewTransaction { transaction }))
            })
            .collect();
        Box::new(move || {
            for (round, (announced, transaction)) in rounds.iter().enumerate() {
                let first = round as u64 + 1;
                assert_eq!(sent(&hear(&mut node, first, announced.clone())), 1);
                let told = sent(&hear(&mut node, first, transaction.clone()));
                assert_eq!(told as u64, peers - 1);
                for other in (1..=peers).filter(|peer| *peer != first) {
                    let _ = black_box(hear(&mut node, other, announced.clone()));
                }
            }
        })
    }))
}

/// A block: one peer sends it, the node all others, who send it too.
fn blocks(peers: u64) -> Run {
    Run::Anew(Box::new(move || {
        let (mut node, ledger, maker) = with_peers(peers);
        let tip = ledger.chain().tips[0].header_hash;
        let tip: &FullBlock = ledger.block(tip).expect("it is there");
        let block = frame(messages::Block { block: maker.child(tip) });
        Box::new(move || {
            let told = sent(&hear(&mut node, 1, block.clone()));
            assert_eq!(told as u64, peers - 1);
            for other in 2..=peers {
                let _ = black_box(hear(&mut node, other, block.clone()));
            }
        })
    }))
}

/// Bytes that an idle peer holds of a node, inline and on the heap.
pub fn bytes_of_a_peer() -> f64 {
    let live = |peers| {
        let before = alloc::live();
        let node = with_peers(peers);
        let live = alloc::live() - before;
        drop(node);
        live as f64
    };
    (live(200) - live(100)) / 100.0
}
