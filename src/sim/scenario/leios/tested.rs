//! A machine under test behind its link: JSON and bytes go in, JSON comes out.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::content::Store;
use super::message::Protocol;
use crate::channel::{Channel, ChannelSpec, OverChannels};
use crate::codec::SegmentHeader;
use crate::link::{ChannelInput, Channels, Mux, MuxConfig, MuxLocal, Transport};
use crate::machine::{Action, ActionOf, Machine, Out};
use crate::outbox::Outbox;
use crate::sim::scenario::Asked;
use crate::sim::scenario::value::{data, typed};
use crate::state::leios::{NaiveContent, NaiveQuery, ServerQuery};
use crate::time::Time;
use crate::until_closed::UntilClosed;

/// What the other end, or the transport, does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Delivery {
    /// The bytes of a message arrive, or whatever stands for one.
    Message {
        /// Which of several other ends.
        from: u64,
        /// On which mini-protocol.
        on: Protocol,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Bytes arrive on the multiplexed stream, segment headers and all.
    Stream(Vec<u8>),
    /// So many bytes have left, on the channel on which the tested side sends.
    Drained(u32),
    /// The transport takes so many bytes more.
    Writable(usize),
    /// The other end closes the connection.
    Eof,
}

/// What the tested side does.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Event {
    Sent { to: u64, on: String, message: Value },
    Notice(Value),
    Ask(Asked),
    Close(Value),
}

/// A machine under test.
pub(super) trait Tested {
    /// A command of the application; `Some` says why it was refused.
    fn local(&mut self, now: Time, command: &Value) -> Result<Option<Value>, String>;
    fn remote(&mut self, now: Time, delivery: Delivery) -> Result<(), String>;
    fn timeout(&mut self, now: Time);
    fn deadline(&self) -> Option<Time>;
    fn events(&mut self) -> Vec<Event>;
    /// The command that answers a question as an honest application would, if it has an answer.
    fn honest(&self, asked: &Asked, store: &Store) -> Option<Value> {
        honest(asked, store)
    }
}

/// Valid announcements, content from the store; no news for the baseline unless told.
pub(super) fn honest(asked: &Asked, store: &Store) -> Option<Value> {
    let id = asked.id;
    let query = &asked.query;
    if query.get("JudgeAnnouncement").is_some() {
        return Some(json!({ "Judged": { "id": id, "verdict": "Process" } }));
    }
    if let Ok(ServerQuery::Fetch { ids, .. }) = typed(query) {
        return Some(json!({ "Fetched": { "id": id, "content": store.fetch(&ids) } }));
    }
    let content = match typed::<NaiveQuery>(query) {
        Ok(NaiveQuery::Notification) | Err(_) => return None,
        Ok(NaiveQuery::Block(point)) => store.block(point).map(NaiveContent::Block),
        Ok(NaiveQuery::Tx(point, index)) => store.tx(point, index.into()).map(NaiveContent::Tx),
        Ok(NaiveQuery::Vote(slot, issuer)) => store.vote(slot, issuer).map(NaiveContent::Vote),
    };
    Some(json!({ "Answered": { "id": id, "content": content } }))
}

/// What is no sending, as an event.
pub(super) fn told<S, N: Serialize, Q: Serialize>(
    from: u64,
    action: Action<S, N, Q>,
) -> Result<Event, S> {
    Ok(match action {
        Action::Send(message) => return Err(message),
        Action::Notify(notice) => Event::Notice(data(&notice)),
        Action::Ask(id, query) => Event::Ask(Asked { from, id: id.as_u64(), query: data(&query) }),
        Action::Close(ending) => Event::Close(data(&ending)),
    })
}

/// What was sent, as an event.
pub(super) fn sent(to: u64, number: u16, bytes: &[u8]) -> Event {
    let decoded = Protocol::numbered(number).map(|on| (on, on.decode(bytes)));
    let (on, message) = match decoded {
        Some((on, Ok(Some((message, _))))) => (on.name().to_string(), message),
        _ => (number.to_string(), json!({ "unreadable": crate::sim::scenario::value::hex(bytes) })),
    };
    Event::Sent { to, on, message }
}

/// A machine over channels.
pub(super) struct Over<M: OverChannels> {
    link: UntilClosed<Channels<M>>,
    channels: Vec<Channel>,
    /// What is sent stays until it is told to have left.
    held: bool,
    events: Vec<Event>,
}

impl<M: OverChannels> Over<M> {
    pub fn new(machine: M, held: bool) -> Self {
        let channels = machine.channels().iter().map(|spec| spec.channel).collect();
        let link = UntilClosed::new(Channels::new(machine));
        Self { link, channels, held, events: Vec::new() }
    }
}

impl<M> Over<M>
where
    M: OverChannels<Notice: Serialize, Query: Serialize>,
{
    fn absorb(&mut self, now: Time, out: &mut Out<Channels<M>>) {
        while let Some(action) = out.pop() {
            let outgoing = match told(0, action) {
                Ok(event) => {
                    self.events.push(event);
                    continue;
                }
                Err(outgoing) => outgoing,
            };
            self.events.push(sent(0, outgoing.channel.number, &outgoing.bytes));
            if !self.held {
                let bytes = u32::try_from(outgoing.bytes.len()).unwrap_or(u32::MAX);
                let left = ChannelInput::Drained { channel: outgoing.channel, bytes };
                self.link.handle_remote(now, left, out);
            }
        }
    }
}

