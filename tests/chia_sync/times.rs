//! Times, to the microsecond.

use std::rc::Rc;
use std::time::Duration;

use nodewire::codec::chia::{HeaderHash, Message};
use nodewire::sim::chia::Ledger;
use nodewire::state::chia::{
    ConnectionId, SyncFailure, SyncLimits, SyncOutcome, SyncPhase, SyncStart,
};
use nodewire::{AskId, Machine, Outbox, Time};

use crate::chains::{chain, empty, grow, tip};
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
    world.start_with(2, tip(&other));
    world.honest(3, &Rc::new(chain(60)));
    world.tell(3, tip(&failed));
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

/// The hash of whoever's tip all were asked about.
fn asked_about(world: &World) -> Vec<HeaderHash> {
    let asked = world.sent.iter().filter_map(|(_, message)| match message {
        Message::RequestAllHeaderHashes(it) => Some(it.tip_header_hash),
        _ => None,
    });
    asked.collect()
}

/// A chain of so many blocks of another plot.
fn another(blocks: u32) -> Ledger {
    let mut ledger = empty();
    grow(&mut ledger, 2, blocks);
    ledger
}

#[test]
fn of_tips_of_the_same_weight_that_a_peer_tells_the_first_counts() {
    let (first, second) = (Rc::new(chain(60)), another(60));
    let mut world = World::new(empty(), 1);
    world.honest(1, &first);
    world.start(1);
    assert_eq!(tip(&first).weight(), tip(&second).weight());
    world.tell(1, tip(&second));
    world.pass(micros(5 * SECOND));
    assert_eq!(asked_about(&world), [first.chain().tips[0].header_hash]);
}

/// P-36: nor does one begin with a tip that weighs as much as ours.
#[test]
fn a_tip_that_is_not_heavier_than_ours_is_nobodys_turn() {
    for (blocks, turns) in [(10, 1), (11, 2)] {
        let mut world = World::new(chain(10), 1);
        world.twisted(1, &Rc::new(chain(60)), |_, _| Vec::new());
        world.twisted(2, &Rc::new(another(blocks)), |_, _| Vec::new());
        world.start(1);
        world.tell(2, tip(&another(blocks)));
        world.pass(micros(60 * SECOND));
        let mut tips = asked_about(&world);
        tips.dedup();
        assert_eq!(tips.len(), turns, "{blocks}");
    }
    let mut world = World::new(chain(10), 1);
    world.honest(1, &Rc::new(another(10)));
    world.start(1);
    assert_eq!(world.run(), SyncOutcome::NothingHeavier);
}

/// P-37: of a chain of so many hashes there is none that may be told.
#[test]
fn a_tip_that_is_higher_than_hashes_may_be_told_is_no_candidate() {
    let mut limits = SyncLimits::default();
    limits.max_header_hashes = 60;
    let mut sync = World::limited(empty(), 1, limits.clone()).sync;
    let start = |blocks| {
        let (chain, from) = (empty().chain(), ConnectionId(1));
        let start = SyncStart { chain, tip: tip(&crate::chains::chain(blocks)), from };
        nodewire::state::chia::SyncCommand::Start(Box::new(start))
    };
    let mut out = Outbox::new();
    sync.handle_local(Time::ZERO, start(60), &mut out).unwrap_err();
    sync.handle_local(Time::ZERO, start(59), &mut out).unwrap();
    // Nor is one that is told later.
    let mut world = World::limited(empty(), 1, limits);
    world.honest(1, &Rc::new(chain(59)));
    world.honest(2, &Rc::new(chain(60)));
    world.start(1);
    world.tell(2, tip(&chain(60)));
    world.pass(micros(5 * SECOND));
    assert_eq!(asked_about(&world), [chain(59).chain().tips[0].header_hash]);
}

#[test]
fn what_others_were_asked_for_is_not_asked_for_again_when_somebody_leaves() {
    let theirs = Rc::new(chain(120));
    for seed in 1..9 {
        let mut world = World::new(empty(), seed);
        for number in 1..=3 {
            world.honest(number, &theirs);
        }
        world.start(1);
        while world.sync.phase() != SyncPhase::Headers {
            assert!(world.step());
        }
        let of_first = |(to, message): &&(u64, Message)| {
            *to == 1 && matches!(message, Message::RequestHeaderBlocks(_))
        };
        let (sent, left) = (world.sent.len(), world.sent.iter().filter(of_first).count());
        world.leave(1);
        assert_eq!(world.sent.len(), sent + left, "{seed}");
    }
}

