//! What is to be reached on a machine of today.

use crate::common::{Row, Unit, row};

/// The table.
pub const ROWS: &[Row] = &[
    row("logs sealed from their hashes", &["seal/log_hashes"], Unit::Millions, 1.0),
    row("logs sealed from raw logs", &["seal/raw_logs"], Unit::Millions, 0.45),
];
