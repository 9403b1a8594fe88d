//! What a node of the command line is made of: options, and the roles that they are for.

use std::fs::File;
use std::io::BufReader;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use nodewire::codec::chia::{Bytes32, NodeType};
use nodewire::sim::chia::{Consensus, Ledger};
use nodewire::state::chia::Limits;
use nodewire_adapter::chia::chain_file;
use nodewire_adapter::chia::setup::Farming;
use nodewire_adapter::hex::from_hex;

use crate::cli::address::address;
use crate::cli::failure::Failure;

/// The roles that run as a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Of {
    /// Keeps a chain, and talks to everybody.
    FullNode,
    /// Looks for proofs in its plots.
    Harvester,
    /// Turns proofs into blocks.
    Farmer,
    /// Lets time pass.
    Timelord,
    /// Tells full nodes of each other.
    Introducer,
}

impl Of {
    /// Where it listens unless told otherwise.
    pub const fn port(self) -> u16 {
        match self {
            Self::FullNode => 8_444,
            Self::Introducer => 8_445,
            Self::Timelord => 8_446,
            Self::Farmer => 8_447,
            Self::Harvester => 8_448,
        }
    }

    /// What a handshake calls it.
    pub const fn node_type(self) -> NodeType {
        match self {
            Self::FullNode => NodeType::FullNode,
            Self::Introducer => NodeType::Introducer,
            Self::Timelord => NodeType::Timelord,
            Self::Farmer => NodeType::Farmer,
            Self::Harvester => NodeType::Harvester,
        }
    }

    /// What `--role` calls it.
    pub fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// Most seconds that a block is to take.
pub const MOST_BLOCK_TIME: u64 = 86_400;

/// What a node is.
#[derive(Debug, Args)]
pub struct NodeOptions {
    /// What it is there for.
    #[arg(long, value_enum)]
    pub role: Of,
    /// What it calls itself: 32 bytes in hex; at random if not given.
    #[arg(long, value_parser = hash)]
    pub node_id: Option<[u8; 32]>,
    /// Write what the role hears and does to this file, as it happens: a trace for `replay` and
    /// `draw`.
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// A full node's chain: a file with one block in hex a line, the first one first. Its proofs and
    /// signatures have to be stand-ins: no BLS signature, proof of space or proof of time is
    /// verified here.
    #[arg(long)]
    chain: Option<PathBuf>,
    /// A full node's chain, made up: so many blocks above the first; none if not given.
    #[arg(long, conflicts_with = "chain")]
    blocks: Option<u32>,
    /// Whom a full node asks for other full nodes: HOST:PORT.
    #[arg(long, value_parser = address)]
    pub introducer: Option<SocketAddr>,
    /// End a full node when its chain is so high.
    #[arg(long)]
    pub until_height: Option<u32>,
    /// A harvester's plots, by number; 1 if not given.
    #[arg(long, value_delimiter = ',')]
    plots: Vec<u64>,
    /// Whom the pool of a farmer pays, at most 256 bytes; "a farmer" if not given.
    #[arg(long, value_parser = farmer_target)]
    farmer_target: Option<String>,
    /// Whom the blocks of a farmer pay: 32 bytes in hex; nobody if not given.
    #[arg(long, value_parser = hash)]
    puzzle_hash: Option<[u8; 32]>,
    /// A farmer tells a harvester that comes the challenges there are. Otherwise it hears the next
    /// one only: a network whose harvester comes after the first challenge stands still.
    #[arg(long)]
    resend_challenges: bool,
    /// Seconds that a block takes at least, a day at most, for full nodes and farmers, who have to
    /// agree on it; 10 if not given.
    #[arg(long, value_parser = clap::value_parser!(u64).range(..=MOST_BLOCK_TIME))]
    min_block_time: Option<u64>,
    /// Bytes of the witness of each proof of time that a timelord makes, or that is in the made-up
    /// chain of a full node: 16384 at most (the limit `max_witness`), 934 if not given. Nodes need
    /// not agree on it; scenarios have 32.
    #[arg(long, value_parser = witness)]
    witness: Option<usize>,
}

impl NodeOptions {
    /// Refuses what the role has no use for.
    pub fn fitting(&self) -> Result<(), Failure> {
        use Of::{Farmer, FullNode, Harvester, Timelord};
        let given: [(&str, bool, &[Of]); 10] = [
            ("--chain", self.chain.is_some(), &[FullNode]),
            ("--blocks", self.blocks.is_some(), &[FullNode]),
            ("--introducer", self.introducer.is_some(), &[FullNode]),
            ("--until-height", self.until_height.is_some(), &[FullNode]),
            ("--plots", !self.plots.is_empty(), &[Harvester]),
            ("--farmer-target", self.farmer_target.is_some(), &[Farmer]),
            ("--puzzle-hash", self.puzzle_hash.is_some(), &[Farmer]),
            ("--resend-challenges", self.resend_challenges, &[Farmer]),
            ("--min-block-time", self.min_block_time.is_some(), &[FullNode, Farmer]),
            ("--witness", self.witness.is_some(), &[FullNode, Timelord]),
        ];
        let foreign = given.iter().find(|(_, given, of)| *given && !of.contains(&self.role));
        let Some((option, _, of)) = foreign else { return Ok(()) };
        let of: Vec<_> = of.iter().map(|role| role.name()).collect();
        let (of, role) = (of.join(" or "), self.role.name());
        Err(Failure::not_begun(format!("{option} is for --role {of}, not for --role {role}")))
    }

