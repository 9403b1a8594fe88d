//! A transaction that three announce, and one that hears of it afterwards: it arrives once, whoever
//! is slow or silent, and nobody is blamed (P-29 to P-33).

use nodewire::codec::chia::messages::{NewTransaction, SendTransaction};
use nodewire::codec::chia::{Blob, Message, NodeType, Transaction, TransactionId};
use nodewire::sim::World;
use nodewire::sim::chia::Mempool;
use nodewire::state::chia::{
    ConnectionId, FromPeer, TransactionHash, TransactionIds, TransactionResult, Transactions,
    TransactionsCommand, TransactionsLimits, TransactionsQuery,
};
use nodewire::{Action, ActionOf, AskId, Machine, Outbox, Time};

use crate::links::{Links, Wire};
use crate::report::{Report, finds};

/// A node as far as transactions go.
#[derive(Clone, Hash)]
struct Exchange {
    machine: Transactions,
    /// What it holds, and how often it took it for new.
    mempool: Mempool,
    taken: u32,
    now: Time,
    /// Questions that were not answered yet.
    asked: Vec<(AskId, TransactionsQuery)>,
    /// How often the transaction came.
    arrived: u32,
    /// How often it gave up waiting.
    timeouts: u32,
    /// It hears and says nothing.
    is_silent: bool,
}

#[derive(Clone, Debug)]
enum Move {
    /// The next message arrives at an end of a connection.
    Arrive(usize, usize),
    /// A mempool answers this question of those that are open.
    Answer(usize, usize),
    /// A node has waited for long enough.
    TimeOut(usize),
}

/// Node 0 is told by all others but the last, which it tells.
#[derive(Clone, Hash)]
struct Town {
    nodes: Vec<Exchange>,
    links: Links,
    wrong: Option<String>,
    /// Mempools take their time.
    is_slow: bool,
    /// A fault planted on purpose.
    flaw: Option<Flaw>,
}

/// What can be wrong with node 0.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Flaw {
    /// It forgets whom it asked for what it was told of.
    Forgets,
    /// Its mempool takes for new whatever comes.
    TakesTwice,
    /// It waits for ever for whom it asked.
    Patient,
}

/// Somebody who hears of it last.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Nobody,
    One,
}

impl Town {
    fn new(announcers: usize, silent: usize, last: Last, is_slow: bool) -> Self {
        let count = 1 + announcers + usize::from(last == Last::One);
        let node = |at: usize| Exchange {
            machine: Transactions::new(TransactionsLimits::default()),
            mempool: Mempool::new(10),
            taken: 0,
            now: Time::ZERO,
            asked: Vec::new(),
            arrived: 0,
            timeouts: 0,
            is_silent: (1..=silent).contains(&at),
        };
        let nodes = (0..count).map(node).collect();
        let links = Links::new(vec![NodeType::FullNode; count]);
        let mut town = Self { nodes, links, wrong: None, is_slow: false, flaw: None };
        for other in 1..count {
            for (node, news) in town.links.join(0, other) {
                town.hear(node, news);
            }
        }
        for announcer in 1..=announcers {
            town.submit(announcer);
        }
        // Whoever is silent has announced it before.
        town.is_slow = is_slow;
        town
    }

    /// With this planted.
    fn flawed(self, flaw: Flaw) -> Self {
        Self { flaw: Some(flaw), ..self }
    }

    /// With this planted in what is on its way from now on.
    fn tampered(mut self, wire: Wire) -> Self {
        self.links.tamper(wire);
        self
    }

    /// A wallet hands the transaction in.
    fn submit(&mut self, node: usize) {
        let wallet = Links::new(vec![NodeType::FullNode, NodeType::Wallet]).join(0, 1);
        let [(_, FromPeer::Connected(_, peer, at)), _] = wallet else { unreachable!() };
        let from = ConnectionId(99);
        self.hear(node, FromPeer::Connected(from, peer, at));
        let message = SendTransaction { transaction: transaction() };
        self.hear(node, FromPeer::Received(from, message.into()));
    }

