//! What is done once more, since it may have been lost with a connection, or came too early (F-5,
//! F-10): where nobody else farms, nothing would ever go on otherwise.

use alloc::vec::Vec;

use super::Farmer;
use super::qualities::{Progress, Submitted};
use crate::codec::chia::Bytes32;
use crate::codec::streamable::Sha256;
use crate::machine::Out;
use crate::state::chia::role::{ConnectionId, Delivery};
use crate::state::chia::tellers::Teller;

impl<H: Sha256> Farmer<H> {
    /// A full node tells a challenge of which there are proofs already: it is asked for blocks of
    /// those that nobody makes one of, unless it was there when all were asked, by what others told
    /// who tell no other height. If a signature was handed to one that has gone since, it is given
    /// that, for it may be the same, and one that did not make the block passes it over (F-24); and
    /// it is asked for a block all the same, as nobody else may have the one that was signed.
    pub(super) fn catch_up(
        &mut self,
        node: ConnectionId,
        challenge_hash: Bytes32,
        out: &mut Out<Self>,
    ) {
        let is_alone = self.challenges.is_alone(challenge_hash, node);
        for quality in self.qualities.held_of(challenge_hash).collect::<Vec<_>>() {
            let Some(followed) = self.qualities.get(quality) else { continue };
            let Progress::ProofHeld(held) = &followed.progress else { continue };
            let is_asked = Some(node) <= held.asked && !is_alone;
            let is_wanted = match &held.submitted {
                Some(submitted) => self.is_lost(submitted),
                None => held.header.is_none(),
            };
            if is_asked || !is_wanted {
                continue;
            }
            if let Some((submitted, pos_hash)) = held.submitted.as_ref().zip(followed.pos_hash) {
                out.send(Delivery::To(node, submitted.message(pos_hash).into()));
            }
            self.want_again(quality, Some(node), out);
        }
    }

    /// The coinbase of a height is here: proofs that waited for it can become blocks, of all who
    /// told the challenge or, if others were asked by what they said, of those who told this height.
    pub(super) fn use_coinbase(&mut self, height: u32, out: &mut Out<Self>) {
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
            self.want_again(quality, only, out);
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

    fn want_again(&mut self, quality: Bytes32, only: Teller, out: &mut Out<Self>) {
        let Some(followed) = self.qualities.get(quality) else { return };
        let estimates = self.estimates(followed.challenge_hash, quality, followed.plot_size);
        self.want_block(quality, &estimates, only, out);
    }
}
