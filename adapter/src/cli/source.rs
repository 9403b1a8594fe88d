//! Where a command gets its data from: the argument itself, a file, or standard input.

use std::io::Read;
use std::path::Path;

use super::failure::Failure;

/// The text behind an argument: itself, or the file after `@`, or standard input for `-`.
pub fn text(argument: &str) -> Result<String, Failure> {
    let bytes = match argument.strip_prefix('@') {
        Some(path) => file(Path::new(path))?,
        None if argument == "-" => {
            let mut bytes = Vec::new();
            std::io::stdin().read_to_end(&mut bytes)?;
            bytes
        }
        None => argument.as_bytes().to_vec(),
    };
    String::from_utf8(bytes).map_err(|_| Failure::new("the input is not text"))
}

/// The bytes behind a hex argument. White space is ignored.
pub fn hex(argument: &str) -> Result<Vec<u8>, Failure> {
    unhex(&text(argument)?)
}

/// A whole file.
pub fn file(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::file(path, &error))
}

/// Bytes from hex digits.
pub fn unhex(text: &str) -> Result<Vec<u8>, Failure> {
    let mut digits = Vec::new();
    for (at, c) in text.char_indices().filter(|(_, c)| !c.is_whitespace()) {
        let digit = c
            .to_digit(16)
            .ok_or_else(|| Failure::new(format!("not hex: {c:?} at character {at}")))?;
        digits.push(u8::try_from(digit).unwrap_or_default());
    }
    if digits.len() % 2 == 1 {
        return Err(Failure::new(format!("not hex: {} digits, an odd number", digits.len())));
    }
    Ok(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

/// Bytes as lower-case hex.
pub fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
