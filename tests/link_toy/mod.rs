//! A small machine over channels, whose every item is a command to itself.
#![allow(dead_code)]

use std::collections::BTreeSet;
use std::convert::Infallible;

use nodewire::bytes::Bytes;
use nodewire::codec::{Malformed, Source};
use nodewire::link::{Mux, MuxConfig, MuxNotice, Transport};
use nodewire::{
    Action, Channel, ChannelSpec, Class, Ending, Fault, Machine, Out, Outbox, OverChannels,
    Refusal, Refused, Role, Rule, Severity, Time,
};

pub static BAD_ITEM: Rule =
    Rule::new("toy/1", "BadItem", "An item is not 0x17.", "the toy", Severity::Faulty);
pub static TOO_LONG: Rule =
    Rule::new("toy/2", "TooLong", "An item is short.", "the toy", Severity::Faulty);
pub static NOT_CBOR: Rule =
    Rule::new("toy/3", "NotCbor", "An item is CBOR.", "the toy", Severity::Faulty);

/// Class A.
pub const CHAIN: Channel = Channel::new(2, Role::Responder);
pub const BLOCK: Channel = Channel::new(3, Role::Responder);
/// Class B: a share of its own, and two that share.
pub const TX: Channel = Channel::new(4, Role::Responder);
pub const REQUEST: Channel = Channel::new(24, Role::Responder);
pub const REPLY: Channel = Channel::new(25, Role::Responder);
pub const ALL: [Channel; 5] = [CHAIN, BLOCK, TX, REQUEST, REPLY];

/// Items by their only byte.
pub const PLAIN: u8 = 0x00;
pub const ECHO: u8 = 0x01;
pub const HOLD: u8 = 0x02;
pub const DONE: u8 = 0x03;
pub const RELEASE: u8 = 0x04;
pub const LAST_WORD: u8 = 0x0c;
pub const BAD: u8 = 0x17;

/// The longest item; an array may have 50 bytes only.
pub const LONGEST: usize = 100_000;
pub const INGRESS: usize = 120_000;

