//! The plots of a harvester, each of them a stand-in.

use alloc::vec::Vec;
use core::time::Duration;

use super::oracle::{Answers, Oracle};
use super::stand_in;
use crate::ask::AskId;
use crate::codec::chia::{Blob, Bytes32};
use crate::codec::streamable::Sha256;
use crate::state::chia::{Harvester, HarvesterCommand, HarvesterQuery, Plot, PlotId};
use crate::time::Time;

/// Plots that have a proof or two for every challenge, and the keys that sign for them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Plots {
    plots: Vec<Plot>,
    /// How long a plot takes to be looked at.
    seek: Duration,
}

impl Plots {
    /// The plots of these numbers, of size k, for the pool that all stand-ins have.
    #[must_use]
    pub fn new(numbers: &[u64], size: u8, seek: Duration) -> Self {
        let plot = |(id, number): (u32, &u64)| Plot {
            id: PlotId(id),
            pool_pubkey: stand_in::key(0),
            plot_pubkey: stand_in::key(number.wrapping_add(1)),
            size,
        };
        Self { plots: (0..).zip(numbers).map(plot).collect(), seek }
    }

    /// What the harvester is to be told at first.
    #[must_use]
    pub fn all(&self) -> Vec<Plot> {
        self.plots.clone()
    }

    fn plot(&self, id: PlotId) -> Option<&Plot> {
        self.plots.iter().find(|plot| plot.id == id)
    }
}

/// How many proofs a plot has for a challenge: one or two.
fn found(challenge_hash: Bytes32) -> u32 {
    u32::from(challenge_hash.0[0] & 1) + 1
}

impl<H: Sha256> Oracle<Harvester<H>> for Plots {
    fn asked(
        &mut self,
        _: Time,
        id: AskId,
        query: HarvesterQuery,
        answers: &mut Answers<HarvesterCommand>,
    ) {
        let answer = match query {
            HarvesterQuery::LookupQualities { plot, challenge_hash } => {
                let strings = self.plot(plot).map(|plot| {
                    let string =
                        |number| stand_in::quality_string(challenge_hash, plot.plot_pubkey, number);
                    let strings = (0..found(challenge_hash)).map(string);
                    strings.map(|string| Blob(Vec::from(string.0).into())).collect()
                });
                HarvesterCommand::Qualities(id, strings)
            }
            HarvesterQuery::FetchProof { plot, challenge_hash, index } => {
                let proof = self.plot(plot).map(|plot| {
                    let Plot { pool_pubkey, plot_pubkey, size, .. } = *plot;
                    let number = index;
                    stand_in::proof_of_space(challenge_hash, pool_pubkey, plot_pubkey, size, number)
                });
                HarvesterCommand::Proof(id, proof.map(|proof| proof.proof))
            }
            HarvesterQuery::Sign { plot, hash } => {
                let signature = self.plot(plot).map(|it| stand_in::sign(it.plot_pubkey, &hash.0));
                HarvesterCommand::Signature(id, signature)
            }
        };
        answers.give_after(self.seek, answer);
    }
}
