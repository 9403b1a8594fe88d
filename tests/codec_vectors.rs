//! The codec on shared and on committed test data.

#![cfg(feature = "leios")]

mod shared_vectors;

use std::path::PathBuf;

use nodewire::bytes::Bytes;
use nodewire::codec::cbor::Scanner;
use nodewire::codec::leios::{
    Announced, HandshakeMessage, Hash32, KeepAliveMessage, LinearLeiosBlock, LinearLeiosVote,
    MESSAGE_DEPTH, MsgReplyPayload, NaiveMessage, RankingBlockHeader, ReplyMessage, RequestMessage,
    SlotNo, TxBitmaps,
};
use nodewire::codec::{Malformed, MalformedKind, Mode, SegmentHeader, Source};
use serde_json::Value;

use shared_vectors::shared;

fn committed(file: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/leios").join(file);
    serde_json::from_str(&std::fs::read_to_string(path).expect("committed")).expect("JSON")
}

fn unhex(text: &str) -> Vec<u8> {
    assert!(text.len() % 2 == 0, "{text}");
    let digits = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex");
    (0..text.len()).step_by(2).map(digits).collect()
}

fn hex(value: &Value) -> Vec<u8> {
    unhex(value.as_str().expect("a string"))
}

fn items<'a>(value: &'a Value, key: &str) -> &'a Vec<Value> {
    let items = value[key].as_array().unwrap_or_else(|| panic!("no list {key}"));
    assert!(!items.is_empty(), "{key} is empty");
    items
}

/// Any message, so that one table serves all protocols.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Message {
    Request(RequestMessage),
    Reply(ReplyMessage),
    Naive(NaiveMessage),
    Handshake(HandshakeMessage),
    KeepAlive(KeepAliveMessage),
}

fn decode(protocol: &str, item: &[u8]) -> Result<Message, Malformed> {
    let read = Bytes::copy_from_slice(item);
    let source = Source::of(&read);
    match protocol {
        "LeiosRequest" => RequestMessage::decode(&read, source).map(Message::Request),
        "LeiosReply" => ReplyMessage::decode(&read, source).map(Message::Reply),
        "NaiveLeios" => NaiveMessage::decode(&read, source).map(Message::Naive),
        "Handshake" => HandshakeMessage::decode(&read, source).map(Message::Handshake),
        "KeepAlive" => KeepAliveMessage::decode(&read, source).map(Message::KeepAlive),
        other => panic!("unknown protocol {other}"),
    }
}

fn encode(message: &Message) -> (Vec<u8>, usize) {
    let mut out = vec![0xee];
    let length = match message {
        Message::Request(m) => (m.encode(&mut out), m.wire_len()).1,
        Message::Reply(m) => (m.encode(&mut out), m.wire_len()).1,
        Message::Naive(m) => (m.encode(&mut out), m.wire_len()).1,
        Message::Handshake(m) => (m.encode(&mut out), m.wire_len()).1,
        Message::KeepAlive(m) => (m.encode(&mut out), m.wire_len()).1,
    };
    assert_eq!(out.remove(0), 0xee, "encode appends");
    (out, length)
}

