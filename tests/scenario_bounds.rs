//! Scenarios stand exactly at the limits they are about: a limit moved by one, and they do not hold.

#![cfg(all(feature = "sim", feature = "leios", feature = "supervisor", feature = "chia"))]

use std::fs;
use std::path::Path;

use nodewire::sim::scenario::{Outcome, Scenario, run};
use serde_json::{Value, json};

/// The family and the name.
fn scenario(name: &str) -> Scenario {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let text = fs::read_to_string(folder.join(name).with_extension("json")).unwrap();
    text.parse().unwrap_or_else(|why| panic!("{name}: {why}"))
}

/// The same with one field of its configuration set, by its path.
fn moved(name: &str, field: &str, value: &Value) -> Outcome {
    let mut moved = scenario(name);
    let (sections, field) =
        field.rsplit_once('.').map_or((None, field), |(all, it)| (Some(all), it));
    let mut section = &mut moved.config;
    for name in sections.into_iter().flat_map(|all| all.split('.')) {
        let inner = section.entry(name).or_insert_with(|| json!({}));
        section = inner.as_object_mut().unwrap();
    }
    section.insert(field.to_owned(), value.clone());
    run(&moved)
}

fn each_shows(family: &str, cases: &[(&str, &str, Value)]) {
    let mut blunt = Vec::new();
    for (name, field, value) in cases {
        match moved(&format!("{family}/{name}"), field, value) {
            Outcome::Failed { .. } => {}
            Outcome::Passed => blunt.push(format!("{name} holds with {field} = {value}")),
            other => panic!("{name}, {field}: {other}"),
        }
    }
    assert!(blunt.is_empty(), "{}", blunt.join("\n"));
}

fn seconds(secs: u64) -> Value {
    json!({ "secs": secs, "nanos": 0 })
}

/// For a fault the limit is moved up only: that none comes before the last step is tested for all.
#[test]
fn a_limit_moved_by_one_shows() {
    let cases = [
        ("h95-too-many-elections", "limits.max_tracked_elections", json!(3)),
        ("k112-no-ping", "keep_alive.ping_within", seconds(98)),
        ("k112-no-pong", "keep_alive.answer_within", seconds(61)),
        ("l03-at-the-line", "limits.max_outstanding_request_bytes", json!(10_001)),
        ("l03-below-the-line", "limits.max_outstanding_request_bytes", json!(9_999)),
        ("l03-client-at-the-line", "limits.max_outstanding_request_bytes", json!(10_001)),
        ("l03-client-below-the-line", "limits.max_outstanding_request_bytes", json!(9_999)),
        ("l04-a-thousand-requests", "limits.max_outstanding_requests", json!(999)),
        ("l04-client-waits", "limits.max_outstanding_requests", json!(1_001)),
        ("l04-requests", "limits.max_outstanding_requests", json!(1_001)),
        ("l05-notification-request-too-small", "limits.max_notification_size", json!(2_047)),
        ("l05-smallest-notification-request", "limits.max_notification_size", json!(2_049)),
        ("l11-largest-request", "limits.max_request_message", json!(65_534)),
        ("l11-one-byte-more", "limits.max_request_message", json!(65_536)),
        ("l12-client-just-fits", "limits.max_reply_message", json!(189)),
        ("l12-client-just-fits", "limits.max_reply_message", json!(191)),
        ("l12-largest-reply", "limits.max_reply_message", json!(665)),
        ("l12-one-byte-more", "limits.max_reply_message", json!(666)),
        ("l13-to-the-byte", "limits.reply_split_target", json!(99_999)),
        ("l13-to-the-byte", "limits.reply_split_target", json!(100_001)),
        ("l14-most-txs", "limits.max_outstanding_txs", json!(73_727)),
        ("l14-too-many-txs", "limits.max_outstanding_txs", json!(73_792)),
        ("l26-largest-notification", "limits.max_notification_size", json!(2_047)),
        ("l26-notification-too-large", "limits.max_notification_size", json!(2_049)),
        ("l37-just-in-time", "limits.clock_skew", seconds(1)),
        ("l37-just-in-time", "limits.receive_age", seconds(599)),
        ("l37-too-early", "limits.clock_skew", seconds(3)),
        ("l37-too-old", "limits.receive_age", seconds(601)),
        ("l38-just-young-enough", "limits.relay_age", seconds(299)),
        ("l38-just-young-enough", "limits.relay_age", seconds(301)),
        ("l45-just-young-enough", "limits.relay_age", seconds(299)),
        ("l45-just-young-enough", "limits.relay_age", seconds(301)),
        ("l49-closure-too-large", "limits.max_eb_closure", json!(600)),
        ("l49-largest-block", "limits.max_eb_bytes", json!(511_994)),
        ("l49-largest-block", "limits.max_eb_bytes", json!(512_001)),
        ("l49-largest-block", "limits.max_eb_txs", json!(14_221)),
        ("l49-largest-closure", "limits.max_eb_closure", json!(599)),
        ("l49-largest-transaction", "limits.max_tx_bytes", json!(16_383)),
        ("l49-most-entries", "limits.max_eb_txs", json!(2)),
        ("l49-too-many-entries", "limits.max_eb_txs", json!(3)),
        ("l49-transaction-too-large", "limits.max_tx_bytes", json!(16_385)),
        ("l57-delivery-timeout", "limits.delivery_timeout", seconds(61)),
        ("l57-rolling", "limits.delivery_timeout", seconds(59)),
        ("l58-starved", "limits.starvation", seconds(181)),
        ("l59-orderly-end", "limits.shutdown_timeout", seconds(59)),
        ("l59-shutdown-timeout", "limits.shutdown_timeout", seconds(61)),
        ("l60-guard", "mux.guard", json!(15)),
        ("l60-guard", "mux.guard", json!(17)),
        ("l62-egress-low", "limits.reply_egress_low", json!(24_575)),
        ("l62-egress-low", "limits.reply_egress_low", json!(24_577)),
        ("m10-segment-timeout", "mux.segment_timeout", seconds(31)),
        ("n51-state-timeout", "naive.busy_timeout", seconds(61)),
    ];
    each_shows("leios", &cases);
}

