//! What can be tested, and how it is configured.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use core::time::Duration;

use serde_json::{Map, Value, json};

use super::content::{World, consensus};
use super::peer;
use super::tested::{Single, Tested};
use super::whole::Whole;
use crate::ask::AskId;
use crate::chia::{NodeConfig, pool_client_session, pool_session, session};
use crate::codec::chia::{Blob, Bytes32, NodeId, NodeType, SignedCoinbase};
use crate::codec::streamable::Streamable;
use crate::sim::chia::{
    Clockwork, Consensus, Keeper, Ledger, Maker, Nobody, Plots, Purse, stand_in,
};
use crate::sim::scenario::Scenario;
use crate::sim::scenario::value::{merged, typed};
use crate::state::chia::{
    AddressesConfig, Admission, ConnectionCommand, ConnectionConfig, ConnectionQuery, Farmer,
    FarmerConfig, FullNode, FullNodeConfig, Harvester, HarvesterCommand, HarvesterLimits,
    Introducer, PoolClientCommand, PoolClientConfig, PoolClientQuery, PoolCommand, PoolConfig,
    PoolQuery, PoolRate, Signed, Timelord, TimelordConfig, Wallet, WalletLimits,
};

/// What a scenario can test, each with what it is.
pub(in crate::sim::scenario) static KINDS: [(&str, &str); 9] = [
    ("chia-connection", "a connection of any node, by itself"),
    ("chia-harvester", "a harvester"),
    ("chia-farmer", "a farmer"),
    ("chia-full-node", "a full node"),
    ("chia-timelord", "a timelord"),
    ("chia-introducer", "an introducer"),
    ("chia-wallet", "a wallet"),
    ("chia-pool", "a pool's end of a session with a farmer"),
    ("chia-pool-client", "a farmer's end of a session with a pool"),
];

/// What the tested side calls itself.
const OURS: NodeId = NodeId([0x77; 32]);

/// Whom coinbases and fees pay.
const PAID: Bytes32 = Bytes32([4; 32]);

/// The machine that a scenario tests.
pub(super) fn machine(scenario: &Scenario, world: &World) -> Result<Box<dyn Tested>, String> {
    let mut form = Form(scenario.config.clone());
    let name = scenario.under_test.strip_prefix("chia-").unwrap_or_default();
    let machine = match name {
        "connection" | "pool" | "pool-client" => single(name, &mut form)?,
        name => {
            let node = form.node(peer::node_type_of(name)?)?;
            role(name, node, &mut form, world)?
        }
    };
    form.0.keys().next().map_or(Ok(machine), |key| Err(format!("no `{key}` can be configured")))
}

fn single(name: &str, form: &mut Form) -> Result<Box<dyn Tested>, String> {
    Ok(match name {
        "pool" => {
            let config = form.over("role", &PoolConfig::new(stand_in::key(0)))?;
            let make = move |_| pool_session(config.clone());
            Box::new(Single::new(Box::new(make), None, farmed))
        }
        "pool-client" => {
            let config = PoolClientConfig::new([stand_in::key(0)].to_vec(), target());
            let config = form.over("role", &config)?;
            let make = move |_| pool_client_session(config.clone());
            Box::new(Single::new(Box::new(make), None, pooled))
        }
        _ => {
            let config = form.connection(NodeType::FullNode)?;
            let make = move |way| session(config.clone(), way);
            let open = Some(ConnectionCommand::Open);
            Box::new(Single::new(Box::new(make), open, admitted))
        }
    })
}

/// Whoever runs a connection by itself admits every peer.
fn admitted(id: AskId, _: ConnectionQuery) -> ConnectionCommand {
    ConnectionCommand::Admitted(id, Admission::Registered)
}

/// What a pool asks.
fn farmed(id: AskId, query: PoolQuery) -> PoolCommand {
    let Consensus { difficulty, ips, .. } = consensus();
    match query {
        PoolQuery::GetCoinbases { min_height, .. } => {
            let purse = Purse::new(consensus(), PAID);
            let first = min_height.unwrap_or(0);
            let coinbases = (first..first.saturating_add(COINBASES)).map(|at| purse.coinbase(at));
            PoolCommand::Coinbases(id, coinbases.collect())
        }
        PoolQuery::GetRate(_) => PoolCommand::Rate(id, Some(PoolRate { difficulty, ips })),
        PoolQuery::VerifyProof(proof) => PoolCommand::Quality(id, stand_in::quality(&proof)),
        PoolQuery::VerifySignature(signed) => {
            let Signed { key, hash, signature } = *signed;
            PoolCommand::Verdict(id, stand_in::is_signed(key, &hash.0, &signature))
        }
    }
}

