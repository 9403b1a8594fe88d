//! What a multiplexer goes by.

use core::time::Duration;

/// Sizes, times and the order of the way out. Start from `default()`, which is what Cardano nodes
/// use over TCP with Praos first, and set fields.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct MuxConfig {
    /// Most payload bytes of a segment we send; 1 to 65,535.
    pub sdu_size: u16,
    /// Most payload bytes of a segment we accept.
    pub sdu_max: u16,
    /// A segment is to be complete so long after its first byte (10 s during a handshake).
    pub segment_timeout: Duration,
    /// So many class A segments in a row may go out while class B waits; `None` is no end.
    pub guard: Option<u32>,
    /// Whose turn it is.
    pub policy: Policy,
    /// Most bytes that the application's own input may have waiting on a foreign channel.
    pub egress_limit: usize,
    /// Most bytes that the machine may have waiting on a channel: beyond, the connection ends.
    pub egress_cap: usize,
    /// Bytes at which a `Send` is handed out before the end of a call.
    pub wire_buffer: usize,
    /// What waits to leave when the machine is done is to be gone so long afterwards.
    pub drain_timeout: Duration,
}

/// Whose turn it is on the way out, segment by segment (`leios.md` 10.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Policy {
    /// Class A first, with the guard.
    PraosFirst,
    /// Class A first, always.
    Strict,
    /// Each class A channel and each share in turn.
    Fair,
    /// Class A first, always; class B only once class A has had nothing for so long.
    LeiosPauses {
        /// How long.
        quiet: Duration,
    },
}

impl Default for MuxConfig {
    fn default() -> Self {
        Self {
            sdu_size: 12_288,
            sdu_max: 65_535,
            segment_timeout: Duration::from_secs(30),
            guard: Some(16),
            policy: Policy::PraosFirst,
            egress_limit: 262_143,
            egress_cap: 16_777_216,
            wire_buffer: 131_072,
            drain_timeout: Duration::from_secs(30),
        }
    }
}
