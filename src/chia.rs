//! Chia connections and whole nodes on streams, ready to be driven.
//!
//! - [`Session`]: one connection on one stream.
//! - [`Node`]: a role above all its connections: what most want.
//!
//! A [`Session`] takes bytes and gives bytes: frames with a length of four bytes before them, an
//! envelope in each (FR-7), however the bytes are cut (FR-5), and kept as they come (FR-3); an
//! empty one is malformed like any other (FR-4). In them is a [`Connection`], which takes commands
//! ([`ConnectionCommand`](crate::state::chia::ConnectionCommand)), tells what the peer says and
//! asks whether its node id is free. What a role makes of it is the role's machine, and [`Node`]
//! joins both.
//!
//! ```
//! use nodewire::chia::session;
//! use nodewire::codec::chia::{NodeId, NodeType};
//! use nodewire::link::Transport;
//! use nodewire::state::chia::{ConnectionCommand, ConnectionConfig, Direction};
//! use nodewire::{Action, Machine, Outbox, Time};
//!
//! let config = ConnectionConfig::new(NodeType::FullNode, NodeId([7; 32]));
//! let (mut session, mut out) = (session(config, Direction::Outbound), Outbox::new());
//! session.handle_remote(Time::ZERO, Transport::Writable(Transport::UNCOUNTED), &mut out);
//! session.handle_local(Time::ZERO, ConnectionCommand::Open, &mut out).unwrap();
//! // Both ends say who they are at once.
//! let Some(Action::Send(bytes)) = out.pop() else { panic!() };
//! assert!(bytes[4..].starts_with(b"\xa2\x61f\x69handshake"));
//! ```

mod node;

pub use node::{Node, NodeCommand, NodeConfig, NodeNotice, NodeRemote, NodeSend};

use core::time::Duration;

use crate::codec::Malformed;
use crate::fault::{Ending, Fault};
use crate::link::{Framed, FramedConfig, LengthPrefixed, OverFrames};
use crate::state::chia::{
    Connection, ConnectionConfig, Direction, Pool, PoolClient, PoolClientConfig, PoolConfig,
};

/// A connection on a stream.
pub type Session = Framed<Connection, LengthPrefixed>;

/// Bytes that may wait to leave before a peer counts as too slow (`chia.md` 14.4, A-16).
const EGRESS: usize = 67_108_864;

/// A session before its first byte.
#[must_use]
pub fn session(config: ConnectionConfig, direction: Direction) -> Session {
    let ingress = config.limits.max_frame.saturating_add(LENGTH);
    let framed = FramedConfig { ingress, egress: EGRESS, ..FramedConfig::default() };
    // How long a frame may be depends on the phase: the connection tells.
    Framed::new(Connection::new(config, direction), LengthPrefixed::four(usize::MAX), framed)
}

/// Bytes of the length before a frame (FR-1).
const LENGTH: usize = 4;

/// A pool's end of a session with a farmer, on a stream.
pub type PoolSession = Framed<Pool, LengthPrefixed>;

/// A farmer's end of a session with a pool, on a stream.
pub type PoolClientSession = Framed<PoolClient, LengthPrefixed>;

/// A pool's end of a session, before its first byte (PO-1: no handshake, any stream).
#[must_use]
pub fn pool_session(config: PoolConfig) -> PoolSession {
    let framed = pool_framed(config.limits.wire.max_frame);
    Framed::new(Pool::new(config), LengthPrefixed::four(usize::MAX), framed)
}

/// A farmer's end of a session with a pool, before its first byte.
#[must_use]
pub fn pool_client_session(config: PoolClientConfig) -> PoolClientSession {
    let framed = pool_framed(config.limits.wire.max_frame);
    Framed::new(PoolClient::new(config), LengthPrefixed::four(usize::MAX), framed)
}

fn pool_framed(max_frame: usize) -> FramedConfig {
    let ingress = max_frame.saturating_add(LENGTH);
    FramedConfig { ingress, egress: EGRESS, ..FramedConfig::default() }
}

/// Machines whose frames are messages, and whose streams may close between two of them (FR-6).
macro_rules! over_frames {
    ($($machine:ty),*) => { $(
        impl OverFrames for $machine {
            fn malformed(&self, malformed: Malformed) -> Fault {
                self.malformed(malformed)
            }

            fn most_frame(&self) -> usize {
                self.most_frame()
            }

            fn partial_frame(&self) -> Option<(Duration, Fault)> {
                self.partial_frame()
            }

            /// An orderly close (FR-6).
            fn at_eof(&self) -> Ending {
                Ending::Done
            }
        }
    )* };
}

over_frames!(Connection, Pool, PoolClient);
