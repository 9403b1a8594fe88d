//! The files: their names and how they begin.

use alloc::vec::Vec;
use core::fmt;

use super::form::{Form, canonical, fields};
use super::{FORMAT_VERSION, Frames, Stop, write_frame};

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    /// Inputs, in order.
    Journal,
    /// All that is known at one moment.
    Snapshot,
}

impl FileKind {
    const fn magic(self) -> &'static [u8; 8] {
        match self {
            Self::Journal => b"NWSVjrnl",
            Self::Snapshot => b"NWSVsnap",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Journal => "journal-",
            Self::Snapshot => "snapshot-",
        }
    }
}

/// Names a file: what is in it, and its generation. A later start or a snapshot begins the next.
///
/// Its text is the name of the file on a disk.
///
/// ```
/// use nodewire::codec::supervisor::journal::{FileKind, StoreFile};
///
/// let file = StoreFile { kind: FileKind::Journal, generation: 7 };
/// assert_eq!(file.to_string(), "journal-00000000000000000007");
/// assert_eq!("journal-00000000000000000007".parse(), Ok(file));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreFile {
    /// What is in it.
    pub kind: FileKind,
    /// Counts the beginnings, from one.
    pub generation: u64,
}

/// A text that names no file of a journal's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("not the name of a journal or a snapshot")]
pub struct StoreFileError;

impl fmt::Display for StoreFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:020}", self.kind.name(), self.generation)
    }
}

impl core::str::FromStr for StoreFile {
    type Err = StoreFileError;

    fn from_str(text: &str) -> Result<Self, StoreFileError> {
        let digits = |kind: FileKind| Some((kind, text.strip_prefix(kind.name())?));
        let (kind, digits) = digits(FileKind::Journal)
            .or_else(|| digits(FileKind::Snapshot))
            .filter(|(_, digits)| {
                digits.len() == 20 && digits.bytes().all(|it| it.is_ascii_digit())
            })
            .ok_or(StoreFileError)?;
        let generation = digits.parse().map_err(|_| StoreFileError)?;
        Ok(Self { kind, generation })
    }
}

/// How a file begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileHeader {
    /// What is in the file.
    pub kind: FileKind,
    /// Which logic took in the inputs: under another, the same inputs may give other heads.
    pub logic: u32,
    /// Which configuration and limits it went by.
    pub fingerprint: [u8; 8],
    /// The file's generation.
    pub generation: u64,
    /// The number of the first record in it, or after it.
    pub first: u64,
}

impl FileHeader {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.kind.magic());
        let Self { logic, fingerprint, generation, first, .. } = *self;
        let fields = Fields { format: FORMAT_VERSION, logic, fingerprint, generation, first };
        write_frame(out, |out| fields.write(out));
    }

    /// The header of a file of this kind, and the frames after it.
    ///
    /// # Errors
    /// [`Stop::Torn`] for a file that ends inside its header; [`Stop::Header`] for any other file.
    pub fn read(kind: FileKind, bytes: &[u8]) -> Result<(Self, Frames<'_>), Stop> {
        let magic = kind.magic();
        if magic.starts_with(bytes) && bytes != magic {
            return Err(Stop::Torn);
        }
        if !bytes.starts_with(magic) {
            return Err(Stop::Header);
        }
        let mut frames = Frames::from(bytes, magic.len());
        let payload = frames.read().map_err(|stop| match stop {
            Stop::End | Stop::Torn => Stop::Torn,
            _ => Stop::Header,
        })?;
        let Fields { format, logic, fingerprint, generation, first } =
            canonical(payload).map_err(|_| Stop::Header)?;
        if format != FORMAT_VERSION {
            return Err(Stop::Header);
        }
        Ok((Self { kind, logic, fingerprint, generation, first }, frames))
    }
}

/// The header's payload.
struct Fields {
    format: u32,
    logic: u32,
    fingerprint: [u8; 8],
    generation: u64,
    first: u64,
}

fields!(Fields { format, logic, fingerprint, generation, first });
