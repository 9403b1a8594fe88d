//! Farmers and harvesters around full nodes: of a proof one header is signed, whichever node is
//! first, and nobody is blamed (R-11, F-4 to F-10, F-22 to F-25).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use nodewire::codec::chia::{Blob, Bytes32, HeaderDataHash, Message, NodeType};
use nodewire::sim::World;
use nodewire::sim::chia::{
    Answers, Consensus, Keeper, Ledger, Maker, Oracle, Plots, Purse, stand_in,
};
use nodewire::state::chia::{
    ConnectionId, Delivery, Farmer, FarmerConfig, FromPeer, FullNode, FullNodeCommand,
    FullNodeConfig, Harvester, HarvesterCommand, HarvesterLimits,
};
use nodewire::{Action, Machine, Outbox, Time};

use crate::links::Links;
use crate::report::Report;

/// A role whose questions are answered at once.
#[derive(Clone, Hash)]
struct Manned<M, O> {
    machine: M,
    oracle: O,
}

impl<M: Machine<Remote = FromPeer, Send = Delivery>, O: Oracle<M>> Manned<M, O> {
    fn hear(&mut self, news: FromPeer, edit: impl Fn(&mut M::Local)) -> Vec<Delivery> {
        let mut out = Outbox::new();
        self.machine.handle_remote(Time::ZERO, news, &mut out);
        self.settle(&mut out, edit)
    }

    fn command(&mut self, command: M::Local) -> Vec<Delivery> {
        let mut out = Outbox::new();
        assert!(self.machine.handle_local(Time::ZERO, command, &mut out).is_ok());
        self.settle(&mut out, |_| ())
    }

    fn settle(
        &mut self,
        out: &mut nodewire::Out<M>,
        edit: impl Fn(&mut M::Local),
    ) -> Vec<Delivery> {
        let (mut sent, mut answers) = (Vec::new(), Answers::new());
        while let Some(action) = out.pop() {
            match action {
                Action::Send(delivery) => sent.push(delivery),
                Action::Ask(id, query) => self.oracle.asked(Time::ZERO, id, query, &mut answers),
                Action::Notify(notice) => self.oracle.told(Time::ZERO, &notice, &mut answers),
                Action::Close(_) => {}
            }
            for (_, mut answer) in answers.take() {
                edit(&mut answer);
                assert!(self.machine.handle_local(Time::ZERO, answer, out).is_ok());
            }
        }
        sent
    }
}

#[derive(Clone, Hash)]
enum Member {
    Harvester(Box<Manned<Harvester, Plots>>),
    Farmer(Box<Manned<Farmer, Purse>>),
    FullNode(Box<Manned<FullNode, Keeper>>),
}

#[derive(Clone, Debug)]
enum Move {
    /// The next message arrives at an end of a connection.
    Arrive(usize, usize),
    /// A connection ends, and what is on its way is lost.
    Cut(usize),
}

/// Members, and what has been signed.
#[derive(Clone, Hash)]
struct Farm {
    members: Vec<Member>,
    links: Links,
    /// Connections that may still end.
    cuts: Vec<usize>,
    /// By proof: what farmers had signed, and handed to a full node.
    submitted: BTreeMap<Bytes32, BTreeSet<HeaderDataHash>>,
    /// How often they did.
    submissions: u32,
    wrong: Option<String>,
}

/// The plot whose proofs there are.
const PLOT: u64 = 3;

fn consensus() -> Consensus {
    let mut consensus = Consensus::default();
    // Any proof takes but little more than the least time.
    consensus.difficulty = 1;
    consensus
}

fn harvester(plots: &[u64]) -> Member {
    let oracle = Plots::new(plots, consensus().plot_size, Duration::ZERO);
    let mut manned = Manned { machine: Harvester::new(HarvesterLimits::default()), oracle };
    let sent = manned.command(HarvesterCommand::Plots(manned.oracle.all()));
    assert!(sent.is_empty());
    Member::Harvester(Box::new(manned))
}

