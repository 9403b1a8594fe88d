//! What goes into a registry and what comes out of it.

use core::time::Duration;

use crate::ask::AskId;
use crate::codec::chia::PeerInfo;
use crate::state::chia::connection::{Direction, Peer};
use crate::state::chia::role::{ConnectionId, Parting};
use crate::time::Time;

use super::Reaction;

/// How many connections a node has, and how long it keeps others out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct RegistryLimits {
    /// Most established connections, those not counted that were configured (`chia.md` 14.4).
    pub max_established: usize,
    /// Most of them that their peers have dialled (`chia.md` 14.4).
    pub max_inbound: usize,
    /// Most of those from one host, so that nobody takes all places alone: our own addition. Those
    /// of this computer are not counted.
    pub max_inbound_of_host: usize,
    /// Most streams dialled by peers that are not established yet.
    pub max_half_open: usize,
    /// Most of them from one host.
    pub max_half_open_of_host: usize,
    /// Most hosts that are kept out.
    pub max_bans: usize,
    /// Most addresses of our own that are remembered (C-10).
    pub max_own_addresses: usize,
    /// How long a host is kept out for what is malformed, out of turn or over a limit.
    pub ban_malformed: Duration,
    /// How long for too many messages, or for taking too few.
    pub ban_flood: Duration,
    /// How long for what was a lie.
    pub ban_invalid: Duration,
}

impl Default for RegistryLimits {
    fn default() -> Self {
        Self {
            max_established: 64,
            max_inbound: 48,
            max_inbound_of_host: 12,
            max_half_open: 32,
            max_half_open_of_host: 4,
            max_bans: 1_000,
            max_own_addresses: 16,
            ban_malformed: Duration::from_secs(10),
            ban_flood: Duration::from_secs(300),
            ban_invalid: Duration::from_secs(600),
        }
    }
}

/// A stream that was opened.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Opened {
    /// What it is called from now on: a number above those of all streams before it, ended
    /// and turned away ones too; it need not be the next. Another is refused.
    pub connection: ConnectionId,
    /// Who dialled.
    pub direction: Direction,
    /// The other end, as the stream has it; `None`: the transport does not tell.
    pub remote: Option<PeerInfo>,
    /// What was dialled because the node wanted it.
    pub dialled: Option<PeerInfo>,
    /// The peer was configured by hand: it is never turned away or banned.
    pub is_trusted: bool,
}

impl Opened {
    /// A peer dialled us, from there.
    #[must_use]
    pub const fn inbound(connection: ConnectionId, remote: Option<PeerInfo>) -> Self {
        let direction = Direction::Inbound;
        Self { connection, direction, remote, dialled: None, is_trusted: false }
    }

    /// We dialled a peer, and reached it there.
    #[must_use]
    pub const fn outbound(connection: ConnectionId, remote: Option<PeerInfo>) -> Self {
        let direction = Direction::Outbound;
        Self { connection, direction, remote, dialled: None, is_trusted: false }
    }

    /// The same, dialled because the node wanted this address.
    #[must_use]
    pub fn of_dial(mut self, dialled: PeerInfo) -> Self {
        self.dialled = Some(dialled);
        self
    }

    /// The same, with a peer that was configured by hand.
    #[must_use]
    pub fn trusted(mut self) -> Self {
        self.is_trusted = true;
        self
    }
}

/// Why a stream is closed, though nobody did anything wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum TurnedAway {
    /// Its host is kept out until then.
    Banned(Time),
    /// There are as many as may be: the limit's name.
    Full(&'static str),
    /// There is no such stream: it was never opened, was turned away, or is closed.
    NotOpen,
}

/// Whether a node id was free.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "who asks does what is said")]
pub enum Verdict {
    /// It was, and is now this connection's.
    Registered,
    /// Another connection has it, and keeps it.
    Duplicate,
    /// It is now this connection's; the one that had it is to be closed.
    Replaces(ConnectionId),
    /// Another connection has it, and it is the peer's to say which stays: do not answer yet.
    Postponed,
    /// There is no room, or no such stream.
    TurnedAway(TurnedAway),
}

/// A connection that is no more.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Parted {
    /// It was established.
    pub is_established: bool,
    /// Who it said it was.
    pub peer: Option<Peer>,
    /// What was dialled for it.
    pub dialled: Option<PeerInfo>,
    /// What its ending brought upon its address.
    pub reaction: Reaction,
    /// Until when its host is kept out.
    pub banned_until: Option<Time>,
    /// Who waited for its node id, to be [registered](super::Registry::register) anew.
    pub next: Option<(ConnectionId, AskId, Peer)>,
}

impl Parted {
    /// What becomes of the address (C-14).
    #[must_use]
    pub const fn parting(&self) -> Parting {
        self.reaction.parting()
    }
}
