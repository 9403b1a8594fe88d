//! The way in of the channels that are the application's.

use crate::channel::{Channel, ChannelSpec};
use crate::fault::Fault;
use crate::link::is_crowded;
use crate::link::lane::overflow;
use crate::link::rules::{UNKNOWN_PROTOCOL, WRONG_DIRECTION};

/// The way in of a foreign channel.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Foreign {
    pub spec: ChannelSpec,
    pub unconsumed: usize,
}

impl Foreign {
    /// True while there is little room for more.
    pub const fn is_crowded(&self) -> bool {
        is_crowded(self.unconsumed, self.spec.ingress)
    }

    /// Takes in so many bytes (L-63).
    pub fn admit(&mut self, bytes: usize) -> Result<(), Fault> {
        if bytes > self.spec.ingress.saturating_sub(self.unconsumed) {
            return Err(overflow());
        }
        self.unconsumed = self.unconsumed.saturating_add(bytes);
        Ok(())
    }
}

/// The fault of a segment for a channel that is not there.
pub(super) fn not_here<'a>(
    channel: Channel,
    mut others: impl Iterator<Item = &'a ChannelSpec>,
) -> Fault {
    let known = others.any(|spec| spec.channel.number == channel.number);
    Fault::violation(if known { &WRONG_DIRECTION } else { &UNKNOWN_PROTOCOL }, "Ingress")
}
