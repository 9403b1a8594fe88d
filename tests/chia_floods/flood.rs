//! A node that one peer floods, while another is honest.

use std::collections::BTreeMap;
use std::time::Duration;

use nodewire::bytes::Bytes;
use nodewire::chia::{Node, NodeCommand, NodeConfig, NodeNotice, NodeRemote, NodeSend};
use nodewire::codec::Source;
use nodewire::codec::chia::messages::{Handshake, HandshakeAck};
use nodewire::codec::chia::{Message, NodeId, NodeType, PeerInfo};
use nodewire::link::Transport;
use nodewire::sim::chia::{Answers, Oracle};
use nodewire::state::chia::{ConnectionConfig, ConnectionId, Opened, Role};
use nodewire::{Action, Ending, Fault, Machine, Outbox, Time};

use crate::grouped::grouped;
use crate::heap::{calls, held, live, peak};
use crate::kinds::{Kind, Room, Way};

/// So many items of each kind, unless `NODEWIRE_FLOOD` says how many.
const FEW: u64 = 1_000;

/// What a node and its two connections hold without any flood, and what is under way in a call.
const BASE: usize = 96 << 10;

/// How often the honest peer asks for something, in parts of the flood.
const TIMES: u64 = 50;

/// It never says nothing for longer (C-13).
const PATIENCE: Duration = Duration::from_secs(1_000);

const HONEST: u64 = 0;

/// As `docs/floods.md` has it.
fn room(room: &Room) -> String {
    format!(
        "{} ({}) × {}",
        grouped(&room.number.to_string()),
        room.limit,
        grouped(&room.bytes.to_string())
    )
}

/// `FullNode` as `full node`.
fn words(name: &str) -> String {
    let space = |letter: char| if letter.is_uppercase() { " " } else { "" };
    let words = name.chars().map(|letter| format!("{}{}", space(letter), letter.to_lowercase()));
    words.collect::<String>().trim_start().to_string()
}

/// How many items of each kind.
pub fn items() -> u64 {
    let told = std::env::var("NODEWIRE_FLOOD").ok();
    told.map_or(FEW, |told| told.parse().expect("NODEWIRE_FLOOD is a number"))
}

/// What the honest peer is, what it asks for, and what it is to be answered.
pub struct Honest {
    pub node_type: NodeType,
    pub asks: Message,
    pub answered: Message,
}

/// A node under attack.
pub struct Flooded<R: Role, O> {
    pub node: Node<R>,
    oracle: O,
    honest: Honest,
    pub now: Time,
    /// The newest connection.
    newest: u64,
    /// The flooder's connection, while it has one.
    flooder: Option<u64>,
    /// How the flooder's connections ended.
    endings: BTreeMap<&'static str, u64>,
    /// When the honest peer was answered last.
    served: Time,
    /// What the flooder takes of us.
    takes: usize,
    /// What was sent to the honest peer, and not looked at yet.
    to_honest: Vec<u8>,
    /// What was sent to the flooder: it is read if the kind reacts to it.
    to_flooder: Option<Vec<u8>>,
    /// Allocations, and whatever the node did and asked.
    work: u64,
    /// The most that was held.
    most: usize,
}

