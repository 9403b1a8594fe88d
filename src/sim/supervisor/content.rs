//! What chains put into their blocks: logs that say something, and logs that execute what others
//! said, or claim to.

use alloc::format;
use alloc::vec::Vec;

use super::history::{Body, Replan};
use super::made::{executing, message_of, plain};
use super::options::{Content, Options};
use crate::codec::supervisor::{ChainId, DerivedRefPair, HexBytes, Log, Message};
use crate::sim::Rng;
use crate::state::supervisor::ChainConfig;

/// Writes the blocks of all chains.
pub(super) struct Author {
    seed: u64,
    content: Content,
    most_logs: u64,
    executing: u32,
    expiry_window: u64,
    chains: Vec<Plan>,
}

/// What a chain has in its blocks, from the anchor's successor on.
struct Plan {
    id: ChainId,
    first: u64,
    genesis: u64,
    block_time: u64,
    branch: u64,
    bodies: Vec<Body>,
}

/// What a log is to be, before it is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// With the branch, if it differs from branch to branch.
    Plain(u64),
    Executing,
}

impl Plan {
    fn time(&self, number: u64) -> u64 {
        let after = number.saturating_sub(self.first);
        self.genesis.saturating_add(after.saturating_mul(self.block_time))
    }

    /// The number of the block of this time, if there is to be one.
    fn number_at(&self, time: u64) -> Option<u64> {
        let after = time.checked_sub(self.genesis)?;
        (after > 0 && after % self.block_time == 0).then(|| self.first + after / self.block_time)
    }

    fn body(&self, number: u64) -> Option<&Body> {
        let after = number.checked_sub(self.first)?.checked_sub(1)?;
        self.bodies.get(usize::try_from(after).ok()?)
    }

    fn head(&self) -> u64 {
        self.first + self.bodies.len() as u64
    }
}

impl Author {
    pub(super) fn new(
        seed: u64,
        options: &Options,
        chains: &[(ChainId, ChainConfig)],
        anchors: &[DerivedRefPair],
    ) -> Self {
        let plan = |((id, config), anchor): (&(ChainId, ChainConfig), &DerivedRefPair)| Plan {
            id: *id,
            first: anchor.derived.number,
            genesis: anchor.derived.timestamp,
            block_time: config.block_time,
            branch: 0,
            bodies: Vec::new(),
        };
        Self {
            seed,
            content: options.content,
            most_logs: options.logs,
            executing: options.executing,
            expiry_window: options.expiry_window,
            chains: chains.iter().zip(anchors).map(plan).collect(),
        }
    }

    /// From now on nobody executes anything.
    pub(super) const fn hush(&mut self) {
        self.executing = 0;
    }

    pub(super) fn chains(&self) -> usize {
        self.chains.len()
    }

    pub(super) fn head(&self, chain: usize) -> u64 {
        self.chains.get(chain).map_or(0, Plan::head)
    }

    /// True if a chain's next block is due.
    pub(super) fn is_behind(&self, chain: usize, now: u64) -> bool {
        self.chains.get(chain).is_some_and(|plan| plan.time(plan.head() + 1) <= now)
    }

    /// The next block of a chain.
    pub(super) fn build(&mut self, chain: usize) -> Body {
        let body = self.body(chain, self.head(chain) + 1);
        if let Some(plan) = self.chains.get_mut(chain) {
            plan.bodies.push(body.clone());
        }
        body
    }

    /// Another branch of a chain after `keep`, up to `head`.
    pub(super) fn replan(&mut self, chain: usize, keep: u64, head: u64) -> Replan {
        if let Some(plan) = self.chains.get_mut(chain) {
            plan.branch += 1;
            let kept = usize::try_from(keep.saturating_sub(plan.first)).unwrap_or(usize::MAX);
            plan.bodies.truncate(kept);
        }
        let bodies = (keep + 1..=head).map(|_| self.build(chain)).collect();
        Replan { chain, keep, bodies }
    }

    fn rng(&self, chain: usize, number: u64, branch: u64, purpose: &str) -> Rng {
        Rng::new(self.seed).stream(&format!("{purpose} {chain} {number} {branch}"))
    }

    /// What the logs of a block are to be, and how many of them a replacement keeps. Known before
    /// the block is written, so that blocks of the same time can refer to each other.
    fn sketch(&self, chain: usize, number: u64) -> (usize, Vec<Kind>) {
        let Some(plan) = self.chains.get(chain) else { return (0, Vec::new()) };
        let mut rng = self.rng(chain, number, plan.branch, "sketch");
        let deposits = usize::try_from(rng.below(2)).unwrap_or(0);
        let users = rng.below(self.most_logs.saturating_add(1));
        let mut kinds: Vec<_> = (0..deposits).map(|_| Kind::Plain(0)).collect();
        for _ in 0..users {
            let executes = rng.chance(self.executing);
            let salt = if rng.below(2) == 0 { plan.branch } else { 0 };
            kinds.push(if executes { Kind::Executing } else { Kind::Plain(salt) });
        }
        (deposits, kinds)
    }

