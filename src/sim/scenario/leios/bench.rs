//! Our own machines on the bench: scenarios played in this process, in bytes, under virtual time.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::content::{self, Store};
use super::node::Node;
use super::play::{Linked, play};
use super::tested::{Delivery, Event, Muxed, Over, Tested};
use super::{FIRST_SLOT, NETWORK_MAGIC};
use crate::channel::ChannelSpec;
use crate::codec::leios::SlotNo;
use crate::link::MuxConfig;
use crate::sim::scenario::clock::{Timed, advance, pass};
use crate::sim::scenario::play::like;
use crate::sim::scenario::value::typed;
use crate::sim::scenario::{Asked, Outcome, Scenario, Stop, Subject};
use crate::state::leios::{
    Client, FetchLimits, Handshake, HandshakeConfig, KeepAliveClient, KeepAliveConfig,
    KeepAliveServer, Limits, NaiveClient, NaiveConfig, NaiveServer, Order, Server, SlotClock,
};
use crate::time::Time;

/// What a scenario can test, each with what it is.
pub(in crate::sim::scenario) static KINDS: [(&str, &str); 12] = [
    ("client", "the client of the pair"),
    ("server", "the server of the pair"),
    ("naive-client", "the client of the baseline"),
    ("naive-server", "the server of the baseline"),
    ("keep-alive-client", "the side that pings"),
    ("keep-alive-server", "the side that answers pings"),
    ("handshake-initiator", "the side that proposes versions"),
    ("handshake-responder", "the side that chooses a version"),
    ("mux-client", "the client of the pair with its multiplexer"),
    ("mux-server", "the server of the pair with its multiplexer"),
    ("mux-handshake", "the side that chooses a version, with its multiplexer"),
    ("node", "clients of several servers and the decision logic over them"),
];

/// Plays a scenario against our machine.
pub(in crate::sim::scenario) fn run(scenario: &Scenario) -> Outcome {
    match Bench::new(scenario) {
        Ok(mut bench) => play(scenario, &mut bench),
        Err(why) => Outcome::Broken { step: 0, why },
    }
}

/// The configuration of a scenario; every field has a default.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    limits: Limits,
    clock: SlotClock,
    order: Order,
    naive: NaiveConfig,
    keep_alive: KeepAliveConfig,
    handshake: HandshakeConfig,
    mux: MuxConfig,
    foreign: Vec<ChannelSpec>,
    fetch: FetchLimits,
    /// How many servers a node has.
    peers: u64,
    /// Bytes that the transport takes at first; no end of it if there is no number.
    writable: Option<usize>,
    /// True if what the tested side sends leaves only by `drained` steps.
    held: bool,
}

impl Default for Config {
    fn default() -> Self {
        let at = Time::ZERO;
        Self {
            limits: Limits::default(),
            clock: SlotClock { slot: SlotNo(FIRST_SLOT), at, length: Duration::from_secs(1) },
            order: Order::default(),
            naive: NaiveConfig::default(),
            keep_alive: KeepAliveConfig::default(),
            handshake: HandshakeConfig::new(NETWORK_MAGIC),
            mux: MuxConfig::default(),
            foreign: Vec::new(),
            fetch: FetchLimits::default(),
            peers: 1,
            writable: None,
            held: false,
        }
    }
}

impl Config {
    /// The machine of this name.
    fn machine(self, name: &str) -> Option<Box<dyn Tested>> {
        let Self { limits, clock, order, held, mux, foreign, writable, .. } = self;
        let start = Time::ZERO;
        Some(match name {
            "client" => Box::new(Over::new(<Client>::new(limits, clock), held)),
            "server" => Box::new(Over::new(Server::with_order(limits, clock, order), held)),
            "naive-client" => Box::new(Over::new(NaiveClient::new(self.naive), held)),
            "naive-server" => Box::new(Over::new(NaiveServer::new(self.naive), held)),
            "keep-alive-client" => {
                Box::new(Over::new(KeepAliveClient::new(self.keep_alive, start), held))
            }
            "keep-alive-server" => {
                Box::new(Over::new(KeepAliveServer::new(self.keep_alive, start), held))
            }
            "handshake-initiator" => {
                Box::new(Over::new(Handshake::initiator(self.handshake), held))
            }
            "handshake-responder" => {
                Box::new(Over::new(Handshake::responder(self.handshake, start), held))
            }
            "mux-client" => {
                Box::new(Muxed::new(<Client>::new(limits, clock), mux, &foreign, writable))
            }
            "mux-server" => {
                let server = Server::with_order(limits, clock, order);
                Box::new(Muxed::new(server, mux, &foreign, writable))
            }
            "mux-handshake" => {
                let responder = Handshake::responder(self.handshake, start);
                Box::new(Muxed::new(responder, mux, &foreign, writable))
            }
            "node" => Box::new(Node::new(self.peers, &limits, clock, self.fetch)),
            _ => return None,
        })
    }
}

