//! One stream between two nodes: handshake, pings, who may send what, and how much.

mod expected;
mod input;
mod meeting;
mod phase;
mod rate;
mod timers;

pub use input::{
    Admission, ConnectionCommand, ConnectionConfig, ConnectionNotice, ConnectionQuery,
    ConnectionRemote, Direction, Peer,
};
pub use phase::{CONNECTION, ConnectionLabel, ConnectionPhase};

use core::time::Duration;

use crate::ask::{AskId, Asks};
use crate::codec::chia::messages::{Ping, Pong};
use crate::codec::chia::{Bytes32, Function, Message};
use crate::codec::{Malformed, MalformedKind};
use crate::fault::{Ending, Fault, Refusal, Refused, Rule};
use crate::machine::{ActionOf, Machine, Out};
use crate::state::chia::limits::WhenTooFast;
use crate::state::chia::nonces::Nonces;
use crate::state::chia::{rules, senders, sizes};
use crate::table::Role;
use crate::time::Time;

use expected::{Expected, Standing};
use rate::Rate;

/// A connection, from its handshake on.
///
/// It says who we are ([`Open`](ConnectionCommand::Open)), looks at who the peer is (C-3), asks
/// whether its node id is free, and is established when both acks have passed (C-5). From then on
/// it answers pings, sends its own, and passes on what the peer's type may send to ours,
/// in order (C-16); what is an answer to nothing is passed over (`chia.md` 16).
///
/// Its Remote is a message and the size of its frame; a link of frames with a length of four bytes
/// makes them of bytes. A peer that sends more than its share is held back
/// ([`saturated`](Machine::saturated)) until the minute is over, or closed, as
/// [`RateLimits`](crate::state::chia::RateLimits) say; and one that sends more than is taken, until
/// that was taken ([`max_untaken`](crate::state::chia::Limits::max_untaken)). It holds no memory
/// but the names in its configuration.
///
/// Endings: `Done` after [`Close`](ConnectionCommand::Close) and when the stream closes between
/// two frames (FR-6); else a fault with its rule, or the limit that was overrun.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Connection {
    config: ConnectionConfig,
    direction: Direction,
    /// How far the peer is, and how far we are.
    theirs: ConnectionPhase,
    ours: ConnectionPhase,
    peer: Option<Peer>,
    asks: Asks<()>,
    nonces: Nonces,
    /// When it was opened.
    opened: Option<Time>,
    /// When the peer was heard last.
    heard: Time,
    /// When the next ping is due, and the nonce of the last one and when it was sent.
    ping_at: Time,
    pinged: Option<(Bytes32, Time)>,
    expected: Expected,
    /// Answers that nobody asked for.
    unsolicited: u32,
    rate: Rate,
    /// Messages told and not yet taken.
    untaken: u32,
    /// Nothing is taken before then.
    held_until: Option<Time>,
}

const _: () = assert!(size_of::<ActionOf<Connection>>() <= 128);
const _: () = crate::machine::kept::<Connection>();

impl Connection {
    /// A connection before its first byte.
    #[must_use]
    pub const fn new(config: ConnectionConfig, direction: Direction) -> Self {
        let nonces = Nonces::new(config.seed);
        Self {
            config,
            direction,
            theirs: CONNECTION.start(),
            ours: CONNECTION.start(),
            peer: None,
            asks: Asks::new(1),
            nonces,
            opened: None,
            heard: Time::ZERO,
            ping_at: Time::ZERO,
            pinged: None,
            expected: Expected::new(),
            unsolicited: 0,
            rate: Rate::new(),
            untaken: 0,
            held_until: None,
        }
    }

    /// Who dialled.
    #[must_use]
    pub const fn direction(&self) -> Direction {
        self.direction
    }

    /// Who the peer says it is, once its handshake was found good.
    #[must_use]
    pub const fn peer(&self) -> Option<&Peer> {
        self.peer.as_ref()
    }

    /// True once both acks have passed (C-5).
    #[must_use]
    pub fn is_established(&self) -> bool {
        self.ours == ConnectionPhase::Established && self.theirs == ConnectionPhase::Established
    }

    /// The phase: how far the handshake is on the side that is less far.
    #[must_use]
    pub fn phase(&self) -> ConnectionPhase {
        self.ours.min(self.theirs)
    }

    /// The largest body that it takes now, in bytes (FR-2).
    #[must_use]
    pub fn most_frame(&self) -> usize {
        let limits = &self.config.limits;
        if self.is_established() { limits.max_frame } else { limits.max_handshake_frame }
    }

