//! What is tested, as the bench sees it: bytes of peers and JSON go in, bytes and JSON come out.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::play::Joining;
use crate::ask::AskId;
use crate::link::{Framed, LengthPrefixed, OverFrames, Transport};
use crate::machine::{Action, Machine, Out};
use crate::outbox::Outbox;
use crate::sim::scenario::Asked;
use crate::sim::scenario::value::{data, typed};
use crate::state::chia::Direction;
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

/// Makes a machine on a stream that was dialled by either end.
type Make<M> = Box<dyn Fn(Direction) -> Framed<M, LengthPrefixed>>;

/// A machine on one stream by itself: a connection, or one end of a session with a pool.
pub(super) struct Single<M: OverFrames> {
    make: Make<M>,
    /// The command that begins it, where one does.
    open: Option<M::Local>,
    honest: fn(AskId, M::Query) -> M::Local,
    session: Option<UntilClosed<Framed<M, LengthPrefixed>>>,
    peer: u8,
    asked: BTreeMap<AskId, M::Query>,
    events: Vec<Event>,
}

impl<M: OverFrames<Query: Clone + Serialize, Notice: Serialize>> Single<M> {
    pub fn new(
        make: Make<M>,
        open: Option<M::Local>,
        honest: fn(AskId, M::Query) -> M::Local,
    ) -> Self {
        let (asked, events) = (BTreeMap::new(), Vec::new());
        Self { make, open, honest, session: None, peer: 0, asked, events }
    }

    fn step(
        &mut self,
        run: impl FnOnce(
            &mut UntilClosed<Framed<M, LengthPrefixed>>,
            &mut Out<Framed<M, LengthPrefixed>>,
        ),
    ) {
        let Some(session) = &mut self.session else { return };
        let mut out = Outbox::new();
        run(session, &mut out);
        let peer = self.peer;
        while let Some(action) = out.pop() {
            self.events.push(match action {
                Action::Send(bytes) => Event::Sent { peer, bytes },
                Action::Notify(notice) => Event::Notice(data(&notice)),
                Action::Ask(id, query) => {
                    let form = data(&query);
                    self.asked.insert(id, query);
                    Event::Ask(Asked { from: peer.into(), id: id.as_u64(), query: form })
                }
                Action::Close(ending) => Event::Closed { peer, ending: data(&ending) },
            });
        }
    }

    fn command(&mut self, now: Time, command: M::Local) -> Option<Value> {
        let mut refused = None;
        self.step(|session, out| {
            refused = session.handle_local(now, command, out).err().map(|it| data(&it.why));
        });
        refused
    }
}

impl<M> Tested for Single<M>
where
    M: OverFrames<Query: Clone + Serialize, Notice: Serialize, Local: DeserializeOwned>,
{
    fn join(&mut self, now: Time, joining: &Joining) -> Result<(), String> {
        if self.session.is_some() {
            return Err("it has one peer".to_string());
        }
        let way = if joining.dialled { Direction::Outbound } else { Direction::Inbound };
        self.session = Some(UntilClosed::new((self.make)(way)));
        self.peer = joining.peer;
        let takes = Transport::Writable(joining.takes);
        self.step(|session, out| session.handle_remote(now, takes, out));
        if let Some(open) = self.open.take() {
            self.command(now, open);
        }
        Ok(())
    }

    fn deliver(&mut self, now: Time, _: u8, input: Transport) {
        self.step(|session, out| session.handle_remote(now, input, out));
    }

    fn local(&mut self, now: Time, command: &Value) -> Result<Option<Value>, String> {
        Ok(self.command(now, typed(command)?))
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
        let id = AskId::from_u64(asked.id);
        let Some(query) = self.asked.remove(&id) else { return false };
        // Who has gone meanwhile needs no answer.
        self.command(now, (self.honest)(id, query));
        true
    }
}
