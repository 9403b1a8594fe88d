//! The contract between a machine that speaks mini-protocols and the links below it.

#[cfg(feature = "leios")]
pub mod rules;

use alloc::vec::Vec;

use crate::codec::{Malformed, Source};
use crate::fault::{Ending, Fault, Rule};
use crate::machine::Machine;
use crate::table::Role;

/// One mini-protocol instance on a connection, named from our side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Channel {
    /// The mini-protocol number, 15 bits.
    pub number: u16,
    /// Our role in it: the initiator is the client.
    pub role: Role,
}

impl Channel {
    /// The instance of mini-protocol `number` in which we have `role`.
    #[must_use]
    pub const fn new(number: u16, role: Role) -> Self {
        Self { number, role }
    }
}

/// How a channel shares the way out with the others (`leios.md` 10.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_enums, reason = "the two classes of the scheduler")]
pub enum Class {
    /// Class A: goes before all bulk, with the guard of the scheduler.
    Praos,
    /// Class B: takes turns with the other shares. Channels of one share take one turn together,
    /// the one declared first going first.
    Bulk {
        /// The share's name.
        share: u8,
    },
}

/// A channel with its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ChannelSpec {
    /// Which channel.
    pub channel: Channel,
    /// How many received and unconsumed bytes it may hold (L-63).
    pub ingress: usize,
    /// How it shares the way out.
    pub class: Class,
}

/// A machine whose messages are items on channels: what `Channels` and `Mux` drive.
///
/// A machine implements it once; then it can be driven from a multiplexer of the user's own, one
/// chunk at a time, or over segments by ours.
pub trait OverChannels: Machine {
    /// The channels it speaks, each once, in order of preference within a share.
    fn channels(&self) -> Vec<ChannelSpec>;

    /// How long the item at the front of `channel` may be. `head` is what has come of it so far:
    /// at least one byte, at most the whole. It is asked again whenever more has come, so it is
    /// to look at the first few bytes only.
    ///
    /// # Errors
    /// A fault, if the head alone shows that the item cannot be good.
    fn item_limit(&self, channel: Channel, head: &[u8]) -> Result<usize, Fault>;

    /// The fault of an item on `channel` that is longer than allowed.
    fn too_large(&self, channel: Channel) -> Fault;

    /// The fault of bytes on `channel` that are no well-formed item. The offset counts from the
    /// first byte of the item.
    fn malformed(&self, channel: Channel, malformed: Malformed) -> Fault;

    /// Makes a message of one whole item.
    ///
    /// # Errors
    /// The fault of whoever sent it.
    fn decode(
        &self,
        channel: Channel,
        item: &[u8],
        source: Source<'_>,
    ) -> Result<Self::Remote, Fault>;

    /// Appends a message's bytes to `out` and names its channel.
    fn encode(message: &Self::Send, out: &mut Vec<u8>) -> Channel;

    /// What to tell the machine when `bytes` bytes of a channel have left for the transport;
    /// `None` if it doesn't care.
    fn drained(&self, channel: Channel, bytes: usize) -> Option<Self::Remote> {
        let _ = (channel, bytes);
        None
    }

    /// The rule by which each message on `channel` is one segment, neither more nor less; `None`
    /// where messages and segments are unrelated. A channel with such a rule is never held back.
    fn one_segment(&self, channel: Channel) -> Option<&'static Rule> {
        let _ = channel;
        None
    }

    /// How it ends when the transport closes between two items.
    fn at_eof(&self) -> Ending {
        Ending::Fault(Fault::truncated("the conversation"))
    }

    /// True while items on this channel are to be held back.
    fn holds(&self, channel: Channel) -> bool {
        let _ = channel;
        self.saturated()
    }
}
