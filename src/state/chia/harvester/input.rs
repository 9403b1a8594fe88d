//! What goes into a harvester and what comes out of it.

use alloc::vec::Vec;

use bytes::Bytes;

use crate::ask::AskId;
use crate::codec::chia::{Blob, Bytes32, PrependSignature, PublicKey};

/// Names a plot among those of a harvester.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct PlotId(pub u32);

/// A plot: what proofs of it carry.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "what a proof of space has of a plot")]
pub struct Plot {
    /// Its name here.
    pub id: PlotId,
    /// The pool that it was made for.
    pub pool_pubkey: PublicKey,
    /// The key that signs for it.
    pub plot_pubkey: PublicKey,
    /// k.
    pub size: u8,
}

/// What the application wants of a harvester, and its answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum HarvesterCommand {
    /// These are the plots now.
    Plots(Vec<Plot>),
    /// The answer to [`HarvesterQuery::LookupQualities`]: the quality strings, in the plot's
    /// order; `None`: the plot cannot be read.
    Qualities(AskId, Option<Vec<Blob>>),
    /// The answer to [`HarvesterQuery::FetchProof`]: `None`: the plot cannot be read.
    Proof(AskId, Option<Blob>),
    /// The answer to [`HarvesterQuery::Sign`]: `None`: the key is not to be had.
    Signature(AskId, Option<PrependSignature>),
}

/// What a harvester asks: all of it reads the disk or takes a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_enums, reason = "a question passed over would stall a peer")]
pub enum HarvesterQuery {
    /// What a plot has for a challenge: seven or eight seeks each (H-3).
    LookupQualities {
        /// The plot.
        plot: PlotId,
        /// The challenge.
        challenge_hash: Bytes32,
    },
    /// A whole proof: fifty to sixty-four seeks (H-6).
    FetchProof {
        /// The plot.
        plot: PlotId,
        /// The challenge.
        challenge_hash: Bytes32,
        /// Which of what the plot has for it, counted from zero.
        index: u32,
    },
    /// A prepend signature of these 32 bytes, by the plot's key (H-7, H-8).
    Sign {
        /// The plot.
        plot: PlotId,
        /// What to sign.
        hash: Bytes32,
    },
}

/// What a harvester tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum HarvesterNotice {
    /// A challenge was looked up in every active plot.
    Harvested {
        /// The challenge.
        challenge_hash: Bytes32,
        /// How many qualities were found.
        found: u32,
    },
}

/// The bytes of a quality string or a proof.
impl From<Bytes> for Blob {
    fn from(bytes: Bytes) -> Self {
        Self(bytes)
    }
}
