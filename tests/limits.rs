//! What `docs/limits.md` says of limits is what they are.

#![cfg(all(feature = "leios", feature = "supervisor", feature = "chia", feature = "serde"))]

mod grouped;

use std::fs;
use std::path::Path;

use grouped::grouped;
use nodewire::chia::NodeConfig;
use nodewire::codec::chia::{NodeId, NodeType};
use nodewire::state::chia::ConnectionConfig;
use nodewire::state::{chia, leios, supervisor};
use serde::Serialize;
use serde_json::{Value, json};

/// A row of the table for each field, in order.
fn rows(limits: &impl Serialize) -> String {
    let limits = serde_json::to_string(limits).unwrap();
    let Value::Object(fields) = serde_json::from_str(&limits).unwrap() else { panic!("{limits}") };
    // A map may sort its keys: the text has them in the order of the struct.
    let mut fields: Vec<_> = fields.into_iter().collect();
    fields.sort_by_key(|(name, _)| limits.find(&format!("\"{name}\":")));
    let row = |(name, value): (String, Value)| format!("| `{name}` | {} |\n", shown(&value));
    fields.into_iter().map(row).collect()
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "none".into(),
        Value::Object(time) if time.contains_key("nanos") => {
            let nanos = time["nanos"].as_u64().unwrap();
            let part = format!("{:.3}", nanos as f64 / 1e9);
            let part = if nanos == 0 { "" } else { part[1..].trim_end_matches('0') };
            format!("{}{part} s", time["secs"])
        }
        // It has a table of its own.
        Value::Object(_) => "below".into(),
        Value::String(text) if !text.starts_with(|first: char| first.is_ascii_digit()) => {
            text.clone()
        }
        Value::Array(range) => range.iter().map(shown).collect::<Vec<_>>().join(" to "),
        number => grouped(&number.as_str().map_or(number.to_string(), str::to_owned)),
    }
}

fn check(family: &str, rows: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/limits.md");
    let text = fs::read_to_string(&file).unwrap();
    let section = text.find(&format!("## {family}\n")).expect("the family");
    let head = "| limit | default |\n|---|---|\n";
    let start = section + text[section..].find(head).expect("the table") + head.len();
    let length = text[start..].find("\n\n").map_or(text.len() - start, |end| end + 1);
    let table = &text[start..start + length];
    if std::env::var("NODEWIRE_BLESS").is_ok_and(|bless| bless == "1") {
        let blessed = [&text[..start], rows, &text[start + length..]].concat();
        return fs::write(&file, blessed).unwrap();
    }
    assert_eq!(table, rows, "NODEWIRE_BLESS=1 cargo test writes it anew");
}

#[test]
fn the_tables_of_limits_are_the_defaults() {
    check("Leios", &rows(&leios::Limits::default()));
    check("Supervisor", &rows(&supervisor::Limits::default()));
    check("Chia: connections", &rows(&chia::Limits::default()));
    let node = NodeConfig::new(ConnectionConfig::new(NodeType::FullNode, NodeId([0; 32])));
    let node = json!({ "max_waiting": node.max_waiting, "max_dials": node.max_dials });
    check("Chia: node", &rows(&node));
    check("Chia: rates", &rows(&chia::RateLimits::default()));
    check("Chia: who is connected", &rows(&chia::RegistryLimits::default()));
    check("Chia: full node", &rows(&chia::FullNodeLimits::default()));
    check("Chia: syncing", &rows(&chia::SyncLimits::default()));
    check("Chia: answers out of the chain", &rows(&chia::ServingLimits::default()));
    check("Chia: transactions", &rows(&chia::TransactionsLimits::default()));
    check("Chia: addresses", &rows(&chia::AddressesLimits::default()));
    check("Chia: farmer", &rows(&chia::FarmerLimits::default()));
    check("Chia: harvester", &rows(&chia::HarvesterLimits::default()));
    check("Chia: timelord", &rows(&chia::TimelordConfig::default()));
    check("Chia: wallet", &rows(&chia::WalletLimits::default()));
    let pool = chia::PoolLimits::default();
    let wire = format!("| `wire` | {} |\n", others(&pool.wire, &chia::Limits::default()));
    check("Chia: pool", &rows(&pool).replace("| `wire` | below |\n", &wire));
}

/// The limits that differ from the usual ones.
fn others(limits: &chia::Limits, usual: &chia::Limits) -> String {
    let (limits, usual) = (rows(limits), rows(usual));
    let others = limits.lines().filter(|row| !usual.lines().any(|it| it == *row));
    let others: Vec<_> =
        others.map(|row| row.trim_matches(['|', ' ']).replace(" | ", " ")).collect();
    format!("as Chia: connections, but {}", others.join(", "))
}
