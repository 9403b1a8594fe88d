//! `tell` steps: events of nodes and blocks of layer one by the names of the content.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::Deserialize;
use serde_json::Value;

use super::content::Branch;
use super::world::World;
use crate::codec::supervisor::{BlockRef, BlockReplacement, DerivedRefPair, NodeEvent};
use crate::sim::scenario::value::typed;
use crate::state::supervisor::{NodeId, SupervisorCommand, SupervisorRemote};

/// What a chain does: one event of a node, unless it is anchored, or the node comes or goes.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct OfChain {
    /// Which of the chain's nodes.
    node: u32,
    /// Indexing starts with this layer-one block and this block.
    anchor: Option<(u64, u64)>,
    up: bool,
    down: bool,
    #[serde(rename = "unsafe")]
    unsafe_block: Option<u64>,
    /// From this layer-one block this block was derived.
    derived: Option<(u64, u64)>,
    /// Nothing more is derived from this layer-one block, this block was the last.
    exhausted: Option<(u64, u64)>,
    /// This block of the branch replaces the one of this number on that branch.
    replaced: Option<(u64, String)>,
    /// The layer-one block that is being derived from.
    origin: Option<u64>,
    reset: Option<String>,
}

/// What layer one does.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
enum OfL1 {
    Tip(u64),
    Finalized(u64),
}

/// An input that comes of it.
pub(super) enum Told {
    Local(SupervisorCommand),
    Remote(SupervisorRemote),
}

/// The inputs that `{"ten": {"unsafe": 103}}` stands for, in the order of the names.
pub(super) fn inputs(form: &Value, world: &World) -> Result<Vec<Told>, String> {
    let all: BTreeMap<String, Value> = typed(form)?;
    let mut inputs = Vec::new();
    for (name, what) in &all {
        if let Some(branch) = world.content.chains.get(name) {
            inputs.push(of_chain(name, branch, &typed(what)?, world)?);
        } else if let Some(blocks) = world.content.l1.get(name) {
            inputs.push(Told::Remote(of_l1(name, blocks, &typed(what)?)?));
        } else {
            return Err(format!("the content has no {name}"));
        }
    }
    Ok(inputs)
}

fn of_l1(name: &str, blocks: &[BlockRef], what: &OfL1) -> Result<SupervisorRemote, String> {
    let block = |number: u64| {
        let block = blocks.iter().find(|block| block.number == number);
        block.copied().ok_or_else(|| format!("{name} has no block {number}"))
    };
    Ok(match what {
        OfL1::Tip(number) => SupervisorRemote::L1Tip(block(*number)?),
        OfL1::Finalized(number) => SupervisorRemote::L1Finalized(block(*number)?),
    })
}

fn of_chain(name: &str, branch: &Branch, what: &OfChain, world: &World) -> Result<Told, String> {
    let (chain_id, node) = (branch.chain_id, NodeId(what.node));
    let block = |number: u64| {
        let block = branch.block(number).map(|block| block.reference);
        block.ok_or_else(|| format!("{name} has no block {number}"))
    };
    let source =
        |number: u64| world.l1(number).ok_or_else(|| format!("layer one has no block {number}"));
    let pair = |(from, number): (u64, u64)| {
        Ok::<_, String>(DerivedRefPair { source: source(from)?, derived: block(number)? })
    };
    if let Some(anchor) = what.anchor {
        let anchor = Box::new(pair(anchor)?);
        return Ok(Told::Local(SupervisorCommand::Anchor { chain_id, anchor }));
    }
    if what.up {
        return Ok(Told::Remote(SupervisorRemote::NodeUp { chain_id, node }));
    }
    if what.down {
        return Ok(Told::Remote(SupervisorRemote::NodeDown { chain_id, node }));
    }
    let replace_block = match &what.replaced {
        Some((number, of)) => {
            let gone = world.content.chains.get(of).and_then(|branch| branch.block(*number));
            let gone = gone.ok_or_else(|| format!("{of} has no block {number}"))?;
            let replacement = block(*number)?;
            Some(BlockReplacement { replacement, invalidated: gone.reference.hash })
        }
        None => None,
    };
    let event = NodeEvent {
        reset: what.reset.clone(),
        unsafe_block: what.unsafe_block.map(block).transpose()?,
        derivation_update: what.derived.map(pair).transpose()?,
        exhaust_l1: what.exhausted.map(pair).transpose()?,
        replace_block,
        derivation_origin_update: what.origin.map(source).transpose()?,
    };
    Ok(Told::Remote(SupervisorRemote::Node { chain_id, node, event: Box::new(event) }))
}
