//! Frames: payloads that tell whether they are whole.

use alloc::vec::Vec;

use crc::{CRC_32_ISCSI, Crc, Table};

static CRC_32C: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISCSI);

/// Bytes before a payload.
const HEAD: usize = 8;

/// Why reading ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Stop {
    /// Everything was read.
    #[error("the end")]
    End,
    /// The file ends inside a frame, or nothing but zeros follows: what a crash leaves.
    #[error("the last frame is torn")]
    Torn,
    /// A frame has another checksum than it says: bits changed.
    #[error("a frame with a wrong checksum")]
    Checksum,
    /// A frame that is whole, but not of a kind or form that is known.
    #[error("a frame of unknown form")]
    Unknown,
    /// A frame that is whole, but does not follow the one before it.
    #[error("a frame out of order")]
    Order,
    /// The file is not what it should be: another magic, format, kind or generation.
    #[error("another kind of file, or another format")]
    Header,
    /// What it says cannot be true of this cluster: a snapshot that does not check.
    #[error("contents that contradict themselves or the configuration")]
    Contradiction,
    /// What follows was given up by a later start, which went on in another file.
    #[error("superseded by a later file")]
    Superseded,
}

/// The payloads of a file, up to the first frame that is not whole.
#[derive(Clone, Debug)]
pub struct Frames<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Frames<'a> {
    /// The frames that `bytes` begin with.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The frames after the first `at` bytes.
    pub(super) const fn from(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    /// How many bytes were read: all of whole frames.
    #[must_use]
    pub const fn at(&self) -> usize {
        self.at
    }

    /// The next payload.
    ///
    /// # Errors
    /// [`Stop::End`], [`Stop::Torn`] or [`Stop::Checksum`]; nothing is read then.
    pub fn read(&mut self) -> Result<&'a [u8], Stop> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if rest.is_empty() {
            return Err(Stop::End);
        }
        let (length, after) = rest.split_first_chunk::<4>().ok_or(Stop::Torn)?;
        let (checksum, after) = after.split_first_chunk::<4>().ok_or(Stop::Torn)?;
        let count = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| Stop::Torn)?;
        // No frame is empty: a file that was extended but not written to is all zeros.
        if count == 0 {
            return Err(Stop::Torn);
        }
        let payload = after.get(..count).ok_or(Stop::Torn)?;
        if sum(*length, payload) != u32::from_be_bytes(*checksum) {
            return Err(Stop::Checksum);
        }
        self.at = self.at.saturating_add(HEAD).saturating_add(count);
        Ok(payload)
    }
}

fn sum(length: [u8; 4], payload: &[u8]) -> u32 {
    let mut digest = CRC_32C.digest();
    digest.update(&length);
    digest.update(payload);
    digest.finalize()
}

/// Appends a frame whose payload `write` writes. A payload of 4 GiB or more, which no limit
/// allows, is cut and will not be read back.
pub(crate) fn write_frame(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let from = out.len();
    out.extend_from_slice(&[0; HEAD]);
    write(out);
    let payload = out.get(from.saturating_add(HEAD)..).unwrap_or_default();
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_be_bytes();
    let checksum = sum(length, payload).to_be_bytes();
    let head = length.into_iter().chain(checksum);
    for (place, byte) in out.iter_mut().skip(from).zip(head) {
        *place = byte;
    }
}
