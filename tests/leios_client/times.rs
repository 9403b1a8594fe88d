//! Time-outs and forgetting (L-56 to L-59, `leios.md` 14).

use nodewire::codec::leios::SlotNo;
use nodewire::state::leios::{ClientCommand, ClientNotice, SlotClock, Verdict, rules};
use nodewire::{Machine, Time};

use crate::support::*;

/// Moves to second `at` after the start and lets the client notice.
fn at(rig: &mut Rig, second: u64) -> Vec<Act> {
    rig.now = seconds(NOW + second);
    rig.timeout()
}

fn due(rig: &Rig) -> Option<u64> {
    rig.client.deadline().map(|due| due.since(seconds(NOW)).as_secs())
}

/// Requests 0, 1 and 2 at seconds 0, 10 and 20, each for one vote.
fn three(starvation: bool) -> Rig {
    let mut rig = Rig::with(|limits| {
        if !starvation {
            limits.starvation = None;
        }
    });
    for (no, second) in [0, 10, 20].into_iter().enumerate() {
        assert!(at(&mut rig, second).is_empty());
        rig.want_votes(NOW, [no as u16]);
    }
    rig
}

fn answer(rig: &mut Rig, no: u16, second: u64) {
    assert!(at(rig, second).is_empty());
    assert!(is_open(&rig.deliver(u64::from(no), vec![vote_delivery(NOW, no)])));
}

#[test]
fn the_rolling_timer_of_the_reference() {
    let mut rig = three(false);
    assert_eq!(due(&rig), Some(60));
    answer(&mut rig, 2, 50);
    assert_eq!(due(&rig), Some(110));
    answer(&mut rig, 0, 100);
    assert_eq!(due(&rig), Some(160));
    assert!(at(&mut rig, 159).is_empty());
    assert_eq!(fault(&at(&mut rig, 160)), ("leios/L-57", "DeliveryTimeout"));
}

#[test]
fn the_timer_stops_when_nothing_is_outstanding() {
    let mut rig = three(true);
    for no in [1, 0, 2] {
        answer(&mut rig, no, 30 + u64::from(no));
    }
    assert_eq!(due(&rig), None);
    assert!(at(&mut rig, 1_000).is_empty());
    rig.want_votes(NOW, [7]);
    assert_eq!(due(&rig), Some(1_060));
}

#[test]
fn replies_to_others_do_not_feed_a_starved_request_for_ever() {
    for starvation in [false, true] {
        let mut rig = three(starvation);
        let mut second = 20;
        for no in 3_u16..9 {
            rig.want_votes(NOW, [no]);
            second += 30;
            let acts = at(&mut rig, second);
            if starvation && second >= 180 {
                assert_eq!(fault(&acts), ("leios/L-58", "RequestStarved"));
                return;
            }
            assert!(acts.is_empty());
            assert!(is_open(&rig.deliver(u64::from(no), vec![vote_delivery(NOW, no)])));
        }
        assert!(!starvation && second == 200, "without L-58 nothing is overdue");
    }
}

#[test]
fn starvation_counts_from_the_oldest_outstanding() {
    let mut rig = three(true);
    answer(&mut rig, 0, 55);
    answer(&mut rig, 2, 110);
    rig.want_votes(NOW, [3, 4]);
    assert!(at(&mut rig, 165).is_empty());
    rig.deliver(3, vec![vote_delivery(NOW, 3), vote_delivery(NOW, 4)]);
    // Request 1 was sent at 10: due at 190, before 165 + 60.
    assert_eq!(due(&rig), Some(190));
    assert_eq!(fault(&at(&mut rig, 190)), ("leios/L-58", "RequestStarved"));
}

#[test]
fn notification_requests_are_never_due() {
    let mut rig = Rig::listening();
    assert_eq!(due(&rig), None);
    assert!(at(&mut rig, 1_000_000).is_empty());
}

#[test]
fn a_clock_that_jumps_back_breaks_nothing() {
    let mut rig = three(false);
    rig.now = Time::ZERO;
    rig.want_votes(NOW, [9]);
    rig.deliver(3, vec![vote_delivery(NOW, 9)]);
    assert!(rig.timeout().is_empty());
    assert_eq!(due(&rig), Some(60), "no reply is later than the set became non-empty");
}

#[test]
fn shutdown_is_waited_for_so_long() {
    let mut rig = three(true);
    rig.local(ClientCommand::Finish);
    assert_eq!(due(&rig), Some(80), "replies are not owed any more");
    rig.deliver(1, vec![vote_delivery(NOW, 1)]);
    assert!(at(&mut rig, 79).is_empty());
    assert_eq!(fault(&at(&mut rig, 80)), ("leios/L-59", "ShutdownTimeout"));
}

