//! What goes into a handshake and what comes out of it.

use alloc::vec::Vec;

use crate::codec::leios::{RefuseReason, VersionData, VersionNumber};

/// What the application wants of a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum HandshakeCommand {
    /// Send our versions; the initiator's first step.
    Propose,
}

/// What both sides speak from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Agreement {
    /// The version.
    pub version: VersionNumber,
    /// What both sides' data came to.
    pub data: VersionData,
    /// True if both sides proposed: a simultaneous open.
    pub simultaneous: bool,
}

/// What a handshake tells the application.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum HandshakeNotice {
    /// A version was agreed on: the connection may go on.
    Agreed(Agreement),
    /// No version was agreed on: the reason, whoever gave it.
    Refused(RefuseReason),
    /// The initiator wanted to know the responder's versions; these are they.
    Queried(Vec<(VersionNumber, Option<VersionData>)>),
}
