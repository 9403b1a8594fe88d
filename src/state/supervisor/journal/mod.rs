//! Durability: a journal of inputs, snapshots of the machine, and starting again from them.
//!
//! Replaying the inputs of a journal gives the machine that took them in, exactly, and with it
//! every question that was open. [`Durable`] is a Supervisor that acknowledges nothing before the
//! input that led to it is on the disk.

mod durable;
mod forms;
mod heads;
mod record;
mod recover;
mod snapshot;
mod store;

pub use durable::{Durable, DurableCommand, DurableNotice, DurableQuery};
pub use heads::{ChainHeads, HeadDifference, Level};
pub use record::{Record, RecordBody};
pub use recover::{Recovered, recover};
pub use snapshot::{Snapshot, restore};
pub use store::{DurableLimits, Store, StoreAnswer};

use super::config::Config;
use super::limits::Limits;
use crate::codec::supervisor::{Keccak256 as _, RustCryptoKeccak256};

/// The version of what the machine does with its inputs. Raise it whenever the same inputs could
/// lead to other heads, other questions or other numbers of questions.
pub const LOGIC_VERSION: u32 = 4;

/// What a configuration and limits are told apart by.
pub(crate) fn fingerprint(config: &Config, limits: &Limits) -> [u8; 8] {
    // All fields, whatever they are: one that is forgotten would be a replay that differs.
    let text = alloc::format!("{config:?} {limits:?}");
    let hash = RustCryptoKeccak256::keccak256(&[text.as_bytes()]);
    hash.0.first_chunk().copied().unwrap_or_default()
}
