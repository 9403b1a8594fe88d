//! One machine over several mini-protocols on one stream of segments (`leios.md` section 10).

mod config;
mod demux;
mod egress;
mod ending;
mod foreign;
mod input;
mod turns;
mod way;

pub use config::{MuxConfig, Policy};
pub use input::{MuxLocal, MuxNotice};

use alloc::vec::Vec;

use bytes::Bytes;

use self::demux::Demux;
use self::egress::Egress;
use self::ending::Rest;
use self::foreign::Foreign;
use self::way::Scribe;
use super::Transport;
use super::core::{Core, Flow, Turn};
use super::lane::Lane;
use super::staged::UNREAD;
use crate::ask::AskId;
use crate::channel::{Channel, ChannelSpec, OverChannels};
use crate::codec::SegmentHeader;
use crate::fault::{Ending, Refusal, Refused};
use crate::heap;
use crate::machine::{Machine, Out};
use crate::time::Time;

/// A machine over a multiplexed stream.
///
/// The channels are the machine's own and, if the application names any, foreign ones: their
/// bytes pass through unread, in as notices and out as local input, and take turns with the
/// machine's as their class says.
///
/// However the stream is cut, the actions are the same, but for the cuts of foreign bytes and of
/// what is sent. Whatever leaves in one call leaves as one `Send`, or one for each `wire_buffer`
/// bytes, at its end or before a close.
///
/// Endings: those of the machine, of which `Done` waits until everything has left, or turns into
/// `Congested` of `drain_timeout`; the rules of [`rules`](super::rules); `Overrun` of a field of
/// [`MuxConfig`], or `Congested` of `egress_cap` if it was our own side's input that had too much to
/// send; `Truncated` when the transport closes inside a segment or an item. A fault drops whatever
/// the credit doesn't let leave.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mux<M: Machine> {
    config: MuxConfig,
    life: Life<M>,
    demux: Demux,
    egress: Egress,
    foreign: Vec<Foreign>,
}

/// How far a connection has come.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Life<M: Machine> {
    Running(Core<M>),
    /// The machine is done; what waits is to leave first.
    Draining(Rest<M>),
    /// Closed. What is left is there for a next stage, if all went well.
    Over(Option<Rest<M>>),
}

impl<M: OverChannels> Mux<M> {
    /// `machine` before its first byte, with the foreign channels in order of preference.
    ///
    /// Left out are a foreign channel that is there already, the machine speaks it or it was named
    /// before, and one whose number has more than 15 bits, which no segment can name. Input for one
    /// that was left out is refused.
    #[must_use]
    pub fn new(machine: M, config: MuxConfig, foreign: &[ChannelSpec]) -> Self {
        let core = Core::new(machine);
        let mut specs: Vec<ChannelSpec> = core.lanes.iter().map(|lane| lane.spec).collect();
        let own = specs.len();
        for spec in foreign {
            let there = specs.iter().any(|other| other.channel == spec.channel);
            if !there && spec.channel.number < SegmentHeader::RESPONDER {
                specs.push(*spec);
            }
        }
        let whole = |channel| core.machine.one_segment(channel).is_some();
        let egress = Egress::new(&config, &specs, whole);
        let foreign = specs.iter().skip(own).map(|spec| Foreign { spec: *spec, unconsumed: 0 });
        let foreign = foreign.collect();
        Self { config, life: Life::Running(core), demux: Demux::default(), egress, foreign }
    }

    /// The machine, until it closes.
    #[must_use]
    pub const fn machine(&self) -> Option<&M> {
        match &self.life {
            Life::Running(core) => Some(&core.machine),
            Life::Draining(_) | Life::Over(_) => None,
        }
    }

    /// How many bytes wait to leave on a channel; `None` if there is no such channel.
    #[must_use]
    pub fn waiting(&self, channel: Channel) -> Option<usize> {
        self.egress.waiting(channel)
    }

