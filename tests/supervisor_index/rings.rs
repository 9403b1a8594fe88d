//! Cycles among messages of one time (`supervisor.md` 8.5).

use nodewire::state::supervisor::{CycleBlock, CycleRole, Link, cycles};
use serde_json::Value;

use crate::shared_vectors::shared;
use crate::text::list;

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

#[test]
fn cycles_of_the_vectors() {
    let Some(vectors) = shared("cycles", "supervisor", "cycles.json") else { return };
    let cases = list(&vectors["cases"]);
    for case in cases {
        let chains = list(&case["chains"]);
        let ids: Vec<u64> = chains.iter().map(|chain| number(&chain["chain"])).collect();
        let blocks: Vec<CycleBlock> = chains
            .iter()
            .map(|chain| CycleBlock {
                logs: usize::try_from(number(&chain["logCount"])).unwrap(),
                links: list(&chain["executing"])
                    .iter()
                    .map(|log| Link {
                        position: number(&log["logIndex"]).try_into().unwrap(),
                        target: ids
                            .iter()
                            .position(|id| *id == number(&log["targetChain"]))
                            .unwrap(),
                        target_position: number(&log["targetLogIndex"]).try_into().unwrap(),
                    })
                    .collect(),
            })
            .collect();
        let name = &case["name"];
        let Ok(roles) = cycles(&blocks) else {
            assert_eq!(case["result"], "out-of-bounds", "{name}");
            continue;
        };
        let of = |role: CycleRole| -> Vec<u64> {
            let found = ids.iter().zip(&roles).filter(|(_, found)| **found == role);
            let mut found: Vec<_> = found.map(|(id, _)| *id).collect();
            found.sort_unstable();
            found
        };
        let expected = |name: &str| -> Vec<u64> {
            let mut ids: Vec<_> = list(&case[name]).iter().map(number).collect();
            ids.sort_unstable();
            ids
        };
        let any = roles.contains(&CycleRole::Member);
        assert_eq!(case["result"], if any { "cycle" } else { "acyclic" }, "{name}");
        assert_eq!(of(CycleRole::Member), expected("members"), "{name}");
        assert_eq!(of(CycleRole::Dependant), expected("depend_on_cycle"), "{name}");
    }
    assert_eq!(cases.len(), 81);
}

/// A ring through 127 blocks of 4,000 executing logs each is found without recursion.
#[test]
fn a_ring_of_every_chain() {
    let ring = |closed: bool| -> Vec<CycleBlock> {
        let links = |at: usize| {
            let last = at == 126;
            (0..4_000).map(move |position| Link {
                position,
                target: if last { 0 } else { at + 1 },
                target_position: if last && !closed { 0 } else { position },
            })
        };
        let block = |at| CycleBlock {
            logs: 4_000,
            links: if at == 126 && !closed { Vec::new() } else { links(at).collect() },
        };
        (0..127).map(block).collect()
    };
    assert_eq!(cycles(&ring(true)), Ok(vec![CycleRole::Member; 127]));
    assert_eq!(cycles(&ring(false)), Ok(vec![CycleRole::Apart; 127]));
}
