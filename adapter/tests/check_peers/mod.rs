//! Peers to be checked: honest ones, and ones that break a rule.

use std::net::SocketAddr;
use std::thread::{JoinHandle, spawn};
use std::time::Duration;

use nodewire::codec::leios::{MsgRequestPayload, RequestMessage, RequestNo, SlotNo};
use nodewire::codec::{Malformed, Source};
use nodewire::leios::propose;
use nodewire::link::{Follow, Mux, MuxConfig, Staged};
use nodewire::sim::{Change, Twist, TwistRates};
use nodewire::state::leios::{
    Connection, ConnectionCommand, ConnectionConfig, ConnectionMessage, ConnectionNotice,
    ConnectionQuery, ConnectionRemote, FetchLimits, Handshake, HandshakeConfig, Limits, Parts,
    ServerCommand, ServerRemote, SlotClock,
};
use nodewire::{
    Action, Channel, ChannelSpec, Ending, Fault, Machine, Out, Outbox, OverChannels, Refusal, Time,
};
use nodewire_adapter::leios::{Article, Downloader, Until, Uploader};
use nodewire_adapter::{Backlog, drive};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

/// The slot in which all of it happens.
pub const SLOT: u64 = 5_000_000;
/// The network.
pub const MAGIC: u32 = 164;

/// How a peer breaks the rules.
#[derive(Clone, Debug)]
pub struct Breach {
    pub limits: Limits,
    /// Changes what it sends, message by message.
    pub change: Option<Change<ConnectionMessage>>,
    /// Rules whose violation it doesn't act upon.
    pub deaf: &'static [&'static str],
    /// Takes whatever numbers requests have.
    pub renumbers: bool,
    /// Says nothing when it lacks what was asked for.
    pub lacks_silently: bool,
}

impl Default for Breach {
    /// None at all: an honest peer.
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            change: None,
            deaf: &[],
            renumbers: false,
            lacks_silently: false,
        }
    }
}

/// A connection, twisted and with some rules not kept.
pub struct Broken {
    twist: Twist<Connection>,
    breach: Breach,
    next: u64,
}

impl Broken {
    fn new(connection: Connection, breach: Breach) -> Self {
        let rate = if breach.change.is_some() { 1_000_000 } else { 0 };
        let changes = breach.change.clone().into_iter().collect();
        let rates = TwistRates { change: rate, changes, ..TwistRates::default() };
        Self { twist: Twist::seeded(connection, 1, rates), breach, next: 0 }
    }

    fn pass(&self, mut from: Out<Twist<Connection>>, out: &mut Out<Self>) {
        while let Some(action) = from.pop() {
            match action {
                Action::Close(Ending::Fault(fault)) if self.is_deaf_to(&fault) => {}
                other => out.push(other),
            }
        }
    }

    fn is_deaf_to(&self, fault: &Fault) -> bool {
        fault.rule().is_some_and(|rule| self.breach.deaf.contains(&rule.id()))
    }
}

impl Machine for Broken {
    type Local = ConnectionCommand;
    type Remote = ConnectionRemote;
    type Send = ConnectionMessage;
    type Notice = ConnectionNotice;
    type Query = ConnectionQuery;

    fn handle_local(
        &mut self,
        now: Time,
        input: ConnectionCommand,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<ConnectionCommand>> {
        if self.breach.lacks_silently {
            if let ConnectionCommand::Server(ServerCommand::Fetched { content: None, .. }) = input {
                return Ok(());
            }
        }
        let mut inner = Outbox::new();
        let result = self.twist.handle_local(now, input, &mut inner);
        self.pass(inner, out);
        result
    }

    fn handle_remote(&mut self, now: Time, mut input: ConnectionRemote, out: &mut Out<Self>) {
        if self.breach.renumbers {
            if let ConnectionRemote::Server(ServerRemote::Request {
                message: RequestMessage::MsgLeiosRequest(payload),
                ..
            }) = &mut input
            {
                let (MsgRequestPayload::LeiosNotificationBytes(no, _)
                | MsgRequestPayload::LeiosDeliverableIds(no, _)) = payload;
                *no = RequestNo(self.next);
                self.next += 1;
            }
        }
        let mut inner = Outbox::new();
        self.twist.handle_remote(now, input, &mut inner);
        self.pass(inner, out);
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        let mut inner = Outbox::new();
        self.twist.handle_timeout(now, &mut inner);
        self.pass(inner, out);
    }

    fn deadline(&self) -> Option<Time> {
        self.twist.deadline()
    }
}

impl OverChannels for Broken {
    fn channels(&self) -> Vec<ChannelSpec> {
        self.twist.machine().channels()
    }

