//! Blocks that are made for farmers: asked for, built, and signed (F-22 to F-26).

use alloc::boxed::Box;
use alloc::collections::BTreeMap;

use super::asked::{About, Asked};
use super::input::{Candidate, CandidateRequest, PooledCoinbase};
use super::shares::{Owner, Shares};
use super::{FullNode, FullNodeQuery, Kept};
use crate::codec::Source;
use crate::codec::chia::messages::{HeaderHash, HeaderSignature, RequestHeaderHash};
use crate::codec::chia::{
    Body, Bytes32, FullBlock, Header, HeaderBlock, HeaderData, HeaderDataHash, ProofOfSpace,
    SignedCoinbase,
};
use crate::codec::streamable::{Sha256, Streamable};
use crate::heap;
use crate::machine::Out;
use crate::state::chia::farmer::Signed;
use crate::state::chia::role::{ConnectionId, Delivery};
use crate::state::chia::rules;
use crate::state::chia::transactions::TransactionIds;

/// Blocks that wait for their signature.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Candidates {
    all: Shares<Built>,
    /// By the hash of their proof of space.
    by_proof: BTreeMap<Bytes32, u64>,
}

/// A block that waits for its signature.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Built {
    pos_hash: Bytes32,
    height: u32,
    proof_of_space: ProofOfSpace,
    body: Body,
    header_data: HeaderData,
    header_hash: HeaderDataHash,
}

impl Candidates {
    pub const fn new() -> Self {
        Self { all: Shares::new(), by_proof: BTreeMap::new() }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_proof.len()
    }

    /// Drops what is lower (P-6, F-26).
    pub fn drop_below(&mut self, height: u32) {
        let by_proof = &mut self.by_proof;
        self.all.retain(|_, built| {
            let stays = built.height >= height;
            if !stays {
                by_proof.remove(&built.pos_hash);
            }
            stays
        });
        heap::relax_map(&mut self.by_proof);
    }

    /// A farmer is gone: it may come back with the signature.
    pub fn forget_peer(&mut self, from: ConnectionId) {
        self.all.disown(from);
    }

    fn get(&self, pos_hash: Bytes32) -> Option<&Built> {
        self.all.get(*self.by_proof.get(&pos_hash)?)
    }

    /// Drops the block of this proof.
    fn remove(&mut self, pos_hash: Bytes32) {
        if let Some(number) = self.by_proof.remove(&pos_hash) {
            self.all.remove(number);
        }
        heap::relax_map(&mut self.by_proof);
    }

    /// Keeps a block, in place of one with the same proof (F-23). In a full table the newest of the
    /// farmer with the most makes room; if that farmer wants this one, its oldest. False without
    /// any room.
    fn keep(&mut self, from: ConnectionId, built: Built, most: usize) -> bool {
        self.remove(built.pos_hash);
        let pos_hash = built.pos_hash;
        let owner = Owner::Peer(from);
        let mut kept = self.all.insert(owner, built, most);
        if let Err(built) = kept {
            if let Some(oldest) = self.all.oldest_of(owner).map(|(_, it)| it.pos_hash) {
                self.remove(oldest);
            }
            kept = self.all.insert(owner, built, most);
        }
        let Ok((number, displaced)) = kept else { return false };
        if let Some((_, displaced)) = displaced {
            self.by_proof.remove(&displaced.pos_hash);
        }
        self.by_proof.insert(pos_hash, number);
        true
    }

    /// Heap bytes held.
    pub fn heap(&self) -> usize {
        let proofs = self.all.iter().map(|(_, built)| Source::heap(&built.proof_of_space.proof.0));
        proofs
            .fold(0_usize, usize::saturating_add)
            .saturating_add(self.all.heap())
            .saturating_add(heap::tree(self.by_proof.len(), size_of::<(Bytes32, u64)>()))
    }
}

impl<H: Sha256, I: TransactionIds> FullNode<H, I> {
    /// A farmer wants a block (F-22): the proof is verified first,
    pub(super) fn request_header_hash(
        &mut self,
        from: ConnectionId,
        request: Box<RequestHeaderHash>,
        out: &mut Out<Self>,
    ) -> Kept {
        if request.challenge_hash != request.proof_of_space.challenge_hash {
            return Err(&rules::OTHER_CHALLENGE);
        }
        let proof = request.proof_of_space.clone();
        let about = About::ProofOfSpace(request);
        let query = FullNodeQuery::VerifyProofOfSpace(Box::new(proof));
        self.ask(Asked { charged: Some(from), about }, query, out);
        Ok(())
    }

