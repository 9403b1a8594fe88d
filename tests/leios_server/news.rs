//! The notification buffer (`leios.md` 13.2): what is told, in which order, what is dropped.

use nodewire::codec::leios::{Notification, RankingBlockHeader, SlotNo, VoteIssuer};
use nodewire::state::leios::{Limits, Order, ServerCommand, SlotClock};
use nodewire::{Machine, Refused};

use crate::support::{
    NOW, Rig, header, limits, news, point, remarks, rewrapped, seconds, silent_header,
    sized_header, wants,
};

/// Short names of notifications: `A` announcement, `B` block, `T` transactions, `V` vote; the slot
/// counted from `NOW - 100`; the pool, block or seat.
fn names(list: &[Notification]) -> Vec<String> {
    let slot = |slot: SlotNo| slot.0 + 100 - NOW;
    list.iter()
        .map(|notification| match notification {
            Notification::LinearLeiosAnnouncement(header) => {
                let view = header.view().expect("a header");
                let block = view.announces.expect("announces").hash.0[0];
                format!("A{}.{}.{block}", slot(view.slot), view.issuer[0])
            }
            Notification::LinearLeiosBlockOffer(point) => {
                format!("B{}.{}", slot(point.slot), point.hash.0[0])
            }
            Notification::LeiosBlockTxsOffer(point) => {
                format!("T{}.{}", slot(point.slot), point.hash.0[0])
            }
            Notification::LinearLeiosVoteOffer(at, issuer) => {
                format!("V{}.{}", slot(*at), issuer.0)
            }
        })
        .collect()
}

/// All that is pending, as a client with much credit gets it.
fn all(rig: &mut Rig) -> Vec<String> {
    let mut list = Vec::new();
    let mut acts = rig.want(65_535);
    loop {
        let messages = news(&acts);
        if messages.is_empty() {
            return list;
        }
        for (_, _, notifications) in messages {
            list.extend(names(&notifications));
        }
        acts = rig.drain();
    }
}

fn block(rig: &mut Rig, slot: u64, name: u8) -> Vec<&'static str> {
    remarks(&rig.local(ServerCommand::OfferBlock(point(NOW - 100 + slot, name))))
}

fn txs(rig: &mut Rig, slot: u64, name: u8) -> Vec<&'static str> {
    remarks(&rig.local(ServerCommand::OfferTxs(point(NOW - 100 + slot, name))))
}

fn vote(rig: &mut Rig, slot: u64, seat: u16) -> Vec<&'static str> {
    remarks(&rig.local(ServerCommand::OfferVote(SlotNo(NOW - 100 + slot), VoteIssuer(seat))))
}

fn announce(rig: &mut Rig, slot: u64, pool: u8, name: u8) -> Vec<&'static str> {
    remarks(&rig.announce(&header(NOW - 100 + slot, pool, name)))
}

const NOTHING: [&str; 0] = [];

#[test]
fn announcements_first_then_the_youngest_slot_first() {
    let mut rig = Rig::new();
    for (slot, name) in [(10, 1), (30, 3), (20, 2)] {
        assert_eq!(announce(&mut rig, slot, 1, name), NOTHING);
        assert_eq!(vote(&mut rig, slot, 500), NOTHING);
        assert_eq!(vote(&mut rig, slot, 2), NOTHING);
        assert_eq!(txs(&mut rig, slot, name), NOTHING);
        assert_eq!(block(&mut rig, slot, name), NOTHING);
    }
    assert_eq!(rig.server.pending_notifications(), 15);
    assert_eq!(
        all(&mut rig),
        [
            "A30.1.3", "A20.1.2", "A10.1.1", "B30.3", "T30.3", "V30.2", "V30.500", "B20.2",
            "T20.2", "V20.2", "V20.500", "B10.1", "T10.1", "V10.2", "V10.500"
        ]
    );
    assert_eq!(rig.server.pending_notifications(), 0);
}

#[test]
fn in_one_slot_blocks_then_transactions_in_the_order_they_came() {
    let mut rig = Rig::new();
    announce(&mut rig, 10, 2, 7);
    announce(&mut rig, 10, 1, 4);
    txs(&mut rig, 10, 7);
    block(&mut rig, 10, 7);
    txs(&mut rig, 10, 4);
    block(&mut rig, 10, 4);
    assert_eq!(all(&mut rig), ["A10.2.7", "A10.1.4", "B10.7", "B10.4", "T10.7", "T10.4"]);
}

