//! Of Leios: every vector of a message, configurations, scenarios as plays.

use std::fs;
use std::path::PathBuf;

use nodewire::Role;
use nodewire::codec::Source;
use nodewire::codec::leios::{
    HandshakeMessage, KeepAliveMessage, NaiveMessage, ReplyMessage, RequestMessage,
};
use nodewire::link::MuxConfig;
use nodewire::sim::Trace;
use nodewire::sim::scenario::{Scenario, Step};
use nodewire::state::leios::{
    ClientRemote, ConnectionRemote, FetchLimits, HandshakeConfig, KeepAliveConfig, Limits,
    NaiveConfig, Parts, ServerRemote,
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{Seed, given, seed};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex");
    (0..text.len()).step_by(2).map(digits).collect()
}

/// All of them.
pub fn seeds() -> Vec<Seed> {
    let mut seeds = vectors();
    seeds.extend(configurations());
    seeds.extend(scenarios().iter().flat_map(of_scenario));
    seeds
}

/// Every vector of a message for its decoder, and what it decodes to as text.
fn vectors() -> Vec<Seed> {
    let file = root().join("tests/vectors/leios/messages.json");
    let vectors: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let mut seeds = Vec::new();
    for vector in [&vectors["accept"], &vectors["reject"]]
        .into_iter()
        .flat_map(|list| list.as_array().expect("a list"))
    {
        let which = match vector["protocol"].as_str().expect("a name") {
            "LeiosRequest" => 0,
            "LeiosReply" => 1,
            "NaiveLeios" => 2,
            "KeepAlive" => 3,
            "Handshake" => 4,
            other => panic!("{other}"),
        };
        let others = vector["also_accept"].as_array().cloned().unwrap_or_default();
        for hex in others.iter().chain([&vector["hex"]]) {
            let item = unhex(hex.as_str().expect("hex"));
            seeds.extend(message_text(which, &item));
            seeds.push(seed("decode", which, item));
        }
    }
    seeds
}

fn message_text(which: u8, item: &[u8]) -> Option<Seed> {
    fn text<T: Serialize>(which: u8, value: &T) -> Seed {
        seed("forms", which, serde_json::to_string(value).expect("data"))
    }
    let source = Source::COPY;
    Some(match which {
        0 => {
            let message = RequestMessage::decode(item, source).ok()?;
            let request = ServerRemote::Request { message, size: item.len() as u32 };
            text(129, &ConnectionRemote::Server(request))
        }
        1 => {
            let reply = ClientRemote::Reply(ReplyMessage::decode(item, source).ok()?);
            text(129, &ConnectionRemote::Client(reply))
        }
        2 => text(132, &NaiveMessage::decode(item, source).ok()?),
        3 => {
            let message = KeepAliveMessage::decode(item, source).ok()?;
            text(129, &ConnectionRemote::KeepAliveClient(message))
        }
        _ => text(131, &HandshakeMessage::decode(item, source).ok()?),
    })
}

/// The configurations, and an empty trace.
fn configurations() -> Vec<Seed> {
    let text = |which: u8, value: Value| seed("forms", 128 + which, value.to_string());
    vec![
        text(16, json!(Limits::default())),
        text(17, json!(FetchLimits::default())),
        text(18, json!(HandshakeConfig::new(1))),
        text(19, json!(KeepAliveConfig::default())),
        text(20, json!(NaiveConfig::default())),
        text(21, json!(MuxConfig::default())),
        text(22, json!(Parts::DUPLEX)),
        seed("forms", 128 + 25, Trace::new("it", &json!({ "seed": 7 })).to_string()),
    ]
}

fn scenarios() -> Vec<Scenario> {
    let folder = root().join("tests/scenarios/leios");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|found| found == "json"));
    files.map(|path| fs::read_to_string(path).unwrap().parse().expect("a scenario")).collect()
}

/// A scenario as text, and as a play of the machine it tests.
fn of_scenario(scenario: &Scenario) -> Vec<Seed> {
    let text = serde_json::to_string(scenario).expect("data");
    let mut seeds = vec![seed("forms", 128 + 28, text)];
    let plain = scenario.expand(given::SLOT).expect("scenarios expand");
    let (machine, part, role) = match plain.under_test.as_str() {
        "client" => (14, "Client", Role::Initiator),
        "server" => (15, "Server", Role::Responder),
        _ => return seeds,
    };
    let mut play = Play { role, at: 2_000_000, asked: 0, lines: Vec::new(), commands: Vec::new() };
    play.steps(&plain.steps);
    let command = |command: &Value| seed("forms", 128, json!({ part: command }).to_string());
    seeds.extend(play.commands.iter().map(command));
    let lines = play.lines.join("\n");
    // Short ones are what a fuzzer can work with.
    if lines.len() < 2_500 {
        seeds.push(seed("play", 128 + machine, lines));
    }
    seeds
}

struct Play {
    role: Role,
    at: u64,
    asked: u64,
    lines: Vec<String>,
    commands: Vec<Value>,
}

impl Play {
    fn line(&mut self, kind: &str, input: Value) {
        self.lines.push(json!({ "at": self.at, kind: input }).to_string());
    }

    fn steps(&mut self, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Given(command) | Step::Local(command) => self.command(command.clone()),
                Step::Refuse { local, .. } => self.command(local.clone()),
                Step::Peer(peer) => {
                    let number = if peer.on.as_deref() == Some("LeiosRequest") { 24 } else { 25 };
                    let channel = json!({ "number": number, "role": self.role });
                    let Some(hex) = peer.hex.as_ref().filter(|hex| hex.is_string()) else {
                        continue;
                    };
                    let bytes = json!({ "Received": { "channel": channel, "bytes": hex } });
                    self.line("remote", bytes);
                    if self.role == Role::Initiator {
                        let id = self.asked;
                        self.asked += 1;
                        self.command(json!({ "Judged": { "id": id, "verdict": "Process" } }));
                    }
                }
                Step::Answer { with: Some(command), .. } => self.command(command.clone()),
                Step::Wait(micros) => {
                    self.at += micros;
                    self.line("timeout", true.into());
                }
                Step::Drained(bytes) => {
                    let channel = json!({ "number": 25, "role": self.role });
                    let drained = json!({ "Drained": { "channel": channel, "bytes": bytes } });
                    self.line("remote", drained);
                }
                Step::Eof(true) => self.line("remote", json!("Closed")),
                Step::Repeat { from, to, steps, .. } => {
                    (*from..*to.min(&(from + 4))).for_each(|_| self.steps(steps));
                }
                _ => {}
            }
        }
    }

    fn command(&mut self, command: Value) {
        self.commands.push(command.clone());
        self.line("local", command);
    }
}
