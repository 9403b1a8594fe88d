//! Announcements, verdicts and offers (L-33 to L-42, S-11).

use nodewire::codec::leios::{Notification, SlotNo, VoteIssuer};
use nodewire::state::leios::{ClientCommand, ClientNotice, ClientQuery, Verdict, rules};
use nodewire::{AskId, Machine, Refused};

use crate::support::*;

#[test]
fn an_announcement_is_judged_and_then_told() {
    let mut rig = Rig::listening();
    let acts = rig.announce(&header(NOW, 1, 1));
    let [(id, ClientQuery::JudgeAnnouncement(announcement))] = asked(&acts).try_into().unwrap();
    assert_eq!(announcement.point, point(NOW, 1));
    assert_eq!(announcement.eb_size, 0x1000);
    assert!(!announcement.equivocation);
    assert_eq!(announcement.header, header(NOW, 1, 1));
    assert!(rig.client.awaits(id));
    let acts = rig.judge(&acts, Verdict::Process);
    let told = notices(&acts);
    assert_eq!(told, [ClientNotice::Announced(announcement)]);
}

#[test]
fn a_second_announcement_is_evidence_and_a_third_a_fault() {
    let mut rig = Rig::listening();
    rig.announced(NOW, 1, 1);
    let acts = rig.announce(&header(NOW, 1, 2));
    let [(_, ClientQuery::JudgeAnnouncement(second))] = asked(&acts).try_into().unwrap();
    assert!(second.equivocation);
    let other = rig.announce(&header(NOW, 2, 3));
    assert!(is_open(&other), "another election of the slot");
    let acts = rig.announce(&header(NOW, 1, 4));
    assert_eq!(fault(&acts), ("leios/L-33", "ThirdAnnouncement"));
}

#[test]
fn a_third_announcement_is_one_even_if_it_repeats_a_header() {
    let mut rig = Rig::listening();
    rig.announced(NOW, 1, 1);
    rig.announced(NOW, 1, 2);
    let acts = rig.announce(&header(NOW, 1, 1));
    assert_eq!(fault(&acts), ("leios/L-33", "ThirdAnnouncement"));
}

#[test]
fn the_same_header_twice() {
    let mut rig = Rig::listening();
    rig.announced(NOW, 1, 1);
    let acts = rig.announce(&header(NOW, 1, 1));
    assert_eq!(fault(&acts), ("leios/L-34", "RepeatedAnnouncement"));
}

#[test]
fn a_header_in_another_wrapper_is_no_evidence_against_its_issuer() {
    let mut rig = Rig::listening();
    rig.announced(NOW, 1, 1);
    let acts = rig.announce(&rewrapped(&header(NOW, 1, 1)));
    assert_eq!(fault(&acts), ("leios/L-34", "RepeatedAnnouncement"));
}

#[test]
fn what_is_too_old_makes_room_before_a_server_is_blamed_for_too_many_elections() {
    let mut rig = Rig::listening_with(|limits| limits.max_tracked_elections = 2);
    for pool in 1..=2 {
        rig.announced(NOW, pool, pool);
    }
    rig.pass(601); // and the timer is late
    let acts = rig.announce(&header(NOW + 601, 1, 1));
    assert!(is_open(&acts), "{acts:?}");
    rig.announced(NOW + 601, 2, 2);
    let acts = rig.announce(&header(NOW + 601, 3, 3));
    assert_eq!(fault(&acts).1, "TooManyElections");
}

#[test]
fn two_headers_may_announce_the_same_block() {
    let mut rig = Rig::listening();
    let point = rig.announced(NOW, 1, 1);
    let acts = rig.announce(&numbered_header(NOW, 1, 1, 7));
    rig.judge(&acts, Verdict::Process);
    assert_eq!(notices(&rig.offer_block(point)), [ClientNotice::BlockOffered(point)]);
    assert_eq!(rig.client.tracked_elections(), 1);
}

#[test]
fn an_invalid_header_ends_it() {
    let mut rig = Rig::listening();
    let acts = rig.announce(&header(NOW, 1, 1));
    let acts = rig.judge(&acts, Verdict::Invalid);
    assert_eq!(fault(&acts), ("leios/L-35", "InvalidAnnouncement"));
}

#[test]
fn a_header_that_announces_nothing_or_is_none() {
    let acts = Rig::listening().announce(&silent_header(NOW));
    assert_eq!(fault(&acts), ("leios/L-36", "HeaderAnnouncesNothing"));
    let acts = Rig::listening().announce(&odd_header(NOW));
    assert_eq!(fault(&acts), ("leios/9.1", "InvalidHeader"));
}

#[test]
fn announcements_have_their_time() {
    for (slot, expected) in [
        (NOW + 2, None),
        (NOW + 3, Some(("leios/L-37", "AnnouncementTooEarly"))),
        (u64::MAX, Some(("leios/L-37", "AnnouncementTooEarly"))),
        (NOW - 600, None),
        (NOW - 601, Some(("leios/L-37", "AnnouncementTooOld"))),
        (0, Some(("leios/L-37", "AnnouncementTooOld"))),
    ] {
        let acts = Rig::listening().announce(&header(slot, 1, 1));
        match expected {
            None => assert!(is_open(&acts), "{slot}"),
            Some(expected) => assert_eq!(fault(&acts), expected, "{slot}"),
        }
    }
}

