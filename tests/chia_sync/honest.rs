//! Among honest nodes a sync always comes to an end, and nobody is blamed.

use std::rc::Rc;

use nodewire::state::chia::{SyncNotice, SyncOutcome, SyncPhase};
use proptest::prelude::*;

use crate::chains::{chain, empty, grow, tip};
use crate::world::World;

#[test]
fn a_fresh_node_gets_the_whole_chain_of_another() {
    let theirs = Rc::new(chain(160));
    let mut world = World::new(empty(), 1);
    world.honest(1, &theirs);
    world.start(1);
    let hash = theirs.chain().tips[0].header_hash;
    assert_eq!(world.run(), SyncOutcome::Synced(hash));
    assert_eq!(world.keeper.ledger.chain(), theirs.chain());
    assert_eq!(world.keeper.weighed, (1..=160).collect::<Vec<_>>());
    assert_eq!(world.keeper.added, (1..=160).collect::<Vec<_>>());
    assert_eq!(world.blamed(), []);
    let entered = world.notices.iter().filter_map(|notice| match notice {
        SyncNotice::Entered(phase, _) => Some(*phase),
        _ => None,
    });
    let entered = entered.collect::<Vec<_>>();
    use SyncPhase::{Blocks, Hashes, Headers, WaitTips, Weight};
    assert_eq!(entered, [WaitTips, Hashes, Headers, Weight, Blocks]);
}

#[test]
fn a_node_on_a_branch_leaves_it_at_the_fork() {
    let mut ours = chain(20);
    let mut theirs = ours.clone();
    grow(&mut ours, 2, 12);
    grow(&mut theirs, 1, 40);
    let theirs = Rc::new(theirs);
    let mut world = World::new(ours, 3);
    world.honest(1, &theirs);
    world.honest(2, &theirs);
    world.start(1);
    assert!(matches!(world.run(), SyncOutcome::Synced(_)));
    assert_eq!(world.keeper.ledger.chain().tips, theirs.chain().tips);
    assert_eq!(world.keeper.weighed, (21..=60).collect::<Vec<_>>());
    assert_eq!(world.blamed(), []);
}

#[test]
fn the_heaviest_candidate_is_picked_and_what_is_not_heavier_than_ours_is_not() {
    let (short, long) = (Rc::new(chain(40)), Rc::new(chain(70)));
    let mut world = World::new(empty(), 1);
    world.honest(1, &short);
    world.honest(2, &long);
    world.start(1);
    world.tell(2, tip(&short));
    world.tell(2, tip(&long));
    world.tell(2, tip(&short));
    let hash = long.chain().tips[0].header_hash;
    assert_eq!(world.run(), SyncOutcome::Synced(hash));
    // Only one of them had it: the other was silent, which is no fault.
    assert_eq!(world.blamed(), []);
    world.notices.clear();
    world.start(1);
    assert_eq!(world.run(), SyncOutcome::NothingHeavier);
    assert!(!world.sync.is_barred(world.now, &tip(&short)));
}

#[test]
fn a_chain_of_thousands_of_headers() {
    let theirs = Rc::new(chain(3_000));
    let mut world = World::new(empty(), 1);
    for number in 1..=4 {
        world.honest(number, &theirs);
    }
    world.start(1);
    assert!(matches!(world.run(), SyncOutcome::Synced(_)));
    assert_eq!(world.keeper.ledger.chain(), theirs.chain());
    assert_eq!(world.blamed(), []);
    // As many requests as there are batches, and one for the hashes.
    assert_eq!(world.sent.len(), 1 + 3_000 / 25 + 3_000 / 5);
}

#[derive(Clone, Copy, Debug)]
enum Churn {
    Joins(u64),
    Leaves(u64),
    JoinsAndIsSilent(u64),
    Tells(u64),
}

fn churn() -> impl Strategy<Value = Vec<(u16, Churn)>> {
    let one = prop_oneof![
        (2..40_u64).prop_map(Churn::Joins),
        (2..40_u64).prop_map(Churn::Leaves),
        (2..40_u64).prop_map(Churn::JoinsAndIsSilent),
        (2..40_u64).prop_map(Churn::Tells),
    ];
    proptest::collection::vec((0..400_u16, one), 0..24)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// One node stays that has the chain; others come, go, delay and say nothing.
    #[test]
    fn it_always_comes_to_its_end_and_nobody_is_blamed(
        seed in any::<u64>(),
        delay in 1..12_000_u64,
        (common, ours, theirs) in (0..40_u32, 0..10_u32, 11..90_u32),
        churn in churn(),
    ) {
        let base = chain(common);
        let (mut mine, mut other) = (base.clone(), base);
        grow(&mut mine, 2, ours);
        grow(&mut other, 1, theirs);
        let theirs = Rc::new(other);
        let mut world = World::new(mine, seed);
        world.delay = delay;
        world.honest(1, &theirs);
        world.start(1);
        let mut steps = 0_u64;
        let (mut churn, mut gone) = (churn.into_iter(), 0);
        let mut next = churn.next();
        while world.outcome().is_none() {
            prop_assert!(world.step());
            steps += 1;
            prop_assert!(steps < 100_000, "it goes on for ever");
            while let Some((at, what)) = next.filter(|(at, _)| u64::from(*at) < steps) {
                let _ = at;
                match what {
                    Churn::Joins(n) if !world.is_here(n + gone) => world.honest(n + gone, &theirs),
                    Churn::JoinsAndIsSilent(n) if !world.is_here(n + gone) => {
                        world.twisted(n + gone, &theirs, |_, _| Vec::new());
                    }
                    Churn::Leaves(n) => {
                        // Numbers of connections are never used twice.
                        world.leave(n + gone);
                        gone += 40;
                    }
                    Churn::Tells(n) if world.is_here(n + gone) => {
                        world.tell(n + gone, tip(&theirs));
                    }
                    _ => {}
                }
                next = churn.next();
            }
        }
        let hash = theirs.chain().tips[0].header_hash;
        prop_assert_eq!(world.outcome(), Some(SyncOutcome::Synced(hash)));
        prop_assert_eq!(world.blamed(), []);
        prop_assert_eq!(&world.keeper.ledger.chain().tips[0], &theirs.chain().tips[0]);
        world.settle();
        prop_assert_eq!(world.blamed(), []);
    }
}
