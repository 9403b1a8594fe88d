//! From a quality to its proof, and what is asked for when the proof is good (F-4, F-5).

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::qualities::{Held, Progress, Quality};
use super::{Asked, Farmer, FarmerQuery, Kept};
use crate::codec::chia::messages::{
    ChallengeResponse, RequestHeaderHash, RequestPartialProof, RequestProofOfSpace,
    RespondProofOfSpace,
};
use crate::codec::chia::{Bytes32, NodeType, ProofOfSpace, SignedCoinbase};
use crate::codec::streamable::{Sha256, Streamable};
use crate::machine::Out;
use crate::state::chia::iterations::{Difficulty, iterations};
use crate::state::chia::role::{ConnectionId, Delivery};
use crate::state::chia::rules;
use crate::state::chia::tellers::Teller;

/// Below this height only the best quality of a challenge is followed (F-4).
const FAIR_START: u32 = 1_000;

/// How long a proof takes, by what one full node says.
struct Estimate {
    teller: Teller,
    height: u32,
    /// Of the block that would be made.
    weight: u64,
    ips: u64,
    iterations: u64,
}

impl Estimate {
    fn takes_less_than(&self, seconds: u64) -> bool {
        u128::from(self.iterations) < u128::from(self.ips).saturating_mul(u128::from(seconds))
    }
}

impl<H: Sha256> Farmer<H> {
    /// A harvester found a quality: is it good enough to be asked for (F-4)?
    pub(super) fn quality(
        &mut self,
        from: ConnectionId,
        it: &ChallengeResponse,
        out: &mut Out<Self>,
    ) -> Kept {
        let ChallengeResponse { challenge_hash, quality, plot_size } = *it;
        if !(1..=63).contains(&plot_size) {
            return Err(&rules::PLOT_SIZE);
        }
        if self.qualities.get(quality).is_some() {
            return Ok(());
        }
        let estimates = self.estimates(challenge_hash, quality, plot_size);
        let counts_for_pool = self.counts_for_pool(&estimates);
        let mut is_wanted = false;
        for it in estimates {
            let improves = self.challenges.improve(challenge_hash, it.teller, it.iterations);
            let counts = improves || it.height >= FAIR_START;
            is_wanted |= counts && (counts_for_pool || self.becomes_block(&it));
        }
        if is_wanted {
            let followed = Quality {
                challenge_hash,
                plot_size,
                harvester: from,
                pos_hash: None,
                progress: Progress::ProofRequested,
            };
            self.qualities.follow(quality, followed, self.config.limits.max_qualities);
            out.send(Delivery::To(from, RequestProofOfSpace { quality }.into()));
        }
        Ok(())
    }

    /// How long a proof takes, by what each full node says of its challenge: whoever told it and
    /// has been there longest comes first.
    fn estimates(&self, challenge_hash: Bytes32, quality: Bytes32, plot_size: u8) -> Vec<Estimate> {
        let mut estimates = Vec::new();
        // Most of them say the same.
        let mut last = None;
        for (teller, claim) in self.challenges.claims(challenge_hash) {
            let ips = self.ips_of(teller);
            let min_block_time = self.config.min_block_time;
            let of = Difficulty { plot_size, difficulty: claim.difficulty, ips, min_block_time };
            let iterations = match last {
                Some((same, iterations)) if same == of => iterations,
                _ => iterations(quality, of),
            };
            last = Some((of, iterations));
            estimates.extend(iterations.map(|iterations| Estimate {
                teller,
                height: claim.height,
                weight: claim.weight.saturating_add(claim.difficulty),
                ips,
                iterations,
            }));
        }
        estimates
    }

    /// Pools have no full node to ask: the one that has been there longest is believed.
    fn counts_for_pool(&self, estimates: &[Estimate]) -> bool {
        estimates.first().is_some_and(|it| it.takes_less_than(self.config.pool_share_threshold))
    }

    fn becomes_block(&self, estimate: &Estimate) -> bool {
        estimate.takes_less_than(self.config.propagate_threshold)
    }

