//! A connection: its parts, their ends, their questions and their channels.

#![cfg(all(feature = "leios", feature = "sim"))]

use std::time::Duration;

use nodewire::codec::Source;
use nodewire::codec::leios::DeliverableId;
use nodewire::codec::leios::{
    Hash32, KeepAliveMessage, LinearLeiosVote, MsgRequestPayload, NonEmpty, ReplyMessage,
    RequestMessage, RequestNo, SlotNo, VersionData, VoteIssuer,
};
use nodewire::sim::Laws;
use nodewire::state::leios::{
    Agreement, ClientCommand, ClientRemote, Connection, ConnectionCommand, ConnectionConfig,
    ConnectionMessage, ConnectionNotice, ConnectionQuery, ConnectionRemote, Content,
    HandshakeConfig, KeepAliveCommand, PairMessage, Parts, ServerCommand, ServerNotice,
    ServerRemote, Verdict, rules,
};
use nodewire::{
    Action, ActionOf, AskId, Channel, Ending, Fault, Input, InputOf, Machine, OverChannels,
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

#[test]
fn a_connection_of_keep_alive_alone_goes_on() {
    let alone = Parts { client: false, server: false, ..Parts::INITIATOR };
    let mut laws = new(alone);
    for (second, cookie) in [(0, 0), (11, 1), (22, 2)] {
        let ping = ConnectionMessage::KeepAliveClient(KeepAliveMessage::MsgKeepAlive(cookie));
        assert_eq!(step(&mut laws, at(second), Input::Timeout), [Action::Send(ping)]);
        let pong = KeepAliveMessage::MsgKeepAliveResponse(cookie);
        let pong = ConnectionRemote::KeepAliveClient(pong);
        let did = step(&mut laws, at(second + 1), Input::Remote(pong));
        assert!(matches!(did[..], [Action::Notify(ConnectionNotice::KeepAlive(_))]), "{did:?}");
    }
}
