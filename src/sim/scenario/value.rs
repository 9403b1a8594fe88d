//! Values with names in them: filled in where something is sent, compared and captured where
//! something is awaited.

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

#[cfg(any(feature = "leios", feature = "chia"))]
use crate::codec::cbor::Sink;
use crate::codec::hex::Hex;

/// What the names stand for.
pub(super) type Vars = BTreeMap<String, Value>;

/// Most items that `$each` may make, and most times that `repeat` goes on.
pub(super) const MOST: u64 = 100_000;

/// Fills in the names: `"$eb.point"`, `"$no+1"`, `{"$each": ..}`, `{"$join": ..}`,
/// `{"$but": ..}`, `{"$bytes": ..}`, `{"$0x": ..}`.
pub(super) fn fill(value: &Value, vars: &Vars) -> Result<Value, String> {
    match value {
        Value::String(text) => match text.strip_prefix('$') {
            Some(name) => find(name, vars)
                .ok_or_else(|| format!("`${name}` is not known"))
                .map(Cow::into_owned),
            None => Ok(value.clone()),
        },
        Value::Array(items) => {
            let mut filled = Vec::with_capacity(items.len());
            for item in items {
                match each(item) {
                    Some(each) => filled.extend(expand(each, vars)?),
                    None => filled.push(fill(item, vars)?),
                }
            }
            Ok(Value::Array(filled))
        }
        Value::Object(fields) => {
            if let Some(each) = each(value) {
                return expand(each, vars).map(Value::Array);
            }
            if let Some(lists) = fields.get("$join") {
                return join(lists, vars);
            }
            if let Some(value) = fields.get("$but") {
                return but(value, fields, vars);
            }
            if let Some(parts) = fields.get("$bytes") {
                return octets(parts, vars).map(|bytes| Value::String(hex(&bytes)));
            }
            if let Some(parts) = fields.get("$0x") {
                return octets(parts, vars).map(|bytes| format!("0x{}", hex(&bytes)).into());
            }
            let fields = fields.iter().map(|(key, item)| Ok((key.clone(), fill(item, vars)?)));
            fields.collect::<Result<Map<_, _>, String>>().map(Value::Object)
        }
        _ => Ok(value.clone()),
    }
}

/// A value with all names filled in that have a meaning; the others stay.
pub(super) fn known(value: &Value, vars: &Vars) -> Value {
    match value {
        Value::Array(items) => fill(value, vars)
            .unwrap_or_else(|_| items.iter().map(|item| known(item, vars)).collect()),
        Value::Object(fields) => fill(value, vars).unwrap_or_else(|_| {
            let known = |(key, item): (&String, _)| (key.clone(), known(item, vars));
            Value::Object(fields.iter().map(known).collect())
        }),
        _ => fill(value, vars).unwrap_or_else(|_| value.clone()),
    }
}

/// `{"$join": [["a"], "$list"]}`: the items of all lists, in order.
fn join(lists: &Value, vars: &Vars) -> Result<Value, String> {
    let Value::Array(lists) = fill(lists, vars)? else {
        return Err("`$join` joins lists".to_string());
    };
    let mut joined = Vec::new();
    for list in lists {
        match list {
            Value::Array(items) => joined.extend(items),
            other => return Err(format!("`$join` joins lists, not {other}")),
        }
    }
    Ok(Value::Array(joined))
}

/// `{"$but": "$b.block", "body.cost": 1}`: the same value, but for fields by their paths.
fn but(value: &Value, fields: &Map<String, Value>, vars: &Vars) -> Result<Value, String> {
    let mut value = fill(value, vars)?;
    for (path, new) in fields.iter().filter(|(path, _)| *path != "$but") {
        let place = value.pointer_mut(&format!("/{}", path.replace('.', "/")));
        *place.ok_or_else(|| format!("there is no `{path}` in it"))? = fill(new, vars)?;
    }
    Ok(value)
}

/// A value as data.
pub(super) fn data(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

/// Data as a value.
pub(super) fn typed<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    serde_json::from_value(value.clone()).map_err(|error| format!("{error}, in {value}"))
}

fn each(value: &Value) -> Option<&Map<String, Value>> {
    value.as_object().filter(|fields| fields.contains_key("$each"))
}

