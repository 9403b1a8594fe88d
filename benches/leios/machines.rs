//! Steps of the machines.

use std::hint::black_box;
use std::time::Duration;

use nodewire::codec::leios::{
    CountedNotification, MsgReplyPayload, MsgRequestPayload, NonEmpty, Notification, ReplyMessage,
    RequestMessage, RequestNo, VoteIssuer,
};
use nodewire::leios::{self, SessionConfig};
use nodewire::state::leios::{
    Client, ClientCommand, ClientQuery, ClientRemote, Limits, Server, ServerCommand, ServerRemote,
    SlotClock, Verdict,
};
use nodewire::{Action, Machine, Outbox, Time};

use crate::cases::{Case, Run};
use crate::samples;

/// Votes that a run offers.
const OFFERS: u16 = 64;

/// The cases.
pub fn cases() -> Vec<Case> {
    vec![
        Case { name: "client/offers", ops: OFFERS.into(), bytes: 0, make: client_offers },
        Case { name: "server/offers", ops: OFFERS.into(), bytes: 0, make: server_offers },
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
    let list = NonEmpty::one(CountedNotification::new(notification));
    let payload = MsgReplyPayload::LeiosNotifications(RequestNo(0), false, list);
    ClientRemote::Reply(ReplyMessage::MsgLeiosReply(payload))
}

/// A client that has given credit and judged the announcement of `samples::header`.
fn client() -> Client {
    let mut limits = Limits::default();
    limits.max_notification_credit = 200_000;
    let mut client = Client::new(limits, clock());
    let mut out = Outbox::new();
    let target = ClientCommand::NotificationTarget { low: 65_000, chunk: 65_535 };
    for command in [ClientCommand::Start, target] {
        client.handle_local(now(), command, &mut out).expect("in order");
    }
    let announcement = Notification::LinearLeiosAnnouncement(samples::header());
    client.handle_remote(now(), news(announcement), &mut out);
    let asked: Vec<(_, ClientQuery)> = out
        .drain()
        .filter_map(|action| match action {
            Action::Ask(id, query) => Some((id, query)),
            Action::Close(ending) => panic!("{ending}"),
            Action::Send(_) | Action::Notify(_) => None,
        })
        .collect();
    assert_eq!(asked.len(), 1);
    for (id, query) in asked {
        let answer = query.judged(id, Verdict::Process);
        client.handle_local(now(), answer, &mut out).expect("asked");
    }
    out.drain().for_each(drop);
    client
}

fn vote_offers(count: u16) -> Vec<ClientRemote> {
    let slot = samples::header().view().expect("a header").slot;
    (0..count)
        .map(|seat| news(Notification::LinearLeiosVoteOffer(slot, VoteIssuer(seat))))
        .collect()
}

/// Offers in, notices out; the first of a slot makes its list of seats.
fn client_run(count: u16) -> Run {
    let client = client();
    let offers = vote_offers(count);
    Run::Anew(Box::new(move || {
        let (mut client, offers) = (client.clone(), offers.clone());
        let mut out = Outbox::new();
        Box::new(move || {
            for offer in offers {
                client.handle_remote(now(), offer, &mut out);
                while let Some(action) = out.pop() {
                    assert!(!matches!(black_box(action), Action::Close(_)));
                }
            }
        })
    }))
}

fn client_offers() -> Run {
    client_run(OFFERS)
}

fn server_offers() -> Run {
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
    let slot = samples::header().view().expect("a header").slot;
    Run::Anew(Box::new(move || {
        let mut server = server.clone();
        let mut out = Outbox::new();
        Box::new(move || {
            for seat in 0..OFFERS {
                let offer = ServerCommand::OfferVote(slot, VoteIssuer(seat));
                server.handle_local(now(), offer, &mut out).expect("announced");
                while let Some(action) = out.pop() {
                    if let Action::Send(message) = action {
                        let left = ServerRemote::Drained(message.wire_len() as u32);
                        server.handle_remote(now(), left, &mut out);
                    }
                }
            }
        })
    }))
}

/// What a connection costs before its first byte.
fn session() -> Run {
    let config = SessionConfig::new(1);
    Run::Again(Box::new(move || {
        black_box(leios::responder(config.clone(), Time::ZERO));
    }))
}
