//! All of Leios on one byte stream: the handshake, then KeepAlive and the pair over our
//! multiplexer.
//!
//! A [`Session`] is a machine from bytes to actions. Two of them, joined in memory:
//!
//! ```
//! use nodewire::leios::{self, Session, SessionConfig};
//! use nodewire::link::{MuxLocal, MuxNotice, StagedOf, Transport};
//! use nodewire::state::leios::{ClientCommand, ConnectionCommand, HandshakeNotice};
//! use nodewire::{Action, Ending, Machine, Outbox, Time};
//!
//! const PREPROD: u32 = 1;
//! let now = Time::ZERO;
//! let mut sides = [
//!     leios::initiator(SessionConfig::new(PREPROD)),
//!     leios::responder(SessionConfig::new(PREPROD), now),
//! ];
//! let mut outs = [Outbox::new(), Outbox::new()];
//! let mut endings = [None, None];
//!
//! for (side, out) in sides.iter_mut().zip(&mut outs) {
//!     side.handle_remote(now, Transport::Writable(Transport::UNCOUNTED), out);
//! }
//! sides[0].handle_local(now, leios::propose(), &mut outs[0]).unwrap();
//!
//! while let Some((at, action)) = (0..2).find_map(|at| Some((at, outs[at].pop()?))) {
//!     let other = 1 - at;
//!     match action {
//!         Action::Send(bytes) => {
//!             sides[other].handle_remote(now, Transport::Received(bytes), &mut outs[other]);
//!         }
//!         // Agreed on a version that runs both ways: each side has a client. Open it, and end it.
//!         Action::Notify(StagedOf::First(MuxNotice::Machine(HandshakeNotice::Agreed(_)))) => {
//!             for command in [ClientCommand::Start, ClientCommand::Finish] {
//!                 let command = leios::on_connection(ConnectionCommand::Client(command));
//!                 sides[at].handle_local(now, command, &mut outs[at]).unwrap();
//!             }
//!         }
//!         Action::Notify(_) | Action::Ask(..) => {}
//!         Action::Close(ending) => endings[at] = Some(ending),
//!     }
//! }
//! assert_eq!(endings, [Some(Ending::Done), Some(Ending::Done)]);
//! ```

use alloc::vec::Vec;
use core::fmt::Debug;
use core::hash::Hash;
use core::time::Duration;

use crate::channel::{ChannelSpec, OverChannels};
use crate::fault::Ending;
use crate::link::{Follow, Mux, MuxConfig, MuxLocal, Staged, StagedOf};
use crate::machine::{ActionOf, Machine};
use crate::state::leios::{
    Connection, ConnectionCommand, ConnectionConfig, Handshake, HandshakeCommand, HandshakeConfig,
    Parts,
};
use crate::time::Time;

/// A Leios connection from the first byte of its stream to the last.
pub type Session = Staged<Mux<Handshake>, Running, Mux<Connection>>;

/// What the application says to a [`Session`]: to the handshake, then to the connection.
pub type SessionCommand = <Session as Machine>::Local;

/// What a [`Session`] tells the application.
pub type SessionNotice = <Session as Machine>::Notice;

/// What a [`Session`] asks. Ids begin anew with the connection; the handshake asks nothing.
pub type SessionQuery = <Session as Machine>::Query;

/// What a [`Session`] goes by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct SessionConfig {
    /// Versions proposed and accepted.
    pub handshake: HandshakeConfig,
    /// KeepAlive and the pair.
    pub connection: ConnectionConfig,
    /// The multiplexer after the handshake; during it a segment may take as long as a message.
    pub mux: MuxConfig,
    /// Channels of other mini-protocols after the handshake, whose bytes pass through unread.
    ///
    /// Each side names them from its own view: where one is `Initiator`, the other is `Responder`,
    /// and a channel that runs both ways is two. `ingress` has to exceed what may arrive before it
    /// is [`Consumed`](MuxLocal::Consumed): more ends the connection (L-63). One that Leios speaks
    /// itself, or whose number has more than 15 bits, is left out.
    pub foreign: Vec<ChannelSpec>,
}

