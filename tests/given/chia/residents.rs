//! A whole network in memory: every role as a node of its own, with whoever answers its questions.

use std::any::Any;
use std::time::Duration;

use nodewire::chia::{Node, NodeCommand, NodeConfig, NodeNotice, NodeRemote, NodeSend};
use nodewire::codec::chia::{Blob, Bytes32, NodeId, NodeType, PeerInfo};
use nodewire::link::Transport;
use nodewire::sim::chia::{
    Clockwork, Consensus, Keeper, Ledger, Maker, Nobody, Oracle, Plots, Purse, Staffed, stand_in,
};
use nodewire::state::chia::{
    AddressesConfig, ConnectionConfig, ConnectionId, Farmer, FarmerConfig, FullNode,
    FullNodeConfig, Harvester, HarvesterCommand, HarvesterLimits, Introducer, Opened, Reaction,
    Role, Timelord, TimelordConfig,
};
use nodewire::{Action, AskId, Ending, Fault, Machine, Never, Out, Outbox, Refused, Time};

use super::net::{Net, Party, host};
use super::values::world;

/// How a connection of somebody ended, and what that brought upon the other end.
pub struct Closed {
    pub connection: ConnectionId,
    pub ending: Ending,
    pub reaction: Reaction,
    pub banned_until: Option<Time>,
}

impl Closed {
    /// It ended in order, broke, was too slow, or was one of two, and that was all.
    pub fn is_fine(&self) -> bool {
        let is_nobodys = match &self.ending {
            Ending::Done => true,
            Ending::Fault(Fault::Timeout { .. } | Fault::Truncated { .. }) => true,
            Ending::Fault(fault) => {
                // Two of a kind that are of no use to each other may have met.
                let reasons = ["Duplicate", "UselessPeer"];
                fault.rule().is_some_and(|rule| reasons.contains(&rule.reason()))
            }
        };
        let is_mild = matches!(self.reaction, Reaction::Keep | Reaction::Drop);
        is_nobodys && is_mild && self.banned_until.is_none()
    }
}

/// A node of the network, of whatever role.
pub trait Resident: Party + Any {
    /// It leaves a peer.
    fn close(&mut self, connection: ConnectionId);

    /// Nobody was there.
    fn dial_failed(&mut self, there: PeerInfo);

    /// Its connections that are established.
    fn connected(&self) -> Vec<ConnectionId>;

    /// When it wants to be asked again.
    fn deadline(&self) -> Option<Time>;

    /// What ended since the last look.
    fn closed(&mut self) -> Vec<Closed>;

    /// What it wanted to say, and may not.
    fn unsaid(&mut self) -> Vec<Refused>;

    /// Bytes that its node says it has at most.
    fn footprint(&self) -> usize;

    /// What is done to the next bytes that it sends, and to what it says beside them.
    fn tamper(&mut self, tamper: Tamper);

    /// The [`Member`] that it is.
    fn as_any(&self) -> &dyn Any;

    /// The same.
    fn as_any_mut(&mut self) -> &mut dyn Any;
}

/// What an adversary does to what it is about to send.
pub enum Tamper {
    /// Another bit at this place.
    Flip(usize, u8),
    /// Nothing of it goes out.
    Drop,
    /// It goes out twice.
    Double,
    /// Only so much of it goes out.
    Part(usize),
    /// This goes out at once, on every connection.
    Insert(Vec<u8>),
}

/// Somebody with an oracle.
pub struct Member<R: Role, O> {
    pub staffed: Staffed<R, O>,
    now: Time,
    sent: Vec<NodeSend>,
    closed: Vec<Closed>,
    unsaid: Vec<Refused>,
    tamper: Option<Tamper>,
}