    /// Qualities of these challenges were forgotten: of what is left the best one counts (F-4).
    pub(super) fn forget_lowest(&mut self, challenges: &BTreeSet<Bytes32>) {
        for challenge_hash in challenges {
            self.challenges.forget_lowest(*challenge_hash);
        }
        self.learn_lowest(challenges);
    }

    /// What is followed of these challenges was seen, whoever tells them now (F-4).
    pub(super) fn learn_lowest(&mut self, challenges: &BTreeSet<Bytes32>) {
        let is_early = |hash: &&Bytes32| {
            self.challenges.claims(**hash).any(|(_, claim)| claim.height < FAIR_START)
        };
        let early: BTreeSet<_> = challenges.iter().filter(is_early).collect();
        if early.is_empty() {
            return;
        }
        let left = self.qualities.iter().filter(|(_, of)| early.contains(&of.challenge_hash));
        let left = left.map(|(quality, of)| (quality, of.challenge_hash, of.plot_size));
        for (quality, challenge_hash, plot_size) in left.collect::<Vec<_>>() {
            for it in self.estimates(challenge_hash, quality, plot_size) {
                self.challenges.improve(challenge_hash, it.teller, it.iterations);
            }
        }
    }

    /// The proof of a quality that was asked for (F-5).
    pub(super) fn proof(
        &mut self,
        from: ConnectionId,
        it: RespondProofOfSpace,
        out: &mut Out<Self>,
    ) -> Kept {
        let RespondProofOfSpace { quality, proof } = it;
        let Some(asked) = self.qualities.get_mut(quality) else { return Ok(()) };
        if asked.harvester != from || asked.progress != Progress::ProofRequested {
            return Ok(());
        }
        let fits = proof.challenge_hash == asked.challenge_hash
            && proof.size == asked.plot_size
            && self.config.pool_public_keys.contains(&proof.pool_pubkey);
        if !fits {
            self.drop_quality(quality);
            return Err(&rules::WRONG_PROOF);
        }
        asked.progress = Progress::Verifying;
        let proof = Box::new(proof);
        if let Ok(id) = self.asks.open(Asked::Proof { from, quality, proof: proof.clone() }) {
            out.ask(id, FarmerQuery::VerifyProof(proof));
        } else {
            // While saturated nothing is to come; what comes all the same is not followed up.
            self.drop_quality(quality);
        }
        Ok(())
    }

    /// Forgets a quality, and how good it claimed to be.
    fn drop_quality(&mut self, quality: Bytes32) {
        let of = self.qualities.drop_one(quality);
        self.forget_lowest(&of.into_iter().collect());
    }

    /// Whether a proof is good, and what follows from it (F-5).
    pub(super) fn verified(
        &mut self,
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
            self.drop_quality(quality);
            out.send(Delivery::Penalise(harvester, &rules::WRONG_PROOF));
            return;
        }
        let estimates = self.estimates(challenge_hash, quality, plot_size);
        let partial = self.counts_for_pool(&estimates);
        let pos_hash = Bytes32(proof.get_hash::<H>());
        let requests = self.block_requests(challenge_hash, quality, &estimates, &proof);
        if let Some(followed) = self.qualities.get_mut(quality) {
            followed.progress = Progress::ProofHeld(Box::new(Held {
                proof,
                partial_requested: partial,
                header: None,
                signing: Vec::new(),
                is_submitted: false,
            }));
        }
        if partial {
            let request = RequestPartialProof { quality, farmer_target_hash: self.target_hash };
            out.send(Delivery::To(harvester, request.into()));
        }
        if !requests.is_empty() {
            self.qualities.name_proof(pos_hash, quality);
        }
        for request in requests {
            out.send(request);
        }
    }

    /// The requests for a block: to all full nodes, unless they do not agree about it. Whoever
    /// has told another height than is true must not have the others blame us for it (F-22).
    fn block_requests(
        &self,
        challenge_hash: Bytes32,
        quality: Bytes32,
        estimates: &[Estimate],
        proof: &ProofOfSpace,
    ) -> Vec<Delivery> {
        let wanted = estimates
            .iter()
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
        let all = self.challenges.claims(challenge_hash).count();
        match wanted.split_first() {
            Some(((_, signed), others))
                if wanted.len() == all && others.iter().all(|(_, other)| other == signed) =>
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
