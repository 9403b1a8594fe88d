//! Mini-protocol numbers (`leios.md` 10.2, S-16).

/// LeiosRequest.
pub const LEIOS_REQUEST: u16 = 24;

/// LeiosReply.
pub const LEIOS_REPLY: u16 = 25;

/// The share of the way out that LeiosRequest and LeiosReply take together (L-61).
pub const LEIOS_SHARE: u8 = 0;
