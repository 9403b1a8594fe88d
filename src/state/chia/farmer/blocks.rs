//! Which full nodes are asked for a block with a proof that is good (F-5, F-9).

use alloc::vec::Vec;

use super::Farmer;
use super::estimates::Estimate;
use super::quality::Progress;
use crate::codec::chia::messages::RequestHeaderHash;
use crate::codec::chia::{Bytes32, NodeType, ProofOfSpace, SignedCoinbase};
use crate::codec::streamable::{Sha256, Streamable};
use crate::machine::Out;
use crate::state::chia::role::Delivery;
use crate::state::chia::tellers::Teller;
use crate::time::Time;

impl<H: Sha256> Farmer<H> {
    /// Asks for a block with a proof that is good, if it is to become one: one full node, or all
    /// that told its challenge (F-5).
    pub(super) fn want_block(
        &mut self,
        now: Time,
        quality: Bytes32,
        estimates: &[Estimate],
        only: Teller,
        out: &mut Out<Self>,
    ) {
        let Some(followed) = self.qualities.get(quality) else { return };
        let Progress::ProofHeld(held) = &followed.progress else { return };
        let pos_hash = Bytes32(held.proof.get_hash::<H>());
        let challenge_hash = followed.challenge_hash;
        let requests = self.block_requests(challenge_hash, quality, estimates, &held.proof, only);
        if !requests.is_empty() {
            self.qualities.name_proof(pos_hash, quality);
        }
        if matches!(requests.first(), Some(Delivery::Broadcast(..))) {
            if let Some((.., held)) = self.qualities.of_proof(pos_hash) {
                held.asked = self.nodes.newest();
            }
        }
        for request in requests {
            let node = if let Delivery::To(node, _) = request { Some(node) } else { None };
            self.nodes.ask(now, node);
            out.send(request);
        }
    }

    /// The requests for a block: to all full nodes if all of them have told the challenge and agree
    /// about it, otherwise to each that has told it, by what it said. Whoever has told another height
    /// than is true must not have the others blame us for it, be it those that are about to tell the
    /// challenge (F-22): they are asked when they do (F-10).
    fn block_requests(
        &self,
        challenge_hash: Bytes32,
        quality: Bytes32,
        estimates: &[Estimate],
        proof: &ProofOfSpace,
        only: Teller,
    ) -> Vec<Delivery> {
        let asked = estimates.iter().filter(|it| only.is_none() || it.teller == only);
        let wanted = asked
            .filter(|it| self.becomes_block(it) && !self.yields(it.teller, it.weight, quality));
        let wanted = wanted.filter_map(|it| {
            // Its coinbase has to be at hand.
            let signed = self.challenges.coinbase(it.height.saturating_add(1))?;
            Some((it.teller, signed))
        });
        let wanted: Vec<_> = wanted.collect();
        let request = |signed: &SignedCoinbase| RequestHeaderHash {
            challenge_hash,
            coinbase: signed.coinbase.clone(),
            coinbase_signature: signed.coinbase_signature,
            fees_target_puzzle_hash: self.config.fees_target_puzzle_hash,
            proof_of_space: proof.clone(),
        };
        let there = self.nodes.iter().map(|(node, _)| Some(node));
        match wanted.split_first() {
            Some(((_, signed), others))
                if only.is_none()
                    && there.eq(wanted.iter().map(|(teller, _)| *teller))
                    && others.iter().all(|(_, other)| other == signed) =>
            {
                let request = request(signed).into();
                Vec::from([Delivery::Broadcast(NodeType::FullNode, request)])
            }
            _ => {
                let each = wanted.iter().filter_map(|(teller, signed)| {
                    Some(Delivery::To((*teller)?, request(signed).into()))
                });
                each.collect()
            }
        }
    }

    /// True if a full node told of enough better qualities (F-9).
    fn yields(&self, teller: Teller, weight: u64, quality: Bytes32) -> bool {
        let (Some(node), Some(most)) = (teller, self.config.yield_to) else { return false };
        let better = self.nodes.told_by(node, weight).filter(|arrived| *arrived > quality);
        better.count() >= most
    }
}
