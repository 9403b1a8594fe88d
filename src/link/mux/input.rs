//! What goes into a multiplexer from the application, and what it is told.

use bytes::Bytes;

use crate::channel::Channel;

/// What the application wants of a [`Mux`](super::Mux).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum MuxLocal<L> {
    /// Input for the machine.
    Machine(L),
    /// Send this on a foreign channel.
    Foreign {
        /// Which channel.
        channel: Channel,
        /// What to send.
        #[cfg_attr(feature = "serde", serde(with = "crate::codec::text::hex_bytes"))]
        bytes: Bytes,
    },
    /// So many bytes received on a foreign channel are used up (L-63).
    Consumed {
        /// Which channel.
        channel: Channel,
        /// How many bytes.
        bytes: usize,
    },
}

/// What a [`Mux`](super::Mux) tells the application.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum MuxNotice<N> {
    /// From the machine.
    Machine(N),
    /// The next bytes of a foreign channel. They count against its ingress limit until
    /// [`MuxLocal::Consumed`].
    Foreign {
        /// Which channel.
        channel: Channel,
        /// Its bytes, a slice of what was read.
        #[cfg_attr(feature = "serde", serde(with = "crate::codec::text::hex_bytes"))]
        bytes: Bytes,
    },
}