/// What a toy does is what its items say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Toy {
    pub held: BTreeSet<Channel>,
    pub tells_drained: bool,
    pub due: Option<Time>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Local {
    Send(Channel, Vec<u8>),
    Release,
    WakeAt(Time),
    Finish,
    Refuse,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Remote {
    Item(Channel, Bytes),
    Drained(Channel, usize),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Notice {
    Got(Channel, Bytes),
    Drained(Channel, usize),
    Woken,
}

impl Machine for Toy {
    type Local = Local;
    type Remote = Remote;
    type Send = (Channel, Vec<u8>);
    type Notice = Notice;
    type Query = Infallible;

    fn handle_local(
        &mut self,
        _: Time,
        input: Local,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<Local>> {
        match input {
            Local::Send(channel, bytes) => out.send((channel, bytes)),
            Local::Release => self.held.clear(),
            Local::WakeAt(at) => self.due = Some(at),
            Local::Finish => out.close(Ending::Done),
            Local::Refuse => return Err(Refusal::new(Refused::invalid("asked to"), input)),
        }
        Ok(())
    }

    fn handle_remote(&mut self, _: Time, input: Remote, out: &mut Out<Self>) {
        match input {
            Remote::Drained(channel, bytes) => out.notify(Notice::Drained(channel, bytes)),
            Remote::Item(channel, item) => {
                out.notify(Notice::Got(channel, item.clone()));
                match *item {
                    [ECHO] => out.send((channel, vec![ECHO])),
                    [HOLD] => drop(self.held.insert(channel)),
                    [DONE] => out.close(Ending::Done),
                    [RELEASE] => self.held.clear(),
                    [LAST_WORD] => {
                        out.send((channel, vec![0x41, ECHO]));
                        out.fail(Fault::violation(&BAD_ITEM, "Toy"));
                    }
                    _ => {}
                }
            }
        }
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        if self.due.is_some_and(|due| due <= now) {
            self.due = None;
            out.notify(Notice::Woken);
        }
    }

    fn deadline(&self) -> Option<Time> {
        self.due
    }
}

impl OverChannels for Toy {
    fn channels(&self) -> Vec<ChannelSpec> {
        let class = |channel: Channel| match channel.number {
            2 | 3 => Class::Praos,
            4 => Class::Bulk { share: 0 },
            _ => Class::Bulk { share: 1 },
        };
        let spec = |channel| ChannelSpec { channel, ingress: INGRESS, class: class(channel) };
        ALL.map(spec).to_vec()
    }

    fn item_limit(&self, _: Channel, head: &[u8]) -> Result<usize, Fault> {
        Ok(if head[0] >> 5 == 4 { 50 } else { LONGEST })
    }

    fn too_large(&self, _: Channel) -> Fault {
        Fault::violation(&TOO_LONG, "Toy")
    }

    fn malformed(&self, _: Channel, malformed: Malformed) -> Fault {
        Fault::malformed(&NOT_CBOR, malformed.kind.name(), malformed.offset, "Toy")
    }

    fn decode(&self, channel: Channel, item: &[u8], source: Source<'_>) -> Result<Remote, Fault> {
        if item == [BAD] {
            return Err(Fault::violation(&BAD_ITEM, "Toy"));
        }
        Ok(Remote::Item(channel, source.bytes(item)))
    }

    fn encode(message: &Self::Send, out: &mut Vec<u8>) -> Channel {
        out.extend_from_slice(&message.1);
        message.0
    }

    fn drained(&self, channel: Channel, bytes: usize) -> Option<Remote> {
        self.tells_drained.then_some(Remote::Drained(channel, bytes))
    }

    fn holds(&self, channel: Channel) -> bool {
        self.held.contains(&channel)
    }
}

/// What came out, with everything sent in a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome<N> {
    pub sent: Vec<u8>,
    pub notices: Vec<N>,
    pub ending: Option<Ending>,
}

pub fn outcome<N, Q>(out: &mut Outbox<Bytes, N, Q>) -> Outcome<N> {
    let mut outcome = Outcome { sent: Vec::new(), notices: Vec::new(), ending: None };
    for action in out.drain() {
        assert_eq!(outcome.ending, None, "nothing follows a close");
        match action {
            Action::Send(bytes) => outcome.sent.extend_from_slice(&bytes),
            Action::Notify(notice) => outcome.notices.push(notice),
            Action::Ask(..) => {}
            Action::Close(ending) => outcome.ending = Some(ending),
        }
    }
    outcome
}

pub fn mux() -> Mux<Toy> {
    Mux::new(Toy::default(), MuxConfig::default(), &[])
}

/// A segment that the other side sends to our `channel`.
pub fn segment(channel: Channel, payload: &[u8]) -> Vec<u8> {
    let mode = if channel.role == Role::Responder { 0 } else { 0x8000 };
    let mut bytes = vec![0, 0, 0, 9];
    bytes.extend((channel.number | mode).to_be_bytes());
    bytes.extend((payload.len() as u16).to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// A definite byte string of `length` bytes.
pub fn string(length: usize) -> Vec<u8> {
    let mut item = vec![0x5a];
    item.extend((length as u32).to_be_bytes());
    item.extend((0..length).map(|i| i as u8));
    item
}

pub fn got(channel: Channel, item: &[u8]) -> MuxNotice<Notice> {
    MuxNotice::Machine(Notice::Got(channel, Bytes::copy_from_slice(item)))
}

pub fn receive<M>(machine: &mut M, bytes: &[u8]) -> Outcome<M::Notice>
where
    M: Machine<Remote = Transport, Send = Bytes>,
{
    receive_at(machine, Time::ZERO, bytes)
}

pub fn receive_at<M>(machine: &mut M, now: Time, bytes: &[u8]) -> Outcome<M::Notice>
where
    M: Machine<Remote = Transport, Send = Bytes>,
{
    remote(machine, now, Transport::Received(Bytes::copy_from_slice(bytes)))
}

pub fn writable<M>(machine: &mut M, bytes: usize) -> Outcome<M::Notice>
where
    M: Machine<Remote = Transport, Send = Bytes>,
{
    remote(machine, Time::ZERO, Transport::Writable(bytes))
}

pub fn remote<M>(machine: &mut M, now: Time, input: Transport) -> Outcome<M::Notice>
where
    M: Machine<Remote = Transport, Send = Bytes>,
{
    let mut out = Outbox::new();
    machine.handle_remote(now, input, &mut out);
    outcome(&mut out)
}

/// Local input that is not refused.
pub fn local<M>(machine: &mut M, input: M::Local) -> Outcome<M::Notice>
where
    M: Machine<Remote = Transport, Send = Bytes>,
    M::Local: std::fmt::Debug,
{
    let mut out = Outbox::new();
    machine.handle_local(Time::ZERO, input, &mut out).unwrap();
    outcome(&mut out)
}

/// The segments in `wire`: number with mode, and payload.
pub fn segments(mut wire: &[u8]) -> Vec<(u16, Vec<u8>)> {
    let mut segments = Vec::new();
    while !wire.is_empty() {
        let number = u16::from_be_bytes([wire[4], wire[5]]);
        let length = usize::from(u16::from_be_bytes([wire[6], wire[7]]));
        assert!(length > 0);
        segments.push((number, wire[8..8 + length].to_vec()));
        wire = &wire[8 + length..];
    }
    segments
}
