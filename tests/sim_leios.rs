//! The pair in the tools: explored, played, recorded and replayed, as any machine.
#![cfg(all(feature = "sim", feature = "leios"))]

use std::collections::BTreeSet;

use nodewire::codec::leios::{ReplyMessage, RequestMessage};
use nodewire::sim::{
    Bounds, Duo, DuoMove, Play, Player, Recorder, Side, Trace, Wiring, explore, replay,
};
use nodewire::state::leios::{
    Client, ClientCommand, ClientQuery, ClientRemote, Limits, PairMessage, Server, ServerCommand,
    ServerQuery, ServerRemote, SlotClock, Verdict,
};
use nodewire::{AskId, Ending, Input, Machine, Outbox, Time};

fn client() -> Client {
    Client::new(Limits::default(), SlotClock::default())
}

fn server() -> Server {
    Server::new(Limits::default(), SlotClock::default())
}

struct Pair;

impl Wiring for Pair {
    type A = Client;
    type B = Server;

    fn to_b(message: PairMessage) -> Option<(u16, ServerRemote)> {
        Some(match message {
            PairMessage::Request(message) => (24, ServerRemote::Request { message, size: 10 }),
            PairMessage::Reply(message) => (25, ServerRemote::Reply(message)),
        })
    }

    fn to_a(message: ReplyMessage) -> Option<(u16, ClientRemote)> {
        Some((25, ClientRemote::Reply(message)))
    }

    fn answers_a(id: AskId, query: &ClientQuery) -> Vec<ClientCommand> {
        vec![query.judged(id, Verdict::Process)]
    }

    fn answers_b(id: AskId, query: &ServerQuery) -> Vec<ServerCommand> {
        vec![query.fetched(id, None)]
    }

    fn left_b(message: &ClientRemote) -> Option<ServerRemote> {
        matches!(message, ClientRemote::Reply(_)).then_some(ServerRemote::Drained(10))
    }

    fn stuck(duo: &Duo<Self>) -> Option<String> {
        let done =
            duo.ending(Side::A) == Some(Ending::Done) && duo.ending(Side::B) == Some(Ending::Done);
        (!done).then(|| "the pair has not ended".into())
    }
}

#[test]
fn an_idle_pair_opens_and_ends_in_every_order() {
    let credit = ClientCommand::NotificationTarget { low: 4_096, chunk: 2_048 };
    let duo: Duo<Pair> = Duo::new(client(), server())
        .script_a(true, [ClientCommand::Start, credit, ClientCommand::Finish])
        .script_b(true, [ServerCommand::Finish]);
    let mut seen = BTreeSet::new();
    let explored = explore(duo, Bounds::default(), |_, step, _| {
        seen.insert(*step);
    });
    // A command that is refused everywhere would make this a test of less than it says.
    for at in 0..3 {
        assert!(seen.contains(&DuoMove::Local(Side::A, at)), "{at}");
    }
    assert_eq!(explored.found, None, "{explored}");
    assert!(explored.complete && explored.unique > 10, "{explored}");
}

#[test]
fn client_and_server_are_played() {
    let mut client: Box<dyn Play> = Box::new(Player::new("leios.client", client()));
    let opened = client.line(r#"{"at":0,"local":"Start"}"#);
    assert!(opened.starts_with(r#"{"send":"#), "{opened}");
    let mut server: Box<dyn Play> = Box::new(Player::new("leios.server", server()));
    let fault = server.line(r#"{"remote":{"Reply":"MsgLeiosDone"}}"#);
    assert!(fault.contains(r#"{"close":{"fault":{"kind":"Violation""#), "{fault}");
    assert!(fault.contains(r#""rule":"leios/"#), "{fault}");
}

#[test]
fn a_client_is_recorded_and_replayed() {
    let mut recorder = Recorder::new(client(), Trace::new("leios.client", &()));
    let mut out = Outbox::new();
    for input in [
        Input::Local(ClientCommand::Start),
        Input::Local(ClientCommand::Finish),
        Input::Remote(ClientRemote::Request(RequestMessage::MsgLeiosDoneRequest)),
    ] {
        let _ = recorder.handle(Time::ZERO, input, &mut out);
    }
    let text = recorder.trace().to_string();
    let report = replay(client(), &text.parse().unwrap()).unwrap();
    assert_eq!(report.actions, out.len());
    assert!(report.closed, "{text}");
}
