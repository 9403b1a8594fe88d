//! Signatures of headers and of partial proofs (F-6 to F-8).

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::qualities::{Header, Progress};
use super::{Asked, Farmer, FarmerNotice, FarmerQuery, PartialProof, Signed};
use crate::codec::chia::messages::{
    HeaderHash, HeaderSignature, RequestHeaderSignature, RespondHeaderSignature,
    RespondPartialProof,
};
use crate::codec::chia::{Bytes32, PrependSignature};
use crate::codec::streamable::Sha256;
use crate::machine::Out;
use crate::state::chia::role::{ConnectionId, Delivery};
use crate::state::chia::rules;

impl<H: Sha256> Farmer<H> {
    /// A full node made a block: the first is signed (F-6, R-11).
    pub(super) fn header(&mut self, from: ConnectionId, it: &HeaderHash, out: &mut Out<Self>) {
        let HeaderHash { pos_hash, header_hash } = *it;
        let Some((quality, harvester, held)) = self.qualities.of_proof(pos_hash) else { return };
        let header = Header { node: from, header_hash };
        if held.header.is_some() {
            return;
        }
        // The same block of another full node that is gone: its signature is on its way.
        if held.signing.iter().any(|owed| owed.header_hash == header_hash) {
            held.header = Some(header);
            return;
        }
        if held.signing.len() >= MOST_OWED {
            return;
        }
        held.header = Some(header);
        held.signing.push(header);
        let request = RequestHeaderSignature { quality, header_hash };
        out.send(Delivery::To(harvester, request.into()));
    }

    /// The harvester signed a block (F-7): one of those that were asked for, as it may answer in
    /// any order and need not answer all.
    pub(super) fn header_signed(
        &mut self,
        from: ConnectionId,
        it: &RespondHeaderSignature,
        out: &mut Out<Self>,
    ) {
        let RespondHeaderSignature { quality, header_hash_signature: signature } = *it;
        let Some(followed) = self.qualities.get(quality) else { return };
        let Progress::ProofHeld(held) = &followed.progress else { return };
        if followed.harvester == from {
            let signed = SignedHeader { from, quality, signature, of: held.signing.clone() };
            self.verify_header(signed, out);
        }
    }

    /// Whether a signature is that of the first block that it may be of.
    fn verify_header(&mut self, signed: SignedHeader, out: &mut Out<Self>) {
        let Some(Progress::ProofHeld(held)) =
            self.qualities.get(signed.quality).map(|of| &of.progress)
        else {
            return;
        };
        let Some(first) = signed.of.first() else { return };
        let (key, hash) = (held.proof.plot_pubkey, Bytes32(first.header_hash.0));
        let signature = signed.signature;
        if let Ok(id) = self.asks.open(Asked::Header(Box::new(signed))) {
            out.ask(id, FarmerQuery::VerifySignature(Box::new(Signed { key, hash, signature })));
        }
    }

    /// A signature is that of the first block that it may be of, or it is not.
    pub(super) fn header_verified(
        &mut self,
        mut signed: SignedHeader,
        is_good: bool,
        out: &mut Out<Self>,
    ) {
        let header = (!signed.of.is_empty()).then(|| signed.of.remove(0));
        if let Some(header) = header.filter(|_| is_good) {
            self.submit(&signed, header, out);
        } else if signed.of.is_empty() {
            out.send(Delivery::Penalise(signed.from, &rules::BAD_HARVESTER_SIGNATURE));
        } else {
            self.verify_header(signed, out);
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
    fn submit(&mut self, signed: &SignedHeader, header: Header, out: &mut Out<Self>) {
        let Some(followed) = self.qualities.get_mut(signed.quality) else { return };
        let (Progress::ProofHeld(held), Some(pos_hash)) =
            (&mut followed.progress, followed.pos_hash)
        else {
            return;
        };
        held.signing.retain(|other| *other != header);
        let made = held.header.filter(|made| made.header_hash == header.header_hash);
        if let Some(made) = made.filter(|_| !held.is_submitted) {
            held.is_submitted = true;
            let (header_hash, header_signature) = (header.header_hash, signed.signature);
            let message = HeaderSignature { pos_hash, header_hash, header_signature };
            out.send(Delivery::To(made.node, message.into()));
            out.notify(FarmerNotice::Submitted { pos_hash, header_hash });
        }
    }
}

/// A signature that is being verified.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct SignedHeader {
    pub from: ConnectionId,
    quality: Bytes32,
    signature: PrependSignature,
    /// The blocks that it may be of, the next one to try first.
    of: Vec<Header>,
}

impl SignedHeader {
    /// Heap bytes held.
    pub fn heap(&self) -> usize {
        self.of.capacity().saturating_mul(size_of::<Header>())
    }
}

/// Most signatures that a harvester owes of one proof: full nodes that come, make a block and go
/// would otherwise have it sign without end.
const MOST_OWED: usize = 4;
