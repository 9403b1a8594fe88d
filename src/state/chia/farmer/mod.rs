//! The farmer: asks harvesters for proofs, and full nodes for blocks (`chia.md` 10).

mod again;
mod answers;
mod asking;
mod blocks;
mod challenges;
mod config;
mod estimates;
mod input;
mod nodes;
mod proofs;
mod qualities;
mod quality;
mod signing;
mod telling;

pub use config::{FarmerConfig, FarmerLimits};
pub use input::{FarmerCommand, FarmerNotice, FarmerQuery, PartialProof, Signed};

use alloc::collections::BTreeSet;
use core::marker::PhantomData;

use crate::ask::{AskId, Asks};
use crate::codec::chia::{Bytes32, Message, NodeType};
use crate::codec::streamable::{RustCryptoSha256, Sha256};
use crate::fault::{Refusal, Rule};
use crate::heap;
use crate::machine::{ActionOf, Machine, Out};
use crate::state::chia::connection::Peer;
use crate::state::chia::role::{ConnectionId, Delivery, FromPeer, Role};
use crate::state::chia::rules;
use crate::time::Time;

use answers::Asked;
use challenges::Challenges;
use nodes::{Nodes, Said};
use qualities::Qualities;

/// A farmer.
///
/// A full node tells of challenges; harvesters answer with qualities; of those that are good
/// enough it asks for the proof, has it verified, and then for a partial proof for the pool, for a
/// block, or for both. The first block that a full node makes is signed by the plot that found the
/// proof, and goes back to that node. If that is lost with the node, another is.
///
/// What a full node says of weights, rates and difficulties counts for it alone, so that nobody
/// can make the farmer deaf to others by a claim; each is asked for a block by what it said itself of
/// the challenge, and not before it told it.
///
/// It asks for coinbases and for whatever is cryptography. Nothing more is taken of a peer that
/// caused [`max_open_asks_of_one`](FarmerLimits::max_open_asks_of_one) questions that are open;
/// while [`max_open_asks`](FarmerLimits::max_open_asks) are it is
/// [`saturated`](Machine::saturated). It never closes; peers that break a rule are to be.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Farmer<H: Sha256 = RustCryptoSha256> {
    config: FarmerConfig,
    /// SHA-256 of the farmer's target: what partial proofs sign.
    target_hash: Bytes32,
    /// Iterations a second, as last told.
    ips: u64,
    nodes: Nodes,
    harvesters: BTreeSet<ConnectionId>,
    /// Those of which a proof was overdue and no good one came since: what they claim keeps no other
    /// quality from being asked for (F-4).
    late: BTreeSet<ConnectionId>,
    challenges: Challenges,
    qualities: Qualities,
    /// When full nodes are asked for blocks that nobody makes, though all were asked (F-5, F-10).
    late_at: Option<Time>,
    asks: Asks<Asked>,
    hash: PhantomData<H>,
}

const _: () = assert!(size_of::<ActionOf<Farmer>>() <= 128);
const _: () = crate::machine::kept::<Farmer>();

impl Farmer {
    /// A farmer that has heard of nothing.
    #[must_use]
    pub fn new(config: FarmerConfig) -> Self {
        Self::with_hash(config)
    }
}

