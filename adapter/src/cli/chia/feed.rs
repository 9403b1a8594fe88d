//! `feed`: a chain, made up, for full nodes to begin with.

use std::io::Write;

use clap::Args;
use nodewire::sim::chia::Consensus;
use nodewire_adapter::chia::chain_file;

use crate::cli::failure::Failure;

/// What chain.
#[derive(Debug, Args)]
pub struct Options {
    /// Blocks above the first.
    #[arg(long, default_value_t = 100)]
    blocks: u32,
    /// Seconds that a block takes at least.
    #[arg(long, default_value_t = 10)]
    min_block_time: u64,
}

/// Prints the chain: one block in hex a line.
pub fn run(options: &Options) -> Result<(), Failure> {
    let mut consensus = Consensus::default();
    consensus.min_block_time = options.min_block_time;
    let ledger = chain_file::made(&consensus, options.blocks);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    match chain_file::write(&ledger, &mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}
