//! A Chia chain in memory, and stand-ins for the cryptography it would take.
//!
//! A full node asks about blocks; here is somebody to ask. A [`Ledger`] keeps a chain, or several
//! branches of one, and knows what [`Consensus`] demands of a block; [`Maker`] makes blocks that
//! keep it. Nothing here verifies a BLS signature, a proof of space or a proof of time: the
//! stand-ins in [`stand_in`] are hashes, good enough to tell what is right from what was damaged,
//! and of use to nobody else. A ledger of real blocks is [`Proofs::Unchecked`].
//!
//! Who answers the questions of a role is an [`Oracle`]: [`Plots`] those of a harvester,
//! [`Purse`] those of a farmer, [`Clockwork`] those of a timelord, [`Keeper`] those of a full node;
//! [`Nobody`] is asked nothing. A node with its oracle is [`Staffed`].

mod census;
mod clockwork;
mod gossip;
mod keeper;
mod ledger;
mod maker;
mod mempool;
mod net;
mod oracle;
mod plots;
mod purse;
mod reader;
mod recorded;
mod staffed;
pub mod stand_in;
mod weigher;

pub use census::Census;
pub use clockwork::Clockwork;
pub use gossip::{GossipOptions, GossipReport, Late, Spread, gossip};
pub use keeper::Keeper;
pub use ledger::{Consensus, Ledger, Proofs};
pub use maker::Maker;
pub use mempool::{INVALID, Mempool};
pub use net::{Conduct, Networked};
pub use oracle::{Answers, Nobody, Oracle};
pub use plots::Plots;
pub use purse::Purse;
pub use recorded::OfRecorded;
pub use staffed::Staffed;