impl SessionConfig {
    /// The private version on the network of this magic, both ways; defaults for the rest.
    #[must_use]
    pub fn new(network_magic: u32) -> Self {
        Self {
            handshake: HandshakeConfig::new(network_magic),
            connection: ConnectionConfig::default(),
            mux: MuxConfig::default(),
            foreign: Vec::new(),
        }
    }

    fn session(self, side: impl FnOnce(HandshakeConfig) -> Handshake) -> Session {
        let Self { handshake, connection, mux, foreign } = self;
        let mut first = mux.clone();
        first.segment_timeout = first.segment_timeout.min(HANDSHAKE_SEGMENT);
        let running = Running { connection, mux, foreign };
        Staged::new(Mux::new(side(handshake), first, &[]), running)
    }
}

/// The most that the [`footprint`](Machine::footprint) of a [`Session`] with this configuration can
/// be: what to reckon with for a connection.
#[must_use]
pub fn most_footprint(config: &SessionConfig) -> usize {
    let SessionConfig { handshake, connection, mux, foreign } = config;
    // An initiator has the channels of a responder and one more.
    let own = Handshake::initiator(handshake.clone()).channels();
    let first = Handshake::most_footprint(handshake);
    let first = Mux::<Handshake>::most_footprint(first, mux, &own, &[]);
    let own = Connection::new(connection.clone(), Parts::DUPLEX, Time::ZERO).channels();
    let second = Connection::most_footprint(&connection.limits);
    let second = Mux::<Connection>::most_footprint(second, mux, &own, foreign);
    Session::most_footprint(first, heap(foreign), second)
}

/// A segment of the handshake is complete within this (`leios.md` 10.1).
const HANDSHAKE_SEGMENT: Duration = Duration::from_secs(10);

/// What follows on the handshake: the connection with the parts agreed on, or the end.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Running {
    connection: ConnectionConfig,
    mux: MuxConfig,
    foreign: Vec<ChannelSpec>,
}

impl Follow<Handshake> for Running {
    type Next = Mux<Connection>;

    const FIRST: &'static str = "the handshake";

    fn follow(self, handshake: Handshake) -> Result<Mux<Connection>, Ending> {
        // A refusal or a query ends the connection in peace.
        let Some((at, agreement)) = handshake.agreed() else { return Err(Ending::Done) };
        let parts = Parts::agreed(handshake.role(), &agreement);
        let connection = Connection::new(self.connection, parts, at);
        Ok(Mux::new(connection, self.mux, &self.foreign))
    }

    fn heap(&self) -> usize {
        heap(&self.foreign)
    }
}

/// Heap bytes of a list of channels.
fn heap(channels: &Vec<ChannelSpec>) -> usize {
    channels.capacity().saturating_mul(size_of::<ChannelSpec>())
}

/// The side that opened the stream. It waits for [`propose`].
#[must_use]
pub fn initiator(config: SessionConfig) -> Session {
    config.session(Handshake::initiator)
}

/// The side that was called, `now`.
#[must_use]
pub fn responder(config: SessionConfig, now: Time) -> Session {
    config.session(|handshake| Handshake::responder(handshake, now))
}

/// The initiator's first command: send the proposal.
#[must_use]
pub const fn propose() -> SessionCommand {
    StagedOf::First(MuxLocal::Machine(HandshakeCommand::Propose))
}

/// A command or an answer for the connection, once the handshake is over.
#[must_use]
pub const fn on_connection(command: ConnectionCommand) -> SessionCommand {
    StagedOf::Second(MuxLocal::Machine(command))
}

const _: () = assert!(size_of::<ActionOf<Session>>() <= 128);
const _: () = {
    const fn kept<T: Clone + Debug + Eq + Hash + Send + 'static>() {}
    kept::<Session>();
};
