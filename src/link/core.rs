//! What `Channels` and `Mux` share: the machine, its ways in, and the order of things.

use alloc::vec::Vec;

use bytes::Bytes;

use super::lane::Lane;
use crate::channel::{Channel, ChannelSpec, OverChannels};
use crate::codec::Source;
use crate::fault::{Ending, Fault, Refusal, Rule};
use crate::machine::{Action, ActionOf, Machine, Out};
use crate::outbox::Scratch;
use crate::time::Time;

/// A machine with its ways in.
///
/// After every message all it caused is passed on, and whatever it made room for among the bytes
/// held back is taken first. So nothing depends on how the bytes were cut up.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Core<M: Machine> {
    pub machine: M,
    pub lanes: Vec<Lane>,
    scratch: Scratch<M>,
    /// No bytes follow; held items are still to be taken.
    pub eof: bool,
    /// Nor are any taken.
    pub gone: bool,
}

/// Where a core's actions go.
pub(super) trait Sink<M: Machine> {
    /// Takes any action but a close. `ours`: it comes of our own side's input, not of the peer's.
    fn pass(&mut self, action: ActionOf<M>, ours: bool) -> Result<(), Fault>;

    /// Lets go what may go, and tells what has left and was not told yet.
    fn left(&mut self) -> Option<(Channel, usize)>;
}

/// One call of a link: the time, the outbox of the machine and where its actions go.
pub(super) struct Turn<M: Machine, S> {
    pub now: Time,
    pub sink: S,
    scratch: Out<M>,
    /// What the machine puts out now comes of our own side's input.
    ours: bool,
}

/// `Err`: it is over.
pub(super) type Flow = Result<(), Ending>;

impl<M: OverChannels> Core<M> {
    pub fn new(machine: M) -> Self {
        let lanes = machine.channels().into_iter().map(Lane::new).collect();
        Self { machine, lanes, scratch: Scratch::new(), eof: false, gone: false }
    }

    /// Begins a call, of which [`end`](Self::end) is the end.
    pub fn begin<S: Sink<M>>(&mut self, now: Time, sink: S) -> Turn<M, S> {
        Turn { now, sink, scratch: self.scratch.take(), ours: false }
    }

    /// Ends a call.
    pub fn end<S: Sink<M>>(&mut self, turn: Turn<M, S>) -> S {
        self.scratch.put(turn.scratch);
        turn.sink
    }

    /// Which lane a channel is.
    pub fn find(&self, channel: Channel) -> Option<usize> {
        self.lanes.iter().position(|lane| lane.spec.channel == channel)
    }

