//! Real headers and a real endorser block from JSON files; `Headers` and `Block` are their
//! forms.

use std::path::Path;

use nodewire::bytes::Bytes;
use nodewire::codec::leios::{Hash32, LinearLeiosBlock, RankingBlockHeader, SlotNo};
use nodewire::state::leios::{Blake2b, RustCryptoBlake2b};
use serde::Deserialize;

use super::content::Article;
use crate::hex::from_hex;

/// A header from a file, and what became of it.
#[derive(Clone, Debug)]
pub struct Sighting {
    /// Its name in the file.
    pub name: String,
    /// Its slot, if it is a header.
    pub slot: Option<SlotNo>,
    /// Why it is of no use as it stands.
    pub skipped: String,
    header: Option<RankingBlockHeader>,
}

#[derive(Deserialize)]
struct Headers {
    real_and_golden: Vec<HeaderItem>,
}

#[derive(Deserialize)]
struct HeaderItem {
    name: String,
    wrapped_hex: String,
}

#[derive(Deserialize)]
struct Block {
    slot: u64,
    eb_hex: String,
    txs_hex: Vec<String>,
}

/// Reads the headers of a file. None of them announces a block that is at hand, and each says why.
///
/// # Errors
/// One line on what is wrong with the file.
pub fn headers(path: &Path) -> Result<Vec<Sighting>, String> {
    let items: Headers = read(path)?;
    items.real_and_golden.into_iter().map(|item| sight(path, item)).collect()
}

fn sight(path: &Path, HeaderItem { name, wrapped_hex }: HeaderItem) -> Result<Sighting, String> {
    let bytes =
        from_hex(&wrapped_hex).map_err(|error| format!("{}: {name}: {error}", path.display()))?;
    let header = RankingBlockHeader::from_raw(bytes.into());
    let view = header.as_ref().map(|header| header.view());
    let (slot, skipped) = match view {
        Ok(Ok(view)) => match view.announces {
            None => (Some(view.slot), "announces nothing (leios/L-36)".to_owned()),
            Some(eb) => (Some(view.slot), format!("announces {}, which is not at hand", eb.hash)),
        },
        Ok(Err(why)) | Err(&why) => (None, format!("no header: {why}")),
    };
    let readable = slot.is_some();
    Ok(Sighting { name, slot, skipped, header: header.ok().filter(|_| readable) })
}

/// Reads an endorser block with its transactions, and announces it at `slot`, or at its own, by
/// the tail of a real header: the last of `headers` that can be re-assembled, or a made-up one. Its
/// signature is not valid. Also says what announces it.
///
/// # Errors
/// One line on what is wrong with the file.
pub fn article(
    path: &Path,
    headers: &[Sighting],
    slot: Option<SlotNo>,
) -> Result<(Article, String), String> {
    let wrong = |why: &str| format!("{}: {why}", path.display());
    let item: Block = read(path)?;
    let raw = from_hex(&item.eb_hex).map_err(|error| wrong(&format!("eb_hex: {error}")))?;
    let block = LinearLeiosBlock::from_raw(Bytes::from(raw)).map_err(|e| wrong(&e.to_string()))?;
    let mut txs = Vec::with_capacity(item.txs_hex.len());
    for tx in &item.txs_hex {
        let tx = Bytes::from(from_hex(tx).map_err(|error| wrong(&format!("txs_hex: {error}")))?);
        txs.push((Hash32(RustCryptoBlake2b::hash256(&tx)), tx));
    }
    let fits = block.references().map(|entry| (entry.hash, entry.size as usize));
    if !fits.eq(txs.iter().map(|(hash, tx)| (*hash, tx.len()))) {
        return Err(wrong("the transactions are not those of the block"));
    }
    let slot = slot.unwrap_or(SlotNo(item.slot));
    let mut by = "a made-up header".to_owned();
    let article = Article::with_block(slot, block, txs, |announced| {
        for sighting in headers.iter().rev() {
            let Some(header) = &sighting.header else { continue };
            if let Ok(header) = header.reassemble(slot, Some(announced), false) {
                by = format!("{}, re-assembled", sighting.name);
                return Ok(header);
            }
        }
        super::synthetic(1, slot, Some(announced)).map_err(|error| error.to_string())
    })?;
    Ok((article, by))
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, String> {
    let text = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", path.display()))
}
