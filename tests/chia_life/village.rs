//! A network under virtual time, whose connections are made again when they end.

use std::time::Duration;

use nodewire::Time;
use nodewire::chia::NodeCommand;
use nodewire::codec::chia::{Blob, Transaction};
use nodewire::sim::Rng;
use nodewire::sim::chia::{Ledger, Maker};
use nodewire::state::chia::{Tip, WalletCommand};

use crate::given::chia::{Resident, TownNet, host};
use crate::people::{
    FARMER, FULL_NODES, GUEST, HARVESTERS, Node, PEOPLE, Paying, Plan, TIMELORD, WALLET,
};

pub struct Village {
    pub plan: Plan,
    pub net: TownNet,
    pub now: Time,
    pub rng: Rng,
    pub links: Vec<Link>,
    /// How often somebody hands a transaction in.
    pub pays_every: Duration,
    next_payment: Time,
    pub paid: u64,
    /// How many of a million arrivals are the end of a connection instead.
    pub cuts: u32,
}

/// A connection that is there for good.
#[derive(Clone, Debug)]
pub struct Link {
    pub from: usize,
    pub to: usize,
    pub pipe: Option<usize>,
    /// When it is made again.
    pub due: Time,
    /// It is not to be there at all.
    pub is_off: bool,
}

const LINKS: [(usize, usize); 13] = [
    (1, 0),
    (2, 0),
    (2, 1),
    (HARVESTERS[0], FARMER),
    (HARVESTERS[1], FARMER),
    (FARMER, 0),
    (FARMER, 1),
    (TIMELORD, 0),
    (TIMELORD, 1),
    (WALLET, 0),
    (WALLET, 1),
    (GUEST, 0),
    (GUEST, 2),
];

impl Village {
    pub fn new(plan: Plan, seed: u64) -> Self {
        let genesis = Ledger::new(plan.consensus.clone(), Maker::genesis(&plan.consensus));
        Self::with_chain(plan, seed, &genesis)
    }

    /// Everybody begins with this chain, and without connections.
    pub fn with_chain(plan: Plan, seed: u64, ledger: &Ledger) -> Self {
        let mut rng = Rng::new(seed);
        let all = (0..PEOPLE).map(|number| plan.make(number, Time::ZERO, &mut rng, ledger));
        let net = TownNet::new(all.collect());
        let link =
            |(from, to)| Link { from, to, pipe: None, due: Time::ZERO, is_off: from == GUEST };
        let links = LINKS.into_iter().map(link).collect();
        let (pays_every, next_payment) = (Duration::from_secs(3), Time::ZERO);
        Self { plan, net, now: Time::ZERO, rng, links, pays_every, next_payment, paid: 0, cuts: 0 }
    }

