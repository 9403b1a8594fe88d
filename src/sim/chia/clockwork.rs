//! The VDFs of a timelord: clocks.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use core::time::Duration;

use super::oracle::{Answers, Oracle};
use super::stand_in;
use crate::ask::AskId;
use crate::codec::chia::Bytes32;
use crate::state::chia::{Timelord, TimelordCommand, TimelordQuery};
use crate::time::Time;

/// VDFs that do so many iterations a second, and prove them by stand-ins.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Clockwork {
    ips: u64,
    /// Bytes of a witness.
    witness: usize,
    /// What runs, and since when.
    running: BTreeMap<AskId, (Bytes32, Time)>,
}

impl Clockwork {
    /// Clocks of this speed.
    #[must_use]
    pub const fn new(ips: u64, witness: usize) -> Self {
        Self { ips, witness, running: BTreeMap::new() }
    }

    /// How long so many iterations take.
    #[must_use]
    pub fn lasts(&self, iterations: u64) -> Duration {
        let micros = u128::from(iterations).saturating_mul(1_000_000) / u128::from(self.ips.max(1));
        Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
    }
}

impl Oracle<Timelord> for Clockwork {
    fn asked(
        &mut self,
        now: Time,
        id: AskId,
        query: TimelordQuery,
        answers: &mut Answers<TimelordCommand>,
    ) {
        match query {
            TimelordQuery::StartVdf { challenge_hash, .. } => {
                self.running.insert(id, (challenge_hash, now));
                answers.give(TimelordCommand::VdfStarted(id));
            }
            TimelordQuery::FeedIterations { vdf, iterations } => {
                let Some((challenge_hash, since)) = self.running.get(&vdf) else { return };
                let proof = stand_in::proof_of_time(*challenge_hash, iterations, self.witness);
                let due = since.after(self.lasts(iterations));
                let proof = TimelordCommand::VdfProof(id, Box::new(proof));
                answers.give_after(due.since(now), proof);
            }
            TimelordQuery::StopVdf { vdf } => {
                self.running.remove(&vdf);
                answers.give(TimelordCommand::VdfStopped(id));
            }
            TimelordQuery::VerifyProof(proof) => {
                let good = stand_in::is_proof_of_time(&proof);
                answers.give(TimelordCommand::Verdict(id, good));
            }
        }
    }
}
