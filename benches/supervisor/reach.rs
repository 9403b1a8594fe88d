//! What is to be reached on a machine of today.

use crate::common::{Row, Unit, row};
use crate::restart;

/// The table.
pub const ROWS: &[Row] = &[
    row("logs sealed from their hashes", &["seal/log_hashes"], Unit::Millions, 1.0),
    row("logs sealed from raw logs", &["seal/raw_logs"], Unit::Millions, 0.45),
    row("restart with 10 M logs", &[], Unit::AtMost("s", restart::ten_million), 30.0),
    row("entries to a message, borrowed", &["rpc/entries"], Unit::Nanos, 10.0),
    row("message checked, small index", &["rpc/check"], Unit::Nanos, 60.0),
    row("small call, text to text", &["rpc/small"], Unit::Nanos, 600.0),
    row("access list of 1, text to text", &["rpc/check_1"], Unit::Nanos, 1_200.0),
    row("access list of 10, text to text", &["rpc/check_10"], Unit::Nanos, 2_500.0),
    row("access list of 100, text to text", &["rpc/check_100"], Unit::Nanos, 15_000.0),
];
