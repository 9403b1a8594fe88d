//! Who is connected: one connection for each node id, bounds, and who is kept out.

mod bans;
mod input;
mod reaction;

pub use input::{Opened, Parted, RegistryLimits, TurnedAway, Verdict};
pub use reaction::{REACTIONS, Reaction};

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;

use crate::ask::AskId;
use crate::codec::chia::{NodeId, NodeType, PeerInfo};
use crate::fault::{Ending, Fault};
use crate::heap;
use crate::state::chia::connection::{Direction, Peer};
use crate::state::chia::hosts;
use crate::state::chia::role::{ConnectionId, Whereabouts};
use crate::time::Time;

use bans::Bans;

/// The connections of a node, by number, by the node id that each claims, and by type.
///
/// A node id has one connection (C-4, C-9), until that ends, however it does (C-8). Where two nodes
/// have two, the smaller node id decides for both: it keeps the one that is established, or of two
/// in handshake the one that it dialled; the larger one answers neither way until the smaller
/// has closed one of them ([`Verdict::Postponed`]). So whatever arrives in whatever order, one
/// connection is left and both ends agree which. Node ids are claims: whoever uses another's
/// holds it no longer than its connection lives.
///
/// What an ending brings upon an address is [`Reaction`]'s. Streams of peers that were configured
/// ([`Opened::trusted`]) are never turned away and take nobody's place, and neither they nor those
/// of this computer are banned.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Registry {
    node_id: NodeId,
    limits: RegistryLimits,
    /// The newest connection: numbers ascend.
    newest: Option<ConnectionId>,
    links: BTreeMap<ConnectionId, Link>,
    by_node: BTreeMap<NodeId, ConnectionId>,
    /// Connections of node ids that are taken, until whose they are is decided elsewhere.
    postponed: BTreeMap<(NodeId, ConnectionId), AskId>,
    established: BTreeSet<(NodeType, ConnectionId)>,
    /// How many of them nobody configured, and how many of those were dialled by their peers.
    strangers: usize,
    inbound: usize,
    /// The latter by group of hosts, where those are counted.
    inbound_of: BTreeMap<String, usize>,
    /// Streams of unknown peers that are not established, the oldest first.
    half_open: BTreeSet<ConnectionId>,
    bans: Bans,
    /// Addresses that turned out to be ours, or were said to be.
    own: BTreeSet<PeerInfo>,
}

/// A connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Link {
    direction: Direction,
    is_trusted: bool,
    is_established: bool,
    /// Who it says it is, once it was asked about.
    peer: Option<Peer>,
    /// Its host, in canonical form.
    host: Option<String>,
    /// Whoever has that host has all of these ([`hosts::group`]); `None`: nobody is counted.
    group: Option<String>,
    dialled: Option<PeerInfo>,
}

impl Registry {
    /// Nobody yet.
    #[must_use]
    pub const fn new(node_id: NodeId, limits: RegistryLimits) -> Self {
        Self {
            node_id,
            limits,
            newest: None,
            links: BTreeMap::new(),
            by_node: BTreeMap::new(),
            postponed: BTreeMap::new(),
            established: BTreeSet::new(),
            strangers: 0,
            inbound: 0,
            inbound_of: BTreeMap::new(),
            half_open: BTreeSet::new(),
            bans: Bans::new(),
            own: BTreeSet::new(),
        }
    }

    /// How many streams are open.
    #[must_use]
    pub fn len(&self) -> usize {
        self.links.len()
    }

    /// True if no stream is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    /// True while this stream is open.
    #[must_use]
    pub fn contains(&self, connection: ConnectionId) -> bool {
        self.links.contains_key(&connection)
    }

    /// True if the number is above all before it, as that of a new connection is.
    #[must_use]
    pub fn is_new(&self, connection: ConnectionId) -> bool {
        self.newest.is_none_or(|newest| newest < connection)
    }

