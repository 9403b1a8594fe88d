//! The handshake on mini-protocol channels.

use alloc::vec::Vec;

use super::Handshake;
use crate::channel::{Channel, ChannelSpec, Class, OverChannels};
use crate::codec::leios::HandshakeMessage;
use crate::codec::{Malformed, Source, wrong_head};
use crate::fault::{Fault, Rule};
use crate::state::leios::mini_protocols::HANDSHAKE_NUMBER;
use crate::state::leios::rules;
use crate::state::leios::table::{HandshakeLabel, HandshakePhase};
use crate::table::Role;

/// Where an initiator proposes and is answered.
const INITIATOR: Channel = Channel::new(HANDSHAKE_NUMBER, Role::Initiator);
/// Where a responder hears proposals; and an initiator, in a simultaneous open.
const RESPONDER: Channel = Channel::new(HANDSHAKE_NUMBER, Role::Responder);

impl OverChannels for Handshake {
    /// An initiator listens on both sides of the protocol: a proposal that crosses its own comes
    /// with the mode bit of an initiator.
    fn channels(&self) -> Vec<ChannelSpec> {
        let ingress = self.config.max_message;
        let spec = |channel| ChannelSpec { channel, ingress, class: Class::Praos };
        match self.role {
            Role::Initiator => Vec::from([spec(INITIATOR), spec(RESPONDER)]),
            Role::Responder => Vec::from([spec(RESPONDER)]),
        }
    }

    fn item_limit(&self, channel: Channel, head: &[u8]) -> Result<usize, Fault> {
        if self.phase == HandshakePhase::StDone {
            return Err(Fault::violation(&rules::MESSAGE_AFTER_DONE, self.phase.name()));
        }
        wrong_head(head, |head| HandshakeMessage::decode(head, Source::COPY))
            .map_err(|wrong| self.malformed(channel, wrong))?;
        Ok(self.config.max_message)
    }

    fn too_large(&self, _: Channel) -> Fault {
        Fault::violation(&rules::STATE_MESSAGE_TOO_LARGE, self.phase.name())
    }

    fn malformed(&self, _: Channel, malformed: Malformed) -> Fault {
        rules::malformed(malformed, "Handshake")
    }

    fn decode(
        &self,
        channel: Channel,
        item: &[u8],
        source: Source<'_>,
    ) -> Result<HandshakeMessage, Fault> {
        let message = HandshakeMessage::decode(item, source)
            .map_err(|malformed| self.malformed(channel, malformed))?;
        // An answer comes from a responder. Proposals of both sides count in a simultaneous open.
        let proposal = HandshakeLabel::from(&message) == HandshakeLabel::MsgProposeVersions;
        if channel.role == Role::Responder && !proposal {
            return Err(Fault::violation(&rules::UNEXPECTED_MESSAGE, self.phase.name()));
        }
        Ok(message)
    }

    fn one_segment(&self, _: Channel) -> Option<&'static Rule> {
        Some(&rules::NOT_ONE_SEGMENT)
    }

    fn encode(message: &HandshakeMessage, out: &mut Vec<u8>) -> Channel {
        message.encode(out);
        match HandshakeLabel::from(message) {
            HandshakeLabel::MsgProposeVersions => INITIATOR,
            HandshakeLabel::MsgAcceptVersion
            | HandshakeLabel::MsgRefuse
            | HandshakeLabel::MsgQueryReply => RESPONDER,
        }
    }
}
