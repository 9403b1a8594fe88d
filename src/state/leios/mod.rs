//! The machines of the Leios pair, its neighbours and its baseline.

mod client;
mod limits;
mod server;
mod slot;

pub use client::{
    Announcement, ClientCommand, ClientNotice, ClientQuery, ClientRemote, PairMessage, Unit,
    Verdict, WantedTx,
};
pub use limits::Limits;
pub use server::{Content, ServerCommand, ServerNotice, ServerQuery, ServerRemote};
pub use slot::SlotClock;
