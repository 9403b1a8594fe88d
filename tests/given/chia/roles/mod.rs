//! What a role, or a part of one, can be given: peers that come, speak and go, and answers.

mod parts;

pub use parts::{addresses, serving, sync, transactions};

use std::fmt::Debug;
use std::time::Duration;

use arbitrary::{Arbitrary, Result};
use nodewire::codec::chia::{Blob, Bytes32, NodeId, NodeType, Transaction};
use nodewire::sim::chia::{Answers, Clockwork, Consensus, Keeper, Oracle, Plots, Purse, stand_in};
use nodewire::state::chia::{
    AddressesCommand, AddressesConfig, ConnectionId, Delivery, Direction, Farmer, FarmerConfig,
    FromPeer, FullNode, FullNodeConfig, Harvester, HarvesterCommand, HarvesterLimits, Introducer,
    Parting, Peer, Plot, PlotId, PutOff, Timelord, TimelordConfig, TransactionsLimits, Wallet,
    WalletCommand, WalletLimits, Whereabouts, is_useful,
};
use nodewire::{AskId, Input, InputOf, Machine, Time};

use super::values::{
    self, bytes32, chain, header_hash, message_between, peer_info, quality_of, world,
};
use crate::given::{Checked, Given, Script, odd, take};

type Answer<M> = Box<
    dyn FnMut(&mut Script<'_>, AskId, &<M as Machine>::Query) -> Result<Vec<<M as Machine>::Local>>,
>;
type Command<M> = fn(&mut Script<'_>) -> Result<<M as Machine>::Local>;

/// A role and what picks its inputs.
pub struct ForRole<M: Machine> {
    make: fn() -> M,
    node_type: NodeType,
    most: usize,
    /// What whoever knows would answer.
    answer: Answer<M>,
    /// What the application says unasked.
    command: Command<M>,
    asked: Vec<(AskId, M::Query)>,
    /// Answers that were not given yet.
    answers: Vec<M::Local>,
    there: Vec<(ConnectionId, NodeType)>,
    /// Qualities that it spoke of.
    qualities: Vec<Bytes32>,
    next: u64,
}

impl<M: Machine> ForRole<M> {
    fn new(
        node_type: NodeType,
        most: usize,
        make: fn() -> M,
        answer: Answer<M>,
        command: Command<M>,
    ) -> Self {
        let (asked, answers, there) = (Vec::new(), Vec::new(), Vec::new());
        let qualities = Vec::new();
        Self { make, node_type, most, answer, command, asked, answers, there, qualities, next: 0 }
    }

    /// Somebody comes.
    fn connected(&mut self, script: &mut Script<'_>) -> Result<FromPeer> {
        let useful: Vec<NodeType> =
            NodeType::ALL.into_iter().filter(|other| is_useful(self.node_type, *other)).collect();
        let node_type = *script.choose(&useful)?;
        let from = ConnectionId(self.next);
        self.next += 1;
        self.there.push((from, node_type));
        let node_id = NodeId([script.int_in_range(0..=9)?; 32]);
        let peer = Peer { node_id, node_type, server_port: script.int_in_range(0..=1)? };
        let listens = if script.ratio(1, 2)? { Some(peer_info(script)?) } else { None };
        let direction: Direction = script.arbitrary()?;
        Ok(FromPeer::Connected(from, peer, Whereabouts { direction, listens }))
    }

    fn peer_says(&mut self, script: &mut Script<'_>) -> Result<FromPeer> {
        let last = self.there.len().checked_sub(1);
        Ok(match (script.int_in_range(0..=15_u8)?, last) {
            (0, _) => {
                let there = peer_info(script)?;
                match there.host.as_str() {
                    "[::1]" => FromPeer::DialPutOff(there, PutOff::Banned),
                    "2001:db8::7" => FromPeer::DialPutOff(there, PutOff::Full),
                    _ => FromPeer::DialFailed(there),
                }
            }
            (1, Some(last)) => {
                let (gone, _) = self.there.remove(script.int_in_range(0..=last)?);
                FromPeer::Disconnected(gone, script.arbitrary::<Parting>()?)
            }
            (2, _) | (_, None) if self.there.len() < 8 => self.connected(script)?,
            _ => {
                let Some(&(from, node_type)) =
                    (!self.there.is_empty()).then(|| script.choose(&self.there)).transpose()?
                else {
                    return self.connected(script);
                };
                let mut message = message_between(script, node_type, self.node_type)?;
                if !self.qualities.is_empty() && script.ratio(3, 4)? {
                    if let Some(quality) = quality_of(&mut message) {
                        *quality = *script.choose(&self.qualities)?;
                    }
                }
                FromPeer::Received(from, message)
            }
        })
    }
}

impl<M> Given for ForRole<M>
where
    M: Checked + Machine<Remote = FromPeer, Send = Delivery, Query: Clone>,
    M::Local: for<'a> Arbitrary<'a> + Debug,
{
    type Machine = M;

    fn machine(&self) -> M {
        (self.make)()
    }

    fn most(&self) -> usize {
        self.most
    }

    fn pick(&mut self, script: &mut Script<'_>, _: u64) -> Result<InputOf<M>> {
        Ok(match script.int_in_range(0..=23_u8)? {
            0 => odd(script)?,
            1 => Input::Timeout,
            2..=3 => Input::Local((self.command)(script)?),
            4..=11 if !self.answers.is_empty() || !self.asked.is_empty() => {
                if self.answers.is_empty() {
                    if let Some((id, query)) = take(script, &mut self.asked)? {
                        self.answers = (self.answer)(script, id, &query)?;
                    }
                }
                match take(script, &mut self.answers)? {
                    Some(answer) => Input::Local(answer),
                    None => Input::Timeout,
                }
            }
            _ => Input::Remote(self.peer_says(script)?),
        })
    }

    fn sent(&mut self, delivery: &Delivery) {
        if let Delivery::To(_, message) = delivery {
            self.qualities.extend(quality_of(&mut message.clone()).copied());
        }
    }

    fn asked(&mut self, id: AskId, query: &M::Query) {
        self.asked.push((id, query.clone()));
    }
}

/// What an oracle of the simulation answers.
fn by<M: Machine<Query: Clone> + 'static>(mut oracle: impl Oracle<M> + 'static) -> Answer<M> {
    Box::new(move |_, id, query| {
        let mut answers = Answers::new();
        oracle.asked(Time::ZERO, id, query.clone(), &mut answers);
        Ok(answers.take().into_iter().map(|(_, answer)| answer).collect())
    })
}

/// Any command, whatever it is.
fn any<L: for<'a> Arbitrary<'a>>(script: &mut Script<'_>) -> Result<L> {
    // As arbitrary values are made: of bytes of their own.
    let bytes: Vec<u8> = script.arbitrary()?;
    L::arbitrary(&mut Script::new(&bytes))
}

pub fn harvester() -> ForRole<Harvester> {
    let make = || {
        let mut limits = HarvesterLimits::default();
        (limits.max_challenges, limits.max_qualities, limits.max_plots) = (3, 6, 4);
        (limits.max_lookups, limits.max_open_asks) = (2, 4);
        Harvester::new(limits)
    };
    let command: Command<Harvester> = |script| {
        let plot = |script: &mut Script<'_>| {
            Ok(Plot {
                id: PlotId(script.int_in_range(0..=5)?),
                pool_pubkey: values::key(script)?,
                plot_pubkey: values::key(script)?,
                size: 20,
            })
        };
        if script.ratio(1, 2)? {
            return Ok(HarvesterCommand::Plots(plots().all()));
        }
        let count = script.int_in_range(0..=5)?;
        (0..count).map(|_| plot(script)).collect::<Result<_>>().map(HarvesterCommand::Plots)
    };
    ForRole::new(NodeType::Harvester, 1 << 15, make, by::<Harvester>(plots()), command)
}

