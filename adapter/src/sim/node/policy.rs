//! What a node does on its connections: set them up, hand news up, answer questions.

use nodewire::leios::{
    Session, SessionCommand, SessionNotice, SessionQuery, initiator, on_connection, propose,
    responder,
};
use nodewire::link::{MuxLocal, MuxNotice, StagedOf};
use nodewire::sim::{End, Orders, Policy};
use nodewire::state::leios::{
    ClientCommand, ConnectionCommand, ConnectionNotice, ConnectionQuery, Content, FetchCommand,
    HandshakeNotice, ServerNotice, ServerQuery, Verdict,
};
use nodewire::{AskId, Ending, Outbox, Refusal, Time};

use super::{Act, Decide, LeiosNode};

impl<D: Decide> Policy for LeiosNode<D> {
    type Link = Session;

    fn link(&mut self, now: Time, end: End, orders: &mut Orders<Session>) -> Session {
        let config = self.shared.session.clone();
        if end.number() % 2 == 0 {
            orders.give(end, propose());
            initiator(config)
        } else {
            responder(config, now)
        }
    }

    fn notice(&mut self, now: Time, end: End, notice: SessionNotice, orders: &mut Orders<Session>) {
        match notice {
            StagedOf::First(MuxNotice::Machine(HandshakeNotice::Agreed(_))) => {
                let limits = &self.shared.session.connection.limits;
                let (low, chunk) = (limits.notify_low, limits.notify_chunk);
                for command in
                    [ClientCommand::Start, ClientCommand::NotificationTarget { low, chunk }]
                {
                    orders.give(end, on_connection(ConnectionCommand::Client(command)));
                }
                self.peers.insert(end, false);
                if self.shared.oldest_first {
                    self.local(now, FetchCommand::OldestFirst(true), orders);
                }
                self.local(now, FetchCommand::Joined(end), orders);
            }
            StagedOf::Second(MuxNotice::Machine(ConnectionNotice::Client(notice))) => {
                self.heard(now, end, notice, orders);
            }
            StagedOf::Second(MuxNotice::Machine(ConnectionNotice::Server(notice))) => {
                match notice {
                    ServerNotice::Opened => self.greet(end, orders),
                    ServerNotice::Answered { bytes, .. } => {
                        self.counted.answered += 1;
                        self.counted.answered_bytes += u64::from(bytes);
                    }
                    _ => {}
                }
            }
            StagedOf::Second(MuxNotice::Foreign { channel, bytes }) => {
                self.counted.foreign.push((now, bytes.len()));
                let consumed = MuxLocal::Consumed { channel, bytes: bytes.len() };
                orders.give(end, StagedOf::Second(consumed));
            }
            _ => {}
        }
    }

    fn ask(
        &mut self,
        _: Time,
        end: End,
        id: AskId,
        query: SessionQuery,
        orders: &mut Orders<Session>,
    ) {
        match query {
            StagedOf::First(never) => match never {},
            StagedOf::Second(ConnectionQuery::Client(query)) => {
                orders.give(end, on_connection(query.judged_on(id, Verdict::Process)));
            }
            StagedOf::Second(ConnectionQuery::Server(query)) => {
                let ServerQuery::Fetch { ids, .. } = &query;
                let shared = &self.shared;
                if let Some(most) = shared.mute_after {
                    if shared.first.get().is_none() {
                        shared.first.set(Some(self.number));
                    }
                    if shared.first.get() == Some(self.number) && self.served >= most {
                        return;
                    }
                }
                let has = ids.iter().all(|id| self.holds(id));
                let content = if has { shared.world.fetch(ids) } else { None };
                self.served += content.iter().flatten().map(weight).sum::<u64>();
                orders.give(end, on_connection(query.fetched_on(id, content)));
            }
        }
    }

    fn ended(&mut self, now: Time, end: End, ending: Option<Ending>, orders: &mut Orders<Session>) {
        if let Some(Ending::Fault(fault)) = ending {
            self.counted.faults.push(fault.to_string());
        }
        if self.peers.remove(&end).is_some() {
            self.local(now, FetchCommand::Left(end), orders);
        }
    }

    fn refused(
        &mut self,
        now: Time,
        end: End,
        refusal: Refusal<SessionCommand>,
        orders: &mut Orders<Session>,
    ) {
        self.counted.refused += 1;
        if let StagedOf::Second(MuxLocal::Machine(ConnectionCommand::Client(command))) =
            refusal.input
        {
            // It goes back to the work list, which leaves the peer alone for a while.
            self.local(now, FetchCommand::Refused(end, command), orders);
        }
    }

    fn timeout(&mut self, now: Time, orders: &mut Orders<Session>) {
        while self.plan.front().is_some_and(|(at, _)| *at <= now) {
            let Some((_, act)) = self.plan.pop_front() else { break };
            if let Act::Announce(point) = act {
                self.seen.entry(point).or_default().announced.get_or_insert(now);
            }
            self.act(act, orders);
        }
        if let Some(decide) =
            self.decide.as_mut().filter(|d| d.deadline().is_some_and(|due| due <= now))
        {
            let mut out = Outbox::new();
            decide.handle_timeout(now, &mut out);
            self.carry(now, out, orders);
        }
    }

    fn deadline(&self) -> Option<Time> {
        let plan = self.plan.front().map(|(at, _)| *at);
        plan.into_iter().chain(self.decide.as_ref().and_then(D::deadline)).min()
    }
}

/// Bytes of what a server hands out.
fn weight(content: &Content) -> u64 {
    match content {
        Content::Block(block) => block.raw().len() as u64,
        Content::Txs { txs, .. } => txs.iter().map(|(_, _, tx)| tx.len() as u64).sum(),
        Content::Vote(vote) => vote.raw().len() as u64,
    }
}
