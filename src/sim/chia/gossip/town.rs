//! The network itself: who is in it, what happens to it, and what is seen of it.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use super::graph::{Edge, distances, pairs, pick};
use super::{GossipOptions, GossipReport, Late, Spread};
use crate::chia::{Node, NodeConfig, NodeNotice};
use crate::codec::chia::messages::Block;
use crate::codec::chia::{FullBlock, HeaderHash, Message, NodeId, NodeType, PeerInfo};
use crate::codec::streamable::{RustCryptoSha256, Streamable};
use crate::fault::Ending;
use crate::sim::chia::{Conduct, Consensus, Keeper, Ledger, Maker, Networked, Staffed};
use crate::sim::{LinkSpec, Net, Rng};
use crate::state::chia::{ConnectionConfig, FullNode, FullNodeConfig, FullNodeNotice, Reaction};
use crate::time::Time;

type Member = Networked<FullNode, Keeper>;

/// What a node is in the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Honest,
    Silent,
    Lying,
    Spamming,
    /// It brings a block, or comes late: behaves, and is none of the network.
    Guest,
}

pub(super) const ADVERSARIES: [Kind; 3] = [Kind::Silent, Kind::Lying, Kind::Spamming];

/// A network and all that is known of it.
pub(super) struct Town {
    pub(super) options: GossipOptions,
    pub(super) net: Net<Member>,
    /// The time up to which things have happened: nothing need have happened at it.
    pub(super) now: Time,
    pub(super) rng: Rng,
    pub(super) kinds: Vec<Kind>,
    /// In the order in which they were made: connection n has the ends 2n and 2n + 1.
    edges: Vec<Edge>,
    maker: Maker,
    pub(super) genesis: FullBlock,
    /// The newest block, and the chain that ends in it.
    pub(super) newest: FullBlock,
    ledger: Ledger,
    next_churn: Option<Time>,
    churned: usize,
    begun_with: usize,
    blocks: Vec<Spread>,
    pub(super) late: Option<Late>,
}

/// How long connections take to be made, and a block is watched.
const ROUND: Duration = Duration::from_secs(5);

/// Bytes that may be before a block on its way: a piece of something else.
pub(super) const PIECE: usize = 1_448;

/// Where full nodes listen.
const PORT: u16 = 8_444;

impl Town {
    pub(super) fn new(options: &GossipOptions) -> Self {
        let rng = Rng::new(options.seed).stream("gossip");
        let consensus = Consensus::default();
        let (maker, genesis) = (Maker::new(consensus.clone(), 1), Maker::genesis(&consensus));
        let mut ledger = Ledger::new(consensus, genesis.clone());
        let mut newest = genesis.clone();
        for _ in 0..options.chain {
            newest = maker.child(&newest);
            ledger.add(newest.clone());
        }
        let churn = (options.churn > Duration::ZERO).then_some(Time::ZERO.after(options.churn));
        let mut town = Self {
            net: Net::new(options.seed),
            now: Time::ZERO,
            rng,
            kinds: Vec::new(),
            edges: Vec::new(),
            maker,
            genesis,
            newest,
            ledger,
            next_churn: churn,
            churned: 0,
            begun_with: 0,
            blocks: Vec::new(),
            late: None,
            options: options.clone(),
        };
        for kind in town.shuffled() {
            town.add(kind, town.ledger.clone());
        }
        for [one, other] in pairs(options.nodes, options.degree, &mut town.rng) {
            town.connect(one, other);
        }
        town.begun_with = town.edges.len();
        town
    }

    /// Which node is what, by chance.
    fn shuffled(&mut self) -> Vec<Kind> {
        let GossipOptions { nodes, adversaries, .. } = self.options;
        let bad = nodes.saturating_mul(adversaries.min(100)) / 100;
        let mut kinds: Vec<_> = ADVERSARIES.into_iter().cycle().take(bad).collect();
        kinds.resize(nodes, Kind::Honest);
        for last in (1..nodes).rev() {
            let other = pick(last.saturating_add(1), &mut self.rng);
            kinds.swap(last, other);
        }
        kinds
    }

