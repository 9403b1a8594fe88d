//! Between full nodes, and between full node and introducer (`chia.md` 8, 12).

use alloc::vec::Vec;

use crate::codec::chia::object::message;
use crate::codec::chia::{self, FullBlock, HeaderBlock, PeerInfo, ProofOfTime};

message! {
    /// A proof of time, for who has the rest of the block (P-23).
    NewProofOfTime {
        /// The proof.
        proof: ProofOfTime,
    }
}

message! {
    /// A block without its proof of time (P-20).
    UnfinishedBlock {
        /// The block.
        block: FullBlock,
    }
}

message! {
    /// Asks for a block (P-8).
    RequestBlock {
        /// Which one.
        header_hash: chia::HeaderHash,
    }
}

message! {
    /// A finished block, asked for or not (P-1 to P-7).
    Block {
        /// The block.
        block: FullBlock,
    }
}

message! {
    /// Asks where full nodes are (P-25).
    RequestPeers {}
}

message! {
    /// The answer to [`RequestPeers`]: addresses (P-26).
    Peers {
        /// Where full nodes listen.
        peer_list: Vec<PeerInfo>,
    }
}

message! {
    /// Asks for the hashes of a whole chain (P-37, P-44).
    RequestAllHeaderHashes {
        /// Its tip.
        tip_header_hash: chia::HeaderHash,
    }
}

message! {
    /// The answer to [`RequestAllHeaderHashes`]: the hashes from the genesis to the tip (P-37).
    AllHeaderHashes {
        /// By height.
        header_hashes: Vec<chia::HeaderHash>,
    }
}

message! {
    /// Asks for headers of a chain (P-39, P-43).
    RequestHeaderBlocks {
        /// Its tip.
        tip_header_hash: chia::HeaderHash,
        /// Which ones: at most 25.
        heights: Vec<u32>,
    }
}

message! {
    /// The answer to [`RequestHeaderBlocks`]: the headers, in the order asked (P-40).
    HeaderBlocks {
        /// That of the request.
        tip_header_hash: chia::HeaderHash,
        /// The headers.
        header_blocks: Vec<HeaderBlock>,
    }
}

message! {
    /// Asks for blocks of a chain (P-42, P-43).
    RequestSyncBlocks {
        /// Its tip.
        tip_header_hash: chia::HeaderHash,
        /// Which ones: at most 5.
        heights: Vec<u32>,
    }
}

message! {
    /// The answer to [`RequestSyncBlocks`]: the blocks, in the order asked (P-42).
    SyncBlocks {
        /// That of the request.
        tip_header_hash: chia::HeaderHash,
        /// The blocks.
        blocks: Vec<FullBlock>,
    }
}

message! {
    /// A transaction is to be had here (P-29).
    TransactionId {
        /// Which one.
        transaction_id: chia::TransactionId,
    }
}

message! {
    /// Asks for a transaction (P-30).
    RequestTransaction {
        /// Which one.
        transaction_id: chia::TransactionId,
    }
}

message! {
    /// A transaction, mostly one that was asked for (P-31).
    NewTransaction {
        /// The transaction.
        transaction: chia::Transaction,
    }
}
