//! Texts of clients, and the RPC server alone.

use arbitrary::Result;
use nodewire::bytes::Bytes;
use nodewire::codec::supervisor::{
    Access, Answer, BlockId, Call, ChainId, Code, Failure, HexUint64, Identifier, Message, Profile,
    RustCryptoKeccak256 as Keccak, SafetyLevel, Served,
};
use nodewire::state::supervisor::{CallId, RpcAnswer, RpcText, Server, SupervisorRemote};
use nodewire::{AskId, Input, InputOf};
use serde_json::{Value, json};

use super::small;
use super::truth::{BEGAN, CHAINS, branch, l1, l2};
use crate::given::{Given, Script, take};

/// The server of the RPC, without an index.
#[derive(Default)]
pub struct ForRpcServer {
    questions: Vec<(AskId, Call)>,
}

impl Given for ForRpcServer {
    type Machine = Server;

    fn machine(&self) -> Server {
        let served = Served {
            extensions: true,
            dependency_set_v1: true,
            admin: true,
            max_access_entries: 12,
        };
        Server::new(small(), Profile::Deployed, served)
    }

    fn pick(&mut self, script: &mut Script<'_>, _: u64) -> Result<InputOf<Server>> {
        if script.ratio(1, 2)? {
            return Ok(match script.ratio(1, 8)? {
                true => Input::Timeout,
                false => Input::Remote(RpcText { call: CallId(1), text: bytes(script)? }),
            });
        }
        let id = match take(script, &mut self.questions)? {
            Some((id, _)) => id,
            None => AskId::from_u64(script.int_in_range(0..=3)?),
        };
        let outcome = match script.ratio(1, 2)? {
            true => Ok(Answer::Failsafe(true)),
            false => Err(Failure::new(Code::FutureData, "later")),
        };
        Ok(Input::Local(RpcAnswer(id, outcome)))
    }

    fn asked(&mut self, id: AskId, call: &Call) {
        self.questions.push((id, call.clone()));
    }
}

/// A text of a client.
pub fn text(script: &mut Script<'_>) -> Result<SupervisorRemote> {
    let call = CallId(script.int_in_range(0..=3)?);
    Ok(SupervisorRemote::Rpc(RpcText { call, text: bytes(script)? }))
}

fn bytes(script: &mut Script<'_>) -> Result<Bytes> {
    Ok(match script.int_in_range(0..=9_u8)? {
        0 => script.arbitrary::<Vec<u8>>()?.into(),
        1 => {
            let count = script.int_in_range(0..=5)?;
            let calls = (0..count).map(|_| request(script)).collect::<Result<Vec<_>>>()?;
            json!(calls).to_string().into()
        }
        _ => request(script)?.to_string().into(),
    })
}

fn request(script: &mut Script<'_>) -> Result<Value> {
    let (method, params) = call(script)?;
    Ok(match script.int_in_range(0..=7_u8)? {
        0 => json!({ "jsonrpc": "2.0", "method": method, "params": params }),
        _ => json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }),
    })
}

fn call(script: &mut Script<'_>) -> Result<(&'static str, Value)> {
    let slot = script.int_in_range(0..=2_usize)?;
    let number = script.int_in_range(0..=10)?;
    let block = block_id(l2(slot, number, branch(script)?).0.id());
    let chain = json!(ChainId::from(if script.ratio(1, 16)? { 77 } else { CHAINS[slot] }));
    Ok(match script.int_in_range(0..=13_u8)? {
        0 => ("supervisor_crossDerivedToSource", json!([chain, block])),
        1 => ("supervisor_localUnsafe", json!([chain])),
        2 => ("supervisor_crossSafe", json!([chain])),
        3 => ("supervisor_localSafe", json!({ "chainID": chain })),
        4 => ("supervisor_finalized", json!([chain])),
        5 => ("supervisor_finalizedL1", json!([])),
        6 | 7 => ("supervisor_superRootAtTimestamp", json!([HexUint64(BEGAN + 2 * number)])),
        8 => ("supervisor_syncStatus", Value::Null),
        9 => {
            let source = block_id(l1(number, branch(script)?).id());
            ("supervisor_allSafeDerivedAt", json!([source]))
        }
        10 => ("admin_setFailsafeEnabled", json!([script.arbitrary::<bool>()?])),
        _ => ("supervisor_checkAccessList", access_list(script, slot, number)?),
    })
}

fn block_id(block: BlockId) -> Value {
    json!(block)
}

fn access_list(script: &mut Script<'_>, slot: usize, number: u64) -> Result<Value> {
    let mut entries = Vec::new();
    for _ in 0..script.int_in_range(0..=2)? {
        let (block, logs) = l2(slot, number, branch(script)?);
        let log_index = script.int_in_range(0..=2_u32)?;
        let Some(log) = logs.get(log_index as usize) else { continue };
        let identifier = Identifier {
            origin: log.address,
            block_number: number,
            log_index,
            timestamp: block.timestamp,
            chain_id: ChainId::from(CHAINS[slot]),
        };
        let payload_hash = log.payload_hash::<Keccak>();
        Access::of::<Keccak>(&Message { identifier, payload_hash }).encode(&mut entries);
    }
    if script.ratio(1, 16)? {
        entries.pop();
    }
    let at = HexUint64(BEGAN + script.int_in_range(0..=40)?);
    Ok(json!([entries, script.arbitrary::<SafetyLevel>()?, { "timestamp": at }]))
}
