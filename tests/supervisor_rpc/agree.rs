//! Expected skeletons of responses, and whole ones.

use serde_json::Value;

/// True if what came of a text is what its skeleton says: nothing, a response, or as many in order.
pub fn agree(expected: &Value, found: Option<&Value>) -> bool {
    match (expected, found) {
        (Value::Null, None) => true,
        (Value::Array(expected), Some(Value::Array(found))) => {
            expected.len() == found.len() && expected.iter().zip(found).all(|(a, b)| one(a, b))
        }
        (Value::Object(_), Some(found @ Value::Object(_))) => one(expected, found),
        _ => false,
    }
}

fn one(expected: &Value, found: &Value) -> bool {
    let error = |code: &Value| {
        found["error"]["code"] == *code
            && found["error"]["message"].is_string()
            && found.get("result").is_none()
    };
    let outcome = match (expected.get("error"), expected.get("result")) {
        (Some(code), None) => error(code),
        (None, Some(Value::Bool(true))) => found.get("result").is_some(),
        (None, Some(result)) => found.get("result") == Some(result),
        _ => panic!("a skeleton has either: {expected}"),
    };
    outcome && found["jsonrpc"] == "2.0" && found["id"] == expected["id"]
}
