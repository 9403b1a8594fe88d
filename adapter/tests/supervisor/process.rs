//! `nodewire serve supervisor` as a process.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

use crate::endpoint::{Client, Reply};

pub struct Process {
    child: Child,
    pub address: SocketAddr,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
}

pub fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

pub fn nodewire() -> Command {
    Command::new(env!("CARGO_BIN_EXE_nodewire"))
}

/// Every line of a stream, from a thread of its own.
fn lines(from: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (to, lines) = channel();
    let read = move || {
        for line in BufReader::new(from).lines() {
            let Ok(line) = line else { return };
            if to.send(line).is_err() {
                return;
            }
        }
    };
    std::thread::Builder::new().spawn(read).unwrap();
    lines
}

pub fn config(folder: &Path, ids: &[u64]) -> String {
    let path = folder.join("config.json");
    let chains = ids.iter().map(|id| (format!("{id:#x}"), serde_json::json!({"blockTime": 2})));
    let chains: serde_json::Map<_, _> = chains.collect();
    let config = serde_json::json!({"chains": chains, "expiryWindow": 604_800});
    std::fs::write(&path, config.to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

const SERVE: [&str; 5] = ["serve", "supervisor", "--listen", "127.0.0.1:0", "--json"];

impl Process {
    /// Serves with these arguments; with a feed on standard input and output if they say so.
    pub fn start(arguments: &[&str]) -> Self {
        Self::run(nodewire().args(SERVE).args(arguments), arguments)
    }

    /// The same, where no file may be longer than so many blocks of 512 bytes.
    pub fn confined(arguments: &[&str], blocks: u32) -> Self {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let mut shell = Command::new("sh");
        let program = env!("CARGO_BIN_EXE_nodewire");
        Self::run(shell.args(["-c", &script, program]).args(SERVE).args(arguments), arguments)
    }

    fn run(command: &mut Command, arguments: &[&str]) -> Self {
        let mut child = command
            .env("NODEWIRE_LOG", "off")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let out = lines(child.stdout.take().unwrap());
        let err = lines(child.stderr.take().unwrap());
        let fed = arguments.windows(2).any(|two| two == ["--feed", "-"]);
        let told = if fed { &err } else { &out };
        let line = told.recv_timeout(Duration::from_secs(20)).expect("it says where it listens");
        let line: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
        let address = line["listening"].as_str().unwrap().parse().unwrap();
        let input = child.stdin.take();
        Self { child, address, input, lines: out }
    }

    pub fn feed(&mut self, line: &str) {
        let input = self.input.as_mut().unwrap();
        writeln!(input, "{line}").unwrap();
        input.flush().unwrap();
    }

    /// Feeds a line to a process that may be gone.
    pub fn try_feed(&mut self, line: &str) {
        let _ = self.input.as_mut().map(|input| writeln!(input, "{line}"));
    }

    /// The lines that are there by now.
    pub fn lines(&self) -> Vec<Value> {
        let lines = self.lines.try_iter();
        lines.map(|line| serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"))).collect()
    }

    /// Ends it at once, as a crash would, and returns the lines that it said before.
    pub fn kill(mut self) -> Vec<Value> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let mut lines = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(Duration::from_secs(20)) {
            // The last may be cut off.
            lines.extend(serde_json::from_str::<Value>(&line));
        }
        lines
    }

    pub fn get(&self, path: &str) -> Reply {
        let mut client = Client::to(self.address);
        client.send(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes());
        client.reply()
    }

    pub fn close_feed(&mut self) {
        drop(self.input.take());
    }

    /// The next line on standard output.
    pub fn line(&self) -> Value {
        let line = self.lines.recv_timeout(Duration::from_secs(20)).expect("a line");
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"))
    }

    /// The next line that has this member.
    pub fn line_with(&self, member: &str) -> Value {
        loop {
            let line = self.line();
            if let Some(value) = line.get(member) {
                return value.clone();
            }
        }
    }

    pub fn ask(&self, text: &str) -> Value {
        let reply: Reply = Client::to(self.address).post(text.as_bytes());
        assert_eq!(reply.status, 200);
        reply.json().unwrap()
    }

    pub fn call(&self, method: &str, params: &Value) -> Value {
        let text =
            serde_json::json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        self.ask(&text.to_string())
    }

    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    pub fn wait(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

/// A test that ends leaves nothing running.
impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
