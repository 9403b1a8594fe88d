//! What is to be reached on a machine of today.

use crate::common::{Row, Unit, row};
use crate::{node, sync};

/// The table.
pub const ROWS: &[Row] = &[
    row("ping, decode", &["ping/decode"], Unit::Nanos, 150.0),
    row("ping, encode", &["ping/encode"], Unit::Nanos, 150.0),
    row("request_block, decode", &["request_block/decode"], Unit::Nanos, 150.0),
    row("request_block, encode", &["request_block/encode"], Unit::Nanos, 150.0),
    row("challenge_response, decode", &["challenge_response/decode"], Unit::Nanos, 150.0),
    row("challenge_response, encode", &["challenge_response/encode"], Unit::Nanos, 150.0),
    row("transaction_id, decode", &["transaction_id/decode"], Unit::Nanos, 150.0),
    row("transaction_id, encode", &["transaction_id/encode"], Unit::Nanos, 150.0),
    row("handshake, decode", &["handshake/decode"], Unit::Nanos, 150.0),
    row("handshake, encode", &["handshake/encode"], Unit::Nanos, 150.0),
    row("block frame, decode", &["block/decode"], Unit::Nanos, 1_500.0),
    row("block frame, encode", &["block/encode"], Unit::Nanos, 1_000.0),
    row("all_header_hashes of 1,000, decode", &["hashes_1000/decode"], Unit::Nanos, 15_000.0),
    row("all_header_hashes of 1,000, encode", &["hashes_1000/encode"], Unit::Nanos, 15_000.0),
    row(
        "a message of gossip, 200 peers for 100",
        &["gossip/100_peers", "gossip/200_peers"],
        Unit::Twice,
        1.1,
    ),
    row(
        "a message of blocks, 200 peers for 100",
        &["blocks/100_peers", "blocks/200_peers"],
        Unit::Twice,
        1.1,
    ),
    row("idle peer of a full node", &[], Unit::AtMost("bytes", node::bytes_of_a_peer), 4_096.0),
    row(
        "steps of a sync of 50,000 blocks",
        &[],
        Unit::AtLeast("steps/s", sync::steps_a_second),
        1e3,
    ),
    row("twice the sync of 50,000", &["long_sync/1", "long_sync/2"], Unit::Twice, 2.2),
    row("twice the sync", &["linear_sync/1", "linear_sync/2"], Unit::Twice, 2.2),
];
