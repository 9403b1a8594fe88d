//! Signatures of headers and of partial proofs (F-6 to F-8).

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::quality::{Header, Held, Progress, Quality, Submitted};
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
use crate::time::Time;

impl<H: Sha256> Farmer<H> {
    /// A full node made a block: the first is signed (F-6, R-11), and another if it was lost.
    pub(super) fn header(
        &mut self,
        now: Time,
        from: ConnectionId,
        it: &HeaderHash,
        out: &mut Out<Self>,
    ) {
        let HeaderHash { pos_hash, header_hash } = *it;
        let Some((quality, _, held)) = self.qualities.of_proof(pos_hash) else { return };
        match &mut held.submitted {
            Some(submitted) if submitted.header.header_hash == header_hash => {
                out.send(Delivery::To(from, submitted.message(pos_hash).into()));
                if !self.nodes.contains(submitted.header.node) {
                    submitted.header.node = from;
                }
            }
            _ => {
                held.keep(Header { node: from, header_hash });
                self.sign_next(now, quality, out);
            }
        }
    }

    /// Has the next block of a proof signed, if none is being signed, and none was handed to a full
    /// node that is there (F-10). Where that has gone, it is the block of one that has none of this
    /// proof, and not too soon: whoever comes and goes would have a harvester sign without end.
    pub(super) fn sign_next(&mut self, now: Time, quality: Bytes32, out: &mut Out<Self>) {
        let Some(followed) = self.qualities.get(quality) else { return };
        let Progress::ProofHeld(held) = &followed.progress else { return };
        let challenge_hash = followed.challenge_hash;
        let next = match &held.submitted {
            _ if held.header.is_some() => None,
            None => (!held.others.is_empty()).then_some(0),
            Some(submitted) => {
                let is_wanted =
                    self.is_lost(submitted) && self.harvesters.contains(&followed.harvester);
                let lacks = |other: &Header| self.lacks(other.node, challenge_hash, quality);
                is_wanted.then(|| held.others.iter().position(lacks)).flatten()
            }
        };
        let Some(next) = next else { return };
        let rests_until = held.submitted.as_ref().map(|submitted| submitted.rests_until);
        if let Some(until) = rests_until.filter(|until| *until > now) {
            self.qualities.rest(quality, until);
            return;
        }
        let rests_until = now.after(self.config.limits.sign_again_after);
        let Some(followed) = self.qualities.get_mut(quality) else { return };
        let Progress::ProofHeld(held) = &mut followed.progress else { return };
        let Some(header) = held.others.get(next).copied() else { return };
        if held.choose(header) {
            let request = RequestHeaderSignature { quality, header_hash: header.header_hash };
            out.send(Delivery::To(followed.harvester, request.into()));
            if let Some(submitted) = &mut held.submitted {
                submitted.rests_until = rests_until;
            }
        }
        if held.header.is_some() {
            held.others.remove(next);
        }
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
        let of = match self.qualities.get(quality) {
            Some(Quality { harvester, progress: Progress::ProofHeld(held), .. })
                if *harvester == from =>
            {
                held.signing.clone()
            }
            _ => Vec::new(),
        };
        if of.is_empty() {
            // What it was asked for before, if anything.
            self.qualities.is_unneeded(from);
        } else {
            self.verify_header(SignedHeader { from, quality, signature, of }, out);
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
        now: Time,
        mut signed: SignedHeader,
        is_good: bool,
        out: &mut Out<Self>,
    ) {
        let header = (!signed.of.is_empty()).then(|| signed.of.remove(0));
        if let Some(header) = header.filter(|_| is_good) {
            self.submit(&signed, header, out);
            self.sign_next(now, signed.quality, out);
        } else if !signed.of.is_empty() {
            self.verify_header(signed, out);
        } else if !self.qualities.is_unneeded(signed.from) {
            out.send(Delivery::Penalise(signed.from, &rules::BAD_HARVESTER_SIGNATURE));
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
        if let Some(made) = held.header.take_if(|made| made.header_hash == header.header_hash) {
            let rests_until = held.submitted.as_ref().map_or(Time::ZERO, |it| it.rests_until);
            let (signature, newest) = (signed.signature, self.nodes.newest());
            let submitted = Submitted { header: made, signature, newest, rests_until };
            held.submitted = Some(Box::new(submitted));
            let header_hash = header.header_hash;
            let message = submitted.message(pos_hash);
            out.send(Delivery::To(made.node, message.clone().into()));
            // Whoever made the same block may have it too: it is the same signature.
            held.others.retain(|other| {
                let is_same = other.header_hash == header_hash;
                if is_same && other.node != made.node {
                    out.send(Delivery::To(other.node, message.clone().into()));
                }
                !is_same
            });
            out.notify(FarmerNotice::Submitted { pos_hash, header_hash });
        }
    }
}

impl Held {
    /// The block that is to be signed. True if its signature is to be asked for.
    fn choose(&mut self, header: Header) -> bool {
        // The same block of another full node that is gone: its signature is on its way.
        let is_owed = self.signing.iter().any(|owed| owed.header_hash == header.header_hash);
        if !is_owed {
            if self.signing.len() >= MOST_OWED {
                return false;
            }
            self.signing.push(header);
        }
        self.header = Some(header);
        !is_owed
    }

    /// Keeps what a full node has made, of each the last.
    pub fn keep(&mut self, header: Header) {
        self.others.retain(|other| other.node != header.node);
        if self.others.len() >= MOST_OTHERS {
            if self.submitted.is_none() {
                return;
            }
            // Who has come since is more likely to have nothing.
            self.others.remove(0);
        }
        self.others.push(header);
    }

    /// Whether a block of this full node is kept.
    pub fn has_of(&self, node: ConnectionId) -> bool {
        self.others.iter().any(|other| other.node == node)
    }
}

impl Submitted {
    /// What hands it to whoever made the block.
    pub const fn message(&self, pos_hash: Bytes32) -> HeaderSignature {
        let Self { header, signature: header_signature, .. } = *self;
        HeaderSignature { pos_hash, header_hash: header.header_hash, header_signature }
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

/// Most blocks that are kept in case that who made the first, or was given it, goes.
const MOST_OTHERS: usize = 4;
