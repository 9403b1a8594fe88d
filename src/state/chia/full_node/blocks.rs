//! Finished blocks: in by proof or by peer, out to everybody (P-1 to P-9).

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::asked::{About, Asked, Offered, Origin};
use super::shares::{Owner, Shares};
use super::{FullNode, FullNodeNotice, FullNodeQuery, Kept};
use crate::codec::chia::messages::RequestBlock;
use crate::codec::chia::{Bytes32, FullBlock, HeaderHash, Shape};
use crate::codec::streamable::Sha256;
use crate::heap;
use crate::machine::Out;
use crate::state::chia::chain::{Added, Chain};
use crate::state::chia::recent::Recent;
use crate::state::chia::role::{ConnectionId, Delivery};
use crate::state::chia::rules;
use crate::state::chia::transactions::TransactionIds;
use crate::time::Time;

/// Blocks on their way into the chain. Everything here goes by the hash of the whole block, as a
/// twin with a damaged proof of time has the same header hash (P-5, A-1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Blocks {
    /// Those that the chain has.
    settled: Recent<Bytes32>,
    /// Those that are being added.
    adding: BTreeMap<Bytes32, Tellers>,
    /// Those whose parent is unknown (P-4, P-7).
    disconnected: Shares<Disconnected>,
}

/// Who told a block that is being added.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Tellers {
    /// Whose question it is, unless it was made here.
    first: Option<ConnectionId>,
    /// Who told it since: what becomes of it concerns them as much.
    others: BTreeSet<ConnectionId>,
}

/// A block whose parent is unknown.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Disconnected {
    block: Box<FullBlock>,
    whole: Bytes32,
    from: ConnectionId,
    since: Time,
}

impl Blocks {
    pub const fn new() -> Self {
        Self { settled: Recent::new(), adding: BTreeMap::new(), disconnected: Shares::new() }
    }

    /// Drops what is lower (P-6).
    pub fn drop_below(&mut self, height: u32) {
        self.disconnected.retain(|_, it| it.block.height() >= height);
    }

    /// A peer is gone, and with it whom to ask for parents.
    pub fn forget_peer(&mut self, from: ConnectionId) {
        self.disconnected.retain(|_, it| it.from != from);
        for tellers in self.adding.values_mut() {
            tellers.others.remove(&from);
            heap::relax_set(&mut tellers.others);
        }
    }

    /// Whether anybody is there who told a block after the first.
    pub fn is_told(&self, whole: Bytes32) -> bool {
        self.adding.get(&whole).is_some_and(|tellers| !tellers.others.is_empty())
    }

    /// A block is no longer being added; who told it after the first.
    pub fn forget(&mut self, whole: Bytes32) -> BTreeSet<ConnectionId> {
        let tellers = self.adding.remove(&whole);
        heap::relax_map(&mut self.adding);
        tellers.map(|tellers| tellers.others).unwrap_or_default()
    }

    /// How many blocks wait for their parents.
    pub fn waiting(&self) -> usize {
        self.disconnected.len()
    }

    /// Takes out those that name this parent, or all.
    fn take_children(&mut self, parent: Option<HeaderHash>) -> Vec<Disconnected> {
        let wanted =
            |it: &Disconnected| parent.is_none_or(|it_is| it.block.prev_header_hash() == it_is);
        let found = self.disconnected.iter().filter(|(_, it)| wanted(it));
        let found: Vec<_> = found.map(|(number, _)| number).collect();
        found.into_iter().filter_map(|number| self.disconnected.remove(number)).collect()
    }

    /// Heap bytes held.
    pub fn heap(&self) -> usize {
        let blocks = self.disconnected.iter().map(|(_, it)| it.block.heap());
        let each = size_of::<FullBlock>();
        let others = self.adding.values().map(|tellers| tellers.others.len());
        let others = others.map(|len| heap::tree(len, size_of::<ConnectionId>()));
        blocks
            .fold(0_usize, |sum, block| sum.saturating_add(block).saturating_add(each))
            .saturating_add(self.settled.heap())
            .saturating_add(heap::tree(self.adding.len(), size_of::<(Bytes32, Tellers)>()))
            .saturating_add(others.fold(0, usize::saturating_add))
            .saturating_add(self.disconnected.heap())
    }
}

