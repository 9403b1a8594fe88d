//! The mini-protocols of a connection by number, and how they share the way out (`leios.md` 10.2,
//! S-16). What runs of them together is in `connection/`.

use core::fmt::Debug;
use core::hash::Hash;

/// The mini-protocol number of the handshake (`leios.md` 10.2).
pub const HANDSHAKE_NUMBER: u16 = 0;

/// The mini-protocol number of KeepAlive (`leios.md` 10.2).
pub const KEEP_ALIVE_NUMBER: u16 = 8;

/// LeiosRequest.
pub const LEIOS_REQUEST: u16 = 24;

/// LeiosReply.
pub const LEIOS_REPLY: u16 = 25;

/// The mini-protocol number of NaiveLeios (`leios.md` 10.2, S-16).
pub const NAIVE_NUMBER: u16 = 26;

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
