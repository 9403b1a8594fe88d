//! The peers of a scenario, each a TCP connection of ours.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use nodewire::codec::Source;
use nodewire::codec::chia::messages::{Ping, Pong};
use nodewire::codec::chia::{Bytes32, Message, SubProtocol};
use nodewire::sim::scenario::chia::{Joining, Wired};
use nodewire::sim::scenario::{Asked, Stop, Subject};
use serde_json::Value;
use tokio::time::Instant;

use super::Options;
use crate::check::short_enough;
use crate::check::socket::read_more;

/// Bytes of the length before a frame (FR-1).
pub(super) const LENGTH: usize = 4;
/// How long what has been sent before may take to have its effect.
const SETTLE: Duration = Duration::from_millis(20);
/// What is in the message that makes us established.
const ACK: &[u8] = b"handshake_ack";
/// What a ping of ours has that asks whether somebody is there.
const NONCE: Bytes32 = Bytes32([0xA5; 32]);

pub(super) struct Wire {
    address: SocketAddr,
    options: Options,
    /// Only what all connections speak is looked at: what the role says is no part of it.
    shared_only: bool,
    peers: BTreeMap<u8, Link>,
}

/// A connection.
struct Link {
    name: String,
    stream: TcpStream,
    raw: Vec<u8>,
    shared_only: bool,
    /// We have said our handshake_ack.
    acked: bool,
    /// Nothing more comes.
    closed: bool,
    /// The scenario has ended it.
    left: bool,
    /// The scenario has said how it ended.
    settled: bool,
}

impl Wire {
    pub(super) const fn new(address: SocketAddr, options: Options, shared_only: bool) -> Self {
        Self { address, options, shared_only, peers: BTreeMap::new() }
    }

    fn peer(&mut self, peer: u8) -> Result<&mut Link, Stop> {
        self.peers.get_mut(&peer).ok_or_else(|| Stop::Broken(format!("there is no peer {peer}")))
    }
}

impl Link {
    fn write(&mut self, bytes: &[u8]) {
        // Whoever is found at fault may close while we still send.
        if self.stream.write_all(bytes).is_err() {
            self.closed = true;
        }
    }

    /// Reads until it is enough, too late or over.
    fn pump(&mut self, span: Duration, enough: impl Fn(&Self) -> bool) {
        let until = Instant::now() + span;
        while !self.closed && !enough(self) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            self.closed = !read_more(&mut self.stream, left, &mut self.raw);
        }
    }

    /// How long the first frame is, once all of it is there.
    fn whole(&self) -> Option<usize> {
        let length = u32::from_be_bytes(*self.raw.first_chunk::<LENGTH>()?) as usize;
        let end = LENGTH.saturating_add(length);
        (self.raw.len() >= end).then_some(end)
    }

    /// The next body that is looked at.
    fn take(&mut self) -> Option<Vec<u8>> {
        loop {
            let end = self.whole()?;
            let body: Vec<u8> = self.raw.drain(..end).skip(LENGTH).collect();
            let message = Message::decode(&body, Source::COPY);
            let is_of_role =
                message.is_ok_and(|message| message.function().protocol() != SubProtocol::Shared);
            if !(self.shared_only && is_of_role) {
                return Some(body);
            }
        }
    }

    /// The same, if it comes in time.
    fn next(&mut self, within: Duration) -> Option<Vec<u8>> {
        let until = Instant::now() + within;
        loop {
            self.pump(until.saturating_duration_since(Instant::now()), |it| it.whole().is_some());
            let is_over = self.whole().is_none();
            if let Some(body) = self.take() {
                return Some(body);
            }
            if is_over {
                return None;
            }
        }
    }

    /// Whether it answers a ping still, or, before that may be, is open.
    fn alive(&mut self, options: &Options) -> Result<(), Stop> {
        if !self.acked {
            self.pump(options.quiet, |_| false);
            let why = || Stop::Failed(format!("closed the connection to {}", self.name));
            return if self.closed { Err(why()) } else { Ok(()) };
        }
        self.write(&framed(&Ping { nonce: NONCE }.into()));
        let until = Instant::now() + options.patience;
        loop {
            let body = self.next(until.saturating_duration_since(Instant::now()));
            match body.map(|body| Message::decode(&body, Source::COPY)) {
                Some(Ok(Message::Pong(Pong { nonce }))) if nonce == NONCE => return Ok(()),
                Some(_) => {}
                None if self.closed => {
                    let why = format!("closed the connection to {}, for nothing", self.name);
                    return Err(Stop::Failed(why));
                }
                None => {
                    let why = format!("does not answer a ping of {} any more", self.name);
                    return Err(Stop::Failed(why));
                }
            }
        }
    }

    fn ends(&mut self, options: &Options) -> Result<(), Stop> {
        self.pump(options.patience, |_| false);
        if self.closed {
            self.settled = true;
            return Ok(());
        }
        Err(Stop::Failed(format!("kept the connection to {} open after a violation", self.name)))
    }
}

