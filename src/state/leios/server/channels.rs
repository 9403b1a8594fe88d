//! The server on mini-protocol channels: LeiosRequest comes in, LeiosReply goes out.

use alloc::vec::Vec;

use super::{Server, ServerRemote};
use crate::channel::{Channel, ChannelSpec, Class, OverChannels};
use crate::codec::leios::{ReplyMessage, RequestMessage};
use crate::codec::{Malformed, MalformedKind, Source, wrong_head};
use crate::fault::{Fault, Rule};
use crate::state::leios::mini_protocols::{LEIOS_REPLY, LEIOS_REQUEST, LEIOS_SHARE};
use crate::state::leios::rules;
use crate::state::leios::table::{ReplyPhase, RequestPhase};
use crate::table::Role;

/// Where requests come in.
const REQUEST: Channel = Channel::new(LEIOS_REQUEST, Role::Responder);
/// Where MsgLeiosInit comes in and replies go out.
const REPLY: Channel = Channel::new(LEIOS_REPLY, Role::Responder);

/// What may wait or come of LeiosReply from the client's side: MsgLeiosInit (`leios.md` 10.4).
const INIT: usize = 64;

impl OverChannels for Server {
    fn channels(&self) -> Vec<ChannelSpec> {
        let class = Class::Bulk { share: LEIOS_SHARE };
        let limits = &self.limits;
        // What can be outstanding, with the request that crosses the line, and a tenth more.
        let most = limits.max_outstanding_request_bytes.saturating_sub(1);
        let most = most.saturating_add(limits.max_request_message);
        let requests = most.saturating_add(most / 10);
        Vec::from([
            ChannelSpec { channel: REQUEST, ingress: requests, class },
            ChannelSpec { channel: REPLY, ingress: INIT, class },
        ])
    }

    fn item_limit(&self, channel: Channel, head: &[u8]) -> Result<usize, Fault> {
        self.expects(channel)?;
        let (limit, wrong) = if channel == REQUEST {
            let decode = |head: &_| RequestMessage::decode(head, Source::COPY);
            (self.limits.max_request_message, wrong_head(head, decode))
        } else {
            (INIT, wrong_head(head, |head| ReplyMessage::decode(head, Source::COPY)))
        };
        wrong.map_err(|wrong| self.malformed(channel, wrong))?;
        Ok(limit)
    }

    fn too_large(&self, channel: Channel) -> Fault {
        if channel == REQUEST {
            self.broken(&rules::REQUEST_TOO_LARGE) // L-11
        } else {
            self.broken_reply(&rules::REPLY_MESSAGE_TOO_LARGE)
        }
    }

    fn malformed(&self, channel: Channel, malformed: Malformed) -> Fault {
        if channel != REQUEST {
            return rules::malformed(malformed, "LeiosReply");
        }
        // The one list of a request that may not be empty is that of its ids (L-6).
        let rule = match malformed.kind {
            MalformedKind::EmptyList => &rules::EMPTY_REQUEST,
            kind => rules::of_malformed(kind),
        };
        Fault::malformed(rule, malformed.kind.name(), malformed.offset, "LeiosRequest")
    }

    fn decode(
        &self,
        channel: Channel,
        item: &[u8],
        source: Source<'_>,
    ) -> Result<ServerRemote, Fault> {
        self.expects(channel)?;
        let wrong = |malformed| self.malformed(channel, malformed);
        if channel == REQUEST {
            let message = RequestMessage::decode(item, source).map_err(wrong)?;
            let size = u32::try_from(item.len()).unwrap_or(u32::MAX);
            Ok(ServerRemote::Request { message, size })
        } else {
            Ok(ServerRemote::Reply(ReplyMessage::decode(item, source).map_err(wrong)?))
        }
    }

    fn encode(message: &ReplyMessage, out: &mut Vec<u8>) -> Channel {
        message.encode(out);
        REPLY
    }

    fn drained(&self, channel: Channel, bytes: usize) -> Option<ServerRemote> {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        (channel == REPLY).then_some(ServerRemote::Drained(bytes))
    }

    fn holds(&self, channel: Channel) -> bool {
        channel == REQUEST && self.asks.is_full()
    }
}

impl Server {
    /// No byte may come after the end of a protocol (`leios.md` 5.4).
    fn expects(&self, channel: Channel) -> Result<(), Fault> {
        if channel == REQUEST && self.phases.request() == RequestPhase::StDone {
            return Err(self.broken(&rules::MESSAGE_AFTER_DONE));
        }
        if channel == REPLY && self.phases.reply() == ReplyPhase::StDone {
            return Err(self.broken_reply(&rules::MESSAGE_AFTER_DONE));
        }
        Ok(())
    }

    const fn broken_reply(&self, rule: &'static Rule) -> Fault {
        Fault::violation(rule, self.phases.reply().name())
    }
}
