//! What there is to announce, offer and fetch.

use nodewire::bytes::Bytes;
use nodewire::codec::leios::{
    LeiosPoint, LinearLeiosBlock, LinearLeiosVote, RankingBlockHeader, SlotNo, TxReference,
    VoteIssuer,
};
use nodewire::state::leios::{Blake2b, RustCryptoBlake2b, WantedTx};

pub const SLOT: SlotNo = SlotNo(0);
pub const NEXT: SlotNo = SlotNo(1);

pub fn tx(at: u8) -> Bytes {
    Bytes::copy_from_slice(&[0x84, at, 0])
}

pub fn wanted(at: u8) -> WantedTx {
    WantedTx { index: at.into(), hash: RustCryptoBlake2b::hash32(&tx(at)), size: 3 }
}

/// A block of two transactions.
pub fn block() -> LinearLeiosBlock {
    let reference = |at| TxReference { hash: wanted(at).hash, size: wanted(at).size };
    LinearLeiosBlock::new(&[reference(0), reference(1)]).unwrap()
}

pub fn block_size() -> u32 {
    block().raw().len() as u32
}

pub fn point() -> LeiosPoint {
    LeiosPoint::new(SLOT, RustCryptoBlake2b::hash32(block().raw()))
}

pub fn vote() -> LinearLeiosVote {
    vote_of(SLOT)
}

pub fn vote_of(slot: SlotNo) -> LinearLeiosVote {
    LinearLeiosVote::new(slot, point().hash, VoteIssuer(1), [0; 48])
}

/// The smallest header that announces the block: 10 fields, a flag, hash and size.
pub fn header() -> RankingBlockHeader {
    header_of(SLOT)
}

/// One of another slot.
pub fn header_of(slot: SlotNo) -> RankingBlockHeader {
    header_with(slot, 0)
}

/// One of the same election: another block before it, the same endorser block.
pub fn another_header(block_no: u8) -> RankingBlockHeader {
    header_with(SLOT, block_no)
}

/// `block_no` is at most 23.
fn header_with(slot: SlotNo, block_no: u8) -> RankingBlockHeader {
    let mut header = vec![0x82, 0x8c, block_no, slot.0 as u8, 0xf6, 0x58, 0x20];
    header.extend([7; 32]);
    header.extend([0xf6; 4]);
    header.extend([0x84, 0x40, 0x00, 0x00, 0x40]);
    header.extend([0xf6, 0xf4, 0x82, 0x58, 0x20]);
    header.extend(point().hash.0);
    header.extend([0x18, block_size() as u8, 0x40]);
    let mut raw = vec![0x82, 0x06, 0xd8, 0x18, 0x58, header.len() as u8];
    raw.extend(header);
    RankingBlockHeader::from_raw(raw.into()).unwrap()
}
