//! The rules of the protocol, one static for each way to break one.
//!
//! Numbers are those of `chia.md`. A rule's source says whether the seed states it, the original
//! software did, a later version of it does, or the reference adds it, and who checks.

mod addresses;
mod blocks;
mod candidates;
mod connection;
mod farmer;
mod frames;
mod harvester;
mod pool;
mod proofs;
mod resolutions;
mod serving;
mod sync;
mod timelord;
mod transactions;
mod unfinished;
mod wallet;

pub use addresses::*;
pub use blocks::*;
pub use candidates::*;
pub use connection::*;
pub use farmer::*;
pub use frames::*;
pub use harvester::*;
pub use pool::*;
pub use proofs::*;
pub use resolutions::*;
pub use serving::*;
pub use sync::*;
pub use timelord::*;
pub use transactions::*;
pub use unfinished::*;
pub use wallet::*;

use crate::codec::{Malformed, MalformedKind};
use crate::fault::Severity::Benign;
use crate::fault::{Fault, Rule};

/// Every rule, in the order of the reference.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    ALL.iter().copied().flatten().copied()
}

/// Every rule, by the headings of the reference: what [`all`] goes through.
pub static ALL: &[&[&Rule]] = &[
    frames::ALL,
    connection::ALL,
    harvester::ALL,
    farmer::ALL,
    candidates::ALL,
    proofs::ALL,
    blocks::ALL,
    unfinished::ALL,
    transactions::ALL,
    timelord::ALL,
    addresses::ALL,
    sync::ALL,
    serving::ALL,
    wallet::ALL,
    pool::ALL,
    resolutions::ALL,
];

/// The rule that bytes break which are no message, by what is wrong with them.
#[must_use]
pub const fn of_malformed(kind: MalformedKind) -> &'static Rule {
    match kind {
        MalformedKind::FrameTooLarge => &FRAME_TOO_LARGE,
        MalformedKind::TrailingBytes => &ONE_ENVELOPE,
        MalformedKind::TooDeep => &SKIPPED_TOO_DEEP,
        MalformedKind::UnknownMember
        | MalformedKind::MissingMember
        | MalformedKind::DuplicateMember => &MEMBERS,
        MalformedKind::IntegerOutOfRange => &INTEGERS,
        MalformedKind::BadHashLength
        | MalformedKind::BadSignatureLength
        | MalformedKind::WrongLength => &SIZED_BYTES,
        MalformedKind::BadUtf8 => &TEXTS,
        MalformedKind::BadArity => &PLAIN_ITEMS,
        MalformedKind::TooLarge => &COUNTS,
        MalformedKind::UnknownMessage => &UNKNOWN_FUNCTION,
        MalformedKind::UnexpectedEnd => &SHORT_READ,
        MalformedKind::BadOptionalTag => &OPTIONAL_TAG,
        MalformedKind::BadSignatureFlag => &SIGNATURE_FLAG,
        _ => &ENVELOPE,
    }
}

/// The fault of bytes that are no message.
pub(super) const fn malformed(malformed: Malformed) -> Fault {
    let rule = of_malformed(malformed.kind);
    Fault::malformed(rule, malformed.kind.name(), malformed.offset, "a frame")
}

/// What is decided, and kept by whoever is tested: nothing that a peer can break.
const fn decided(id: &'static str, reason: &'static str, text: &'static str) -> Rule {
    Rule::new(id, reason, text, "reference", Benign)
}
