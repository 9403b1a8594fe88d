//! What the vectors write in another way than the library does.

use serde_json::Value;

/// The bytes behind hex.
pub fn unhex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2);
    digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// The bytes of a text member.
pub fn hex_of(value: &Value) -> Vec<u8> {
    unhex(value.as_str().unwrap())
}

/// The same fields as the library writes them: numbers of 1024 bits as their 129 bytes.
pub fn fields(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let named = members.iter().map(|(name, value)| {
                let coefficient = members.len() == 2 && (name == "a" || name == "b");
                (name.clone(), if coefficient { int1024(value).into() } else { fields(value) })
            });
            Value::Object(named.collect())
        }
        Value::Array(values) => values.iter().map(fields).collect(),
        // The one thing that the vectors write as an object without fields.
        other => other.clone(),
    }
}

/// 129 bytes of two's complement as hex, of a number or of decimal digits.
pub fn int1024(value: &Value) -> String {
    let digits = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let (negative, digits) = match digits.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, digits.as_str()),
    };
    let mut bytes = [0_u8; 129];
    for digit in digits.bytes() {
        let mut carry = u16::from(digit - b'0');
        for byte in bytes.iter_mut().rev() {
            let sum = u16::from(*byte) * 10 + carry;
            (*byte, carry) = (sum.to_le_bytes()[0], sum >> 8);
        }
    }
    if negative {
        let mut carry = true;
        for byte in bytes.iter_mut().rev() {
            (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
        }
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An integer, as a number or as decimal digits.
pub fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| value.as_str().unwrap().parse().unwrap())
}
