//! Who may name whom inside the library: the layers know only what is below them.

use std::fs;
use std::path::{Path, PathBuf};

/// The modules of the core, which know nothing but one another.
const CORE: &[&str] = &[
    "ask",
    "fault",
    "heap",
    "machine",
    "ordered",
    "outbox",
    "table",
    "time",
    "until_closed",
    // Re-exports of the root that stand for the core.
    "Action",
    "ActionOf",
    "Agency",
    "AskId",
    "Asks",
    "Deadlines",
    "Edge",
    "Ending",
    "Fault",
    "Input",
    "InputOf",
    "Machine",
    "Ordered",
    "Out",
    "Outbox",
    "Refusal",
    "Refused",
    "Role",
    "Rule",
    "Severity",
    "Table",
    "Time",
    "UntilClosed",
    "edge",
];

/// What stands between the core and the links.
const CHANNEL: &[&str] = &["channel", "Channel", "ChannelSpec", "Class", "OverChannels"];

/// The families; none may name another.
const FAMILIES: &[&str] = &["chia", "leios", "supervisor"];

/// What the text forms serve is named in them once, for the families' hashes.
const EXCEPTIONS: &[(&str, &str)] = &[("codec/text.rs", "codec::leios::")];

/// True if the file at `file` (under `src/`) may say `crate::path`.
fn allowed(file: &str, path: &str) -> bool {
    let first = path.split("::").next().unwrap_or_default();
    let core = CORE.contains(&first);
    let room = file.split('/').next().unwrap_or_default();
    let family = FAMILIES.iter().find(|family| of_family(file, family));
    if EXCEPTIONS.iter().any(|(at, start)| *at == file && path.starts_with(start)) {
        return true;
    }
    // Documentation only: its links are in attributes where a feature has to be there.
    if room == "manual" {
        return true;
    }
    let foreign = |other: &str| FAMILIES.contains(&other) && family != Some(&other);
    if path.split("::").any(foreign) && room != "sim" {
        return false;
    }
    match room {
        "lib.rs" => true,
        "channel.rs" | "channel" => core || ["codec::Malformed", "codec::Source"].contains(&path),
        // What memory amounts to is arithmetic, which names nothing itself.
        "codec" => first == "codec" || first == "heap",
        "state" => {
            core || CHANNEL.contains(&first)
                || first == "codec"
                || family.is_some_and(|family| path.starts_with(&format!("state::{family}")))
        }
        "link" => core || CHANNEL.contains(&first) || first == "codec" || first == "link",
        // What tests a family may use its machines.
        "sim" => {
            let of = |other: &&&str| path.split("::").any(|part| part == **other);
            let named = FAMILIES.iter().find(of);
            first != "state" || named.is_some() && (family.is_none() || named == family)
        }
        // The facade of a family may use everything of it.
        _ if FAMILIES.iter().any(|family| room == *family || room == format!("{family}.rs")) => {
            true
        }
        _ => core,
    }
}

fn of_family(file: &str, family: &str) -> bool {
    file.split('/').any(|part| part == family || part == format!("{family}.rs"))
}

/// All `crate::` paths in a text and the lines they are on, comments left out. A group of imports
/// counts as its members.
fn paths(text: &str) -> Vec<(usize, String)> {
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    let code = lines.collect::<Vec<_>>().join("\n");
    let mut found = Vec::new();
    for (at, found_here) in code.match_indices("crate::") {
        let line = code[..at].matches('\n').count() + 1;
        let rest = &code[at + found_here.len()..];
        let word = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
        let end = rest.find(|c| !word(c)).unwrap_or(rest.len());
        let (prefix, after) = rest.split_at(end);
        if prefix.ends_with("::") || prefix.is_empty() {
            let group = after.trim_start_matches('{').split('}').next().unwrap_or_default();
            let names = group.split(',').map(str::trim).filter(|name| !name.is_empty());
            found.extend(names.map(|name| (line, format!("{prefix}{name}"))));
        } else {
            found.push((line, prefix.to_owned()));
        }
    }
    found
}

/// True if a line leaves its room by `super`, where no path tells the direction.
fn climbs(file: &str, line: &str) -> bool {
    let top = !file.contains('/') || (file.matches('/').count() == 1 && file.ends_with("/mod.rs"));
    line.contains("super::super::")
        || (top && line.contains("use super::") && !line.starts_with(' '))
}

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

#[test]
fn layers_name_only_what_is_below_them() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    files.sort();
    assert!(files.len() > 20, "the sources were not found");
    let mut wrong = Vec::new();
    let mut seen = 0;
    for file in files {
        let name = file.strip_prefix(&src).unwrap().to_string_lossy().replace('\\', "/");
        let text = fs::read_to_string(&file).unwrap();
        // Unit tests at the end of a file may use what they like.
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (line, path) in paths(code) {
            seen += 1;
            if !allowed(&name, &path) {
                wrong.push(format!("src/{name}:{line}: crate::{path}"));
            }
        }
        for (at, line) in code.lines().enumerate() {
            if climbs(&name, line) {
                wrong.push(format!("src/{name}:{}: {line}", at + 1));
            }
        }
    }
    assert!(seen > 50, "the paths were not found");
    assert!(wrong.is_empty(), "forbidden directions:\n{}", wrong.join("\n"));
}

#[test]
fn a_forbidden_direction_is_seen() {
    assert!(!allowed("codec/leios/reply.rs", "fault::Fault"));
    assert!(!allowed("codec/cbor/reader.rs", "codec::leios::ReplyMessage"));
    assert!(!allowed("state/leios/client/mod.rs", "link::Transport"));
    assert!(!allowed("machine.rs", "codec::Source"));
    assert!(!allowed("link/mux.rs", "state::leios::Limits"));
    assert!(allowed("state/leios/client/mod.rs", "codec::leios::ReplyMessage"));
    assert!(climbs("state/leios/client/mod.rs", "use super::super::super::link::Transport;"));
    assert!(climbs("state/mod.rs", "pub use super::link::Transport;"));
    assert!(!climbs("state/leios/client/mod.rs", "use super::limits::Limits;"));
    assert!(allowed("link/mux.rs", "channel::Channel"));
    assert_eq!(
        paths("use crate::fault::{Ending, Fault};"),
        [(1, "fault::Ending".into()), (1, "fault::Fault".into())]
    );
    let group = "// crate::link\nuse crate::{\n    Fault, Rule,\n}; // crate::state";
    assert_eq!(paths(group), [(2, "Fault".into()), (2, "Rule".into())]);
}
