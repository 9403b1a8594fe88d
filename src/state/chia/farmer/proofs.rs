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
use crate::heap;
use crate::machine::Out;
use crate::state::chia::iterations::{Difficulty, iterations};
use crate::state::chia::role::{ConnectionId, Delivery};
use crate::state::chia::rules;
use crate::state::chia::tellers::Teller;
use crate::time::Time;

/// Below this height only the best quality of a challenge is followed (F-4).
const FAIR_START: u32 = 1_000;

/// How long a proof takes, by what one full node says.
pub(super) struct Estimate {
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
    /// A harvester found a quality: is it good enough to be asked for (F-4)? One that others are
    /// better than waits for its turn.
    pub(super) fn quality(
        &mut self,
        now: Time,
        from: ConnectionId,
        it: &ChallengeResponse,
        out: &mut Out<Self>,
    ) -> Kept {
        let ChallengeResponse { challenge_hash, quality, plot_size } = *it;
        if !(1..=63).contains(&plot_size) {
            return Err(&rules::PLOT_SIZE);
        }
        if let Some(followed) = self.qualities.get(quality) {
            let is_left = !self.harvesters.contains(&followed.harvester);
            let is_same =
                (followed.challenge_hash, followed.plot_size) == (challenge_hash, plot_size);
            if is_left && is_same && followed.is_submitted() {
                self.qualities.adopt(quality, from);
                self.sign_next(now, quality, out);
            }
            return Ok(());
        }
        let estimates = self.estimates(challenge_hash, quality, plot_size);
        let counts_for_pool = self.counts_for_pool(&estimates);
        if !estimates.iter().any(|it| counts_for_pool || self.becomes_block(it)) {
            return Ok(());
        }
        let followed = Quality::new(challenge_hash, plot_size, from);
        let is_wanted = self.is_wanted(challenge_hash, &estimates);
        let most = self.config.limits.max_qualities;
        let displaced = self.qualities.follow(quality, followed, is_wanted, most);
        if is_wanted {
            self.ask_for(now, quality, &estimates, out);
        }
        let displaced = displaced.into_iter().flatten();
        let displaced = displaced.filter(|(hash, gone)| self.is_best(*hash, gone));
        let displaced: BTreeSet<_> = displaced.map(|(_, gone)| gone.challenge_hash).collect();
        if !displaced.is_empty() {
            self.forget_lowest(now, &displaced, out);
        }
        Ok(())
    }

    /// Whether a quality is the one that others are held against (F-4): where any other has gone
    /// nothing is to be found out anew, which would be much to do for each of a flood.
    fn is_best(&self, hash: Bytes32, quality: &Quality) -> bool {
        let Quality { challenge_hash, plot_size, harvester, .. } = *quality;
        if !quality.is_shown() && !self.is_believed(challenge_hash, harvester) {
            return false;
        }
        let estimates = self.estimates(challenge_hash, hash, plot_size);
        estimates
            .iter()
            .any(|it| self.challenges.lowest(challenge_hash, it.teller) == Some(it.iterations))
    }

    /// Whether a quality is better than those that count (F-4).
    fn is_wanted(&self, challenge_hash: Bytes32, estimates: &[Estimate]) -> bool {
        let counts_for_pool = self.counts_for_pool(estimates);
        estimates.iter().any(|it| {
            let is_best = || self.challenges.improves(challenge_hash, it.teller, it.iterations);
            (counts_for_pool || self.becomes_block(it)) && (it.height >= FAIR_START || is_best())
        })
    }

    /// Asks for a proof.
    fn ask_for(
        &mut self,
        now: Time,
        quality: Bytes32,
        estimates: &[Estimate],
        out: &mut Out<Self>,
    ) {
        let Some(&Quality { challenge_hash, harvester, .. }) = self.qualities.get(quality) else {
            return;
        };
        let due = now.after(self.config.limits.proof_timeout);
        self.qualities.advance(quality, Progress::ProofRequested(Some(due)));
        if self.is_believed(challenge_hash, harvester) {
            self.count(challenge_hash, estimates);
        }
        out.send(Delivery::To(harvester, RequestProofOfSpace { quality }.into()));
    }