/// Of more tips than are kept the lightest makes room, and that of a peer that is gone before it.
#[test]
fn which_tip_makes_room_for_another() {
    let heights = |first: u32, leaves: bool, told: Ledger| {
        let mut limits = SyncLimits::default();
        limits.max_tips = 1;
        let mut world = World::limited(empty(), 1, limits);
        world.honest(1, &Rc::new(chain(first)));
        world.honest(2, &Rc::new(another(70)));
        world.start(1);
        if leaves {
            world.leave(1);
        }
        world.tell(2, tip(&told));
        world.pass(micros(5 * SECOND));
        assert_eq!(asked_about(&world).len(), 1);
        asked_about(&world)[0] == told.chain().tips[0].header_hash
    };
    assert!(heights(60, false, another(61)), "it is heavier");
    assert!(!heights(60, false, another(60)), "it is not");
    assert!(heights(60, true, another(59)), "the other one is gone");
}

/// A peer that tells one made-up tip after the other costs 205 s at most, and then nothing for 600 s,
/// 1200 s, and so on; nobody is blamed.
#[test]
fn what_a_peer_tells_whose_tip_failed_is_passed_over_for_ever_longer() {
    let theirs = Rc::new(chain(60));
    let mut world = World::new(empty(), 1);
    world.honest(1, &theirs);
    let made_up = |weight: u64| {
        let mut other = empty();
        grow(&mut other, weight, 70);
        let mut block = tip(&other);
        block.header_block.challenge.as_mut().unwrap().total_weight = 1_000_000 + weight;
        block
    };
    world.twisted(2, &theirs, |_, _| Vec::new());
    let tried = |world: &World, from, weight| {
        let (chain, tip) = (empty().chain(), made_up(weight));
        let start = SyncStart { chain, tip, from: ConnectionId(from) };
        let start = nodewire::state::chia::SyncCommand::Start(Box::new(start));
        let mut sync = world.sync.clone();
        sync.handle_local(world.now, start, &mut Outbox::new()).is_ok()
    };
    for (weight, cool) in (1..).zip([600, 1_200, 2_400]) {
        world.start_with(2, made_up(weight));
        let began = world.now;
        assert!(matches!(world.run(), SyncOutcome::Failed(_)));
        world.notices.clear();
        assert_eq!(world.now.since(began).as_micros(), u128::from(205 * SECOND + 1));
        let over = world.now.after(Duration::from_secs(cool));
        world.pass(micros(over.as_micros() - 1));
        assert!(!tried(&world, 2, weight + 1));
        // That of somebody else begins a sync, of which this peer's is no candidate.
        assert!(tried(&world, 1, weight + 1));
        let before = world.sync.clone();
        world.start(1);
        let running = world.sync.clone();
        world.tell(2, made_up(weight + 1));
        assert!(running == world.sync);
        world.sync = before;
        world.pass(over);
        assert!(tried(&world, 2, weight + 1));
    }
    // If nobody else is there it may have been our own network.
    world.start_with(2, made_up(9));
    assert!(matches!(world.run(), SyncOutcome::Failed(_)));
    assert!(!tried(&world, 2, 10));
    world.leave(1);
    assert!(tried(&world, 2, 10));
    assert_eq!(world.blamed(), []);
}

#[test]
fn every_tip_that_failed_is_barred_for_its_time() {
    let mut world = World::new(empty(), 1);
    for number in 1..=3 {
        world.twisted(number, &Rc::new(chain(60)), |_, _| Vec::new());
    }
    assert!(!world.sync.awaits(AskId::from_u64(1)), "it has asked nothing");
    let tips = [tip(&chain(60)), tip(&chain(59)), tip(&chain(58))];
    for (number, block) in (1..).zip(&tips) {
        world.notices.clear();
        world.start_with(number, block.clone());
        let SyncOutcome::Failed(_) = world.run() else { panic!() };
    }
    // The first failed 410 seconds before the last.
    assert!(tips.iter().all(|block| world.sync.is_barred(world.now, block)));
    world.now = world.now.after(Duration::from_secs(200));
    let barred: Vec<_> = tips.iter().map(|it| world.sync.is_barred(world.now, it)).collect();
    assert_eq!(barred, [false, true, true]);
}

/// Who was silent once is asked after all others, and at once if nobody else is there.
#[test]
fn who_was_silent_is_asked_at_once_if_it_is_alone() {
    let theirs = Rc::new(chain(120));
    let mut world = World::new(empty(), 1);
    world.honest(1, &theirs);
    world.twisted(2, &theirs, |_, answer| {
        answer.filter(|it| !matches!(it, Message::HeaderBlocks(_))).into_iter().collect()
    });
    world.start(1);
    while world.sync.phase() != SyncPhase::Blocks {
        assert!(world.step());
    }
    let asked = |world: &World, peer| {
        let of_it = world.sent.iter().filter(|(to, message)| {
            *to == peer && matches!(message, Message::RequestSyncBlocks(_))
        });
        of_it.count()
    };
    assert_eq!((asked(&world, 1), asked(&world, 2)), (10, 0));
    world.leave(1);
    assert_eq!(asked(&world, 2), 10);
}
