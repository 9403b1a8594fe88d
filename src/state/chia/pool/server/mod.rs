//! A pool's end of a session with a farmer (PO-5).

mod input;

pub use input::{Credit, PoolCommand, PoolConfig, PoolNotice, PoolQuery, PoolRate};

use alloc::boxed::Box;
use core::marker::PhantomData;
use core::time::Duration;

use super::{PHASE, PoolLimits, malformed};
use crate::ask::{AskId, Asks};
use crate::codec::chia::messages::{Partial, PartialAck, RequestData, RespondData};
use crate::codec::chia::{Blob, Bytes32, Message};
use crate::codec::hex::unhex;
use crate::codec::streamable::{RustCryptoSha256, Sha256, Streamable};
use crate::codec::{Malformed, Source};
use crate::fault::{Ending, Fault, Refusal, Refused, Rule};
use crate::machine::{ActionOf, Machine, Out};
use crate::ordered::Ordered;
use crate::state::chia::farmer::Signed;
use crate::state::chia::iterations::{Difficulty, iterations};
use crate::state::chia::rules;
use crate::time::Time;

/// A pool's end of a session with a farmer.
///
/// It tells how to farm for it, and has each partial looked at: how hard its block is, whether the
/// proof is one and good enough, whether the plot signed the target. Partials are acknowledged in
/// the order they came in, whichever is done first (PO-4); one that is invalid ends the session. It
/// keeps what it is looking at and nothing else. A farmer that says nothing is left after a while
/// ([`first_timeout`](super::PoolLimits::first_timeout), [`idle_timeout`]), but not while it waits
/// for us. There is a deadline at once: the first [`handle_timeout`](Machine::handle_timeout) tells
/// when the session began.
///
/// [`idle_timeout`]: super::PoolLimits::idle_timeout
///
/// Endings: `Done` after [`Close`](PoolCommand::Close) and when the stream closes between two
/// frames; else a fault with its rule, or the limit that was overrun.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pool<H: Sha256 = RustCryptoSha256> {
    config: PoolConfig,
    /// Partials that are not acknowledged, by number.
    partials: Ordered<u64, Looked>,
    next: u64,
    /// Requests for data that wait for their answer.
    requests: usize,
    /// Since when nothing was heard, or owed by us: once it is known.
    quiet: Option<Time>,
    /// The farmer has said something.
    is_begun: bool,
    asks: Asks<Asked>,
    hash: PhantomData<H>,
}

/// A partial that is being looked at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Looked {
    partial: Box<Partial>,
    target: Blob,
    rate: Option<PoolRate>,
    quality: Option<Bytes32>,
    is_done: bool,
}

/// What a question is about; partials by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Asked {
    Coinbases,
    Rate(u64),
    Proof(u64),
    Signature(u64),
}

const _: () = assert!(size_of::<ActionOf<Pool>>() <= 128);
const _: () = crate::machine::kept::<Pool>();

impl Pool {
    /// A session before its first message.
    #[must_use]
    pub const fn new(config: PoolConfig) -> Self {
        Self::with_hash(config)
    }
}

impl<H: Sha256> Pool<H> {
    /// As [`Pool::new`], with the hash function of its type.
    #[must_use]
    pub const fn with_hash(config: PoolConfig) -> Self {
        let limits = &config.limits;
        // One for each partial and each request.
        let most = limits.max_unacknowledged.saturating_add(limits.max_requests);
        Self {
            partials: Ordered::new(),
            next: 0,
            requests: 0,
            quiet: None,
            is_begun: false,
            asks: Asks::new(most),
            hash: PhantomData,
            config,
        }
    }

    /// How many partials are not acknowledged.
    #[must_use]
    pub fn unacknowledged(&self) -> usize {
        self.partials.len()
    }

    /// The fault of a frame that is no message.
    #[must_use]
    pub const fn malformed(&self, bytes: Malformed) -> Fault {
        malformed(bytes)
    }

    /// The largest frame that it takes.
    #[must_use]
    pub const fn most_frame(&self) -> usize {
        self.config.limits.wire.max_frame
    }

    /// How long the rest of a frame may take, and the fault of one that takes longer.
    #[must_use]
    pub const fn partial_frame(&self) -> Option<(Duration, Fault)> {
        self.config.limits.wire.partial_frame()
    }

    fn receive(&mut self, message: Message, out: &mut Out<Self>) -> Result<(), Ending> {
        self.config.limits.admit(&message)?;
        match message {
            Message::RequestData(it) => {
                self.requested(it, out);
                Ok(())
            }
            Message::Partial(it) => self.partial(it, out),
            _ => Err(broken(&rules::POOL_FUNCTION)),
        }
    }