    /// Takes the next bytes of a lane: `bytes` is a slice of `read`. When it ends early, `bytes`
    /// is what was not looked at. `one`: the rule by which each message is one segment, and how
    /// many bytes of the segment follow.
    #[inline]
    pub fn receive<S: Sink<M>>(
        &mut self,
        at: usize,
        read: &Bytes,
        bytes: &mut &[u8],
        one: Option<(&'static Rule, usize)>,
        turn: &mut Turn<M, S>,
    ) -> Flow {
        while !bytes.is_empty() {
            let Some(lane) = self.lanes.get_mut(at) else { return Ok(()) };
            if one.is_none() && (lane.is_waiting() || self.machine.holds(lane.spec.channel)) {
                return lane.hold(bytes).map_err(Ending::Fault);
            }
            let message = lane.next(&self.machine, Source::of(read), bytes);
            let message = message.map_err(Ending::Fault)?;
            if let Some((rule, left)) = one {
                let over = left == 0 && bytes.is_empty();
                if message.is_some() != over {
                    return Err(Ending::Fault(Fault::violation(rule, "Ingress")));
                }
            }
            match message {
                None => return Ok(()),
                Some(message) => {
                    self.step(message, turn)?;
                    self.resume(turn)?;
                }
            }
        }
        Ok(())
    }

    /// Something has left a channel, as the user's own multiplexer tells.
    pub fn drained<S: Sink<M>>(
        &mut self,
        channel: Channel,
        bytes: usize,
        turn: &mut Turn<M, S>,
    ) -> Flow {
        match self.machine.drained(channel, bytes) {
            Some(message) => self.step(message, turn),
            None => Ok(()),
        }
    }

    /// Local input; a refusal has changed nothing.
    pub fn local<S: Sink<M>>(
        &mut self,
        input: M::Local,
        turn: &mut Turn<M, S>,
    ) -> Result<Flow, Refusal<M::Local>> {
        self.machine.handle_local(turn.now, input, &mut turn.scratch)?;
        turn.ours = true;
        Ok(self.settle(turn))
    }

    /// Time has passed.
    pub fn timeout<S: Sink<M>>(&mut self, turn: &mut Turn<M, S>) -> Flow {
        self.machine.handle_timeout(turn.now, &mut turn.scratch);
        turn.ours = true;
        self.settle(turn)
    }

    /// Takes the items that are held back and needn't be any more, a lane after the other.
    pub fn resume<S: Sink<M>>(&mut self, turn: &mut Turn<M, S>) -> Flow {
        let mut again = true;
        while again {
            again = false;
            for at in 0..self.lanes.len() {
                let Some(lane) = self.lanes.get_mut(at) else { break };
                if !lane.is_waiting() || self.machine.holds(lane.spec.channel) {
                    continue;
                }
                if let Some(message) = lane.resume(&self.machine).map_err(Ending::Fault)? {
                    again = true;
                    self.step(message, turn)?;
                }
            }
        }
        Ok(())
    }

    /// Ends if the transport has ended and nothing is held back. `inside` names what was under
    /// way below the items.
    pub fn end_of_input(&self, inside: Option<&'static str>) -> Flow {
        if !self.eof || self.lanes.iter().any(Lane::is_waiting) {
            return Ok(());
        }
        let unfinished = self.lanes.iter().any(Lane::is_inside).then_some("an item");
        Err(match inside.or(unfinished) {
            Some(inside) => Ending::Fault(Fault::truncated(inside)),
            None => self.machine.at_eof(),
        })
    }

    /// Passes on what the machine has put out, and what that causes in turn.
    pub fn settle<S: Sink<M>>(&mut self, turn: &mut Turn<M, S>) -> Flow {
        loop {
            while let Some(action) = turn.scratch.pop() {
                match action {
                    Action::Close(ending) => return Err(ending),
                    action => turn.sink.pass(action, turn.ours).map_err(Ending::Fault)?,
                }
            }
            let Some((channel, bytes)) = turn.sink.left() else { return Ok(()) };
            if let Some(message) = self.machine.drained(channel, bytes) {
                self.machine.handle_remote(turn.now, message, &mut turn.scratch);
            }
        }
    }

    /// Heap bytes.
    pub fn heap(&self) -> usize {
        let lanes = self.lanes.capacity().saturating_mul(size_of::<Lane>());
        let held = self.lanes.iter().map(Lane::heap).fold(lanes, usize::saturating_add);
        self.machine
            .footprint()
            .saturating_sub(size_of::<M>())
            .saturating_add(held)
            .saturating_add(self.scratch.heap())
    }

    /// The most heap bytes, if the machine's footprint is at most `machine`, over channels of these
    /// ingress limits.
    pub fn most_heap(machine: usize, channels: impl Iterator<Item = ChannelSpec>) -> usize {
        let lane = |spec: ChannelSpec| {
            Lane::most_heap(spec.ingress).saturating_add(size_of::<[Lane; 2]>())
        };
        machine
            .saturating_sub(size_of::<M>())
            .saturating_add(Scratch::<M>::most_heap())
            .saturating_add(channels.map(lane).fold(0, usize::saturating_add))
    }

    fn step<S: Sink<M>>(&mut self, message: M::Remote, turn: &mut Turn<M, S>) -> Flow {
        self.machine.handle_remote(turn.now, message, &mut turn.scratch);
        turn.ours = false;
        self.settle(turn)
    }
}
