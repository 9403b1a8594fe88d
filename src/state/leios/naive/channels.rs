//! NaiveLeios on its mini-protocol channel.

use alloc::vec::Vec;

use super::{NaiveClient, NaiveConfig, NaiveServer};
use crate::channel::{Channel, ChannelSpec, Class, OverChannels};
use crate::codec::leios::NaiveMessage;
use crate::codec::{Malformed, Source, wrong_head};
use crate::fault::Fault;
use crate::state::leios::mini_protocols::{LEIOS_SHARE, NAIVE_NUMBER};
use crate::state::leios::rules;
use crate::state::leios::table::NaivePhase;
use crate::table::Role;

const CLIENT: Channel = Channel::new(NAIVE_NUMBER, Role::Initiator);
const SERVER: Channel = Channel::new(NAIVE_NUMBER, Role::Responder);

impl OverChannels for NaiveClient {
    fn channels(&self) -> Vec<ChannelSpec> {
        spec(CLIENT, self.config.max_large)
    }

    fn item_limit(&self, _: Channel, head: &[u8]) -> Result<usize, Fault> {
        limit(&self.config, self.phase, head)
    }

    fn too_large(&self, _: Channel) -> Fault {
        too_large(self.phase)
    }

    fn malformed(&self, _: Channel, malformed: Malformed) -> Fault {
        broken(malformed)
    }

    fn decode(&self, _: Channel, item: &[u8], source: Source<'_>) -> Result<NaiveMessage, Fault> {
        NaiveMessage::decode(item, source).map_err(broken)
    }

    fn encode(message: &NaiveMessage, out: &mut Vec<u8>) -> Channel {
        message.encode(out);
        CLIENT
    }
}

impl OverChannels for NaiveServer {
    fn channels(&self) -> Vec<ChannelSpec> {
        spec(SERVER, self.config.max_small)
    }

    fn item_limit(&self, _: Channel, head: &[u8]) -> Result<usize, Fault> {
        // Whatever is being answered: what comes next is a request, as in StIdle.
        let phase = if self.phase == NaivePhase::StDone { self.phase } else { NaivePhase::StIdle };
        limit(&self.config, phase, head)
    }

    fn too_large(&self, _: Channel) -> Fault {
        too_large(self.phase)
    }

    fn malformed(&self, _: Channel, malformed: Malformed) -> Fault {
        broken(malformed)
    }

    fn decode(&self, _: Channel, item: &[u8], source: Source<'_>) -> Result<NaiveMessage, Fault> {
        NaiveMessage::decode(item, source).map_err(broken)
    }

    fn encode(message: &NaiveMessage, out: &mut Vec<u8>) -> Channel {
        message.encode(out);
        SERVER
    }
}

/// The one channel; it may hold its longest message and a tenth more (`leios.md` 10.4).
fn spec(channel: Channel, longest: usize) -> Vec<ChannelSpec> {
    let ingress = longest.saturating_add(longest / 10);
    Vec::from([ChannelSpec { channel, ingress, class: Class::Bulk { share: LEIOS_SHARE } }])
}

fn limit(config: &NaiveConfig, phase: NaivePhase, head: &[u8]) -> Result<usize, Fault> {
    if phase != NaivePhase::StDone {
        wrong_head(head, |head| NaiveMessage::decode(head, Source::COPY)).map_err(broken)?;
    }
    match phase {
        NaivePhase::StIdle | NaivePhase::StNotification | NaivePhase::StVote => {
            Ok(config.max_small)
        }
        NaivePhase::StBlock | NaivePhase::StBlockTx => Ok(config.max_large),
        NaivePhase::StDone => Err(Fault::violation(&rules::MESSAGE_AFTER_DONE, phase.name())),
    }
}

const fn too_large(phase: NaivePhase) -> Fault {
    Fault::violation(&rules::STATE_MESSAGE_TOO_LARGE, phase.name())
}

const fn broken(malformed: Malformed) -> Fault {
    let rule = rules::of_malformed(malformed.kind);
    Fault::malformed(rule, malformed.kind.name(), malformed.offset, "NaiveLeios")
}
