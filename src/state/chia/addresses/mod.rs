//! Where full nodes are: who tells whom, and who is dialled.

mod input;
mod table;

pub use input::{AddressesCommand, AddressesConfig, AddressesLimits};

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::time::Duration;

use crate::codec::chia::messages::{Peers, RequestPeers};
use crate::codec::chia::{Message, NodeType, PeerInfo};
use crate::fault::Refusal;
use crate::heap;
use crate::machine::{ActionOf, Machine, Never, Out};
use crate::state::chia::connection::{Direction, Peer};
use crate::state::chia::hosts;
use crate::state::chia::nonces::Nonces;
use crate::state::chia::role::{ConnectionId, Delivery, FromPeer, Parting, PutOff, Whereabouts};
use crate::time::Time;

use table::{Known, Table};

/// The addresses of full nodes, of a node that is one or an introducer.
///
/// It remembers full nodes that were connected and say where they listen (C-15, I-1), and what it
/// is told in answer to a question of its own (P-26): hosts that cannot be one, and this computer's
/// own unless the teller is on it too, are passed over. It answers who asks (P-25, R-16),
/// and dials while there are too few full nodes (P-28). An address that leads nowhere, or to a peer
/// that broke a rule, is dropped (C-14).
///
/// It has a deadline at once: the first [`handle_timeout`](Machine::handle_timeout) dials the
/// introducer. It never closes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Addresses {
    config: AddressesConfig,
    table: Table,
    peers: BTreeMap<ConnectionId, Linked>,
    /// Full nodes among them that listen.
    listening: usize,
    /// What is being dialled, and when that has got lost.
    dialling: BTreeMap<PeerInfo, Time>,
    /// When the introducer is to be dialled next.
    introduce_at: Time,
    /// When an address that was tried a moment ago may be tried again.
    refill_at: Option<Time>,
    random: Nonces,
}

/// Nothing is tried twice within so long, whatever the limits say: not what comes to nothing at once,
/// nor an introducer that has just connected.
const LEAST_REST: Duration = Duration::from_secs(1);

/// A full node or introducer that is connected.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Linked {
    is_introducer: bool,
    /// It says that it listens.
    has_port: bool,
    listens: Option<PeerInfo>,
    /// It owes us addresses.
    is_asked: bool,
}

const _: () = assert!(size_of::<ActionOf<Addresses>>() <= 128);
const _: () = crate::machine::kept::<Addresses>();

impl Addresses {
    /// A table without addresses.
    #[must_use]
    pub const fn new(config: AddressesConfig) -> Self {
        let random = Nonces::new(config.seed);
        Self {
            config,
            table: Table::new(),
            peers: BTreeMap::new(),
            listening: 0,
            dialling: BTreeMap::new(),
            introduce_at: Time::ZERO,
            refill_at: None,
            random,
        }
    }

