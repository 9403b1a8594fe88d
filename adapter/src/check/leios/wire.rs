//! The other end of a TCP connection as the subject of a scenario.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use nodewire::codec::{Mode, SegmentHeader};
use nodewire::sim::scenario::leios::{Delivery, Linked, Protocol};
use nodewire::sim::scenario::{Asked, Stop, Subject};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::Options;
use crate::check::short_enough;
use crate::check::socket::read_more;

/// Payload of our segments.
const SEGMENT: usize = 12_288;
/// How long an early close may take to be seen before we go on.
const SETTLE: Duration = Duration::from_millis(30);
/// The cookie of our own pings.
const COOKIE: u16 = 0x6e77;

/// A connection to the tested side.
pub(super) struct Wire {
    stream: TcpStream,
    side: Mode,
    slot: u64,
    options: Options,
    /// Received and not yet cut into segments.
    raw: Vec<u8>,
    /// Payloads not yet cut into messages, by mini-protocol.
    payloads: BTreeMap<u16, Vec<u8>>,
    sent: BTreeMap<String, VecDeque<Value>>,
    closed: bool,
    /// Pings of the other end are the scenario's matter.
    pings_left: bool,
    /// What is awaited is taken for granted, not a duty.
    given: bool,
    /// It has sent something since.
    seen: bool,
}

/// Why there is no handshake.
pub(super) enum NoHands {
    /// The other end speaks, and is of another mind.
    Refused(String),
    /// It says nothing, or nothing that is a message.
    Strange(String),
}