    /// The established connections with peers of a type, the oldest first (C-5).
    pub fn established(&self, node_type: NodeType) -> impl Iterator<Item = ConnectionId> + '_ {
        let [first, last] = [u64::MIN, u64::MAX].map(|id| (node_type, ConnectionId(id)));
        self.established.range(first..=last).map(|(_, connection)| *connection)
    }

    /// True once both acks of a connection have passed (C-5).
    #[must_use]
    pub fn is_established(&self, connection: ConnectionId) -> bool {
        self.links.get(&connection).is_some_and(|link| link.is_established)
    }

    /// Who the peer says it is, once that was found good.
    #[must_use]
    pub fn peer(&self, connection: ConnectionId) -> Option<&Peer> {
        self.links.get(&connection)?.peer.as_ref()
    }

    /// Until when a host is kept out.
    #[must_use]
    pub fn banned_until(&self, now: Time, host: &str) -> Option<Time> {
        self.bans.until(now, &hosts::canonical(host))
    }

    /// This is an address of ours (C-10). Beyond `max_own_addresses` no more are remembered.
    pub fn own(&mut self, address: &PeerInfo) {
        if self.own.len() < self.limits.max_own_addresses {
            self.own.insert(canonical(address));
        }
    }

    /// True for an address of ours (C-10).
    #[must_use]
    pub fn is_own(&self, address: &PeerInfo) -> bool {
        self.own.contains(&canonical(address))
    }

    /// A stream was opened. Of unknown peers that do not get on with their handshakes the oldest
    /// has to make room: it is to be closed.
    ///
    /// # Errors
    /// Why it is to be closed at once.
    pub fn open(&mut self, now: Time, opened: Opened) -> Result<Option<ConnectionId>, TurnedAway> {
        let Opened { connection, direction, remote, dialled, is_trusted } = opened;
        self.newest = self.newest.max(Some(connection));
        let host = remote.as_ref().or(dialled.as_ref()).map(|at| hosts::canonical(&at.host));
        let group = host.as_deref().and_then(hosts::group);
        let mut evicted = None;
        if !is_trusted {
            if let Some(until) = host.as_ref().and_then(|host| self.bans.until(now, host)) {
                return Err(TurnedAway::Banned(until));
            }
            self.has_room(direction, group.as_deref())?;
            if direction == Direction::Inbound {
                self.group_has_room(group.as_deref())?;
                if self.half_open.len() >= self.limits.max_half_open {
                    evicted = self.half_open.pop_first();
                }
                self.half_open.insert(connection);
            }
        }
        let (is_established, peer) = (false, None);
        let link = Link { direction, is_trusted, is_established, peer, host, group, dialled };
        self.links.insert(connection, link);
        Ok(evicted)
    }

    fn has_room(&self, direction: Direction, group: Option<&str>) -> Result<(), TurnedAway> {
        if self.strangers >= self.limits.max_established {
            return Err(TurnedAway::Full("max_established"));
        }
        if direction == Direction::Outbound {
            return Ok(());
        }
        if self.inbound >= self.limits.max_inbound {
            return Err(TurnedAway::Full("max_inbound"));
        }
        let of_group = group.and_then(|group| self.inbound_of.get(group));
        if of_group.is_some_and(|there| *there >= self.limits.max_inbound_of_host) {
            return Err(TurnedAway::Full("max_inbound_of_host"));
        }
        Ok(())
    }

    /// One that was dialled by a stranger is established, or is no more.
    fn count_inbound(&mut self, group: Option<String>, count: impl Fn(usize) -> usize) {
        self.inbound = count(self.inbound);
        let Some(group) = group else { return };
        let there = count(self.inbound_of.get(&group).copied().unwrap_or(0));
        if there == 0 {
            self.inbound_of.remove(&group);
            heap::relax_map(&mut self.inbound_of);
        } else {
            self.inbound_of.insert(group, there);
        }
    }

    fn group_has_room(&self, group: Option<&str>) -> Result<(), TurnedAway> {
        let Some(group) = group else { return Ok(()) };
        let of_it = |id: &&ConnectionId| {
            self.links.get(id).is_some_and(|link| link.group.as_deref() == Some(group))
        };
        if self.half_open.iter().filter(of_it).count() >= self.limits.max_half_open_of_host {
            return Err(TurnedAway::Full("max_half_open_of_host"));
        }
        Ok(())
    }

    /// A peer said who it is: is its node id free (C-3, C-9)? `ask` is the question, for
    /// [`Parted::next`].
    pub fn register(&mut self, connection: ConnectionId, ask: AskId, peer: Peer) -> Verdict {
        let Some(link) = self.links.get_mut(&connection) else {
            return Verdict::TurnedAway(TurnedAway::NotOpen);
        };
        link.peer = Some(peer);
        let (direction, is_trusted, group) = (link.direction, link.is_trusted, link.group.clone());
        match self.by_node.get(&peer.node_id).copied() {
            None => {
                if let (false, Err(why)) = (is_trusted, self.has_room(direction, group.as_deref()))
                {
                    return Verdict::TurnedAway(why);
                }
                self.by_node.insert(peer.node_id, connection);
                Verdict::Registered
            }
            // The smaller node id decides.
            Some(_) if peer.node_id < self.node_id => {
                self.postponed.insert((peer.node_id, connection), ask);
                Verdict::Postponed
            }
            Some(other) => {
                let is_left = self.links.get(&other).is_none_or(|other| {
                    // In handshake, dialled by the peer, while we dialled this one.
                    !other.is_established
                        && other.direction == Direction::Inbound
                        && direction == Direction::Outbound
                });
                if !is_left {
                    return Verdict::Duplicate;
                }
                self.by_node.insert(peer.node_id, connection);
                Verdict::Replaces(other)
            }
        }
    }

    /// Both acks have passed (C-5). Tells where the peer is.
    ///
    /// # Errors
    /// Others were faster, and there is no room left: it is to be closed. Or there is no such stream.
    pub fn establish(&mut self, connection: ConnectionId) -> Result<Whereabouts, TurnedAway> {
        let link = self.links.get(&connection).ok_or(TurnedAway::NotOpen)?;
        let (direction, group, [stranger, inbound]) =
            (link.direction, link.group.clone(), link.counts());
        if !link.is_trusted {
            self.has_room(direction, group.as_deref())?;
        }
        self.half_open.remove(&connection);
        heap::relax_set(&mut self.half_open);
        self.strangers = self.strangers.saturating_add(stranger);
        self.count_inbound(group, |there| there.saturating_add(inbound));
        let mut listens = None;
        if let Some(link) = self.links.get_mut(&connection) {
            link.is_established = true;
            if let Some(peer) = &link.peer {
                self.established.insert((peer.node_type, connection));
                // As it was seen, and as it said (C-15).
                let host = link.host.as_ref().filter(|_| peer.server_port != 0);
                listens = host.map(|host| PeerInfo { host: host.clone(), port: peer.server_port });
            }
        }
        Ok(Whereabouts { direction, listens })
    }

    /// A connection is no more: its node id is free (C-8), its address kept or not (C-14), its host
    /// banned or not (`chia.md` 16). `None` if it was not there.
    pub fn close(&mut self, now: Time, connection: ConnectionId, by: &Ending) -> Option<Parted> {
        let link = self.links.remove(&connection)?;
        heap::relax_map(&mut self.links);
        self.half_open.remove(&connection);
        heap::relax_set(&mut self.half_open);
        let reaction = self.reaction(&link, by);
        if reaction == Reaction::DropForGood {
            if let Some(address) = &link.dialled {
                self.own(address);
            }
        }
        let banned_until = self.ban(now, &link, reaction);
        let next = link.peer.and_then(|peer| self.unregister(connection, &link, peer));
        let Link { is_established, peer, dialled, .. } = link;
        Some(Parted { is_established, peer, dialled, reaction, banned_until, next })
    }

    /// What the ending of a connection brings upon its address.
    fn reaction(&self, link: &Link, by: &Ending) -> Reaction {
        // What may be no more than a slow network must not cost us the last full node (16).
        let of_time = matches!(by, Ending::Fault(Fault::Congested { .. } | Fault::Timeout { .. }));
        let is_full = link.peer.is_some_and(|peer| peer.node_type == NodeType::FullNode);
        if of_time && is_full && link.is_established {
            let mut others = self.established(NodeType::FullNode);
            if others.nth(1).is_none() {
                return Reaction::Keep;
            }
        }
        Reaction::to(by)
    }

    fn ban(&mut self, now: Time, link: &Link, reaction: Reaction) -> Option<Time> {
        let host = link.host.as_ref().filter(|it| !link.is_trusted && !hosts::is_loopback(it))?;
        let until = now.after(reaction.ban(&self.limits)?);
        Some(self.bans.ban(now, host.clone(), until, self.limits.max_bans))
    }

    /// Frees its node id, and names who was waiting for it.
    fn unregister(
        &mut self,
        connection: ConnectionId,
        link: &Link,
        peer: Peer,
    ) -> Option<(ConnectionId, AskId, Peer)> {
        if link.is_established {
            self.established.remove(&(peer.node_type, connection));
            heap::relax_set(&mut self.established);
            let [stranger, inbound] = link.counts();
            self.strangers = self.strangers.saturating_sub(stranger);
            self.count_inbound(link.group.clone(), |there| there.saturating_sub(inbound));
        }
        self.postponed.remove(&(peer.node_id, connection));
        heap::relax_map(&mut self.postponed);
        if self.by_node.get(&peer.node_id) != Some(&connection) {
            return None;
        }
        self.by_node.remove(&peer.node_id);
        heap::relax_map(&mut self.by_node);
        let [first, last] = [u64::MIN, u64::MAX].map(|id| (peer.node_id, ConnectionId(id)));
        let (&key, &ask) = self.postponed.range(first..=last).next()?;
        self.postponed.remove(&key);
        heap::relax_map(&mut self.postponed);
        let peer = self.links.get(&key.1)?.peer?;
        Some((key.1, ask, peer))
    }

    /// Heap bytes.
    #[must_use]
    pub fn heap(&self) -> usize {
        let address = |at: &PeerInfo| at.host.capacity();
        let texts = |link: &Link| {
            let texts = link.host.iter().chain(&link.group).map(String::capacity);
            texts.sum::<usize>().saturating_add(link.dialled.as_ref().map_or(0, address))
        };
        let trees = [
            heap::tree(self.links.len(), size_of::<(ConnectionId, Link)>()),
            heap::tree(self.by_node.len(), size_of::<(NodeId, ConnectionId)>()),
            heap::tree(self.postponed.len(), size_of::<((NodeId, ConnectionId), AskId)>()),
            heap::tree(self.established.len(), size_of::<(NodeType, ConnectionId)>()),
            heap::tree(self.half_open.len(), size_of::<ConnectionId>()),
            heap::tree(self.inbound_of.len(), size_of::<(String, usize)>()),
            self.inbound_of.keys().map(String::capacity).sum(),
            heap::tree(self.own.len(), size_of::<PeerInfo>()),
            self.own.iter().map(address).sum(),
            self.links.values().map(texts).sum(),
        ];
        trees.iter().fold(self.bans.heap(), |sum, tree| sum.saturating_add(*tree))
    }
}

impl Link {
    /// What it is counted as, once it is established: a stranger, and one that dialled us.
    fn counts(&self) -> [usize; 2] {
        let is_inbound = self.direction == Direction::Inbound;
        [!self.is_trusted, !self.is_trusted && is_inbound].map(usize::from)
    }
}

fn canonical(address: &PeerInfo) -> PeerInfo {
    PeerInfo { host: hosts::canonical(&address.host), port: address.port }
}
