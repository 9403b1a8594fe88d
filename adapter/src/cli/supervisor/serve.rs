//! `serve supervisor`: the RPC over HTTP, fed by nodes and execution layers.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use nodewire::codec::supervisor::ChainId;
use nodewire::state::supervisor::{DurableLimits, ExpiryWindow, NodeId, Recovered, Supervisor};
use nodewire_adapter::supervisor::el::{self, AnchorAt, ExecutionLayer, View};
use nodewire_adapter::supervisor::{
    Feed, Folder, Handle, Host, Lag, Manner, Serving, Settings, interrupted, listen,
};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tracing::{info, warn};

use crate::cli::address::address;
use crate::cli::failure::Failure;
use crate::cli::source;

/// How to serve.
#[derive(Debug, Args)]
pub struct Options {
    /// Where to listen: HOST:PORT.
    #[arg(long, default_value = "127.0.0.1:9545", value_parser = address)]
    listen: SocketAddr,
    /// The cluster as JSON: {"chains":{"0xa":{"blockTime":2}},"expiryWindow":604800}, with
    /// "limits" where they differ from the defaults. Without it the chains are those of --el.
    #[arg(long)]
    config: Option<PathBuf>,
    /// How long messages may be executed, in seconds, if no file says it.
    #[arg(long, conflicts_with = "config", required_unless_present = "config")]
    expiry_window: Option<u64>,
    /// A feed of node events in JSON lines: a file or a named pipe, which is answered in FILE.out,
    /// or - for standard input and output.
    #[arg(long)]
    feed: Option<PathBuf>,
    /// An execution layer of a chain to be polled, for example 0xa=http://127.0.0.1:8545.
    #[arg(long, value_parser = layer)]
    el: Vec<(ChainId, String)>,
    /// Where the chains of --el begin that nobody else anchors: finalized, safe, or a number.
    /// finalized if there is no feed.
    #[arg(long, value_parser = anchor)]
    el_anchor: Option<AnchorAt>,
    /// A folder to keep everything in that is acknowledged, and to go on from.
    #[arg(long)]
    journal: Option<PathBuf>,
    /// Go on from a journal of which something that was acknowledged may be missing.
    #[arg(long, requires = "journal")]
    accept_loss: bool,
    /// How many MiB of journal there are to be before a snapshot is taken.
    #[arg(long, default_value_t = 256, requires = "journal")]
    snapshot_after: u32,
    /// How many seconds a chain's cross-unsafe head may be behind for /readyz.
    #[arg(long, default_value_t = Lag::DEFAULT.most.as_secs())]
    max_lag: u64,
    /// Heads need not follow the clock: the feed is recorded.
    #[arg(long)]
    no_clock: bool,
    /// How many connections there may be at once.
    #[arg(long, default_value_t = 1_024, value_parser = clap::value_parser!(u16).range(1..))]
    max_connections: u16,
    /// How many bytes all texts and replies together may hold: a request beyond is answered 503.
    #[arg(long, default_value_t = Serving::BYTES, value_parser = bytes)]
    max_bytes: usize,
    /// How many seconds a request may take.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..))]
    request_timeout: u16,
    /// How many seconds open requests have to end when the server is stopped.
    #[arg(long, default_value_t = 20)]
    stop_timeout: u16,
}

/// A number of bytes, not none.
fn bytes(text: &str) -> Result<usize, String> {
    text.parse::<std::num::NonZero<usize>>().map(Into::into).map_err(|error| error.to_string())
}

/// Most blocks of a chain that nobody derives: 24 days of one every two seconds.
const UNSAFE_BLOCKS: usize = 1 << 20;

/// Serves until interrupted or terminated.
pub fn run(options: &Options, json: bool) -> Result<(), Failure> {
    let settings = settings(options)?;
    // Before anything is opened.
    let machine = settings.machine().map_err(Failure::new)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let served = runtime.block_on(async {
        let stop = interrupted()?;
        let named = |error| Failure::new(format!("{}: {error}", options.listen));
        let listener = TcpListener::bind(options.listen).await.map_err(named)?;
        let address = listener.local_addr().map_err(named)?;
        let (handle, host) = match &options.journal {
            Some(path) => kept(path, options, &settings)?,
            None => Host::start(machine),
        };
        let feed = match &options.feed {
            Some(path) => Some(feed(&handle, path).await?),
            None => None,
        };
        let mut serving = serving(options, &settings);
        serving.layers = attach(&handle, options, &settings).await?;
        tell(address, options, json)?;
        let patience = Duration::from_secs(options.stop_timeout.into());
        listen(listener, handle.clone(), serving, stop, patience).await;
        handle.stop().await;
        host.await.map_err(|error| Failure::new(error.to_string()))?;
        if let Some(feed) = feed {
            written(&feed).await;
        }
        Ok(())
    });
    // A feed may wait for good for its next line.
    runtime.shutdown_background();
    served
}