    /// then, if it is for a tip, height and signature of the coinbase,
    pub(super) fn space_verified(
        &mut self,
        from: ConnectionId,
        request: RequestHeaderHash,
        found: Option<Bytes32>,
        out: &mut Out<Self>,
    ) -> Kept {
        if found.is_none() {
            return Err(&rules::INVALID_PROOF_OF_SPACE);
        }
        let mut tips = self.chain.tips.iter();
        let parent = tips.find(|tip| tip.challenge_hash == request.challenge_hash).copied();
        let Some(parent) = parent else { return Ok(()) };
        if Some(request.coinbase.height) != parent.height.checked_add(1) {
            return Err(&rules::COINBASE_HEIGHT);
        }
        let signed = SignedCoinbase {
            coinbase: request.coinbase.clone(),
            coinbase_signature: request.coinbase_signature,
        };
        let pool_pubkey = request.proof_of_space.pool_pubkey;
        let query = FullNodeQuery::VerifyCoinbase(Box::new(PooledCoinbase { pool_pubkey, signed }));
        let about = About::Coinbase(Box::new(CandidateRequest { parent, request }));
        self.ask(Asked { charged: Some(from), about }, query, out);
        Ok(())
    }

    /// and then it is built, if the tip is still one.
    pub(super) fn coinbase_verified(
        &mut self,
        from: ConnectionId,
        wanted: Box<CandidateRequest>,
        good: bool,
        out: &mut Out<Self>,
    ) -> Kept {
        if !good {
            return Err(&rules::COINBASE_SIGNATURE);
        }
        if self.tip(wanted.parent.header_hash).is_some() {
            let query = FullNodeQuery::BuildCandidate(wanted.clone());
            let about = About::Candidate(wanted);
            self.ask(Asked { charged: Some(from), about }, query, out);
        }
        Ok(())
    }

    /// It was built: the farmer is to have it signed.
    pub(super) fn built(
        &mut self,
        from: ConnectionId,
        wanted: CandidateRequest,
        candidate: Candidate,
        out: &mut Out<Self>,
    ) {
        let CandidateRequest { parent, request } = wanted;
        let Candidate { body, header_data } = candidate;
        let header_hash = header_data.hash::<H>();
        let pos_hash = header_data.proof_of_space_hash;
        let built = Built {
            pos_hash,
            height: parent.height.saturating_add(1),
            proof_of_space: request.proof_of_space,
            body,
            header_data,
            header_hash,
        };
        if self.candidates.keep(from, built, self.config.limits.max_candidates) {
            out.send(Delivery::To(from, HeaderHash { pos_hash, header_hash }.into()));
        }
    }

    /// A farmer has a block signed (F-24).
    pub(super) fn header_signature(
        &mut self,
        from: ConnectionId,
        it: &HeaderSignature,
        out: &mut Out<Self>,
    ) {
        let HeaderSignature { pos_hash, header_hash, header_signature: signature } = *it;
        let Some(built) = self.candidates.get(pos_hash) else { return };
        // It may be that of one that was replaced since.
        if built.header_hash != header_hash {
            return;
        }
        let key = built.proof_of_space.plot_pubkey;
        let header = Header { data: built.header_data.clone(), harvester_signature: signature };
        let header_block = HeaderBlock {
            proof_of_space: built.proof_of_space.clone(),
            proof_of_time: None,
            challenge: None,
            header,
        };
        let block = FullBlock { header_block, body: built.body.clone() };
        let signed = Signed { key, hash: Bytes32(header_hash.0), signature };
        let query = FullNodeQuery::VerifySignature(Box::new(signed));
        let about = About::Signature(Box::new(block));
        self.ask(Asked { charged: Some(from), about }, query, out);
    }

    /// The signature was verified: the block is handed on as our own, and waits for nothing more.
    pub(super) fn header_verified(
        &mut self,
        from: ConnectionId,
        block: FullBlock,
        good: bool,
        out: &mut Out<Self>,
    ) -> Kept {
        if !good {
            return Err(&rules::HEADER_SIGNATURE);
        }
        self.candidates.remove(block.header_block.header.data.proof_of_space_hash);
        self.unfinished(Owner::Own, Some(from), block, out)
    }

    /// Whether a block builder built what was asked for.
    pub(super) fn is_as_wanted(wanted: &CandidateRequest, candidate: &Candidate) -> bool {
        let CandidateRequest { parent, request } = wanted;
        let Candidate { body, header_data } = candidate;
        body.coinbase == request.coinbase
            && header_data.prev_header_hash == parent.header_hash
            && header_data.proof_of_space_hash.0 == request.proof_of_space.get_hash::<H>()
            && header_data.body_hash.0 == body.get_hash::<H>()
    }
}
