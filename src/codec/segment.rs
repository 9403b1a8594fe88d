//! Headers of multiplexer segments (`leios.md` 10.1).

use super::{Malformed, MalformedKind};

/// The 8 bytes before the payload of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SegmentHeader {
    /// The low 32 bits of the sender's monotonic clock in microseconds: information only.
    pub time: u32,
    /// Which side of the mini-protocol sent it.
    pub mode: Mode,
    /// The number of the mini-protocol: 15 bits.
    pub number: u16,
    /// Bytes of payload: 1 to 65,535.
    pub length: u16,
}

/// Which side of a mini-protocol sent a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_enums, reason = "one bit")]
pub enum Mode {
    /// The side that initiates the mini-protocol: the mode bit is 0.
    Initiator,
    /// The side that responds: the mode bit is 1.
    Responder,
}

impl Mode {
    /// The other side.
    #[must_use]
    pub const fn flip(self) -> Self {
        match self {
            Self::Initiator => Self::Responder,
            Self::Responder => Self::Initiator,
        }
    }
}

impl SegmentHeader {
    /// Bytes of a header.
    pub const SIZE: usize = 8;

    /// The bit that the responder sets; numbers are below it.
    pub(crate) const RESPONDER: u16 = 0x8000;

    /// Reads a header.
    ///
    /// # Errors
    ///
    /// `ZeroLengthSegment` at byte 6: a segment has a payload.
    pub const fn decode(bytes: [u8; Self::SIZE]) -> Result<Self, Malformed> {
        let [t0, t1, t2, t3, n0, n1, l0, l1] = bytes;
        let number = u16::from_be_bytes([n0, n1]);
        let length = u16::from_be_bytes([l0, l1]);
        if length == 0 {
            return Err(Malformed::new(MalformedKind::ZeroLengthSegment, 6));
        }
        Ok(Self {
            time: u32::from_be_bytes([t0, t1, t2, t3]),
            mode: if number & Self::RESPONDER == 0 { Mode::Initiator } else { Mode::Responder },
            number: number & !Self::RESPONDER,
            length,
        })
    }

    /// The bytes of the header; the number loses its highest bit, which is the mode's.
    #[must_use]
    pub const fn encode(self) -> [u8; Self::SIZE] {
        let mode = match self.mode {
            Mode::Initiator => 0,
            Mode::Responder => Self::RESPONDER,
        };
        let [t0, t1, t2, t3] = self.time.to_be_bytes();
        let [n0, n1] = (self.number & !Self::RESPONDER | mode).to_be_bytes();
        let [l0, l1] = self.length.to_be_bytes();
        [t0, t1, t2, t3, n0, n1, l0, l1]
    }
}
