//! What a node proposes and accepts.

use alloc::vec::Vec;
use core::time::Duration;

use crate::codec::leios::{VersionData, VersionNumber};

/// The versions a node speaks, what it says of itself in each, and the limits of the handshake.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HandshakeConfig {
    /// Ascending, none twice.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "ascending"))]
    versions: Vec<(VersionNumber, VersionData)>,
    /// How long the other side may take for its message; 10 s (`leios.md` 11.1).
    pub state_timeout: Duration,
    /// Longest message in bytes; 5,760 (`leios.md` 11.1).
    pub max_message: usize,
}

impl HandshakeConfig {
    /// The version under which the pair is offered: a private number, with data of the form of
    /// version 14 (`leios.md` 11.1). It fixes MaxNotificationSize and the limits of flow control.
    pub const LEIOS: VersionNumber = 4097;

    /// Offers [`LEIOS`](Self::LEIOS) on the network of this magic, in both directions, without
    /// peer sharing.
    #[must_use]
    pub fn new(network_magic: u32) -> Self {
        let data = VersionData {
            network_magic,
            initiator_only: false,
            peer_sharing: false,
            query: false,
            peras: None,
        };
        Self::empty().with(Self::LEIOS, data)
    }

    /// Offers nothing yet.
    #[must_use]
    pub const fn empty() -> Self {
        Self { versions: Vec::new(), state_timeout: Duration::from_secs(10), max_message: 5_760 }
    }

    /// Offers this version too, or changes what is said in it.
    #[must_use]
    pub fn with(mut self, version: VersionNumber, data: VersionData) -> Self {
        match self.versions.binary_search_by_key(&version, |(version, _)| *version) {
            Ok(at) => {
                if let Some((_, held)) = self.versions.get_mut(at) {
                    *held = data;
                }
            }
            Err(at) => self.versions.insert(at, (version, data)),
        }
        self
    }

    /// Does not offer this version.
    #[must_use]
    pub fn without(mut self, version: VersionNumber) -> Self {
        self.versions.retain(|(offered, _)| *offered != version);
        self
    }

    /// Changes what is said in every version offered so far.
    #[must_use]
    pub fn each(mut self, mut change: impl FnMut(&mut VersionData)) -> Self {
        self.versions.iter_mut().for_each(|(_, data)| change(data));
        self
    }

    /// What is offered, ascending.
    #[must_use]
    pub fn versions(&self) -> &[(VersionNumber, VersionData)] {
        &self.versions
    }

    /// What is said in a version.
    #[must_use]
    pub fn get(&self, version: VersionNumber) -> Option<&VersionData> {
        let at = self.versions.binary_search_by_key(&version, |(version, _)| *version).ok()?;
        self.versions.get(at).map(|(_, data)| data)
    }

    /// The version table of a message.
    pub(super) fn table(&self) -> Vec<(VersionNumber, Option<VersionData>)> {
        self.versions.iter().map(|(version, data)| (*version, Some(*data))).collect()
    }

    /// The version numbers of a refusal.
    pub(super) fn numbers(&self) -> Vec<VersionNumber> {
        self.versions.iter().map(|(version, _)| *version).collect()
    }

    /// True if we only want to know the other side's versions.
    pub(super) fn queries(&self) -> bool {
        self.versions.iter().any(|(_, data)| data.query)
    }

    /// Heap bytes held.
    pub(super) fn heap(&self) -> usize {
        self.versions.capacity().saturating_mul(size_of::<(VersionNumber, VersionData)>())
    }
}

/// Versions as data, in whatever order they stand there.
#[cfg(feature = "serde")]
fn ascending<'de, D: serde::Deserializer<'de>>(
    from: D,
) -> Result<Vec<(VersionNumber, VersionData)>, D::Error> {
    let versions: Vec<(VersionNumber, VersionData)> = serde::Deserialize::deserialize(from)?;
    let add = |config: HandshakeConfig, (version, data)| config.with(version, data);
    Ok(versions.into_iter().fold(HandshakeConfig::empty(), add).versions)
}
