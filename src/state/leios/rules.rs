//! The rules of the pair, its baseline and its neighbours, one static for each way to break one.
//!
//! Numbers and order are those of `leios.md` section 6 (L), section 7 (S) and, for what has no
//! number of its own, the section that holds it. A rule's source says whether the proposal states
//! it ("seed"), its author's later revision does, or it was added to make the proposal
//! implementable ("added"), and which side checks it.

mod decisions;
mod deliveries;
mod neighbours;
mod notifications;
mod replies;
mod requests;
mod sharing;
mod time;

pub use decisions::*;
pub use deliveries::*;
pub use neighbours::*;
pub use notifications::*;
pub use replies::*;
pub use requests::*;
pub use sharing::*;
pub use time::*;

use crate::codec::{Malformed, MalformedKind};
use crate::fault::{Fault, Rule};

/// Every rule, in the order of the reference.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    ALL.iter().copied().flatten().copied()
}

/// Every rule, by the headings of section 6: what [`all`] goes through.
pub static ALL: &[&[&Rule]] = &[
    requests::ALL,
    replies::ALL,
    notifications::ALL,
    deliveries::ALL,
    time::ALL,
    sharing::ALL,
    decisions::ALL,
    neighbours::ALL,
];

/// The rule that bytes break which are no message, by what is wrong with them: the rule that
/// names the reason where there is one, else the grammar ([`GRAMMAR`]).
#[must_use]
pub const fn of_malformed(kind: MalformedKind) -> &'static Rule {
    match kind {
        MalformedKind::ZeroBitmap | MalformedKind::EmptyBitmapMap => &EMPTY_REQUEST,
        MalformedKind::WindowsNotAscending => &WINDOWS_NOT_ASCENDING,
        MalformedKind::BitmapCountMismatch => &BITMAP_COUNT_MISMATCH,
        MalformedKind::DuplicateTxReference => &DUPLICATE_TX_REFERENCE,
        MalformedKind::BadSignatureLength => &VOTE_MISMATCH,
        MalformedKind::InvalidHeader => &INVALID_HEADER,
        MalformedKind::ZeroLengthSegment => &ZERO_LENGTH_SEGMENT,
        _ => &GRAMMAR,
    }
}

/// The fault of bytes that are no message of the protocol `inside`.
pub(super) const fn malformed(malformed: Malformed, inside: &'static str) -> Fault {
    let rule = of_malformed(malformed.kind);
    Fault::malformed(rule, malformed.kind.name(), malformed.offset, inside)
}
