//! Blocks and logs are fetched and indexed in order; where branches part, their common ancestor is
//! looked for (`supervisor.md` 8.7 and 9.1).

use alloc::vec::Vec;
use core::mem::size_of;

use super::input::{BlockQuery, LogsQuery};
use super::{Dropped, Place, Purpose, Supervisor, SupervisorNotice, SupervisorQuery};
use crate::codec::supervisor::{BlockId, BlockRef, Code, Keccak256, Log};
use crate::machine::Out;
use crate::state::supervisor::index::{IndexedLog, Slot};

/// The search for the newest block of ours that is still there, from some block down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Walk {
    /// The block that is asked for.
    pub(super) number: u64,
    /// One above it is known to be another: else somebody only said so.
    pub(super) parted: bool,
    /// What was to be indexed before somebody said so.
    pub(super) target: u64,
}

/// A block on its way into the index.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Incoming {
    /// Asked for by number.
    Asked,
    /// Known, its logs asked for.
    Known(BlockRef),
    /// With its logs.
    Ready(BlockRef, Vec<IndexedLog>),
}

impl Incoming {
    /// The block, as far as it is known.
    pub(super) const fn block(&self) -> Option<BlockRef> {
        match self {
            Self::Asked => None,
            Self::Known(block) | Self::Ready(block, _) => Some(*block),
        }
    }

    pub(super) fn heap(&self) -> usize {
        match self {
            Self::Asked | Self::Known(_) => 0,
            Self::Ready(_, logs) => logs.capacity() * size_of::<IndexedLog>(),
        }
    }
}

impl<K: Keccak256> Supervisor<K> {
    /// Asks for the next blocks up to the target, as many at once as may be.
    pub(super) fn pump(&mut self, slot: Slot, out: &mut Out<Self>) {
        let max = self.limits.max_fetches;
        let chain_id = self.chain_id(slot);
        let most = self.limits.max_blocks_above_safe as u64;
        let Some(chain) = self.index.chain(slot) else { return };
        let Some((head, safe)) = chain.logs().head().zip(chain.cross_safe().end()) else { return };
        // What is beyond is asked for once the cross-safe head has come nearer.
        let last = safe.derived.number.saturating_add(most).min(self.target(slot));
        self.keep_fetches(slot, head.number);
        let Some(sync) = self.sync(slot) else { return };
        if sync.walking.is_some() || sync.retry_at.is_some() {
            return;
        }
        let mut number = head.number;
        while number < last {
            number += 1;
            let Some(sync) = self.sync(slot) else { return };
            if sync.incoming.len() >= max {
                return;
            }
            if sync.incoming.contains_key(&number) {
                continue;
            }
            let query = SupervisorQuery::Block(BlockQuery { chain_id, number });
            if !self.ask(Purpose::Block(slot, number), query, out) {
                self.rest(slot);
                return;
            }
            if let Some(sync) = self.sync(slot) {
                sync.incoming.insert(number, Incoming::Asked);
            }
        }
    }

    /// Forgets what is not among the next blocks of a chain, and closes the questions about it: what
    /// came in another way is asked for no more, and leaves room for the questions of others.
    fn keep_fetches(&mut self, slot: Slot, head: u64) {
        let last = head.saturating_add(self.limits.max_fetches as u64);
        let is_next = |number: u64| head < number && number <= last;
        let Some(sync) = self.sync(slot) else { return };
        sync.incoming.retain(|number, _| is_next(*number));
        crate::heap::relax_map(&mut sync.incoming);
        let blocks = self.places.range(Place::Block(slot, 0)..=Place::Block(slot, u64::MAX));
        let logs = self.places.range(Place::Logs(slot, 0)..=Place::Logs(slot, u64::MAX));
        let open = blocks.chain(logs).map(|(place, _)| *place);
        let is_left = |place: &Place| match *place {
            Place::Block(_, number) | Place::Logs(_, number) => !is_next(number),
            _ => false,
        };
        for place in open.filter(is_left).collect::<Vec<_>>() {
            self.unask(place);
        }
    }

    /// The number of the highest block that a chain is known to have and that is to be indexed;
    /// 0 before anything was told.
    #[must_use]
    pub fn target(&self, slot: Slot) -> u64 {
        self.chains.get(slot.index()).map_or(0, |sync| sync.target)
    }

    /// Asks for the logs of a block that is known already.
    pub(super) fn expect_logs(&mut self, slot: Slot, block: &BlockRef, out: &mut Out<Self>) {
        let query = LogsQuery { chain_id: self.chain_id(slot), hash: block.hash };
        let asked = self.ask(Purpose::Logs(slot, block.id()), SupervisorQuery::Logs(query), out);
        if let Some(sync) = self.sync(slot) {
            if asked {
                sync.incoming.insert(block.number, Incoming::Known(*block));
            } else {
                sync.take_incoming(block.number);
            }
        }
    }

    pub(super) fn block_found(
        &mut self,
        slot: Slot,
        number: u64,
        block: Option<BlockRef>,
        out: &mut Out<Self>,
    ) {
        let Some(sync) = self.sync(slot) else { return };
        // Another way may have been found to it, or nobody wants it any more.
        if sync.incoming.get(&number) != Some(&Incoming::Asked) {
            return;
        }
        match block {
            Some(block) if block.number == number => self.expect_logs(slot, &block, out),
            Some(_) => {
                self.drop_with(Dropped::Answer, Some(slot), Code::ConflictingData, out);
                self.try_later(slot, number, out);
            }
            None => self.try_later(slot, number, out),
        }
    }