/// Knows what a harvester asks.
pub fn plots() -> Plots {
    Plots::new(&[0, 1, 2], 20, Duration::ZERO)
}

pub fn farmer() -> ForRole<Farmer> {
    let make = || {
        let keys = (0..3).map(stand_in::key).collect();
        let mut config = FarmerConfig::new(keys, Blob(vec![1; 32].into()));
        config.yield_to = Some(2);
        config.resend_challenges = true;
        let limits = &mut config.limits;
        (limits.max_challenges, limits.max_qualities, limits.max_open_asks) = (4, 6, 4);
        (limits.max_arrivals, limits.max_arrival_weights) = (3, 3);
        Farmer::new(config)
    };
    ForRole::new(NodeType::Farmer, 1 << 15, make, by::<Farmer>(purse()), any)
}

/// Knows what a farmer asks.
pub fn purse() -> Purse {
    Purse::new(Consensus::default(), Bytes32([5; 32]))
}

pub fn timelord() -> ForRole<Timelord> {
    let make = || {
        let mut config = TimelordConfig::default();
        (config.workers, config.max_challenges, config.max_pending) = (2, 4, 3);
        Timelord::new(config)
    };
    ForRole::new(NodeType::Timelord, 1 << 15, make, by(clockwork()), any)
}

/// Knows what a timelord asks.
pub fn clockwork() -> Clockwork {
    Clockwork::new(1_000, 12)
}

