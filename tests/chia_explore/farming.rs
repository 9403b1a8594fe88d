//! Farmers and harvesters around full nodes: of a proof one header is signed, whichever node is
//! first, and another only if a full node went, and nobody is blamed (R-11, F-4 to F-10, F-22 to F-25).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use nodewire::codec::chia::{Blob, Bytes32, HeaderDataHash, Message, NodeType};
use nodewire::sim::World;
use nodewire::sim::chia::{Consensus, Keeper, Ledger, Maker, Plots, Purse, stand_in};
use nodewire::state::chia::{
    Delivery, Farmer, FarmerConfig, FromPeer, FullNode, FullNodeCommand, FullNodeConfig, Harvester,
    HarvesterCommand, HarvesterLimits,
};

use crate::links::{Links, Wire};
use crate::manned::Manned;
use crate::report::{Report, finds};

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
    /// How many connections of full nodes ended: what was handed in may be lost with each.
    lost: usize,
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
    let mut manned = Manned::new(<Harvester>::new(HarvesterLimits::default()), oracle);
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
    Member::Farmer(Box::new(Manned::new(Farmer::new(config), oracle)))
}

fn full_node() -> Member {
    let ledger = Ledger::new(consensus(), Maker::genesis(&consensus()));
    let mut config = FullNodeConfig::default();
    // It dials nobody.
    config.addresses.target_peers = 0;
    let machine = FullNode::new(config, ledger.chain()).unwrap();
    Member::FullNode(Box::new(Manned::new(machine, Keeper::new(ledger))))
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
        Self { members, links, cuts, submitted, submissions: 0, lost: 0, wrong: None }
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

    /// With this planted in what is on its way.
    fn tampered(mut self, wire: Wire) -> Self {
        self.links.tamper(wire);
        self
    }

    /// With a farmer that forgets (`Manned::forgetful`).
    fn forgetful(mut self, before: fn(&Delivery) -> bool, after: fn(&Delivery) -> bool) -> Self {
        for member in &mut self.members {
            if let Member::Farmer(it) = member {
                **it = it.as_ref().clone().forgetful(before, after);
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
            self.wrong = self.wrong.take().or(blame.map(|it| it.to_string()));
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
                let (member, news) = next.links.arrive(link, end)?;
                next.hear(member, news);
            }
            Move::Cut(link) => {
                for (member, news) in next.links.cut(link) {
                    next.lost += usize::from(matches!(next.members[member], Member::FullNode(_)));
                    next.hear(member, news);
                }
            }
        }
        Some(next)
    }

    fn fault(&self) -> Option<String> {
        let twice = self.submitted.iter().find(|(_, headers)| headers.len() > 1 + self.lost);
        let twice = twice.map(|(proof, headers)| format!("signed for {proof:?}: {headers:?}"));
        let often = self.submissions as usize > self.submitted.len() + self.lost;
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
    wired(full_nodes, pays, |_, message| vec![message])
}

/// The same where this becomes of what they say.
fn wired(full_nodes: usize, pays: Pays, wire: Wire) -> Farm {
    let mut members = vec![harvester(&[PLOT]), farmer(pays)];
    members.extend((0..full_nodes).map(|_| full_node()));
    let known = [(0, 1), (2, 3)];
    let to_nodes: Vec<_> = (2..2 + full_nodes).map(|node| (1, node)).collect();
    let farm = Farm::new(members).tampered(wire);
    farm.settled(&known[..full_nodes.min(2)]).joined(&to_nodes)
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

pub fn deep(report: &mut Report) {
    // The connection of a farmer with a full node, and that of a harvester.
    let goes = two_of_each().cut(&[0, 3]);
    explore(report, "two of each, a harvester and a full node go", goes, 2);
}

/// Faults planted on purpose, each found.
pub fn planted() {
    let asks = |it: &Delivery| matches!(it, Delivery::To(_, Message::RequestHeaderSignature(_)));
    let hands_in = |it: &Delivery| matches!(it, Delivery::To(_, Message::HeaderSignature(_)));
    let farm = || around(2, Pays::Nobody);

    // R-11 is not kept: the next full node's header is signed too.
    finds("a farmer that forgets what it signed", farm().forgetful(asks, hands_in), "signed for");
    // What comes twice is handed in once, unless that is forgotten.
    let twice: Wire = |_, message| match message {
        Message::RespondHeaderSignature(_) => vec![message.clone(), message],
        message => vec![message],
    };
    let mut report = Report::new(1_000);
    report.explore("a signature comes twice", wired(1, Pays::Nobody, twice), |_| ());
    let forgets = wired(1, Pays::Nobody, twice).forgetful(hands_in, hands_in);
    finds("a farmer that forgets what it handed in", forgets, "handed in more than once");

    let wires: [(&str, &str, Wire); 9] = [
        ("unfinished blocks are not passed on", "{0, 1}", |_, it| match it {
            Message::UnfinishedBlock(_) => Vec::new(),
            it => vec![it],
        }),
        ("headers are not asked for", "{0}, {}", |_, it| match it {
            Message::RequestHeaderHash(_) => Vec::new(),
            it => vec![it],
        }),
        ("the harvester signs something else", "connection 0 by chia/F-7", |_, it| match it {
            Message::RespondHeaderSignature(mut it) => {
                it.header_hash_signature.0[9] ^= 1;
                vec![(*it).into()]
            }
            it => vec![it],
        }),
        ("the farmer hands in another signature", "by chia/F-24", |_, it| match it {
            Message::HeaderSignature(mut it) => {
                it.header_signature.0[9] ^= 1;
                vec![(*it).into()]
            }
            it => vec![it],
        }),
        ("a proof of something else", "connection 0 by chia/F-5", |_, it| match it {
            Message::RespondProofOfSpace(mut it) => {
                it.proof.size += 1;
                vec![(*it).into()]
            }
            it => vec![it],
        }),
        ("the farmer passes on another proof", "by chia/F-22", |_, it| match it {
            Message::RequestHeaderHash(mut it) => {
                it.proof_of_space.size += 1;
                vec![(*it).into()]
            }
            it => vec![it],
        }),
        ("an unfinished block with another body", "by chia/P-20", |_, it| match it {
            Message::UnfinishedBlock(mut it) => {
                it.block.body.cost += 1;
                vec![(*it).into()]
            }
            it => vec![it],
        }),
        ("a challenge without difficulty", "by chia/F-2", |_, it| match it {
            Message::ProofOfSpaceFinalized(mut it) => {
                it.difficulty = 0;
                vec![(*it).into()]
            }
            it => vec![it],
        }),
        ("no iterations a second", "by chia/F-3", |_, it| match it {
            Message::ProofOfTimeRate(mut it) => {
                it.pot_estimate_ips = 0;
                vec![it.into()]
            }
            it => vec![it],
        }),
    ];
    for (name, fault, wire) in wires {
        finds(name, wired(2, Pays::Nobody, wire), fault);
    }
}
