//! The wallet: asks full nodes for headers, ancestors and bodies (`chia.md` 13, W-6).

mod input;
mod lapsed;

pub use input::{Lca, WalletCommand, WalletLimits, WalletNotice, WalletRequest};

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::marker::PhantomData;
use core::ops::Bound::{Excluded, Unbounded};

use crate::codec::chia::messages::{
    Ancestors, Header, NewLca, RequestAncestors, RequestBody, RequestHeader, RespondBody,
    SendTransaction,
};
use crate::codec::chia::{Bytes32, HeaderHash, Message, NodeType};
use crate::codec::streamable::{RustCryptoSha256, Sha256, Streamable};
use crate::fault::{Refusal, Refused};
use crate::heap;
use crate::machine::{ActionOf, Machine, Never, Out};
use crate::state::chia::role::{ConnectionId, Delivery, FromPeer, Role};
use crate::time::{Deadlines, Time};

use lapsed::Lapsed;

/// A wallet.
///
/// What it is told to ask for it asks of one full node; if that does not answer in time or goes, of
/// the next, each once, beginning with the one that answered last. Answers are matched by their
/// hash; headers and bodies are taken of whoever sends them, since the hash proves them, ancestors
/// only of who was asked last, and not if they are short and may be what was asked before. Everything
/// else is passed over: a wallet blames nobody.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Wallet<H: Sha256 = RustCryptoSha256> {
    limits: WalletLimits,
    nodes: BTreeSet<ConnectionId>,
    /// The full node that answered last.
    preferred: Option<ConnectionId>,
    lca: Option<Lca>,
    requests: BTreeMap<WalletRequest, Waiting>,
    due: Deadlines<WalletRequest>,
    lapsed: Lapsed,
    hash: PhantomData<H>,
}

/// A request that waits for its answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Waiting {
    /// The heights that are wanted, of a request for ancestors.
    heights: Vec<u32>,
    /// Who was asked first, and who last.
    first: ConnectionId,
    asked: ConnectionId,
    /// True once the full nodes before the first are being asked.
    is_round: bool,
    until: Time,
}

const _: () = assert!(size_of::<ActionOf<Wallet>>() <= 128);
const _: () = crate::machine::kept::<Wallet>();

impl Wallet {
    /// A wallet that has heard of nothing.
    #[must_use]
    pub const fn new(limits: WalletLimits) -> Self {
        Self::with_hash(limits)
    }
}

impl<H: Sha256> Wallet<H> {
    /// As [`Wallet::new`], with the hash function of its type.
    #[must_use]
    pub const fn with_hash(limits: WalletLimits) -> Self {
        Self {
            limits,
            nodes: BTreeSet::new(),
            preferred: None,
            lca: None,
            requests: BTreeMap::new(),
            due: Deadlines::new(),
            lapsed: Lapsed::new(),
            hash: PhantomData,
        }
    }

    /// The newest common ancestor that was told (W-6).
    #[must_use]
    pub const fn lca(&self) -> Option<&Lca> {
        self.lca.as_ref()
    }

    /// How many more requests may wait for their answers.
    #[must_use]
    pub fn room(&self) -> usize {
        self.limits.max_requests.saturating_sub(self.requests.len())
    }

    fn receive(&mut self, from: ConnectionId, message: Message, out: &mut Out<Self>) {
        match message {
            Message::NewLca(NewLca { lca_hash, height }) => {
                let lca = Lca { from, hash: lca_hash, height };
                self.lca = Some(lca);
                out.notify(WalletNotice::NewLca(lca));
            }
            Message::Header(it) => {
                let Header { header_block, bip158_filter: filter } = *it;
                let header_hash = header_block.header_hash::<H>();
                if self.answered(WalletRequest::Header(header_hash), from) {
                    let header_block = Box::new(header_block);
                    out.notify(WalletNotice::Header { header_hash, header_block, filter });
                }
            }
            Message::Ancestors(it) => self.ancestors(from, it, out),
            Message::RespondBody(it) => {
                let RespondBody { body } = *it;
                let body_hash = Bytes32(body.get_hash::<H>());
                if self.answered(WalletRequest::Body(body_hash), from) {
                    out.notify(WalletNotice::Body { body_hash, body: Box::new(body) });
                }
            }
            // The connection lets nothing else through.
            _ => {}
        }
    }

