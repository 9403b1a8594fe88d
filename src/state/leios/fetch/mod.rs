//! The client's central decision logic: what to ask whom, over many peers (`leios.md` 12.4, 12.5).

mod assign;
mod input;
mod limits;
mod local;
mod pace;
mod peer;
mod point;
mod remote;
mod todo;
mod units;
mod votes;

use alloc::collections::BTreeMap;
use core::fmt::Debug;
use core::hash::Hash;

pub use input::{FetchCommand, FetchNotice, FetchQuery, VoteNeed};
pub use limits::FetchLimits;

use crate::ask::{AskId, Asks};
use crate::codec::leios::{LeiosPoint, PoolId, RankingBlockHeader, SlotNo, TxHash};
use crate::fault::Refusal;
use crate::machine::{ActionOf, Machine, Out};
use crate::state::leios::client::{ClientCommand, ClientNotice};
use crate::time::{Deadlines, Time};
use peer::Peer;
use point::{Point, Tx, list_heap, set_heap};
use votes::VoteSlot;

/// Peers are numbered as they join.
type PeerNo = u32;
/// Requests are numbered as they are made.
type PieceNo = u64;

/// Decides which peer is asked for which block, transaction or vote.
///
/// Its outside is the clients of all peers: what they tell comes in with the peer's key, and what
/// it wants of them goes out the same way. It never talks to a wire itself.
///
/// - Work is the first announcement of an election (L-55), what ChainSync implies (S-6), and what
///   is urgent (S-7). Urgent first, then youngest slot first, or oldest first while syncing; within
///   a slot votes, then the block, then its transactions.
/// - A peer is asked only for what it offered, in requests of bounded replies, and only for as
///   much at once as keeps it busy: the next request goes to whoever is free then. That is what
///   makes a fast peer do more than a slow one.
/// - What takes too long is asked of a second peer. In the tail of a closure that happens at once.
/// - A transaction is asked for once, however many blocks refer to it.
/// - What a lost peer was asked for goes to others.
///
/// ```
/// use nodewire::codec::leios::{Hash32, LeiosPoint, SlotNo};
/// use nodewire::state::leios::{ClientCommand, Fetch, FetchCommand, FetchLimits};
/// use nodewire::{Action, Machine, Outbox, Time};
///
/// let mut fetch = Fetch::new(FetchLimits::default());
/// let mut out = Outbox::new();
/// let point = LeiosPoint::new(SlotNo(7), Hash32([1; 32]));
/// fetch.handle_local(Time::ZERO, FetchCommand::Joined("relay"), &mut out).unwrap();
/// let implied = FetchCommand::Implied { peer: "relay", point, size: 36 };
/// fetch.handle_local(Time::ZERO, implied, &mut out).unwrap();
/// let request = ClientCommand::RequestBlock { point, size: 36 };
/// assert_eq!(out.pop(), Some(Action::Send(("relay", request))));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fetch<K> {
    limits: FetchLimits,
    names: BTreeMap<K, PeerNo>,
    peers: BTreeMap<PeerNo, Peer<K>>,
    next_peer: PeerNo,
    next_piece: PieceNo,
    points: BTreeMap<LeiosPoint, Point>,
    /// The first header of each election.
    elections: BTreeMap<(SlotNo, PoolId), RankingBlockHeader>,
    txs: BTreeMap<TxHash, Tx>,
    votes: BTreeMap<SlotNo, VoteSlot>,
    vote_offers: usize,
    /// References held by all points.
    references: usize,
    /// Bytes in flight with all peers.
    in_flight: u64,
    asks: Asks<LeiosPoint>,
    /// When requests in flight reach their next age.
    due: Deadlines<(PeerNo, PieceNo)>,
    /// When peers may be asked again.
    paused: Deadlines<PeerNo>,
    oldest_first: bool,
}

impl<K> Fetch<K> {
    /// The decision logic without peers.
    #[must_use]
    pub const fn new(limits: FetchLimits) -> Self {
        let questions = limits.max_points;
        Self {
            limits,
            names: BTreeMap::new(),
            peers: BTreeMap::new(),
            next_peer: 0,
            next_piece: 0,
            points: BTreeMap::new(),
            elections: BTreeMap::new(),
            txs: BTreeMap::new(),
            votes: BTreeMap::new(),
            vote_offers: 0,
            references: 0,
            in_flight: 0,
            asks: Asks::new(questions),
            due: Deadlines::new(),
            paused: Deadlines::new(),
            oldest_first: false,
        }
    }

