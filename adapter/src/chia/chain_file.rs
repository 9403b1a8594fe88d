//! A chain as a file: one block in hex a line, the first one first.

use std::io::{BufRead, Write};

use nodewire::codec::chia::FullBlock;
use nodewire::codec::streamable::Streamable;
use nodewire::sim::chia::{Consensus, Ledger, Maker};
use nodewire::state::chia::Added;

use crate::hex::{from_hex, to_hex};

/// A chain of so many blocks above the first, made up. `each` is called for every one.
pub fn made(consensus: &Consensus, blocks: u32, mut each: impl FnMut()) -> Ledger {
    let genesis = Maker::genesis(consensus);
    let maker = Maker::new(consensus.clone(), 0);
    let mut last = genesis.clone();
    let mut ledger = Ledger::new(consensus.clone(), genesis);
    for _ in 0..blocks {
        last = maker.child(&last);
        ledger.add(last.clone());
        each();
    }
    ledger
}

/// The chain in a file. Its first block is believed. `each` is called for every block.
///
/// # Errors
/// The first line that is no block, or does not follow on those before it.
pub fn read(
    consensus: &Consensus,
    from: impl BufRead,
    mut each: impl FnMut(),
) -> Result<Ledger, String> {
    let mut ledger: Option<Ledger> = None;
    for (number, line) in (1..).zip(from.lines()) {
        let wrong = |why: &str| format!("line {number}: {why}");
        let line = line.map_err(|error| wrong(&error.to_string()))?;
        if line.trim().is_empty() {
            continue;
        }
        let bytes = from_hex(&line).map_err(|error| wrong(&error))?;
        let block = FullBlock::from_bytes(&bytes)
            .map_err(|error| wrong(&format!("no block: {}", error.kind)))?;
        match &mut ledger {
            None => ledger = Some(Ledger::new(consensus.clone(), block)),
            Some(ledger) => match ledger.add(block) {
                Added::Tip(_) | Added::Orphan => {}
                Added::AlreadyHave => return Err(wrong("this block was there before")),
                Added::Invalid => return Err(wrong(NOT_VALID)),
                Added::Disconnected => return Err(wrong("this block's parent is not there")),
            },
        }
        each();
    }
    ledger.ok_or_else(|| "there is no block in it".to_owned())
}

/// What has most often made it so is the consensus.
const NOT_VALID: &str =
    "this block is not valid here (a chain made with another --min-block-time is not)";

/// The blocks of the heaviest branch, the first one first.
pub fn blocks(ledger: &Ledger) -> impl Iterator<Item = &FullBlock> {
    let at = |height| ledger.block(ledger.header_hash_at(height)?).map(AsRef::as_ref);
    (0..).map_while(at)
}

/// Writes the heaviest branch of a chain.
///
/// # Errors
/// Those of the writer.
pub fn write(ledger: &Ledger, to: &mut impl Write) -> std::io::Result<()> {
    for block in blocks(ledger) {
        writeln!(to, "{}", to_hex(&block.to_bytes()))?;
    }
    to.flush()
}