impl Wire {
    pub fn new(stream: TcpStream, side: Mode, slot: u64, options: Options) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(options.patience))?;
        Ok(Self {
            stream,
            side,
            slot,
            options,
            raw: Vec::new(),
            payloads: BTreeMap::new(),
            sent: BTreeMap::new(),
            closed: false,
            pings_left: false,
            given: false,
            seen: false,
        })
    }

    /// What comes from now on is the scenario's, pings of the other end too if so.
    pub fn begin(&mut self, pings_left: bool) {
        self.sent.remove("segments");
        self.pings_left = pings_left;
    }

    /// Agrees on the version of the pair.
    pub fn shake_hands(&mut self) -> Result<(), NoHands> {
        let Options { magic, version, .. } = self.options;
        let only = self.side == Mode::Initiator;
        let data = json!({ "network_magic": magic, "initiator_only": only, "peer_sharing": false,
            "query": false, "peras": null });
        let say = |message: Value| Protocol::Handshake.encode(&message).map_err(NoHands::Refused);
        if only {
            let proposal = say(json!({ "MsgProposeVersions": [[version, data]] }))?;
            self.send(Protocol::Handshake, &proposal);
        }
        let heard = self.hear("Handshake", self.options.patience);
        let heard = heard.ok_or_else(|| {
            NoHands::Strange(match (self.closed, self.sent.is_empty() && self.raw.is_empty()) {
                (false, true) => "the other end says nothing".to_owned(),
                (true, true) => "the other end closes the connection".to_owned(),
                (_, false) => "the other end speaks something else".to_owned(),
            })
        })?;
        if heard.get("unreadable").is_some() {
            return Err(NoHands::Strange(heard.to_string()));
        }
        if only {
            return match heard.pointer("/MsgAcceptVersion/0") {
                Some(accepted) if *accepted == version => Ok(()),
                _ => Err(NoHands::Refused(heard.to_string())),
            };
        }
        let proposed = heard.get("MsgProposeVersions").and_then(Value::as_array);
        let theirs =
            proposed.into_iter().flatten().find(|entry| entry.get(0) == Some(&json!(version)));
        let theirs = theirs.and_then(|entry| entry.get(1)).filter(|data| data.is_object());
        let theirs = theirs
            .ok_or_else(|| NoHands::Refused(format!("version {version} is not in {heard}")))?;
        if theirs.get("network_magic") != Some(&json!(magic)) {
            return Err(NoHands::Refused(format!("another network: {heard}")));
        }
        let accept = say(json!({ "MsgAcceptVersion": [version, theirs] }))?;
        self.send(Protocol::Handshake, &accept);
        Ok(())
    }

    fn hear(&mut self, on: &str, within: Duration) -> Option<Value> {
        let there = |wire: &Self| wire.sent.get(on).is_some_and(|sent| !sent.is_empty());
        self.pump(Instant::now() + within, there);
        self.sent.get_mut(on).and_then(VecDeque::pop_front)
    }

    /// Sends a message in segments.
    fn send(&mut self, on: Protocol, bytes: &[u8]) {
        let mut stream = Vec::with_capacity(bytes.len() + 64);
        for piece in bytes.chunks(SEGMENT) {
            let length = u16::try_from(piece.len()).unwrap_or(u16::MAX);
            let header = SegmentHeader { time: 0, mode: self.side, number: on.number(), length };
            stream.extend_from_slice(&header.encode());
            stream.extend_from_slice(piece);
        }
        self.write(&stream);
    }

    fn write(&mut self, bytes: &[u8]) {
        // Whoever is found at fault may close while we still send.
        if self.stream.write_all(bytes).is_err() {
            self.closed = true;
        }
    }

    /// Reads until it is enough, too late or over.
    fn pump(&mut self, until: Instant, enough: impl Fn(&Self) -> bool) {
        while !self.closed && !enough(self) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            self.closed = !read_more(&mut self.stream, left, &mut self.raw);
            self.take_segments();
        }
    }

    fn take_segments(&mut self) {
        while let Some(header) = self.raw.first_chunk::<{ SegmentHeader::SIZE }>() {
            let Ok(header) = SegmentHeader::decode(*header) else {
                self.note("segments", json!({ "unreadable": "a segment without a payload" }));
                self.raw.clear();
                return;
            };
            let end = SegmentHeader::SIZE + usize::from(header.length);
            if self.raw.len() < end {
                return;
            }
            let payload: Vec<u8> = self.raw.drain(..end).skip(SegmentHeader::SIZE).collect();
            let (number, mode, length) = (header.number, header.mode, header.length);
            self.note("segments", json!({ "number": number, "mode": mode, "length": length }));
            // Mini-protocols in the other direction are no part of this.
            if mode != self.side {
                self.payloads.entry(number).or_default().extend_from_slice(&payload);
                self.take_messages(number);
            }
        }
    }

    fn take_messages(&mut self, number: u16) {
        let Some(on) = Protocol::numbered(number) else { return };
        loop {
            let Some(payload) = self.payloads.get_mut(&number) else { return };
            match on.decode(payload) {
                Ok(None) => return,
                Ok(Some((message, length))) => {
                    payload.drain(..length);
                    self.take_message(on, message);
                }
                Err(malformed) => {
                    payload.clear();
                    let why = json!({ "unreadable": malformed.to_string() });
                    return self.note(on.name(), why);
                }
            }
        }
    }

    fn take_message(&mut self, on: Protocol, message: Value) {
        if on == Protocol::KeepAlive && !self.pings_left {
            if let Some(cookie) = message.get("MsgKeepAlive") {
                let pong = json!({ "MsgKeepAliveResponse": cookie });
                if let Ok(pong) = on.encode(&pong) {
                    self.send(on, &pong);
                }
                return;
            }
        }
        self.note(on.name(), message);
    }

    fn note(&mut self, on: &str, message: Value) {
        self.sent.entry(on.to_string()).or_default().push_back(message);
    }

    /// Whether it is still there.
    fn alive(&mut self) -> Result<(), Stop> {
        self.pump(Instant::now() + SETTLE, |_| false);
        if self.side == Mode::Initiator && !self.closed {
            if let Ok(ping) = Protocol::KeepAlive.encode(&json!({ "MsgKeepAlive": COOKIE })) {
                self.send(Protocol::KeepAlive, &ping);
            }
            let pong = json!({ "MsgKeepAliveResponse": COOKIE });
            let until = Instant::now() + self.options.patience;
            let here =
                |wire: &Self| wire.sent.get("KeepAlive").is_some_and(|sent| sent.contains(&pong));
            self.pump(until, here);
            if !self.closed && !here(self) {
                return Err(Stop::Failed("doesn't answer a ping any more".to_string()));
            }
        } else {
            self.pump(Instant::now() + self.options.quiet, |_| false);
        }
        if self.closed {
            return Err(Stop::Failed("closed the connection, for nothing".to_string()));
        }
        Ok(())
    }
}

