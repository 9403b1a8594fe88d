//! A tested side that is started anew for each scenario.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use tokio::time::Instant;

/// A process that is ended when this is dropped.
#[derive(Debug)]
pub(super) struct Started(Child);

/// How long it may take to see that nobody listens.
const NOBODY: Duration = Duration::from_millis(200);
/// How long the last words of a process that has ended may take.
const LAST_WORDS: Duration = Duration::from_millis(500);

impl Started {
    /// Runs a command line and waits until somebody listens there.
    ///
    /// # Errors
    /// If it cannot be run, ends, or nobody listens in time; or if somebody does before.
    pub(super) fn new(command: &str, at: SocketAddr, patience: Duration) -> Result<Self, String> {
        let mut words = command.split_whitespace();
        let program = words.next().ok_or("--start: the command line is empty")?;
        if TcpStream::connect_timeout(&at, NOBODY).is_ok() {
            return Err(format!("somebody listens at {at} before --start has begun anything"));
        }
        let mut tested = Command::new(program);
        tested.args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let spawned = tested.spawn().map_err(|error| format!("--start: {program}: {error}"))?;
        let mut started = Self(spawned);
        let said = started.words();
        let until = Instant::now() + patience;
        loop {
            let reached = TcpStream::connect_timeout(&at, patience);
            if let Ok(Some(status)) = started.0.try_wait() {
                let last = said.recv_timeout(LAST_WORDS).unwrap_or_default();
                return Err(format!("--start: {program} has ended ({status}) {last}")
                    .trim()
                    .into());
            }
            match reached {
                Ok(_) => return Ok(started),
                Err(error) if Instant::now() >= until => {
                    let patience = patience.as_millis();
                    return Err(format!("--start: {error} at {at} after {patience} ms"));
                }
                Err(_) => std::thread::sleep(Duration::from_millis(10)),
            }
        }
    }

    /// What it says on standard error: the last line, once it is over.
    #[expect(clippy::disallowed_methods, reason = "who says much is not to wait for us")]
    fn words(&mut self) -> Receiver<String> {
        let (told, last) = channel();
        let said = self.0.stderr.take();
        std::thread::spawn(move || {
            let lines = said.into_iter().flat_map(|said| BufReader::new(said).lines());
            // What a command says is for no terminal to obey.
            let line = lines.map_while(Result::ok).last().unwrap_or_default();
            let _ = told.send(line.replace(char::is_control, "?"));
        });
        last
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // One that has ended by itself is gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
