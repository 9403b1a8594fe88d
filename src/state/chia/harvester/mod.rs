//! The harvester: holds plots, answers one farmer (`chia.md` 9).

mod answers;
mod challenges;
mod input;

pub use input::{HarvesterCommand, HarvesterNotice, HarvesterQuery, Plot, PlotId};

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::marker::PhantomData;

use crate::ask::{AskId, Asks};
use crate::codec::chia::messages::ChallengeResponse;
use crate::codec::chia::{Blob, Bytes32, Message, NodeType, PublicKey};
use crate::codec::streamable::{RustCryptoSha256, Sha256};
use crate::fault::{Refusal, Refused};
use crate::heap;
use crate::machine::{ActionOf, Machine, Out};
use crate::state::chia::connection::Direction;
use crate::state::chia::role::{ConnectionId, Delivery, FromPeer, Role};
use crate::state::chia::rules;
use crate::time::Time;

use challenges::{Challenges, Known, Lookup};

/// A harvester.
///
/// It keeps the qualities of the newest challenges, so that the farmer can ask for what it wants
/// of them: the proof (H-6), a signature of a header (H-7) or of the farmer's target (H-8). What
/// it does not know it does not answer. A farmer that goes leaves the qualities and the pools it
/// named; what was being looked up for it is dropped (H-11).
///
/// It asks for whatever reads the disk or takes a key, at most
/// [`max_open_asks`](HarvesterLimits::max_open_asks) things at a time; while so many are open it is
/// [`saturated`](Machine::saturated). It never closes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Harvester<H: Sha256 = RustCryptoSha256> {
    limits: HarvesterLimits,
    plots: BTreeMap<PlotId, Plot>,
    /// The pools whose plots are active (H-2).
    pool_pubkeys: BTreeSet<PublicKey>,
    active: BTreeSet<PlotId>,
    farmer: Option<ConnectionId>,
    /// We dialled it.
    is_dialled: bool,
    challenges: Challenges,
    asks: Asks<Asked>,
    /// How many of them look qualities up.
    lookups: usize,
    hash: PhantomData<H>,
}

/// How much a harvester keeps and asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct HarvesterLimits {
    /// Most challenges whose qualities are kept (H-10).
    pub max_challenges: usize,
    /// Most qualities kept, of all of them (H-10).
    pub max_qualities: usize,
    /// Most plots.
    pub max_plots: usize,
    /// Most plots that are looked into at a time.
    pub max_lookups: usize,
    /// Most questions open at a time; what is left beside the look-ups is for proofs and
    /// signatures.
    pub max_open_asks: usize,
}

impl Default for HarvesterLimits {
    fn default() -> Self {
        Self {
            max_challenges: 64,
            max_qualities: 16_384,
            max_plots: 65_536,
            max_lookups: 64,
            max_open_asks: 128,
        }
    }
}

/// What a question is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Asked {
    Lookup { lookup: Lookup, plot: PlotId },
    Proof { quality: Bytes32, known: Known, again: bool },
    HeaderSignature { quality: Bytes32, plot: PlotId, hash: Bytes32 },
    PartialProof { quality: Bytes32, plot: PlotId, hash: Bytes32 },
}

impl Asked {
    const fn plot(&self) -> PlotId {
        match self {
            Self::Lookup { plot, .. }
            | Self::Proof { known: Known { plot, .. }, .. }
            | Self::HeaderSignature { plot, .. }
            | Self::PartialProof { plot, .. } => *plot,
        }
    }
}

const _: () = assert!(size_of::<ActionOf<Harvester>>() <= 128);
const _: () = crate::machine::kept::<Harvester>();

impl Harvester {
    /// A harvester without plots.
    #[must_use]
    pub const fn new(limits: HarvesterLimits) -> Self {
        Self::with_hash(limits)
    }
}

impl<H: Sha256> Harvester<H> {
    /// As [`Harvester::new`], with the hash function of its type.
    #[must_use]
    pub const fn with_hash(limits: HarvesterLimits) -> Self {
        let asks = Asks::new(limits.max_open_asks);
        Self {
            limits,
            plots: BTreeMap::new(),
            pool_pubkeys: BTreeSet::new(),
            active: BTreeSet::new(),
            farmer: None,
            is_dialled: false,
            challenges: Challenges::new(),
            asks,
            lookups: 0,
            hash: PhantomData,
        }
    }

    /// The farmer that is served, if one is there.
    #[must_use]
    pub const fn farmer(&self) -> Option<ConnectionId> {
        self.farmer
    }

    /// How many qualities are known.
    #[must_use]
    pub fn qualities(&self) -> usize {
        self.challenges.qualities()
    }

