//! What a Supervisor is told about its cluster (`supervisor.md` 7.1).

use alloc::collections::BTreeMap;

use crate::codec::supervisor::{ChainId, Profile};

/// How long a message may be executed after it was initiated, in seconds. There is no default:
/// the documents disagree, so a configuration states one (D-7).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct ExpiryWindow(pub u64);

impl ExpiryWindow {
    /// 180 days: the linked specification at the date of this API.
    pub const EXPIRY_APRIL_2025: Self = Self(15_552_000);
    /// 7 days: since 2 May 2025, and in every deployed program.
    pub const EXPIRY_CURRENT: Self = Self(604_800);
}

/// One chain of the dependency set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChainConfig {
    /// From when on interop is active, in seconds of Unix time; 0: since genesis.
    #[serde(default)]
    pub activation: u64,
    /// Seconds from block to block: maps times to blocks, and nothing else.
    pub block_time: u64,
}

/// The cluster, and how the Supervisor answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Config {
    /// The dependency set: every chain that may message every other, itself included.
    pub chains: BTreeMap<ChainId, ChainConfig>,
    /// How long messages may be executed.
    pub expiry_window: ExpiryWindow,
    /// Also refuse messages of the activation block itself, as later revisions do (D-8).
    #[serde(default)]
    pub exclude_activation_block: bool,
    /// The output form.
    #[serde(default)]
    pub profile: Profile,
    /// Serve the admin methods that change something; `admin_getFailsafeEnabled` always is.
    #[serde(default)]
    pub admin: bool,
    /// Serve the extensions `supervisor_localSafe` and `supervisor_crossDerivedFrom`.
    #[serde(default = "yes")]
    pub extensions: bool,
    /// Serve the draft `supervisor_dependencySetV1`.
    #[serde(default, rename = "dependencySetV1")]
    pub dependency_set_v1: bool,
}

const fn yes() -> bool {
    true
}

impl Config {
    /// A cluster of `chains` with this window, answering in the specification's form, with
    /// extensions and without admin methods.
    #[must_use]
    pub const fn new(chains: BTreeMap<ChainId, ChainConfig>, expiry_window: ExpiryWindow) -> Self {
        Self {
            chains,
            expiry_window,
            exclude_activation_block: false,
            profile: Profile::Seed,
            admin: false,
            extensions: true,
            dependency_set_v1: false,
        }
    }
}
