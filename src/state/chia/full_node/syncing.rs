//! Before, while and after a full node syncs (P-4, P-34, P-45).

use alloc::boxed::Box;
use core::mem;

use super::asked::{About, Origin};
use super::parts;
use super::{FullNode, FullNodeCommand};
use crate::codec::chia::messages::Block;
use crate::codec::chia::{FullBlock, Message};
use crate::codec::streamable::Sha256;
use crate::fault::{Refusal, Refused};
use crate::machine::Out;
use crate::state::chia::chain::{Added, Chain};
use crate::state::chia::role::{ConnectionId, FromPeer};
use crate::state::chia::sync::{SyncCommand, SyncStart};
use crate::state::chia::transactions::{TransactionIds, TransactionsCommand};
use crate::time::Time;

impl<H: Sha256, I: TransactionIds> FullNode<H, I> {
    /// True while blocks of others are only candidates for a better chain (P-34).
    #[must_use]
    pub const fn is_syncing(&self) -> bool {
        self.sync.is_running()
    }

    /// Our chain has grown; where it stood before. What a sync leads to has to be more (P-36).
    pub(super) fn stands(&mut self, chain: Chain) -> Chain {
        self.sync.grow(&chain);
        mem::replace(&mut self.chain, chain)
    }

    /// A block is so far above us that its chain has to be fetched as a whole (P-4).
    pub(super) fn fall_behind(
        &mut self,
        now: Time,
        from: ConnectionId,
        block: &FullBlock,
        out: &mut Out<Self>,
    ) {
        if self.is_syncing() {
            self.candidate(now, from, block.clone(), out);
            return;
        }
        // Nothing would come of it but a node that passes over what others tell it (P-36).
        if self.chain.heaviest().is_some_and(|tip| block.weight() <= tip.weight) {
            return;
        }
        let start = SyncStart { chain: self.chain.clone(), tip: block.clone(), from };
        // One that failed not long ago is refused (P-45).
        parts::tell(&mut self.sync, now, SyncCommand::Start(Box::new(start)), out);
        if self.is_syncing() {
            let syncing = TransactionsCommand::Syncing(true);
            parts::tell(&mut self.transactions, now, syncing, out);
        }
    }

    /// While syncing, a block is a candidate (P-1). If it turns out to be near when the sync is over
    /// it is asked for: nobody tells it again. So is a parent that somebody waits for, as what was
    /// asked before is answered by this (P-7).
    pub(super) fn candidate(
        &mut self,
        now: Time,
        from: ConnectionId,
        block: FullBlock,
        out: &mut Out<Self>,
    ) {
        let weight = block.weight();
        let is_heaviest = self.told.get(&from).is_none_or(|(heaviest, _)| *heaviest < weight);
        // Hashing is for those of which it matters.
        if is_heaviest || self.peers.owes_parents(from) {
            let header_hash = block.header_hash::<H>();
            self.peers.answered(from, header_hash);
            if is_heaviest {
                self.told.insert(from, (weight, header_hash));
            }
        }
        self.for_sync(now, from, Block { block }.into(), out);
    }

    /// What a sync asked for, or may take.
    pub(super) fn for_sync(
        &mut self,
        now: Time,
        from: ConnectionId,
        message: Message,
        out: &mut Out<Self>,
    ) {
        self.sync_hears(now, FromPeer::Received(from, message), out);
    }

    pub(super) fn sync_hears(&mut self, now: Time, input: FromPeer, out: &mut Out<Self>) {
        let before = self.sync.current();
        parts::hear(&mut self.sync, now, input, out);
        self.follow_sync(now, before, out);
    }

    pub(super) fn sync_times_out(&mut self, now: Time, out: &mut Out<Self>) {
        let before = self.sync.current();
        parts::time_out(&mut self.sync, now, out);
        self.follow_sync(now, before, out);
    }

    /// An answer to the sync; what it says of the chain holds in any case, even if the sync has
    /// ended since.
    pub(super) fn sync_command(
        &mut self,
        now: Time,
        command: SyncCommand,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<FullNodeCommand>> {
        let chain = match &command {
            SyncCommand::Added(_, Added::Tip(chain)) => Some(Chain::clone(chain)),
            _ => None,
        };
        if chain.as_ref().is_some_and(|chain| !chain.is_sound()) {
            let command = FullNodeCommand::Sync(command);
            return Err(Refusal::new(Refused::invalid(super::UNSOUND), command));
        }
        let before = self.sync.current();
        let done = parts::command(&mut self.sync, now, command, out);
        done.map_err(|refusal| refusal.map(FullNodeCommand::Sync))?;
        let has_grown = chain.is_some();
        if let Some(chain) = chain {
            self.stands(chain);
        }
        self.follow_sync(now, before, out);
        if has_grown && before.is_none() {
            self.drop_old();
            self.announce_all(out);
            self.take_early(out);
        }
        Ok(())
    }

    /// When a sync is over, transactions and unfinished blocks count again, what timelords
    /// finished meanwhile is added, and then everybody is told how things stand (P-45).
    fn follow_sync(&mut self, now: Time, before: Option<u64>, out: &mut Out<Self>) {
        if before.is_none() || self.sync.current() == before {
            return;
        }
        // After one that failed another may go on.
        let syncing = TransactionsCommand::Syncing(self.is_syncing());
        parts::tell(&mut self.transactions, now, syncing, out);
        self.drop_old();
        for block in mem::take(&mut self.kept) {
            self.offer(now, Origin::Kept, *block, out);
        }
        // Their parents may have come.
        self.adopt(now, None, out);
        self.ask_for_told(now, out);
        self.is_finishing = true;
        self.kept_was_added(out);
    }

    /// Asks for what was told while syncing and is heavier than what came of that.
    fn ask_for_told(&mut self, now: Time, out: &mut Out<Self>) {
        if self.is_syncing() {
            return;
        }
        let ours = self.chain.heaviest().map_or(0, |tip| tip.weight);
        for (from, (weight, header_hash)) in mem::take(&mut self.told) {
            if weight > ours {
                self.ask_for_parent(now, Origin::Peer(from), header_hash, out);
            }
        }
    }

    /// Once all that was kept is added, everybody is told (P-45).
    pub(super) fn kept_was_added(&mut self, out: &mut Out<Self>) {
        let is_kept = |about: &About| match about {
            About::Block(offered) => offered.origin == Origin::Kept,
            _ => false,
        };
        if self.is_finishing && !self.asks.iter().any(|(_, asked)| is_kept(&asked.about)) {
            self.is_finishing = false;
            self.announce_all(out);
            self.take_early(out);
        }
    }
}
