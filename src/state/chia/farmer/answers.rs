//! What a farmer asks the application, and the answers.

use alloc::boxed::Box;

use super::signing::SignedHeader;
use super::{Farmer, FarmerCommand, FarmerNotice, PartialProof};
use crate::ask::AskId;
use crate::codec::Source;
use crate::codec::chia::{Bytes32, ProofOfSpace};
use crate::codec::streamable::Sha256;
use crate::fault::Refused;
use crate::machine::Out;
use crate::state::chia::role::{ConnectionId, Delivery};
use crate::state::chia::rules;
use crate::time::Time;

/// What a question is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Asked {
    Coinbase { from: ConnectionId, height: u32 },
    Proof { from: ConnectionId, quality: Bytes32, proof: Box<ProofOfSpace> },
    Header(Box<SignedHeader>),
    Partial { from: ConnectionId, partial: Box<PartialProof> },
}

impl Asked {
    /// Who caused it.
    pub const fn from(&self) -> ConnectionId {
        match self {
            Self::Coinbase { from, .. } | Self::Proof { from, .. } | Self::Partial { from, .. } => {
                *from
            }
            Self::Header(signed) => signed.from,
        }
    }

    /// Heap bytes held.
    pub fn heap(&self) -> usize {
        match self {
            Self::Coinbase { .. } => 0,
            Self::Proof { proof, .. } => {
                size_of::<ProofOfSpace>().saturating_add(Source::heap(&proof.proof.0))
            }
            Self::Header(signed) => size_of::<SignedHeader>().saturating_add(signed.heap()),
            Self::Partial { partial, .. } => size_of::<PartialProof>()
                .saturating_add(Source::heap(&partial.proof_of_space.proof.0)),
        }
    }
}

impl<H: Sha256> Farmer<H> {
    /// Whether a command answers what was asked, and says what can be.
    pub(super) fn admits(&self, command: &FarmerCommand) -> Result<(), Refused> {
        let id = match command {
            FarmerCommand::Coinbase(id, _)
            | FarmerCommand::Quality(id, _)
            | FarmerCommand::Verdict(id, _) => *id,
            FarmerCommand::PoolShareThreshold(_) => return Ok(()),
        };
        let fits = match self.asks.context(id)? {
            None => true,
            Some(Asked::Coinbase { height, .. }) => match command {
                FarmerCommand::Coinbase(_, Some(signed)) => signed.coinbase.height == *height,
                FarmerCommand::Coinbase(_, None) => true,
                _ => false,
            },
            Some(Asked::Proof { .. }) => matches!(command, FarmerCommand::Quality(..)),
            Some(Asked::Header(_) | Asked::Partial { .. }) => {
                matches!(command, FarmerCommand::Verdict(..))
            }
        };
        if fits { Ok(()) } else { Err(Refused::invalid("the question was another")) }
    }

    /// Where an answer goes on, and what the pool pays for from now on.
    pub(super) fn command(&mut self, now: Time, command: FarmerCommand, out: &mut Out<Self>) {
        match command {
            FarmerCommand::PoolShareThreshold(seconds) => {
                self.config.pool_share_threshold = seconds;
            }
            FarmerCommand::Coinbase(id, signed) => {
                if let (Some(Asked::Coinbase { .. }), Some(signed)) = (self.close(id), signed) {
                    let height = signed.coinbase.height;
                    self.challenges.keep_coinbase(*signed, self.config.limits.max_challenges);
                    self.use_coinbase(now, height, out);
                }
            }
            FarmerCommand::Quality(id, found) => {
                if let Some(Asked::Proof { from, quality, proof }) = self.close(id) {
                    self.verified(now, from, quality, *proof, found, out);
                }
            }
            FarmerCommand::Verdict(id, is_good) => match self.close(id) {
                Some(Asked::Header(signed)) => self.header_verified(now, *signed, is_good, out),
                Some(Asked::Partial { partial, .. }) if is_good => {
                    out.notify(FarmerNotice::Partial(partial));
                }
                Some(Asked::Partial { from, .. }) => {
                    out.send(Delivery::Penalise(from, &rules::BAD_HARVESTER_SIGNATURE));
                }
                _ => {}
            },
        }
    }

    fn close(&mut self, id: AskId) -> Option<Asked> {
        self.asks.close(id).ok().flatten()
    }
}
