//! The two sides of NaiveLeios in a simulation.

use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;

use nodewire::codec::leios::{
    DeliverableId, LeiosPoint, Notification, SlotNo, TxBitmaps, VoteIssuer,
};
use nodewire::link::{Mux, MuxConfig, MuxLocal, MuxNotice};
use nodewire::sim::{End, Orders, Policy};
use nodewire::state::leios::{
    Content, NaiveClient, NaiveCommand, NaiveConfig, NaiveContent, NaiveNotice, NaiveQuery,
    NaiveServer, NaiveServerCommand, WantedTx,
};
use nodewire::{AskId, Machine, Never, Refusal, Time};

use super::node::{Seen, Shared};
use super::world::lacks;

/// The side that serves: all its news at a time, one after the other as they are asked for.
#[derive(Debug)]
pub struct NaiveSource {
    shared: Rc<Shared>,
    config: NaiveConfig,
    mux: MuxConfig,
    news: VecDeque<Notification>,
    from: Time,
    /// A request for news that waits for them.
    waiting: VecDeque<(End, AskId)>,
}

impl NaiveSource {
    /// A source that has this news from a time on.
    #[must_use]
    pub const fn new(
        shared: Rc<Shared>,
        config: NaiveConfig,
        mux: MuxConfig,
        news: VecDeque<Notification>,
        from: Time,
    ) -> Self {
        Self { shared, config, mux, news, from, waiting: VecDeque::new() }
    }

    fn tell(&mut self, now: Time, orders: &mut Orders<Mux<NaiveServer>>) {
        while now >= self.from && !self.news.is_empty() {
            let Some((end, id)) = self.waiting.pop_front() else { return };
            let content = self.news.pop_front().map(NaiveContent::Notification);
            let answer = NaiveServerCommand::Answered { id, content };
            orders.give(end, MuxLocal::Machine(answer));
        }
    }

    fn fetch(&self, query: NaiveQuery) -> Option<NaiveContent> {
        let id = match query {
            NaiveQuery::Notification => return None,
            NaiveQuery::Block(point) => DeliverableId::LinearLeiosBlockId(point),
            NaiveQuery::Tx(point, index) => {
                let one = TxBitmaps::from_indices([u32::from(index)])?;
                DeliverableId::LeiosBlockTxsId(point, one)
            }
            NaiveQuery::Vote(slot, issuer) => DeliverableId::LinearLeiosVoteId(slot, issuer),
        };
        Some(match self.shared.world.fetch(&[id])?.pop()? {
            Content::Block(block) => NaiveContent::Block(block),
            Content::Txs { mut txs, .. } => NaiveContent::Tx(txs.pop()?.2),
            Content::Vote(vote) => NaiveContent::Vote(vote),
        })
    }
}

impl Policy for NaiveSource {
    type Link = Mux<NaiveServer>;

    fn link(&mut self, _: Time, _: End, _: &mut Orders<Self::Link>) -> Self::Link {
        Mux::new(NaiveServer::new(self.config.clone()), self.mux.clone(), &[])
    }

    fn notice(
        &mut self,
        _: Time,
        _: End,
        _: <Self::Link as nodewire::Machine>::Notice,
        _: &mut Orders<Self::Link>,
    ) {
    }

    fn ask(
        &mut self,
        now: Time,
        end: End,
        id: AskId,
        query: NaiveQuery,
        orders: &mut Orders<Self::Link>,
    ) {
        if query == NaiveQuery::Notification {
            self.waiting.push_back((end, id));
            self.tell(now, orders);
        } else {
            let answer = query.answered(id, self.fetch(query));
            orders.give(end, MuxLocal::Machine(answer));
        }
    }

    fn timeout(&mut self, now: Time, orders: &mut Orders<Self::Link>) {
        self.tell(now, orders);
    }

    fn deadline(&self) -> Option<Time> {
        (!self.waiting.is_empty() && !self.news.is_empty()).then_some(self.from)
    }
}

/// The side that asks. It asks for a block first, then for votes, for news, and for transactions,
/// and knows, to its advantage, when there is no more news.
#[derive(Debug)]
pub struct NaiveSink {
    shared: Rc<Shared>,
    config: NaiveConfig,
    mux: MuxConfig,
    /// News that has not been asked for.
    news: usize,
    block: Option<(LeiosPoint, u32)>,
    size: u32,
    votes: VecDeque<(SlotNo, VoteIssuer)>,
    /// From the offer of the transactions on they may be asked for.
    offered: bool,
    wanted: Option<(LeiosPoint, VecDeque<WantedTx>)>,
    missing: BTreeSet<u32>,
    flying: usize,
    quorum: usize,
    seen: Seen,
    refused: u64,
}

