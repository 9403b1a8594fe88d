//! KeepAlive on mini-protocol channels.

use alloc::vec::Vec;

use super::{KeepAliveClient, KeepAliveConfig, KeepAliveServer};
use crate::channel::{Channel, ChannelSpec, Class, OverChannels};
use crate::codec::leios::KeepAliveMessage;
use crate::codec::{Malformed, Source, wrong_head};
use crate::fault::Fault;
use crate::state::leios::mini_protocols::KEEP_ALIVE_NUMBER;
use crate::state::leios::one_channel::over_one_channel;
use crate::state::leios::rules;
use crate::state::leios::table::KeepAlivePhase;
use crate::table::Role;

over_one_channel! {
    "KeepAlive", KeepAliveMessage, Class::Praos,
    KeepAliveClient {
        channel: Channel::new(KEEP_ALIVE_NUMBER, Role::Initiator),
        ingress: ingress,
        longest: longest,
    }
    KeepAliveServer {
        channel: Channel::new(KEEP_ALIVE_NUMBER, Role::Responder),
        ingress: ingress,
        longest: longest,
    }
}

/// What may wait in either direction, in bytes (`leios.md` 10.4).
const fn ingress(_: &KeepAliveConfig) -> usize {
    1_408
}

fn longest(config: &KeepAliveConfig, phase: KeepAlivePhase) -> Result<usize, Fault> {
    if phase == KeepAlivePhase::StDone {
        return Err(Fault::violation(&rules::MESSAGE_AFTER_DONE, phase.name()));
    }
    Ok(config.max_message)
}
