//! A stream cut into pieces is the stream in one piece.

use core::fmt::Debug;

use nodewire::bytes::Bytes;
use nodewire::codec::cbor::Scanner;
use nodewire::codec::{Malformed, Mode, SegmentHeader};
use nodewire::link::{Mux, MuxConfig, Transport};
use nodewire::{Action, Machine, Outbox, Time};

use crate::given::{ForClient, ForConnection, ForServer, Given};

/// The first 8 bytes say where to cut; the rest is the stream: of items, or (the sixth byte is
/// odd) of segments.
pub fn frames(data: &[u8]) {
    let Some((cuts, stream)) = data.split_first_chunk::<8>() else { return };
    match cuts[5] % 4 {
        1 => cut(&segments(stream), &cuts[..5]),
        3 => cut(stream, &cuts[..5]),
        _ => items(cuts, stream),
    }
}

/// Puts the bytes into segments of the pair and of KeepAlive: a length, a direction and a
/// mini-protocol from the first byte of each, so that what is inside matters.
fn segments(mut data: &[u8]) -> Vec<u8> {
    let mut stream = Vec::new();
    while let Some((&head, rest)) = data.split_first() {
        let (payload, after) = rest.split_at(usize::from(head / 4 + 1).min(rest.len()));
        let header = SegmentHeader {
            time: 0,
            mode: if head & 1 == 0 { Mode::Initiator } else { Mode::Responder },
            number: if head == 255 { 8 } else { 24 + u16::from(head >> 1 & 1) },
            length: payload.len() as u16,
        };
        stream.extend(header.encode());
        stream.extend_from_slice(payload);
        data = after;
    }
    stream
}

/// The same bytes over a link, cut in two ways.
fn cut(stream: &[u8], cuts: &[u8]) {
    let mut pieces = Vec::new();
    let mut rest = stream;
    for &cut in cuts.iter().cycle().take(stream.len()) {
        let (piece, after) = rest.split_at(usize::from(cut.max(1)).min(rest.len()));
        pieces.push(piece);
        rest = after;
    }
    for link in 0..3 {
        let whole = hear(link, [stream]);
        assert_eq!(hear(link, pieces.iter().copied()), whole, "cutting changes the actions");
        assert_eq!(hear(link, stream.chunks(1)), whole, "single bytes change the actions");
    }
}

/// What a link does on these bytes: what it sends, and everything else in order.
fn hear<'a>(link: u8, pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<u8>, Vec<String>) {
    let config = MuxConfig::default();
    match link {
        0 => feed(Mux::new(ForServer::default().machine(), config, &[]), pieces),
        1 => feed(Mux::new(ForClient::default().machine(), config, &[]), pieces),
        _ => feed(Mux::new(ForConnection::default().machine(), config, &[]), pieces),
    }
}

fn feed<'a, M>(mut link: M, pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<u8>, Vec<String>)
where
    M: Machine<Remote = Transport, Send = Bytes, Notice: Debug, Query: Debug>,
{
    let mut out = Outbox::new();
    link.handle_remote(Time::ZERO, Transport::Writable(Transport::UNCOUNTED), &mut out);
    let (mut sent, mut rest) = (Vec::new(), Vec::new());
    for piece in pieces {
        let read = Bytes::copy_from_slice(piece);
        link.handle_remote(Time::ZERO, Transport::Received(read), &mut out);
        for action in out.drain() {
            match action {
                Action::Send(bytes) => sent.extend_from_slice(&bytes),
                Action::Notify(notice) => rest.push(format!("{notice:?}")),
                Action::Ask(id, query) => rest.push(format!("{id} {query:?}")),
                Action::Close(ending) => rest.push(format!("{ending}")),
            }
        }
    }
    (sent, rest)
}

fn items(cuts: &[u8; 8], stream: &[u8]) {
    let limit = usize::from(u16::from_be_bytes([cuts[6], cuts[7]]));
    let depth = u32::from(cuts[5] % 80);
    let whole = scan([stream], depth, limit);
    let mut pieces = Vec::new();
    let mut rest = stream;
    for &cut in cuts.iter().take(5).cycle().take_while(|_| cuts[..5].iter().any(|&cut| cut > 0)) {
        let (piece, after) = rest.split_at(usize::from(cut).min(rest.len()));
        pieces.push(piece);
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    pieces.push(rest);
    assert_eq!(scan(pieces, depth, limit), whole, "cutting changes the items");
    assert_eq!(scan(stream.chunks(1), depth, limit), whole, "single bytes change the items");
}

/// Where the items of a stream end, what is wrong with it, and whether it ends between items.
fn scan<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
    depth: u32,
    limit: usize,
) -> (Vec<usize>, Result<usize, Malformed>) {
    let mut scanner = Scanner::new(depth);
    let mut ends = Vec::new();
    let mut at = 0;
    for mut piece in pieces {
        while !piece.is_empty() {
            match scanner.feed(piece, limit) {
                Ok(Some(used)) => {
                    assert!(used > 0 && scanner.is_between_items());
                    at += used;
                    ends.push(at);
                    piece = &piece[used..];
                }
                Ok(None) => {
                    at += piece.len();
                    break;
                }
                Err(malformed) => return (ends, Err(malformed)),
            }
        }
    }
    (ends, Ok(scanner.seen()))
}