fn farmer(pays: Pays) -> Member {
    let target = Blob(b"a farmer".to_vec().into());
    let mut config = FarmerConfig::new(vec![stand_in::key(0)], target);
    config.min_block_time = consensus().min_block_time;
    if pays == Pays::Nobody {
        config.pool_share_threshold = 0;
    }
    let oracle = Purse::new(consensus(), Bytes32([5; 32]));
    Member::Farmer(Box::new(Manned { machine: Farmer::new(config), oracle }))
}

fn full_node() -> Member {
    let ledger = Ledger::new(consensus(), Maker::genesis(&consensus()));
    let mut config = FullNodeConfig::default();
    // It dials nobody.
    config.addresses.target_peers = 0;
    let machine = FullNode::new(config, ledger.chain()).unwrap();
    Member::FullNode(Box::new(Manned { machine, oracle: Keeper::new(ledger) }))
}

/// Whether the pool is told of proofs too.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pays {
    Nobody,
    Pool,
}

impl Farm {
    fn new(members: Vec<Member>) -> Self {
        let types = members.iter().map(|member| match member {
            Member::Harvester(_) => NodeType::Harvester,
            Member::Farmer(_) => NodeType::Farmer,
            Member::FullNode(_) => NodeType::FullNode,
        });
        let links = Links::new(types.collect());
        let (cuts, submitted) = (Vec::new(), BTreeMap::new());
        Self { members, links, cuts, submitted, submissions: 0, wrong: None }
    }

    /// Joins members, and has them hear all they say to each other.
    fn settled(mut self, pairs: &[(usize, usize)]) -> Self {
        self = self.joined(pairs);
        while let Some((link, end)) = self.next() {
            self = self.after(&Move::Arrive(link, end)).expect("a message");
        }
        self
    }

    /// Where something is on its way.
    fn next(&self) -> Option<(usize, usize)> {
        self.links.moving().next()
    }

    /// Joins members: what they say to each other is on its way.
    fn joined(mut self, pairs: &[(usize, usize)]) -> Self {
        for (one, other) in pairs {
            for (member, news) in self.links.join(*one, *other) {
                self.hear(member, news);
            }
        }
        self
    }

    /// These connections end at any time.
    fn cut(mut self, links: &[usize]) -> Self {
        self.cuts = links.to_vec();
        self
    }

    fn hear(&mut self, at: usize, news: FromPeer) {
        let said = match &mut self.members[at] {
            Member::Harvester(it) => it.hear(news, |_| ()),
            Member::Farmer(it) => it.hear(news, |_| ()),
            // No two nodes build the same block.
            Member::FullNode(it) => it.hear(news, |answer| {
                if let FullNodeCommand::Candidate(_, Some(candidate)) = answer {
                    candidate.header_data.timestamp += at as u64 * 1_000;
                }
            }),
        };
        for delivery in said {
            if let Delivery::To(_, Message::HeaderSignature(it)) = &delivery {
                self.submitted.entry(it.pos_hash).or_default().insert(it.header_hash);
                self.submissions += 1;
            }
            let blame = self.links.send(at, delivery);
            self.wrong = self.wrong.take().or(blame);
        }
    }
}

impl World for Farm {
    type Move = Move;

    fn moves(&self, moves: &mut Vec<Move>) {
        moves.extend(self.links.moving().map(|(link, end)| Move::Arrive(link, end)));
        let open = self.cuts.iter().filter(|link| self.links.is_open(**link));
        moves.extend(open.map(|link| Move::Cut(*link)));
    }

    fn after(&self, step: &Move) -> Option<Self> {
        let mut next = self.clone();
        match *step {
            Move::Arrive(link, end) => {
                let message = next.links.arrive(link, end)?;
                let from = ConnectionId(link as u64);
                next.hear(next.links.member(link, end), FromPeer::Received(from, message));
            }
            Move::Cut(link) => {
                for (member, news) in next.links.cut(link) {
                    next.hear(member, news);
                }
            }
        }
        Some(next)
    }

