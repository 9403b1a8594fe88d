//! A connection: its parts, their ends, their questions, their channels, and whole sessions.

#![cfg(all(feature = "leios", feature = "sim"))]

use std::time::Duration;

use nodewire::bytes::Bytes;
use nodewire::codec::Source;
use nodewire::codec::leios::DeliverableId;
use nodewire::codec::leios::{
    Hash32, KeepAliveMessage, LeiosPoint, LinearLeiosVote, MsgRequestPayload, NonEmpty,
    ReplyMessage, RequestMessage, RequestNo, SlotNo, VersionData, VoteIssuer,
};
use nodewire::leios::{self, Session, SessionCommand, SessionConfig, SessionNotice};
use nodewire::link::{MuxLocal, MuxNotice, StagedOf, Transport};
use nodewire::sim::{Laws, cut_invariance};
use nodewire::state::leios::{
    Agreement, ClientCommand, ClientRemote, Connection, ConnectionCommand, ConnectionConfig,
    ConnectionMessage, ConnectionNotice, ConnectionQuery, ConnectionRemote, Content,
    HandshakeConfig, HandshakeNotice, KeepAliveCommand, PairMessage, Parts, ServerCommand,
    ServerNotice, ServerRemote, Verdict, rules,
};
use nodewire::{
    Action, ActionOf, AskId, Channel, Ending, Fault, Input, InputOf, Machine, Outbox, OverChannels,
    Refused, Role, Time,
};

const T0: Time = Time::ZERO;

fn at(seconds: u64) -> Time {
    T0.after(Duration::from_secs(seconds))
}

fn new(parts: Parts) -> Laws<Connection> {
    Laws::new(Connection::new(ConnectionConfig::default(), parts, T0)).timeouts_at_once(4)
}

type Did = Vec<ActionOf<Connection>>;

fn step(laws: &mut Laws<Connection>, now: Time, input: InputOf<Connection>) -> Did {
    let mut stepped = laws.step(now, input).unwrap();
    assert_eq!(stepped.refused, None);
    stepped.actions.drain().collect()
}

fn refused(laws: &mut Laws<Connection>, command: ConnectionCommand) -> Option<Refused> {
    laws.step(T0, Input::Local(command)).unwrap().refused
}

fn client(command: ClientCommand) -> InputOf<Connection> {
    Input::Local(ConnectionCommand::Client(command))
}

fn request(no: u64, vote: u16) -> ConnectionRemote {
    let id = DeliverableId::LinearLeiosVoteId(SlotNo(1), VoteIssuer(vote));
    let payload = MsgRequestPayload::LeiosDeliverableIds(RequestNo(no), NonEmpty::one(id));
    let message = RequestMessage::MsgLeiosRequest(payload);
    let size = message.wire_len() as u32;
    ConnectionRemote::Server(ServerRemote::Request { message, size })
}

const INIT: ConnectionRemote =
    ConnectionRemote::Server(ServerRemote::Reply(ReplyMessage::MsgLeiosInit));

#[test]
fn parts_are_those_agreed_on() {
    let data = *HandshakeConfig::new(1).get(HandshakeConfig::LEIOS).unwrap();
    let agreement = |initiator_only| Agreement {
        version: HandshakeConfig::LEIOS,
        data: VersionData { initiator_only, ..data },
        simultaneous: false,
    };
    assert_eq!(Parts::agreed(Role::Initiator, &agreement(false)), Parts::DUPLEX);
    assert_eq!(Parts::agreed(Role::Responder, &agreement(false)), Parts::DUPLEX);
    assert_eq!(Parts::agreed(Role::Initiator, &agreement(true)), Parts::INITIATOR);
    assert_eq!(Parts::agreed(Role::Responder, &agreement(true)), Parts::RESPONDER);
}

#[test]
fn each_part_has_its_channels_and_no_other() {
    let numbers = |parts| {
        let connection = Connection::new(ConnectionConfig::default(), parts, T0);
        connection.channels().iter().map(|spec| spec.channel).collect::<Vec<_>>()
    };
    let initiator = [8, 24, 25].map(|number| Channel::new(number, Role::Initiator));
    let responder = [8, 24, 25].map(|number| Channel::new(number, Role::Responder));
    assert_eq!(numbers(Parts::INITIATOR), initiator);
    assert_eq!(numbers(Parts::RESPONDER), responder);
    let duplex = numbers(Parts::DUPLEX);
    assert_eq!(duplex.len(), 6);
    assert!(initiator.iter().chain(&responder).all(|channel| duplex.contains(channel)));
}

