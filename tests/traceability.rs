//! Every numbered rule is cited where it is kept, and broken by a scenario.

#![cfg(all(feature = "leios", feature = "supervisor", feature = "chia"))]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use nodewire::Rule;
use nodewire::state::{chia, leios, supervisor};

/// A family: its name, the letters of its rules' numbers, and all of its rules.
struct Family {
    name: &'static str,
    letters: &'static [&'static str],
    rules: Vec<&'static Rule>,
}

/// The letters of Chia's headings.
const CHIA: &[&str] = &["FR", "E", "D", "S", "C", "H", "F", "T", "P", "I", "W", "PO", "R"];

fn families() -> [Family; 3] {
    let family = |name, letters, rules| Family { name, letters, rules };
    [
        family("leios", &["L", "S"], leios::rules::all().collect()),
        family("supervisor", &["S", "D"], supervisor::rules::all().collect()),
        family("chia", CHIA, chia::rules::all().collect()),
    ]
}

impl Family {
    fn ids(&self) -> BTreeSet<String> {
        self.rules.iter().map(|rule| rule.id().to_owned()).collect()
    }

    /// The others are named after the section that holds them.
    fn is_numbered(&self, id: &str) -> bool {
        let number = id.strip_prefix(self.name).and_then(|rest| rest.strip_prefix('/'));
        let digits = number.and_then(|number| {
            let (letter, digits) = number.split_once('-')?;
            self.letters.contains(&letter).then_some(digits)
        });
        digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
    }

    /// Whether a file of `src` may keep rules of this family: one outside the other families.
    fn may_be_kept_in(&self, path: &str) -> bool {
        let other = families().into_iter().filter(|other| other.name != self.name);
        !other.map(|other| format!("/{}/", other.name)).any(|folder| path.contains(&folder))
    }

    /// Numbers like `L-17` and `S-3` in a text; `L-1 to L-15` and the like count as their ends.
    fn cited(&self, text: &str) -> BTreeSet<String> {
        let in_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let mut found = BTreeSet::new();
        for (at, _) in text.match_indices('-') {
            let before = &text.as_bytes()[..at];
            let length = before.iter().rev().take_while(|byte| in_word(byte)).count();
            let letters = &text[at - length..at];
            let digits: String = text[at + 1..].chars().take_while(char::is_ascii_digit).collect();
            if self.letters.contains(&letters) && !digits.is_empty() {
                found.insert(format!("{}/{letters}-{digits}", self.name));
            }
        }
        found
    }
}

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

/// `id: reason` lines; `#` starts a comment.
fn exceptions(name: &str) -> BTreeMap<String, String> {
    let text = fs::read_to_string(root().join("tests/traceability").join(name)).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let entries = lines.map(|line| line.split_once(": ").expect("`id: reason`"));
    let entries: BTreeMap<_, _> = entries.map(|(id, why)| (id.into(), why.into())).collect();
    assert!(entries.values().all(|why: &String| why.len() > 10), "a reason is a sentence");
    entries
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

/// The exceptions that are of a family.
fn excepted(family: &Family, name: &str) -> BTreeMap<String, String> {
    let prefix = format!("{}/", family.name);
    exceptions(name).into_iter().filter(|(id, _)| id.starts_with(&prefix)).collect()
}

#[test]
fn every_rule_is_cited_in_the_code_that_keeps_it() {
    let mut sources = Vec::new();
    files(&root().join("src"), "rs", &mut sources);
    let texts = sources.into_iter().filter_map(|file| {
        let path = file.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
        // Lists of rules, prose and tests of rules keep none.
        let aside = ["/rules/", "/manual/", "/sim/"].iter().any(|part| path.contains(part));
        let kept = !aside && !path.ends_with("/rules.rs");
        kept.then(|| (path, fs::read_to_string(&file).unwrap()))
    });
    let texts: Vec<_> = texts.collect();
    for family in families() {
        let ids = family.ids();
        assert!(ids.len() > 60, "{}", family.name);
        let mut found = BTreeSet::new();
        for (_, text) in texts.iter().filter(|(path, _)| family.may_be_kept_in(path)) {
            // A rule is cited by its number in a comment, or by naming its static.
            found.extend(family.cited(text));
            let named = ids.iter().filter(|id| text.contains(&format!("\"{id}\"")));
            found.extend(named.cloned());
        }
        let numbered: BTreeSet<_> =
            ids.iter().filter(|id| family.is_numbered(id)).cloned().collect();
        for id in found.difference(&numbered) {
            println!("cited, but no rule a peer can break: {id}");
        }
        let missing: BTreeSet<_> = numbered.difference(&found).cloned().collect();
        let cited = numbered.len() - missing.len();
        println!("{}: {} rules, {cited} cited in code", family.name, numbered.len());
        compare("a citation", &missing, &excepted(&family, "no_citation.txt"));
    }
}

#[test]
fn every_rule_has_a_scenario() {
    for family in families() {
        let mut scenarios = Vec::new();
        files(&root().join("tests/scenarios").join(family.name), "json", &mut scenarios);
        let texts: Vec<_> =
            scenarios.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
        let has = |id: &String| {
            let quoted = format!("\"{id}\"");
            texts.iter().any(|text| text.contains(&quoted))
        };
        let missing: BTreeSet<_> = family.ids().into_iter().filter(|id| !has(id)).collect();
        println!("{} scenarios of {}", scenarios.len(), family.name);
        compare("a scenario", &missing, &excepted(&family, "no_scenario.txt"));
    }
}

/// The exceptions are of families that there are.
#[test]
fn exceptions_are_of_a_family() {
    for id in ["no_citation.txt", "no_scenario.txt"].into_iter().flat_map(exceptions) {
        let known = families().iter().any(|family| family.is_numbered(&id.0));
        assert!(known || id.0.starts_with("leios/"), "{}", id.0);
    }
}

/// Each rule of the Supervisor has a number of its own, and none is missing: the first column of
/// the reference's tables, where it is at hand.
#[test]
fn the_rules_of_the_supervisor_are_those_of_the_reference() {
    let family = families().into_iter().find(|family| family.name == "supervisor").unwrap();
    let wanted = |letter: &str, last: usize| -> BTreeSet<_> {
        (1..=last).map(|number| format!("supervisor/{letter}-{number}")).collect()
    };
    let all: BTreeSet<_> = wanted("S", 46).union(&wanted("D", 34)).cloned().collect();
    assert_eq!(family.ids(), all);
    assert_eq!(family.rules.len(), all.len(), "each once");
    let reasons: BTreeSet<_> = family.rules.iter().map(|rule| rule.reason()).collect();
    assert_eq!(reasons.len(), all.len(), "a reason each");
    let reference = std::env::var_os("NODEWIRE_VECTORS").map_or_else(
        || root().join("../shared/reference/supervisor.md"),
        |vectors| Path::new(&vectors).join("../reference/supervisor.md"),
    );
    let Ok(text) = fs::read_to_string(&reference) else {
        println!("skipped the_rules_of_the_supervisor_are_those_of_the_reference: no reference");
        return;
    };
    let listed: BTreeSet<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split_once(" |").map(|(first, _)| first))
        .filter(|first| family.is_numbered(&format!("supervisor/{first}")))
        .map(|first| format!("supervisor/{first}"))
        .collect();
    assert_eq!(listed, all);
}