/// One machine, its time and what it has done.
struct Bench {
    machine: Box<dyn Tested>,
    store: Store,
    manual: bool,
    now: Time,
    sent: BTreeMap<(u64, String), VecDeque<Value>>,
    notices: Vec<Value>,
    asked: Vec<Asked>,
    ending: Option<Value>,
}

impl Bench {
    fn new(scenario: &Scenario) -> Result<Self, String> {
        let config: Config = typed(&Value::Object(scenario.config.clone()))?;
        let (_, store) = content::make(&scenario.content, FIRST_SLOT)?;
        let name = &scenario.under_test;
        let machine = config.machine(name).ok_or_else(|| format!("nothing is called {name}"))?;
        let mut bench = Self {
            machine,
            store,
            manual: scenario.manual,
            now: Time::ZERO,
            sent: BTreeMap::new(),
            notices: Vec::new(),
            asked: Vec::new(),
            ending: None,
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
                    Event::Sent { to, on, message } => {
                        self.sent.entry((to, on)).or_default().push_back(message);
                    }
                    Event::Notice(notice) => self.notices.push(notice),
                    Event::Close(ending) => self.ending = Some(ending),
                    Event::Ask(asked) => self.ask(asked),
                }
            }
        }
    }

    fn ask(&mut self, asked: Asked) {
        let answer = if self.manual { None } else { self.machine.honest(&asked, &self.store) };
        match answer {
            // A question of one already gone needs no answer.
            Some(command) => drop(self.machine.local(self.now, &command)),
            None => self.asked.push(asked),
        }
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
        let command = match with {
            Some(command) => command.clone(),
            None => self
                .machine
                .honest(asked, &self.store)
                .ok_or_else(|| Stop::Broken("no honest answer is known".to_string()))?,
        };
        match self.local(&command, true)? {
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
        let found = self.ending.clone().unwrap_or_else(|| Value::String("running".to_string()));
        like(accept, &found)
    }
}

impl Linked for Bench {
    fn deliver(&mut self, delivery: Delivery) -> Result<(), Stop> {
        self.machine.remote(self.now, delivery).map_err(Stop::Broken)?;
        self.settle();
        Ok(())
    }

    fn sent(&mut self, to: u64, on: &str, within: Option<u64>) -> Result<Option<Value>, Stop> {
        let key = (to, on.to_string());
        if let Some(within) = within {
            let until = self.now.after(Duration::from_micros(within));
            let there = |bench: &Self| bench.sent.get(&key).is_some_and(|sent| !sent.is_empty());
            advance(self, until, there);
        }
        Ok(self.sent.get_mut(&key).and_then(VecDeque::pop_front))
    }

    fn rest(&mut self, to: u64, on: &str) -> Result<Vec<Value>, Stop> {
        Ok(self.sent.remove(&(to, on.to_string())).unwrap_or_default().into())
    }

    fn first_slot(&self) -> u64 {
        FIRST_SLOT
    }
}

#[cfg(test)]
mod tests {
    use alloc::rc::Rc;
    use core::cell::Cell;

    use serde_json::Map;

    use super::*;

    /// Is due at once, whatever the time is and however often it was told.
    struct Stuck(Rc<Cell<u64>>);

    impl Tested for Stuck {
        fn local(&mut self, _: Time, _: &Value) -> Result<Option<Value>, String> {
            Ok(None)
        }

        fn remote(&mut self, _: Time, _: Delivery) -> Result<(), String> {
            Ok(())
        }

        fn timeout(&mut self, _: Time) {
            self.0.set(self.0.get() + 1);
        }

        fn deadline(&self) -> Option<Time> {
            Some(Time::from_micros(5))
        }

        fn events(&mut self) -> Vec<Event> {
            Vec::new()
        }
    }

    #[test]
    fn a_machine_that_stays_due_is_told_once_and_time_goes_on() {
        let told = Rc::new(Cell::new(0));
        let (_, store) = content::make(&Map::new(), FIRST_SLOT).unwrap();
        let mut bench = Bench {
            machine: Box::new(Stuck(told.clone())),
            store,
            manual: false,
            now: Time::ZERO,
            sent: BTreeMap::new(),
            notices: Vec::new(),
            asked: Vec::new(),
            ending: None,
        };
        bench.wait(4).unwrap();
        assert_eq!((told.get(), bench.now), (0, Time::from_micros(4)));
        bench.wait(6).unwrap();
        assert_eq!((told.get(), bench.now), (1, Time::from_micros(10)));
    }
}
