//! The full node: keeps the chain company, and tells everybody of it (`chia.md` 10 to 12).

mod announcing;
mod asked;
mod blocks;
mod candidates;
mod config;
mod input;
mod parts;
mod peers;
mod proofs;
mod recent;
mod shares;
mod syncing;
mod unfinished;

pub use config::{FullNodeConfig, FullNodeLimits};
pub use input::{
    Candidate, CandidateRequest, FullNodeCommand, FullNodeNotice, FullNodeQuery, PooledCoinbase,
    Proven,
};

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use core::marker::PhantomData;

use crate::ask::{AskId, Asks};
use crate::codec::chia::{FullBlock, HeaderHash, Message, NodeType};
use crate::codec::streamable::{RustCryptoSha256, Sha256};
use crate::fault::{Refusal, Refused, Rule};
use crate::machine::{ActionOf, Machine, Out};
use crate::state::chia::addresses::Addresses;
use crate::state::chia::chain::{Added, Chain, Tip};
use crate::state::chia::role::{ConnectionId, Delivery, FromPeer, Role};
use crate::state::chia::rules;
use crate::state::chia::transactions::{TransactionHash, TransactionIds, Transactions};
use crate::time::Time;

use asked::{About, Asked};
use blocks::Blocks;
use candidates::Candidates;
use parts::OWN;
use peers::Peers;
use recent::Recent;
use unfinished::Unfinished;

/// A full node.
///
/// Blocks and proofs of time come in from peers and timelords, blocks that are to be made from
/// farmers; whoever keeps the chain says by answers what they are worth, and with each new tip
/// where the chain stands. What is new goes out to everybody it concerns, in the order of F-21 and
/// P-20. It has no chain, no mempool and no cryptography of its own.
///
/// A peer causes a bounded number of open questions
/// ([`max_asks_per_peer`](FullNodeLimits::max_asks_per_peer)); then the full node
/// [is busy with it](Role::is_busy_with), and with nobody else. Tables of what peers send are
/// shared out: in a full one, whoever has the most makes room. It never closes; peers that break a
/// rule are to be.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FullNode<H: Sha256 = RustCryptoSha256, I: TransactionIds = TransactionHash<H>> {
    config: FullNodeConfig,
    chain: Chain,
    peers: Peers,
    blocks: Blocks,
    unfinished: Unfinished,
    /// Proofs of time that were seen, by the hash of all of each (P-23).
    proofs: Recent,
    candidates: Candidates,
    /// Blocks that were finished while syncing (T-21).
    kept: VecDeque<Box<FullBlock>>,
    transactions: Transactions<I>,
    addresses: Addresses,
    asks: Asks<Asked>,
    hash: PhantomData<H>,
}

const _: () = assert!(size_of::<ActionOf<FullNode>>() <= 128);
const _: () = crate::machine::kept::<FullNode>();

impl<H: Sha256, I: TransactionIds> FullNode<H, I> {
    /// A full node that nobody is connected to.
    ///
    /// # Errors
    /// [`Refused::Invalid`] if a chain cannot stand so ([`Chain::is_sound`]).
    pub fn new(config: FullNodeConfig, chain: Chain) -> Result<Self, Refused> {
        if !chain.is_sound() {
            return Err(Refused::invalid(UNSOUND));
        }
        Ok(Self {
            chain,
            peers: Peers::new(),
            blocks: Blocks::new(),
            unfinished: Unfinished::new(),
            proofs: Recent::new(),
            candidates: Candidates::new(),
            kept: VecDeque::new(),
            transactions: Transactions::new(config.transactions.clone()),
            addresses: Addresses::new(config.addresses.clone()),
            asks: Asks::new(config.limits.max_open_asks),
            hash: PhantomData,
            config,
        })
    }

    /// Where the chain stands, as last told.
    #[must_use]
    pub const fn chain(&self) -> &Chain {
        &self.chain
    }

    /// How many blocks wait for their parents (P-7).
    #[must_use]
    pub fn disconnected_blocks(&self) -> usize {
        self.blocks.waiting()
    }

    /// How many unfinished blocks were accepted and are kept (P-22).
    #[must_use]
    pub fn unfinished_blocks(&self) -> usize {
        self.unfinished.len()
    }

