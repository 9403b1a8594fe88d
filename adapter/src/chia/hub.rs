//! A whole node: its listener, its streams, its timers.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use nodewire::chia::{NodeCommand, NodeNotice, NodeRemote, NodeSend};
use nodewire::codec::chia::PeerInfo;
use nodewire::link::Transport;
use nodewire::sim::chia::{Oracle, Staffed};
use nodewire::state::chia::{ConnectionId, Opened, Role};
use nodewire::{Action, Machine, Out, Outbox, Time};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};

use super::setup::peer_info;
use super::stream::{BACKLOG, News, Stream};

/// Says when a hub is to stop: when this becomes true, or its sender is gone.
pub type Stop = watch::Receiver<bool>;

/// Drives a node with its oracle.
pub struct Hub<R: Role, O: Oracle<R>> {
    machine: Staffed<R, O>,
    epoch: Instant,
    streams: BTreeMap<ConnectionId, Stream>,
    /// Streams that are not being read: they were just opened or heard, or are held back.
    unread: BTreeSet<ConnectionId>,
    friends: Vec<Friend>,
    next: u64,
    news: (mpsc::Sender<News>, mpsc::Receiver<News>),
    dials: (mpsc::Sender<Dialled>, mpsc::Receiver<Dialled>),
    out: Out<Staffed<R, O>>,
}

/// An address that is configured: dialled again and again.
struct Friend {
    address: PeerInfo,
    /// How often in a row nothing came of it.
    failures: u32,
    connection: Option<ConnectionId>,
}

/// What came of dialling.
struct Dialled {
    address: PeerInfo,
    is_friend: bool,
    stream: io::Result<TcpStream>,
}

/// How long dialling may take.
const DIALLING: Duration = Duration::from_secs(10);
/// How long a friend is left alone after the first failure; twice as long after each further one.
const AGAIN: Duration = Duration::from_millis(250);
/// After so many failures it gets no longer.
const MOST_FAILURES: u32 = 7;
/// How much may wait to be seen to.
const ROOM: usize = 1_024;

impl<R: Role, O: Oracle<R>> Hub<R, O> {
    /// A hub whose `Time::ZERO` is `epoch`.
    #[must_use]
    pub fn new(machine: Staffed<R, O>, epoch: Instant) -> Self {
        Self {
            machine,
            epoch,
            streams: BTreeMap::new(),
            unread: BTreeSet::new(),
            friends: Vec::new(),
            next: 0,
            news: mpsc::channel(ROOM),
            dials: mpsc::channel(ROOM),
            out: Outbox::new(),
        }
    }

    /// The node with its oracle.
    #[must_use]
    pub const fn machine(&self) -> &Staffed<R, O> {
        &self.machine
    }

