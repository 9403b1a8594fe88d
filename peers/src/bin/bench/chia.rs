//! Chia beside chia-traits and plain minicbor.

use std::hint::black_box;

use chia_traits::Streamable as Theirs;
use minicbor::{Decoder, Encoder};
use nodewire::bytes::Bytes;
use nodewire::codec::Source;
use nodewire::codec::chia::{FullBlock, HeaderHash, Message};
use nodewire::codec::streamable::Streamable;
use nodewire_peers::chia::{self as theirs, Bytes32, Fixed};
use nodewire_peers::chia_samples as samples;

use crate::Row;

const TRAITS: &str = "chia-traits";
const PLAIN: &str = "plain minicbor";
const BOTH: &str = "minicbor, chia-traits";

pub fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    let mut row = |what, against, reach, ours: Box<dyn FnMut()>, theirs: Box<dyn FnMut()>| {
        rows.push(Row { what, against, reach, ours, theirs });
    };
    let block = samples::full_block(5_000);
    let peer = theirs::FullBlock::from(&block);
    let bytes = block.to_bytes();
    row("chia: block frame, decode", BOTH, Some(0.7), our_decode(&samples::block()), their_frame());
    row(
        "chia: block frame, encode",
        BOTH,
        Some(0.7),
        our_encode(samples::block()),
        their_frame_encode(peer.clone()),
    );
    row("chia:   into a new vector", BOTH, None, our_encode_anew(samples::block()), {
        their_frame_encode(peer.clone())
    });
    row(
        "chia: FullBlock, decode",
        TRAITS,
        Some(0.6),
        our_from::<FullBlock>(bytes.clone()),
        their_from::<theirs::FullBlock>(bytes.clone()),
    );
    row(
        "chia: FullBlock, encode",
        TRAITS,
        Some(0.6),
        our_to(block.clone()),
        their_to(peer.clone()),
    );
    row("chia: FullBlock, encode into a buffer", TRAITS, None, our_into(block), their_into(peer));
    let hashes = samples::hashes(1_000);
    let list = hashes.to_bytes();
    let peers: Vec<Bytes32> = hashes.iter().map(|hash| Fixed(hash.0)).collect();
    row(
        "chia: list of 1,000 bytes32, decode",
        TRAITS,
        Some(0.25),
        our_from::<Vec<HeaderHash>>(list.clone()),
        their_from::<Vec<Bytes32>>(list),
    );
    row(
        "chia: list of 1,000 bytes32, encode",
        TRAITS,
        Some(0.6),
        our_to(hashes.clone()),
        their_to(peers.clone()),
    );
    row("chia:   into a buffer", TRAITS, None, our_into(hashes.clone()), their_into(peers));
    row(
        "chia: all_header_hashes of 1,000, decode",
        PLAIN,
        Some(0.6),
        our_decode(&samples::all_header_hashes(1_000)),
        plain_hashes(),
    );
    row(
        "chia: all_header_hashes of 1,000, encode",
        PLAIN,
        Some(0.6),
        our_encode(samples::all_header_hashes(1_000)),
        plain_hashes_encode(),
    );
    row(
        "chia:   into a new vector",
        PLAIN,
        None,
        our_encode_anew(samples::all_header_hashes(1_000)),
        plain_hashes_encode(),
    );
    let request = samples::small().into_iter().find(|(name, _)| *name == "request_block");
    let request = request.expect("a sample").1;
    row("chia: request_block, decode", PLAIN, None, our_decode(&request), plain_request());
    row("chia: request_block, encode", PLAIN, None, our_encode(request), plain_request_encode());
    rows
}

/// From the read that it came in, as links do it.
fn our_decode(message: &Message) -> Box<dyn FnMut()> {
    let bytes = samples::encoded(message);
    Box::new(move || {
        let read = Message::decode(black_box(&bytes), Source::of(&bytes));
        black_box(&read);
    })
}

/// As links do it: into a buffer that is there.
fn our_encode(message: Message) -> Box<dyn FnMut()> {
    let mut out = Vec::with_capacity(65_536);
    Box::new(move || {
        out.clear();
        black_box(&message).encode(black_box(&mut out));
    })
}

/// Into a vector made for it, as theirs does it.
fn our_encode_anew(message: Message) -> Box<dyn FnMut()> {
    Box::new(move || {
        let mut out = Vec::new();
        black_box(&message).encode(&mut out);
        black_box(out);
    })
}

fn our_from<T: Streamable + 'static>(bytes: Vec<u8>) -> Box<dyn FnMut()> {
    let bytes = Bytes::from(bytes);
    Box::new(move || {
        let read = T::from_source(black_box(&bytes), Source::of(&bytes));
        black_box(&read);
    })
}

fn our_to<T: Streamable + 'static>(value: T) -> Box<dyn FnMut()> {
    Box::new(move || {
        black_box(black_box(&value).to_bytes());
    })
}

