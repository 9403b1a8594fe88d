//! A whole node: a role, the connections it is spoken to on, and who may have one.

mod delivering;
mod input;
mod opening;
mod waiting;

pub use input::{NodeCommand, NodeConfig, NodeNotice, NodeRemote, NodeSend};

use alloc::collections::{BTreeSet, VecDeque};

use crate::ask::AskId;
use crate::codec::chia::{Message, PeerInfo};
use crate::fault::{Refusal, Refused};
use crate::heap;
use crate::link::{PeerOutbox, Peers};
use crate::machine::{Action, ActionOf, Input, InputOf, Machine, Out};
use crate::outbox::Scratch;
use crate::state::chia::{
    ConnectionCommand, ConnectionId, ConnectionNotice, ConnectionQuery, Farmer, FromPeer, Registry,
    Role,
};
use crate::time::Time;

use super::Session;
use waiting::Waiting;

/// A node: a [`Role`] above all its connections.
///
/// It takes bytes and gives bytes, by stream; what the role hears and says in between is
/// [`FromPeer`] and [`Delivery`](crate::state::chia::Delivery). It knows who is connected
/// ([`Registry`]): one connection for each node id, as many as its limits allow, none from a host
/// that is banned. A peer that breaks a rule costs us its own connection and nothing else; the role
/// names breaches of its own rules
/// ([`Delivery::Penalise`](crate::state::chia::Delivery::Penalise)).
///
/// What the role has no room for ([`Role::is_busy_with`]) waits, a few messages of each peer
/// ([`NodeConfig::max_waiting`]); the peer is held back meanwhile, and no other: stop reading a
/// stream while [`holds_back`](Self::holds_back) says so. What still waits when a connection ends
/// is dropped. Messages for nobody vanish.
///
/// It never ends.
///
/// ```
/// use nodewire::chia::{Node, NodeCommand, NodeConfig, NodeRemote, NodeSend};
/// use nodewire::codec::chia::{NodeId, NodeType};
/// use nodewire::link::Transport;
/// use nodewire::state::chia::{
///     ConnectionConfig, ConnectionId, Harvester, HarvesterLimits, Opened,
/// };
/// use nodewire::{Action, Machine, Outbox, Time};
///
/// let config = ConnectionConfig::new(NodeType::Harvester, NodeId([7; 32]));
/// let mut node = Node::new(NodeConfig::new(config), Harvester::new(HarvesterLimits::default()));
/// let (mut out, now, stream) = (Outbox::new(), Time::ZERO, ConnectionId(1));
///
/// // In this order: the stream is open, it takes so much, and then what is read of it.
/// let opened = NodeCommand::Opened(Opened::outbound(stream, None));
/// node.handle_local(now, opened, &mut out).unwrap();
/// let room = NodeRemote { connection: stream, transport: Transport::Writable(65_536) };
/// node.handle_remote(now, room, &mut out);
///
/// let Some(Action::Send(NodeSend::Bytes(to, bytes))) = out.pop() else { panic!() };
/// assert_eq!(to, stream);
/// assert!(bytes[4..].starts_with(b"\xa2\x61f\x69handshake"));
/// assert!(node.deadline().is_some()); // the handshake has to be over soon (C-11)
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Node<R: Role> {
    config: NodeConfig,
    role: R,
    sessions: Peers<ConnectionId, Session>,
    registry: Registry,
    waiting: Waiting,
    /// What is being dialled.
    dialling: BTreeSet<PeerInfo>,
    scratch: Scratch<R>,
}

/// What one call still has to see to.
#[derive(Default)]
struct Turn {
    /// What sessions did.
    said: PeerOutbox<ConnectionId, Session>,
    /// What the role is to hear, in order.
    news: VecDeque<FromPeer>,
    /// Messages of a connection that the role took and the connection does not know of yet.
    taken: Option<(ConnectionId, u32)>,
    /// The role did something: it may have room now.
    stepped: bool,
}

const _: () = assert!(size_of::<ActionOf<Node<Farmer>>>() <= 128);
const _: () = crate::machine::kept::<Node<Farmer>>();

