//! A late full node, somebody honest to sync from, and somebody else who lies, is silent or leaves:
//! every order ends at the same tip, and nobody honest is blamed (P-34 to P-45).

use std::collections::BTreeSet;

use nodewire::Machine;
use nodewire::codec::chia::{Message, NodeType};
use nodewire::sim::World;
use nodewire::sim::chia::{Consensus, Keeper, Ledger, Maker};
use nodewire::state::chia::{
    Delivery, FromPeer, FullNode, FullNodeCommand, FullNodeConfig, SyncCommand, Weighed,
};

use crate::links::{Blame, Links, Wire};
use crate::manned::Manned;
use crate::report::{Report, finds};

#[derive(Clone, Debug)]
enum Move {
    /// The next message arrives at an end of a connection.
    Arrive(usize, usize),
    /// The other supplier leaves, and what is on its way is lost.
    Leave,
    /// The late node has waited for long enough.
    TimeOut,
}

/// Node 0 is late, 1 is honest, and 2 is not or may leave.
#[derive(Clone, Hash)]
struct Village {
    nodes: Vec<Manned<FullNode, Keeper>>,
    links: Links,
    /// The connection of the late node with the other supplier.
    other: usize,
    /// What the other supplier has broken: nothing, if it is honest too.
    broken: BTreeSet<&'static str>,
    /// Whether blame may fall on it.
    lies: bool,
    /// Whether it may leave.
    leaves: bool,
    /// How often time may pass while something is on its way.
    hurries: u8,
    /// The late node's keeper takes all headers for good: a fault planted on purpose.
    believes: bool,
    wrong: Option<String>,
}

fn full_node(ledger: Ledger) -> Manned<FullNode, Keeper> {
    let mut config = FullNodeConfig::default();
    config.addresses.target_peers = 0;
    config.sync_threshold = 2;
    config.sync.headers_per_batch = 2;
    config.sync.blocks_per_batch = 2;
    config.sync.window = 2;
    let machine = FullNode::new(config, ledger.chain()).unwrap();
    Manned::new(machine, Keeper::new(ledger))
}

/// A chain of so many blocks after the first.
fn chain(height: u32) -> Ledger {
    let mut consensus = Consensus::default();
    consensus.witness = 8;
    let mut tip = Maker::genesis(&consensus);
    let mut ledger = Ledger::new(consensus.clone(), tip.clone());
    let maker = Maker::new(consensus, 1);
    for _ in 0..height {
        tip = maker.child(&tip);
        let _ = ledger.add(tip.clone());
    }
    ledger
}

impl Village {
    /// Of equals the late node asks the one of the lower connection: `other` is that of the other
    /// supplier.
    fn new(height: u32, other: usize) -> Self {
        let nodes = [0, height, height].into_iter().map(|height| full_node(chain(height)));
        let mut village = Self {
            nodes: nodes.collect(),
            links: Links::new(vec![NodeType::FullNode; 3]),
            other,
            broken: BTreeSet::new(),
            lies: false,
            leaves: false,
            hurries: 0,
            believes: false,
            wrong: None,
        };
        for supplier in if other == 0 { [2, 1] } else { [1, 2] } {
            for (node, news) in village.links.join(0, supplier) {
                village.hear(node, news);
            }
        }
        village
    }

    /// The other supplier, or whoever, says something else, of which its first tip is no part.
    fn lying(mut self, wire: Wire) -> Self {
        self.links.tamper(wire);
        Self { lies: true, ..self }
    }

    fn leaving(self) -> Self {
        Self { leaves: true, ..self }
    }

    fn hurried(self, hurries: u8) -> Self {
        Self { hurries, ..self }
    }

    fn hear(&mut self, node: usize, news: FromPeer) {
        let edit = self.edit(node);
        let said = self.nodes[node].hear(news, edit);
        self.follow(node, said);
    }

    fn edit(&self, node: usize) -> impl Fn(&mut FullNodeCommand) + use<> {
        let believes = node == 0 && self.believes;
        move |answer| match answer {
            FullNodeCommand::Sync(SyncCommand::Weighed(_, weighed)) if believes => {
                *weighed = Weighed::Good;
            }
            _ => {}
        }
    }

    fn follow(&mut self, node: usize, said: Vec<Delivery>) {
        for delivery in said {
            match self.links.send(node, delivery) {
                Some(Blame { by: 0, link, rule: Some(rule) })
                    if self.lies && link == self.other =>
                {
                    self.broken.insert(rule.id());
                    self.part();
                }
                Some(blame) => self.wrong = self.wrong.take().or(Some(blame.to_string())),
                None => {}
            }
        }
    }

    /// The other supplier and the late node part.
    fn part(&mut self) {
        self.leaves = false;
        if self.links.is_open(self.other) {
            for (node, news) in self.links.cut(self.other) {
                self.hear(node, news);
            }
        }
    }
}

impl World for Village {
    type Move = Move;

    fn moves(&self, moves: &mut Vec<Move>) {
        moves.extend(self.links.moving().map(|(link, end)| Move::Arrive(link, end)));
        let is_quiet = moves.is_empty();
        if self.leaves {
            moves.push(Move::Leave);
        }
        if self.nodes[0].machine.deadline().is_some() && (is_quiet || self.hurries > 0) {
            moves.push(Move::TimeOut);
        }
    }

