//! Which of two output forms is written (D-3, D-33).

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
