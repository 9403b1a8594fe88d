//! Machines spoken to in lines of JSON, and traces of runs that are written, read and replayed.

use arbitrary::{Result, Unstructured};
use nodewire::sim::{Play, Player, Recorder, Trace, replay};
use nodewire::state::leios::Parts;
use nodewire::{Machine, Outbox, Role};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::given::{
    ForClient, ForConnection, ForHandshake, ForKeepAliveClient, ForKeepAliveServer, ForNaiveClient,
    ForNaiveServer, ForServer, Given, OnChannels, Script, start, when,
};

/// The first byte picks the machine. Below 128 the rest is a script whose run is recorded, else
/// it is lines of input.
pub fn play(data: &[u8]) {
    let Some((&which, rest)) = data.split_first() else { return };
    match which % 16 {
        0 | 1 => with(ForClient::default(), which, rest),
        2 | 3 => with(ForServer::default(), which, rest),
        4 | 5 => with(ForConnection::default(), which, rest),
        6 => with(ForConnection::new(Parts::INITIATOR), which, rest),
        7 => with(ForConnection::new(Parts::RESPONDER), which, rest),
        8 => with(ForHandshake::new(Role::Initiator, 0), which, rest),
        9 => with(ForHandshake::new(Role::Responder, 0), which, rest),
        10 => with(ForKeepAliveClient, which, rest),
        11 => with(ForKeepAliveServer, which, rest),
        12 => with(ForNaiveClient::default(), which, rest),
        13 => with(ForNaiveServer::default(), which, rest),
        14 => with(OnChannels(ForClient::default()), which, rest),
        _ => with(OnChannels(ForServer::default()), which, rest),
    }
}

/// A machine whose words are data.
trait Data:
    Machine<
        Local: Serialize + DeserializeOwned,
        Remote: Serialize + DeserializeOwned,
        Send: Serialize,
        Notice: Serialize,
        Query: Serialize,
    >
{
}

impl<M> Data for M where
    M: Machine<
            Local: Serialize + DeserializeOwned,
            Remote: Serialize + DeserializeOwned,
            Send: Serialize,
            Notice: Serialize,
            Query: Serialize,
        >
{
}

fn with<G: Given<Machine: Data>>(given: G, which: u8, rest: &[u8]) {
    if which < 128 {
        // The end of the script is the end of the run.
        let _ = record(given, &mut Unstructured::new(rest));
    } else if let Ok(text) = core::str::from_utf8(rest) {
        lines(&given, text);
    }
}

/// Two players of one machine say the same; every line of theirs is JSON, and the last one of each
/// reply says where the machine stands; once closed it says nothing more.
fn lines<G: Given<Machine: Data>>(given: &G, text: &str) {
    let mut player = Player::new("it", given.machine());
    let mut twin = Player::new("it", given.machine());
    for line in text.lines().take(64) {
        let closed = player.is_closed();
        let reply = player.line(line);
        assert_eq!(twin.line(line), reply);
        let said: Vec<Value> =
            reply.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        match said.split_last() {
            None => assert!(line.trim().is_empty()),
            Some((last, [])) if last.get("error").is_some() => {}
            Some((last, actions)) => {
                assert_eq!(last["closed"], Value::from(player.is_closed()));
                let refused = |action: &Value| action.get("refused").is_some();
                assert!(!closed || actions.iter().all(refused), "{reply} after the close");
            }
        }
    }
}

/// The trace of a run is read as it was written, and replays.
fn record<G: Given<Machine: Data>>(mut given: G, script: &mut Script<'_>) -> Result<()> {
    let mut recorder = Recorder::new(given.machine(), Trace::new("it", &()));
    let mut now = start();
    for step in 0..24 {
        if script.is_empty() {
            break;
        }
        now = when(script, now, recorder.deadline())?;
        let Ok(input) = given.pick(script, step) else { break };
        let mut out = Outbox::new();
        // A refusal is part of the trace.
        let _ = recorder.handle(now, input, &mut out);
        given.saw(&out);
        if out.ends() {
            break;
        }
    }
    let (_, trace) = recorder.into_parts();
    let text = trace.to_string();
    let read: Trace = text.parse().unwrap_or_else(|why| panic!("{why} in {text}"));
    assert_eq!(read, trace);
    let report = replay(given.machine(), &read).unwrap_or_else(|why| panic!("{why}"));
    assert_eq!(report.steps, trace.steps().len());
    let short: Trace = trace.shorten().to_string().parse().expect("a shortened trace is read");
    assert!(replay(given.machine(), &short).is_err());
    Ok(())
}
