//! The original's syncs between two whole nodes, each with a farmer and a timelord: bytes in, bytes
//! out, at both ends.

use std::collections::{BTreeMap, VecDeque};

use nodewire::bytes::Bytes;
use nodewire::chia::{Node, NodeCommand, NodeConfig, NodeNotice, NodeRemote, NodeSend};
use nodewire::codec::Source;
use nodewire::codec::chia::messages::{Handshake, HandshakeAck};
use nodewire::codec::chia::{Bytes32, Function, HeaderHash, Message, NodeId, NodeType, PeerInfo};
use nodewire::link::Transport;
use nodewire::sim::chia::{Answers, Keeper, Ledger, Oracle, Staffed};
use nodewire::state::chia::{
    Added, Chain, ConnectionConfig, ConnectionId, FullNode, FullNodeCommand, FullNodeConfig,
    FullNodeQuery, Opened, SyncCommand, rules,
};
use nodewire::{Action, AskId, Machine, Never, Outbox, Time};
use serde_json::Value;

use crate::flows::{bytes, ledger};
use crate::shared_vectors::shared;

/// Where our nodes say something else than the original's did: in which flow, which node, at which
/// of the messages that it sent, and by which item of the reference.
const DEVIATIONS: &[(&str, &str, usize, Deviation, &str)] = &[
    // Both ends tell their tips when they meet; of the original's, one end was run (7.5).
    ("genesis_to_60", "B", 0, Deviation::Added(Function::Block), "chia/C-5"),
    ("fork_at_20", "B", 0, Deviation::Added(Function::Block), "chia/C-5"),
    ("fork_at_20", "B", 0, Deviation::Added(Function::Block), "chia/C-5"),
    ("fork_at_20", "B", 0, Deviation::Added(Function::Block), "chia/C-5"),
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Deviation {
    /// Ours sends it before what is at this place.
    Added(Function),
}

/// A keeper that says of qualities and of iterations a second what the original found: proofs are
/// real, and nobody here can tell.
struct Told {
    keeper: Keeper,
    qualities: BTreeMap<HeaderHash, Bytes32>,
}

/// Iterations a second, at the end of the chain.
const IPS: u64 = 732;

impl Told {
    fn correct(&self, chain: &mut Chain) {
        for tip in &mut chain.tips {
            tip.quality = self.qualities[&tip.header_hash];
        }
        if chain.tips[0].height == 60 {
            chain.ips = IPS;
        }
    }
}

impl Oracle<FullNode> for Told {
    fn asked(
        &mut self,
        now: Time,
        id: AskId,
        query: FullNodeQuery,
        answers: &mut Answers<FullNodeCommand>,
    ) {
        let mut of_keeper = Answers::new();
        Oracle::<FullNode>::asked(&mut self.keeper, now, id, query, &mut of_keeper);
        for (after, mut answer) in of_keeper.take() {
            match &mut answer {
                FullNodeCommand::Added(_, Added::Tip(chain))
                | FullNodeCommand::Sync(SyncCommand::Added(_, Added::Tip(chain))) => {
                    self.correct(chain);
                }
                _ => {}
            }
            answers.give_after(after, answer);
        }
    }
}

fn qualities(chains: &Value) -> BTreeMap<HeaderHash, Bytes32> {
    let all = ["main", "fork_after_height_20"].map(|name| chains[name].as_array().unwrap());
    let hash = |value: &Value| <[u8; 32]>::try_from(bytes(value)).unwrap();
    let known =
        |entry: &Value| (HeaderHash(hash(&entry["header_hash"])), Bytes32(hash(&entry["quality"])));
    all.into_iter().flatten().map(known).collect()
}

/// To whom, and the frame.
type Said = (NodeType, Vec<u8>);

/// A node, what it said but for handshakes, and what is on its way to the other node.
struct End {
    staffed: Staffed<FullNode, Told>,
    now: Time,
    /// What is at each of its streams.
    peers: Vec<NodeType>,
    said: Vec<Said>,
    to_other: VecDeque<Bytes>,
}

impl End {
    fn new(number: u8, ledger: Ledger, qualities: BTreeMap<HeaderHash, Bytes32>) -> Self {
        let node_id = NodeId([number; 32]);
        let config = NodeConfig::new(ConnectionConfig::new(NodeType::FullNode, node_id));
        let mut of_role = FullNodeConfig::default();
        of_role.addresses.target_peers = 0;
        let mut chain = ledger.chain();
        let told = Told { keeper: Keeper::new(ledger), qualities };
        told.correct(&mut chain);
        let role = FullNode::new(of_role, chain).unwrap();
        let staffed = Staffed::new(Node::new(config, role), told);
        Self {
            staffed,
            now: Time::ZERO,
            peers: Vec::new(),
            said: Vec::new(),
            to_other: VecDeque::new(),
        }
    }

    /// A stream to somebody of a type.
    fn open(&mut self, node_type: NodeType, opened: impl FnOnce(ConnectionId) -> Opened) {
        let connection = ConnectionId(self.peers.len() as u64);
        self.peers.push(node_type);
        let mut out = Outbox::new();
        let opened = NodeCommand::Opened(opened(connection));
        self.staffed.handle_local(self.now, opened, &mut out).unwrap();
        self.carry_out(out);
        self.transport(node_type, Transport::Writable(Transport::UNCOUNTED));
    }

    fn connection(&self, node_type: NodeType) -> ConnectionId {
        let place = self.peers.iter().position(|peer| *peer == node_type);
        ConnectionId(place.unwrap() as u64)
    }

    fn transport(&mut self, from: NodeType, transport: Transport) {
        let connection = self.connection(from);
        let mut out = Outbox::new();
        self.staffed.handle_remote(self.now, NodeRemote { connection, transport }, &mut out);
        self.carry_out(out);
    }

    /// Somebody of a type connects, who only listens.
    fn joined_by(&mut self, node_type: NodeType) {
        let place = PeerInfo { host: "127.0.0.1".into(), port: 40_000 };
        self.open(node_type, |connection| Opened::inbound(connection, Some(place)));
        let hello = Handshake {
            network_id: "testnet".into(),
            version: ConnectionConfig::VERSION.into(),
            node_id: NodeId([0xF0 | node_type as u8; 32]),
            server_port: 0,
            node_type,
        };
        for message in [Message::from(hello), HandshakeAck {}.into()] {
            let mut frame = vec![0; 4];
            message.encode(&mut frame);
            let length = u32::try_from(frame.len() - 4).unwrap();
            frame[..4].copy_from_slice(&length.to_be_bytes());
            self.transport(node_type, Transport::Received(frame.into()));
        }
        assert!(self.is_joined_by(node_type));
    }

    fn carry_out(&mut self, mut out: Outbox<NodeSend, Notice, Never>) {
        while let Some(action) = out.pop() {
            match action {
                Action::Send(NodeSend::Bytes(connection, bytes)) => {
                    let to = self.peers[connection.0 as usize];
                    self.said.extend(frames(&bytes).map(|frame| (to, frame)));
                    if to == NodeType::FullNode {
                        self.to_other.push_back(bytes);
                    }
                }
                Action::Notify(NodeNotice::Closed { .. }) | Action::Send(_) => panic!("{action:?}"),
                _ => {}
            }
        }
    }

    fn is_joined_by(&self, node_type: NodeType) -> bool {
        self.staffed.node().registry().is_established(self.connection(node_type))
    }

    /// Its deadlines up to then.
    fn pass(&mut self, to: Time) {
        while let Some(due) = self.staffed.deadline().filter(|due| *due <= to) {
            self.now = self.now.max(due);
            let mut out = Outbox::new();
            self.staffed.handle_timeout(self.now, &mut out);
            self.carry_out(out);
        }
        self.now = to;
    }
}

type Notice = <Staffed<FullNode, Told> as Machine>::Notice;

/// The frames of what is sent at a time, which is whole ones, but for handshakes.
fn frames(bytes: &Bytes) -> impl Iterator<Item = Vec<u8>> {
    let (mut all, mut rest) = (Vec::new(), &bytes[..]);
    while let Some((length, body)) = rest.split_first_chunk::<4>() {
        let size = 4 + u32::from_be_bytes(*length) as usize;
        assert!(rest.len() >= size, "a part of a frame, of {}", body.len());
        all.push(rest[..size].to_vec());
        rest = &rest[size..];
    }
    let shakes_hands =
        |frame: &Vec<u8>| matches!(function(frame), Function::Handshake | Function::HandshakeAck);
    all.into_iter().filter(move |frame| !shakes_hands(frame))
}

fn function(frame: &[u8]) -> Function {
    Message::decode(&frame[4..], Source::COPY).unwrap().function()
}

/// What a node of the original said to those that are there: others than these two are not.
fn originals(flow: &Value, from: &str) -> Vec<Said> {
    let said = flow
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["from"] == from && entry["delivery"] != "BROADCAST_TO_OTHERS");
    let to = |entry: &Value| match entry["peer_type"].as_str() {
        Some("FARMER") => NodeType::Farmer,
        Some("TIMELORD") => NodeType::Timelord,
        _ => NodeType::FullNode,
    };
    said.map(|entry| (to(entry), bytes(&entry["frame"]))).collect()
}

