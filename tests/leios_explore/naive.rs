//! The baseline.

use nodewire::codec::leios::{NaiveMessage, Notification, VoteIssuer};
use nodewire::sim::{Duo, DuoMove, Side, Wiring};
use nodewire::state::leios::table::{NAIVE, NaiveLabel};
use nodewire::state::leios::{
    NaiveClient, NaiveCommand, NaiveConfig, NaiveContent, NaiveQuery, NaiveServer,
    NaiveServerCommand,
};
use nodewire::{AskId, Never, Role};

use crate::content::{SLOT, block, block_size, header, point, tx, vote, wanted};
use crate::report::{Report, both_done};

enum Naive {}

impl Wiring for Naive {
    type A = NaiveClient;
    type B = NaiveServer;

    fn to_b(message: NaiveMessage) -> Option<(u16, NaiveMessage)> {
        Some((26, message))
    }

    fn to_a(message: NaiveMessage) -> Option<(u16, NaiveMessage)> {
        Some((26, message))
    }

    fn answers_a(_: AskId, query: &Never) -> Vec<NaiveCommand> {
        match *query {}
    }

    fn answers_b(id: AskId, query: &NaiveQuery) -> Vec<NaiveServerCommand> {
        let contents = match query {
            NaiveQuery::Notification => [
                Notification::LinearLeiosAnnouncement(header()),
                Notification::LinearLeiosBlockOffer(point()),
                Notification::LeiosBlockTxsOffer(point()),
                Notification::LinearLeiosVoteOffer(SLOT, VoteIssuer(1)),
            ]
            .map(NaiveContent::Notification)
            .to_vec(),
            NaiveQuery::Block(_) => vec![NaiveContent::Block(block())],
            NaiveQuery::Tx(_, at) => vec![NaiveContent::Tx(tx(*at as u8))],
            NaiveQuery::Vote(..) => vec![NaiveContent::Vote(vote())],
        };
        contents.into_iter().map(|content| query.answered(id, Some(content))).collect()
    }

    fn stuck(duo: &Duo<Self>) -> Option<String> {
        both_done(duo)
    }
}

pub fn naive(report: &mut Report) {
    for pipeline in 1..=3 {
        let mut config = NaiveConfig::default();
        config.pipeline = pipeline;
        let client = NaiveClient::new(config.clone());
        let duo = Duo::<Naive>::new(client, NaiveServer::new(config));
        let script = [
            NaiveCommand::RequestNotification,
            NaiveCommand::RequestBlock { point: point(), size: block_size() },
            NaiveCommand::RequestTx { point: point(), tx: wanted(1) },
            NaiveCommand::RequestVote { slot: SLOT, issuer: VoteIssuer(1) },
            NaiveCommand::RequestNotification,
            NaiveCommand::Finish,
        ];
        let name = format!("naive, 5 requests in any order, pipeline {pipeline}");
        report.explore(&name, duo.script_a(false, script), |report, duo, step, _| {
            if let DuoMove::Hears(Side::A, at) = step {
                let Some((client, message)) = duo.a().zip(duo.next_to_a(*at)) else { return };
                report.edge(&NAIVE, client.phase(), Role::Responder, NaiveLabel::from(message));
                report.hears(client, message.clone());
            }
            if let DuoMove::Hears(Side::B, at) = step {
                let Some((server, message)) = duo.b().zip(duo.next_to_b(*at)) else { return };
                report.edge(&NAIVE, server.phase(), Role::Initiator, NaiveLabel::from(message));
                report.hears(server, message.clone());
            }
        });
    }
}