#[test]
fn words_for_a_part_that_is_not_there() {
    let mut laws = new(Parts::INITIATOR);
    let command = ConnectionCommand::Server(ServerCommand::Finish);
    assert!(matches!(refused(&mut laws, command), Some(Refused::Invalid { .. })));
    let did = step(&mut laws, T0, Input::Remote(INIT));
    let fault = Fault::violation(&rules::UNEXPECTED_MESSAGE, "no part");
    assert_eq!(did, [Action::Close(Ending::Fault(fault))]);

    let laws = new(Parts::INITIATOR);
    let there = Channel::new(25, Role::Responder);
    assert_eq!(laws.machine().item_limit(there, &[0x81]), Err(fault));
    assert_eq!(laws.machine().decode(there, &[0x81, 0x00], Source::COPY), Err(fault));
    assert!(!laws.machine().holds(there));
}

#[test]
fn the_deadline_is_the_nearest_of_the_parts() {
    let mut laws = new(Parts::DUPLEX);
    assert_eq!(laws.machine().deadline(), Some(T0), "the first ping");
    let ping = ConnectionMessage::KeepAliveClient(KeepAliveMessage::MsgKeepAlive(0));
    assert_eq!(step(&mut laws, T0, Input::Timeout), [Action::Send(ping)]);
    assert_eq!(laws.machine().deadline(), Some(at(60)), "its answer");
    let pong = ConnectionRemote::KeepAliveClient(KeepAliveMessage::MsgKeepAliveResponse(0));
    let did = step(&mut laws, at(40), Input::Remote(pong));
    assert!(matches!(did[..], [Action::Notify(ConnectionNotice::KeepAlive(_))]));
    assert_eq!(laws.machine().deadline(), Some(at(50)), "the next ping");
    let _ = step(&mut laws, at(50), Input::Timeout);
    assert_eq!(laws.machine().deadline(), Some(at(97)), "the other side's ping");
    let did = step(&mut laws, at(97), Input::Timeout);
    let fault = Fault::timeout(&rules::KEEP_ALIVE_TIMEOUT, "a ping");
    assert_eq!(did, [Action::Close(Ending::Fault(fault))], "a fault of any part ends all");
}

#[test]
fn a_connection_shows_its_parts_while_they_run() {
    let connection = new(Parts::DUPLEX);
    let whole = connection.machine();
    assert!(whole.client().is_some() && whole.server().is_some());
    assert!(whole.keep_alive_client().is_some() && whole.keep_alive_server().is_some());
    let mut half = new(Parts::INITIATOR);
    assert!(half.machine().client().is_some() && half.machine().server().is_none());
    assert!(half.machine().keep_alive_server().is_none());
    let did =
        step(&mut half, T0, Input::Local(ConnectionCommand::KeepAlive(KeepAliveCommand::Finish)));
    let done = ConnectionMessage::KeepAliveClient(KeepAliveMessage::MsgDone);
    assert_eq!(did.first(), Some(&Action::Send(done)));
    assert!(half.machine().keep_alive_client().is_none());
}

#[test]
fn an_answer_to_a_question_of_a_part_is_input_for_the_connection() {
    let mut laws = new(Parts::DUPLEX);
    let _ = step(&mut laws, T0, Input::Remote(INIT));
    let did = step(&mut laws, T0, Input::Remote(request(0, 0)));
    let [Action::Ask(id, ConnectionQuery::Server(query))] = did.as_slice() else {
        panic!("{did:?}")
    };
    let vote = LinearLeiosVote::new(SlotNo(1), Hash32([7; 32]), VoteIssuer(0), [9; 48]);
    let answer = query.fetched_on(*id, Some(vec![Content::Vote(vote)]));
    let did = step(&mut laws, T0, Input::Local(answer.clone()));
    let sends = |action: &ActionOf<Connection>| {
        matches!(action, Action::Send(ConnectionMessage::Server(ReplyMessage::MsgLeiosReply(_))))
    };
    assert!(did.iter().any(sends), "{did:?}");
    assert!(!laws.machine().awaits(*id));
    let again = laws.step(T0, Input::Local(answer)).unwrap();
    assert_eq!((again.refused, again.actions.len()), (None, 0), "a stale answer does nothing");
}

