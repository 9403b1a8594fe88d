//! Steps of the machines.

use std::fmt::Debug;
use std::hint::black_box;
use std::ops::Range;
use std::time::Duration;

use nodewire::bytes::Bytes;
use nodewire::codec::leios::{
    Hash32, LeiosPoint, MsgRequestPayload, Notification, ReplyMessage, RequestMessage, RequestNo,
    SlotNo, VoteIssuer,
};
use nodewire::leios::{self, SessionConfig};
use nodewire::link::{Mux, MuxConfig, Transport};
use nodewire::state::leios::{
    Client, ClientCommand, ClientRemote, Limits, Server, ServerCommand, ServerRemote, SlotClock,
    Verdict,
};
use nodewire::{Action, Machine, Out, Outbox, Time};

use crate::common::{Case, Run};
use crate::{links, samples};

/// Things that a run offers.
const OFFERS: u16 = 128;

/// Issuers that have announced a block each.
const ISSUERS: u8 = 64;

/// The cases.
pub fn cases() -> Vec<Case> {
    vec![
        Case { name: "client/offers", ops: OFFERS.into(), bytes: 0, make: client_offers },
        Case { name: "client/steady_offers", ops: OFFERS.into(), bytes: 0, make: client_steady },
        Case {
            name: "client/bytes_to_notice",
            ops: OFFERS.into(),
            bytes: 0,
            make: || through_mux(block_offers, false),
        },
        Case {
            name: "client/bytes_to_notice_in_one_read",
            ops: OFFERS.into(),
            bytes: 0,
            make: || through_mux(block_offers, true),
        },
        Case {
            name: "client/bytes_to_notice_votes",
            ops: OFFERS.into(),
            bytes: 0,
            make: || through_mux(|| vote_offers(0..OFFERS), false),
        },
        Case { name: "server/offers", ops: OFFERS.into(), bytes: 0, make: || server_offers(false) },
        Case {
            name: "server/steady_offers",
            ops: OFFERS.into(),
            bytes: 0,
            make: || server_offers(true),
        },
        Case { name: "session/new", ops: 1, bytes: 0, make: session },
        Case { name: "linear_client_offers/1", ops: 1, bytes: 0, make: || client_run(1_000) },
        Case { name: "linear_client_offers/2", ops: 1, bytes: 0, make: || client_run(2_000) },
    ]
}

fn clock() -> SlotClock {
    SlotClock { slot: samples::point().slot, ..SlotClock::default() }
}

fn now() -> Time {
    Time::ZERO.after(Duration::from_secs(1))
}

fn news(notification: Notification) -> ClientRemote {
    ClientRemote::Reply(samples::news_for(0, vec![notification]))
}

/// A client that has given credit and judged the announcements of so many issuers.
fn client(issuers: Range<u8>) -> Client {
    let mut client = Client::new(Limits::default(), clock());
    let mut out = Outbox::new();
    let target = ClientCommand::NotificationTarget { low: 32_768, chunk: 65_535 };
    for command in [ClientCommand::Start, target] {
        client.handle_local(now(), command, &mut out).expect("in order");
    }
    for issuer in issuers {
        let announcement = Notification::LinearLeiosAnnouncement(samples::header_of(issuer));
        client.handle_remote(now(), news(announcement), &mut out);
    }
    let mut answers = Vec::new();
    for action in out.drain() {
        match action {
            Action::Ask(id, query) => answers.push(query.judged(id, Verdict::Process)),
            Action::Close(ending) => panic!("{ending}"),
            Action::Send(_) | Action::Notify(_) => {}
        }
    }
    assert!(!answers.is_empty());
    for answer in answers {
        client.handle_local(now(), answer, &mut out).expect("asked");
    }
    out.drain().for_each(drop);
    client
}

fn slot() -> SlotNo {
    samples::header().view().expect("a header").slot
}

/// Offers of blocks and of their transactions: two for each issuer.
fn block_offers() -> Vec<Notification> {
    let point = |issuer: u8| LeiosPoint::new(slot(), Hash32([issuer; 32]));
    let blocks = (0..ISSUERS).map(|issuer| Notification::LinearLeiosBlockOffer(point(issuer)));
    let txs = (0..ISSUERS).map(|issuer| Notification::LeiosBlockTxsOffer(point(issuer)));
    blocks.chain(txs).collect()
}

fn vote_offers(seats: Range<u16>) -> Vec<Notification> {
    seats.map(|seat| Notification::LinearLeiosVoteOffer(slot(), VoteIssuer(seat))).collect()
}