fn replay(test: &str, name: &str, ours: &[(&str, usize)], theirs: &[(&str, usize)]) {
    let Some(flows) = shared(test, "chia", "flows.json") else { return };
    let Some(chains) = shared(test, "chia", "chain.json") else { return };
    let flow = &flows["sync"][name];
    let (mut a, mut b) = (
        End::new(1, ledger(&chains, theirs), qualities(&chains)),
        End::new(2, ledger(&chains, ours), qualities(&chains)),
    );
    // The flow has nothing of how B met its farmer and its timelord, only what it tells them later.
    b.joined_by(NodeType::Farmer);
    b.joined_by(NodeType::Timelord);
    b.said.clear();
    let place = |host: &str| Some(PeerInfo { host: host.into(), port: 8_444 });
    a.open(NodeType::FullNode, |id| Opened::outbound(id, place("10.0.0.2")));
    b.open(NodeType::FullNode, |id| Opened::inbound(id, place("10.0.0.1")));
    let tip = a.staffed.oracle().keeper.ledger().chain().tips[0].header_hash;
    let mut is_met = false;
    let until = Time::from_micros(60_000_000);
    loop {
        if a.is_joined_by(NodeType::FullNode) && !is_met {
            a.joined_by(NodeType::Timelord);
            a.joined_by(NodeType::Farmer);
            is_met = true;
        }
        if let Some(bytes) = a.to_other.pop_front() {
            b.transport(NodeType::FullNode, Transport::Received(bytes));
        } else if let Some(bytes) = b.to_other.pop_front() {
            a.transport(NodeType::FullNode, Transport::Received(bytes));
        } else {
            let due = a.staffed.deadline().into_iter().chain(b.staffed.deadline()).min();
            let Some(due) = due.filter(|due| *due <= until) else { break };
            a.pass(due);
            b.pass(due);
        }
    }
    assert_eq!(
        b.staffed.oracle().keeper.ledger().chain().tips[0].header_hash,
        tip,
        "it has synced"
    );
    compare(name, "A", &originals(flow, "A"), &a.said);
    compare(name, "B", &originals(flow, "B"), &b.said);
}

