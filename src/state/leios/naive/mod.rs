//! NaiveLeios, the baseline the proposal argues against: one question at a time (`leios.md` 5.1).

mod channels;
mod client;
mod input;
mod server;

pub use client::NaiveClient;
pub use input::{
    NaiveCommand, NaiveContent, NaiveNotice, NaiveQuery, NaiveServerCommand, NaiveServerNotice,
};
pub use server::NaiveServer;

use core::time::Duration;

/// The limits of NaiveLeios.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct NaiveConfig {
    /// How many requests may be under way: 1 is lock-step, more is pipelining. A client keeps to
    /// it; a server keeps so many, and more is a fault. Replies stay in the order of requests.
    pub pipeline: usize,
    /// Longest message in StIdle, StNotification and StVote, in bytes; 65,535.
    pub max_small: usize,
    /// Longest message in StBlock and StBlockTx, in bytes; 2,500,000.
    pub max_large: usize,
    /// How long the server may stay in StBlock, StBlockTx and StVote; 60 s.
    pub busy_timeout: Duration,
}

impl Default for NaiveConfig {
    fn default() -> Self {
        Self {
            pipeline: 1,
            max_small: 65_535,
            max_large: 2_500_000,
            busy_timeout: Duration::from_secs(60),
        }
    }
}
