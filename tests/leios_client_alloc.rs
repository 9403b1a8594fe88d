//! A client in its steady state allocates nothing: an offer in, a notice out.
#![cfg(feature = "leios")]
// A counting allocator can't be had without.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use nodewire::bytes::Bytes;
use nodewire::codec::leios::{
    CountedNotification, Hash32, LeiosPoint, MsgReplyPayload, NonEmpty, Notification,
    RankingBlockHeader, ReplyMessage, RequestNo, SlotNo, VoteIssuer,
};
use nodewire::state::leios::{
    Client, ClientCommand, ClientNotice, ClientRemote, Limits, SlotClock, Verdict,
};
use nodewire::{Action, Machine, Outbox, Time};

struct Counting;

thread_local! {
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    // Not there any more while a thread ends.
    let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
}

// SAFETY: everything is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        unsafe { System.dealloc(at, layout) }
    }
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const SLOT: u64 = 100;

fn header() -> RankingBlockHeader {
    let mut header = vec![0x82, 0x8c, 0, 0x18, SLOT as u8, 0xf6, 0x58, 32];
    header.extend_from_slice(&[1; 32]);
    header.extend_from_slice(&[0xf6; 4]);
    header.extend_from_slice(&[0x84, 0x40, 0, 0, 0x40, 0xf6, 0xf4, 0x82, 0x58, 32]);
    header.extend_from_slice(&[9; 32]);
    header.extend_from_slice(&[0x19, 0x10, 0, 0x40]);
    let mut raw = vec![0x82, 7, 0xd8, 24, 0x58, u8::try_from(header.len()).unwrap()];
    raw.extend_from_slice(&header);
    RankingBlockHeader::from_raw(Bytes::from(raw)).unwrap()
}

fn message(notification: Notification) -> ClientRemote {
    let news = NonEmpty::one(CountedNotification::new(notification));
    let payload = MsgReplyPayload::LeiosNotifications(RequestNo(0), false, news);
    ClientRemote::Reply(ReplyMessage::MsgLeiosReply(payload))
}

#[test]
fn an_offer_allocates_nothing() {
    let now = Time::from_micros(SLOT * 1_000_000);
    let mut client = Client::new(Limits::default(), SlotClock::default());
    let mut out = Outbox::new();
    let target = ClientCommand::NotificationTarget { low: 32_768, chunk: 65_535 };
    for command in [ClientCommand::Start, target] {
        client.handle_local(now, command, &mut out).unwrap();
    }
    client.handle_remote(now, message(Notification::LinearLeiosAnnouncement(header())), &mut out);
    let asked = out.drain().find_map(|action| match action {
        Action::Ask(id, query) => Some(query.judged(id, Verdict::Process)),
        _ => None,
    });
    client.handle_local(now, asked.expect("a question"), &mut out).unwrap();
    let vote = |issuer| Notification::LinearLeiosVoteOffer(SlotNo(SLOT), VoteIssuer(issuer));
    // The seats of the slot grow to their size once.
    client.handle_remote(now, message(vote(999)), &mut out);
    while out.pop().is_some() {}

    let point = LeiosPoint::new(SlotNo(SLOT), Hash32([9; 32]));
    let before = CALLS.get();
    client.handle_remote(now, message(Notification::LinearLeiosBlockOffer(point)), &mut out);
    client.handle_remote(now, message(Notification::LeiosBlockTxsOffer(point)), &mut out);
    for issuer in 0..900 {
        client.handle_remote(now, message(vote(issuer)), &mut out);
        let told = out.pop();
        assert!(matches!(told, Some(Action::Notify(_))));
    }
    assert_eq!(CALLS.get() - before, 0);
    let told = ClientNotice::VoteOffered(SlotNo(SLOT), VoteIssuer(899));
    assert_eq!(out.iter().last(), Some(&Action::Notify(told)));
}
