//! A tested side that is started anew for each scenario.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::time::Instant;

/// A process that is ended when this is dropped.
pub(super) struct Started(Child);

impl Started {
    /// Runs a command line and waits until somebody listens there.
    ///
    /// # Errors
    /// If it cannot be run, or nobody listens in time.
    pub(super) fn new(command: &str, at: SocketAddr, patience: Duration) -> io::Result<Self> {
        let mut words = command.split_whitespace();
        let program = words.next().ok_or(io::ErrorKind::InvalidInput)?;
        let mut tested = Command::new(program);
        tested.args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let started = Self(tested.spawn()?);
        let until = Instant::now() + patience;
        loop {
            match TcpStream::connect_timeout(&at, patience) {
                Ok(_) => return Ok(started),
                Err(error) if Instant::now() >= until => return Err(error),
                Err(_) => std::thread::sleep(Duration::from_millis(10)),
            }
        }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // One that has ended by itself is gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
