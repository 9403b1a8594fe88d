//! The parts of a full node, each by itself.

use nodewire::codec::chia::{Blob, HeaderBlock, NodeType};
use nodewire::state::chia::{
    Added, Addresses, ConnectionId, Found, Serving, ServingCommand, ServingLimits, ServingQuery,
    Sync, SyncCommand, SyncLimits, SyncQuery, SyncStart, TransactionResult, Transactions,
    TransactionsCommand, TransactionsQuery, Weighed,
};

use super::{
    Answer, Command, ForRole, any, command_of_addresses, nobody, small_addresses,
    small_transactions,
};
use crate::given::chia::values::{self, chain, world};

pub fn addresses() -> ForRole<Addresses> {
    let make = || Addresses::new(small_addresses(5));
    ForRole::new(NodeType::FullNode, 1 << 15, make, nobody::<Addresses>(), command_of_addresses)
}

pub fn transactions() -> ForRole<Transactions> {
    let make = || Transactions::new(small_transactions());
    let answer: Answer<Transactions> = Box::new(|script, id, query| {
        Ok(vec![match query {
            TransactionsQuery::IsKnown(_) => TransactionsCommand::Known(id, script.ratio(1, 4)?),
            TransactionsQuery::Get(_) => {
                let found = script.ratio(1, 2)?.then(Box::default);
                TransactionsCommand::Found(id, found)
            }
            TransactionsQuery::Offer(..) => {
                TransactionsCommand::Offered(id, script.arbitrary::<TransactionResult>()?)
            }
        }])
    });
    let command: Command<Transactions> =
        |script| Ok(TransactionsCommand::Syncing(script.ratio(1, 3)?));
    ForRole::new(NodeType::FullNode, 1 << 16, make, answer, command)
}

pub fn serving() -> ForRole<Serving> {
    let make = || {
        let mut limits = ServingLimits::default();
        (limits.max_requests, limits.max_open_asks) = (3, 4);
        Serving::new(limits)
    };
    let answer: Answer<Serving> = Box::new(|script, id, query| {
        let ledger = &world().long;
        let found = script.int_in_range(0..=9_u8)?;
        let block = |hash| ledger.block(hash).map(|block| Box::new((**block).clone()));
        Ok(vec![match query {
            ServingQuery::Block(hash) => ServingCommand::Block(id, block(*hash)),
            ServingQuery::HeaderHashes(hash) => {
                ServingCommand::HeaderHashes(id, ledger.hashes_to(*hash))
            }
            ServingQuery::HeaderBlocks(at) => {
                let headers = |height: &u32| -> Option<HeaderBlock> {
                    block(ledger.ancestor(at.tip, *height)?).map(|it| it.header_block)
                };
                ServingCommand::HeaderBlocks(
                    id,
                    match at.heights.iter().map(headers).collect() {
                        _ if found == 0 => Found::Unknown,
                        _ if found == 1 => Found::AboveTip,
                        None => Found::AboveTip,
                        Some(all) => Found::All(all),
                    },
                )
            }
            ServingQuery::SyncBlocks(at) => {
                let blocks = |height: &u32| Some(*block(ledger.ancestor(at.tip, *height)?)?);
                ServingCommand::SyncBlocks(
                    id,
                    match at.heights.iter().map(blocks).collect() {
                        _ if found == 0 => Found::Unknown,
                        None => Found::AboveTip,
                        Some(all) => Found::All(all),
                    },
                )
            }
            ServingQuery::Header(hash) => ServingCommand::Header(
                id,
                block(*hash).map(|it| Box::new((it.header_block, Blob::default()))),
            ),
            ServingQuery::Ancestors(at) => {
                let ancestor = |height: &u32| Some((*height, ledger.ancestor(at.tip, *height)?));
                let all = at.heights.iter().filter_map(ancestor).collect();
                ServingCommand::Ancestors(id, (found > 1).then_some(all))
            }
            ServingQuery::Body(hash) => {
                ServingCommand::Body(id, ledger.body(*hash).map(|it| Box::new(it.clone())))
            }
        }])
    });
    ForRole::new(NodeType::FullNode, 1 << 18, make, answer, any)
}

pub fn sync() -> ForRole<Sync> {
    let make = || {
        let mut limits = SyncLimits::default();
        (limits.max_tips, limits.max_barred, limits.max_header_hashes) = (3, 2, 60);
        (limits.window, limits.max_unanswered) = (2, 4);
        (limits.headers_per_batch, limits.blocks_per_batch) = (5, 3);
        Sync::new(limits, 11)
    };
    let answer: Answer<Sync> = Box::new(|script, id, query| {
        let mostly = !script.ratio(1, 10)?;
        Ok(vec![match query {
            SyncQuery::HashAt { height } => {
                SyncCommand::HashAt(id, world().short.header_hash_at(*height))
            }
            SyncQuery::WeighHeaders(_) => {
                SyncCommand::Weighed(id, if mostly { Weighed::Good } else { script.arbitrary()? })
            }
            SyncQuery::VerifyWeight(_) => SyncCommand::Weight(id, mostly),
            SyncQuery::AddBlock(_) => SyncCommand::Added(
                id,
                if mostly { Added::Tip(Box::new(chain())) } else { script.arbitrary()? },
            ),
        }])
    });
    let command: Command<Sync> = |script| {
        let tip = if script.ratio(3, 4)? { values::heaviest() } else { values::block(script)? };
        let from = ConnectionId(script.int_in_range(0..=4)?);
        Ok(SyncCommand::Start(Box::new(SyncStart { chain: chain(), tip, from })))
    };
    ForRole::new(NodeType::FullNode, 1 << 18, make, answer, command)
}
