//! Records: the inputs, numbered and timed, and the heads from time to time.

use alloc::vec::Vec;

use super::heads::ChainHeads;
use crate::codec::Malformed;
use crate::codec::cbor::{Reader, Sink};
use crate::codec::supervisor::journal::form::{Form, canonical, fields, unknown};
use crate::codec::supervisor::journal::{Stop, write_frame};
use crate::machine::Input;
use crate::state::supervisor::{SupervisorCommand, SupervisorRemote};
use crate::time::Time;

/// What is in a frame of a journal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    /// Counts the records of all generations, from zero.
    pub number: u64,
    /// When: never before the record before it.
    pub time: Time,
    /// What it tells.
    pub body: RecordBody,
}

/// What a record tells.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a replay that passes one over is another run")]
pub enum RecordBody {
    /// What the machine took in.
    Input(Input<SupervisorCommand, SupervisorRemote>),
    /// The heads of every chain at this point, to compare a replay with.
    Heads(Vec<ChainHeads>),
}

fields!(Record { number, time, body });

impl Form for RecordBody {
    fn write<S: Sink>(&self, to: &mut S) {
        to.array(2);
        match self {
            Self::Input(input) => {
                to.uint(0);
                input.write(to);
            }
            Self::Heads(heads) => {
                to.uint(1);
                heads.write(to);
            }
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let at = from.at();
        match from.variant(|tag| (tag < 2).then_some(2))? {
            0 => Form::read(from).map(Self::Input),
            1 => Form::read(from).map(Self::Heads),
            _ => Err(unknown(at)),
        }
    }
}

/// Appends the frame of an input to `out`, without taking it.
pub(super) fn write_input(
    number: u64,
    time: Time,
    input: &Input<SupervisorCommand, SupervisorRemote>,
    out: &mut Vec<u8>,
) {
    write_frame(out, |out| {
        // As `Record` and `RecordBody` write it.
        out.array(3);
        number.write(out);
        time.write(out);
        out.array(2);
        out.uint(0);
        input.write(out);
    });
}

impl Record {
    /// Appends the record's frame to `out`.
    pub fn write_frame(&self, out: &mut Vec<u8>) {
        write_frame(out, |out| self.write(out));
    }

    /// The record that is the payload of a frame.
    ///
    /// # Errors
    /// [`Stop::Unknown`] for anything but the one form of a record.
    pub fn read_payload(payload: &[u8]) -> Result<Self, Stop> {
        canonical(payload).map_err(|_| Stop::Unknown)
    }
}
