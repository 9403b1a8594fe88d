//! A whole node under test: a role above all its connections, and who answers its questions.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::play::Joining;
use super::tested::{Event, Tested};
use crate::ask::AskId;
use crate::chia::{Node, NodeCommand, NodeConfig, NodeNotice, NodeRemote, NodeSend};
use crate::codec::chia::PeerInfo;
use crate::link::Transport;
use crate::machine::{Action, Machine, Out};
use crate::outbox::Outbox;
use crate::sim::chia::{Answers, Oracle};
use crate::sim::scenario::Asked;
use crate::sim::scenario::value::{data, typed};
use crate::state::chia::{ConnectionId, Opened, Role};
use crate::time::Time;

/// The port that peers dial from.
const FROM: u16 = 50_000;

pub(super) struct Whole<R: Role, O> {
    node: Node<R>,
    oracle: O,
    /// Open questions.
    asked: BTreeMap<AskId, R::Query>,
    /// Answers that take their time.
    later: Vec<(Time, R::Local)>,
    /// What it wants dialled, and nobody was reached yet.
    dials: Vec<PeerInfo>,
    events: Vec<Event>,
}

impl<R, O> Whole<R, O>
where
    R: Role<Query: Clone + Serialize, Notice: Serialize>,
    O: Oracle<R>,
{
    pub fn new(config: NodeConfig, role: R, oracle: O) -> Self {
        Self {
            node: Node::new(config, role),
            oracle,
            asked: BTreeMap::new(),
            later: Vec::new(),
            dials: Vec::new(),
            events: Vec::new(),
        }
    }

    /// A command that every node of this role is given at first.
    pub fn started(mut self, command: R::Local) -> Self {
        let _ = self.command(Time::ZERO, NodeCommand::Role(command));
        self
    }

    /// `Some` says why it was refused.
    fn command(&mut self, now: Time, command: NodeCommand<R::Local>) -> Option<Value> {
        let mut out = Outbox::new();
        let refused = self.node.handle_local(now, command, &mut out).err();
        self.absorb(now, &mut out);
        refused.map(|refusal| data(&refusal.why))
    }

    fn absorb(&mut self, now: Time, out: &mut Out<Node<R>>) {
        while let Some(action) = out.pop() {
            match action {
                Action::Send(NodeSend::Bytes(peer, bytes)) => {
                    self.events.push(Event::Sent { peer: number(peer), bytes });
                }
                // If there is more to say of it, that follows.
                Action::Send(NodeSend::Close(peer)) => {
                    let ending = Value::from("done");
                    self.events.push(Event::Closed { peer: number(peer), ending });
                }
                Action::Send(NodeSend::Dial(address)) => {
                    self.events.push(Event::Notice(json!({ "dial": address })));
                    self.dials.push(address);
                }
                Action::Notify(notice) => self.told(now, &notice),
                Action::Ask(id, query) => {
                    let asked = Asked { from: 0, id: id.as_u64(), query: data(&query) };
                    self.asked.insert(id, query);
                    self.events.push(Event::Ask(asked));
                }
                // It never ends.
                Action::Close(_) => {}
            }
        }
    }

    fn told(&mut self, now: Time, notice: &NodeNotice<R::Notice>) {
        self.events.push(Event::Notice(match notice {
            NodeNotice::Role(notice) => data(notice),
            of_node => data(of_node),
        }));
        match notice {
            NodeNotice::Closed { connection, ending, .. } => {
                let ending = data(ending);
                self.events.push(Event::Closed { peer: number(*connection), ending });
            }
            NodeNotice::Role(notice) => {
                let mut answers = Answers::new();
                self.oracle.told(now, notice, &mut answers);
                self.give(now, answers);
            }
            _ => {}
        }
    }

    /// Hands answers in, those that take their time when it has come.
    fn give(&mut self, now: Time, mut answers: Answers<R::Local>) {
        for (after, answer) in answers.take() {
            self.later.push((now.after(after), answer));
        }
        self.hand_in(now);
    }

    fn hand_in(&mut self, now: Time) {
        while let Some(at) = self.later.iter().position(|(due, _)| *due <= now) {
            let (_, answer) = self.later.remove(at);
            // A question of something already gone needs no answer.
            let _ = self.command(now, NodeCommand::Role(answer));
        }
    }
}

fn number(peer: ConnectionId) -> u8 {
    u8::try_from(peer.0).unwrap_or(u8::MAX)
}

impl<R, O> Tested for Whole<R, O>
where
    R: Role<Local: DeserializeOwned, Query: Clone + Serialize, Notice: Serialize>,
    O: Oracle<R>,
{
    fn join(&mut self, now: Time, joining: &Joining) -> Result<(), String> {
        let Joining { peer, host, port, .. } = joining;
        let id = ConnectionId((*peer).into());
        let at = |port| PeerInfo { host: host.clone(), port };
        let mut opened = if joining.dialled {
            let opened = Opened::outbound(id, Some(at(*port)));
            match self.dials.iter().position(|wanted| wanted.host == *host) {
                Some(wanted) => opened.of_dial(self.dials.remove(wanted)),
                None => opened,
            }
        } else {
            Opened::inbound(id, Some(at(FROM)))
        };
        if joining.trusted {
            opened = opened.trusted();
        }
        let refused = self.command(now, NodeCommand::Opened(opened));
        self.deliver(now, *peer, Transport::Writable(joining.takes));
        refused.map_or(Ok(()), |why| Err(alloc::format!("refused a connection: {why}")))
    }

    fn deliver(&mut self, now: Time, peer: u8, transport: Transport) {
        let mut out = Outbox::new();
        let remote = NodeRemote { connection: ConnectionId(peer.into()), transport };
        self.node.handle_remote(now, remote, &mut out);
        self.absorb(now, &mut out);
    }

    /// A command of the role, or `{"node": ..}`, one of the node.
    fn local(&mut self, now: Time, command: &Value) -> Result<Option<Value>, String> {
        let command = match command.get("node") {
            Some(command) => typed(command)?,
            None => NodeCommand::Role(typed(command)?),
        };
        Ok(self.command(now, command))
    }

    fn timeout(&mut self, now: Time) {
        self.hand_in(now);
        if self.node.deadline().is_some_and(|due| due <= now) {
            let mut out = Outbox::new();
            self.node.handle_timeout(now, &mut out);
            self.absorb(now, &mut out);
        }
    }

    fn deadline(&self) -> Option<Time> {
        let later = self.later.iter().map(|(due, _)| *due);
        later.chain(self.node.deadline()).min()
    }

    fn events(&mut self) -> Vec<Event> {
        core::mem::take(&mut self.events)
    }

    fn answer(&mut self, now: Time, asked: &Asked) -> bool {
        let id = AskId::from_u64(asked.id);
        let Some(query) = self.asked.remove(&id) else { return false };
        let mut answers = Answers::new();
        self.oracle.asked(now, id, query, &mut answers);
        self.give(now, answers);
        true
    }
}
