//! Checks a reply against what its request asks for: nothing else (L-19), all of it unless excused
//! (L-47, L-52, L-53), nothing twice (L-48), and each thing as it was announced (L-49, L-50, L-51,
//! L-54).

use alloc::vec;
use alloc::vec::Vec;

use super::input::{ClientNotice, WantedTx};
use super::outstanding::{Deliveries, Pending};
use super::wanted::{Key, Wanted};
use crate::codec::leios::{
    Bitmap64, Deliverable, Hash32, LeiosPoint, LinearLeiosBlock, LinearLeiosVote, SlotNo,
    TxDelivery, VoteIssuer,
};
use crate::fault::Rule;
use crate::state::leios::hash::Blake2b;
use crate::state::leios::limits::Limits;
use crate::state::leios::rules;

/// A reply that is as it should be.
pub(super) struct Good {
    /// Which of the requested units it holds, in the order of asking.
    pub got: Vec<bool>,
    /// What to tell the application.
    pub notices: Vec<ClientNotice>,
}

type Broken<T> = Result<T, &'static Rule>;

/// What a reply of these deliverables to `request` brings, or which rule it breaks. `announced` are
/// the sizes that the server announced of a block that was asked for.
pub(super) fn check<H: Blake2b>(
    deliveries: &Deliveries,
    request: &Pending,
    announced: &[u32],
    deliverables: Vec<Deliverable>,
    limits: &Limits,
) -> Broken<Good> {
    let mut got = vec![false; request.wanted.len()];
    let mut notices = match &request.wanted {
        Wanted::Block(point, size, _) => {
            let sized = |len: usize| {
                len == *size as usize || announced.iter().any(|size| len == *size as usize)
            };
            blocks::<H>(*point, sized, deliverables, &mut got, limits)?
        }
        Wanted::Txs(point, txs) => transactions::<H>(*point, txs, &deliverables, &mut got)?,
        Wanted::Votes(slot, votes) => self::votes(*slot, votes, deliverables, &mut got)?,
    };
    let excused = missing(deliveries, request, &got)?;
    if !excused.is_empty() {
        notices.push(ClientNotice::Excused(excused));
    }
    Ok(Good { got, notices })
}

/// The hashes of what the reply may leave out and does; L-47 if it leaves out anything else.
fn missing(deliveries: &Deliveries, request: &Pending, got: &[bool]) -> Broken<Vec<Hash32>> {
    let mut excused = Vec::new();
    for (key, got) in request.wanted.keys().zip(got) {
        if *got {
            continue;
        }
        if !deliveries.may_miss(request, &key) {
            return Err(&rules::MISSING_DELIVERABLE);
        }
        match key {
            Key::Block(hash) | Key::Tx(hash) => excused.push(hash),
            Key::Vote(..) => {}
        }
    }
    Ok(excused)
}

fn blocks<H: Blake2b>(
    point: LeiosPoint,
    sized: impl Fn(usize) -> bool,
    deliverables: Vec<Deliverable>,
    got: &mut [bool],
    limits: &Limits,
) -> Broken<Vec<ClientNotice>> {
    let mut notices = Vec::new();
    for deliverable in deliverables {
        let Deliverable::LinearLeiosBlockDelivery(block) = deliverable else {
            return Err(&rules::UNREQUESTED_CONTENT);
        };
        let same = H::hash32(block.raw()) == point.hash;
        let marked = got.first_mut().ok_or(&rules::UNREQUESTED_CONTENT)?;
        match (*marked, same) {
            (true, true) => return Err(&rules::DUPLICATE_DELIVERABLE),
            (true, false) => return Err(&rules::UNREQUESTED_CONTENT),
            (false, _) => {}
        }
        if !same || !sized(block.raw().len()) || !well_sized(&block, limits) {
            return Err(&rules::BLOCK_MISMATCH);
        }
        *marked = true;
        notices.push(ClientNotice::Block { point, block });
    }
    Ok(notices)
}

