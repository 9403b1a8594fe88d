//! Made-up ranking-block headers of the real form, for demos and simulations.

use nodewire::codec::Malformed;
use nodewire::codec::leios::{Announced, RankingBlockHeader, SlotNo};
use nodewire::sim::made::MadeHeader;

/// A header of the form a Leios node sends (twelve fields, announcing `announces`), about 900
/// bytes long. Every key, hash and signature in it is filler derived from `pool` and `slot`: it
/// parses, and no ledger would accept it.
///
/// # Errors
/// None in practice: the codec checks what was built here.
pub fn synthetic(
    pool: u8,
    slot: SlotNo,
    announces: Option<Announced>,
) -> Result<RankingBlockHeader, Malformed> {
    RankingBlockHeader::from_raw(MadeHeader::new(slot, pool, announces).raw())
}