    /// A farmer wants to know how to farm (PO-2). While saturated nothing is to come; what comes
    /// all the same is passed over.
    fn requested(&mut self, it: RequestData, out: &mut Out<Self>) {
        let RequestData { min_height, farmer_id } = it;
        if self.saturated() {
            return;
        }
        if let Ok(id) = self.asks.open(Asked::Coinbases) {
            self.requests = self.requests.saturating_add(1);
            out.ask(id, PoolQuery::GetCoinbases { min_height, farmer_id });
        }
    }

    /// A partial: what can be seen of it at once (PO-4, PO-5).
    fn partial(&mut self, partial: Box<Partial>, out: &mut Out<Self>) -> Result<(), Ending> {
        if self.partials.len() >= self.config.limits.max_unacknowledged {
            return Err(broken(&rules::PARTIALS_OPEN));
        }
        let proof = &partial.proof_of_space;
        let fits = partial.challenge.hash::<H>() == proof.challenge_hash
            && proof.pool_pubkey == self.config.pool_pubkey
            && (1..=63).contains(&proof.size);
        let target = unhex(&partial.farmer_target).filter(|_| fits);
        let Some(target) = target else { return Err(broken(&rules::INVALID_PARTIAL)) };
        let number = self.next;
        let query = PoolQuery::GetRate(Box::new(partial.challenge.clone()));
        let Ok(id) = self.asks.open(Asked::Rate(number)) else { return Ok(()) };
        let target = Blob(target.into());
        let looked = Looked { partial, target, rate: None, quality: None, is_done: false };
        if self.partials.push(number, looked).is_ok() {
            self.next = number.saturating_add(1);
            out.ask(id, query);
        }
        Ok(())
    }

    fn rated(&mut self, number: u64, rate: Option<PoolRate>, out: &mut Out<Self>) {
        let Some(looked) = self.partials.get_mut(number) else { return };
        looked.rate = rate;
        if rate.is_none() {
            // Nothing is wrong with it: it comes late, or the pool is behind.
            looked.is_done = true;
            self.acknowledge(out);
            return;
        }
        let query = PoolQuery::VerifyProof(Box::new(looked.partial.proof_of_space.clone()));
        if let Ok(id) = self.asks.open(Asked::Proof(number)) {
            out.ask(id, query);
        }
    }

    /// The quality of a proof: is it good enough?
    fn proved(
        &mut self,
        number: u64,
        quality: Option<Bytes32>,
        out: &mut Out<Self>,
    ) -> Result<(), Ending> {
        let Some(looked) = self.partials.get_mut(number) else { return Ok(()) };
        let (Some(quality), Some(rate)) = (quality, looked.rate) else {
            return Err(broken(&rules::INVALID_PARTIAL));
        };
        let PoolRate { difficulty, ips } = rate;
        let plot_size = looked.partial.proof_of_space.size;
        let min_block_time = self.config.min_block_time;
        let takes = iterations(quality, Difficulty { plot_size, difficulty, ips, min_block_time });
        let most = u128::from(ips).saturating_mul(u128::from(self.config.partials_threshold));
        let tolerated = most.saturating_mul(u128::from(self.config.limits.tolerance.max(1)));
        let takes = takes.map(u128::from).filter(|iterations| *iterations < tolerated);
        let Some(takes) = takes else { return Err(broken(&rules::INVALID_PARTIAL)) };
        if takes >= most {
            // It may have been good enough by what the farmer was told.
            looked.is_done = true;
            self.acknowledge(out);
            return Ok(());
        }
        looked.quality = Some(quality);
        let signed = Signed {
            key: looked.partial.proof_of_space.plot_pubkey,
            hash: Bytes32(H::sha256(&looked.target.0)),
            signature: looked.partial.signature,
        };
        if let Ok(id) = self.asks.open(Asked::Signature(number)) {
            out.ask(id, PoolQuery::VerifySignature(Box::new(signed)));
        }
        Ok(())
    }

    fn signed(&mut self, number: u64, is_good: bool, out: &mut Out<Self>) -> Result<(), Ending> {
        if !is_good {
            return Err(broken(&rules::INVALID_PARTIAL));
        }
        if let Some(looked) = self.partials.get_mut(number) {
            looked.is_done = true;
        }
        self.acknowledge(out);
        Ok(())
    }

    /// Acknowledges what is done, up to the first that is not (PO-4).
    fn acknowledge(&mut self, out: &mut Out<Self>) {
        while self.partials.first().is_some_and(|(_, looked)| looked.is_done) {
            let Some((_, Looked { partial, target, quality, .. })) = self.partials.pop_first()
            else {
                return;
            };
            if let Some(quality) = quality {
                out.notify(PoolNotice::Credited(Box::new(Credit {
                    farmer_target: target,
                    challenge_hash: partial.proof_of_space.challenge_hash,
                    pos_hash: Bytes32(partial.proof_of_space.get_hash::<H>()),
                    quality,
                })));
            }
            out.send(PartialAck {}.into());
        }
    }

