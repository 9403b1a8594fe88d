//! A decision machine amid peers with a rate, a delay and a queue each, on a virtual clock.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use nodewire::codec::leios::{
    Hash32, LeiosPoint, LinearLeiosBlock, LinearLeiosVote, SlotNo, TxReference, VoteIssuer,
};
use nodewire::state::leios::{
    ClientCommand, ClientNotice, Fetch, FetchCommand, FetchLimits, FetchNotice, FetchQuery, Unit,
};
use nodewire::{Action, Machine, Outbox, Time};

/// A small generator of our own, so that seeds mean the same everywhere.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (x ^ (x >> 31)) % bound.max(1)
    }
}

/// One peer: it serves in the order asked.
pub struct Link {
    pub rate: u64,
    pub delay: u64,
    pub free_at: u64,
    /// Bytes it still serves before it falls silent.
    pub serves: u64,
}

impl Link {
    /// Megabits a second, and milliseconds one way.
    pub fn new(mbit: f64, delay: f64) -> Self {
        let rate = (mbit * 125_000.0) as u64;
        Self { rate, delay: (delay * 1_000.0) as u64, free_at: 0, serves: u64::MAX }
    }
}

pub struct World {
    pub fetch: Fetch<u64>,
    pub now: u64,
    pub links: BTreeMap<u64, Link>,
    events: BTreeMap<(u64, u64), (u64, ClientNotice)>,
    next: u64,
    pub blocks: BTreeMap<LeiosPoint, (LinearLeiosBlock, Vec<TxReference>)>,
    /// What the mempool holds.
    pub held: BTreeSet<Hash32>,
    /// Bytes of all replies.
    pub wire: u64,
    pub served: BTreeMap<u64, u64>,
    pub complete: BTreeMap<LeiosPoint, u64>,
    pub told: Vec<(u64, FetchNotice<u64>)>,
    pub commands: Vec<(u64, u64, ClientCommand)>,
    /// What each peer has offered and what it was asked for and has not delivered.
    offered: BTreeSet<(u64, LeiosPoint)>,
    offered_txs: BTreeSet<(u64, LeiosPoint)>,
    offered_votes: BTreeSet<(u64, SlotNo, VoteIssuer)>,
    asked: BTreeMap<u64, BTreeSet<Vec<u8>>>,
    in_flight: BTreeMap<u64, u64>,
    limits: FetchLimits,
}

impl World {
    pub fn new(limits: FetchLimits) -> Self {
        Self {
            fetch: Fetch::new(limits.clone()),
            now: 0,
            links: BTreeMap::new(),
            events: BTreeMap::new(),
            next: 0,
            blocks: BTreeMap::new(),
            held: BTreeSet::new(),
            wire: 0,
            served: BTreeMap::new(),
            complete: BTreeMap::new(),
            told: Vec::new(),
            commands: Vec::new(),
            offered: BTreeSet::new(),
            offered_txs: BTreeSet::new(),
            offered_votes: BTreeSet::new(),
            asked: BTreeMap::new(),
            in_flight: BTreeMap::new(),
            limits,
        }
    }

    pub fn join(&mut self, peer: u64, link: Link) {
        self.links.insert(peer, link);
        self.local(FetchCommand::Joined(peer));
    }

    /// The peer is gone with all that was under way from it.
    pub fn leave(&mut self, peer: u64) {
        self.links.remove(&peer);
        self.events.retain(|_, (from, _)| *from != peer);
        self.asked.remove(&peer);
        self.in_flight.remove(&peer);
        self.offered.retain(|(from, _)| *from != peer);
        self.offered_txs.retain(|(from, _)| *from != peer);
        self.offered_votes.retain(|(from, ..)| *from != peer);
        self.local(FetchCommand::Left(peer));
    }

