//! The Supervisor's machines and the index behind them (`supervisor.md` sections 4, 7, 8 and 9).

mod config;
mod index;
mod limits;

pub use config::{ChainConfig, Config, ExpiryWindow};
pub use index::{
    Chain, Claim, Consequence, CycleBlock, CycleRole, DerivationIndex, Entry, ExecutingLog, Heads,
    Index, IndexedLog, Link, LogIndex, OpenBlock, Slot, cycles,
};
pub use limits::Limits;
