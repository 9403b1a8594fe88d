//! What a machine tells of itself whose messages are frames.

use core::time::Duration;

use crate::codec::{Malformed, Wire};
use crate::fault::{Ending, Fault};
use crate::machine::Machine;

/// A machine whose messages are frames: what [`Framed`](super::Framed) drives.
pub trait OverFrames: Machine<Remote: Wire, Send: Wire> {
    /// The fault of a frame that is no message; the offset counts from its first byte.
    fn malformed(&self, malformed: Malformed) -> Fault;

    /// What the machine is told when the peer has finished, after all that it sent: no more bytes
    /// come, but ours are still taken, so that it may answer and end when it is done. `None`: the
    /// end of the input is the end, [as if](Self::at_eof) the transport had closed.
    fn at_finish(&self) -> Option<Self::Remote> {
        None
    }

    /// The largest message that it takes now, in bytes: a longer one is `FrameTooLarge` as soon as
    /// its length is known ([`Framing::claim`](super::Framing::claim)), before it is there.
    fn most_frame(&self) -> usize {
        usize::MAX
    }

    /// How long the rest of a frame may take to come, and what it is when it takes longer; `None`:
    /// as long as it likes. Time in which the machine is saturated doesn't count.
    fn partial_frame(&self) -> Option<(Duration, Fault)> {
        None
    }

    /// How it ends when the transport closes between two frames.
    fn at_eof(&self) -> Ending {
        Ending::Fault(Fault::truncated("the conversation"))
    }
}
