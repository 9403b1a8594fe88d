//! The pair in the tools: explored, played, recorded and replayed, as any machine.
#![cfg(all(feature = "sim", feature = "leios"))]

use std::collections::BTreeSet;

use nodewire::bytes::Bytes;
use nodewire::codec::leios::{KeepAliveMessage, ReplyMessage, RequestMessage};
use nodewire::codec::{Malformed, MalformedKind, Mode, SegmentHeader};
use nodewire::link::{Mux, MuxConfig, Transport};
use nodewire::sim::{
    Bounds, Duo, DuoMove, Play, Player, Recorder, Side, Trace, Wiring, explore, replay,
};
use nodewire::state::leios::{
    Client, ClientCommand, ClientQuery, ClientRemote, Connection, ConnectionConfig, Limits,
    PairMessage, Parts, Server, ServerCommand, ServerQuery, ServerRemote, SlotClock, Verdict,
};
use nodewire::{ActionOf, AskId, Ending, Input, Machine, Outbox, OverChannels, Time};

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

/// What a multiplexer over this machine does with segments of these payloads, and at the end.
fn over_mux<M: OverChannels>(machine: M, payloads: &[(u16, Mode, &[u8])]) -> Vec<ActionOf<Mux<M>>> {
    let mut mux = Mux::new(machine, MuxConfig::default(), &[]);
    let mut out = Outbox::new();
    mux.handle_remote(Time::ZERO, Transport::Writable(Transport::UNCOUNTED), &mut out);
    mux.handle_timeout(Time::ZERO, &mut out);
    for (number, mode, payload) in payloads {
        let header =
            SegmentHeader { time: 0, mode: *mode, number: *number, length: payload.len() as u16 };
        let segment = [&header.encode()[..], payload].concat();
        mux.handle_remote(Time::ZERO, Transport::Received(Bytes::from(segment)), &mut out);
    }
    mux.handle_remote(Time::ZERO, Transport::Closed, &mut out);
    out.drain().collect()
}

#[test]
fn a_recorded_connection_speaks_over_a_multiplexer_as_an_unrecorded_one() {
    let plain = || Connection::new(ConnectionConfig::default(), Parts::DUPLEX, Time::ZERO);
    let (mut ping, mut init) = (Vec::new(), Vec::new());
    KeepAliveMessage::MsgKeepAlive(7).encode(&mut ping);
    ReplyMessage::MsgLeiosInit.encode(&mut init);
    let sessions: [&[(u16, Mode, &[u8])]; 4] = [
        &[(8, Mode::Initiator, &ping), (25, Mode::Initiator, &init)],
        // Not CBOR; no message of KeepAlive; a channel that is not there.
        &[(8, Mode::Initiator, &[0xff])],
        &[(8, Mode::Initiator, &[0x81, 0x09])],
        &[(9, Mode::Initiator, &ping)],
    ];
    for payloads in sessions {
        let mut steps = 0;
        let recorder = Recorder::new(plain(), |_| steps += 1);
        let done = over_mux(recorder, payloads);
        let wanted = over_mux(plain(), payloads);
        assert!(wanted.len() > 1);
        assert_eq!(done, wanted);
        assert!(steps > 0);
    }

    let (plain, recorder) = (plain(), Recorder::new(plain(), Trace::new("leios", &())));
    assert_eq!(recorder.channels(), plain.channels());
    assert_eq!(recorder.at_eof(), plain.at_eof());
    let malformed = Malformed::new(MalformedKind::TooDeep, 3);
    for spec in plain.channels() {
        let channel = spec.channel;
        assert_eq!(recorder.too_large(channel), plain.too_large(channel));
        assert_eq!(recorder.malformed(channel, malformed), plain.malformed(channel, malformed));
        assert_eq!(recorder.holds(channel), plain.holds(channel));
        assert_eq!(recorder.drained(channel, 9), plain.drained(channel, 9));
        assert_eq!(recorder.item_limit(channel, &[0x81]), plain.item_limit(channel, &[0x81]));
    }
    let cares = |spec: &nodewire::ChannelSpec| plain.drained(spec.channel, 9).is_some();
    assert!(plain.channels().iter().any(cares), "some channel minds what has left");
}

/// A server whose questions are all open reads no request, and one that is recorded neither.
#[test]
fn a_recorded_server_holds_what_an_unrecorded_one_holds() {
    let mut limits = Limits::default();
    limits.max_open_asks = 0;
    let plain = Server::new(limits, SlotClock::default());
    let recorder = Recorder::new(plain.clone(), Trace::new("leios.server", &()));
    let held = plain.channels().iter().map(|spec| plain.holds(spec.channel)).collect::<Vec<_>>();
    let same = plain.channels().iter().map(|spec| recorder.holds(spec.channel)).collect::<Vec<_>>();
    assert_eq!(held, same);
    assert!(held.contains(&true) && held.contains(&false), "{held:?}");
}