    fn body(&self, chain: usize, number: u64) -> Body {
        let branch = self.chains.get(chain).map_or(0, |plan| plan.branch);
        let (deposits, kinds) = self.sketch(chain, number);
        let mut rng = self.rng(chain, number, branch, "body");
        let logs: Vec<_> = (0..)
            .zip(kinds)
            .map(|(position, kind)| match kind {
                Kind::Plain(salt) => said(chain, number, position, salt),
                Kind::Executing => self
                    .claim(&mut rng, chain, number, position)
                    .unwrap_or_else(|| said(chain, number, position, branch)),
            })
            .collect();
        Body { branch, deposits, logs: logs.into() }
    }

    /// A log that executes something, or claims to; `None` where there is nothing to execute.
    fn claim(&self, rng: &mut Rng, chain: usize, number: u64, position: u32) -> Option<Log> {
        let content = self.content;
        let now = self.chains.get(chain)?.time(number);
        let mut roll = rng.below(1_000_000);
        let mut falls = |share: u32| {
            let hit = roll < u64::from(share);
            roll = if hit { u64::MAX } else { roll.saturating_sub(u64::from(share)) };
            hit
        };
        let message = if falls(content.same_time) {
            self.of_same_time(rng, now, position)?
        } else if falls(content.cycles) {
            self.of_same_time(rng, now, u32::MAX)?
        } else if falls(content.lies) {
            self.lie(rng, now)?
        } else if falls(content.expired) {
            let mut message = self.earlier(rng, now)?;
            message.identifier.timestamp = now.saturating_sub(self.expiry_window + 1);
            message
        } else if falls(content.future) {
            let mut message = self.earlier(rng, now)?;
            message.identifier.timestamp = now.saturating_add(1 + rng.below(8));
            message
        } else if falls(content.unknown_chain) {
            let mut message = self.earlier(rng, now)?;
            message.identifier.chain_id = ChainId::from(9_999);
            message
        } else if falls(content.malformed) {
            let mut log = executing(&self.earlier(rng, now)?);
            let length = usize::try_from(rng.below(log.data.0.len() as u64)).unwrap_or(0);
            log.data = HexBytes(log.data.0.slice(..length));
            return Some(log);
        } else if falls(content.at_anchor) {
            let plan = self.chains.get(self.any(rng))?;
            message_of(plan.id, (plan.first, plan.genesis), 0, &plain("before the anchor"))
        } else {
            self.earlier(rng, now)?
        };
        Some(executing(&message))
    }

    fn any(&self, rng: &mut Rng) -> usize {
        usize::try_from(rng.below(self.chains.len() as u64)).unwrap_or(0)
    }

    /// A message of an earlier block of any chain.
    fn earlier(&self, rng: &mut Rng, now: u64) -> Option<Message> {
        let plan = self.chains.get(self.any(rng))?;
        let newest = (plan.first + 1..=plan.head()).rev().find(|at| plan.time(*at) < now)?;
        let number = newest.saturating_sub(rng.below(7)).max(plan.first + 1);
        let logs = &plan.body(number)?.logs;
        let position = rng.below(logs.len() as u64);
        let log = logs.get(usize::try_from(position).ok()?)?;
        let position = u32::try_from(position).ok()?;
        Some(message_of(plan.id, (number, plan.time(number)), position, log))
    }

    /// A message of a block of this time: of a log that executes nothing, before `position`.
    fn of_same_time(&self, rng: &mut Rng, now: u64, position: u32) -> Option<Message> {
        let chain = self.any(rng);
        let plan = self.chains.get(chain)?;
        let number = plan.number_at(now)?;
        let (_, kinds) = self.sketch(chain, number);
        let said_there: Vec<_> = (0..position)
            .zip(kinds)
            .filter_map(|(at, kind)| match kind {
                Kind::Plain(salt) => Some((at, salt)),
                Kind::Executing => None,
            })
            .collect();
        let pick = usize::try_from(rng.below(said_there.len() as u64)).ok()?;
        let (at, salt) = *said_there.get(pick)?;
        let written = plan.body(number).and_then(|body| body.logs.get(at as usize)).cloned();
        let log = written.unwrap_or_else(|| said(chain, number, at, salt));
        Some(message_of(plan.id, (number, now), at, &log))
    }

    fn lie(&self, rng: &mut Rng, now: u64) -> Option<Message> {
        let mut message = self.earlier(rng, now)?;
        let id = &mut message.identifier;
        match rng.below(4) {
            0 => id.log_index += 1 + u32::try_from(rng.below(3)).unwrap_or(0),
            1 => id.timestamp -= 1,
            2 => id.block_number += 1,
            _ => {
                if let Some(first) = message.payload_hash.0.first_mut() {
                    *first ^= 1;
                }
            }
        }
        Some(message)
    }
}

/// What a log says that executes nothing.
fn said(chain: usize, number: u64, position: u32, salt: u64) -> Log {
    plain(&format!("{chain} {number} {position} {salt}"))
}