    /// How many blocks wait for their signatures (F-26).
    #[must_use]
    pub fn candidates(&self) -> usize {
        self.candidates.len()
    }

    fn tip(&self, header_hash: HeaderHash) -> Option<&Tip> {
        self.chain.tips.iter().find(|tip| tip.header_hash == header_hash)
    }

    fn connected(&mut self, from: ConnectionId, node_type: NodeType, out: &mut Out<Self>) {
        self.peers.connected(from, node_type);
        self.greet(from, node_type, out);
    }

    /// What a peer that is gone wanted, nobody wants any more. Its blocks are still good, but not
    /// without end (`max_asks_of_gone`): peers that come and go could fill all there is.
    fn disconnected_peer(&mut self, from: ConnectionId) {
        self.peers.disconnected(from);
        self.blocks.forget_peer(from);
        self.unfinished.forget_peer(from);
        self.candidates.forget_peer(from);
        let is_block =
            |asked: &Asked| matches!(asked.about, About::Block(_) | About::Unfinished(_));
        self.asks.cancel(|asked| asked.charged == Some(from) && !is_block(asked));
        let peers = &self.peers;
        let is_gone = |asked: &Asked| {
            let gone = asked.charged.is_some_and(|from| !peers.is_there(from));
            gone && matches!(asked.about, About::Block(_))
        };
        let gone = self.asks.iter().filter(|(_, asked)| is_gone(asked)).count();
        let mut excess = gone.saturating_sub(self.config.limits.max_asks_of_gone);
        let given_up = self.asks.cancel(|asked| {
            let picked = excess > 0 && is_gone(asked);
            excess = excess.saturating_sub(usize::from(picked));
            picked
        });
        for asked in given_up {
            if let About::Block(offered) = asked.about {
                self.blocks.forget(offered.whole);
            }
        }
    }

    fn receive(&mut self, now: Time, from: ConnectionId, message: Message, out: &mut Out<Self>) {
        // Nothing comes of a peer that we are busy with; what comes all the same is passed over.
        if !self.peers.is_there(from) || self.has_asked_enough(from) {
            return;
        }
        let kept = match message {
            Message::Block(it) => self.block(now, from, it.block, out),
            Message::UnfinishedBlock(it) => self.unfinished(Some(from), from, it.block, out),
            Message::NewProofOfTime(it) => {
                self.proof_of_time(now, from, it.proof, &rules::INVALID_PROOF_OF_TIME, out);
                Ok(())
            }
            Message::ProofOfTimeFinished(it) => {
                self.proof_of_time(now, from, it.proof, &rules::INVALID_FINISHED_PROOF, out);
                Ok(())
            }
            Message::RequestHeaderHash(it) => self.request_header_hash(from, it, out),
            Message::HeaderSignature(it) => {
                self.header_signature(from, &it, out);
                Ok(())
            }
            message @ (Message::TransactionId(_)
            | Message::RequestTransaction(_)
            | Message::NewTransaction(_)
            | Message::SendTransaction(_)) => {
                let input = FromPeer::Received(from, message);
                parts::hear(&mut self.transactions, now, input, out);
                Ok(())
            }
            message @ (Message::RequestPeers(_) | Message::Peers(_)) => {
                let input = FromPeer::Received(from, message);
                parts::hear(&mut self.addresses, now, input, out);
                Ok(())
            }
            // The connection lets nothing else through.
            _ => Ok(()),
        };
        self.judge(from, kept, out);
    }

