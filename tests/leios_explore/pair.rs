//! The pair.

use std::time::Duration;

use nodewire::AskId;
use nodewire::codec::leios::{DeliverableId, ReplyMessage, VoteIssuer};
use nodewire::sim::{Duo, DuoMove, Wiring};
use nodewire::state::leios::{
    Client, ClientCommand, ClientQuery, ClientRemote, Content, Limits, PairMessage, Server,
    ServerCommand, ServerQuery, ServerRemote, SlotClock, Verdict,
};

use crate::content::{
    NEXT, SLOT, block, block_size, header, header_of, point, tx, vote_of, wanted,
};
use crate::events::{at_limit, watch};
use crate::patient::Patient;
use crate::report::{Report, both_done};

pub enum Pair {}

impl Wiring for Pair {
    type A = Patient<Client>;
    type B = Patient<Server>;

    fn to_b(message: PairMessage) -> Option<(u16, ServerRemote)> {
        Some(match message {
            PairMessage::Request(message) => {
                let size = message.wire_len() as u32;
                (24, ServerRemote::Request { message, size })
            }
            PairMessage::Reply(message) => (25, ServerRemote::Reply(message)),
        })
    }

    fn to_a(message: ReplyMessage) -> Option<(u16, ClientRemote)> {
        Some((25, ClientRemote::Reply(message)))
    }

    fn left_b(message: &ClientRemote) -> Option<ServerRemote> {
        match message {
            ClientRemote::Reply(message) => Some(ServerRemote::Drained(message.wire_len() as u32)),
            ClientRemote::Request(_) => None,
        }
    }

    fn answers_a(id: AskId, query: &ClientQuery) -> Vec<ClientCommand> {
        [Verdict::Process, Verdict::Ignore].map(|verdict| query.judged(id, verdict)).to_vec()
    }

    fn answers_b(id: AskId, query: &ServerQuery) -> Vec<ServerCommand> {
        let ServerQuery::Fetch { ids, .. } = query;
        let content = ids.iter().map(content).collect();
        vec![query.fetched(id, Some(content))]
    }

    /// What is outstanding is less for the server, from which replies are under way, than for the
    /// client, whose requests are (S-5).
    fn wrong(duo: &Duo<Self>) -> Option<String> {
        let (client, server) = (&duo.a()?.0, &duo.b()?.0);
        let (bytes, requests, txs) = server.outstanding();
        let counts = bytes <= client.outstanding_bytes()
            && requests <= client.outstanding_requests()
            && txs <= client.outstanding_txs();
        (!counts).then(|| format!("outstanding: {:?}, {client:?}", server.outstanding()))
    }

    fn stuck(duo: &Duo<Self>) -> Option<String> {
        both_done(duo)
    }
}

pub fn content(id: &DeliverableId) -> Content {
    match id {
        DeliverableId::LinearLeiosBlockId(_) => Content::Block(block()),
        DeliverableId::LinearLeiosVoteId(slot, _) => Content::Vote(vote_of(*slot)),
        DeliverableId::LeiosBlockTxsId(_, bitmaps) => {
            let txs = bitmaps.indices().map(|at| (at, wanted(at as u8).hash, tx(at as u8)));
            Content::Txs { count: 2, txs: txs.collect() }
        }
    }
}

/// Small limits: a notification request of 100 bytes holds an announcement of 96 and the
/// beginning of an offer of 38; the rest spills into the next one (L-31).
pub fn duo() -> Duo<Pair> {
    duo_with(limits())
}

pub fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_notification_size = 100;
    limits.notify_low = 200;
    limits.notify_chunk = 100;
    limits
}

pub fn duo_with(limits: Limits) -> Duo<Pair> {
    let clock = SlotClock { slot: NEXT, ..SlotClock::default() };
    let client = Client::new(limits.clone(), clock);
    Duo::new(Patient(client), Patient(Server::new(limits, clock)))
}

pub const fn start() -> ClientCommand {
    ClientCommand::Start
}

pub const fn target() -> ClientCommand {
    ClientCommand::NotificationTarget { low: 200, chunk: 100 }
}

pub fn request_block() -> ClientCommand {
    ClientCommand::RequestBlock { point: point(), size: block_size() }
}

pub fn request_txs(txs: &[u8]) -> ClientCommand {
    ClientCommand::RequestTxs { point: point(), txs: txs.iter().map(|at| wanted(*at)).collect() }
}

pub fn request_vote() -> ClientCommand {
    ClientCommand::RequestVotes { votes: vec![(SLOT, VoteIssuer(1))] }
}

pub const fn finish() -> ClientCommand {
    ClientCommand::Finish
}

pub fn announce() -> ServerCommand {
    ServerCommand::Announce(header())
}

