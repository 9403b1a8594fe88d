//! How a connection ends: what waits leaves first, and what came too early is kept for a next stage.

use alloc::vec::Vec;
use core::mem;

use bytes::Bytes;

use super::demux::Demux;
use super::egress::Egress;
use super::way::Way;
use super::{Life, Mux};
use crate::channel::OverChannels;
use crate::fault::{Ending, Fault};
use crate::link::core::Core;
use crate::link::staged::{Parts, Stage, UNREAD};
use crate::machine::{Machine, Out};
use crate::time::Time;

/// What a finished machine leaves behind.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Rest<M> {
    pub(super) machine: M,
    /// Received after the last item, not looked at; `None` if there was too much of it.
    unread: Option<Vec<u8>>,
    /// No bytes follow.
    pub(super) eof: bool,
    /// Nor are any taken.
    pub(super) gone: bool,
    /// When what waits is to have left.
    pub(super) due: Time,
}

impl<M: OverChannels> Mux<M> {
    /// The machine has ended: after a fault at once, else when all has left.
    pub(super) fn end(&mut self, now: Time, ending: Ending, out: &mut Out<Self>) {
        let life = mem::replace(&mut self.life, Life::Over(None));
        self.demux = Demux::default();
        self.foreign = Vec::new();
        match (ending, life) {
            (Ending::Done, Life::Running(Core { machine, eof, gone, .. })) => {
                let due = now.after(self.config.drain_timeout);
                self.life =
                    Life::Draining(Rest { machine, unread: Some(Vec::new()), eof, gone, due });
                self.drain(now, out);
            }
            _ => {
                // What was sent before the fault leaves as far as it may, the rest is dropped.
                self.let_out(now, out);
                self.egress = Egress::new(&self.config, &[], |_| false);
                out.close(ending);
            }
        }
    }

    /// Lets leave what may, and closes once nothing is left, nobody is there to take it, or it took
    /// too long.
    pub(super) fn drain(&mut self, now: Time, out: &mut Out<Self>) {
        let Life::Draining(rest) = &self.life else { return };
        let (gone, due) = (rest.gone, rest.due);
        self.let_out(now, out);
        if gone || self.egress.is_empty() {
            let life = mem::replace(&mut self.life, Life::Over(None));
            if let Life::Draining(rest) = life {
                self.life = Life::Over(Some(rest));
            }
            out.close(Ending::Done);
        } else if due <= now {
            self.life = Life::Over(None);
            self.egress = Egress::new(&self.config, &[], |_| false);
            out.fail(Fault::congested("drain_timeout"));
        }
    }

    /// Lets leave what may.
    fn let_out(&mut self, now: Time, out: &mut Out<Self>) {
        let mut way = Way::new(now, self.config.wire_buffer, &mut self.egress, out);
        while way.cut() {}
        way.hand_out();
    }

    /// Keeps what came after the end, for a next stage.
    pub(super) fn keep(&mut self, bytes: &[u8]) {
        if let Life::Draining(rest) | Life::Over(Some(rest)) = &mut self.life {
            match &mut rest.unread {
                Some(unread) if bytes.len() <= UNREAD.saturating_sub(unread.len()) => {
                    unread.extend_from_slice(bytes);
                }
                unread => *unread = None,
            }
        }
    }
}

impl<M: OverChannels> Stage for Mux<M> {
    type Outcome = M;

    fn into_parts(self) -> Option<Parts<M>> {
        match self.life {
            Life::Over(Some(rest)) => Some(Parts {
                outcome: rest.machine,
                // What is shared keeps its whole buffer alive: room to grow would be counted by nobody.
                unread: rest.unread.map(|unread| Bytes::from(unread.into_boxed_slice())),
                credit: self.egress.credit(),
                finished: rest.eof,
                closed: rest.gone,
            }),
            Life::Running(_) | Life::Draining(_) | Life::Over(None) => None,
        }
    }
}

impl<M: Machine> Rest<M> {
    pub(super) fn heap(&self) -> usize {
        let unread = self.unread.as_ref().map_or(0, Vec::capacity);
        self.machine.footprint().saturating_sub(size_of::<M>()).saturating_add(unread)
    }
}