impl<H: Sha256> Farmer<H> {
    /// As [`Farmer::new`], with the hash function of its type.
    #[must_use]
    pub fn with_hash(config: FarmerConfig) -> Self {
        Self {
            target_hash: Bytes32(H::sha256(&config.farmer_target.0)),
            ips: config.initial_ips,
            nodes: Nodes::new(),
            harvesters: BTreeSet::new(),
            late: BTreeSet::new(),
            challenges: Challenges::new(),
            qualities: Qualities::new(),
            late_at: None,
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

    /// The qualities that have arrived for a weight, whoever told of them (F-9).
    pub fn arrivals(&self, weight: u64) -> impl Iterator<Item = Bytes32> + '_ {
        self.nodes.arrivals(weight)
    }

    /// How many challenges a harvester that came now would not be told (F-1): those there are,
    /// unless they are sent again.
    #[must_use]
    pub fn untold(&self) -> usize {
        if self.config.resend_challenges { 0 } else { self.current().len() }
    }

    fn connected(&mut self, from: ConnectionId, peer: Peer, out: &mut Out<Self>) {
        match peer.node_type {
            NodeType::FullNode => self.nodes.connect(from),
            NodeType::Harvester => self.greet(from, out),
            _ => {}
        }
    }

    fn disconnected(&mut self, now: Time, from: ConnectionId, out: &mut Out<Self>) {
        if self.harvesters.remove(&from) {
            heap::relax_set(&mut self.harvesters);
            self.forgive(from);
            // A partial needs nobody any more.
            self.asks.cancel(|asked| {
                asked.from() == from && matches!(asked, Asked::Proof { .. } | Asked::Header(_))
            });
            let challenges = self.qualities.forget_harvester(from);
            self.forget_lowest(now, &challenges, out);
        } else if self.nodes.disconnect(from) {
            for quality in self.qualities.forget_node(from) {
                self.sign_next(now, quality, out);
                self.miss(now, quality);
            }
            let challenges = &mut self.challenges;
            challenges.disown(from);
            self.asks.cancel(|asked| match asked {
                Asked::Coinbase { from: of, height } => {
                    *of == from && !challenges.is_farmed(*height)
                }
                _ => false,
            });
        }
    }

    fn receive(&mut self, now: Time, from: ConnectionId, message: Message, out: &mut Out<Self>) {
        let kept = match message {
            Message::ProofOfSpaceFinalized(it) => self.finalized(now, from, &it, out),
            Message::ProofOfSpaceArrived(it) => {
                self.nodes.arrived(from, &it, &self.config.limits);
                Ok(())
            }
            Message::ProofOfTimeRate(it) if it.pot_estimate_ips == 0 => Err(&rules::NO_RATE),
            Message::ProofOfTimeRate(it) => {
                self.ips = it.pot_estimate_ips;
                self.nodes.set_ips(from, self.ips);
                Ok(())
            }
            Message::ChallengeResponse(it) => self.quality(now, from, &it, out),
            Message::RespondProofOfSpace(it) => {
                self.proof(now, from, *it, out);
                Ok(())
            }
            Message::HeaderHash(it) => {
                self.header(now, from, &it, out);
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
}

/// Whether a peer kept the rules.
type Kept = Result<(), &'static Rule>;

impl<H: Sha256> Role for Farmer<H> {
    fn node_type(&self) -> NodeType {
        NodeType::Farmer
    }

    /// It caused as many questions as one peer may, or there are too many in all.
    fn is_busy_with(&self, from: ConnectionId) -> bool {
        let caused = self.asks.iter().filter(|(_, asked)| asked.from() == from).count();
        self.saturated() || caused >= self.config.limits.max_open_asks_of_one
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
        now: Time,
        input: FarmerCommand,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<FarmerCommand>> {
        if let Err(why) = self.admits(&input) {
            return Err(Refusal::new(why, input));
        }
        self.command(now, input, out);
        Ok(())
    }

    fn handle_remote(&mut self, now: Time, input: FromPeer, out: &mut Out<Self>) {
        match input {
            FromPeer::Connected(from, peer, _) => self.connected(from, peer, out),
            FromPeer::Received(from, message) => self.receive(now, from, message, out),
            FromPeer::Disconnected(from, _) => self.disconnected(now, from, out),
            // Who dials is whoever runs it.
            FromPeer::DialFailed(_) | FromPeer::DialPutOff(..) => {}
        }
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        self.lapse(now, out);
        self.ask_late(now, out);
        while let Some(quality) = self.qualities.rested(now) {
            self.sign_next(now, quality, out);
        }
    }

    fn deadline(&self) -> Option<Time> {
        [self.qualities.deadline(), self.late_at].into_iter().flatten().min()
    }

    fn saturated(&self) -> bool {
        self.asks.is_full()
    }

    fn awaits(&self, id: AskId) -> bool {
        self.asks.awaits(id)
    }

    fn footprint(&self) -> usize {
        let asked = self.asks.iter().map(|(_, asked)| asked.heap());
        size_of::<Self>()
            .saturating_add(self.challenges.heap())
            .saturating_add(self.qualities.heap())
            .saturating_add(heap::tree(self.harvesters.len(), size_of::<ConnectionId>()))
            .saturating_add(heap::tree(self.late.len(), size_of::<ConnectionId>()))
            .saturating_add(self.nodes.heap(Said::heap))
            .saturating_add(self.asks.heap())
            .saturating_add(asked.fold(0, usize::saturating_add))
            .saturating_add(self.config.heap())
    }
}
