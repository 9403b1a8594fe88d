//! Inputs, actions and the configuration as data.

use nodewire::AskId;
use nodewire::bytes::Bytes;
use nodewire::codec::supervisor::{BlockId, BlockRef, ChainId, Code, Hash, NodeCommand, Profile};
use nodewire::state::supervisor::{
    BlockQuery, CallId, Config, Dropped, ExpiryWindow, NodeId, RpcReply, RpcText,
    SupervisorCommand, SupervisorMessage, SupervisorNotice, SupervisorQuery, SupervisorRemote,
};
use serde_json::{Value, json};

const BLOCK: BlockId = BlockId::new(Hash([7; 32]), 3);

fn ten() -> ChainId {
    ChainId::from(10)
}

/// Inputs are read, and written as they were read.
#[test]
fn inputs_are_read_and_written() {
    let hash = format!("{}", Hash([7; 32]));
    let block = json!({ "hash": hash, "number": 3, "parentHash": hash, "timestamp": 9 });
    let remotes = [
        json!({ "rpc": { "call": 1, "text": "{}" } }),
        json!({ "rpc": { "call": 1, "text": { "hex": "0xff" } } }),
        json!({ "nodeUp": { "chainID": "0xa", "node": 0 } }),
        json!({ "nodeDown": { "chainID": "0xa", "node": 0 } }),
        json!({ "node": { "chainID": "0xa", "node": 0, "event": { "unsafeBlock": block } } }),
        json!({ "l1Tip": block }),
        json!({ "l1Finalized": block }),
    ];
    for form in remotes {
        let input: SupervisorRemote = serde_json::from_value(form.clone()).unwrap();
        assert_eq!(serde_json::to_value(&input).unwrap(), form);
    }
    let pair = json!({ "source": block, "derived": block });
    let output = json!({
        "stateRoot": hash, "messagePasserStorageRoot": hash, "blockHash": hash
    });
    let log = json!({
        "address": format!("0x{}", "11".repeat(20)), "topics": [hash], "data": "0x"
    });
    let locals = [
        json!({ "anchor": { "chainID": "0xa", "anchor": pair } }),
        json!({ "rewind": { "chainID": "0xa", "head": { "hash": hash, "number": 3 } } }),
        json!({ "failsafe": true }),
        json!({ "abandon": 7 }),
        json!({ "answer": [4, { "block": block }] }),
        json!({ "answer": [4, { "block": null }] }),
        json!({ "answer": [4, { "logs": [log] }] }),
        json!({ "answer": [4, { "nodeBlock": { "hash": hash, "number": 3 } }] }),
        json!({ "answer": [4, { "outputs": { "canonical": output, "pending": output } }] }),
        json!({ "answer": [4, { "l1": block }] }),
    ];
    for form in locals {
        let input: SupervisorCommand = serde_json::from_value(form.clone()).unwrap();
        assert_eq!(serde_json::to_value(&input).unwrap(), form);
    }
}

#[test]
fn what_is_said_and_asked_is_written() {
    let written = |value: &dyn Fn() -> Value, form: Value| assert_eq!(value(), form);
    let hash = format!("{}", Hash([7; 32]));
    let id = json!({ "hash": hash, "number": 3 });
    let command = SupervisorMessage::Command {
        chain_id: ten(),
        node: NodeId(1),
        command: Box::new(NodeCommand::UpdateCrossUnsafe(BLOCK)),
    };
    written(
        &|| serde_json::to_value(&command).unwrap(),
        json!({ "command": { "chainID": "0xa", "node": 1,
            "call": { "method": "interop_updateCrossUnsafe", "params": [id] } } }),
    );
    let text = Some(Bytes::from_static(b"[]"));
    let reply = SupervisorMessage::Reply(RpcReply { call: CallId(5), text });
    written(
        &|| serde_json::to_value(&reply).unwrap(),
        json!({ "reply": { "call": 5, "text": "[]" } }),
    );
    let query = SupervisorQuery::Block(BlockQuery { chain_id: ten(), number: 3 });
    written(
        &|| serde_json::to_value(query).unwrap(),
        json!({ "block": { "chainID": "0xa", "number": 3 } }),
    );
    let notice = SupervisorNotice::Dropped {
        what: Dropped::UnsafeBlock,
        chain_id: Some(ten()),
        code: Code::FutureData,
    };
    written(
        &|| serde_json::to_value(notice).unwrap(),
        json!({ "dropped": { "what": "unsafeBlock", "chainID": "0xa", "code": -32112 } }),
    );
    let notice = SupervisorNotice::CrossUnsafe(ten(), BLOCK);
    written(&|| serde_json::to_value(notice).unwrap(), json!({ "crossUnsafe": ["0xa", id] }));
}

#[test]
fn a_configuration_states_its_chains_and_its_window() {
    let form = json!({ "chains": { "0xa": { "blockTime": 2 } }, "expiryWindow": 604_800 });
    let config: Config = serde_json::from_value(form).unwrap();
    let mut made = Config::new(config.chains.clone(), ExpiryWindow::EXPIRY_CURRENT);
    assert_eq!(config, made);
    assert_eq!(config.chains[&ten()].block_time, 2);
    made.profile = Profile::Deployed;
    made.dependency_set_v1 = true;
    let form = serde_json::to_value(&made).unwrap();
    assert_eq!(form["dependencySetV1"], true);
    assert_eq!(serde_json::from_value::<Config>(form).unwrap(), made);
    let windowless = json!({ "chains": {} });
    assert!(serde_json::from_value::<Config>(windowless).is_err());
}

#[test]
fn a_text_is_bytes_whatever_they_are() {
    for bytes in [&b"{}"[..], b"\xff\x00", b""] {
        let text = RpcText { call: CallId(0), text: Bytes::copy_from_slice(bytes) };
        let form = serde_json::to_value(&text).unwrap();
        assert_eq!(serde_json::from_value::<RpcText>(form).unwrap(), text);
    }
    let ask: AskId = serde_json::from_value(json!(7)).unwrap();
    assert_eq!(ask, AskId::from_u64(7));
    assert_eq!(serde_json::to_value(BlockRef::default()).unwrap()["number"], 0);
}
