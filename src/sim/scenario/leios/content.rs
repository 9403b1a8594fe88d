//! The content section of a scenario: blocks, headers and votes by name, made up by numbers.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::codec::cbor::Sink;
use crate::codec::leios::{
    Announced, DeliverableId, Hash32, LeiosPoint, LinearLeiosBlock, LinearLeiosVote, SlotNo,
    TxBitmaps, VoteIssuer,
};
use crate::sim::made::{self, MadeBlock, MadeHeader};
use crate::sim::scenario::value::{Vars, hex};
use crate::state::leios::{Blake2b, Content as Fetched, RustCryptoBlake2b};

/// All that the tested side can serve.
#[derive(Clone, Debug, Default)]
pub(super) struct Store {
    blocks: BTreeMap<LeiosPoint, MadeBlock>,
    votes: BTreeMap<(SlotNo, VoteIssuer), LinearLeiosVote>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
enum Entry {
    Block(Block),
    Header(Header),
    Vote(Vote),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Block {
    #[serde(default)]
    age: i64,
    txs: Txs,
    #[serde(default = "first_pool")]
    pool: u8,
    /// Not in the store: the tested server doesn't have it.
    #[serde(default)]
    missing: bool,
}

/// `[size, seed]` each, or so many in a row.
#[derive(Deserialize)]
#[serde(untagged)]
enum Txs {
    Each(Vec<(usize, u64)>),
    Many { count: u64, size: usize, seed: u64 },
}

/// Most bytes of the transactions of a block: several times what any may have.
const MOST_BYTES: usize = 1 << 26;

impl Txs {
    /// Bytes of all of them, and of the list that names them.
    fn bytes(&self) -> usize {
        let with_name = |size: usize| size.saturating_add(64);
        match self {
            Self::Each(txs) => {
                txs.iter().fold(0_usize, |sum, (size, _)| sum.saturating_add(with_name(*size)))
            }
            Self::Many { count, size, .. } => {
                usize::try_from(*count).unwrap_or(usize::MAX).saturating_mul(with_name(*size))
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    #[serde(default)]
    age: i64,
    #[serde(default = "first_pool")]
    pool: u8,
    /// The name of a block, a point of nothing, or absent.
    #[serde(default)]
    announces: Option<String>,
    /// The size of the block it announces, if that is to be wrong.
    #[serde(default)]
    size: Option<u32>,
    #[serde(default)]
    salt: u8,
    /// So many bytes in all.
    #[serde(default)]
    bytes: Option<usize>,
    #[serde(default)]
    excess: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vote {
    on: String,
    seat: u16,
    /// Not in the store.
    #[serde(default)]
    missing: bool,
}

const fn first_pool() -> u8 {
    1
}

/// Makes the content of a scenario that begins in slot `now`: as variables, and as a store.
pub(super) fn make(section: &Map<String, Value>, now: u64) -> Result<(Vars, Store), String> {
    let mut vars = Vars::new();
    let mut store = Store::default();
    let mut blocks: BTreeMap<&str, MadeBlock> = BTreeMap::new();
    vars.insert("now".to_string(), json!(now));
    let mut entries = Vec::new();
    for (name, value) in section {
        let entry =
            Entry::deserialize(value).map_err(|error| format!("content {name}: {error}"))?;
        entries.push((name, entry));
    }
    for (name, entry) in &entries {
        if let Entry::Block(block) = entry {
            let made = block.make(now).ok_or_else(|| format!("content {name}: no block"))?;
            vars.insert((*name).clone(), block_vars(&made, block.pool)?);
            if !block.missing {
                store.blocks.insert(made.point, made.clone());
            }
            blocks.insert(name, made);
        }
    }
    for (name, entry) in &entries {
        let of = |block: &str| blocks.get(block).ok_or_else(|| format!("content {name}: {block}?"));
        match entry {
            Entry::Block(_) => {}
            Entry::Header(header) => {
                let mut announces = None;
                if let Some(block) = &header.announces {
                    announces = Some(of(block)?.announced());
                }
                vars.insert((*name).clone(), header.vars(now, announces));
            }
            Entry::Vote(vote) => {
                let point = of(&vote.on)?.point;
                let made = made::vote(point, VoteIssuer(vote.seat));
                vars.insert(
                    (*name).clone(),
                    json!({
                        "slot": point.slot, "seat": vote.seat, "raw": hex(made.raw()),
                        "id": { "LinearLeiosVoteId": [point.slot, vote.seat] },
                        "offer": { "LinearLeiosVoteOffer": [point.slot, vote.seat] },
                        "delivery": { "LinearLeiosVoteDelivery": made },
                    }),
                );
                if !vote.missing {
                    store.votes.insert((point.slot, VoteIssuer(vote.seat)), made);
                }
            }
        }
    }
    Ok((vars, store))
}

impl Block {
    fn make(&self, now: u64) -> Option<MadeBlock> {
        let slot = SlotNo(now.checked_add_signed(self.age.checked_neg()?)?);
        if self.txs.bytes() > MOST_BYTES {
            return None;
        }
        let txs: Vec<Bytes> = match &self.txs {
            Txs::Each(txs) => txs.iter().map(|(size, seed)| made::tx(*seed, *size)).collect(),
            Txs::Many { count, size, seed } => {
                (0..*count).map(|at| made::tx(seed.wrapping_add(at), *size)).collect()
            }
        };
        MadeBlock::new(slot, txs)
    }
}

impl Header {
    fn vars(&self, now: u64, announces: Option<Announced>) -> Value {
        let slot = SlotNo(now.saturating_add_signed(self.age.saturating_neg()));
        let announces = announces
            .map(|announced| Announced { size: self.size.unwrap_or(announced.size), ..announced });
        let mut header = MadeHeader::new(slot, self.pool, announces);
        header.salt = self.salt;
        header.excess = self.excess;
        if let Some(bytes) = self.bytes {
            // Longer strings have longer heads: come near, then go the rest.
            for _ in 0..4 {
                let longer = header.signature.saturating_add(bytes);
                header.signature = longer.saturating_sub(header.raw().len());
            }
        }
        header_vars(&header)
    }
}

fn header_vars(header: &MadeHeader) -> Value {
    let raw = header.raw();
    let mut vars = json!({
        "slot": header.slot,
        "raw": hex(&raw),
        "bytes": raw.len(),
        "announcement": { "LinearLeiosAnnouncement": hex(&raw) },
    });
    if let (Some(announced), Value::Object(fields)) = (header.announces, &mut vars) {
        let point = LeiosPoint { slot: header.slot, hash: announced.hash };
        fields.insert("point".to_string(), json!(point));
        fields.insert(
            "notice".to_string(),
            json!({ "point": point, "eb_size": announced.size,
            "pool": RustCryptoBlake2b::pool_id(&[header.pool; 32]), "header": hex(&raw) }),
        );
    }
    vars
}

fn block_vars(made: &MadeBlock, pool: u8) -> Result<Value, String> {
    let point = made.point;
    let all = TxBitmaps::all(made.block.count()).ok_or("a block has transactions")?;
    let wanted: Vec<Value> = (0..)
        .zip(&made.txs)
        .map(|(index, (hash, tx)): (u32, _)| json!({ "index": index, "hash": hash, "size": tx.len() }))
        .collect();
    let txs: Vec<String> = made.txs.iter().map(|(_, tx)| hex(tx)).collect();
    let hashes: Vec<Hash32> = made.txs.iter().map(|(hash, _)| *hash).collect();
    let size = made.block.raw().len();
    let windows = all.windows().iter().map(|(window, bitmap)| {
        let first = usize::from(*window) * 64;
        let txs: Vec<&String> = txs.iter().skip(first).take(64).collect();
        json!({ "window": window, "bitmap": bitmap, "txs": txs })
    });
    let windows: Vec<Value> = windows.collect();
    let mut cbor = Vec::new();
    cbor.array(2);
    cbor.uint(point.slot.0);
    cbor.bytes(&point.hash.0);
    Ok(json!({
        "point": point, "cbor": hex(&cbor), "slot": point.slot, "hash": point.hash, "size": size,
        "count": made.block.count(), "raw": hex(made.block.raw()),
        "txs": txs, "hashes": hashes, "wanted": wanted, "windows": all,
        "header": header_vars(&MadeHeader::new(point.slot, pool, Some(made.announced()))),
        "offer": { "LinearLeiosBlockOffer": point },
        "txs_offer": { "LeiosBlockTxsOffer": point },
        "id": { "LinearLeiosBlockId": point },
        "txs_id": { "LeiosBlockTxsId": [point, all] },
        "delivery": { "LinearLeiosBlockDelivery": hex(made.block.raw()) },
        "txs_delivery": { "LeiosBlockTxsDelivery": [point, windows] },
    }))
}

impl Store {
    /// What a client asked for, or `None` if any of it isn't there.
    pub(super) fn fetch(&self, ids: &[DeliverableId]) -> Option<Vec<Fetched>> {
        ids.iter().map(|id| self.fetch_one(id)).collect()
    }

    fn fetch_one(&self, id: &DeliverableId) -> Option<Fetched> {
        match id {
            DeliverableId::LinearLeiosBlockId(point) => {
                Some(Fetched::Block(self.blocks.get(point)?.block.clone()))
            }
            DeliverableId::LeiosBlockTxsId(point, bitmaps) => {
                let made = self.blocks.get(point)?;
                let tx = |index: u32| {
                    let (hash, bytes) = made.txs.get(index as usize)?;
                    Some((index, *hash, bytes.clone()))
                };
                // An index beyond the block is the client's fault, and the server's to judge.
                let txs = bitmaps.indices().filter_map(tx).collect();
                Some(Fetched::Txs { count: made.block.count(), txs })
            }
            DeliverableId::LinearLeiosVoteId(slot, issuer) => {
                Some(Fetched::Vote(self.votes.get(&(*slot, *issuer))?.clone()))
            }
        }
    }

    pub(super) fn block(&self, point: LeiosPoint) -> Option<LinearLeiosBlock> {
        self.blocks.get(&point).map(|made| made.block.clone())
    }

    pub(super) fn tx(&self, point: LeiosPoint, index: usize) -> Option<Bytes> {
        self.blocks.get(&point)?.txs.get(index).map(|(_, tx)| tx.clone())
    }

    pub(super) fn vote(&self, slot: SlotNo, issuer: VoteIssuer) -> Option<LinearLeiosVote> {
        self.votes.get(&(slot, issuer)).cloned()
    }
}
