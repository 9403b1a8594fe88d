//! The drawings in the manual are those of the tables that run.

#![cfg(feature = "leios")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use nodewire::state::leios::table::{HANDSHAKE, KEEP_ALIVE, NAIVE, REPLY, REQUEST};

fn drawings() -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        (REQUEST.name(), REQUEST.to_string()),
        (REPLY.name(), REPLY.to_string()),
        (NAIVE.name(), NAIVE.to_string()),
        (HANDSHAKE.name(), HANDSHAKE.to_string()),
        (KEEP_ALIVE.name(), KEEP_ALIVE.to_string()),
    ])
}

const FENCE: &str = "```mermaid\n";

/// The text with the drawing of each section replaced, and the names of its sections in order.
fn redrawn(text: &str, drawings: &BTreeMap<&str, String>) -> (String, Vec<String>) {
    let mut sections = text.split_inclusive("\n## ");
    let mut redrawn = sections.next().unwrap_or_default().to_owned();
    let mut names = Vec::new();
    for section in sections {
        let name = section.lines().next().unwrap_or_default();
        let start = section.find(FENCE).unwrap_or_else(|| panic!("{name} has no drawing"));
        let start = start + FENCE.len();
        let length = section[start..].find("```").expect("the end of the fence");
        let drawing = drawings.get(name).unwrap_or_else(|| panic!("{name} is no table"));
        redrawn.push_str(&section[..start]);
        redrawn.push_str(drawing);
        redrawn.push_str(&section[start + length..]);
        names.push(name.to_owned());
    }
    (redrawn, names)
}

#[test]
fn the_manual_draws_every_table_as_it_is() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/manual/diagrams.md");
    let text = fs::read_to_string(&file).unwrap();
    let (redrawn, mut names) = redrawn(&text, &drawings());
    names.sort();
    assert_eq!(names, drawings().into_keys().collect::<Vec<_>>(), "each table has one section");
    if std::env::var("NODEWIRE_BLESS").is_ok_and(|bless| bless == "1") {
        return fs::write(&file, redrawn).unwrap();
    }
    assert_eq!(text, redrawn, "NODEWIRE_BLESS=1 cargo test writes it anew");
}

#[test]
fn an_old_drawing_is_seen() {
    let text = "# All\n\n## A\n\n```mermaid\nold\n```\n\n## B\n\n```mermaid\nb\n```\n";
    let drawings = BTreeMap::from([("A", "new\n".to_owned()), ("B", "b\n".to_owned())]);
    let (redrawn, names) = redrawn(text, &drawings);
    assert_eq!(redrawn, text.replace("old", "new"));
    assert_eq!(names, ["A", "B"]);
}
