//! Scenarios stand exactly at the limits they are about: a limit moved by one, and they do not hold.

#![cfg(all(feature = "sim", feature = "leios", feature = "supervisor"))]

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

/// The same with one field of its configuration set: `field` or `section.field`.
fn moved(name: &str, field: &str, value: &Value) -> Outcome {
    let mut moved = scenario(name);
    match field.split_once('.') {
        Some((section, field)) => {
            let section = moved.config.entry(section).or_insert_with(|| json!({}));
            section.as_object_mut().unwrap().insert(field.to_owned(), value.clone());
        }
        None => drop(moved.config.insert(field.to_owned(), value.clone())),
    }
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
