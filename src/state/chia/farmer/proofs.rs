//! A proof has come: whether it is good, and what follows from it (F-5).

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::quality::{Held, Progress, Quality};
use super::{Asked, Farmer, FarmerQuery};
use crate::codec::chia::messages::{RequestPartialProof, RespondProofOfSpace};
use crate::codec::chia::{Bytes32, ProofOfSpace};
use crate::codec::streamable::Sha256;
use crate::machine::Out;
use crate::state::chia::role::{ConnectionId, Delivery};
use crate::state::chia::rules;
use crate::time::Time;

impl<H: Sha256> Farmer<H> {
    /// The proof of a quality that was asked for (F-5).
    pub(super) fn proof(
        &mut self,
        now: Time,
        from: ConnectionId,
        it: RespondProofOfSpace,
        out: &mut Out<Self>,
    ) {
        let RespondProofOfSpace { quality, proof } = it;
        let Some(asked) = self.qualities.get(quality) else { return };
        if asked.harvester != from || !matches!(asked.progress, Progress::ProofRequested(_)) {
            return;
        }
        let Quality { challenge_hash, plot_size, .. } = *asked;
        let fits = proof.challenge_hash == challenge_hash
            && proof.size == plot_size
            && self.config.pool_public_keys.contains(&proof.pool_pubkey);
        if !fits {
            out.send(Delivery::Penalise(from, &rules::WRONG_PROOF));
            self.drop_quality(now, quality, out);
            return;
        }
        self.qualities.advance(quality, Progress::Verifying);
        let estimates = self.estimates(challenge_hash, quality, plot_size);
        self.count(challenge_hash, &estimates);
        let proof = Box::new(proof);
        if let Ok(id) = self.asks.open(Asked::Proof { from, quality, proof: proof.clone() }) {
            out.ask(id, FarmerQuery::VerifyProof(proof));
        } else {
            // While saturated nothing is to come; what comes all the same is not followed up.
            self.drop_quality(now, quality, out);
        }
    }

    /// Whether a proof is good, and what follows from it (F-5).
    pub(super) fn verified(
        &mut self,
        now: Time,
        from: ConnectionId,
        quality: Bytes32,
        proof: ProofOfSpace,
        found: Option<Bytes32>,
        out: &mut Out<Self>,
    ) {
        let Some(followed) = self.qualities.get(quality) else { return };
        let Quality { challenge_hash, plot_size, harvester, .. } = *followed;
        // It may have made room meanwhile, and be followed anew.
        if harvester != from || !matches!(followed.progress, Progress::Verifying) {
            return;
        }
        if found != Some(quality) {
            out.send(Delivery::Penalise(harvester, &rules::WRONG_PROOF));
            self.drop_quality(now, quality, out);
            return;
        }
        self.forgive(harvester);
        let estimates = self.estimates(challenge_hash, quality, plot_size);
        let partial = self.counts_for_pool(&estimates);
        let held = Held {
            proof,
            partial_requested: partial,
            asked: None,
            header: None,
            signing: Vec::new(),
            others: Vec::new(),
            submitted: None,
        };
        self.qualities.advance(quality, Progress::ProofHeld(Box::new(held)));
        if partial {
            let request = RequestPartialProof { quality, farmer_target_hash: self.target_hash };
            out.send(Delivery::To(harvester, request.into()));
        }
        self.want_block(now, quality, &estimates, None, out);
    }

    /// Forgets a quality, and how good it claimed to be.
    fn drop_quality(&mut self, now: Time, quality: Bytes32, out: &mut Out<Self>) {
        let of = self.qualities.drop_one(quality);
        self.forget_lowest(now, &of.into_iter().collect(), out);
    }
}