    /// How long the rest of a frame may take, and the fault of one that takes longer.
    #[must_use]
    pub const fn partial_frame(&self) -> Option<(Duration, Fault)> {
        self.config.limits.partial_frame()
    }

    /// The fault of a frame that is no message, or says that it is too long: it ends this
    /// connection and no other (D-12).
    #[must_use]
    pub fn malformed(&self, malformed: Malformed) -> Fault {
        if malformed.kind == MalformedKind::FrameTooLarge {
            return Fault::violation(&rules::FRAME_TOO_LARGE, self.phase().name());
        }
        rules::malformed(malformed)
    }

    fn admits(&self, command: &ConnectionCommand) -> Result<(), Refused> {
        match command {
            ConnectionCommand::Open if self.opened.is_some() => {
                Err(Refused::wrong_phase(self.phase().name()))
            }
            ConnectionCommand::Admitted(id, _) => self.asks.context(*id).map(drop),
            ConnectionCommand::Send(_) if !self.is_established() => {
                Err(Refused::wrong_phase(self.phase().name()))
            }
            ConnectionCommand::Send(message) => self.may_be_sent(message),
            ConnectionCommand::Taken(messages) if *messages > self.untaken => {
                Err(Refused::invalid("more than was told"))
            }
            ConnectionCommand::Open | ConnectionCommand::Taken(_) | ConnectionCommand::Close => {
                Ok(())
            }
        }
    }

    /// What we send is what an honest peer takes.
    fn may_be_sent(&self, message: &Message) -> Result<(), Refused> {
        let (us, limits) = (self.config.node_type, &self.config.limits);
        let to = self.peer.map_or(us, |peer| peer.node_type);
        let function = message.function();
        if matches!(message, Message::Ping(_) | Message::Pong(_)) {
            return Err(Refused::invalid("pings and pongs are the connection's own"));
        }
        if !senders::may_send(us, to, function) {
            return Err(Refused::invalid("a node of our type does not send this to one of theirs"));
        }
        sizes::overrun(message, message.wire_len(), limits)
            .map_or(Ok(()), |limit| Err(Refused::busy(limit)))
    }

    fn command(
        &mut self,
        now: Time,
        command: ConnectionCommand,
        out: &mut Out<Self>,
    ) -> Result<(), Ending> {
        match command {
            ConnectionCommand::Open => {
                (self.opened, self.heard) = (Some(now), now);
                self.say(self.handshake().into(), out);
            }
            ConnectionCommand::Admitted(id, admission) => {
                // An answer that came after the end is nobody's.
                if matches!(self.asks.close(id), Ok(Some(()))) {
                    self.admitted(now, admission, out)?;
                }
            }
            ConnectionCommand::Send(message) => {
                self.expected.sent(message.function());
                out.send(message);
            }
            ConnectionCommand::Taken(messages) => {
                if self.is_full() && messages > 0 {
                    // Who was held back could not be heard.
                    self.heard = now;
                }
                self.untaken = self.untaken.saturating_sub(messages);
            }
            ConnectionCommand::Close => return Err(Ending::Done),
        }
        Ok(())
    }

    fn receive(
        &mut self,
        now: Time,
        remote: ConnectionRemote,
        out: &mut Out<Self>,
    ) -> Result<(), Ending> {
        let ConnectionRemote { message, size } = remote;
        let function = message.function();
        // First the handshake, then the ack (C-2), then neither again (C-7).
        let Some(next) = CONNECTION.next(self.theirs, Role::Initiator, function.into()) else {
            return Err(self.broken(match self.theirs {
                ConnectionPhase::AwaitHandshake => &rules::INVALID_HANDSHAKE,
                ConnectionPhase::AwaitAck => &rules::INVALID_ACK,
                ConnectionPhase::Established => &rules::SECOND_HANDSHAKE,
            }));
        };
        if let Some(limit) = self.too_large(&message, size) {
            return Err(Ending::Fault(Fault::overrun(limit)));
        }
        self.heard = now;
        match message {
            Message::Handshake(handshake) => {
                self.theirs = next;
                self.meet(&handshake, out)?;
            }
            Message::HandshakeAck(_) => {
                self.theirs = next;
                self.establish(now, out);
            }
            // The peer has acked, we have not: it cannot know that it may speak.
            _ if !self.is_established() => return Err(self.broken(&rules::TOO_EARLY)),
            message => {
                let from = self.peer.map_or(self.config.node_type, |peer| peer.node_type);
                if !senders::may_send(from, self.config.node_type, function) {
                    return Err(self.broken(&rules::WRONG_SENDER));
                }
                if self.count(now, function, size)? {
                    self.take(now, message, out);
                }
            }
        }
        Ok(())
    }

