//! Our own machines on the bench: scenarios played in this process, in bytes, under virtual time.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use super::content::World;
use super::peer;
use super::play::{Joining, Wired, play};
use super::subjects;
use super::tested::{Event, Tested};
use crate::link::Transport;
use crate::sim::scenario::clock::{Timed, advance, pass};
use crate::sim::scenario::play::like;
use crate::sim::scenario::{Asked, Outcome, Scenario, Stop, Subject};
use crate::time::Time;

/// Plays a scenario against our machine.
pub(in crate::sim::scenario) fn run(scenario: &Scenario) -> Outcome {
    match Bench::new(scenario) {
        Ok(mut bench) => play(scenario, &mut bench),
        Err(why) => Outcome::Broken { step: 0, why },
    }
}

/// One machine, its time and what it has done.
struct Bench {
    machine: Box<dyn Tested>,
    /// No question is answered by itself.
    manual: bool,
    /// Questions of these kinds are kept.
    held: Vec<String>,
    now: Time,
    peers: BTreeMap<u8, Ended>,
    /// What was sent to each peer and is not yet a frame, and the frames that were not heard.
    streams: BTreeMap<u8, Vec<u8>>,
    frames: BTreeMap<u8, VecDeque<Vec<u8>>>,
    notices: Vec<Value>,
    asked: Vec<Asked>,
}

/// What became of a peer.
struct Ended {
    name: String,
    /// How its connection ended, until a step has said so.
    ending: Option<Value>,
    /// It was the peer's doing.
    left: bool,
}

impl Bench {
    fn new(scenario: &Scenario) -> Result<Self, String> {
        let machine = subjects::machine(scenario, &World::new(&scenario.content)?)?;
        let mut bench = Self {
            machine,
            manual: scenario.manual,
            held: Vec::new(),
            now: Time::ZERO,
            peers: BTreeMap::new(),
            streams: BTreeMap::new(),
            frames: BTreeMap::new(),
            notices: Vec::new(),
            asked: Vec::new(),
        };
        bench.settle();
        Ok(bench)
    }

    /// Sorts what the machine did, and answers its questions.
    fn settle(&mut self) {
        loop {
            let events = self.machine.events();
            if events.is_empty() {
                return;
            }
            for event in events {
                match event {
                    Event::Sent { peer, bytes } => self.sent(peer, &bytes),
                    Event::Notice(notice) => self.notices.push(notice),
                    Event::Closed { peer, ending } => {
                        if let Some(ended) = self.peers.get_mut(&peer) {
                            ended.ending = Some(ending);
                        }
                    }
                    Event::Ask(asked) => self.ask(asked),
                }
            }
        }
    }

    fn sent(&mut self, peer: u8, bytes: &[u8]) {
        let stream = self.streams.entry(peer).or_default();
        stream.extend_from_slice(bytes);
        while let Some(body) = peer::frame(stream) {
            self.frames.entry(peer).or_default().push_back(body);
        }
    }

    fn ask(&mut self, asked: Asked) {
        let kind = match &asked.query {
            Value::String(kind) => Some(kind),
            query => query.as_object().and_then(|fields| fields.keys().next()),
        };
        let held = kind.is_some_and(|kind| self.held.contains(kind));
        if self.manual || held || !self.machine.answer(self.now, &asked) {
            self.asked.push(asked);
        }
    }

    fn deliver(&mut self, peer: u8, input: Transport) {
        self.machine.deliver(self.now, peer, input);
        self.settle();
    }
}

impl Timed for Bench {
    fn now(&mut self) -> &mut Time {
        &mut self.now
    }

    fn deadline(&self) -> Option<Time> {
        self.machine.deadline()
    }

    fn timeout(&mut self) {
        self.machine.timeout(self.now);
        self.settle();
    }
}

impl Subject for Bench {
    fn local(&mut self, command: &Value, _: bool) -> Result<Option<Value>, Stop> {
        let refused = self.machine.local(self.now, command).map_err(Stop::Broken)?;
        self.settle();
        Ok(refused)
    }

    fn asked(&mut self) -> Result<Vec<Asked>, Stop> {
        Ok(self.asked.clone())
    }

    fn answer(&mut self, asked: &Asked, with: Option<&Value>) -> Result<(), Stop> {
        self.asked.retain(|open| open != asked);
        let Some(command) = with else {
            self.machine.answer(self.now, asked);
            self.settle();
            return Ok(());
        };
        match self.local(command, true)? {
            None => Ok(()),
            Some(why) => Err(Stop::Failed(format!("refused an answer: {why}"))),
        }
    }

    fn wait(&mut self, micros: u64) -> Result<(), Stop> {
        pass(self, micros);
        Ok(())
    }

    fn notices(&mut self) -> Result<Option<Vec<Value>>, Stop> {
        Ok(Some(core::mem::take(&mut self.notices)))
    }

    fn verdict(&mut self, accept: &[Value]) -> Result<(), Stop> {
        let in_order = |it: &&mut Ended| it.left && it.ending == Some(Value::from("done"));
        let peers = self.peers.values_mut().filter(|it| !in_order(it));
        let ended: Vec<_> = peers.filter_map(Ended::take).collect();
        let found = match <[Value; 1]>::try_from(ended) {
            Ok([one]) => one,
            Err(ended) if ended.is_empty() => Value::from("running"),
            Err(ended) => Value::Array(ended),
        };
        like(accept, &found)
    }
}

impl Ended {
    /// How it ended, once; a fault with the peer's name.
    fn take(&mut self) -> Option<Value> {
        let mut ending = self.ending.take()?;
        if let Some(fields) = ending.as_object_mut() {
            fields.insert("peer".to_string(), Value::from(self.name.as_str()));
        }
        Some(ending)
    }
}

impl Wired for Bench {
    fn join(&mut self, joining: &Joining) -> Result<(), Stop> {
        let name = joining.name.clone();
        self.peers.insert(joining.peer, Ended { name, ending: None, left: false });
        self.machine.join(self.now, joining).map_err(Stop::Broken)?;
        self.settle();
        Ok(())
    }

    fn deliver(&mut self, peer: u8, bytes: &[u8]) -> Result<(), Stop> {
        self.deliver(peer, Transport::Received(Bytes::copy_from_slice(bytes)));
        Ok(())
    }

    fn leave(&mut self, peer: u8) -> Result<(), Stop> {
        if let Some(ended) = self.peers.get_mut(&peer) {
            ended.left = true;
        }
        self.deliver(peer, Transport::Closed);
        Ok(())
    }

    fn heard(&mut self, peer: u8, within: Option<u64>) -> Result<Option<Vec<u8>>, Stop> {
        if let Some(within) = within {
            let until = self.now.after(Duration::from_micros(within));
            let there = |bench: &Self| bench.frames.get(&peer).is_some_and(|it| !it.is_empty());
            advance(self, until, there);
        }
        Ok(self.frames.get_mut(&peer).and_then(VecDeque::pop_front))
    }

    fn rest(&mut self, peer: u8) -> Result<Vec<Vec<u8>>, Stop> {
        Ok(self.frames.remove(&peer).unwrap_or_default().into())
    }

    fn hold(&mut self, kinds: &[String]) -> Result<(), Stop> {
        self.held = kinds.to_vec();
        Ok(())
    }

    fn gone(&mut self, peer: u8, with: &Value) -> Result<(), Stop> {
        let Some(found) = self.peers.get_mut(&peer).and_then(Ended::take) else {
            return Err(Stop::Failed("keeps the connection".to_string()));
        };
        like(core::slice::from_ref(with), &found)
    }
}
