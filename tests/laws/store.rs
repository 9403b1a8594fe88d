//! What honest nodes have to tell: two blocks that share transactions, their headers, votes.

use std::ops::Range;
use std::sync::OnceLock;

use nodewire::bytes::Bytes;
use nodewire::codec::leios::{
    Announced, DeliverableId, Hash32, LeiosPoint, LinearLeiosBlock, LinearLeiosVote,
    RankingBlockHeader, SlotNo, TxReference, VoteIssuer,
};
use nodewire::state::leios::{Blake2b, Content, RustCryptoBlake2b, WantedTx};

pub const SLOT: u64 = 5_000_000;
const TXS: usize = 150;

pub struct Held {
    pub point: LeiosPoint,
    pub block: LinearLeiosBlock,
    pub header: RankingBlockHeader,
    txs: Range<usize>,
}

pub struct Store {
    pub blocks: [Held; 2],
    txs: Vec<(Hash32, Bytes)>,
}

/// One for all: it takes a while to make.
pub fn store() -> &'static Store {
    static STORE: OnceLock<Store> = OnceLock::new();
    STORE.get_or_init(Store::new)
}

impl Store {
    fn new() -> Self {
        let tx = |at: usize| vec![at as u8; 1 + at * 13 % 700];
        let named = |tx: Vec<u8>| (RustCryptoBlake2b::hash32(&tx), Bytes::from(tx));
        let txs: Vec<_> = (0..TXS).map(tx).map(named).collect();
        let block = |slot: u64, range: Range<usize>| {
            let reference =
                |(hash, tx): &(Hash32, Bytes)| TxReference { hash: *hash, size: tx.len() as u32 };
            let references: Vec<_> = txs[range.clone()].iter().map(reference).collect();
            let block = LinearLeiosBlock::new(&references).expect("distinct");
            let point = LeiosPoint::new(SlotNo(slot), RustCryptoBlake2b::hash32(block.raw()));
            let announced = Announced { hash: point.hash, size: block.raw().len() as u32 };
            let header = plain_header().reassemble(point.slot, Some(announced), false);
            Held { point, block, header: header.expect("a good header"), txs: range }
        };
        Self { blocks: [block(SLOT, 0..100), block(SLOT + 1, 50..TXS)], txs }
    }

    pub fn wanted(&self, block: usize, from: usize, stride: usize) -> Vec<WantedTx> {
        let range = self.blocks[block].txs.clone();
        let wanted = |index: usize| {
            let (hash, tx) = &self.txs[range.start + index];
            WantedTx { index: index as u32, hash: *hash, size: tx.len() as u32 }
        };
        (from..range.len()).step_by(stride).map(wanted).collect()
    }

    pub fn content(&self, id: &DeliverableId) -> Content {
        let of = |point: &LeiosPoint| &self.blocks[usize::from(*point == self.blocks[1].point)];
        match id {
            DeliverableId::LinearLeiosBlockId(point) => Content::Block(of(point).block.clone()),
            DeliverableId::LeiosBlockTxsId(point, bitmaps) => {
                let range = of(point).txs.clone();
                let tx = |index: u32| {
                    let (hash, tx) = &self.txs[range.start + index as usize];
                    (index, *hash, tx.clone())
                };
                let txs = bitmaps.indices().map(tx).collect();
                Content::Txs { count: range.len() as u32, txs }
            }
            DeliverableId::LinearLeiosVoteId(slot, seat) => {
                let block = usize::from(*slot == self.blocks[1].point.slot);
                let hash = self.blocks[block].point.hash;
                Content::Vote(LinearLeiosVote::new(*slot, hash, *seat, [3; 48]))
            }
        }
    }
}

pub fn votes(slot: SlotNo, seats: Range<u16>) -> Vec<(SlotNo, VoteIssuer)> {
    seats.map(|seat| (slot, VoteIssuer(seat))).collect()
}

/// The least that is a header: ten fields, and a signature.
fn plain_header() -> RankingBlockHeader {
    let mut header = vec![0x82, 0x8a, 1, 2, 0xf6, 0x58, 32];
    header.extend([5; 32]);
    header.extend([0xf6, 0xf6, 0xf6, 0xf6, 0x84, 0x40, 0, 0, 0x40, 0xf6, 0x40]);
    let mut raw = vec![0x82, 7, 0xd8, 24, 0x58, header.len() as u8];
    raw.extend(header);
    RankingBlockHeader::from_raw(Bytes::from(raw)).expect("a wrapper")
}