/// Each numbered item of Chia's reference is a rule.
#[test]
fn the_rules_of_chia_are_those_of_the_reference() {
    let family = families().into_iter().find(|family| family.name == "chia").unwrap();
    let items: [(&str, &[std::ops::RangeInclusive<u32>]); 13] = [
        ("FR", &[1..=7]),
        ("E", &[1..=4]),
        ("D", &[1..=13]),
        ("S", &[1..=4]),
        ("C", &[1..=16]),
        ("H", &[1..=11]),
        ("F", &[1..=11, 20..=26]),
        ("T", &[1..=8, 20..=22]),
        ("P", &[1..=9, 20..=46]),
        ("I", &[1..=3]),
        ("W", &[1..=6]),
        ("PO", &[1..=5]),
        ("R", &[1..=24]),
    ];
    let wanted: BTreeSet<_> = items
        .into_iter()
        .flat_map(|(letters, ranges)| {
            let numbers = ranges.iter().cloned().flatten();
            numbers.map(move |number| format!("chia/{letters}-{number}"))
        })
        .collect();
    let ids: BTreeSet<_> = family.ids().into_iter().filter(|id| family.is_numbered(id)).collect();
    let missing: Vec<_> = wanted.difference(&ids).collect();
    let unknown: Vec<_> = ids.difference(&wanted).collect();
    assert!(missing.is_empty(), "no rule {missing:?}");
    assert!(unknown.is_empty(), "not in the reference: {unknown:?}");
    let ways: BTreeSet<_> = family.rules.iter().map(|rule| (rule.id(), rule.reason())).collect();
    assert_eq!(ways.len(), family.rules.len(), "each way to break one once");
}

#[test]
fn citations_are_found() {
    let [leios, supervisor, chia] = families();
    let text = "// leios.md L-17, L-3; (S-9) and 3L-4, XL-5, L-x, D-4, PO-2 FR-1, APO-3";
    let found: Vec<_> = leios.cited(text).into_iter().collect();
    assert_eq!(found, ["leios/L-17", "leios/L-3", "leios/S-9"]);
    let found: Vec<_> = supervisor.cited(text).into_iter().collect();
    assert_eq!(found, ["supervisor/D-4", "supervisor/S-9"]);
    let found: Vec<_> = chia.cited(text).into_iter().collect();
    assert_eq!(found, ["chia/D-4", "chia/FR-1", "chia/PO-2", "chia/S-9"]);
    assert!(chia.is_numbered("chia/PO-5") && !chia.is_numbered("chia/7.4"));
    assert!(leios.is_numbered("leios/L-64") && !leios.is_numbered("leios/11.2"));
    assert!(!leios.is_numbered("supervisor/S-4") && !supervisor.is_numbered("leios/S-4"));
    assert!(leios.may_be_kept_in("src/link/core.rs"));
    assert!(!leios.may_be_kept_in("src/codec/supervisor/call.rs"));
}
