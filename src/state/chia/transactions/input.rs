//! What goes into the exchange of transactions, what comes out of it, and how much of it there is.

use alloc::boxed::Box;
use core::fmt::Debug;
use core::hash::Hash;
use core::marker::PhantomData;
use core::time::Duration;

use crate::ask::AskId;
use crate::codec::chia::{Transaction, TransactionId};
use crate::codec::streamable::{RustCryptoSha256, Sha256};

/// What a transaction is known by.
pub trait TransactionIds: Clone + Debug + PartialEq + Eq + Hash + Send + 'static {
    /// The id of a transaction.
    fn transaction_id(transaction: &Transaction) -> TransactionId;
}

/// The default: SHA-256 of the transaction's bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransactionHash<H: Sha256 = RustCryptoSha256>(PhantomData<H>);

impl<H: Sha256> TransactionIds for TransactionHash<H> {
    fn transaction_id(transaction: &Transaction) -> TransactionId {
        TransactionId(H::sha256(&transaction.0.0))
    }
}

/// What the exchange of transactions is told by its own side.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum TransactionsCommand {
    /// The node begins or ends to sync: in between, transactions are passed over (P-29, P-34).
    Syncing(bool),
    /// The answer to [`TransactionsQuery::IsKnown`].
    Known(AskId, bool),
    /// The answer to [`TransactionsQuery::Get`]; `None`: it is not there.
    Found(AskId, Option<Box<Transaction>>),
    /// The answer to [`TransactionsQuery::Offer`].
    Offered(AskId, TransactionResult),
}

/// What the exchange of transactions asks the mempool.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_enums, reason = "a question passed over would stall a peer")]
pub enum TransactionsQuery {
    /// Is this transaction known (P-29)?
    IsKnown(TransactionId),
    /// The transaction of this id (P-30).
    Get(TransactionId),
    /// Here is a transaction: take it or leave it (P-31).
    Offer(TransactionId, Box<Transaction>),
}

/// What became of a transaction that the mempool was offered (P-31).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "the reference's four results")]
pub enum TransactionResult {
    /// It was taken: others are to hear of it.
    Accepted,
    /// It was there.
    Known,
    /// No honest node passes such a transaction on.
    Invalid,
    /// It is not wanted, which is nobody's fault: the fee, the room, a coin that is spent by now.
    Refused,
}

/// How many transactions are followed at a time, and for how long (P-29, P-33).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct TransactionsLimits {
    /// A source that was asked for a transaction has so long; then the next one is asked, and while
    /// there are more has half, a quarter, an eighth of it.
    pub fetch_timeout: Duration,
    /// Most ids that are being fetched.
    pub max_fetches: usize,
    /// Most of them that one peer is a source of.
    pub max_fetches_per_peer: usize,
    /// Most sources of an id.
    pub max_sources: usize,
    /// Most ids that a peer is remembered to know, and most that it is remembered to have been
    /// asked for.
    pub max_known: usize,
    /// Most questions open at a time.
    pub max_open_asks: usize,
    /// Most of them on behalf of one peer.
    pub max_open_asks_per_peer: usize,
    /// Most of them about what peers sent that are gone.
    pub max_open_asks_of_gone: usize,
}

impl Default for TransactionsLimits {
    fn default() -> Self {
        Self {
            fetch_timeout: Duration::from_secs(10),
            max_fetches: 4_096,
            max_fetches_per_peer: 512,
            max_sources: 8,
            max_known: 4_096,
            max_open_asks: 1_024,
            max_open_asks_per_peer: 16,
            max_open_asks_of_gone: 64,
        }
    }
}
