//! `rules` and `diagram`: what the library knows of a family.

use nodewire::Rule;
use nodewire::state::leios::table;
use nodewire::state::{chia, leios, supervisor};
use serde_json::json;

use super::failure::Failure;
use super::supervisor::levels;
use super::{Family, print};

/// Prints every numbered rule of a family: id, reason, severity, text, source.
pub fn rules(family: Family, json: bool) -> Result<(), Failure> {
    let rules: Vec<&Rule> = match family {
        Family::Leios => leios::rules::all().collect(),
        Family::Supervisor => supervisor::rules::all().collect(),
        Family::Chia => chia::rules::all().collect(),
    };
    let fields = |rule: &&Rule| {
        json!({
            "id": rule.id(), "reason": rule.reason(), "text": rule.text(),
            "severity": rule.severity(), "source": rule.source(),
        })
    };
    if json {
        let all: Vec<_> = rules.iter().map(fields).collect();
        return print(&serde_json::to_string_pretty(&all)?);
    }
    let width = rules.iter().map(|rule| rule.id().len()).max().unwrap_or_default();
    let mut text = String::new();
    for rule in rules {
        text += &format!(
            "{:<width$} {:<28} {:<8} {} [{}]\n",
            rule.id(),
            rule.reason(),
            format!("{:?}", rule.severity()).to_lowercase(),
            rule.text(),
            rule.source()
        );
    }
    print(text.trim_end())
}

/// Prints a family's state diagrams.
pub fn diagram(family: Family, json: bool) -> Result<(), Failure> {
    let drawings = match family {
        // Drawn from the tables that the machines run on.
        Family::Leios => vec![
            (table::REQUEST.name(), table::REQUEST.to_string()),
            (table::REPLY.name(), table::REPLY.to_string()),
            (table::NAIVE.name(), table::NAIVE.to_string()),
            (table::HANDSHAKE.name(), table::HANDSHAKE.to_string()),
            (table::KEEP_ALIVE.name(), table::KEEP_ALIVE.to_string()),
        ],
        Family::Supervisor => vec![(levels::NAME, levels::diagram())],
        Family::Chia => vec![(chia::CONNECTION.name(), chia::CONNECTION.to_string())],
    };
    if json {
        let all: Vec<_> = drawings.iter().map(|(n, d)| json!({"name": n, "mermaid": d})).collect();
        return print(&serde_json::to_string_pretty(&all)?);
    }
    let text: Vec<_> = drawings.iter().map(|(n, d)| format!("---\ntitle: {n}\n---\n{d}")).collect();
    print(text.join("\n").trim_end())
}
