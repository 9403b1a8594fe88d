//! Where a command gets its data from: the argument itself, a file, or standard input.

use std::io::Read;
use std::path::Path;

use nodewire_adapter::hex::from_hex;

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
    from_hex(&text(argument)?).map_err(Failure::new)
}

/// A whole file.
pub fn file(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::file(path, &error))
}