fn inapplicable<T>(why: &str) -> Result<T, Stop> {
    Err(Stop::Inapplicable(why.to_string()))
}

impl Subject for Wire {
    fn local(&mut self, _: &Value, given: bool) -> Result<Option<Value>, Stop> {
        if !given {
            return inapplicable("needs commands of the tested side's application");
        }
        (self.given, self.seen) = (true, false);
        Ok(None)
    }

    fn asked(&mut self) -> Result<Vec<Asked>, Stop> {
        inapplicable("needs answers of the tested side's application")
    }

    fn answer(&mut self, _: &Asked, _: Option<&Value>) -> Result<(), Stop> {
        inapplicable("needs answers of the tested side's application")
    }

    fn wait(&mut self, micros: u64) -> Result<(), Stop> {
        let span = short_enough(micros, self.options.longest_wait)?;
        self.pump(Instant::now() + span, |_| false);
        Ok(())
    }

    fn notices(&mut self) -> Result<Option<Vec<Value>>, Stop> {
        Ok(None)
    }

    fn verdict(&mut self, accept: &[Value]) -> Result<(), Stop> {
        let fault = accept.iter().any(|verdict| verdict.get("fault").is_some());
        let running = accept.iter().any(|verdict| verdict == "running");
        let done = accept.iter().any(|verdict| verdict == "done");
        if done || fault && running {
            // What it had to do it has done, and how it goes on is up to it.
            return Ok(());
        }
        if running {
            return self.alive();
        }
        self.pump(Instant::now() + self.options.patience, |_| false);
        if self.closed {
            return Ok(());
        }
        let why = "kept the connection open after a violation".to_string();
        Err(Stop::Failed(why))
    }
}

impl Linked for Wire {
    fn deliver(&mut self, delivery: Delivery) -> Result<(), Stop> {
        if self.seen {
            self.given = false;
        }
        // Nothing that came before may be the reason for closing.
        self.pump(Instant::now() + SETTLE, |_| false);
        if self.closed {
            return Err(Stop::Failed("closed the connection before this step".to_string()));
        }
        match delivery {
            Delivery::Message { from: 0, on, bytes } => self.send(on, &bytes),
            Delivery::Stream(bytes) => self.write(&bytes),
            Delivery::Eof => drop(self.stream.shutdown(Shutdown::Write)),
            _ => return inapplicable("needs several peers, or a transport of our own"),
        }
        Ok(())
    }

    fn sent(&mut self, to: u64, on: &str, within: Option<u64>) -> Result<Option<Value>, Stop> {
        if to != 0 {
            return inapplicable("needs several peers");
        }
        let within =
            within.map(|micros| short_enough(micros, self.options.longest_wait)).transpose()?;
        match self.hear(on, within.unwrap_or(self.options.patience)) {
            Some(message) => {
                self.seen = true;
                Ok(Some(message))
            }
            None if self.closed => Err(Stop::Failed("closed the connection".to_string())),
            None if self.given => inapplicable("doesn't do by itself what is taken for granted"),
            None => Ok(None),
        }
    }

    fn rest(&mut self, to: u64, on: &str) -> Result<Vec<Value>, Stop> {
        if to != 0 {
            return inapplicable("needs several peers");
        }
        self.pump(Instant::now() + self.options.quiet, |_| false);
        Ok(self.sent.remove(on).unwrap_or_default().into())
    }

    fn first_slot(&self) -> u64 {
        self.slot
    }

    fn magic(&self) -> u32 {
        self.options.magic
    }
}
