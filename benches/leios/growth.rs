//! Adversaries at work: twice the bytes cost twice the work.

use std::hint::black_box;

use nodewire::bytes::Bytes;
use nodewire::codec::leios::{
    DeliverableId, MsgRequestPayload, NonEmpty, RequestMessage, RequestNo, SlotNo, VoteIssuer,
};
use nodewire::link::{ChannelInput, Channels, Mux, MuxConfig, Transport};
use nodewire::state::leios::{Connection, ConnectionConfig, Limits, Parts, Server, SlotClock};
use nodewire::{Action, Channel, Machine, Outbox, Role, Time};

use crate::common::{Case, Run};

/// The cases.
pub fn cases() -> Vec<Case> {
    let case = |name, make| Case { name, ops: 1, bytes: 0, make };
    vec![
        case("linear_pings/1", || pings(2_000)),
        case("linear_pings/2", || pings(4_000)),
        case("linear_held_requests/1", || held(400)),
        case("linear_held_requests/2", || held(800)),
        case("linear_ids_of_a_request/1", || ids(2_000)),
        case("linear_ids_of_a_request/2", || ids(4_000)),
        case("linear_news_requests/1", || news_requests(400)),
        case("linear_news_requests/2", || news_requests(800)),
        case("linear_trickle/1", || trickle(2_000)),
        case("linear_trickle/2", || trickle(4_000)),
    ]
}

const REQUEST: Channel = Channel::new(24, Role::Responder);

/// Pings of one who takes nothing: the pongs wait.
fn pings(count: usize) -> Run {
    let mut stream = Vec::new();
    for _ in 0..count {
        stream.extend([0, 0, 0, 0, 0, 8, 0, 3, 0x82, 0, 9]);
    }
    let stream = Bytes::from(stream);
    Run::Anew(Box::new(move || {
        let connection = Connection::new(ConnectionConfig::default(), Parts::RESPONDER, Time::ZERO);
        let mut mux = Mux::new(connection, MuxConfig::default(), &[]);
        let stream = stream.clone();
        Box::new(move || {
            let mut out = Outbox::new();
            for read in (0..stream.len()).step_by(55) {
                let read = stream.slice(read..(read + 55).min(stream.len()));
                mux.handle_remote(Time::ZERO, Transport::Received(read), &mut out);
            }
            mux.handle_remote(Time::ZERO, Transport::Writable(3 * stream.len()), &mut out);
            assert!(!out.ends());
            black_box(mux.waiting(Channel::new(8, Role::Responder)));
        })
    }))
}

fn vote_ids(from: u16, count: u16) -> NonEmpty<DeliverableId> {
    let id = |issuer| DeliverableId::LinearLeiosVoteId(SlotNo(100_000), VoteIssuer(issuer));
    NonEmpty::from_vec((from..from + count).map(id).collect()).expect("some")
}

fn encoded(messages: impl Iterator<Item = MsgRequestPayload>) -> Vec<u8> {
    let mut bytes = Vec::new();
    messages.for_each(|payload| RequestMessage::MsgLeiosRequest(payload).encode(&mut bytes));
    bytes
}

/// A server with these limits hears these bytes, so many at a time.
fn heard(limits: Limits, bytes: Vec<u8>, read: usize, answers: bool) -> Run {
    let bytes = Bytes::from(bytes);
    Run::Anew(Box::new(move || {
        let server = Server::new(limits.clone(), SlotClock::default());
        let mut link = Channels::new(server);
        let bytes = bytes.clone();
        Box::new(move || {
            let mut out = Outbox::new();
            for from in (0..bytes.len()).step_by(read) {
                let bytes = bytes.slice(from..(from + read).min(bytes.len()));
                let input = ChannelInput::Received { channel: REQUEST, bytes };
                link.handle_remote(Time::ZERO, input, &mut out);
            }
            let asked = out.drain().filter(|action| matches!(action, Action::Ask(..))).count();
            assert_eq!(asked > 0, answers);
            assert!(link.machine().is_some());
        })
    }))
}

/// Requests beyond the questions that may be open are held back.
fn held(count: u16) -> Run {
    let mut limits = Limits::default();
    limits.max_open_asks = 2;
    let request =
        |no: u16| MsgRequestPayload::LeiosDeliverableIds(RequestNo(no.into()), vote_ids(no, 1));
    heard(limits, encoded((0..count).map(request)), 10, true)
}

/// One request for many votes.
fn ids(count: u16) -> Run {
    let request = MsgRequestPayload::LeiosDeliverableIds(RequestNo(0), vote_ids(0, count));
    heard(Limits::default(), encoded([request].into_iter()), 1_448, true)
}

fn news_requests(count: u16) -> Run {
    let request = |no: u16| MsgRequestPayload::LeiosNotificationBytes(RequestNo(no.into()), 4_096);
    heard(Limits::default(), encoded((0..count).map(request)), 7, false)
}

/// One request byte by byte.
fn trickle(count: u16) -> Run {
    let request = MsgRequestPayload::LeiosDeliverableIds(RequestNo(0), vote_ids(0, count));
    heard(Limits::default(), encoded([request].into_iter()), 1, true)
}
