//! Before, while and after a full node syncs (P-4, P-34, P-45).

use super::FullNode;
use crate::codec::streamable::Sha256;
use crate::state::chia::transactions::TransactionIds;

impl<H: Sha256, I: TransactionIds> FullNode<H, I> {
    /// True while blocks of others are only candidates for a better chain (P-34).
    #[must_use]
    pub const fn is_syncing(&self) -> bool {
        false
    }
}
