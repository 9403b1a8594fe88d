//! `serve` and `connect`: one node of any role as a process.

use std::fs::File;
use std::io::BufReader;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use nodewire::Time;
use nodewire::chia::NodeNotice;
use nodewire::codec::chia::{Bytes32, NodeId};
use nodewire::sim::chia::{Consensus, Keeper, Ledger, Oracle, Staffed};
use nodewire::state::chia::{FullNode, Role};
use nodewire_adapter::chia::setup::{self, Farming, Identity};
use nodewire_adapter::chia::{Hub, chain_file};
use nodewire_adapter::hex::from_hex;
use serde::Serialize;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::told::{self, Teller};
use crate::cli::address::address;
use crate::cli::failure::Failure;
use crate::cli::print;

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
    const fn port(self) -> u16 {
        match self {
            Self::FullNode => 8_444,
            Self::Introducer => 8_445,
            Self::Timelord => 8_446,
            Self::Farmer => 8_447,
            Self::Harvester => 8_448,
        }
    }
}

/// A node that listens.
#[derive(Debug, Args)]
pub struct ServeOptions {
    #[command(flatten)]
    node: NodeOptions,
    /// Where to listen: HOST:PORT; the role's port on this machine if not given.
    #[arg(long, value_parser = address)]
    listen: Option<SocketAddr>,
    /// Whom to keep a connection to: HOST:PORT. Can be given more than once.
    #[arg(long = "peer", value_parser = address)]
    peers: Vec<SocketAddr>,
}

/// A node that listens nowhere.
#[derive(Debug, Args)]
pub struct ConnectOptions {
    #[command(flatten)]
    node: NodeOptions,
    /// Whom to keep a connection to: HOST:PORT.
    #[arg(required = true, value_parser = address)]
    peers: Vec<SocketAddr>,
}

/// What a node is.
#[derive(Debug, Args)]
pub struct NodeOptions {
    /// What it is there for.
    #[arg(long, value_enum)]
    role: Of,
    /// A full node's chain: a file with one block in hex a line, the first one first. Its proofs and
    /// signatures have to be stand-ins: no BLS signature, proof of space or proof of time is
    /// verified here.
    #[arg(long)]
    chain: Option<PathBuf>,
    /// A full node's chain, made up: so many blocks above the first.
    #[arg(long, default_value_t = 0, conflicts_with = "chain")]
    blocks: u32,
    /// A harvester's plots, by number.
    #[arg(long, default_value = "1", value_delimiter = ',')]
    plots: Vec<u64>,
    /// Whom the pool of a farmer pays.
    #[arg(long, default_value = "a farmer")]
    farmer_target: String,
    /// Whom the blocks of a farmer pay: 32 bytes in hex; nobody if not given.
    #[arg(long, value_parser = hash)]
    puzzle_hash: Option<[u8; 32]>,
    /// A farmer tells a harvester that comes the challenges there are: one that comes back goes on.
    #[arg(long)]
    resend_challenges: bool,
    /// What it calls itself: 32 bytes in hex; at random if not given.
    #[arg(long, value_parser = hash)]
    node_id: Option<[u8; 32]>,
    /// Seconds that a block takes at least. All nodes of a network have to agree on it.
    #[arg(long, default_value_t = 10)]
    min_block_time: u64,
    /// Bytes of the witness of made-up proofs of time. All nodes of a network that makes up its
    /// chain have to agree on it; the scenarios' has 32.
    #[arg(long, default_value_t = 934)]
    witness: usize,
    /// Whom a full node asks for other full nodes: HOST:PORT.
    #[arg(long, value_parser = address)]
    introducer: Option<SocketAddr>,
    /// End a full node when its chain is so high.
    #[arg(long)]
    until_height: Option<u32>,
}

impl NodeOptions {
    fn consensus(&self) -> Consensus {
        let mut consensus = Consensus::default();
        consensus.min_block_time = self.min_block_time;
        consensus.witness = self.witness;
        consensus
    }

    fn farming(&self) -> Farming {
        Farming {
            target: self.farmer_target.clone(),
            puzzle_hash: Bytes32(self.puzzle_hash.unwrap_or([0; 32])),
            resend_challenges: self.resend_challenges,
        }
    }

    fn ledger(&self) -> Result<Ledger, Failure> {
        let consensus = self.consensus();
        let Some(path) = &self.chain else {
            return Ok(chain_file::made(&consensus, self.blocks));
        };
        let file = File::open(path).map_err(|error| Failure::file(path, &error))?;
        let read = chain_file::read(&consensus, BufReader::new(file));
        read.map_err(|why| Failure::new(format!("{}: {why}", path.display())))
    }
}