impl Subject for Wire {
    fn local(&mut self, _: &Value, _: bool) -> Result<Option<Value>, Stop> {
        inapplicable("needs commands of the tested side's application")
    }

    fn asked(&mut self) -> Result<Vec<Asked>, Stop> {
        inapplicable("needs answers of the tested side's application")
    }

    fn answer(&mut self, _: &Asked, _: Option<&Value>) -> Result<(), Stop> {
        inapplicable("needs answers of the tested side's application")
    }

    fn wait(&mut self, micros: u64) -> Result<(), Stop> {
        let span = short_enough(micros, self.options.longest_wait)?;
        std::thread::sleep(span);
        Ok(())
    }

    fn notices(&mut self) -> Result<Option<Vec<Value>>, Stop> {
        Ok(None)
    }

    fn verdict(&mut self, accept: &[Value]) -> Result<(), Stop> {
        let any = |wanted: fn(&Value) -> bool| accept.iter().any(wanted);
        let (fault, running) = (any(|it| it.get("fault").is_some()), any(|it| it == "running"));
        if any(|it| it == "done") || fault && running {
            // What it had to do it has done, and how it goes on is up to it.
            return Ok(());
        }
        let options = self.options.clone();
        let open = self.peers.values_mut().filter(|link| !link.settled);
        if running {
            return open.filter(|link| !link.left).try_for_each(|link| link.alive(&options));
        }
        // One of them has to be closed; which one, only the tested side could tell.
        let mut last = Err(Stop::Failed("kept all connections open".to_owned()));
        for link in open {
            last = link.ends(&options);
            if last.is_ok() {
                return Ok(());
            }
        }
        last
    }
}

impl Wired for Wire {
    fn join(&mut self, joining: &Joining) -> Result<(), Stop> {
        let failed = |error: std::io::Error| Stop::Failed(format!("{}: {error}", joining.name));
        let stream = TcpStream::connect_timeout(&self.address, self.options.patience);
        let stream = stream.map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        let name = joining.name.clone();
        let link = Link {
            name,
            stream,
            raw: Vec::new(),
            shared_only: self.shared_only,
            acked: false,
            closed: false,
            left: false,
            settled: false,
        };
        self.peers.insert(joining.peer, link);
        Ok(())
    }

    fn deliver(&mut self, peer: u8, bytes: &[u8]) -> Result<(), Stop> {
        let link = self.peer(peer)?;
        // Nothing that came before may be the reason for closing.
        link.pump(SETTLE, |_| false);
        if link.closed {
            let why = format!("closed the connection to {} before this step", link.name);
            return Err(Stop::Failed(why));
        }
        link.acked |= bytes.windows(ACK.len()).any(|part| part == ACK);
        link.write(bytes);
        Ok(())
    }

    fn leave(&mut self, peer: u8) -> Result<(), Stop> {
        let link = self.peer(peer)?;
        let _ = link.stream.shutdown(Shutdown::Write);
        link.left = true;
        Ok(())
    }

    fn heard(&mut self, peer: u8, within: Option<u64>) -> Result<Option<Vec<u8>>, Stop> {
        let within =
            within.map(|micros| short_enough(micros, self.options.longest_wait)).transpose()?;
        let within = within.unwrap_or(self.options.patience);
        Ok(self.peer(peer)?.next(within))
    }

    fn rest(&mut self, peer: u8) -> Result<Vec<Vec<u8>>, Stop> {
        let quiet = self.options.quiet;
        let link = self.peer(peer)?;
        link.pump(quiet, |_| false);
        Ok(std::iter::from_fn(|| link.take()).collect())
    }

    fn hold(&mut self, _: &[String]) -> Result<(), Stop> {
        inapplicable("needs answers of the tested side's application")
    }

    fn gone(&mut self, peer: u8, _: &Value) -> Result<(), Stop> {
        let options = self.options.clone();
        self.peer(peer)?.ends(&options)
    }

    fn network_id(&self) -> String {
        self.options.network_id.clone()
    }

    fn version(&self) -> String {
        self.options.version.clone()
    }
}

/// A message as a frame.
pub(super) fn framed(message: &Message) -> Vec<u8> {
    let mut body = Vec::new();
    message.encode(&mut body);
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes()[..], &body].concat()
}

fn inapplicable<T>(why: &str) -> Result<T, Stop> {
    Err(Stop::Inapplicable(why.to_string()))
}
