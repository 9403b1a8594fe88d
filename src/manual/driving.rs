//! Driving a machine: what goes in, what comes out, what a driver owes it.
//!
//! # Three inputs, four actions
//!
//! | in | call | from |
//! |---|---|---|
//! | local | [`handle_local`](crate::Machine::handle_local) | your application: commands, answers |
//! | remote | [`handle_remote`](crate::Machine::handle_remote) | outside: bytes, messages, room to send, the end of the stream |
//! | time | [`handle_timeout`](crate::Machine::handle_timeout) | your clock, once [`deadline`](crate::Machine::deadline) is reached |
//!
//! | out | what to do |
//! |---|---|
//! | [`Send`](crate::Action::Send) | pass it to the other side, in order |
//! | [`Notify`](crate::Action::Notify) | tell the application; may wait |
//! | [`Ask`](crate::Action::Ask) | find it out, and hand the answer in as local input; may wait |
//! | [`Close`](crate::Action::Close) | it is over: the last action there is |
//!
//! Every call puts the actions it causes into the [`Outbox`](crate::Outbox) you hand in, in the
//! order of their causes. Nothing is kept for a later call, except bytes that wait for send
//! credit. So there is one rule: **after each call, empty the outbox and read the deadline anew.**
//! Forget the outbox, and the actions are still there after the next call, in order.
//!
//! # The loop
//!
//! Two machines, one thread, no transport at all; what takes the place of a socket is a variable.
//!
//! ```
//! # #[cfg(feature = "leios")] {
//! use nodewire::codec::leios::KeepAliveMessage;
//! use nodewire::state::leios::{
//!     KeepAliveClient, KeepAliveCommand, KeepAliveConfig, KeepAliveNotice, KeepAliveServer,
//! };
//! use nodewire::{Action, Ending, Machine, Outbox, Time};
//!
//! let mut now = Time::ZERO;
//! let mut client = KeepAliveClient::new(KeepAliveConfig::default(), now);
//! let mut server = KeepAliveServer::new(KeepAliveConfig::default(), now);
//! let (mut out, mut back) = (Outbox::new(), Outbox::new());
//! let mut round_trips = 0;
//!
//! let ending = 'run: loop {
//!     // 1. Everything that came of the last input.
//!     while let Some(action) = out.pop() {
//!         match action {
//!             Action::Send(message) => server.handle_remote(now, message, &mut back),
//!             Action::Notify(KeepAliveNotice::RoundTrip { .. }) => round_trips += 1,
//!             Action::Notify(_) => {}
//!             Action::Ask(_, nothing) => match nothing {},
//!             Action::Close(ending) => break 'run ending,
//!         }
//!     }
//!     // 2. The next input: what has come, what the application wants, or the time.
//!     if let Some(Action::Send(answer)) = back.pop() {
//!         client.handle_remote(now, answer, &mut out);
//!     } else if round_trips == 3 {
//!         client.handle_local(now, KeepAliveCommand::Finish, &mut out).unwrap();
//!     } else {
//!         now = client.deadline().expect("it always has a next ping"); // you would sleep here
//!         client.handle_timeout(now, &mut out);
//!     }
//! };
//! assert_eq!(ending, Ending::Done);
//! # }
//! ```
//!
//! Around a *link* ([`Mux`], [`Framed`](crate::link::Framed),
//! [`Staged`](crate::link::Staged)) it is the same loop, with bytes:
//! `examples/blocking.rs` has it for a TCP stream and nothing but `std`, `adapter/src/drive.rs`
//! for tokio. Both are under test; copy what fits.
//!
//! # What a driver owes
//!
//! - **Order.** `Send` and `Close` are carried out in order. `Notify` and `Ask` may be late.
//! - **Time.** [`Time`](crate::Time) is microseconds since an epoch of your choice, from a
//!   monotonic clock; the same epoch for all calls. Call `handle_timeout` at the deadline or soon
//!   after; early and repeated calls do nothing.
//! - **Pressure.** Don't read while [`saturated`](crate::Machine::saturated); grant send credit
//!   from real room ([`backpressure`](crate::manual::backpressure)).
//! - **The end.** After `Close`, write what was sent before it, then drop the machine. Links end
//!   for good by themselves; around a bare machine [`UntilClosed`](crate::UntilClosed) swallows
//!   what comes later.
//! - **Wall-clock time** is data: a [`SlotClock`] says which slot
//!   begins when.
//!
//! # If you know quinn-proto or str0m
//!
//! | there | here |
//! |---|---|
//! | str0m `handle_input(Input::Receive(now, ..))`, quinn-proto `handle_event(..)` | `handle_remote(now, Transport::Received(bytes), &mut out)` |
//! | str0m `handle_input(Input::Timeout(now))`, quinn-proto `handle_timeout(now)` | `handle_timeout(now, &mut out)` |
//! | str0m `poll_output()` until `Output::Timeout` | `while let Some(action) = out.pop()` |
//! | quinn-proto `poll_transmit`, `poll_timeout`, `poll_endpoint_events`, `poll`, in that order | the same one loop: the order is that of the causes |
//! | `Output::Transmit`, `Transmit` | `Action::Send` |
//! | `Output::Event`, `poll() -> Event` | `Action::Notify` |
//! | `Output::Timeout(at)`, `poll_timeout()` | `deadline()`: a look, it changes nothing |
//! | handles to streams and channels, then poll again | `handle_local(now, command, &mut out)`; what it causes is in `out` when it returns |
//! | callbacks and providers for keys, stores, ledgers | `Action::Ask` and an answer, in any order, or never |
//! | `Instant` | `Time`, a number: record it, compare it, jump with it |
//! | an error from a call may be the peer's doing | `Err` is always yours, and nothing has happened; the peer's doing is `Action::Close` |
//! | a state that must not be cloned | `Clone + Eq + Hash`: fork a connection in a test, compare, explore |
//!
#![cfg_attr(feature = "leios", doc = "[`Mux`]: crate::link::Mux")]
#![cfg_attr(not(feature = "leios"), doc = "[`Mux`]: crate#features")]
#![cfg_attr(feature = "leios", doc = "[`SlotClock`]: crate::state::leios::SlotClock")]
#![cfg_attr(not(feature = "leios"), doc = "[`SlotClock`]: crate#features")]