fn small_addresses(seed: u64) -> AddressesConfig {
    let introducer = nodewire::codec::chia::PeerInfo { host: "10.0.0.9".into(), port: 8_445 };
    let mut config = AddressesConfig::full_node(Some(introducer), seed);
    config.target_peers = 3;
    config.asks_full_nodes = true;
    let limits = &mut config.limits;
    (limits.max_addresses, limits.max_read, limits.max_answered) = (6, 5, 4);
    config
}

fn small_transactions() -> TransactionsLimits {
    let mut limits = TransactionsLimits::default();
    (limits.max_fetches, limits.max_fetches_per_peer, limits.max_sources) = (6, 3, 2);
    (limits.max_known, limits.max_open_asks, limits.max_open_asks_per_peer) = (5, 6, 3);
    limits
}

pub fn full_node() -> ForRole<FullNode> {
    let make = || {
        let mut config = FullNodeConfig::default();
        config.compact_blocks = true;
        let limits = &mut config.limits;
        (limits.max_disconnected, limits.max_disconnected_per_peer) = (6, 3);
        (limits.max_waiting, limits.max_unfinished, limits.max_candidates) = (4, 4, 3);
        (limits.max_kept, limits.max_seen) = (3, 8);
        (limits.max_asks_per_peer, limits.max_asks_of_gone, limits.max_open_asks) = (3, 4, 16);
        config.transactions = small_transactions();
        config.addresses = small_addresses(3);
        FullNode::new(config, chain()).expect("a chain of the ledger")
    };
    ForRole::new(NodeType::FullNode, 1 << 18, make, by::<FullNode>(keeper()), any)
}

/// Knows what a full node asks.
pub fn keeper() -> Keeper {
    Keeper::new(world().short.clone())
}

fn command_of_addresses(script: &mut Script<'_>) -> Result<AddressesCommand> {
    let count = script.int_in_range(0..=8)?;
    (0..count).map(|_| peer_info(script)).collect::<Result<_>>().map(AddressesCommand::Known)
}

/// Nothing is asked.
fn nobody<M: Machine>() -> Answer<M> {
    Box::new(|_, _, _| Ok(Vec::new()))
}

pub fn introducer() -> ForRole<Introducer> {
    let make = || {
        let mut config = AddressesConfig::introducer(7);
        let limits = &mut config.limits;
        (limits.max_addresses, limits.max_read, limits.max_answered) = (6, 5, 3);
        Introducer::new(config)
    };
    ForRole::new(NodeType::Introducer, 1 << 15, make, nobody::<Introducer>(), command_of_addresses)
}

pub fn wallet() -> ForRole<Wallet> {
    let make = || {
        let mut limits = WalletLimits::default();
        (limits.max_requests, limits.max_ancestors_asked) = (4, 5);
        Wallet::new(limits)
    };
    let command: Command<Wallet> = |script| {
        Ok(match script.int_in_range(0..=3_u8)? {
            0 => WalletCommand::Header(header_hash(script)?),
            1 => {
                let heights = (0..script.int_in_range(0..=6)?).collect();
                WalletCommand::Ancestors(header_hash(script)?, heights)
            }
            2 => WalletCommand::Body(bytes32(script)?),
            _ => WalletCommand::Send(Transaction::default()),
        })
    };
    ForRole::new(NodeType::Wallet, 1 << 15, make, nobody::<Wallet>(), command)
}