impl<H: Sha256, I: TransactionIds> FullNode<H, I> {
    /// A peer's block (P-1, P-2).
    pub(super) fn block(
        &mut self,
        now: Time,
        from: ConnectionId,
        block: FullBlock,
        out: &mut Out<Self>,
    ) -> Kept {
        if self.is_syncing() {
            self.candidate(now, from, block, out);
            return Ok(());
        }
        if block.shape() != Shape::Finished {
            return Err(&rules::NOT_FINISHED);
        }
        if block.header_block.height() != Some(block.height()) {
            return Err(&rules::TWO_HEIGHTS);
        }
        self.offer(now, Origin::Peer(from), block, out);
        Ok(())
    }

    /// Hands a finished block to the chain, if it is a new one (P-3, P-5).
    pub(super) fn offer(
        &mut self,
        now: Time,
        origin: Origin,
        block: FullBlock,
        out: &mut Out<Self>,
    ) {
        let (whole, header_hash) = (block.whole_hash::<H>(), block.header_hash::<H>());
        if let Origin::Peer(from) = origin {
            self.peers.answered(from, header_hash);
        }
        if self.blocks.settled.contains(whole) {
            self.adopt(now, Some(header_hash), out);
        } else if self.blocks.disconnected.iter().any(|(_, it)| it.whole == whole) {
            self.ask_for_parent(now, origin, block.prev_header_hash(), out);
        } else if let Some(tellers) = self.blocks.adding.get_mut(&whole) {
            // It counts as a question of this one, too.
            if let Origin::Peer(from) = origin {
                if tellers.first != Some(from) && tellers.others.insert(from) {
                    self.peers.charge(from);
                }
            }
        } else {
            let tellers = Tellers { first: origin.sender(), others: BTreeSet::new() };
            self.blocks.adding.insert(whole, tellers);
            let query = FullNodeQuery::AddBlock(Box::new(block.clone()));
            let offered = Box::new(Offered { block, whole, header_hash, origin });
            let asked = Asked { charged: origin.peer(), about: About::Block(offered) };
            if self.ask(asked, query, out).is_none() {
                self.blocks.forget(whole);
            }
        }
    }

    /// What became of a block (P-3).
    pub(super) fn added(&mut self, now: Time, offered: Offered, added: Added, out: &mut Out<Self>) {
        let Offered { block, whole, header_hash, origin } = offered;
        let others = self.blocks.forget(whole);
        others.iter().for_each(|from| self.peers.release(*from));
        match added {
            Added::Invalid => {
                self.blame(origin, out);
                others.into_iter().for_each(|from| self.blame(Origin::Peer(from), out));
            }
            Added::Disconnected => {
                let tellers = origin.sender().into_iter().chain(others);
                let tellers: Vec<_> = tellers.filter(|from| self.peers.is_there(*from)).collect();
                self.disconnected(now, &tellers, whole, block, out);
            }
            Added::AlreadyHave | Added::Orphan => self.settled(now, whole, header_hash, out),
            Added::Tip(chain) => {
                self.extended(origin, *chain, block, header_hash, out);
                self.settled(now, whole, header_hash, out);
            }
        }
        if origin == Origin::Kept {
            self.kept_was_added(out);
        }
    }

    /// A block became a tip (F-21, W-1).
    fn extended(
        &mut self,
        origin: Origin,
        chain: Chain,
        block: FullBlock,
        header_hash: HeaderHash,
        out: &mut Out<Self>,
    ) {
        let before = self.stands(chain);
        let Some(tip) = self.tip(header_hash).copied() else { return };
        self.announce(&tip, block, origin.sender(), before.ips, out);
        out.notify(FullNodeNotice::NewTip(Box::new(tip)));
        self.take_early(out);
    }

    /// A block became a tip, of which nobody waits to hear any more: what is said of the chain holds
    /// all the same, unless it was said before.
    pub(super) fn grown(&mut self, now: Time, chain: Chain, out: &mut Out<Self>) {
        let weight = |chain: &Chain| chain.heaviest().map_or(0, |tip| tip.weight);
        if chain == self.chain || weight(&chain) < weight(&self.chain) {
            return;
        }
        let before = self.stands(chain);
        self.drop_old();
        self.announce_all(out);
        self.take_early(out);
        let tips = self.chain.tips.iter().map(|tip| tip.header_hash);
        let is_new = |tip: &HeaderHash| before.tips.iter().all(|it| it.header_hash != *tip);
        for tip in tips.filter(is_new).collect::<Vec<_>>() {
            self.adopt(now, Some(tip), out);
        }
    }

    /// The chain has a block: those that waited for it are next, and what is far below the tips
    /// goes (P-6). A block that was there already counts too: its child may have come before
    /// anybody knew.
    fn settled(&mut self, now: Time, whole: Bytes32, header_hash: HeaderHash, out: &mut Out<Self>) {
        self.blocks.settled.insert(whole, self.config.limits.max_seen);
        self.adopt(now, Some(header_hash), out);
        self.drop_old();
    }

