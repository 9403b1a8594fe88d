//! How much is answered, and for how many.

/// Bounds of what is answered (`chia.md` 14.4). Start from `default()`, which is the reference's,
/// and set fields.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct ServingLimits {
    /// Most heights of a request for headers (P-43).
    pub max_headers_asked: usize,
    /// Most heights of a request for blocks (P-43).
    pub max_blocks_asked: usize,
    /// Most heights of a request for ancestors (W-3).
    pub max_ancestors_asked: usize,
    /// Most requests of one peer that wait, the one that is being answered among them.
    pub max_requests: usize,
    /// Most questions open at a time, of all peers.
    pub max_open_asks: usize,
}

impl Default for ServingLimits {
    fn default() -> Self {
        Self {
            max_headers_asked: 25,
            max_blocks_asked: 5,
            max_ancestors_asked: 100,
            max_requests: 16,
            max_open_asks: 64,
        }
    }
}