impl<R, O> Flooded<R, O>
where
    R: Role<Local: std::fmt::Debug>,
    O: Oracle<R>,
{
    /// A node with an honest peer.
    pub fn new(role: R, oracle: O, honest: Honest) -> Self {
        Self::with(role, oracle, honest, |_| {})
    }

    pub fn with(role: R, oracle: O, honest: Honest, set: impl FnOnce(&mut NodeConfig)) -> Self {
        let mut connection = ConnectionConfig::new(role.node_type(), NodeId([0x80; 32]));
        // As fast as it can.
        connection.limits.rate = None;
        let mut config = NodeConfig::new(connection);
        set(&mut config);
        let node = held(|| Node::new(config.clone(), role));
        peak();
        let mut flooded = Self {
            node,
            oracle,
            honest,
            now: Time::ZERO,
            newest: HONEST,
            flooder: None,
            endings: BTreeMap::new(),
            served: Time::ZERO,
            takes: Transport::UNCOUNTED,
            to_honest: Vec::new(),
            to_flooder: None,
            work: 0,
            most: 0,
        };
        let place = Some(PeerInfo { host: "10.0.0.1".into(), port: 40_000 });
        flooded.open(Opened::inbound(ConnectionId(HONEST), place));
        let node_type = flooded.honest.node_type;
        flooded.hear(HONEST, [hello(NodeId([0xF0; 32]), node_type), ack()].concat());
        assert!(flooded.node.registry().is_established(ConnectionId(HONEST)));
        flooded
    }

    /// For the role, at once.
    pub fn tell(&mut self, command: R::Local) {
        self.local(NodeCommand::Role(command));
    }

    /// Something from the honest peer.
    pub fn honest(&mut self, message: impl Into<Message>) {
        self.hear(HONEST, frame(message));
    }

    /// So many items of a kind: within the ceiling, in linear time, and nobody else is kept waiting.
    pub fn flood(mut self, kind: Kind) {
        let (name, items) = (kind.name, items());
        let ceiling = kind.rooms.iter().fold(BASE, |sum, room| sum + room.number * room.bytes);
        self.to_flooder = kind.reaction.is_some().then(Vec::new);
        self.takes = kind.takes;
        let Kind { way, mut item, mut reaction, pause, ends, rooms, .. } = kind;
        let (tenth, mut tenths, mut before) = ((items / 10).max(1), Vec::new(), self.work());
        for number in 0..items {
            match &way {
                Way::Established(node_type) => self.reconnect(number, *node_type),
                Way::Opening(place) | Way::Passing(place) => self.open_from(place(number)),
                Way::Alone => self.flooder = Some(HONEST),
            }
            self.by_flooder(item(number));
            if let (Way::Passing(_), Some(connection)) = (&way, self.flooder) {
                self.flooder = None;
                self.transport(connection, Transport::Closed);
            }
            self.pass(pause);
            if let Some(reaction) = &mut reaction {
                self.react(reaction);
            }
            if number % (items / TIMES).max(1) == 0 || self.now.since(self.served) > PATIENCE {
                self.serve_the_honest();
                let says = self.node.footprint();
                assert!(says >= live(), "{name}: it says {says} and holds {}", live());
            }
            if (number + 1) % tenth == 0 {
                tenths.push(self.work() - before);
                before = self.work();
            }
        }
        self.serve_the_honest();
        let most = self.most.max(peak());
        assert!(most <= ceiling, "{name}: {most} of {ceiling} bytes");
        assert!(self.endings.keys().eq(ends), "{name}: {:?}", self.endings);
        let (second, last) = (tenths[1], tenths[9]);
        assert!(last <= second + second / 4 + 100, "{name}: {second} and at last {last}");
        println!(
            "| {} | {name} | {} | {} | {} | {:.2} | {} |",
            words(&format!("{:?}", self.node.role().node_type())),
            grouped(&most.to_string()),
            grouped(&ceiling.to_string()),
            rooms.iter().map(room).collect::<Vec<_>>().join(" + "),
            last as f64 / second.max(1) as f64,
            grouped(&self.endings.values().sum::<u64>().to_string()),
        );
        held(|| drop(self.node));
        assert_eq!(live(), 0, "{name}: nothing is left");
    }

    /// Has the flooder connected, under another node id each time.
    fn reconnect(&mut self, number: u64, node_type: NodeType) {
        if self.flooder.is_some() {
            return;
        }
        // Who is on this computer is not banned, and comes back at once.
        self.open_from(PeerInfo { host: "127.0.0.1".into(), port: 50_000 });
        self.by_flooder([hello(node_id(number), node_type), ack()].concat());
        let newest = ConnectionId(self.newest);
        assert!(self.node.registry().is_established(newest), "{:?}", self.endings);
    }

    fn open_from(&mut self, place: PeerInfo) {
        self.newest += 1;
        self.flooder = Some(self.newest);
        self.open(Opened::inbound(ConnectionId(self.newest), Some(place)));
    }

    /// It sends as fast as it may.
    fn by_flooder(&mut self, bytes: Vec<u8>) {
        // Bytes to a connection that is no more are nobody's.
        let Some(connection) = self.flooder else { return };
        while self.node.holds_back(ConnectionId(connection)) {
            self.pass(Duration::from_secs(1));
        }
        if !bytes.is_empty() {
            self.hear(connection, bytes);
        }
    }

    /// The flooder answers what it is asked.
    fn react(&mut self, reaction: &mut dyn FnMut(Message) -> Vec<u8>) {
        for _ in 0..16 {
            let Some(said) = &mut self.to_flooder else { return };
            let said = messages(&std::mem::take(said));
            if said.is_empty() {
                return;
            }
            for message in said {
                self.by_flooder(reaction(message));
            }
        }
    }

    fn serve_the_honest(&mut self) {
        self.served = self.now;
        self.to_honest.clear();
        self.hear(HONEST, frame(self.honest.asks.clone()));
        let said = messages(&std::mem::take(&mut self.to_honest));
        assert!(said.contains(&self.honest.answered), "{said:?}");
    }

    fn work(&self) -> u64 {
        self.work + calls()
    }

    fn open(&mut self, opened: Opened) {
        let connection = opened.connection;
        self.local(NodeCommand::Opened(held(|| opened.clone())));
        self.transport(connection.0, Transport::Writable(self.takes));
    }

    fn hear(&mut self, connection: u64, bytes: Vec<u8>) {
        let read = held(|| Bytes::copy_from_slice(&bytes));
        self.transport(connection, Transport::Received(read));
    }

    fn transport(&mut self, connection: u64, transport: Transport) {
        let mut out = Outbox::new();
        let remote = NodeRemote { connection: ConnectionId(connection), transport };
        held(|| self.node.handle_remote(self.now, remote, &mut out));
        self.carry_out(out);
    }

    fn local(&mut self, command: NodeCommand<R::Local>) {
        let mut out = Outbox::new();
        assert!(held(|| self.node.handle_local(self.now, command, &mut out)).is_ok());
        self.carry_out(out);
    }

    /// Time passes.
    pub fn pass(&mut self, pause: Duration) {
        let to = self.now.after(pause);
        while let Some(due) = self.node.deadline().filter(|due| *due <= to) {
            self.now = self.now.max(due);
            let mut out = Outbox::new();
            held(|| self.node.handle_timeout(self.now, &mut out));
            self.carry_out(out);
            assert!(self.node.deadline().is_none_or(|next| next > self.now), "it gets on");
        }
        self.now = to;
    }

    /// Sends are read at once, questions answered at once.
    fn carry_out(&mut self, mut out: Outbox<NodeSend, NodeNotice<R::Notice>, R::Query>) {
        while let Some(action) = out.pop() {
            self.work += 1;
            match action {
                Action::Send(NodeSend::Bytes(ConnectionId(HONEST), bytes)) => {
                    self.to_honest.extend_from_slice(&bytes);
                }
                Action::Send(NodeSend::Bytes(_, bytes)) => {
                    if let Some(said) = &mut self.to_flooder {
                        said.extend_from_slice(&bytes);
                    }
                }
                Action::Send(NodeSend::Close(connection)) => {
                    assert_ne!(connection.0, HONEST, "the honest peer is gone");
                    if self.flooder == Some(connection.0) {
                        self.flooder = None;
                    }
                }
                Action::Send(NodeSend::Dial(address)) => {
                    held(|| {
                        self.node.handle_local(self.now, NodeCommand::DialFailed(address), &mut out)
                    })
                    .expect("it was dialled");
                }
                Action::Notify(NodeNotice::Closed { connection, ending, .. }) => {
                    assert_ne!(connection.0, HONEST, "the honest peer is gone: {ending:?}");
                    *self.endings.entry(reason(&ending)).or_default() += 1;
                }
                Action::Ask(id, query) => {
                    let mut answers = Answers::new();
                    self.oracle.asked(self.now, id, query, &mut answers);
                    for (_, answer) in answers.take() {
                        let command = NodeCommand::Role(answer);
                        // What nobody waits for any more is refused.
                        let _ = held(|| self.node.handle_local(self.now, command, &mut out));
                    }
                }
                Action::Notify(_) | Action::Close(_) => {}
            }
        }
        self.most = self.most.max(peak());
    }
}

