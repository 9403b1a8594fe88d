//! Adversaries of a client and of its decision logic: twice as much costs twice the work.

use nodewire::codec::leios::{
    CountedNotification, Deliverable, Hash32, LeiosPoint, LinearLeiosVote, MsgReplyPayload,
    NonEmpty, Notification, ReplyMessage, RequestNo, SlotNo, VoteIssuer,
};
use nodewire::state::leios::{
    Client, ClientCommand, ClientNotice, ClientRemote, Fetch, FetchCommand, FetchLimits, Limits,
    SlotClock, Verdict,
};
use nodewire::{Action, Machine, Outbox, Time};

use crate::common::{Case, Run};
use crate::samples;

/// The cases.
pub fn cases() -> Vec<Case> {
    let case = |name, make| Case { name, ops: 1, bytes: 0, make };
    vec![
        case("linear_elections/1", || elections(256)),
        case("linear_elections/2", || elections(512)),
        case("linear_overlap/1", || overlap(150)),
        case("linear_overlap/2", || overlap(300)),
        case("linear_fetch_votes/1", || fetch_votes(1_000)),
        case("linear_fetch_votes/2", || fetch_votes(2_000)),
    ]
}

const CHUNK: u16 = 65_535;

/// A client at the slot of the samples, which has asked for nothing.
fn client() -> Client {
    let clock = SlotClock { slot: samples::point().slot, ..SlotClock::default() };
    let mut client = Client::new(Limits::default(), clock);
    let mut out = Outbox::new();
    client.handle_local(Time::ZERO, ClientCommand::Start, &mut out).expect("at the start");
    client
}

/// Elections of many issuers and slots, each with an announcement that is judged and its block's
/// offer before that.
fn elections(count: u32) -> Run {
    let slot = |at: u32| samples::point().slot.0 as u32 - at / 64;
    let headers = (0..count).map(|at| samples::header_at(slot(at), (at % 64) as u8));
    let news = headers.flat_map(|header| {
        let view = header.view().expect("a header");
        let hash = view.announces.expect("a block").hash;
        let point = LeiosPoint::new(view.slot, hash);
        let offer = Notification::LinearLeiosBlockOffer(point);
        [Notification::LinearLeiosAnnouncement(header.clone()), offer]
    });
    // The request that each of them counts for, and whether it completes that one.
    let (mut no, mut sent) = (0, 0);
    let reply = |notification| {
        let item = CountedNotification::new(notification);
        sent += u64::from(item.size());
        let completes = sent >= (no + 1) * u64::from(CHUNK);
        let list = NonEmpty::one(item);
        let payload = MsgReplyPayload::LeiosNotifications(RequestNo(no), completes, list);
        no += u64::from(completes);
        ClientRemote::Reply(ReplyMessage::MsgLeiosReply(payload))
    };
    let replies: Vec<_> = news.map(reply).collect();
    let mut client = client();
    let target = ClientCommand::NotificationTarget { low: 32_768, chunk: CHUNK };
    client.handle_local(Time::ZERO, target, &mut Outbox::new()).expect("allowed");
    Run::Anew(Box::new(move || {
        let (mut client, replies) = (client.clone(), replies.clone());
        let mut out = Outbox::new();
        Box::new(move || {
            for reply in replies {
                client.handle_remote(Time::ZERO, reply, &mut out);
            }
            let (mut answers, mut offered) = (Vec::new(), 0);
            for action in out.drain() {
                match action {
                    Action::Ask(id, query) => answers.push(query.judged(id, Verdict::Process)),
                    Action::Close(ending) => panic!("{ending}"),
                    Action::Send(_) | Action::Notify(_) => {}
                }
            }
            for answer in answers {
                client.handle_local(Time::ZERO, answer, &mut out).expect("asked");
            }
            for action in out.drain() {
                let told = matches!(action, Action::Notify(ClientNotice::BlockOffered(_)));
                offered += u32::from(told);
            }
            assert_eq!((client.tracked_elections(), offered), (count as usize, count));
        })
    }))
}

/// Requests of two votes each, each with one of the request before: the replies leave out what
/// those before them held.
fn overlap(count: u16) -> Run {
    let slot = samples::point().slot;
    let vote = |issuer| {
        let vote = LinearLeiosVote::new(slot, Hash32([9; 32]), VoteIssuer(issuer), [3; 48]);
        Deliverable::LinearLeiosVoteDelivery(vote)
    };
    let replies: Vec<_> = (0..count)
        .map(|no| {
            let first = (no == 0).then(|| vote(0));
            let votes = first.into_iter().chain([vote(no + 1)]).collect();
            let payload = MsgReplyPayload::LeiosDeliveries(RequestNo(no.into()), votes);
            ClientRemote::Reply(ReplyMessage::MsgLeiosReply(payload))
        })
        .collect();
    let client = client();
    Run::Anew(Box::new(move || {
        let (mut client, replies) = (client.clone(), replies.clone());
        let mut out = Outbox::new();
        Box::new(move || {
            for no in 0..count {
                let votes = Vec::from([no, no + 1].map(|issuer| (slot, VoteIssuer(issuer))));
                let wanted = ClientCommand::RequestVotes { votes };
                client.handle_local(Time::ZERO, wanted, &mut out).expect("room");
            }
            assert_eq!(client.outstanding_deliveries(), usize::from(count));
            for reply in replies {
                client.handle_remote(Time::ZERO, reply, &mut out);
            }
            assert_eq!((client.outstanding_deliveries(), out.ends()), (0, false));
            let votes = out.drain().filter(|act| matches!(act, Action::Notify(_))).count();
            assert_eq!(votes, usize::from(count) + 1);
        })
    }))
}

/// Votes that two peers offer: some are asked for at once, the rest wait.
fn fetch_votes(count: u16) -> Run {
    Run::Anew(Box::new(move || {
        let mut fetch = Fetch::new(FetchLimits::default());
        let mut out = Outbox::new();
        for peer in 0..2_u64 {
            fetch.handle_local(Time::ZERO, FetchCommand::Joined(peer), &mut out).expect("room");
        }
        Box::new(move || {
            for issuer in 0..count {
                for peer in 0..2 {
                    let offer = ClientNotice::VoteOffered(SlotNo(7), VoteIssuer(issuer));
                    fetch.handle_remote(Time::ZERO, (peer, offer), &mut out);
                }
            }
            let asked = out.drain().filter(|act| matches!(act, Action::Send(_))).count();
            assert!(asked > 0 && fetch.in_flight() > 0);
        })
    }))
}
