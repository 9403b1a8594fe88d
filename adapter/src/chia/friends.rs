//! Whom a node is to keep a connection to, and when each of them is dialled.

use std::collections::BTreeMap;
use std::time::Duration;

use nodewire::codec::chia::{NodeId, PeerInfo};
use nodewire::state::chia::{ConnectionId, Peer, Whereabouts};
use tokio::time::Instant;

/// How long a friend is left alone after the first failure; twice as long after each further one.
const AGAIN: Duration = Duration::from_millis(250);
/// After so many failures it gets no longer.
const MOST_FAILURES: u32 = 7;
/// A connection that was there for so long is no failure when it ends.
pub(super) const LASTS: Duration = Duration::from_secs(60);

/// The addresses that are configured. Each is dialled again and again, but not while there is a
/// connection with whoever listens there, whoever dialled it.
#[derive(Default)]
pub(super) struct Friends {
    all: Vec<Friend>,
    /// Who is connected, and where each listens.
    here: BTreeMap<ConnectionId, (NodeId, Option<PeerInfo>)>,
}

struct Friend {
    address: PeerInfo,
    /// Who was met there last.
    node_id: Option<NodeId>,
    /// How often in a row nothing came of it.
    failures: u32,
    phase: Phase,
}

/// How far it is with a friend.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// To be dialled then.
    Due(Instant),
    /// Being dialled.
    Dialling,
    /// Reached, but not met yet.
    Meeting(ConnectionId),
    /// Connected; if it still is then, what was before is forgiven.
    New(ConnectionId, Instant),
    /// The same, forgiven.
    Lasting(ConnectionId),
    /// Not to be dialled any more.
    GivenUp,
}

/// What is to be done about a friend.
pub(super) enum Task {
    /// Dial it.
    Dial(PeerInfo),
    /// Tell that this connection lasts.
    Lasts(ConnectionId),
}

impl Phase {
    const fn connection(self) -> Option<ConnectionId> {
        match self {
            Self::Meeting(id) | Self::New(id, _) | Self::Lasting(id) => Some(id),
            Self::Due(_) | Self::Dialling | Self::GivenUp => None,
        }
    }

    const fn due(self) -> Option<Instant> {
        match self {
            Self::Due(at) | Self::New(_, at) => Some(at),
            Self::Dialling | Self::Meeting(_) | Self::Lasting(_) | Self::GivenUp => None,
        }
    }
}

impl Friend {
    fn is(&self, (node_id, listens): &(NodeId, Option<PeerInfo>)) -> bool {
        self.node_id == Some(*node_id) || listens.as_ref() == Some(&self.address)
    }

    fn failed(&mut self, now: Instant) {
        self.phase = Phase::Due(now + AGAIN * 2_u32.pow(self.failures));
        self.failures = self.failures.saturating_add(1).min(MOST_FAILURES);
    }
}

impl Friends {
    /// These, to be dialled at once.
    pub(super) fn new(addresses: impl Iterator<Item = PeerInfo>, now: Instant) -> Self {
        let friend =
            |address| Friend { address, node_id: None, failures: 0, phase: Phase::Due(now) };
        Self { all: addresses.map(friend).collect(), here: BTreeMap::new() }
    }

    /// When there is something to do.
    pub(super) fn due(&self) -> Option<Instant> {
        self.all.iter().filter_map(|friend| friend.phase.due()).min()
    }

    /// What there is to do now.
    pub(super) fn tasks(&mut self, now: Instant) -> Vec<Task> {
        let Self { all, here } = self;
        let mut tasks = Vec::new();
        for friend in all.iter_mut().filter(|it| it.phase.due().is_some_and(|due| due <= now)) {
            if let Phase::New(id, _) = friend.phase {
                friend.failures = 0;
                friend.phase = Phase::Lasting(id);
                tasks.push(Task::Lasts(id));
                continue;
            }
            friend.phase = match here.iter().find(|(_, peer)| friend.is(peer)) {
                Some((id, _)) => Phase::New(*id, now + LASTS),
                None => {
                    tasks.push(Task::Dial(friend.address.clone()));
                    Phase::Dialling
                }
            };
        }
        tasks
    }

    /// Nobody was reached there.
    pub(super) fn missed(&mut self, address: &PeerInfo, now: Instant) {
        let mut dialled = self.all.iter_mut().filter(|it| it.phase == Phase::Dialling);
        if let Some(friend) = dialled.find(|it| it.address == *address) {
            friend.failed(now);
        }
    }

    /// Somebody was: this is the connection.
    pub(super) fn reached(&mut self, address: &PeerInfo, connection: ConnectionId) {
        let mut dialled = self.all.iter_mut().filter(|it| it.phase == Phase::Dialling);
        if let Some(friend) = dialled.find(|it| it.address == *address) {
            friend.phase = Phase::Meeting(connection);
        }
    }

    /// A connection was established, by whomever.
    pub(super) fn met(
        &mut self,
        connection: ConnectionId,
        peer: &Peer,
        at: &Whereabouts,
        now: Instant,
    ) {
        let met = (peer.node_id, at.listens.clone());
        for friend in &mut self.all {
            let is_dialled = friend.phase.connection() == Some(connection);
            let waits = matches!(friend.phase, Phase::Due(_)) && friend.is(&met);
            if is_dialled || waits {
                friend.node_id = Some(peer.node_id);
                friend.phase = Phase::New(connection, now + LASTS);
            }
        }
        self.here.insert(connection, met);
    }

    /// A connection is no more.
    pub(super) fn lost(&mut self, connection: ConnectionId, now: Instant) {
        self.here.remove(&connection);
        for friend in &mut self.all {
            if friend.phase.connection() == Some(connection) {
                friend.failed(now);
            }
        }
    }

    /// This connection is with ourselves: whose it was is not dialled again.
    pub(super) fn give_up(&mut self, connection: ConnectionId) -> Option<PeerInfo> {
        let it = |friend: &&mut Friend| friend.phase.connection() == Some(connection);
        let friend = self.all.iter_mut().find(it)?;
        friend.phase = Phase::GivenUp;
        Some(friend.address.clone())
    }
}
