//! Lines of a feed.

use nodewire::codec::supervisor::ChainId;
use nodewire::state::supervisor::{
    BlockQuery, L1Query, LogsQuery, NodeBlockQuery, NodeId, SupervisorQuery, SupervisorRemote,
};
use serde_json::{Value, json};

use crate::nodes::{Shared, lock};

pub fn remote(input: &SupervisorRemote) -> String {
    json!({ "remote": input }).to_string()
}

pub fn anchor(world: &Shared, id: u64) -> String {
    json!({ "local": lock(world).anchor(id) }).to_string()
}

/// What a question in its JSON form asks.
fn query(form: &Value) -> SupervisorQuery {
    let (kind, of) = form.as_object().unwrap().iter().next().unwrap();
    let chain_id = serde_json::from_value::<ChainId>(of["chainID"].clone()).unwrap_or_default();
    let number = of["number"].as_u64().unwrap_or_default();
    match kind.as_str() {
        "block" => SupervisorQuery::Block(BlockQuery { chain_id, number }),
        "logs" => {
            let hash = serde_json::from_value(of["hash"].clone()).unwrap();
            SupervisorQuery::Logs(LogsQuery { chain_id, hash })
        }
        "nodeBlock" => {
            let node = NodeId(u32::try_from(of["node"].as_u64().unwrap()).unwrap());
            SupervisorQuery::NodeBlock(NodeBlockQuery { chain_id, node, number })
        }
        "l1" => SupervisorQuery::L1(L1Query { number }),
        other => panic!("no question of this test: {other}"),
    }
}

/// The line that answers a line, if it asks.
pub fn answer(world: &Shared, line: &Value) -> Option<String> {
    let ask = line.get("ask")?;
    let answer = lock(world).answer(&query(&ask["query"]));
    Some(json!({ "local": { "answer": [ask["id"], answer] } }).to_string())
}
