//! The ways into the host's task.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use nodewire::bytes::Bytes;
use nodewire::state::supervisor::{SupervisorAnswer, SupervisorCommand, SupervisorRemote};
use nodewire::{AskId, Refused};
use tokio::sync::{mpsc, oneshot};

use super::source::{Source, SourceId};
use super::status::Status;

/// The host has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone;

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the Supervisor has stopped")
    }
}

impl std::error::Error for Gone {}

/// What came of local input: taken, or refused with nothing changed.
pub type Told = Result<(), Refused>;

/// How many inputs may wait for the host before whoever sends waits too.
pub(super) const QUEUE: usize = 1_024;

/// Names a text that was handed in, for whoever leaves without its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ticket(u64);

/// What the host is sent.
pub(super) enum Message {
    Text { text: Bytes, ticket: Ticket, reply: oneshot::Sender<Option<Bytes>> },
    Remote { from: SourceId, input: SupervisorRemote },
    Local { from: Option<SourceId>, input: SupervisorCommand, told: oneshot::Sender<Told> },
    Answer { from: SourceId, id: AskId, answer: Box<SupervisorAnswer> },
    Attach { id: SourceId, source: Box<dyn Source> },
    Detach(SourceId),
    Status(oneshot::Sender<Status>),
    Stop,
}

/// Talks with the host; clones talk with the same one.
#[derive(Clone, Debug)]
pub struct Handle {
    to: mpsc::Sender<Message>,
    /// Who left before the reply: no more than texts were handed in.
    left: mpsc::UnboundedSender<Ticket>,
    sources: Arc<AtomicU32>,
    texts: Arc<AtomicU64>,
}

impl Handle {
    pub(super) fn new(to: mpsc::Sender<Message>, left: mpsc::UnboundedSender<Ticket>) -> Self {
        Self { to, left, sources: Arc::default(), texts: Arc::default() }
    }

    /// Hands in a text of the RPC and waits for its reply; `None`: there is nothing to send.
    /// Whoever drops this future before gives the text up: what it asked of nodes makes room for
    /// others.
    ///
    /// # Errors
    /// [`Gone`]; then nothing is known of the text.
    pub async fn text(&self, text: Bytes) -> Result<Option<Bytes>, Gone> {
        let (reply, replied) = oneshot::channel();
        let ticket = Ticket(self.texts.fetch_add(1, Ordering::Relaxed));
        self.send(Message::Text { text, ticket, reply }).await?;
        let mut leaving = Leaving { left: &self.left, ticket, replied: false };
        let reply = replied.await.map_err(|_| Gone);
        leaving.replied = true;
        reply
    }

    /// Hands in a command: an anchor, a rewind, the failsafe.
    ///
    /// # Errors
    /// [`Gone`]; the machine's refusal is the inner result.
    pub async fn command(&self, input: SupervisorCommand) -> Result<Told, Gone> {
        let (told, result) = oneshot::channel();
        self.send(Message::Local { from: None, input, told }).await?;
        result.await.map_err(|_| Gone)
    }

    /// Attaches the source that `make` makes around its link, and hands the link out too.
    ///
    /// # Errors
    /// [`Gone`].
    pub async fn attach<S: Source>(&self, make: impl FnOnce(Link) -> S) -> Result<Link, Gone> {
        // No program attaches four billion sources.
        let id = SourceId(self.sources.fetch_add(1, Ordering::Relaxed));
        let link = Link { id, to: self.to.clone() };
        let source = Box::new(make(link.clone()));
        self.send(Message::Attach { id, source }).await?;
        Ok(link)
    }

    /// How far the machine is.
    ///
    /// # Errors
    /// [`Gone`].
    pub async fn status(&self) -> Result<Status, Gone> {
        let (to, status) = oneshot::channel();
        self.send(Message::Status(to)).await?;
        status.await.map_err(|_| Gone)
    }

    /// Lets the host stop after everything that was handed in before; texts that wait for nodes
    /// are given up.
    pub async fn stop(&self) {
        // One that has stopped need not be told.
        let _ = self.send(Message::Stop).await;
    }

    async fn send(&self, message: Message) -> Result<(), Gone> {
        self.to.send(message).await.map_err(|_| Gone)
    }
}

/// Says that somebody left, unless there was a reply.
struct Leaving<'a> {
    left: &'a mpsc::UnboundedSender<Ticket>,
    ticket: Ticket,
    replied: bool,
}

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        if !self.replied {
            // A host that has stopped waits for nobody.
            let _ = self.left.send(self.ticket);
        }
    }
}

/// A source's way to the machine; clones are of the same source.
#[derive(Clone, Debug)]
pub struct Link {
    id: SourceId,
    to: mpsc::Sender<Message>,
}

impl Link {
    /// The source's name.
    #[must_use]
    pub const fn id(&self) -> SourceId {
        self.id
    }

    /// Tells what was seen: events of nodes, that one is connected or gone, layer one. From then
    /// on commands to a node that was told of go to this source. A text of the RPC is replied by
    /// [`Source::reply`].
    ///
    /// # Errors
    /// [`Gone`].
    pub async fn tell(&self, input: SupervisorRemote) -> Result<(), Gone> {
        self.send(Message::Remote { from: self.id, input }).await
    }

    /// Answers a question. Nothing comes of one that is not open any more.
    ///
    /// # Errors
    /// [`Gone`].
    pub async fn answer(&self, id: AskId, answer: SupervisorAnswer) -> Result<(), Gone> {
        self.send(Message::Answer { from: self.id, id, answer: Box::new(answer) }).await
    }

    /// Hands in local input, answers too, and waits for what came of it.
    ///
    /// # Errors
    /// [`Gone`]; the machine's refusal is the inner result.
    pub async fn command(&self, input: SupervisorCommand) -> Result<Told, Gone> {
        let (told, result) = oneshot::channel();
        self.send(Message::Local { from: Some(self.id), input, told }).await?;
        result.await.map_err(|_| Gone)
    }

    /// Leaves: its nodes are gone, and what it was asked nobody knows but the others.
    pub async fn detach(&self) {
        // A host that has stopped has no sources.
        let _ = self.send(Message::Detach(self.id)).await;
    }

    async fn send(&self, message: Message) -> Result<(), Gone> {
        self.to.send(message).await.map_err(|_| Gone)
    }
}