/// What a limit lets through and what it does not is in the same scenario: it may move neither way.
#[test]
fn a_limit_of_the_supervisor_moved_by_one_shows() {
    let mut cases = Vec::new();
    for (name, field, limit) in [
        ("s44-limits", "limits.max_text", 200),
        ("s44-limits", "limits.max_batch", 3),
        ("s44-limits", "limits.max_depth", 5),
        ("s44-entry-limit", "limits.max_access_entries", 4),
        ("s44-limit-parked-calls", "limits.max_parked_calls", 2),
        ("s44-limit-open-calls", "limits.max_open_calls", 2),
        ("s44-limit-blocks-above-safe", "limits.max_blocks_above_safe", 3),
        ("s44-limit-logs", "limits.max_logs", 3),
        ("s44-limit-executing", "limits.max_executing", 2),
        ("s44-limit-derived", "limits.max_local_safe_above_safe", 2),
        ("s44-limit-fetches", "limits.max_fetches", 2),
        ("s44-limit-attempts", "limits.max_attempts", 2),
        ("s44-limit-parked-events", "limits.max_parked_events", 2),
        ("s44-limit-nodes", "limits.max_nodes", 2),
        ("s44-limit-confirmations", "limits.l1_confirmations", 2),
        ("s04-timeout", "expiryWindow", 100),
        ("s28-relative-to-time", "expiryWindow", 100),
        ("d07-seven-days", "expiryWindow", 604_800),
        ("d07-half-a-year", "expiryWindow", 15_552_000),
        ("d10-exact-expiry", "expiryWindow", 100),
    ] {
        cases.extend([(name, field, json!(limit - 1)), (name, field, json!(limit + 1))]);
    }
    let reply = "s44-limit-reply";
    let length = scenario(&format!("supervisor/{reply}")).config["limits"]["max_reply"].as_u64();
    let length = length.unwrap();
    let second = json!({ "secs": 1, "nanos": 0 });
    cases.extend([
        (reply, "limits.max_reply", json!(length - 1)),
        (reply, "limits.max_reply", json!(length + 1)),
        ("s44-limit-parked-deadline", "limits.parked_deadline", seconds(6)),
        ("s44-limit-node-deadline", "limits.call_deadline", seconds(6)),
        ("s44-client-deadline", "limits.call_deadline", seconds(9)),
        ("s44-client-deadline", "limits.call_deadline", seconds(11)),
        ("s44-limit-backoff", "limits.reset_backoff", json!([second, seconds(2)])),
        ("s44-limit-backoff", "limits.reset_backoff", json!([second, seconds(4)])),
        ("s44-limit-backoff", "limits.reset_backoff", json!([seconds(2), seconds(3)])),
        ("d15-promotion-in-portions", "limits.promotion_budget", json!(10_000)),
    ]);
    each_shows("supervisor", &cases);
}

