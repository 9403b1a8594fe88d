//! How far the machine is, at one moment.

use std::collections::BTreeMap;
use std::time::Duration;

use nodewire::codec::supervisor::{BlockRef, ChainId, Code};
use nodewire::state::supervisor::{Heads, Supervisor, Waits};

/// How far the machine is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// Each chain, ascending.
    pub chains: Vec<ChainStatus>,
    /// The finalized layer-one block.
    pub finalized_l1: Option<BlockRef>,
    /// True while every access list is refused.
    pub failsafe: bool,
    /// Bytes that the machine holds.
    pub footprint: usize,
    /// How many sources are attached.
    pub sources: usize,
    /// What happened since the host began.
    pub counts: Counts,
    /// How what is taken in is kept.
    pub journal: JournalStatus,
}

/// How what is taken in is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct JournalStatus {
    /// True if it is kept at all.
    pub kept: bool,
    /// Why nothing can be kept any more; then nothing is acknowledged either.
    pub failed: Option<String>,
    /// Bytes of journal that a restart would replay.
    pub bytes: u64,
    /// How many records wait for the disk.
    pub waiting: u64,
    /// How old the last snapshot is, or the start if there was none since.
    pub since_snapshot: Duration,
}

/// How far a chain is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChainStatus {
    /// The chain.
    pub chain_id: ChainId,
    /// Seconds from block to block.
    pub block_time: u64,
    /// Its heads on each level.
    pub heads: Heads,
    /// The number of the highest block that it is known to have.
    pub target: u64,
    /// The next block for cross-unsafe, if it waits.
    pub waits_unsafe: Option<Waits>,
    /// The next block for cross-safe, if it waits.
    pub waits_safe: Option<Waits>,
    /// True while an invalidated block awaits its replacement.
    pub awaits_replacement: bool,
}

/// What happened since the host began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Texts of the RPC that were replied to.
    pub replies: u64,
    /// Texts whose client left before the reply.
    pub abandoned: u64,
    /// Errors in replies, by code on the wire.
    pub refusals: BTreeMap<i32, u64>,
    /// Inputs that were not taken in, by why.
    pub dropped: BTreeMap<Code, u64>,
    /// Questions that were asked.
    pub asked: u64,
    /// Questions that nobody took.
    pub unasked: u64,
    /// Commands to nodes.
    pub commands: u64,
    /// Resets that were begun.
    pub resets: u64,
    /// Blocks that can never be safe.
    pub invalidated: u64,
    /// Chains found corrupted.
    pub corrupted: u64,
}

impl Status {
    /// What the machine says of itself; what only its host knows is not filled in.
    pub(super) fn of(machine: &Supervisor, counts: Counts) -> Self {
        let index = machine.index();
        let chains = index.slots().zip(index.set()).map(|(slot, chain_id)| {
            let local_safe = index.chain(slot).and_then(|chain| chain.local_safe().end());
            ChainStatus {
                chain_id: *chain_id,
                block_time: index.config().chains.get(chain_id).map_or(0, |it| it.block_time),
                heads: index.heads(slot),
                target: machine.target(slot),
                waits_unsafe: index.waits_for_cross_unsafe(slot),
                waits_safe: index.waits_for_cross_safe(slot),
                awaits_replacement: local_safe.is_some_and(|end| end.invalidated),
            }
        });
        Self {
            chains: chains.collect(),
            finalized_l1: index.finalized_l1(),
            failsafe: index.failsafe(),
            counts,
            ..Self::default()
        }
    }
}

/// The codes of the errors in a reply. No value in a reply can look like an error: texts in it have
/// their quotes escaped, and no result has a member of that name.
pub(super) fn codes(reply: &[u8]) -> impl Iterator<Item = i32> {
    const ERROR: &[u8] = b"\"error\":{\"code\":";
    let mut rest = reply;
    std::iter::from_fn(move || {
        let at = rest.windows(ERROR.len()).position(|window| window == ERROR)?;
        rest = &rest[at + ERROR.len()..];
        let end = rest.iter().position(|byte| !matches!(byte, b'-' | b'0'..=b'9'))?;
        std::str::from_utf8(&rest[..end]).ok()?.parse().ok()
    })
}