    fn after(&self, step: &Move) -> Option<Self> {
        let mut next = self.clone();
        match *step {
            Move::Arrive(link, end) => {
                let (node, news) = next.links.arrive(link, end)?;
                next.hear(node, news);
            }
            Move::Leave => next.part(),
            Move::TimeOut => {
                let is_quiet = next.links.moving().next().is_none();
                next.hurries -= u8::from(!is_quiet);
                let edit = next.edit(0);
                let said = next.nodes[0].time_out(edit);
                next.follow(0, said);
            }
        }
        Some(next)
    }

    fn fault(&self) -> Option<String> {
        self.wrong.clone()
    }

    fn stuck(&self) -> Option<String> {
        let [late, honest, _] = &self.nodes[..] else { unreachable!() };
        let ours = late.oracle.ledger().chain();
        let is_there = ours == honest.oracle.ledger().chain() && !late.machine.is_syncing();
        (!is_there).then(|| format!("it stays at {:?}", ours.heaviest().map(|tip| tip.height)))
    }
}

/// Explores what comes of this, whoever is asked first; the rules that the other supplier is shown
/// to break in one order or another.
fn explore(report: &mut Report, name: &str, rules: &[&str], village: impl Fn(usize) -> Village) {
    let mut broken = BTreeSet::new();
    for other in [0, 1] {
        let watch = |village: &Village| broken.extend(village.broken.iter().copied());
        report.explore(&format!("{name} ({other})"), village(other), watch);
    }
    assert_eq!(broken.into_iter().collect::<Vec<_>>(), rules, "{name}");
}

/// What the other supplier says instead of the truth.
const LIES: [(&str, &[&str], Wire); 5] = [
    ("wrong hashes", &["chia/P-37"], |from, it| match it {
        Message::AllHeaderHashes(mut it) if from == 2 => {
            it.header_hashes[2].0[0] ^= 1;
            vec![it.into()]
        }
        it => vec![it],
    }),
    ("damaged headers", &["chia/P-40"], |from, it| match it {
        Message::HeaderBlocks(mut it) if from == 2 => {
            for time in it.header_blocks.iter_mut().filter_map(|it| it.proof_of_time.as_mut()) {
                time.number_of_iterations += 1;
            }
            vec![it.into()]
        }
        it => vec![it],
    }),
    ("headers of others", &["chia/P-40"], |from, it| match it {
        Message::HeaderBlocks(mut it) if from == 2 => {
            it.header_blocks.iter_mut().for_each(|it| it.header.data.timestamp += 1);
            vec![it.into()]
        }
        it => vec![it],
    }),
    ("damaged blocks", &["chia/P-42"], |from, it| match it {
        Message::SyncBlocks(mut it) if from == 2 => {
            it.blocks.iter_mut().for_each(|it| it.body.cost += 1);
            vec![it.into()]
        }
        it => vec![it],
    }),
    ("nothing", &[], |from, it| match it {
        Message::AllHeaderHashes(_) | Message::HeaderBlocks(_) | Message::SyncBlocks(_)
            if from == 2 =>
        {
            Vec::new()
        }
        it => vec![it],
    }),
];

pub fn some(report: &mut Report) {
    explore(report, "both are honest", &[], |other| Village::new(4, other));
    explore(report, "one leaves", &[], |other| Village::new(4, other).leaving());
    for (name, rules, lie) in LIES {
        let name = format!("one tells {name}");
        explore(report, &name, rules, |other| Village::new(4, other).lying(lie));
    }
    // Who contradicts a liar's hashes, and is late to say more, was right.
    let (name, rules, lie) = LIES[0];
    let late = |other| Village::new(6, other).lying(lie).hurried(1);
    explore(report, &format!("one tells {name}, late answers"), rules, late);
}

pub fn large(report: &mut Report) {
    explore(report, "late answers", &[], |other| Village::new(6, other).hurried(2));
    let leaving = |other| Village::new(6, other).leaving().hurried(1);
    explore(report, "one leaves, late answers", &[], leaving);
}

/// Faults planted on purpose, each found.
pub fn planted() {
    let believes = Village { believes: true, ..Village::new(4, 1).lying(LIES[1].2) };
    finds("a keeper that believes headers", believes, "blames connection 0 by chia/P-41");

    // What is told of the honest one's blocks on its way.
    let wires: [(&str, &str, Wire); 5] = [
        ("hashes are damaged", "blames connection 0 by chia/P-37", |from, it| match it {
            Message::AllHeaderHashes(mut it) if from == 1 => {
                it.header_hashes[2].0[0] ^= 1;
                vec![it.into()]
            }
            it => vec![it],
        }),
        ("headers are damaged", "blames connection 0 by chia/P-40", |from, it| match it {
            Message::HeaderBlocks(mut it) if from == 1 => {
                it.header_blocks.pop();
                vec![it.into()]
            }
            it => vec![it],
        }),
        ("blocks are in disorder", "blames connection 0 by chia/P-42", |from, it| match it {
            Message::SyncBlocks(mut it) if from == 1 => {
                it.blocks.reverse();
                vec![it.into()]
            }
            it => vec![it],
        }),
        ("requests go beyond the tip", "blames connection 0 by chia/P-43", |from, it| match it {
            Message::RequestSyncBlocks(mut it) if from == 0 => {
                it.heights.iter_mut().for_each(|height| *height += 9);
                vec![it.into()]
            }
            it => vec![it],
        }),
        ("nobody sends a block", "it stays at Some(0)", |_, it| match it {
            Message::SyncBlocks(_) => Vec::new(),
            it => vec![it],
        }),
    ];
    for (name, fault, wire) in wires {
        finds(name, Village { lies: false, ..Village::new(4, 1).lying(wire) }, fault);
    }
}