    fn too_large(&self, message: &Message, size: u32) -> Option<&'static str> {
        let limits = &self.config.limits;
        let size = size as usize;
        if !self.is_established() && size > limits.max_handshake_frame {
            return Some("max_handshake_frame");
        }
        sizes::overrun(message, size, limits)
    }

    /// Counts what was not asked for. True if it is to be taken: an answer that nobody
    /// asked for is not.
    fn count(&mut self, now: Time, function: Function, size: u32) -> Result<bool, Ending> {
        let standing = self.expected.received(function);
        if standing == Standing::Asked {
            return Ok(true);
        }
        if standing == Standing::Unasked {
            self.unsolicited = self.unsolicited.saturating_add(1);
            if self.unsolicited > self.config.limits.max_unsolicited {
                return Err(self.broken(&rules::UNSOLICITED_ANSWERS));
            }
        }
        if let Some(limits) = &self.config.limits.rate {
            self.rate.count(now, function, size);
            match limits.when_too_fast {
                WhenTooFast::Close => {
                    if let Some(limit) = self.rate.exhausted(limits, true) {
                        return Err(Ending::Fault(Fault::overrun(limit)));
                    }
                }
                WhenTooFast::Hold => {
                    if self.rate.exhausted(limits, false).is_some() {
                        self.held_until = self.rate.end();
                    }
                }
            }
        }
        Ok(standing == Standing::Free)
    }

    /// Takes a message of an established connection.
    fn take(&mut self, now: Time, message: Message, out: &mut Out<Self>) {
        match message {
            Message::Ping(Ping { nonce }) => out.send(Pong { nonce }.into()),
            Message::Pong(Pong { nonce }) => {
                // One that was not waited for says nothing.
                if let Some((_, at)) = self.pinged.take_if(|(sent, _)| *sent == nonce) {
                    let micros = u64::try_from(now.since(at).as_micros()).unwrap_or(u64::MAX);
                    out.notify(ConnectionNotice::RoundTrip(micros));
                }
            }
            message => {
                self.untaken = self
                    .untaken
                    .saturating_add(u32::from(self.config.limits.max_untaken.is_some()));
                out.notify(ConnectionNotice::Received(message));
            }
        }
    }

    /// True while nothing more fits between this and whoever takes what is told.
    fn is_full(&self) -> bool {
        self.config.limits.max_untaken.is_some_and(|most| self.untaken >= most)
    }

    /// The peer broke a rule.
    fn broken(&self, rule: &'static Rule) -> Ending {
        Ending::Fault(Fault::violation(rule, self.phase().name()))
    }
}

impl Machine for Connection {
    type Local = ConnectionCommand;
    type Remote = ConnectionRemote;
    type Send = Message;
    type Notice = ConnectionNotice;
    type Query = ConnectionQuery;

    fn handle_local(
        &mut self,
        now: Time,
        input: ConnectionCommand,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<ConnectionCommand>> {
        if let Err(why) = self.admits(&input) {
            return Err(Refusal::new(why, input));
        }
        if let Err(ending) = self.command(now, input, out) {
            out.close(ending);
        }
        Ok(())
    }

    fn handle_remote(&mut self, now: Time, input: ConnectionRemote, out: &mut Out<Self>) {
        if let Err(ending) = self.receive(now, input, out) {
            out.close(ending);
        }
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        if let Err(ending) = self.time_out(now, out) {
            out.close(ending);
        }
    }

    fn deadline(&self) -> Option<Time> {
        let due = [self.handshake_due(), self.ping_due(), self.idle_due(), self.held_until];
        due.into_iter().flatten().min()
    }

    fn saturated(&self) -> bool {
        self.held_until.is_some() || self.is_full()
    }

    fn awaits(&self, id: AskId) -> bool {
        self.asks.awaits(id)
    }

    fn footprint(&self) -> usize {
        let names =
            self.config.network_id.capacity().saturating_add(self.config.version.capacity());
        size_of::<Self>().saturating_add(names).saturating_add(self.asks.heap())
    }
}
