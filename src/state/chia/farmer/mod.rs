//! The farmer: asks harvesters for proofs, and full nodes for blocks (`chia.md` 10).

mod challenges;
mod config;
mod input;
mod proofs;
mod qualities;
mod signing;

pub use config::{FarmerConfig, FarmerLimits};
pub use input::{FarmerCommand, FarmerNotice, FarmerQuery, PartialProof, Signed};

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use core::marker::PhantomData;

use crate::ask::{AskId, Asks};
use crate::codec::Source;
use crate::codec::chia::messages::{
    HarvesterHandshake, HeaderSignature, NewChallenge, ProofOfSpaceArrived, ProofOfSpaceFinalized,
};
use crate::codec::chia::{Bytes32, Message, NodeType, ProofOfSpace};
use crate::codec::streamable::{RustCryptoSha256, Sha256};
use crate::fault::{Refusal, Refused, Rule};
use crate::heap;
use crate::machine::{ActionOf, Machine, Out};
use crate::state::chia::connection::Peer;
use crate::state::chia::role::{ConnectionId, Delivery, FromPeer, Role};
use crate::state::chia::rules;
use crate::time::Time;

use challenges::{Challenge, Challenges};
use qualities::{Header, Qualities};

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

impl Asked {
    /// Heap bytes held.
    fn heap(&self) -> usize {
        match self {
            Self::Coinbase { .. } => 0,
            Self::Proof { proof, .. } => {
                size_of::<ProofOfSpace>().saturating_add(Source::heap(&proof.proof.0))
            }
            Self::Header { .. } => size_of::<HeaderSignature>(),
            Self::Partial { partial, .. } => size_of::<PartialProof>()
                .saturating_add(Source::heap(&partial.proof_of_space.proof.0)),
        }
    }
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

    fn admits(&self, command: &FarmerCommand) -> Result<(), Refused> {
        let id = match command {
            FarmerCommand::Coinbase(id, _)
            | FarmerCommand::Quality(id, _)
            | FarmerCommand::Verdict(id, _) => *id,
            FarmerCommand::PoolShareThreshold(_) => return Ok(()),
        };
        let fits = match self.asks.context(id)? {
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
            FarmerCommand::PoolShareThreshold(seconds) => {
                self.config.pool_share_threshold = seconds;
            }
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
                Some(Asked::Header { quality, header, message, .. }) if good => {
                    self.submit(quality, header, *message, out);
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

    fn close(&mut self, id: AskId) -> Option<Asked> {
        self.asks.close(id).ok().flatten()
    }
}

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
                    for (challenge, lowest) in self.qualities.forget_harvester(from) {
                        self.challenges.forget_lowest(challenge, lowest);
                    }
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
        let asked = self.asks.iter().map(|(_, asked)| asked.heap());
        size_of::<Self>()
            .saturating_add(self.challenges.heap())
            .saturating_add(self.qualities.heap())
            .saturating_add(heap::tree(self.harvesters.len(), size_of::<ConnectionId>()))
            .saturating_add(arrivals)
            .saturating_add(self.asks.heap())
            .saturating_add(asked.fold(0, usize::saturating_add))
            .saturating_add(self.config.heap())
    }
}
