//! The methods and their parameters (`supervisor.md` section 4).

mod read;
mod write;

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{AnswerKind, BlockId, ChainId, ExecutingDescriptor, Hash, SafetyLevel};

/// A call with its parameters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Call {
    /// The layer-one block at which a layer-two block became cross-safe (S-16). Also called by its
    /// deprecated name `supervisor_crossDerivedFrom`.
    CrossDerivedToSource {
        /// The chain.
        chain_id: ChainId,
        /// Its block.
        derived: BlockId,
    },
    /// The newest indexed block (S-17).
    LocalUnsafe {
        /// The chain.
        chain_id: ChainId,
    },
    /// The last cross-safe pair (S-18).
    CrossSafe {
        /// The chain.
        chain_id: ChainId,
    },
    /// The last local-safe pair: an extension.
    LocalSafe {
        /// The chain.
        chain_id: ChainId,
    },
    /// The finalized block of a chain (S-19).
    Finalized {
        /// The chain.
        chain_id: ChainId,
    },
    /// The finalized layer-one block (S-20).
    FinalizedL1,
    /// The super root of all chains at a time (S-21).
    SuperRootAtTimestamp {
        /// The time, in seconds of Unix time.
        timestamp: u64,
    },
    /// How far everything is (S-22).
    SyncStatus,
    /// The last block of each chain derived from a layer-one block (S-23).
    AllSafeDerivedAt {
        /// The layer-one block.
        derived_from: BlockId,
    },
    /// Whether all messages of an access list may be executed (S-25 to S-46).
    CheckAccessList(Box<CheckAccessList>),
    /// The dependency set: a draft, off by default.
    DependencySetV1,
    /// Whether the failsafe is on: an extension.
    GetFailsafeEnabled,
    /// Switches the failsafe: an admin method.
    SetFailsafeEnabled {
        /// True: refuse every access list.
        on: bool,
    },
}

/// The parameters of `supervisor_checkAccessList`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct CheckAccessList {
    /// All entries of the inbox, in order (S-25).
    pub inbox_entries: Vec<Hash>,
    /// How safe every message's block has to be.
    pub min_safety: SafetyLevel,
    /// When and where the messages are to be executed.
    pub executing_descriptor: ExecutingDescriptor,
}

/// Which methods are served beside those of the specification (D-32).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Served {
    /// `supervisor_localSafe` and `supervisor_crossDerivedFrom`.
    pub extensions: bool,
    /// `supervisor_dependencySetV1`.
    pub dependency_set_v1: bool,
    /// `admin_setFailsafeEnabled`.
    pub admin: bool,
    /// Most entries of an access list. A longer one is cut behind the next entry: it is to be
    /// refused, but not before what comes first (`supervisor.md` 5.2).
    pub max_access_entries: usize,
}

impl Served {
    /// Every method, and access lists of any length.
    pub const EVERYTHING: Self = Self {
        extensions: true,
        dependency_set_v1: true,
        admin: true,
        max_access_entries: usize::MAX,
    };
}

impl Call {
    /// The name of the method.
    #[must_use]
    pub const fn method(&self) -> &'static str {
        match self {
            Self::CrossDerivedToSource { .. } => "supervisor_crossDerivedToSource",
            Self::LocalUnsafe { .. } => "supervisor_localUnsafe",
            Self::CrossSafe { .. } => "supervisor_crossSafe",
            Self::LocalSafe { .. } => "supervisor_localSafe",
            Self::Finalized { .. } => "supervisor_finalized",
            Self::FinalizedL1 => "supervisor_finalizedL1",
            Self::SuperRootAtTimestamp { .. } => "supervisor_superRootAtTimestamp",
            Self::SyncStatus => "supervisor_syncStatus",
            Self::AllSafeDerivedAt { .. } => "supervisor_allSafeDerivedAt",
            Self::CheckAccessList(_) => "supervisor_checkAccessList",
            Self::DependencySetV1 => "supervisor_dependencySetV1",
            Self::GetFailsafeEnabled => "admin_getFailsafeEnabled",
            Self::SetFailsafeEnabled { .. } => "admin_setFailsafeEnabled",
        }
    }

    /// What a success is answered with.
    #[must_use]
    pub const fn answer_kind(&self) -> AnswerKind {
        match self {
            Self::CrossDerivedToSource { .. } | Self::FinalizedL1 => AnswerKind::BlockRef,
            Self::LocalUnsafe { .. } | Self::Finalized { .. } => AnswerKind::BlockId,
            Self::CrossSafe { .. } | Self::LocalSafe { .. } => AnswerKind::Pair,
            Self::SuperRootAtTimestamp { .. } => AnswerKind::SuperRoot,
            Self::SyncStatus => AnswerKind::SyncStatus,
            Self::AllSafeDerivedAt { .. } => AnswerKind::Blocks,
            Self::CheckAccessList(_) | Self::SetFailsafeEnabled { .. } => AnswerKind::Null,
            Self::DependencySetV1 => AnswerKind::DependencySet,
            Self::GetFailsafeEnabled => AnswerKind::Failsafe,
        }
    }
}
