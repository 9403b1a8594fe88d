//! What is to be reached on a machine of today.

use crate::common::{Row, Unit, row};
use crate::{backlog, large, restart};

/// The table.
pub const ROWS: &[Row] = &[
    row("logs sealed from their hashes", &["seal/log_hashes"], Unit::Millions, 1.0),
    row("logs sealed from raw logs", &["seal/raw_logs"], Unit::Millions, 0.45),
    row("a message in 10 M logs, of a table", &[], Unit::AtMost("times", large::of_a_table), 2.0),
    row("held for a log", &[], Unit::AtMost("bytes", large::bytes_of_log), 48.0),
    row("held for an executing message", &[], Unit::AtMost("bytes", large::bytes_of_message), 64.0),
    row("backlog of 100,000 blocks", &[], Unit::AtMost("s", backlog::seconds), 1.0),
    row(
        "  twice as long: instructions",
        &["linear_backlog/1", "linear_backlog/2"],
        Unit::Twice,
        2.2,
    ),
    row(
        "  a ring of twice as many messages",
        &["linear_ring_messages/1", "linear_ring_messages/2"],
        Unit::Twice,
        2.2,
    ),
    row(
        "  a ring of twice as many chains",
        &["linear_ring_chains/1", "linear_ring_chains/2"],
        Unit::Twice,
        2.2,
    ),
    row(
        "  twice as many blocks waited for",
        &["linear_waits/1", "linear_waits/2"],
        Unit::Twice,
        2.2,
    ),
    row("restart with 10 M logs", &[], Unit::AtMost("s", restart::ten_million), 30.0),
    row("entries to a message, borrowed", &["rpc/entries"], Unit::Nanos, 10.0),
    row("message checked, small index", &["rpc/check"], Unit::Nanos, 60.0),
    row("small call, text to text", &["rpc/small"], Unit::Nanos, 600.0),
    row("access list of 1, text to text", &["rpc/check_1"], Unit::Nanos, 1_200.0),
    row("access list of 10, text to text", &["rpc/check_10"], Unit::Nanos, 2_500.0),
    row("access list of 100, text to text", &["rpc/check_100"], Unit::Nanos, 15_000.0),
];
