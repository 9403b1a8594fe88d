//! Rules of the exchange of transactions (`chia.md` 12, W-5).

use super::decided;
use crate::fault::Rule;
use crate::fault::Severity::{Faulty, Hostile};

/// The rules of this heading, in order.
pub(super) static ALL: &[&Rule] = &[
    &FETCH_ANNOUNCED,
    &GIVE_TRANSACTION,
    &INVALID_TRANSACTION,
    &WRONG_TRANSACTION,
    &FETCHES_BOUNDED,
    &HANDED_IN,
];

/// P-29 `FetchAnnounced`: What is announced and not known is asked for, of one source after the
/// other, each with its time.
pub static FETCH_ANNOUNCED: Rule = decided(
    "chia/P-29",
    "FetchAnnounced",
    "What is announced and not known is asked for, of one source after the other, each with its \
     time.",
);

/// P-30 `GiveTransaction`: A transaction that is there is given to who asks; else nothing is said.
pub static GIVE_TRANSACTION: Rule = decided(
    "chia/P-30",
    "GiveTransaction",
    "A transaction that is there is given to who asks; else nothing is said.",
);

/// P-31 `InvalidTransaction`: A transaction that is passed on is valid.
pub static INVALID_TRANSACTION: Rule = Rule::new(
    "chia/P-31",
    "InvalidTransaction",
    "A transaction that is passed on is valid.",
    "reference, as the first code that passed any on; the mempool of the full node decides",
    Hostile,
);

/// P-32 `WrongTransaction`: A request for a transaction is answered with that transaction or
/// not at all.
pub static WRONG_TRANSACTION: Rule = Rule::new(
    "chia/P-32",
    "WrongTransaction",
    "A request for a transaction is answered with that transaction or not at all.",
    "reference; the full node checks",
    Faulty,
);

/// P-33 `FetchesBounded`: What is fetched is bounded in all, for each peer and in sources; so is
/// what a peer is remembered to know.
pub static FETCHES_BOUNDED: Rule = decided(
    "chia/P-33",
    "FetchesBounded",
    "What is fetched is bounded in all, for each peer and in sources; so is what a peer is \
     remembered to know.",
);

/// W-5 `HandedIn`: What a wallet hands in is offered and announced as if it came from a full node.
pub static HANDED_IN: Rule = decided(
    "chia/W-5",
    "HandedIn",
    "What a wallet hands in is offered and announced as if it came from a full node.",
);
