//! The machines of the Chia family, and what each is set up by.

use nodewire::codec::chia::{Blob, NodeId, NodeType};
use nodewire::sim::chia::{Consensus, Ledger, Maker, stand_in};
use nodewire::state::chia::{
    AddressesConfig, Chain, Connection, ConnectionConfig, Direction, Farmer, FarmerConfig,
    FullNode, FullNodeConfig, Harvester, HarvesterLimits, Introducer, Pool, PoolClient,
    PoolClientConfig, PoolConfig, Timelord, TimelordConfig, Wallet, WalletLimits,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{ConfigError, Visitor};

/// The names, each with what it is.
pub(super) const NAMES: [(&str, &str); 9] = [
    ("chia.connection", "one stream of the Chia family: handshake, pings, limits"),
    ("chia.full-node", "the Chia full node, above its connections"),
    ("chia.farmer", "the Chia farmer"),
    ("chia.harvester", "the Chia harvester"),
    ("chia.timelord", "the Chia timelord"),
    ("chia.introducer", "the Chia introducer"),
    ("chia.wallet", "the Chia wallet"),
    ("chia.pool", "the pool's side of the pool protocol"),
    ("chia.pool-client", "the farmer's side of the pool protocol"),
];

/// How a connection is set up: a full node's that dialled, if nothing is said.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct OfConnection {
    connection: ConnectionConfig,
    direction: Direction,
}

impl Default for OfConnection {
    fn default() -> Self {
        let connection = ConnectionConfig::new(NodeType::FullNode, NodeId([0; 32]));
        Self { connection, direction: Direction::Outbound }
    }
}

/// How a full node is set up: with the first made-up block, if nothing is said.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FullNodeSettings {
    /// What it goes by.
    pub config: FullNodeConfig,
    /// Where its chain stands.
    pub chain: Chain,
}

impl Default for FullNodeSettings {
    fn default() -> Self {
        let consensus = Consensus::default();
        let ledger = Ledger::new(consensus.clone(), Maker::genesis(&consensus));
        Self { config: FullNodeConfig::default(), chain: ledger.chain() }
    }
}

/// Hands the machine of this name, set up by this JSON, to a visitor.
pub(super) fn with<V: Visitor>(
    name: &'static str,
    config: Option<&str>,
    visitor: V,
) -> Result<Option<V::Result>, ConfigError> {
    Ok(Some(match name {
        "chia.connection" => {
            let OfConnection { connection, direction } = read(config)?.unwrap_or_default();
            visitor.visit(name, Connection::new(connection, direction))
        }
        "chia.full-node" => {
            let FullNodeSettings { config, chain } = read(config)?.unwrap_or_default();
            let node = <FullNode>::new(config, chain);
            visitor.visit(name, node.map_err(|why| ConfigError::Unusable(why.to_string()))?)
        }
        "chia.farmer" => {
            let config = read(config)?.unwrap_or_else(|| {
                FarmerConfig::new(vec![stand_in::key(0)], Blob(b"a farmer".to_vec().into()))
            });
            visitor.visit(name, <Farmer>::new(config))
        }
        "chia.harvester" => {
            let limits: HarvesterLimits = read(config)?.unwrap_or_default();
            visitor.visit(name, <Harvester>::new(limits))
        }
        "chia.timelord" => {
            let config: TimelordConfig = read(config)?.unwrap_or_default();
            visitor.visit(name, Timelord::new(config))
        }
        "chia.introducer" => {
            let config = read(config)?.unwrap_or_else(|| AddressesConfig::introducer(0));
            visitor.visit(name, Introducer::new(config))
        }
        "chia.wallet" => {
            let limits: WalletLimits = read(config)?.unwrap_or_default();
            visitor.visit(name, <Wallet>::new(limits))
        }
        "chia.pool" => {
            let config = read(config)?.unwrap_or_else(|| PoolConfig::new(stand_in::key(0)));
            visitor.visit(name, <Pool>::new(config))
        }
        "chia.pool-client" => {
            let config = read(config)?.unwrap_or_else(|| {
                PoolClientConfig::new(vec![stand_in::key(0)], Blob(b"a farmer".to_vec().into()))
            });
            visitor.visit(name, <PoolClient>::new(config))
        }
        _ => return Ok(None),
    }))
}

fn read<T: DeserializeOwned>(config: Option<&str>) -> Result<Option<T>, ConfigError> {
    Ok(config.map(serde_json::from_str).transpose()?)
}
