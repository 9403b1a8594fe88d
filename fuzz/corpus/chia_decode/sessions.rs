//! Whole sessions, from the first byte of the handshake to the last, on inputs of any kind.

use std::sync::OnceLock;

use arbitrary::Result;
use nodewire::bytes::Bytes;
use nodewire::codec::leios::DeliverableId;
use nodewire::leios::{self, Session, SessionCommand, SessionConfig, SessionNotice, SessionQuery};
use nodewire::link::{MuxLocal, MuxNotice, StagedOf, Transport};
use nodewire::state::leios::{
    ConnectionCommand, ConnectionQuery, HandshakeNotice, ServerQuery, Verdict,
};
use nodewire::{
    Action, AskId, Channel, ChannelSpec, Class, Input, InputOf, Machine, Out, Outbox, Role,
};
use proptest::prelude::*;

use crate::given::{ForConnection, ForHandshake, Given, OnMux, Script, clock, small, start, store};
use crate::odd::{reached, run_with, script};

/// Another protocol's channel beside the session's.
const FOREIGN: Channel = Channel::new(2, Role::Responder);

fn config() -> SessionConfig {
    let mut config = SessionConfig::new(1);
    config.connection.limits = small();
    config.connection.clock = clock();
    config.mux.sdu_size = 300;
    config.mux.egress_cap = 60_000;
    config.mux.egress_limit = 200;
    config.foreign = vec![ChannelSpec { channel: FOREIGN, ingress: 100, class: Class::Praos }];
    config
}

/// What an honest initiator and an honest responder say in the handshake.
fn handshake() -> &'static [Bytes; 2] {
    static SAID: OnceLock<[Bytes; 2]> = OnceLock::new();
    SAID.get_or_init(|| {
        let sent = |session: &mut Session, input: InputOf<Session>| {
            let mut out = Outbox::new();
            let credit = Transport::Writable(Transport::UNCOUNTED);
            session.handle_remote(start(), credit, &mut out);
            session.handle(start(), input, &mut out).expect("in time");
            match out.drain().find(|action| matches!(action, Action::Send(_))) {
                Some(Action::Send(bytes)) => bytes,
                other => panic!("{other:?}"),
            }
        };
        let proposal = sent(&mut leios::initiator(config()), Input::Local(leios::propose()));
        let received = Input::Remote(Transport::Received(proposal.clone()));
        let answer = sent(&mut leios::responder(config(), start()), received);
        [proposal, answer]
    })
}

struct ForSession {
    role: Role,
    first: OnMux<ForHandshake>,
    second: OnMux<ForConnection>,
    agreed: bool,
    /// Steps of the connection.
    steps: u64,
}

impl ForSession {
    fn new(role: Role, flags: u8) -> Self {
        Self {
            role,
            first: OnMux::new(ForHandshake::new(role, flags)),
            second: OnMux::new(ForConnection::default()),
            agreed: false,
            steps: 0,
        }
    }

    /// The way into the connection, from which the script seldom strays.
    fn opening(&self, step: u64) -> Option<InputOf<Session>> {
        let said = &handshake()[usize::from(self.role == Role::Initiator)];
        let half = said.len() / 2;
        Some(match step {
            0 => Input::Remote(Transport::Writable(2_000)),
            1 if self.role == Role::Initiator => Input::Local(leios::propose()),
            1 => Input::Timeout,
            2 => Input::Remote(Transport::Received(said.slice(..half))),
            3 => Input::Remote(Transport::Received(said.slice(half..))),
            _ => return None,
        })
    }
}

impl Given for ForSession {
    type Machine = Session;

    const LASTING: bool = true;

    fn machine(&self) -> Session {
        match self.role {
            Role::Initiator => leios::initiator(config()),
            Role::Responder => leios::responder(config(), start()),
        }
    }

    fn most(&self) -> usize {
        leios::most_footprint(&config())
    }