/// What is let through and what is not stands in one scenario, or in two beside each other.
#[test]
fn a_limit_of_chia_moved_by_one_shows() {
    let cases = [
        ("fr2-before-the-handshake", "limits.max_handshake_frame", json!(10241)),
        ("size-max-fixed-frame", "limits.max_fixed_frame", json!(199)),
        ("size-max-fixed-frame-overrun", "limits.max_fixed_frame", json!(201)),
        ("fr2-largest-frame", "limits.max_frame", json!(4996)),
        ("fr2-frame-too-large", "limits.max_frame", json!(5001)),
        ("size-max-name", "limits.max_name", json!(63)),
        ("size-max-name-overrun", "limits.max_name", json!(65)),
        ("size-max-proof", "limits.max_proof", json!(159)),
        ("size-max-proof-overrun", "limits.max_proof", json!(160)),
        ("size-max-witness", "limits.max_witness", json!(31)),
        ("size-max-witness-overrun", "limits.max_witness", json!(32)),
        ("size-max-block", "limits.max_block", json!(1230)),
        ("size-max-block-overrun", "limits.max_block", json!(1231)),
        ("size-max-transaction", "limits.max_transaction", json!(99)),
        ("size-max-transaction-overrun", "limits.max_transaction", json!(101)),
        ("size-max-pool-pubkeys", "limits.max_pool_pubkeys", json!(2)),
        ("size-max-pool-pubkeys-overrun", "limits.max_pool_pubkeys", json!(4)),
        ("size-max-peer-list", "limits.max_peer_list", json!(2)),
        ("size-max-peer-list-overrun", "limits.max_peer_list", json!(4)),
        ("size-max-header-hashes", "limits.max_header_hashes", json!(2)),
        ("size-max-header-hashes-overrun", "limits.max_header_hashes", json!(4)),
        ("size-max-farmer-id", "role.limits.wire.max_farmer_id", json!(6)),
        ("size-max-farmer-id-fits", "role.limits.wire.max_farmer_id", json!(5)),
        ("size-max-posting-url", "role.limits.wire.max_posting_url", json!(20)),
        ("size-max-posting-url-fits", "role.limits.wire.max_posting_url", json!(19)),
        ("size-max-farmer-target", "role.limits.wire.max_farmer_target", json!(12)),
        ("size-max-farmer-target-fits", "role.limits.wire.max_farmer_target", json!(11)),
        ("sixteen-unsolicited", "limits.max_unsolicited", json!(15)),
        ("seventeen-unsolicited", "limits.max_unsolicited", json!(17)),
        ("r18-closed", "limits.rate.messages", json!(4)),
        ("r18-answers-are-free", "limits.rate.messages", json!(0)),
        ("r18-closed-by-transactions", "limits.rate.transactions", json!(3)),
        ("r18-closed-by-bytes", "limits.rate.bytes", json!(86)),
        ("r18-held-back", "limits.rate.transactions", json!(2)),
        ("r18-next-minute", "limits.rate.transactions", json!(0)),
        ("h10-newest-challenges", "role.max_challenges", json!(3)),
        ("h10-newest-challenges", "role.max_challenges", json!(1)),
        ("h10-most-qualities", "role.max_qualities", json!(4)),
        ("h10-as-many-as-fit", "role.max_qualities", json!(3)),
        ("f11-challenges", "role.limits.max_challenges", json!(3)),
        ("f11-challenges", "role.limits.max_challenges", json!(1)),
        ("f11-qualities", "role.limits.max_qualities", json!(3)),
        ("f11-qualities", "role.limits.max_qualities", json!(1)),
        ("f11-arrivals", "role.limits.max_arrivals", json!(3)),
        ("f11-arrival-weights", "role.limits.max_arrival_weights", json!(3)),
        ("p07-bounded", "role.limits.max_disconnected_per_peer", json!(3)),
        ("p07-bounded", "role.limits.max_disconnected_per_peer", json!(1)),
        ("p04-far-above", "role.sync_threshold", json!(21)),
        ("p04-twenty-above", "role.sync_threshold", json!(19)),
        ("p04-three-below", "role.near_window", json!(2)),
        ("p04-far-below", "role.near_window", json!(4)),
        ("p20-slow-waits", "role.slow_block_threshold", json!(121)),
        ("p20-not-slow", "role.slow_block_threshold", json!(119)),
        ("p20-worse-than-the-best", "role.propagation_threshold", json!(151)),
        ("p20-worse-than-the-best", "role.propagation_threshold", json!(149)),
        ("p22-waiting", "role.limits.max_waiting", json!(3)),
        ("p22-waiting", "role.limits.max_waiting", json!(1)),
        ("p22-stored", "role.limits.max_unfinished", json!(3)),
        ("p22-stored", "role.limits.max_unfinished", json!(1)),
        ("f26-bounded", "role.limits.max_candidates", json!(3)),
        ("f26-bounded", "role.limits.max_candidates", json!(1)),
        ("p33-per-peer", "role.transactions.max_fetches_per_peer", json!(3)),
        ("p33-per-peer", "role.transactions.max_fetches_per_peer", json!(1)),
        ("p33-in-all", "role.transactions.max_fetches", json!(3)),
        ("p33-in-all", "role.transactions.max_fetches", json!(1)),
        ("p33-sources", "role.transactions.max_sources", json!(3)),
        ("p33-sources", "role.transactions.max_sources", json!(1)),
        ("p33-known-ids", "role.transactions.max_known", json!(2)),
        ("p43-too-many-headers", "role.serving.max_headers_asked", json!(26)),
        ("p43-most-headers", "role.serving.max_headers_asked", json!(24)),
        ("p43-too-many-blocks", "role.serving.max_blocks_asked", json!(6)),
        ("p43-most-blocks", "role.serving.max_blocks_asked", json!(4)),
        ("w03-too-many", "role.serving.max_ancestors_asked", json!(101)),
        ("w03-most", "role.serving.max_ancestors_asked", json!(99)),
        ("w03-wallet-asks-no-more", "role.max_ancestors_asked", json!(101)),
        ("w03-wallet-asks-no-more", "role.max_ancestors_asked", json!(99)),
        ("p39-window", "role.sync.window", json!(3)),
        ("p39-window", "role.sync.window", json!(1)),
        ("p39-window", "role.sync.headers_per_batch", json!(3)),
        ("p39-window", "role.sync.headers_per_batch", json!(1)),
        ("p39-batches-of-25", "role.sync.headers_per_batch", json!(26)),
        ("p39-batches-of-25", "role.sync.headers_per_batch", json!(24)),
        ("p42-batches-of-5", "role.sync.blocks_per_batch", json!(6)),
        ("p42-batches-of-5", "role.sync.blocks_per_batch", json!(4)),
        ("t08-heaviest-kept", "role.max_challenges", json!(3)),
        ("t08-heaviest-kept", "role.max_challenges", json!(1)),
        ("t08-smallest-counts-kept", "role.max_pending", json!(3)),
        ("t08-smallest-counts-kept", "role.max_pending", json!(1)),
        ("t03-heaviest-first", "role.workers", json!(2)),
        ("p25-twenty", "role.limits.max_answered", json!(21)),
        ("p25-twenty", "role.limits.max_answered", json!(19)),
        ("r21-capped", "role.addresses.limits.max_answered", json!(8)),
        ("r21-capped", "role.addresses.limits.max_answered", json!(6)),
        ("p26-most-addresses", "role.addresses.limits.max_addresses", json!(6)),
        ("p26-most-addresses", "role.addresses.limits.max_addresses", json!(4)),
        ("p26-most-read", "role.addresses.limits.max_read", json!(4)),
        ("p26-most-read", "role.addresses.limits.max_read", json!(2)),
        ("p28-as-many-as-needed", "role.addresses.target_peers", json!(3)),
        ("p28-as-many-as-needed", "role.addresses.target_peers", json!(1)),
        ("most-established", "node.registry.max_established", json!(3)),
        ("most-established", "node.registry.max_established", json!(1)),
        ("most-inbound", "node.registry.max_inbound", json!(2)),
        ("most-inbound-of-host", "node.registry.max_inbound_of_host", json!(2)),
        ("po4-too-many", "role.limits.max_unacknowledged", json!(3)),
        ("po4-room", "role.limits.max_unacknowledged", json!(3)),
        ("po4-room", "role.limits.max_unacknowledged", json!(1)),
        ("po3-most-coinbases", "role.limits.max_coinbases", json!(2)),
        ("po2-low-stock", "role.low_stock", json!(3)),
        ("po2-low-stock", "role.low_stock", json!(1)),
        ("c11-no-handshake", "limits.handshake_timeout", seconds(31)),
        ("c11-just-in-time", "limits.handshake_timeout", seconds(29)),
        ("c12-ping-sent", "limits.ping_interval", seconds(301)),
        ("c12-ping-sent", "limits.ping_interval", seconds(299)),
        ("c13-idle", "limits.idle_timeout", seconds(3001)),
        ("c13-any-message", "limits.idle_timeout", seconds(2999)),
        ("p07-asked-once", "role.parent_timeout", seconds(9)),
        ("p07-asked-once", "role.parent_timeout", seconds(11)),
        ("p20-slow-waits", "role.slow_block_delay", seconds(2)),
        ("p20-slow-waits", "role.slow_block_delay", seconds(4)),
        ("p29-fetched", "role.transactions.fetch_timeout", seconds(9)),
        ("p29-fetched", "role.transactions.fetch_timeout", seconds(11)),
        ("p36-heaviest", "role.sync.tip_wait", seconds(4)),
        ("p36-heaviest", "role.sync.tip_wait", seconds(6)),
        ("p37-asked-again", "role.sync.retry", seconds(9)),
        ("p37-asked-again", "role.sync.retry", seconds(11)),
        ("p39-asked-again", "role.sync.retry", seconds(9)),
        ("p37-given-up", "role.sync.timeout", seconds(199)),
        ("p45-not-again", "role.sync.barred", seconds(599)),
        ("p45-not-again", "role.sync.barred", seconds(601)),
        ("p25-recent", "role.limits.recent", seconds(5999)),
        ("p25-long-ago", "role.limits.recent", seconds(6001)),
        ("p28-introducer", "role.addresses.limits.introducer_interval", seconds(119)),
        ("p28-introducer", "role.addresses.limits.introducer_interval", seconds(121)),
        ("p28-introducer", "role.addresses.limits.introducer_retry", seconds(4)),
        ("p28-introducer", "role.addresses.limits.introducer_retry", seconds(6)),
        ("c14-dropped-for-a-fault", "node.registry.ban_malformed", seconds(11)),
        ("i02-idle", "role.limits.introducer_idle", seconds(119)),
        ("i02-idle", "role.limits.introducer_idle", seconds(121)),
        ("po2-silent-farmer", "role.limits.first_timeout", seconds(31)),
        ("po2-idle-farmer", "role.limits.first_timeout", seconds(29)),
        ("po2-idle-farmer", "role.limits.idle_timeout", seconds(86_399)),
        ("po2-idle-farmer", "role.limits.idle_timeout", seconds(86_401)),
        ("po3-no-data", "role.limits.answer_timeout", seconds(121)),
        ("po3-just-in-time", "role.limits.answer_timeout", seconds(119)),
        ("po4-no-ack", "role.limits.answer_timeout", seconds(121)),
        ("w06-next-node", "role.answer_timeout", seconds(9)),
        ("w06-next-node", "role.answer_timeout", seconds(11)),
    ];
    each_shows("chia", &cases);
}
