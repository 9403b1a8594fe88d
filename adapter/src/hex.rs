//! Bytes as hex digits.

/// The bytes behind hex digits. White space is ignored.
///
/// # Errors
/// What is no hex, and where.
pub fn from_hex(text: &str) -> Result<Vec<u8>, String> {
    let mut digits = Vec::with_capacity(text.len());
    for (at, c) in text.char_indices().filter(|(_, c)| !c.is_whitespace()) {
        let digit = c.to_digit(16).ok_or_else(|| format!("not hex: {c:?} at character {at}"))?;
        digits.push(u8::try_from(digit).unwrap_or_default());
    }
    if digits.len() % 2 == 1 {
        return Err(format!("not hex: {} digits, an odd number", digits.len()));
    }
    Ok(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

/// Bytes as lower-case hex.
#[must_use]
pub fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