    /// Offers those whose parent is known now, as if their senders had just sent them (P-6).
    pub(super) fn adopt(&mut self, now: Time, parent: Option<HeaderHash>, out: &mut Out<Self>) {
        for child in self.blocks.take_children(parent) {
            self.offer(now, Origin::Peer(child.from), *child.block, out);
        }
    }

    /// Drops what is far below the tips (P-6, F-26).
    pub(super) fn drop_old(&mut self) {
        let height = self.chain.lowest_height().saturating_sub(self.config.cleanup_depth);
        self.blocks.drop_below(height);
        self.unfinished.drop_below(height);
        self.early.drop_below(height);
        self.candidates.drop_below(height);
    }

    /// The parent of a block is unknown (P-4), which is as if each of these had just sent it.
    fn disconnected(
        &mut self,
        now: Time,
        tellers: &[ConnectionId],
        whole: Bytes32,
        block: FullBlock,
        out: &mut Out<Self>,
    ) {
        let Some(first) = tellers.first().copied() else { return };
        // Its height counts from here on, and nobody has looked at its body yet.
        if !block.is_bound::<H>() {
            tellers.iter().for_each(|from| self.blame(Origin::Peer(*from), out));
            return;
        }
        let (height, lowest) = (block.height(), self.chain.lowest_height());
        if height > lowest.saturating_add(self.config.sync_threshold) {
            // A sync may not begin with the first; for one that goes on it is everybody's candidate.
            tellers.iter().for_each(|from| self.fall_behind(now, *from, &block, out));
            return;
        }
        if height < lowest.saturating_sub(self.config.near_window) {
            return;
        }
        let parent = block.prev_header_hash();
        let kept = Disconnected { block: Box::new(block), whole, from: first, since: now };
        if self.keep_disconnected(now, tellers, kept) {
            for from in tellers {
                self.ask_for_parent(now, Origin::Peer(*from), parent, out);
            }
        }
    }

    /// Keeps a block until its parent comes, as one of the first of these who has room (P-7).
    fn keep_disconnected(
        &mut self,
        now: Time,
        tellers: &[ConnectionId],
        mut kept: Disconnected,
    ) -> bool {
        for from in tellers.iter().copied() {
            self.make_room(now, from);
            let (limits, owner) = (&self.config.limits, Owner::Peer(from));
            if self.blocks.disconnected.owned_by(owner) >= limits.max_disconnected_per_peer {
                continue;
            }
            kept.from = from;
            match self.blocks.disconnected.insert(owner, kept, limits.max_disconnected) {
                Ok(_) => return true,
                Err(back) => kept = back,
            }
        }
        false
    }

    /// In a full share the oldest of it makes room, and in a full table the oldest of all, if its
    /// parent did not come in time; others do not, or an endless chain would never stop (P-7, A-8).
    fn make_room(&mut self, now: Time, from: ConnectionId) {
        let (limits, disconnected) = (&self.config.limits, &mut self.blocks.disconnected);
        let oldest = if disconnected.owned_by(Owner::Peer(from)) >= limits.max_disconnected_per_peer
        {
            disconnected.oldest_of(Owner::Peer(from))
        } else if disconnected.len() >= limits.max_disconnected {
            disconnected.iter().next()
        } else {
            None
        };
        let Some((number, oldest)) = oldest else { return };
        if oldest.since.after(self.config.parent_timeout) <= now {
            disconnected.remove(number);
        }
    }

    /// Asks whoever sent a block for its parent (P-4), not too often (P-7).
    pub(super) fn ask_for_parent(
        &mut self,
        now: Time,
        origin: Origin,
        parent: HeaderHash,
        out: &mut Out<Self>,
    ) {
        let Origin::Peer(from) = origin else { return };
        let most = self.config.limits.max_disconnected_per_peer;
        if self.peers.asks_for(from, parent, now, self.config.parent_timeout, most) {
            out.send(Delivery::To(from, RequestBlock { header_hash: parent }.into()));
        }
    }

    /// A block is invalid (P-3): whoever sent it is penalised.
    fn blame(&mut self, origin: Origin, out: &mut Out<Self>) {
        match origin {
            Origin::Peer(from) => self.penalise(from, &rules::BLOCK_INVALID, out),
            Origin::Proof(from, proof, rule) => {
                self.proofs.remove(proof);
                self.penalise(from, rule, out);
            }
            Origin::Kept => {}
        }
    }
}