    pub(super) fn add(&mut self, kind: Kind, ledger: Ledger) -> usize {
        let seed = self.rng.next();
        let mut id = [0; 32];
        id[..8].copy_from_slice(&seed.to_be_bytes());
        id[8..16].copy_from_slice(&(self.kinds.len() as u64).to_be_bytes());
        let mut connection = ConnectionConfig::new(NodeType::FullNode, NodeId(id));
        (connection.server_port, connection.seed) = (PORT, seed);
        let mut config = FullNodeConfig::default();
        // Who is connected with whom is ours to say.
        config.addresses.target_peers = 0;
        config.sync_seed = seed;
        let chain = ledger.chain();
        let mut keeper = Keeper::new(ledger);
        if kind == Kind::Lying {
            keeper.damage(1);
        }
        let conduct = match kind {
            Kind::Silent => Conduct::Silent,
            Kind::Spamming => Conduct::Spamming(self.options.spam),
            Kind::Honest | Kind::Lying | Kind::Guest => Conduct::Honest,
        };
        // A ledger's chain is sound.
        if let Ok(role) = FullNode::new(config, chain) {
            let node = Node::new(NodeConfig::new(connection), role);
            self.net.add(Networked::new(Staffed::new(node, keeper), conduct, seed));
            self.kinds.push(kind);
        }
        self.kinds.len().saturating_sub(1)
    }

    pub(super) fn connect(&mut self, one: usize, other: usize) {
        let specs = [(); 2].map(|()| self.link());
        let now = self.now;
        let (end, across) = self.net.connect(now, one, other, specs);
        for (node, end, peer) in [(one, end, other), (other, across, one)] {
            self.net.with(node, |member, _, _| member.locate(end, place(peer)));
        }
        self.edges.push(Edge { nodes: [one, other], end, since: now, until: None });
    }

    fn link(&mut self) -> LinkSpec {
        let GossipOptions { delays, jitter, rate, .. } = self.options;
        let delay = Duration::from_micros(self.rng.between(micros(delays.0), micros(delays.1)));
        LinkSpec { rate, delay, jitter, pieces: (PIECE, PIECE), ..LinkSpec::default() }
    }

    /// Connections are made, and nothing else happens.
    pub(super) fn settle(&mut self) {
        self.pass(ROUND);
    }

    pub(super) fn pass(&mut self, span: Duration) {
        let until = self.now.after(span);
        while let Some(due) = self.next_churn.filter(|due| *due <= until) {
            self.run(due);
            self.churn();
            self.next_churn = Some(due.after(self.options.churn));
        }
        self.run(until);
    }

    fn run(&mut self, until: Time) {
        self.net.run(until, u64::MAX);
        self.now = until;
    }

    /// One connection of the network ends, in order or not, and another is made.
    fn churn(&mut self) {
        let nodes = self.options.nodes;
        let is_ours = |edge: &Edge| edge.until.is_none() && edge.nodes.iter().all(|it| *it < nodes);
        let open: Vec<_> = (0..).zip(&self.edges).filter(|(_, it)| is_ours(it)).collect();
        let Some((at, edge)) = open.get(pick(open.len(), &mut self.rng)).copied() else { return };
        let (at, node, end) = (at, edge.nodes[0], edge.end);
        let new = (0..64).find_map(|_| {
            let [one, other] = [(); 2].map(|()| pick(nodes, &mut self.rng));
            let is_there = self.edges.iter().any(|it| it.until.is_none() && it.joins(one, other));
            (one != other && !is_there).then_some((one, other))
        });
        let now = self.now;
        if self.churned % 2 == 0 {
            self.net.with(node, |member, now, wire| member.close(now, end, wire));
        } else {
            self.net.break_at(now, end);
        }
        let edge: Option<&mut Edge> = self.edges.get_mut(at);
        if let Some(edge) = edge {
            edge.until = Some(now);
        }
        self.churned = self.churned.saturating_add(1);
        if let Some((one, other)) = new {
            self.connect(one, other);
        }
    }

