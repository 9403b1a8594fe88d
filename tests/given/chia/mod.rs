//! The Chia family: small values that fit together, and pickers for the connection and the roles.

mod connection;
mod net;
mod pools;
mod residents;
mod roles;
mod values;

pub use connection::{ForChiaConnection, ForChiaSession};
pub use net::{Net, Party, host};
pub use pools::{ForPool, ForPoolClient};
pub use residents::{ADVERSARY, Closed, Member, RESIDENTS, Resident, Tamper, TownNet, residents};
pub use roles::{
    ForRole, addresses, clockwork, farmer, full_node, harvester, introducer, keeper, plots, purse,
    serving, sync, timelord, transactions, wallet,
};
pub use values::{World, message, message_between, world};
