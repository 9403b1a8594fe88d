//! What Prometheus scrapes: made anew from the status at each scrape, so nothing is counted twice.

use std::sync::atomic::AtomicU64;

use nodewire::codec::supervisor::{Profile, SafetyLevel};
use nodewire::state::supervisor::Waits;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::registry::{Registry, Unit};

use super::budget::Budget;
use super::el::{self, View};
use super::status::{ChainStatus, Status};

/// The form of [`text`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Level {
    chain: String,
    level: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Wait {
    chain: String,
    level: &'static str,
    on: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ByCode {
    code: i32,
}

type ByLevel = Family<Level, Gauge<u64, AtomicU64>>;

/// The metrics, those of polled execution layers among them; `now` is seconds of Unix time.
#[must_use]
pub(super) fn text(
    status: &Status,
    layers: &[View],
    connections: usize,
    budget: &Budget,
    now: u64,
) -> String {
    let mut registry = Registry::with_prefix("nodewire_supervisor");
    heads(&mut registry, status, now);
    waits(&mut registry, status);
    counts(&mut registry, status);
    el::metrics::register(&mut registry, layers);
    let gauges = [
        ("connections", "Open connections", connections as u64),
        ("held_bytes", "Bytes of texts and replies that requests hold", budget.held() as u64),
        ("sources", "Attached sources", status.sources as u64),
        ("footprint_bytes", "Bytes that the machine holds", status.footprint as u64),
        ("failsafe", "1 while every access list is refused", status.failsafe.into()),
        (
            "finalized_l1_number",
            "Number of the finalized layer-one block",
            status.finalized_l1.map_or(0, |block| block.number),
        ),
    ];
    for (name, help, value) in gauges {
        registry.register(name, help, ConstGauge::new(value));
    }
    let help = "Requests for which there was no room";
    registry.register("requests_without_room", help, ConstCounter::new(budget.refused()));
    journal(&mut registry, status);
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = encode(&mut text, &registry);
    text
}

fn heads(registry: &mut Registry, status: &Status, now: u64) {
    let [number, timestamp, lag, behind] = [(); 4].map(|()| ByLevel::default());
    for chain in &status.chains {
        for (level, head) in levels(chain) {
            let Some((head_number, head_timestamp)) = head else { continue };
            let label = Level { chain: chain.chain_id.to_string(), level: level.name() };
            number.get_or_create(&label).set(head_number);
            timestamp.get_or_create(&label).set(head_timestamp);
            lag.get_or_create(&label).set(now.saturating_sub(head_timestamp));
            behind.get_or_create(&label).set(chain.target.saturating_sub(head_number));
        }
    }
    registry.register("head_number", "Number of the head", number);
    registry.register_with_unit("head_time", "Unix time of the head", Unit::Seconds, timestamp);
    registry.register_with_unit("head_lag", "Age of the head by the clock", Unit::Seconds, lag);
    registry.register("head_behind_blocks", "Blocks between the head and the newest known", behind);
}

fn levels(chain: &ChainStatus) -> [(SafetyLevel, Option<(u64, u64)>); 5] {
    let heads = &chain.heads;
    [
        (SafetyLevel::Unsafe, heads.local_unsafe.map(|block| (block.number, block.timestamp))),
        (SafetyLevel::CrossUnsafe, heads.cross_unsafe.map(|seal| (seal.number, seal.timestamp))),
        (
            SafetyLevel::LocalSafe,
            heads.local_safe.map(|entry| (entry.derived.number, entry.derived.timestamp)),
        ),
        (
            SafetyLevel::Safe,
            heads.cross_safe.map(|entry| (entry.derived.number, entry.derived.timestamp)),
        ),
        (SafetyLevel::Finalized, heads.finalized.map(|seal| (seal.number, seal.timestamp))),
    ]
}

/// Why a head does not advance: a chain that is waited for, or `replacement`.
fn waits(registry: &mut Registry, status: &Status) {
    let stalled = Family::<Wait, Gauge<u64, AtomicU64>>::default();
    for chain in &status.chains {
        let wait = |level: SafetyLevel, on: String, number: u64| {
            let label = Wait { chain: chain.chain_id.to_string(), level: level.name(), on };
            stalled.get_or_create(&label).set(number);
        };
        let each = |level, waits: &Option<Waits>| {
            if let Some(waits) = waits {
                for on in &waits.chains {
                    wait(level, on.to_string(), waits.candidate.number);
                }
            }
        };
        each(SafetyLevel::CrossUnsafe, &chain.waits_unsafe);
        each(SafetyLevel::Safe, &chain.waits_safe);
        if chain.awaits_replacement {
            let head = chain.heads.cross_safe.map_or(0, |entry| entry.derived.number);
            wait(SafetyLevel::Safe, "replacement".to_owned(), head.saturating_add(1));
        }
    }
    let help = "Number of the candidate for a level that waits, by what it waits for";
    registry.register("waiting_candidate_number", help, stalled);
}

fn counts(registry: &mut Registry, status: &Status) {
    let counts = &status.counts;
    let refusals = Family::<ByCode, prometheus_client::metrics::counter::Counter>::default();
    for (code, count) in &counts.refusals {
        refusals.get_or_create(&ByCode { code: *code }).inc_by(*count);
    }
    registry.register("refusals", "Errors in replies, by code", refusals);
    let dropped = Family::<ByCode, prometheus_client::metrics::counter::Counter>::default();
    for (code, count) in &counts.dropped {
        let code = code.in_profile(Profile::Seed);
        dropped.get_or_create(&ByCode { code }).inc_by(*count);
    }
    registry.register("dropped_inputs", "Inputs that were not taken in, by code", dropped);
    for (name, help, value) in [
        ("replies", "Texts that were replied to", counts.replies),
        ("abandoned", "Texts whose client left before the reply", counts.abandoned),
        ("questions", "Questions asked of nodes", counts.asked),
        ("untaken_questions", "Questions that no source took", counts.unasked),
        ("node_commands", "Commands to nodes", counts.commands),
        ("node_resets", "Resets of nodes begun", counts.resets),
        ("invalidated_blocks", "Blocks that can never be safe", counts.invalidated),
        ("corruptions", "Times that stored data contradicted itself", counts.corrupted),
    ] {
        registry.register(name, help, ConstCounter::new(value));
    }
}

fn journal(registry: &mut Registry, status: &Status) {
    let journal = &status.journal;
    if !journal.kept {
        return;
    }
    let failed = u64::from(journal.failed.is_some());
    registry.register(
        "journal_failed",
        "1 once nothing is recorded any more",
        ConstGauge::new(failed),
    );
    let help = "Bytes of journal that a restart would replay";
    registry.register("journal_bytes", help, ConstGauge::new(journal.bytes));
    let help = "Records that wait for the disk";
    registry.register("journal_waiting_records", help, ConstGauge::new(journal.waiting));
    let age = journal.since_snapshot.as_secs();
    let help = "Age of the last snapshot, or of the start";
    registry.register_with_unit("journal_age", help, Unit::Seconds, ConstGauge::new(age));
}
