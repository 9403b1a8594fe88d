//! Protocol state machines for blockchain nodes, without I/O.
//!
//! ```text
//!    commands, answers ──►┌───────────┐──► Send    to the other side
//!    bytes, messages   ──►│  Machine  │──► Notify  the application
//!    time              ──►│           │──► Ask     somebody else, who answers
//!       deadline()     ◄──└───────────┘──► Close   done, or a fault
//! ```
//!
//! Every protocol, connection and decorator here is a [`Machine`]. An input and the time go in;
//! what is to be done comes out of the same call, in an [`Outbox`] that you own. There is no clock,
//! socket, thread, random number or hash order behind it, so the same inputs give the same actions
//! anywhere: in a test, under a simulator, on a target without an operating system.
//!
//! # The loop
//!
//! A driver reads bytes, sleeps until a deadline, and carries out actions. This is all of it, for
//! any link over any blocking stream:
//!
//! ```
//! use std::io::{self, Read, Write};
//!
//! use nodewire::bytes::Bytes;
//! use nodewire::link::Transport;
//! use nodewire::{Action, AskId, Ending, Machine, Outbox, Time};
//!
//! fn drive<M: Machine<Remote = Transport, Send = Bytes>>(
//!     machine: &mut M,
//!     stream: &mut (impl Read + Write),
//!     now: impl Fn() -> Time,
//!     mut notice: impl FnMut(M::Notice),
//!     mut answer: impl FnMut(AskId, M::Query) -> M::Local,
//! ) -> io::Result<Ending> {
//!     let (mut out, mut buffer) = (Outbox::new(), [0; 4_096]);
//!     machine.handle_remote(now(), Transport::Writable(Transport::UNCOUNTED), &mut out);
//!     loop {
//!         while let Some(action) = out.pop() {
//!             match action {
//!                 Action::Send(bytes) => stream.write_all(&bytes)?,
//!                 Action::Notify(news) => notice(news),
//!                 Action::Ask(id, query) => {
//!                     let answer = answer(id, query);
//!                     machine.handle_local(now(), answer, &mut out).map_err(|no| no.why).unwrap();
//!                 }
//!                 Action::Close(ending) => return Ok(ending),
//!             }
//!         }
//!         match stream.read(&mut buffer) { // at most until machine.deadline()
//!             Ok(0) => machine.handle_remote(now(), Transport::Finished, &mut out),
//!             Ok(n) => {
//!                 let bytes = Bytes::copy_from_slice(&buffer[..n]);
//!                 machine.handle_remote(now(), Transport::Received(bytes), &mut out);
//!             }
//!             Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
//!                 machine.handle_timeout(now(), &mut out);
//!             }
//!             Err(e) => return Err(e),
//!         }
//!     }
//! }
//! # #[cfg(feature = "leios")]
//! # fn main() {
//! # use nodewire::leios::{self, SessionConfig};
//! # // A peer that says the first half of a segment's header, then nothing, then hangs up.
//! # struct Peer(u8);
//! # impl Read for Peer {
//! #     fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
//! #         self.0 += 1;
//! #         match self.0 {
//! #             1 => Ok(buffer[..4].fill(0)).map(|()| 4),
//! #             2 => Err(io::ErrorKind::WouldBlock.into()),
//! #             _ => Ok(0),
//! #         }
//! #     }
//! # }
//! # impl Write for Peer {
//! #     fn write(&mut self, bytes: &[u8]) -> io::Result<usize> { Ok(bytes.len()) }
//! #     fn flush(&mut self) -> io::Result<()> { Ok(()) }
//! # }
//! # let mut session = leios::responder(SessionConfig::new(164), Time::ZERO);
//! # let answer = |_, _| unreachable!();
//! # let ending = drive(&mut session, &mut Peer(0), || Time::ZERO, drop, answer).unwrap();
//! # assert!(matches!(ending, Ending::Fault(nodewire::Fault::Truncated { .. })));
//! # }
//! # #[cfg(not(feature = "leios"))]
//! # fn main() {}
//! ```
//!
//! `examples/blocking.rs` adds what a real socket wants: time-outs, send credit as the socket takes
//! the bytes, commands of its own. `adapter/` has the same for tokio.
//!
//! # The rooms
//!
//! | room | what is in it | knows |
//! |---|---|---|
//! | the root | [`Machine`], [`Outbox`], [`Asks`], [`Fault`], [`Rule`], [`Table`], [`Time`] | nothing else |
//! | [`codec`] | bytes to values and back; a file is an encoding, a folder a family | nothing else |
//! | [`state`] | values to actions; a folder is a family, a folder or file in it a machine | the root, its own codec |
//! | [`link`] | bytes to actions: [`Mux`], [`Channels`], [`Framed`](link::Framed), [`Staged`](link::Staged), [`Peers`](link::Peers) | the root, any machine by its trait |
//! | [`mod@leios`] | all of a family on one stream, ready to be driven | its family, links |
//! | [`mod@chia`] | one connection on a stream; a whole node, of any role, on all of its streams | its family, links |
//! | [`sim`] | laws, explorer, network, adversaries, traces, player, scenarios | all of the above |
//! | [`manual`] | how to use all this, in reading order | |
//!
//! # Where to go
//!
//! - To run the Leios pair: [`mod@leios`] for a stream, then the manual's page on the family.
//! - To run the Supervisor: the manual's page on the family.
//! - To run a Chia node: [`mod@chia`], then the manual's page on the family and
//!   `examples/chia_harvester.rs`.
//! - To write a driver: the manual's pages on driving, questions and backpressure.
//! - To write a machine: [`Machine`], then the manual's page on testing.
//! - To see it run: `cargo run --release -- demo` in the repository.
//!
//! # Features
//!
//! | feature | adds | with it comes |
//! |---|---|---|
//! | `leios` (default) | the Leios family | `blake2` |
//! | `supervisor` (default) | the OP-Stack interop Supervisor | `crc`, `serde`, `serde_json`, `sha3` |
//! | `chia` (default) | the Chia protocol of 2019: codec, connection, every role, both ends of a pool session | `num-bigint`, `sha2` |
//! | `serde` | messages, inputs and actions as data | `serde` |
//! | `sim` | the room of that name | `serde`, `serde_json` |
//! | `arbitrary` | values from fuzzer bytes | `arbitrary`, `std` |
//!
//! A feature adds items and never changes behaviour. Without any: `bytes`, `thiserror`, `no_std`
//! with `alloc`. Rust 1.85 or later.
//!
// Rooms that a feature leaves out link to the list of features.
#![cfg_attr(not(feature = "leios"), doc = "[`mod@leios`]: #features")]
#![cfg_attr(not(feature = "leios"), doc = "[`Mux`]: #features")]
#![cfg_attr(not(feature = "leios"), doc = "[`Channels`]: #features")]
#![cfg_attr(feature = "leios", doc = "[`Mux`]: link::Mux")]
#![cfg_attr(feature = "leios", doc = "[`Channels`]: link::Channels")]
#![cfg_attr(not(feature = "chia"), doc = "[`mod@chia`]: #features")]
#![cfg_attr(not(feature = "sim"), doc = "[`sim`]: #features")]
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![warn(
    clippy::alloc_instead_of_core,
    clippy::exhaustive_enums,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::pedantic,
    clippy::std_instead_of_core,
    clippy::unwrap_used
)]
// Not `as_conversions`: nothing else leads from `usize` to `u64` or from `u32` to `usize` without a
// case that cannot be, and where something may be lost `cast_possible_truncation` and its kin tell.
#![allow(
    // In a row of variants or of calls the shape is the same, whatever it takes in one of them.
    clippy::needless_for_each,
    clippy::single_match_else,
    // Names are the specification's, or one letter for each of a few bytes.
    clippy::many_single_char_names,
    clippy::similar_names,
    // `serde(with)`, `admits(&input)` and fields of a machine go by reference whatever their size.
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref
)]

extern crate alloc;
#[cfg(any(test, feature = "arbitrary"))]
extern crate std;

// What the conversions with `as` between these types count on.
const _: () = assert!(u32::BITS <= usize::BITS && usize::BITS <= u64::BITS);

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

#[cfg(feature = "chia")]
pub mod chia;
pub mod codec;
#[cfg(feature = "leios")]
pub mod leios;
pub mod link;
pub mod manual;
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