/// `{"$each": "i", "from": 0, "to": 3, "item": ["$i"]}`: the items, one for each number.
fn expand(each: &Map<String, Value>, vars: &Vars) -> Result<Vec<Value>, String> {
    let name = each.get("$each").and_then(Value::as_str).ok_or("`$each` names a variable")?;
    let number = |key: &str| {
        let value = each.get(key).ok_or_else(|| format!("`$each` needs `{key}`"))?;
        fill(value, vars)?.as_u64().ok_or_else(|| format!("`{key}` is to be a number"))
    };
    let (from, to) = (number("from")?, number("to")?);
    if to.saturating_sub(from) > MOST {
        return Err(format!("`$each` makes more than {MOST} items"));
    }
    let item = each.get("item").ok_or("`$each` needs `item`")?;
    let mut vars = vars.clone();
    (from..to)
        .map(|number| {
            vars.insert(name.to_string(), Value::from(number));
            fill(item, &vars)
        })
        .collect()
}

/// What a name stands for: `eb.txs.0`, a number with `+1` or `-1` behind it.
fn find<'a>(name: &str, vars: &'a Vars) -> Option<alloc::borrow::Cow<'a, Value>> {
    use alloc::borrow::Cow;
    if let Some(at) = name.find(['+', '-']) {
        let (base, offset) = name.split_at(at);
        let base = number(find_plain(base, vars)?)?;
        let by: u64 = offset.get(1..)?.parse().ok()?;
        let sum = if offset.starts_with('+') { base.checked_add(by) } else { base.checked_sub(by) };
        return sum.map(|sum| Cow::Owned(Value::from(sum)));
    }
    find_plain(name, vars).map(Cow::Borrowed)
}

/// A number, or one above 2^53, which is written as text.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn find_plain<'a>(name: &str, vars: &'a Vars) -> Option<&'a Value> {
    let mut parts = name.split('.');
    let mut value = vars.get(parts.next()?)?;
    for part in parts {
        value = match value {
            Value::Array(items) => items.get(part.parse::<usize>().ok()?)?,
            Value::Object(fields) => fields.get(part)?,
            _ => return None,
        };
    }
    Some(value)
}

/// Whether a value is as the pattern says: `"$_"` is anything, `"$name"` what it stands for, and
/// a name without a meaning gets this one; an object has the pattern's fields and maybe others;
/// a list has as many items, unless the pattern ends in `"$.."`; `{"$begins": ".."}` and
/// `{"$has": ".."}` are texts that begin with that or have it in them, `{"$lacks": ".."}` is an
/// object without that field.
///
/// Names are only captured if all of it fits.
pub(super) fn fits(pattern: &Value, value: &Value, vars: &mut Vars) -> bool {
    let mut captured = vars.clone();
    let fits = fits_into(pattern, value, &mut captured);
    if fits {
        *vars = captured;
    }
    fits
}

fn fits_into(pattern: &Value, value: &Value, vars: &mut Vars) -> bool {
    match (pattern, value) {
        (Value::String(text), _) if text.starts_with('$') => {
            let name = text.trim_start_matches('$');
            if name == "_" {
                return true;
            }
            match find(name, vars).map(alloc::borrow::Cow::into_owned) {
                Some(known) => same(&known, value),
                None if name.contains(['.', '+', '-']) => false,
                None => {
                    vars.insert(name.to_string(), value.clone());
                    true
                }
            }
        }
        (Value::Array(patterns), Value::Array(items)) => {
            let Ok(Value::Array(patterns)) = unfold(patterns, vars) else { return false };
            let (patterns, open) = match patterns.split_last() {
                Some((Value::String(last), front)) if last == "$.." => (front, true),
                _ => (&patterns[..], false),
            };
            (patterns.len() == items.len() || open && patterns.len() < items.len())
                && patterns.iter().zip(items).all(|(pattern, item)| fits_into(pattern, item, vars))
        }
        (Value::Object(patterns), Value::String(text)) => {
            let of = |key| patterns.get(key).and_then(Value::as_str);
            match (of("$begins"), of("$has")) {
                (Some(begin), None) => text.starts_with(begin),
                (None, Some(part)) => text.contains(part),
                _ => false,
            }
        }
        (Value::Object(patterns), Value::Object(fields)) => {
            patterns.iter().all(|(key, pattern)| match pattern {
                Value::String(absent) if key == "$lacks" => !fields.contains_key(absent),
                _ => fields.get(key).is_some_and(|field| fits_into(pattern, field, vars)),
            })
        }
        _ => same(pattern, value),
    }
}

