//! People come and go, connections break at any moment, chains are replaced by others.

use std::time::Duration;

use nodewire::sim::chia::{Ledger, Maker};

use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};

use crate::people::{FARMER, FULL_NODES, GUEST, HARVESTERS, Plan, TIMELORD};
use crate::village::Village;

/// What may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Whatever is on its way anywhere may be lost, and the connection with it.
    Cuts,
    /// All connections of somebody are cut.
    Leaves(usize),
    /// Somebody begins anew, knowing nothing.
    Restarts(usize),
    /// A full node begins anew, with its chain.
    Forgets(usize),
    /// A guest comes with a heavier branch.
    Branches,
}

impl Village {
    fn trouble(&mut self, trouble: Trouble) {
        match trouble {
            Trouble::Cuts => {}
            Trouble::Leaves(number) => self.cut(number),
            Trouble::Restarts(number) => {
                let genesis = Maker::genesis(&self.plan.consensus);
                let fresh = Ledger::new(self.plan.consensus.clone(), genesis);
                self.restart(number, &fresh);
            }
            Trouble::Forgets(number) => {
                let ledger = self.ledger(number).clone();
                self.restart(number, &ledger);
            }
            Trouble::Branches => self.branch(),
        }
    }

    /// The guest has another chain than the rest from a few blocks below the top on, heavier by a
    /// block or two.
    fn branch(&mut self) {
        let mut ledger = self.ledger(0).clone();
        let height = self.tip(0).height;
        let below = height.saturating_sub(u32::try_from(self.rng.between(1, 4)).expect("few"));
        let longer = u32::try_from(self.rng.between(1, 2)).expect("few");
        let plot = self.rng.next();
        let maker = Maker::new(self.plan.consensus.clone(), plot);
        let hash = ledger.header_hash_at(below).expect("it is that high");
        let mut block = (**ledger.block(hash).expect("it is there")).clone();
        for _ in below..height + longer {
            block = maker.child(&block);
            ledger.add(block.clone());
        }
        self.restart(GUEST, &ledger);
        self.invite(true);
    }

    /// Somebody goes, and does not come back.
    fn bury(&mut self, number: usize) {
        for link in &mut self.links {
            link.is_off |= link.from == number || link.to == number;
        }
        self.cut(number);
    }

    pub fn invite(&mut self, is_there: bool) {
        for link in &mut self.links {
            if link.from == GUEST {
                (link.is_off, link.due) = (!is_there, self.now);
            }
        }
        if !is_there {
            self.cut(GUEST);
        }
    }
}

/// A long life with troubles, each after up to so many seconds, and then a quiet one.
pub fn live(plan: Plan, seed: u64, troubles: &[Trouble], every: u64, minutes: u64) {
    let mut village = Village::new(plan, seed);
    village.pass(Duration::from_secs(30));
    if troubles.contains(&Trouble::Cuts) {
        village.cuts = 2_000;
    }
    let until = village.now.after(Duration::from_secs(minutes * 60));
    while village.now < until {
        let span = village.rng.between(1, every);
        village.pass(Duration::from_millis(span * 1_000 + 137));
        let at = village.rng.below(troubles.len() as u64) as usize;
        village.trouble(troubles[at]);
        village.look();
    }
    village.cuts = 0;
    village.invite(false);
    // What is not listened to for a while, as chains that failed, is by then.
    for _ in 0..10 {
        village.pass(Duration::from_secs(60));
        village.look();
    }
    let before = village.heights();
    village.pass(Duration::from_secs(300));
    village.look();
    let after = village.heights();
    let grows = after[0] >= before[0] + 20;
    assert!(grows, "{seed}: {before:?} {after:?}: it does not grow: {}", village.describe());
    assert!(after.iter().all(|height| height.abs_diff(after[0]) <= 1), "{seed}: {after:?}");
}

/// Everybody may leave, and begin anew; that a full node loses its chain is tried with one.
fn troubles() -> impl Strategy<Value = Vec<Trouble>> {
    let leaves = (0..GUEST).prop_map(Trouble::Leaves);
    let restarts = (FARMER..GUEST).prop_map(Trouble::Restarts);
    let one = prop_oneof![
        Just(Trouble::Cuts),
        leaves,
        restarts,
        Just(Trouble::Restarts(2)),
        (0..FULL_NODES).prop_map(Trouble::Forgets),
        Just(Trouble::Branches)
    ];
    prop::collection::vec(one, 1..5)
}

/// How many lives are wanted, if `NODEWIRE_LIFE` says so.
fn wanted() -> Option<u32> {
    std::env::var("NODEWIRE_LIFE").ok().and_then(|cases| cases.parse().ok())
}

/// A few, the same in every run, unless `NODEWIRE_LIFE` says how many, which are others each time.
/// `PROPTEST_CASES` does not count: these are too long for thousands.
fn runner() -> TestRunner {
    let rng_seed = if wanted().is_some() { RngSeed::Random } else { RngSeed::Fixed(1) };
    let cases = wanted().unwrap_or(3);
    let name = "restless::whatever_happens_it_goes_on_afterwards";
    TestRunner::new(ProptestConfig {
        cases,
        rng_seed,
        max_shrink_iters: 8,
        failure_persistence: None,
        test_name: Some(name),
        ..ProptestConfig::default()
    })
}

#[test]
fn whatever_happens_it_goes_on_afterwards() {
    let lives = (any::<u64>(), troubles(), any::<bool>(), 5_u64..60);
    let lived = runner().run(&lives, |(seed, troubles, is_moody, every)| {
        let mut plan = Plan::new(true);
        plan.is_moody = is_moody;
        live(plan, seed, &troubles, every, 10);
        Ok(())
    });
    lived.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn whoever_farms_leaves_many_times() {
    let [one, other] = HARVESTERS;
    live(Plan::new(true), 2, &[one, other, FARMER].map(Trouble::Leaves), 30, 15);
}

#[test]
fn a_timelord_leaves_many_times() {
    live(Plan::new(true), 2, &[Trouble::Leaves(TIMELORD)], 30, 15);
}

/// Unfinished blocks, candidates and who has what are lost, with one full node or with all.
#[test]
fn full_nodes_forget_many_times() {
    live(Plan::new(true), 1, &[0, 1, 2].map(Trouble::Forgets), 30, 15);
    live(Plan::new(false), 2, &[Trouble::Forgets(0), Trouble::Cuts], 10, 15);
}

#[test]
fn chains_are_replaced_many_times() {
    live(Plan::new(true), 1, &[Trouble::Branches], 30, 15);
}

/// Whatever is on its way from a full node may be lost with it, and nobody comes instead.
#[test]
fn who_goes_for_good_stops_nobody() {
    for seed in 0..u64::from(wanted().unwrap_or(4)) {
        let mut plan = Plan::new(seed % 2 == 0);
        plan.is_moody = seed % 3 > 0;
        let mut village = Village::new(plan, seed);
        let span = village.rng.between(20_000, 60_000);
        village.pass(Duration::from_millis(span));
        village.cuts = 50_000;
        let span = village.rng.between(1, 3_000);
        village.pass(Duration::from_millis(span));
        village.cuts = 0;
        village.bury(0);
        village.pass(Duration::from_secs(60));
        let before = village.heights();
        village.pass(Duration::from_secs(180));
        let after = village.heights();
        let grows = after[1] >= before[1] + 5 && after[1].abs_diff(after[2]) <= 1;
        assert!(grows, "{seed}: {before:?} {after:?}: {}", village.describe());
    }
}
