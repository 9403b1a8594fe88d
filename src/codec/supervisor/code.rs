//! The error table (`supervisor.md` section 5, S-44, S-45).

use core::fmt;

use super::Profile;

/// What went wrong, as a number and a text on the wire. Each has one meaning (D-5, D-6, D-32).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Code {
    /// The text is not JSON, not UTF-8 or nested too deeply.
    ParseError,
    /// Not a request object, or an empty batch.
    InvalidRequest,
    /// No such method.
    MethodNotFound,
    /// Parameters of another count, type or form; a malformed access list (D-12).
    InvalidParams,
    /// A node answered a needed query with an error, or an invariant broke.
    InternalError,
    /// Understood by clients, never sent (D-34).
    InvalidInput,
    /// Understood by clients, never sent (D-32).
    ResourceNotFound,
    /// Nothing to answer from: no chains, or a parked call was given up.
    ResourceUnavailable,
    /// The failsafe refuses every access list (D-25).
    TransactionRejected,
    /// The method is known and switched off (D-32).
    MethodNotSupported,
    /// A text, a batch, an access list or the number of parked calls is over its limit.
    LimitExceeded,
    /// `jsonrpc` is another text than `2.0`.
    VersionNotSupported,
    /// The chain is not in the dependency set.
    UnknownChain,
    /// The chain has no anchor yet.
    Uninitialized,
    /// The answer needs data above the allowed scope.
    OutOfScope,
    /// A hole: there is data before and after, not here.
    SkippedData,
    /// An append that does not fit the head.
    OutOfOrder,
    /// Not available yet: try again later.
    FutureData,
    /// Below what is retained: pruned, or before the anchor.
    MissedData,
    /// Known for sure to be different.
    ConflictingData,
    /// The entry is invalidated and its replacement was not seen.
    AwaitingReplacement,
    /// An append that is consistent and changes nothing.
    IneffectiveData,
    /// What is stored contradicts itself.
    DataCorruption,
    /// Internal control flow, never sent (D-31).
    IterStop,
    /// There is no block before the first.
    NoParentOfFirst,
}

/// Number in the specification, number in later revisions, text.
type Row = (Code, i32, Option<i32>, &'static str);

const TABLE: [Row; 25] = [
    (Code::ParseError, -32_700, None, "Parse error"),
    (Code::InvalidRequest, -32_600, None, "Invalid request"),
    (Code::MethodNotFound, -32_601, None, "Method not found"),
    (Code::InvalidParams, -32_602, None, "Invalid params"),
    (Code::InternalError, -32_603, None, "Internal error"),
    (Code::InvalidInput, -32_000, None, "Invalid input"),
    (Code::ResourceNotFound, -32_001, None, "Resource not found"),
    (Code::ResourceUnavailable, -32_002, None, "Resource unavailable"),
    (Code::TransactionRejected, -32_003, None, "Transaction rejected"),
    (Code::MethodNotSupported, -32_004, None, "Method not supported"),
    (Code::LimitExceeded, -32_005, None, "Limit exceeded"),
    (Code::VersionNotSupported, -32_006, None, "JSON-RPC version not supported"),
    (Code::UnknownChain, -32_100, Some(-320_501), "unknown chain"),
    (Code::Uninitialized, -32_101, Some(-320_400), "uninitialized chain database"),
    (Code::OutOfScope, -32_102, Some(-321_100), "out of scope"),
    (Code::SkippedData, -32_110, Some(-320_500), "skipped data"),
    (Code::OutOfOrder, -32_111, Some(-320_900), "data out of order"),
    (Code::FutureData, -32_112, Some(-321_401), "future data"),
    (Code::MissedData, -32_113, Some(-321_500), "missed data"),
    (Code::ConflictingData, -32_114, Some(-320_600), "conflicting data"),
    (Code::AwaitingReplacement, -32_115, Some(-320_901), "awaiting replacement block"),
    (Code::IneffectiveData, -32_116, Some(-320_601), "ineffective data"),
    (Code::DataCorruption, -32_117, Some(-321_501), "data corruption"),
    (Code::IterStop, -32_118, Some(-321_000), "iter stop"),
    (
        Code::NoParentOfFirst,
        -32_119,
        Some(-321_200),
        "cannot get parent of first block in the database",
    ),
];

impl Code {
    /// Every code, in the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.0)
    }

    /// The number in the specification: five digits.
    #[must_use]
    pub fn number(self) -> i32 {
        self.row().1
    }

    /// The number that later revisions gave to this text: six digits, where there is one.
    #[must_use]
    pub fn later(self) -> Option<i32> {
        self.row().2
    }

    /// The number that is sent. Deployed services mean by "skipped" what is pruned and by
    /// "missed" a hole, and refuse with invalid params under failsafe (`supervisor.md` 5.1).
    #[must_use]
    pub fn in_profile(self, profile: Profile) -> i32 {
        let meant = match (profile, self) {
            (Profile::Seed, _) => return self.number(),
            (Profile::Deployed, Self::MissedData) => Self::SkippedData,
            (Profile::Deployed, Self::SkippedData) => Self::MissedData,
            (Profile::Deployed, Self::TransactionRejected) => Self::InvalidParams,
            (Profile::Deployed, other) => other,
        };
        meant.later().unwrap_or_else(|| meant.number())
    }

    /// The text every message of this code starts with.
    #[must_use]
    pub fn message(self) -> &'static str {
        self.row().3
    }

    /// What a number means that came from a server of this profile.
    #[must_use]
    pub fn from_number(number: i32, profile: Profile) -> Option<Self> {
        // The failsafe's number is that of invalid params, which comes first in the table.
        Self::all().find(|code| code.in_profile(profile) == number)
    }

    #[expect(clippy::indexing_slicing, reason = "a row for each variant, in their order: tested")]
    fn row(self) -> &'static Row {
        const ROWS: &[Row; 25] = &TABLE;
        &ROWS[self as usize]
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

/// Its number in the specification.
impl serde::Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i32(self.number())
    }
}
