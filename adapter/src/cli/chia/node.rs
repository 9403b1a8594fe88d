//! `serve` and `connect`: one node of any role as a process.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use clap::Args;
use nodewire::Time;
use nodewire::codec::chia::NodeId;
use nodewire::sim::chia::{Oracle, Staffed};
use nodewire::state::chia::Tip;
use nodewire::{Machine, Never};
use nodewire_adapter::chia::setup::{self, Identity, Made};
use nodewire_adapter::chia::{Hub, HubNews};
use serde::Serialize;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::narrator::Narrator;
use super::options::{NodeOptions, Of};
use super::record::TraceFile;
use super::told::{Tells, short};
use crate::cli::address::address;
use crate::cli::failure::Failure;
use crate::cli::print;

/// A node that listens.
#[derive(Debug, Args)]
pub struct ServeOptions {
    #[command(flatten)]
    node: NodeOptions,
    /// Where to listen: HOST:PORT; the role's port on this machine if not given:
    /// 8444 of a full node, 8445 an introducer, 8446 a timelord, 8447 a farmer, 8448 a harvester.
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
    options.fitting()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // Before anything takes long.
        let listener = match listen {
            Some(listen) => Some(bind(listen).await?),
            None => None,
        };
        let here = listener.as_ref().and_then(|listener| listener.local_addr().ok());
        let named = |node_id| Identity::named(NodeId(node_id), here);
        let identity = options.node_id.map_or_else(|| Identity::random(here), named);
        let (consensus, record) = (options.consensus(), options.record.as_deref());
        not_ourselves(here, peers)?;
        let begun = Begun { options, listener, peers, json };
        match options.role {
            Of::FullNode => {
                let made = setup::full_node(&identity, options.ledger()?, options.introducer);
                begun.run(made.map_err(Failure::new)?, None, record).await
            }
            Of::Farmer => {
                let made = setup::farmer(&identity, &consensus, options.farming());
                begun.run(made, None, record).await
            }
            Of::Harvester => {
                let (made, first) = setup::harvester(&identity, &consensus, options.plots());
                begun.run(made, Some(first), record).await
            }
            Of::Timelord => begun.run(setup::timelord(&identity, &consensus), None, record).await,
            Of::Introducer => begun.run(setup::introducer(&identity), None, record).await,
        }
    })
}

/// Nobody is a peer of its own.
fn not_ourselves(here: Option<SocketAddr>, peers: &[SocketAddr]) -> Result<(), Failure> {
    let Some(here) = here else { return Ok(()) };
    let is_ours = |peer: &&SocketAddr| {
        let (ours, theirs) = (here.ip().to_canonical(), peer.ip().to_canonical());
        // Whoever listens everywhere listens on this computer's own addresses too.
        let is_here = ours == theirs || (ours.is_unspecified() && theirs.is_loopback());
        peer.port() == here.port() && is_here
    };
    peers.iter().find(is_ours).map_or(Ok(()), |peer| {
        Err(Failure::not_begun(format!("--peer {peer}: that is where this node itself listens")))
    })
}

async fn bind(listen: SocketAddr) -> Result<TcpListener, Failure> {
    let named = |error| Failure::new(format!("{listen}: {error}"));
    TcpListener::bind(listen).await.map_err(named)
}

/// Everything is there but the node.
struct Begun<'a> {
    options: &'a NodeOptions,
    listener: Option<TcpListener>,
    peers: &'a [SocketAddr],
    json: bool,
}

impl Begun<'_> {
    async fn run<R, O, C>(
        self,
        made: Made<R, O, C>,
        first: Option<R::Local>,
        record: Option<&Path>,
    ) -> Result<(), Failure>
    where
        R: Tells + Machine<Local: Serialize, Notice: Serialize, Query: Serialize>,
        O: Oracle<R>,
        C: Serialize,
    {
        match record {
            None => self.drive(made.staffed(), first).await,
            Some(path) => {
                let file = TraceFile::begin(path, &made.beginning())?;
                self.drive(made.recorded(file), first).await
            }
        }
    }

    async fn drive<R, O>(self, node: Staffed<R, O>, first: Option<R::Local>) -> Result<(), Failure>
    where
        R: Tells + Machine<Notice: Serialize>,
        O: Oracle<R>,
        Staffed<R, O>: Machine<Query = Never>,
    {
        let Self { options, listener, peers, json } = self;
        if let Some(tip) = node.node().role().tip() {
            print(&stands(tip, json))?;
        }
        if let Some(listener) = &listener {
            let address = listener.local_addr()?;
            print(&if json {
                json!({ "listening": address }).to_string()
            } else {
                format!("listening on {address}")
            })?;
        }
        let is_done = |role: &R| {
            let until = role.tip().zip(options.until_height);
            until.is_some_and(|(tip, until)| tip.height >= until)
        };
        if is_done(node.node().role()) {
            return Ok(());
        }
        let (commands, mut inbox) = mpsc::channel(1);
        if let Some(first) = first {
            let _ = commands.send(first).await;
        }
        let (stop, stopped) = watch::channel(false);
        let mut failed = Ok(());
        let mut narrator = Narrator::new(options.role, peers, options.introducer, json);
        let told = |now: Time, node: &Staffed<R, O>, news: HubNews<R::Notice>| {
            let role = node.node().role();
            for line in narrator.lines(now, role, &news) {
                if let Err(why) = print(&line) {
                    failed = Err(why);
                    let _ = stop.send(true);
                }
            }
            if is_done(role) {
                let _ = stop.send(true);
            }
        };
        let mut hub = Hub::new(node, Instant::now());
        tokio::select! {
            () = hub.run(listener, peers, &mut inbox, stopped, told) => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        failed?;
        let role = hub.machine().node().role();
        role.tip().filter(|_| is_done(role)).map_or(Ok(()), |tip| print(&stands(tip, json)))
    }
}

/// Where a chain stands, at the beginning and when it is high enough.
fn stands(tip: &Tip, json: bool) -> String {
    if json {
        return json!({ "chain": { "height": tip.height, "header_hash": tip.header_hash } })
            .to_string();
    }
    format!("the chain is at height {}, tip {}", tip.height, short(&tip.header_hash.to_string()))
}
