//! What the examples serve: one endorser block of two transactions, announced by the smallest
//! header there is, and the two answers an application owes.

use nodewire::AskId;
use nodewire::bytes::Bytes;
use nodewire::codec::leios::{
    DeliverableId, LeiosPoint, LinearLeiosBlock, RankingBlockHeader, SlotNo, TxReference,
};
use nodewire::state::leios::{
    Blake2b, ClientCommand, ClientQuery, Content, RustCryptoBlake2b, ServerCommand, ServerQuery,
    Verdict, WantedTx,
};

/// The slot of the announcement: the one that begins with the driver's clock.
pub const SLOT: SlotNo = SlotNo(0);

pub fn tx(at: u32) -> Bytes {
    Bytes::from(format!("transaction {at}"))
}

pub fn wanted(at: u32) -> WantedTx {
    let tx = tx(at);
    WantedTx { index: at, hash: RustCryptoBlake2b::hash32(&tx), size: tx.len() as u32 }
}

pub fn block() -> LinearLeiosBlock {
    let reference = |at| TxReference { hash: wanted(at).hash, size: wanted(at).size };
    LinearLeiosBlock::new(&[reference(0), reference(1)]).expect("two different transactions")
}

pub fn block_size() -> u32 {
    block().raw().len() as u32
}

pub fn point() -> LeiosPoint {
    LeiosPoint::new(SLOT, RustCryptoBlake2b::hash32(block().raw()))
}

/// Ten fields, most of them null, then the Leios extension: a flag, and hash and size of the block.
pub fn header() -> RankingBlockHeader {
    let mut header = vec![0x82, 0x8c, 0x00, SLOT.0 as u8, 0xf6, 0x58, 0x20];
    header.extend([7; 32]);
    header.extend([0xf6; 4]);
    header.extend([0x84, 0x40, 0x00, 0x00, 0x40]);
    header.extend([0xf6, 0xf4, 0x82, 0x58, 0x20]);
    header.extend(point().hash.0);
    header.extend([0x18, block_size() as u8, 0x40]);
    let mut raw = vec![0x82, 0x06, 0xd8, 0x18, 0x58, header.len() as u8];
    raw.extend(header);
    RankingBlockHeader::from_raw(raw.into()).expect("a wrapped header")
}

/// A client asks whether an announcement is valid. A node asks its ledger; we say yes.
pub fn judge(id: AskId, query: &ClientQuery) -> ClientCommand {
    query.judged(id, Verdict::Process)
}

/// A server asks for content. A node asks its store; we have one block.
pub fn fetch(id: AskId, query: &ServerQuery) -> ServerCommand {
    let ServerQuery::Fetch { ids, .. } = query;
    let content = ids.iter().map(|id| match id {
        DeliverableId::LinearLeiosBlockId(wanted) if *wanted == point() => {
            Some(Content::Block(block()))
        }
        DeliverableId::LeiosBlockTxsId(wanted, bitmaps) if *wanted == point() => {
            let txs = bitmaps.indices().filter(|at| *at < 2);
            let txs = txs.map(|at| (at, self::wanted(at).hash, tx(at))).collect();
            Some(Content::Txs { count: 2, txs })
        }
        _ => None,
    });
    query.fetched(id, content.collect())
}

/// What the application of the client does about news: fetch the block, then its transactions,
/// then end.
pub fn react(notice: &nodewire::state::leios::ClientNotice) -> Option<ClientCommand> {
    use nodewire::state::leios::ClientNotice::{Block, BlockOffered, Txs};
    match notice {
        BlockOffered(point) => {
            Some(ClientCommand::RequestBlock { point: *point, size: block_size() })
        }
        Block { point, block } => {
            let txs = (0..).zip(block.references());
            let txs = txs.map(|(index, tx)| WantedTx { index, hash: tx.hash, size: tx.size });
            Some(ClientCommand::RequestTxs { point: *point, txs: txs.collect() })
        }
        Txs { .. } => Some(ClientCommand::Finish),
        _ => None,
    }
}