#[test]
fn questions_of_the_server_are_odd_and_their_answers_find_back() {
    let mut laws = new(Parts::DUPLEX);
    let did = step(&mut laws, T0, Input::Remote(INIT));
    assert_eq!(did, [Action::Notify(ConnectionNotice::Server(ServerNotice::Opened))]);
    let mut ids = Vec::new();
    for no in 0..3 {
        let did = step(&mut laws, T0, Input::Remote(request(no, no as u16)));
        let [Action::Ask(id, query)] = did.as_slice() else { panic!("{did:?}") };
        assert!(matches!(query, ConnectionQuery::Server(_)));
        assert!(laws.machine().awaits(*id));
        ids.push(id.as_u64());
    }
    assert_eq!(ids, [1, 3, 5]);
    // The client asked nothing: even ids are unknown, and so are odd ones to the client.
    assert!(!laws.machine().awaits(AskId::from_u64(0)));
    for id in [0, 2, 7].map(AskId::from_u64) {
        let command = ConnectionCommand::Server(ServerCommand::Fetched { id, content: None });
        assert_eq!(refused(&mut laws, command), Some(Refused::UnknownAsk));
    }
    for id in [0, 1].map(AskId::from_u64) {
        let verdict = Verdict::Process;
        let command = ConnectionCommand::Client(ClientCommand::Judged { id, verdict });
        assert_eq!(refused(&mut laws, command), Some(Refused::UnknownAsk));
    }
    let id = AskId::from_u64(3);
    let lacking = ConnectionCommand::Server(ServerCommand::Fetched { id, content: None });
    let did = step(&mut laws, T0, Input::Local(lacking));
    let Some(Action::Close(Ending::Fault(fault))) = did.last() else { panic!("{did:?}") };
    assert_eq!(fault.rule(), Some(&rules::NOT_AVAILABLE));
}

#[test]
fn a_saturated_server_holds_its_requests_and_not_keep_alive() {
    let mut config = ConnectionConfig::default();
    config.limits.max_open_asks = 1;
    let mut laws = Laws::new(Connection::new(config, Parts::DUPLEX, T0));
    let _ = step(&mut laws, T0, Input::Remote(request(0, 0)));
    let held =
        |laws: &Laws<Connection>, number, role| laws.machine().holds(Channel::new(number, role));
    assert!(held(&laws, 24, Role::Responder));
    assert!(!held(&laws, 8, Role::Responder) && !held(&laws, 8, Role::Initiator));
    assert!(!held(&laws, 25, Role::Initiator));
    assert!(!laws.machine().saturated());
}

/// The way of a client to its end on the initiator's side.
#[test]
fn keep_alive_rests_once_leios_is_done() {
    let mut laws = new(Parts::INITIATOR);
    let _ = step(&mut laws, T0, Input::Timeout);
    let init = ConnectionMessage::Client(PairMessage::Reply(ReplyMessage::MsgLeiosInit));
    assert_eq!(step(&mut laws, T0, client(ClientCommand::Start)), [Action::Send(init)]);
    let done = ConnectionMessage::Client(PairMessage::Request(RequestMessage::MsgLeiosDoneRequest));
    assert_eq!(step(&mut laws, T0, client(ClientCommand::Finish)), [Action::Send(done)]);
    let last = ConnectionRemote::Client(ClientRemote::Reply(ReplyMessage::MsgLeiosDone));
    assert_eq!(step(&mut laws, T0, Input::Remote(last.clone())), []);
    assert!(laws.machine().client().is_none());

    // Nothing more may come for the part that is done, nor be wanted of it.
    let fault = Fault::violation(&rules::MESSAGE_AFTER_DONE, "StDone");
    let reply = Channel::new(25, Role::Initiator);
    assert_eq!(laws.machine().item_limit(reply, &[0x81]), Err(fault));
    assert_eq!(laws.machine().too_large(reply), fault);
    let mut twin = Laws::new(laws.machine().clone());
    assert_eq!(step(&mut twin, T0, Input::Remote(last)), [Action::Close(Ending::Fault(fault))]);
    let start = ConnectionCommand::Client(ClientCommand::Start);
    assert_eq!(refused(&mut laws, start), Some(Refused::Ended));
    let again = ConnectionCommand::KeepAlive(KeepAliveCommand::Finish);
    assert!(matches!(refused(&mut laws, again), Some(Refused::WrongPhase { .. })));

    // The ping under way is still answered; then KeepAlive ends, and with it all.
    let pong = ConnectionRemote::KeepAliveClient(KeepAliveMessage::MsgKeepAliveResponse(0));
    let did = step(&mut laws, at(1), Input::Remote(pong));
    let done = ConnectionMessage::KeepAliveClient(KeepAliveMessage::MsgDone);
    assert_eq!(did[1..], [Action::Send(done), Action::Close(Ending::Done)]);
}

