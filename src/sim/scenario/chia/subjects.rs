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
use crate::chia::NodeConfig;
use crate::codec::chia::{Blob, Bytes32, NodeId, NodeType};
use crate::machine::Never;
use crate::sim::chia::{Answers, Clockwork, Keeper, Ledger, Maker, Oracle, Plots, Purse, stand_in};
use crate::sim::scenario::Scenario;
use crate::sim::scenario::value::{merged, typed};
use crate::state::chia::{
    AddressesCommand, AddressesConfig, ConnectionConfig, Farmer, FarmerConfig, FullNode,
    FullNodeConfig, Harvester, HarvesterCommand, HarvesterLimits, Introducer, Timelord,
    TimelordConfig,
};
use crate::time::Time;

/// What a scenario can test, each with what it is.
pub(in crate::sim::scenario) static KINDS: [(&str, &str); 6] = [
    ("chia-connection", "a connection of any node, by itself"),
    ("chia-harvester", "a harvester"),
    ("chia-farmer", "a farmer"),
    ("chia-full-node", "a full node"),
    ("chia-timelord", "a timelord"),
    ("chia-introducer", "an introducer"),
];

/// What the tested side calls itself.
const OURS: NodeId = NodeId([0x77; 32]);

/// Whom coinbases and fees pay.
const PAID: Bytes32 = Bytes32([4; 32]);

/// The machine that a scenario tests.
pub(super) fn machine(scenario: &Scenario, world: &World) -> Result<Box<dyn Tested>, String> {
    let mut form = Form(scenario.config.clone());
    let name = scenario.under_test.strip_prefix("chia-").unwrap_or_default();
    let machine: Box<dyn Tested> = if name == "connection" {
        Box::new(Single::new(form.connection(NodeType::FullNode)?))
    } else {
        let node = form.node(peer::node_type_of(name)?)?;
        role(name, node, &mut form, world)?
    };
    form.0.keys().next().map_or(Ok(machine), |key| Err(format!("no `{key}` can be configured")))
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
            Box::new(Whole::new(node, <Harvester>::new(limits), plots).started(all))
        }
        "farmer" => {
            let target = Blob("target".to_string().into_bytes().into());
            let mut config = FarmerConfig::new([stand_in::key(0)].to_vec(), target);
            config.fees_target_puzzle_hash = PAID;
            let config = form.over("role", &config)?;
            let purse = Purse::new(consensus(), PAID);
            Box::new(Whole::new(node, <Farmer>::new(config), purse))
        }
        "full-node" => {
            let config = form.over("role", &FullNodeConfig::default())?;
            let ledger =
                match form.take("chain").map(|it| typed::<(String, u32)>(&it)).transpose()? {
                    Some((chain, height)) => world.ledger(&chain, height)?,
                    None => Ledger::new(consensus(), Maker::genesis(&consensus())),
                };
            let role = <FullNode>::new(config, ledger.chain());
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
        other => return Err(format!("nothing is called chia-{other}")),
    })
}

/// Who is asked nothing.
struct Nobody;

impl Oracle<Introducer> for Nobody {
    fn asked(&mut self, _: Time, _: AskId, query: Never, _: &mut Answers<AddressesCommand>) {
        match query {}
    }
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
