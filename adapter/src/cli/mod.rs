//! Every command, and what it needs.

mod address;
mod chia;
mod failure;
mod info;
mod leios;
mod plan;
mod play;
mod source;
mod supervisor;
mod trace;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use serde::Serialize;
use serde_json::Value;

use failure::Failure;
use leios::{check, codec, demo, node, sim};

/// What else there is to set.
const LOG: &str = "NODEWIRE_LOG=debug logs to standard error what the drivers do; only warnings \
    are logged otherwise.";

/// Protocol state machines for blockchain nodes, driven over real transports.
#[derive(Debug, Parser)]
#[command(name = "nodewire", version, after_help = LOG)]
pub struct Cli {
    /// Print JSON instead of text.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

/// The protocol families there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Family {
    /// Cardano LeiosRequest and LeiosReply over the Ouroboros multiplexer.
    Leios,
    /// The RPC of the OP-Stack interop Supervisor, and the index behind it.
    Supervisor,
    /// The Chia protocol of December 2019.
    Chia,
}

/// What there is to simulate.
#[derive(Debug, Subcommand)]
enum Simulated {
    /// The recipes of the Leios pair.
    Leios(sim::Options),
    /// A network of Chia full nodes: blocks, and a node that comes late.
    Chia(chia::sim::Options),
}

/// What is turned into readable JSON, and back.
#[derive(Debug, Subcommand)]
enum Coding {
    /// A Leios message.
    Leios {
        /// The bytes or the JSON itself (hex for bytes), @FILE, or - for standard input.
        #[arg(allow_hyphen_values = true)]
        text: String,
        /// Which kind of message; all are tried if it isn't given.
        #[arg(long = "as", value_enum)]
        kind: Option<codec::Kind>,
    },
    /// What the Supervisor's RPC and nodes say.
    Supervisor(supervisor::codec::Coded),
    /// A Chia message, or an object inside one.
    Chia(chia::codec::Coded),
}

/// What there is to show.
#[derive(Debug, Subcommand)]
enum Demo {
    /// Two endpoints of the Leios pair over a loopback socket; what is shown by default.
    Leios(demo::Options),
    /// Two chains of a Supervisor: access lists checked over HTTP as messages become safer, are
    /// reorganised away, replaced.
    Supervisor,
    /// A small Chia network: blocks are farmed, a node that comes late syncs, and another that lies
    /// to it is blamed.
    Chia(chia::demo::Options),
}

/// What there is to check.
#[derive(Debug, Subcommand)]
enum Checking {
    /// The Leios pair, over TCP.
    Leios(Box<check::Checked>),
    /// A server of the Supervisor's RPC, over HTTP.
    Supervisor(supervisor::check::Checked),
    /// A Chia node of any role but the wallet, over TCP.
    Chia(Box<chia::check::Checked>),
}

/// What there is to feed.
#[derive(Debug, Subcommand)]
enum Fed {
    /// A made-up cluster for a Supervisor: nodes, layer one, answers; in JSON lines.
    Supervisor(supervisor::feed::Options),
    /// A chain for a Chia full node: a block in hex a line; with --json an object a line.
    Chia(chia::feed::Options),
}

/// What there is to serve.
#[derive(Debug, Subcommand)]
enum Serve {
    /// Offer Leios blocks and votes to whoever connects.
    Leios(node::ServeOptions),
    /// Answer the Supervisor's JSON-RPC over HTTP.
    Supervisor(supervisor::serve::Options),
    /// Run a Chia node of any role but the wallet.
    Chia(Box<chia::node::ServeOptions>),
}

