//! Every numbered rule is cited where it is kept, and broken by a scenario.

#![cfg(feature = "leios")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use nodewire::state::leios::rules;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(dir: &Path, ext: &str, into: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, ext, into);
        } else if path.extension().is_some_and(|found| found == ext) {
            into.push(path);
        }
    }
    into.sort();
}

/// Numbers like `L-17` and `S-3` in a text; `L-1 to L-15` and the like count as their ends.
fn cited(text: &str) -> BTreeSet<String> {
    let bytes = text.as_bytes();
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices("-") {
        let Some(before) = at.checked_sub(1) else { continue };
        if !matches!(bytes[before], b'L' | b'S') {
            continue;
        }
        if before > 0 && (bytes[before - 1].is_ascii_alphanumeric() || bytes[before - 1] == b'_') {
            continue;
        }
        let digits: String = text[at + 1..].chars().take_while(char::is_ascii_digit).collect();
        if !digits.is_empty() {
            found.insert(format!("leios/{}-{digits}", char::from(bytes[before])));
        }
    }
    found
}

/// `id: reason` lines; `#` starts a comment.
fn exceptions(name: &str) -> BTreeMap<String, String> {
    let text = fs::read_to_string(root().join("tests/traceability").join(name)).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let entries = lines.map(|line| line.split_once(": ").expect("`id: reason`"));
    let entries: BTreeMap<_, _> = entries.map(|(id, why)| (id.into(), why.into())).collect();
    assert!(entries.values().all(|why: &String| why.len() > 10), "a reason is a sentence");
    entries
}

fn ids() -> BTreeSet<String> {
    rules::all().map(|rule| rule.id().to_owned()).collect()
}

/// Compares what lacks something with what is excepted, in both directions: an exception that is
/// no longer needed has to go.
fn compare(what: &str, missing: &BTreeSet<String>, excepted: &BTreeMap<String, String>) {
    let excepted: BTreeSet<_> = excepted.keys().cloned().collect();
    let new: Vec<_> = missing.difference(&excepted).collect();
    let stale: Vec<_> = excepted.difference(missing).collect();
    assert!(new.is_empty(), "rules without {what}: {new:?}");
    assert!(stale.is_empty(), "exceptions to remove, these have {what} or don't exist: {stale:?}");
}

#[test]
fn every_rule_is_cited_in_the_code_that_keeps_it() {
    let ids = ids();
    assert!(ids.len() > 60);
    let mut sources = Vec::new();
    files(&root().join("src"), "rs", &mut sources);
    let mut found = BTreeSet::new();
    for file in sources {
        let path = file.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
        // Lists of rules, prose and tests of rules keep none.
        let aside = ["/rules/", "/manual/", "/sim/"].iter().any(|part| path.contains(part));
        if aside || path.ends_with("/rules.rs") {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        // A rule is cited by its number in a comment, or by naming its static.
        found.extend(cited(&text));
        found.extend(
            rules::all()
                .filter(|rule| text.contains(&format!("\"{}\"", rule.id())))
                .map(|rule| rule.id().to_owned()),
        );
    }
    let numbered: BTreeSet<_> = ids.iter().filter(|id| is_numbered(id)).cloned().collect();
    let unknown: Vec<_> = found.iter().filter(|id| !numbered.contains(*id)).collect();
    for id in &unknown {
        println!("cited, but no rule a peer can break: {id}");
    }
    let missing: BTreeSet<_> = numbered.difference(&found).cloned().collect();
    println!("{} rules, {} cited in code", numbered.len(), numbered.len() - missing.len());
    compare("a citation", &missing, &exceptions("no_citation.txt"));
}

#[test]
fn every_rule_has_a_scenario() {
    let mut scenarios = Vec::new();
    files(&root().join("tests/scenarios/leios"), "json", &mut scenarios);
    let texts: Vec<_> = scenarios.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let has = |id: &String| {
        let quoted = format!("\"{id}\"");
        texts.iter().any(|text| text.contains(&quoted))
    };
    let missing: BTreeSet<_> = ids().into_iter().filter(|id| !has(id)).collect();
    println!("{} scenarios; rules without one: {missing:?}", scenarios.len());
    compare("a scenario", &missing, &exceptions("no_scenario.txt"));
}

/// The others are named after the section that holds them.
fn is_numbered(id: &str) -> bool {
    let number = id.strip_prefix("leios/").unwrap_or_default();
    number
        .strip_prefix("L-")
        .or_else(|| number.strip_prefix("S-"))
        .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
}

#[test]
fn citations_are_found() {
    let text = "// leios.md L-17, L-3; (S-9) and 3L-4, XL-5, L-x";
    let found: Vec<_> = cited(text).into_iter().collect();
    assert_eq!(found, ["leios/L-17", "leios/L-3", "leios/S-9"]);
}
