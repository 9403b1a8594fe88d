//! What is answered of chains that only execution layers serve, and what is not.

use nodewire::codec::supervisor::Message;
use nodewire_adapter::supervisor::el::{AnchorAt, ExecutionLayer, Settings};
use serde_json::{Value, json};

use crate::chains::{entries, hash, plain};
use crate::layer::{Server, origin};
use crate::world::{A, B, World, chains, settings};

const FUTURE: Result<Value, i64> = Err(-32112);

async fn world() -> (Server, Server, World) {
    let (a, b) = chains(20);
    let (a, b) = (Server::start(a).await, Server::start(b).await);
    let world = World::follow(&[&a, &b]).await;
    let heads = [a.head(), b.head()];
    world.reaches(A, heads[0]).await;
    world.reaches(B, heads[1]).await;
    (a, b, world)
}

async fn check(world: &World, message: &Message, level: &str) -> Result<Value, i64> {
    let timestamp = format!("{:#x}", message.identifier.timestamp + 1_000);
    let params = json!([entries(message), level, {"timestamp": timestamp}]);
    world.call("checkAccessList", params).await
}

#[tokio::test]
async fn access_lists_are_judged_up_to_cross_unsafe() {
    let (a, b, world) = world().await;
    let message = a.script().chain.message(60, 2);
    assert_eq!(check(&world, &message, "unsafe").await, Ok(Value::Null));
    assert_eq!(check(&world, &message, "cross-unsafe").await, Ok(Value::Null));
    for level in ["local-safe", "safe", "finalized"] {
        assert_eq!(check(&world, &message, level).await, FUTURE, "{level}");
    }
    // Another payload, and a log that is not there.
    let mut other = message;
    other.payload_hash = hash("another payload");
    assert_eq!(check(&world, &other, "unsafe").await, Err(-32114));
    other = message;
    other.identifier.log_index = 3;
    assert_eq!(check(&world, &other, "unsafe").await, Err(-32114));
    // Messages from before indexing began.
    other = message;
    other.identifier.block_number = 50;
    other.identifier.timestamp -= 20;
    assert_eq!(check(&world, &other, "unsafe").await, Err(-32113));
    // Blocks of B that execute what A does not have stay below cross-unsafe.
    {
        let chain = &mut a.script().chain;
        chain.cut(66);
        for _ in 0..8 {
            chain.grow("b", vec![plain("another")]);
        }
    }
    let (at_a, at_b) = (a.head(), b.head());
    let good = b.script().chain.block(87).expect("a block").0;
    world.reaches(A, at_a).await;
    world.reaches_both(B, at_b, good).await;
    let waiting = b.script().chain.message(88, 1);
    assert_eq!(check(&world, &waiting, "unsafe").await, Ok(Value::Null));
    assert_eq!(check(&world, &waiting, "cross-unsafe").await, FUTURE);
    let gone = chains(20).0.message(68, 1);
    assert_eq!(check(&world, &gone, "unsafe").await, Err(-32114));
}