    /// When a farmer that says nothing is left; `None`: it is our turn.
    fn quiet_until(&self) -> Option<Time> {
        let PoolLimits { first_timeout, idle_timeout, .. } = self.config.limits;
        let patience = if self.is_begun { idle_timeout } else { first_timeout };
        let since = self.quiet.filter(|_| self.asks.is_empty())?;
        Some(since.after(patience))
    }

    fn admits(&self, command: &PoolCommand) -> Result<(), Refused> {
        let (id, fits): (_, fn(&Asked) -> bool) = match command {
            PoolCommand::Close => return Ok(()),
            PoolCommand::Coinbases(id, _) => (*id, |asked| *asked == Asked::Coinbases),
            PoolCommand::Rate(id, _) => (*id, |asked| matches!(asked, Asked::Rate(_))),
            PoolCommand::Quality(id, _) => (*id, |asked| matches!(asked, Asked::Proof(_))),
            PoolCommand::Verdict(id, _) => (*id, |asked| matches!(asked, Asked::Signature(_))),
        };
        if !self.asks.context(id)?.is_none_or(fits) {
            return Err(Refused::invalid("the question was another"));
        }
        match command {
            PoolCommand::Coinbases(_, list) if list.len() > self.config.limits.max_coinbases => {
                Err(Refused::busy("max_coinbases"))
            }
            _ => Ok(()),
        }
    }

    fn command(
        &mut self,
        now: Time,
        command: PoolCommand,
        out: &mut Out<Self>,
    ) -> Result<(), Ending> {
        match command {
            PoolCommand::Close => return Err(Ending::Done),
            PoolCommand::Coinbases(id, coinbase_info) => {
                if self.close(now, id).is_some() {
                    self.requests = self.requests.saturating_sub(1);
                    let PoolConfig { pool_pubkey, partials_threshold, .. } = self.config;
                    let posting_url = self.config.posting_url.clone();
                    let data =
                        RespondData { posting_url, pool_pubkey, partials_threshold, coinbase_info };
                    out.send(data.into());
                }
            }
            PoolCommand::Rate(id, rate) => {
                if let Some(Asked::Rate(number)) = self.close(now, id) {
                    self.rated(number, rate, out);
                }
            }
            PoolCommand::Quality(id, quality) => {
                if let Some(Asked::Proof(number)) = self.close(now, id) {
                    self.proved(number, quality, out)?;
                }
            }
            PoolCommand::Verdict(id, is_good) => {
                if let Some(Asked::Signature(number)) = self.close(now, id) {
                    self.signed(number, is_good, out)?;
                }
            }
        }
        Ok(())
    }

    /// From now on it may be the farmer's turn.
    fn close(&mut self, now: Time, id: AskId) -> Option<Asked> {
        let asked = self.asks.close(id).ok().flatten()?;
        self.quiet = Some(now);
        Some(asked)
    }
}

/// The farmer broke a rule.
const fn broken(rule: &'static Rule) -> Ending {
    Ending::Fault(Fault::violation(rule, PHASE))
}

impl<H: Sha256> Machine for Pool<H> {
    type Local = PoolCommand;
    type Remote = Message;
    type Send = Message;
    type Notice = PoolNotice;
    type Query = PoolQuery;

    fn handle_local(
        &mut self,
        now: Time,
        input: PoolCommand,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<PoolCommand>> {
        if let Err(why) = self.admits(&input) {
            return Err(Refusal::new(why, input));
        }
        if let Err(ending) = self.command(now, input, out) {
            out.close(ending);
        }
        Ok(())
    }

    fn handle_remote(&mut self, now: Time, input: Message, out: &mut Out<Self>) {
        (self.quiet, self.is_begun) = (Some(now), true);
        if let Err(ending) = self.receive(input, out) {
            out.close(ending);
        }
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        if self.quiet.is_none() {
            self.quiet = Some(now);
        }
        if self.quiet_until().is_some_and(|due| due <= now) {
            out.close(Ending::Fault(Fault::timeout(&rules::SILENT_FARMER, "any message")));
        }
    }

    fn deadline(&self) -> Option<Time> {
        if self.quiet.is_none() { Some(Time::ZERO) } else { self.quiet_until() }
    }

    /// Answers to as many requests for data as may be are owed: no more is taken.
    fn saturated(&self) -> bool {
        self.requests >= self.config.limits.max_requests
    }

    fn awaits(&self, id: AskId) -> bool {
        self.asks.awaits(id)
    }

    fn footprint(&self) -> usize {
        let partials = self.partials.iter().map(|(_, looked)| {
            let Looked { partial, target, .. } = looked;
            size_of::<Partial>()
                .saturating_add(partial.farmer_target.capacity())
                .saturating_add(Source::heap(&partial.proof_of_space.proof.0))
                .saturating_add(Source::heap(&target.0))
        });
        size_of::<Self>()
            .saturating_add(self.config.posting_url.capacity())
            .saturating_add(self.partials.heap())
            .saturating_add(self.asks.heap())
            .saturating_add(partials.fold(0, usize::saturating_add))
    }
}
