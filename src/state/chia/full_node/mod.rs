//! The full node: keeps the chain company, and tells everybody of it (`chia.md` 10 to 12).

mod announcing;
mod answers;
mod asked;
mod blocks;
mod candidates;
mod config;
mod early;
mod input;
mod machine;
mod parts;
mod peers;
mod proofs;
mod shares;
mod syncing;
mod unfinished;

pub use config::{FullNodeConfig, FullNodeLimits};
pub use input::{
    Candidate, CandidateRequest, FullNodeCommand, FullNodeNotice, FullNodeQuery, PooledCoinbase,
    Proven,
};

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use core::marker::PhantomData;

use crate::ask::{AskId, Asks};
use crate::codec::chia::{Bytes32, FullBlock, HeaderHash, Message, NodeType};
use crate::codec::streamable::{RustCryptoSha256, Sha256};
use crate::fault::{Refused, Rule};
use crate::heap;
use crate::machine::{ActionOf, Out};
use crate::state::chia::addresses::Addresses;
use crate::state::chia::chain::{Chain, Tip};
use crate::state::chia::recent::Recent;
use crate::state::chia::role::{ConnectionId, Delivery, FromPeer};
use crate::state::chia::rules;
use crate::state::chia::serving::Serving;
use crate::state::chia::sync::Sync;
use crate::state::chia::transactions::{TransactionHash, TransactionIds, Transactions};
use crate::time::Time;

use asked::{About, Asked, Origin};
use blocks::Blocks;
use candidates::Candidates;
use early::Early;
use parts::OWN;
use peers::Peers;
use shares::Owner;
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
/// [is busy with it](crate::state::chia::Role::is_busy_with), and with nobody else. Tables of what
/// peers send are shared out: in a full one, whoever has the most makes room. It never closes;
/// peers that break a rule are to be.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FullNode<H: Sha256 = RustCryptoSha256, I: TransactionIds = TransactionHash<H>> {
    config: FullNodeConfig,
    chain: Chain,
    peers: Peers,
    blocks: Blocks,
    unfinished: Unfinished,
    /// Unfinished blocks that may be of use when there are other tips.
    early: Early,
    /// Proofs of time that made a block of an unfinished one, by the hash of all of each (P-23).
    proofs: Recent<Bytes32>,
    /// Those whose block was not here (T-22): it may come yet, and the proof once more.
    passed: Recent<Bytes32>,
    candidates: Candidates,
    /// Blocks that were finished while syncing (T-21).
    kept: VecDeque<Box<FullBlock>>,
    /// A better chain is announced once all that was kept is added (P-45).
    is_finishing: bool,
    /// What peers told while a sync went on: the heaviest of each, and what it claims to weigh.
    told: BTreeMap<ConnectionId, (u64, HeaderHash)>,
    /// The common ancestor that wallets were told (W-1).
    lca_told: HeaderHash,
    sync: Sync<H>,
    serving: Serving,
    transactions: Transactions<I>,
    addresses: Addresses,
    asks: Asks<Asked>,
    hash: PhantomData<H>,
}

const _: () = assert!(size_of::<ActionOf<FullNode>>() <= 128);
const _: () = crate::machine::kept::<FullNode>();

impl FullNode {
    /// A full node that nobody is connected to.
    ///
    /// # Errors
    /// [`Refused::Invalid`] if a chain cannot stand so ([`Chain::is_sound`]).
    pub fn new(config: FullNodeConfig, chain: Chain) -> Result<Self, Refused> {
        Self::with_hash(config, chain)
    }
}

impl<H: Sha256, I: TransactionIds> FullNode<H, I> {
    /// As [`FullNode::new`], with the hash function and the transaction ids of its type.
    ///
    /// # Errors
    /// As there.
    pub fn with_hash(config: FullNodeConfig, chain: Chain) -> Result<Self, Refused> {
        if !chain.is_sound() {
            return Err(Refused::invalid(UNSOUND));
        }
        Ok(Self {
            peers: Peers::new(),
            blocks: Blocks::new(),
            unfinished: Unfinished::new(),
            early: Early::new(),
            proofs: Recent::new(),
            passed: Recent::new(),
            candidates: Candidates::new(),
            kept: VecDeque::new(),
            is_finishing: false,
            told: BTreeMap::new(),
            lca_told: chain.lca,
            sync: Sync::with_hash(config.sync.clone(), config.sync_seed),
            serving: Serving::new(config.serving.clone()),
            transactions: Transactions::with_ids(config.transactions.clone()),
            addresses: Addresses::new(config.addresses.clone()),
            asks: Asks::new(config.limits.max_open_asks),
            hash: PhantomData,
            chain,
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
        self.early.forget_peer(from);
        self.candidates.forget_peer(from);
        self.told.remove(&from);
        heap::relax_map(&mut self.told);
        let is_block =
            |asked: &Asked| matches!(asked.about, About::Block(_) | About::Unfinished(_));
        for asked in self.asks.cancel(|asked| asked.charged == Some(from) && !is_block(asked)) {
            self.give_up(asked.about);
        }
        let (peers, blocks) = (&self.peers, &self.blocks);
        let is_gone = |asked: &Asked| {
            let gone = asked.charged.is_some_and(|from| !peers.is_there(from));
            gone && matches!(&asked.about, About::Block(it) if !blocks.is_told(it.whole))
        };
        let gone = self.asks.iter().filter(|(_, asked)| is_gone(asked)).count();
        let mut excess = gone.saturating_sub(self.config.limits.max_asks_of_gone);
        let given_up = self.asks.cancel(|asked| {
            let picked = excess > 0 && is_gone(asked);
            excess = excess.saturating_sub(usize::from(picked));
            picked
        });
        for asked in given_up {
            self.give_up(asked.about);
        }
    }

    /// Nobody is to know what is asked any more: what it was about may come again, of others.
    fn give_up(&mut self, about: About) {
        match about {
            About::Block(offered) => {
                self.blocks.forget(offered.whole);
                if let Origin::Proof(_, proof, _) = offered.origin {
                    self.proofs.remove(proof);
                }
            }
            About::ProofOfTime(timed) => self.forget_proof(timed.hash),
            _ => {}
        }
    }

    fn receive(&mut self, now: Time, from: ConnectionId, message: Message, out: &mut Out<Self>) {
        // Nothing comes of a peer that we are busy with; what comes all the same is passed over.
        if !self.peers.is_there(from) || self.has_asked_enough(from) {
            return;
        }
        let kept = match message {
            Message::Block(it) => self.block(now, from, it.block, out),
            Message::UnfinishedBlock(it) => {
                self.unfinished(Owner::Peer(from), Some(from), it.block, out)
            }
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
            message @ (Message::AllHeaderHashes(_)
            | Message::HeaderBlocks(_)
            | Message::SyncBlocks(_)) => {
                self.for_sync(now, from, message, out);
                Ok(())
            }
            message @ (Message::RequestBlock(_)
            | Message::RequestAllHeaderHashes(_)
            | Message::RequestHeaderBlocks(_)
            | Message::RequestSyncBlocks(_)
            | Message::RequestHeader(_)
            | Message::RequestAncestors(_)
            | Message::RequestBody(_)) => {
                let input = FromPeer::Received(from, message);
                parts::hear(&mut self.serving, now, input, out);
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

/// Whether a peer kept the rules.
type Kept = Result<(), &'static Rule>;