fn check_messages(vectors: &Value) {
    for item in items(vectors, "accept") {
        let name = item["name"].as_str().unwrap();
        let protocol = item["protocol"].as_str().unwrap();
        let bytes = hex(&item["hex"]);
        let message = decode(protocol, &bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(encode(&message), (bytes.clone(), bytes.len()), "{name}");
        for end in 0..bytes.len() {
            let error = decode(protocol, &bytes[..end]).expect_err(name);
            assert_eq!(error.kind, MalformedKind::UnexpectedEnd, "{name}, first {end} bytes");
        }
        let mut longer = bytes.clone();
        longer.push(0);
        let error = Malformed::new(MalformedKind::TrailingBytes, bytes.len());
        assert_eq!(decode(protocol, &longer), Err(error), "{name}");
        for other in item["also_accept"].as_array().into_iter().flatten() {
            let other = hex(other);
            let read = decode(protocol, &other).unwrap_or_else(|e| panic!("{name}: {e}"));
            // Equal but for the sizes of notifications, which are those of the encoding.
            assert_eq!(encode(&read), encode(&message), "{name}: {read:?}");
            for end in 0..other.len() {
                let error = decode(protocol, &other[..end]).expect_err(name);
                assert_eq!(error.kind, MalformedKind::UnexpectedEnd, "{name}, first {end} bytes");
            }
        }
    }
    for item in items(vectors, "reject") {
        let name = item["name"].as_str().unwrap();
        let bytes = hex(&item["hex"]);
        let error = decode(item["protocol"].as_str().unwrap(), &bytes).expect_err(name);
        assert_eq!(error.kind.name(), item["error"].as_str().unwrap(), "{name}: {error}");
        assert!(error.offset <= bytes.len(), "{name}: {error}");
        if let Some(offset) = item["offset"].as_u64() {
            assert_eq!(error.offset as u64, offset, "{name}: {error}");
        }
    }
}

#[test]
fn messages() {
    let Some(vectors) = shared("messages", "leios", "messages.json") else { return };
    check_messages(&vectors);
}

#[test]
fn committed_messages() {
    check_messages(&committed("messages.json"));
}

#[test]
fn notification_sizes_are_those_on_the_wire() {
    let point = format!("821a00194b495820{}", "ab".repeat(32));
    let canonical = unhex(&format!("840100f4818201{point}"));
    let wide = unhex(&format!("840100f481821801{point}"));
    let size = |bytes: &[u8]| match ReplyMessage::decode(bytes, Source::COPY) {
        Ok(ReplyMessage::MsgLeiosReply(MsgReplyPayload::LeiosNotifications(_, _, news))) => {
            (news[0].size(), news[0].notification().wire_len())
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(size(&canonical), (42, 42));
    assert_eq!(size(&wide), (43, 42));
}

#[test]
fn headers() {
    let Some(vectors) = shared("headers", "leios", "headers.json") else { return };
    for item in items(&vectors, "real_and_golden") {
        check_header(item);
    }
    for item in items(&vectors["extension_variants"], "items") {
        check_header(item);
    }
}

/// The form of announcements: `[era, 24(bytes)]`.
fn wrap(era: u8, header: &[u8]) -> Vec<u8> {
    let length = u16::try_from(header.len()).unwrap().to_be_bytes();
    [&[0x82, era, 0xd8, 24, 0x59], &length[..], header].concat()
}

fn check_header(item: &Value) {
    let name = item["name"].as_str().unwrap();
    let wrapped = match item["wrapped_hex"].as_str() {
        Some(wrapped) => unhex(wrapped),
        None => wrap(7, &hex(&item["header_hex"])),
    };
    let wrapped = Bytes::from(wrapped);
    let header = RankingBlockHeader::from_raw(wrapped.clone()).expect(name);
    assert_eq!(header.raw(), &wrapped);
    let view = header.view().unwrap_or_else(|e| panic!("{name}: {e}"));
    assert_eq!(view.certifies, item["certified_eb"].as_bool().unwrap_or(false), "{name}");
    let announced = item["announced_eb"].as_object().map(|announced| Announced {
        hash: Hash32(hex(&announced["hash"]).try_into().unwrap()),
        size: u32::try_from(announced["size"].as_u64().unwrap()).unwrap(),
    });
    assert_eq!(view.announces, announced, "{name}");
    let numbers = [
        ("era_index", view.era),
        ("block_number", view.block_number),
        ("slot", view.slot.0),
        ("opcert_issue_number", view.opcert_issue_number),
    ];
    for (key, value) in numbers {
        if let Some(wanted) = item[key].as_u64() {
            assert_eq!(value, wanted, "{name}: {key}");
        }
    }
    let previous = view.prev_hash.unwrap().0;
    let octets =
        [("header_hex", view.header), ("prev_hash", &previous), ("issuer_vkey", &view.issuer)];
    for (key, value) in octets {
        if item[key].is_string() {
            assert_eq!(value, hex(&item[key]), "{name}: {key}");
        }
    }

    let announces = Some(Announced { hash: Hash32([9; 32]), size: 300 });
    let other = header.reassemble(SlotNo(1 << 40), announces, true).expect(name);
    let other = other.view().expect(name);
    assert_eq!((other.slot, other.announces, other.certifies), (SlotNo(1 << 40), announces, true));
    assert_eq!((other.issuer, other.prev_hash, other.era), (view.issuer, view.prev_hash, view.era));
    assert_eq!(other.opcert_issue_number, view.opcert_issue_number);
    assert_eq!(other.header.last_chunk::<400>(), view.header.last_chunk::<400>(), "{name}");
}

#[test]
fn headers_of_every_dialect_and_of_none() {
    let Some(vectors) = shared("headers_of_every_dialect_and_of_none", "leios", "headers.json")
    else {
        return;
    };
    let header = items(&vectors, "real_and_golden")
        .iter()
        .find(|item| item["name"] == "leios-testnet-67555")
        .map(|item| hex(&item["header_hex"]))
        .unwrap();
    // Its extension is `f4 f6`: not certified, nothing announced; then the signature of 451 bytes.
    let (start, signature) = header.split_at(header.len() - 451);
    let (body, tail) = start.split_at(start.len() - 2);
    assert_eq!(tail, [0xf4, 0xf6]);
    let hash = "5820".to_owned() + &"07".repeat(32);
    let pair = format!("82{hash}190100");
    let flat = format!("{hash}190100");
    let check = |arity: u8, tail: &str| {
        let mut header = body.to_vec();
        header[1] = 0x80 | arity;
        header.extend(unhex(tail));
        header.extend(signature);
        let raw = wrap(7, &header);
        let header = RankingBlockHeader::from_raw(raw.into()).expect("the wrapper is good");
        header.view().map(|view| (view.certifies, view.announces.is_some())).map_err(|e| e.kind)
    };
    for (arity, tail, wanted) in [
        (10, String::new(), (false, false)),
        (11, "f5".into(), (true, false)),
        (11, "f6".into(), (false, false)),
        (11, pair.clone(), (false, true)),
        (12, format!("f5{pair}"), (true, true)),
        (12, format!("{pair}f5"), (true, true)),
        (12, flat.clone(), (false, true)),
        (13, format!("{flat}f5"), (true, true)),
        (13, format!("f5{flat}"), (true, true)),
    ] {
        assert_eq!(check(arity, &tail), Ok(wanted), "{arity} {tail}");
    }
    for (arity, tail) in [
        (11, "00".to_owned()),
        (11, hash.clone()),
        (11, "83f4f4f4".into()),
        (11, format!("83{hash}0000")),
        (11, format!("82{hash}1b0000000100000000")),
        (12, "f4f5".into()),
        (12, "f6f6".into()),
        (12, format!("f6{pair}")),
        (12, format!("{pair}{pair}")),
        (12, format!("f5{hash}")),
        (13, format!("f4{pair}f4")),
        (13, format!("f4{pair}f6")),
        (13, format!("{hash}f4f6")),
        (14, format!("{flat}{flat}")),
        (14, "f4f6f6f6".into()),
        (9, String::new()),
        // The length of the list and its items must agree.
        (10, "f4".into()),
        (11, String::new()),
    ] {
        assert_eq!(check(arity, &tail), Err(MalformedKind::InvalidHeader), "{arity} {tail}");
    }
}

#[test]
fn endorser_block() {
    let Some(vectors) = shared("endorser_block", "leios", "endorser_block.json") else { return };
    let raw = Bytes::from(hex(&vectors["eb_hex"]));
    let block = LinearLeiosBlock::from_raw(raw).unwrap();
    assert_eq!(u64::from(block.count()), vectors["tx_count"].as_u64().unwrap());
    let references: Vec<_> = block.references().collect();
    let txs = items(&vectors, "txs_hex");
    assert_eq!(references.len(), txs.len());
    for (reference, tx) in references.iter().zip(txs) {
        assert_eq!(reference.size as usize, hex(tx).len());
    }
    for (reference, hash) in references.iter().zip(items(&vectors, "first_tx_hashes")) {
        assert_eq!(reference.hash.to_string(), hash.as_str().unwrap());
    }
    assert_eq!(LinearLeiosBlock::new(&references), Some(block));
    let mut twice = references.clone();
    twice.push(references[200]);
    assert_eq!(LinearLeiosBlock::new(&twice), None);
    assert_eq!(LinearLeiosBlock::new(&[]), None);
}

#[test]
fn bitmaps() {
    let Some(vectors) = shared("bitmaps", "leios", "bitmaps.json") else { return };
    for item in items(&vectors, "items") {
        let name = item["name"].as_str().unwrap();
        let range: Option<(u32, u32)> =
            serde_json::from_value(item["indices"]["range"].clone()).expect(name);
        let indices: Vec<u32> = match range {
            Some((from, to)) => (from..to).collect(),
            None => serde_json::from_value(item["indices"].clone()).expect(name),
        };
        let bitmaps = TxBitmaps::from_indices(indices.iter().copied()).expect(name);
        let windows: Vec<(u16, String)> =
            bitmaps.windows().iter().map(|(w, b)| (*w, format!("{:016x}", b.bits()))).collect();
        let wanted: Vec<(u16, String)> =
            serde_json::from_value(item["windows"].clone()).expect(name);
        assert_eq!(windows, wanted, "{name}");
        assert_eq!(bitmaps.indices().collect::<Vec<_>>(), indices, "{name}");
        let start = unhex(&format!("83010081830182005820{}", "cd".repeat(32)));
        let message = |form: &str| [start.clone(), hex(&item[form])].concat();
        for form in ["cbor_hex", "cbor_indefinite_hex"] {
            let decoded = decode("LeiosRequest", &message(form)).expect(name);
            assert!(format!("{decoded:?}").contains(&format!("{bitmaps:?}")), "{name}: {form}");
            assert_eq!(encode(&decoded).0, message("cbor_hex"), "{name}: {form}");
        }
    }
}

#[test]
fn votes() {
    let Some(vectors) = shared("votes", "leios", "votes.json") else { return };
    let published = &items(&vectors, "items")[0];
    let vote = LinearLeiosVote::from_raw(hex(&published["hex"]).into()).unwrap();
    assert_eq!(vote.slot().0, published["slot"].as_u64().unwrap());
    assert_eq!(u64::from(vote.issuer().0), published["voter_id"].as_u64().unwrap());
    assert_eq!(vote.block().to_string(), published["eb_hash"].as_str().unwrap());
    assert_eq!(vote.signature().to_vec(), (0..48).collect::<Vec<u8>>());
    let again = LinearLeiosVote::new(vote.slot(), vote.block(), vote.issuer(), vote.signature());
    assert_eq!(again, vote);
    let prototype = LinearLeiosVote::from_raw(hex(&items(&vectors, "items")[1]["hex"]).into());
    assert_eq!(prototype.unwrap_err().kind, MalformedKind::BadArity);
}

#[test]
fn segments() {
    let Some(vectors) = shared("segments", "leios", "mux.json") else { return };
    for item in items(&vectors, "items") {
        let name = item["name"].as_str().unwrap();
        let bytes = hex(&item["hex"]);
        let (header, payload) = bytes.split_first_chunk().expect(name);
        let segment = SegmentHeader::decode(*header).expect(name);
        assert_eq!(u64::from(segment.time), item["timestamp"].as_u64().unwrap(), "{name}");
        assert_eq!(u64::from(segment.number), item["mini_protocol"].as_u64().unwrap(), "{name}");
        let mode = if item["mode"] == "initiator" { Mode::Initiator } else { Mode::Responder };
        assert_eq!(segment.mode, mode, "{name}");
        assert_eq!(usize::from(segment.length), payload.len(), "{name}");
        assert_eq!(segment.encode(), *header, "{name}");
        let protocol = match segment.number {
            0 => "Handshake",
            8 => "KeepAlive",
            24 => "LeiosRequest",
            25 => "LeiosReply",
            other => panic!("{name}: {other}"),
        };
        let message = decode(protocol, payload).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(encode(&message).0, payload, "{name}");
        let mut scanner = Scanner::new(MESSAGE_DEPTH);
        assert_eq!(scanner.feed(payload, payload.len()), Ok(Some(payload.len())), "{name}");
    }
    let error = SegmentHeader::decode([0, 0, 0, 0, 0x80, 25, 0, 0]).unwrap_err();
    assert_eq!(error, Malformed::new(MalformedKind::ZeroLengthSegment, 6));
}
