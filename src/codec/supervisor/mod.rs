//! The Supervisor's values: JSON-RPC texts, hex quantities, access lists, roots
//! (`supervisor.md` sections 2 to 6).
//!
//! The member names in JSON are the specification's; [`Profile`] chooses between the specified
//! output and that of deployed services where they differ. Input is accepted in both forms.

mod block;
mod chain_id;
mod code;
mod hash;
mod hex;
mod object;
mod profile;
mod safety;

pub use block::{BlockId, BlockRef, DerivedIdPair, DerivedRefPair, Seal};
pub use chain_id::ChainId;
pub use code::Code;
pub use hash::{Address, Hash, Keccak256, RustCryptoKeccak256};
pub use hex::{HexBytes, HexUint64};
pub use profile::Profile;
pub use safety::SafetyLevel;
