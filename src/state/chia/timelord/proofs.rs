//! What becomes of the proofs that workers make, and what they end (T-6).

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{Asked, Made, Timelord, TimelordNotice, TimelordQuery};
use crate::ask::AskId;
use crate::codec::chia::messages::ProofOfTimeFinished;
use crate::codec::chia::{Bytes32, NodeType, ProofOfTime};
use crate::machine::Out;
use crate::state::chia::role::{ConnectionId, Delivery};
use crate::time::Time;

impl Timelord {
    /// A worker made a proof (T-6).
    pub(super) fn made(&mut self, now: Time, vdf: AskId, proof: ProofOfTime, out: &mut Out<Self>) {
        let Some(vdf) = self.vdfs.get(vdf) else { return };
        let since = vdf.since.unwrap_or(now);
        let micros = u64::try_from(now.since(since).as_micros()).unwrap_or(u64::MAX);
        let of = self.wanted_by(vdf.challenge_hash, proof.number_of_iterations);
        let query = TimelordQuery::VerifyProof(Box::new(proof.clone()));
        let made = Made { proof, of, worker: vdf.worker, micros };
        // The question for the proof has just made room for this one.
        if let Ok(id) = self.asks.open(Asked::Verify(Box::new(made))) {
            out.ask(id, query);
        }
    }

    /// Which full nodes want a proof, and what its challenge weighs for each.
    fn wanted_by(&self, hash: Bytes32, count: u64) -> Vec<(ConnectionId, u64)> {
        let Some(iterations) = self.challenges.iterations(hash) else { return Vec::new() };
        let wanted: Vec<_> = iterations.wanted_by(count).collect();
        let weights = self.challenges.weights(hash).filter(|(of, _)| wanted.contains(of));
        weights.filter_map(|(of, weight)| Some((of?, weight))).collect()
    }

    /// A proof is good, or it is not (T-6).
    pub(super) fn verified(&mut self, made: Made, is_good: bool, out: &mut Out<Self>) {
        let Made { proof, of, worker, micros } = made;
        let (challenge_hash, iterations) = (proof.challenge_hash, proof.number_of_iterations);
        let proved = is_good.then(|| Box::new(proof.clone()));
        self.challenges.prove(challenge_hash, iterations, proved, self.config.max_pending);
        if !is_good {
            out.notify(TimelordNotice::BadProof { worker, challenge_hash, iterations });
            return;
        }
        out.send(Delivery::Broadcast(NodeType::FullNode, ProofOfTimeFinished { proof }.into()));
        out.notify(TimelordNotice::Finished { challenge_hash, iterations });
        self.vdfs.measure(worker, iterations, micros);
        let mut is_enough = false;
        for (node, weight) in of {
            is_enough |= self.views.count(node, weight, self.config.max_challenges);
        }
        if is_enough {
            self.stop_beaten(out);
        }
    }

    /// Stops what is done for everybody who told it (T-6).
    pub(super) fn stop_beaten(&mut self, out: &mut Out<Self>) {
        let beaten = self.vdfs.active().filter(|(_, vdf)| {
            let mut weights = self.challenges.weights(vdf.challenge_hash);
            weights.all(|(teller, weight)| self.views.is_beaten(teller, weight))
        });
        let beaten: Vec<_> = beaten.map(|(id, _)| id).collect();
        for vdf in beaten {
            self.stop(vdf, out);
        }
    }
}
