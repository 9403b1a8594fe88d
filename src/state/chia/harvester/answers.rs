//! What the farmer wants of a quality: its proof, and signatures by its plot (H-6 to H-9).

use super::challenges::Known;
use super::{Asked, Harvester, HarvesterQuery, Plot, PlotId};
use crate::codec::chia::messages::{
    RespondHeaderSignature, RespondPartialProof, RespondProofOfSpace,
};
use crate::codec::chia::{Blob, Bytes32, Message, PrependSignature, ProofOfSpace};
use crate::codec::streamable::Sha256;
use crate::machine::Out;
use crate::state::chia::role::Delivery;

impl<H: Sha256> Harvester<H> {
    /// Fetches a proof; one at a time for each quality (H-6, A-14).
    pub(super) fn wants_proof(&mut self, quality: Bytes32, out: &mut Out<Self>) {
        let is_fetched =
            |asked: &Asked| matches!(asked, Asked::Proof { quality: of, .. } if *of == quality);
        if self.asks.iter().any(|(_, asked)| is_fetched(asked)) {
            return;
        }
        if let Some(known) = self.challenges.known(quality) {
            self.fetch(quality, known, false, out);
        }
    }

    pub(super) fn fetch(
        &mut self,
        quality: Bytes32,
        known: Known,
        again: bool,
        out: &mut Out<Self>,
    ) {
        if let Ok(id) = self.asks.open(Asked::Proof { quality, known, again }) {
            let Known { challenge_hash, plot, index } = known;
            out.ask(id, HarvesterQuery::FetchProof { plot, challenge_hash, index });
        }
    }

    pub(super) fn fetched(&self, quality: Bytes32, known: Known, proof: Blob) -> Option<Message> {
        let Plot { pool_pubkey, plot_pubkey, size, .. } = *self.plots.get(&known.plot)?;
        let challenge_hash = known.challenge_hash;
        let proof = ProofOfSpace { challenge_hash, pool_pubkey, plot_pubkey, size, proof };
        Some(RespondProofOfSpace { quality, proof }.into())
    }

    /// Has 32 bytes signed by the plot of a quality (H-7 to H-9).
    pub(super) fn wants_signature(
        &mut self,
        quality: Bytes32,
        hash: Bytes32,
        out: &mut Out<Self>,
        asked: impl FnOnce(PlotId) -> Asked,
    ) {
        let Some(Known { plot, .. }) = self.challenges.known(quality) else { return };
        let asked = asked(plot);
        if self.asks.iter().any(|(_, open)| *open == asked) {
            return;
        }
        if let Ok(id) = self.asks.open(asked) {
            out.ask(id, HarvesterQuery::Sign { plot, hash });
        }
    }

    /// Tells the farmer, if there is something to tell and somebody to tell it to.
    pub(super) fn tell(&self, message: Option<Message>, out: &mut Out<Self>) {
        if let (Some(farmer), Some(message)) = (self.farmer, message) {
            out.send(Delivery::To(farmer, message));
        }
    }
}

/// The answer that a signature is.
pub(super) fn signed(asked: &Asked, signature: PrependSignature) -> Option<Message> {
    match *asked {
        Asked::HeaderSignature { quality, .. } => {
            Some(RespondHeaderSignature { quality, header_hash_signature: signature }.into())
        }
        Asked::PartialProof { quality, .. } => {
            Some(RespondPartialProof { quality, farmer_target_signature: signature }.into())
        }
        Asked::Lookup { .. } | Asked::Proof { .. } => None,
    }
}
