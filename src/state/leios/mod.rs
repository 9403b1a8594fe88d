//! The machines of the Leios pair, its neighbours and its baseline.

mod client;
mod connection;
mod credit;
mod fetch;
mod handshake;
mod hash;
mod keep_alive;
mod limits;
mod mini_protocols;
mod naive;
mod one_channel;
mod server;
mod slot;
mod window;

pub mod rules;
pub mod table;

use crate::heap;

pub use client::{
    Announcement, Client, ClientCommand, ClientNotice, ClientQuery, ClientRemote, PairMessage,
    Unit, Verdict, WantedTx,
};
pub use connection::{
    Connection, ConnectionCommand, ConnectionConfig, ConnectionMessage, ConnectionNotice,
    ConnectionQuery, ConnectionRemote, Parts,
};
pub use fetch::{Fetch, FetchCommand, FetchLimits, FetchNotice, FetchQuery, VoteNeed};
pub use handshake::{Agreement, Handshake, HandshakeCommand, HandshakeConfig, HandshakeNotice};
pub use hash::{Blake2b, RustCryptoBlake2b};
pub use keep_alive::{
    KeepAliveClient, KeepAliveCommand, KeepAliveConfig, KeepAliveNotice, KeepAliveServer,
};
pub use limits::Limits;
pub use mini_protocols::{
    HANDSHAKE_NUMBER, KEEP_ALIVE_NUMBER, LEIOS_REPLY, LEIOS_REQUEST, LEIOS_SHARE, LeiosNumbers,
    NAIVE_NUMBER, Numbers,
};
pub use naive::{
    NaiveClient, NaiveCommand, NaiveConfig, NaiveContent, NaiveNotice, NaiveQuery, NaiveServer,
    NaiveServerCommand, NaiveServerNotice,
};
pub use server::{Content, Order, Server, ServerCommand, ServerNotice, ServerQuery, ServerRemote};
pub use slot::SlotClock;