    /// Whether a quality counts before its proof is shown: no proof of the challenge was overdue,
    /// nor was one of the harvester since it showed one.
    fn is_believed(&self, challenge_hash: Bytes32, harvester: ConnectionId) -> bool {
        !self.challenges.is_lapsed(challenge_hash) && !self.late.contains(&harvester)
    }

    /// No other is followed below height 1000 but those that are better than this (F-4).
    fn count(&mut self, challenge_hash: Bytes32, estimates: &[Estimate]) {
        for it in estimates {
            self.challenges.count(challenge_hash, it.teller, it.iterations);
        }
    }

    /// Proofs are overdue: what was said of their challenges counts no more, so the next best are
    /// asked for (F-4).
    pub(super) fn lapse(&mut self, now: Time, out: &mut Out<Self>) {
        let mut challenges = BTreeSet::new();
        while let Some((harvester, challenge_hash)) = self.qualities.lapse(now) {
            self.late.insert(harvester);
            if self.challenges.lapse(challenge_hash) {
                challenges.insert(challenge_hash);
            }
        }
        self.forget_lowest(now, &challenges, out);
    }

    /// What a harvester claims counts again.
    pub(super) fn forgive(&mut self, harvester: ConnectionId) {
        self.late.remove(&harvester);
        heap::relax_set(&mut self.late);
    }

    /// How long a proof takes, by what each full node says of its challenge: whoever told it and
    /// has been there longest comes first.
    pub(super) fn estimates(
        &self,
        challenge_hash: Bytes32,
        quality: Bytes32,
        plot_size: u8,
    ) -> Vec<Estimate> {
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

    /// Qualities of these challenges count no more: of what is left the best one does, and is asked
    /// for if it was not (F-4).
    pub(super) fn forget_lowest(
        &mut self,
        now: Time,
        challenges: &BTreeSet<Bytes32>,
        out: &mut Out<Self>,
    ) {
        for challenge_hash in challenges {
            self.challenges.forget_lowest(*challenge_hash);
        }
        self.learn_lowest(now, challenges, out);
    }

    /// What is followed of these challenges was seen, whoever tells them now (F-4).
    pub(super) fn learn_lowest(
        &mut self,
        now: Time,
        challenges: &BTreeSet<Bytes32>,
        out: &mut Out<Self>,
    ) {
        let is_early = |hash: &&Bytes32| {
            self.challenges.claims(**hash).any(|(_, claim)| claim.height < FAIR_START)
        };
        let early: BTreeSet<_> = challenges.iter().filter(is_early).collect();
        if early.is_empty() {
            return;
        }
        let mut waiting = Vec::new();
        let mut counted = Vec::new();
        for (quality, of) in
            self.qualities.iter().filter(|(_, of)| early.contains(&of.challenge_hash))
        {
            let estimates = self.estimates(of.challenge_hash, quality, of.plot_size);
            let is_asked = matches!(of.progress, Progress::ProofRequested(Some(_)));
            if matches!(of.progress, Progress::Waiting) {
                let fewest = estimates.iter().map(|it| it.iterations).min();
                waiting.push((fewest, quality, of.challenge_hash, estimates));
            } else if of.is_shown()
                || (is_asked && self.is_believed(of.challenge_hash, of.harvester))
            {
                counted.push((of.challenge_hash, estimates));
            }
        }
        for (challenge_hash, estimates) in counted {
            self.count(challenge_hash, &estimates);
        }
        waiting.sort_unstable_by_key(|(fewest, quality, ..)| (*fewest, *quality));
        for (_, quality, challenge_hash, estimates) in waiting {
            if self.is_wanted(challenge_hash, &estimates) {
                self.ask_for(now, quality, &estimates, out);
            }
        }
    }

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

    /// Forgets a quality, and how good it claimed to be.
    fn drop_quality(&mut self, now: Time, quality: Bytes32, out: &mut Out<Self>) {
        let of = self.qualities.drop_one(quality);
        self.forget_lowest(now, &of.into_iter().collect(), out);
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
        self.want_block(quality, &estimates, None, out);
    }

    /// Asks for a block with a proof that is good, if it is to become one: one full node, or all
    /// that told its challenge (F-5).
    pub(super) fn want_block(
        &mut self,
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
        let all = self.challenges.claims(challenge_hash).count();
        match wanted.split_first() {
            Some(((_, signed), others))
                if only.is_none()
                    && wanted.len() == all
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