    /// Ancestors may be short, and name no more than the header: what may be the late answer to
    /// an earlier request is taken for that, unless it is all that is wanted now (W-6).
    fn ancestors(&mut self, from: ConnectionId, it: Ancestors, out: &mut Out<Self>) {
        let late = self.lapsed.take(from, &it);
        let Ancestors { header_hash, ancestors } = it;
        let request = WalletRequest::Ancestors(header_hash);
        let waiting = self.requests.get(&request).filter(|waiting| waiting.asked == from);
        let Some(Waiting { heights, .. }) =
            waiting.filter(|waiting| is_in_order(&ancestors, &waiting.heights))
        else {
            return;
        };
        if let Some(late) = late {
            if ancestors.len() < heights.len() && late != *heights {
                return;
            }
            // One of both is still to come.
            let heights = heights.clone();
            self.lapsed.add(from, header_hash, heights, self.limits.max_requests);
        }
        if self.answered(request, from) {
            out.notify(WalletNotice::Ancestors { header_hash, ancestors });
        }
    }

    /// True if this was asked for: then it is no more.
    fn answered(&mut self, request: WalletRequest, from: ConnectionId) -> bool {
        let is_asked = self.forget(request).is_some();
        if is_asked {
            self.preferred = Some(from);
        }
        is_asked
    }

    fn forget(&mut self, request: WalletRequest) -> Option<Waiting> {
        let waiting = self.requests.remove(&request)?;
        heap::relax_map(&mut self.requests);
        self.due.shift(&request, Some(waiting.until), None);
        Some(waiting)
    }

    fn admits(&self, command: &WalletCommand) -> Result<(), Refused> {
        let (request, heights) = match command {
            WalletCommand::Header(hash) => (WalletRequest::Header(*hash), 0),
            WalletCommand::Ancestors(hash, heights) => {
                (WalletRequest::Ancestors(*hash), heights.len())
            }
            WalletCommand::Body(hash) => (WalletRequest::Body(*hash), 0),
            WalletCommand::Send(_) if self.nodes.is_empty() => return Err(ALONE),
            WalletCommand::Send(_) => return Ok(()),
        };
        if self.requests.contains_key(&request) {
            return Err(Refused::invalid("the same is being asked for"));
        }
        if heights > self.limits.max_ancestors_asked {
            return Err(Refused::invalid("so many heights may not be asked for (W-3)"));
        }
        if self.nodes.is_empty() {
            return Err(ALONE);
        }
        if self.room() == 0 { Err(Refused::busy("max_requests")) } else { Ok(()) }
    }

    fn command(&mut self, now: Time, command: WalletCommand, out: &mut Out<Self>) {
        let (request, heights) = match command {
            WalletCommand::Header(hash) => (WalletRequest::Header(hash), Vec::new()),
            WalletCommand::Ancestors(hash, heights) => (WalletRequest::Ancestors(hash), heights),
            WalletCommand::Body(hash) => (WalletRequest::Body(hash), Vec::new()),
            WalletCommand::Send(transaction) => {
                let message = SendTransaction { transaction };
                out.send(Delivery::Broadcast(NodeType::FullNode, message.into()));
                return;
            }
        };
        let preferred = self.preferred.filter(|node| self.nodes.contains(node));
        let Some(first) = preferred.or_else(|| self.nodes.first().copied()) else { return };
        let waiting = Waiting { heights, first, asked: first, is_round: false, until: now };
        self.ask(now, request, waiting, out);
    }

    /// Asks the full node whose turn it is.
    fn ask(
        &mut self,
        now: Time,
        request: WalletRequest,
        mut waiting: Waiting,
        out: &mut Out<Self>,
    ) {
        let message = match request {
            WalletRequest::Header(header_hash) => RequestHeader { header_hash }.into(),
            WalletRequest::Ancestors(header_hash) => {
                let previous_heights_desired = waiting.heights.clone();
                RequestAncestors { header_hash, previous_heights_desired }.into()
            }
            WalletRequest::Body(body_hash) => RequestBody { body_hash }.into(),
        };
        out.send(Delivery::To(waiting.asked, message));
        waiting.until = now.after(self.limits.answer_timeout);
        self.due.shift(&request, None, Some(waiting.until));
        self.requests.insert(request, waiting);
    }