#[test]
fn a_server_that_is_done_hears_that_its_bytes_left() {
    let mut laws = new(Parts::RESPONDER);
    let _ = step(&mut laws, T0, Input::Remote(INIT));
    let message = RequestMessage::MsgLeiosDoneRequest;
    let done = ServerRemote::Request { message, size: 2 };
    let did = step(&mut laws, T0, Input::Remote(ConnectionRemote::Server(done)));
    assert!(did.contains(&Action::Send(ConnectionMessage::Server(ReplyMessage::MsgLeiosDone))));
    assert!(laws.machine().server().is_none());
    let drained = ConnectionRemote::Server(ServerRemote::Drained(2));
    assert_eq!(step(&mut laws, T0, Input::Remote(drained)), []);
    let end = ConnectionRemote::KeepAliveServer(KeepAliveMessage::MsgDone);
    assert_eq!(step(&mut laws, T0, Input::Remote(end)), [Action::Close(Ending::Done)]);
}

#[test]
fn an_idle_connection_is_small() {
    let connection = Connection::new(ConnectionConfig::default(), Parts::DUPLEX, T0);
    assert!(connection.footprint() <= 4_096, "{} bytes", connection.footprint());
}

// ---- sessions --------------------------------------------------------------------------------

/// Two sessions joined in memory. Time stands still unless `now` is moved.
struct Joined {
    sides: [Session; 2],
    now: Time,
    told: [Vec<SessionNotice>; 2],
    endings: [Option<Ending>; 2],
}

impl Joined {
    fn new(a: Session, b: Session) -> Self {
        let mut joined =
            Self { sides: [a, b], now: T0, told: Default::default(), endings: [None; 2] };
        for side in 0..2 {
            joined.hear(side, Transport::Writable(Transport::UNCOUNTED));
        }
        joined
    }

    fn hear(&mut self, side: usize, input: Transport) {
        let mut out = Outbox::new();
        self.sides[side].handle_remote(self.now, input, &mut out);
        self.carry(side, out);
    }

    fn tell(&mut self, side: usize, command: SessionCommand) {
        let mut out = Outbox::new();
        self.sides[side].handle_local(self.now, command, &mut out).unwrap();
        self.carry(side, out);
    }

    fn time_out(&mut self, side: usize) {
        let mut out = Outbox::new();
        self.sides[side].handle_timeout(self.now, &mut out);
        self.carry(side, out);
    }

    fn carry(&mut self, side: usize, mut out: nodewire::Out<Session>) {
        while let Some(action) = out.pop() {
            match action {
                Action::Send(bytes) => self.hear(1 - side, Transport::Received(bytes)),
                Action::Notify(notice) => self.told[side].push(notice),
                Action::Ask(id, query) => panic!("{id} {query:?}"),
                Action::Close(ending) => self.endings[side] = Some(ending),
            }
        }
    }

    fn agreed(&self, side: usize) -> bool {
        let is = |notice: &SessionNotice| {
            matches!(notice, StagedOf::First(MuxNotice::Machine(HandshakeNotice::Agreed(_))))
        };
        self.told[side].iter().any(is)
    }
}

fn config(magic: u32, initiator_only: bool) -> SessionConfig {
    let mut config = SessionConfig::new(magic);
    config.handshake = config.handshake.each(|data| data.initiator_only = initiator_only);
    config
}

fn on_client(command: ClientCommand) -> SessionCommand {
    leios::on_connection(ConnectionCommand::Client(command))
}

#[test]
fn sessions_run_from_the_proposal_to_the_end() {
    for initiator_only in [true, false] {
        let a = leios::initiator(config(1, initiator_only));
        let mut joined = Joined::new(a, leios::responder(config(1, false), T0));
        joined.tell(0, leios::propose());
        assert!(joined.agreed(0) && joined.agreed(1));
        let clients = if initiator_only { 0..1 } else { 0..2 };
        for side in clients.clone() {
            joined.time_out(side);
            joined.tell(side, on_client(ClientCommand::Start));
        }
        assert_eq!(joined.endings, [None, None]);
        for side in clients {
            joined.tell(side, on_client(ClientCommand::Finish));
        }
        assert_eq!(joined.endings, [Some(Ending::Done); 2], "initiator only: {initiator_only}");
    }
}

