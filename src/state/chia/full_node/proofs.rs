//! Proofs of time: they finish blocks, and go on to whoever has the block (T-21, T-22, P-23,
//!

use alloc::boxed::Box;

use super::asked::{About, Asked, Origin, Timed};
use super::unfinished::Stored;
use super::{FullNode, FullNodeQuery};
use crate::codec::chia::messages::NewProofOfTime;
use crate::codec::chia::{Bytes32, Challenge, FullBlock, HeaderBlock, NodeType, ProofOfTime};
use crate::codec::streamable::{Sha256, Streamable};
use crate::fault::Rule;
use crate::machine::Out;
use crate::state::chia::role::{ConnectionId, Delivery};
use crate::state::chia::rules;
use crate::state::chia::transactions::TransactionIds;
use crate::time::Time;

impl<H: Sha256, I: TransactionIds> FullNode<H, I> {
    /// A timelord's proof, or a full node's; `rule` is the one that it breaks if it is invalid.
    ///
    /// A proof goes by the hash of all of it: one of the same output with another witness may be
    /// the good one. Without the set of those seen, nodes in a circle would pass a proof round
    /// for ever.
    pub(super) fn proof_of_time(
        &mut self,
        now: Time,
        from: ConnectionId,
        proof: ProofOfTime,
        rule: &'static Rule,
        out: &mut Out<Self>,
    ) {
        let hash = Bytes32(proof.get_hash::<H>());
        let is_stored = self.unfinished.get(key(&proof)).is_some();
        let answers = is_stored || self.answers_tip(&proof);
        // What was passed on is no use to a block that has come since.
        let seen = if is_stored { &mut self.proofs } else { &mut self.passed };
        if !answers || seen.contains(hash) {
            return;
        }
        seen.insert(hash, self.config.limits.max_seen);
        // While syncing nothing is added: what is kept until then is verified first, so that
        // nobody fills what room there is.
        if is_stored && !self.is_syncing() {
            self.finish(now, proof, Origin::Proof(from, hash, rule), out);
            return;
        }
        let query = FullNodeQuery::VerifyProofOfTime(Box::new(proof.clone()));
        let about = About::ProofOfTime(Box::new(Timed { proof, hash, from, rule }));
        if self.ask(Asked { charged: Some(from), about }, query, out).is_none() {
            self.forget_proof(hash);
        }
    }

    /// A proof may come again, and is looked at then.
    pub(super) fn forget_proof(&mut self, hash: Bytes32) {
        self.proofs.remove(hash);
        self.passed.remove(hash);
    }

    /// Whether a proof is good, and what follows from it.
    pub(super) fn timed(&mut self, now: Time, timed: Timed, good: bool, out: &mut Out<Self>) {
        let Timed { proof, hash, from, rule } = timed;
        if !good {
            self.forget_proof(hash);
            self.penalise(from, rule, out);
            return;
        }
        if let Some(stored) = self.unfinished.get(key(&proof)) {
            if self.is_syncing() {
                if let Some(block) = finished::<H>(stored, proof) {
                    self.keep(block);
                }
            } else {
                self.finish(now, proof, Origin::Proof(from, hash, rule), out);
            }
            return;
        }
        if self.answers_tip(&proof) {
            let is_timelords = rule == &rules::INVALID_FINISHED_PROOF;
            let message = NewProofOfTime { proof }.into();
            out.send(if is_timelords {
                Delivery::Broadcast(NodeType::FullNode, message)
            } else {
                Delivery::BroadcastToOthers(NodeType::FullNode, from, message)
            });
        }
    }

    /// Makes a block of an unfinished one and its proof of time (T-21).
    fn finish(&mut self, now: Time, proof: ProofOfTime, origin: Origin, out: &mut Out<Self>) {
        let stored = self.unfinished.get(key(&proof));
        if let Some(block) = stored.and_then(|stored| finished::<H>(stored, proof)) {
            self.offer(now, origin, block, out);
        }
    }

    /// Keeps a block until syncing is over (T-21); the oldest make room.
    fn keep(&mut self, block: FullBlock) {
        while self.kept.len() >= self.config.limits.max_kept.max(1) {
            self.kept.pop_front();
        }
        self.kept.push_back(Box::new(block));
    }

    fn answers_tip(&self, proof: &ProofOfTime) -> bool {
        self.chain.tips.iter().any(|tip| tip.challenge_hash == proof.challenge_hash)
    }
}

const fn key(proof: &ProofOfTime) -> (Bytes32, u64) {
    (proof.challenge_hash, proof.number_of_iterations)
}

/// The whole block; `None` if its numbers are beyond what can be written.
fn finished<H: Sha256>(stored: &Stored, proof: ProofOfTime) -> Option<FullBlock> {
    let Stored { block, parent, .. } = stored;
    let HeaderBlock { proof_of_space, header, .. } = &block.header_block;
    let challenge = Challenge {
        prev_challenge_hash: proof.challenge_hash,
        proof_of_space_hash: Bytes32(proof_of_space.get_hash::<H>()),
        proof_of_time_output_hash: Bytes32(proof.output.get_hash::<H>()),
        height: parent.height.checked_add(1)?,
        total_weight: parent.weight.checked_add(parent.child_difficulty)?,
        total_iters: parent.total_iters.checked_add(proof.number_of_iterations)?,
    };
    let header_block = HeaderBlock {
        proof_of_space: proof_of_space.clone(),
        proof_of_time: Some(proof),
        challenge: Some(challenge),
        header: header.clone(),
    };
    Some(FullBlock { header_block, body: block.body.clone() })
}
