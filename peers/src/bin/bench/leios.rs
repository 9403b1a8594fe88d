//! Leios beside pallas-network2 and plain minicbor.

use std::hint::black_box;

use nodewire::codec::Source;
use nodewire::codec::leios::{LinearLeiosBlock, NaiveMessage, ReplyMessage};
use nodewire_peers::{samples, their_bytes, their_point};
use pallas_codec::minicbor;
use pallas_codec::minicbor::bytes::{ByteArray, ByteVec};
use pallas_network2::protocol::{AnyCbor, leiosfetch, leiosnotify};

use crate::Row;

pub fn rows() -> Vec<Row> {
    const NETWORK: &str = "pallas-network2";
    const PLAIN: &str = "plain minicbor";
    let mut rows = Vec::new();
    let mut row = |what, against, reach, ours: Box<dyn FnMut()>, theirs: Box<dyn FnMut()>| {
        rows.push(Row { what, against, reach, ours, theirs });
    };

    // Theirs carries a size behind the point; ours a request number and a flag before it.
    let offer = leiosnotify::Message::BlockOffer(their_point(samples::point()), 500_000);
    row(
        "offer, decode",
        NETWORK,
        Some(0.6),
        our_decode(&samples::offer()),
        their_decode::<leiosnotify::Message>(their_bytes(&offer)),
    );
    let encode = || their_encode(offer.clone());
    row("offer, encode", NETWORK, Some(0.25), our_encode(samples::offer()), encode());
    row("  into a new vector", NETWORK, None, our_encode_anew(samples::offer()), encode());
    let naive = leiosnotify::Message::BlockTxsOffer(their_point(samples::point()));
    row(
        "  of the same shape (naive), decode",
        NETWORK,
        None,
        our_naive_offer(),
        their_decode::<leiosnotify::Message>(their_bytes(&naive)),
    );

    let header = AnyCbor::from_raw_bytes(samples::header().raw().to_vec());
    let announcement = leiosnotify::Message::BlockAnnouncement(header);
    row(
        "announcement, decode",
        NETWORK,
        None,
        our_decode(&samples::announcement()),
        their_decode::<leiosnotify::Message>(their_bytes(&announcement)),
    );
    row(
        "announcement, encode",
        NETWORK,
        None,
        our_encode(samples::announcement()),
        their_encode(announcement),
    );

    for (what, count, size) in [
        ("66 transactions of 1,500 bytes, decode", 66, 1_500),
        ("500 transactions of 200 bytes, decode", 500, 200),
    ] {
        row(
            what,
            NETWORK,
            Some(0.3),
            our_decode(&samples::txs_reply(count, size)),
            their_decode::<leiosfetch::Message>(their_bytes(&their_txs(count, size))),
        );
        row(
            what,
            PLAIN,
            None,
            our_decode(&samples::txs_reply(count, size)),
            plain_txs(count as usize, size),
        );
    }

    for (what, count) in [
        ("block of 639, decode, duplicates checked", 639),
        ("block of 13,888, decode, duplicates checked", 13_888),
    ] {
        let block = AnyCbor::from_raw_bytes(samples::block(count).raw().to_vec());
        let block = their_bytes(&leiosfetch::Message::Block(block));
        row(
            what,
            NETWORK,
            Some(1.5),
            our_decode(&samples::block_reply(count)),
            their_decode::<leiosfetch::Message>(block.clone()),
        );
        row(
            "  its references to values, nothing checked",
            NETWORK,
            Some(0.8),
            our_references(samples::block(count)),
            their_decode::<leiosfetch::Message>(block),
        );
        row(
            "  decode, duplicates checked",
            PLAIN,
            None,
            our_decode(&samples::block_reply(count)),
            plain_references(samples::block(count)),
        );
    }

    let bitmaps = leiosfetch::Bitmaps::all(222 * 64);
    let request = leiosfetch::Message::BlockTxsRequest(their_point(samples::point()), bitmaps);
    row(
        "request for 222 windows, decode",
        NETWORK,
        None,
        our_request(),
        their_decode::<leiosfetch::Message>(their_bytes(&request)),
    );
    rows
}