    /// How many addresses are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// True if no address is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.table.len() == 0
    }

    /// True if this address is known.
    #[must_use]
    pub fn knows(&self, address: &PeerInfo) -> bool {
        self.table.contains(&canonical(address))
    }

    /// The addresses that are known, in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = &PeerInfo> {
        self.table.iter().map(|known| &known.address)
    }

    /// How many more full nodes that listen are wanted (P-28).
    #[must_use]
    pub const fn needed(&self) -> usize {
        self.config.target_peers.saturating_sub(self.listening)
    }

    fn hear_of(&mut self, now: Time, address: &PeerInfo) {
        self.table.hear(now, address, &self.config.limits, &mut self.random);
    }

    fn connected(
        &mut self,
        now: Time,
        from: ConnectionId,
        peer: Peer,
        at: Whereabouts,
        out: &mut Out<Self>,
    ) {
        let is_introducer = peer.node_type == NodeType::Introducer;
        if !is_introducer && peer.node_type != NodeType::FullNode {
            return;
        }
        let Whereabouts { direction, listens } = at;
        let listens = listens.as_ref().map(canonical);
        let has_port = peer.server_port != 0;
        let is_dialled = direction == Direction::Outbound;
        let mut is_asked = is_dialled && is_introducer;
        if !is_introducer {
            self.listening = self.listening.saturating_add(usize::from(has_port));
            if let Some(address) = &listens {
                self.dialling.remove(address);
                self.hear_of(now, address);
            }
            is_asked = is_dialled && self.config.asks_full_nodes && self.needed() > 0;
        } else if let Some(introducer) = self.config.introducer.as_ref().filter(|_| is_dialled) {
            self.dialling.remove(introducer);
            self.introduce_at = self.introduce_at.max(now.after(LEAST_REST));
        }
        self.peers.insert(from, Linked { is_introducer, has_port, listens, is_asked });
        if is_asked {
            out.send(Delivery::To(from, RequestPeers {}.into()));
        }
    }

    fn disconnected(&mut self, now: Time, from: ConnectionId, parting: Parting) {
        let Some(linked) = self.peers.remove(&from) else { return };
        heap::relax_map(&mut self.peers);
        if linked.is_introducer {
            return;
        }
        self.listening = self.listening.saturating_sub(usize::from(linked.has_port));
        let Some(address) = linked.listens else { return };
        match parting {
            Parting::AddressKept => {
                if let Some(known) = self.table.get_mut(&address) {
                    (known.heard, known.tried) = (known.heard.max(now), Some(now));
                }
            }
            Parting::AddressDropped => self.table.remove(&address),
        }
    }

    /// Nobody is there (P-28). The introducer will be.
    fn dial_failed(&mut self, now: Time, address: &PeerInfo) {
        self.dialling.remove(address);
        heap::relax_map(&mut self.dialling);
        if self.config.introducer.as_ref() == Some(address) {
            self.introduce_at = now.after(self.config.limits.introducer_retry.max(LEAST_REST));
        } else if !self.connected_addresses().contains(address) {
            self.table.remove(address);
        }
    }

    /// It is tried again later. If its host is banned another's address is dialled soon, not in the
    /// same instant: as many as are known may be banned. If there are too many that would be put off,
    /// too.
    fn dial_put_off(&mut self, now: Time, address: &PeerInfo, why: PutOff) {
        self.dialling.remove(address);
        heap::relax_map(&mut self.dialling);
        if self.config.introducer.as_ref() == Some(address) {
            self.introduce_at = now.after(self.config.limits.introducer_retry.max(LEAST_REST));
        }
        let again = now.after(match why {
            PutOff::Banned => {
                self.table.rest(&address.host, now);
                LEAST_REST
            }
            PutOff::Full => self.redial(),
        });
        self.refill_at = Some(self.refill_at.map_or(again, |at| at.min(again)));
    }

    /// How long an address rests that was tried.
    fn redial(&self) -> Duration {
        self.config.limits.redial.max(LEAST_REST)
    }

    /// When what is dialled now has got lost.
    fn lost_at(&self, now: Time) -> Time {
        now.after(self.config.limits.dial_timeout.max(LEAST_REST))
    }

    fn connected_addresses(&self) -> BTreeSet<&PeerInfo> {
        self.peers.values().filter_map(|linked| linked.listens.as_ref()).collect()
    }

    /// Answers with addresses that were heard of of late, in any order, but not the asker's own
    /// (P-25), up to a cap.
    fn answer(&mut self, now: Time, to: ConnectionId, out: &mut Out<Self>) {
        let Some(asker) = self.peers.get(&to) else { return };
        let connected = self.connected_addresses();
        let told = self.table.iter().filter(|known| {
            let is_recent = self.is_recent(now, known) || connected.contains(&known.address);
            is_recent && asker.listens.as_ref() != Some(&known.address)
        });
        let told: Vec<PeerInfo> = told.map(|known| known.address.clone()).collect();
        let peer_list = some_of(told, self.config.limits.max_answered, &mut self.random);
        out.send(Delivery::To(to, Peers { peer_list }.into()));
    }

    fn is_recent(&self, now: Time, known: &Known) -> bool {
        now.since(known.heard) <= self.config.limits.recent
    }

    /// Takes what was asked for (P-26); an introducer has nothing else to say (P-27).
    fn learn(&mut self, now: Time, from: ConnectionId, peers: Peers, out: &mut Out<Self>) {
        let Some(teller) = self.peers.get_mut(&from).filter(|it| it.is_asked) else { return };
        teller.is_asked = false;
        let is_near = teller.listens.as_ref().is_some_and(|at| hosts::is_loopback(&at.host));
        let is_introducer = teller.is_introducer;
        for address in peers.peer_list.into_iter().take(self.config.limits.max_read) {
            let is_good = address.port != 0
                && hosts::is_plausible(&address.host)
                && (is_near || !hosts::is_loopback(&address.host));
            if is_good {
                self.hear_of(now, &canonical(&address));
            }
        }
        if is_introducer {
            out.send(Delivery::Close(from));
        }
    }

    /// Dials as many as are needed, and the introducer when it is time (P-28).
    fn dial(&mut self, now: Time, out: &mut Out<Self>) {
        self.dialling.retain(|_, until| now < *until);
        heap::relax_map(&mut self.dialling);
        self.refill_at = None;
        if self.needed() == 0 {
            return;
        }
        self.dial_introducer(now, out);
        let introducer = self.config.introducer.as_ref();
        let under_way = self.dialling.keys().filter(|address| Some(*address) != introducer).count();
        let room = self.needed().saturating_sub(under_way);
        if room == 0 {
            return;
        }
        let lost_at = self.lost_at(now);
        for address in some_of(self.candidates(now), room, &mut self.random) {
            if let Some(known) = self.table.get_mut(&address) {
                known.tried = Some(now);
            }
            self.dialling.insert(address.clone(), lost_at);
            out.send(Delivery::Dial(address));
        }
    }

    fn dial_introducer(&mut self, now: Time, out: &mut Out<Self>) {
        let Some(introducer) = self.config.introducer.clone() else { return };
        if now < self.introduce_at || self.dialling.contains_key(&introducer) {
            return;
        }
        // One that never answered is given up.
        let silent = self.peers.iter().filter(|(_, linked)| linked.is_introducer);
        silent.for_each(|(connection, _)| out.send(Delivery::Close(*connection)));
        self.introduce_at = now.after(self.config.limits.introducer_interval.max(LEAST_REST));
        self.dialling.insert(introducer.clone(), self.lost_at(now));
        out.send(Delivery::Dial(introducer));
    }

    /// Known, unconnected, heard of of late, and not tried a moment ago.
    fn candidates(&mut self, now: Time) -> Vec<PeerInfo> {
        let connected = self.connected_addresses();
        let (mut found, mut refill_at, redial) = (Vec::new(), None, self.redial());
        for known in self.table.iter() {
            let address = &known.address;
            let is_under_way = connected.contains(address) || self.dialling.contains_key(address);
            if is_under_way || !self.is_recent(now, known) {
                continue;
            }
            match known.tried.map(|tried| tried.after(redial)) {
                Some(again) if now < again => {
                    refill_at = Some(refill_at.map_or(again, |at: Time| at.min(again)));
                }
                _ => found.push(address.clone()),
            }
        }
        self.refill_at = refill_at;
        found
    }
}

