//! The index: blocks sealed.

use nodewire::codec::supervisor::RustCryptoKeccak256 as Keccak;
use nodewire::state::supervisor::{IndexedLog, Limits, Slot};

use crate::common::{Case, Run};
use crate::samples::{self, ANCHOR, block};

/// Logs of a block.
const LOGS: u32 = 100;

/// Blocks of a run.
const BLOCKS: u64 = 10;

/// The cases.
pub fn cases() -> Vec<Case> {
    let ops = u64::from(LOGS) * BLOCKS;
    vec![
        Case {
            name: "seal/log_hashes",
            ops,
            bytes: 0,
            make: || sealed(samples::plain, |log| *log),
        },
        Case {
            name: "seal/raw_logs",
            ops,
            bytes: 0,
            make: || sealed(samples::raw, IndexedLog::of::<Keccak>),
        },
        Case { name: "seal/executing", ops, bytes: 0, make: || sealed(executing, |log| *log) },
    ]
}

/// An index of one chain takes in blocks with what `log` makes, seen through `indexed`.
fn sealed<T: Clone + 'static>(log: fn(u8, u64, u32) -> T, indexed: fn(&T) -> IndexedLog) -> Run {
    let numbers = ANCHOR + 1..=ANCHOR + BLOCKS;
    let logs = |number| (0..LOGS).map(|position| log(0, number, position)).collect::<Vec<_>>();
    let blocks: Vec<_> = numbers.map(|number| (block(0, number), logs(number))).collect();
    Run::Anew(Box::new(move || {
        let (mut index, blocks) = (samples::index(1, Limits::default()), blocks.clone());
        Box::new(move || {
            for (block, logs) in &blocks {
                let logs: Vec<_> = logs.iter().map(indexed).collect();
                index.append(Slot(0), block, &logs).expect("the next block");
            }
            drop(std::hint::black_box(index));
        })
    }))
}

/// A log that executes one of the block before.
fn executing(chain: u8, number: u64, position: u32) -> IndexedLog {
    let claim = samples::claim(chain, number - 1, position);
    IndexedLog { executing: Some(claim), ..samples::plain(chain, number, position) }
}