fn our_decode(message: &ReplyMessage) -> Box<dyn FnMut()> {
    let bytes = samples::encoded(message);
    Box::new(move || {
        black_box(ReplyMessage::decode(black_box(&bytes), Source::of(&bytes)).is_ok());
    })
}

/// As links do it: into a buffer that is there.
fn our_encode(message: ReplyMessage) -> Box<dyn FnMut()> {
    let mut out = Vec::with_capacity(4_096);
    Box::new(move || {
        out.clear();
        message.encode(black_box(&mut out));
    })
}

/// Into a vector made for it, as theirs does it.
fn our_encode_anew(message: ReplyMessage) -> Box<dyn FnMut()> {
    Box::new(move || {
        let mut out = Vec::new();
        message.encode(&mut out);
        black_box(out);
    })
}

/// The naive protocol's offer, which has the very shape of theirs.
fn our_naive_offer() -> Box<dyn FnMut()> {
    let mut bytes = Vec::new();
    NaiveMessage::MsgLeiosBlockTxsOffer(samples::point()).encode(&mut bytes);
    Box::new(move || {
        black_box(NaiveMessage::decode(black_box(&bytes), Source::COPY).is_ok());
    })
}

fn our_request() -> Box<dyn FnMut()> {
    let mut bytes = Vec::new();
    samples::request(222).encode(&mut bytes);
    Box::new(move || {
        use nodewire::codec::leios::RequestMessage;
        black_box(RequestMessage::decode(black_box(&bytes), Source::COPY).is_ok());
    })
}

fn our_references(block: LinearLeiosBlock) -> Box<dyn FnMut()> {
    Box::new(move || {
        let references: Vec<_> = black_box(&block).references().collect();
        black_box(references);
    })
}

fn their_decode<M: for<'b> minicbor::Decode<'b, ()> + 'static>(bytes: Vec<u8>) -> Box<dyn FnMut()> {
    assert!(minicbor::decode::<M>(&bytes).is_ok());
    Box::new(move || {
        black_box(minicbor::decode::<M>(black_box(&bytes)).is_ok());
    })
}

fn their_encode<M: minicbor::Encode<()> + 'static>(message: M) -> Box<dyn FnMut()> {
    Box::new(move || {
        black_box(their_bytes(black_box(&message)));
    })
}

fn their_txs(count: u32, size: usize) -> leiosfetch::Message {
    let tx = |at: u32| {
        let bytes = ByteVec::from(vec![at as u8; size]);
        AnyCbor::from_raw_bytes(their_bytes(&bytes))
    };
    leiosfetch::Message::BlockTxs {
        point: their_point(samples::point()),
        bitmaps: leiosfetch::Bitmaps::all(count as usize),
        txs: (0..count).map(tx).collect(),
    }
}

/// The least there is to do: a list of borrowed byte strings.
fn plain_txs(count: usize, size: usize) -> Box<dyn FnMut()> {
    let bytes = their_bytes(&vec![ByteVec::from(vec![7; size]); count]);
    Box::new(move || {
        let mut decoder = minicbor::Decoder::new(black_box(&bytes));
        let txs: Vec<&[u8]> = (0..decoder.array().ok().flatten().unwrap_or(0))
            .map_while(|_| decoder.bytes().ok())
            .collect();
        assert_eq!(black_box(txs).len(), count);
    })
}

/// The least there is to do: hashes and sizes.
fn plain_references(block: LinearLeiosBlock) -> Box<dyn FnMut()> {
    let bytes = block.raw().to_vec();
    let count = block.count() as usize;
    Box::new(move || {
        let mut decoder = minicbor::Decoder::new(black_box(&bytes));
        let entries: Vec<(ByteArray<32>, u32)> =
            decoder.map_iter().expect("a map").map_while(Result::ok).collect();
        assert_eq!(black_box(entries).len(), count);
    })
}
