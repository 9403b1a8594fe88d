//! Our own CBOR against another implementation: the grammar once more, over trees that `minicbor`
//! has read, for right and for damaged messages.
#![cfg(all(feature = "leios", feature = "arbitrary"))]

use std::collections::BTreeSet;

use arbitrary::{Arbitrary, Unstructured};
use minicbor::data::Type;
use minicbor::{Decoder, Encoder};
use nodewire::codec::Source;
use nodewire::codec::leios::{ReplyMessage, RequestMessage};
use proptest::prelude::*;

/// An item and its bytes.
struct Item<'a> {
    raw: &'a [u8],
    value: Value<'a>,
}

enum Value<'a> {
    Uint(u64),
    Bytes(&'a [u8]),
    Bool(bool),
    List { definite: bool, items: Vec<Item<'a>> },
    Map { definite: bool, pairs: Vec<(Item<'a>, Item<'a>)> },
    Tag(u64, Box<Item<'a>>),
    Other,
}

/// The one item that `bytes` are.
fn parse(bytes: &[u8]) -> Option<Item<'_>> {
    let mut decoder = Decoder::new(bytes);
    let item = item(&mut decoder, 0)?;
    (decoder.position() == bytes.len()).then_some(item)
}

fn item<'a>(decoder: &mut Decoder<'a>, depth: u32) -> Option<Item<'a>> {
    // No message nests as deep; a deeper tree is none.
    if depth > 12 {
        return None;
    }
    let from = decoder.position();
    let value = match decoder.datatype().ok()? {
        Type::U8 | Type::U16 | Type::U32 | Type::U64 => Value::Uint(decoder.u64().ok()?),
        Type::Bytes => Value::Bytes(decoder.bytes().ok()?),
        Type::Bool => Value::Bool(decoder.bool().ok()?),
        Type::Array | Type::ArrayIndef => {
            let count = decoder.array().ok()?;
            let mut items = Vec::new();
            while more(decoder, count, items.len())? {
                items.push(item(decoder, depth + 1)?);
            }
            Value::List { definite: count.is_some(), items }
        }
        Type::Map | Type::MapIndef => {
            let count = decoder.map().ok()?;
            let mut pairs = Vec::new();
            while more(decoder, count, pairs.len())? {
                pairs.push((item(decoder, depth + 1)?, item(decoder, depth + 1)?));
            }
            Value::Map { definite: count.is_some(), pairs }
        }
        Type::Tag => {
            let tag = decoder.tag().ok()?.as_u64();
            Value::Tag(tag, Box::new(item(decoder, depth + 1)?))
        }
        Type::Break => return None,
        _ => {
            decoder.skip().ok()?;
            Value::Other
        }
    };
    Some(Item { raw: decoder.input().get(from..decoder.position())?, value })
}

/// Whether another item comes; takes the break.
fn more(decoder: &mut Decoder<'_>, count: Option<u64>, have: usize) -> Option<bool> {
    if let Some(count) = count {
        return Some((have as u64) < count);
    }
    let is_break = decoder.datatype().ok()? == Type::Break;
    if is_break {
        decoder.set_position(decoder.position() + 1);
    }
    Some(!is_break)
}

type Out = Encoder<Vec<u8>>;

impl<'a> Item<'a> {
    fn uint(&self, max: u64) -> Option<u64> {
        match self.value {
            Value::Uint(value) if value <= max => Some(value),
            _ => None,
        }
    }

    fn bytes(&self, length: usize) -> Option<&'a [u8]> {
        match self.value {
            Value::Bytes(bytes) if bytes.len() == length => Some(bytes),
            _ => None,
        }
    }

    fn tuple(&self) -> Option<&[Item<'a>]> {
        match &self.value {
            Value::List { definite: true, items } => Some(items),
            _ => None,
        }
    }

    fn list(&self) -> Option<&[Item<'a>]> {
        match &self.value {
            Value::List { items, .. } => Some(items),
            _ => None,
        }
    }

    /// Windows in strictly ascending order, at least one.
    fn windows(&self) -> Option<Vec<(u64, &Item<'a>)>> {
        let Value::Map { pairs, .. } = &self.value else { return None };
        let pairs: Option<Vec<_>> =
            pairs.iter().map(|(key, value)| Some((key.uint(0xffff)?, value))).collect();
        pairs.filter(|pairs| !pairs.is_empty() && pairs.windows(2).all(|two| two[0].0 < two[1].0))
    }
}

fn put(out: &mut Out, raw: &[u8]) {
    out.writer_mut().extend_from_slice(raw);
}

fn point(item: &Item<'_>, out: &mut Out) -> Option<()> {
    let [slot, hash] = item.tuple()? else { return None };
    out.array(2).ok()?.u64(slot.uint(u64::MAX)?).ok()?.bytes(hash.bytes(32)?).ok()?;
    Some(())
}

