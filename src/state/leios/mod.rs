//! The machines of the Leios pair, its neighbours and its baseline.

mod client;
mod credit;
mod hash;
mod limits;
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
pub use server::{Content, ServerCommand, ServerNotice, ServerQuery, ServerRemote};
pub use slot::SlotClock;