#[test]
fn two_announcements_for_an_election_and_no_third() {
    let mut rig = Rig::new();
    assert_eq!(announce(&mut rig, 10, 1, 1), NOTHING);
    // L-34: the same header again; pending, or told.
    assert_eq!(announce(&mut rig, 10, 1, 1), ["leios/L-34"]);
    assert_eq!(all(&mut rig), ["A10.1.1"]);
    assert_eq!(announce(&mut rig, 10, 1, 1), ["leios/L-34"]);
    assert_eq!(announce(&mut rig, 10, 1, 2), NOTHING);
    assert_eq!(announce(&mut rig, 10, 1, 2), ["leios/L-34"]);
    // L-33: whatever it announces. Another pool or slot is another election.
    assert_eq!(announce(&mut rig, 10, 1, 3), ["leios/L-33"]);
    assert_eq!(announce(&mut rig, 10, 2, 3), NOTHING);
    assert_eq!(announce(&mut rig, 11, 1, 3), NOTHING);
    assert_eq!(rig.drain(), []);
    assert_eq!(rig.server.pending_notifications(), 0);
}

#[test]
fn the_second_announcement_follows_the_first() {
    let mut rig = Rig::new();
    announce(&mut rig, 10, 1, 9);
    announce(&mut rig, 20, 5, 1);
    announce(&mut rig, 10, 1, 2);
    assert_eq!(all(&mut rig), ["A20.5.1", "A10.1.9", "A10.1.2"]);
}

#[test]
fn offers_need_an_announcement_and_are_made_once() {
    let mut rig = Rig::new();
    assert_eq!(block(&mut rig, 10, 1), ["leios/L-39"]);
    assert_eq!(txs(&mut rig, 10, 1), ["leios/L-39"]);
    assert_eq!(vote(&mut rig, 10, 1), ["leios/L-40"]);
    announce(&mut rig, 10, 1, 1);
    // Another block at the same slot is not announced, a vote at the slot is.
    assert_eq!(block(&mut rig, 10, 2), ["leios/L-39"]);
    assert_eq!(vote(&mut rig, 11, 1), ["leios/L-40"]);
    for _ in 0..2 {
        assert_eq!(block(&mut rig, 10, 1), NOTHING);
        assert_eq!(vote(&mut rig, 10, 1), NOTHING);
        for _ in 0..2 {
            assert_eq!(block(&mut rig, 10, 1), ["leios/L-42"]);
            assert_eq!(vote(&mut rig, 10, 1), ["leios/L-42"]);
            all(&mut rig);
        }
        rig = Rig::new();
        announce(&mut rig, 10, 1, 1);
    }
}

#[test]
fn an_unusable_header_is_refused() {
    let mut rig = Rig::new();
    let silent = ServerCommand::Announce(silent_header(NOW));
    assert!(matches!(rig.try_local(silent), Err(Refused::Invalid { .. })));
    let raw = [&[0x82, 7, 0xd8, 24, 0x43][..], &[1, 2, 3]].concat();
    let header = RankingBlockHeader::from_raw(raw.into()).expect("a wrapper");
    assert!(matches!(rig.try_local(ServerCommand::Announce(header)), Err(Refused::Invalid { .. })));
    // L-26.
    let large = ServerCommand::Announce(sized_header(NOW, 1, 1, 2_049));
    assert!(matches!(rig.try_local(large), Err(Refused::Invalid { .. })));
    assert_eq!(remarks(&rig.announce(&sized_header(NOW, 1, 1, 2_048))), NOTHING);
}

#[test]
fn what_is_older_than_the_relay_age_is_not_told() {
    let mut rig = Rig::new();
    assert_eq!(remarks(&rig.announce(&header(NOW - 301, 1, 1))), ["leios/L-38"]);
    assert_eq!(remarks(&rig.announce(&header(NOW - 300, 1, 1))), NOTHING);
    assert_eq!(remarks(&rig.announce(&header(NOW - 299, 1, 2))), NOTHING);
    rig.local(ServerCommand::OfferBlock(point(NOW - 300, 1)));
    rig.local(ServerCommand::OfferVote(SlotNo(NOW - 300), VoteIssuer(3)));
    rig.local(ServerCommand::OfferTxs(point(NOW - 299, 2)));
    assert_eq!(rig.server.pending_notifications(), 5);
    // A second later the older slot is gone with all that hung on it, even without the timer.
    rig.now = seconds(NOW + 1);
    let offer = ServerCommand::OfferVote(SlotNo(NOW - 300), VoteIssuer(4));
    assert_eq!(remarks(&rig.local(offer)), ["leios/L-45"]);
    let offer = ServerCommand::OfferTxs(point(NOW - 300, 1));
    assert_eq!(remarks(&rig.local(offer)), ["leios/L-45"]);
    let messages = news(&rig.want(65_535));
    assert_eq!(messages.iter().map(|(_, _, list)| list.len()).sum::<usize>(), 2);
}

