//! What Prometheus is told of execution layers.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::fault::Fault;
use super::follow::Standing;
use super::seen::View;

/// A server: its chain, and its place among all that are polled.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Layer {
    chain: String,
    layer: u64,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ByTag {
    chain: String,
    layer: u64,
    tag: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ByFault {
    chain: String,
    layer: u64,
    fault: &'static str,
}

/// Adds what is seen of these servers.
pub fn register(registry: &mut Registry, views: &[View]) {
    if views.is_empty() {
        return;
    }
    let tags = Family::<ByTag, Gauge<u64, AtomicU64>>::default();
    let followed = Family::<Layer, Gauge<u64, AtomicU64>>::default();
    let refused = Family::<Layer, Gauge<u64, AtomicU64>>::default();
    let answers = Family::<Layer, Counter>::default();
    let faults = Family::<ByFault, Counter>::default();
    for (layer, view) in (0..).zip(views) {
        let (chain, seen) = (view.chain_id().to_string(), view.seen());
        let known = [
            ("latest", seen.latest),
            ("safe", seen.safe),
            ("finalized", seen.finalized),
            ("floor", seen.floor),
        ];
        for (tag, block) in known {
            if let Some(block) = block {
                let label = ByTag { chain: chain.clone(), layer, tag };
                tags.get_or_create(&label).set(block.number);
            }
        }
        for (fault, count) in Fault::LABELS.into_iter().zip(seen.faults) {
            let label = ByFault { chain: chain.clone(), layer, fault };
            faults.get_or_create(&label).inc_by(count);
        }
        let label = Layer { chain, layer };
        followed.get_or_create(&label).set(u64::from(seen.standing == Standing::Following));
        refused.get_or_create(&label).set(u64::from(seen.standing == Standing::Refused));
        answers.get_or_create(&label).inc_by(seen.answered);
    }
    let help = "Number of the block that an execution layer calls so; floor: final here";
    registry.register("layer_block_number", help, tags);
    let help = "1 while an execution layer is followed";
    registry.register("layer_followed", help, followed);
    let help = "1 while an execution layer is on a branch without a block that was final";
    registry.register("layer_refused", help, refused);
    registry.register("layer_answers", "Questions that an execution layer answered", answers);
    registry.register("layer_faults", "Faults of an execution layer, by kind", faults);
}
