//! A small network, each node a process.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "processes are waited for in real time"
)]

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// A node that is killed when the test is over.
struct Process {
    child: Child,
    lines: Receiver<String>,
}

impl Process {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_nodewire"))
            .args(arguments)
            .args(["--min-block-time", "1", "--resend-challenges"])
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
    fn says(&self, what: &str) -> String {
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left).unwrap_or_else(|_| panic!("no {what:?}"));
            if line.contains(what) {
                return line;
            }
        }
    }

    fn kill(&mut self) {
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

fn port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("it listens").to_string()
}

#[test]
fn blocks_are_farmed_and_whoever_is_killed_leaves_the_others_working() {
    let (node_at, other_at, farmer_at) = (port(), port(), port());
    let serve = |role, at: &str, peer: &str| {
        Process::start(&["serve", "chia", "--role", role, "--listen", at, "--peer", peer])
    };
    let connect = |role, at: &str| Process::start(&["connect", "chia", "--role", role, at]);
    let node = serve("full-node", &node_at, &farmer_at);
    let mut other = serve("full-node", &other_at, &node_at);
    let farmer = serve("farmer", &farmer_at, &node_at);
    let mut harvester = connect("harvester", &farmer_at);
    let mut timelord = connect("timelord", &node_at);
    node.says("at height 1");
    other.says("at height 1");

    timelord.kill();
    node.says(": over");
    timelord = connect("timelord", &node_at);
    node.says("new tip");
    other.says("new tip");

    harvester.kill();
    farmer.says(": over");
    harvester = connect("harvester", &farmer_at);
    farmer.says("connected");
    farmer.says("a block was signed");

    other.kill();
    node.says("new tip");
    drop((timelord, harvester));
}