/// Whom there is to connect to.
#[derive(Debug, Subcommand)]
enum Connect {
    /// Fetch what a server of Leios offers.
    Leios(node::ConnectOptions),
    /// Run a Chia node of any role but the wallet, that listens nowhere.
    Chia(Box<chia::node::ConnectOptions>),
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run both ends of something over loopback sockets and show what they did.
    #[command(args_conflicts_with_subcommands = true)]
    Demo {
        #[command(subcommand)]
        family: Option<Demo>,
        #[command(flatten)]
        options: demo::Options,
    },
    /// Wait for connections and serve them.
    #[command(subcommand)]
    Serve(Serve),
    /// Connect to somebody who listens.
    #[command(subcommand)]
    Connect(Connect),
    /// Turn a message into readable JSON.
    #[command(subcommand)]
    Decode(Coding),
    /// Turn JSON into a message's wire form: hex for bytes.
    #[command(subcommand)]
    Encode(Coding),
    /// Play scenarios against any implementation and say which rules it keeps.
    #[command(subcommand)]
    Check(Checking),
    /// Make up what others would tell, and print it or play it.
    #[command(subcommand)]
    Feed(Fed),
    /// Draw the state diagrams as Mermaid.
    Diagram(OneFamily),
    /// List the numbered rules, each with its source.
    #[command(after_help = SOURCES)]
    Rules(OneFamily),
    /// Play a trace again and name the first step that differs.
    Replay {
        /// The trace, in JSON lines.
        trace: PathBuf,
    },
    /// Draw a trace as a sequence diagram in SVG.
    Draw {
        /// The trace, in JSON lines.
        trace: PathBuf,
        /// Where to write; standard output if not given.
        #[arg(long, short)]
        output: Option<PathBuf>,
        /// The steps to draw, counted from 0: FROM..TO (TO not included).
        #[arg(long)]
        steps: Option<String>,
    },
    /// Simulate many nodes under virtual time.
    #[command(subcommand)]
    Sim(Simulated),
    /// Play any machine on standard input and output: a JSON line in, JSON lines out.
    ///
    /// Ends with exit code 1 if a line was no input.
    #[command(after_help = play::machines())]
    Play {
        /// Which machine, for example leios.client.
        machine: String,
        /// Its configuration: JSON, @FILE, or - for standard input.
        #[arg(long)]
        config: Option<String>,
    },
}

/// What `rules` says of each.
const SOURCES: &str = "A line has the number, the name of a breach, what a breach shows of a peer \
    (benign, faulty, hostile), the rule, and its source: seed is the specification, original its \
    first implementation; reference, added and what else there is say what settled a question that \
    these leave open.";

#[derive(Debug, Args)]
struct OneFamily {
    /// Which family.
    #[arg(value_enum)]
    family: Family,
}

impl Cli {
    /// Carries the command out.
    pub fn run(self) -> Result<ExitCode, Failure> {
        let json = self.json;
        match self.command {
            Command::Demo { family: Some(Demo::Supervisor), .. } => supervisor::demo::run(json)?,
            Command::Demo { family: Some(Demo::Chia(options)), .. } => {
                chia::demo::run(&options, json)?;
            }
            Command::Demo { family: Some(Demo::Leios(options)), .. }
            | Command::Demo { family: None, options } => demo::run(&options, json)?,
            Command::Serve(Serve::Leios(options)) => node::serve(&options, json)?,
            Command::Serve(Serve::Supervisor(options)) => {
                supervisor::serve::run(&options, json)?;
            }
            Command::Serve(Serve::Chia(options)) => chia::node::serve(&options, json)?,
            Command::Connect(Connect::Leios(options)) => node::connect(&options, json)?,
            Command::Connect(Connect::Chia(options)) => chia::node::connect(&options, json)?,
            Command::Decode(Coding::Leios { text, kind }) => {
                codec::decode(&source::hex(&text)?, kind, json)?;
            }
            Command::Encode(Coding::Leios { text, kind }) => {
                codec::encode(&source::text(&text)?, kind, json)?;
            }
            Command::Decode(Coding::Supervisor(coded)) => supervisor::codec::decode(&coded, json)?,
            Command::Encode(Coding::Supervisor(coded)) => supervisor::codec::encode(&coded, json)?,
            Command::Decode(Coding::Chia(coded)) => chia::codec::decode(&coded, json)?,
            Command::Encode(Coding::Chia(coded)) => chia::codec::encode(&coded, json)?,
            Command::Check(Checking::Chia(options)) => return chia::check::run(&options, json),
            Command::Check(Checking::Leios(options)) => return check::run(&options, json),
            Command::Check(Checking::Supervisor(options)) => {
                return supervisor::check::run(&options, json);
            }
            Command::Feed(Fed::Supervisor(options)) => {
                return supervisor::feed::run(&options, json);
            }
            Command::Feed(Fed::Chia(options)) => chia::feed::run(&options, json)?,
            Command::Diagram(OneFamily { family }) => info::diagram(family, json)?,
            Command::Rules(OneFamily { family }) => info::rules(family, json)?,
            Command::Replay { trace } => trace::replay(&trace, json)?,
            Command::Draw { trace, output, steps } => {
                trace::draw(&trace, output.as_deref(), steps.as_deref(), json)?;
            }
            Command::Sim(Simulated::Leios(options)) => sim::leios(&options, json)?,
            Command::Sim(Simulated::Chia(options)) => chia::sim::run(&options, json)?,
            Command::Play { machine, config } => play::run(&machine, config.as_deref())?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Anything of ours as JSON; what cannot be, says why.
fn as_json<T: Serialize>(of: T) -> Value {
    serde_json::to_value(of).unwrap_or_else(|error| Value::String(error.to_string()))
}

/// Prints to standard output; a reader that has gone away is no failure.
fn print(text: &str) -> Result<(), Failure> {
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}
