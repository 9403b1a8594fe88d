//! Which qualities are asked for their proof, and how long one that is not shown keeps others
//! waiting (F-4).

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::estimates::Estimate;
use super::quality::{Progress, Quality};
use super::{Farmer, Kept};
use crate::codec::chia::Bytes32;
use crate::codec::chia::messages::{ChallengeResponse, RequestProofOfSpace};
use crate::codec::streamable::Sha256;
use crate::heap;
use crate::machine::Out;
use crate::state::chia::role::{ConnectionId, Delivery};
use crate::state::chia::rules;
use crate::time::Time;

/// Below this height only the best quality of a challenge is followed (F-4).
const FAIR_START: u32 = 1_000;

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
        if !self.is_good(&estimates) {
            self.challenges.pass_over(challenge_hash, plot_size, quality);
            return Ok(());
        }
        let followed = Quality::new(challenge_hash, plot_size, from);
        let is_wanted = self.is_wanted(challenge_hash, &estimates);
        let most = self.config.limits.max_qualities;
        let displaced = self.qualities.follow(quality, followed, is_wanted, most);
        if is_wanted {
            self.ask_for(now, quality, &estimates, out);
        }
        let displaced = displaced.unwrap_or_default();
        for (_, gone) in displaced.iter().filter(|(_, gone)| gone.challenge_hash != challenge_hash)
        {
            self.challenges.harvest_again(gone.challenge_hash);
        }
        let displaced = displaced.iter().filter(|(hash, gone)| self.is_best(*hash, gone));
        let displaced: BTreeSet<_> = displaced.map(|(_, gone)| gone.challenge_hash).collect();
        if !displaced.is_empty() {
            self.forget_lowest(now, &displaced, out);
        }
        Ok(())
    }

    /// Whether a quality is good for anything, by what anybody says of its challenge.
    fn is_good(&self, estimates: &[Estimate]) -> bool {
        self.counts_for_pool(estimates) || estimates.iter().any(|it| self.becomes_block(it))
    }

    /// Whether a quality that was passed over is good by what is said of its challenge now: who told
    /// that first may have lied about it, and a harvester tells each quality once.
    pub(super) fn misses(&self, challenge_hash: Bytes32) -> bool {
        self.challenges.passed(challenge_hash).any(|(plot_size, quality)| {
            self.is_good(&self.estimates(challenge_hash, quality, plot_size))
        })
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
    pub(super) fn count(&mut self, challenge_hash: Bytes32, estimates: &[Estimate]) {
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
}
