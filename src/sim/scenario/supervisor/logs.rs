//! Logs by what they say or execute, and the messages that they are: hashes are computed.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::content::{Block, Content};
use crate::codec::supervisor::{
    Address, BlockRef, ChainId, HexBytes, Identifier, Keccak256, Log, Message, RustCryptoKeccak256,
};
use crate::sim::scenario::value::{data, typed};
use crate::sim::supervisor::{entries, executing, message_of};

/// The contract of plain logs.
const SPEAKER: Address = Address([0x11; 20]);

/// A log as it is written.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum LogForm {
    /// A plain log without topics, with this text as data.
    Says(String),
    /// The inbox's log of executing a message.
    Executes(Executes),
    /// Any log.
    Any(Log),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Executes {
    executes: Target,
    /// What of the message is otherwise than the log that it names.
    #[serde(default)]
    but: Map<String, Value>,
}

/// A log by branch, block and position, or a message of the content.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Target {
    Log(String, u64, u32),
    Message(String),
}

/// A message that need not be of any log there is.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MessageForm {
    #[serde(rename = "chainID")]
    chain_id: ChainId,
    block_number: u64,
    #[serde(default)]
    log_index: u32,
    timestamp: u64,
    #[serde(default = "speaker")]
    origin: Address,
    /// The text that is its payload.
    #[serde(default)]
    payload: String,
}

const fn speaker() -> Address {
    SPEAKER
}

impl MessageForm {
    fn message(&self) -> Message {
        let payload_hash = RustCryptoKeccak256::keccak256(&[self.payload.as_bytes()]);
        let Self { chain_id, block_number, log_index, timestamp, origin, .. } = *self;
        let identifier = Identifier { origin, block_number, log_index, timestamp, chain_id };
        Message { identifier, payload_hash }
    }

    pub fn vars(&self) -> Value {
        vars(&self.message())
    }
}

/// Makes the logs of all blocks, those that execute others after them.
pub(super) fn make(
    content: &mut Content,
    messages: &[(&String, MessageForm)],
) -> Result<(), String> {
    let places = content.chains.iter().flat_map(|(name, branch)| {
        let logs = move |(at, block): (usize, &Block)| {
            (0..block.forms.len()).map(move |index| (name.clone(), at, index))
        };
        branch.blocks.iter().enumerate().flat_map(logs)
    });
    let mut open: Vec<(String, usize, usize)> = places.collect();
    while !open.is_empty() {
        let (mut made, mut later) = (Vec::new(), Vec::new());
        for (name, at, index) in open {
            let block = content.chains.get(&name).and_then(|branch| branch.blocks.get(at));
            let Some((block, form)) = block.and_then(|it| Some((it, it.forms.get(index)?))) else {
                continue;
            };
            match form.log(content, messages, (&name, block.reference.number))? {
                Some(log) => made.push((name, at, index, log)),
                None => later.push((name, at, index)),
            }
        }
        if let (true, Some((name, ..))) = (made.is_empty(), later.first()) {
            return Err(format!("content {name}: a log executes itself, or what is not there"));
        }
        for (name, at, index, log) in made {
            let block = content.chains.get_mut(&name).and_then(|it| it.blocks.get_mut(at));
            if let Some(place) = block.and_then(|block| block.logs.get_mut(index)) {
                *place = Some(log);
            }
        }
        open = later;
    }
    Ok(())
}

impl LogForm {
    /// The log; `None` while what it executes is not made.
    fn log(
        &self,
        content: &Content,
        messages: &[(&String, MessageForm)],
        (name, number): (&str, u64),
    ) -> Result<Option<Log>, String> {
        let Executes { executes, but } = match self {
            Self::Any(log) => return Ok(Some(log.clone())),
            Self::Says(text) => {
                let data = HexBytes(Bytes::copy_from_slice(text.as_bytes()));
                return Ok(Some(Log { address: SPEAKER, topics: Vec::new(), data }));
            }
            Self::Executes(executes) => executes,
        };
        let message = match executes {
            Target::Message(of) => {
                let form = messages.iter().find(|(name, _)| *name == of);
                let form = form.ok_or_else(|| format!("{name} {number}: no message {of}"))?;
                form.1.message()
            }
            Target::Log(of, at, index) => {
                let branch = content.chains.get(of);
                let branch = branch.ok_or_else(|| format!("{name} {number}: no chain {of}"))?;
                let block = branch.block(*at);
                let block = block.ok_or_else(|| format!("{name} {number}: {of} has no {at}"))?;
                let log = block.logs.get(*index as usize);
                let log =
                    log.ok_or_else(|| format!("{name} {number}: {of} {at} has no {index}"))?;
                let Some(log) = log else { return Ok(None) };
                self::message(branch.chain_id, &block.reference, *index, log)
            }
        };
        Ok(Some(executing(&changed(&message, but)?)))
    }
}

/// A message with some of its fields replaced, which are named as in JSON.
fn changed(message: &Message, but: &Map<String, Value>) -> Result<Message, String> {
    let mut form = data(message);
    for (field, value) in but {
        let place =
            if field == "payloadHash" { Some(&mut form) } else { form.get_mut("identifier") };
        let place = place.and_then(Value::as_object_mut).and_then(|fields| fields.get_mut(field));
        *place.ok_or_else(|| format!("a message has no {field}"))? = value.clone();
    }
    typed(&form)
}

/// The message that a log of this block is.
pub(super) fn message(chain_id: ChainId, block: &BlockRef, index: u32, log: &Log) -> Message {
    message_of(chain_id, (block.number, block.timestamp), index, log)
}

/// What names of a message stand for.
pub(super) fn vars(message: &Message) -> Value {
    let entries = entries(message);
    json!({
        "message": message, "identifier": message.identifier,
        "payloadHash": message.payload_hash, "entries": entries,
        "lookup": entries.first(), "checksum": entries.last(),
    })
}
