//! Why a command failed, in one clear line.

use std::fmt;
use std::io;
use std::path::Path;

/// What is printed on standard error before a non-zero exit.
#[derive(Debug)]
pub struct Failure {
    line: String,
    code: u8,
}

/// The exit code of what was done, and failed.
const FAILED: u8 = 1;
/// That of what was not even begun: arguments that make no sense, nobody there to be checked.
const NOT_BEGUN: u8 = 2;

impl Failure {
    /// A failure with this line.
    pub fn new(line: impl Into<String>) -> Self {
        Self { line: line.into(), code: FAILED }
    }

    /// Something that cannot be begun so.
    pub fn not_begun(line: impl Into<String>) -> Self {
        Self { line: line.into(), code: NOT_BEGUN }
    }

    /// A file that could not be read or written.
    pub fn file(path: &Path, error: &io::Error) -> Self {
        Self::new(format!("{}: {error}", path.display()))
    }

    /// The same, with more to say in its line.
    pub fn with(mut self, more: &str) -> Self {
        self.line.push_str(more);
        self
    }

    /// What the process ends with.
    pub const fn code(&self) -> u8 {
        self.code
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // One line, whatever the cause says.
        f.write_str(&self.line.replace('\n', " "))
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::new(error.to_string())
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::new(format!("JSON: {error}"))
    }
}
