//! What honest nodes have to tell: two blocks that share transactions, their headers, votes.

use std::ops::Range;
use std::sync::OnceLock;

use arbitrary::Result;
use nodewire::bytes::Bytes;
use nodewire::codec::leios::{
    Announced, Bitmap64, Deliverable, DeliverableId, Hash32, LeiosPoint, LinearLeiosBlock,
    LinearLeiosVote, NonEmpty, RankingBlockHeader, SlotNo, TxBitmaps, TxDelivery, TxReference, Txs,
    VoteIssuer,
};
use nodewire::state::leios::{Blake2b, Content, RustCryptoBlake2b, WantedTx};

use super::Script;

pub const SLOT: u64 = 5_000_000;
const TXS: usize = 150;

pub struct Held {
    pub point: LeiosPoint,
    pub block: LinearLeiosBlock,
    pub header: RankingBlockHeader,
    pub txs: Range<usize>,
}

pub struct Store {
    pub blocks: [Held; 2],
    /// Headers of other elections and slots, and other headers for the same election.
    strays: Vec<RankingBlockHeader>,
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
            let header = header(5, point.slot, Some(announced));
            Held { point, block, header, txs: range }
        };
        Self { blocks: [block(SLOT, 0..100), block(SLOT + 1, 50..TXS)], strays: strays(), txs }
    }

    /// One of the two blocks.
    pub fn held(&self, script: &mut Script<'_>) -> Result<&Held> {
        Ok(&self.blocks[script.int_in_range(0..=1_usize)?])
    }

    /// Mostly the point of a block that is there.
    pub fn point(&self, script: &mut Script<'_>) -> Result<LeiosPoint> {
        if !script.ratio(1, 5)? {
            return Ok(self.held(script)?.point);
        }
        let slot = SLOT + 2 - script.int_in_range(0..=8_u64)?;
        Ok(LeiosPoint::new(SlotNo(slot), Hash32([script.int_in_range(0..=3)?; 32])))
    }

    /// Mostly the header of a block that is there.
    pub fn header(&self, script: &mut Script<'_>) -> Result<RankingBlockHeader> {
        if script.ratio(1, 2)? {
            return Ok(self.held(script)?.header.clone());
        }
        Ok(self.strays[script.choose_index(self.strays.len())?].clone())
    }

    /// The names of some of the transactions of a block, and of its votes and itself.
    pub fn id(&self, script: &mut Script<'_>) -> Result<DeliverableId> {
        let block = script.int_in_range(0..=1_usize)?;
        let point = self.blocks[block].point;
        Ok(match script.int_in_range(0..=3_u8)? {
            0 => DeliverableId::LinearLeiosBlockId(point),
            1 | 2 => {
                let txs = self.some_wanted(script, block)?;
                match TxBitmaps::from_indices(txs.iter().map(|tx| tx.index)) {
                    Some(bitmaps) => DeliverableId::LeiosBlockTxsId(point, bitmaps),
                    None => DeliverableId::LinearLeiosBlockId(point),
                }
            }
            _ => {
                let seat = VoteIssuer(script.int_in_range(0..=7)?);
                DeliverableId::LinearLeiosVoteId(point.slot, seat)
            }
        })
    }

    pub fn some_wanted(&self, script: &mut Script<'_>, block: usize) -> Result<Vec<WantedTx>> {
        let from = script.int_in_range(0..=90_usize)?;
        Ok(self.wanted(block, from, script.int_in_range(1..=16)?))
    }

    /// What an honest server delivers; nothing for what is not there.
    pub fn delivery(&self, id: &DeliverableId) -> Option<Deliverable> {
        let txs = match self.content(id) {
            Content::Block(block) => return Some(Deliverable::LinearLeiosBlockDelivery(block)),
            Content::Vote(vote) => return Some(Deliverable::LinearLeiosVoteDelivery(vote)),
            Content::Txs { txs, .. } => txs,
        };
        let DeliverableId::LeiosBlockTxsId(point, bitmaps) = id else { return None };
        let window = |(window, bitmap): &(u16, Bitmap64)| {
            let inside = txs.iter().filter(|tx| tx.0 / 64 == u32::from(*window));
            let txs = Txs::from_slices(inside.map(|tx| &tx.2));
            TxDelivery { window: *window, bitmap: *bitmap, txs }
        };
        let windows = bitmaps.windows().iter().map(window).collect();
        Some(Deliverable::LeiosBlockTxsDelivery(*point, NonEmpty::from_vec(windows)?))
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
                let held = &self.txs[range];
                let tx = |index: u32| {
                    let (hash, tx) = held.get(index as usize)?;
                    Some((index, *hash, tx.clone()))
                };
                let txs = bitmaps.indices().filter_map(tx).collect();
                Content::Txs { count: held.len() as u32, txs }
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

fn strays() -> Vec<RankingBlockHeader> {
    let announced = |mark: u8| Some(Announced { hash: Hash32([mark; 32]), size: 300 });
    let other = |pool, slot, mark| header(pool, SlotNo(slot), announced(mark));
    vec![
        // The same election again, and a third time.
        other(5, SLOT, 1),
        other(5, SLOT, 2),
        // Other pools at the same slot, the block of one announced by the other too.
        other(6, SLOT, 1),
        other(7, SLOT, 3),
        // Too old to tell, too old to hear, and too early.
        other(5, SLOT - 350, 1),
        other(5, SLOT - 700, 1),
        other(5, SLOT + 60, 1),
        // Neighbours in time.
        other(5, SLOT - 1, 1),
        other(5, SLOT - 2, 2),
        other(5, SLOT - 3, 3),
        // It announces nothing.
        header(5, SlotNo(SLOT), None),
        header(9, SlotNo(SLOT + 1), announced(4)),
    ]
}

/// The least that is a header: ten fields, and a signature.
fn header(pool: u8, slot: SlotNo, announced: Option<Announced>) -> RankingBlockHeader {
    let mut header = vec![0x82, 0x8a, 1, 2, 0xf6, 0x58, 32];
    header.extend([pool; 32]);
    header.extend([0xf6, 0xf6, 0xf6, 0xf6, 0x84, 0x40, 0, 0, 0x40, 0xf6, 0x40]);
    let mut raw = vec![0x82, 7, 0xd8, 24, 0x58, header.len() as u8];
    raw.extend(header);
    let plain = RankingBlockHeader::from_raw(Bytes::from(raw)).expect("a wrapper");
    plain.reassemble(slot, announced, false).expect("a good header")
}
