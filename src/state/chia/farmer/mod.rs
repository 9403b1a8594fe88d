//! The farmer: asks harvesters for proofs, and full nodes for blocks (`chia.md` 10).

mod challenges;
mod config;
mod input;
mod qualities;

pub use config::{FarmerConfig, FarmerLimits};
pub use input::{FarmerCommand, FarmerNotice, FarmerQuery, PartialProof, Signed};

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use core::marker::PhantomData;

use crate::ask::{AskId, Asks};
use crate::codec::chia::messages::{
    ChallengeResponse, HarvesterHandshake, HeaderHash, HeaderSignature, NewChallenge,
    ProofOfSpaceArrived, ProofOfSpaceFinalized, RequestHeaderHash, RequestHeaderSignature,
    RequestPartialProof, RequestProofOfSpace, RespondHeaderSignature, RespondPartialProof,
    RespondProofOfSpace,
};
use crate::codec::chia::{Bytes32, Message, NodeType, ProofOfSpace};
use crate::codec::streamable::{RustCryptoSha256, Sha256, Streamable};
use crate::fault::{Refusal, Refused, Rule};
use crate::heap;
use crate::machine::{ActionOf, Machine, Out};
use crate::state::chia::connection::Peer;
use crate::state::chia::iterations::{Difficulty, iterations};
use crate::state::chia::role::{ConnectionId, Delivery, FromPeer, Role};
use crate::state::chia::rules;
use crate::time::Time;

use challenges::{Challenge, Challenges};
use qualities::{Header, Held, Progress, Qualities, Quality};

/// A farmer.
///
/// A full node tells of challenges; harvesters answer with qualities; of those that are good
/// enough it asks for the proof, has it verified, and then for a partial proof for the pool, for a
/// block, or for both. The first block that a full node makes is signed by the plot that found the
/// proof, and goes back to that node.
///
/// It asks for coinbases and for whatever is cryptography. While
/// [`max_open_asks`](FarmerLimits::max_open_asks) questions are open it is
/// [`saturated`](Machine::saturated). It never closes; peers that break a rule are to be.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Farmer<H: Sha256 = RustCryptoSha256> {
    config: FarmerConfig,
    /// SHA-256 of the farmer's target: what partial proofs sign.
    target_hash: Bytes32,
    ips: u64,
    harvesters: BTreeSet<ConnectionId>,
    challenges: Challenges,
    qualities: Qualities,
    /// Qualities that have arrived, by the weight of their blocks (F-9).
    arrivals: BTreeMap<u64, BTreeSet<Bytes32>>,
    asks: Asks<Asked>,
    hash: PhantomData<H>,
}

/// What a question is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Asked {
    Coinbase { height: u32 },
    Proof { quality: Bytes32, proof: Box<ProofOfSpace> },
    Header { quality: Bytes32, from: ConnectionId, header: Header, message: Box<HeaderSignature> },
    Partial { from: ConnectionId, partial: Box<PartialProof> },
}

const _: () = assert!(size_of::<ActionOf<Farmer>>() <= 128);
const _: () = crate::machine::kept::<Farmer>();

impl<H: Sha256> Farmer<H> {
    /// A farmer that has heard of nothing.
    #[must_use]
    pub fn new(config: FarmerConfig) -> Self {
        Self {
            target_hash: Bytes32(H::sha256(&config.farmer_target.0)),
            ips: config.initial_ips,
            harvesters: BTreeSet::new(),
            challenges: Challenges::new(),
            qualities: Qualities::new(),
            arrivals: BTreeMap::new(),
            asks: Asks::new(config.limits.max_open_asks),
            hash: PhantomData,
            config,
        }
    }

    /// Iterations a second, as last told (F-3).
    #[must_use]
    pub const fn ips(&self) -> u64 {
        self.ips
    }

