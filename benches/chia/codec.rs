//! Bytes to messages and objects, and back.

use std::hint::black_box;

use nodewire::bytes::Bytes;
use nodewire::codec::Source;
use nodewire::codec::chia::{FullBlock, HeaderHash, Message};
use nodewire::codec::streamable::{RustCryptoSha256, Streamable};

use crate::common::{Case, Run, again};
use crate::samples;

/// The cases.
pub fn cases() -> Vec<Case> {
    let case = |name, make: fn() -> Run| Case { name, ops: 1, bytes: 0, make };
    let sized = |name, bytes, make: fn() -> Run| Case { name, ops: 1, bytes, make };
    vec![
        case("handshake/decode", || decode(samples::handshake())),
        case("handshake/encode", || encode(samples::handshake())),
        case("ping/decode", || decode(samples::small_one("ping"))),
        case("ping/encode", || encode(samples::small_one("ping"))),
        case("request_block/decode", || decode(samples::small_one("request_block"))),
        case("request_block/encode", || encode(samples::small_one("request_block"))),
        case("challenge_response/decode", || decode(samples::small_one("challenge_response"))),
        case("challenge_response/encode", || encode(samples::small_one("challenge_response"))),
        case("transaction_id/decode", || decode(samples::small_one("transaction_id"))),
        case("transaction_id/encode", || encode(samples::small_one("transaction_id"))),
        case("request_header_blocks/decode", || decode(samples::request_header_blocks())),
        case("request_header_blocks/encode", || encode(samples::request_header_blocks())),
        sized("block/decode", 2_142, || decode(samples::block())),
        case("block/encode", || encode(samples::block())),
        sized("header_blocks_25/decode", 47_600, || decode(samples::header_blocks())),
        case("header_blocks_25/encode", || encode(samples::header_blocks())),
        sized("sync_blocks_5/decode", 10_700, || decode(samples::sync_blocks())),
        case("sync_blocks_5/encode", || encode(samples::sync_blocks())),
        sized("hashes_1000/decode", 34_041, || decode(samples::all_header_hashes(1_000))),
        case("hashes_1000/encode", || encode(samples::all_header_hashes(1_000))),
        case("hashes_1000/encode_anew", || encode_anew(samples::all_header_hashes(1_000))),
        sized("full_block/decode", 2_125, || from(samples::full_block(5_000))),
        case("full_block/encode", || into(samples::full_block(5_000))),
        case("full_block/hash", || {
            again(samples::full_block(5_000), |block| {
                black_box(black_box(block).get_hash::<RustCryptoSha256>());
            })
        }),
        sized("list_1000/decode", 32_004, || from::<Vec<HeaderHash>>(samples::hashes(1_000))),
        case("list_1000/encode", || into(samples::hashes(1_000))),
        // Twice the input, at most 2.2 times the work.
        case("linear_hashes/1", || decode(samples::all_header_hashes(10_000))),
        case("linear_hashes/2", || decode(samples::all_header_hashes(20_000))),
        case("linear_unusual_hashes/1", || unusual(2_000)),
        case("linear_unusual_hashes/2", || unusual(4_000)),
        case("linear_unknown_keys/1", || unknown(2_000)),
        case("linear_unknown_keys/2", || unknown(4_000)),
        case("linear_empty_witnesses/1", || many(200)),
        case("linear_empty_witnesses/2", || many(400)),
    ]
}

/// From the read that it came in, as links do it.
fn decode(message: Message) -> Run {
    again(samples::encoded(&message), |bytes| {
        let message = Message::decode(black_box(bytes), Source::of(bytes));
        assert!(black_box(&message).is_ok());
    })
}

/// Into a buffer that is there, as links do it.
fn encode(message: Message) -> Run {
    let mut out = Vec::with_capacity(65_536);
    again(message, move |message| {
        out.clear();
        black_box(message).encode(black_box(&mut out));
    })
}

/// Into a vector made for it.
fn encode_anew(message: Message) -> Run {
    again(message, |message| {
        let mut out = Vec::new();
        black_box(message).encode(&mut out);
        black_box(out);
    })
}

fn from<T: Streamable>(value: T) -> Run {
    again(Bytes::from(value.to_bytes()), |bytes| {
        let value = T::from_source(black_box(bytes), Source::of(bytes));
        assert!(black_box(&value).is_ok());
    })
}

fn into<T: Streamable + 'static>(value: T) -> Run {
    let mut out = Vec::with_capacity(65_536);
    again(value, move |value| {
        out.clear();
        black_box(value).write(black_box(&mut out));
    })
}

/// Hashes as nobody writes them, with a head of three bytes before each.
fn unusual(count: u16) -> Run {
    let mut bytes = b"\xa2\x61f\x71all_header_hashes\x61d\xa1\x6dheader_hashes\x99".to_vec();
    bytes.extend(count.to_be_bytes());
    for number in 0..count {
        bytes.extend([0x59, 0, 32]);
        bytes.extend(samples::header_hash(number.into()).0);
    }
    again(Bytes::from(bytes), |bytes| {
        assert!(black_box(Message::decode(black_box(bytes), Source::of(bytes))).is_ok());
    })
}

/// An envelope of many keys that nobody knows, each with a value that is skipped.
fn unknown(count: u16) -> Run {
    let mut bytes = vec![0xb9];
    bytes.extend((count + 2).to_be_bytes());
    for number in 0..count {
        bytes.extend([0x62]);
        bytes.extend([b'a' + (number % 26) as u8, b'a' + (number / 26 % 26) as u8]);
        bytes.extend([0x82, 0xa1, 0x61, b'x', 0x41, 7, 0x84, 1, 2, 3, 0xf6]);
    }
    bytes.extend(b"\x61d\xa0\x61f\x6dhandshake_ack");
    again(Bytes::from(bytes), |bytes| {
        assert!(black_box(Message::decode(black_box(bytes), Source::of(bytes))).is_ok());
    })
}

/// As many blocks as fit, with nothing in them.
fn many(count: u32) -> Run {
    let block = |height| {
        let mut block: FullBlock = samples::full_block(height);
        block.header_block.proof_of_time = None;
        block.header_block.proof_of_space.proof.0 = Bytes::new();
        block
    };
    let blocks = (0..count).map(block).collect();
    let tip_header_hash = samples::header_hash(1);
    decode(nodewire::codec::chia::messages::SyncBlocks { tip_header_hash, blocks }.into())
}