pub fn offers() -> [ServerCommand; 3] {
    [
        ServerCommand::OfferBlock(point()),
        ServerCommand::OfferTxs(point()),
        ServerCommand::OfferVote(SLOT, VoteIssuer(1)),
    ]
}

pub fn pair(report: &mut Report) {
    let news = duo()
        .script_a(true, [start(), target(), finish()])
        .script_b(true, [announce()].into_iter().chain(offers()));
    report.explore("pair, an announcement and three offers", news, watch);

    let deliveries = duo().script_a(
        true,
        [
            start(),
            request_block(),
            request_txs(&[0, 1]),
            request_txs(&[1]),
            request_vote(),
            finish(),
        ],
    );
    report.explore(
        "pair, four requests, two overlapping, answered in any order",
        deliveries,
        watch,
    );

    let any_order = duo()
        .script_a(false, [start(), request_block(), request_txs(&[0]), request_vote(), finish()]);
    report.explore("pair, commands in any order", any_order, watch);

    let both = duo()
        .script_a(true, [start(), target(), request_block(), request_vote(), finish()])
        .script_b(true, [announce(), ServerCommand::OfferBlock(point()), ServerCommand::Finish]);
    report.explore("pair, news and requests, either side ends it", both, watch);
}

/// Worlds made for one rule each.
pub fn narrow(report: &mut Report) {
    let mut tight = limits();
    tight.max_outstanding_request_bytes = 1;
    let mut few = limits();
    few.max_outstanding_requests = 1;
    let mut split = limits();
    split.max_outstanding_txs = 1;
    split.reply_split_target = 1;
    let asks = || [start(), request_txs(&[0, 1]), request_vote(), finish()];
    for (name, limits) in [("bytes", tight), ("requests", few), ("transactions", split)] {
        let duo = duo_with(limits.clone()).script_a(true, asks());
        let name = format!("pair, little outstanding: {name}");
        report.explore(&name, duo, |report, before, step, after| {
            watch(report, before, step, after);
            at_limit(report, before, &limits);
        });
    }

    let mut slow = limits();
    slow.reply_egress_low = 1;
    let vote_at = |slot| ClientCommand::RequestVotes { votes: vec![(slot, VoteIssuer(1))] };
    let votes = [SLOT, SLOT, NEXT].map(vote_at);
    let script = [start()].into_iter().chain(votes).chain([finish()]);
    report.explore("pair, one reply at a time", duo_with(slow).script_a(true, script), watch);

    let script = [announce(), ServerCommand::OfferBlock(point())];
    let later = ServerCommand::Announce(header_of(NEXT));
    let duo = duo().script_a(
        true,
        [start(), ClientCommand::NotificationTarget { low: 200, chunk: 300 }, finish()],
    );
    let duo = duo.script_b(true, script.into_iter().chain([later]));
    report.explore("pair, a later announcement overtakes an offer", duo, watch);

    let mut brief = limits();
    brief.relay_age = Duration::from_secs(1);
    let duo = duo_with(brief).script_a(true, [start(), target(), finish()]);
    let duo = duo.script_b(true, [announce(), ServerCommand::OfferBlock(point())]).timeouts(3);
    report.explore("pair, news that time makes old", duo, watch);
}

/// The largest worlds of every run: whatever two sides can do, in any order.
pub fn large(report: &mut Report) {
    let deliveries =
        [start(), target(), request_block(), request_txs(&[0, 1]), request_txs(&[1]), finish()];
    let news = [announce(), ServerCommand::Finish];
    let duo_of_deliveries = duo().script_a(false, deliveries).script_b(false, news);
    let watch = |_: &mut Report, _: &Duo<Pair>, _: &DuoMove, _: &Duo<Pair>| ();
    report.explore("pair, mostly deliveries in any order", duo_of_deliveries, watch);

    let some = [start(), target(), request_txs(&[0, 1]), request_vote(), finish()];
    let news = [announce(), ServerCommand::OfferBlock(point()), ServerCommand::Finish];
    let duo_of_news = duo().script_a(false, some).script_b(false, news).timeouts(1);
    report.explore("pair, mostly news in any order, time passing", duo_of_news, watch);
}

/// A world of more than a million states: news and deliveries, either side ends it, in any order.
pub fn deep(report: &mut Report) {
    let script =
        [start(), target(), request_block(), request_txs(&[0, 1]), request_vote(), finish()];
    let news = [
        announce(),
        ServerCommand::OfferBlock(point()),
        ServerCommand::OfferVote(SLOT, VoteIssuer(1)),
        ServerCommand::Finish,
    ];
    let duo = duo().script_a(false, script).script_b(false, news);
    report.explore("pair, news and deliveries in any order", duo, |_, _, _, _| ());
}
