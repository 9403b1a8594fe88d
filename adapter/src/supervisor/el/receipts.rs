//! The logs of a block, from its receipts: all of them, in order, and of that block.

use nodewire::codec::supervisor::Log;

use super::fault::Fault;
use super::json::{Block, Receipt, ReceiptLog};

/// The most topics a log has.
const MOST_TOPICS: usize = 4;

/// The logs of `block`. The receipts are to be those of its transactions, one each in order, and
/// the logs' positions are to count from zero without a gap.
///
/// # Errors
/// [`Fault::Wrong`] with the first thing that doesn't fit.
pub fn logs(block: &Block, receipts: Vec<Receipt>) -> Result<Vec<Log>, Fault> {
    if receipts.len() != block.transactions().len() {
        return Err(Fault::Wrong("another number of receipts than of transactions"));
    }
    let mut logs = Vec::new();
    for ((place, transaction), receipt) in (0..).zip(block.transactions()).zip(receipts) {
        if receipt.block_hash != block.id().hash {
            return Err(Fault::Wrong("a receipt of another block"));
        }
        if receipt.transaction_hash != *transaction || receipt.transaction_index.0 != place {
            return Err(Fault::Wrong("a receipt of another transaction"));
        }
        for log in receipt.logs {
            logs.push(checked(block, logs.len(), log)?);
        }
    }
    Ok(logs)
}

fn checked(block: &Block, place: usize, log: ReceiptLog) -> Result<Log, Fault> {
    if log.block_hash != block.id().hash || log.removed {
        return Err(Fault::Wrong("a log of another block"));
    }
    if usize::try_from(log.log_index.0) != Ok(place) {
        return Err(Fault::Wrong("a gap in the positions of logs"));
    }
    if log.topics.len() > MOST_TOPICS {
        return Err(Fault::Wrong("a log of too many topics"));
    }
    Ok(Log { address: log.address, topics: log.topics, data: log.data })
}
