//! Blake2b, replaceable: what endorser blocks, transactions and pools are known by.

use core::fmt::Debug;
use core::hash::Hash;

use blake2::Digest;
use blake2::digest::consts::{U28, U32};

use crate::codec::leios::{Hash32, PoolId};

/// Unkeyed Blake2b (RFC 7693) with the two output lengths Cardano uses. Implement it to replace
/// the default by a faster one; machines take it as a type parameter.
pub trait Blake2b: Clone + Debug + PartialEq + Eq + Hash + Default + Send + 'static {
    /// Blake2b-256 of `data`.
    fn hash256(data: &[u8]) -> [u8; 32];

    /// Blake2b-224 of `data`.
    fn hash224(data: &[u8]) -> [u8; 28];

    /// The hash of an endorser block, a transaction or a header (`leios.md` 9.1 to 9.3).
    #[must_use]
    fn hash32(data: &[u8]) -> Hash32 {
        Hash32(Self::hash256(data))
    }

    /// The pool behind a cold verification key: half of an election's key (S-11).
    #[must_use]
    fn pool_id(issuer: &[u8; 32]) -> PoolId {
        PoolId(Self::hash224(issuer))
    }
}

/// Blake2b of the crate `blake2`, the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RustCryptoBlake2b;

impl Blake2b for RustCryptoBlake2b {
    fn hash256(data: &[u8]) -> [u8; 32] {
        blake2::Blake2b::<U32>::digest(data).into()
    }

    fn hash224(data: &[u8]) -> [u8; 28] {
        blake2::Blake2b::<U28>::digest(data).into()
    }
}
