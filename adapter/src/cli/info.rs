//! `rules` and `diagram`: what the library knows of a family.

use nodewire::Rule;
use nodewire::state::leios::{rules, table};
use serde_json::json;

use super::failure::Failure;
use super::print;

/// Prints every numbered rule: id, reason, severity, source, text.
pub fn rules(json: bool) -> Result<(), Failure> {
    let fields = |rule: &Rule| {
        json!({
            "id": rule.id(), "reason": rule.reason(), "text": rule.text(),
            "severity": rule.severity(), "source": rule.source(),
        })
    };
    if json {
        let all: Vec<_> = rules::all().map(fields).collect();
        return print(&serde_json::to_string_pretty(&all)?);
    }
    let mut text = String::new();
    for rule in rules::all() {
        text += &format!(
            "{:<12} {:<28} {:<8} {:<24} {}\n",
            rule.id(),
            rule.reason(),
            format!("{:?}", rule.severity()).to_lowercase(),
            rule.source(),
            rule.text()
        );
    }
    print(text.trim_end())
}

/// Prints the state diagrams, drawn from the tables that the machines run on.
pub fn diagram(json: bool) -> Result<(), Failure> {
    let drawings = [
        (table::REQUEST.name(), table::REQUEST.to_string()),
        (table::REPLY.name(), table::REPLY.to_string()),
        (table::NAIVE.name(), table::NAIVE.to_string()),
        (table::HANDSHAKE.name(), table::HANDSHAKE.to_string()),
        (table::KEEP_ALIVE.name(), table::KEEP_ALIVE.to_string()),
    ];
    if json {
        let all: Vec<_> = drawings.iter().map(|(n, d)| json!({"name": n, "mermaid": d})).collect();
        return print(&serde_json::to_string_pretty(&all)?);
    }
    let text: Vec<_> = drawings.iter().map(|(n, d)| format!("---\ntitle: {n}\n---\n{d}")).collect();
    print(text.join("\n").trim_end())
}