#[test]
fn nothing_is_due_while_we_hold_replies_back_ourselves() {
    let mut rig = Rig::listening_with(|limits| limits.max_open_asks = 1);
    rig.want_votes(NOW, [0]);
    let acts = rig.announce(&header(NOW, 1, 1));
    assert!(rig.client.saturated());
    for second in (10..=300).step_by(10) {
        assert!(at(&mut rig, second).is_empty());
    }
    rig.judge(&acts, Verdict::Process);
    rig.now = seconds(NOW + 359);
    assert!(rig.timeout().is_empty());
    assert_eq!(fault(&at(&mut rig, 360)), ("leios/L-57", "DeliveryTimeout"));
}

#[test]
fn old_slots_are_forgotten_and_then_nothing_wakes_us() {
    let mut rig = Rig::listening();
    assert_eq!(due(&rig), None, "nothing to forget");
    let known = rig.announced(NOW, 1, 1);
    assert_eq!(due(&rig), Some(10));
    let mut last = 0;
    while let Some(second) = due(&rig) {
        assert_eq!(second, last + 10);
        last = second;
        assert!(at(&mut rig, second).is_empty());
    }
    assert_eq!(last, 610, "the first round after 600 seconds");
    assert_eq!(rig.client.tracked_elections(), 0);
    let acts = rig.offer_block(known);
    assert_eq!(fault(&acts), ("leios/L-39", "OfferWithoutAnnouncement"));
}

#[test]
fn a_slot_is_not_forgotten_while_something_of_it_is_outstanding() {
    let mut rig = Rig::listening_with(|limits| limits.starvation = None);
    let known = rig.announced(NOW, 1, 1);
    rig.want_votes(NOW, [1]);
    rig.now = seconds(NOW + 590);
    rig.want_votes(NOW + 590, [1]);
    rig.deliver(3, vec![vote_delivery(NOW + 590, 1)]);
    assert!(at(&mut rig, 640).is_empty());
    assert_eq!(notices(&rig.offer_block(known)), [ClientNotice::BlockOffered(known)]);
    rig.deliver(2, vec![vote_delivery(NOW, 1)]);
    at(&mut rig, 650);
    assert_eq!(rig.client.tracked_elections(), 0);
}

#[test]
fn nobody_wants_a_verdict_on_a_forgotten_slot() {
    let mut rig = Rig::listening();
    let acts = rig.announce(&header(NOW, 1, 1));
    let [(id, query)] = asked(&acts).try_into().unwrap();
    at(&mut rig, 610);
    assert!(!rig.client.awaits(id));
    assert!(rig.local(query.judged(id, Verdict::Invalid)).is_empty());
}

/// While the application owes answers, replies are held back: what has become too old since then
/// is no fault of the server's.
#[test]
fn what_was_held_back_is_not_blamed_for_its_age() {
    let mut rig = Rig::listening_with(|limits| limits.max_open_asks = 1);
    let first = rig.announce(&header(NOW, 1, 1));
    assert!(rig.client.saturated());
    rig.pass(700);
    // Answered at last, with what was held back right behind.
    let mut late = rig.clone();
    late.judge(&first, Verdict::Process);
    let second = late.announce(&header(NOW + 1, 1, 2));
    assert!(is_open(&second), "{second:?}");
    late.pass(10);
    late.judge(&second, Verdict::Process);
    assert!(is_open(&late.announce(&header(NOW + 2, 1, 3))));
    // Never answered: it is forgotten in the end, and offers of it were under way.
    let acts = rig.timeout();
    assert!(is_open(&acts) && !rig.client.saturated());
    for acts in [rig.offer_block(point(NOW, 1)), rig.offer_vote(NOW, 3)] {
        assert!(is_open(&acts), "{acts:?}");
    }
    // What comes later is judged as ever.
    rig.pass(1);
    let mut other = rig.clone();
    assert_eq!(fault(&rig.offer_block(point(NOW, 1))).1, "OfferWithoutAnnouncement");
    assert_eq!(fault(&other.announce(&header(NOW + 1, 1, 2))).1, "AnnouncementTooOld");
}

#[test]
fn what_a_clock_ahead_of_time_made_us_forget_is_no_fault_of_the_server() {
    let clock = |ahead| SlotClock { slot: SlotNo(ahead), ..SlotClock::default() };
    let ignored = vec![Act::Notify(ClientNotice::Remark(&rules::OFFER_TOO_OLD))];
    let mut rig = Rig::listening();
    let known = rig.announced(NOW, 1, 1);
    rig.local(ClientCommand::SetClock(clock(700)));
    assert!(at(&mut rig, 61).is_empty());
    assert_eq!(rig.client.tracked_elections(), 0);
    rig.local(ClientCommand::SetClock(clock(0)));
    assert_eq!(rig.offer_block(known), ignored);
    assert_eq!(rig.offer_txs(known), ignored);
    assert_eq!(rig.offer_vote(NOW, 3), ignored);

    // Younger than what was forgotten, or too old by the clock of now: the server's own.
    let mut younger = rig.clone();
    assert_eq!(fault(&younger.offer_vote(NOW + 1, 3)), ("leios/L-40", "OfferWithoutAnnouncement"));
    assert!(at(&mut rig, 601).is_empty());
    assert_eq!(fault(&rig.offer_block(known)), ("leios/L-39", "OfferWithoutAnnouncement"));
}
