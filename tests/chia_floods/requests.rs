//! What a full node is asked, told of transactions, and answered without having asked.

use nodewire::codec::chia::NodeType::{FullNode as Full, Wallet};
use nodewire::codec::chia::messages::{
    AllHeaderHashes, HeaderBlocks, NewTransaction, RequestAllHeaderHashes, RequestAncestors,
    RequestBlock, RequestBody, RequestHeader, RequestHeaderBlocks, RequestSyncBlocks,
    RequestTransaction, SendTransaction, SyncBlocks, TransactionId,
};
use nodewire::codec::chia::{self, Blob, HeaderHash, Transaction};
use nodewire::codec::streamable::RustCryptoSha256;
use nodewire::state::chia::{ServingLimits, TransactionsLimits};

use crate::blocks::{full_node, top};
use crate::flood::{frame, items};
use crate::kinds::{Kind, OF_A_HASH, bytes32, kept};

fn hash(number: u64) -> HeaderHash {
    HeaderHash(bytes32(number).0)
}

fn tip() -> HeaderHash {
    top().header_hash::<RustCryptoSha256>()
}

#[test]
fn requests_of_full_nodes() {
    let ask = |name, item: fn(u64) -> Vec<u8>| full_node().flood(Kind::new(name, Full, item));
    ask("requests for unknown blocks", |number| frame(RequestBlock { header_hash: hash(number) }));
    ask("requests for hashes of unknown tips", |number| {
        frame(RequestAllHeaderHashes { tip_header_hash: hash(number) })
    });
    ask("requests for headers of unknown tips", |number| {
        frame(RequestHeaderBlocks { tip_header_hash: hash(number), heights: vec![1, 2] })
    });
    ask("requests for blocks of unknown tips", |number| {
        frame(RequestSyncBlocks { tip_header_hash: hash(number), heights: vec![1, 2] })
    });
    ask("requests for unknown transactions", |number| {
        frame(RequestTransaction { transaction_id: chia::TransactionId(bytes32(number).0) })
    });
    let tip_header_hash = tip();
    let known = move |_| frame(RequestHeaderBlocks { tip_header_hash, heights: (0..=8).collect() });
    full_node().flood(Kind::new("requests for headers, answered", Full, known));
    let limits = ServingLimits::default();
    let too_many = move |_| {
        let heights = vec![1; limits.max_headers_asked + 1];
        frame(RequestHeaderBlocks { tip_header_hash, heights })
    };
    full_node().flood(Kind::new("too many headers", Full, too_many).ends(&["TooManyHeights"]));
    let above = move |_| frame(RequestSyncBlocks { tip_header_hash, heights: vec![9] });
    full_node().flood(Kind::new("heights above the tip", Full, above).ends(&["HeightAboveTip"]));
}

/// It asks, and takes nothing of what it is answered.
#[test]
fn requests_of_the_deaf() {
    let tip_header_hash = tip();
    let ask = move |_| frame(RequestHeaderBlocks { tip_header_hash, heights: (0..=8).collect() });
    // It takes the handshake. After some thousand requests the bytes that wait are too many.
    let kind = Kind::new("requests of who reads nothing (A-16)", Full, ask).takes(1_000);
    let ends: &[_] = if items() > 20_000 { &["egress"] } else { &[] };
    // They are in buffers of their own: no more is there than waits, but for the one that grows.
    full_node().flood(kind.ends(ends).keeps("bytes that wait", EGRESS + EGRESS / 64, 1));
}

/// Bytes that may wait to leave (`chia.md` 14.4).
const EGRESS: usize = 64 << 20;

#[test]
fn answers_to_nothing() {
    let end = &["UnsolicitedAnswers"];
    let tell = |name, item: fn(u64) -> Vec<u8>| {
        full_node().flood(Kind::new(name, Full, item).ends(end));
    };
    tell("hashes that nobody asked for", |number| {
        frame(AllHeaderHashes { header_hashes: vec![hash(number); 100] })
    });
    tell("headers that nobody asked for", |number| {
        frame(HeaderBlocks { tip_header_hash: hash(number), header_blocks: vec![] })
    });
    tell("blocks that nobody asked for", |number| {
        frame(SyncBlocks { tip_header_hash: hash(number), blocks: vec![] })
    });
}

#[test]
fn transactions() {
    let limits = TransactionsLimits::default();
    let of = |number: u64| Transaction(Blob(number.to_be_bytes().repeat(32).into()));
    let known = limits.max_known;
    let announce =
        |number| frame(TransactionId { transaction_id: chia::TransactionId(bytes32(number).0) });
    let kind = Kind::new("ids of transactions that never come (A-11)", Full, announce);
    let kind = kind.keeps("max_fetches_per_peer", limits.max_fetches_per_peer, 2 * OF_A_HASH);
    full_node().flood(kind.keeps("max_known", 2 * known, OF_A_HASH));
    let send = move |number| frame(NewTransaction { transaction: of(number) });
    let kind = Kind::new("transactions that nobody asked for", Full, send);
    let of_one = kept(frame(NewTransaction { transaction: of(1) }).len());
    let kind = kind.keeps("max_open_asks_per_peer", limits.max_open_asks_per_peer, of_one);
    full_node().flood(kind.keeps("max_known", 4 * known, OF_A_HASH));
    let send = move |number| frame(SendTransaction { transaction: of(number) });
    let kind = Kind::new("transactions of a wallet", Wallet, send);
    let kind = kind.keeps("max_open_asks_per_peer", limits.max_open_asks_per_peer, of_one);
    full_node().flood(kind.keeps("max_known", 2 * known, OF_A_HASH));
}

#[test]
fn what_wallets_ask() {
    let ask = |name, item: fn(u64) -> Vec<u8>| full_node().flood(Kind::new(name, Wallet, item));
    ask("requests for unknown headers", |number| {
        frame(RequestHeader { header_hash: hash(number) })
    });
    ask("requests for unknown bodies", |number| frame(RequestBody { body_hash: bytes32(number) }));
    ask("requests for ancestors of unknown headers", |number| {
        frame(RequestAncestors { header_hash: hash(number), previous_heights_desired: vec![1] })
    });
    let header_hash = tip();
    let known = move |_| {
        frame(RequestAncestors { header_hash, previous_heights_desired: (0..8).collect() })
    };
    full_node().flood(Kind::new("requests for ancestors, answered", Wallet, known));
    let too_many =
        move |_| frame(RequestAncestors { header_hash, previous_heights_desired: vec![1; 101] });
    let kind = Kind::new("too many ancestors", Wallet, too_many);
    full_node().flood(kind.ends(&["TooManyAncestors"]));
}
