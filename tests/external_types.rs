//! Types of other crates in public signatures: `Bytes`, and where it is not to be avoided the
//! places listed here. Whoever links the library is tied to no version of anything else.

use std::fs;
use std::path::{Path, PathBuf};

/// Types of dependencies that a signature could name, by the crate they come from.
const FOREIGN: [(&str, &[&str]); 3] = [
    ("serde_json", &["Value", "Map", "Number", "Error"]),
    ("blake2", &["Blake2b", "Digest"]),
    ("arbitrary", &["Unstructured"]),
];

/// Folders of `src` whose public items name a type of `serde_json` (feature `sim`): a scenario is a
/// JSON file whose messages, contents and verdicts have as many forms as there are protocols, and a
/// `Subject` of somebody else's is handed them as they stand there. A type of our own would be JSON
/// once more, and text would be read anew at every step.
const EXCEPTED: [&str; 1] = ["sim/scenario/"];

fn sources(dir: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            into.push(path);
        }
    }
}

/// The public items of a source: each from its `pub` to the end of its signature.
fn signatures(code: &str) -> impl Iterator<Item = (usize, &str)> {
    code.match_indices("pub ").filter_map(|(at, _)| {
        let line_start = code[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let indented = code[line_start..at].trim().is_empty();
        let rest = &code[at..];
        let is_use = rest.starts_with("pub use") || rest.starts_with("pub mod");
        let end = rest.find(['{', ';', '=']).unwrap_or(rest.len());
        let end = rest.find(",\n").map_or(end, |comma| {
            // A field ends with its line; the arguments of a function may take several.
            if rest.starts_with("pub fn") || rest.starts_with("pub const fn") {
                end
            } else {
                end.min(comma)
            }
        });
        (indented && !is_use).then_some((line_start, &rest[..end]))
    })
}

fn has_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|found| found == word)
}

/// What a source imports of a crate.
fn imported<'a>(code: &str, from: &str, names: &'a [&'a str]) -> Vec<&'a str> {
    let of = format!("use {from}::");
    let uses: Vec<&str> = code
        .match_indices(&of)
        .map(|(at, _)| code[at..].split(';').next().unwrap_or_default())
        .collect();
    names.iter().copied().filter(|name| uses.iter().any(|line| has_word(line, name))).collect()
}

/// The public signatures of a source that name a type of another crate.
fn foreign(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (from, names) in FOREIGN {
        let imported = imported(code, from, names);
        let path = format!("{from}::");
        for (_, signature) in signatures(code) {
            if signature.contains(&path) || imported.iter().any(|name| has_word(signature, name)) {
                found.push(signature.split_whitespace().collect::<Vec<_>>().join(" "));
            }
        }
    }
    found
}

#[test]
fn no_type_of_another_crate_is_in_a_public_signature() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    assert!(files.len() > 100);
    let (mut wrong, mut excepted) = (Vec::new(), 0);
    for file in files {
        let name = file.strip_prefix(&src).unwrap().to_string_lossy().replace('\\', "/");
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let found = foreign(code);
        if EXCEPTED.iter().any(|folder| name.starts_with(folder)) {
            excepted += found.len();
        } else {
            wrong.extend(found.into_iter().map(|signature| format!("src/{name}: {signature}")));
        }
    }
    assert!(wrong.is_empty(), "types of other crates in public signatures:\n{}", wrong.join("\n"));
    assert!(excepted > 0, "the exception is no longer needed");
}

#[test]
fn a_foreign_type_is_seen() {
    let seen = |code: &str| !foreign(code).is_empty();
    assert!(seen("pub fn a(of: &serde_json::Value) -> u8 {"));
    assert!(seen(
        "use serde_json::{Map, Value};\npub struct A {\n    pub a: Map<String, Value>,\n}"
    ));
    assert!(seen(
        "use serde_json::Value;\n    pub fn a(\n        b: u8,\n        c: Value,\n    ) {"
    ));
    assert!(!seen("use serde_json::Value;\npub(crate) fn a(of: &Value) {}"));
    assert!(!seen("pub fn a(of: Value) {"));
    assert!(!seen("use serde_json::Value;\npub fn a() { let b: Value; }"));
}
