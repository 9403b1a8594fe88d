//! SHA-256, replaceable: what everything hashable is known by (`chia.md` 6.1).

use core::fmt::Debug;
use core::hash::Hash;

use sha2::Digest;

/// SHA-256 (FIPS 180-4). Implement it to replace the default by a faster one; machines take it as
/// a type parameter.
pub trait Sha256: Clone + Debug + PartialEq + Eq + Hash + Default + Send + 'static {
    /// SHA-256 of `data`.
    fn sha256(data: &[u8]) -> [u8; 32];
}

/// SHA-256 of the crate `sha2`, the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RustCryptoSha256;

impl Sha256 for RustCryptoSha256 {
    fn sha256(data: &[u8]) -> [u8; 32] {
        sha2::Sha256::digest(data).into()
    }
}
