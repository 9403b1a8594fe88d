//! `key=value`: sets one field of the settings by its path.

use serde_json::{Map, Value, json};

use super::Settings;

/// The settings with `assignments` (`fetch.queue_time=150ms`) carried out in order.
///
/// A value is JSON, or a time (`3s`, `250ms`, `40us`) where a time is wanted, or a bare word.
///
/// # Errors
/// One line that says which key is unknown and which are near it, or what a value should be; or
/// that a recipe would need more memory than a machine has.
pub fn set(
    settings: &Settings,
    assignments: impl IntoIterator<Item = impl AsRef<str>>,
) -> Result<Settings, String> {
    let mut tree = serde_json::to_value(settings).map_err(|error| error.to_string())?;
    for assignment in assignments {
        let assignment = assignment.as_ref();
        let (key, text) = assignment
            .split_once('=')
            .ok_or_else(|| format!("--set {assignment}: it takes the form key=value"))?;
        let Some(place) = find(&mut tree, key) else {
            return Err(unknown(settings, key));
        };
        *place = value(key, place, text)?;
        // Each by itself, so that the error names the key.
        let _: Settings = serde_json::from_value(tree.clone())
            .map_err(|error| format!("--set {key}={text}: {error}"))?;
    }
    let settings: Settings = serde_json::from_value(tree).map_err(|error| error.to_string())?;
    settings.check()?;
    Ok(settings)
}

/// Every key with its value, in order.
#[must_use]
pub fn keys(settings: &Settings) -> Vec<(String, String)> {
    let mut list = Vec::new();
    if let Ok(Value::Object(tree)) = serde_json::to_value(settings) {
        walk(&tree, "", &mut list);
    }
    list
}

fn walk(tree: &Map<String, Value>, above: &str, list: &mut Vec<(String, String)>) {
    for (name, value) in tree {
        let path = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
        match (duration(value), value) {
            (Some(text), _) => list.push((path, text)),
            // No setting lies deeper than its group.
            (None, Value::Object(group)) if above.is_empty() => walk(group, &path, list),
            (None, other) => list.push((path, other.to_string())),
        }
    }
}

fn find<'a>(tree: &'a mut Value, key: &str) -> Option<&'a mut Value> {
    let (group, name) = key.split_once('.')?;
    tree.get_mut(group)?.as_object_mut()?.get_mut(name)
}

fn value(key: &str, old: &Value, text: &str) -> Result<Value, String> {
    // What may be absent is a time if its name says so; all others are known by their value.
    let is_time = duration(old).is_some() || (old.is_null() && key.ends_with("starvation"));
    if text == "null" && (is_time || key.ends_with("guard")) {
        return Ok(Value::Null);
    }
    if is_time {
        return parse_duration(text)
            .ok_or_else(|| format!("--set {key}={text}: a time is wanted, such as 3s or 250ms"));
    }
    let parsed = serde_json::from_str(&text.replace('_', ""));
    match (old, parsed) {
        (Value::String(_), _) if !text.starts_with(['{', '"']) => Ok(json!(text)),
        (_, Ok(value)) => Ok(value),
        (_, Err(_)) => Ok(json!(text)),
    }
}

/// A time as people write it, if the value is one.
fn duration(value: &Value) -> Option<String> {
    let fields = value.as_object().filter(|fields| fields.len() == 2)?;
    let (secs, nanos) = (fields.get("secs")?.as_u64()?, fields.get("nanos")?.as_u64()?);
    let micros = secs.saturating_mul(1_000_000).saturating_add(nanos / 1_000);
    Some(match micros {
        whole if whole % 1_000_000 == 0 => format!("{}s", whole / 1_000_000),
        whole if whole % 1_000 == 0 => format!("{}ms", whole / 1_000),
        whole => format!("{whole}us"),
    })
}

fn parse_duration(text: &str) -> Option<Value> {
    let (digits, scale) = [("us", 1_u64), ("ms", 1_000), ("s", 1_000_000)]
        .iter()
        .find_map(|(unit, scale)| Some((text.strip_suffix(unit)?, *scale)))?;
    let micros = digits.parse::<u64>().ok()?.checked_mul(scale)?;
    Some(json!({ "secs": micros / 1_000_000, "nanos": micros % 1_000_000 * 1_000 }))
}

fn unknown(settings: &Settings, key: &str) -> String {
    let mut near: Vec<(usize, String)> = keys(settings)
        .into_iter()
        .map(|(known, _)| {
            let name = known.split_once('.').map_or(known.as_str(), |(_, name)| name);
            let begun = known.starts_with(key) || name.starts_with(key);
            let far = distance(key, &known).min(distance(key, name));
            (if begun { 0 } else { far }, known)
        })
        .collect();
    near.sort();
    let names: Vec<String> = near.into_iter().take(3).map(|(_, name)| name).collect();
    format!("--set {key}: there is no such setting; near it are {}", names.join(", "))
}

/// How many letters differ (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (at, left) in a.chars().enumerate() {
        let mut corner = std::mem::replace(&mut row[0], at + 1);
        for (other, right) in b.iter().enumerate() {
            let swap = corner + usize::from(left != *right);
            corner = row[other + 1];
            row[other + 1] = swap.min(row[other] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}
