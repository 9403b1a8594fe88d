//! A peer of a scenario: who it says it is, and what of its stream was heard.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::{Value, json};

use super::NETWORK_ID;
use super::step::Join;
use crate::codec::Source;
use crate::codec::chia::messages::Handshake;
use crate::codec::chia::{Message, NodeId, NodeType};
use crate::sim::scenario::value::{Vars, data, hex, octets};
use crate::state::chia::ConnectionConfig;

/// The handshake of a peer that is the `turn`th to join.
pub(super) fn handshake(
    join: &Join,
    node_type: &str,
    turn: u8,
    vars: &Vars,
) -> Result<Message, String> {
    let node_type = node_type_of(node_type)?;
    let node_id = match &join.node_id {
        Some(id) => octets(id, vars)?.try_into().map_err(|_| "a node id has 32 bytes")?,
        None => [turn; 32],
    };
    let text =
        |name: &str, or: &str| vars.get(name).and_then(Value::as_str).unwrap_or(or).to_string();
    Ok(Handshake {
        network_id: text("network", NETWORK_ID),
        version: text("version", ConnectionConfig::VERSION),
        node_id: NodeId(node_id),
        server_port: join.port,
        node_type,
    }
    .into())
}

/// The node type of this name, with hyphens.
pub(super) fn node_type_of(name: &str) -> Result<NodeType, String> {
    let spaced = name.replace('-', " ");
    let found = NodeType::ALL.into_iter().find(|node_type| node_type.name() == spaced);
    found.ok_or_else(|| format!("no node is a {name}"))
}

/// A frame's body as data: the message, or that it is none.
pub(super) fn read(body: &[u8]) -> Value {
    match Message::decode(body, Source::COPY) {
        Ok(message) => data(&message),
        Err(_) => json!({ "unreadable": hex(body) }),
    }
}

/// Takes a whole frame off the front of a stream: its body.
pub(super) fn frame(stream: &mut Vec<u8>) -> Option<Vec<u8>> {
    let length = u32::from_be_bytes(*stream.first_chunk()?) as usize;
    let end = length.checked_add(4)?;
    if stream.len() < end {
        return None;
    }
    Some(stream.drain(..end).skip(4).collect())
}
