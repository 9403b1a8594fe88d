//! The feed: JSON lines in both directions, between the Supervisor and whoever runs the nodes.
//!
//! The lines are those of `nodewire play` (`docs/feed.md` says it all): inputs come in, questions,
//! commands, notices go out. Two threads do it, since files and pipes may make their readers and
//! writers wait, for good even.

use std::io::{self, BufRead, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};

use nodewire::codec::supervisor::{ChainId, NodeCommand};
use nodewire::sim::{PLAY_VERSION, read_input};
use nodewire::state::supervisor::{
    NodeId, RpcReply, SupervisorCommand, SupervisorMessage, SupervisorNotice, SupervisorQuery,
    SupervisorRemote,
};
use nodewire::{AskId, Input, Refused};
use serde_json::{Value, json};
use tokio::runtime;
use tracing::{info, warn};

use super::link::{Gone, Handle, Link};
use super::source::Source;

/// What the machine is called in first lines: of feeds, of plays, of traces.
pub const MACHINE: &str = "supervisor";

/// Most bytes of a line.
const LINE: usize = 67_108_864;
/// How many lines may wait to be written. A feed whose reader is slower has missed too much to go
/// on: its nodes are then gone.
const LINES: usize = 65_536;

/// A feed that runs.
#[derive(Debug)]
pub struct Feed {
    link: Link,
    writer: JoinHandle<()>,
}

impl Feed {
    /// Attaches a feed that reads `lines` until they end and writes to `out`.
    ///
    /// # Errors
    /// No thread could be made, or the host has stopped.
    pub async fn start(
        handle: &Handle,
        lines: impl BufRead + Send + 'static,
        out: impl Write + Send + 'static,
    ) -> io::Result<Self> {
        let (to, from) = sync_channel(LINES);
        let hello = json!({ "play": PLAY_VERSION, "machine": MACHINE });
        // There is room for it.
        let _ = to.try_send(hello.to_string());
        let writer = spawn("feed-out", move || write(&from, out))?;
        let said = Said { to, over: Arc::default() };
        let outlet = |link| Outlet { said: Some(said.clone()), link };
        let attached = handle.attach(outlet).await;
        let link = attached.map_err(io::Error::other)?;
        let reader = Reader { link: link.clone(), said };
        let runtime = runtime::Handle::current();
        spawn("feed-in", move || {
            let link = reader.link.clone();
            match reader.run(lines, &runtime) {
                Ok(()) => info!("the feed has ended"),
                Err(error) => warn!(%error, "the feed broke"),
            }
            runtime.block_on(link.detach());
        })?;
        Ok(Self { link, writer })
    }

    /// The feed's link.
    #[must_use]
    pub const fn link(&self) -> &Link {
        &self.link
    }

    /// True once everything was written: the feed has ended, or the host has.
    #[must_use]
    pub fn is_written(&self) -> bool {
        self.writer.is_finished()
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name(name.to_owned()).spawn(run)
}

/// The lines on their way out.
#[derive(Clone)]
struct Said {
    to: SyncSender<String>,
    /// Set once nobody takes them any more: the feed has ended then.
    over: Arc<AtomicBool>,
}

impl Said {
    /// False if nobody takes it any more.
    fn say(&self, line: &Value) -> bool {
        let why = match self.to.try_send(line.to_string()) {
            Ok(()) => return true,
            Err(TrySendError::Full(_)) => "is too slow",
            Err(TrySendError::Disconnected(_)) => "is gone",
        };
        if !self.over.swap(true, Ordering::Relaxed) {
            warn!("the feed's reader {why}");
        }
        false
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }
}

/// What the machine tells a feed.
struct Outlet {
    /// Until its reader was too slow.
    said: Option<Said>,
    link: Link,
}

impl Outlet {
    fn say(&mut self, line: &Value) -> bool {
        let Some(said) = &self.said else { return false };
        if !said.say(line) {
            self.said = None;
            let link = self.link.clone();
            tokio::spawn(async move { link.detach().await });
        }
        self.said.is_some()
    }
}

impl Source for Outlet {
    fn ask(&mut self, id: AskId, query: &SupervisorQuery) -> bool {
        self.say(&json!({ "ask": { "id": id, "query": query } }))
    }

    fn command(&mut self, chain_id: ChainId, node: NodeId, command: &NodeCommand) {
        let command = Box::new(command.clone());
        let message = SupervisorMessage::Command { chain_id, node, command };
        self.say(&json!({ "send": message }));
    }

    fn notice(&mut self, notice: &SupervisorNotice) {
        self.say(&json!({ "notify": notice }));
    }

    fn reply(&mut self, reply: RpcReply) {
        self.say(&json!({ "send": SupervisorMessage::Reply(reply) }));
    }
}

struct Reader {
    link: Link,
    said: Said,
}

impl Reader {
    fn run(&self, mut lines: impl BufRead, runtime: &runtime::Handle) -> io::Result<()> {
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = lines.by_ref().take(LINE as u64).read_until(b'\n', &mut line)?;
            if read == 0 {
                return Ok(());
            }
            if self.said.is_over() {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            let said = if read == LINE && !line.ends_with(b"\n") {
                skip(&mut lines)?;
                Some(json!({ "error": format!("the line is longer than {LINE} bytes") }))
            } else {
                match runtime.block_on(self.take(&line)) {
                    Ok(said) => said,
                    // There is nobody to feed any more.
                    Err(Gone) => return Ok(()),
                }
            };
            if said.is_some_and(|said| !self.said.say(&said)) {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
        }
    }

    /// Takes a line in; what there is to say about the line itself.
    async fn take(&self, line: &[u8]) -> Result<Option<Value>, Gone> {
        let error = |why: String| Ok(Some(json!({ "error": why })));
        let line = match std::str::from_utf8(line) {
            Ok(line) => line,
            Err(why) => return error(format!("not text: {why}")),
        };
        if line.trim().is_empty() {
            return Ok(None);
        }
        match read_input::<SupervisorCommand, SupervisorRemote>(line) {
            Ok((_, Input::Remote(input))) => self.link.tell(input).await.map(|()| None),
            Ok((_, Input::Local(input))) => {
                let told = self.link.command(input).await?;
                Ok(told.err().map(|why: Refused| json!({ "refused": why })))
            }
            // Here the clock runs by itself.
            Ok((_, Input::Timeout)) => Ok(None),
            Err(why) => error(why),
        }
    }
}

/// Reads over the rest of a line.
fn skip(lines: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = lines.fill_buf()?;
        let (taken, done) = match buffer.iter().position(|byte| *byte == b'\n') {
            Some(at) => (at + 1, true),
            None => (buffer.len(), buffer.is_empty()),
        };
        lines.consume(taken);
        if done {
            return Ok(());
        }
    }
}

/// Writes lines until there are no more, each as soon as nothing waits behind it.
fn write(lines: &Receiver<String>, mut out: impl Write) {
    let mut written = || -> io::Result<()> {
        while let Ok(line) = lines.recv() {
            writeln!(out, "{line}")?;
            while let Ok(line) = lines.try_recv() {
                writeln!(out, "{line}")?;
            }
            out.flush()?;
        }
        Ok(())
    };
    if let Err(error) = written() {
        info!(%error, "nobody reads what the feed is told");
    }
}