    /// A node that has another block dials an honest one.
    pub(super) fn spread(&mut self) {
        self.newest = self.maker.child(&self.newest);
        self.ledger.add(self.newest.clone());
        let message = Message::from(Block { block: self.newest.clone() });
        let from = self.add(Kind::Guest, self.ledger.clone());
        for node in 0..self.kinds.len() {
            self.net.with(node, |member, _, _| member.count(&message));
        }
        let honest = self.honest();
        let to = honest.get(pick(honest.len(), &mut self.rng)).copied().unwrap_or(0);
        let began = self.now;
        self.connect(from, to);
        self.pass(ROUND);
        let spread = self.seen(began, &honest, to);
        self.blocks.push(spread);
    }

    pub(super) fn honest(&self) -> Vec<usize> {
        let kinds = (0..).zip(&self.kinds);
        kinds.filter(|(_, kind)| **kind == Kind::Honest).map(|(at, _)| at).collect()
    }

    /// What became of the newest block.
    fn seen(&self, began: Time, honest: &[usize], first: usize) -> Spread {
        let hash = self.newest.header_hash::<RustCryptoSha256>();
        let mut times: Vec<_> = honest.iter().filter_map(|node| self.got(*node, hash)).collect();
        times.sort_unstable();
        let start = self.got(first, hash).unwrap_or(began);
        let most = honest.len().saturating_mul(99).div_ceil(100).saturating_sub(1);
        let after = |at: Option<&Time>| at.map(|at| at.since(start));
        let is_all = times.len() == honest.len();
        let to_all = after(times.last()).filter(|_| is_all);
        let ended = to_all.map_or_else(|| self.now, |took| start.after(took));
        let lasting = self.edges.iter().filter(|edge| edge.lasts(began, ended));
        let lasting: Vec<_> = lasting.map(|edge| edge.nodes).collect();
        let far = |from: usize| self.farthest(&lasting, honest, from);
        let diameter = honest.iter().try_fold(0, |most: u32, from| Some(most.max(far(*from)?)));
        let now = self.now;
        let meanwhile =
            |edge: &&Edge| edge.since <= now && edge.until.is_none_or(|until| until >= began);
        let hits = self.net.nodes().iter().map(|member| member.census().hits());
        Spread {
            to_most: after(times.get(most)),
            to_all,
            diameter,
            hops: far(first),
            bound: diameter.map(|diameter| self.hop().saturating_mul(diameter)),
            messages: hits.sum(),
            flood: (self.edges.iter().filter(meanwhile).count() as u64).saturating_mul(2),
        }
    }

    /// When a block became a tip of a node.
    fn got(&self, node: usize, hash: HeaderHash) -> Option<Time> {
        let told = self.net.node(node)?.told();
        told.iter().find_map(|(at, notice)| match notice {
            NodeNotice::Role(FullNodeNotice::NewTip(tip)) if tip.header_hash == hash => Some(*at),
            _ => None,
        })
    }

    /// The most connections to an honest node; `None`: there is no way to some.
    fn farthest(&self, lasting: &[[usize; 2]], honest: &[usize], from: usize) -> Option<u32> {
        let relays = |at: usize| self.kinds.get(at) != Some(&Kind::Silent);
        let far = distances(self.kinds.len(), lasting, from, relays);
        honest.iter().try_fold(0, |most, to| Some(most.max((*far.get(*to)?)?)))
    }

    /// What a block takes from one node to the next at most.
    pub(super) fn hop(&self) -> Duration {
        let block = self.newest.to_bytes().len().saturating_add(ENVELOPE);
        self.delay().saturating_add(self.leaving(block.saturating_add(PIECE)))
    }