    /// Whether a command answers what was asked, and says what can be.
    fn admits(&self, command: &FullNodeCommand) -> Result<(), Refused> {
        let Some(id) = id_of(command).and_then(|id| parts::inner(OWN, id)) else {
            return Err(Refused::UnknownAsk);
        };
        let Some(asked) = self.asks.context(id)? else { return Ok(()) };
        match (command, &asked.about) {
            (FullNodeCommand::Blocks(_, blocks), About::Tips { most, .. }) => {
                if blocks.len() <= *most { Ok(()) } else { Err(Refused::invalid(TOO_MANY)) }
            }
            (FullNodeCommand::Added(_, Added::Tip(chain)), About::Block(offered)) => {
                let mut tips = chain.tips.iter();
                let is_tip = tips.any(|tip| tip.header_hash == offered.header_hash);
                let is_sound = chain.is_sound() && is_tip;
                if is_sound { Ok(()) } else { Err(Refused::invalid(UNSOUND)) }
            }
            (FullNodeCommand::Candidate(_, Some(built)), About::Candidate(wanted)) => {
                let fits = Self::is_as_wanted(wanted, built);
                if fits { Ok(()) } else { Err(Refused::invalid(OTHER_BLOCK)) }
            }
            (FullNodeCommand::Added(..), About::Block(_))
            | (FullNodeCommand::Validated(..), About::Unfinished(_))
            | (FullNodeCommand::Quality(..), About::ProofOfSpace(_))
            | (FullNodeCommand::Candidate(..), About::Candidate(_))
            | (
                FullNodeCommand::Verdict(..),
                About::ProofOfTime(_) | About::Coinbase(_) | About::Signature(_),
            ) => Ok(()),
            _ => Err(Refused::invalid("the question was another")),
        }
    }

    fn command(&mut self, now: Time, command: FullNodeCommand, out: &mut Out<Self>) {
        let id = id_of(&command).and_then(|id| parts::inner(OWN, id));
        let Some(Asked { charged, about }) = id.and_then(|id| self.close(id)) else { return };
        match (command, about) {
            (FullNodeCommand::Blocks(_, blocks), About::Tips { to, .. }) => {
                Self::tell_tips(to, blocks, out);
            }
            (FullNodeCommand::Added(_, added), About::Block(offered)) => {
                self.added(now, *offered, added, out);
            }
            (FullNodeCommand::Validated(_, proven), About::Unfinished(number)) => {
                self.validated(now, number, proven, out);
            }
            (FullNodeCommand::Verdict(_, good), About::ProofOfTime(timed)) => {
                self.timed(now, *timed, good, out);
            }
            (command, about) => {
                if let Some(from) = charged {
                    let kept = self.go_on(from, command, about, out);
                    self.judge(from, kept, out);
                }
            }
        }
    }

    /// The next step of a block that a farmer wants.
    fn go_on(
        &mut self,
        from: ConnectionId,
        command: FullNodeCommand,
        about: About,
        out: &mut Out<Self>,
    ) -> Kept {
        match (command, about) {
            (FullNodeCommand::Quality(_, found), About::ProofOfSpace(request)) => {
                self.space_verified(from, *request, found, out)
            }
            (FullNodeCommand::Verdict(_, good), About::Coinbase(wanted)) => {
                self.coinbase_verified(from, wanted, good, out)
            }
            (FullNodeCommand::Candidate(_, Some(built)), About::Candidate(wanted)) => {
                self.built(from, *wanted, *built, out);
                Ok(())
            }
            (FullNodeCommand::Verdict(_, good), About::Signature(block)) => {
                self.header_verified(from, *block, good, out)
            }
            _ => Ok(()),
        }
    }

    /// Asks, on behalf of whoever caused it.
    fn ask(&mut self, asked: Asked, query: FullNodeQuery, out: &mut Out<Self>) -> Option<AskId> {
        let charged = asked.charged;
        let id = self.asks.open(asked).ok()?;
        if let Some(from) = charged {
            self.peers.charge(from);
        }
        out.ask(parts::outer(OWN, id), query);
        Some(id)
    }

    /// A question is answered, or no longer asked.
    fn close(&mut self, id: AskId) -> Option<Asked> {
        let asked = self.asks.close(id).ok().flatten()?;
        if let Some(from) = asked.charged {
            self.peers.release(from);
        }
        Some(asked)
    }

    fn has_asked_enough(&self, from: ConnectionId) -> bool {
        self.peers.open(from) >= self.config.limits.max_asks_per_peer.max(1)
    }

    fn judge(&self, from: ConnectionId, kept: Kept, out: &mut Out<Self>) {
        if let Err(rule) = kept {
            self.penalise(from, rule, out);
        }
    }

    /// Ends the connection of a peer that broke a rule, if it is still there.
    fn penalise(&self, from: ConnectionId, rule: &'static Rule, out: &mut Out<Self>) {
        if self.peers.is_there(from) {
            out.send(Delivery::Penalise(from, rule));
        }
    }
}

const UNSOUND: &str = "a chain has one to three tips, heaviest first, the new block among them";
const TOO_MANY: &str = "these are more blocks than were asked for";
const OTHER_BLOCK: &str = "the block is not of that parent, proof, coinbase and body";

