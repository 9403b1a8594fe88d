//! What the phases of a sync go by, and what becomes of them.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::peers::{Kind, Peers, Request};
use super::run::Phase;
use super::tips::{Barred, Goal};
use super::{Sync, SyncLimits, SyncOutcome, SyncQuery};
use crate::ask::Asks;
use crate::codec::chia::HeaderHash;
use crate::codec::chia::messages::RequestHeaderBlocks;
use crate::codec::streamable::Sha256;
use crate::fault::Rule;
use crate::machine::Out;
use crate::state::chia::chain::Chain;
use crate::state::chia::role::{ConnectionId, Delivery};
use crate::time::Time;

/// What phases go by.
pub(super) struct Cx<'a, H: Sha256> {
    pub now: Time,
    pub limits: &'a SyncLimits,
    pub peers: &'a mut Peers,
    pub barred: &'a mut Barred,
    pub asks: &'a mut Asks<Asked>,
    pub out: &'a mut Out<Sync<H>>,
}

impl<H: Sha256> Cx<'_, H> {
    /// Asks the application.
    pub fn ask(&mut self, about: Asked, query: SyncQuery) {
        // One question is open at a time, so there is room.
        if let Ok(id) = self.asks.open(about) {
            self.out.ask(id, query);
        }
    }

    /// Asks one peer for headers of the goal's chain, whoever else might be asked.
    pub fn ask_headers(
        &mut self,
        peer: ConnectionId,
        request: Request,
        heights: Vec<u32>,
        goal: &Goal,
    ) {
        self.peers.ask(self.now, peer, Kind::Headers, request, self.limits.max_unanswered);
        let request = RequestHeaderBlocks { tip_header_hash: goal.header_hash, heights };
        self.out.send(Delivery::To(peer, request.into()));
    }

    /// A batch came of what was asked for then.
    pub fn was_good(&mut self, peer: ConnectionId, asked_at: Time) {
        self.peers.was_good(peer, self.now.since(asked_at), self.limits.retry);
    }

    /// The peer broke a rule: it is asked nothing any more.
    pub fn blame(&mut self, peer: ConnectionId, rule: &'static Rule) {
        self.peers.remove(peer);
        self.out.send(Delivery::Penalise(peer, rule));
    }
}

/// What a question is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Asked {
    HashAt(u32),
    Headers,
    Weight,
    Block,
}

/// What becomes of a phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It goes on.
    Stay,
    /// Another follows.
    Enter(Box<Phase>),
    /// It was the last.
    End(SyncOutcome),
}

/// What a sync has to know of our chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Ours {
    pub genesis: HeaderHash,
    /// Of the heaviest tip.
    pub weight: u64,
    pub lca_height: u32,
}

impl Ours {
    /// A block became a tip.
    pub fn grow(&mut self, chain: &Chain) {
        if let Some(heaviest) = chain.heaviest() {
            (self.weight, self.lca_height) = (heaviest.weight, chain.lca_height);
        }
    }
}
