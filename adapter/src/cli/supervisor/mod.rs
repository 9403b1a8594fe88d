//! The commands of the Supervisor family.

pub mod serve;
