//! `serve` and `connect`: the two ends as two processes.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::PoisonError;
use std::time::{Duration, UNIX_EPOCH};

use clap::Args;
use nodewire::codec::leios::{RefuseReason, SlotNo};
use nodewire::leios::{SessionConfig, initiator, propose, responder};
use nodewire::state::leios::{FetchLimits, Limits, SlotClock};
use nodewire::{Ending, Time};
use nodewire_adapter::leios::{Article, Downloader, Report, Until, Uploader, real};
use nodewire_adapter::machines::TEST_NETWORK;
use nodewire_adapter::wire::Wire;
use nodewire_adapter::{Backlog, drive, socket};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::cli::address::address;
use crate::cli::failure::Failure;
use crate::cli::print;

/// How to serve.
#[derive(Debug, Args)]
pub struct ServeOptions {
    /// Where to listen: HOST:PORT.
    #[arg(long, default_value = "127.0.0.1:3464", value_parser = address)]
    listen: SocketAddr,
    /// The network's magic number.
    #[arg(long, default_value_t = TEST_NETWORK)]
    magic: u32,
    /// Real headers for the real block: a file with
    /// {"real_and_golden":[{"name":"..","wrapped_hex":".."}]}.
    #[arg(long, requires = "eb")]
    headers: Option<PathBuf>,
    /// A real endorser block: a file with {"slot":0,"eb_hex":"..","txs_hex":[".."]}; else one is
    /// made up.
    #[arg(long)]
    eb: Option<PathBuf>,
    /// Transactions of the made-up block.
    #[arg(long, default_value_t = 8_000, value_parser = clap::value_parser!(u32).range(1..=14_222))]
    txs: u32,
    /// Bytes of each of them, at least 32.
    #[arg(long, default_value_t = 1_500, value_parser = clap::value_parser!(u16).range(32..=16_384))]
    tx_size: u16,
    /// Votes offered.
    #[arg(long, default_value_t = 100)]
    votes: u16,
    /// How fast to send, in Mb/s; as fast as it goes if 0 or not given.
    #[arg(long)]
    rate: Option<u64>,
    /// End after the first connection, with its ending.
    #[arg(long)]
    once: bool,
}

/// How to connect.
#[derive(Debug, Args)]
pub struct ConnectOptions {
    /// Where the server listens: HOST:PORT.
    #[arg(default_value = "127.0.0.1:3464", value_parser = address)]
    address: SocketAddr,
    /// The network's magic number.
    #[arg(long, default_value_t = TEST_NETWORK)]
    magic: u32,
    /// Go on when everything announced is here.
    #[arg(long)]
    follow: bool,
}

/// Serves until interrupted, or one connection.
pub fn serve(options: &ServeOptions, json: bool) -> Result<(), Failure> {
    let clock = slots_of_today()?;
    if options.eb.is_none() {
        // Before they are made.
        fetchable(options.txs.into(), u64::from(options.txs) * u64::from(options.tx_size))?;
    }
    let article = match &options.eb {
        None => Article::synthetic(clock.slot, 1, options.txs, usize::from(options.tx_size)),
        Some(eb) => {
            let headers = options.headers.as_deref().map(real::headers).transpose();
            let headers = headers.map_err(Failure::new)?.unwrap_or_default();
            real::article(eb, &headers, Some(clock.slot)).map(|(article, _)| article)
        }
    };
    let article = article.map_err(Failure::new)?;
    fetchable(article.txs.len() as u64, article.closure())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        tokio::select! {
            result = listen(options, article, clock, json) => result,
            _ = tokio::signal::ctrl_c() => match options.once {
                true => Err(Failure::new("interrupted before the first connection had ended")),
                false => Ok(()),
            },
        }
    })
}

