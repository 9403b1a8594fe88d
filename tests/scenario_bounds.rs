//! Scenarios stand exactly at the limits they are about: a limit moved by one, and they do not hold.

#![cfg(all(feature = "sim", feature = "leios"))]

use std::fs;
use std::path::Path;

use nodewire::sim::scenario::{Outcome, Scenario, run};
use serde_json::{Value, json};

fn scenario(name: &str) -> Scenario {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios/leios");
    let text = fs::read_to_string(folder.join(name).with_extension("json")).unwrap();
    text.parse().unwrap_or_else(|why| panic!("{name}: {why}"))
}

/// The same with one field of its configuration set: `section.field`.
fn moved(name: &str, field: &str, value: &Value) -> Outcome {
    let mut moved = scenario(name);
    let (section, field) = field.split_once('.').unwrap();
    let section = moved.config.entry(section).or_insert_with(|| json!({}));
    section.as_object_mut().unwrap().insert(field.to_owned(), value.clone());
    run(&moved)
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
    let mut blunt = Vec::new();
    for (name, field, value) in &cases {
        match moved(name, field, value) {
            Outcome::Failed { .. } => {}
            Outcome::Passed => blunt.push(format!("{name} holds with {field} = {value}")),
            other => panic!("{name}, {field}: {other}"),
        }
    }
    assert!(blunt.is_empty(), "{}", blunt.join("\n"));
}