#[test]
fn what_begins_more_than_two_seconds_ahead_is_not_told() {
    let mut rig = Rig::new();
    assert_eq!(remarks(&rig.announce(&header(NOW + 2, 1, 1))), NOTHING);
    assert_eq!(remarks(&rig.announce(&header(NOW + 3, 1, 1))), ["leios/L-37"]);
}

#[test]
fn the_timer_forgets_and_stops() {
    let mut rig = Rig::new();
    assert_eq!(rig.server.deadline(), None);
    let idle = rig.server.footprint();
    announce(&mut rig, 100, 1, 1);
    block(&mut rig, 100, 1);
    vote(&mut rig, 100, 60_000);
    all(&mut rig);
    assert_eq!(rig.server.deadline(), Some(seconds(NOW + 10)));
    let mut timeouts = 0;
    while let Some(due) = rig.server.deadline() {
        rig.now = due;
        assert_eq!(rig.timeout(), []);
        timeouts += 1;
    }
    assert_eq!(timeouts, 31);
    assert!(rig.server.footprint() < idle + 200, "{} {idle}", rig.server.footprint());
}

#[test]
fn a_clock_set_back_has_nothing_told_twice() {
    let mut rig = Rig::new();
    let told = header(NOW, 1, 1);
    rig.announce(&told);
    all(&mut rig);
    let ahead = SlotClock { at: seconds(NOW - 1_000), slot: SlotNo(NOW), ..SlotClock::default() };
    rig.local(ServerCommand::SetClock(ahead));
    rig.local(ServerCommand::SetClock(SlotClock::default()));
    assert_eq!(remarks(&rig.announce(&told)), ["leios/L-38"]);
    assert_eq!(remarks(&rig.announce(&header(NOW + 1, 1, 1))), NOTHING);
}

/// A server without credit that holds so many notifications at most.
fn capped(most: usize) -> Rig {
    Rig::with(|limits: &mut Limits| limits.max_pending_notifications = most)
}

#[test]
fn at_the_cap_the_oldest_votes_go_first_then_the_oldest_offers() {
    let mut rig = capped(10);
    for slot in [1, 2, 3] {
        announce(&mut rig, slot, 1, slot as u8);
    }
    block(&mut rig, 1, 1);
    vote(&mut rig, 1, 1);
    vote(&mut rig, 1, 2);
    block(&mut rig, 2, 2);
    vote(&mut rig, 2, 1);
    vote(&mut rig, 3, 1);
    vote(&mut rig, 3, 2);
    assert_eq!(rig.server.pending_notifications(), 10);
    let mut watched = Rig { server: rig.server.clone(), now: rig.now, next: rig.next };
    assert_eq!(all(&mut watched).len(), 10);

    // All votes of slot 1.
    block(&mut rig, 3, 3);
    assert_eq!(rig.server.pending_notifications(), 9);
    txs(&mut rig, 3, 3);
    assert_eq!(rig.server.pending_notifications(), 10);
    // The offers of slot 1.
    vote(&mut rig, 3, 3);
    assert_eq!(rig.server.pending_notifications(), 10);
    // The vote of slot 2, then its offer.
    vote(&mut rig, 3, 4);
    vote(&mut rig, 3, 5);
    // A vote of slot 2 is the first that would be dropped, so it isn't taken in.
    vote(&mut rig, 2, 9);
    assert_eq!(rig.server.pending_notifications(), 10);
    assert_eq!(
        all(&mut rig),
        ["A3.1.3", "A2.1.2", "A1.1.1", "B3.3", "T3.3", "V3.1", "V3.2", "V3.3", "V3.4", "V3.5"]
    );
    // What was dropped may be offered again.
    assert_eq!(block(&mut rig, 1, 1), NOTHING);
    assert_eq!(vote(&mut rig, 1, 2), NOTHING);
    assert_eq!(rig.server.pending_notifications(), 0);
}

