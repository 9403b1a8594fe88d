//! The application above a serving session: tells what there is, hands out what is asked for.

use std::collections::VecDeque;

use nodewire::codec::leios::RefuseReason;
use nodewire::leios::{SessionCommand, SessionNotice, SessionQuery, on_connection};
use nodewire::link::{MuxNotice, StagedOf};
use nodewire::state::leios::{
    ConnectionCommand, ConnectionNotice, ConnectionQuery, HandshakeNotice, ServerCommand,
    ServerNotice,
};
use nodewire::{AskId, Machine, Refusal, Time};

use super::content::{Article, Content};
use crate::drive::Host;

/// Serves content: articles at once, and others once so many bytes of replies have been sent.
#[derive(Debug, Default)]
pub struct Uploader {
    content: Content,
    /// Articles for later, with the bytes of replies they wait for.
    later: VecDeque<(u64, Article)>,
    /// Votes offered for each article.
    seats: u16,
    /// Bytes of replies so far.
    pub answered: u64,
    /// When each article was announced.
    pub announced: Vec<(nodewire::codec::leios::LeiosPoint, Time)>,
    /// Why no version was agreed on, if none was.
    pub declined: Option<RefuseReason>,
    /// Commands that were refused.
    pub refused: u64,
}

impl Uploader {
    /// Serves `now` at once and `later` in its order; offers votes of `seats` seats for each.
    #[must_use]
    pub fn new(now: Vec<Article>, later: Vec<(u64, Article)>, seats: u16) -> Self {
        let mut later: VecDeque<_> = later.into();
        for article in now.into_iter().rev() {
            later.push_front((0, article));
        }
        Self { later, seats, ..Self::default() }
    }

    /// Announces and offers all articles whose time has come.
    fn publish(&mut self, now: Time, wants: &mut VecDeque<SessionCommand>) {
        while self.later.front().is_some_and(|(bytes, _)| *bytes <= self.answered) {
            let Some((_, article)) = self.later.pop_front() else { return };
            let point = article.point;
            let mut say =
                |command| wants.push_back(on_connection(ConnectionCommand::Server(command)));
            say(ServerCommand::Announce(article.header.clone()));
            say(ServerCommand::OfferBlock(point));
            say(ServerCommand::OfferTxs(point));
            for (slot, seat) in self.content.add_votes(point, self.seats) {
                say(ServerCommand::OfferVote(slot, seat));
            }
            self.content.add(article);
            self.announced.push((point, now));
        }
    }
}

impl<M> Host<M> for Uploader
where
    M: Machine<Local = SessionCommand, Notice = SessionNotice, Query = SessionQuery>,
{
    fn notice(&mut self, now: Time, notice: SessionNotice, wants: &mut VecDeque<SessionCommand>) {
        match notice {
            StagedOf::Second(MuxNotice::Machine(ConnectionNotice::Server(notice))) => {
                match notice {
                    ServerNotice::Opened => self.publish(now, wants),
                    ServerNotice::Answered { bytes, .. } => {
                        self.answered += u64::from(bytes);
                        self.publish(now, wants);
                    }
                    other => tracing::debug!(?other, "server"),
                }
            }
            StagedOf::First(MuxNotice::Machine(HandshakeNotice::Agreed(agreed))) => {
                tracing::info!(?agreed, "handshake");
            }
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
        if let StagedOf::Second(ConnectionQuery::Server(query)) = query {
            let nodewire::state::leios::ServerQuery::Fetch { ids, .. } = &query;
            let found = self.content.fetch(ids);
            wants.push_back(on_connection(query.fetched_on(id, found)));
        }
    }

    fn refused(
        &mut self,
        _: Time,
        refusal: Refusal<SessionCommand>,
        _: &mut VecDeque<SessionCommand>,
    ) {
        tracing::warn!(why = %refusal.why, "refused");
        self.refused += 1;
    }
}
