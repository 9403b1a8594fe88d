//! What a snapshot keeps of the server: the texts that wait.

use alloc::vec::Vec;

use super::{CallId, Part, Parts, Pending, Place, Server};
use crate::ask::AskId;
use crate::codec::cbor::{Reader, Sink};
use crate::codec::supervisor::journal::form::{Form, fields, unknown};
use crate::codec::{Malformed, MalformedKind};

fields!(Place { text, part });
fields!(Pending { call, since, batch, parts, open });

/// The parts alone: how long they are is seen by them.
impl Form for Parts {
    fn write<S: Sink>(&self, to: &mut S) {
        self.list.write(to);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        Form::read(from).map(Self::of)
    }
}

impl Form for Part {
    fn write<S: Sink>(&self, to: &mut S) {
        to.array(2);
        match self {
            Self::Open(id) => {
                to.uint(0);
                id.write(to);
            }
            Self::Done(text) => {
                to.uint(1);
                to.bytes(text);
            }
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let at = from.at();
        match from.variant(|tag| (tag < 2).then_some(2))? {
            0 => Form::read(from).map(Self::Open),
            1 => from.bytes().map(|text| Self::Done(text.to_vec())),
            _ => Err(unknown(at)),
        }
    }
}

impl Server {
    /// The calls that wait for their replies.
    pub(in crate::state::supervisor) fn calls(&self) -> impl Iterator<Item = CallId> + '_ {
        self.pending.iter().map(|(_, pending)| pending.call)
    }

    pub(in crate::state::supervisor) fn write_remains<S: Sink>(&self, to: &mut S) {
        to.array(4);
        self.next.write(to);
        self.asks.next().write(to);
        to.array(self.asks.len());
        for (id, place) in self.asks.iter() {
            to.array(2);
            id.write(to);
            place.write(to);
        }
        to.array(self.pending.len());
        for (number, pending) in self.pending.iter() {
            to.array(2);
            number.write(to);
            pending.write(to);
        }
    }

    pub(in crate::state::supervisor) fn read_remains(
        &mut self,
        from: &mut Reader<'_>,
    ) -> Result<(), Malformed> {
        from.array_exact(4)?;
        let at = from.at();
        let wrong = || Malformed::new(MalformedKind::KeysNotAscending, at);
        let next = u64::read(from)?;
        let next_ask = u64::read(from)?;
        let asks = Vec::<(AskId, Place)>::read(from)?;
        if !self.asks.reopen(next_ask, asks) {
            return Err(wrong());
        }
        for (number, pending) in Vec::<(u64, Pending)>::read(from)? {
            if number >= next || pending.parts.open() != pending.open {
                return Err(wrong());
            }
            self.pending.push(number, pending).map_err(|_| wrong())?;
        }
        self.next = next;
        Ok(())
    }
}
