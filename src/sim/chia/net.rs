//! A node of a Chia network on a [`Net`](crate::sim::Net): honest, silent or spamming.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use bytes::Bytes;

use super::census::Census;
use super::oracle::Oracle;
use super::staffed::Staffed;
use crate::chia::{NodeCommand, NodeNotice, NodeRemote, NodeSend};
use crate::codec::chia::messages::TransactionId as Announced;
use crate::codec::chia::{Message, PeerInfo, TransactionId};
use crate::fault::Refused;
use crate::link::Transport;
use crate::machine::{Action, Machine, Out};
use crate::outbox::Outbox;
use crate::sim::node::{End, Event, Node, Wire};
use crate::sim::rng::Rng;
use crate::state::chia::{ConnectionId, Opened, Role};
use crate::time::Time;

/// How a node of a simulated network behaves towards its peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "as it should, or in one of two ways not")]
pub enum Conduct {
    /// As its machines do.
    Honest,
    /// It shakes hands, hears all and says nothing more.
    Silent,
    /// It announces to each peer a transaction that there is not, as often as this, beside what its
    /// machines do.
    Spamming(Duration),
}

/// A [`Staffed`] node with streams of a [`Net`](crate::sim::Net): an even end dials.
///
/// Nobody is where it wants to dial: connections are made by whoever runs the network. What it
/// tells is kept for as long as the simulation goes on.
pub struct Networked<R: Role, O> {
    staffed: Staffed<R, O>,
    conduct: Conduct,
    streams: BTreeMap<ConnectionId, Stream>,
    ends: BTreeMap<End, ConnectionId>,
    /// Where those are that connections are to be opened with.
    places: BTreeMap<End, PeerInfo>,
    /// The end of every connection that there was, in their order.
    opened: Vec<End>,
    spam: Option<Spam>,
    told: Vec<(Time, NodeNotice<R::Notice>)>,
    census: Census,
}

/// One open connection.
#[derive(Clone, Debug)]
struct Stream {
    end: End,
    is_established: bool,
    /// Bytes that went out beside what the node sent: room for them is none of the node's.
    beside: usize,
}

#[derive(Clone, Debug)]
struct Spam {
    every: Duration,
    next: Time,
    rng: Rng,
}

impl<R: Role, O: Oracle<R>> Networked<R, O> {
    /// A node without connections; what a spammer makes up follows from the seed.
    #[must_use]
    pub fn new(staffed: Staffed<R, O>, conduct: Conduct, seed: u64) -> Self {
        let spam = match conduct {
            Conduct::Spamming(every) => {
                // Time goes on in between.
                let every = every.max(Duration::from_micros(1));
                Some(Spam { every, next: Time::ZERO.after(every), rng: Rng::new(seed) })
            }
            Conduct::Honest | Conduct::Silent => None,
        };
        Self {
            staffed,
            conduct,
            streams: BTreeMap::new(),
            ends: BTreeMap::new(),
            places: BTreeMap::new(),
            opened: Vec::new(),
            spam,
            told: Vec::new(),
            census: Census::default(),
        }
    }

    /// The node and who answers its questions.
    #[must_use]
    pub const fn staffed(&self) -> &Staffed<R, O> {
        &self.staffed
    }

    /// How it behaves.
    #[must_use]
    pub const fn conduct(&self) -> Conduct {
        self.conduct
    }

    /// The peer of a connection that is to be opened has this address.
    pub fn locate(&mut self, end: End, place: PeerInfo) {
        self.places.insert(end, place);
    }

    /// The end that is, or was, a connection's.
    #[must_use]
    pub fn end_of(&self, connection: ConnectionId) -> Option<End> {
        self.opened.get(usize::try_from(connection.0).ok()?).copied()
    }

    /// Ends a connection in order, blaming nobody.
    pub fn close(&mut self, now: Time, end: End, wire: &mut Wire) {
        if let Some(connection) = self.ends.get(&end).copied() {
            // One that is gone needs no closing.
            let _ = self.local(now, NodeCommand::Close(connection), wire);
        }
    }

    /// What it told so far, but for round trips.
    #[must_use]
    pub fn told(&self) -> &[(Time, NodeNotice<R::Notice>)] {
        &self.told
    }

    /// How many messages left, and how many of them were the one that is counted.
    #[must_use]
    pub const fn census(&self) -> &Census {
        &self.census
    }

    /// Counts this message by itself from now on.
    pub fn count(&mut self, message: &Message) {
        self.census.watch(framed(message));
    }

    /// Gives the node a command of the application's.
    ///
    /// # Errors
    /// Why the node does not take it.
    pub fn local(
        &mut self,
        now: Time,
        command: NodeCommand<R::Local>,
        wire: &mut Wire,
    ) -> Result<(), Refused> {
        let mut out = Outbox::new();
        let taken = self.staffed.handle_local(now, command, &mut out);
        self.carry_out(now, out, wire);
        taken.map_err(|refusal| refusal.why)
    }

    fn transport(&mut self, now: Time, end: End, transport: Transport, wire: &mut Wire) {
        let Some(connection) = self.ends.get(&end).copied() else { return };
        let mut out = Outbox::new();
        self.staffed.handle_remote(now, NodeRemote { connection, transport }, &mut out);
        self.carry_out(now, out, wire);
    }

