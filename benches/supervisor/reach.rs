//! What is to be reached on a machine of today.

use crate::common::{Row, Unit, row};
use crate::restart;

/// The table.
pub const ROWS: &[Row] = &[
    row("logs sealed from their hashes", &["seal/log_hashes"], Unit::Millions, 1.0),
    row("logs sealed from raw logs", &["seal/raw_logs"], Unit::Millions, 0.45),
    row("restart with 10 M logs", &[], Unit::AtMost("s", restart::ten_million), 30.0),
];
