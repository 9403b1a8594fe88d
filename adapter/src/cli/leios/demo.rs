//! `demo`: two endpoints over a loopback socket.

use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use nodewire::codec::leios::SlotNo;
use nodewire::leios::{SessionConfig, responder};
use nodewire::sim::{Sequence, Trace};
use nodewire::state::leios::{FetchLimits, Handshake, SlotClock};
use nodewire::{Ending, Time};
use nodewire_adapter::leios::real::{self, Sighting};
use nodewire_adapter::leios::{
    Article, Downloader, Report, SharedTrace, Until, Uploader, recorded,
};
use nodewire_adapter::machines::TEST_NETWORK;
use nodewire_adapter::wire::Wire;
use nodewire_adapter::{Backlog, drive, socket};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::cli::failure::Failure;
use crate::cli::print;

/// How to run the demo.
#[derive(Debug, Args)]
pub struct Options {
    /// Real headers: a file with {"real_and_golden":[{"name":"..","wrapped_hex":".."}]}.
    #[arg(long)]
    headers: Option<PathBuf>,
    /// A real endorser block: a file with {"slot":0,"eb_hex":"..","txs_hex":[".."]}.
    #[arg(long)]
    eb: Option<PathBuf>,
    /// How fast the serving side sends, in Mb/s; 0 for as fast as it goes.
    #[arg(long, default_value_t = 24)]
    rate: u64,
    /// The folder for the trace and the sequence diagram; nodewire-demo in the system's folder for
    /// temporary files if not given.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Keep the bodies in the trace, so that it can be replayed.
    #[arg(long)]
    record: bool,
}

/// What the demo serves.
struct Plan {
    now: Vec<Article>,
    later: Vec<(u64, Article)>,
    sightings: Vec<Sighting>,
    said: Vec<String>,
    clock: SlotClock,
}

/// Seats that vote for each block.
const SEATS: u16 = 100;
/// The younger block is announced after so many bytes of the older one.
const LATER: u64 = 3_000_000;