    /// Serves `listener`, keeps a connection to each of `friends`, hands `commands` to the role and
    /// tells `told` what the node tells, until `stop`.
    pub async fn run(
        &mut self,
        listener: Option<TcpListener>,
        friends: &[SocketAddr],
        commands: &mut mpsc::Receiver<R::Local>,
        mut stop: Stop,
        mut told: impl FnMut(Time, &Staffed<R, O>, NodeNotice<R::Notice>),
    ) {
        let friend =
            |at: &SocketAddr| Friend { address: peer_info(*at), failures: 0, connection: None };
        self.friends = friends.iter().map(friend).collect();
        for friend in &self.friends {
            self.dial(friend.address.clone(), true, Duration::ZERO);
        }
        let mut heard = true;
        loop {
            self.carry_out(&mut told);
            let due = self.machine.deadline().map(|due| self.epoch + due.since(Time::ZERO));
            tokio::select! {
                Some((id, transport)) = self.news.1.recv() => self.moved(id, transport),
                Some(dialled) = self.dials.1.recv() => self.dialled(dialled),
                accepted = accept(listener.as_ref()) => {
                    if let Ok((stream, from)) = accepted {
                        let opened = |id| Opened::inbound(id, Some(peer_info(from)));
                        self.open(stream, opened);
                    }
                }
                command = commands.recv(), if heard => match command {
                    Some(command) => self.local(NodeCommand::Role(command)),
                    None => heard = false,
                },
                () = sleep_until(due.unwrap_or(self.epoch)), if due.is_some() => {
                    let now = self.now();
                    self.machine.handle_timeout(now, &mut self.out);
                }
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    fn now(&self) -> Time {
        Time::from_micros(u64::try_from(self.epoch.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    fn local(&mut self, command: NodeCommand<R::Local>) {
        let now = self.now();
        if let Err(refusal) = self.machine.handle_local(now, command, &mut self.out) {
            tracing::warn!(why = ?refusal.why, "the node refused a command");
        }
    }

    fn remote(&mut self, connection: ConnectionId, transport: Transport) {
        let now = self.now();
        let remote = NodeRemote { connection, transport };
        self.machine.handle_remote(now, remote, &mut self.out);
    }

    /// Something came of a stream.
    fn moved(&mut self, id: ConnectionId, transport: Transport) {
        let Some(stream) = self.streams.get_mut(&id) else { return };
        match transport {
            Transport::Received(_) => {
                stream.is_reading = false;
                self.unread.insert(id);
            }
            Transport::Finished | Transport::Closed => stream.is_over = true,
            _ => {}
        }
        self.remote(id, transport);
    }

    fn open(&mut self, stream: TcpStream, opened: impl FnOnce(ConnectionId) -> Opened) {
        let id = ConnectionId(self.next);
        self.next += 1;
        let _ = stream.set_nodelay(true);
        self.streams.insert(id, Stream::start(id, stream, self.news.0.clone()));
        self.unread.insert(id);
        self.local(NodeCommand::Opened(opened(id)));
        self.remote(id, Transport::Writable(BACKLOG));
    }

    /// Does what the node wants done, and lets streams be read that it takes more of.
    fn carry_out(&mut self, told: &mut impl FnMut(Time, &Staffed<R, O>, NodeNotice<R::Notice>)) {
        let now = self.now();
        while let Some(action) = self.out.pop() {
            match action {
                Action::Send(NodeSend::Bytes(id, bytes)) => {
                    if let Some(stream) = self.streams.get(&id) {
                        stream.write(bytes);
                    }
                }
                // What has been handed to it still leaves.
                Action::Send(NodeSend::Close(id)) => {
                    self.streams.remove(&id);
                    self.lost(id);
                }
                Action::Send(NodeSend::Dial(address)) => self.dial(address, false, Duration::ZERO),
                Action::Notify(notice) => {
                    if let NodeNotice::Connected(id, ..) = &notice {
                        self.met(*id);
                    }
                    told(now, &self.machine, notice);
                }
                Action::Ask(_, never) => match never {},
                Action::Close(_) => {}
            }
        }
        let Self { streams, machine, unread, .. } = self;
        unread.retain(|id| {
            let Some(stream) = streams.get_mut(id) else { return false };
            let is_held = machine.holds_back(*id);
            if !is_held {
                stream.read();
            }
            is_held
        });
    }

    /// Connects to an address. Names are not resolved: peers may have made them up.
    fn dial(&self, address: PeerInfo, is_friend: bool, after: Duration) {
        let dials = self.dials.0.clone();
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            let stream = match address.host.parse::<IpAddr>() {
                Ok(ip) => timeout(DIALLING, TcpStream::connect((ip, address.port))).await,
                Err(_) => Ok(Err(io::ErrorKind::AddrNotAvailable.into())),
            };
            let stream = stream.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
            let _ = dials.send(Dialled { address, is_friend, stream }).await;
        });
    }

    fn dialled(&mut self, dialled: Dialled) {
        let Dialled { address, is_friend, stream } = dialled;
        match stream {
            Ok(stream) if is_friend => {
                let id = ConnectionId(self.next);
                if let Some(friend) = self.friends.iter_mut().find(|it| it.address == address) {
                    friend.connection = Some(id);
                }
                self.open(stream, |id| Opened::outbound(id, Some(address)).trusted());
            }
            Ok(stream) => {
                let remote = address.clone();
                self.open(stream, |id| Opened::outbound(id, Some(remote)).of_dial(address));
            }
            Err(error) if is_friend => {
                tracing::debug!(%error, host = address.host, port = address.port, "not reached");
                self.retry(|friend| friend.address == address);
            }
            Err(_) => self.local(NodeCommand::DialFailed(address)),
        }
    }

    /// A connection was established.
    fn met(&mut self, id: ConnectionId) {
        if let Some(friend) = self.friends.iter_mut().find(|it| it.connection == Some(id)) {
            friend.failures = 0;
        }
    }

    /// A connection is no more.
    fn lost(&mut self, id: ConnectionId) {
        self.retry(|friend| friend.connection == Some(id));
    }

    /// A friend that was not reached, or is gone, is dialled once more.
    fn retry(&mut self, is_it: impl Fn(&Friend) -> bool) {
        let Some(friend) = self.friends.iter_mut().find(|friend| is_it(friend)) else { return };
        friend.connection = None;
        let after = AGAIN * 2_u32.pow(friend.failures);
        friend.failures = friend.failures.saturating_add(1).min(MOST_FAILURES);
        let address = friend.address.clone();
        self.dial(address, true, after);
    }
}

/// The next connection, or never.
async fn accept(listener: Option<&TcpListener>) -> io::Result<(TcpStream, SocketAddr)> {
    match listener {
        Some(listener) => {
            let accepted = listener.accept().await;
            if accepted.is_err() {
                // One that went away at once, or too many open files: the next may do better.
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            accepted
        }
        None => std::future::pending().await,
    }
}