    /// The thresholds it goes by.
    #[must_use]
    pub const fn limits(&self) -> &FetchLimits {
        &self.limits
    }

    /// Bytes requested of all peers and not yet delivered.
    #[must_use]
    pub const fn in_flight(&self) -> u64 {
        self.in_flight
    }
}

impl<K: Ord> Fetch<K> {
    /// Bytes requested of this peer and not yet delivered; `None` if there is no such peer.
    #[must_use]
    pub fn in_flight_with(&self, peer: &K) -> Option<u64> {
        Some(self.peers.get(self.names.get(peer)?)?.in_flight)
    }

    /// The peer's rate in bytes a second of busy time; `None` if it isn't known.
    #[must_use]
    pub fn rate_of(&self, peer: &K) -> Option<u64> {
        let pace = &self.peers.get(self.names.get(peer)?)?.pace;
        pace.measured().then(|| pace.rate(&self.limits))
    }
}

impl<K: Ord + Clone> Machine for Fetch<K> {
    type Local = FetchCommand<K>;
    type Remote = (K, ClientNotice);
    type Send = (K, ClientCommand);
    type Notice = FetchNotice<K>;
    type Query = FetchQuery;

    fn handle_local(
        &mut self,
        now: Time,
        input: FetchCommand<K>,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<FetchCommand<K>>> {
        if let Err(why) = self.admits(&input) {
            return Err(Refusal::new(why, input));
        }
        self.command(now, input, out);
        self.pump(now, out);
        Ok(())
    }

    fn handle_remote(&mut self, now: Time, (key, notice): (K, ClientNotice), out: &mut Out<Self>) {
        if let Some(peer) = self.names.get(&key).copied() {
            self.notice(now, peer, key, notice, out);
            self.pump(now, out);
        }
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        let mut due = false;
        while let Some((time, &(peer, piece))) = self.due.first().filter(|(at, _)| *at <= now) {
            self.age(time, peer, piece);
            due = true;
        }
        while let Some((time, peer)) = self.paused.first().filter(|(time, _)| *time <= now) {
            let peer = *peer;
            self.paused.shift(&peer, Some(time), None);
            due = true;
        }
        if due {
            self.pump(now, out);
        }
    }

    fn deadline(&self) -> Option<Time> {
        let due = self.due.first().map(|(time, _)| time);
        let paused = self.paused.first().map(|(time, _)| time);
        due.into_iter().chain(paused).min()
    }

    fn awaits(&self, id: AskId) -> bool {
        self.asks.awaits(id)
    }

    fn footprint(&self) -> usize {
        let peers = self.peers.values().fold(0, |sum: usize, peer| sum.saturating_add(peer.heap()));
        let points =
            self.points.values().fold(0, |sum: usize, point| sum.saturating_add(point.heap()));
        let txs = self.txs.values().fold(0, |sum: usize, tx| {
            sum.saturating_add(list_heap(&tx.refs)).saturating_add(list_heap(&tx.asked))
        });
        let votes = self.votes.values().fold(0, |sum: usize, slot| sum.saturating_add(slot.heap()));
        let headers =
            self.elections.values().fold(0, |sum: usize, header| sum.saturating_add(header.heap()));
        [
            size_of_val(self),
            set_heap::<(K, PeerNo)>(self.names.len()),
            set_heap::<(PeerNo, Peer<K>)>(self.peers.len()),
            set_heap::<(LeiosPoint, Point)>(self.points.len()),
            set_heap::<((SlotNo, PoolId), RankingBlockHeader)>(self.elections.len()),
            set_heap::<(TxHash, Tx)>(self.txs.len()),
            set_heap::<(SlotNo, VoteSlot)>(self.votes.len()),
            set_heap::<(Time, (PeerNo, PieceNo))>(self.due.len()),
            set_heap::<(Time, PeerNo)>(self.paused.len()),
            self.asks.heap(),
            peers,
            points,
            txs,
            votes,
        ]
        .into_iter()
        .fold(headers, usize::saturating_add)
    }
}

const _: () = assert!(size_of::<ActionOf<Fetch<u64>>>() <= 128);
const _: () = {
    const fn machine<M: Machine + Clone + Debug + Eq + Hash + Send + 'static>() {}
    machine::<Fetch<u64>>();
};
