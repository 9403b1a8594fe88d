//! The messages that are measured: the same every time.

use nodewire::bytes::Bytes;
use nodewire::codec::chia::{
    Blob, Body, Bytes32, Challenge, ClassgroupElement, CoinbaseInfo, FeesTarget, FullBlock, Header,
    HeaderBlock, HeaderData, HeaderHash, Int1024, Message, NodeId, NodeType, PrependSignature,
    ProofOfSpace, ProofOfTime, PublicKey, TransactionId, messages,
};

/// Bytes like no others: spread by a multiplication, as hashes are.
pub fn spread<const N: usize>(number: u64) -> [u8; N] {
    let mut bytes = [0; N];
    for (at, part) in bytes.chunks_mut(8).enumerate() {
        let spread = number.wrapping_add(at as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        part.copy_from_slice(&(spread ^ spread >> 29).to_be_bytes()[..part.len()]);
    }
    bytes
}

pub fn hash(number: u64) -> Bytes32 {
    Bytes32(spread(number))
}

pub fn header_hash(number: u64) -> HeaderHash {
    HeaderHash(spread(number))
}

pub fn hashes(count: u64) -> Vec<HeaderHash> {
    (0..count).map(header_hash).collect()
}

/// A signature with the flag of those that have the key before the message.
pub fn signature(number: u64) -> PrependSignature {
    let mut bytes = spread(number);
    bytes[0] |= 0x40;
    PrependSignature(bytes)
}

fn blob(len: usize) -> Blob {
    Blob(Bytes::from((0..len).map(|at| at as u8).collect::<Vec<_>>()))
}

/// A proof of a plot of k = 19: 152 bytes.
pub fn proof_of_space(number: u64) -> ProofOfSpace {
    ProofOfSpace {
        challenge_hash: hash(number),
        pool_pubkey: PublicKey(spread(number + 1)),
        plot_pubkey: PublicKey(spread(number + 2)),
        size: 19,
        proof: blob(152),
    }
}

pub fn proof_of_time(number: u64) -> ProofOfTime {
    let output =
        ClassgroupElement { a: Int1024(spread(number + 3)), b: Int1024(spread(number + 4)) };
    ProofOfTime {
        challenge_hash: hash(number),
        number_of_iterations: 6_000_000 + number,
        output,
        witness_type: 3,
        witness: blob(934),
    }
}

/// All of a block of this height but its body, as large as the testnet's genesis has it.
pub fn header_block(height: u32) -> HeaderBlock {
    let number = u64::from(height) * 16;
    let challenge = Challenge {
        prev_challenge_hash: hash(number),
        proof_of_space_hash: hash(number + 5),
        proof_of_time_output_hash: hash(number + 6),
        height,
        total_weight: number,
        total_iters: 6_000_000 * number,
    };
    let data = HeaderData {
        prev_header_hash: header_hash(number),
        timestamp: 1_575_000_000 + number,
        filter_hash: hash(number + 7),
        proof_of_space_hash: hash(number + 5),
        body_hash: hash(number + 8),
        extension_data: Bytes32([0; 32]),
    };
    HeaderBlock {
        proof_of_space: proof_of_space(number),
        proof_of_time: Some(proof_of_time(number)),
        challenge: Some(challenge),
        header: Header { data, harvester_signature: signature(number + 9) },
    }
}

/// A finished block of 2,125 bytes, as many as the testnet's genesis has.
pub fn full_block(height: u32) -> FullBlock {
    let number = u64::from(height) * 16;
    let body = Body {
        coinbase: CoinbaseInfo {
            height,
            amount: 14_000_000_000_000,
            puzzle_hash: hash(number + 10),
        },
        coinbase_signature: signature(number + 11),
        fees_target_info: FeesTarget { puzzle_hash: hash(number + 12), amount: 2_000_000_000_000 },
        aggregated_signature: None,
        solutions_generator: hash(number + 13),
        cost: 0,
    };
    FullBlock { header_block: header_block(height), body }
}

pub fn block() -> Message {
    messages::Block { block: full_block(5_000) }.into()
}

pub fn all_header_hashes(count: u64) -> Message {
    messages::AllHeaderHashes { header_hashes: hashes(count) }.into()
}

/// The most headers that one answer has.
pub fn header_blocks() -> Message {
    let header_blocks = (5_000..5_025).map(header_block).collect();
    messages::HeaderBlocks { tip_header_hash: header_hash(1), header_blocks }.into()
}

/// The most blocks that one answer has.
pub fn sync_blocks() -> Message {
    let blocks = (5_000..5_005).map(full_block).collect();
    messages::SyncBlocks { tip_header_hash: header_hash(1), blocks }.into()
}

pub fn request_header_blocks() -> Message {
    let heights = (5_000..5_025).collect();
    messages::RequestHeaderBlocks { tip_header_hash: header_hash(1), heights }.into()
}

pub fn handshake() -> Message {
    messages::Handshake {
        network_id: "testnet".into(),
        version: "0.0.4".into(),
        node_id: NodeId(spread(1)),
        server_port: 8_444,
        node_type: NodeType::FullNode,
    }
    .into()
}

/// Messages of the size of a request.
pub fn small() -> Vec<(&'static str, Message)> {
    vec![
        ("handshake_ack", messages::HandshakeAck {}.into()),
        ("ping", messages::Ping { nonce: hash(2) }.into()),
        ("new_challenge", messages::NewChallenge { challenge_hash: hash(3) }.into()),
        (
            "challenge_response",
            messages::ChallengeResponse {
                challenge_hash: hash(3),
                quality: hash(4),
                plot_size: 32,
            }
            .into(),
        ),
        (
            "challenge_start",
            messages::ChallengeStart { challenge_hash: hash(3), weight: 1 << 40 }.into(),
        ),
        ("request_block", messages::RequestBlock { header_hash: header_hash(5) }.into()),
        (
            "transaction_id",
            messages::TransactionId { transaction_id: TransactionId(spread(6)) }.into(),
        ),
        ("proof_of_time_rate", messages::ProofOfTimeRate { pot_estimate_ips: 10_000 }.into()),
    ]
}

/// One of them.
pub fn small_one(wanted: &str) -> Message {
    let one = small().into_iter().find(|(name, _)| *name == wanted);
    one.map(|(_, message)| message).expect("one of the small ones")
}

pub fn encoded(message: &Message) -> Bytes {
    let mut out = Vec::new();
    message.encode(&mut out);
    Bytes::from(out)
}
