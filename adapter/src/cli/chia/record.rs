//! A trace that is written as it happens.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use nodewire::sim::{Keep, Step, Trace};

use crate::cli::failure::Failure;

/// The file of a trace: a line for each step, there as soon as the step is over.
pub struct TraceFile {
    path: PathBuf,
    /// `None` once it could not be written.
    out: Option<File>,
}

impl TraceFile {
    /// A new file that begins so.
    pub fn begin(path: &Path, beginning: &Trace) -> Result<Self, Failure> {
        let named = |error| Failure::file(path, &error);
        let mut out = File::create(path).map_err(named)?;
        out.write_all(beginning.to_string().as_bytes()).map_err(named)?;
        Ok(Self { path: path.to_owned(), out: Some(out) })
    }
}

impl Keep for TraceFile {
    fn keep(&mut self, step: Step) {
        let Some(out) = &mut self.out else { return };
        // In one piece: a process that is killed leaves no half of a line.
        if let Err(error) = out.write_all(format!("{step}\n").as_bytes()) {
            // The node goes on: whoever talks to it has no part in this.
            tracing::error!(path = %self.path.display(), %error, "the trace ends here");
            self.out = None;
        }
    }
}
