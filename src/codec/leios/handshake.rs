//! The node-to-node handshake (mini-protocol 0, `leios.md` 11.1).

use alloc::string::String;
use alloc::vec::Vec;

/// A version of the node-to-node protocol family; below 0x8000.
pub type VersionNumber = u16;

/// What a node says of itself in one version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct VersionData {
    /// Which network: 764824073 is mainnet, 164 the Leios test network.
    pub network_magic: u32,
    /// True if the proposer will not act as a responder.
    pub initiator_only: bool,
    /// True if it shares addresses of peers.
    pub peer_sharing: bool,
    /// True if it only wants to know the versions.
    pub query: bool,
    /// Peras support: a fifth field in version 16 only.
    pub peras: Option<bool>,
}

/// A message of the handshake.
///
/// A version table keeps the data of unknown versions out: only those that decode are in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum HandshakeMessage {
    /// The client's versions, ascending. `None` stands for a version whose data we can't read.
    MsgProposeVersions(Vec<(VersionNumber, Option<VersionData>)>),
    /// The server's choice.
    MsgAcceptVersion(VersionNumber, VersionData),
    /// The server declines.
    MsgRefuse(RefuseReason),
    /// The server's versions, for a query.
    MsgQueryReply(Vec<(VersionNumber, Option<VersionData>)>),
}

/// Why a handshake was refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum RefuseReason {
    /// No common version; these are supported.
    VersionMismatch(Vec<VersionNumber>),
    /// The data of this version could not be read.
    HandshakeDecodeError(VersionNumber, String),
    /// The data of this version is not acceptable.
    Refused(VersionNumber, String),
}
