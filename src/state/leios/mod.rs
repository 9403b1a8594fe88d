//! The machines of the Leios pair, its neighbours and its baseline.

mod client;
mod credit;
mod hash;
mod heap;
mod limits;
mod numbers;
mod server;
mod slot;
mod window;

pub mod rules;
pub mod table;

pub use client::{
    Announcement, ClientCommand, ClientNotice, ClientQuery, ClientRemote, PairMessage, Unit,
    Verdict, WantedTx,
};
pub use hash::{Blake2b, RustCryptoBlake2b};
pub use limits::Limits;
pub use numbers::{LEIOS_REPLY, LEIOS_REQUEST, LEIOS_SHARE};
pub use server::{Content, Order, Server, ServerCommand, ServerNotice, ServerQuery, ServerRemote};
pub use slot::SlotClock;