    /// The most that [`footprint`](Machine::footprint) can be, if the machine's is at most
    /// `machine` and `own` are its [`channels`](OverChannels::channels).
    ///
    /// What waits on a foreign channel is counted by its bytes: what larger buffers the
    /// application's slices keep alive is known to the application alone.
    #[must_use]
    pub fn most_footprint(
        machine: usize,
        config: &MuxConfig,
        own: &[ChannelSpec],
        foreign: &[ChannelSpec],
    ) -> usize {
        let running = Core::<M>::most_heap(machine, own.iter().copied());
        let over = machine.saturating_sub(size_of::<M>()).saturating_add(heap::list(UNREAD));
        let waiting = own.iter().map(|_| config.egress_cap);
        let waiting = waiting.chain(foreign.iter().map(|_| config.egress_limit));
        let foreign = heap::list(foreign.len()).saturating_mul(size_of::<Foreign>());
        size_of::<Self>()
            .saturating_add(running.max(over))
            .saturating_add(foreign)
            .saturating_add(Egress::most_heap(waiting))
    }

    /// One call while the machine runs.
    fn run(
        &mut self,
        now: Time,
        out: &mut Out<Self>,
        act: impl FnOnce(
            &mut Core<M>,
            &mut Demux,
            &mut Turn<M, Scribe<'_, M::Notice, M::Query>>,
        ) -> Flow,
    ) {
        let Life::Running(core) = &mut self.life else { return };
        let scribe = Scribe::new(now, &self.config, &mut self.egress, &mut self.foreign, out);
        let mut turn = core.begin(now, scribe);
        let flow = act(core, &mut self.demux, &mut turn)
            .and_then(|()| core.settle(&mut turn))
            .and_then(|()| core.resume(&mut turn))
            .and_then(|()| core.end_of_input(self.demux.inside()));
        core.end(turn).hand_out();
        let crowded = is_crowded(core, &self.foreign);
        self.demux.began(now, crowded);
        if let Err(ending) = flow {
            self.end(now, ending, out);
        }
    }

    fn receive(&mut self, now: Time, read: &Bytes, out: &mut Out<Self>) {
        let mut rest: &[u8] = read;
        self.run(now, out, |core, demux, turn| {
            if core.eof {
                return Ok(());
            }
            while !rest.is_empty() {
                let Some((channel, mut piece)) =
                    demux.next(turn.sink.config, &mut rest).map_err(Ending::Fault)?
                else {
                    break;
                };
                let Some(at) = core.find(channel) else {
                    turn.sink.foreign(channel, &core.lanes, read, piece).map_err(Ending::Fault)?;
                    continue;
                };
                let one = core.machine.one_segment(channel).map(|rule| (rule, demux.left()));
                let flow = core.receive(at, read, &mut piece, one, turn);
                if flow.is_err() {
                    // What was not looked at begins here, inside the segment or after it.
                    let left = rest.len().saturating_add(piece.len());
                    rest = read.get(read.len().saturating_sub(left)..).unwrap_or(&[]);
                    return flow;
                }
            }
            Ok(())
        });
        self.keep(rest);
    }

    /// Takes local input that concerns a foreign channel.
    fn foreign_input(
        &mut self,
        channel: Channel,
        bytes: Option<&Bytes>,
        used: usize,
    ) -> Result<(), Refused> {
        if !matches!(self.life, Life::Running(_)) {
            return Err(Refused::Ended);
        }
        let foreign = self.foreign.iter_mut().find(|foreign| foreign.spec.channel == channel);
        let Some(foreign) = foreign else {
            return Err(Refused::invalid("no foreign channel of this connection"));
        };
        if foreign.unconsumed < used {
            return Err(Refused::invalid("more than was received and not yet consumed"));
        }
        let limit = self.config.egress_limit;
        let length = bytes.map_or(0, Bytes::len);
        if length > limit {
            return Err(Refused::invalid("longer than `egress_limit`"));
        }
        let waiting = self.egress.waiting(channel).unwrap_or(0);
        if length > limit.saturating_sub(waiting) {
            return Err(Refused::busy("egress_limit"));
        }
        foreign.unconsumed = foreign.unconsumed.saturating_sub(used);
        if let Some(bytes) = bytes {
            self.egress.push(channel, bytes.clone());
        }
        Ok(())
    }
}