    fn hear(&mut self, node: usize, news: FromPeer) {
        let of = &mut self.nodes[node];
        if let FromPeer::Received(_, Message::NewTransaction(_)) = &news {
            of.arrived += 1;
        }
        let is_told = matches!(&news, FromPeer::Received(_, Message::TransactionId(_)));
        let was =
            (node == 0 && is_told && self.flaw == Some(Flaw::Forgets)).then(|| of.machine.clone());
        let mut out = Outbox::new();
        of.machine.handle_remote(of.now, news, &mut out);
        self.follow(node, out.drain().collect());
        if let Some(was) = was {
            self.nodes[0].machine = was;
        }
    }

    fn follow(&mut self, node: usize, actions: Vec<ActionOf<Transactions>>) {
        for action in actions {
            match action {
                Action::Send(delivery) => {
                    let blame = self.links.send(node, delivery);
                    self.wrong = self.wrong.take().or(blame.map(|it| it.to_string()));
                }
                Action::Ask(id, query) => {
                    self.nodes[node].asked.push((id, query));
                    // Only the mempool of node 0 is asked in any order.
                    if node > 0 || !self.is_slow {
                        let newest = self.nodes[node].asked.len() - 1;
                        self.answer(node, newest);
                    }
                }
                other => self.wrong = Some(format!("node {node}: {other:?}")),
            }
        }
    }

    fn answer(&mut self, node: usize, at: usize) {
        let of = &mut self.nodes[node];
        let (ask, query) = of.asked.remove(at);
        let command = match query {
            TransactionsQuery::IsKnown(id) => {
                TransactionsCommand::Known(ask, of.mempool.contains(id))
            }
            TransactionsQuery::Get(id) => {
                let found = of.mempool.contains(id).then(|| Box::new(transaction()));
                TransactionsCommand::Found(ask, found)
            }
            TransactionsQuery::Offer(id, transaction) => {
                let mut result = of.mempool.offer(id, *transaction);
                if node == 0 && self.flaw == Some(Flaw::TakesTwice) {
                    result = TransactionResult::Accepted;
                }
                of.taken += u32::from(result == TransactionResult::Accepted);
                TransactionsCommand::Offered(ask, result)
            }
        };
        let mut out = Outbox::new();
        of.machine.handle_local(of.now, command, &mut out).unwrap();
        self.follow(node, out.drain().collect());
    }
}

fn transaction() -> Transaction {
    Transaction(Blob(b"paid".to_vec().into()))
}

fn id() -> TransactionId {
    <TransactionHash>::transaction_id(&transaction())
}

impl World for Town {
    type Move = Move;

    fn moves(&self, moves: &mut Vec<Move>) {
        moves.extend(self.links.moving().map(|(link, end)| Move::Arrive(link, end)));
        for (at, node) in self.nodes.iter().enumerate() {
            moves.extend((0..node.asked.len()).map(|question| Move::Answer(at, question)));
            let waits = at == 0 && self.flaw == Some(Flaw::Patient);
            if node.machine.deadline().is_some() && !waits {
                moves.push(Move::TimeOut(at));
            }
        }
    }

    fn after(&self, step: &Move) -> Option<Self> {
        let mut next = self.clone();
        match *step {
            Move::Arrive(link, end) => {
                let (node, news) = next.links.arrive(link, end)?;
                if !next.nodes[node].is_silent {
                    next.hear(node, news);
                }
            }
            Move::Answer(node, question) => next.answer(node, question),
            Move::TimeOut(node) => {
                let of = &mut next.nodes[node];
                of.now = of.now.max(of.machine.deadline()?);
                of.timeouts += 1;
                let mut out = Outbox::new();
                of.machine.handle_timeout(of.now, &mut out);
                next.follow(node, out.drain().collect());
            }
        }
        Some(next)
    }