    pub(super) fn logs_found(
        &mut self,
        slot: Slot,
        block: BlockId,
        logs: Option<Vec<Log>>,
        out: &mut Out<Self>,
    ) {
        let Some(sync) = self.sync(slot) else { return };
        let known = match sync.incoming.get(&block.number) {
            Some(Incoming::Known(known)) if known.id() == block => *known,
            _ => return,
        };
        let Some(logs) = logs else {
            self.try_later(slot, block.number, out);
            return;
        };
        let logs = logs.iter().map(IndexedLog::of::<K>).collect();
        sync.incoming.insert(block.number, Incoming::Ready(known, logs));
        self.ingest(slot, out);
        self.pump(slot, out);
    }

    /// Indexes what is ready, in order.
    fn ingest(&mut self, slot: Slot, out: &mut Out<Self>) {
        loop {
            let head = self.index.chain(slot).and_then(|chain| chain.logs().head());
            let Some(head) = head else { return };
            let next = head.number.saturating_add(1);
            let Some(sync) = self.sync(slot) else { return };
            let Some(Incoming::Ready(..)) = sync.incoming.get(&next) else { return };
            let Some(Incoming::Ready(block, logs)) = sync.take_incoming(next) else { return };
            match self.index.append(slot, &block, &logs) {
                Ok(()) => {
                    self.claims_reached(slot, block.number);
                    out.notify(SupervisorNotice::LocalUnsafe(self.chain_id(slot), block.id()));
                }
                Err(Code::ConflictingData) if block.parent_hash != head.hash => {
                    self.walk(slot, head.number, true, out);
                    return;
                }
                Err(code) => {
                    self.drop_with(Dropped::UnsafeBlock, Some(slot), code, out);
                    self.forget_incoming(slot, head.number);
                    if code == Code::ConflictingData {
                        self.want_derived(slot);
                    }
                    return;
                }
            }
        }
    }

    /// Gives up what is on its way; the next event tells where to go.
    pub(super) fn forget_incoming(&mut self, slot: Slot, target: u64) {
        if let Some(sync) = self.sync(slot) {
            sync.incoming.clear();
            sync.target = target;
        }
    }

    /// Looks for the newest block of ours that is still there, from `number` down: false if that
    /// is being done. One above is known to have `parted`, or somebody only said so: then what is
    /// on its way is not given up, since whoever says so again and again would stall the chain.
    pub(super) fn walk(
        &mut self,
        slot: Slot,
        number: u64,
        parted: bool,
        out: &mut Out<Self>,
    ) -> bool {
        let chain_id = self.chain_id(slot);
        let Some(sync) = self.sync(slot) else { return false };
        let before = sync.walking;
        // What is known to have parted does not wait for what somebody said.
        if before.is_some_and(|before| before.parted || !parted) {
            return false;
        }
        let query = SupervisorQuery::Block(BlockQuery { chain_id, number });
        let asked = self.ask(Purpose::Walk(slot, number), query, out);
        let Some(sync) = self.sync(slot).filter(|_| asked) else { return false };
        sync.target = sync.target.max(before.map_or(0, |before| before.target));
        sync.walking = Some(Walk { number, parted, target: sync.target });
        if parted {
            sync.incoming.clear();
        }
        true
    }

    pub(super) fn walked(
        &mut self,
        slot: Slot,
        number: u64,
        block: Option<BlockRef>,
        out: &mut Out<Self>,
    ) {
        let Some(sync) = self.sync(slot) else { return };
        let Some(walk) = sync.walking.filter(|walk| walk.number == number) else { return };
        let Some(block) = block.filter(|block| block.number == number) else {
            self.try_later(slot, number, out);
            return;
        };
        sync.walking = None;
        let on_its_way = sync.incoming.get(&number).and_then(Incoming::block);
        let Some(chain) = self.index.chain(slot) else { return };
        if chain.logs().head().is_some_and(|head| head.number < number) {
            if let Some(sync) = self.chains.get_mut(slot.index()).filter(|_| !walk.parted) {
                sync.target = sync.target.max(walk.target);
            }
            // Two told of it before it was indexed: this one is there.
            if on_its_way.is_some_and(|other| other.hash != block.hash) {
                self.expect_logs(slot, &block, out);
            }
            self.pump(slot, out);
            return;
        }
        if chain.logs().find(number).is_ok_and(|logged| logged.hash == block.hash) {
            if !walk.parted {
                // Nobody has the other block that a node told.
                self.drop_with(Dropped::UnsafeBlock, Some(slot), Code::ConflictingData, out);
                if let Some(sync) = self.sync(slot) {
                    sync.target = sync.target.max(walk.target);
                }
                self.pump(slot, out);
                return;
            }
            // What conflicts above is dropped, and filled in again from there.
            if let Err(code) = self.index.rewind_logs(slot, block.id(), &mut self.then) {
                self.drop_with(Dropped::UnsafeBlock, Some(slot), code, out);
            }
            self.pump(slot, out);
            return;
        }
        // What was derived wins over what is unsafe, however much of it there is.
        let derived = chain.local_safe().derived(number).is_ok();
        match number.checked_sub(1) {
            Some(before) if !derived && chain.logs().find(before).is_ok() => {
                self.walk(slot, before, true, out);
            }
            _ => {
                let head = chain.logs().head().map_or(0, |head| head.number);
                self.drop_with(Dropped::UnsafeBlock, Some(slot), Code::ConflictingData, out);
                self.forget_incoming(slot, head);
                self.want_derived(slot);
            }
        }
    }

    /// What came was of a branch that is not derived: what is derived is asked for after a while.
    fn want_derived(&mut self, slot: Slot) {
        let end = self.index.chain(slot).and_then(|chain| chain.local_safe().last().ok());
        let Some(derived) = end.map(|end| end.derived.number) else { return };
        if let Some(sync) = self.sync(slot).filter(|sync| sync.target < derived) {
            sync.target = derived;
            self.rest(slot);
        }
    }
}
