//! KeepAlive: pings with cookies that show the other side lives (`leios.md` 11.2).

mod channels;
mod client;
mod server;

pub use client::{KeepAliveClient, KeepAliveCommand, KeepAliveNotice};
pub use server::KeepAliveServer;

use core::time::Duration;

/// The times of KeepAlive, and the client's first cookie.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct KeepAliveConfig {
    /// How long after an answer the client pings again; 10 s, and never more than
    /// [`ping_within`](Self::ping_within).
    pub interval: Duration,
    /// The client's first cookie; each later one is one greater, and 0 follows 65,535.
    pub first_cookie: u16,
    /// A ping comes within this; 97 s in StClient.
    pub ping_within: Duration,
    /// An answer comes within this; 60 s in StServer.
    pub answer_within: Duration,
    /// Longest message in bytes; 65,535.
    pub max_message: usize,
}

impl Default for KeepAliveConfig {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(10),
            first_cookie: 0,
            ping_within: Duration::from_secs(97),
            answer_within: Duration::from_secs(60),
            max_message: 65_535,
        }
    }
}
