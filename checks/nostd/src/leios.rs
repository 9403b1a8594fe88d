//! Leios: every decoder and every machine.

use alloc::vec::Vec;
use core::hint::black_box;

use nodewire::bytes::Bytes;
use nodewire::codec::cbor::Scanner;
use nodewire::codec::leios::{
    HandshakeMessage, KeepAliveMessage, LinearLeiosBlock, LinearLeiosVote, NaiveMessage,
    RankingBlockHeader, ReplyMessage, RequestMessage, TxBitmaps,
};
use nodewire::codec::{SegmentHeader, Source};
use nodewire::state::leios::rules;

/// Everything, on whatever the bytes are.
pub fn all(data: &[u8]) -> usize {
    decoders(data) + crate::machines::all(data)
}

fn decoders(data: &[u8]) -> usize {
    let read = Bytes::copy_from_slice(data);
    let source = Source::of(&read);
    let mut out = Vec::new();
    let mut done = 0usize;
    macro_rules! message {
        ($($message:ty),*) => {$(
            match <$message>::decode(black_box(&read), source) {
                Ok(message) => {
                    message.encode(&mut out);
                    done += message.wire_len() + message.heap();
                }
                Err(malformed) => {
                    done += malformed.offset + rules::of_malformed(malformed.kind).id().len();
                }
            }
        )*};
    }
    message!(RequestMessage, ReplyMessage, NaiveMessage, KeepAliveMessage, HandshakeMessage);
    if let Ok(header) = RankingBlockHeader::from_raw(read.clone()) {
        done += header.view().map_or(0, |view| view.header.len());
    }
    if let Ok(block) = LinearLeiosBlock::from_raw(read.clone()) {
        done += block.references().map(|tx| tx.size as usize).sum::<usize>();
    }
    if let Ok(vote) = LinearLeiosVote::from_raw(read.clone()) {
        done += usize::from(vote.issuer().0);
    }
    if let Some(bitmaps) = TxBitmaps::from_indices(data.iter().map(|&byte| u32::from(byte))) {
        done += bitmaps.indices().count();
    }
    if let Some(head) = data.first_chunk()
        && let Ok(segment) = SegmentHeader::decode(*head)
    {
        done += usize::from(segment.encode()[0]);
    }
    let mut scanner = Scanner::new(64);
    if let Ok(Some(end)) = scanner.feed(data, data.len()) {
        done += end;
    }
    black_box(out).len() + done
}
