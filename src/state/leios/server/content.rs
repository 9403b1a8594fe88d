//! Content that answers a question: whether it fits, and the reply made of it.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use bytes::Bytes;

use super::input::Content;
use super::overlap::Mark;
use crate::codec::leios::{
    Bitmap64, Deliverable, DeliverableId, LeiosPoint, LinearLeiosVote, NonEmpty, RequestNo,
    TxBitmaps, TxDelivery, TxHash, Txs,
};
use crate::fault::{Refused, Rule};
use crate::state::leios::limits::Limits;
use crate::state::leios::rules;

/// A transaction of the application: index, hash and bytes.
pub(super) type FoundTx = (u32, TxHash, Bytes);

/// What fits a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    /// Bytes of blocks, transactions and votes.
    pub content: usize,
    /// Bytes of the whole reply, nothing left out.
    pub reply: usize,
}

/// Whether `content` is what the request `no` asks for.
///
/// # Errors
/// The outer one is the application's: not what was asked for. The inner one is the rule that the
/// client broke.
pub(super) fn check(
    no: RequestNo,
    ids: &[DeliverableId],
    content: &[Content],
    limits: &Limits,
) -> Result<Result<Size, &'static Rule>, Refused> {
    if ids.len() != content.len() {
        return Err(Refused::invalid("as many contents as ids are wanted"));
    }
    // The message is an array of its tag, the number and the list.
    let mut size = Size { content: 0, reply: 2 + head(no.0) + head(ids.len() as u64) };
    let mut in_range = true;
    for pair in ids.iter().zip(content) {
        let (content, reply) = match pair {
            (DeliverableId::LinearLeiosBlockId(_), Content::Block(block)) => {
                let bytes = block.raw().len();
                if bytes > limits.max_eb_bytes {
                    return Err(Refused::invalid("the block exceeds `max_eb_bytes`"));
                }
                (bytes, bytes.saturating_add(2))
            }
            (DeliverableId::LinearLeiosVoteId(slot, issuer), Content::Vote(vote)) => {
                if (*slot, *issuer) != (vote.slot(), vote.issuer()) {
                    return Err(Refused::invalid("another vote was asked for"));
                }
                let bytes = vote.raw().len();
                (bytes, bytes.saturating_add(2))
            }
            (DeliverableId::LeiosBlockTxsId(point, wanted), Content::Txs { count, txs }) => {
                let bytes = check_txs(wanted, *count, txs, limits)?;
                in_range &= wanted.indices().all(|index| index < *count);
                (bytes, bytes.saturating_add(overhead(*point, wanted, txs)))
            }
            _ => return Err(Refused::invalid("another kind of content was asked for")),
        };
        size.content = size.content.saturating_add(content);
        size.reply = size.reply.saturating_add(reply);
    }
    if !in_range {
        return Ok(Err(&rules::TX_INDEX_OUT_OF_RANGE)); // L-8
    }
    if size.reply > limits.max_reply_message {
        return Ok(Err(&rules::REPLY_TOO_LARGE)); // L-12
    }
    Ok(Ok(size))
}

/// The most content bytes that `ids` can ask for, a reply being limited.
pub(super) fn worst(ids: &[DeliverableId], limits: &Limits) -> usize {
    let most = |id: &DeliverableId| match id {
        DeliverableId::LinearLeiosBlockId(_) => limits.max_eb_bytes,
        DeliverableId::LinearLeiosVoteId(..) => LinearLeiosVote::MAX_BYTES,
        DeliverableId::LeiosBlockTxsId(_, wanted) => {
            (wanted.count() as usize).saturating_mul(limits.max_tx_bytes as usize)
        }
    };
    let sum = ids.iter().fold(0_usize, |sum, id| sum.saturating_add(most(id)));
    sum.min(limits.max_reply_message)
}

