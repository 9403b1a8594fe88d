//! Values from fuzzer bytes that a derive can't make.

use alloc::vec::Vec;

use arbitrary::{Arbitrary, Result, Unstructured};
use bytes::Bytes;

use super::leios::{NonEmpty, TxDelivery, TxHash, VersionData, VersionNumber};

/// Any bytes.
pub(crate) fn bytes(u: &mut Unstructured<'_>) -> Result<Bytes> {
    Vec::<u8>::arbitrary(u).map(Bytes::from)
}

/// Any transactions by index and hash.
pub(crate) fn indexed_txs(u: &mut Unstructured<'_>) -> Result<Vec<(u32, TxHash, Bytes)>> {
    let txs = Vec::<(u32, TxHash, Vec<u8>)>::arbitrary(u)?;
    Ok(txs.into_iter().map(|(index, hash, tx)| (index, hash, Bytes::from(tx))).collect())
}

/// Deliveries with ascending windows.
pub(crate) fn ascending(u: &mut Unstructured<'_>) -> Result<NonEmpty<TxDelivery>> {
    let mut deliveries = Vec::<TxDelivery>::arbitrary(u)?;
    deliveries.push(TxDelivery::arbitrary(u)?);
    deliveries.sort_by_key(|delivery| delivery.window);
    deliveries.dedup_by_key(|delivery| delivery.window);
    NonEmpty::from_vec(deliveries).ok_or(arbitrary::Error::EmptyChoose)
}

/// A version table with ascending keys.
pub(crate) fn versions(
    u: &mut Unstructured<'_>,
) -> Result<Vec<(VersionNumber, Option<VersionData>)>> {
    let mut table = Vec::<(VersionNumber, Option<VersionData>)>::arbitrary(u)?;
    table.sort_by_key(|(version, _)| *version);
    table.dedup_by_key(|(version, _)| *version);
    Ok(table)
}