/// Whether a peer kept the rules.
type Kept = Result<(), &'static Rule>;

/// The question that a command answers, if it is one of our own.
const fn id_of(command: &FullNodeCommand) -> Option<AskId> {
    match command {
        FullNodeCommand::Blocks(id, _)
        | FullNodeCommand::Added(id, _)
        | FullNodeCommand::Validated(id, _)
        | FullNodeCommand::Verdict(id, _)
        | FullNodeCommand::Quality(id, _)
        | FullNodeCommand::Candidate(id, _) => Some(*id),
        FullNodeCommand::Transactions(_) | FullNodeCommand::Addresses(_) => None,
    }
}

impl<H: Sha256, I: TransactionIds> Role for FullNode<H, I> {
    fn node_type(&self) -> NodeType {
        NodeType::FullNode
    }

    fn is_busy_with(&self, from: ConnectionId) -> bool {
        self.asks.is_full() || self.has_asked_enough(from) || self.transactions.is_busy_with(from)
    }
}

impl<H: Sha256, I: TransactionIds> Machine for FullNode<H, I> {
    type Local = FullNodeCommand;
    type Remote = FromPeer;
    type Send = Delivery;
    type Notice = FullNodeNotice;
    type Query = FullNodeQuery;

    fn handle_local(
        &mut self,
        now: Time,
        input: FullNodeCommand,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<FullNodeCommand>> {
        match input {
            FullNodeCommand::Transactions(command) => {
                let done = parts::command(&mut self.transactions, now, command, out);
                done.map_err(|refusal| refusal.map(FullNodeCommand::Transactions))
            }
            FullNodeCommand::Addresses(command) => {
                let done = parts::command(&mut self.addresses, now, command, out);
                done.map_err(|refusal| refusal.map(FullNodeCommand::Addresses))
            }
            input => {
                if let Err(why) = self.admits(&input) {
                    return Err(Refusal::new(why, input));
                }
                self.command(now, input, out);
                Ok(())
            }
        }
    }

    fn handle_remote(&mut self, now: Time, input: FromPeer, out: &mut Out<Self>) {
        match input {
            FromPeer::Received(from, message) => self.receive(now, from, message, out),
            input => {
                if let FromPeer::Connected(from, peer, _) = &input {
                    self.connected(*from, peer.node_type, out);
                }
                if let FromPeer::Disconnected(from, _) = &input {
                    self.disconnected_peer(*from);
                }
                parts::hear(&mut self.transactions, now, input.clone(), out);
                parts::hear(&mut self.addresses, now, input, out);
            }
        }
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        self.end_waits(now, out);
        parts::time_out(&mut self.transactions, now, out);
        parts::time_out(&mut self.addresses, now, out);
    }

    fn deadline(&self) -> Option<Time> {
        let due =
            [self.unfinished.deadline(), self.transactions.deadline(), self.addresses.deadline()];
        due.into_iter().flatten().min()
    }

    fn saturated(&self) -> bool {
        self.asks.is_full()
    }

    fn awaits(&self, id: AskId) -> bool {
        parts::inner(OWN, id).is_some_and(|id| self.asks.awaits(id))
            || parts::awaits(&self.transactions, id)
    }

    fn footprint(&self) -> usize {
        let asked = self.asks.iter().map(|(_, asked)| asked.heap());
        let kept =
            self.kept.iter().map(|block| size_of::<FullBlock>().saturating_add(block.heap()));
        let blocks = asked.chain(kept).fold(0_usize, usize::saturating_add);
        let places = self.kept.capacity().saturating_mul(size_of::<Box<FullBlock>>());
        size_of::<Self>()
            .saturating_sub(size_of::<(Transactions<I>, Addresses)>())
            .saturating_add(self.transactions.footprint())
            .saturating_add(self.addresses.footprint())
            .saturating_add(self.chain.heap())
            .saturating_add(self.peers.heap())
            .saturating_add(self.blocks.heap())
            .saturating_add(self.unfinished.heap())
            .saturating_add(self.proofs.heap())
            .saturating_add(self.candidates.heap())
            .saturating_add(self.asks.heap())
            .saturating_add(places)
            .saturating_add(blocks)
    }
}