    /// Makes a block of these transactions known to the world, not to the machine.
    pub fn block(&mut self, slot: u64, refs: &[TxReference]) -> (LeiosPoint, u32) {
        let block = LinearLeiosBlock::new(refs).expect("a block");
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&slot.to_be_bytes());
        hash[8] = 0xEB;
        hash[9..13].copy_from_slice(&(self.blocks.len() as u32).to_be_bytes());
        let point = LeiosPoint::new(SlotNo(slot), Hash32(hash));
        let size = block.raw().len() as u32;
        self.blocks.insert(point, (block, refs.to_vec()));
        (point, size)
    }

    /// The block is worth fetching, without saying that anybody has it.
    pub fn want(&mut self, point: LeiosPoint, size: u32) {
        self.local(FetchCommand::Urgent { point, size });
    }

    /// A peer implies that it holds the block.
    pub fn implied(&mut self, peer: u64, point: LeiosPoint, size: u32) {
        self.offered.insert((peer, point));
        self.offered_txs.insert((peer, point));
        self.local(FetchCommand::Implied { peer, point, size });
    }

    /// Both offers of a peer arrive.
    pub fn offer(&mut self, peer: u64, point: LeiosPoint) {
        self.offered.insert((peer, point));
        self.remote(peer, ClientNotice::BlockOffered(point));
        self.offered_txs.insert((peer, point));
        self.remote(peer, ClientNotice::TxsOffered(point));
    }

    pub fn offer_vote(&mut self, peer: u64, slot: u64, issuer: u16) {
        self.offered_votes.insert((peer, SlotNo(slot), VoteIssuer(issuer)));
        self.remote(peer, ClientNotice::VoteOffered(SlotNo(slot), VoteIssuer(issuer)));
    }

    pub fn local(&mut self, command: FetchCommand<u64>) {
        let mut out = Outbox::new();
        self.fetch.handle_local(Time::from_micros(self.now), command, &mut out).expect("admitted");
        self.act(out);
    }

    pub fn remote(&mut self, peer: u64, notice: ClientNotice) {
        let mut out = Outbox::new();
        self.fetch.handle_remote(Time::from_micros(self.now), (peer, notice), &mut out);
        self.act(out);
    }

    /// The client of a peer reports that these will not come, nor anything under way.
    pub fn fails(&mut self, peer: u64, units: Vec<Unit>) {
        self.events.retain(|_, (from, _)| *from != peer);
        self.asked.remove(&peer);
        self.in_flight.remove(&peer);
        self.remote(peer, ClientNotice::Failed(units));
    }

    /// The client of a peer did not take this command.
    pub fn refuse(&mut self, peer: u64, command: ClientCommand) {
        self.events.retain(|_, (from, _)| *from != peer);
        self.asked.remove(&peer);
        self.in_flight.remove(&peer);
        self.local(FetchCommand::Refused(peer, command));
    }

    /// Runs until `until`, in microseconds; earlier if nothing is left to happen.
    pub fn run(&mut self, until: u64) {
        loop {
            let event = self.events.first_key_value().map(|((at, _), _)| *at);
            let timer = self.fetch.deadline().map(|at| at.as_micros());
            let Some(at) = event.into_iter().chain(timer).min().filter(|at| *at <= until) else {
                break;
            };
            self.now = self.now.max(at);
            if event == Some(at) {
                let (_, (peer, notice)) = self.events.pop_first().expect("an event");
                self.delivered(peer, &notice);
                self.remote(peer, notice);
            } else {
                let mut out = Outbox::new();
                self.fetch.handle_timeout(Time::from_micros(self.now), &mut out);
                self.act(out);
                let next = self.fetch.deadline().map(|at| at.as_micros());
                assert!(next.is_none_or(|next| next > self.now), "the deadline must move on");
            }
        }
        self.now = self.now.max(until);
    }

    fn act(&mut self, mut out: Outbox<(u64, ClientCommand), FetchNotice<u64>, FetchQuery>) {
        let mut answers = Vec::new();
        while let Some(action) = out.pop() {
            match action {
                Action::Send((peer, command)) => self.serve(peer, command),
                Action::Notify(notice) => {
                    match &notice {
                        FetchNotice::ClosureComplete(point) => {
                            self.complete.insert(*point, self.now);
                        }
                        FetchNotice::Txs { txs, .. } => {
                            for (_, hash, _) in txs {
                                assert!(self.held.insert(*hash), "told once: {hash:?}");
                            }
                        }
                        _ => {}
                    }
                    self.told.push((self.now, notice));
                }
                Action::Ask(id, query) => {
                    let FetchQuery::WhichAreMissing { references, .. } = &query;
                    let lacks = |(_, tx): &(u32, &TxReference)| !self.held.contains(&tx.hash);
                    let missing = (0..).zip(references).filter(lacks).map(|(at, _)| at).collect();
                    answers.push(query.missing(id, missing));
                }
                Action::Close(ending) => panic!("a decision machine never ends: {ending:?}"),
            }
        }
        self.check();
        answers.into_iter().for_each(|answer| self.local(answer));
    }

    /// The client's duties are those of the command's author.
    fn serve(&mut self, peer: u64, command: ClientCommand) {
        self.commands.push((self.now, peer, command.clone()));
        let link = self.links.get_mut(&peer).expect("only peers that have joined are asked");
        let asked = self.asked.entry(peer).or_default();
        let (bytes, notices) = match command {
            ClientCommand::RequestBlock { point, size } => {
                assert!(self.offered.contains(&(peer, point)), "a block nobody offered");
                let (block, _) = &self.blocks[&point];
                assert_eq!(block.raw().len() as u32, size);
                assert!(asked.insert(point.hash.0.to_vec()), "asked of one peer twice");
                let notice = ClientNotice::Block { point, block: block.clone() };
                (u64::from(size), vec![notice])
            }
            ClientCommand::RequestTxs { point, txs } => {
                assert!(self.offered_txs.contains(&(peer, point)), "transactions nobody offered");
                assert!(
                    !txs.is_empty() && txs.windows(2).all(|pair| pair[0].index < pair[1].index)
                );
                let (_, refs) = &self.blocks[&point];
                let windows: BTreeSet<u32> = txs.iter().map(|tx| tx.index / 64).collect();
                let mut bytes = 0;
                let mut list = Vec::new();
                for tx in &txs {
                    let at = refs[tx.index as usize];
                    assert_eq!((at.hash, at.size), (tx.hash, tx.size));
                    assert!(asked.insert(tx.hash.0.to_vec()), "asked of one peer twice");
                    bytes += u64::from(tx.size) + 9;
                    list.push((tx.index, tx.hash, Bytes::new()));
                }
                let reply = bytes + 160 + 32 * windows.len() as u64;
                assert!(reply <= 100_000 || txs.len() == 1, "L-13: {reply}");
                (bytes, vec![ClientNotice::Txs { point, txs: list }])
            }
            ClientCommand::RequestVotes { votes } => {
                assert!(!votes.is_empty());
                let mut list = Vec::new();
                for (slot, issuer) in &votes {
                    assert!(self.offered_votes.contains(&(peer, *slot, *issuer)));
                    assert!(asked.insert(vote_key(*slot, *issuer)), "asked of one peer twice");
                    list.push(ClientNotice::Vote(vote(*slot, *issuer)));
                }
                (128 * votes.len() as u64, list)
            }
            ClientCommand::OldestFirst(_) => return,
            other => panic!("not for the decision machine to say: {other:?}"),
        };
        *self.in_flight.entry(peer).or_default() += bytes;
        if link.serves < bytes {
            link.serves = 0;
            return;
        }
        link.serves -= bytes;
        let start = link.free_at.max(self.now + link.delay);
        link.free_at = start + bytes * 1_000_000 / link.rate;
        self.wire += bytes;
        *self.served.entry(peer).or_default() += bytes;
        for notice in notices {
            self.events.insert((link.free_at + link.delay, self.next), (peer, notice));
            self.next += 1;
        }
    }

    /// Takes a delivery off the list of what was asked.
    fn delivered(&mut self, peer: u64, notice: &ClientNotice) {
        let asked = self.asked.entry(peer).or_default();
        let flight = self.in_flight.entry(peer).or_default();
        match notice {
            ClientNotice::Block { point, block } => {
                *flight -= block.raw().len() as u64;
                asked.remove(&point.hash.0.to_vec());
            }
            ClientNotice::Txs { point, txs } => {
                let (_, refs) = &self.blocks[point];
                for (index, hash, _) in txs {
                    *flight -= u64::from(refs[*index as usize].size) + 9;
                    asked.remove(&hash.0.to_vec());
                }
            }
            ClientNotice::Vote(vote) => {
                *flight -= 128;
                asked.remove(&vote_key(vote.slot(), vote.issuer()));
            }
            _ => {}
        }
    }

    /// Limits hold at every moment, by the world's own count.
    fn check(&self) {
        let mut total = 0;
        for (peer, bytes) in &self.in_flight {
            assert!(*bytes <= self.limits.per_peer_in_flight, "peer {peer}: {bytes}");
            if self.links.contains_key(peer) {
                assert_eq!(self.fetch.in_flight_with(peer), Some(*bytes), "peer {peer}");
            }
            total += bytes;
        }
        assert!(total <= self.limits.total_in_flight);
        assert_eq!(self.fetch.in_flight(), total);
    }

    /// The most peers that anything is asked of at this moment.
    pub fn most_copies(&self) -> usize {
        let mut count: BTreeMap<&Vec<u8>, usize> = BTreeMap::new();
        self.asked.values().flatten().for_each(|key| *count.entry(key).or_default() += 1);
        count.into_values().max().unwrap_or(0)
    }
}

