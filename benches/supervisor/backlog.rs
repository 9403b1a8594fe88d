//! Promotion: long backlogs, and blocks that depend on each other.

#![allow(clippy::disallowed_types)] // A clock is what this is about.

use std::hint::black_box;
use std::time::Instant;

use nodewire::codec::supervisor::DerivedRefPair;
use nodewire::state::supervisor::{Index, IndexedLog, Limits, Slot};

use crate::common::{Case, Run};
use crate::samples::{self, ANCHOR, block, claim, l1, plain};

/// The cases.
pub fn cases() -> Vec<Case> {
    let case = |name, make| Case { name, ops: 1, bytes: 0, make };
    vec![
        case("linear_backlog/1", || promoted(|| backlog(10, 500))),
        case("linear_backlog/2", || promoted(|| backlog(10, 1_000))),
        case("linear_ring_messages/1", || promoted(|| ring(16, 200))),
        case("linear_ring_messages/2", || promoted(|| ring(16, 400))),
        case("linear_ring_chains/1", || promoted(|| ring(63, 100))),
        case("linear_ring_chains/2", || promoted(|| ring(126, 100))),
        case("linear_waits/1", || waits(1_000)),
        case("linear_waits/2", || waits(2_000)),
    ]
}

/// Seconds until the heads of a hundred thousand blocks over ten chains have got there.
pub fn seconds() -> f64 {
    let mut best = f64::MAX;
    for _ in 0..5 {
        let mut index = backlog(10, 10_000);
        let began = Instant::now();
        promote(&mut index);
        best = best.min(began.elapsed().as_secs_f64());
    }
    best
}

fn promoted(make: impl Fn() -> Index + 'static) -> Run {
    Run::Anew(Box::new(move || {
        let mut index = make();
        Box::new(move || {
            promote(&mut index);
            drop(black_box(index));
        })
    }))
}

/// Until nothing is left to do: every block gets there.
fn promote(index: &mut Index) {
    let mut then = Vec::new();
    while !index.promote(&mut then) {}
    for slot in index.slots() {
        let heads = index.heads(slot);
        let safe = heads.cross_safe.map(|entry| entry.derived.number);
        assert!(safe.is_some() && safe == heads.local_unsafe.map(|head| head.number));
    }
}

/// Blocks of two logs each, told but not promoted: every second log executes one of the block
/// before, of another chain.
fn backlog(chains: u8, blocks: u64) -> Index {
    let mut index = samples::index(chains, Limits::default());
    for number in ANCHOR + 1..=ANCHOR + blocks {
        for chain in 0..chains {
            let executing =
                (number > ANCHOR + 1).then(|| claim((chain + 1) % chains, number - 1, 0));
            let second = IndexedLog { executing, ..plain(chain, number, 1) };
            tell(&mut index, chain, number, &[plain(chain, number, 0), second]);
        }
    }
    index
}

/// A block on each chain, every log of which executes one of the next chain: the last chain goes
/// back to the log before, so that there is no cycle.
fn ring(chains: u8, messages: u32) -> Index {
    let mut index = samples::index(chains, Limits::default());
    let number = ANCHOR + 1;
    for chain in 0..chains {
        let logs = (0..messages).map(|position| {
            let target = if chain + 1 < chains {
                Some(claim(chain + 1, number, position))
            } else {
                position.checked_sub(1).map(|before| claim(0, number, before))
            };
            IndexedLog { executing: target, ..plain(chain, number, position) }
        });
        tell(&mut index, chain, number, &logs.collect::<Vec<_>>());
    }
    index
}

/// A block claims one log of each of so many blocks of another chain, which come one by one.
fn waits(blocks: u64) -> Run {
    Run::Anew(Box::new(move || {
        let mut index = samples::index(2, Limits::default());
        let last = ANCHOR + blocks;
        for number in ANCHOR + 1..last {
            tell(&mut index, 0, number, &[]);
        }
        let claims = (1..blocks).map(|back| claim(1, last - back, 0));
        let logs = (0_u32..).zip(claims).map(|(position, claim)| IndexedLog {
            executing: Some(claim),
            ..plain(0, last, position)
        });
        tell(&mut index, 0, last, &logs.collect::<Vec<_>>());
        Box::new(move || {
            let mut then = Vec::new();
            for number in ANCHOR + 1..=last {
                tell(&mut index, 1, number, &[plain(1, number, 0)]);
                while !index.promote(&mut then) {}
            }
            promote(&mut index);
        })
    }))
}

/// A block with its logs, and what it was derived from: one layer-one block for six.
fn tell(index: &mut Index, chain: u8, number: u64, logs: &[IndexedLog]) {
    let slot = Slot(chain);
    index.append(slot, &block(chain, number), logs).expect("the next block");
    let sources = |number: u64| l1(ANCHOR + (number - ANCHOR) / 6);
    let mut then = Vec::new();
    for derived in [number - 1, number] {
        let pair = DerivedRefPair { source: sources(number), derived: block(chain, derived) };
        // The block before has been told already, unless it is of another layer-one block.
        if derived == number || sources(number) != sources(derived) {
            index.derive(slot, &pair, &mut then).expect("the next pair");
        }
    }
}
