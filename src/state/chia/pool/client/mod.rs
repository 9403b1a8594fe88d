//! The farmer's end of a session with a pool (PO-2 to PO-4).

mod input;

pub use input::{PoolClientCommand, PoolClientConfig, PoolClientNotice, PoolClientQuery};

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::ToString;
use alloc::vec::Vec;
use core::marker::PhantomData;
use core::mem;
use core::time::Duration;

use super::{PHASE, malformed};
use crate::ask::{AskId, Asks};
use crate::codec::Malformed;
use crate::codec::chia::messages::{Partial, PartialAck, RequestData, RespondData};
use crate::codec::chia::{Bytes32, Challenge, Message, PublicKey, SignedCoinbase};
use crate::codec::hex::Hex;
use crate::codec::streamable::{RustCryptoSha256, Sha256, Streamable};
use crate::fault::{Ending, Fault, Refusal, Refused, Rule};
use crate::heap;
use crate::machine::{ActionOf, Machine, Out};
use crate::state::chia::farmer::PartialProof;
use crate::state::chia::rules;
use crate::time::Time;

/// The farmer's end of a session with a pool.
///
/// It asks for data when it is opened and whenever a coinbase is wanted while few are left (PO-2),
/// has the coinbases verified, keeps them by height, and sends partials, of which so many may be
/// unacknowledged ([`room`](Self::room)). Answers that nobody asked for are passed over, but not
/// more than [`max_unsolicited`](crate::state::chia::Limits::max_unsolicited) (`chia.md` 16). A pool
/// that owes data or an acknowledgement for too long is left
/// ([`answer_timeout`](super::PoolLimits::answer_timeout)).
///
/// Endings: `Done` after [`Close`](PoolClientCommand::Close) and when the stream closes between two
/// frames; else a fault with its rule, or the limit that was overrun.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PoolClient<H: Sha256 = RustCryptoSha256> {
    config: PoolClientConfig,
    is_open: bool,
    /// What the pool owes data of, if it does.
    asking: Option<Asking>,
    coinbases: BTreeMap<u32, SignedCoinbase>,
    /// Heights whose coinbase is to be told once the pool has said whether it has one, in the order
    /// in which they are asked about. Full nodes name them, so of any of them there may be none.
    wanted: VecDeque<u32>,
    /// The proofs whose partials are not acknowledged, oldest first, and since when they are not:
    /// since they were sent, or the one before was acknowledged.
    unacknowledged: VecDeque<(Bytes32, Time)>,
    unsolicited: u32,
    asks: Asks<Box<RespondData>>,
    hash: PhantomData<H>,
}

/// Data that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Asking {
    since: Time,
    /// The least height of coinbases.
    from: Option<u32>,
}

const _: () = assert!(size_of::<ActionOf<PoolClient>>() <= 128);
const _: () = crate::machine::kept::<PoolClient>();

impl PoolClient {
    /// A session before it is opened.
    #[must_use]
    pub const fn new(config: PoolClientConfig) -> Self {
        Self::with_hash(config)
    }
}

impl<H: Sha256> PoolClient<H> {
    /// As [`PoolClient::new`], with the hash function of its type.
    #[must_use]
    pub const fn with_hash(config: PoolClientConfig) -> Self {
        Self {
            config,
            is_open: false,
            asking: None,
            coinbases: BTreeMap::new(),
            wanted: VecDeque::new(),
            unacknowledged: VecDeque::new(),
            unsolicited: 0,
            asks: Asks::new(1),
            hash: PhantomData,
        }
    }

    /// How many more partials may be sent before the pool acknowledges one (PO-4).
    #[must_use]
    pub fn room(&self) -> usize {
        self.config.limits.max_unacknowledged.saturating_sub(self.unacknowledged.len())
    }