    /// A farmer has come. One is served (H-1, R-22): the first, unless somebody dialled us and this
    /// is the one that we dialled ourselves, for whoever dials may only claim to be a farmer.
    fn meet(&mut self, from: ConnectionId, direction: Direction, out: &mut Out<Self>) {
        let is_dialled = direction == Direction::Outbound;
        if let Some(other) = self.farmer {
            if self.is_dialled || !is_dialled {
                out.send(Delivery::Penalise(from, &rules::SECOND_FARMER));
                return;
            }
            self.forsake();
            out.send(Delivery::Penalise(other, &rules::SECOND_FARMER));
        }
        (self.farmer, self.is_dialled) = (Some(from), is_dialled);
    }

    /// These are the plots now. Of those that are others under the same name nothing is known.
    fn set_plots(&mut self, plots: Vec<Plot>) {
        let plots = plots.into_iter().map(|plot| (plot.id, plot)).collect();
        let before = core::mem::replace(&mut self.plots, plots);
        let now = &self.plots;
        let is_other = |id: PlotId| now.contains_key(&id) && now.get(&id) != before.get(&id);
        for asked in self.asks.cancel(|asked| is_other(asked.plot())) {
            if let Asked::Lookup { lookup, .. } = asked {
                self.lookups = self.lookups.saturating_sub(1);
                self.challenges.answered(lookup);
            }
        }
        self.challenges.forget_plots(is_other);
        self.activate();
    }

    /// Plots or pools are others than before.
    fn activate(&mut self) {
        let made_for = |plot: &&Plot| self.pool_pubkeys.contains(&plot.pool_pubkey);
        self.active = self.plots.values().filter(made_for).map(|plot| plot.id).collect();
        self.challenges.outdate();
    }

    fn receive(&mut self, from: ConnectionId, message: Message, out: &mut Out<Self>) {
        match message {
            Message::HarvesterHandshake(it) => {
                let keys: BTreeSet<_> = it.pool_pubkeys.into_iter().collect();
                if keys != self.pool_pubkeys {
                    self.pool_pubkeys = keys;
                    self.activate();
                    self.look_up(out);
                }
            }
            Message::NewChallenge(it) => self.challenged(from, it.challenge_hash, out),
            Message::RequestProofOfSpace(it) => self.wants_proof(it.quality, out),
            Message::RequestHeaderSignature(it) => {
                let (quality, hash) = (it.quality, Bytes32(it.header_hash.0));
                self.wants_signature(quality, hash, out, |plot| Asked::HeaderSignature {
                    quality,
                    plot,
                    hash,
                });
            }
            Message::RequestPartialProof(it) => {
                let (quality, hash) = (it.quality, it.farmer_target_hash);
                self.wants_signature(quality, hash, out, |plot| Asked::PartialProof {
                    quality,
                    plot,
                    hash,
                });
            }
            // The connection lets nothing else of a farmer through.
            _ => {}
        }
    }

    /// Answers what is known of a challenge, and looks the rest up (H-3, H-5).
    fn challenged(&mut self, from: ConnectionId, challenge_hash: Bytes32, out: &mut Out<Self>) {
        if self.challenges.renew(challenge_hash) {
            for (quality, plot_size) in self.challenges.found(challenge_hash) {
                let answer = ChallengeResponse { challenge_hash, quality, plot_size };
                out.send(Delivery::To(from, answer.into()));
            }
        } else {
            self.challenges.begin(challenge_hash, self.limits.max_challenges);
        }
        self.look_up(out);
    }

    /// Looks into active plots, for the newest challenge first.
    fn look_up(&mut self, out: &mut Out<Self>) {
        while self.lookups < self.limits.max_lookups && self.farmer.is_some() {
            let next = self.challenges.next_plot(&self.active);
            let Some((lookup, plot)) = next else { break };
            let Ok(id) = self.asks.open(Asked::Lookup { lookup, plot }) else { break };
            self.challenges.asked(lookup, plot);
            self.lookups = self.lookups.saturating_add(1);
            let challenge_hash = lookup.challenge_hash;
            out.ask(id, HarvesterQuery::LookupQualities { plot, challenge_hash });
        }
        for (challenge_hash, found) in self.challenges.take_finished(&self.active) {
            out.notify(HarvesterNotice::Harvested { challenge_hash, found });
        }
    }

    /// What a plot has for a challenge (H-3): nothing, or several (H-4).
    fn looked_up(&mut self, lookup: Lookup, plot: PlotId, strings: &[Blob], out: &mut Out<Self>) {
        self.lookups = self.lookups.saturating_sub(1);
        if !self.challenges.answered(lookup) {
            return;
        }
        let challenge_hash = lookup.challenge_hash;
        let active = self.plots.get(&plot).filter(|plot| self.active.contains(&plot.id));
        let Some(plot_size) = active.map(|plot| plot.size) else { return };
        for (index, string) in (0_u32..).zip(strings) {
            let quality = quality_of::<H>(challenge_hash, string);
            let known = Known { challenge_hash, plot, index };
            if !self.challenges.know(quality, known, plot_size, self.limits.max_qualities) {
                break;
            }
            if let Some(farmer) = self.farmer {
                let answer = ChallengeResponse { challenge_hash, quality, plot_size };
                out.send(Delivery::To(farmer, answer.into()));
            }
        }
    }

