//! Bytes to actions: a codec below, a machine above.
//!
//! A link owns a machine and the buffers, and is a machine itself: its `Remote` is [`Transport`],
//! its `Send` is [`Bytes`]. However the received bytes are cut up, the actions are the same.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

#[cfg(feature = "leios")]
mod channels;
#[cfg(feature = "leios")]
mod core;
mod framed;
mod framing;
#[cfg(feature = "leios")]
mod lane;
#[cfg(feature = "leios")]
mod mux;
mod over_frames;
mod peers;
mod pending;
mod staged;
mod unsent;

use bytes::Bytes;

#[cfg(feature = "leios")]
pub use crate::channel::rules;

#[cfg(feature = "leios")]
pub use channels::{ChannelInput, Channels, Outgoing};
pub use framed::{Framed, FramedConfig};
pub use framing::{Framing, LengthPrefixed, Split, Vlq, Whole};
#[cfg(feature = "leios")]
pub use mux::{Mux, MuxConfig, MuxLocal, MuxNotice, Policy};
pub use over_frames::OverFrames;
pub use peers::{PeerOutbox, Peers};
pub use staged::{Follow, Parts, Stage, Staged, StagedOf};

/// What reaches a link from its transport.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum Transport {
    /// The next bytes of the stream.
    Received(#[cfg_attr(feature = "serde", serde(with = "crate::codec::text::hex_bytes"))] Bytes),
    /// The transport takes so many bytes more: what it had room for at first, later what it has
    /// accepted since. [`Transport::UNCOUNTED`] says once and for good that it takes everything.
    Writable(#[cfg_attr(feature = "serde", serde(with = "credit"))] usize),
    /// The peer has finished: no bytes follow, but it still takes ours. A half-closed stream, or
    /// one of which no more is known.
    Finished,
    /// The stream is no more: no bytes follow, and none are taken.
    Closed,
}

impl Transport {
    /// Send credit without end: `Writable(UNCOUNTED)`.
    pub const UNCOUNTED: usize = usize::MAX;
}

/// True if there is little room for more where `limit` bytes may wait.
const fn is_crowded(bytes: usize, limit: usize) -> bool {
    bytes > limit.saturating_sub(limit / 16)
}

/// Credit as data: a number, or `null` for uncounted, which is another number on other targets.
#[cfg(feature = "serde")]
mod credit {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Transport;

    pub(super) fn serialize<S: Serializer>(credit: &usize, to: S) -> Result<S::Ok, S::Error> {
        (*credit != Transport::UNCOUNTED).then_some(*credit).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<usize, D::Error> {
        Option::<usize>::deserialize(from).map(|credit| credit.unwrap_or(Transport::UNCOUNTED))
    }
}

#[cfg(feature = "arbitrary")]
impl<'a> arbitrary::Arbitrary<'a> for Transport {
    fn arbitrary(u: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        Ok(match u.int_in_range(0..=7)? {
            0 if u.arbitrary()? => Self::Finished,
            0 => Self::Closed,
            1 => Self::Writable(Self::UNCOUNTED),
            2 | 3 => Self::Writable(u.int_in_range(0..=65_535)?),
            _ => Self::Received(Bytes::from(alloc::vec::Vec::<u8>::arbitrary(u)?)),
        })
    }
}

/// The fault of more waiting to leave than `limit` allows: of a peer that has more sent to it than
/// it takes, or, if what came last is `ours`, of nobody.
const fn too_much(limit: &'static str, ours: bool) -> crate::Fault {
    if ours { crate::Fault::congested(limit) } else { crate::Fault::overrun(limit) }
}

/// Every link over a machine that is comparable and can be sent to a thread is so too.
#[cfg(feature = "leios")]
const _: () = {
    use crate::channel::OverChannels;
    use crate::machine::Machine;
    use ::core::fmt::Debug;
    use ::core::hash::Hash;

    trait Kept: Clone + Debug + Eq + Hash + Send + 'static {}
    impl<T: Clone + Debug + Eq + Hash + Send + 'static> Kept for T {}

    #[allow(dead_code)] // Compiling it is the point.
    trait Links {
        type Channels: Kept;
        type Mux: Kept;
        type Framed: Kept;
        type Staged: Kept;
        type Peers: Kept;
    }

    impl<M, F: Framing + Kept, K: Ord + Kept> Links for (M, F, K)
    where
        M: OverChannels + OverFrames + Machine<Send: Send, Notice: Send, Query: Send> + Kept,
    {
        type Channels = Channels<M>;
        type Mux = Mux<M>;
        type Framed = Framed<M, F>;
        type Staged = Staged<Mux<M>, F, Framed<M, F>>;
        type Peers = Peers<K, M>;
    }
};
