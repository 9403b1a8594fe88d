//! The client on its two mini-protocols, and what the first bytes of a reply give away.

use alloc::vec;
use alloc::vec::Vec;

use super::Client;
use super::input::{ClientRemote, PairMessage};
use crate::channel::{Channel, ChannelSpec, Class, OverChannels};
use crate::codec::cbor::{Reader, leading_uint};
use crate::codec::leios::{ReplyMessage, RequestNo};
use crate::codec::{Malformed, MalformedKind, Source};
use crate::fault::Fault;
use crate::state::leios::hash::Blake2b;
use crate::state::leios::mini_protocols::{LEIOS_SHARE, Numbers};
use crate::state::leios::rules;
use crate::state::leios::table::ReplyPhase;
use crate::table::Role;

/// What may wait on LeiosRequest, where nothing comes this way: enough to see that it does.
const REQUEST_INGRESS: usize = 64;

/// A message without a payload, with the widest heads.
const BARE_MESSAGE: usize = 18;

/// Bytes that a message of notifications has besides them, with the widest heads.
const NOTIFICATIONS_EXTRA: usize = 40;

impl<H: Blake2b, N: Numbers> OverChannels for Client<H, N> {
    fn channels(&self) -> Vec<ChannelSpec> {
        let spec = |number, ingress| ChannelSpec {
            channel: Channel::new(number, Role::Initiator),
            ingress,
            class: Class::Bulk { share: LEIOS_SHARE },
        };
        vec![spec(N::REQUEST, REQUEST_INGRESS), spec(N::REPLY, self.limits.client_reply_ingress())]
    }

    /// The largest reply possible to its request (`leios.md` 8.5), as soon as the number of the
    /// request has come. Faults what names no outstanding request, the wrong kind of it, or is no
    /// message at all.
    fn item_limit(&self, channel: Channel, head: &[u8]) -> Result<usize, Fault> {
        let phase = self.phases.reply();
        if channel.number != N::REPLY {
            return Err(Fault::violation(&rules::UNEXPECTED_MESSAGE, phase.name()));
        }
        match phase {
            ReplyPhase::StIdle => {}
            ReplyPhase::StInit => {
                return Err(Fault::violation(&rules::UNEXPECTED_MESSAGE, phase.name()));
            }
            ReplyPhase::StDone => {
                return Err(Fault::violation(&rules::MESSAGE_AFTER_DONE, phase.name()));
            }
        }
        match reply_head(head) {
            Ok((head, rest)) => {
                let limit = match head {
                    Head::Bare => BARE_MESSAGE,
                    Head::Notifications(no) => self.notifications_limit(no)?,
                    Head::Deliveries(no) => self.deliveries_limit(no)?,
                };
                rest.map_err(|malformed| self.malformed(channel, malformed))?;
                Ok(limit)
            }
            Err(Malformed { kind: MalformedKind::UnexpectedEnd, .. }) => {
                Ok(self.limits.max_reply_message)
            }
            Err(malformed) => Err(self.malformed(channel, malformed)),
        }
    }

    fn too_large(&self, _: Channel) -> Fault {
        Fault::violation(&rules::REPLY_MESSAGE_TOO_LARGE, self.phases.reply().name())
    }

    fn malformed(&self, _: Channel, malformed: Malformed) -> Fault {
        // L-6 is about requests: in a delivery the same forms break L-53 and L-50.
        let rule = match malformed.kind {
            MalformedKind::EmptyBitmapMap => &rules::EMPTY_TXS_DELIVERY,
            MalformedKind::ZeroBitmap => &rules::BITMAP_NOT_SUBSET,
            kind => rules::of_malformed(kind),
        };
        Fault::malformed(rule, malformed.kind.name(), malformed.offset, "LeiosReply")
    }

    fn decode(
        &self,
        channel: Channel,
        item: &[u8],
        source: Source<'_>,
    ) -> Result<ClientRemote, Fault> {
        if channel.number != N::REPLY {
            let phase = self.phases.request().name();
            return Err(Fault::violation(&rules::UNEXPECTED_MESSAGE, phase));
        }
        let message = ReplyMessage::decode(item, source);
        message.map(ClientRemote::Reply).map_err(|malformed| self.malformed(channel, malformed))
    }

    fn encode(message: &PairMessage, out: &mut Vec<u8>) -> Channel {
        match message {
            PairMessage::Request(message) => {
                message.encode(out);
                Channel::new(N::REQUEST, Role::Initiator)
            }
            PairMessage::Reply(message) => {
                message.encode(out);
                Channel::new(N::REPLY, Role::Initiator)
            }
        }
    }
}

impl<H: Blake2b, N: Numbers> Client<H, N> {
    /// What a message of notifications may take: what is left of the credit, of the window up to
    /// the notification that completes it.
    fn notifications_limit(&self, no: RequestNo) -> Result<usize, Fault> {
        if !self.windows.contains(no) {
            return Err(self.no_such(no));
        }
        let largest = u64::from(self.limits.max_notification_size);
        let most = self.windows.remaining().saturating_add(largest).min(self.windows.credit());
        // A notification that oversteps by its own size is to be named by the rule it breaks.
        let most = usize::try_from(most.saturating_add(largest)).unwrap_or(usize::MAX);
        Ok(most.saturating_add(NOTIFICATIONS_EXTRA).min(self.limits.max_reply_message))
    }

    fn deliveries_limit(&self, no: RequestNo) -> Result<usize, Fault> {
        let pending = self.deliveries.get(no).ok_or_else(|| self.no_such(no))?;
        Ok(pending.limit.min(self.limits.max_reply_message))
    }
}

/// What the first bytes of a message of LeiosReply say.
enum Head {
    /// It has no payload.
    Bare,
    /// Notifications for a request.
    Notifications(RequestNo),
    /// Deliveries for a request.
    Deliveries(RequestNo),
}

/// The head, and what is wrong with the few bytes after it.
fn reply_head(head: &[u8]) -> Result<(Head, Result<(), Malformed>), Malformed> {
    // The usual form of news, of which there is most, at one glance.
    if let [0x84, 1, rest @ ..] = head {
        if let Some((no, [0xf4 | 0xf5, 0x81, ..])) = leading_uint(rest) {
            return Ok((Head::Notifications(RequestNo(no)), Ok(())));
        }
    }
    let mut reader = Reader::new(head);
    let tag = reader.variant(ReplyMessage::arity)?;
    match tag {
        1 => {
            let head = Head::Notifications(RequestNo(reader.u64()?));
            let rest = reader.bool().and_then(|_| reader.list());
            Ok((head, unless_short(&rest)))
        }
        2 => {
            let head = Head::Deliveries(RequestNo(reader.u64()?));
            Ok((head, unless_short(&reader.list())))
        }
        _ => Ok((Head::Bare, Ok(()))),
    }
}

fn unless_short<T>(read: &Result<T, Malformed>) -> Result<(), Malformed> {
    match read {
        Err(malformed) if malformed.kind != MalformedKind::UnexpectedEnd => Err(*malformed),
        Ok(_) | Err(_) => Ok(()),
    }
}
