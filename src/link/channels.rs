//! One machine over several byte streams, for users who have a multiplexer already.

use alloc::vec::Vec;
use core::mem::{size_of, size_of_val};

use bytes::Bytes;

use super::core::{Core, Flow, Sink, Turn};
use super::lane::Lane;
use super::rules::UNKNOWN_PROTOCOL;
use crate::ask::AskId;
use crate::channel::{Channel, ChannelSpec, OverChannels};
use crate::fault::{Ending, Fault, Refusal, Refused};
use crate::machine::{Action, ActionOf, Machine, Out};
use crate::time::Time;

/// A machine whose channels are byte streams of a multiplexer of the user's own.
///
/// Received bytes go in by channel, as they come; messages come out as [`Outgoing`], one each.
/// Items are put together per channel and held back while the machine
/// [holds](OverChannels::holds) the channel, up to its ingress limit (L-63).
///
/// Endings: those of the machine; `IngressOverflow` and `UnknownProtocol` of
/// [`rules`](super::rules); `Truncated` when the transport closes inside an item. If it closes
/// while whole items are held back, those are taken first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Channels<M: Machine> {
    core: Option<Core<M>>,
}

/// What reaches [`Channels`] from the multiplexer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum ChannelInput {
    /// The next bytes of a channel.
    Received {
        /// Which channel.
        channel: Channel,
        /// Its bytes.
        #[cfg_attr(feature = "serde", serde(with = "crate::codec::text::hex_bytes"))]
        bytes: Bytes,
    },
    /// So many bytes of a channel have left for the transport.
    Drained {
        /// Which channel.
        channel: Channel,
        /// How many bytes.
        bytes: u32,
    },
    /// The transport has ended; no bytes follow on any channel.
    Closed,
}

/// One message for a channel.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Outgoing {
    /// Which channel.
    pub channel: Channel,
    /// The message's bytes: one item.
    #[cfg_attr(feature = "serde", serde(with = "crate::codec::text::hex_bytes"))]
    pub bytes: Bytes,
}

#[cfg(feature = "arbitrary")]
impl<'a> arbitrary::Arbitrary<'a> for ChannelInput {
    fn arbitrary(u: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        Ok(match u.int_in_range(0..=7)? {
            0 => Self::Closed,
            1 => Self::Drained { channel: u.arbitrary()?, bytes: u.arbitrary()? },
            _ => Self::Received {
                channel: u.arbitrary()?,
                bytes: Bytes::from(Vec::<u8>::arbitrary(u)?),
            },
        })
    }
}

impl<M: OverChannels> Channels<M> {
    /// `machine` before its first byte.
    #[must_use]
    pub fn new(machine: M) -> Self {
        Self { core: Some(Core::new(machine)) }
    }

    /// The machine, until it closes.
    #[must_use]
    pub fn machine(&self) -> Option<&M> {
        self.core.as_ref().map(|core| &core.machine)
    }

    /// The most that [`footprint`](Machine::footprint) can be, if the machine's is at most
    /// `machine` and these are its [`channels`](OverChannels::channels).
    #[must_use]
    pub fn most_footprint(machine: usize, channels: &[ChannelSpec]) -> usize {
        size_of::<Self>().saturating_add(Core::<M>::most_heap(machine, channels.iter().copied()))
    }

    fn run(
        &mut self,
        now: Time,
        out: &mut Out<Self>,
        act: impl FnOnce(&mut Core<M>, &mut Turn<M, ToOutbox<'_, M>>) -> Flow,
    ) {
        let Some(core) = &mut self.core else { return };
        let mut turn = core.begin(now, ToOutbox { out });
        let flow = act(core, &mut turn)
            .and_then(|()| core.resume(&mut turn))
            .and_then(|()| core.end_of_input(None));
        let ToOutbox { out } = core.end(turn);
        if let Err(ending) = flow {
            self.core = None;
            out.close(ending);
        }
    }
}

impl<M: OverChannels> Machine for Channels<M> {
    type Local = M::Local;
    type Remote = ChannelInput;
    type Send = Outgoing;
    type Notice = M::Notice;
    type Query = M::Query;

    fn handle_local(
        &mut self,
        now: Time,
        input: M::Local,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<M::Local>> {
        if self.core.is_none() {
            return Err(Refusal::new(Refused::Ended, input));
        }
        let mut refusal = None;
        self.run(now, out, |core, turn| match core.local(input, turn) {
            Ok(flow) => flow,
            Err(refused) => {
                refusal = Some(refused);
                Ok(())
            }
        });
        refusal.map_or(Ok(()), Err)
    }

    fn handle_remote(&mut self, now: Time, input: ChannelInput, out: &mut Out<Self>) {
        self.run(now, out, |core, turn| match input {
            ChannelInput::Received { channel, bytes } => match core.find(channel) {
                // Nothing follows the end of the input.
                _ if core.eof => Ok(()),
                Some(at) => core.receive(at, &bytes, &mut &bytes[..], None, turn),
                None => Err(Ending::Fault(Fault::violation(&UNKNOWN_PROTOCOL, "Ingress"))),
            },
            ChannelInput::Drained { channel, bytes } => core.drained(channel, bytes as usize, turn),
            ChannelInput::Closed => {
                core.eof = true;
                Ok(())
            }
        });
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        #[expect(clippy::redundant_closure_for_method_calls, reason = "the path has one lifetime")]
        self.run(now, out, |core, turn| core.timeout(turn));
    }

    fn deadline(&self) -> Option<Time> {
        self.machine().and_then(M::deadline)
    }

    fn saturated(&self) -> bool {
        self.core.as_ref().is_some_and(|core| core.lanes.iter().any(Lane::is_crowded))
    }

    fn awaits(&self, id: AskId) -> bool {
        self.machine().is_some_and(|machine| machine.awaits(id))
    }

    fn footprint(&self) -> usize {
        size_of_val(self).saturating_add(self.core.as_ref().map_or(0, Core::heap))
    }
}

/// Encodes what is sent and passes the rest on.
struct ToOutbox<'a, M: OverChannels> {
    out: &'a mut Out<Channels<M>>,
}

impl<M: OverChannels> Sink<M> for ToOutbox<'_, M> {
    fn pass(&mut self, action: ActionOf<M>, _: bool) -> Result<(), Fault> {
        self.out.push(match action {
            Action::Send(message) => {
                let mut bytes = Vec::new();
                let channel = M::encode(&message, &mut bytes);
                Action::Send(Outgoing { channel, bytes: Bytes::from(bytes) })
            }
            Action::Notify(notice) => Action::Notify(notice),
            Action::Ask(id, query) => Action::Ask(id, query),
            Action::Close(ending) => Action::Close(ending),
        });
        Ok(())
    }

    fn left(&mut self) -> Option<(Channel, usize)> {
        None
    }
}
