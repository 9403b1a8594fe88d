//! Mini-protocol numbers (`leios.md` 10.2, S-16).

use core::fmt::Debug;
use core::hash::Hash;

/// LeiosRequest.
pub const LEIOS_REQUEST: u16 = 24;

/// LeiosReply.
pub const LEIOS_REPLY: u16 = 25;

/// The share of the way out that LeiosRequest and LeiosReply take together (L-61).
pub const LEIOS_SHARE: u8 = 0;

/// The mini-protocol numbers of the pair. Implement it where a network uses others; machines
/// take it as a type parameter.
pub trait Numbers: Clone + Debug + PartialEq + Eq + Hash + Default + Send + 'static {
    /// LeiosRequest.
    const REQUEST: u16;
    /// LeiosReply.
    const REPLY: u16;
}

/// The numbers of the reference, [`LEIOS_REQUEST`] and [`LEIOS_REPLY`]: the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeiosNumbers;

impl Numbers for LeiosNumbers {
    const REQUEST: u16 = LEIOS_REQUEST;
    const REPLY: u16 = LEIOS_REPLY;
}
