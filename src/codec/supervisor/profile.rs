//! Which of two output forms is written (D-3, D-33).

use alloc::vec::Vec;

use serde::Serialize;

/// The output form. Input is accepted in both whatever the profile.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// The specification's: chain ids and map keys in hex, numbers as numbers, five-digit codes.
    #[default]
    Seed,
    /// That of deployed services: decimal chain ids and keys, six-digit codes.
    Deployed,
}

/// A value in the form of a profile.
pub(super) struct InProfile<'a, T>(pub(super) &'a T, pub(super) Profile);

/// Appends the JSON of a value that has one.
pub(super) fn write_json<T: Serialize>(value: &T, out: &mut Vec<u8>) {
    // Neither memory nor values of these types refuse to be written.
    if let Ok(text) = serde_json::to_vec(value) {
        out.extend_from_slice(&text);
    }
}
