//! A whole node: its listener, its streams, its timers.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use nodewire::chia::{NodeCommand, NodeNotice, NodeRemote, NodeSend};
use nodewire::codec::chia::PeerInfo;
use nodewire::link::Transport;
use nodewire::sim::chia::{Oracle, Staffed};
use nodewire::state::chia::rules::SELF_CONNECTION;
use nodewire::state::chia::{ConnectionId, Opened, Role};
use nodewire::{Action, Ending, Fault, Machine, Out, Outbox, Time};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};

use super::friends::{Friends, Task};
use super::setup::peer_info;
use super::stream::{BACKLOG, LINGERING, News, Stream};

/// Says when a hub is to stop: when this becomes true, or its sender is gone.
pub type Stop = watch::Receiver<bool>;

/// Drives a node with its oracle.
pub struct Hub<R: Role, O: Oracle<R>> {
    machine: Staffed<R, O>,
    epoch: Instant,
    streams: BTreeMap<ConnectionId, Stream>,
    /// Streams that are not being read: they were just opened or heard, or are held back.
    unread: BTreeSet<ConnectionId>,
    friends: Friends,
    next: u64,
    /// Room for streams that were closed and whose last bytes are leaving.
    lingering: Arc<Semaphore>,
    news: (mpsc::Sender<News>, mpsc::Receiver<News>),
    dials: (mpsc::Sender<Dialled>, mpsc::Receiver<Dialled>),
    out: Out<Staffed<R, O>>,
}

/// What a hub tells.
#[derive(Debug)]
#[non_exhaustive]
pub enum HubNews<N> {
    /// What its node does.
    Node(NodeNotice<N>),
    /// Somebody listens there: a connection to it begins.
    Reached(PeerInfo),
    /// Nobody was reached there. A friend is dialled again after a while.
    NotReached(PeerInfo, io::Error),
    /// A stream is open, and goes to there.
    Opened(ConnectionId, PeerInfo),
    /// The other end has closed this stream, or it broke: the node is told next.
    Left(ConnectionId),
    /// The connection with a friend has been there for a minute.
    Lasts(ConnectionId),
    /// This friend is the node itself, and is not dialled again.
    Ourselves(PeerInfo),
}

/// What came of dialling.
struct Dialled {
    address: PeerInfo,
    is_friend: bool,
    stream: io::Result<TcpStream>,
}

