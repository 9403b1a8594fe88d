//! A script drives the decision logic, with its own limits or small ones.

use arbitrary::Unstructured;

use super::script::drive;
use crate::given::ForFetch;

/// The first byte picks the limits, the rest is the script.
pub fn fetch(data: &[u8]) {
    let Some((which, rest)) = data.split_first() else { return };
    let script = &mut Unstructured::new(rest);
    let given = if which % 8 == 0 { ForFetch::default() } else { ForFetch::small() };
    // The end of the script is the end of the run.
    let _ = drive(given, script);
}
