//! `feed`: a chain, made up, for full nodes to begin with.

use std::io::Write;

use clap::Args;
use nodewire::codec::streamable::{RustCryptoSha256, Streamable};
use nodewire::sim::chia::{Consensus, Ledger};
use nodewire_adapter::chia::chain_file;
use nodewire_adapter::hex::to_hex;
use serde_json::json;

use super::options::MOST_BLOCK_TIME;
use crate::cli::failure::Failure;

/// What chain.
#[derive(Debug, Args)]
pub struct Options {
    /// Blocks above the first.
    #[arg(long, default_value_t = 100)]
    blocks: u32,
    /// Seconds that a block takes at least, a day at most.
    #[arg(
        long, default_value_t = 10,
        value_parser = clap::value_parser!(u64).range(..=MOST_BLOCK_TIME)
    )]
    min_block_time: u64,
}

/// Prints the chain: one block in hex a line, as `serve chia --chain` reads it, or an object for
/// each.
pub fn run(options: &Options, json: bool) -> Result<(), Failure> {
    let mut consensus = Consensus::default();
    consensus.min_block_time = options.min_block_time;
    let ledger = chain_file::made(&consensus, options.blocks, || {});
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let written =
        if json { objects(&ledger, &mut out) } else { chain_file::write(&ledger, &mut out) };
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}

fn objects(ledger: &Ledger, to: &mut impl Write) -> std::io::Result<()> {
    for block in chain_file::blocks(ledger) {
        let line = json!({
            "height": block.height(),
            "header_hash": to_hex(&block.header_hash::<RustCryptoSha256>().0),
            "full_block": to_hex(&block.to_bytes()),
        });
        writeln!(to, "{line}")?;
    }
    Ok(())
}