/// How long dialling may take.
const DIALLING: Duration = Duration::from_secs(10);
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
            friends: Friends::default(),
            next: 0,
            lingering: Arc::new(Semaphore::new(LINGERING)),
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
    /// tells `told` what happens, until `stop`.
    pub async fn run(
        &mut self,
        listener: Option<TcpListener>,
        friends: &[SocketAddr],
        commands: &mut mpsc::Receiver<R::Local>,
        mut stop: Stop,
        mut told: impl FnMut(Time, &Staffed<R, O>, HubNews<R::Notice>),
    ) {
        let friends = friends.iter().map(|at| peer_info(*at));
        self.friends = Friends::new(friends, Instant::now());
        let mut heard = true;
        loop {
            self.carry_out(&mut told);
            self.befriend(&mut told);
            let friends_due = self.friends.due();
            let due = self.machine.deadline().map(|due| self.epoch + due.since(Time::ZERO));
            tokio::select! {
                Some((id, transport)) = self.news.1.recv() => {
                    self.moved(id, transport, &mut told);
                }
                Some(dialled) = self.dials.1.recv() => self.dialled(dialled, &mut told),
                accepted = accept(listener.as_ref()) => {
                    if let Ok((stream, from)) = accepted {
                        let from = peer_info(from);
                        let seen = from.clone();
                        self.open(stream, seen, &mut told, |id| Opened::inbound(id, Some(from)));
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
                () = sleep_until(friends_due.unwrap_or(self.epoch)), if friends_due.is_some() => {}
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
    fn moved(
        &mut self,
        id: ConnectionId,
        transport: Transport,
        told: &mut impl FnMut(Time, &Staffed<R, O>, HubNews<R::Notice>),
    ) {
        let now = self.now();
        let Some(stream) = self.streams.get_mut(&id) else { return };
        match transport {
            Transport::Received(_) => {
                stream.is_reading = false;
                self.unread.insert(id);
            }
            Transport::Finished | Transport::Closed if !stream.is_over => {
                stream.is_over = true;
                told(now, &self.machine, HubNews::Left(id));
            }
            _ => {}
        }
        self.remote(id, transport);
    }

    fn open(
        &mut self,
        stream: TcpStream,
        remote: PeerInfo,
        told: &mut impl FnMut(Time, &Staffed<R, O>, HubNews<R::Notice>),
        opened: impl FnOnce(ConnectionId) -> Opened,
    ) {
        let id = ConnectionId(self.next);
        told(self.now(), &self.machine, HubNews::Opened(id, remote));
        self.next += 1;
        let _ = stream.set_nodelay(true);
        let lingering = Arc::clone(&self.lingering);
        self.streams.insert(id, Stream::start(id, stream, self.news.0.clone(), lingering));
        self.unread.insert(id);
        self.local(NodeCommand::Opened(opened(id)));
        self.remote(id, Transport::Writable(BACKLOG));
    }

    /// Does what the node wants done, and lets streams be read that it takes more of.
    fn carry_out(&mut self, told: &mut impl FnMut(Time, &Staffed<R, O>, HubNews<R::Notice>)) {
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
                }
                Action::Send(NodeSend::Dial(address)) => self.dial(address, false),
                Action::Notify(notice) => {
                    self.noticed(now, &notice, told);
                    told(now, &self.machine, HubNews::Node(notice));
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

    /// Keeps in mind who is there, and who is to be dialled again.
    fn noticed(
        &mut self,
        now: Time,
        notice: &NodeNotice<R::Notice>,
        told: &mut impl FnMut(Time, &Staffed<R, O>, HubNews<R::Notice>),
    ) {
        match notice {
            NodeNotice::Connected(id, peer, at) => {
                self.friends.met(*id, peer, at, Instant::now());
            }
            NodeNotice::Closed { connection, ending, .. } => {
                if is_ourselves(ending) {
                    if let Some(address) = self.friends.give_up(*connection) {
                        told(now, &self.machine, HubNews::Ourselves(address));
                    }
                }
                self.friends.lost(*connection, Instant::now());
            }
            NodeNotice::TurnedAway(id, _) => self.friends.lost(*id, Instant::now()),
            _ => {}
        }
    }

    /// Dials friends whose time has come.
    fn befriend(&mut self, told: &mut impl FnMut(Time, &Staffed<R, O>, HubNews<R::Notice>)) {
        for task in self.friends.tasks(Instant::now()) {
            match task {
                Task::Dial(address) => self.dial(address, true),
                Task::Lasts(id) => told(self.now(), &self.machine, HubNews::Lasts(id)),
            }
        }
    }

    /// Connects to an address. Names are not resolved: peers may have made them up.
    fn dial(&self, address: PeerInfo, is_friend: bool) {
        let dials = self.dials.0.clone();
        tokio::spawn(async move {
            let stream = match address.host.parse::<IpAddr>() {
                Ok(ip) => timeout(DIALLING, TcpStream::connect((ip, address.port))).await,
                Err(_) => Ok(Err(io::ErrorKind::AddrNotAvailable.into())),
            };
            let stream = stream.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
            let _ = dials.send(Dialled { address, is_friend, stream }).await;
        });
    }

    fn dialled(
        &mut self,
        dialled: Dialled,
        told: &mut impl FnMut(Time, &Staffed<R, O>, HubNews<R::Notice>),
    ) {
        let Dialled { address, is_friend, stream } = dialled;
        let now = self.now();
        let stream = match stream {
            Ok(stream) => stream,
            Err(error) => {
                told(now, &self.machine, HubNews::NotReached(address.clone(), error));
                if is_friend {
                    self.friends.missed(&address, Instant::now());
                } else {
                    self.local(NodeCommand::DialFailed(address));
                }
                return;
            }
        };
        told(now, &self.machine, HubNews::Reached(address.clone()));
        let remote = address.clone();
        if is_friend {
            self.friends.reached(&address, ConnectionId(self.next));
            let seen = remote.clone();
            self.open(stream, seen, told, |id| Opened::outbound(id, Some(remote)).trusted());
        } else {
            let seen = remote.clone();
            let opened = |id| Opened::outbound(id, Some(remote)).of_dial(address);
            self.open(stream, seen, told, opened);
        }
    }
}

/// True if both ends were this node.
fn is_ourselves(ending: &Ending) -> bool {
    matches!(ending, Ending::Fault(Fault::Violation { rule, .. }) if **rule == SELF_CONNECTION)
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
