//! Between wallet and full node, which the seed names only (`chia.md` 8, 13).

use alloc::vec::Vec;

use crate::codec::chia::object::message;
use crate::codec::chia::{self, Blob, Bytes32, HeaderBlock};

message! {
    /// A wallet hands a transaction in (W-5).
    SendTransaction {
        /// The transaction.
        transaction: chia::Transaction,
    }
}

message! {
    /// The lowest common ancestor of the node's tips (W-1).
    NewLca {
        /// Which block it is.
        lca_hash: chia::HeaderHash,
        /// Its height.
        height: u32,
    }
}

message! {
    /// Asks for a header (W-2).
    RequestHeader {
        /// Which one.
        header_hash: chia::HeaderHash,
    }
}

message! {
    /// The answer to [`RequestHeader`]: the header, and the filter of its transactions (W-2).
    Header {
        /// The header.
        header_block: HeaderBlock,
        /// The filter (BIP 158), opaque.
        bip158_filter: Blob,
    }
}

message! {
    /// Asks for what lies below a header (W-3).
    RequestAncestors {
        /// Which header.
        header_hash: chia::HeaderHash,
        /// The heights wanted: at most 100.
        previous_heights_desired: Vec<u32>,
    }
}

message! {
    /// The answer to [`RequestAncestors`] (W-3).
    Ancestors {
        /// That of the request.
        header_hash: chia::HeaderHash,
        /// Heights and header hashes, in the order asked.
        ancestors: Vec<(u32, chia::HeaderHash)>,
    }
}

message! {
    /// Asks for a body (W-4).
    RequestBody {
        /// Which one: SHA-256 of it.
        body_hash: Bytes32,
    }
}

message! {
    /// The answer to [`RequestBody`] (W-4).
    RespondBody {
        /// The body.
        body: chia::Body,
    }
}
