//! What we test with, for users too: laws, explorer, adversaries, a simulated network, traces,
//! play.
//!
//! Everything here works on any [`Machine`](crate::Machine), a user's own included, and under
//! virtual time: nothing reads a clock, nothing opens a socket, everything repeats from a seed.
//!
//! - [`Laws`], [`cut_invariance`]: what every machine must keep, checked input by input.
//! - [`explore`] with a [`World`]; [`Duo`] for two machines joined by queues.
//! - [`Twist`]: makes an adversary of an honest machine.
//! - [`Net`]: many nodes over links with rate, delay, backlog and faults.
//! - [`Trace`], [`Recorder`], [`replay`]: what happened, as JSON lines; [`Sequence`] draws it.
//! - [`Player`]: any machine behind one function from line to lines.
//! - `scenario`: the tests of numbered rules as data files, for any implementation; `made`:
//!   made-up blocks, headers and votes for them.
//! - `chia`: oracles that answer the questions of each Chia role, out of a chain in memory and with
//!   stand-ins for plots, keys and VDFs; a node with its oracle as one machine (`Staffed`); blocks.
//! - [`Rng`], [`TraceHash`]: the seeded numbers and the hash behind all of it.

mod duo;
mod explore;
mod hash;
mod host;
mod laws;
mod net;
mod node;
mod player;
mod record;
mod rng;
mod sequence;
mod side;
mod trace;
mod twist;

#[cfg(feature = "chia")]
pub mod chia;
#[cfg(feature = "leios")]
pub mod made;
#[cfg(any(feature = "chia", feature = "leios", feature = "supervisor"))]
pub mod scenario;
#[cfg(feature = "supervisor")]
pub mod supervisor;

pub use duo::{Duo, Wiring};
pub use explore::{Bounds, Explored, Found, World, explore};
pub use hash::{Fingerprint, TraceHash};
pub use host::{Host, Orders, Policy};
pub use laws::{Broken, Law, Laws, Stepped, Uncut, cut_invariance, cut_invariance_by};
pub use net::{Net, NetReport};
pub use node::{End, Event, LinkSpec, Node, Wire};
pub use player::{PLAY_VERSION, Play, Player, TimedInput, read_input};
pub use record::{Keep, Recorder, ReplayError, ReplayReport, replay, replay_link};
pub use rng::Rng;
pub use sequence::Sequence;
pub use side::{DuoMove, Joined, Side};
pub use trace::{Kind, Step, TRACE_VERSION, Trace, TraceError};
pub use twist::{Change, Twist, TwistOp, TwistRates};