impl<R: Role> Node<R> {
    /// A node without connections. Its type is the role's.
    #[must_use]
    pub fn new(mut config: NodeConfig, role: R) -> Self {
        config.connection.node_type = role.node_type();
        config.connection.limits.max_untaken = Some(config.max_waiting.max(1));
        let mut registry = Registry::new(config.connection.node_id, config.registry.clone());
        for address in &config.own_addresses {
            registry.own(address);
        }
        Self {
            config,
            role,
            sessions: Peers::new(),
            registry,
            waiting: Waiting::default(),
            dialling: BTreeSet::new(),
            scratch: Scratch::new(),
        }
    }

    /// What it is there for.
    #[must_use]
    pub const fn role(&self) -> &R {
        &self.role
    }

    /// Who is connected.
    #[must_use]
    pub const fn registry(&self) -> &Registry {
        &self.registry
    }

    /// True while nothing more of this stream should be read: what its peer sent last waits.
    #[must_use]
    pub fn holds_back(&self, connection: ConnectionId) -> bool {
        let machine = self.sessions.get(&connection).and_then(Session::machine);
        machine.is_some_and(Machine::saturated)
    }

    /// Sees to all that an input has caused, and to all that this causes.
    fn settle(&mut self, now: Time, turn: &mut Turn, out: &mut Out<Self>) {
        loop {
            self.inform(now, turn, out);
            if turn.said.is_empty() {
                if !core::mem::take(&mut turn.stepped) || self.waiting.is_empty() {
                    return;
                }
                self.resume(now, turn, out);
            }
            for (connection, action) in core::mem::take(&mut turn.said) {
                // What a connection did before it was ended is of no use to anybody.
                if self.registry.contains(connection) {
                    self.carry_out(now, connection, action, turn, out);
                    self.inform(now, turn, out);
                }
            }
            self.acknowledge(now, turn);
        }
    }

    /// Tells the role what there is to tell.
    fn inform(&mut self, now: Time, turn: &mut Turn, out: &mut Out<Self>) {
        while let Some(news) = turn.news.pop_front() {
            let mut inner = self.scratch.take();
            self.role.handle_remote(now, news, &mut inner);
            self.deliver(now, &mut inner, turn, out);
            self.scratch.put(inner);
        }
    }

    /// Gives the role what waited for it, while it takes it.
    fn resume(&mut self, now: Time, turn: &mut Turn, out: &mut Out<Self>) {
        while let Some((connection, message)) = self.waiting.next(|id| self.role.is_busy_with(id)) {
            self.hand_over(now, connection, message, turn);
            self.inform(now, turn, out);
        }
        self.acknowledge(now, turn);
    }

    /// Does what a session wants.
    fn carry_out(
        &mut self,
        now: Time,
        connection: ConnectionId,
        action: ActionOf<Session>,
        turn: &mut Turn,
        out: &mut Out<Self>,
    ) {
        match action {
            Action::Send(bytes) => out.send(NodeSend::Bytes(connection, bytes)),
            Action::Ask(id, ConnectionQuery::Register(peer)) => {
                self.register(now, connection, id, peer, turn, out);
            }
            Action::Notify(ConnectionNotice::Connected(peer)) => {
                self.connected(now, connection, peer, turn, out);
            }
            Action::Notify(ConnectionNotice::Received(message)) => {
                if self.waiting.has(connection) || self.role.is_busy_with(connection) {
                    self.waiting.push(connection, message);
                } else {
                    self.hand_over(now, connection, message, turn);
                }
            }
            Action::Notify(ConnectionNotice::RoundTrip(micros)) => {
                out.notify(NodeNotice::RoundTrip(connection, micros));
            }
            Action::Close(ending) => self.closed(now, connection, ending, turn, out),
        }
    }

    /// A message is the role's.
    fn hand_over(
        &mut self,
        now: Time,
        connection: ConnectionId,
        message: Message,
        turn: &mut Turn,
    ) {
        turn.news.push_back(FromPeer::Received(connection, message));
        match &mut turn.taken {
            Some((of, messages)) if *of == connection => *messages = messages.saturating_add(1),
            _ => {
                self.acknowledge(now, turn);
                turn.taken = Some((connection, 1));
            }
        }
    }

