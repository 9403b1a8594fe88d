//! Times, to the microsecond.

use std::rc::Rc;

use nodewire::codec::chia::Message;
use nodewire::state::chia::{ConnectionId, SyncFailure, SyncOutcome, SyncPhase, SyncStart};
use nodewire::{Machine, Outbox, Time};

use crate::chains::{chain, empty, tip};
use crate::world::World;

const SECOND: u64 = 1_000_000;

fn micros(micros: u64) -> Time {
    Time::from_micros(micros)
}

/// One node around whom answers only what it should not keep from us, `from` seconds on.
fn silent_of(kind: fn(&Message) -> bool) -> World {
    let theirs = Rc::new(chain(60));
    let mut world = World::new(empty(), 1);
    world.delay = 1;
    for number in 1..=2 {
        world.twisted(number, &theirs, move |_, answer| {
            answer.filter(|message| !kind(message)).into_iter().collect()
        });
    }
    world.start(1);
    world
}

#[test]
fn tips_are_waited_for_five_seconds() {
    let mut world = silent_of(|_| true);
    assert_eq!(world.sync.deadline(), Some(micros(5 * SECOND)));
    world.pass(micros(5 * SECOND - 1));
    assert_eq!((world.sync.phase(), world.sent.len()), (SyncPhase::WaitTips, 0));
    world.pass(micros(5 * SECOND));
    assert_eq!(world.sync.phase(), SyncPhase::Hashes);
    // Who told the tip is asked first.
    assert!(matches!(world.sent[..], [(1, Message::RequestAllHeaderHashes(_))]));
}

#[test]
fn hashes_are_asked_of_another_every_ten_seconds_and_for_two_hundred() {
    let mut world = silent_of(|_| true);
    world.pass(micros(15 * SECOND - 1));
    assert_eq!(world.sent.len(), 1);
    world.pass(micros(15 * SECOND));
    assert!(matches!(world.sent[..], [(1, _), (2, Message::RequestAllHeaderHashes(_))]));
    world.pass(micros(205 * SECOND));
    assert_eq!(world.outcome(), None);
    assert_eq!(world.sent.len(), 21);
    assert_eq!(world.sync.deadline(), Some(micros(205 * SECOND + 1)));
    world.pass(micros(205 * SECOND + 1));
    let failed = SyncOutcome::Failed(SyncFailure::TimedOut(SyncPhase::Hashes));
    assert_eq!(world.outcome(), Some(failed));
    assert_eq!(world.blamed(), []);
}

/// The first batch is asked for again once more than ten seconds have passed, and is given up once
/// more than two hundred have.
fn first_batch(kind: fn(&Message) -> bool, phase: SyncPhase, batches: usize) {
    let mut world = silent_of(kind);
    while world.sync.phase() != phase {
        assert!(world.step());
    }
    let (began, sent) = (world.now.as_micros(), world.sent.len());
    let asked = |world: &World| world.sent.len() + batches - sent;
    assert_eq!(asked(&world), batches, "all of the window at once");
    world.pass(micros(began + 10 * SECOND));
    assert_eq!(asked(&world), batches);
    world.pass(micros(began + 10 * SECOND + 1));
    assert_eq!(asked(&world), 2 * batches);
    // Each of somebody else.
    let (first, again) = world.sent[sent - batches..].split_at(batches);
    for (one, other) in first.iter().zip(again) {
        assert_eq!(one.1, other.1);
        assert_ne!(one.0, other.0);
    }
    world.pass(micros(began + 200 * SECOND));
    assert_eq!(world.outcome(), None);
    world.pass(micros(began + 200 * SECOND + 1));
    assert_eq!(world.outcome(), Some(SyncOutcome::Failed(SyncFailure::TimedOut(phase))));
    assert_eq!(world.blamed(), []);
}

#[test]
fn headers_have_ten_and_two_hundred_seconds() {
    first_batch(|message| matches!(message, Message::HeaderBlocks(_)), SyncPhase::Headers, 3);
}

#[test]
fn blocks_have_ten_and_two_hundred_seconds() {
    first_batch(|message| matches!(message, Message::SyncBlocks(_)), SyncPhase::Blocks, 10);
}

#[test]
fn a_tip_that_failed_is_not_tried_again_for_six_hundred_seconds() {
    let mut world = silent_of(|_| true);
    let theirs = chain(60);
    let SyncOutcome::Failed(_) = world.run() else { panic!() };
    let ended = world.now.as_micros();
    let start = || {
        let (chain, from) = (empty().chain(), ConnectionId(2));
        let start = SyncStart { chain, tip: tip(&theirs), from };
        nodewire::state::chia::SyncCommand::Start(Box::new(start))
    };
    let last = micros(ended + 600 * SECOND - 1);
    assert!(world.sync.is_barred(last, &tip(&theirs)));
    let before = world.sync.clone();
    let mut out = Outbox::new();
    world.sync.handle_local(last, start(), &mut out).unwrap_err();
    assert!(before == world.sync && out.is_empty());
    let over = micros(ended + 600 * SECOND);
    assert!(!world.sync.is_barred(over, &tip(&theirs)));
    world.sync.handle_local(over, start(), &mut out).unwrap();
    // One goes on: another does not begin.
    world.sync.handle_local(over, start(), &mut out).unwrap_err();
}

#[test]
fn a_barred_tip_is_no_candidate() {
    let mut world = silent_of(|_| true);
    let SyncOutcome::Failed(_) = world.run() else { panic!() };
    let (failed, other) = (chain(60), chain(59));
    world.notices.clear();
    world.sent.clear();
    world.start_with(1, tip(&other));
    world.tell(2, tip(&failed));
    while world.sent.is_empty() {
        assert!(world.step());
    }
    let Message::RequestAllHeaderHashes(it) = &world.sent[0].1 else { panic!() };
    assert_eq!(it.tip_header_hash, other.chain().tips[0].header_hash);
}

#[test]
fn while_nobody_is_there_nothing_is_sent_and_the_sync_fails_in_time() {
    let theirs = chain(60);
    let mut world = World::new(empty(), 1);
    world.start_with(1, tip(&theirs));
    let failed = SyncOutcome::Failed(SyncFailure::TimedOut(SyncPhase::Hashes));
    assert_eq!(world.run(), failed);
    assert_eq!(world.now, micros(205 * SECOND + 1));
    assert!(world.sent.is_empty());
    // Whoever comes in time is asked at once.
    let mut world = World::new(empty(), 1);
    world.start_with(1, tip(&theirs));
    world.pass(micros(100 * SECOND));
    world.honest(7, &Rc::new(theirs));
    assert_eq!(world.sent.len(), 1);
    assert!(matches!(world.run(), SyncOutcome::Synced(_)));
}

#[test]
fn what_somebody_left_behind_is_asked_of_others_at_once() {
    let theirs = Rc::new(chain(60));
    let mut world = World::new(empty(), 1);
    world.honest(1, &theirs);
    world.start(1);
    world.pass(micros(5 * SECOND));
    assert_eq!(world.sent.len(), 1);
    world.leave(1);
    world.honest(2, &theirs);
    assert!(matches!(world.sent[..], [(1, _), (2, _)]));
    while world.sync.phase() != SyncPhase::Headers {
        world.step();
    }
    let sent = world.sent.len();
    world.leave(2);
    world.honest(3, &theirs);
    assert_eq!(world.sent.len(), sent + 3);
    assert!(matches!(world.run(), SyncOutcome::Synced(_)));
    assert!(world.now < micros(6 * SECOND));
}
