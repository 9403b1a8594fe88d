//! Scenarios of the Leios pair and what is around it, over a TCP connection.
//!
//! One connection a scenario: handshake, then the steps as segments on the wire, judged from
//! outside. A violation of ours has to make the other end close the connection in time; after
//! what is legal it has to be there still.

mod applies;
mod wire;

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use nodewire::codec::Mode;
use nodewire::sim::scenario::leios::play;
use nodewire::sim::scenario::{Outcome, Scenario};
use tokio::time::Instant;

use super::Report;
use wire::{NoHands, Wire};

/// The scenarios of this program, by name.
///
/// # Panics
/// Never: tests read every one of them.
#[must_use]
pub fn scenarios() -> Vec<Scenario> {
    super::read(include!(concat!(env!("OUT_DIR"), "/leios.rs")))
}

/// How the other end is reached.
#[derive(Debug)]
pub enum Way {
    /// We open a connection for each scenario: its server is tested.
    Connect(SocketAddr),
    /// It opens a connection for each scenario: its client is tested.
    Listen(TcpListener),
}

/// How to check.
#[derive(Clone, Debug)]
pub struct Options {
    /// The network's magic.
    pub magic: u32,
    /// The version under which the pair is spoken.
    pub version: u16,
    /// The slot at the beginning of the checks, on the other end's clock; slots last a second.
    pub slot: u64,
    /// How long the other end may take for what it owes, and for closing the connection.
    pub patience: Duration,
    /// How long it is watched where it has to be quiet.
    pub quiet: Duration,
    /// Scenarios with longer waits are left out.
    pub longest_wait: Duration,
}

impl Options {
    /// The Leios test network in this slot: five seconds of patience, no long waits.
    #[must_use]
    pub const fn new(magic: u32, slot: u64) -> Self {
        Self {
            magic,
            version: nodewire::state::leios::HandshakeConfig::LEIOS,
            slot,
            patience: Duration::from_secs(5),
            quiet: Duration::from_millis(200),
            longest_wait: Duration::from_secs(2),
        }
    }
}

/// Plays scenarios against the other end; `told` hears of each.
///
/// # Errors
/// If the other end cannot be reached at all, or three times in a row says nothing in a handshake
/// that could be one.
pub fn check(
    way: &Way,
    scenarios: &[Scenario],
    options: &Options,
    mut told: impl FnMut(&Scenario, &Outcome),
) -> io::Result<Report> {
    let mut report = Report::new("leios");
    let begun = Instant::now();
    let mut missing: u32 = 0;
    let mut strange: u32 = 0;
    for scenario in scenarios {
        let outcome = match applies::to(scenario, way.side()) {
            Err(why) => Outcome::Inapplicable(why),
            // After three connections that never came there is nobody who reconnects.
            Ok(()) if missing == 3 => Outcome::Inapplicable("no more connections came".into()),
            Ok(()) => match way.open(options.patience) {
                Ok(stream) => {
                    missing = 0;
                    let outcome = one(stream, way.side(), scenario, options, begun);
                    match outcome {
                        Err(Strange(why)) if strange == 2 => return Err(io::Error::other(why)),
                        Err(Strange(why)) => {
                            strange += 1;
                            Outcome::Failed { step: 0, why }
                        }
                        Ok(outcome) => {
                            strange = 0;
                            outcome
                        }
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::TimedOut && !report.is_empty() => {
                    missing += 1;
                    Outcome::Inapplicable("no connection came".into())
                }
                Err(error) => return Err(error),
            },
        };
        told(scenario, &outcome);
        report.add(scenario, &outcome);
    }
    Ok(report)
}

fn one(
    stream: TcpStream,
    side: Mode,
    scenario: &Scenario,
    options: &Options,
    begun: Instant,
) -> Result<Outcome, Strange> {
    let failed = |why: String| Ok(Outcome::Failed { step: 0, why });
    let slot = options.slot.saturating_add(begun.elapsed().as_secs());
    let mut wire = match Wire::new(stream, side, slot, options.clone()) {
        Ok(wire) => wire,
        Err(error) => return failed(error.to_string()),
    };
    if !scenario.under_test.starts_with("handshake") {
        match wire.shake_hands() {
            Ok(()) => {}
            Err(NoHands::Refused(why)) => return failed(format!("handshake: {why}")),
            Err(NoHands::Strange(why)) => return Err(Strange(format!("handshake: {why}"))),
        }
    }
    wire.begin(scenario.under_test.starts_with("keep-alive"));
    Ok(play(scenario, &mut wire))
}

/// The other end seems to speak something else, or nothing.
struct Strange(String);

impl Way {
    /// Our side of the mini-protocols.
    const fn side(&self) -> Mode {
        match self {
            Self::Connect(_) => Mode::Initiator,
            Self::Listen(_) => Mode::Responder,
        }
    }

    fn open(&self, patience: Duration) -> io::Result<TcpStream> {
        match self {
            Self::Connect(address) => TcpStream::connect_timeout(address, patience),
            Self::Listen(listener) => {
                listener.set_nonblocking(true)?;
                let until = Instant::now() + patience * 2;
                loop {
                    match listener.accept() {
                        Ok((stream, _)) => {
                            stream.set_nonblocking(false)?;
                            return Ok(stream);
                        }
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                            if Instant::now() >= until {
                                return Err(io::ErrorKind::TimedOut.into());
                            }
                            std::thread::sleep(Duration::from_millis(5));
                        }
                        Err(error) => return Err(error),
                    }
                }
            }
        }
    }
}
