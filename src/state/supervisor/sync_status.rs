//! How far all chains are together (`supervisor.md` 8.9).

use crate::codec::supervisor::{BlockRef, Code, Seal, SupervisorSyncStatus};

/// What the summary takes of a chain. `None`: not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ChainProgress {
    /// The layer-one block that its node derives from.
    pub current_l1: Option<BlockRef>,
    /// Its cross-safe head.
    pub cross_safe: Option<Seal>,
    /// Its finalized head.
    pub finalized: Option<Seal>,
}

/// The minima over all chains; what is not known counts as zero. The chains are not filled in.
///
/// # Errors
/// [`Code::ResourceUnavailable`] without a chain; [`Code::Uninitialized`] if no chain knows
/// anything; [`Code::ConflictingData`] if two chains are at different layer-one blocks of the
/// lowest number.
pub fn summary(chains: impl Iterator<Item = ChainProgress>) -> Result<SupervisorSyncStatus, Code> {
    let mut chains = chains.peekable();
    chains.peek().ok_or(Code::ResourceUnavailable)?;
    let (mut knows, mut all_know, mut conflict) = (false, true, false);
    let mut lowest: Option<BlockRef> = None;
    let (mut safe, mut finalized) = (u64::MAX, u64::MAX);
    for chain in chains {
        knows |= chain != ChainProgress::default();
        safe = safe.min(chain.cross_safe.map_or(0, |seal| seal.timestamp));
        finalized = finalized.min(chain.finalized.map_or(0, |seal| seal.timestamp));
        match (chain.current_l1, lowest) {
            (None, _) => all_know = false,
            (Some(block), Some(low)) if block.number > low.number => {}
            (Some(block), Some(low)) if block.number == low.number => {
                conflict |= block.hash != low.hash;
            }
            (Some(block), _) => (lowest, conflict) = (Some(block), false),
        }
    }
    if !knows {
        return Err(Code::Uninitialized);
    }
    if all_know && conflict {
        return Err(Code::ConflictingData);
    }
    Ok(SupervisorSyncStatus {
        min_synced_l1: lowest.filter(|_| all_know).unwrap_or_default(),
        safe_timestamp: safe,
        finalized_timestamp: finalized,
        ..SupervisorSyncStatus::default()
    })
}