impl<M> Tested for Over<M>
where
    M: OverChannels<Local: DeserializeOwned, Notice: Serialize, Query: Serialize>,
{
    fn local(&mut self, now: Time, command: &Value) -> Result<Option<Value>, String> {
        let mut out = Outbox::new();
        let result = self.link.handle_local(now, typed(command)?, &mut out);
        self.absorb(now, &mut out);
        Ok(result.err().map(|refusal| data(&refusal.why)))
    }

    fn remote(&mut self, now: Time, delivery: Delivery) -> Result<(), String> {
        let input = match delivery {
            Delivery::Message { on, bytes, .. } => {
                let channel = self.channels.iter().find(|channel| channel.number == on.number());
                let channel = *channel.ok_or_else(|| format!("it has no {}", on.name()))?;
                ChannelInput::Received { channel, bytes: Bytes::from(bytes) }
            }
            Delivery::Drained(bytes) => {
                let channel = *self.channels.last().ok_or("it has no channels")?;
                ChannelInput::Drained { channel, bytes }
            }
            Delivery::Eof => ChannelInput::Closed,
            Delivery::Stream(_) | Delivery::Writable(_) => {
                return Err("it is tested without its multiplexer".to_string());
            }
        };
        let mut out = Outbox::new();
        self.link.handle_remote(now, input, &mut out);
        self.absorb(now, &mut out);
        Ok(())
    }

    fn timeout(&mut self, now: Time) {
        let mut out = Outbox::new();
        self.link.handle_timeout(now, &mut out);
        self.absorb(now, &mut out);
    }

    fn deadline(&self) -> Option<Time> {
        self.link.deadline()
    }

    fn events(&mut self) -> Vec<Event> {
        core::mem::take(&mut self.events)
    }
}

/// A machine over a multiplexed stream.
pub(super) struct Muxed<M: OverChannels> {
    link: UntilClosed<Mux<M>>,
    /// Sent and not yet read as segments.
    stream: Vec<u8>,
    /// Payload of channels, not yet read as messages.
    payloads: BTreeMap<u16, Vec<u8>>,
    events: Vec<Event>,
}

impl<M> Muxed<M>
where
    M: OverChannels<Notice: Serialize, Query: Serialize>,
{
    /// Has room for `writable` bytes on its way out; `None` is no end of it.
    pub fn new(
        machine: M,
        config: MuxConfig,
        foreign: &[ChannelSpec],
        writable: Option<usize>,
    ) -> Self {
        let link = UntilClosed::new(Mux::new(machine, config, foreign));
        let mut this =
            Self { link, stream: Vec::new(), payloads: BTreeMap::new(), events: Vec::new() };
        let credit = writable.unwrap_or(Transport::UNCOUNTED);
        this.take(Time::ZERO, Transport::Writable(credit));
        this
    }

    fn take(&mut self, now: Time, input: Transport) {
        let mut out = Outbox::new();
        self.link.handle_remote(now, input, &mut out);
        self.absorb(&mut out);
    }

    fn absorb(&mut self, out: &mut Out<Mux<M>>) {
        while let Some(action) = out.pop() {
            self.pass(action);
        }
    }

    fn pass(&mut self, action: ActionOf<Mux<M>>) {
        let bytes = match told(0, action) {
            Ok(event) => return self.events.push(event),
            Err(bytes) => bytes,
        };
        self.stream.extend_from_slice(&bytes);
        while let Some((header, payload)) = segment(&mut self.stream) {
            let message = json!({ "number": header.number, "mode": header.mode,
                "length": header.length });
            self.events.push(Event::Sent { to: 0, on: "segments".to_string(), message });
            let Some(protocol) = Protocol::numbered(header.number) else { continue };
            let kept = self.payloads.entry(header.number).or_default();
            kept.extend_from_slice(&payload);
            while let Ok(Some((message, length))) = protocol.decode(kept) {
                kept.drain(..length);
                let on = protocol.name().to_string();
                self.events.push(Event::Sent { to: 0, on, message });
            }
        }
    }
}

/// Takes a whole segment off the front of a stream.
fn segment(stream: &mut Vec<u8>) -> Option<(SegmentHeader, Vec<u8>)> {
    let header = *stream.first_chunk::<{ SegmentHeader::SIZE }>()?;
    let header = SegmentHeader::decode(header).ok()?;
    let end = SegmentHeader::SIZE + usize::from(header.length);
    if stream.len() < end {
        return None;
    }
    let payload = stream.drain(..end).skip(SegmentHeader::SIZE).collect();
    Some((header, payload))
}

impl<M> Tested for Muxed<M>
where
    M: OverChannels<Local: DeserializeOwned, Notice: Serialize, Query: Serialize>,
{
    fn local(&mut self, now: Time, command: &Value) -> Result<Option<Value>, String> {
        let mut out = Outbox::new();
        let command = match command.get("mux") {
            Some(command) => typed(command)?,
            None => MuxLocal::Machine(typed(command)?),
        };
        let result = self.link.handle_local(now, command, &mut out);
        self.absorb(&mut out);
        Ok(result.err().map(|refusal| data(&refusal.why)))
    }

    fn remote(&mut self, now: Time, delivery: Delivery) -> Result<(), String> {
        let input = match delivery {
            Delivery::Stream(bytes) => Transport::Received(Bytes::from(bytes)),
            Delivery::Writable(bytes) => Transport::Writable(bytes),
            Delivery::Eof => Transport::Closed,
            Delivery::Message { .. } | Delivery::Drained(_) => {
                return Err("it takes a stream".to_string());
            }
        };
        self.take(now, input);
        Ok(())
    }

    fn timeout(&mut self, now: Time) {
        let mut out = Outbox::new();
        self.link.handle_timeout(now, &mut out);
        self.absorb(&mut out);
    }

    fn deadline(&self) -> Option<Time> {
        self.link.deadline()
    }

    fn events(&mut self) -> Vec<Event> {
        core::mem::take(&mut self.events)
    }
}