/// The same frames to the same in the same order, but for the deviations: all of which occur.
fn compare(flow: &str, node: &str, original: &[Said], ours: &[Said]) {
    let mut ours = ours.iter();
    let deviations = DEVIATIONS.iter().filter(|it| (it.0, it.1) == (flow, node));
    for place in 0..=original.len() {
        for (.., Deviation::Added(expected), id) in deviations.clone().filter(|it| it.2 == place) {
            let added = ours.next().map(|(_, frame)| function(frame));
            assert_eq!(added, Some(*expected), "{flow} {node} {place}: {id}");
        }
        let Some(expected) = original.get(place) else { continue };
        let Some(said) = ours.next() else { panic!("{flow} {node} {place}: nothing") };
        let what = |said: &Said| (said.0, function(&said.1));
        assert_eq!(what(said), what(expected), "{flow} {node} {place}");
        assert_eq!(said, expected, "{flow} {node} {place}");
    }
    assert_eq!(ours.next(), None, "{flow} {node}");
}

#[test]
fn a_whole_node_syncs_from_the_genesis_as_the_original_does() {
    let test = "a_whole_node_syncs_from_the_genesis_as_the_original_does";
    replay(test, "genesis_to_60", &[("main", 1)], &[("main", 61)]);
}

#[test]
fn a_whole_node_syncs_from_a_fork_as_the_original_does() {
    let test = "a_whole_node_syncs_from_a_fork_as_the_original_does";
    let ours = [("main", 21), ("fork_after_height_20", 12)];
    replay(test, "fork_at_20", &ours, &[("main", 61)]);
}

#[test]
fn every_deviation_of_whole_nodes_is_a_rule() {
    for (.., id) in DEVIATIONS {
        assert!(rules::all().any(|rule| rule.id() == *id), "{id}");
    }
}