impl<M: OverChannels> Machine for Mux<M> {
    type Local = MuxLocal<M::Local>;
    type Remote = Transport;
    type Send = Bytes;
    type Notice = MuxNotice<M::Notice>;
    type Query = M::Query;

    fn handle_local(
        &mut self,
        now: Time,
        input: Self::Local,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<Self::Local>> {
        let accepted = match &input {
            MuxLocal::Machine(_) if self.machine().is_none() => Err(Refused::Ended),
            MuxLocal::Machine(_) => Ok(()),
            MuxLocal::Foreign { channel, bytes } => self.foreign_input(*channel, Some(bytes), 0),
            MuxLocal::Consumed { channel, bytes } => self.foreign_input(*channel, None, *bytes),
        };
        if let Err(why) = accepted {
            return Err(Refusal::new(why, input));
        }
        let mut refusal = None;
        self.run(now, out, |core, _, turn| match input {
            MuxLocal::Machine(input) => match core.local(input, turn) {
                Ok(flow) => flow,
                Err(refused) => {
                    refusal = Some(refused.map(MuxLocal::Machine));
                    Ok(())
                }
            },
            MuxLocal::Foreign { .. } | MuxLocal::Consumed { .. } => Ok(()),
        });
        refusal.map_or(Ok(()), Err)
    }

    fn handle_remote(&mut self, now: Time, input: Transport, out: &mut Out<Self>) {
        match input {
            Transport::Received(bytes) => self.receive(now, &bytes, out),
            Transport::Writable(bytes) => {
                self.egress.grant(bytes);
                self.run(now, out, |_, _, _| Ok(()));
                self.drain(now, out);
            }
            // Whoever has finished takes part no more, but what is done may still leave.
            Transport::Finished | Transport::Closed => {
                let closed = input == Transport::Closed;
                if let Life::Draining(rest) = &mut self.life {
                    rest.eof = true;
                    rest.gone |= closed;
                }
                self.run(now, out, |core, _, _| {
                    core.eof = true;
                    core.gone |= closed;
                    Ok(())
                });
                self.drain(now, out);
            }
        }
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        let config = &self.config;
        let late = self.demux.deadline(config).is_some_and(|due| due <= now);
        self.run(now, out, |core, _, turn| {
            if late && !core.eof {
                return Err(Ending::Fault(Demux::late()));
            }
            core.timeout(turn)
        });
        self.drain(now, out);
    }

    fn deadline(&self) -> Option<Time> {
        match &self.life {
            Life::Running(core) => {
                let segment = if core.eof { None } else { self.demux.deadline(&self.config) };
                [core.machine.deadline(), segment, self.egress.deadline()]
                    .into_iter()
                    .flatten()
                    .min()
            }
            Life::Draining(rest) => {
                Some(self.egress.deadline().map_or(rest.due, |due| due.min(rest.due)))
            }
            Life::Over(_) => None,
        }
    }

    fn saturated(&self) -> bool {
        match &self.life {
            Life::Running(core) => is_crowded(core, &self.foreign),
            // One that drains is read on: two such ends must not wait for each other.
            Life::Draining(_) | Life::Over(_) => false,
        }
    }

    fn awaits(&self, id: AskId) -> bool {
        self.machine().is_some_and(|machine| machine.awaits(id))
    }

    fn footprint(&self) -> usize {
        let life = match &self.life {
            Life::Running(core) => core.heap(),
            Life::Draining(rest) | Life::Over(Some(rest)) => rest.heap(),
            Life::Over(None) => 0,
        };
        let foreign = self.foreign.capacity().saturating_mul(size_of::<Foreign>());
        size_of_val(self)
            .saturating_add(life)
            .saturating_add(foreign)
            .saturating_add(self.egress.heap())
    }
}

/// True while there is little room for more on some channel: the driver is to stop reading.
fn is_crowded<M: Machine>(core: &Core<M>, foreign: &[Foreign]) -> bool {
    core.lanes.iter().any(Lane::is_crowded) || foreign.iter().any(Foreign::is_crowded)
}