/// The limits of `leios.md` 9.2.
fn well_sized(block: &LinearLeiosBlock, limits: &Limits) -> bool {
    let mut total = 0_u64;
    let each = block.references().all(|reference| {
        total = total.saturating_add(u64::from(reference.size));
        (1..=limits.max_tx_bytes).contains(&reference.size)
    });
    each && block.raw().len() <= limits.max_eb_bytes
        && (1..=limits.max_eb_txs).contains(&(block.count() as usize))
        && total <= limits.max_eb_closure
}

fn transactions<H: Blake2b>(
    point: LeiosPoint,
    wanted: &[WantedTx],
    deliverables: &[Deliverable],
    got: &mut [bool],
) -> Broken<Vec<ClientNotice>> {
    let mut txs = Vec::new();
    for deliverable in deliverables {
        let Deliverable::LeiosBlockTxsDelivery(of, windows) = deliverable else {
            return Err(&rules::UNREQUESTED_CONTENT);
        };
        if *of != point {
            return Err(&rules::UNREQUESTED_CONTENT);
        }
        let mut last = None;
        for window in windows.iter() {
            if last >= Some(window.window) {
                return Err(&rules::WINDOWS_NOT_ASCENDING);
            }
            last = Some(window.window);
            deliver_window::<H>(window, wanted, got, &mut txs)?;
        }
    }
    if txs.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![ClientNotice::Txs { point, txs }])
}

/// One window of transactions: L-50, L-48 and L-51.
fn deliver_window<H: Blake2b>(
    window: &TxDelivery,
    wanted: &[WantedTx],
    got: &mut [bool],
    txs: &mut Vec<(u32, Hash32, bytes::Bytes)>,
) -> Broken<()> {
    let first = u32::from(window.window) * 64;
    let from = wanted.partition_point(|tx| tx.index < first);
    let to = wanted.partition_point(|tx| tx.index < first + 64);
    let asked = wanted.get(from..to).unwrap_or_default();
    let got = got.get_mut(from..to).unwrap_or_default();
    if asked.is_empty() {
        return Err(&rules::UNREQUESTED_CONTENT);
    }
    let requested = asked.iter().fold(0_u64, |bits, tx| bits | Bitmap64::bit(tx.index));
    if window.bitmap.bits() & !requested != 0 {
        return Err(&rules::BITMAP_NOT_SUBSET);
    }
    if window.bitmap.count() as usize != window.txs.len() {
        return Err(&rules::BITMAP_COUNT_MISMATCH);
    }
    let named = |tx: &WantedTx| window.bitmap.bits() & Bitmap64::bit(tx.index) != 0;
    let named = asked.iter().zip(got).filter(|(tx, _)| named(tx));
    for (at, (tx, got)) in named.enumerate() {
        if core::mem::replace(got, true) {
            return Err(&rules::DUPLICATE_DELIVERABLE);
        }
        let bytes = window.txs.get(at).ok_or(&rules::BITMAP_COUNT_MISMATCH)?;
        if bytes.len() != tx.size as usize || H::hash32(&bytes) != tx.hash {
            return Err(&rules::TX_MISMATCH);
        }
        txs.push((tx.index, tx.hash, bytes));
    }
    Ok(())
}

fn votes(
    slot: SlotNo,
    wanted: &[VoteIssuer],
    deliverables: Vec<Deliverable>,
    got: &mut [bool],
) -> Broken<Vec<ClientNotice>> {
    let mut notices = Vec::new();
    for deliverable in deliverables {
        let Deliverable::LinearLeiosVoteDelivery(vote) = deliverable else {
            return Err(&rules::UNREQUESTED_CONTENT);
        };
        let marked = place(slot, wanted, &vote).and_then(|at| got.get_mut(at));
        let marked = marked.ok_or(&rules::VOTE_MISMATCH)?;
        if core::mem::replace(marked, true) {
            return Err(&rules::DUPLICATE_DELIVERABLE);
        }
        notices.push(ClientNotice::Vote(vote));
    }
    Ok(notices)
}

/// Where among the wanted votes this one stands (L-54).
fn place(slot: SlotNo, wanted: &[VoteIssuer], vote: &LinearLeiosVote) -> Option<usize> {
    if vote.slot() != slot {
        return None;
    }
    wanted.binary_search(&vote.issuer()).ok()
}