    pub fn member<T: 'static>(&self, number: usize) -> &T {
        self.net.nodes[number].as_any().downcast_ref().expect("of this role")
    }

    pub fn member_mut<T: 'static>(&mut self, number: usize) -> &mut T {
        self.net.nodes[number].as_any_mut().downcast_mut().expect("of this role")
    }

    pub fn tip(&self, number: usize) -> Tip {
        let node: &Node = self.member(number);
        node.staffed.node().role().chain().tips[0]
    }

    /// How high each full node is.
    pub fn heights(&self) -> [u32; FULL_NODES] {
        [0, 1, 2].map(|number| self.tip(number).height)
    }

    /// All that happens in so much time.
    pub fn pass(&mut self, span: Duration) {
        let until = self.now.after(span);
        let mut still = 0;
        loop {
            self.deliver();
            let due = self.due().max(self.now);
            if due > until {
                break;
            }
            still = if due > self.now { 0 } else { still + 1 };
            assert!(still < 10_000, "time stands still at {:?}", self.now);
            self.now = due;
            self.net.pass(due);
            self.join();
            self.pay();
        }
        self.now = until;
        self.net.pass(until);
        self.deliver();
    }

    /// When something happens next.
    fn due(&self) -> Time {
        let theirs = self.net.nodes.iter().filter_map(|node| node.deadline());
        let links = self.links.iter().filter(|link| !link.is_off && link.pipe.is_none());
        let links = links.map(|link| link.due);
        theirs.chain(links).fold(self.next_payment, Time::min)
    }

    /// Everything arrives that is on its way, pipe by pipe, beginning with any of them.
    fn deliver(&mut self) {
        loop {
            let pipes = self.net.pipes();
            let first = usize::try_from(self.rng.below(pipes as u64 * 2)).expect("a few");
            let mut moved = false;
            for at in 0..pipes * 2 {
                let at = (first + at) % (pipes * 2);
                let (pipe, end) = (at / 2, at % 2);
                if self.net.has(pipe, end) {
                    moved = true;
                    if self.rng.chance(self.cuts) {
                        self.net.cut(pipe);
                    } else if self.rng.chance(500_000) {
                        self.net.arrive_frame(pipe, end);
                    } else {
                        self.net.arrive(pipe, end, usize::MAX);
                    }
                }
            }
            moved |= self.answer_dials();
            if !moved {
                break;
            }
        }
        let net = &self.net;
        for link in &mut self.links {
            if link.pipe.is_some_and(|pipe| net.is_over(pipe)) {
                link.pipe = None;
                let seconds = self.rng.between(1, 20);
                link.due = self.now.after(Duration::from_secs(seconds));
            }
        }
    }

    fn answer_dials(&mut self) -> bool {
        let mut any = false;
        while let Some((from, there)) = self.net.wanted.pop_front() {
            any = true;
            match (0..PEOPLE).find(|to| host(*to) == there.host && *to != from) {
                Some(to) => {
                    self.net.reach(from, to, there);
                }
                None => {
                    self.net.nodes[from].dial_failed(there);
                    self.net.collect(from);
                }
            }
        }
        any
    }

    /// Connections that are missed are made.
    fn join(&mut self) {
        for at in 0..self.links.len() {
            let Link { from, to, pipe, due, is_off } = self.links[at];
            if pipe.is_none() && !is_off && due <= self.now {
                self.links[at].pipe = Some(self.net.dial(from, to));
            }
        }
    }

    /// The wallet hands a transaction in, and asks for what it was told of.
    fn pay(&mut self) {
        if self.next_payment > self.now {
            return;
        }
        self.next_payment = self.now.after(self.pays_every);
        self.paid += 1;
        let mut bytes = self.paid.to_be_bytes().to_vec();
        bytes.resize(self.rng.between(9, 300) as usize, 7);
        let wallet: &mut Paying = self.member_mut(WALLET);
        let lca = wallet.staffed.node().role().lca().copied();
        wallet.command(NodeCommand::Role(WalletCommand::Send(Transaction(Blob(bytes.into())))));
        if let Some(lca) = lca {
            let heights = (0..lca.height).rev().take(3).collect();
            wallet.command(NodeCommand::Role(WalletCommand::Header(lca.hash)));
            wallet.command(NodeCommand::Role(WalletCommand::Ancestors(lca.hash, heights)));
        }
        self.net.collect(WALLET);
    }

    /// The connections of somebody are cut, what is on its way is lost.
    pub fn cut(&mut self, number: usize) {
        for pipe in 0..self.net.pipes() {
            if self.net.is_of(pipe, number) {
                self.net.cut(pipe);
            }
        }
    }

    /// Somebody begins anew, and knows nothing of what was.
    pub fn restart(&mut self, number: usize, ledger: &Ledger) {
        self.cut(number);
        self.deliver();
        let made = self.plan.make(number, self.now, &mut self.rng, ledger);
        self.net.nodes[number] = made;
        self.net.collect(number);
    }

    pub fn ledger(&self, number: usize) -> &Ledger {
        let node: &Node = self.member(number);
        node.staffed.oracle().oracle.ledger()
    }

    pub fn resident(&mut self, number: usize) -> &mut dyn Resident {
        &mut *self.net.nodes[number]
    }
}
