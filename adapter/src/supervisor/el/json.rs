//! What an execution layer says in JSON: read strictly where it counts, skipped elsewhere.

use nodewire::codec::supervisor::{Address, BlockId, BlockRef, Hash, HexBytes, HexUint64};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize};

use super::fault::Fault;

/// The text of a request.
///
/// # Panics
/// Never: these values have a JSON form.
#[must_use]
pub fn request(id: u64, method: &str, params: impl Serialize) -> Vec<u8> {
    #[derive(Serialize)]
    struct Request<'a, P> {
        jsonrpc: &'a str,
        id: u64,
        method: &'a str,
        params: P,
    }
    serde_json::to_vec(&Request { jsonrpc: "2.0", id, method, params }).expect("plain values")
}

/// The result in the text of an answer; `None` for `null`.
///
/// # Errors
/// [`Fault::Refused`] if the server says an error, [`Fault::Garbage`] if the text is no answer to
/// the request `id`, or its result is not a `T`.
pub fn answer<T: DeserializeOwned>(id: u64, text: &[u8]) -> Result<Option<T>, Fault> {
    let garbage = |error: serde_json::Error| {
        // The position and the reason; never the text, which may be long.
        Fault::Garbage(clipped(&error.to_string()))
    };
    let answer: Answer<T> = serde_json::from_slice(text).map_err(garbage)?;
    match answer {
        Answer { error: Some(error), .. } => Err(Fault::Refused { code: error.code }),
        Answer { id: echoed, .. } if echoed != Some(id) => {
            Err(Fault::Garbage("the id of another request".into()))
        }
        Answer { result: None, .. } => Err(Fault::Garbage("neither result nor error".into())),
        Answer { result: Some(result), .. } => Ok(result),
    }
}

/// A block without what its transactions do.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Block {
    number: HexUint64,
    hash: Hash,
    parent_hash: Hash,
    timestamp: HexUint64,
    state_root: Hash,
    /// Since the Isthmus upgrade: the storage root of the contract that messages to layer one
    /// pass through.
    #[serde(default)]
    withdrawals_root: Option<Hash>,
    transactions: Vec<Hash>,
}

impl Block {
    /// Its place in the chain.
    #[must_use]
    pub const fn block_ref(&self) -> BlockRef {
        BlockRef {
            hash: self.hash,
            number: self.number.0,
            parent_hash: self.parent_hash,
            timestamp: self.timestamp.0,
        }
    }

    /// Its hash and number.
    #[must_use]
    pub const fn id(&self) -> BlockId {
        self.block_ref().id()
    }

    /// The hashes of its transactions, in order.
    #[must_use]
    pub fn transactions(&self) -> &[Hash] {
        &self.transactions
    }

    /// The root of its state, and that of the contract's storage that messages to layer one pass
    /// through, if the header has it.
    #[must_use]
    pub const fn roots(&self) -> (Hash, Option<Hash>) {
        (self.state_root, self.withdrawals_root)
    }
}

/// A transaction, as far as deposits of the protocol are told apart by it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Transaction {
    /// The block it is in.
    pub block_hash: Hash,
    /// Its position there.
    pub transaction_index: HexUint64,
    /// Its EIP-2718 type.
    #[serde(rename = "type")]
    pub kind: HexUint64,
    /// Who sent it.
    pub from: Address,
    /// Whom it calls.
    pub to: Option<Address>,
    /// What with.
    pub input: HexBytes,
}

/// What a transaction left.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// The block it is in.
    pub block_hash: Hash,
    /// The transaction.
    pub transaction_hash: Hash,
    /// Its position in the block.
    pub transaction_index: HexUint64,
    /// What it logged.
    pub logs: Vec<ReceiptLog>,
}

/// A log, and where it says it is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReceiptLog {
    /// The contract that emitted it.
    pub address: Address,
    /// Up to four topics.
    pub topics: Vec<Hash>,
    /// The rest of it.
    pub data: HexBytes,
    /// Its position among all logs of the block.
    pub log_index: HexUint64,
    /// The block it is in.
    pub block_hash: Hash,
    /// Set on logs that a reorganisation took away.
    #[serde(default)]
    pub removed: bool,
}

#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct Answer<T> {
    #[serde(default, deserialize_with = "number_if_any")]
    id: Option<u64>,
    /// Absent: `None`; `null`: `Some(None)`.
    #[serde(default = "absent", deserialize_with = "present")]
    result: Option<Option<T>>,
    #[serde(default)]
    error: Option<RpcError>,
}

#[derive(Deserialize)]
struct RpcError {
    code: i64,
}

const fn absent<T>() -> Option<T> {
    None
}

fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// An id that we cannot have sent is no id.
fn number_if_any<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Id {
        Ours(u64),
        Other(IgnoredAny),
    }
    Ok(match Id::deserialize(from)? {
        Id::Ours(id) => Some(id),
        Id::Other(_) => None,
    })
}

fn clipped(text: &str) -> String {
    text.chars().take(120).collect()
}
