//! The whole Supervisor before scripted chains: nodes tell, questions are answered from the truth.

#![cfg(all(feature = "supervisor", feature = "sim"))]

mod calls;
mod chains;
mod doubts;
mod edges;
mod faults;
mod finality;
mod forms;
#[path = "../supervisor_index/heads.rs"]
mod heads;
mod hostile;
mod liars;
mod nodes;
mod reorganisations;
mod roots;
mod sources;
mod world;
