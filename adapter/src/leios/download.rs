//! The application above a fetching session: decides by [`Fetch`] and keeps account.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use nodewire::codec::leios::{LeiosPoint, RefuseReason, SlotNo, VoteIssuer};
use nodewire::leios::{SessionCommand, SessionNotice, SessionQuery, on_connection};
use nodewire::link::{MuxLocal, MuxNotice, StagedOf};
use nodewire::state::leios::{
    ClientCommand, ClientNotice, ConnectionCommand, ConnectionNotice, ConnectionQuery, Fetch,
    FetchCommand, FetchLimits, FetchNotice, FetchQuery, HandshakeNotice, KeepAliveNotice, Limits,
    Verdict,
};
use nodewire::{Action, AskId, Machine, Out, Outbox, Refusal, Time};

use crate::drive::Host;

/// What was fetched of one block, and when.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// When its announcement came.
    pub announced: Option<Time>,
    /// When its body came.
    pub block: Option<Time>,
    /// When its last transaction came.
    pub closure: Option<Time>,
    /// Transactions fetched.
    pub txs: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// When to end by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Never.
    Stopped,
    /// Once everything announced is here and nothing new came for so long.
    Quiet(Duration),
}

/// Fetches what a server announces, freshest first. It judges no header: there is no ledger here.
#[derive(Debug)]
pub struct Downloader {
    fetch: Fetch<u8>,
    limits: Limits,
    until: Until,
    /// The last time something new came.
    heard: Option<Time>,
    finished: bool,
    /// What was fetched, by block.
    pub progress: BTreeMap<LeiosPoint, Progress>,
    /// Votes offered that have not come.
    missing_votes: BTreeSet<(SlotNo, VoteIssuer)>,
    /// Votes fetched.
    pub votes: u64,
    /// Round trips of KeepAlive.
    pub round_trips: Vec<Duration>,
    /// Broken SHOULD rules, by name.
    pub remarks: BTreeMap<String, u64>,
    /// Why no version was agreed on, if none was.
    pub declined: Option<RefuseReason>,
    /// Commands that were refused.
    pub refused: u64,
}

/// The one peer that a session has.
const PEER: u8 = 0;

impl Downloader {
    /// Fetches until `until` by these limits.
    #[must_use]
    pub fn new(limits: Limits, fetch: FetchLimits, until: Until) -> Self {
        Self {
            fetch: Fetch::new(fetch),
            limits,
            until,
            heard: None,
            finished: false,
            progress: BTreeMap::new(),
            missing_votes: BTreeSet::new(),
            votes: 0,
            round_trips: Vec::new(),
            remarks: BTreeMap::new(),
            declined: None,
            refused: 0,
        }
    }

    /// True if a block was announced, and every block announced and every vote offered is here.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let mut all = self.progress.values();
        !self.progress.is_empty()
            && all.all(|progress| progress.closure.is_some())
            && self.missing_votes.is_empty()
    }

    /// Carries out what the decision logic wants.
    fn settle(&mut self, now: Time, mut out: Out<Fetch<u8>>, wants: &mut VecDeque<SessionCommand>) {
        while let Some(action) = out.pop() {
            match action {
                Action::Send((_, command)) => wants.push_back(client(command)),
                Action::Notify(notice) => self.fetched(now, notice),
                Action::Ask(id, query) => {
                    // An empty mempool: everything is missing.
                    let FetchQuery::WhichAreMissing { references, .. } = &query;
                    let all = (0..).zip(references).map(|(index, _)| index).collect();
                    // Refused only if the question is closed by now.
                    let _ = self.fetch.handle_local(now, query.missing(id, all), &mut out);
                }
                Action::Close(_) => {}
            }
        }
    }

    fn fetched(&mut self, now: Time, notice: FetchNotice<u8>) {
        match notice {
            FetchNotice::Announced(_, announcement) => {
                self.progress.entry(announcement.point).or_default().announced = Some(now);
            }
            FetchNotice::Block { point, .. } => {
                self.progress.entry(point).or_default().block = Some(now);
            }
            FetchNotice::Txs { point, txs } => {
                let progress = self.progress.entry(point).or_default();
                progress.txs += txs.len() as u64;
                progress.bytes += txs.iter().map(|(_, _, tx)| tx.len() as u64).sum::<u64>();
            }
            FetchNotice::ClosureComplete(point) => {
                tracing::info!(slot = %point.slot, "closure complete");
                self.progress.entry(point).or_default().closure = Some(now);
            }
            FetchNotice::Vote(vote) => {
                self.votes += 1;
                self.missing_votes.remove(&(vote.slot(), vote.issuer()));
            }
            other => tracing::debug!(?other, "fetch"),
        }
        self.heard = Some(now);
    }

    fn told(&mut self, now: Time, notice: ClientNotice, wants: &mut VecDeque<SessionCommand>) {
        match &notice {
            ClientNotice::VoteOffered(slot, issuer) => {
                self.missing_votes.insert((*slot, *issuer));
                self.heard = Some(now);
            }
            ClientNotice::Remark(rule) => {
                *self.remarks.entry(rule.to_string()).or_default() += 1;
            }
            _ => {}
        }
        let mut out = Outbox::new();
        self.fetch.handle_remote(now, (PEER, notice), &mut out);
        self.settle(now, out, wants);
    }

    /// When everything will have been quiet for long enough.
    fn quiet_at(&self) -> Option<Time> {
        match self.until {
            Until::Quiet(span) if !self.finished && self.is_complete() => {
                Some(self.heard?.after(span))
            }
            _ => None,
        }
    }
}