/// Runs the demo and prints what it came to.
pub fn run(options: &Options, json: bool) -> Result<(), Failure> {
    let plan = plan(options).map_err(Failure::new)?;
    let folder = options.out.clone().unwrap_or_else(|| std::env::temp_dir().join("nodewire-demo"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(both(options, plan, &folder, json))
}

fn plan(options: &Options) -> Result<Plan, String> {
    let sightings = options.headers.as_deref().map(real::headers).transpose()?.unwrap_or_default();
    let mut said = Vec::new();
    let (now, later) = match &options.eb {
        Some(path) => {
            let (article, by) = real::article(path, &sightings, None)?;
            said.push(format!(
                "block {} at slot {} announced by {by}",
                article.point.hash, article.point.slot
            ));
            (vec![article], vec![])
        }
        None => {
            // 12 MB of transactions, and a younger block in the midst of them.
            let old = Article::synthetic(SlotNo(1_000), 1, 8_000, 1_500)?;
            let young = Article::synthetic(SlotNo(1_005), 2, 400, 1_500)?;
            (vec![old], vec![(LATER, young)])
        }
    };
    let youngest = now.iter().chain(later.iter().map(|(_, a)| a)).map(|a| a.point.slot).max();
    let clock = SlotClock { slot: youngest.unwrap_or_default(), ..SlotClock::default() };
    Ok(Plan { now, later, sightings, said, clock })
}

async fn both(options: &Options, plan: Plan, folder: &Path, json: bool) -> Result<(), Failure> {
    let Plan { now, later, sightings, said, clock } = plan;
    let total: u64 = now.iter().chain(later.iter().map(|(_, a)| a)).map(Article::closure).sum();
    let freshest_first = !later.is_empty();
    let mut config = SessionConfig::new(TEST_NETWORK);
    config.connection.clock = clock;
    config.connection.keep_alive.interval = Duration::from_millis(500);
    let limits = config.connection.limits.clone();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let epoch = Instant::now();

    let server_config = config.clone();
    let rate = (options.rate > 0).then(|| options.rate.saturating_mul(1_000_000));
    let server = tokio::spawn(async move {
        let (stream, _) = socket::accept(&listener).await?;
        let mut session = responder(server_config, Time::ZERO);
        let mut host = Uploader::new(now, later, SEATS);
        let (_commands, mut inbox) = mpsc::channel(1);
        let stream = Wire::new(stream, rate);
        let ending =
            drive(&mut session, stream, &mut host, &mut inbox, epoch, Backlog::default()).await?;
        Ok::<_, std::io::Error>((ending, host))
    });

    let trace = SharedTrace::new(!options.record);
    config.handshake = config.handshake.each(|data| data.initiator_only = true);
    let handshake = Handshake::initiator(config.handshake.clone());
    let mut session = recorded(handshake, config, trace.clone());
    let until = Until::Quiet(Duration::from_millis(200));
    let mut host = Downloader::new(limits, FetchLimits::default(), until);
    let (commands, mut inbox) = mpsc::channel(1);
    let _ = commands.send(nodewire::leios::propose()).await;
    let stream = Wire::new(socket::connect(address).await?, None);
    let passed = stream.passed();
    let watch = passed.clone();
    let bar = tokio::spawn(async move {
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{bytes}/{total_bytes} {wide_bar} {eta}") {
            bar.set_style(style);
        }
        loop {
            tokio::time::sleep(Duration::from_millis(100)).await;
            bar.set_position(watch.lock().unwrap_or_else(PoisonError::into_inner).received.bytes());
        }
    });
    let ending =
        drive(&mut session, stream, &mut host, &mut inbox, epoch, Backlog::default()).await?;
    let lasted = epoch.elapsed();
    bar.abort();
    let (server_ending, uploader) =
        server.await.map_err(|error| Failure::new(error.to_string()))??;

    let passed = passed.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let report =
        Report { ending, download: &host, passed: &passed, lasted, published: &uploader.announced };
    let trace = trace.get().ok_or_else(|| Failure::new("the handshake came to nothing"))?;
    let files = write(folder, &trace)?;
    if json {
        let mut all = report.json();
        all["skipped_headers"] = sightings.iter().map(skipped).collect();
        all["files"] = json!(files);
        print(&serde_json::to_string_pretty(&all)?)?;
    } else {
        for sighting in &sightings {
            print(&format!("skipped {}: {}", sighting.name, sighting.skipped))?;
        }
        for line in said {
            print(&line)?;
        }
        print(&report.table())?;
        print(&format!("wrote {}", files.join(" and ")))?;
    }
    judge(&report, server_ending, freshest_first)
}

fn skipped(sighting: &Sighting) -> Value {
    let slot = sighting.slot.map(|slot| slot.0);
    json!({ "name": sighting.name, "slot": slot, "why": sighting.skipped })
}

/// Writes the trace and its drawing, and names the files.
fn write(folder: &Path, trace: &Trace) -> Result<Vec<String>, Failure> {
    let failure = |path: &Path, error| Failure::file(path, &error);
    std::fs::create_dir_all(folder).map_err(|error| failure(folder, error))?;
    let drawing = Sequence::of(trace).steps(0..120).svg();
    let mut names = Vec::new();
    for (name, text) in [("trace.jsonl", trace.to_string()), ("sequence.svg", drawing)] {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(|error| failure(&path, error))?;
        names.push(path.display().to_string());
    }
    Ok(names)
}

/// The demo has failed if anything of what it shows did not happen.
fn judge(report: &Report<'_>, server: Ending, freshest_first: bool) -> Result<(), Failure> {
    for (side, ending) in [("client", report.ending), ("server", server)] {
        if ending != Ending::Done {
            return Err(Failure::new(format!("the {side} ended: {ending}")));
        }
    }
    if !report.download.is_complete() {
        return Err(Failure::new("not everything that was announced is here"));
    }
    let closures: Vec<_> = report.download.progress.values().map(|p| p.closure).collect();
    if freshest_first && !closures.is_sorted_by(|older, younger| older > younger) {
        return Err(Failure::new("the younger block was not complete first"));
    }
    Ok(())
}