    /// Who was asked does not answer: the next one is, or nobody is left.
    fn ask_next(&mut self, now: Time, request: WalletRequest, out: &mut Out<Self>) {
        let Some(mut waiting) = self.forget(request) else { return };
        if let WalletRequest::Ancestors(header_hash) = request {
            if self.nodes.contains(&waiting.asked) {
                let heights = waiting.heights.clone();
                self.lapsed.add(waiting.asked, header_hash, heights, self.limits.max_requests);
            }
        }
        let mut next = self.nodes.range((Excluded(waiting.asked), Unbounded)).next();
        if next.is_none() && !waiting.is_round {
            waiting.is_round = true;
            next = self.nodes.first();
        }
        match next.copied().filter(|next| !waiting.is_round || *next < waiting.first) {
            Some(next) => {
                waiting.asked = next;
                self.ask(now, request, waiting, out);
            }
            None => out.notify(WalletNotice::Unanswered(request)),
        }
    }
}

/// True if these are some of the heights wanted, in the order wanted (W-3).
fn is_in_order(ancestors: &[(u32, HeaderHash)], heights: &[u32]) -> bool {
    let mut left = heights.iter();
    ancestors.iter().all(|(height, _)| left.any(|wanted| wanted == height))
}

/// Nobody is there to be asked.
const ALONE: Refused = Refused::wrong_phase("a wallet without a full node");

impl<H: Sha256> Role for Wallet<H> {
    fn node_type(&self) -> NodeType {
        NodeType::Wallet
    }
}

impl<H: Sha256> Machine for Wallet<H> {
    type Local = WalletCommand;
    type Remote = FromPeer;
    type Send = Delivery;
    type Notice = WalletNotice;
    type Query = Never;

    fn handle_local(
        &mut self,
        now: Time,
        input: WalletCommand,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<WalletCommand>> {
        if let Err(why) = self.admits(&input) {
            return Err(Refusal::new(why, input));
        }
        self.command(now, input, out);
        Ok(())
    }

    fn handle_remote(&mut self, now: Time, input: FromPeer, out: &mut Out<Self>) {
        match input {
            FromPeer::Connected(from, peer, _) => {
                if peer.node_type == NodeType::FullNode {
                    self.nodes.insert(from);
                }
            }
            FromPeer::Received(from, message) => self.receive(from, message, out),
            FromPeer::Disconnected(from, _) => {
                self.nodes.remove(&from);
                self.lapsed.forget(from);
                heap::relax_set(&mut self.nodes);
                let asked = self.requests.iter().filter(|(_, waiting)| waiting.asked == from);
                let asked: Vec<_> = asked.map(|(request, _)| *request).collect();
                for request in asked {
                    self.ask_next(now, request, out);
                }
            }
            FromPeer::DialFailed(_) | FromPeer::DialPutOff(..) => {}
        }
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        while let Some((due, request)) = self.due.first().map(|(due, request)| (due, *request)) {
            if due > now {
                break;
            }
            self.ask_next(now, request, out);
        }
    }

    fn deadline(&self) -> Option<Time> {
        self.due.first().map(|(due, _)| due)
    }

    fn footprint(&self) -> usize {
        let heights = self.requests.values().map(|waiting| waiting.heights.capacity());
        let heights = heights.fold(0_usize, usize::saturating_add);
        size_of::<Self>()
            .saturating_add(heap::tree(self.nodes.len(), size_of::<ConnectionId>()))
            .saturating_add(heap::tree(self.requests.len(), size_of::<(WalletRequest, Waiting)>()))
            .saturating_add(heights.saturating_mul(size_of::<u32>()))
            .saturating_add(self.due.heap())
            .saturating_add(self.lapsed.heap())
    }
}