fn our_into<T: Streamable + 'static>(value: T) -> Box<dyn FnMut()> {
    let mut out = Vec::with_capacity(65_536);
    Box::new(move || {
        out.clear();
        black_box(&value).write(black_box(&mut out));
    })
}

fn their_from<T: Theirs + 'static>(bytes: Vec<u8>) -> Box<dyn FnMut()> {
    assert!(T::from_bytes(&bytes).is_ok());
    Box::new(move || {
        let read = T::from_bytes(black_box(&bytes));
        black_box(&read);
    })
}

fn their_to<T: Theirs + 'static>(value: T) -> Box<dyn FnMut()> {
    Box::new(move || {
        black_box(black_box(&value).to_bytes().expect("not too large"));
    })
}

fn their_into<T: Theirs + 'static>(value: T) -> Box<dyn FnMut()> {
    let mut out = Vec::with_capacity(65_536);
    Box::new(move || {
        out.clear();
        black_box(&value).stream(black_box(&mut out)).expect("not too large");
    })
}

/// The envelope up to the value of its one member.
fn plain_member(decoder: &mut Decoder<'_>, function: &str, member: &str) -> Option<()> {
    (decoder.map().ok().flatten()? == 2).then_some(())?;
    (decoder.str().ok()? == "f").then_some(())?;
    (decoder.str().ok()? == function).then_some(())?;
    (decoder.str().ok()? == "d").then_some(())?;
    (decoder.map().ok().flatten()? == 1).then_some(())?;
    (decoder.str().ok()? == member).then_some(())
}

fn plain_head(encoder: &mut Encoder<&mut Vec<u8>>, function: &str, member: &str) -> Option<()> {
    encoder.map(2).ok()?.str("f").ok()?.str(function).ok()?.str("d").ok()?;
    encoder.map(1).ok()?.str(member).ok()?;
    Some(())
}

fn their_frame() -> Box<dyn FnMut()> {
    let bytes = samples::encoded(&samples::block());
    Box::new(move || {
        let mut decoder = Decoder::new(black_box(&bytes));
        plain_member(&mut decoder, "block", "block").expect("a block");
        let block = decoder.bytes().expect("bytes");
        let read = theirs::FullBlock::from_bytes(block);
        black_box(&read);
    })
}

fn their_frame_encode(block: theirs::FullBlock) -> Box<dyn FnMut()> {
    Box::new(move || {
        let mut out = Vec::new();
        let mut encoder = Encoder::new(&mut out);
        plain_head(&mut encoder, "block", "block").expect("a vector takes everything");
        let bytes = black_box(&block).to_bytes().expect("not too large");
        encoder.bytes(&bytes).expect("a vector takes everything");
        black_box(out);
    })
}

fn plain_hashes() -> Box<dyn FnMut()> {
    let bytes = samples::encoded(&samples::all_header_hashes(1_000));
    Box::new(move || {
        let mut decoder = Decoder::new(black_box(&bytes));
        plain_member(&mut decoder, "all_header_hashes", "header_hashes").expect("hashes");
        let count = decoder.array().ok().flatten().expect("a list");
        let mut hashes: Vec<[u8; 32]> = Vec::with_capacity((count as usize).min(bytes.len() / 34));
        for _ in 0..count {
            hashes.push(decoder.bytes().ok().and_then(|it| it.try_into().ok()).expect("a hash"));
        }
        assert_eq!(black_box(hashes).len(), 1_000);
    })
}

fn plain_hashes_encode() -> Box<dyn FnMut()> {
    let hashes = samples::hashes(1_000);
    Box::new(move || {
        let mut out = Vec::new();
        let mut encoder = Encoder::new(&mut out);
        plain_head(&mut encoder, "all_header_hashes", "header_hashes").expect("a vector");
        encoder.array(hashes.len() as u64).expect("a vector takes everything");
        for hash in black_box(&hashes) {
            encoder.bytes(&hash.0).expect("a vector takes everything");
        }
        black_box(out);
    })
}

fn plain_request() -> Box<dyn FnMut()> {
    let request = samples::small().into_iter().find(|(name, _)| *name == "request_block");
    let bytes = samples::encoded(&request.expect("a sample").1);
    Box::new(move || {
        let mut decoder = Decoder::new(black_box(&bytes));
        plain_member(&mut decoder, "request_block", "header_hash").expect("a request");
        let hash: Option<[u8; 32]> = decoder.bytes().ok().and_then(|it| it.try_into().ok());
        black_box(hash.expect("a hash"));
    })
}

fn plain_request_encode() -> Box<dyn FnMut()> {
    let hash = samples::header_hash(5);
    let mut out = Vec::with_capacity(4_096);
    Box::new(move || {
        out.clear();
        let mut encoder = Encoder::new(&mut out);
        plain_head(&mut encoder, "request_block", "header_hash").expect("a vector");
        encoder.bytes(&black_box(hash).0).expect("a vector takes everything");
    })
}
