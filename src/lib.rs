//! Sans-IO protocol state machines for blockchain nodes.
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

extern crate alloc;
#[cfg(any(test, feature = "arbitrary"))]
extern crate std;

mod ask;
mod channel;
mod fault;
#[cfg(feature = "serde")]
mod forms;
mod heap;
mod machine;
mod ordered;
mod outbox;
mod table;
mod time;
mod until_closed;

pub mod codec;
#[cfg(feature = "leios")]
pub mod leios;
pub mod link;
#[cfg(feature = "sim")]
pub mod sim;
pub mod state;

pub use bytes;

pub use ask::{AskId, Asks};
pub use channel::{Channel, ChannelSpec, Class, OverChannels};
pub use fault::{Ending, Fault, Refusal, Refused, Rule, Severity};
pub use machine::{Action, ActionOf, Input, InputOf, Machine, Never, Out};
pub use ordered::Ordered;
pub use outbox::Outbox;
pub use table::{Agency, Edge, Role, Table, edge};
pub use time::{Deadlines, Time};
pub use until_closed::UntilClosed;

/// The program in the README, run as a test.
#[cfg(all(doctest, feature = "leios"))]
#[doc = include_str!("../README.md")]
mod readme {}
