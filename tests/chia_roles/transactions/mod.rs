//! The exchange of transactions (`chia.md` 12, P-29 to P-33, W-5, A-11).

mod bounds;
mod fetching;
mod offering;
mod syncing;

use std::time::Duration;

use nodewire::codec::chia::messages::{self, NewTransaction, RequestTransaction};
use nodewire::codec::chia::{Blob, NodeType, Transaction, TransactionId};
use nodewire::codec::streamable::{RustCryptoSha256, Sha256};
use nodewire::state::chia::{
    Delivery, TransactionResult, Transactions, TransactionsCommand, TransactionsLimits,
    TransactionsQuery,
};

use crate::given::{Played, to};

/// Peers 1 to 9 are full nodes.
const NODES: u64 = 9;
const WALLET: u64 = 20;

fn exchange(limits: TransactionsLimits) -> Played<Transactions> {
    let mut played = Played::new(Transactions::new(limits));
    for node in 1..=NODES {
        played.connect(node, NodeType::FullNode);
    }
    played.connect(WALLET, NodeType::Wallet);
    played
}

fn default() -> Played<Transactions> {
    exchange(TransactionsLimits::default())
}

fn transaction(number: u64) -> Transaction {
    Transaction(Blob(number.to_be_bytes().to_vec().into()))
}

fn id(number: u64) -> TransactionId {
    TransactionId(RustCryptoSha256::sha256(&number.to_be_bytes()))
}

fn announcement(number: u64) -> messages::TransactionId {
    messages::TransactionId { transaction_id: id(number) }
}

fn sent(number: u64) -> NewTransaction {
    NewTransaction { transaction: transaction(number) }
}

fn request(from: u64, number: u64) -> Delivery {
    to(from, RequestTransaction { transaction_id: id(number) })
}

fn offer(number: u64) -> TransactionsQuery {
    TransactionsQuery::Offer(id(number), Box::new(transaction(number)))
}

/// Somebody announces what the mempool does not know.
fn announce(played: &mut Played<Transactions>, from: u64, number: u64) {
    played.hear(from, announcement(number));
    for (ask, query) in played.asked() {
        assert_eq!(query, TransactionsQuery::IsKnown(id(number)));
        played.local(TransactionsCommand::Known(ask, false));
    }
}

/// Somebody sends a transaction, which becomes of it what is said.
fn deliver(played: &mut Played<Transactions>, from: u64, number: u64, result: TransactionResult) {
    played.hear(from, sent(number));
    let (ask, query) = played.question();
    assert_eq!(query, offer(number));
    played.local(TransactionsCommand::Offered(ask, result));
}

const ACCEPTED: TransactionResult = TransactionResult::Accepted;
const SECOND: Duration = Duration::from_secs(1);

fn nearly(span: Duration) -> Duration {
    span.saturating_sub(Duration::from_micros(1))
}