/// A command for the client of the session.
fn client(command: ClientCommand) -> SessionCommand {
    on_connection(ConnectionCommand::Client(command))
}

impl<M> Host<M> for Downloader
where
    M: Machine<Local = SessionCommand, Notice = SessionNotice, Query = SessionQuery>,
{
    fn notice(&mut self, now: Time, notice: SessionNotice, wants: &mut VecDeque<SessionCommand>) {
        match notice {
            StagedOf::First(MuxNotice::Machine(HandshakeNotice::Agreed(agreed))) => {
                tracing::info!(?agreed, "handshake");
                let Limits { notify_low: low, notify_chunk: chunk, .. } = self.limits;
                wants.push_back(client(ClientCommand::Start));
                wants.push_back(client(ClientCommand::NotificationTarget { low, chunk }));
                let mut out = Outbox::new();
                // A first peer is never one too many.
                let _ = self.fetch.handle_local(now, FetchCommand::Joined(PEER), &mut out);
                self.settle(now, out, wants);
            }
            StagedOf::Second(MuxNotice::Machine(ConnectionNotice::Client(notice))) => {
                self.told(now, notice, wants);
            }
            StagedOf::Second(MuxNotice::Machine(ConnectionNotice::KeepAlive(
                KeepAliveNotice::RoundTrip(span),
            ))) => self.round_trips.push(span),
            StagedOf::First(MuxNotice::Machine(HandshakeNotice::Refused(why))) => {
                self.declined = Some(why);
            }
            other => tracing::debug!(?other, "session"),
        }
    }

    fn answer(
        &mut self,
        _: Time,
        id: AskId,
        query: SessionQuery,
        wants: &mut VecDeque<SessionCommand>,
    ) {
        if let StagedOf::Second(ConnectionQuery::Client(query)) = query {
            wants.push_back(on_connection(query.judged_on(id, Verdict::Process)));
        }
    }

    fn refused(
        &mut self,
        now: Time,
        refusal: Refusal<SessionCommand>,
        wants: &mut VecDeque<SessionCommand>,
    ) {
        tracing::warn!(why = %refusal.why, "refused");
        self.refused += 1;
        if let StagedOf::Second(MuxLocal::Machine(ConnectionCommand::Client(command))) =
            refusal.input
        {
            // It goes back to the work list, which leaves the peer alone for a while.
            let mut out = Outbox::new();
            let _ = self.fetch.handle_local(now, FetchCommand::Refused(PEER, command), &mut out);
            self.settle(now, out, wants);
        }
    }

    fn timeout(&mut self, now: Time, wants: &mut VecDeque<SessionCommand>) {
        let mut out = Outbox::new();
        self.fetch.handle_timeout(now, &mut out);
        self.settle(now, out, wants);
        if self.quiet_at().is_some_and(|due| due <= now) {
            self.finished = true;
            wants.push_back(client(ClientCommand::Finish));
        }
    }

    fn deadline(&self) -> Option<Time> {
        self.fetch.deadline().into_iter().chain(self.quiet_at()).min()
    }
}