    /// What makes a block valid.
    pub fn consensus(&self) -> Consensus {
        let mut consensus = Consensus::default();
        consensus.min_block_time = self.min_block_time.unwrap_or(consensus.min_block_time);
        consensus.witness = self.witness.unwrap_or(consensus.witness);
        consensus
    }

    /// What a farmer farms for.
    pub fn farming(&self) -> Farming {
        Farming {
            target: self.farmer_target.clone().unwrap_or_else(|| "a farmer".to_owned()),
            puzzle_hash: Bytes32(self.puzzle_hash.unwrap_or([0; 32])),
            resend_challenges: self.resend_challenges,
        }
    }

    /// A harvester's plots.
    pub fn plots(&self) -> &[u64] {
        if self.plots.is_empty() { &[1] } else { &self.plots }
    }

    /// A full node's chain. How far that is, a bar shows.
    pub fn ledger(&self) -> Result<Ledger, Failure> {
        let consensus = self.consensus();
        let Some(path) = &self.chain else {
            let blocks = self.blocks.unwrap_or(0);
            let bar = ProgressBar::new(blocks.into()).with_style(style("{bar:40} {pos}/{len}"));
            let made = chain_file::made(&consensus, blocks, || bar.inc(1));
            bar.finish_and_clear();
            return Ok(made);
        };
        let file = File::open(path).map_err(|error| Failure::file(path, &error))?;
        let bar = ProgressBar::new_spinner().with_style(style("{spinner} {pos} blocks read"));
        let read = chain_file::read(&consensus, BufReader::new(file), || bar.inc(1));
        bar.finish_and_clear();
        read.map_err(|why| Failure::new(format!("{}: {why}", path.display())))
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// Bytes of a witness: no more than may be sent.
fn witness(text: &str) -> Result<usize, String> {
    let bytes = text.parse().map_err(|error: std::num::ParseIntError| error.to_string())?;
    let most = Limits::default().max_witness;
    if bytes <= most { Ok(bytes) } else { Err(format!("no node takes more than {most} bytes")) }
}

/// A name for a pool: no longer than may be sent.
fn farmer_target(text: &str) -> Result<String, String> {
    let most = Limits::default().max_farmer_target;
    let fits = text.len() <= most;
    if fits { Ok(text.to_owned()) } else { Err(format!("it takes {most} bytes at most")) }
}

/// 32 bytes in hex.
fn hash(text: &str) -> Result<[u8; 32], String> {
    from_hex(text)?.try_into().map_err(|_| "it takes 32 bytes in hex".to_owned())
}
