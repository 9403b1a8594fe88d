//! The laws of all machines, with a client that does what it likes.

use nodewire::codec::leios::{ReplyMessage, RequestMessage, SlotNo, VoteIssuer};
use nodewire::sim::{Laws, Rng};
use nodewire::state::leios::{
    Limits, Order, Server, ServerCommand, ServerQuery, ServerRemote, SlotClock,
};
use nodewire::{Action, AskId, Input, Time};

use crate::support::{
    NOW, Store, block_id, header, point, requests, seconds, txs_id, vote_id, wants,
};

fn store() -> Store {
    let mut store = Store::default();
    for name in 0..6 {
        store.bulk(NOW - 3 + u64::from(name), name, 70, 12 + usize::from(name % 2));
    }
    store
}

fn small(rng: &mut Rng) -> Limits {
    let mut limits = Limits::default();
    limits.max_outstanding_request_bytes = 400;
    limits.max_outstanding_requests = 12;
    limits.max_outstanding_txs = 300;
    limits.max_pending_notifications = 12;
    limits.max_tracked_elections = 6;
    limits.max_open_asks = 1 + rng.below(5) as usize;
    limits.max_provided_bytes = 600_000;
    limits.max_overlap_marks = rng.below(60) as usize;
    limits.reply_egress_low = 2_000;
    limits
}

/// A client that mostly keeps to the flow control, and an application that mostly does what it may.
/// Returns how many messages were sent, and whether the run ended early.
fn run(seed: u64) -> (usize, bool) {
    let mut rng = Rng::new(seed);
    let store = store();
    let limits = small(&mut rng);
    let order = if rng.below(4) == 0 { Order::RequestOrder } else { Order::FreshestFirst };
    let server = Server::with_order(limits.clone(), SlotClock::default(), order);
    let answers = store.clone();
    let mut laws = Laws::new(server)
        .footprint_limit(Server::most_footprint(&limits))
        .answering(move |id, query| Some(answers.answer(id, query)));
    let mut now = seconds(NOW);
    let mut no = 0;
    let mut open: Vec<(AskId, ServerQuery)> = Vec::new();
    let mut sent = 0;
    let opens_at = [0, 0, 0, 30][rng.below(4) as usize];
    for step in 0..400 {
        now = Time::from_micros(now.as_micros() + rng.below(2_000_000));
        let (bytes, count, txs) = laws.machine().outstanding();
        let honest = bytes < 400 && count < 12 && txs <= 290;
        let input = match step {
            step if step == opens_at => {
                Input::Remote(ServerRemote::Reply(ReplyMessage::MsgLeiosInit))
            }
            _ if honest || rng.below(200) == 0 => input(&mut rng, &store, &mut no, &mut open),
            _ => reaction(&mut rng, &store, &mut open),
        };
        let stepped =
            laws.step(now, input).unwrap_or_else(|broken| panic!("seed {seed}: {broken}"));
        for action in stepped.actions.iter() {
            match action {
                Action::Ask(id, query) => open.push((*id, query.clone())),
                Action::Send(_) => sent += 1,
                Action::Notify(_) | Action::Close(_) => {}
            }
        }
        if laws.is_closed() {
            return (sent, true);
        }
    }
    (sent, false)
}

fn input(
    rng: &mut Rng,
    store: &Store,
    no: &mut u64,
    open: &mut Vec<(AskId, ServerQuery)>,
) -> Input<ServerCommand, ServerRemote> {
    let slot = NOW - 3 + rng.below(6);
    let name = rng.below(6) as u8;
    let request = |message: RequestMessage| {
        let size = message.wire_len() as u32;
        Input::Remote(ServerRemote::Request { message, size })
    };
    let local = Input::Local;
    match rng.below(40) {
        0..=6 => {
            *no += 1;
            let from = rng.below(60) as u32;
            let ids = match rng.below(4) {
                0 => vec![block_id(point(NOW - 3 + u64::from(name), name))],
                1 => vec![vote_id(slot, name.into()), vote_id(slot + 1, 3)],
                _ => vec![txs_id(point(NOW - 3 + u64::from(name), name), from..from + 10)],
            };
            request(requests(*no - 1, ids))
        }
        7..=9 => {
            *no += 1;
            request(wants(*no - 1, 2_048 + rng.below(4_000) as u16))
        }
        10..=24 => reaction(rng, store, open),
        25..=27 => local(ServerCommand::Announce(header(slot, rng.below(3) as u8, name))),
        28..=29 => local(ServerCommand::OfferBlock(point(slot, name))),
        30..=31 => local(ServerCommand::OfferTxs(point(slot, name))),
        32..=34 => local(ServerCommand::OfferVote(SlotNo(slot), VoteIssuer(rng.below(900) as u16))),
        35 => Input::Timeout,
        36 => local(ServerCommand::SetClock(SlotClock {
            slot: SlotNo(NOW),
            at: seconds(NOW + rng.below(4)),
            ..SlotClock::default()
        })),
        37 => match rng.below(30) {
            0 => local(ServerCommand::Finish),
            1 => request(RequestMessage::MsgLeiosDoneRequest),
            2 => request(wants(*no, 5)),
            _ => Input::Timeout,
        },
        _ => Input::Timeout,
    }
}

/// An answer, or bytes that leave.
fn reaction(
    rng: &mut Rng,
    store: &Store,
    open: &mut Vec<(AskId, ServerQuery)>,
) -> Input<ServerCommand, ServerRemote> {
    if open.is_empty() || rng.below(3) == 0 {
        return Input::Remote(ServerRemote::Drained(rng.below(4_000) as u32));
    }
    let (id, query) = open.swap_remove(rng.below(open.len() as u64) as usize);
    Input::Local(store.answer(id, &query))
}

#[test]
fn the_laws_hold_whatever_comes() {
    let runs: Vec<_> = (0..120).map(run).collect();
    // The runs are no formality: most send much, many end.
    assert!(runs.iter().filter(|(sent, _)| *sent > 40).count() > 30, "{runs:?}");
    assert!(runs.iter().filter(|(_, closed)| *closed).count() > 30, "{runs:?}");
    assert!(runs.iter().filter(|(_, closed)| !*closed).count() > 30, "{runs:?}");
}
