//! A feed says what is derived, and execution layers have the blocks.

use std::time::Duration;

use nodewire::AskId;
use nodewire::codec::supervisor::{BlockRef, DerivedRefPair, Hash, NodeEvent};
use nodewire::state::supervisor::{NodeId, SupervisorCommand, SupervisorQuery, SupervisorRemote};
use nodewire_adapter::supervisor::{Link, Source};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::chains::{entries, hash};
use crate::layer::Server;
use crate::world::{A, B, World, chains, settings};

/// Tells, and answers nothing.
struct Teller;

impl Source for Teller {
    fn ask(&mut self, _: AskId, _: &SupervisorQuery) -> bool {
        false
    }
}

fn layer_one(number: u64) -> BlockRef {
    let name = |number: u64| match number {
        200 => Hash::ZERO,
        _ => hash(&format!("layer one {number}")),
    };
    BlockRef {
        hash: hash(&format!("layer one {number}")),
        number,
        parent_hash: name(number - 1),
        timestamp: 1_744_000_000 + number,
    }
}

async fn derived(link: &Link, server: &Server, source: u64, number: u64) {
    let (chain_id, block) = {
        let script = server.script();
        (script.chain.id, script.chain.block(number).expect("a block").0)
    };
    let pair = DerivedRefPair { source: layer_one(source), derived: block };
    let event = NodeEvent { derivation_update: Some(pair), ..NodeEvent::default() };
    let (node, event) = (NodeId(0), Box::new(event));
    link.tell(SupervisorRemote::Node { chain_id, node, event }).await.expect("a host");
}

#[tokio::test]
async fn with_a_feed_blocks_become_safe_and_final() {
    let (a, b) = chains(10);
    let (a, b) = (Server::start(a).await, Server::start(b).await);
    let world = World::attach(&[&a, &b], None, settings()).await;
    sleep(Duration::from_millis(100)).await;
    // Nobody said where the chains begin.
    assert_eq!(world.call("localUnsafe", json!(["0xa"])).await, Err(-32101));
    let link = world.handle.attach(|_| Teller).await.expect("a host");
    for server in [&a, &b] {
        let (chain_id, first) = {
            let chain = &server.script().chain;
            (chain.id, chain.block(chain.first).expect("it").0)
        };
        let anchor = DerivedRefPair { source: layer_one(201), derived: first };
        let anchor = SupervisorCommand::Anchor { chain_id, anchor: Box::new(anchor) };
        link.command(anchor).await.expect("a host").expect("a chain of the set");
    }
    world.reaches(A, a.head()).await;
    world.reaches(B, b.head()).await;
    for (server, first) in [(&a, 50), (&b, 70)] {
        derived(&link, server, 202, first).await;
        for number in 1..=8 {
            derived(&link, server, 202, first + number).await;
        }
    }
    link.tell(SupervisorRemote::L1Finalized(layer_one(202))).await.expect("a host");
    let message = b.script().chain.message(78, 1);
    let timestamp = format!("{:#x}", message.identifier.timestamp + 1_000);
    let since = Instant::now();
    for level in ["safe", "finalized"] {
        let params = json!([entries(&message), level, {"timestamp": timestamp}]);
        while world.call("checkAccessList", params.clone()).await != Ok(Value::Null) {
            assert!(since.elapsed() < Duration::from_secs(20), "{level}");
            sleep(Duration::from_millis(10)).await;
        }
    }
    // The outputs of blocks are in their headers: the super root needs no more.
    let time = b.script().chain.block(75).expect("a block").0.timestamp;
    let root = world.call("superRootAtTimestamp", json!([format!("{time:#x}")])).await;
    assert_eq!(root.expect("a root")["crossSafeDerivedFrom"], json!(layer_one(202).id()));
    // A reorganisation above what is safe, told by the execution layer alone.
    {
        let chain = &mut b.script().chain;
        chain.cut(78);
        chain.grow("other", Vec::new());
    }
    world.reaches(B, b.head()).await;
    let safe = world.call("crossSafe", json!(["0x14"])).await.expect("a pair");
    assert_eq!(safe["derived"]["number"], json!(78));
}
