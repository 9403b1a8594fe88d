//! A whole small network: nodes of every role, streams that delay, cut and break as the script says,
//! and one full node that may lie. Honest nodes blame nobody but the liar, and none of them comes to
//! its end.

use std::time::Duration;

use arbitrary::{Result, Unstructured};
use nodewire::Time;
use nodewire::codec::chia::NodeType;

use crate::given::Script;
use crate::given::chia::{
    ADVERSARY, Closed, RESIDENTS, Resident, Tamper, TownNet, message_between, residents,
};

/// The first byte says what is amiss; the rest is the script.
pub fn town(data: &[u8]) {
    let Some((&flags, rest)) = data.split_first() else { return };
    let mut town = Town::new(flags);
    let script = &mut Unstructured::new(rest);
    // The end of the script is the end of the run.
    let _: Result<()> = town.play(script);
    town.settle();
}

struct Town {
    net: TownNet,
    now: Time,
    /// The liar is there.
    lies: bool,
}

/// Streams that are opened at most, and steps that are taken.
const PIPES: usize = 48;
const STEPS: usize = 400;

/// Bytes that any node may have.
const MOST: usize = 64 << 20;

impl Town {
    fn new(flags: u8) -> Self {
        let lies = flags & 1 == 1;
        let net = TownNet::new(residents(lies && flags & 2 == 2));
        let mut town = Self { net, now: Time::ZERO, lies };
        // Mostly a network that is joined already.
        if flags & 4 == 0 {
            for (from, to) in [(1, 0), (2, 0), (2, 1), (4, 3), (3, 0), (5, 0), (3, 1), (5, 1)] {
                town.dial(from, to);
            }
            if lies {
                town.dial(2, ADVERSARY);
            }
        }
        town
    }

    fn play(&mut self, script: &mut Script<'_>) -> Result<()> {
        for _ in 0..STEPS {
            if script.is_empty() {
                break;
            }
            self.step(script)?;
            self.look();
        }
        Ok(())
    }

    fn step(&mut self, script: &mut Script<'_>) -> Result<()> {
        match script.int_in_range(0..=31_u8)? {
            0 | 1 => self.dial(self.someone(script)?, self.someone(script)?),
            2 => {
                let node = self.someone(script)?;
                let connected = self.net.nodes[node].connected();
                if !connected.is_empty() {
                    self.net.nodes[node].close(*script.choose(&connected)?);
                    self.net.collect(node);
                }
            }
            3 if self.net.pipes() > 0 => self.net.cut(script.choose_index(self.net.pipes())?),
            4 => self.pass(Duration::from_millis(script.int_in_range(0..=30_000)?)),
            5..=8 => self.pass_to_deadline(),
            9 | 10 => self.answer_a_dial(),
            11..=14 if self.lies => {
                let tamper = tamper(script)?;
                self.net.nodes[ADVERSARY].tamper(tamper);
                self.net.collect(ADVERSARY);
            }
            what => {
                let moving: Vec<_> = self.net.moving().collect();
                if !moving.is_empty() {
                    let (pipe, end) = *script.choose(&moving)?;
                    // Mostly whole frames.
                    match what {
                        15..=17 => self.net.arrive(pipe, end, script.int_in_range(1..=200)?),
                        18..=22 => self.net.arrive(pipe, end, usize::MAX),
                        _ => self.net.arrive_frame(pipe, end),
                    }
                }
            }
        }
        Ok(())
    }

    fn someone(&self, script: &mut Script<'_>) -> Result<usize> {
        script.int_in_range(0..=if self.lies { RESIDENTS - 1 } else { RESIDENTS - 2 })
    }

    fn dial(&mut self, from: usize, to: usize) {
        if from != to && self.net.pipes() < PIPES {
            self.net.dial(from, to);
        }
    }

    /// Somebody reaches whom it wanted, if there is room in the world.
    fn answer_a_dial(&mut self) {
        let Some((from, there)) = self.net.wanted.pop_front() else { return };
        let most = if self.lies { RESIDENTS } else { RESIDENTS - 1 };
        let found = (0..most).find(|to| crate::given::chia::host(*to) == there.host);
        match found.filter(|to| *to != from && self.net.pipes() < PIPES) {
            Some(to) => {
                self.net.reach(from, to, there);
            }
            None => {
                self.net.nodes[from].dial_failed(there);
                self.net.collect(from);
            }
        }
    }

    fn pass(&mut self, span: Duration) {
        self.now = self.now.after(span);
        self.net.pass(self.now);
    }

    fn pass_to_deadline(&mut self) {
        let due = self.net.nodes.iter().filter_map(|node| node.deadline()).min();
        if let Some(due) = due.filter(|due| due.since(self.now) < Duration::from_secs(400)) {
            self.now = self.now.max(due);
            self.net.pass(self.now);
        }
    }

    /// All arrives that is on its way, and for a while what comes of it.
    fn settle(&mut self) {
        for _ in 0..60 {
            for _ in 0..400 {
                let Some((pipe, end)) = self.net.moving().next() else { break };
                self.net.arrive(pipe, end, usize::MAX);
            }
            self.answer_a_dial();
            self.pass_to_deadline();
            self.look();
        }
    }

    /// Who blames whom.
    fn look(&mut self) {
        for at in 0..RESIDENTS {
            let node = &mut self.net.nodes[at];
            assert!(node.footprint() < MOST, "{at} has {} bytes", node.footprint());
            let (closed, unsaid) = (node.closed(), node.unsaid());
            if at == ADVERSARY {
                continue;
            }
            assert!(unsaid.is_empty(), "{at} said what it may not: {unsaid:?}");
            for closed in closed {
                let peer = self.net.across(closed.connection).expect("somebody is there");
                let is_fine = peer == ADVERSARY || closed.is_fine();
                let Closed { ending, reaction, .. } = closed;
                assert!(is_fine, "{at} blames {peer}: {ending} {reaction:?}");
            }
        }
    }
}

fn tamper(script: &mut Script<'_>) -> Result<Tamper> {
    Ok(match script.int_in_range(0..=7_u8)? {
        0 => Tamper::Flip(script.arbitrary()?, 1 << script.int_in_range(0..=7_u8)?),
        1 => Tamper::Drop,
        2 => Tamper::Double,
        3 => Tamper::Part(script.arbitrary::<u8>()?.into()),
        _ => {
            let message = message_between(script, NodeType::FullNode, NodeType::FullNode)?;
            let mut body = Vec::new();
            message.encode(&mut body);
            let length = u32::try_from(body.len()).expect("a small message").to_be_bytes();
            Tamper::Insert([&length[..], &body].concat())
        }
    })
}
