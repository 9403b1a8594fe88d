//! The rules of the Supervisor's API and the decisions about it, one static each.
//!
//! Numbers and order are those of `supervisor.md` section 11 (S) and section 12 (D). A rule's
//! source says whether the specification states it ("seed") or it was decided to make the
//! specification implementable ("added"). Breaking one is never a reason to disconnect: whoever
//! asks amiss is answered, and a node that errs is reset.

mod access_lists;
mod decisions;
mod methods;
mod outcomes;
mod values;

pub use access_lists::*;
pub use decisions::*;
pub use methods::*;
pub use outcomes::*;
pub use values::*;

use crate::fault::Rule;
use crate::fault::Severity::Benign;

/// Every rule, in the order of the reference.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    ALL.iter().copied().flatten().copied()
}

/// Every rule, by theme: what [`all`] goes through.
pub static ALL: &[&[&Rule]] =
    &[values::ALL, methods::ALL, access_lists::ALL, outcomes::ALL, decisions::ALL];

/// A rule of the specification.
const fn stated(id: &'static str, reason: &'static str, text: &'static str) -> Rule {
    Rule::new(id, reason, text, "seed", Benign)
}

/// A decision.
const fn added(id: &'static str, reason: &'static str, text: &'static str) -> Rule {
    Rule::new(id, reason, text, "added", Benign)
}
