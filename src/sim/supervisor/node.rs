//! An honest node: derives from the layer-one blocks it is given, tells what it finds, and does as
//! it is told.

use alloc::string::ToString;

use super::truth::{Source, Truth};
use crate::codec::supervisor::{
    BlockRef, DerivedRefPair, Hash, NodeCommand, NodeEvent, ResetHeads,
};
use crate::state::supervisor::NodeId;

/// A node of a chain. Its blocks are those of the chain; what it knows of them is where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Node {
    pub(super) chain: usize,
    pub(super) id: NodeId,
    pub(super) up: bool,
    /// The layer-one block it derives from.
    source: BlockRef,
    /// The last block it derived.
    derived: u64,
    /// It told that it derived everything.
    exhausted: bool,
    /// The unsafe head it told last.
    told: Option<Hash>,
}

impl Node {
    pub(super) const fn new(chain: usize, id: NodeId, anchor: &DerivedRefPair) -> Self {
        let (source, derived) = (anchor.source, anchor.derived.number);
        Self { chain, id, up: true, source, derived, exhausted: false, told: None }
    }

    /// True if its chain has another head than it told.
    pub(super) fn has_unsafe_news(&self, truth: &Truth) -> bool {
        self.up && truth.head(self.chain).is_some_and(|head| Some(head.hash) != self.told)
    }

    pub(super) fn tell_unsafe(&mut self, truth: &Truth) -> Option<NodeEvent> {
        let head = truth.head(self.chain)?;
        self.told = Some(head.hash);
        Some(NodeEvent { unsafe_block: Some(head), ..NodeEvent::default() })
    }

    /// The next block it can derive, from its layer-one block or an older one: what it derived
    /// before may have been replaced.
    fn next(&self, truth: &Truth) -> Option<(BlockRef, BlockRef)> {
        if truth.l1(self.source.number) != Some(self.source) {
            return None;
        }
        match truth.source(self.chain, self.derived + 1) {
            Source::Known(number) if number <= self.source.number => {
                truth.l1(number).zip(truth.block(self.chain, self.derived + 1))
            }
            _ => None,
        }
    }

    /// True while it waits to be told where a replacement is safe.
    fn is_halted(&self, truth: &Truth) -> bool {
        let awaited = |number| truth.source(self.chain, number) == Source::Awaited;
        awaited(self.derived) || awaited(self.derived + 1)
    }

    /// True if it has something to derive, or to tell that there is nothing.
    pub(super) fn has_derivation_news(&self, truth: &Truth) -> bool {
        self.up && !self.is_halted(truth) && (self.next(truth).is_some() || !self.exhausted)
    }

    pub(super) fn derive(&mut self, truth: &Truth) -> Option<NodeEvent> {
        if let Some((source, derived)) = self.next(truth) {
            // Behind a replacement it derives as if it had not come further yet.
            self.source = source;
            self.derived = derived.number;
            self.exhausted = false;
            return Some(self.update(derived));
        }
        self.exhausted = true;
        let derived = truth.block(self.chain, self.derived)?;
        let exhaust_l1 = Some(DerivedRefPair { source: self.source, derived });
        Some(NodeEvent { exhaust_l1, ..NodeEvent::default() })
    }

    fn update(&self, derived: BlockRef) -> NodeEvent {
        let derivation_update = Some(DerivedRefPair { source: self.source, derived });
        NodeEvent { derivation_update, ..NodeEvent::default() }
    }

    /// A block was replaced: what was derived after it counts for nothing.
    pub(super) fn replaced(&mut self, number: u64) {
        self.derived = self.derived.min(number);
    }

    /// A replacement is safe at `source`: derivation goes on there.
    pub(super) fn settled(&mut self, number: u64, source: BlockRef) {
        if self.derived == number {
            self.source = source;
            self.exhausted = false;
        }
    }

    pub(super) fn provided(&mut self, truth: &Truth, block: BlockRef) -> Option<NodeEvent> {
        // It asks again when it needs it.
        if !self.exhausted || self.is_halted(truth) {
            self.exhausted = false;
            return None;
        }
        if block.follows(self.source.id()) {
            self.source = block;
            self.exhausted = false;
            // A traversal is told with the last block again.
            let derived = truth.block(self.chain, self.derived)?;
            let derivation_origin_update = Some(block);
            return Some(NodeEvent { derivation_origin_update, ..self.update(derived) });
        }
        (block.number > self.source.number).then(|| reset("layer one was reorganised"))
    }

    /// Goes back to the heads it is told, if it has them.
    pub(super) fn reset(&mut self, truth: &Truth, heads: &ResetHeads) -> Option<NodeEvent> {
        let target = heads.local_safe;
        let known = truth.block(self.chain, target.number).filter(|block| block.id() == target);
        let source = match truth.source(self.chain, target.number) {
            Source::Known(number) => truth.l1(number),
            Source::Awaited => truth.tip(),
            Source::Later => None,
        };
        match (known, source) {
            (Some(_), Some(source)) => {
                self.source = source;
                self.derived = target.number;
                self.exhausted = false;
                self.told = None;
                None
            }
            _ => Some(reset("conflict")),
        }
    }

    pub(super) fn restart(&mut self, anchor: &DerivedRefPair) {
        *self = Self::new(self.chain, self.id, anchor);
    }
}

fn reset(why: &str) -> NodeEvent {
    NodeEvent { reset: Some(why.to_string()), ..NodeEvent::default() }
}

/// The layer-two block that a command is about, if it has to be among the chain's.
pub(super) const fn settles(
    command: &NodeCommand,
) -> Option<(crate::codec::supervisor::BlockId, crate::codec::supervisor::BlockId)> {
    match command {
        NodeCommand::UpdateCrossSafe { derived, source } => Some((*derived, *source)),
        _ => None,
    }
}
