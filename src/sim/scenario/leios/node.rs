//! A node that fetches from several peers: a client for each and the decision logic over them.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use bytes::Bytes;
use serde_json::{Value, json};

use super::content::Store;
use super::tested::{Delivery, Event, Tested, honest, sent, told};
use crate::channel::Channel;
use crate::link::{ChannelInput, Channels};
use crate::machine::{Action, Machine};
use crate::outbox::Outbox;
use crate::sim::scenario::Asked;
use crate::sim::scenario::value::{data, typed};
use crate::state::leios::{
    Client, ClientCommand, ClientNotice, Fetch, FetchCommand, FetchLimits, FetchQuery, Limits,
    SlotClock,
};
use crate::table::Role;
use crate::time::Time;
use crate::until_closed::UntilClosed;

/// The number under which questions of the decision logic are told from those of the clients.
const FETCH: u64 = u64::MAX;

pub(super) struct Node {
    fetch: Fetch<u64>,
    clients: BTreeMap<u64, UntilClosed<Channels<Client>>>,
    events: Vec<Event>,
}

/// What is still to be handed on inside.
enum Inside {
    Fetch(FetchCommand<u64>),
    Notice(u64, ClientNotice),
    Client(u64, ClientCommand),
}

impl Node {
    /// Clients of `peers` servers, all started.
    pub fn new(peers: u64, limits: &Limits, clock: SlotClock, policy: FetchLimits) -> Self {
        let client = |peer| {
            let machine = <Client>::new(limits.clone(), clock);
            (peer, UntilClosed::new(Channels::new(machine)))
        };
        let clients = (0..peers).map(client).collect();
        let mut node = Self { fetch: Fetch::new(policy), clients, events: Vec::new() };
        for peer in 0..peers {
            node.settle(Time::ZERO, Inside::Client(peer, ClientCommand::Start));
            node.settle(Time::ZERO, Inside::Fetch(FetchCommand::Joined(peer)));
        }
        node
    }

    /// Hands on what one thing leads to, until all is quiet. The first refusal is returned.
    fn settle(&mut self, now: Time, first: Inside) -> Option<Value> {
        let mut refused = None;
        let mut inside = VecDeque::from([first]);
        while let Some(next) = inside.pop_front() {
            match next {
                Inside::Client(peer, command) => {
                    let mut out = Outbox::new();
                    let Some(client) = self.clients.get_mut(&peer) else { continue };
                    let result = client.handle_local(now, command, &mut out);
                    if let Err(refusal) = result {
                        refused.get_or_insert(data(&refusal.why));
                        inside.push_back(Inside::Fetch(FetchCommand::Refused(peer, refusal.input)));
                    }
                    self.absorb_client(now, peer, out, &mut inside);
                }
                Inside::Fetch(command) => {
                    let mut out = Outbox::new();
                    if let Err(refusal) = self.fetch.handle_local(now, command, &mut out) {
                        refused.get_or_insert(data(&refusal.why));
                    }
                    self.absorb_fetch(out, &mut inside);
                }
                Inside::Notice(peer, notice) => {
                    let mut out = Outbox::new();
                    self.fetch.handle_remote(now, (peer, notice), &mut out);
                    self.absorb_fetch(out, &mut inside);
                }
            }
        }
        refused
    }

    fn absorb_client(
        &mut self,
        now: Time,
        peer: u64,
        mut out: crate::machine::Out<Channels<Client>>,
        inside: &mut VecDeque<Inside>,
    ) {
        while let Some(action) = out.pop() {
            match action {
                Action::Send(message) => {
                    self.events.push(sent(peer, message.channel.number, &message.bytes));
                    let bytes = u32::try_from(message.bytes.len()).unwrap_or(u32::MAX);
                    let left = ChannelInput::Drained { channel: message.channel, bytes };
                    if let Some(client) = self.clients.get_mut(&peer) {
                        client.handle_remote(now, left, &mut out);
                    }
                }
                Action::Notify(notice) => inside.push_back(Inside::Notice(peer, notice)),
                other => {
                    if matches!(other, Action::Close(_)) {
                        inside.push_back(Inside::Fetch(FetchCommand::Left(peer)));
                    }
                    self.events.extend(told(peer, other).ok());
                }
            }
        }
    }

    fn absorb_fetch(
        &mut self,
        mut out: crate::machine::Out<Fetch<u64>>,
        inside: &mut VecDeque<Inside>,
    ) {
        while let Some(action) = out.pop() {
            match told(FETCH, action) {
                Ok(event) => self.events.push(event),
                Err((peer, command)) => inside.push_back(Inside::Client(peer, command)),
            }
        }
    }
}

impl Tested for Node {
    fn local(&mut self, now: Time, command: &Value) -> Result<Option<Value>, String> {
        let inside = if let Some(command) = command.get("Fetch") {
            Inside::Fetch(typed(command)?)
        } else if let Some(command) = command.get("Client") {
            let (peer, command) = typed(command)?;
            Inside::Client(peer, command)
        } else {
            return Err("a command for a node is of `Fetch` or of `Client`".to_string());
        };
        Ok(self.settle(now, inside))
    }

    fn remote(&mut self, now: Time, delivery: Delivery) -> Result<(), String> {
        let (peer, input) = match delivery {
            Delivery::Message { from, on, bytes } => {
                let channel = Channel::new(on.number(), Role::Initiator);
                (from, ChannelInput::Received { channel, bytes: Bytes::from(bytes) })
            }
            Delivery::Eof => (0, ChannelInput::Closed),
            _ => return Err("a node takes messages".to_string()),
        };
        let client =
            self.clients.get_mut(&peer).ok_or_else(|| format!("there is no peer {peer}"))?;
        let mut out = Outbox::new();
        client.handle_remote(now, input, &mut out);
        let mut inside = VecDeque::new();
        self.absorb_client(now, peer, out, &mut inside);
        for next in inside {
            self.settle(now, next);
        }
        Ok(())
    }

    fn timeout(&mut self, now: Time) {
        let mut inside = VecDeque::new();
        let mut out = Outbox::new();
        self.fetch.handle_timeout(now, &mut out);
        self.absorb_fetch(out, &mut inside);
        let peers: Vec<u64> = self.clients.keys().copied().collect();
        for peer in peers {
            let mut out = Outbox::new();
            if let Some(client) = self.clients.get_mut(&peer) {
                client.handle_timeout(now, &mut out);
            }
            self.absorb_client(now, peer, out, &mut inside);
        }
        for next in inside {
            self.settle(now, next);
        }
    }

    fn deadline(&self) -> Option<Time> {
        let clients = self.clients.values().filter_map(Machine::deadline);
        clients.chain(self.fetch.deadline()).min()
    }

    fn events(&mut self) -> Vec<Event> {
        core::mem::take(&mut self.events)
    }

    fn honest(&self, asked: &Asked, store: &Store) -> Option<Value> {
        if asked.from != FETCH {
            return Some(json!({ "Client": [asked.from, honest(asked, store)?] }));
        }
        let FetchQuery::WhichAreMissing { references, .. } = typed(&asked.query).ok()?;
        let all: Vec<usize> = (0..references.len()).collect();
        Some(json!({ "Fetch": { "Missing": { "id": asked.id, "indices": all } } }))
    }
}