#[test]
fn the_slot_clock_can_be_set() {
    let mut rig = Rig::listening();
    let clock =
        nodewire::state::leios::SlotClock { slot: SlotNo(500), at: rig.now, ..Default::default() };
    rig.local(ClientCommand::SetClock(clock));
    assert!(is_open(&rig.announce(&header(501, 1, 1))));
    let acts = rig.announce(&header(NOW, 1, 1));
    assert_eq!(fault(&acts), ("leios/L-37", "AnnouncementTooEarly"));
}

#[test]
fn elections_are_bounded() {
    let mut rig = Rig::listening_with(|limits| limits.max_tracked_elections = 3);
    for pool in 1..=3 {
        rig.announced(NOW, pool, pool);
    }
    assert!(is_open(&rig.announce(&header(NOW, 1, 9))), "a second one is no new election");
    let acts = rig.announce(&header(NOW, 4, 4));
    assert_eq!(fault(&acts), ("leios/9.5", "TooManyElections"));
}

#[test]
fn offers_follow_announcements() {
    let mut rig = Rig::listening();
    let known = rig.announced(NOW, 1, 1);
    assert_eq!(notices(&rig.offer_block(known)), [ClientNotice::BlockOffered(known)]);
    assert_eq!(notices(&rig.offer_txs(known)), [ClientNotice::TxsOffered(known)]);
    let vote = ClientNotice::VoteOffered(SlotNo(NOW), VoteIssuer(65_535));
    assert_eq!(notices(&rig.offer_vote(NOW, 65_535)), [vote]);
}

#[test]
fn an_offer_without_announcement() {
    for wrong in [point(NOW, 2), point(NOW + 1, 1)] {
        for of_txs in [false, true] {
            let mut rig = Rig::listening();
            rig.announced(NOW, 1, 1);
            let acts = match of_txs {
                true => rig.offer_txs(wrong),
                false => rig.offer_block(wrong),
            };
            assert_eq!(fault(&acts), ("leios/L-39", "OfferWithoutAnnouncement"));
        }
    }
    let mut rig = Rig::listening();
    rig.announced(NOW, 1, 1);
    let acts = rig.offer_vote(NOW + 1, 3);
    assert_eq!(fault(&acts), ("leios/L-40", "OfferWithoutAnnouncement"));
}

#[test]
fn a_repeated_offer_is_remarked_on_and_ignored() {
    let mut rig = Rig::listening();
    let known = rig.announced(NOW, 1, 1);
    let credit = rig.client.notification_credit();
    rig.offer_block(known);
    rig.offer_vote(NOW, 5);
    let remark = [ClientNotice::Remark(&rules::REPEATED_OFFER)];
    assert_eq!(notices(&rig.offer_block(known)), remark);
    assert_eq!(notices(&rig.offer_vote(NOW, 5)), remark);
    assert!(rig.client.notification_credit() < credit, "its bytes count");
}

#[test]
fn offers_wait_for_the_verdict() {
    let mut rig = Rig::listening();
    let acts = rig.announce(&header(NOW, 1, 1));
    let known = point(NOW, 1);
    for told in [rig.offer_txs(known), rig.offer_vote(NOW, 900), rig.offer_vote(NOW, 64)] {
        assert!(told.is_empty(), "{told:?}");
    }
    let told = notices(&rig.judge(&acts, Verdict::Process));
    let vote = |issuer| ClientNotice::VoteOffered(SlotNo(NOW), VoteIssuer(issuer));
    assert!(matches!(told.first(), Some(ClientNotice::Announced(_))));
    assert_eq!(told[1..], [ClientNotice::TxsOffered(known), vote(64), vote(900)]);
}

#[test]
fn what_is_to_be_ignored_stays_silent_but_counts() {
    let mut rig = Rig::listening();
    let acts = rig.announce(&header(NOW, 1, 1));
    assert!(rig.judge(&acts, Verdict::Ignore).is_empty());
    assert!(rig.offer_block(point(NOW, 1)).is_empty());
    assert!(rig.offer_vote(NOW, 1).is_empty());
    // Another election of the slot makes its votes worth telling of, not the ignored block.
    let acts = rig.announce(&header(NOW, 2, 2));
    let told = notices(&rig.judge(&acts, Verdict::Process));
    assert_eq!(told[1..], [ClientNotice::VoteOffered(SlotNo(NOW), VoteIssuer(1))]);
    rig.announced(NOW, 1, 3);
    let acts = rig.announce(&header(NOW, 1, 4));
    assert_eq!(fault(&acts), ("leios/L-33", "ThirdAnnouncement"));
}

#[test]
fn answers_count_once() {
    let mut rig = Rig::listening();
    let acts = rig.announce(&header(NOW, 1, 1));
    let [(id, query)] = asked(&acts).try_into().unwrap();
    assert_eq!(notices(&rig.local(query.judged(id, Verdict::Process))).len(), 1);
    assert!(rig.local(query.judged(id, Verdict::Invalid)).is_empty(), "stale");
    let never = rig.try_local(query.judged(AskId::from_u64(9), Verdict::Process));
    assert_eq!(never, Err(Refused::UnknownAsk));
}

#[test]
fn too_many_open_questions_saturate() {
    let mut rig = Rig::listening_with(|limits| limits.max_open_asks = 2);
    let first = rig.announce(&header(NOW, 1, 1));
    assert!(!rig.client.saturated());
    rig.announce(&header(NOW, 2, 2));
    assert!(rig.client.saturated());
    // A link would hold back; what still comes is judged all the same.
    assert_eq!(asked(&rig.announce(&header(NOW, 3, 3))).len(), 1);
    rig.judge(&first, Verdict::Process);
    assert!(rig.client.saturated());
    rig.tell(Notification::LinearLeiosBlockOffer(point(NOW, 1)));
}