impl Machine for Addresses {
    type Local = AddressesCommand;
    type Remote = FromPeer;
    type Send = Delivery;
    type Notice = Never;
    type Query = Never;

    fn handle_local(
        &mut self,
        now: Time,
        input: AddressesCommand,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<AddressesCommand>> {
        match input {
            AddressesCommand::Known(addresses) => {
                let good = |it: &&PeerInfo| it.port != 0 && hosts::is_plausible(&it.host);
                for address in addresses.iter().filter(good) {
                    self.hear_of(now, &canonical(address));
                }
            }
        }
        self.dial(now, out);
        Ok(())
    }

    fn handle_remote(&mut self, now: Time, input: FromPeer, out: &mut Out<Self>) {
        match input {
            FromPeer::Connected(from, peer, at) => self.connected(now, from, peer, at, out),
            FromPeer::Received(from, Message::RequestPeers(_)) => {
                return self.answer(now, from, out);
            }
            FromPeer::Received(from, Message::Peers(peers)) => self.learn(now, from, peers, out),
            // Of another part of the node.
            FromPeer::Received(..) => return,
            FromPeer::Disconnected(from, parting) => self.disconnected(now, from, parting),
            FromPeer::DialFailed(address) => self.dial_failed(now, &address),
            FromPeer::DialPutOff(address, why) => return self.dial_put_off(now, &address, why),
        }
        self.dial(now, out);
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        if self.deadline().is_some_and(|due| due <= now) {
            self.dial(now, out);
        }
    }

    fn deadline(&self) -> Option<Time> {
        let lost = self.dialling.values().copied().min();
        if self.needed() == 0 {
            return lost;
        }
        let introducer = self.config.introducer.as_ref();
        let is_idle = introducer.is_some_and(|it| !self.dialling.contains_key(it));
        let introduce = is_idle.then_some(self.introduce_at);
        [lost, introduce, self.refill_at].into_iter().flatten().min()
    }

    fn footprint(&self) -> usize {
        let host = |address: &PeerInfo| address.host.capacity();
        let linked = |it: &Linked| it.listens.as_ref().map_or(0, host);
        let heaps = [
            self.table.heap(),
            heap::tree(self.peers.len(), size_of::<(ConnectionId, Linked)>()),
            self.peers.values().map(linked).sum(),
            heap::tree(self.dialling.len(), size_of::<(PeerInfo, Time)>()),
            self.dialling.keys().map(host).sum(),
            self.config.heap(),
        ];
        heaps.iter().fold(size_of::<Self>(), |sum, heap| sum.saturating_add(*heap))
    }
}

/// One form for each address.
fn canonical(address: &PeerInfo) -> PeerInfo {
    PeerInfo { host: hosts::canonical(&address.host), port: address.port }
}

/// Up to so many of them, any, in any order.
fn some_of(mut all: Vec<PeerInfo>, most: usize, random: &mut Nonces) -> Vec<PeerInfo> {
    let picked = most.min(all.len());
    for at in 0..picked {
        let other = at.saturating_add(random.below(all.len().saturating_sub(at)));
        all.swap(at, other);
    }
    all.truncate(picked);
    all
}