/// How many coinbases a pool of scenarios gives at a time.
const COINBASES: u32 = 3;

/// What a farmer's end of a session with a pool asks.
fn pooled(id: AskId, query: PoolClientQuery) -> PoolClientCommand {
    let PoolClientQuery::VerifyCoinbases(key, coinbases) = query;
    let is_good = |it: &SignedCoinbase| {
        stand_in::is_signed(key, &it.coinbase.to_bytes(), &it.coinbase_signature)
    };
    PoolClientCommand::Verdict(id, coinbases.iter().all(is_good))
}

/// Whom pools pay.
fn target() -> Blob {
    Blob("target".to_string().into_bytes().into())
}

fn role(
    name: &str,
    node: NodeConfig,
    form: &mut Form,
    world: &World,
) -> Result<Box<dyn Tested>, String> {
    Ok(match name {
        "harvester" => {
            let limits = form.over("role", &HarvesterLimits::default())?;
            let numbers = form.take("plots").map_or(Ok([0, 1].to_vec()), |it| typed(&it))?;
            let plots = Plots::new(&numbers, consensus().plot_size, Duration::ZERO);
            let all = HarvesterCommand::Plots(plots.all());
            Box::new(Whole::new(node, Harvester::new(limits), plots).started(all))
        }
        "farmer" => {
            let mut config = FarmerConfig::new([stand_in::key(0)].to_vec(), target());
            config.fees_target_puzzle_hash = PAID;
            let config = form.over("role", &config)?;
            let purse = Purse::new(consensus(), PAID);
            Box::new(Whole::new(node, Farmer::new(config), purse))
        }
        "full-node" => {
            let config = form.over("role", &FullNodeConfig::default())?;
            let ledger =
                match form.take("chain").map(|it| typed::<(String, u32)>(&it)).transpose()? {
                    Some((chain, height)) => world.ledger(&chain, height)?,
                    None => Ledger::new(consensus(), Maker::genesis(&consensus())),
                };
            let role = FullNode::new(config, ledger.chain());
            let role = role.map_err(|why| why.to_string())?;
            Box::new(Whole::new(node, role, Keeper::new(ledger)))
        }
        "timelord" => {
            let config = form.over("role", &TimelordConfig::default())?;
            let clockwork = Clockwork::new(consensus().ips, consensus().witness);
            Box::new(Whole::new(node, Timelord::new(config), clockwork))
        }
        "introducer" => {
            let config = form.over("role", &AddressesConfig::introducer(0))?;
            Box::new(Whole::new(node, Introducer::new(config), Nobody))
        }
        "wallet" => {
            let limits = form.over("role", &WalletLimits::default())?;
            Box::new(Whole::new(node, Wallet::new(limits), Nobody))
        }
        other => return Err(format!("nothing is called chia-{other}")),
    })
}

/// The configuration of a scenario: `limits` of connections, what else they have in `connection`,
/// that of the node above them in `node`, and that of its role in `role`.
struct Form(Map<String, Value>);

impl Form {
    fn take(&mut self, key: &str) -> Option<Value> {
        self.0.remove(key)
    }

    /// What is said under a key, over the defaults.
    fn over<T>(&mut self, key: &str, default: &T) -> Result<T, String>
    where
        T: serde::Serialize + serde::de::DeserializeOwned,
    {
        merged(default, self.take(key).unwrap_or_else(|| json!({})))
    }

    fn connection(&mut self, node_type: NodeType) -> Result<ConnectionConfig, String> {
        let mut config = self.over("connection", &ConnectionConfig::new(node_type, OURS))?;
        config.limits = self.over("limits", &config.limits)?;
        Ok(config)
    }

    fn node(&mut self, node_type: NodeType) -> Result<NodeConfig, String> {
        let config = NodeConfig::new(self.connection(node_type)?);
        self.over("node", &config)
    }
}
