//! Bytes to a message and back, for every decoder.

use core::fmt::Debug;

use nodewire::bytes::Bytes;
use nodewire::codec::leios::{
    HandshakeMessage, KeepAliveMessage, LinearLeiosBlock, LinearLeiosVote, NaiveMessage,
    RankingBlockHeader, ReplyMessage, RequestMessage,
};
use nodewire::codec::{Malformed, SegmentHeader, Source};

/// The first byte picks the decoder, the rest is its input.
pub fn decode(data: &[u8]) {
    let Some((&which, item)) = data.split_first() else { return };
    match which % 9 {
        0 => {
            message(item, RequestMessage::decode, RequestMessage::encode, RequestMessage::wire_len)
        }
        1 => message(item, ReplyMessage::decode, ReplyMessage::encode, ReplyMessage::wire_len),
        2 => message(item, NaiveMessage::decode, NaiveMessage::encode, NaiveMessage::wire_len),
        3 => message(
            item,
            KeepAliveMessage::decode,
            KeepAliveMessage::encode,
            KeepAliveMessage::wire_len,
        ),
        4 => message(
            item,
            HandshakeMessage::decode,
            HandshakeMessage::encode,
            HandshakeMessage::wire_len,
        ),
        5 => header(item),
        6 => block(item),
        7 => vote(item),
        _ => segment(item),
    }
}

type Decode<M> = fn(&[u8], Source<'_>) -> Result<M, Malformed>;

/// What decodes, encodes to something that decodes to the same; the encoding is canonical, as long
/// as it says, and a part of it is incomplete.
fn message<M: Debug + PartialEq + Clone>(
    item: &[u8],
    decode: Decode<M>,
    encode: fn(&M, &mut Vec<u8>),
    len: fn(&M) -> usize,
) {
    let read = Bytes::copy_from_slice(item);
    let first = decode(&read, Source::of(&read));
    assert_eq!(first, decode(item, Source::COPY), "sharing changes the value");
    let value = match first {
        Ok(value) => value,
        Err(malformed) => return assert!(malformed.offset <= item.len(), "{malformed}"),
    };
    let mut once = Vec::new();
    encode(&value, &mut once);
    assert_eq!(once.len(), len(&value), "wire_len");
    let again = decode(&once, Source::COPY).expect("an encoding decodes");
    let mut twice = Vec::new();
    encode(&again, &mut twice);
    assert_eq!(once, twice, "the encoding is canonical");
    for cut in [once.len() / 2, once.len() - 1] {
        assert!(decode(&once[..cut], Source::COPY).is_err(), "a part was taken for a message");
    }
    let longer = [&once[..], &[0]].concat();
    assert!(decode(&longer, Source::COPY).is_err(), "trailing bytes were taken");
}

fn header(item: &[u8]) {
    let Ok(header) = RankingBlockHeader::from_raw(Bytes::copy_from_slice(item)) else { return };
    assert_eq!(header.raw(), item);
    if let Ok(view) = header.view() {
        assert!(view.header.len() < item.len());
        assert_eq!(header.view(), Ok(view));
    }
}

fn block(item: &[u8]) {
    let Ok(block) = LinearLeiosBlock::from_raw(Bytes::copy_from_slice(item)) else { return };
    assert_eq!(block.references().count(), block.count() as usize);
    assert!(block.count() > 0);
    let references: Vec<_> = block.references().collect();
    // Encoded anew it names the same, if not in the same bytes.
    let made = LinearLeiosBlock::new(&references).expect("distinct and not empty");
    assert!(made.references().eq(block.references()));
    assert!(made.raw().len() <= item.len());
}

fn vote(item: &[u8]) {
    let Ok(vote) = LinearLeiosVote::from_raw(Bytes::copy_from_slice(item)) else { return };
    let made = LinearLeiosVote::new(vote.slot(), vote.block(), vote.issuer(), vote.signature());
    assert_eq!(made.slot(), vote.slot());
    assert_eq!(made.signature(), vote.signature());
    assert!(made.raw().len() <= item.len());
}

fn segment(item: &[u8]) {
    let Some(bytes) = item.first_chunk() else { return };
    match SegmentHeader::decode(*bytes) {
        Ok(header) => assert_eq!(header.encode(), *bytes),
        Err(malformed) => assert_eq!(malformed.offset, 6),
    }
}
