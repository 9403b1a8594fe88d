//! Frames to messages, Streamable forms to objects, and back.

use core::fmt::Debug;

use nodewire::bytes::Bytes;
use nodewire::chia::session;
use nodewire::codec::Source;
use nodewire::codec::chia::{
    Blob, Body, Challenge, ClassgroupElement, CoinbaseInfo, FeesTarget, FullBlock, Header,
    HeaderBlock, HeaderData, HeaderHash, Message, NodeId, NodeType, PeerInfo, PrependSignature,
    ProofOfSpace, ProofOfTime, Signature, SignedCoinbase,
};
use nodewire::codec::streamable::{Reader, Streamable};
use nodewire::link::Transport;
use nodewire::state::chia::{Admission, ConnectionCommand, ConnectionConfig, Direction};
use nodewire::{Action, Machine, Outbox, Time};

/// The first byte picks what the rest is: most often the body of a frame.
pub fn decode(data: &[u8]) {
    let Some((&which, rest)) = data.split_first() else { return };
    let which = which % 32;
    match which {
        0 => object::<PeerInfo>(rest),
        1 => object::<ClassgroupElement>(rest),
        2 => object::<ProofOfSpace>(rest),
        3 => object::<ProofOfTime>(rest),
        4 => object::<Challenge>(rest),
        5 => object::<HeaderData>(rest),
        6 => object::<Header>(rest),
        7 => object::<HeaderBlock>(rest),
        8 => object::<CoinbaseInfo>(rest),
        9 => object::<FeesTarget>(rest),
        10 => object::<Body>(rest),
        11 => object::<FullBlock>(rest),
        12 => object::<SignedCoinbase>(rest),
        13 => object::<Vec<HeaderHash>>(rest),
        14 => object::<Vec<PrependSignature>>(rest),
        15 => object::<Vec<Option<String>>>(rest),
        16 => object::<Vec<Blob>>(rest),
        17 => object::<Option<Signature>>(rest),
        18..=22 => frames(which, rest),
        _ => message(rest),
    }
}

/// What decodes has this one form and no other (S-4), and no part of it is one.
fn object<T: Streamable + Debug + PartialEq>(form: &[u8]) {
    let read = Bytes::copy_from_slice(form);
    let found = T::from_source(&read, Source::of(&read));
    assert_eq!(found, T::from_bytes(form), "sharing changes the value");
    match found {
        Ok(mut value) => {
            assert_eq!(value.to_bytes(), form, "another form");
            assert_eq!(value.stream_len(), form.len(), "another length");
            for cut in [form.len() / 2, form.len() - 1] {
                assert!(T::from_bytes(&form[..cut]).is_err(), "a part was taken for an object");
            }
            let longer = [form, &[0]].concat();
            assert!(T::from_bytes(&longer).is_err(), "trailing bytes were taken");
            // Read over itself it is the same.
            let over = value.read_over(&mut Reader::new(form, Source::COPY));
            assert_eq!((over, Ok(value)), (Ok(()), T::from_bytes(form)));
        }
        Err(malformed) => assert!(malformed.offset <= form.len(), "{malformed}"),
    }
}

/// What decodes, encodes to something that decodes to the same; the encoding is canonical, as long
/// as it says and no longer than what was read, and a part of it is none.
fn message(body: &[u8]) {
    let read = Bytes::copy_from_slice(body);
    let found = Message::decode(&read, Source::of(&read));
    assert_eq!(found, Message::decode(body, Source::COPY), "sharing changes the value");
    let message = match found {
        Ok(message) => message,
        Err(malformed) => return assert!(malformed.offset <= body.len(), "{malformed}"),
    };
    let mut once = Vec::new();
    message.encode(&mut once);
    assert_eq!(once.len(), message.wire_len(), "wire_len");
    assert!(once.len() <= body.len(), "longer than what was read");
    let again = Message::decode(&once, Source::COPY).expect("an encoding decodes");
    assert_eq!(again, message);
    let mut twice = Vec::new();
    again.encode(&mut twice);
    assert_eq!(once, twice, "the encoding is canonical");
    for cut in [once.len() / 2, once.len() - 1] {
        assert!(Message::decode(&once[..cut], Source::COPY).is_err(), "a part is no message");
    }
    let longer = [&once[..], &[0]].concat();
    assert!(Message::decode(&longer, Source::COPY).is_err(), "trailing bytes were taken");
}

/// The same bytes over a stream, cut in three ways: into pieces of as many bytes as the first ones
/// say, into single bytes, not at all. The first frame comes alone in any case: what follows on it
/// waits for an answer, with which an honest peer does.
fn frames(which: u8, stream: &[u8]) {
    let Some((cuts, stream)) = stream.split_first_chunk::<4>() else { return };
    let first = stream.first_chunk().map_or(0, |length| u32::from_be_bytes(*length) as usize);
    let parts: [&[u8]; 2] = stream.split_at(first.saturating_add(4).min(stream.len())).into();
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    let mut pieces = Vec::new();
    for mut rest in parts.clone() {
        for &cut in cuts.iter().cycle().take(rest.len()) {
            let (piece, after) = rest.split_at(usize::from(cut.max(1)).min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
    }
    let node_type = NodeType::ALL[usize::from(which - 18) % 6];
    let whole = hear(node_type, parts);
    assert_eq!(hear(node_type, pieces.iter().copied()), whole, "cutting changes the actions");
    assert_eq!(hear(node_type, stream.chunks(1)), whole, "single bytes change the actions");
}

/// What a session does on these bytes: what it sends, and everything else in order.
fn hear<'a>(
    node_type: NodeType,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<u8>, Vec<String>) {
    let mut config = ConnectionConfig::new(node_type, NodeId([1; 32]));
    config.limits.max_frame = 20_000;
    let mut link = session(config, Direction::Inbound);
    let mut out = Outbox::new();
    let now = Time::ZERO;
    link.handle_remote(now, Transport::Writable(Transport::UNCOUNTED), &mut out);
    let opened = link.handle_local(now, ConnectionCommand::Open, &mut out);
    assert!(opened.is_ok(), "it was not open");
    let (mut sent, mut rest) = (Vec::new(), Vec::new());
    for piece in pieces {
        let read = Bytes::copy_from_slice(piece);
        link.handle_remote(now, Transport::Received(read), &mut out);
        while let Some(action) = out.pop() {
            match action {
                Action::Send(bytes) => sent.extend_from_slice(&bytes),
                Action::Notify(notice) => rest.push(format!("{notice:?}")),
                Action::Ask(id, query) => {
                    rest.push(format!("{id} {query:?}"));
                    let admitted = ConnectionCommand::Admitted(id, Admission::Registered);
                    let _ = link.handle_local(now, admitted, &mut out);
                }
                Action::Close(ending) => rest.push(format!("{ending}")),
            }
        }
    }
    (sent, rest)
}
