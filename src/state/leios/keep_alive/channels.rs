//! KeepAlive on mini-protocol channels.

use alloc::vec::Vec;

use super::{KeepAliveClient, KeepAliveServer};
use crate::channel::{Channel, ChannelSpec, Class, OverChannels};
use crate::codec::leios::KeepAliveMessage;
use crate::codec::{Malformed, Source, wrong_head};
use crate::fault::Fault;
use crate::state::leios::mini_protocols::KEEP_ALIVE_NUMBER;
use crate::state::leios::rules;
use crate::state::leios::table::KeepAlivePhase;
use crate::table::Role;

/// What may wait in either direction, in bytes (`leios.md` 10.4).
const INGRESS: usize = 1_408;

const CLIENT: Channel = Channel::new(KEEP_ALIVE_NUMBER, Role::Initiator);
const SERVER: Channel = Channel::new(KEEP_ALIVE_NUMBER, Role::Responder);

impl OverChannels for KeepAliveClient {
    fn channels(&self) -> Vec<ChannelSpec> {
        Vec::from([ChannelSpec { channel: CLIENT, ingress: INGRESS, class: Class::Praos }])
    }

    fn item_limit(&self, _: Channel, head: &[u8]) -> Result<usize, Fault> {
        limit(self.phase, head, self.config.max_message)
    }

    fn too_large(&self, _: Channel) -> Fault {
        too_large(self.phase)
    }

    fn malformed(&self, _: Channel, malformed: Malformed) -> Fault {
        broken(malformed)
    }

    fn decode(
        &self,
        _: Channel,
        item: &[u8],
        source: Source<'_>,
    ) -> Result<KeepAliveMessage, Fault> {
        KeepAliveMessage::decode(item, source).map_err(broken)
    }

    fn encode(message: &KeepAliveMessage, out: &mut Vec<u8>) -> Channel {
        message.encode(out);
        CLIENT
    }
}

impl OverChannels for KeepAliveServer {
    fn channels(&self) -> Vec<ChannelSpec> {
        Vec::from([ChannelSpec { channel: SERVER, ingress: INGRESS, class: Class::Praos }])
    }

    fn item_limit(&self, _: Channel, head: &[u8]) -> Result<usize, Fault> {
        limit(self.phase, head, self.config.max_message)
    }

    fn too_large(&self, _: Channel) -> Fault {
        too_large(self.phase)
    }

    fn malformed(&self, _: Channel, malformed: Malformed) -> Fault {
        broken(malformed)
    }

    fn decode(
        &self,
        _: Channel,
        item: &[u8],
        source: Source<'_>,
    ) -> Result<KeepAliveMessage, Fault> {
        KeepAliveMessage::decode(item, source).map_err(broken)
    }

    fn encode(message: &KeepAliveMessage, out: &mut Vec<u8>) -> Channel {
        message.encode(out);
        SERVER
    }
}

fn limit(phase: KeepAlivePhase, head: &[u8], most: usize) -> Result<usize, Fault> {
    if phase == KeepAlivePhase::StDone {
        return Err(Fault::violation(&rules::MESSAGE_AFTER_DONE, phase.name()));
    }
    wrong_head(head, |head| KeepAliveMessage::decode(head, Source::COPY)).map_err(broken)?;
    Ok(most)
}

const fn too_large(phase: KeepAlivePhase) -> Fault {
    Fault::violation(&rules::STATE_MESSAGE_TOO_LARGE, phase.name())
}

const fn broken(malformed: Malformed) -> Fault {
    let rule = rules::of_malformed(malformed.kind);
    Fault::malformed(rule, malformed.kind.name(), malformed.offset, "KeepAlive")
}