    fn open(&mut self, now: Time, end: End, wire: &mut Wire) {
        let connection = ConnectionId(self.opened.len() as u64);
        self.opened.push(end);
        self.ends.insert(end, connection);
        self.streams.insert(connection, Stream { end, is_established: false, beside: 0 });
        let place = self.places.remove(&end);
        let opened = if end.number() % 2 == 0 {
            Opened::outbound(connection, place)
        } else {
            Opened::inbound(connection, place)
        };
        // Numbers ascend: it is taken.
        let _ = self.local(now, NodeCommand::Opened(opened), wire);
    }

    /// Does what the node wants of the network.
    fn carry_out(&mut self, now: Time, mut out: Out<Staffed<R, O>>, wire: &mut Wire) {
        let mut unreached = Vec::new();
        while let Some(action) = out.pop() {
            match action {
                Action::Send(NodeSend::Bytes(connection, bytes)) => {
                    self.send(connection, bytes, wire);
                }
                Action::Send(NodeSend::Close(connection)) => self.shut(connection, wire),
                Action::Send(NodeSend::Dial(place)) => unreached.push(place),
                Action::Notify(NodeNotice::RoundTrip(..)) | Action::Close(_) => {}
                Action::Notify(notice) => {
                    if let NodeNotice::Connected(connection, ..) = &notice {
                        if let Some(stream) = self.streams.get_mut(connection) {
                            stream.is_established = true;
                        }
                    }
                    self.told.push((now, notice));
                }
                Action::Ask(_, never) => match never {},
            }
            if out.is_empty() {
                for place in core::mem::take(&mut unreached) {
                    let failed = NodeCommand::DialFailed(place);
                    // What is not being dialled any more did not fail.
                    let _ = self.staffed.handle_local(now, failed, &mut out);
                }
            }
        }
    }

    fn send(&mut self, connection: ConnectionId, bytes: Bytes, wire: &mut Wire) {
        let Some(stream) = self.streams.get(&connection) else { return };
        if self.conduct == Conduct::Silent && stream.is_established {
            return;
        }
        self.census.sent(connection, &bytes);
        wire.send(stream.end, bytes);
    }

    fn shut(&mut self, connection: ConnectionId, wire: &mut Wire) {
        if let Some(stream) = self.streams.remove(&connection) {
            self.ends.remove(&stream.end);
            self.census.forget(connection);
            wire.close(stream.end);
        }
    }

    /// Announces to each peer what is not there.
    fn spam(&mut self, now: Time, wire: &mut Wire) {
        let Some(spam) = self.spam.as_mut().filter(|spam| spam.next <= now) else { return };
        spam.next = now.after(spam.every);
        for (connection, stream) in &mut self.streams {
            // Between two frames, so that its own remain whole: it breaks no rule.
            if !stream.is_established || !self.census.is_between(*connection) {
                continue;
            }
            let mut id = [0; 32];
            for part in id.chunks_mut(8) {
                part.copy_from_slice(&spam.rng.next().to_be_bytes());
            }
            let frame = framed(&Announced { transaction_id: TransactionId(id) }.into());
            stream.beside = stream.beside.saturating_add(frame.len());
            wire.send(stream.end, frame);
        }
    }
}

#[expect(clippy::missing_fields_in_debug, reason = "as much as one asks for")]
impl<R: Role, O> fmt::Debug for Networked<R, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let streams = self.streams.len();
        f.debug_struct("Networked")
            .field("conduct", &self.conduct)
            .field("streams", &streams)
            .finish()
    }
}

/// A message with its length before it (FR-1).
fn framed(message: &Message) -> Bytes {
    let mut frame = alloc::vec![0; 4];
    message.encode(&mut frame);
    let length = u32::try_from(frame.len().saturating_sub(4)).unwrap_or(u32::MAX);
    if let Some(place) = frame.first_chunk_mut() {
        *place = length.to_be_bytes();
    }
    frame.into()
}

impl<R: Role, O: Oracle<R>> Node for Networked<R, O> {
    fn event(&mut self, now: Time, end: End, event: Event, wire: &mut Wire) {
        match event {
            Event::Opened => self.open(now, end, wire),
            // A connection is one stream.
            Event::Received(_, bytes) => {
                self.transport(now, end, Transport::Received(bytes), wire);
            }
            Event::Writable(bytes) => {
                let stream = self.ends.get(&end).and_then(|it| self.streams.get_mut(it));
                let Some(stream) = stream else { return };
                let beside = stream.beside.min(bytes);
                stream.beside = stream.beside.saturating_sub(beside);
                let room = bytes.saturating_sub(beside);
                if room > 0 {
                    self.transport(now, end, Transport::Writable(room), wire);
                }
            }
            Event::Closed => {
                self.transport(now, end, Transport::Closed, wire);
                if let Some(connection) = self.ends.get(&end).copied() {
                    self.shut(connection, wire);
                }
            }
        }
    }

    fn timeout(&mut self, now: Time, wire: &mut Wire) {
        self.spam(now, wire);
        if self.staffed.deadline().is_some_and(|due| due <= now) {
            let mut out = Outbox::new();
            self.staffed.handle_timeout(now, &mut out);
            self.carry_out(now, out, wire);
        }
    }

    fn deadline(&self) -> Option<Time> {
        let spam = self.spam.as_ref().map(|spam| spam.next);
        spam.into_iter().chain(self.staffed.deadline()).min()
    }

    fn reads(&self, end: End) -> bool {
        self.ends.get(&end).is_none_or(|connection| !self.staffed.holds_back(*connection))
    }
}
