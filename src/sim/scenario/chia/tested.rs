//! What is tested, as the bench sees it: bytes of peers and JSON go in, bytes and JSON come out.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use bytes::Bytes;
use serde_json::Value;

use super::play::Joining;
use crate::ask::AskId;
use crate::chia::{Session, session};
use crate::link::Transport;
use crate::machine::{Action, Machine, Out};
use crate::outbox::Outbox;
use crate::sim::scenario::Asked;
use crate::sim::scenario::value::{data, typed};
use crate::state::chia::{Admission, ConnectionCommand, ConnectionConfig, Direction};
use crate::time::Time;
use crate::until_closed::UntilClosed;

/// What the tested side does.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Event {
    Sent { peer: u8, bytes: Bytes },
    Notice(Value),
    Ask(Asked),
    Closed { peer: u8, ending: Value },
}

/// A machine under test.
pub(super) trait Tested {
    fn join(&mut self, now: Time, joining: &Joining) -> Result<(), String>;
    fn deliver(&mut self, now: Time, peer: u8, input: Transport);
    /// A command of the application; `Some` says why it was refused.
    fn local(&mut self, now: Time, command: &Value) -> Result<Option<Value>, String>;
    fn timeout(&mut self, now: Time);
    fn deadline(&self) -> Option<Time>;
    fn events(&mut self) -> Vec<Event>;
    /// Answers a question as an honest application would; false: there is no such question.
    fn answer(&mut self, now: Time, asked: &Asked) -> bool;
}

/// A connection by itself: whoever runs it admits every peer.
pub(super) struct Single {
    config: ConnectionConfig,
    session: Option<UntilClosed<Session>>,
    peer: u8,
    events: Vec<Event>,
}

impl Single {
    pub const fn new(config: ConnectionConfig) -> Self {
        Self { config, session: None, peer: 0, events: Vec::new() }
    }

    fn step(&mut self, run: impl FnOnce(&mut UntilClosed<Session>, &mut Out<Session>)) {
        let Some(session) = &mut self.session else { return };
        let mut out = Outbox::new();
        run(session, &mut out);
        let peer = self.peer;
        self.events.extend(out.drain().map(|action| match action {
            Action::Send(bytes) => Event::Sent { peer, bytes },
            Action::Notify(notice) => Event::Notice(data(&notice)),
            Action::Ask(id, query) => {
                Event::Ask(Asked { from: peer.into(), id: id.as_u64(), query: data(&query) })
            }
            Action::Close(ending) => Event::Closed { peer, ending: data(&ending) },
        }));
    }
}

impl Tested for Single {
    fn join(&mut self, now: Time, joining: &Joining) -> Result<(), String> {
        if self.session.is_some() {
            return Err("a connection has one peer".to_string());
        }
        let way = if joining.dialled { Direction::Outbound } else { Direction::Inbound };
        self.session = Some(UntilClosed::new(session(self.config.clone(), way)));
        self.peer = joining.peer;
        self.step(|session, out| {
            session.handle_remote(now, Transport::Writable(joining.takes), out);
            // It was not open before.
            let _ = session.handle_local(now, ConnectionCommand::Open, out);
        });
        Ok(())
    }

    fn deliver(&mut self, now: Time, _: u8, input: Transport) {
        self.step(|session, out| session.handle_remote(now, input, out));
    }

    fn local(&mut self, now: Time, command: &Value) -> Result<Option<Value>, String> {
        let command = typed(command)?;
        let mut refused = None;
        self.step(|session, out| {
            refused = session.handle_local(now, command, out).err().map(|it| data(&it.why));
        });
        Ok(refused)
    }

    fn timeout(&mut self, now: Time) {
        self.step(|session, out| session.handle_timeout(now, out));
    }

    fn deadline(&self) -> Option<Time> {
        self.session.as_ref()?.deadline()
    }

    fn events(&mut self) -> Vec<Event> {
        core::mem::take(&mut self.events)
    }

    fn answer(&mut self, now: Time, asked: &Asked) -> bool {
        let admitted =
            ConnectionCommand::Admitted(AskId::from_u64(asked.id), Admission::Registered);
        // Who has gone meanwhile needs no answer.
        self.step(|session, out| drop(session.handle_local(now, admitted, out)));
        true
    }
}