/// Offers in, notices out. The first of a slot makes its list of seats.
fn client_run(count: u16) -> Run {
    let client = client(9..10);
    let offers: Vec<_> = vote_offers(0..count).into_iter().map(news).collect();
    Run::Anew(Box::new(move || {
        let (mut client, offers) = (client.clone(), offers.clone());
        let mut out = Outbox::new();
        Box::new(move || {
            for offer in offers {
                client.handle_remote(now(), offer, &mut out);
                pop_all(&mut out);
            }
        })
    }))
}

/// The same once the lists have grown: nothing is allocated any more.
fn client_steady() -> Run {
    let client = client(9..10);
    let offers: Vec<_> = vote_offers(0..OFFERS).into_iter().map(news).collect();
    let first = vote_offers(999..1_000).into_iter().map(news).collect::<Vec<_>>();
    Run::Anew(Box::new(move || {
        let (mut client, offers) = (client.clone(), offers.clone());
        let mut out = Outbox::new();
        for offer in first.clone() {
            client.handle_remote(now(), offer, &mut out);
            pop_all(&mut out);
        }
        Box::new(move || {
            for offer in &offers {
                client.handle_remote(now(), offer.clone(), &mut out);
                pop_all(&mut out);
            }
        })
    }))
}

/// Bytes to notices: reads of one segment of one offer each, through a multiplexer and its lane,
/// or all in one read.
fn through_mux(offers: fn() -> Vec<Notification>, together: bool) -> Run {
    let mux = Mux::new(client(0..ISSUERS), MuxConfig::default(), &[]);
    let segment = |offer| {
        let message = samples::encoded(&samples::news_for(0, vec![offer]));
        assert!(message.len() <= 47);
        links::segments(25, &message, 65_535)
    };
    // The lists of the slot grow, and the multiplexer's memory for actions.
    let first = segment(vote_offers(999..1_000).remove(0));
    let segments: Vec<_> = offers().into_iter().map(segment).collect();
    let reads = if together { vec![Bytes::from(segments.concat())] } else { segments };
    Run::Anew(Box::new(move || {
        let (mut mux, reads) = (mux.clone(), reads.clone());
        let mut out = Outbox::new();
        mux.handle_remote(now(), Transport::Received(first.clone()), &mut out);
        pop_all(&mut out);
        Box::new(move || {
            let mut notices = 0;
            for read in &reads {
                mux.handle_remote(now(), Transport::Received(read.clone()), &mut out);
                notices += pop_all(&mut out);
            }
            assert_eq!(notices, usize::from(OFFERS));
        })
    }))
}

/// Takes all actions, which must be notices: how many there were.
fn pop_all<S: Debug, N: Debug, Q: Debug>(out: &mut Outbox<S, N, Q>) -> usize {
    let mut notices = 0;
    while let Some(action) = out.pop() {
        assert!(matches!(black_box(&action), Action::Notify(_)), "{action:?}");
        notices += 1;
    }
    notices
}

fn client_offers() -> Run {
    client_run(OFFERS)
}

/// Offers from the application, to messages that leave at once.
fn server_offers(steady: bool) -> Run {
    assert_eq!(slot(), samples::point().slot);
    let mut server = Server::new(Limits::default(), clock());
    let mut out = Outbox::new();
    server.handle_remote(now(), ServerRemote::Reply(ReplyMessage::MsgLeiosInit), &mut out);
    let credit = MsgRequestPayload::LeiosNotificationBytes(RequestNo(0), 65_535);
    let message = RequestMessage::MsgLeiosRequest(credit);
    server.handle_remote(now(), ServerRemote::Request { message, size: 6 }, &mut out);
    let announce = ServerCommand::Announce(samples::header());
    server.handle_local(now(), announce, &mut out).expect("a good header");
    for action in out.drain() {
        if let Action::Send(message) = action {
            let left = message.wire_len() as u32;
            server.handle_remote(now(), ServerRemote::Drained(left), &mut Outbox::new());
        }
    }
    Run::Anew(Box::new(move || {
        let mut server = server.clone();
        let mut out = Outbox::new();
        if steady {
            offer_and_send(&mut server, 999, &mut out);
        }
        Box::new(move || {
            for seat in 0..OFFERS {
                offer_and_send(&mut server, seat, &mut out);
            }
        })
    }))
}

/// Offers a vote, and lets what is sent leave.
fn offer_and_send(server: &mut Server, seat: u16, out: &mut Out<Server>) {
    let offer = ServerCommand::OfferVote(samples::point().slot, VoteIssuer(seat));
    server.handle_local(now(), offer, out).expect("announced");
    while let Some(action) = out.pop() {
        if let Action::Send(message) = action {
            let left = ServerRemote::Drained(message.wire_len() as u32);
            server.handle_remote(now(), left, out);
        }
    }
}

/// What a connection costs before its first byte.
fn session() -> Run {
    let config = SessionConfig::new(1);
    Run::Again(Box::new(move || {
        black_box(leios::responder(config.clone(), Time::ZERO));
    }))
}
