//! Testing: laws, explorer, network, adversaries, traces and scenarios, for machines of your own.
//!
//! Everything is behind the feature `sim`, runs in virtual time, and repeats from a seed.
//!
//! | question | tool |
//! |---|---|
//! | does my machine keep the contract? | [`Laws`](crate::sim::Laws), [`cut_invariance`](crate::sim::cut_invariance) for links |
//! | can two honest sides ever fault one another? | [`explore`](crate::sim::explore) a [`Duo`](crate::sim::Duo) |
//! | what does a liar achieve? | [`Twist`](crate::sim::Twist) around an honest machine |
//! | how does it do over slow, cut, lossy links? | [`Net`](crate::sim::Net) with [`Host`](crate::sim::Host)s |
//! | what happened? | [`Recorder`](crate::sim::Recorder), [`Trace`](crate::sim::Trace), [`Sequence`](crate::sim::Sequence) |
//! | does it still do the same? | [`replay`](crate::sim::replay) |
//! | can another language drive it? | [`Player`](crate::sim::Player), `nodewire play` |
//! | does an implementation keep the rules? | [`scenario`], `nodewire check` |
//!
//! # A machine of one's own
//!
//! A machine that is `Clone + PartialEq + Debug` can be held to the laws: the same again on a
//! clone, no change by a refusal, no idle wake-ups, one close and nothing after it, memory within
//! its limit, answers that count once. Feed it whatever your generator makes.
//!
//! ```
//! use core::time::Duration;
//! use nodewire::sim::{Law, Laws, Recorder, Rng, Trace, Twist, TwistOp, replay};
//! use nodewire::{Action, Fault, Input, Machine, Never, Out, Outbox, Refusal, Refused};
//! use nodewire::{Rule, Severity, Time, UntilClosed};
//!
//! static COUNTS_UP: Rule =
//!     Rule::new("toy/1", "Skipped", "Numbers count up.", "the toy", Severity::Faulty);
//!
//! /// Sends a number each second while asked to, and expects the other side's in order.
//! #[derive(Clone, Debug, Default, PartialEq)]
//! struct Counter { sent: u64, heard: u64, due: Option<Time>, tardy: bool }
//!
//! impl Machine for Counter {
//!     type Local = bool;
//!     type Remote = u64;
//!     type Send = u64;
//!     type Notice = u64;
//!     type Query = Never;
//!
//!     fn handle_local(&mut self, now: Time, run: bool, _: &mut Out<Self>)
//!     -> Result<(), Refusal<bool>> {
//!         if run == self.due.is_some() {
//!             return Err(Refusal::new(Refused::wrong_phase("that already"), run));
//!         }
//!         self.due = run.then(|| now.after(Duration::from_secs(1)));
//!         Ok(())
//!     }
//!     fn handle_remote(&mut self, _: Time, number: u64, out: &mut Out<Self>) {
//!         if number != self.heard {
//!             return out.fail(Fault::violation(&COUNTS_UP, "Listening"));
//!         }
//!         self.heard += 1;
//!         out.notify(number);
//!     }
//!     fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
//!         if self.due.is_some_and(|due| due <= now) {
//!             let next = now.after(Duration::from_secs(1));
//!             self.due = if self.tardy { self.due } else { Some(next) };
//!             out.send(self.sent);
//!             self.sent += 1;
//!         }
//!     }
//!     fn deadline(&self) -> Option<Time> { self.due }
//! }
//!
//! // The laws, over input made from a seed.
//! fn lawful(machine: Counter) -> Result<(), Law> {
//!     let mut rng = Rng::new(1);
//!     let mut laws = Laws::new(machine).footprint_limit(64);
//!     for second in 0..50 {
//!         let input = match rng.below(3) {
//!             0 => Input::Local(rng.below(2) == 0),
//!             1 => Input::Remote(laws.machine().heard + rng.below(20) / 19),
//!             _ => Input::Timeout,
//!         };
//!         laws.step(Time::from_micros(second * 400_000), input).map_err(|broken| broken.law)?;
//!     }
//!     Ok(())
//! }
//! assert_eq!(lawful(Counter::default()), Ok(()));
//! let tardy = Counter { tardy: true, ..Counter::default() };
//! assert_eq!(lawful(tardy), Err(Law::Deadline)); // a driver would spin
//!
//! // An adversary: the honest machine, whose second message never goes out.
//! let mut liar = Twist::script(Counter::default(), [(1, TwistOp::Drop)]);
//! let mut listener = UntilClosed::new(Counter::default());
//! let (mut to_do, mut heard) = (Outbox::new(), Outbox::new());
//! liar.handle_local(Time::ZERO, true, &mut to_do).unwrap();
//! while !heard.ends() {
//!     let now = liar.deadline().unwrap();
//!     liar.handle_timeout(now, &mut to_do);
//!     for action in to_do.drain() {
//!         if let Action::Send(number) = action { listener.handle_remote(now, number, &mut heard) }
//!     }
//! }
//! assert_eq!(heard.len(), 2); // number 0, then the fault: good news come first
//!
//! // A trace of the good side, as JSON lines: replayed, it names the first step that differs.
//! let mut recorder = Recorder::new(Counter::default(), Trace::new("counter", &()));
//! let mut out = Outbox::new();
//! recorder.handle_local(Time::ZERO, true, &mut out).unwrap();
//! recorder.handle_timeout(Time::from_micros(1_000_000), &mut out);
//! let trace: Trace = recorder.trace().to_string().parse().unwrap();
//! assert!(replay(Counter::default(), &trace).is_ok());
//! let other = Counter { sent: 7, ..Counter::default() };
//! println!("{}", replay(other, &trace).unwrap_err()); // step 1 ..
//! ```
//!
//! # Every interleaving
//!
//! [`explore`](crate::sim::explore) sees every state that two machines can reach, nearest first,
//! and returns the shortest way to a fault. [`Duo`](crate::sim::Duo) joins them by queues: in
//! order within a channel, in any order between channels. Keep its worlds tiny, two or three items
//! of everything: they grow fast. `tests/leios_explore/` is the pair's, with its counts in
//! `tests/golden/explore.txt`.
//!
//! # A network
//!
//! [`Net`](crate::sim::Net) runs nodes over links with a rate, a delay, jitter, a backlog, a
//! window; it cuts the stream at any byte and breaks connections. A
//! [`Host`](crate::sim::Host) makes a node of your links and a
//! [`Policy`](crate::sim::Policy) of your own. Same seed, same
//! [`hash`](crate::sim::NetReport::hash), on every target. It models flow control, neither packet
//! loss nor congestion control nor the cost of computing.
//!
//! # Content
//!
//! [`sim::made`] makes transactions, blocks, headers and votes of the real form:
//! they parse and their hashes fit, though no ledger would accept them.
//!
//! # Traces
//!
//! One JSON line a step, bytes in hex, a version in the first line. A link's inputs are the raw
//! bytes, so its trace is a capture too. From the command line: `nodewire demo --record --out
//! FOLDER` writes one, `nodewire replay TRACE` plays it again, `nodewire draw TRACE --steps 0..40`
//! makes an SVG. A shortened trace, which `demo` writes without `--record`, is marked, and refuses to
//! be replayed.
//!
//! # Scenarios
//!
//! A scenario is a JSON file: content, timed steps, the verdicts that are good, the rules it tests.
//! `docs/scenarios.md` describes the format. `cargo test` runs all of `tests/scenarios/`
//! against our machines; `nodewire check leios --connect ADDR` or `--listen ADDR` runs those that
//! can be told by the wire against anybody's, in any language.
//!
//! # Your own settings
//!
//! `PROPTEST_CASES` and `PROPTEST_RNG_SEED` as everywhere; `NODEWIRE_BLESS=1` writes golden files
//! anew; `NODEWIRE_VECTORS` is where more test vectors are, and `NODEWIRE_REQUIRE_VECTORS=1` makes
//! their absence an error.
//!
#![cfg_attr(
    any(feature = "chia", feature = "leios", feature = "supervisor"),
    doc = "[`scenario`]: crate::sim::scenario"
)]
#![cfg_attr(
    not(any(feature = "chia", feature = "leios", feature = "supervisor")),
    doc = "[`scenario`]: crate#features"
)]
#![cfg_attr(feature = "leios", doc = "[`sim::made`]: crate::sim::made")]
#![cfg_attr(not(feature = "leios"), doc = "[`sim::made`]: crate#features")]
