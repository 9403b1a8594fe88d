//! The Chia protocol of December 2019: connections and the roles on them (`chia.md` 7 to 14).
//!
//! - [`Connection`]: one stream: handshake, pings, who may send what, limits. What the peer's role
//!   says goes through it, in order.
//! - [`FullNode`], [`Farmer`], [`Harvester`], [`Timelord`], [`Introducer`], [`Wallet`]: the roles.
//!   What one hears is [`FromPeer`], what it says a [`Delivery`].
//! - [`Sync`], [`Serving`], [`Transactions`], [`Addresses`]: the parts of a full node. Another chain,
//!   found to be heavier, becomes its own; requests are answered out of its chain; transactions are
//!   exchanged; addresses are told and dialled.
//! - [`Pool`], [`PoolClient`]: the two ends of a session between farmer and pool, which is no
//!   connection of nodes.
//! - [`Registry`]: who is connected, one connection for each node id, and who is kept out.
//! - [`rules`]: every numbered rule, with its text and how much its breaking counts.
//! - [`Limits`]: every bound and time, each a field to set.

pub mod rules;

mod addresses;
mod by_node;
mod chain;
mod connection;
mod farmer;
mod full_node;
mod harvester;
mod hosts;
mod introducer;
mod iterations;
mod limits;
mod nonces;
mod pool;
mod recent;
mod registry;
mod role;
mod senders;
mod serving;
mod sizes;
mod sync;
mod tellers;
mod timelord;
mod transactions;
mod wallet;

pub use addresses::{Addresses, AddressesCommand, AddressesConfig, AddressesLimits};
pub use chain::{Added, Chain, MAX_TIPS, Tip};
pub use connection::{
    Admission, CONNECTION, Connection, ConnectionCommand, ConnectionConfig, ConnectionLabel,
    ConnectionNotice, ConnectionPhase, ConnectionQuery, ConnectionRemote, Direction, Peer,
};
pub use farmer::{
    Farmer, FarmerCommand, FarmerConfig, FarmerLimits, FarmerNotice, FarmerQuery, PartialProof,
    Signed,
};
pub use full_node::{
    Candidate, CandidateRequest, FullNode, FullNodeCommand, FullNodeConfig, FullNodeLimits,
    FullNodeNotice, FullNodeQuery, PooledCoinbase, Proven,
};
pub use harvester::{
    Harvester, HarvesterCommand, HarvesterLimits, HarvesterNotice, HarvesterQuery, Plot, PlotId,
};
pub use introducer::Introducer;
pub use iterations::{Difficulty, iterations};
pub use limits::{Limits, RateLimits, WhenTooFast};
pub use pool::{
    Credit, Pool, PoolClient, PoolClientCommand, PoolClientConfig, PoolClientNotice,
    PoolClientQuery, PoolCommand, PoolConfig, PoolLimits, PoolNotice, PoolQuery, PoolRate,
};
pub use registry::{
    Opened, Parted, REACTIONS, Reaction, Registry, RegistryLimits, TurnedAway, Verdict,
};
pub use role::{ConnectionId, Delivery, FromPeer, Parting, PutOff, Role, Whereabouts};
pub use senders::{Row, SENDERS, is_useful, may_send};
pub use serving::{AtHeights, Found, Serving, ServingCommand, ServingLimits, ServingQuery};
pub use sync::{
    ClaimedTip, HeaderBatch, Sync, SyncCommand, SyncFailure, SyncLimits, SyncNotice, SyncOutcome,
    SyncPhase, SyncQuery, SyncStart, Weighed,
};
pub use timelord::{Timelord, TimelordCommand, TimelordConfig, TimelordNotice, TimelordQuery};
pub use transactions::{
    TransactionHash, TransactionIds, TransactionResult, Transactions, TransactionsCommand,
    TransactionsLimits, TransactionsQuery,
};
pub use wallet::{Lca, Wallet, WalletCommand, WalletLimits, WalletNotice, WalletRequest};