impl<R: Role, O: Oracle<R>> Member<R, O> {
    /// Somebody of this number, who comes at a time.
    pub fn new(number: usize, now: Time, role: R, oracle: O) -> Box<Self> {
        let byte = u8::try_from(number).expect("a small network");
        let mut connection = ConnectionConfig::new(role.node_type(), NodeId([byte; 32]));
        connection.server_port = 8_444;
        let staffed = Staffed::new(Node::new(NodeConfig::new(connection), role), oracle);
        let (sent, closed, unsaid) = (Vec::new(), Vec::new(), Vec::new());
        Box::new(Self { staffed, now, sent, closed, unsaid, tamper: None })
    }

    /// Something that its own side wants.
    pub fn command(&mut self, command: NodeCommand<R::Local>) {
        let mut out = Outbox::new();
        // What is over, or was never there, is refused.
        let _ = self.staffed.handle_local(self.now, command, &mut out);
        self.take(out);
    }

    fn take(&mut self, mut out: Out<Staffed<R, O>>) {
        while let Some(action) = out.pop() {
            match action {
                Action::Send(send) => self.send(send),
                Action::Notify(NodeNotice::Closed {
                    connection,
                    ending,
                    reaction,
                    banned_until,
                    ..
                }) => {
                    self.closed.push(Closed { connection, ending, reaction, banned_until });
                }
                Action::Notify(NodeNotice::Unsaid { why, .. }) => self.unsaid.push(why),
                Action::Notify(_) => {}
                Action::Ask(_, query) => match query {},
                Action::Close(ending) => panic!("a node came to its end: {ending}"),
            }
        }
    }

    fn send(&mut self, send: NodeSend) {
        let NodeSend::Bytes(connection, bytes) = &send else { return self.sent.push(send) };
        let mut bytes = bytes.to_vec();
        match self.tamper.take() {
            Some(Tamper::Flip(at, mask)) => {
                let at = at % bytes.len().max(1);
                bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= mask);
            }
            Some(Tamper::Drop) => bytes.clear(),
            Some(Tamper::Double) => bytes = bytes.repeat(2),
            Some(Tamper::Part(most)) => bytes.truncate(most),
            Some(Tamper::Insert(_)) | None => {}
        }
        self.sent.push(NodeSend::Bytes(*connection, bytes.into()));
    }
}

impl<R: Role, O: Oracle<R>> Party for Member<R, O> {
    fn open(&mut self, opened: Opened) {
        let connection = opened.connection;
        self.command(NodeCommand::Opened(opened));
        self.transport(connection.0, Transport::Writable(Transport::UNCOUNTED));
    }

    fn transport(&mut self, connection: u64, transport: Transport) {
        let mut out = Outbox::new();
        let remote = NodeRemote { connection: ConnectionId(connection), transport };
        self.staffed.handle_remote(self.now, remote, &mut out);
        self.take(out);
    }

    fn pass(&mut self, to: Time) {
        for _ in 0..10_000 {
            let Some(due) = self.staffed.deadline().filter(|due| *due <= to) else {
                self.now = self.now.max(to);
                return;
            };
            self.now = self.now.max(due);
            let mut out = Outbox::new();
            self.staffed.handle_timeout(self.now, &mut out);
            self.take(out);
        }
        panic!("its deadlines don't end");
    }

    fn sent(&mut self) -> Vec<NodeSend> {
        std::mem::take(&mut self.sent)
    }

    fn holds_back(&self, connection: ConnectionId) -> bool {
        self.staffed.holds_back(connection)
    }
}

impl<R: Role + 'static, O: Oracle<R> + 'static> Resident for Member<R, O> {
    fn close(&mut self, connection: ConnectionId) {
        self.command(NodeCommand::Close(connection));
    }

    fn dial_failed(&mut self, there: PeerInfo) {
        self.command(NodeCommand::DialFailed(there));
    }

    fn connected(&self) -> Vec<ConnectionId> {
        let registry = self.staffed.node().registry();
        NodeType::ALL.into_iter().flat_map(|of| registry.established(of)).collect()
    }

