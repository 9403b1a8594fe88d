//! What there is to fetch in a simulation, made before it begins.

use std::collections::BTreeMap;

use nodewire::bytes::Bytes;
use nodewire::codec::leios::{DeliverableId, LeiosPoint, SlotNo, TxHash};
use nodewire::sim::Rng;
use nodewire::state::leios::Content as Fetched;

use crate::leios::{Article, Content, synthetic};

/// All blocks and votes of a simulation. Nodes share it, and hold names into it.
#[derive(Debug, Default)]
pub struct World {
    content: Content,
    articles: BTreeMap<LeiosPoint, Article>,
}

impl World {
    /// Adds an article and the votes of so many seats for it.
    pub fn add(&mut self, article: Article, votes: u16) -> LeiosPoint {
        let point = article.point;
        self.content.add(article.clone());
        let _ = self.content.add_votes(point, votes);
        self.articles.insert(point, article);
        point
    }

    /// An article by its point.
    #[must_use]
    pub fn article(&self, point: &LeiosPoint) -> Option<&Article> {
        self.articles.get(point)
    }

    /// The answer to a server's question, whoever holds it.
    #[must_use]
    pub fn fetch(&self, ids: &[DeliverableId]) -> Option<Vec<Fetched>> {
        self.content.fetch(ids)
    }
}

/// Made-up transactions of these sizes, unlike those of any other salt.
pub fn txs(salt: u64, sizes: impl IntoIterator<Item = u32>) -> Vec<Bytes> {
    (0_u64..).zip(sizes).map(|(at, size)| tx(salt, at, size as usize)).collect()
}

/// An article of these transactions at a slot.
///
/// # Errors
/// If the transactions make no block.
pub fn article(slot: u64, pool: u8, txs: Vec<Bytes>) -> Result<Article, String> {
    let slot = SlotNo(slot);
    Article::of(slot, txs, |announced| {
        synthetic(pool, slot, Some(announced)).map_err(|error| error.to_string())
    })
}

/// So many sizes between two bounds, both of which occur, that add up to `sum` if they can.
pub fn sizes(rng: &mut Rng, count: u32, (least, most): (u32, u32), sum: u64) -> Vec<u32> {
    let (least, most) = (u64::from(least), u64::from(most.max(least)));
    let mut sizes: Vec<u64> = (0..count).map(|_| rng.between(least, most)).collect();
    for (size, bound) in sizes.iter_mut().zip([least, most]) {
        *size = bound;
    }
    // Whole rounds of small steps, until a round changes nothing.
    loop {
        let before = sizes.clone();
        let mut total: u64 = sizes.iter().sum();
        for size in sizes.iter_mut().skip(2) {
            let step = total.abs_diff(sum).min(500);
            let next = if total > sum { (*size).saturating_sub(step) } else { *size + step };
            let next = next.clamp(least, most);
            total = total - *size + next;
            *size = next;
        }
        if total == sum || before == sizes {
            return sizes.into_iter().map(|size| size as u32).collect();
        }
    }
}

/// A byte string whose head and stamp make it one well-formed item unlike all others.
fn tx(salt: u64, at: u64, size: usize) -> Bytes {
    let mut tx = vec![0xa5; size.max(19)];
    let length = (tx.len() - 3) as u16;
    let stamp = [salt.to_be_bytes(), at.to_be_bytes()].concat();
    let [high, low] = length.to_be_bytes();
    for (place, byte) in tx.iter_mut().zip([0x59, high, low].iter().chain(&stamp)) {
        *place = *byte;
    }
    Bytes::from(tx)
}

/// The hashes of an article's transactions that a node's mempool has: all but so many hundredths,
/// chosen by node.
pub fn lacks(node: u64, hash: &TxHash, missing_percent: u64) -> bool {
    let mut seed = [0; 8];
    seed.copy_from_slice(&hash.0[..8]);
    Rng::new(u64::from_be_bytes(seed) ^ node.wrapping_mul(0x9e37_79b9_7f4a_7c15)).below(100)
        < missing_percent
}