    fn item_limit(&self, channel: Channel, head: &[u8]) -> Result<usize, Fault> {
        match self.twist.machine().item_limit(channel, head) {
            Err(fault) if self.is_deaf_to(&fault) => Ok(65_535),
            other => other,
        }
    }

    fn too_large(&self, channel: Channel) -> Fault {
        self.twist.machine().too_large(channel)
    }

    fn malformed(&self, channel: Channel, malformed: Malformed) -> Fault {
        self.twist.machine().malformed(channel, malformed)
    }

    fn decode(
        &self,
        channel: Channel,
        item: &[u8],
        source: Source<'_>,
    ) -> Result<ConnectionRemote, Fault> {
        self.twist.machine().decode(channel, item, source)
    }

    fn encode(message: &ConnectionMessage, out: &mut Vec<u8>) -> Channel {
        Connection::encode(message, out)
    }

    fn drained(&self, channel: Channel, bytes: usize) -> Option<ConnectionRemote> {
        self.twist.machine().drained(channel, bytes)
    }

    fn at_eof(&self) -> Ending {
        self.twist.machine().at_eof()
    }

    fn holds(&self, channel: Channel) -> bool {
        self.twist.machine().holds(channel)
    }
}

type Session = Staged<Mux<Handshake>, RunBroken, Mux<Broken>>;

struct RunBroken(Breach);

impl Follow<Handshake> for RunBroken {
    type Next = Mux<Broken>;

    fn follow(self, handshake: Handshake) -> Result<Mux<Broken>, Ending> {
        let Some((at, agreement)) = handshake.agreed() else { return Err(Ending::Done) };
        let parts = Parts::agreed(handshake.role(), &agreement);
        let mut config = ConnectionConfig::default();
        config.limits = self.0.limits.clone();
        let length = Duration::from_secs(1);
        config.clock = SlotClock { slot: SlotNo(SLOT), at: Time::ZERO, length };
        let connection = Connection::new(config, parts, at);
        Ok(Mux::new(Broken::new(connection, self.0), MuxConfig::default(), &[]))
    }
}

fn session(handshake: Handshake, breach: Breach) -> Session {
    Staged::new(Mux::new(handshake, MuxConfig::default(), &[]), RunBroken(breach))
}

/// A peer in a thread of its own, until dropped.
pub struct Peer {
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(work: impl Future<Output = ()>, stop: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        tokio::select! { () = work => {}, _ = stop => {} }
    });
}

/// A server of one block and its votes, for any number of connections.
#[expect(clippy::disallowed_methods, reason = "a peer runs beside the check, not in the core")]
pub fn server(breach: Breach) -> Peer {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let thread = spawn(move || {
        let work = async {
            let listener = TcpListener::from_std(listener).unwrap();
            let epoch = Instant::now();
            while let Ok((stream, _)) = listener.accept().await {
                let breach = breach.clone();
                tokio::spawn(async move {
                    let now = Time::from_micros(epoch.elapsed().as_micros() as u64);
                    let handshake = Handshake::responder(HandshakeConfig::new(MAGIC), now);
                    let mut machine = session(handshake, breach);
                    let article = Article::synthetic(SlotNo(SLOT - 5), 1, 20, 300).unwrap();
                    let mut host = Uploader::new(vec![article], vec![], 3);
                    let (_commands, mut inbox) = mpsc::channel(1);
                    let backlog = Backlog::default();
                    let _ =
                        drive(&mut machine, stream, &mut host, &mut inbox, epoch, backlog).await;
                });
            }
        };
        run(work, stopped);
    });
    Peer { address, stop: Some(stop), thread: Some(thread) }
}

/// A client that connects to `address` again and again and fetches what is announced.
#[expect(clippy::disallowed_methods, reason = "a peer runs beside the check, not in the core")]
pub fn client(address: SocketAddr, breach: Breach) -> Peer {
    let (stop, stopped) = oneshot::channel();
    let thread = spawn(move || {
        let work = async {
            let epoch = Instant::now();
            loop {
                let Ok(stream) = TcpStream::connect(address).await else {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    continue;
                };
                let versions = HandshakeConfig::new(MAGIC).each(|data| data.initiator_only = true);
                let mut machine = session(Handshake::initiator(versions), breach.clone());
                let fetch = FetchLimits::default();
                let mut host = Downloader::new(breach.limits.clone(), fetch, Until::Stopped);
                let (commands, mut inbox) = mpsc::channel(1);
                let _ = commands.send(propose()).await;
                let backlog = Backlog::default();
                let _ = drive(&mut machine, stream, &mut host, &mut inbox, epoch, backlog).await;
            }
        };
        run(work, stopped);
    });
    Peer { address, stop: Some(stop), thread: Some(thread) }
}
