//! What two nodes run over one multiplexer after the handshake: KeepAlive and the pair, in one
//! direction or in both.

mod channels;
mod input;
mod parts;

pub use input::{
    ConnectionCommand, ConnectionMessage, ConnectionNotice, ConnectionQuery, ConnectionRemote,
};
pub use parts::{ConnectionConfig, Parts};

use core::mem::{size_of, size_of_val};

use crate::ask::AskId;
use crate::fault::{Ending, Fault, Refusal, Refused};
use crate::machine::{Action, ActionOf, Machine, Out};
use crate::outbox::Scratch;
use crate::state::leios::client::Client;
use crate::state::leios::keep_alive::{KeepAliveClient, KeepAliveCommand, KeepAliveServer};
use crate::state::leios::limits::Limits;
use crate::state::leios::rules;
use crate::state::leios::server::Server;
use crate::time::Time;
use crate::until_closed::UntilClosed;

use parts::Part;

/// KeepAlive and the pair on one connection.
///
/// It has up to four parts ([`Parts`]): each is an own machine with its own limits, and what goes
/// in and comes out is wrapped with the part's name. A fault of any part ends all. A part that is
/// done leaves the others running; once all Leios parts are done, the KeepAlive client finishes by
/// itself, and the connection is `Done` when every part is.
///
/// Questions of the client have even ids, those of the server odd ones: twice the part's own
/// number, and one more for the server. Answers go back with the id that was asked.
///
/// It is never [`saturated`](Machine::saturated) as a whole: links hold back single channels
/// ([`OverChannels::holds`](crate::OverChannels::holds)), so that KeepAlive goes on while a part
/// waits for answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Connection {
    keep_alive_client: Option<UntilClosed<KeepAliveClient>>,
    keep_alive_server: Option<UntilClosed<KeepAliveServer>>,
    client: Option<UntilClosed<Client>>,
    server: Option<UntilClosed<Server>>,
    /// True once the KeepAlive client was told to finish, by whomever.
    resting: bool,
    scratch: Scratches,
}

/// Memory for the actions of the parts that have many: KeepAlive speaks once a minute.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Scratches {
    client: Scratch<Client>,
    server: Scratch<Server>,
}

const _: () = assert!(size_of::<ActionOf<Connection>>() <= 128);
const _: () = crate::machine::kept::<Connection>();

impl Connection {
    /// A connection of these parts that begins `now`.
    #[must_use]
    pub fn new(config: ConnectionConfig, parts: Parts, now: Time) -> Self {
        let ConnectionConfig { limits, clock, order, keep_alive } = config;
        let pings = parts.keep_alive_client.then(|| KeepAliveClient::new(keep_alive.clone(), now));
        let answers = parts.keep_alive_server.then(|| KeepAliveServer::new(keep_alive, now));
        let client = parts.client.then(|| Client::new(limits.clone(), clock));
        let server = parts.server.then(|| Server::with_order(limits, clock, order));
        Self {
            keep_alive_client: pings.map(UntilClosed::new),
            keep_alive_server: answers.map(UntilClosed::new),
            client: client.map(UntilClosed::new),
            server: server.map(UntilClosed::new),
            resting: false,
            scratch: Scratches { client: Scratch::new(), server: Scratch::new() },
        }
    }

    /// The Leios client, if there is one and it still runs.
    #[must_use]
    pub fn client(&self) -> Option<&Client> {
        self.client.as_ref().and_then(UntilClosed::get)
    }

    /// The Leios server, if there is one and it still runs.
    #[must_use]
    pub fn server(&self) -> Option<&Server> {
        self.server.as_ref().and_then(UntilClosed::get)
    }

    /// The KeepAlive client, if there is one and it still runs.
    #[must_use]
    pub fn keep_alive_client(&self) -> Option<&KeepAliveClient> {
        self.keep_alive_client.as_ref().and_then(UntilClosed::get)
    }