/// The deliveries that answer `ids`, without what `excused` excuses (L-52), and marks of what they
/// carry. What would be empty is not there (L-53), and nothing is there twice (L-48).
pub(super) fn deliver(
    ids: &[DeliverableId],
    content: Vec<Content>,
    excused: impl Fn(Mark) -> bool,
) -> (Vec<Deliverable>, Vec<Mark>) {
    let mut deliveries = Vec::new();
    let mut marks = Vec::new();
    // Only transactions can overlap within one request (L-9), and only those of several blocks.
    let blocks = ids.iter().filter(|id| matches!(id, DeliverableId::LeiosBlockTxsId(..))).count();
    let mut carried = BTreeSet::new();
    for (id, content) in ids.iter().zip(content) {
        match (id, content) {
            (DeliverableId::LinearLeiosBlockId(point), Content::Block(block)) => {
                let mark = Mark::Block(point.hash);
                if !excused(mark) {
                    marks.push(mark);
                    deliveries.push(Deliverable::LinearLeiosBlockDelivery(block));
                }
            }
            (DeliverableId::LinearLeiosVoteId(slot, issuer), Content::Vote(vote)) => {
                let mark = Mark::Vote(*slot, *issuer);
                if !excused(mark) {
                    marks.push(mark);
                    deliveries.push(Deliverable::LinearLeiosVoteDelivery(vote));
                }
            }
            (DeliverableId::LeiosBlockTxsId(point, _), Content::Txs { txs, .. }) => {
                let wanted = |tx: &&FoundTx| {
                    !excused(Mark::Tx(tx.1)) && (blocks < 2 || carried.insert(tx.1))
                };
                let txs: Vec<&FoundTx> = txs.iter().filter(wanted).collect();
                marks.extend(txs.iter().map(|tx| Mark::Tx(tx.1)));
                let windows = txs.chunk_by(|a, b| a.0 / 64 == b.0 / 64).filter_map(window);
                if let Some(windows) = NonEmpty::from_vec(windows.collect()) {
                    deliveries.push(Deliverable::LeiosBlockTxsDelivery(*point, windows));
                }
            }
            _ => {}
        }
    }
    (deliveries, marks)
}

/// Heap bytes of content beyond its bytes.
pub(super) fn heap(content: &[Content]) -> usize {
    let lists = content.iter().map(|content| match content {
        Content::Txs { txs, .. } => txs.capacity().saturating_mul(size_of::<FoundTx>()),
        Content::Block(_) | Content::Vote(_) => 0,
    });
    lists.fold(0_usize, usize::saturating_add)
}

/// The bytes of the transactions, which must be those wanted that the block has.
fn check_txs(
    wanted: &TxBitmaps,
    count: u32,
    txs: &[FoundTx],
    limits: &Limits,
) -> Result<usize, Refused> {
    let mut bytes = 0_usize;
    let mut left = txs.iter();
    for index in wanted.indices().take_while(|index| *index < count) {
        let Some((_, _, tx)) = left.next().filter(|(found, ..)| *found == index) else {
            return Err(Refused::invalid("other transactions were asked for"));
        };
        if tx.is_empty() || tx.len() > limits.max_tx_bytes as usize {
            return Err(Refused::invalid("a transaction is empty or exceeds `max_tx_bytes`"));
        }
        bytes = bytes.saturating_add(tx.len());
    }
    match left.next() {
        Some(_) => Err(Refused::invalid("fewer transactions were asked for")),
        None => Ok(bytes),
    }
}

/// One window of a delivery.
fn window(txs: &[&FoundTx]) -> Option<TxDelivery> {
    let window = u16::try_from(txs.first()?.0 / 64).ok()?;
    let bits = txs.iter().fold(0_u64, |bits, tx| bits | Bitmap64::bit(tx.0));
    let bitmap = Bitmap64::new(bits)?;
    Some(TxDelivery { window, bitmap, txs: Txs::from_slices(txs.iter().map(|tx| &tx.2)) })
}

/// Bytes of a delivery of transactions around them.
fn overhead(point: LeiosPoint, wanted: &TxBitmaps, txs: &[FoundTx]) -> usize {
    let fixed = 1 + 1 + 1 + head(point.slot.0) + 34 + head(wanted.windows().len() as u64);
    let windows = wanted.windows().iter().fold(fixed, |sum, (window, bitmap)| {
        let list = head(u64::from(bitmap.count()));
        sum.saturating_add(head(u64::from(*window)) + 1 + head(bitmap.bits()) + list)
    });
    txs.iter().fold(windows, |sum, (_, _, tx)| sum.saturating_add(head(tx.len() as u64)))
}

/// Bytes of the head of an item with this argument, in its shortest form.
const fn head(argument: u64) -> usize {
    match argument {
        0..=23 => 1,
        24..=0xff => 2,
        0x100..=0xffff => 3,
        0x1_0000..=0xffff_ffff => 5,
        _ => 9,
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::codec::leios::{Hash32, SlotNo, VoteIssuer};

    #[test]
    fn content_weighs_what_its_lists_do() {
        let hash = Hash32([1; 32]);
        let vote = LinearLeiosVote::new(SlotNo(2), hash, VoteIssuer(3), [4; 48]);
        assert_eq!(heap(&[Content::Vote(vote.clone())]), 0);
        let txs = |count: u32| Content::Txs {
            count,
            txs: (0..count).map(|index| (index, hash, Bytes::from_static(&[5]))).collect(),
        };
        let entry = size_of::<FoundTx>();
        assert_eq!(heap(&[txs(10), Content::Vote(vote), txs(7)]), 17 * entry);
        assert_eq!(heap(&vec![txs(1); 3]), 3 * entry);
    }
}
