//! Values to actions. A folder is a family, a file is a machine.

#[cfg(feature = "chia")]
pub mod chia;
#[cfg(feature = "leios")]
pub mod leios;
#[cfg(feature = "supervisor")]
pub mod supervisor;