#[test]
fn announcements_are_never_dropped_for_room() {
    let mut rig = capped(3);
    for (pool, slot) in [(1, 1), (2, 2)] {
        announce(&mut rig, slot, pool, pool);
    }
    block(&mut rig, 2, 2);
    announce(&mut rig, 1, 3, 3);
    assert_eq!(rig.server.pending_notifications(), 3);
    let refused = rig.try_local(ServerCommand::Announce(header(NOW, 1, 1)));
    assert_eq!(refused, Err(Refused::busy("max_pending_notifications")));
    block(&mut rig, 2, 2);
    assert_eq!(all(&mut rig), ["A2.2.2", "A1.1.1", "A1.3.3"]);
    assert_eq!(remarks(&rig.announce(&header(NOW, 1, 1))), NOTHING);
}

#[test]
fn votes_beyond_the_cap_of_4_096_leave_those_that_wait() {
    let mut rig = Rig::new();
    announce(&mut rig, 10, 1, 1);
    for seat in 0..5_000 {
        vote(&mut rig, 10, seat);
    }
    assert_eq!(rig.server.pending_notifications(), 4_096);
    announce(&mut rig, 20, 1, 2);
    assert_eq!(rig.server.pending_notifications(), 2);
}

#[test]
fn elections_are_bounded_until_they_are_forgotten() {
    let mut rig = Rig::with(|limits| limits.max_tracked_elections = 2);
    announce(&mut rig, 1, 1, 1);
    announce(&mut rig, 2, 1, 1);
    all(&mut rig);
    let third = ServerCommand::Announce(header(NOW - 100 + 3, 1, 1));
    assert_eq!(rig.try_local(third.clone()), Err(Refused::busy("max_tracked_elections")));
    assert_eq!(announce(&mut rig, 2, 1, 2), NOTHING);
    rig.now = seconds(NOW - 100 + 1 + 301);
    assert_eq!(rig.try_local(third).map(|acts| remarks(&acts)), Ok(vec![]));
}

#[test]
fn all_65_536_votes_of_a_slot_take_two_bits_each() {
    let mut limits = limits();
    limits.max_pending_notifications = 100_000;
    let mut rig = Rig::opened(limits, Order::FreshestFirst);
    announce(&mut rig, 10, 1, 1);
    all(&mut rig);
    let before = rig.server.footprint();
    for seat in 0..=u16::MAX {
        vote(&mut rig, 10, seat);
    }
    assert!(rig.server.footprint() <= before + 2 * 8_192 + 4_096);
}

#[test]
fn a_lone_announcement_goes_alone_at_once() {
    let mut rig = Rig::new();
    rig.message(wants(0, 32_768));
    let acts = rig.announce(&header(NOW, 1, 1));
    assert!(matches!(&news(&acts)[..], [(0, false, list)] if list.len() == 1));
}

#[test]
fn a_header_in_another_wrapper_is_the_same_header() {
    let mut rig = Rig::new();
    rig.announce(&header(NOW, 1, 1));
    let left = rig.announce(&rewrapped(&header(NOW, 1, 1)));
    assert_eq!(remarks(&left), ["leios/L-34"]);
    assert_eq!(all(&mut rig), ["A100.1.1"]);
}

/// A client whose clock is two seconds behind ours would take it for too early otherwise (L-37).
#[test]
fn nothing_of_a_slot_is_told_before_it_begins() {
    let mut rig = Rig::new();
    rig.announce(&header(NOW, 1, 1));
    rig.announce(&header(NOW + 2, 1, 2));
    rig.announce(&header(NOW + 1, 1, 3));
    assert!(block(&mut rig, 102, 2).is_empty());
    assert!(vote(&mut rig, 102, 7).is_empty());
    assert!(block(&mut rig, 100, 1).is_empty());
    assert_eq!(all(&mut rig), ["A100.1.1", "B100.1"]);
    assert_eq!(rig.server.pending_notifications(), 4);
    for (slot, told) in
        [(NOW + 1, vec!["A101.1.3"]), (NOW + 2, vec!["A102.1.2", "B102.2", "V102.7"])]
    {
        assert_eq!(rig.server.deadline(), Some(seconds(slot)));
        rig.now = seconds(slot);
        let acts = rig.timeout();
        let list: Vec<_> = news(&acts).into_iter().flat_map(|(.., list)| names(&list)).collect();
        assert_eq!(list, told);
    }
    assert!(rig.server.deadline() > Some(rig.now));
}
