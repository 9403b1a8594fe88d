//! A node of the command line as a process of its own.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "processes are waited for in real time"
)]

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// A node that is killed when the test is over.
pub struct Process {
    child: Child,
    lines: Receiver<String>,
}

impl Process {
    pub fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_nodewire"))
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let out = BufReader::new(child.stdout.take().expect("piped"));
        let (told, lines) = channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let _ = told.send(line);
            }
        });
        Self { child, lines }
    }

    /// Waits for a line with this in it.
    pub fn says(&self, what: &str) -> String {
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left).unwrap_or_else(|_| panic!("no {what:?}"));
            if line.contains(what) {
                return line;
            }
        }
    }

    /// The next line.
    pub fn line(&self) -> String {
        self.says("")
    }

    /// What it says within so many milliseconds.
    pub fn quiet(&self, milliseconds: u64) -> Option<String> {
        self.lines.recv_timeout(Duration::from_millis(milliseconds)).ok()
    }

    /// All that it says within so many milliseconds.
    pub fn within(&self, milliseconds: u64) -> Vec<String> {
        let until = Instant::now() + Duration::from_millis(milliseconds);
        let left = || until.saturating_duration_since(Instant::now());
        std::iter::from_fn(|| self.lines.recv_timeout(left()).ok()).collect()
    }

    /// True if it ends by itself without another line.
    pub fn ends(&self) -> bool {
        self.lines.recv_timeout(Duration::from_secs(20)) == Err(RecvTimeoutError::Disconnected)
    }

    pub fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An address of this machine where nobody listens.
pub fn port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("it listens").to_string()
}
