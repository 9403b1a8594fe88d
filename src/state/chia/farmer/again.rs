//! What is done once more, since it may have been lost with a connection, or came too early (F-5,
//! F-10): where nobody else farms, nothing would ever go on otherwise.

use alloc::vec::Vec;

use super::Farmer;
use super::quality::{Held, Progress, Submitted};
use crate::codec::chia::Bytes32;
use crate::codec::streamable::Sha256;
use crate::machine::Out;
use crate::state::chia::role::{ConnectionId, Delivery};
use crate::state::chia::tellers::Teller;
use crate::time::Time;

impl<H: Sha256> Farmer<H> {
    /// A full node tells a challenge of which there are proofs already: it is asked for blocks of
    /// those that nobody makes one of, later if it was asked with all others, before what it told
    /// made room: it may be at it. If a signature was handed to one that has gone since, one that has
    /// come since is given that, for it may be the same, and one that did not make the block passes
    /// it over (F-24); and it is asked for a block all the same, as nobody else may have the one that
    /// was signed.
    pub(super) fn catch_up(
        &mut self,
        now: Time,
        node: ConnectionId,
        challenge_hash: Bytes32,
        out: &mut Out<Self>,
    ) {
        for quality in self.qualities.held_of(challenge_hash).collect::<Vec<_>>() {
            let Some(held) = self.unmade(quality) else { continue };
            if Some(node) <= held.asked {
                self.miss(now, quality);
            } else if held.submitted.as_ref().is_some_and(|it| Some(node) <= it.newest) {
                self.want_again(now, quality, Some(node), out);
            } else {
                self.ask_again(now, quality, node, out);
            }
        }
    }

    /// The proof of a quality, if nobody makes a block of it, be it that who did has gone.
    fn unmade(&self, quality: Bytes32) -> Option<&Held> {
        let Progress::ProofHeld(held) = &self.qualities.get(quality)?.progress else { return None };
        let is_wanted = match &held.submitted {
            Some(submitted) => self.is_lost(submitted),
            None => held.header.is_none(),
        };
        is_wanted.then_some(&**held)
    }

    /// If nobody makes a block of a proof, whoever may still make one is asked once more, but not at
    /// once: who was asked may be at it, and would make another in its place (F-23).
    pub(super) fn miss(&mut self, now: Time, quality: Bytes32) {
        if self.unmade(quality).is_some_and(|held| held.header.is_none()) {
            self.late_at.get_or_insert(now.after(self.config.limits.sign_again_after));
        }
    }

    /// Asks each full node for blocks that nobody makes, on the challenges that are the heaviest to
    /// it, unless it was asked for one a moment ago.
    pub(super) fn ask_late(&mut self, now: Time, out: &mut Out<Self>) {
        if self.late_at.take_if(|at| *at <= now).is_none() {
            return;
        }
        for (node, weight) in self.nodes.weights().collect::<Vec<_>>() {
            let told = self.challenges.of_weight(Some(node), weight);
            let missed = told.flat_map(|challenge_hash| self.missed(node, challenge_hash));
            let missed: Vec<_> = missed.collect();
            let asked_at = self.nodes.asked_at(node).filter(|_| !missed.is_empty());
            let rests_until = asked_at.map(|at| at.after(self.config.limits.sign_again_after));
            if let Some(until) = rests_until.filter(|until| *until > now) {
                self.late_at = Some(self.late_at.map_or(until, |at| at.min(until)));
                continue;
            }
            for quality in missed {
                self.ask_again(now, quality, node, out);
            }
        }
    }

    /// The proofs that nobody makes a block of, and that this full node may make one of.
    fn missed(&self, node: ConnectionId, challenge_hash: Bytes32) -> Vec<Bytes32> {
        let is_missed = |quality: &Bytes32| {
            let held = self.unmade(*quality).filter(|held| held.header.is_none());
            held.is_some_and(|held| !held.has_of(node))
                && self.lacks(node, challenge_hash, *quality)
        };
        self.qualities.held_of(challenge_hash).filter(is_missed).collect()
    }

    /// Asks a full node for a block, and gives it the signature of one, if it made that.
    fn ask_again(&mut self, now: Time, quality: Bytes32, node: ConnectionId, out: &mut Out<Self>) {
        let Some(followed) = self.qualities.get(quality) else { return };
        let Progress::ProofHeld(held) = &followed.progress else { return };
        if let Some((submitted, pos_hash)) = held.submitted.as_ref().zip(followed.pos_hash) {
            out.send(Delivery::To(node, submitted.message(pos_hash).into()));
        }
        self.want_again(now, quality, Some(node), out);
    }

    /// The coinbase of a height is here: proofs that waited for it can become blocks, of all who
    /// told the challenge or, if others were asked by what they said, of those who told this height.
    pub(super) fn use_coinbase(&mut self, now: Time, height: u32, out: &mut Out<Self>) {
        let mut waiting = Vec::new();
        for (quality, of) in self.qualities.iter() {
            let Progress::ProofHeld(held) = &of.progress else { continue };
            let claims = self.challenges.claims(of.challenge_hash);
            let mut told = claims.filter(|(_, claim)| claim.next() == height);
            if of.pos_hash.is_none() {
                waiting.extend(told.next().map(|_| (quality, None)));
            } else if held.header.is_none() {
                let lost = held.submitted.as_ref().map(|submitted| self.is_lost(submitted));
                // Who made a block already would make another in its place (F-23).
                let wants = |teller: &Teller| match (lost, teller) {
                    (_, None) | (Some(false), _) => false,
                    (None, Some(_)) => true,
                    (Some(true), Some(node)) => *teller > held.asked && !held.has_of(*node),
                };
                let there = told.filter(|(teller, _)| wants(teller));
                waiting.extend(there.map(|(teller, _)| (quality, teller)));
            }
        }
        for (quality, only) in waiting {
            self.want_again(now, quality, only, out);
        }
    }

    /// The full node that was given a signed block has gone, and that block with it, as it may be.
    pub(super) fn is_lost(&self, submitted: &Submitted) -> bool {
        !self.nodes.contains(submitted.header.node)
    }

    /// Whether a full node still has a block on a challenge to be made, and told of none of this
    /// quality (F-25).
    pub(super) fn lacks(
        &self,
        node: ConnectionId,
        challenge_hash: Bytes32,
        quality: Bytes32,
    ) -> bool {
        let claims = || self.challenges.claims(challenge_hash);
        let own = claims().find(|(teller, _)| *teller == Some(node));
        let Some((_, claim)) = own.or_else(|| claims().next()) else { return false };
        let weight = claim.weight.saturating_add(claim.difficulty);
        self.nodes.is_at(node, claim.weight)
            && !self.nodes.told_by(node, weight).any(|arrived| arrived == quality)
    }

    fn want_again(&mut self, now: Time, quality: Bytes32, only: Teller, out: &mut Out<Self>) {
        let Some(followed) = self.qualities.get(quality) else { return };
        let estimates = self.estimates(followed.challenge_hash, quality, followed.plot_size);
        self.want_block(now, quality, &estimates, only, out);
    }
}
