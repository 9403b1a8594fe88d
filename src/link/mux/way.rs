//! From the actions of a machine to those of its multiplexer.

use alloc::vec::Vec;
use core::mem;

use bytes::Bytes;

use super::MuxNotice;
use super::config::MuxConfig;
use super::egress::Egress;
use super::foreign::{Foreign, not_here};
use crate::channel::{Channel, OverChannels};
use crate::fault::Fault;
use crate::link::core::Sink;
use crate::link::lane::Lane;
use crate::link::too_much;
use crate::machine::{Action, ActionOf};
use crate::outbox::Outbox;
use crate::time::Time;

/// The way out during one call: everything that leaves is collected in one buffer.
pub(super) struct Way<'a, N, Q> {
    now: Time,
    full: usize,
    egress: &'a mut Egress,
    out: &'a mut Outbox<Bytes, MuxNotice<N>, Q>,
    wire: Vec<u8>,
}

impl<'a, N, Q> Way<'a, N, Q> {
    pub const fn new(
        now: Time,
        full: usize,
        egress: &'a mut Egress,
        out: &'a mut Outbox<Bytes, MuxNotice<N>, Q>,
    ) -> Self {
        Self { now, full, egress, out, wire: Vec::new() }
    }

    /// Lets leave what may, up to a full buffer, which is handed out. True if there is more.
    pub fn cut(&mut self) -> bool {
        let more = self.egress.cut(self.now, &mut self.wire, self.full.max(1));
        if more {
            self.hand_out();
        }
        more
    }

    /// Hands out what has been collected.
    pub fn hand_out(&mut self) {
        if !self.wire.is_empty() {
            self.out.send(Bytes::from(mem::take(&mut self.wire)));
        }
    }
}

/// Encodes what is sent, cuts it, and passes the rest on.
pub(super) struct Scribe<'a, N, Q> {
    way: Way<'a, N, Q>,
    pub config: &'a MuxConfig,
    foreign: &'a mut [Foreign],
    /// A message is encoded here before its channel is known.
    message: Vec<u8>,
}

impl<'a, N, Q> Scribe<'a, N, Q> {
    pub fn new(
        now: Time,
        config: &'a MuxConfig,
        egress: &'a mut Egress,
        foreign: &'a mut [Foreign],
        out: &'a mut Outbox<Bytes, MuxNotice<N>, Q>,
    ) -> Self {
        let way = Way::new(now, config.wire_buffer, egress, out);
        Self { way, config, foreign, message: Vec::new() }
    }

    /// Hands out what has been collected, at the end.
    pub fn hand_out(mut self) {
        self.way.hand_out();
    }

    /// Passes received bytes on that are not for the machine; `piece` is a slice of `read`.
    pub fn foreign(
        &mut self,
        channel: Channel,
        own: &[Lane],
        read: &Bytes,
        piece: &[u8],
    ) -> Result<(), Fault> {
        let found = self.foreign.iter_mut().find(|foreign| foreign.spec.channel == channel);
        let Some(foreign) = found else {
            let own = own.iter().map(|lane| &lane.spec);
            return Err(not_here(channel, own.chain(self.foreign.iter().map(|other| &other.spec))));
        };
        if !piece.is_empty() {
            foreign.admit(piece.len())?;
            let bytes = read.slice_ref(piece);
            self.way.out.notify(MuxNotice::Foreign { channel, bytes });
        }
        Ok(())
    }
}

impl<M: OverChannels> Sink<M> for Scribe<'_, M::Notice, M::Query> {
    fn pass(&mut self, action: ActionOf<M>, ours: bool) -> Result<(), Fault> {
        match action {
            Action::Send(message) => {
                self.message.clear();
                let channel = M::encode(&message, &mut self.message);
                let waiting = self.way.egress.waiting(channel).unwrap_or(0);
                if self.message.len() > self.config.egress_cap.saturating_sub(waiting) {
                    return Err(too_much("egress_cap", ours));
                }
                self.way.egress.push_message(channel, &mut self.message);
            }
            Action::Notify(notice) => self.way.out.notify(MuxNotice::Machine(notice)),
            Action::Ask(id, query) => self.way.out.ask(id, query),
            Action::Close(ending) => self.way.out.close(ending),
        }
        Ok(())
    }

    fn left(&mut self) -> Option<(Channel, usize)> {
        let told = self.way.egress.told();
        if told.is_some() {
            return told;
        }
        while self.way.cut() {}
        self.way.egress.told()
    }
}