fn vote_id(slot: &Item<'_>, issuer: &Item<'_>, out: &mut Out) -> Option<()> {
    out.u64(slot.uint(u64::MAX)?).ok()?.u64(issuer.uint(0xffff)?).ok()?;
    Some(())
}

/// What a right LeiosRequest message is in canonical form.
fn request(item: &Item<'_>) -> Option<Vec<u8>> {
    let mut out = Encoder::new(Vec::new());
    let items = item.tuple()?;
    out.array(items.len() as u64).ok()?.u64(items.first()?.uint(2)?).ok()?;
    match (items[0].uint(2)?, &items[1..]) {
        (0, [no, bytes]) => {
            out.u64(no.uint(u64::MAX)?).ok()?.u64(bytes.uint(0xffff)?).ok()?;
        }
        (1, [no, ids]) => {
            let ids = ids.list().filter(|ids| !ids.is_empty())?;
            out.u64(no.uint(u64::MAX)?).ok()?.array(ids.len() as u64).ok()?;
            ids.iter().try_for_each(|id| deliverable_id(id, &mut out))?;
        }
        (2, []) => {}
        _ => return None,
    }
    Some(out.into_writer())
}

fn deliverable_id(item: &Item<'_>, out: &mut Out) -> Option<()> {
    let items = item.tuple()?;
    out.array(items.len() as u64).ok()?.u64(items.first()?.uint(2)?).ok()?;
    match (items[0].uint(2)?, &items[1..]) {
        (0, [at]) => point(at, out),
        (1, [at, windows]) => {
            point(at, out)?;
            let windows = windows.windows()?;
            out.map(windows.len() as u64).ok()?;
            windows.iter().try_for_each(|(window, bits)| {
                let bits = bits.uint(u64::MAX).filter(|bits| *bits != 0)?;
                out.u64(*window).ok()?.u64(bits).ok().map(drop)
            })
        }
        (2, [slot, issuer]) => vote_id(slot, issuer, out),
        _ => None,
    }
}

/// What a right LeiosReply message is in canonical form.
fn reply(item: &Item<'_>) -> Option<Vec<u8>> {
    let mut out = Encoder::new(Vec::new());
    let items = item.tuple()?;
    out.array(items.len() as u64).ok()?.u64(items.first()?.uint(3)?).ok()?;
    match (items[0].uint(3)?, &items[1..]) {
        (0 | 3, []) => {}
        (1, [no, flag, news]) => {
            let Value::Bool(flag) = flag.value else { return None };
            let news = news.list().filter(|news| !news.is_empty())?;
            out.u64(no.uint(u64::MAX)?).ok()?.bool(flag).ok()?.array(news.len() as u64).ok()?;
            news.iter().try_for_each(|news| notification(news, &mut out))?;
        }
        (2, [no, deliverables]) => {
            let deliverables = deliverables.list()?;
            out.u64(no.uint(u64::MAX)?).ok()?.array(deliverables.len() as u64).ok()?;
            deliverables.iter().try_for_each(|item| deliverable(item, &mut out))?;
        }
        _ => return None,
    }
    Some(out.into_writer())
}

fn notification(item: &Item<'_>, out: &mut Out) -> Option<()> {
    let items = item.tuple()?;
    out.array(items.len() as u64).ok()?.u64(items.first()?.uint(3)?).ok()?;
    match (items[0].uint(3)?, &items[1..]) {
        (0, [header]) => {
            let [era, wrapped] = header.tuple()? else { return None };
            era.uint(u64::MAX)?;
            let Value::Tag(24, wrapped) = &wrapped.value else { return None };
            let Value::Bytes(_) = wrapped.value else { return None };
            put(out, header.raw);
            Some(())
        }
        (1 | 2, [at]) => point(at, out),
        (3, [slot, issuer]) => vote_id(slot, issuer, out),
        _ => None,
    }
}

fn deliverable(item: &Item<'_>, out: &mut Out) -> Option<()> {
    let items = item.tuple()?;
    out.array(items.len() as u64).ok()?.u64(items.first()?.uint(2)?).ok()?;
    match (items[0].uint(2)?, &items[1..]) {
        (0, [block]) => {
            let Value::Map { definite: true, pairs } = &block.value else { return None };
            let mut hashes = BTreeSet::new();
            for (hash, size) in pairs {
                size.uint(u64::from(u32::MAX))?;
                hashes.insert(hash.bytes(32)?).then_some(())?;
            }
            (!hashes.is_empty()).then(|| put(out, block.raw))
        }
        (1, [at, windows]) => {
            point(at, out)?;
            let windows = windows.windows()?;
            out.map(windows.len() as u64).ok()?;
            windows.iter().try_for_each(|(window, delivered)| {
                let [bits, txs] = delivered.tuple()? else { return None };
                let (bits, txs) = (bits.uint(u64::MAX)?, txs.list()?);
                (bits != 0 && bits.count_ones() as usize == txs.len()).then_some(())?;
                out.u64(*window).ok()?.array(2).ok()?.u64(bits).ok()?;
                out.array(txs.len() as u64).ok()?;
                txs.iter().try_for_each(|tx| {
                    let Value::Bytes(tx) = tx.value else { return None };
                    out.bytes(tx).ok().map(drop)
                })
            })
        }
        (2, [vote]) => {
            let [slot, hash, issuer, signature] = vote.tuple()? else { return None };
            slot.uint(u64::MAX)?;
            issuer.uint(0xffff)?;
            hash.bytes(32)?;
            signature.bytes(48)?;
            (vote.raw.len() <= 97).then(|| put(out, vote.raw))
        }
        _ => None,
    }
}