impl NaiveSink {
    /// A sink that expects so many pieces of news.
    #[must_use]
    pub const fn new(
        shared: Rc<Shared>,
        config: NaiveConfig,
        mux: MuxConfig,
        news: usize,
        quorum: usize,
    ) -> Self {
        Self {
            shared,
            config,
            mux,
            news,
            block: None,
            size: 0,
            votes: VecDeque::new(),
            offered: false,
            wanted: None,
            missing: BTreeSet::new(),
            flying: 0,
            quorum,
            seen: Seen { announced: None, block: None, closure: None, quorum: None },
            refused: 0,
        }
    }

    /// When what came.
    #[must_use]
    pub const fn seen(&self) -> Seen {
        self.seen
    }

    /// What its link refused.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.refused
    }

    fn pump(&mut self, end: End, orders: &mut Orders<Mux<NaiveClient>>) {
        while self.flying < self.config.pipeline {
            let Some(command) = self.next() else { return };
            self.flying += 1;
            orders.give(end, MuxLocal::Machine(command));
        }
    }

    fn next(&mut self) -> Option<NaiveCommand> {
        if let Some((point, size)) = self.block.take() {
            return Some(NaiveCommand::RequestBlock { point, size });
        }
        if let Some((slot, issuer)) = self.votes.pop_front() {
            return Some(NaiveCommand::RequestVote { slot, issuer });
        }
        if self.news > 0 {
            self.news -= 1;
            return Some(NaiveCommand::RequestNotification);
        }
        let (point, txs) = self.wanted.as_mut().filter(|_| self.offered)?;
        let tx = txs.pop_front()?;
        Some(NaiveCommand::RequestTx { point: *point, tx })
    }

    fn heard(&mut self, now: Time, notice: NaiveNotice) {
        match notice {
            NaiveNotice::Notified(Notification::LinearLeiosAnnouncement(header)) => {
                self.seen.announced.get_or_insert(now);
                let announced = header.view().ok().and_then(|view| view.announces);
                self.size = announced.map_or(0, |announced| announced.size);
            }
            NaiveNotice::Notified(Notification::LinearLeiosBlockOffer(point)) => {
                self.block = Some((point, self.size));
            }
            NaiveNotice::Notified(Notification::LeiosBlockTxsOffer(_)) => self.offered = true,
            NaiveNotice::Notified(Notification::LinearLeiosVoteOffer(slot, issuer)) => {
                self.votes.push_back((slot, issuer));
            }
            NaiveNotice::Block { point, block } => {
                self.seen.block.get_or_insert(now);
                let percent = self.shared.missing_percent;
                let lacking =
                    (0..).zip(block.references()).filter(|(_, tx)| lacks(0, &tx.hash, percent));
                let txs: VecDeque<_> = lacking
                    .map(|(index, tx)| WantedTx { index, hash: tx.hash, size: tx.size })
                    .collect();
                self.missing = txs.iter().map(|tx| tx.index).collect();
                self.wanted = Some((point, txs));
                self.complete(now);
            }
            NaiveNotice::Tx { index, .. } => {
                self.missing.remove(&index);
                self.complete(now);
            }
            NaiveNotice::Vote(_) => {
                self.quorum = self.quorum.saturating_sub(1);
                if self.quorum == 0 {
                    self.seen.quorum.get_or_insert(now);
                }
            }
            _ => {}
        }
    }

    fn complete(&mut self, now: Time) {
        if self.missing.is_empty() {
            self.seen.closure.get_or_insert(now);
        }
    }
}

impl Policy for NaiveSink {
    type Link = Mux<NaiveClient>;

    fn link(&mut self, _: Time, end: End, orders: &mut Orders<Self::Link>) -> Self::Link {
        self.pump(end, orders);
        Mux::new(NaiveClient::new(self.config.clone()), self.mux.clone(), &[])
    }

    fn notice(
        &mut self,
        now: Time,
        end: End,
        notice: MuxNotice<NaiveNotice>,
        orders: &mut Orders<Self::Link>,
    ) {
        if let MuxNotice::Machine(notice) = notice {
            self.flying = self.flying.saturating_sub(1);
            self.heard(now, notice);
            self.pump(end, orders);
        }
    }

    fn ask(&mut self, _: Time, _: End, _: AskId, query: Never, _: &mut Orders<Self::Link>) {
        match query {}
    }

    fn refused(
        &mut self,
        _: Time,
        _: End,
        _: Refusal<<Self::Link as Machine>::Local>,
        _: &mut Orders<Self::Link>,
    ) {
        self.refused += 1;
    }
}
