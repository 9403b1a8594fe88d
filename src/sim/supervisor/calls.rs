//! What clients ask: every method, about what there is and what there is not.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::{Value, json};

use super::made::{entries, message_of};
use super::truth::Truth;
use crate::codec::supervisor::Hash;
use crate::sim::Rng;

/// A request text about something that is true now.
pub(super) fn request(id: u64, truth: &Truth, rng: &mut Rng) -> Option<String> {
    let chains: Vec<_> = truth.chain_ids().collect();
    let chain = usize::try_from(rng.below(chains.len() as u64)).ok()?;
    let chain_id = chains.get(chain)?;
    let head = truth.head(chain)?;
    let back = rng.below(12);
    let block = truth.block(chain, head.number.saturating_sub(back)).unwrap_or(head);
    let tip = truth.tip()?;
    let source = truth.l1(tip.number.saturating_sub(back)).unwrap_or(tip);
    let (method, params) = match rng.below(11) {
        0 => ("supervisor_crossDerivedToSource", json!([chain_id, block.id()])),
        1 => ("supervisor_localUnsafe", json!([chain_id])),
        2 => ("supervisor_crossSafe", json!([chain_id])),
        3 => ("supervisor_localSafe", json!([chain_id])),
        4 => ("supervisor_finalized", json!([chain_id])),
        5 => ("supervisor_finalizedL1", json!([])),
        6 => {
            let time = alloc::format!("{:#x}", block.timestamp);
            ("supervisor_superRootAtTimestamp", json!([time]))
        }
        7 => ("supervisor_syncStatus", json!([])),
        8 => ("supervisor_allSafeDerivedAt", json!([source.id()])),
        _ => {
            let logs = truth.logs(chain, block.hash).unwrap_or_default();
            let position = rng.below(logs.len() as u64);
            let log = logs.get(usize::try_from(position).ok()?)?;
            let position = u32::try_from(position).ok()?;
            let at = (block.number, block.timestamp);
            let list = entries(&message_of(*chain_id, at, position, log));
            check(&list, LEVELS.get(usize::try_from(rng.below(5)).ok()?)?, head.timestamp + 1)
        }
    };
    Some(text(id, method, &params))
}

pub(super) const LEVELS: [&str; 5] = ["unsafe", "cross-unsafe", "local-safe", "safe", "finalized"];

fn check(list: &[Hash], level: &str, timestamp: u64) -> (&'static str, Value) {
    let at = json!({ "timestamp": alloc::format!("{timestamp:#x}") });
    ("supervisor_checkAccessList", json!([list, level, at]))
}

fn text(id: u64, method: &str, params: &Value) -> String {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string()
}

/// Everything that can be asked about what is true now: what answers are compared by.
pub(super) fn everything(truth: &Truth) -> Vec<String> {
    let mut texts = Vec::new();
    let mut ask = |method: &str, params: Value| {
        texts.push(text(texts.len() as u64, method, &params));
    };
    ask("supervisor_finalizedL1", json!([]));
    ask("supervisor_syncStatus", json!([]));
    let tip = truth.tip().map_or(0, |tip| tip.number);
    for source in (tip.saturating_sub(12)..=tip).filter_map(|number| truth.l1(number)) {
        ask("supervisor_allSafeDerivedAt", json!([source.id()]));
    }
    for (chain, chain_id) in truth.chain_ids().enumerate() {
        for method in ["localUnsafe", "crossSafe", "localSafe", "finalized"] {
            ask(&alloc::format!("supervisor_{method}"), json!([chain_id]));
        }
        let Some(head) = truth.head(chain) else { continue };
        let mut number = head.number;
        while let Some(block) = truth.block(chain, number) {
            ask("supervisor_crossDerivedToSource", json!([chain_id, block.id()]));
            if chain == 0 {
                let time = alloc::format!("{:#x}", block.timestamp);
                ask("supervisor_superRootAtTimestamp", json!([time]));
            }
            let logs = truth.logs(chain, block.hash).unwrap_or_default();
            for (position, log) in (0..).zip(logs) {
                let at = (number, block.timestamp);
                let list = entries(&message_of(chain_id, at, position, log));
                for level in LEVELS {
                    let (method, params) = check(&list, level, head.timestamp + 1);
                    ask(method, params);
                }
            }
            let Some(before) = number.checked_sub(1) else { break };
            number = before;
        }
    }
    texts
}