#[tokio::test]
async fn every_other_method_says_what_it_can() {
    let (a, b, world) = world().await;
    let (head, first) = (a.head(), a.script().chain.block(50).expect("it").0);
    let second = a.script().chain.block(51).expect("a block").0;
    let [head_id, first_id, second_id] = [head, first, second].map(|block| block.id());
    let source = origin(&first);
    let pair = json!({"source": source.id(), "derived": first_id});

    assert_eq!(world.call("localUnsafe", json!(["0xa"])).await, Ok(json!(head_id)));
    // The first block is taken as it is called, with the layer-one block it refers to.
    assert_eq!(world.call("crossSafe", json!(["0xa"])).await, Ok(pair.clone()));
    assert_eq!(world.call("localSafe", json!(["0xa"])).await, Ok(pair));
    let derived = |id| json!(["0xa", id]);
    assert_eq!(world.call("crossDerivedToSource", derived(first_id)).await, Ok(json!(source)));
    assert_eq!(world.call("crossDerivedToSource", derived(second_id)).await, FUTURE);
    assert_eq!(world.call("finalized", json!(["0xa"])).await, FUTURE);
    assert_eq!(world.call("finalizedL1", json!([])).await, FUTURE);
    let time = |block_time: u64| json!([format!("{block_time:#x}")]);
    assert_eq!(world.call("superRootAtTimestamp", time(head.timestamp)).await, FUTURE);
    let before = time(first.timestamp - 2);
    assert_eq!(world.call("superRootAtTimestamp", before).await, Err(-32113));
    let later = nodewire::codec::supervisor::BlockId::new(hash("later"), source.number + 9);
    assert_eq!(world.call("allSafeDerivedAt", json!([later])).await, FUTURE);

    let status = world.call("syncStatus", json!([])).await.expect("a status");
    let chain = &status["chains"]["0xa"];
    assert_eq!(chain["localUnsafe"], json!(head));
    assert_eq!(chain["crossUnsafe"], json!(head_id));
    for level in ["localSafe", "safe"] {
        assert_eq!(chain[level], json!(first_id), "{level}");
    }
    assert_eq!(chain["finalized"], json!({"hash": hash_zero(), "number": 0}));
    drop(b);
}

fn hash_zero() -> String {
    format!("0x{}", "0".repeat(64))
}

/// Where both chains begin at one time, the outputs of the first blocks come from their headers.
#[tokio::test]
async fn the_super_root_of_the_first_blocks() {
    let (a, b, world) = world().await;
    let first = a.script().chain.block(50).expect("it").0;
    let time = json!([format!("{:#x}", first.timestamp)]);
    let root = world.call("superRootAtTimestamp", time).await.expect("a root");
    assert_eq!(root["timestamp"], json!(first.timestamp));
    let higher = origin(&b.script().chain.block(70).expect("it").0);
    assert_eq!(root["crossSafeDerivedFrom"], json!(higher.id()));
}

#[tokio::test]
async fn indexing_starts_where_it_is_told_to() {
    let (a, b) = chains(20);
    let (a, b) = (Server::start(a).await, Server::start(b).await);
    a.script().safe = Some(61);
    b.script().safe = Some(81);
    for (anchor, number) in [(AnchorAt::Safe, 61), (AnchorAt::Number(57), 57)] {
        let world = World::start(&[&a], anchor, settings()).await;
        let head = a.head();
        world.reaches(A, head).await;
        let first = a.script().chain.block(number).expect("a block").0;
        let pair = world.call("crossSafe", json!(["0xa"])).await.expect("a pair");
        assert_eq!(pair["derived"], json!(first.id()));
        assert_eq!(pair["source"], json!(origin(&first).id()));
        assert_eq!(world.call("crossSafe", json!(["0x14"])).await, Err(-32101));
    }
    // A chain where nothing is final yet is waited for.
    let finalized = a.script().finalized.take();
    let world = World::follow(&[&a]).await;
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(world.call("localUnsafe", json!(["0xa"])).await, Err(-32101));
    a.script().finalized = finalized;
    let head = a.head();
    world.reaches(A, head).await;
}

#[test]
fn what_cannot_be_polled_is_refused_without_its_key() {
    let new = |url: &str, anchor| {
        ExecutionLayer::new(A.into(), url, 2, anchor, Settings::default()).map(drop)
    };
    for url in ["", "secret", "127.0.0.1:8545", "ftp://secret/", "/run/secret.ipc", "http://"] {
        let why = new(url, None).expect_err(url);
        assert!(!why.contains("secret") && !why.is_empty(), "{why}");
    }
    let zero = new("http://127.0.0.1:1/", Some(AnchorAt::Number(0))).expect_err("no first block");
    assert!(zero.contains("layer-one"), "{zero}");
    assert_eq!(new("http://user:secret@127.0.0.1:1/key", None), Ok(()));
    assert_eq!(new("https://127.0.0.1:1/key", None).is_ok(), cfg!(feature = "tls"));
}