    /// The longest delay of a piece, rounded up as pieces are.
    pub(super) fn delay(&self) -> Duration {
        let GossipOptions { delays, jitter, .. } = self.options;
        delays.1.saturating_add(jitter).saturating_add(Duration::from_micros(1))
    }

    /// How long so many bytes take to leave.
    pub(super) fn leaving(&self, bytes: usize) -> Duration {
        let micros = (bytes as u64).saturating_mul(1_000_000);
        Duration::from_micros(micros.div_ceil(self.options.rate.max(1)))
    }

    /// Whom a node blamed, for what.
    pub(super) fn blames(&self, node: usize) -> impl Iterator<Item = (Kind, String)> + '_ {
        let member = self.net.node(node);
        let told = member.map(Networked::told).unwrap_or_default();
        told.iter().filter_map(move |(_, notice)| {
            let NodeNotice::Closed { connection, ending, reaction, .. } = notice else {
                return None;
            };
            let Ending::Fault(fault) = ending else { return None };
            if *reaction == Reaction::Keep {
                return None;
            }
            let end = member?.end_of(*connection)?;
            let edge = self.edges.get(usize::try_from(end.number() / 2).ok()?)?;
            let peer = edge.nodes.into_iter().find(|it| *it != node)?;
            let why = fault.rule().map_or_else(|| format!("{fault}"), |rule| rule.id().to_string());
            Some((*self.kinds.get(peer)?, why))
        })
    }

    pub(super) fn report(self) -> GossipReport {
        let (mut wronged, mut blamed) = (0_u64, BTreeMap::new());
        for node in (0..self.kinds.len()).filter(|it| !self.is_adversary(*it)) {
            for (kind, why) in self.blames(node) {
                if ADVERSARIES.contains(&kind) {
                    let count: &mut u64 = blamed.entry(why).or_default();
                    *count = count.saturating_add(1);
                } else {
                    wronged = wronged.saturating_add(1);
                }
            }
        }
        let net = self.net.report();
        let all: Vec<_> = (0..self.kinds.len()).collect();
        let messages = self.net.nodes().iter().map(|member| member.census().messages());
        let none = Late {
            lacked: 0,
            adversaries: [0; 3],
            outcome: None,
            took: None,
            bound: Duration::ZERO,
            blamed: 0,
        };
        GossipReport {
            honest: self.honest().len(),
            adversaries: ADVERSARIES.map(|kind| self.of_kind(&all, kind)),
            connections: self.begun_with,
            churned: self.churned,
            wronged,
            blamed,
            messages: messages.sum(),
            events: net.events,
            trace: net.hash,
            blocks: self.blocks,
            late: self.late.unwrap_or(none),
        }
    }

    fn is_adversary(&self, node: usize) -> bool {
        self.kinds.get(node).is_some_and(|kind| ADVERSARIES.contains(kind))
    }
}

/// Bytes around an object in a frame.
pub(super) const ENVELOPE: usize = 64;

/// Where a node is.
fn place(node: usize) -> PeerInfo {
    let [.., a, b, c] = (node as u64).to_be_bytes();
    PeerInfo { host: format!("10.{a}.{b}.{c}"), port: PORT }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_seen_of_a_block_is_of_that_block() {
        let mut options = GossipOptions::default();
        (options.nodes, options.degree, options.adversaries, options.chain) = (6, 4, 50, 2);
        let mut town = Town::new(&options);
        for (node, kind) in town.kinds.iter().enumerate() {
            assert_eq!(town.is_adversary(node), *kind != Kind::Honest, "{node}");
        }
        assert_eq!(town.honest().len(), 3);
        assert!(!town.is_adversary(town.kinds.len()), "nobody is there");
        town.settle();
        let before = town.newest.header_hash::<RustCryptoSha256>();
        town.spread();
        let hash = town.newest.header_hash::<RustCryptoSha256>();
        let node = town.honest()[0];
        // It began with the chain before: that was never new to it.
        assert!(town.got(node, hash).is_some());
        assert_eq!(town.got(node, before), None);
    }
}