    /// The qualities that have arrived for a weight (F-9).
    pub fn arrivals(&self, weight: u64) -> impl Iterator<Item = Bytes32> + '_ {
        self.arrivals.get(&weight).into_iter().flatten().copied()
    }

    /// A new harvester is told whose plots count (F-1).
    fn connected(&mut self, from: ConnectionId, peer: Peer, out: &mut Out<Self>) {
        if peer.node_type != NodeType::Harvester {
            return;
        }
        self.harvesters.insert(from);
        let pool_pubkeys = self.config.pool_public_keys.clone();
        out.send(Delivery::To(from, HarvesterHandshake { pool_pubkeys }.into()));
        if self.config.resend_challenges {
            for challenge_hash in self.challenges.current() {
                out.send(Delivery::To(from, NewChallenge { challenge_hash }.into()));
            }
        }
    }

    fn receive(&mut self, from: ConnectionId, message: Message, out: &mut Out<Self>) {
        let kept = match message {
            Message::ProofOfSpaceFinalized(it) => self.finalized(&it, out),
            Message::ProofOfSpaceArrived(it) => {
                self.arrived(&it);
                Ok(())
            }
            Message::ProofOfTimeRate(it) if it.pot_estimate_ips == 0 => Err(&rules::NO_RATE),
            Message::ProofOfTimeRate(it) => {
                self.ips = it.pot_estimate_ips;
                Ok(())
            }
            Message::ChallengeResponse(it) => self.quality(from, &it, out),
            Message::RespondProofOfSpace(it) => self.proof(from, *it, out),
            Message::HeaderHash(it) => {
                self.header(from, &it, out);
                Ok(())
            }
            Message::RespondHeaderSignature(it) => {
                self.header_signed(from, &it, out);
                Ok(())
            }
            Message::RespondPartialProof(it) => {
                self.partial_signed(from, &it, out);
                Ok(())
            }
            // The connection lets nothing else through.
            _ => Ok(()),
        };
        if let Err(rule) = kept {
            out.send(Delivery::Penalise(from, rule));
        }
    }

    /// A challenge that can be farmed (F-2).
    fn finalized(&mut self, it: &ProofOfSpaceFinalized, out: &mut Out<Self>) -> Kept {
        let ProofOfSpaceFinalized { challenge_hash, height, weight, difficulty, .. } = *it;
        if difficulty == 0 {
            return Err(&rules::NO_DIFFICULTY);
        }
        let challenge = Challenge { height, weight, difficulty, lowest: None };
        let most = self.config.limits.max_challenges;
        if !self.challenges.record(challenge_hash, challenge, most) {
            return Ok(());
        }
        let next = height.saturating_add(1);
        let is_asked = |asked: &Asked| *asked == Asked::Coinbase { height: next };
        let is_known = self.challenges.coinbase(next).is_some()
            || self.asks.iter().any(|(_, asked)| is_asked(asked));
        if !is_known {
            if let Ok(id) = self.asks.open(Asked::Coinbase { height: next }) {
                out.ask(id, FarmerQuery::GetCoinbase { height: next });
            }
        }
        out.send(Delivery::Broadcast(NodeType::Harvester, NewChallenge { challenge_hash }.into()));
        Ok(())
    }

    /// A quality that somebody else has (F-9).
    fn arrived(&mut self, it: &ProofOfSpaceArrived) {
        let of_weight = self.arrivals.entry(it.weight).or_default();
        if of_weight.len() < self.config.limits.max_arrivals {
            of_weight.insert(it.quality);
        }
        while self.arrivals.len() > self.config.limits.max_arrival_weights {
            self.arrivals.pop_first();
        }
    }

    /// A harvester found a quality: is it good enough to be asked for (F-4)?
    fn quality(&mut self, from: ConnectionId, it: &ChallengeResponse, out: &mut Out<Self>) -> Kept {
        let ChallengeResponse { challenge_hash, quality, plot_size } = *it;
        if !(1..=63).contains(&plot_size) {
            return Err(&rules::PLOT_SIZE);
        }
        let Some(challenge) = self.challenges.get(challenge_hash).copied() else { return Ok(()) };
        if self.qualities.get(quality).is_some() {
            return Ok(());
        }
        let of = Difficulty {
            plot_size,
            difficulty: challenge.difficulty,
            ips: self.ips,
            min_block_time: self.config.min_block_time,
        };
        let Some(iterations) = iterations(quality, of) else { return Ok(()) };
        let improves = self.challenges.improves(challenge_hash, iterations);
        if challenge.height < FAIR_START && !improves {
            return Ok(());
        }
        if self.counts_for_pool(iterations) || self.becomes_block(iterations) {
            let progress = Progress::ProofRequested;
            let followed = Quality {
                challenge_hash,
                plot_size,
                iterations,
                harvester: from,
                pos_hash: None,
                progress,
            };
            self.qualities.follow(quality, followed, self.config.limits.max_qualities);
            out.send(Delivery::To(from, RequestProofOfSpace { quality }.into()));
        }
        Ok(())
    }

    fn counts_for_pool(&self, iterations: u64) -> bool {
        self.takes_less_than(iterations, self.config.pool_share_threshold)
    }

    fn becomes_block(&self, iterations: u64) -> bool {
        self.takes_less_than(iterations, self.config.propagate_threshold)
    }

    fn takes_less_than(&self, iterations: u64, seconds: u64) -> bool {
        u128::from(iterations) < u128::from(self.ips).saturating_mul(u128::from(seconds))
    }

    /// The proof of a quality that was asked for (F-5).
    fn proof(&mut self, from: ConnectionId, it: RespondProofOfSpace, out: &mut Out<Self>) -> Kept {
        let RespondProofOfSpace { quality, proof } = it;
        let Some(asked) = self.qualities.get_mut(quality) else { return Ok(()) };
        if asked.harvester != from || asked.progress != Progress::ProofRequested {
            return Ok(());
        }
        let fits = proof.challenge_hash == asked.challenge_hash
            && proof.size == asked.plot_size
            && self.config.pool_public_keys.contains(&proof.pool_pubkey);
        if !fits {
            self.qualities.drop_one(quality);
            return Err(&rules::WRONG_PROOF);
        }
        asked.progress = Progress::Verifying;
        let proof = Box::new(proof);
        if let Ok(id) = self.asks.open(Asked::Proof { quality, proof: proof.clone() }) {
            out.ask(id, FarmerQuery::VerifyProof(proof));
        } else {
            // While saturated nothing is to come; what comes all the same is not followed up.
            self.qualities.drop_one(quality);
        }
        Ok(())
    }

    /// Whether a proof is good, and what follows from it (F-5).
    fn verified(
        &mut self,
        quality: Bytes32,
        proof: ProofOfSpace,
        found: Option<Bytes32>,
        out: &mut Out<Self>,
    ) {
        let Some(followed) = self.qualities.get_mut(quality) else { return };
        let Quality { challenge_hash, iterations, harvester, .. } = *followed;
        if found != Some(quality) {
            self.qualities.drop_one(quality);
            out.send(Delivery::Penalise(harvester, &rules::WRONG_PROOF));
            return;
        }
        let (partial, block) = (self.counts_for_pool(iterations), self.becomes_block(iterations));
        let request = block.then(|| self.block_request(challenge_hash, quality, &proof)).flatten();
        if let Some(followed) = self.qualities.get_mut(quality) {
            followed.progress = Progress::ProofHeld(Box::new(Held {
                proof,
                partial_requested: partial,
                header: None,
                signing: VecDeque::new(),
            }));
        }
        if partial {
            let request = RequestPartialProof { quality, farmer_target_hash: self.target_hash };
            out.send(Delivery::To(harvester, request.into()));
        }
        if let Some((pos_hash, request)) = request {
            self.qualities.name_proof(pos_hash, quality);
            out.send(Delivery::Broadcast(NodeType::FullNode, request.into()));
        }
    }

    /// The request for a block, if its coinbase is at hand and nobody is far ahead.
    fn block_request(
        &self,
        challenge_hash: Bytes32,
        quality: Bytes32,
        proof: &ProofOfSpace,
    ) -> Option<(Bytes32, RequestHeaderHash)> {
        let challenge = self.challenges.get(challenge_hash)?;
        let signed = self.challenges.coinbase(challenge.height.saturating_add(1))?;
        let weight = challenge.weight.saturating_add(challenge.difficulty);
        let better = self.arrivals(weight).filter(|arrived| *arrived > quality).count();
        if self.config.yield_to.is_some_and(|most| better >= most) {
            return None;
        }
        let request = RequestHeaderHash {
            challenge_hash,
            coinbase: signed.coinbase.clone(),
            coinbase_signature: signed.coinbase_signature,
            fees_target_puzzle_hash: self.config.fees_target_puzzle_hash,
            proof_of_space: proof.clone(),
        };
        Some((Bytes32(proof.get_hash::<H>()), request))
    }

    /// A full node made a block: the first is signed (F-6, R-11).
    fn header(&mut self, from: ConnectionId, it: &HeaderHash, out: &mut Out<Self>) {
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
    fn header_signed(
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
    fn partial_signed(
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

    fn admits(&self, command: &FarmerCommand) -> Result<(), Refused> {
        let (FarmerCommand::Coinbase(id, _)
        | FarmerCommand::Quality(id, _)
        | FarmerCommand::Verdict(id, _)) = command;
        let fits = match self.asks.context(*id)? {
            None => true,
            Some(Asked::Coinbase { height }) => match command {
                FarmerCommand::Coinbase(_, Some(signed)) => signed.coinbase.height == *height,
                FarmerCommand::Coinbase(_, None) => true,
                _ => false,
            },
            Some(Asked::Proof { .. }) => matches!(command, FarmerCommand::Quality(..)),
            Some(Asked::Header { .. } | Asked::Partial { .. }) => {
                matches!(command, FarmerCommand::Verdict(..))
            }
        };
        if fits { Ok(()) } else { Err(Refused::invalid("the question was another")) }
    }

    fn command(&mut self, command: FarmerCommand, out: &mut Out<Self>) {
        match command {
            FarmerCommand::Coinbase(id, signed) => {
                self.close(id);
                if let Some(signed) = signed {
                    self.challenges.keep_coinbase(*signed, self.config.limits.max_challenges);
                }
            }
            FarmerCommand::Quality(id, found) => {
                if let Some(Asked::Proof { quality, proof }) = self.close(id) {
                    self.verified(quality, *proof, found, out);
                }
            }
            FarmerCommand::Verdict(id, good) => match self.close(id) {
                Some(Asked::Header { quality, from, header, message }) if good => {
                    self.submit(quality, from, header, *message, out);
                }
                Some(Asked::Partial { partial, .. }) if good => {
                    out.notify(FarmerNotice::Partial(partial));
                }
                Some(Asked::Header { from, .. } | Asked::Partial { from, .. }) => {
                    out.send(Delivery::Penalise(from, &rules::BAD_HARVESTER_SIGNATURE));
                }
                _ => {}
            },
        }
    }

    /// Hands a signed header to the full node that made the block, if it is still there.
    fn submit(
        &mut self,
        quality: Bytes32,
        _: ConnectionId,
        header: Header,
        message: HeaderSignature,
        out: &mut Out<Self>,
    ) {
        let is_wanted = self.qualities.get(quality).is_some_and(|quality| {
            matches!(&quality.progress, Progress::ProofHeld(held) if held.header == Some(header))
        });
        if is_wanted {
            let HeaderSignature { pos_hash, header_hash, .. } = message;
            out.send(Delivery::To(header.node, message.into()));
            out.notify(FarmerNotice::Submitted { pos_hash, header_hash });
        }
    }

    fn close(&mut self, id: AskId) -> Option<Asked> {
        self.asks.close(id).ok().flatten()
    }
}

/// Below this height only the best quality of a challenge is followed (F-4).
const FAIR_START: u32 = 1_000;

/// Whether a peer kept the rules.
type Kept = Result<(), &'static Rule>;

impl<H: Sha256> Role for Farmer<H> {
    fn node_type(&self) -> NodeType {
        NodeType::Farmer
    }
}

impl<H: Sha256> Machine for Farmer<H> {
    type Local = FarmerCommand;
    type Remote = FromPeer;
    type Send = Delivery;
    type Notice = FarmerNotice;
    type Query = FarmerQuery;

    fn handle_local(
        &mut self,
        _: Time,
        input: FarmerCommand,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<FarmerCommand>> {
        if let Err(why) = self.admits(&input) {
            return Err(Refusal::new(why, input));
        }
        self.command(input, out);
        Ok(())
    }

    fn handle_remote(&mut self, _: Time, input: FromPeer, out: &mut Out<Self>) {
        match input {
            FromPeer::Connected(from, peer, _) => self.connected(from, peer, out),
            FromPeer::Received(from, message) => self.receive(from, message, out),
            FromPeer::Disconnected(from, _) => {
                if self.harvesters.remove(&from) {
                    self.qualities.forget_harvester(from);
                } else {
                    self.qualities.forget_node(from);
                }
            }
            // Who dials is whoever runs it.
            FromPeer::DialFailed(_) => {}
        }
    }

    fn handle_timeout(&mut self, _: Time, _: &mut Out<Self>) {}

    fn deadline(&self) -> Option<Time> {
        None
    }

    fn saturated(&self) -> bool {
        self.asks.is_full()
    }

    fn awaits(&self, id: AskId) -> bool {
        self.asks.awaits(id)
    }

    fn footprint(&self) -> usize {
        let arrivals = self.arrivals.values().map(|of| heap::tree(of.len(), size_of::<Bytes32>()));
        let arrivals = arrivals
            .fold(0_usize, usize::saturating_add)
            .saturating_add(heap::tree(self.arrivals.len(), size_of::<(u64, BTreeSet<Bytes32>)>()));
        size_of::<Self>()
            .saturating_add(self.challenges.heap())
            .saturating_add(self.qualities.heap())
            .saturating_add(heap::tree(self.harvesters.len(), size_of::<ConnectionId>()))
            .saturating_add(arrivals)
            .saturating_add(self.asks.heap())
    }
}