    fn pick(&mut self, script: &mut Script<'_>, step: u64) -> Result<InputOf<Session>> {
        let strays = script.ratio(1, 40)?;
        if !self.agreed && !strays {
            if let Some(input) = self.opening(step) {
                return Ok(input);
            }
        }
        if self.agreed == strays {
            return Ok(match self.first.pick(script, step)? {
                Input::Local(input) => Input::Local(StagedOf::First(input)),
                Input::Remote(input) => Input::Remote(input),
                Input::Timeout => Input::Timeout,
            });
        }
        if script.ratio(1, 12)? {
            let channel = FOREIGN;
            let bytes = script.int_in_range(0..=80_usize)?;
            return Ok(Input::Local(StagedOf::Second(if script.arbitrary()? {
                MuxLocal::Consumed { channel, bytes }
            } else {
                MuxLocal::Foreign { channel, bytes: Bytes::from(vec![9; bytes * 3]) }
            })));
        }
        self.steps += 1;
        Ok(match self.second.pick(script, self.steps - 1)? {
            Input::Local(input) => Input::Local(StagedOf::Second(input)),
            Input::Remote(input) => Input::Remote(input),
            Input::Timeout => Input::Timeout,
        })
    }

    fn asked(&mut self, id: AskId, query: &SessionQuery) {
        if let StagedOf::Second(query) = query {
            self.second.asked(id, query);
        }
    }

    fn saw(&mut self, actions: &Out<Session>) {
        for action in actions.iter() {
            match action {
                Action::Notify(StagedOf::First(MuxNotice::Machine(HandshakeNotice::Agreed(_)))) => {
                    self.agreed = true;
                }
                Action::Ask(id, query) => self.asked(*id, query),
                _ => {}
            }
        }
    }
}

/// A good answer; nothing is there but the blocks.
fn answer(id: AskId, query: &SessionQuery) -> Option<SessionCommand> {
    let command = match query {
        StagedOf::First(query) => match *query {},
        StagedOf::Second(ConnectionQuery::Client(query)) => {
            ConnectionCommand::Client(query.judged(id, Verdict::Process))
        }
        StagedOf::Second(ConnectionQuery::Server(query)) => {
            let ServerQuery::Fetch { ids, .. } = query;
            let block = |id: &DeliverableId| {
                matches!(id, DeliverableId::LinearLeiosBlockId(_)).then(|| store().content(id))
            };
            ConnectionCommand::Server(query.fetched(id, ids.iter().map(block).collect()))
        }
    };
    Some(leios::on_connection(command))
}

proptest! {
    #[test]
    fn sessions_keep_the_laws(bytes in script(), flags: u8) {
        for role in [Role::Initiator, Role::Responder] {
            run_with(&bytes, ForSession::new(role, flags), |laws| laws.answering(answer));
        }
    }
}

/// Most scripts come through the handshake, and some far beyond.
#[test]
fn scripts_reach_the_connection() {
    for role in [Role::Initiator, Role::Responder] {
        let make = || ForSession::new(role, 0);
        let told = |action: &nodewire::ActionOf<Session>| {
            matches!(action, Action::Notify(SessionNotice::Second(_)) | Action::Ask(..))
        };
        let told = reached(make, told);
        assert!(told > 40, "{role:?}: {told}");
    }
}

/// A foreign channel costs its place in a list before the connection is there, too.
#[test]
fn what_follows_is_counted_before_it_follows() {
    let bare = SessionConfig::new(1);
    let mut many = bare.clone();
    let spec = |number| ChannelSpec {
        channel: Channel::new(number, Role::Initiator),
        ingress: 100,
        class: Class::Praos,
    };
    many.foreign = (100..200).map(spec).collect();
    let more = leios::initiator(many).footprint() - leios::initiator(bare.clone()).footprint();
    assert!(more >= 100 * size_of::<ChannelSpec>(), "{more}");
}
