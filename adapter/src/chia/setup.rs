//! Nodes of every role, each with somebody who answers its questions.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::SocketAddr;
use std::time::Duration;

use nodewire::Machine;
use nodewire::chia::{Node, NodeConfig};
use nodewire::codec::chia::{Blob, Bytes32, NodeId, NodeType, PeerInfo};
use nodewire::codec::streamable::{RustCryptoSha256, Sha256};
use nodewire::sim::chia::{
    Clockwork, Consensus, Keeper, Ledger, Nobody, OfRecorded, Oracle, Plots, Purse, Staffed,
    stand_in,
};
use nodewire::sim::{Keep, Recorder, Trace};
use nodewire::state::chia::{
    AddressesConfig, ConnectionConfig, Farmer, FarmerConfig, FullNode, FullNodeConfig, Harvester,
    HarvesterCommand, HarvesterLimits, Introducer, Role, Timelord, TimelordConfig,
};
use serde::Serialize;

use crate::machines::FullNodeSettings;

/// What a node is called, and where it can be reached.
#[derive(Clone, Debug)]
pub struct Identity {
    node_id: NodeId,
    listens: Option<SocketAddr>,
    /// What chance is made from: nothing that peers are told, as the node id is.
    seed: u64,
}

impl Identity {
    /// A new one at random, as a node has at each start, that listens there.
    #[must_use]
    pub fn random(listens: Option<SocketAddr>) -> Self {
        let random = [(); 4].map(|()| random().to_be_bytes());
        Self::named(NodeId(RustCryptoSha256::sha256(random.as_flattened())), listens)
    }

    /// One that is called so.
    #[must_use]
    pub fn named(node_id: NodeId, listens: Option<SocketAddr>) -> Self {
        Self { node_id, listens, seed: random() }
    }

    fn config(&self, node_type: NodeType) -> NodeConfig {
        let mut connection = ConnectionConfig::new(node_type, self.node_id);
        connection.server_port = self.listens.map_or(0, |address| address.port());
        connection.seed = self.seed;
        let mut config = NodeConfig::new(connection);
        config.own_addresses.extend(self.listens.map(peer_info));
        config
    }

    fn made<R: Role, O, C>(
        &self,
        machine: &'static str,
        settings: C,
        role: R,
        oracle: O,
    ) -> Made<R, O, C> {
        Made { node: self.config(role.node_type()), machine, settings, role, oracle }
    }
}

/// A number that nobody foretells: the keys of hash tables are at random.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// A role with what its node goes by and somebody who answers it, not put together yet.
#[derive(Clone, Debug)]
pub struct Made<R, O, C> {
    node: NodeConfig,
    machine: &'static str,
    settings: C,
    role: R,
    oracle: O,
}

impl<R: Role, O: Oracle<R>, C: Serialize> Made<R, O, C> {
    /// The node.
    #[must_use]
    pub fn staffed(self) -> Staffed<R, O> {
        Staffed::new(Node::new(self.node, self.role), self.oracle)
    }

    /// The beginning of a trace of the role: what to replay it needs.
    #[must_use]
    pub fn beginning(&self) -> Trace {
        Trace::new(self.machine, &self.settings)
    }

    /// The node, what its role hears and does kept there.
    pub fn recorded<K: Keep>(self, kept: K) -> Staffed<Recorder<R, K>, OfRecorded<O>>
    where
        R: Machine<Local: Serialize, Notice: Serialize, Query: Serialize>,
    {
        let role = Recorder::new(self.role, kept);
        Staffed::new(Node::new(self.node, role), OfRecorded(self.oracle))
    }
}

/// An address as the protocol has it.
#[must_use]
pub fn peer_info(address: SocketAddr) -> PeerInfo {
    PeerInfo { host: address.ip().to_canonical().to_string(), port: address.port() }
}

/// A full node with this chain, that asks there for other full nodes.
///
/// # Errors
/// Why it cannot begin with such a chain.
pub fn full_node(
    identity: &Identity,
    ledger: Ledger,
    introducer: Option<SocketAddr>,
) -> Result<Made<FullNode, Keeper, FullNodeSettings>, String> {
    let mut config = FullNodeConfig::default();
    config.addresses = AddressesConfig::full_node(introducer.map(peer_info), identity.seed);
    config.sync_seed = identity.seed;
    let settings = FullNodeSettings { config, chain: ledger.chain() };
    let role = FullNode::new(settings.config.clone(), settings.chain.clone());
    let role = role.map_err(|refused| refused.to_string())?;
    Ok(identity.made("chia.full-node", settings, role, Keeper::new(ledger)))
}

/// What a farmer farms for.
#[derive(Clone, Debug)]
pub struct Farming {
    /// Whom the pool pays.
    pub target: String,
    /// Whom blocks pay.
    pub puzzle_hash: Bytes32,
    /// A harvester that comes is told the challenges there are (F-1).
    pub resend_challenges: bool,
}

impl Default for Farming {
    fn default() -> Self {
        let target = "a farmer".to_owned();
        Self { target, puzzle_hash: Bytes32([1; 32]), resend_challenges: true }
    }
}

/// A farmer for the pool that all stand-ins have.
#[must_use]
pub fn farmer(
    identity: &Identity,
    consensus: &Consensus,
    farming: Farming,
) -> Made<Farmer, Purse, FarmerConfig> {
    let Farming { target, puzzle_hash, resend_challenges } = farming;
    let target = Blob(target.into_bytes().into());
    let mut config = FarmerConfig::new(vec![stand_in::key(0)], target);
    config.min_block_time = consensus.min_block_time;
    config.fees_target_puzzle_hash = puzzle_hash;
    config.resend_challenges = resend_challenges;
    let purse = Purse::new(consensus.clone(), puzzle_hash);
    identity.made("chia.farmer", config.clone(), Farmer::new(config), purse)
}

/// A harvester with the plots of these numbers, and what it is to be told first.
#[must_use]
pub fn harvester(
    identity: &Identity,
    consensus: &Consensus,
    plots: &[u64],
) -> (Made<Harvester, Plots, HarvesterLimits>, HarvesterCommand) {
    let plots = Plots::new(plots, consensus.plot_size, Duration::from_millis(5));
    let first = HarvesterCommand::Plots(plots.all());
    let limits = HarvesterLimits::default();
    let role = Harvester::new(limits.clone());
    (identity.made("chia.harvester", limits, role, plots), first)
}

/// A timelord whose clocks run as fast as blocks are to be made.
#[must_use]
pub fn timelord(
    identity: &Identity,
    consensus: &Consensus,
) -> Made<Timelord, Clockwork, TimelordConfig> {
    let mut config = TimelordConfig::default();
    config.initial_ips = consensus.ips;
    let clocks = Clockwork::new(consensus.ips, consensus.witness);
    identity.made("chia.timelord", config.clone(), Timelord::new(config), clocks)
}

/// An introducer.
#[must_use]
pub fn introducer(identity: &Identity) -> Made<Introducer, Nobody, AddressesConfig> {
    let config = AddressesConfig::introducer(identity.seed);
    identity.made("chia.introducer", config.clone(), Introducer::new(config), Nobody)
}
