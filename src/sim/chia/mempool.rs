//! Transactions that wait for a block, as stand-ins: bytes with a first byte that says what they
//! are worth.

use alloc::collections::BTreeMap;

use crate::ask::AskId;
use crate::codec::chia::{Transaction, TransactionId};
use crate::state::chia::{TransactionResult, TransactionsCommand, TransactionsQuery};

/// The first byte of a transaction that no honest node passes on.
pub const INVALID: u8 = 0xFF;

/// A mempool: takes what is not empty, does not begin with [`INVALID`], and has room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Mempool {
    transactions: BTreeMap<TransactionId, Transaction>,
    most: usize,
}

impl Mempool {
    /// Room for so many.
    #[must_use]
    pub const fn new(most: usize) -> Self {
        Self { transactions: BTreeMap::new(), most }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.transactions.len()
    }

    /// True if there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.transactions.is_empty()
    }

    /// True if this one is there.
    #[must_use]
    pub fn contains(&self, id: TransactionId) -> bool {
        self.transactions.contains_key(&id)
    }

    /// Takes a transaction, or doesn't (P-31).
    pub fn offer(&mut self, id: TransactionId, transaction: Transaction) -> TransactionResult {
        match transaction.0.0.first() {
            _ if self.contains(id) => TransactionResult::Known,
            None | Some(&INVALID) => TransactionResult::Invalid,
            Some(_) if self.len() >= self.most => TransactionResult::Refused,
            Some(_) => {
                self.transactions.insert(id, transaction);
                TransactionResult::Accepted
            }
        }
    }

    /// The answer to a question.
    pub(super) fn answer(&mut self, id: AskId, query: TransactionsQuery) -> TransactionsCommand {
        match query {
            TransactionsQuery::IsKnown(of) => TransactionsCommand::Known(id, self.contains(of)),
            TransactionsQuery::Get(of) => {
                let found = self.transactions.get(&of).cloned();
                TransactionsCommand::Found(id, found.map(alloc::boxed::Box::new))
            }
            TransactionsQuery::Offer(of, transaction) => {
                TransactionsCommand::Offered(id, self.offer(of, *transaction))
            }
        }
    }
}
