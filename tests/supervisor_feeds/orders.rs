//! Orders in which chains, nodes, layer one and answers overtake each other.

use nodewire::sim::supervisor::{Cluster, Options, Order};

use crate::run::{Run, run};

/// Seeds from `first` on: many where they are fast.
pub fn seeds(first: u64, debug: u64, release: u64) -> std::ops::Range<u64> {
    let given = |name| std::env::var(name).ok().and_then(|it| it.parse().ok());
    let first = given("NODEWIRE_SEED").unwrap_or(first);
    let count = if cfg!(debug_assertions) { debug } else { release };
    first..first + given("NODEWIRE_SEEDS").unwrap_or(count)
}

/// Three chains with some of everything.
pub fn cluster(seed: u64) -> Cluster {
    let mut options = Options::default();
    // Chains of different speeds in every fourth.
    if seed % 4 == 3 {
        options.block_times = [2, 1, 4];
    }
    Cluster::generate(seed, 3, 40, options)
}

/// Everything is told, indexed, derived, verified and final where it can be.
pub fn assert_whole(run: &Run, about: &str) {
    assert!(run.settled, "{about}: {:?}", run.counts);
    assert!(run.supervisor.is_synced(), "{about}");
    for (chain, heads) in run.heads().into_iter().enumerate() {
        let head = run.feed.truth().head(chain).unwrap();
        assert_eq!(heads.local_unsafe, Some(head), "{about}, chain {chain}");
        let safe = heads.cross_safe.map(|entry| entry.derived);
        assert_eq!(safe, Some(head.seal()), "{about}, chain {chain}");
    }
}

#[test]
fn every_block_gets_safe_in_any_order() {
    let (mut invalidated, mut reorganised, mut rewound) = (0, 0, 0);
    let seeds = seeds(0, 12, 1_500);
    let count = seeds.end - seeds.start;
    for seed in seeds {
        let cluster = cluster(seed);
        let first = run(&cluster, Order::InTurn);
        assert_whole(&first, &format!("seed {seed} in turn"));
        for order in 1..=2 {
            let other = run(&cluster, Order::Mixed(order));
            let about = format!("seed {seed}, order {order}");
            assert_whole(&other, &about);
            for chain in 0..3 {
                let blocks = first.feed.truth().blocks(chain);
                assert_eq!(blocks, other.feed.truth().blocks(chain), "{about}, chain {chain}");
            }
            // With the layer-one blocks they are safe at.
            assert_eq!(first.heads(), other.heads(), "{about}");
            reorganised += other.counts.l1_reorganised;
            rewound += other.counts.rewound;
            invalidated += other.counts.invalidated;
        }
    }
    println!("{invalidated} invalidated, {rewound} rewound, {reorganised} times layer one");
    assert!(invalidated > count && reorganised > count / 2 && rewound > count);
}
