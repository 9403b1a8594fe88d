//! Signatures of headers and of partial proofs (F-6 to F-8).

use alloc::boxed::Box;

use super::qualities::{Header, Progress};
use super::{Asked, Farmer, FarmerNotice, FarmerQuery, PartialProof, Signed};
use crate::codec::chia::Bytes32;
use crate::codec::chia::messages::{
    HeaderHash, HeaderSignature, RequestHeaderSignature, RespondHeaderSignature,
    RespondPartialProof,
};
use crate::codec::streamable::Sha256;
use crate::machine::Out;
use crate::state::chia::role::{ConnectionId, Delivery};

impl<H: Sha256> Farmer<H> {
    /// A full node made a block: the first is signed (F-6, R-11).
    pub(super) fn header(&mut self, from: ConnectionId, it: &HeaderHash, out: &mut Out<Self>) {
        let HeaderHash { pos_hash, header_hash } = *it;
        let Some((quality, harvester, held)) = self.qualities.of_proof(pos_hash) else { return };
        if held.header.is_some() {
            return;
        }
        let header = Header { node: from, header_hash };
        held.header = Some(header);
        held.signing.push_back(header);
        let request = RequestHeaderSignature { quality, header_hash };
        out.send(Delivery::To(harvester, request.into()));
    }

    /// The harvester signed a block (F-7).
    pub(super) fn header_signed(
        &mut self,
        from: ConnectionId,
        it: &RespondHeaderSignature,
        out: &mut Out<Self>,
    ) {
        let RespondHeaderSignature { quality, header_hash_signature: signature } = *it;
        let Some(followed) = self.qualities.get_mut(quality) else { return };
        let (true, Some(pos_hash)) = (followed.harvester == from, followed.pos_hash) else {
            return;
        };
        let Progress::ProofHeld(held) = &mut followed.progress else { return };
        let Some(header) = held.signing.pop_front() else { return };
        let (key, header_hash) = (held.proof.plot_pubkey, header.header_hash);
        let message = HeaderSignature { pos_hash, header_hash, header_signature: signature };
        let message = Box::new(message);
        if let Ok(id) = self.asks.open(Asked::Header { quality, from, header, message }) {
            let signed = Signed { key, hash: Bytes32(header_hash.0), signature };
            out.ask(id, FarmerQuery::VerifySignature(Box::new(signed)));
        }
    }

    /// The harvester signed the target (F-8).
    pub(super) fn partial_signed(
        &mut self,
        from: ConnectionId,
        it: &RespondPartialProof,
        out: &mut Out<Self>,
    ) {
        let RespondPartialProof { quality, farmer_target_signature: signature } = *it;
        let Some(followed) = self.qualities.get_mut(quality) else { return };
        if followed.harvester != from {
            return;
        }
        let Progress::ProofHeld(held) = &mut followed.progress else { return };
        if !core::mem::take(&mut held.partial_requested) {
            return;
        }
        let proof_of_space = held.proof.clone();
        let signed = Signed { key: proof_of_space.plot_pubkey, hash: self.target_hash, signature };
        let partial = Box::new(PartialProof { proof_of_space, signature });
        if let Ok(id) = self.asks.open(Asked::Partial { from, partial }) {
            out.ask(id, FarmerQuery::VerifySignature(Box::new(signed)));
        }
    }

    /// Hands a signed header to the full node that made the block, if it is still there.
    pub(super) fn submit(
        &mut self,
        quality: Bytes32,
        header: Header,
        message: HeaderSignature,
        out: &mut Out<Self>,
    ) {
        let Some(followed) = self.qualities.get_mut(quality) else { return };
        let Progress::ProofHeld(held) = &mut followed.progress else { return };
        if held.header == Some(header) && !held.is_submitted {
            held.is_submitted = true;
            let HeaderSignature { pos_hash, header_hash, .. } = message;
            out.send(Delivery::To(header.node, message.into()));
            out.notify(FarmerNotice::Submitted { pos_hash, header_hash });
        }
    }
}
