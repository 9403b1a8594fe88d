//! What is to be reached on a machine of today.

use crate::common::{Row, Unit, row};
use crate::idle;

/// The table.
pub const ROWS: &[Row] = &[
    row("offer, decode", &["offer/decode"], Unit::Nanos, 40.0),
    row("offer, encode", &["offer/encode"], Unit::Nanos, 40.0),
    row(
        "announcement, decode and extract",
        &["announcement/decode", "announcement/view"],
        Unit::Nanos,
        250.0,
    ),
    row("66 transactions of 1,500, decode", &["txs_66_of_1500/decode"], Unit::Nanos, 2_000.0),
    row("500 transactions of 200, decode", &["txs_500_of_200/decode"], Unit::Nanos, 6_000.0),
    row("request of 222 windows, decode", &["request_222/decode"], Unit::Nanos, 3_000.0),
    row("request of 222 windows, encode", &["request_222/encode"], Unit::Nanos, 2_000.0),
    row("12 MB out of 12,288-byte segments", &["reassemble/12MB"], Unit::Gigabytes, 1.0),
    row("  24 MB: instructions", &["reassemble/12MB", "reassemble/24MB"], Unit::Twice, 2.2),
    row(
        "  a reply twice as long: instructions",
        &["linear_reassemble/1", "linear_reassemble/2"],
        Unit::Twice,
        2.2,
    ),
    row("100 kB out of 1-byte segments", &["reassemble/100kB_of_1_byte"], Unit::Megabytes, 20.0),
    row(
        "  twice as many: instructions",
        &["linear_one_byte_segments/1", "linear_one_byte_segments/2"],
        Unit::Twice,
        2.2,
    ),
    row("demultiplexing, 12,288-byte segments", &["demux/12288"], Unit::Gigabytes, 5.0),
    row("demultiplexing, 45-byte segments", &["demux/45"], Unit::Nanos, 40.0),
    row("offer, bytes to notice", &["client/bytes_to_notice"], Unit::Millions, 5.0),
    row("  of a vote", &["client/bytes_to_notice_votes"], Unit::Millions, 5.0),
    row("  128 offers in one read", &["client/bytes_to_notice_in_one_read"], Unit::Millions, 5.0),
    row(
        "client's step: decode, rules",
        &["offer/decode", "client/steady_offers"],
        Unit::Millions,
        5.0,
    ),
    row("128 steady steps of a client", &["client/steady_offers"], Unit::Allocations, 0.0),
    row("128 steady steps of a server", &["server/steady_offers"], Unit::Allocations, 0.0),
    row("128 offers, bytes to notices", &["client/bytes_to_notice"], Unit::Allocations, 0.0),
    row("echo, actions of 72 bytes", &["echo/72_byte_actions"], Unit::Nanos, 15.0),
    row("idle connection, a side", &[], Unit::AtMost("bytes", idle::bytes), 4_096.0),
];