    /// A connection may go on with what it holds.
    fn acknowledge(&mut self, now: Time, turn: &mut Turn) {
        if let Some((connection, messages)) = turn.taken.take() {
            self.tell(now, connection, ConnectionCommand::Taken(messages), turn);
        }
    }

    /// An input that is refused, if at all, only where nobody is any more.
    fn step(
        &mut self,
        now: Time,
        connection: ConnectionId,
        input: InputOf<Session>,
        turn: &mut Turn,
    ) {
        let _ = self.sessions.handle(now, &connection, input, &mut turn.said);
    }

    fn tell(
        &mut self,
        now: Time,
        connection: ConnectionId,
        command: ConnectionCommand,
        turn: &mut Turn,
    ) {
        self.step(now, connection, Input::Local(command), turn);
    }
}

impl<R: Role> Machine for Node<R> {
    type Local = NodeCommand<R::Local>;
    type Remote = NodeRemote;
    type Send = NodeSend;
    type Notice = NodeNotice<R::Notice>;
    /// Those of the role, by its own numbers.
    type Query = R::Query;

    fn handle_local(
        &mut self,
        now: Time,
        input: NodeCommand<R::Local>,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<NodeCommand<R::Local>>> {
        let mut turn = Turn::default();
        match input {
            NodeCommand::Opened(opened) => {
                if !self.registry.is_new(opened.connection) {
                    let why = Refused::invalid("numbers of connections ascend");
                    return Err(Refusal::new(why, NodeCommand::Opened(opened)));
                }
                self.open(now, opened, &mut turn, out);
            }
            NodeCommand::DialFailed(address) => {
                if self.dialled(&address) {
                    turn.news.push_back(FromPeer::DialFailed(address));
                }
            }
            NodeCommand::Close(connection) => {
                self.tell(now, connection, ConnectionCommand::Close, &mut turn);
            }
            NodeCommand::Role(command) => {
                let mut inner = self.scratch.take();
                let accepted = self.role.handle_local(now, command, &mut inner);
                if accepted.is_ok() {
                    self.deliver(now, &mut inner, &mut turn, out);
                }
                self.scratch.put(inner);
                accepted.map_err(|refusal| refusal.map(NodeCommand::Role))?;
            }
        }
        self.settle(now, &mut turn, out);
        Ok(())
    }

    fn handle_remote(&mut self, now: Time, input: NodeRemote, out: &mut Out<Self>) {
        let NodeRemote { connection, transport } = input;
        let mut turn = Turn::default();
        self.step(now, connection, Input::Remote(transport), &mut turn);
        self.settle(now, &mut turn, out);
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        let mut turn = Turn::default();
        // As many steps as there are sessions: a machine whose time has always come does not keep
        // all others waiting here.
        for _ in 0..self.sessions.len() {
            let due = self.sessions.deadline().filter(|(due, _)| *due <= now);
            let Some(connection) = due.map(|(_, connection)| *connection) else { break };
            self.step(now, connection, Input::Timeout, &mut turn);
        }
        if self.role.deadline().is_some_and(|due| due <= now) {
            let mut inner = self.scratch.take();
            self.role.handle_timeout(now, &mut inner);
            self.deliver(now, &mut inner, &mut turn, out);
            self.scratch.put(inner);
        }
        self.settle(now, &mut turn, out);
    }

    fn deadline(&self) -> Option<Time> {
        let of_sessions = self.sessions.deadline().map(|(due, _)| due);
        of_sessions.into_iter().chain(self.role.deadline()).min()
    }

    fn awaits(&self, id: AskId) -> bool {
        self.role.awaits(id)
    }

    fn footprint(&self) -> usize {
        let heaps = [
            self.sessions.footprint().saturating_sub(size_of_val(&self.sessions)),
            self.role.footprint().saturating_sub(size_of_val(&self.role)),
            self.registry.heap(),
            self.waiting.heap(),
            self.scratch.heap(),
            heap::tree(self.dialling.len(), size_of::<PeerInfo>()),
            self.dialling.iter().map(|it| it.host.capacity()).sum(),
            self.config.heap(),
        ];
        heaps.iter().fold(size_of_val(self), |sum, heap| sum.saturating_add(*heap))
    }
}
