//! What a keeper answers to a sync, and to those that read its chain.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::keeper::Keeper;
use crate::ask::AskId;
use crate::codec::chia::{Blob, FullBlock, HeaderBlock};
use crate::state::chia::{AtHeights, Found, ServingCommand, ServingQuery, SyncCommand, SyncQuery};

impl Keeper {
    /// The answer to a sync.
    pub(super) fn synced(&mut self, id: AskId, query: SyncQuery) -> SyncCommand {
        match query {
            SyncQuery::HashAt { height } => {
                SyncCommand::HashAt(id, self.ledger.header_hash_at(height))
            }
            SyncQuery::WeighHeaders(batch) => {
                SyncCommand::Weighed(id, self.weigher.weigh(&self.ledger, &batch))
            }
            SyncQuery::VerifyWeight(claimed) => {
                SyncCommand::Weight(id, self.weigher.verify(&claimed))
            }
            SyncQuery::AddBlock(block) => SyncCommand::Added(id, self.ledger.add(*block)),
        }
    }

    /// The answer to somebody who reads the chain.
    pub(super) fn served(&self, id: AskId, query: ServingQuery) -> ServingCommand {
        match query {
            ServingQuery::Block(hash) => {
                let block = self.ledger.block(hash).map(|block| Box::new(FullBlock::clone(block)));
                ServingCommand::Block(id, block)
            }
            ServingQuery::HeaderHashes(tip) => {
                ServingCommand::HeaderHashes(id, self.ledger.hashes_to(tip))
            }
            ServingQuery::HeaderBlocks(wanted) => {
                let mut found = self.at_heights(&wanted, header_of);
                if let Found::All(headers) = &mut found {
                    let from = self.damaged.unwrap_or(u32::MAX);
                    let bad =
                        headers.iter_mut().filter(|it| it.height().is_some_and(|at| at >= from));
                    bad.for_each(damage);
                }
                ServingCommand::HeaderBlocks(id, found)
            }
            ServingQuery::SyncBlocks(wanted) => {
                ServingCommand::SyncBlocks(id, self.at_heights(&wanted, FullBlock::clone))
            }
            ServingQuery::Header(hash) => {
                let header = self.ledger.block(hash).map(|block| header_of(block));
                // There are no transactions to filter.
                ServingCommand::Header(id, header.map(|it| Box::new((it, Blob::default()))))
            }
            ServingQuery::Ancestors(wanted) => {
                let AtHeights { tip, heights } = wanted;
                let found = self.ledger.block(tip).map(|_| {
                    let found = heights
                        .into_iter()
                        .map(|height| Some((height, self.ledger.ancestor(tip, height)?)));
                    found.flatten().collect()
                });
                ServingCommand::Ancestors(id, found)
            }
            ServingQuery::Body(hash) => {
                ServingCommand::Body(id, self.ledger.body(hash).cloned().map(Box::new))
            }
        }
    }

    /// What is at these heights below a tip.
    fn at_heights<T>(&self, wanted: &AtHeights, of: fn(&FullBlock) -> T) -> Found<T> {
        let Some(tip) = self.ledger.block(wanted.tip) else { return Found::Unknown };
        if wanted.heights.iter().any(|height| *height > tip.height()) {
            return Found::AboveTip;
        }
        let found = wanted.heights.iter().map(|height| {
            let hash = self.ledger.ancestor(wanted.tip, *height)?;
            self.ledger.block(hash).map(|block| of(block))
        });
        found.collect::<Option<Vec<_>>>().map_or(Found::Unknown, Found::All)
    }
}

/// Another witness: the header hash does not cover it.
fn damage(header: &mut HeaderBlock) {
    if let Some(time) = &mut header.proof_of_time {
        time.witness = Blob(alloc::vec![0xBA; time.witness.0.len()].into());
    }
}

fn header_of(block: &FullBlock) -> HeaderBlock {
    block.header_block.clone()
}
