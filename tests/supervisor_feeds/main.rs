//! A Supervisor in the middle of made-up clusters: whatever the order in which it is told, it ends
//! with the same heads and answers, and it recovers from whoever does wrong.
#![cfg(all(feature = "supervisor", feature = "sim"))]

mod answers;
mod checks;
mod content;
mod faults;
#[path = "../supervisor_index/heads.rs"]
mod heads;
mod lines;
mod orders;
mod pinned;
mod replay;
mod resets;
mod run;
