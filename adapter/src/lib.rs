//! Drives the machines of nodewire over real transports.
//!
//! [`drive()`] is the whole of an asynchronous adapter; everything else here is what the command
//! line needs around it.

pub mod check;
pub mod chia;
mod drive;
pub mod hex;
pub mod leios;
pub mod machines;
pub mod sim;
pub mod socket;
pub mod supervisor;
pub mod wire;

pub use drive::{Backlog, Host, drive};