/// Goes on from what a folder holds.
fn kept(
    path: &Path,
    options: &Options,
    settings: &Settings,
) -> Result<(Handle, JoinHandle<Supervisor>), Failure> {
    let named = |error: &dyn std::fmt::Display| {
        Failure::new(format!("--journal {}: {error}", path.display()))
    };
    let folder = Folder::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => named(&"another process has it"),
        _ => named(&error),
    })?;
    let recovered = folder.recover(settings).map_err(|error| named(&error))?;
    let Recovered { replayed, complete, exact, difference, .. } = &recovered;
    info!(replayed, complete, exact, snapshot = recovered.snapshot, "recovered");
    if let Some(difference) = difference {
        warn!(?difference, "the replay came to another head than was recorded");
    }
    if !complete && !options.accept_loss {
        let why = recovered.files.iter().map(|(file, stop)| format!("{file}: {stop:?}"));
        let why: Vec<_> = why.collect();
        return Err(named(&format!(
            "something that was acknowledged may be missing, --accept-loss goes on: {}",
            why.join(", ")
        )));
    }
    let mut limits = DurableLimits::default();
    limits.snapshot_after = u64::from(options.snapshot_after) * 1_048_576;
    Ok(Host::kept(recovered, limits, folder)?)
}

fn settings(options: &Options) -> Result<Settings, Failure> {
    if let Some(path) = &options.config {
        let text = String::from_utf8(source::file(path)?);
        let text = text.map_err(|_| Failure::new(format!("{}: not text", path.display())))?;
        let settings = Settings::read(&text);
        return settings.map_err(|error| Failure::new(format!("{}: {error}", path.display())));
    }
    let window = ExpiryWindow(options.expiry_window.unwrap_or_default());
    let chains = options.el.iter().map(|(chain_id, _)| *chain_id);
    let mut settings = Settings::of_chains(chains, window);
    if options.feed.is_none() {
        // Nothing gets safe by execution layers alone: all that is indexed stays above it.
        settings.limits.max_blocks_above_safe = UNSAFE_BLOCKS;
    }
    if settings.config.chains.is_empty() {
        return Err(Failure::new("there is no chain: --config or --el names them"));
    }
    Ok(settings)
}

fn serving(options: &Options, settings: &Settings) -> Serving {
    let mut serving = Serving::new(Manner::new(&settings.config, &settings.limits));
    serving.request = Duration::from_secs(options.request_timeout.into());
    serving.connections = options.max_connections.into();
    serving.bytes = options.max_bytes;
    serving.lag = Lag { most: Duration::from_secs(options.max_lag), clock: !options.no_clock };
    serving
}

async fn attach(
    handle: &Handle,
    options: &Options,
    settings: &Settings,
) -> Result<Vec<View>, Failure> {
    let mut views = Vec::new();
    let anchor = options.el_anchor.or(options.feed.is_none().then_some(AnchorAt::Finalized));
    // Feeds count their nodes from below.
    for ((chain_id, url), node) in options.el.iter().zip((0..=u32::MAX).rev()) {
        let named = |error: String| Failure::new(format!("--el {chain_id}: {error}"));
        let chain = settings.config.chains.get(chain_id);
        let chain = chain.ok_or_else(|| named("it is not in the dependency set".to_owned()))?;
        let polled = el::Settings::default();
        let layer = ExecutionLayer::new(*chain_id, url, chain.block_time, anchor, polled);
        let attached = layer.map_err(named)?.attach(handle, NodeId(node)).await;
        views.push(attached.map_err(|gone| named(gone.to_string()))?);
    }
    Ok(views)
}

/// Says where it listens: on standard error if the feed has standard output.
fn tell(address: SocketAddr, options: &Options, json: bool) -> Result<(), Failure> {
    let line = match json {
        true => json!({ "listening": address }).to_string(),
        false => format!("listening on {address}"),
    };
    if options.feed.as_deref() == Some(Path::new("-")) {
        eprintln!("{line}");
        return Ok(());
    }
    crate::cli::print(&line)
}

async fn feed(handle: &Handle, path: &Path) -> Result<Feed, Failure> {
    if path == Path::new("-") {
        let lines = BufReader::new(io::stdin());
        return Ok(Feed::start(handle, lines, io::stdout()).await?);
    }
    let named = |path: &Path, error: io::Error| Failure::file(path, &error);
    let lines: Box<dyn Read + Send> = Box::new(open(path, false).map_err(|e| named(path, e))?);
    let mut out = path.as_os_str().to_owned();
    out.push(".out");
    let out = PathBuf::from(out);
    let out: Box<dyn Write + Send> = Box::new(open(&out, true).map_err(|e| named(&out, e))?);
    Ok(Feed::start(handle, BufReader::new(lines), out).await?)
}

/// Opens a file, or a named pipe without waiting for its other end; that may come and go.
fn open(path: &Path, out: bool) -> io::Result<File> {
    #[cfg(unix)]
    if std::fs::metadata(path)
        .is_ok_and(|it| std::os::unix::fs::FileTypeExt::is_fifo(&it.file_type()))
    {
        return OpenOptions::new().read(true).write(true).open(path);
    }
    if out { OpenOptions::new().create(true).append(true).open(path) } else { File::open(path) }
}

/// Gives what was told to the feed a moment to be written.
async fn written(feed: &Feed) {
    for _ in 0..100 {
        if feed.is_written() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// CHAIN=URL.
fn layer(text: &str) -> Result<(ChainId, String), String> {
    let (chain, url) = text.split_once('=').ok_or("it takes the form CHAIN=URL")?;
    let chain = serde_json::from_value(json!(chain)).map_err(|_| "its chain is no chain id")?;
    Ok((chain, url.to_owned()))
}

fn anchor(text: &str) -> Result<AnchorAt, String> {
    match text {
        "finalized" => Ok(AnchorAt::Finalized),
        "safe" => Ok(AnchorAt::Safe),
        number => number
            .parse()
            .map(AnchorAt::Number)
            .map_err(|_| "it takes finalized, safe, or a block number".to_owned()),
    }
}
