//! Output roots of one chain and super roots of all (`supervisor.md` 8.8).

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{ChainId, Hash, Keccak256};

/// Why bytes are no output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum OutputError {
    /// They are too few or too many.
    #[error("an output of another length")]
    Length,
    /// They are of another version.
    #[error("an output of another version")]
    Version,
    /// Chain ids do not ascend strictly (D-29).
    #[error("chain ids that don't ascend")]
    Order,
}

/// What an output root of version 0 is made of.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct OutputV0 {
    /// The root of the chain's state.
    #[serde(alias = "StateRoot")]
    pub state_root: Hash,
    /// The root of the message passer's storage.
    #[serde(alias = "MessagePasserStorageRoot")]
    pub message_passer_storage_root: Hash,
    /// The block's hash.
    #[serde(alias = "BlockHash")]
    pub block_hash: Hash,
}

impl OutputV0 {
    /// Bytes of a [`preimage`](Self::preimage).
    pub const LENGTH: usize = 128;

    /// Version, roots and hash: what the output root is the hash of.
    #[must_use]
    pub fn preimage(&self) -> [u8; Self::LENGTH] {
        let mut bytes = [0; Self::LENGTH];
        bytes[32..64].copy_from_slice(&self.state_root.0);
        bytes[64..96].copy_from_slice(&self.message_passer_storage_root.0);
        bytes[96..].copy_from_slice(&self.block_hash.0);
        bytes
    }

    /// The output root.
    #[must_use]
    pub fn root<K: Keccak256>(&self) -> Hash {
        K::keccak256(&[&self.preimage()])
    }

    /// The source hash of the deposit that marks a block as the replacement of the block with this
    /// output (`supervisor.md` 8.6).
    #[must_use]
    pub fn marker_source_hash<K: Keccak256>(&self) -> Hash {
        let mut domain = [0; 32];
        domain[31] = 4;
        K::keccak256(&[&domain, &self.root::<K>().0])
    }

    /// The output that `preimage` is of.
    ///
    /// # Errors
    /// [`OutputError::Length`] and [`OutputError::Version`].
    pub fn decode(preimage: &[u8]) -> Result<Self, OutputError> {
        let Some((version, rest)) = preimage.split_first_chunk::<32>() else {
            return Err(OutputError::Length);
        };
        if *version != [0; 32] {
            return Err(OutputError::Version);
        }
        let fields: &[u8; 96] = rest.try_into().map_err(|_| OutputError::Length)?;
        let (state_root, rest) = fields.split_first_chunk().ok_or(OutputError::Length)?;
        let (passer_root, rest) = rest.split_first_chunk().ok_or(OutputError::Length)?;
        let block_hash = rest.try_into().map_err(|_| OutputError::Length)?;
        Ok(Self {
            state_root: Hash(*state_root),
            message_passer_storage_root: Hash(*passer_root),
            block_hash: Hash(block_hash),
        })
    }
}

/// What a super root of version 1 is made of: the output roots of all chains at one time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SuperV1 {
    timestamp: u64,
    chains: Vec<(ChainId, Hash)>,
}

impl SuperV1 {
    /// The version, the first byte of the [`encoding`](Self::encode) (S-14).
    pub const VERSION: u8 = 1;

    /// The super root of `chains` at `timestamp`, in any order.
    ///
    /// # Errors
    /// [`OutputError::Length`] without a chain, [`OutputError::Order`] if one is there twice.
    pub fn new(timestamp: u64, mut chains: Vec<(ChainId, Hash)>) -> Result<Self, OutputError> {
        chains.sort_unstable();
        Self::sorted(timestamp, chains)
    }

    fn sorted(timestamp: u64, chains: Vec<(ChainId, Hash)>) -> Result<Self, OutputError> {
        if chains.is_empty() {
            return Err(OutputError::Length);
        }
        if !chains.is_sorted_by(|(a, _), (b, _)| a < b) {
            return Err(OutputError::Order);
        }
        Ok(Self { timestamp, chains })
    }

    /// The time, in seconds of Unix time.
    #[must_use]
    pub const fn timestamp(&self) -> u64 {
        self.timestamp
    }

    /// The chains by id, each with its output root.
    #[must_use]
    pub fn chains(&self) -> &[(ChainId, Hash)] {
        &self.chains
    }

    /// Version, time, and each chain's id and output root by ascending id.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.chains.len().saturating_mul(64).saturating_add(9));
        bytes.push(Self::VERSION);
        bytes.extend_from_slice(&self.timestamp.to_be_bytes());
        for (chain_id, root) in &self.chains {
            bytes.extend_from_slice(&chain_id.0);
            bytes.extend_from_slice(&root.0);
        }
        bytes
    }

    /// The super root.
    #[must_use]
    pub fn root<K: Keccak256>(&self) -> Hash {
        K::keccak256(&[&self.encode()])
    }

    /// What `bytes` are the encoding of.
    ///
    /// # Errors
    /// What is wrong with them, the version before the length.
    pub fn decode(bytes: &[u8]) -> Result<Self, OutputError> {
        let Some((version, rest)) = bytes.split_first() else {
            return Err(OutputError::Length);
        };
        if *version != Self::VERSION {
            return Err(OutputError::Version);
        }
        let Some((timestamp, rest)) = rest.split_first_chunk() else {
            return Err(OutputError::Length);
        };
        let pairs = rest.chunks_exact(64);
        if !pairs.remainder().is_empty() {
            return Err(OutputError::Length);
        }
        let pair = |bytes: &[u8]| {
            let (chain_id, root) = bytes.split_first_chunk()?;
            Some((ChainId(*chain_id), Hash(root.try_into().ok()?)))
        };
        let chains = pairs.map(pair).collect::<Option<_>>().ok_or(OutputError::Length)?;
        Self::sorted(u64::from_be_bytes(*timestamp), chains)
    }
}
