//! Answers that do not come, come late, or were never asked for.

use std::cell::Cell;
use std::rc::Rc;

use nodewire::codec::chia::Message;
use nodewire::codec::chia::messages::{AllHeaderHashes, HeaderBlocks, SyncBlocks};
use nodewire::state::chia::{SyncOutcome, SyncPhase};

use super::{LIAR, with_liar};
use crate::chains::{chain, empty, grow, tip};
use crate::world::World;

#[test]
fn silence_holds_nobody_up_and_blames_nobody() {
    let theirs = Rc::new(chain(600));
    for kind in 0..4 {
        let mut world = with_liar(&theirs, 7, move |_, answer| {
            let is_of = |message: &Message| match message {
                Message::AllHeaderHashes(_) => kind == 0 || kind == 3,
                Message::HeaderBlocks(_) => kind == 1 || kind == 3,
                Message::SyncBlocks(_) => kind == 2 || kind == 3,
                _ => false,
            };
            answer.filter(|message| !is_of(message)).into_iter().collect()
        });
        assert!(matches!(world.run(), SyncOutcome::Synced(_)));
        assert_eq!(world.blamed(), []);
        // Once it was silent it is asked only if nobody else is there.
        assert!(world.now.as_micros() < 40_000_000, "{}", world.now);
    }
}

#[test]
fn answers_that_nobody_asked_for_are_passed_over() {
    let theirs = Rc::new(chain(140));
    let mut world = World::new(empty(), 1);
    world.honest(1, &theirs);
    // It was asked for nothing, and sends good and bad things all the time.
    world.start(1);
    world.twisted(LIAR, &theirs, |_, _| Vec::new());
    let tip = theirs.chain().tips[0].header_hash;
    let all = theirs.hashes_to(tip).unwrap();
    while world.outcome().is_none() {
        world.step();
        let asked = world.sent.iter().any(|(to, _)| *to == LIAR);
        if !asked {
            world.hear(LIAR, AllHeaderHashes { header_hashes: all.clone() });
            world.hear(LIAR, AllHeaderHashes { header_hashes: Vec::new() });
            world.hear(LIAR, HeaderBlocks { tip_header_hash: tip, header_blocks: Vec::new() });
            world.hear(LIAR, SyncBlocks { tip_header_hash: tip, blocks: Vec::new() });
        }
    }
    assert!(matches!(world.outcome(), Some(SyncOutcome::Synced(_))));
    assert_eq!(world.blamed(), []);
}

#[test]
fn late_answers_for_the_tip_before_are_passed_over() {
    let before = Rc::new(chain(60));
    let mut more = chain(60);
    grow(&mut more, 1, 60);
    let theirs = Rc::new(more);
    let tip_before = before.chain().tips[0].header_hash;
    // It keeps every answer of the first sync, and sends them in the second.
    let mut world = World::new(empty(), 1);
    world.honest(1, &before);
    world.twisted(LIAR, &theirs, |_, answer| answer.into_iter().collect());
    world.delay = 30_000;
    world.start_with(1, tip(&before));
    assert!(matches!(world.run(), SyncOutcome::Synced(_)));
    world.notices.clear();
    world.start(LIAR);
    assert!(matches!(world.run(), SyncOutcome::Synced(_)));
    assert_eq!(world.blamed(), []);
    assert!(world.keeper.ledger.block(tip_before).is_some());
    world.settle();
    assert_eq!(world.blamed(), []);
}

/// In every phase, whoever it is that was asked for nothing.
#[test]
fn blocks_of_who_was_asked_for_none_are_passed_over_while_others_are_asked() {
    let theirs = Rc::new(chain(140));
    let mut world = World::new(empty(), 1);
    world.honest(1, &theirs);
    world.start(1);
    while world.sync.phase() != SyncPhase::Blocks {
        assert!(world.step());
    }
    world.twisted(LIAR, &theirs, |_, _| Vec::new());
    let tip_header_hash = theirs.chain().tips[0].header_hash;
    let asked = world.sent.iter().any(|(to, _)| *to == LIAR);
    assert!(!asked, "all of the window was asked for");
    world.hear(LIAR, SyncBlocks { tip_header_hash, blocks: Vec::new() });
    assert_eq!((world.blamed(), world.is_here(LIAR)), (vec![], true));
    assert_eq!(world.run(), SyncOutcome::Synced(tip_header_hash));
}

/// What was asked for before may come late, and no more of it than was asked for.
#[test]
fn answers_beyond_those_that_are_late_are_judged() {
    let before = Rc::new(chain(60));
    let mut more = chain(60);
    grow(&mut more, 1, 60);
    let theirs = Rc::new(more);
    let mut lied = 0;
    for seed in 0..6 {
        let lies = Rc::new(Cell::new(false));
        let is_lying = Rc::clone(&lies);
        let mut world = World::new(empty(), seed);
        world.honest(1, &before);
        world.honest(2, &theirs);
        world.twisted(LIAR, &theirs, move |_, answer| match answer {
            Some(Message::HeaderBlocks(_)) if !is_lying.get() => Vec::new(),
            Some(Message::HeaderBlocks(it)) => {
                vec![HeaderBlocks { header_blocks: Vec::new(), ..it }.into()]
            }
            answer => answer.into_iter().collect(),
        });
        world.start_with(1, tip(&before));
        while world.sync.phase() != SyncPhase::Blocks {
            assert!(world.step());
        }
        let asked = |world: &World| {
            let of_liar = world.sent.iter().filter(|(to, message)| {
                *to == LIAR && matches!(message, Message::RequestHeaderBlocks(_))
            });
            of_liar.count()
        };
        let late = asked(&world);
        for _ in 0..late {
            let tip_header_hash = before.chain().tips[0].header_hash;
            world.hear(LIAR, HeaderBlocks { tip_header_hash, header_blocks: Vec::new() });
        }
        assert!(matches!(world.run(), SyncOutcome::Synced(_)));
        assert_eq!(world.blamed(), []);
        world.notices.clear();
        lies.set(true);
        world.start(2);
        assert!(matches!(world.run(), SyncOutcome::Synced(_)));
        let expected: &[_] = if asked(&world) > late { &[(LIAR, "chia/P-40")] } else { &[] };
        assert_eq!(world.blamed(), expected, "{seed}");
        lied += usize::from(late > 0 && asked(&world) > late);
    }
    assert!(lied > 0, "it was never asked twice");
}
