//! The client of the RPC, and what servers of any kind reply to it.

use arbitrary::Result;
use nodewire::bytes::Bytes;
use nodewire::codec::supervisor::{
    Answer, BlockId, Code, Dependency, DependencySetV1, DerivedIdPair, HexBytes, Profile,
    SuperRootResponse, SupervisorSyncStatus,
};
use nodewire::codec::supervisor::{ChainId, ChainRootInfo, Hash};
use nodewire::state::supervisor::{
    CallToken, Client, ClientCommand, ClientRemote, RequestId, RequestText,
};
use nodewire::{Input, InputOf};
use serde_json::{Value, json};

use super::small;
use super::truth::{branch, l1, l2};
use crate::given::{Given, Script, take};

/// The client of the RPC.
#[derive(Default)]
pub struct ForRpcClient {
    /// Texts that were sent, with id and method of each call.
    sent: Vec<(RequestId, Vec<(Value, String)>)>,
}

impl Given for ForRpcClient {
    type Machine = Client;

    fn machine(&self) -> Client {
        let mut limits = small();
        limits.max_open_calls = 6;
        limits.max_reply = 3_000;
        Client::new(limits)
    }

    fn pick(&mut self, script: &mut Script<'_>, _: u64) -> Result<InputOf<Client>> {
        Ok(match script.int_in_range(0..=9_u8)? {
            0..=2 => {
                let token = CallToken(script.int_in_range(0..=9)?);
                Input::Local(ClientCommand::Call(token, script.arbitrary()?))
            }
            3 => {
                let count = script.int_in_range(0..=5_u64)?;
                let call = |token| Ok((CallToken(token), script.arbitrary()?));
                Input::Local(ClientCommand::Batch((0..count).map(call).collect::<Result<_>>()?))
            }
            4..=7 => self.reply(script)?,
            8 => {
                let lost = take(script, &mut self.sent)?.map_or(RequestId(5), |sent| sent.0);
                Input::Remote(ClientRemote::Lost(lost))
            }
            _ => Input::Timeout,
        })
    }

    fn sent(&mut self, message: &RequestText) {
        let text: Value = serde_json::from_slice(&message.text).expect("a request is JSON");
        let calls = match text {
            Value::Array(calls) => calls,
            call => vec![call],
        };
        let method = |call: &Value| call["method"].as_str().expect("a method").to_owned();
        let calls = calls.iter().map(|call| (call["id"].clone(), method(call))).collect();
        self.sent.push((message.request, calls));
    }

    /// Room and waiting calls are all there is.
    fn holds(&self, client: &Client) {
        assert_eq!(client.room() + client.waiting(), 6);
    }
}

impl ForRpcClient {
    /// Mostly a good reply to one of the texts, as over HTTP or as in a stream.
    fn reply(&mut self, script: &mut Script<'_>) -> Result<InputOf<Client>> {
        let (request, calls) = match take(script, &mut self.sent)? {
            Some(sent) => sent,
            None => (RequestId(0), vec![(json!(0), "supervisor_localUnsafe".to_owned())]),
        };
        let request = script.ratio(3, 4)?.then_some(request);
        let mut responses = Vec::new();
        for (id, method) in calls {
            responses.push(response(script, id, &method)?);
        }
        if script.ratio(1, 8)? {
            responses.pop();
        }
        let text = match script.int_in_range(0..=11_u8)? {
            0 => Bytes::from(script.arbitrary::<Vec<u8>>()?),
            1 => vec![b'['; 40].into(),
            2 => vec![b' '; 3_001].into(),
            3 => json!([responses, responses, responses]).to_string().into(),
            4 => {
                json!({ "jsonrpc": "2.0", "id": null, "error": error(script)? }).to_string().into()
            }
            _ if responses.len() == 1 => responses.remove(0).to_string().into(),
            _ => json!(responses).to_string().into(),
        };
        Ok(Input::Remote(ClientRemote::Reply { request, text }))
    }
}

/// A response of a server: a result of the right form, an error, or neither.
fn response(script: &mut Script<'_>, id: Value, method: &str) -> Result<Value> {
    let other = script.ratio(1, 12)?;
    let id = if other { json!(script.int_in_range(0..=9)?) } else { id };
    Ok(match script.int_in_range(0..=9_u8)? {
        0 => json!({ "jsonrpc": "2.0", "id": id, "error": error(script)? }),
        1 => json!({ "jsonrpc": "2.0", "id": id, "result": script.arbitrary::<bool>()? }),
        2 if other => json!({ "jsonrpc": "2.0", "id": id, "result": null, "error": null }),
        3 if other => json!({ "jsonrpc": "1.0", "id": id, "result": null }),
        _ => json!({ "jsonrpc": "2.0", "id": id, "result": result(script, method)? }),
    })
}

fn error(script: &mut Script<'_>) -> Result<Value> {
    let profile = if script.arbitrary()? { Profile::Seed } else { Profile::Deployed };
    Ok(match script.int_in_range(0..=3_u8)? {
        0 => json!({ "code": script.arbitrary::<i32>()?, "message": "other", "data": [1] }),
        1 => json!({ "code": "none" }),
        _ => {
            let code = Code::all().nth(script.int_in_range(0..=11)?).unwrap_or(Code::FutureData);
            json!({ "code": code.in_profile(profile), "message": code.message() })
        }
    })
}

fn result(script: &mut Script<'_>, method: &str) -> Result<Value> {
    let profile = if script.arbitrary()? { Profile::Seed } else { Profile::Deployed };
    let number = script.int_in_range(0..=9)?;
    let (block, source) = (l2(0, number, branch(script)?).0, l1(number, false));
    let chain = ChainId::from(10);
    let answer = match method {
        "supervisor_crossDerivedToSource"
        | "supervisor_crossDerivedFrom"
        | "supervisor_finalizedL1" => Answer::BlockRef(source),
        "supervisor_localUnsafe" | "supervisor_finalized" => Answer::BlockId(block.id()),
        "supervisor_crossSafe" | "supervisor_localSafe" => {
            Answer::Pair(DerivedIdPair { source: source.id(), derived: block.id() })
        }
        "supervisor_superRootAtTimestamp" => Answer::SuperRoot(Box::new(SuperRootResponse {
            cross_safe_derived_from: source.id(),
            timestamp: block.timestamp,
            super_root: Hash([9; 32]),
            version: 1,
            chains: vec![ChainRootInfo {
                chain_id: chain,
                canonical: Hash([8; 32]),
                pending: HexBytes(vec![7; 128].into()),
            }],
        })),
        "supervisor_syncStatus" => {
            let mut status = SupervisorSyncStatus::default();
            status.chains.insert(chain, Default::default());
            Answer::SyncStatus(Box::new(status))
        }
        "supervisor_allSafeDerivedAt" => {
            Answer::Blocks([(chain, BlockId::new(block.hash, number))].into())
        }
        "supervisor_dependencySetV1" => Answer::DependencySet(DependencySetV1 {
            dependencies: [(chain, Dependency::default())].into(),
            override_message_expiry_window: script.arbitrary()?,
        }),
        "admin_getFailsafeEnabled" => Answer::Failsafe(true),
        _ => Answer::Null,
    };
    let mut text = Vec::new();
    answer.write(profile, &mut text);
    Ok(serde_json::from_slice(&text).expect("an answer is JSON"))
}