fn vote_key(slot: SlotNo, issuer: VoteIssuer) -> Vec<u8> {
    [&slot.0.to_be_bytes()[..], &issuer.0.to_be_bytes()].concat()
}

pub fn vote(slot: SlotNo, issuer: VoteIssuer) -> LinearLeiosVote {
    LinearLeiosVote::new(slot, Hash32([9; 32]), issuer, [7; 48])
}

/// Transactions with these sizes, numbered from `first`.
pub fn txs(first: u64, sizes: impl IntoIterator<Item = u32>) -> Vec<TxReference> {
    let reference = |(at, size): (u64, u32)| {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&at.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
        hash[8..16].copy_from_slice(&at.to_be_bytes());
        TxReference { hash: Hash32(hash), size }
    };
    (first..).zip(sizes).map(reference).collect()
}

/// Sizes of 1,500 transactions from 628 to 15,942 bytes, 12,000,000 in all.
pub fn recipe_sizes(seed: u64) -> Vec<u32> {
    let mut random = Random(seed);
    let mut sizes: Vec<u32> = (0..1_500).map(|_| 628 + random.below(15_315) as u32).collect();
    (sizes[0], sizes[1]) = (628, 15_942);
    let mut at = 2;
    loop {
        let sum: i64 = sizes.iter().map(|size| i64::from(*size)).sum();
        let gap = 12_000_000 - sum;
        if gap == 0 {
            return sizes;
        }
        let new = (i64::from(sizes[at]) + gap.clamp(-500, 500)).clamp(628, 15_942);
        sizes[at] = new as u32;
        at = if at + 1 == sizes.len() { 2 } else { at + 1 };
    }
}

pub const RATES: [f64; 8] = [10.0, 8.0, 5.0, 12.0, 7.0, 4.0, 6.0, 3.0];
pub const DELAYS: [f64; 8] = [12.0, 18.0, 25.0, 8.0, 15.0, 40.0, 5.0, 30.0];