/// Runs a node that listens, until interrupted.
pub fn serve(options: &ServeOptions, json: bool) -> Result<(), Failure> {
    let ServeOptions { node, listen, peers } = options;
    let here = SocketAddr::from((Ipv4Addr::LOCALHOST, node.role.port()));
    run(node, Some(listen.unwrap_or(here)), peers, json)
}

/// Runs a node that listens nowhere, until interrupted.
pub fn connect(options: &ConnectOptions, json: bool) -> Result<(), Failure> {
    run(&options.node, None, &options.peers, json)
}

fn run(
    options: &NodeOptions,
    listen: Option<SocketAddr>,
    peers: &[SocketAddr],
    json: bool,
) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = bind(listen, json).await?;
        let here = listener.as_ref().and_then(|listener| listener.local_addr().ok());
        let named = |node_id| Identity::named(NodeId(node_id), here);
        let identity = options.node_id.map_or_else(|| Identity::random(here), named);
        let consensus = options.consensus();
        let drive = Drive { listener, peers, json, until_height: options.until_height };
        match options.role {
            Of::FullNode => {
                let node = setup::full_node(&identity, options.ledger()?, options.introducer);
                let node = node.map_err(Failure::new)?;
                drive.run(node, None, told::full_node, Some(height)).await
            }
            Of::Farmer => {
                let node = setup::farmer(&identity, &consensus, options.farming());
                drive.run(node, None, told::farmer, None).await
            }
            Of::Harvester => {
                let (node, first) = setup::harvester(&identity, &consensus, &options.plots);
                drive.run(node, Some(first), told::harvester, None).await
            }
            Of::Timelord => {
                let node = setup::timelord(&identity, &consensus);
                drive.run(node, None, told::timelord, None).await
            }
            Of::Introducer => {
                let node = setup::introducer(&identity);
                drive.run(node, None, told::introducer, None).await
            }
        }
    })
}

async fn bind(listen: Option<SocketAddr>, json: bool) -> Result<Option<TcpListener>, Failure> {
    let Some(listen) = listen else { return Ok(None) };
    let named = |error| Failure::new(format!("{listen}: {error}"));
    let listener = TcpListener::bind(listen).await.map_err(named)?;
    let address = listener.local_addr().map_err(named)?;
    print(&if json {
        json!({ "listening": address }).to_string()
    } else {
        format!("listening on {address}")
    })?;
    Ok(Some(listener))
}

/// 32 bytes in hex.
fn hash(text: &str) -> Result<[u8; 32], String> {
    from_hex(text)?.try_into().map_err(|_| "it takes 32 bytes in hex".to_owned())
}

/// How high a node's chain is.
type Height<R, O> = fn(&Staffed<R, O>) -> u32;

/// The height of a full node's chain.
fn height(node: &Staffed<FullNode, Keeper>) -> u32 {
    node.node().role().chain().heaviest().map_or(0, |tip| tip.height)
}

/// How a node is driven.
struct Drive<'a> {
    listener: Option<TcpListener>,
    peers: &'a [SocketAddr],
    json: bool,
    until_height: Option<u32>,
}

impl Drive<'_> {
    async fn run<R, O>(
        self,
        node: Staffed<R, O>,
        first: Option<R::Local>,
        tell: Teller<R::Notice>,
        height: Option<Height<R, O>>,
    ) -> Result<(), Failure>
    where
        R: Role<Notice: Serialize>,
        O: Oracle<R>,
    {
        let (commands, mut inbox) = mpsc::channel(1);
        if let Some(first) = first {
            let _ = commands.send(first).await;
        }
        let (stop, stopped) = watch::channel(false);
        let mut failed = Ok(());
        let told = |now: Time, node: &Staffed<R, O>, notice: NodeNotice<R::Notice>| {
            let line = told::line(now, &notice, tell, self.json);
            if let Some(Err(why)) = line.map(|line| print(&line)) {
                failed = Err(why);
                let _ = stop.send(true);
            }
            let reached = height.map(|height| height(node)).zip(self.until_height);
            if reached.is_some_and(|(height, until)| height >= until) {
                let _ = stop.send(true);
            }
        };
        let mut hub = Hub::new(node, Instant::now());
        tokio::select! {
            () = hub.run(self.listener, self.peers, &mut inbox, stopped, told) => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        failed
    }
}