    fn admits(&self, command: &HarvesterCommand) -> Result<(), Refused> {
        let id = match command {
            HarvesterCommand::Plots(plots) if plots.len() > self.limits.max_plots => {
                return Err(Refused::busy("max_plots"));
            }
            HarvesterCommand::Plots(_) => return Ok(()),
            HarvesterCommand::Qualities(id, _)
            | HarvesterCommand::Proof(id, _)
            | HarvesterCommand::Signature(id, _) => *id,
        };
        let fits = match self.asks.context(id)? {
            // What was dropped meanwhile may be answered with anything.
            None => true,
            Some(Asked::Lookup { .. }) => matches!(command, HarvesterCommand::Qualities(..)),
            Some(Asked::Proof { .. }) => matches!(command, HarvesterCommand::Proof(..)),
            Some(Asked::HeaderSignature { .. } | Asked::PartialProof { .. }) => {
                matches!(command, HarvesterCommand::Signature(..))
            }
        };
        if fits { Ok(()) } else { Err(Refused::invalid("the question was another")) }
    }

    fn command(&mut self, command: HarvesterCommand, out: &mut Out<Self>) {
        match command {
            HarvesterCommand::Plots(plots) => {
                self.set_plots(plots);
            }
            HarvesterCommand::Qualities(id, strings) => {
                if let Some(Asked::Lookup { lookup, plot }) = self.close(id) {
                    let strings = strings.unwrap_or_default();
                    self.looked_up(lookup, plot, &strings, out);
                }
            }
            HarvesterCommand::Proof(id, proof) => {
                if let Some(Asked::Proof { quality, known, again }) = self.close(id) {
                    match proof {
                        Some(proof) => self.tell(self.fetched(quality, known, proof), out),
                        None if again => {}
                        None => self.fetch(quality, known, true, out),
                    }
                }
            }
            HarvesterCommand::Signature(id, signature) => {
                let asked = self.close(id);
                let answer =
                    asked.zip(signature).and_then(|(asked, it)| answers::signed(&asked, it));
                self.tell(answer, out);
            }
        }
        self.look_up(out);
    }

    fn close(&mut self, id: AskId) -> Option<Asked> {
        self.asks.close(id).ok().flatten()
    }

    /// Drops all that was being done for the farmer (H-11).
    fn forsake(&mut self) {
        self.farmer = None;
        self.asks.cancel(|_| true);
        self.lookups = 0;
        self.challenges.abandon();
    }
}

impl<H: Sha256> Role for Harvester<H> {
    fn node_type(&self) -> NodeType {
        NodeType::Harvester
    }
}

impl<H: Sha256> Machine for Harvester<H> {
    type Local = HarvesterCommand;
    type Remote = FromPeer;
    type Send = Delivery;
    type Notice = HarvesterNotice;
    type Query = HarvesterQuery;

    fn handle_local(
        &mut self,
        _: Time,
        input: HarvesterCommand,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<HarvesterCommand>> {
        if let Err(why) = self.admits(&input) {
            return Err(Refusal::new(why, input));
        }
        self.command(input, out);
        Ok(())
    }

    fn handle_remote(&mut self, _: Time, input: FromPeer, out: &mut Out<Self>) {
        match input {
            FromPeer::Connected(from, _, at) => self.meet(from, at.direction, out),
            FromPeer::Received(from, message) if self.farmer == Some(from) => {
                self.receive(from, message, out);
            }
            FromPeer::Disconnected(from, _) if self.farmer == Some(from) => self.forsake(),
            // A farmer that is being closed.
            FromPeer::Received(..)
            | FromPeer::Disconnected(..)
            | FromPeer::DialFailed(_)
            | FromPeer::DialPutOff(..) => {}
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
        let plots = heap::tree(self.plots.len(), size_of::<(PlotId, Plot)>());
        let keys = heap::tree(self.pool_pubkeys.len(), size_of::<PublicKey>())
            .saturating_add(heap::tree(self.active.len(), size_of::<PlotId>()));
        let lists = self.challenges.heap().saturating_add(self.asks.heap());
        size_of::<Self>().saturating_add(plots).saturating_add(keys).saturating_add(lists)
    }
}

/// SHA-256 of the challenge and what the plot has for it (`chia.md` 6.4).
fn quality_of<H: Sha256>(challenge_hash: Bytes32, string: &Blob) -> Bytes32 {
    let mut data = Vec::with_capacity(challenge_hash.0.len().saturating_add(string.0.len()));
    data.extend_from_slice(&challenge_hash.0);
    data.extend_from_slice(&string.0);
    Bytes32(H::sha256(&data))
}
