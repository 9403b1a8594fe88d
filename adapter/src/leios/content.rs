//! What a server has to offer: endorser blocks with their transactions, and votes.

use std::collections::BTreeMap;

use nodewire::bytes::Bytes;
use nodewire::codec::leios::{
    Announced, DeliverableId, Hash32, LeiosPoint, LinearLeiosBlock, LinearLeiosVote,
    RankingBlockHeader, SlotNo, TxHash, TxReference, VoteIssuer,
};
use nodewire::state::leios::{Blake2b, Content as Fetched, RustCryptoBlake2b};

/// One announced endorser block with everything that belongs to it.
#[derive(Clone, Debug)]
pub struct Article {
    /// Its point.
    pub point: LeiosPoint,
    /// The header that announces it.
    pub header: RankingBlockHeader,
    /// The block.
    pub block: LinearLeiosBlock,
    /// Its transactions, in the block's order.
    pub txs: Vec<(TxHash, Bytes)>,
}

impl Article {
    /// An article of `count` made-up transactions of `size` bytes each, announced by `header_of`.
    ///
    /// # Errors
    /// If the numbers fit no block, or the header cannot be made.
    pub fn synthetic(slot: SlotNo, salt: u8, count: u32, size: usize) -> Result<Self, String> {
        let txs = (0..count).map(|at| {
            let mut tx = vec![salt; size];
            let stamp = [slot.0.to_be_bytes(), u64::from(at).to_be_bytes()].concat();
            // A byte string, so that each transaction is one well-formed CBOR item.
            let head = [0x59, (size.saturating_sub(3) >> 8) as u8, size.saturating_sub(3) as u8];
            for (place, byte) in tx.iter_mut().zip(head.iter().chain(&stamp)) {
                *place = *byte;
            }
            Bytes::from(tx)
        });
        Self::of(slot, txs.collect(), |announced| {
            super::synthetic(salt, slot, Some(announced)).map_err(|error| error.to_string())
        })
    }

    /// An article of these transactions; `header_of` makes the header that announces the block.
    ///
    /// # Errors
    /// If the transactions fit no block, or what `header_of` says.
    pub fn of(
        slot: SlotNo,
        txs: Vec<Bytes>,
        header_of: impl FnOnce(Announced) -> Result<RankingBlockHeader, String>,
    ) -> Result<Self, String> {
        let hashed = |tx: Bytes| (Hash32(RustCryptoBlake2b::hash256(&tx)), tx);
        let txs: Vec<_> = txs.into_iter().map(hashed).collect();
        let references: Vec<_> = txs
            .iter()
            .map(|(hash, tx)| TxReference {
                hash: *hash,
                size: u32::try_from(tx.len()).unwrap_or(u32::MAX),
            })
            .collect();
        let block = LinearLeiosBlock::new(&references)
            .ok_or("these transactions make no endorser block: none, or one twice")?;
        Self::with_block(slot, block, txs, header_of)
    }

    /// An article of a block as it is and its transactions in order.
    ///
    /// # Errors
    /// What `header_of` says.
    pub fn with_block(
        slot: SlotNo,
        block: LinearLeiosBlock,
        txs: Vec<(TxHash, Bytes)>,
        header_of: impl FnOnce(Announced) -> Result<RankingBlockHeader, String>,
    ) -> Result<Self, String> {
        let hash = Hash32(RustCryptoBlake2b::hash256(block.raw()));
        let size = u32::try_from(block.raw().len()).map_err(|_| "the block is too large")?;
        let header = header_of(Announced { hash, size })?;
        Ok(Self { point: LeiosPoint::new(slot, hash), header, block, txs })
    }

    /// Bytes of all its transactions.
    #[must_use]
    pub fn closure(&self) -> u64 {
        self.txs.iter().map(|(_, tx)| tx.len() as u64).sum()
    }
}

/// Everything a server has, by name.
#[derive(Clone, Debug, Default)]
pub struct Content {
    articles: BTreeMap<LeiosPoint, Article>,
    votes: BTreeMap<(SlotNo, VoteIssuer), LinearLeiosVote>,
}

impl Content {
    /// Adds an article.
    pub fn add(&mut self, article: Article) {
        self.articles.insert(article.point, article);
    }

    /// Adds made-up votes for a block by the first `seats` seats, and names them.
    pub fn add_votes(
        &mut self,
        point: LeiosPoint,
        seats: u16,
    ) -> impl Iterator<Item = (SlotNo, VoteIssuer)> + use<> {
        for seat in (0..seats).map(VoteIssuer) {
            let mut signature = [0x5a; 48];
            signature[..2].copy_from_slice(&seat.0.to_be_bytes());
            let vote = LinearLeiosVote::new(point.slot, point.hash, seat, signature);
            self.votes.insert((point.slot, seat), vote);
        }
        (0..seats).map(move |seat| (point.slot, VoteIssuer(seat)))
    }

    /// The articles, oldest first.
    pub fn articles(&self) -> impl Iterator<Item = &Article> {
        self.articles.values()
    }

    /// What was asked for, or `None` if any of it isn't there: the answer to a server's question.
    #[must_use]
    pub fn fetch(&self, ids: &[DeliverableId]) -> Option<Vec<Fetched>> {
        ids.iter().map(|id| self.fetch_one(id)).collect()
    }

    fn fetch_one(&self, id: &DeliverableId) -> Option<Fetched> {
        match id {
            DeliverableId::LinearLeiosBlockId(point) => {
                Some(Fetched::Block(self.articles.get(point)?.block.clone()))
            }
            DeliverableId::LeiosBlockTxsId(point, bitmaps) => {
                let article = self.articles.get(point)?;
                let tx = |index: u32| {
                    let (hash, bytes) = article.txs.get(index as usize)?;
                    Some((index, *hash, bytes.clone()))
                };
                // An index beyond the block is the peer's fault, and the machine's to judge.
                let txs = bitmaps.indices().filter_map(tx).collect();
                Some(Fetched::Txs { count: article.block.count(), txs })
            }
            DeliverableId::LinearLeiosVoteId(slot, issuer) => {
                Some(Fetched::Vote(self.votes.get(&(*slot, *issuer))?.clone()))
            }
        }
    }
}
