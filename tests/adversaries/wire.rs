//! Bytes by hand: what an adversary writes.

use nodewire::codec::leios::Hash32;
use nodewire::state::leios::{Blake2b, RustCryptoBlake2b};

/// The mode bit of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// From a client of its, for our server.
    Client = 0,
    /// From a server of its, for our client.
    Server = 0x8000,
}

pub const REQUEST: u16 = 24;
pub const REPLY: u16 = 25;
pub const KEEP_ALIVE: u16 = 8;

pub const INIT: &[u8] = &[0x81, 0];
pub const DONE_REQUEST: &[u8] = &[0x81, 2];
pub const DONE: &[u8] = &[0x81, 3];

/// One segment.
pub fn segment(mode: Mode, number: u16, payload: &[u8]) -> Vec<u8> {
    let mut segment = vec![0; 4];
    segment.extend((number | mode as u16).to_be_bytes());
    segment.extend(u16::try_from(payload.len()).expect("fits a segment").to_be_bytes());
    segment.extend(payload);
    segment
}

/// The payload in segments of this size.
pub fn segments(mode: Mode, number: u16, payload: &[u8], size: usize) -> Vec<u8> {
    payload.chunks(size).flat_map(|piece| segment(mode, number, piece)).collect()
}

/// The head of an item, in its shortest form.
pub fn head(major: u8, argument: u64) -> Vec<u8> {
    let first = |short: u8| major << 5 | short;
    match argument {
        0..=23 => vec![first(argument as u8)],
        24..=0xff => vec![first(24), argument as u8],
        0x100..=0xffff => [&[first(25)][..], &(argument as u16).to_be_bytes()].concat(),
        0x1_0000..=0xffff_ffff => [&[first(26)][..], &(argument as u32).to_be_bytes()].concat(),
        _ => [&[first(27)][..], &argument.to_be_bytes()].concat(),
    }
}

/// The same with the widest argument.
pub fn wide(major: u8, argument: u64) -> Vec<u8> {
    [&[major << 5 | 27][..], &argument.to_be_bytes()].concat()
}

pub fn uint(value: u64) -> Vec<u8> {
    head(0, value)
}

pub fn bytes(content: &[u8]) -> Vec<u8> {
    [&head(2, content.len() as u64)[..], content].concat()
}

/// A list of items that are written already.
pub fn array(items: &[Vec<u8>]) -> Vec<u8> {
    [&head(4, items.len() as u64)[..], &items.concat()].concat()
}

pub fn map(entries: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let mut map = head(5, entries.len() as u64);
    entries.iter().for_each(|(key, value)| {
        map.extend(key);
        map.extend(value);
    });
    map
}

pub fn point(slot: u64, hash: &[u8; 32]) -> Vec<u8> {
    array(&[uint(slot), bytes(hash)])
}

pub fn ask_news(no: u64, size: u64) -> Vec<u8> {
    array(&[uint(0), uint(no), uint(size)])
}

pub fn ask(no: u64, ids: &[Vec<u8>]) -> Vec<u8> {
    array(&[uint(1), uint(no), array(ids)])
}

pub fn block_id(slot: u64, hash: &[u8; 32]) -> Vec<u8> {
    array(&[uint(0), point(slot, hash)])
}

pub fn txs_id(slot: u64, hash: &[u8; 32], windows: &[(u64, u64)]) -> Vec<u8> {
    let windows: Vec<_> = windows.iter().map(|(at, bits)| (uint(*at), uint(*bits))).collect();
    array(&[uint(1), point(slot, hash), map(&windows)])
}

pub fn vote_id(slot: u64, issuer: u64) -> Vec<u8> {
    array(&[uint(2), uint(slot), uint(issuer)])
}

pub fn news(no: u64, flag: bool, items: &[Vec<u8>]) -> Vec<u8> {
    array(&[uint(1), uint(no), vec![if flag { 0xf5 } else { 0xf4 }], array(items)])
}

pub fn deliveries(no: u64, items: &[Vec<u8>]) -> Vec<u8> {
    array(&[uint(2), uint(no), array(items)])
}

pub fn announcement(header: &[u8]) -> Vec<u8> {
    array(&[uint(0), header.to_vec()])
}

pub fn block_offer(slot: u64, hash: &[u8; 32]) -> Vec<u8> {
    array(&[uint(1), point(slot, hash)])
}

pub fn txs_offer(slot: u64, hash: &[u8; 32]) -> Vec<u8> {
    array(&[uint(2), point(slot, hash)])
}

pub fn vote_offer(slot: u64, issuer: u64) -> Vec<u8> {
    array(&[uint(3), uint(slot), uint(issuer)])
}

pub fn block_delivery(block: &[u8]) -> Vec<u8> {
    array(&[uint(0), block.to_vec()])
}

/// Transactions of a block by window: number, bitmap, list.
pub fn txs_delivery(slot: u64, hash: &[u8; 32], windows: &[(u64, u64, &[&[u8]])]) -> Vec<u8> {
    let window = |(at, bits, txs): &(u64, u64, &[&[u8]])| {
        let txs: Vec<_> = txs.iter().map(|tx| bytes(tx)).collect();
        (uint(*at), array(&[uint(*bits), array(&txs)]))
    };
    let windows: Vec<_> = windows.iter().map(window).collect();
    array(&[uint(1), point(slot, hash), map(&windows)])
}

pub fn vote_delivery(slot: u64, issuer: u64) -> Vec<u8> {
    let vote = array(&[uint(slot), bytes(&[9; 32]), uint(issuer), bytes(&[3; 48])]);
    array(&[uint(2), vote])
}

/// A header of `pool` at `slot`, the `number`th of its kind, with this Leios extension and so many
/// fields.
pub fn header_with(number: u64, slot: u64, pool: u8, tail: &[Vec<u8>]) -> Vec<u8> {
    header_of(number, slot, &[pool; 32], tail)
}

pub fn header_of(number: u64, slot: u64, issuer: &[u8; 32], tail: &[Vec<u8>]) -> Vec<u8> {
    let mut body = vec![uint(number), uint(slot), vec![0xf6], bytes(issuer)];
    body.extend([vec![0xf6], vec![0xf6], uint(0), vec![0xf6]]);
    body.extend([vec![0x84, 0x40, 0, 0, 0x40], vec![0xf6]]);
    body.extend(tail.iter().cloned());
    let header = array(&[array(&body), bytes(&[5; 64])]);
    array(&[uint(7), [&[0xd8, 24][..], &bytes(&header)].concat()])
}

/// A header that announces the block of this hash.
pub fn header(number: u64, slot: u64, pool: u8, hash: &[u8; 32]) -> Vec<u8> {
    let announced = array(&[bytes(hash), uint(4_096)]);
    header_with(number, slot, pool, &[vec![0xf4], announced])
}

/// A block of these transactions, with the sizes it claims they have.
pub fn block_claiming(entries: &[([u8; 32], u64)]) -> Vec<u8> {
    let entries: Vec<_> = entries.iter().map(|(hash, size)| (bytes(hash), uint(*size))).collect();
    map(&entries)
}

pub fn block(txs: &[&[u8]]) -> Vec<u8> {
    let entries: Vec<_> = txs.iter().map(|tx| (hash(tx), tx.len() as u64)).collect();
    block_claiming(&entries)
}

pub fn hash(bytes: &[u8]) -> [u8; 32] {
    let Hash32(hash) = RustCryptoBlake2b::hash32(bytes);
    hash
}
