//! The manual: documentation only, in reading order.
//!
//! 1. [`driving`]: what goes in, what comes out, and what a driver owes a machine; for those who
//!    come from libraries that are polled, line by line.
//! 2. [`questions`]: how a machine asks for what it cannot know.
//! 3. [`backpressure`]: credit, saturation, held channels, limits.
//! 4. [`faults`]: whose fault it is, how bad, and which rule it broke.
//! 5. [`leios`]: the family: what the pair is, and how to run its machines.
//! 6. [`supervisor`]: the family: what it answers, what it has to be told, how to run it.
//! 7. [`chia`]: the family: who talks to whom, what happens when, how to run it.
//! 8. [`testing`]: laws, explorer, network, adversaries, traces and scenarios, for machines of
//!    your own.
//! 9. [`diagrams`]: the tables of all protocols, drawn.
//!
#![cfg_attr(not(feature = "leios"), doc = "[`leios`]: crate#features")]
#![cfg_attr(not(feature = "chia"), doc = "[`chia`]: crate#features")]
#![cfg_attr(not(feature = "supervisor"), doc = "[`supervisor`]: crate#features")]
#![cfg_attr(not(feature = "sim"), doc = "[`testing`]: crate#features")]

pub mod backpressure;
#[cfg(feature = "chia")]
pub mod chia;
pub mod diagrams;
pub mod driving;
pub mod faults;
#[cfg(feature = "leios")]
pub mod leios;
pub mod questions;
#[cfg(feature = "supervisor")]
pub mod supervisor;
#[cfg(feature = "sim")]
pub mod testing;