/// Our verdict and canonical form must be the other implementation's. True if it was a message.
fn compare(bytes: &[u8]) -> bool {
    let tree = parse(bytes);
    let ours = RequestMessage::decode(bytes, Source::COPY).ok().map(|message| {
        let mut out = Vec::new();
        message.encode(&mut out);
        out
    });
    assert_eq!(ours, tree.as_ref().and_then(request), "request {bytes:02x?}");
    let theirs = tree.as_ref().and_then(reply);
    let decoded = ReplyMessage::decode(bytes, Source::COPY);
    let ours = decoded.as_ref().ok().map(|message| {
        let mut out = Vec::new();
        message.encode(&mut out);
        out
    });
    assert_eq!(ours, theirs, "reply {decoded:?} {bytes:02x?}");
    ours.is_some()
}

/// The same item with other heads: lists and maps of indefinite length, wider numbers and
/// lengths, as `choices` say. Some results are right, some are not.
fn reform(item: &Item<'_>, choices: &mut impl Iterator<Item = u8>, out: &mut Vec<u8>) {
    let choice = choices.next().unwrap_or(0);
    match &item.value {
        Value::Uint(value) => head(0, *value, choice, out),
        Value::Bytes(bytes) => {
            head(2, bytes.len() as u64, choice, out);
            out.extend_from_slice(bytes);
        }
        Value::List { items, .. } => {
            let open = choice % 8 == 7;
            if open {
                out.push(0x9f)
            } else {
                head(4, items.len() as u64, choice, out)
            }
            items.iter().for_each(|item| reform(item, choices, out));
            out.extend(open.then_some(0xff));
        }
        Value::Map { pairs, .. } => {
            let open = choice % 4 == 3;
            if open {
                out.push(0xbf)
            } else {
                head(5, pairs.len() as u64, choice, out)
            }
            for (key, value) in pairs {
                reform(key, choices, out);
                reform(value, choices, out);
            }
            out.extend(open.then_some(0xff));
        }
        Value::Tag(tag, inner) => {
            head(6, *tag, choice, out);
            reform(inner, choices, out);
        }
        Value::Bool(_) | Value::Other => out.extend_from_slice(item.raw),
    }
}

/// A head that is wider than need be for some choices.
fn head(major: u8, value: u64, choice: u8, out: &mut Vec<u8>) {
    let least = match value {
        0..=23 => 0,
        24..=0xff => 1,
        0x100..=0xffff => 2,
        0x1_0000..=0xffff_ffff => 3,
        _ => 4,
    };
    match least.max(if choice % 16 < 5 { choice % 16 } else { 0 }) {
        0 => out.push(major << 5 | value as u8),
        class => {
            out.push(major << 5 | (23 + class));
            out.extend_from_slice(&value.to_be_bytes()[8 - (1 << (class - 1))..]);
        }
    }
}

fn encodings() -> impl Strategy<Value = Vec<u8>> {
    let seed = prop::collection::vec(any::<u8>(), 0..600);
    (seed, any::<bool>()).prop_filter_map("too few bytes", |(seed, as_request)| {
        let mut seed = Unstructured::new(&seed);
        let mut out = Vec::new();
        if as_request {
            RequestMessage::arbitrary(&mut seed).ok()?.encode(&mut out);
        } else {
            ReplyMessage::arbitrary(&mut seed).ok()?.encode(&mut out);
        }
        Some(out)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::default())]

    #[test]
    fn encodings_are_read_alike(bytes in encodings()) {
        prop_assert!(compare(&bytes) || RequestMessage::decode(&bytes, Source::COPY).is_ok());
    }

    #[test]
    fn other_forms_are_read_alike(
        bytes in encodings(),
        choices in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut other = Vec::new();
        reform(&parse(&bytes).expect("our encoding"), &mut choices.into_iter(), &mut other);
        compare(&other);
    }

    #[test]
    fn damaged_messages_are_read_alike(
        bytes in encodings(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..4),
    ) {
        let mut bytes = bytes;
        for (at, byte, kind) in damage {
            // Mostly near the front, where the structure is.
            let at = at.index(bytes.len().clamp(1, 60));
            match kind {
                0 if at < bytes.len() => bytes[at] = byte,
                1 if at < bytes.len() => drop(bytes.remove(at)),
                _ => bytes.insert(at.min(bytes.len()), byte),
            }
        }
        compare(&bytes);
    }
}