    /// The KeepAlive server, if there is one and it still runs.
    #[must_use]
    pub fn keep_alive_server(&self) -> Option<&KeepAliveServer> {
        self.keep_alive_server.as_ref().and_then(UntilClosed::get)
    }

    /// The most that [`footprint`](Machine::footprint) can be with these limits, of all parts
    /// together. KeepAlive has nothing on the heap.
    #[must_use]
    pub fn most_footprint(limits: &Limits) -> usize {
        let client = <Client>::most_footprint(limits).saturating_sub(size_of::<Client>());
        let server = Server::most_footprint(limits).saturating_sub(size_of::<Server>());
        size_of::<Self>()
            .saturating_add(client)
            .saturating_add(server)
            .saturating_add(Scratch::<Client>::most_heap())
            .saturating_add(Scratch::<Server>::most_heap())
    }

    /// Ends what is to end once a part has moved.
    fn settle(&mut self, now: Time, out: &mut Out<Self>) {
        if out.ends() {
            return;
        }
        let leios = self.client.is_some() || self.server.is_some();
        if leios && !self.resting && over(&self.client) && over(&self.server) {
            self.resting = true;
            let scratch = &mut Scratch::new();
            // Refused only if there is none, or it has finished already.
            let _ = local(&mut self.keep_alive_client, scratch, now, KeepAliveCommand::Finish, out);
        }
        let kept = over(&self.keep_alive_client) && over(&self.keep_alive_server);
        if kept && over(&self.client) && over(&self.server) && !out.ends() {
            out.close(Ending::Done);
        }
    }
}

impl Scratches {
    fn heap(&self) -> usize {
        self.client.heap() + self.server.heap()
    }
}

/// True if there is no such part, or none any more.
fn over<M>(part: &Option<UntilClosed<M>>) -> bool {
    part.as_ref().is_none_or(UntilClosed::is_closed)
}

/// Runs a part, and passes its actions on. Its own end in peace is not the end of the connection.
fn run<M: Part, T>(
    scratch: &mut Scratch<M>,
    out: &mut Out<Connection>,
    step: impl FnOnce(&mut Out<M>) -> T,
) -> T {
    let mut inner = scratch.take();
    let result = step(&mut inner);
    for action in inner.drain() {
        match action {
            Action::Send(message) => out.send(M::message(message)),
            Action::Notify(notice) => out.notify(M::notice(notice)),
            Action::Ask(id, query) => out.ask(M::outer(id), M::query(query)),
            Action::Close(Ending::Done) => {}
            Action::Close(Ending::Fault(fault)) => out.fail(fault),
        }
    }
    scratch.put(inner);
    result
}

fn local<M: Part>(
    part: &mut Option<UntilClosed<M>>,
    scratch: &mut Scratch<M>,
    now: Time,
    input: M::Local,
    out: &mut Out<Connection>,
) -> Result<(), Refusal<M::Local>> {
    let Some(part) = part else { return Err(Refusal::new(NO_PART, input)) };
    run(scratch, out, |inner| part.handle_local(now, input, inner))
}

const NO_PART: Refused = Refused::invalid("this connection has no such part");

fn remote<M: Part>(
    part: &mut Option<UntilClosed<M>>,
    scratch: &mut Scratch<M>,
    now: Time,
    input: M::Remote,
    out: &mut Out<Connection>,
) {
    match part {
        None => out.fail(Fault::violation(&rules::UNEXPECTED_MESSAGE, "no part")),
        Some(UntilClosed::Closed) if M::is_message(&input) => out.fail(after_done()),
        Some(part) => run(scratch, out, |inner| part.handle_remote(now, input, inner)),
    }
}

/// The fault of bytes for a part that is done (`leios.md` 5.4).
const fn after_done() -> Fault {
    Fault::violation(&rules::MESSAGE_AFTER_DONE, "StDone")
}

fn time_out<M: Part>(
    part: &mut Option<UntilClosed<M>>,
    scratch: &mut Scratch<M>,
    now: Time,
    out: &mut Out<Connection>,
) {
    if let Some(part) = part {
        if !out.ends() && part.deadline().is_some_and(|due| due <= now) {
            run(scratch, out, |inner| part.handle_timeout(now, inner));
        }
    }
}