/// By which rule, or which limit.
fn reason(ending: &Ending) -> &'static str {
    match ending {
        Ending::Done => "done",
        Ending::Fault(Fault::Overrun { limit, .. } | Fault::Congested { limit, .. }) => limit,
        Ending::Fault(fault) => fault.rule().map_or("?", |rule| rule.reason()),
    }
}

/// All the frames there are.
fn messages(mut bytes: &[u8]) -> Vec<Message> {
    let mut all = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk() {
        let (body, rest) = rest.split_at(u32::from_be_bytes(*length) as usize);
        all.push(Message::decode(body, Source::COPY).expect("what we say"));
        bytes = rest;
    }
    all
}

/// A node id for each number, below ours and those of the honest.
pub fn node_id(number: u64) -> NodeId {
    let mut id = [0xC0; 32];
    id[1..9].copy_from_slice(&number.to_be_bytes());
    NodeId(id)
}

pub fn hello(node_id: NodeId, node_type: NodeType) -> Vec<u8> {
    frame(Handshake {
        network_id: "testnet".into(),
        version: ConnectionConfig::VERSION.into(),
        node_id,
        server_port: 8_444,
        node_type,
    })
}

pub fn ack() -> Vec<u8> {
    frame(HandshakeAck {})
}

/// A message with its length before it.
pub fn frame(message: impl Into<Message>) -> Vec<u8> {
    let mut body = Vec::new();
    message.into().encode(&mut body);
    framed(&body)
}

/// Any bytes with their length before them.
pub fn framed(body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).expect("a frame");
    [&length.to_be_bytes()[..], body].concat()
}