    /// How many coinbases are kept.
    #[must_use]
    pub fn stock(&self) -> usize {
        self.coinbases.len()
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

    fn receive(&mut self, now: Time, message: Message, out: &mut Out<Self>) -> Result<(), Ending> {
        self.config.limits.admit(&message)?;
        match message {
            Message::RespondData(it) if self.asking.is_some() && self.asks.is_empty() => {
                self.data(it, out)
            }
            Message::PartialAck(PartialAck {}) => match self.unacknowledged.pop_front() {
                Some((pos_hash, _)) => {
                    if let Some((_, since)) = self.unacknowledged.front_mut() {
                        *since = now.max(*since);
                    }
                    out.notify(PoolClientNotice::Acknowledged(pos_hash));
                    Ok(())
                }
                None => self.unasked(),
            },
            Message::RespondData(_) => self.unasked(),
            _ => Err(broken(&rules::POOL_FUNCTION)),
        }
    }

    /// An answer that nobody asked for.
    fn unasked(&mut self) -> Result<(), Ending> {
        self.unsolicited = self.unsolicited.saturating_add(1);
        if self.unsolicited > self.config.limits.wire.max_unsolicited {
            return Err(broken(&rules::UNSOLICITED_ANSWERS));
        }
        Ok(())
    }

    /// How to farm for the pool: of ours, and all of it signed (PO-3)?
    fn data(&mut self, it: Box<RespondData>, out: &mut Out<Self>) -> Result<(), Ending> {
        if !self.config.pool_public_keys.contains(&it.pool_pubkey) {
            return Err(broken(&rules::WRONG_POOL));
        }
        let query = PoolClientQuery::VerifyCoinbases(it.pool_pubkey, it.coinbase_info.clone());
        if let Ok(id) = self.asks.open(it) {
            out.ask(id, query);
        }
        Ok(())
    }

    fn verified(&mut self, now: Time, data: RespondData, out: &mut Out<Self>) {
        let RespondData { posting_url, pool_pubkey, partials_threshold, coinbase_info } = data;
        let mut sent = coinbase_info;
        sent.sort_by_key(|signed| signed.coinbase.height);
        let from = self.asking.take().and_then(|asking| asking.from);
        let height = |signed: &SignedCoinbase| signed.coinbase.height;
        let first = from.or_else(|| sent.first().map(height));
        let last = sent.last().map(height).max(first);
        out.notify(PoolClientNotice::Data { posting_url, pool_pubkey, partials_threshold });
        // It may have more than it sends at once, but between these it left none out.
        let is_said = |wanted: u32| Some(wanted) >= first && Some(wanted) <= last;
        for wanted in mem::take(&mut self.wanted) {
            let found = sent.binary_search_by_key(&wanted, height).ok().and_then(|at| sent.get(at));
            let found = found.or_else(|| self.coinbases.get(&wanted));
            if found.is_some() || is_said(wanted) {
                out.notify(PoolClientNotice::Coinbase(wanted, found.cloned().map(Box::new)));
            } else {
                self.wanted.push_back(wanted);
            }
        }
        self.keep(sent, from.unwrap_or(0));
        if let Some(next) = self.wanted.front().copied() {
            self.ask(now, Some(next), out);
        }
    }

    /// Keeps coinbases by height: first those that are behind make room, then the highest.
    fn keep(&mut self, sent: Vec<SignedCoinbase>, behind: u32) {
        for signed in sent {
            let height = signed.coinbase.height;
            let is_full = self.coinbases.len() >= self.config.limits.max_coinbases;
            if is_full && !self.coinbases.contains_key(&height) {
                let lowest = self.coinbases.first_key_value().map(|(low, _)| *low);
                let highest = self.coinbases.last_key_value().map(|(high, _)| *high);
                if lowest.is_some_and(|low| low < behind) {
                    self.coinbases.pop_first();
                } else if highest.is_some_and(|high| high > height) {
                    self.coinbases.pop_last();
                } else {
                    continue;
                }
            }
            self.coinbases.insert(height, signed);
        }
    }

    fn tell(&self, height: u32, out: &mut Out<Self>) {
        let signed = self.coinbases.get(&height).cloned().map(Box::new);
        out.notify(PoolClientNotice::Coinbase(height, signed));
    }

    /// A coinbase is wanted; if few are left more are asked for (PO-2).
    fn want(&mut self, now: Time, height: u32, out: &mut Out<Self>) {
        let is_there = self.coinbases.contains_key(&height);
        let left = self.coinbases.range(height..).take(self.config.low_stock).count();
        if left < self.config.low_stock || !is_there {
            self.ask(now, Some(height), out);
        }
        if self.wanted.contains(&height) {
            return;
        }
        if is_there || self.wanted.len() >= self.config.limits.max_coinbases {
            self.tell(height, out);
        } else {
            self.wanted.push_back(height);
        }
    }

    /// Asks for data, if the pool does not owe any.
    fn ask(&mut self, now: Time, from: Option<u32>, out: &mut Out<Self>) {
        if self.asking.is_none() {
            self.asking = Some(Asking { since: now, from });
            let (min_height, farmer_id) = (from, self.config.farmer_id.clone());
            out.send(RequestData { min_height, farmer_id }.into());
        }
    }

    fn send(
        &mut self,
        now: Time,
        challenge: Challenge,
        partial: PartialProof,
        out: &mut Out<Self>,
    ) {
        let PartialProof { proof_of_space, signature } = partial;
        self.unacknowledged.push_back((Bytes32(proof_of_space.get_hash::<H>()), now));
        let farmer_target = Hex(&self.config.farmer_target.0).to_string();
        out.send(Partial { challenge, proof_of_space, farmer_target, signature }.into());
    }

    fn admits(&self, command: &PoolClientCommand) -> Result<(), Refused> {
        match command {
            PoolClientCommand::Open if self.is_open => Err(Refused::wrong_phase(PHASE)),
            PoolClientCommand::Coinbase(_) | PoolClientCommand::Partial(..) if !self.is_open => {
                Err(Refused::wrong_phase("a session that was not opened"))
            }
            PoolClientCommand::Partial(challenge, partial) => {
                if challenge.hash::<H>() != partial.proof_of_space.challenge_hash {
                    Err(Refused::invalid("the proof answers another challenge"))
                } else if self.room() == 0 {
                    Err(Refused::busy("max_unacknowledged"))
                } else {
                    Ok(())
                }
            }
            PoolClientCommand::Verdict(id, _) => self.asks.context(*id).map(drop),
            PoolClientCommand::Open | PoolClientCommand::Coinbase(_) | PoolClientCommand::Close => {
                Ok(())
            }
        }
    }

    /// When a pool that does not send the data is left; its turn is over once it has.
    fn data_due(&self) -> Option<Time> {
        let asking = self.asking.filter(|_| self.asks.is_empty())?;
        Some(asking.since.after(self.config.limits.answer_timeout))
    }

    /// When a pool that does not acknowledge is left.
    fn ack_due(&self) -> Option<Time> {
        let (_, since) = self.unacknowledged.front()?;
        Some(since.after(self.config.limits.answer_timeout))
    }

    fn command(
        &mut self,
        now: Time,
        command: PoolClientCommand,
        out: &mut Out<Self>,
    ) -> Result<(), Ending> {
        match command {
            PoolClientCommand::Open => {
                self.is_open = true;
                self.ask(now, None, out);
            }
            PoolClientCommand::Coinbase(height) => self.want(now, height, out),
            PoolClientCommand::Partial(challenge, partial) => {
                self.send(now, *challenge, *partial, out);
            }
            PoolClientCommand::Verdict(id, is_good) => {
                if let Some(data) = self.asks.close(id).ok().flatten() {
                    if !is_good {
                        return Err(broken(&rules::BAD_COINBASE));
                    }
                    self.verified(now, *data, out);
                }
            }
            PoolClientCommand::Close => return Err(Ending::Done),
        }
        Ok(())
    }
}

/// The pool broke a rule.
const fn broken(rule: &'static Rule) -> Ending {
    Ending::Fault(Fault::violation(rule, PHASE))
}

impl<H: Sha256> Machine for PoolClient<H> {
    type Local = PoolClientCommand;
    type Remote = Message;
    type Send = Message;
    type Notice = PoolClientNotice;
    type Query = PoolClientQuery;