fn due<M: Part>(part: &Option<UntilClosed<M>>) -> Option<Time> {
    part.as_ref().and_then(Machine::deadline)
}

fn heap<M: Part>(part: &Option<UntilClosed<M>>) -> usize {
    part.as_ref().map_or(0, |part| part.footprint().saturating_sub(size_of_val(part)))
}

impl Machine for Connection {
    type Local = ConnectionCommand;
    type Remote = ConnectionRemote;
    type Send = ConnectionMessage;
    type Notice = ConnectionNotice;
    type Query = ConnectionQuery;

    fn handle_local(
        &mut self,
        now: Time,
        input: ConnectionCommand,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<ConnectionCommand>> {
        match input {
            ConnectionCommand::KeepAlive(command) => {
                local(&mut self.keep_alive_client, &mut Scratch::new(), now, command, out)
                    .map_err(|refusal| refusal.map(ConnectionCommand::KeepAlive))?;
                self.resting |= command == KeepAliveCommand::Finish;
            }
            ConnectionCommand::Client(command) => {
                let command = parts::to_client(command)
                    .map_err(|refusal| refusal.map(ConnectionCommand::Client))?;
                local(&mut self.client, &mut self.scratch.client, now, command, out).map_err(
                    |refusal| {
                        refusal
                            .map(|command| ConnectionCommand::Client(parts::from_client(command)))
                    },
                )?;
            }
            ConnectionCommand::Server(command) => {
                let command = parts::to_server(command)
                    .map_err(|refusal| refusal.map(ConnectionCommand::Server))?;
                local(&mut self.server, &mut self.scratch.server, now, command, out).map_err(
                    |refusal| {
                        refusal
                            .map(|command| ConnectionCommand::Server(parts::from_server(command)))
                    },
                )?;
            }
        }
        self.settle(now, out);
        Ok(())
    }

    fn handle_remote(&mut self, now: Time, input: ConnectionRemote, out: &mut Out<Self>) {
        match input {
            ConnectionRemote::KeepAliveClient(message) => {
                remote(&mut self.keep_alive_client, &mut Scratch::new(), now, message, out);
            }
            ConnectionRemote::KeepAliveServer(message) => {
                remote(&mut self.keep_alive_server, &mut Scratch::new(), now, message, out);
            }
            ConnectionRemote::Client(message) => {
                remote(&mut self.client, &mut self.scratch.client, now, message, out);
            }
            ConnectionRemote::Server(message) => {
                remote(&mut self.server, &mut self.scratch.server, now, message, out);
            }
        }
        self.settle(now, out);
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        if self.deadline().is_none_or(|due| due > now) {
            return;
        }
        time_out(&mut self.keep_alive_client, &mut Scratch::new(), now, out);
        time_out(&mut self.keep_alive_server, &mut Scratch::new(), now, out);
        time_out(&mut self.client, &mut self.scratch.client, now, out);
        time_out(&mut self.server, &mut self.scratch.server, now, out);
        self.settle(now, out);
    }

    fn deadline(&self) -> Option<Time> {
        let parts = [
            due(&self.keep_alive_client),
            due(&self.keep_alive_server),
            due(&self.client),
            due(&self.server),
        ];
        parts.into_iter().flatten().min()
    }

    fn awaits(&self, id: AskId) -> bool {
        match (<Client>::inner(id), Server::inner(id)) {
            (Some(id), _) => self.client().is_some_and(|client| client.awaits(id)),
            (_, Some(id)) => self.server().is_some_and(|server| server.awaits(id)),
            (None, None) => false,
        }
    }

    fn footprint(&self) -> usize {
        size_of_val(self)
            .saturating_add(heap(&self.keep_alive_client))
            .saturating_add(heap(&self.keep_alive_server))
            .saturating_add(heap(&self.client))
            .saturating_add(heap(&self.server))
            .saturating_add(self.scratch.heap())
    }
}
