//! Whatever happens between any two steps, nothing that was said is taken back.

use std::time::Duration;

use nodewire::Machine;
use nodewire::state::supervisor::{DurableLimits, DurableNotice, ExpiryWindow, Limits};
use serde_json::json;

use crate::disk::{Dice, Trouble};
use crate::host::{Host, Truth};

/// Limits that make snapshots and records of heads frequent.
pub fn small() -> DurableLimits {
    let mut limits = DurableLimits::default();
    (limits.snapshot_after, limits.snapshot_write, limits.heads_after) = (3_000, 500, 7);
    limits
}

pub fn cases() -> u64 {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    // Each is a whole run with its crashes, not one small value.
    cases.map_or(if cfg!(debug_assertions) { 12 } else { 300 }, |cases: u64| cases.min(1_000))
}

#[test]
fn what_was_said_stands_after_any_crash() {
    let (mut snapshots, mut crashes, mut pruned) = (0, 0, 0);
    for seed in 0..cases() {
        // Every other time blocks get too old to be kept.
        let prunes = seed % 2 == 1;
        let mut truth = Truth::new(seed, 2 + seed % 3, if prunes { 24 } else { 12 });
        let mut limits = Limits::default();
        if prunes {
            truth.expiry_window = ExpiryWindow(8);
            limits.prune_margin = Some(Duration::ZERO);
        }
        let ends = truth.ends();
        let mut host = Host::new(&truth, small(), limits);
        host.dice = Dice::new(seed + 77);
        for _ in 0..300 {
            if host.dice.below(40) == 0 {
                snapshots += u32::from(host.recovered.snapshot.is_some());
                crashes += 1;
                host.crash();
            }
            host.step();
        }
        host.crash();
        host.finish();
        assert_eq!(host.heads(), ends, "seed {seed}");
        host.crash();
        assert_eq!(host.heads(), ends, "seed {seed}");
        let index = host.durable.supervisor().index();
        let first = |slot| index.chain(slot).and_then(|chain| chain.logs().first());
        let firsts = index.slots().filter_map(first).zip(truth.world.chains.values());
        pruned += firsts.filter(|(first, chain)| first.number > chain.first).count();
    }
    assert!(snapshots > 0 && crashes > 20, "{snapshots} of {crashes}");
    assert!(pruned > 0);
}

#[test]
fn a_disk_that_fails_stops_everything_but_refusals() {
    for seed in 0..cases() {
        let truth = Truth::new(seed, 2, 8);
        let ends = truth.ends();
        let mut host = Host::new(&truth, small(), Limits::default());
        host.dice = Dice::new(seed + 5);
        let from = host.dice.below(200);
        for at in 0..400 {
            if at == from {
                let room = host.disk.bytes() + 700;
                host.trouble = [Trouble::Short, Trouble::Sync, Trouble::Full(room)]
                    [usize::try_from(seed % 3).unwrap()];
            }
            host.step();
        }
        host.write_all();
        assert!(!host.durable.is_ready(), "seed {seed}");
        assert_eq!(host.durable.deadline(), None);
        assert!(host.notices.contains(&DurableNotice::NotReady));
        // Every text has its reply, and from now on it is this.
        assert!(host.calls.values().all(Option::is_some));
        let said = host.commands;
        host.text(json!({"jsonrpc": "2.0", "id": "x", "method": "supervisor_finalizedL1"}));
        let last = host.calls.last_key_value().unwrap().1.clone().unwrap();
        assert_eq!((&last["id"], &last["error"]["code"]), (&json!("x"), &json!(-32_002)));
        for _ in 0..50 {
            host.step();
        }
        assert_eq!(host.commands, said);
        host.trouble = Trouble::None;
        host.crash();
        host.finish();
        assert_eq!(host.heads(), ends, "seed {seed}");
    }
}