    fn handle_local(
        &mut self,
        now: Time,
        input: PoolClientCommand,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<PoolClientCommand>> {
        if let Err(why) = self.admits(&input) {
            return Err(Refusal::new(why, input));
        }
        if let Err(ending) = self.command(now, input, out) {
            out.close(ending);
        }
        Ok(())
    }

    fn handle_remote(&mut self, now: Time, input: Message, out: &mut Out<Self>) {
        if let Err(ending) = self.receive(now, input, out) {
            out.close(ending);
        }
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        let due = |at: Option<Time>| at.is_some_and(|at| at <= now);
        if due(self.data_due()) {
            out.close(Ending::Fault(Fault::timeout(&rules::NO_DATA, "respond_data")));
        } else if due(self.ack_due()) {
            out.close(Ending::Fault(Fault::timeout(&rules::NO_ACK, "partial_ack")));
        }
    }

    fn deadline(&self) -> Option<Time> {
        self.data_due().into_iter().chain(self.ack_due()).min()
    }

    fn awaits(&self, id: AskId) -> bool {
        self.asks.awaits(id)
    }

    fn footprint(&self) -> usize {
        let coinbase = size_of::<SignedCoinbase>();
        let asked = self.asks.iter().map(|(_, data)| {
            let coinbases = data.coinbase_info.capacity().saturating_mul(coinbase);
            size_of::<RespondData>()
                .saturating_add(data.posting_url.capacity())
                .saturating_add(coinbases)
        });
        let keys = self.config.pool_public_keys.capacity().saturating_mul(size_of::<PublicKey>());
        let farmer_id = self.config.farmer_id.as_ref().map_or(0, alloc::string::String::capacity);
        size_of::<Self>()
            .saturating_add(keys)
            .saturating_add(farmer_id)
            .saturating_add(crate::codec::Source::heap(&self.config.farmer_target.0))
            .saturating_add(heap::tree(self.coinbases.len().max(1), size_of::<u32>() + coinbase))
            .saturating_add(self.wanted.capacity().saturating_mul(size_of::<u32>()))
            .saturating_add(
                self.unacknowledged.capacity().saturating_mul(size_of::<(Bytes32, Time)>()),
            )
            .saturating_add(self.asks.heap())
            .saturating_add(asked.fold(0, usize::saturating_add))
    }
}
