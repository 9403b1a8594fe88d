//! The index: what was logged and derived on every chain, and how safe it is
//! (`supervisor.md` section 8).

mod derivation;
mod log_index;
mod pages;

pub use derivation::{DerivationIndex, Entry};
pub use log_index::{Claim, ExecutingLog, IndexedLog, LogIndex, OpenBlock, Slot};
