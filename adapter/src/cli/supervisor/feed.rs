//! `feed supervisor`: a made-up cluster as a feed, printed or played.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Write};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use clap::{Args, ValueEnum};
use nodewire::codec::supervisor::{BlockId, BlockRef, ChainId};
use nodewire::sim::supervisor::{Cluster, Faults, Feed, Options as Made, Order, recorded};
use nodewire::state::supervisor::Limits;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::cli::failure::Failure;
use crate::cli::print;

/// What to make, and what to do with it.
#[derive(Debug, Args)]
pub struct Options {
    /// How many chains.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=64))]
    chains: u16,
    /// About how many blocks of the first chain, before a quiet end.
    #[arg(long, default_value_t = 20)]
    blocks: u32,
    /// What it is made from: equal seeds make equal clusters.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Nodes of each chain.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=16))]
    nodes: u32,
    /// What goes wrong until the quiet end begins.
    #[arg(long, value_enum, default_value_t = Wrong::None)]
    faults: Wrong,
    /// Chains, nodes and answers overtake each other.
    #[arg(long)]
    mixed: bool,
    /// Print the configuration that the Supervisor needs, and nothing else.
    #[arg(long, conflicts_with = "drive")]
    config: bool,
    /// Play it against a Supervisor: what it says is read from standard input.
    #[arg(long)]
    drive: bool,
    /// How many seconds there may be nothing to say before the Supervisor is done.
    #[arg(long, default_value_t = 60, requires = "drive")]
    patience: u32,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Wrong {
    /// Nothing.
    None,
    /// Nodes say it twice, in another order, or what is not so; they go down; answers are wrong
    /// or never come; layer one changes its mind.
    All,
}

/// Prints lines, or says them and listens.
pub fn run(options: &Options, json: bool) -> Result<ExitCode, Failure> {
    let mut made = Made::default();
    made.nodes = options.nodes;
    if options.faults == Wrong::All {
        made.faults = Faults::ALL;
    }
    let (chains, blocks) = (usize::from(options.chains), u64::from(options.blocks));
    let cluster = Cluster::generate(options.seed, chains, blocks, made);
    let order = if options.mixed { Order::Mixed(options.seed) } else { Order::InTurn };
    if options.config {
        return print(&json!(cluster.config()).to_string()).map(|()| ExitCode::SUCCESS);
    }
    if !options.drive {
        for line in recorded(&cluster, order, Limits::default()) {
            print(&line)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut drive = Drive::new(Feed::new(&cluster, order));
    drive.run(Duration::from_secs(options.patience.into()))?;
    // Standard output has the lines.
    eprintln!("{}", drive.report(json));
    match drive.behind().as_slice() {
        [] => Ok(ExitCode::SUCCESS),
        behind => {
            let chains: Vec<_> = behind.iter().map(ToString::to_string).collect();
            Err(Failure::new(format!("not all is cross-safe of {}", chains.join(", "))))
        }
    }
}

/// A feed, and what the Supervisor at its other end has told.
struct Drive {
    feed: Feed,
    /// The block of each chain that was told to be cross-safe last.
    safe: BTreeMap<ChainId, BlockId>,
    said: u64,
    heard: u64,
}

/// Nothing more is heard for so long once all is said: there was nothing more to hear.
const QUIET: Duration = Duration::from_millis(300);

impl Drive {
    const fn new(feed: Feed) -> Self {
        Self { feed, safe: BTreeMap::new(), said: 0, heard: 0 }
    }

    /// Says what there is to say, and hears what comes, until neither goes on.
    fn run(&mut self, patience: Duration) -> Result<(), Failure> {
        let lines = heard()?;
        let mut out = io::stdout().lock();
        let mut since = Instant::now();
        loop {
            while let Ok(line) = lines.try_recv() {
                self.hear(&line)?;
            }
            if let Some(line) = self.feed.next_line() {
                writeln!(out, "{line}")?;
                self.said += 1;
                since = Instant::now();
                continue;
            }
            out.flush()?;
            let done = self.is_done();
            let left = if done { QUIET } else { patience.saturating_sub(since.elapsed()) };
            match lines.recv_timeout(left) {
                Ok(line) => self.hear(&line)?,
                Err(RecvTimeoutError::Timeout) => return Ok(()),
                Err(RecvTimeoutError::Disconnected) if done => return Ok(()),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Failure::new("the Supervisor has gone before the end"));
                }
            }
        }
    }

    fn hear(&mut self, line: &str) -> Result<(), Failure> {
        self.heard += 1;
        let said = self.feed.hear_line(line);
        said.map_err(|why| Failure::new(format!("what the Supervisor said: {why}")))?;
        let line: Value = serde_json::from_str(line)?;
        if let Some(why) = line.get("error") {
            return Err(Failure::new(format!("the Supervisor did not read a line: {why}")));
        }
        let told = &line["notify"]["crossSafe"];
        if let Ok((chain_id, block)) = serde_json::from_value(told.clone()) {
            self.safe.insert(chain_id, block);
        }
        Ok(())
    }

    fn is_done(&self) -> bool {
        self.feed.is_settled() && self.feed.open_calls() == 0 && self.behind().is_empty()
    }

    /// The chains whose newest block was not told to be cross-safe.
    fn behind(&self) -> Vec<ChainId> {
        let truth = self.feed.truth();
        let behind = truth.chain_ids().enumerate().filter(|(place, chain_id)| {
            let blocks = truth.blocks(*place);
            let head = blocks.last().map(BlockRef::id);
            // The anchor's block is safe from the beginning.
            blocks.len() > 1 && head.as_ref() != self.safe.get(chain_id)
        });
        behind.map(|(_, chain_id)| chain_id).collect()
    }

    /// What came of it: the newest block of each chain, and the one told to be cross-safe.
    fn report(&self, json: bool) -> String {
        let truth = self.feed.truth();
        let heads: Vec<_> = truth
            .chain_ids()
            .enumerate()
            .map(|(place, chain_id)| {
                (chain_id, truth.head(place).map(|head| head.id()), self.safe.get(&chain_id))
            })
            .collect();
        if json {
            let heads = heads.into_iter().map(|(chain_id, head, safe)| {
                json!({ "chainID": chain_id, "head": head, "crossSafe": safe })
            });
            let chains: Vec<_> = heads.collect();
            return json!({ "said": self.said, "heard": self.heard, "chains": chains }).to_string();
        }
        let mut text = format!("{} lines said, {} heard", self.said, self.heard);
        for (chain_id, head, safe) in heads {
            let number = |block: Option<&BlockId>| {
                block.map_or_else(|| "none".to_owned(), |block| block.number.to_string())
            };
            let (head, safe) = (number(head.as_ref()), number(safe));
            text += &format!("\n{chain_id}: newest block {head}, cross-safe {safe}");
        }
        text
    }
}

/// The lines of standard input, from a thread of their own.
fn heard() -> io::Result<Receiver<String>> {
    let (to, lines) = channel();
    let read = move || {
        for line in BufReader::new(io::stdin()).lines() {
            let Ok(line) = line else { return };
            if to.send(line).is_err() {
                return;
            }
        }
    };
    thread::Builder::new().name("feed-in".to_owned()).spawn(read)?;
    Ok(lines)
}