async fn listen(
    options: &ServeOptions,
    article: Article,
    clock: SlotClock,
    json: bool,
) -> Result<(), Failure> {
    let named = |error| Failure::new(format!("{}: {error}", options.listen));
    let epoch = Instant::now();
    let listener = TcpListener::bind(options.listen).await.map_err(named)?;
    let address = listener.local_addr().map_err(named)?;
    print(&if json {
        json!({ "listening": address }).to_string()
    } else {
        format!("listening on {address}")
    })?;
    let mut config = SessionConfig::new(options.magic);
    config.connection.clock = clock;
    loop {
        let (stream, peer) = match socket::accept(&listener).await {
            Ok(accepted) => accepted,
            // One that went away at once, or too many open files: the next may do better.
            Err(error) => {
                eprintln!("nodewire: {}", named(error));
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let (config, article) = (config.clone(), article.clone());
        let (votes, rate) = (options.votes, options.rate.filter(|rate| *rate > 0));
        let rate = rate.map(|rate| rate.saturating_mul(1_000_000));
        let connection = tokio::spawn(async move {
            let now = Time::from_micros(epoch.elapsed().as_micros().try_into().unwrap_or(u64::MAX));
            let mut session = responder(config, now);
            let mut host = Uploader::new(vec![article], vec![], votes);
            let (_commands, mut inbox) = mpsc::channel(1);
            let wire = Wire::new(stream, rate);
            let ending =
                drive(&mut session, wire, &mut host, &mut inbox, epoch, Backlog::default()).await?;
            Ok::<_, std::io::Error>((ending, host.declined))
        });
        let told = async move {
            let ending = connection.await.map_err(|error| Failure::new(error.to_string()))?;
            let ended = ending.map_err(|error| Failure::new(format!("{peer}: {error}")))?;
            let (ending, declined) = ended;
            tell(peer, ending, declined.as_ref(), json)?;
            Ok::<_, Failure>((peer, ending, declined))
        };
        if options.once {
            let (peer, ending, declined) = told.await?;
            return judge(peer, ending, declined.as_ref());
        }
        tokio::spawn(async move {
            if let Err(failure) = told.await {
                eprintln!("nodewire: {failure}");
            }
        });
    }
}

/// One line on how a connection ended.
fn tell(
    peer: SocketAddr,
    ending: Ending,
    declined: Option<&RefuseReason>,
    json: bool,
) -> Result<(), Failure> {
    let declined = declined.map(reason);
    print(&match declined {
        None if json => json!({ "peer": peer, "ending": ending }).to_string(),
        Some(why) if json => json!({ "peer": peer, "ending": ending, "declined": why }).to_string(),
        None => format!("{peer}: {ending}"),
        Some(why) => format!("{peer}: no version was agreed on: {why}"),
    })
}

/// A connection is no success without a version, nor with a fault.
fn judge(peer: SocketAddr, ending: Ending, declined: Option<&RefuseReason>) -> Result<(), Failure> {
    match (ending, declined) {
        (_, Some(why)) => {
            Err(Failure::new(format!("{peer}: no version was agreed on: {}", reason(why))))
        }
        (Ending::Done, None) => Ok(()),
        (Ending::Fault(fault), None) => Err(Failure::new(format!("{peer}: {fault}"))),
    }
}

/// Why a handshake came to nothing. What the peer wrote is quoted.
fn reason(why: &RefuseReason) -> String {
    match why {
        RefuseReason::VersionMismatch(theirs) => {
            let theirs: Vec<_> = theirs.iter().map(u16::to_string).collect();
            format!("only versions {} are supported", theirs.join(", "))
        }
        RefuseReason::HandshakeDecodeError(version, why) => {
            format!("the data of version {version} could not be read: {why:?}")
        }
        RefuseReason::Refused(version, why) => {
            format!("version {version} was refused: {why:?}")
        }
    }
}

/// Fetches what the server announces.
pub fn connect(options: &ConnectOptions, json: bool) -> Result<(), Failure> {
    let clock = slots_of_today()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut config = SessionConfig::new(options.magic);
        config.connection.clock = clock;
        config.handshake = config.handshake.each(|data| data.initiator_only = true);
        let quiet = Until::Quiet(Duration::from_millis(500));
        let until = if options.follow { Until::Stopped } else { quiet };
        let mut host =
            Downloader::new(config.connection.limits.clone(), FetchLimits::default(), until);
        let named = |error| Failure::new(format!("{}: {error}", options.address));
        let epoch = Instant::now();
        let stream = Wire::new(socket::connect(options.address).await.map_err(named)?, None);
        let passed = stream.passed();
        let (commands, mut inbox) = mpsc::channel(1);
        let _ = commands.send(propose()).await;
        let mut session = initiator(config);
        let driven = drive(&mut session, stream, &mut host, &mut inbox, epoch, Backlog::default());
        let ending = tokio::select! {
            ending = driven => ending.map_err(named)?,
            // Whoever follows has no other way to end.
            _ = tokio::signal::ctrl_c() => return match options.follow {
                true => Ok(()),
                false => Err(Failure::new("interrupted before everything was here")),
            },
        };
        let passed = passed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let lasted = epoch.elapsed();
        let report = Report { ending, download: &host, passed: &passed, lasted, published: &[] };
        print(&if json { report.json().to_string() } else { report.table() })?;
        judge(options.address, ending, host.declined.as_ref())?;
        if !options.follow && !host.is_complete() {
            return Err(Failure::new("the server ended before everything was here"));
        }
        Ok(())
    })
}

/// Refuses to serve what every client with the default limits would take for a violation.
fn fetchable(count: u64, closure: u64) -> Result<(), Failure> {
    let limits = Limits::default();
    if count > limits.max_eb_txs as u64 || closure > limits.max_eb_closure {
        return Err(Failure::new(format!(
            "no client fetches a block of {count} transactions and {closure} bytes (leios/L-49)"
        )));
    }
    Ok(())
}

/// Slots of one second since the Unix epoch, so that two processes agree on them.
fn slots_of_today() -> Result<SlotClock, Failure> {
    // The one place that reads the wall clock: slots are input to the machines.
    let now = UNIX_EPOCH.elapsed();
    let now = now.map_err(|_| Failure::new("the system clock is before 1970"))?;
    Ok(SlotClock { slot: SlotNo(now.as_secs()), ..SlotClock::default() })
}
