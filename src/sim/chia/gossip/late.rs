//! The node that comes late: whom it dials, and what catching up takes at most.

use alloc::vec::Vec;
use core::time::Duration;

use super::Late;
use super::graph::pick;
use super::town::{ADVERSARIES, ENVELOPE, Kind, PIECE, Town};
use crate::chia::NodeNotice;
use crate::codec::streamable::Streamable;
use crate::sim::chia::{Consensus, Ledger};
use crate::state::chia::{FullNodeConfig, FullNodeNotice, SyncNotice, SyncOutcome};
use crate::time::Time;

/// Bytes of a hash in a list of them.
const HASH: usize = 36;

impl Town {
    /// A node that has the first block alone dials some of all kinds, and syncs.
    pub(super) fn join_late(&mut self) {
        let ledger = Ledger::new(Consensus::default(), self.genesis.clone());
        let late = self.add(Kind::Guest, ledger);
        let mut peers = Vec::new();
        for kind in ADVERSARIES {
            let found = self.kinds.iter().position(|it| *it == kind);
            peers.extend(found.filter(|_| peers.len() < self.options.degree));
        }
        let adversaries = ADVERSARIES.map(|kind| self.of_kind(&peers, kind));
        let mut honest = self.honest();
        while peers.len() < self.options.degree && !honest.is_empty() {
            peers.push(honest.swap_remove(pick(honest.len(), &mut self.rng)));
        }
        let began = self.now;
        for peer in peers {
            self.connect(late, peer);
        }
        let bound = self.to_sync(adversaries);
        let ends = began.after(bound);
        while self.synced(late).is_none() && self.now < ends {
            self.pass(Duration::from_secs(1));
        }
        let ended = self.synced(late);
        let blamed = self.blames(late).filter(|(kind, _)| ADVERSARIES.contains(kind)).count();
        self.late = Some(Late {
            lacked: self.newest.height(),
            adversaries,
            outcome: ended.map(|(_, outcome)| outcome),
            took: ended.map(|(at, _)| at.since(began)),
            bound,
            blamed: blamed as u64,
        });
    }

    pub(super) fn of_kind(&self, nodes: &[usize], kind: Kind) -> usize {
        nodes.iter().filter(|node| self.kinds.get(**node) == Some(&kind)).count()
    }

    fn synced(&self, node: usize) -> Option<(Time, SyncOutcome)> {
        let told = self.net.node(node)?.told();
        told.iter().find_map(|(at, notice)| match notice {
            NodeNotice::Role(FullNodeNotice::Sync(SyncNotice::Ended(outcome))) => {
                Some((*at, *outcome))
            }
            _ => None,
        })
    }

    /// What syncing takes at most: see [`gossip`](super::gossip).
    fn to_sync(&self, [silent, lying, _]: [usize; 3]) -> Duration {
        let limits = FullNodeConfig::default().sync;
        let height = self.newest.height();
        let window = u32::try_from(limits.window).unwrap_or(u32::MAX).max(1);
        let turn = self.delay().saturating_mul(2);
        let of = |bytes: usize, each: u32| {
            let rounds = height.div_ceil(each.max(1)).div_ceil(window);
            let rounds = rounds.saturating_add(u32::try_from(lying).unwrap_or(u32::MAX));
            let answer = bytes.saturating_mul(each as usize).saturating_add(PIECE);
            let answers = self.leaving(answer.saturating_mul(window as usize));
            (rounds, turn.saturating_add(answers).saturating_mul(rounds))
        };
        let header = self.newest.header_block.to_bytes().len().saturating_add(ENVELOPE);
        let block = self.newest.to_bytes().len().saturating_add(ENVELOPE);
        let (header_rounds, headers) = of(header, limits.headers_per_batch);
        let (block_rounds, blocks) = of(block, limits.blocks_per_batch);
        let waits = header_rounds.saturating_add(block_rounds).saturating_add(1);
        let waits = waits.saturating_mul(u32::try_from(silent).unwrap_or(u32::MAX));
        let hashes = self.leaving((height as usize).saturating_mul(HASH).saturating_add(PIECE));
        let parts = [
            // A handshake, its answer, and the tips.
            self.delay().saturating_mul(3).saturating_add(self.hop()),
            limits.tip_wait,
            turn.saturating_add(hashes),
            headers,
            blocks,
            limits.retry.saturating_mul(waits),
        ];
        parts.iter().fold(Duration::ZERO, |sum, part| sum.saturating_add(*part))
    }
}
