//! What every connection speaks: handshake and ping (`chia.md` 7).

use alloc::string::String;

use crate::codec::chia::object::message;
use crate::codec::chia::{Bytes32, NodeId, NodeType};

message! {
    /// Who a node is: the first message of each side (C-1).
    Handshake {
        /// Which network it belongs to: `"testnet"` or `"mainnet"`.
        network_id: String,
        /// Which protocol it speaks: `"0.0.4"`.
        version: String,
        /// What it calls itself, at random for each start of its process.
        node_id: NodeId,
        /// Where it listens; 0: nowhere.
        server_port: u16,
        /// What it is.
        node_type: NodeType,
    }
}

message! {
    /// The other side's handshake was found good: the second message of each side (C-4).
    HandshakeAck {}
}

message! {
    /// Asks whether the other side is there (C-12).
    Ping {
        /// At random for each ping.
        nonce: Bytes32,
    }
}

message! {
    /// The answer to [`Ping`] (C-12).
    Pong {
        /// That of the ping.
        nonce: Bytes32,
    }
}