    fn fault(&self) -> Option<String> {
        // Who gave up waiting has asked another, and may hear of both.
        let wrong = self.nodes.iter().find(|it| it.taken > 1 || it.arrived > 1 + it.timeouts);
        let twice = wrong.map(|it| format!("{} times, taken {}", it.arrived, it.taken));
        self.wrong.clone().or(twice)
    }

    fn stuck(&self) -> Option<String> {
        let mut others = self.nodes.iter().filter(|it| !it.is_silent);
        let all = others.all(|it| it.mempool.contains(id()) && it.machine.fetching() == 0);
        (!all).then(|| "it has not arrived".into())
    }
}

pub fn all(report: &mut Report) {
    let worlds = vec![
        ("two announce, and one is told", Town::new(2, 0, Last::One, true)),
        ("three announce", Town::new(3, 0, Last::Nobody, true)),
        ("three announce, one is silent", Town::new(3, 1, Last::Nobody, true)),
        ("three announce, two are silent", Town::new(3, 2, Last::Nobody, true)),
        ("three announce, and one is told", Town::new(3, 0, Last::One, false)),
        ("three announce, one is silent, and one is told", Town::new(3, 1, Last::One, false)),
    ];
    explore(report, worlds);
}

pub fn deep(report: &mut Report) {
    let worlds = vec![
        ("four announce, and one is told", Town::new(4, 0, Last::One, false)),
        ("four announce, one is silent", Town::new(4, 1, Last::Nobody, true)),
    ];
    explore(report, worlds);
}

fn explore(report: &mut Report, worlds: Vec<(&str, Town)>) {
    for (name, town) in worlds {
        let talkers = town.nodes.iter().filter(|it| it.taken > 0 && !it.is_silent).count();
        let (mut most, mut timeouts) = (0, 0);
        report.explore(name, town, |town| {
            most = most.max(town.nodes[0].arrived);
            timeouts = timeouts.max(town.nodes[0].timeouts);
        });
        // Each that answers at all may be asked because others were late, and come late itself.
        assert_eq!(most as usize, talkers, "{name}");
        assert!(timeouts > 1, "{name}");
    }
}

/// Faults planted on purpose, each found.
pub fn planted() {
    let three = |silent| Town::new(3, silent, Last::Nobody, false);
    finds("who was asked is forgotten", three(0).flawed(Flaw::Forgets), "2 times");
    finds("all is taken for new", three(0).flawed(Flaw::TakesTwice), "taken 2");
    finds("the silent are waited for", three(1).flawed(Flaw::Patient), "it has not arrived");

    let wires: [(&str, &str, Wire); 5] = [
        ("another transaction is sent", "by chia/P-32", |_, it| match it {
            Message::NewTransaction(_) => {
                let transaction = Transaction(Blob(b"not paid".to_vec().into()));
                vec![NewTransaction { transaction }.into()]
            }
            it => vec![it],
        }),
        ("it is sent twice", "2 times", |_, it| match it {
            Message::NewTransaction(_) => vec![it.clone(), it],
            it => vec![it],
        }),
        ("nothing is sent", "it has not arrived", |_, it| match it {
            Message::NewTransaction(_) => Vec::new(),
            it => vec![it],
        }),
        ("nothing is asked for", "it has not arrived", |_, it| match it {
            Message::RequestTransaction(_) => Vec::new(),
            it => vec![it],
        }),
        ("an id is asked for that nobody has", "it has not arrived", |_, it| match it {
            Message::RequestTransaction(mut it) => {
                it.transaction_id.0[0] ^= 1;
                vec![it.into()]
            }
            it => vec![it],
        }),
    ];
    for (name, fault, wire) in wires {
        finds(name, three(0).tampered(wire), fault);
    }
    let one = Town::new(1, 0, Last::One, false).tampered(|from, it| match it {
        Message::TransactionId(_) if from == 0 => Vec::new(),
        it => vec![it],
    });
    finds("what arrived is not told", one, "it has not arrived");
}