    fn deadline(&self) -> Option<Time> {
        self.staffed.deadline()
    }

    fn closed(&mut self) -> Vec<Closed> {
        std::mem::take(&mut self.closed)
    }

    fn unsaid(&mut self) -> Vec<Refused> {
        std::mem::take(&mut self.unsaid)
    }

    fn footprint(&self) -> usize {
        self.staffed.node().footprint()
    }

    fn tamper(&mut self, tamper: Tamper) {
        if let Tamper::Insert(frame) = tamper {
            for connection in self.connected() {
                self.sent.push(NodeSend::Bytes(connection, frame.clone().into()));
            }
        } else {
            self.tamper = Some(tamper);
        }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

impl<P: Party + ?Sized> Party for Box<P> {
    fn open(&mut self, opened: Opened) {
        (**self).open(opened);
    }

    fn transport(&mut self, connection: u64, transport: Transport) {
        (**self).transport(connection, transport);
    }

    fn pass(&mut self, to: Time) {
        (**self).pass(to);
    }

    fn sent(&mut self) -> Vec<NodeSend> {
        (**self).sent()
    }

    fn holds_back(&self, connection: ConnectionId) -> bool {
        (**self).holds_back(connection)
    }
}

/// All of them, and the streams between them.
pub type TownNet = Net<Box<dyn Resident>>;

fn resident<R: Role, O: Oracle<R>>(number: usize, role: R, oracle: O) -> Box<Member<R, O>> {
    Member::new(number, Time::ZERO, role, oracle)
}

/// Who is in the network, by number: three full nodes with the whole chain, a part of it and its
/// first block alone, a farmer, a harvester, a timelord, an introducer, and a full node that has the
/// whole chain and can be made to lie.
pub const RESIDENTS: usize = 8;
pub const ADVERSARY: usize = 7;

pub fn residents(lies_in_headers: bool) -> Vec<Box<dyn Resident>> {
    let consensus = world().long.consensus().clone();
    let mut liar = Keeper::new(world().long.clone());
    if lies_in_headers {
        liar.damage(5);
    }
    let fresh = Ledger::new(consensus.clone(), Maker::genesis(&consensus));
    let mut farming = FarmerConfig::new(vec![stand_in::key(0)], Blob(vec![1; 32].into()));
    farming.min_block_time = consensus.min_block_time;
    farming.resend_challenges = true;
    let purse = Purse::new(consensus.clone(), Bytes32([5; 32]));
    let plots = Plots::new(&[0, 1], consensus.plot_size, Duration::from_millis(5));
    let mut harvester = resident(4, <Harvester>::new(HarvesterLimits::default()), plots);
    let first = HarvesterCommand::Plots(harvester.staffed.oracle().all());
    harvester.command(NodeCommand::Role(first));
    let mut clocks = TimelordConfig::default();
    clocks.initial_ips = consensus.ips;
    let clockwork = Clockwork::new(consensus.ips, consensus.witness);
    vec![
        full_node(0, Keeper::new(world().long.clone())),
        full_node(1, Keeper::new(world().short.clone())),
        full_node(2, Keeper::new(fresh)),
        resident(3, <Farmer>::new(farming), purse),
        harvester,
        resident(5, Timelord::new(clocks), clockwork),
        resident(INTRODUCER, Introducer::new(AddressesConfig::introducer(6)), Nobody),
        full_node(ADVERSARY, liar),
    ]
}

const INTRODUCER: usize = 6;

fn full_node(number: usize, keeper: Keeper) -> Box<dyn Resident> {
    let introducer = PeerInfo { host: host(INTRODUCER), port: 8_444 };
    let mut config = FullNodeConfig::default();
    config.addresses = AddressesConfig::full_node(Some(introducer), number as u64);
    config.sync_seed = number as u64;
    let role = <FullNode>::new(config, keeper.ledger().chain()).expect("a chain of the ledger");
    resident(number, role, keeper)
}
