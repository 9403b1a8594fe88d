//! Bytes to messages and back.

use std::hint::black_box;

use nodewire::bytes::Bytes;
use nodewire::codec::cbor::Scanner;
use nodewire::codec::leios::{
    Bitmap64, HandshakeMessage, KeepAliveMessage, LinearLeiosBlock, ReplyMessage, RequestMessage,
    TxBitmaps,
};
use nodewire::codec::{SegmentHeader, Source};

use crate::common::{Case, Run, again};
use crate::samples;

/// The cases.
pub fn cases() -> Vec<Case> {
    let case = |name, make: fn() -> Run| Case { name, ops: 1, bytes: 0, make };
    let sized = |name, bytes, make: fn() -> Run| Case { name, ops: 1, bytes, make };
    vec![
        case("offer/decode", || reply(samples::offer())),
        case("offer/encode", || encode(samples::offer())),
        case("announcement/decode", || reply(samples::announcement())),
        case("announcement/encode", || encode(samples::announcement())),
        case("announcement/view", || {
            again(samples::header(), |header| {
                black_box(header.view().is_ok());
            })
        }),
        case("keep_alive/decode", || {
            again([0x82, 0, 0x19, 1, 2], |item| {
                black_box(KeepAliveMessage::decode(black_box(item), Source::COPY).is_ok());
            })
        }),
        case("handshake/decode", || {
            let item = [0x82, 0, 0xa1, 14, 0x84, 0x1a, 0x2d, 0x96, 0x4a, 9, 0xf4, 0, 0xf4];
            again(item, |item| {
                black_box(HandshakeMessage::decode(black_box(item), Source::COPY).is_ok());
            })
        }),
        sized("block_639/decode", 23_009, || reply(samples::block_reply(639))),
        sized("block_13888/decode", 499_973, || reply(samples::block_reply(13_888))),
        case("block_13888/encode", || encode(samples::block_reply(13_888))),
        case("block_13888/references", || {
            again(samples::block(13_888), |block: &LinearLeiosBlock| {
                black_box(block.references().map(|tx| u64::from(tx.size)).sum::<u64>());
            })
        }),
        sized("txs_66_of_1500/decode", 99_264, || reply(samples::txs_reply(66, 1_500))),
        case("txs_66_of_1500/encode", || encode(samples::txs_reply(66, 1_500))),
        sized("txs_500_of_200/decode", 101_127, || reply(samples::txs_reply(500, 200))),
        case("txs_500_of_200/encode", || encode(samples::txs_reply(500, 200))),
        case("request_222/decode", || {
            let mut bytes = Vec::new();
            samples::request(222).encode(&mut bytes);
            again(bytes, |bytes| {
                black_box(RequestMessage::decode(black_box(bytes), Source::COPY).is_ok());
            })
        }),
        case("request_222/encode", || {
            let mut out = Vec::with_capacity(10_000);
            again(samples::request(222), move |request| {
                out.clear();
                request.encode(black_box(&mut out));
            })
        }),
        case("bitmaps/offsets", || {
            let bitmap = Bitmap64::new(0x5555_aaaa_0ff0_1001).expect("not zero");
            again(bitmap, |bitmap| {
                black_box(black_box(bitmap).offsets().sum::<u32>());
            })
        }),
        case("bitmaps/from_indices", || {
            again((0..14_000).step_by(3).collect::<Vec<u32>>(), |indices| {
                black_box(TxBitmaps::from_indices(indices.iter().copied()));
            })
        }),
        case("segment/decode", || {
            again([0, 0, 0, 1, 0x80, 24, 0x30, 0], |bytes| {
                black_box(SegmentHeader::decode(black_box(*bytes)).is_ok());
            })
        }),
        sized("scan/12MB", 12_000_000, || scan(samples::txs_reply(8_000, 1_500), usize::MAX)),
        sized("scan/100kB_by_byte", 99_264, || scan(samples::txs_reply(66, 1_500), 1)),
        // Twice the input, at most 2.2 times the work.
        case("linear_block/1", || reply(samples::block_reply(2_000))),
        case("linear_block/2", || reply(samples::block_reply(4_000))),
        case("linear_txs/1", || reply(samples::txs_reply(1_000, 50))),
        case("linear_txs/2", || reply(samples::txs_reply(2_000, 50))),
        case("linear_windows/1", || windows(100)),
        case("linear_windows/2", || windows(200)),
        case("linear_news/1", || reply(many_offers(1_000))),
        case("linear_news/2", || reply(many_offers(2_000))),
        case("linear_scan_by_byte/1", || scan(samples::txs_reply(200, 100), 1)),
        case("linear_scan_by_byte/2", || scan(samples::txs_reply(400, 100), 1)),
        case("linear_nested/1", || nested(5_000)),
        case("linear_nested/2", || nested(10_000)),
        case("linear_same_hash_prefix/1", || colliding(1_000)),
        case("linear_same_hash_prefix/2", || colliding(2_000)),
    ]
}

fn reply(message: ReplyMessage) -> Run {
    let bytes = samples::encoded(&message);
    assert_eq!(ReplyMessage::decode(&bytes, Source::of(&bytes)).as_ref(), Ok(&message));
    again(bytes, |bytes| {
        let message = ReplyMessage::decode(black_box(bytes), Source::of(bytes));
        black_box(message.is_ok());
    })
}

fn encode(message: ReplyMessage) -> Run {
    let mut out = Vec::with_capacity(1 << 20);
    again(message, move |message| {
        out.clear();
        message.encode(black_box(&mut out));
    })
}

fn windows(count: u32) -> Run {
    let mut bytes = Vec::new();
    samples::request(count).encode(&mut bytes);
    again(bytes, |bytes| {
        black_box(RequestMessage::decode(black_box(bytes), Source::COPY).is_ok());
    })
}

fn many_offers(count: usize) -> ReplyMessage {
    use nodewire::codec::leios::Notification::LinearLeiosBlockOffer;
    samples::news(vec![LinearLeiosBlockOffer(samples::point()); count])
}

fn scan(message: ReplyMessage, piece: usize) -> Run {
    let bytes: Bytes = samples::encoded(&message);
    again(bytes, move |bytes| {
        let mut scanner = Scanner::new(67);
        let mut ends = 0;
        for piece in bytes.chunks(piece) {
            ends += usize::from(matches!(scanner.feed(piece, usize::MAX), Ok(Some(_))));
        }
        assert_eq!(ends, 1);
    })
}

/// Arrays in arrays: refused, and not by counting them again and again.
fn nested(levels: usize) -> Run {
    let mut bytes = vec![0x84, 1, 0, 0xf4, 0x81, 0x82, 0];
    bytes.extend(core::iter::repeat_n(0x81, levels));
    again(bytes, |bytes| {
        let mut scanner = Scanner::new(u32::MAX);
        assert_eq!(scanner.feed(bytes, usize::MAX), Ok(None));
        assert!(ReplyMessage::decode(bytes, Source::COPY).is_err());
    })
}

/// A block whose hashes differ in their last bytes only, which a poor search for duplicates
/// takes ill.
fn colliding(count: u32) -> Run {
    let mut raw = vec![0xb9];
    raw.extend((count as u16).to_be_bytes());
    for number in 0..count {
        raw.extend([0x58, 32]);
        raw.extend([0; 28]);
        raw.extend(number.to_be_bytes());
        raw.push(1);
    }
    let raw = Bytes::from(raw);
    again(raw, |raw| {
        black_box(LinearLeiosBlock::from_raw(raw.clone()).is_ok());
    })
}