#[test]
fn a_refusal_reaches_the_other_side() {
    let mut joined =
        Joined::new(leios::initiator(config(1, false)), leios::responder(config(2, false), T0));
    joined.tell(0, leios::propose());
    let fault = Fault::violation(&rules::HANDSHAKE_REFUSED, "StConfirm");
    assert_eq!(joined.endings, [Some(Ending::Fault(fault)), Some(Ending::Done)]);
}

#[test]
fn a_query_ends_both_in_peace() {
    let mut asking = config(1, false);
    asking.handshake = asking.handshake.each(|data| data.query = true);
    let mut joined = Joined::new(leios::initiator(asking), leios::responder(config(1, false), T0));
    joined.tell(0, leios::propose());
    assert_eq!(joined.endings, [Some(Ending::Done); 2]);
    assert!(!joined.agreed(0) && !joined.agreed(1));
}

#[test]
fn two_initiators_meet() {
    let mut joined =
        Joined::new(leios::initiator(config(1, false)), leios::initiator(config(1, false)));
    joined.tell(0, leios::propose());
    assert!(joined.agreed(0) && joined.agreed(1));
    assert_eq!(joined.endings, [None, None]);
    for side in 0..2 {
        joined.tell(side, on_client(ClientCommand::Start));
        joined.tell(side, on_client(ClientCommand::Finish));
    }
    assert_eq!(joined.endings, [Some(Ending::Done); 2]);
}

#[test]
fn silence_ends_the_handshake_after_ten_seconds() {
    let mut responder = leios::responder(config(1, false), T0);
    assert_eq!(responder.deadline(), Some(at(10)));
    let mut out = Outbox::new();
    responder.handle_timeout(at(10), &mut out);
    let fault = Fault::timeout(&rules::HANDSHAKE_TIMEOUT, "a proposal");
    assert_eq!(out.pop(), Some(Action::Close(Ending::Fault(fault))));
}

/// The whole stream of an initiator, cut at every byte: the responder does the same.
#[test]
fn a_responder_does_the_same_however_the_stream_is_cut() {
    let mut a = leios::initiator(config(1, true));
    let mut b = leios::responder(config(1, false), T0);
    let (mut to_do_a, mut to_do_b) = (Outbox::new(), Outbox::new());
    let all = || Transport::Writable(Transport::UNCOUNTED);
    a.handle_remote(T0, all(), &mut to_do_a);
    b.handle_remote(T0, all(), &mut to_do_b);
    a.handle_local(T0, leios::propose(), &mut to_do_a).unwrap();
    let mut stream = Vec::new();
    loop {
        if let Some(action) = to_do_a.pop() {
            match action {
                Action::Send(bytes) => {
                    stream.extend_from_slice(&bytes);
                    b.handle_remote(T0, Transport::Received(bytes), &mut to_do_b);
                }
                Action::Notify(StagedOf::First(MuxNotice::Machine(HandshakeNotice::Agreed(_)))) => {
                    a.handle_timeout(T0, &mut to_do_a);
                    for command in [ClientCommand::Start, ClientCommand::Finish] {
                        a.handle_local(T0, on_client(command), &mut to_do_a).unwrap();
                    }
                }
                _ => {}
            }
        } else if let Some(action) = to_do_b.pop() {
            if let Action::Send(bytes) = action {
                a.handle_remote(T0, Transport::Received(bytes), &mut to_do_a);
            }
        } else {
            break;
        }
    }
    let stream = Bytes::from(stream);
    let responder = || {
        let mut b = leios::responder(config(1, false), T0);
        let mut out = Outbox::new();
        b.handle_remote(T0, all(), &mut out);
        assert!(out.is_empty());
        b
    };
    for at in 1..stream.len() {
        cut_invariance(responder, Transport::Received, &stream, &[at]).unwrap();
    }
    let everywhere: Vec<usize> = (1..stream.len()).collect();
    cut_invariance(responder, Transport::Received, &stream, &everywhere).unwrap();
}

#[test]
fn commands_for_the_other_stage_are_refused() {
    let mut session = leios::initiator(config(1, false));
    let early = on_client(ClientCommand::RequestBlock {
        point: LeiosPoint::new(SlotNo(1), Hash32([1; 32])),
        size: 40,
    });
    let mut out = Outbox::new();
    let refusal = session.handle_local(T0, early.clone(), &mut out).unwrap_err();
    assert_eq!(refusal.input, early);
    assert!(matches!(early, StagedOf::Second(MuxLocal::Machine(_))));
}
