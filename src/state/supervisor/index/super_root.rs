//! Super roots: which blocks they are made of, and their making (`supervisor.md` sections 4 and
//! 8.8).

use alloc::vec::Vec;

use super::{Index, Slot};
use crate::codec::supervisor::{
    BlockId, ChainRootInfo, Code, HexBytes, Keccak256, OutputV0, Seal, SuperRootResponse, SuperV1,
};

/// The block of one chain that a super root is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SuperRootPart {
    /// The chain.
    pub slot: Slot,
    /// Its last block up to the time.
    pub block: BlockId,
    /// The layer-one block it was first cross-safe at.
    pub source: Seal,
}

/// What a chain's node says of its block at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[derive(serde::Serialize, serde::Deserialize)]
pub struct Outputs {
    /// That of the block that is there.
    pub canonical: OutputV0,
    /// That of the block before it was validated: another one if it was replaced.
    pub pending: OutputV0,
}

impl<K: Keccak256> Index<K> {
    /// The blocks that the super root of a time is made of, one of each chain (S-21).
    ///
    /// # Errors
    /// [`Code::ResourceUnavailable`] without a chain; [`Code::Uninitialized`];
    /// [`Code::MissedData`] before the anchor of a chain; [`Code::FutureData`] while the block of
    /// a chain is not cross-safe.
    pub fn super_root_parts(&self, timestamp: u64) -> Result<Vec<SuperRootPart>, Code> {
        if self.chains.is_empty() {
            return Err(Code::ResourceUnavailable);
        }
        let part = |slot: Slot| {
            let chain = self.chain(slot).ok_or(Code::UnknownChain)?;
            let last = chain.cross_safe.last()?.derived;
            let entry = chain.cross_safe.last_until(timestamp).ok_or(Code::MissedData)?;
            let block = entry.derived;
            // The last block of a chain is the one of the time only if the next one is later.
            let next = block.timestamp.saturating_add(chain.config.block_time);
            if block == last && next <= timestamp {
                return Err(Code::FutureData);
            }
            let source = chain.cross_safe.first_of_derived(block.id())?.source;
            Ok(SuperRootPart { slot, block: block.id(), source })
        };
        self.slots().map(part).collect()
    }

    /// The super root of `parts`, with the outputs that the nodes told of each.
    ///
    /// # Errors
    /// [`Code::ConflictingData`] if a node's block is another one; [`Code::InternalError`] if
    /// there are not as many outputs.
    pub fn super_root(
        &self,
        timestamp: u64,
        parts: &[SuperRootPart],
        outputs: &[Outputs],
    ) -> Result<SuperRootResponse, Code> {
        if parts.len() != outputs.len() {
            return Err(Code::InternalError);
        }
        let mut chains = Vec::with_capacity(parts.len());
        for (part, Outputs { canonical, pending }) in parts.iter().zip(outputs) {
            if canonical.block_hash != part.block.hash {
                return Err(Code::ConflictingData);
            }
            chains.push(ChainRootInfo {
                chain_id: *self.set.get(part.slot.index()).ok_or(Code::InternalError)?,
                canonical: canonical.root::<K>(),
                pending: HexBytes(pending.preimage().to_vec().into()),
            });
        }
        let roots = chains.iter().map(|chain| (chain.chain_id, chain.canonical)).collect();
        let root = SuperV1::new(timestamp, roots).map_err(|_| Code::InternalError)?;
        let highest = parts.iter().map(|part| part.source).max_by_key(|source| source.number);
        Ok(SuperRootResponse {
            cross_safe_derived_from: highest.ok_or(Code::InternalError)?.id(),
            timestamp,
            super_root: root.root::<K>(),
            version: u64::from(SuperV1::VERSION),
            chains,
        })
    }
}
