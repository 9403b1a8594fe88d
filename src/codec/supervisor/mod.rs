//! The Supervisor's values: JSON-RPC texts, hex quantities, access lists, roots
//! (`supervisor.md` sections 2 to 6).
//!
//! The member names in JSON are the specification's; [`Profile`] chooses between the specified
//! output and that of deployed services where they differ. Input is accepted in both forms.

#![expect(clippy::exhaustive_enums, reason = "the specification has these values and no others")]

mod access_list;
mod answer;
mod block;
mod call;
mod chain_id;
mod checksum;
mod code;
mod entries;
mod failure;
mod hash;
mod hex;
pub mod journal;
pub mod json_rpc;
mod log;
mod message;
mod node;
mod object;
mod output;
mod profile;
mod safety;

pub use access_list::{Access, AccessListError, AccessListErrorKind, Accesses, inbox_entries};
pub use answer::{
    Answer, AnswerKind, ChainRootInfo, Dependency, DependencySetV1, SuperRootResponse,
    SupervisorChainSyncStatus, SupervisorSyncStatus,
};
pub use block::{BlockId, BlockRef, DerivedIdPair, DerivedRefPair, Seal};
pub use call::{Call, CheckAccessList, Served};
pub use chain_id::ChainId;
pub use checksum::ChecksumArgs;
pub use code::Code;
pub use failure::Failure;
pub use hash::{Address, Hash, Keccak256, RustCryptoKeccak256};
pub use hex::{HexBytes, HexUint64};
pub use log::{EXECUTING_MESSAGE_TOPIC, Log, LogKind, log_hash};
pub use message::{
    BUILDER_TIMEOUT, ExecutingDescriptor, Identifier, Message, PRE_VERIFICATION_TIMEOUT,
};
pub use node::{BlockReplacement, NodeCommand, NodeEvent, ResetHeads};
pub use output::{OutputError, OutputV0, SuperV1};
pub use profile::Profile;
pub use safety::SafetyLevel;