/// Expands `$each` in a list of patterns.
fn unfold(patterns: &[Value], vars: &Vars) -> Result<Value, String> {
    if !patterns.iter().any(|pattern| each(pattern).is_some()) {
        return Ok(Value::Array(patterns.to_vec()));
    }
    let mut unfolded = Vec::new();
    for pattern in patterns {
        match each(pattern) {
            Some(each) => unfolded.extend(expand(each, vars)?),
            None => unfolded.push(pattern.clone()),
        }
    }
    Ok(Value::Array(unfolded))
}

fn same(a: &Value, b: &Value) -> bool {
    a == b || number(a).is_some_and(|a| number(b) == Some(a))
}

/// Bytes in parts: hex, a name that stands for hex, `{"repeat": "00", "times": 9}`, the CBOR
/// number `{"uint": "$no"}`, its byte string `{"string": "00"}` and text `{"name": "f"}`,
/// `{"byte": "$i"}`, `{"text": "[1]"}`, or a list, with `$each` in it or not.
pub(super) fn octets(parts: &Value, vars: &Vars) -> Result<Vec<u8>, String> {
    match parts {
        Value::String(text) if text.starts_with('$') => match fill(parts, vars)? {
            Value::String(text) => unhex(&text),
            _ => Err(format!("`{text}` stands for no bytes")),
        },
        Value::String(text) => unhex(text),
        Value::Array(items) => {
            let mut bytes = Vec::new();
            for item in items {
                match each(item) {
                    Some(each) => {
                        let parts = Value::Array(expand(each, vars)?);
                        bytes.extend(octets(&parts, vars)?);
                    }
                    None => bytes.extend(octets(item, vars)?),
                }
            }
            Ok(bytes)
        }
        Value::Object(fields) => {
            #[cfg(any(feature = "leios", feature = "chia"))]
            if let Some(item) = item(fields, vars)? {
                return Ok(item);
            }
            if let Some(Value::String(text)) = fields.get("text") {
                return Ok(text.as_bytes().to_vec());
            }
            if let Some(byte) = fields.get("byte") {
                let byte = number(&fill(byte, vars)?).and_then(|byte| u8::try_from(byte).ok());
                return byte.map(|byte| [byte].to_vec()).ok_or_else(|| "no byte".to_string());
            }
            let part = fields.get("repeat").ok_or("bytes are `repeat`, `text`, `byte`..")?;
            let times = fields.get("times").and_then(Value::as_u64).ok_or("`times` is missing")?;
            let part = octets(part, vars)?;
            let times = usize::try_from(times).unwrap_or(usize::MAX);
            if part.len().saturating_mul(times) > 16_777_216 {
                return Err("more than 16 MiB of bytes".to_string());
            }
            Ok(part.repeat(times))
        }
        _ => Err("bytes are hex, an object or a list of them".to_string()),
    }
}

/// An item of CBOR: `{"uint": 7}`, the byte string `{"string": BYTES}`, the text `{"name": "f"}`.
#[cfg(any(feature = "leios", feature = "chia"))]
fn item(fields: &Map<String, Value>, vars: &Vars) -> Result<Option<Vec<u8>>, String> {
    let mut item = Vec::new();
    if let Some(uint) = fields.get("uint") {
        item.uint(number(&fill(uint, vars)?).ok_or("`uint` is to be a number")?);
    } else if let Some(bytes) = fields.get("string") {
        item.bytes(&octets(bytes, vars)?);
    } else if let Some(Value::String(text)) = fields.get("name") {
        item.text(text);
    } else {
        return Ok(None);
    }
    Ok(Some(item))
}

/// `form` where it says something, `default` elsewhere: objects field by field.
#[cfg(feature = "chia")]
pub(super) fn merged<T: Serialize + DeserializeOwned>(
    default: &T,
    form: Value,
) -> Result<T, String> {
    let mut all = data(default);
    let mut left = alloc::vec![(&mut all, form)];
    while let Some((into, from)) = left.pop() {
        match (into, from) {
            (Value::Object(into), Value::Object(from)) => {
                for key in from.keys() {
                    into.entry(key.clone()).or_insert(Value::Null);
                }
                let into = into.iter_mut();
                left.extend(into.filter_map(|(key, into)| Some((into, from.get(key)?.clone()))));
            }
            (into, from) => *into = from,
        }
    }
    typed(&all)
}

/// Bytes as hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    Hex(bytes).to_string()
}

fn unhex(text: &str) -> Result<Vec<u8>, String> {
    let digits: String = text.chars().filter(|digit| !digit.is_ascii_whitespace()).collect();
    let digits = digits.strip_prefix("0x").unwrap_or(&digits);
    crate::codec::hex::unhex(digits).ok_or_else(|| format!("`{text}` is no hex"))
}
