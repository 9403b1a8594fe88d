//! NaiveLeios on its mini-protocol channel.

use alloc::vec::Vec;

use super::{NaiveClient, NaiveConfig, NaiveServer};
use crate::channel::{Channel, ChannelSpec, Class, OverChannels};
use crate::codec::leios::NaiveMessage;
use crate::codec::{Malformed, Source, wrong_head};
use crate::fault::Fault;
use crate::state::leios::mini_protocols::{LEIOS_SHARE, NAIVE_NUMBER};
use crate::state::leios::one_channel::over_one_channel;
use crate::state::leios::rules;
use crate::state::leios::table::NaivePhase;
use crate::table::Role;

over_one_channel! {
    "NaiveLeios", NaiveMessage, Class::Bulk { share: LEIOS_SHARE },
    NaiveClient {
        channel: Channel::new(NAIVE_NUMBER, Role::Initiator),
        ingress: |config: &NaiveConfig| ingress(config.max_large),
        longest: longest,
    }
    NaiveServer {
        channel: Channel::new(NAIVE_NUMBER, Role::Responder),
        ingress: |config: &NaiveConfig| ingress(config.max_small),
        longest: longest_request,
    }
}

/// The channel may hold its longest message and a tenth more (`leios.md` 10.4).
const fn ingress(longest: usize) -> usize {
    longest.saturating_add(longest / 10)
}

fn longest(config: &NaiveConfig, phase: NaivePhase) -> Result<usize, Fault> {
    match phase {
        NaivePhase::StIdle | NaivePhase::StNotification | NaivePhase::StVote => {
            Ok(config.max_small)
        }
        NaivePhase::StBlock | NaivePhase::StBlockTx => Ok(config.max_large),
        NaivePhase::StDone => Err(Fault::violation(&rules::MESSAGE_AFTER_DONE, phase.name())),
    }
}

/// Whatever is being answered: what comes next is a request, as in StIdle.
fn longest_request(config: &NaiveConfig, phase: NaivePhase) -> Result<usize, Fault> {
    let done = phase == NaivePhase::StDone;
    longest(config, if done { phase } else { NaivePhase::StIdle })
}