    fn fault(&self) -> Option<String> {
        let twice = self.submitted.iter().find(|(_, headers)| headers.len() > 1);
        let twice = twice.map(|(proof, headers)| format!("signed for {proof:?}: {headers:?}"));
        let often = self.submissions as usize > self.submitted.len();
        let often = often.then(|| "handed in more than once".into());
        self.wrong.clone().or(twice).or(often)
    }

    /// All proofs have become blocks that every full node knows, unless connections ended.
    fn stuck(&self) -> Option<String> {
        let blocks = self.members.iter().filter_map(|member| match member {
            Member::FullNode(it) => Some(it.machine.unfinished_blocks()),
            _ => None,
        });
        let blocks: BTreeSet<_> = blocks.collect();
        let is_wrong = self.submitted.len() != 1 || blocks != BTreeSet::from([1]);
        (is_wrong && self.cuts.is_empty()).then(|| format!("{blocks:?}, {:?}", self.submitted))
    }
}

/// One harvester, one farmer, and so many full nodes, which know each other.
fn around(full_nodes: usize, pays: Pays) -> Farm {
    let mut members = vec![harvester(&[PLOT]), farmer(pays)];
    members.extend((0..full_nodes).map(|_| full_node()));
    let known = [(0, 1), (2, 3)];
    let to_nodes: Vec<_> = (2..2 + full_nodes).map(|node| (1, node)).collect();
    Farm::new(members).settled(&known[..full_nodes.min(2)]).joined(&to_nodes)
}

/// Two harvesters that have copies of one plot, and one farmer.
fn copies(full_nodes: usize) -> Farm {
    let mut members = vec![harvester(&[PLOT]), harvester(&[PLOT]), farmer(Pays::Nobody)];
    members.extend((0..full_nodes).map(|_| full_node()));
    let known = [(0, 2), (1, 2), (3, 4)];
    let to_nodes: Vec<_> = (3..3 + full_nodes).map(|node| (2, node)).collect();
    Farm::new(members).settled(&known[..full_nodes + 1]).joined(&to_nodes)
}

/// Two of each, of which one harvester has a plot, and the other none.
fn two_of_each() -> Farm {
    let plots: [&[u64]; 2] = [&[PLOT], &[]];
    let mut members: Vec<_> = plots.into_iter().map(harvester).collect();
    members.extend([farmer(Pays::Nobody), farmer(Pays::Nobody), full_node(), full_node()]);
    let known = [(0, 2), (1, 3), (4, 5)];
    Farm::new(members).settled(&known).joined(&[(2, 4), (2, 5), (3, 4), (3, 5)])
}

fn explore(report: &mut Report, name: &str, farm: Farm, headers: usize) {
    let mut signed = BTreeSet::new();
    report.explore(name, farm, |farm| signed.extend(farm.submitted.values().flatten().copied()));
    // Whichever full node is first.
    assert_eq!(signed.len(), headers, "{name}");
}

pub fn some(report: &mut Report) {
    explore(report, "one of each", around(1, Pays::Nobody), 1);
    explore(report, "one of each, and a pool", around(1, Pays::Pool), 1);
    explore(report, "two harvesters with one plot", copies(1), 1);
    explore(report, "two full nodes", around(2, Pays::Nobody), 2);
    let gone = around(2, Pays::Nobody).cut(&[2]);
    explore(report, "two full nodes, one of which goes", gone, 2);
    let gone = around(2, Pays::Nobody).cut(&[0]);
    explore(report, "two full nodes, and the harvester goes", gone, 2);
}

pub fn large(report: &mut Report) {
    explore(report, "two full nodes, and a pool", around(2, Pays::Pool), 2);
    explore(report, "two harvesters with one plot, two full nodes", copies(2), 2);
    explore(report, "two of each", two_of_each(), 2);
}
