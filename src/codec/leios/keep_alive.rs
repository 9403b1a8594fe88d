//! KeepAlive (mini-protocol 8, `leios.md` 11.2).

/// A message of KeepAlive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum KeepAliveMessage {
    /// The client's ping with its cookie.
    MsgKeepAlive(u16),
    /// The server's answer with the same cookie.
    MsgKeepAliveResponse(u16),
    /// The client ends the protocol.
    MsgDone,
}
