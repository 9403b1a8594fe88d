//! What peers do, and what they are to hear.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::codec::chia::Message;
use crate::sim::scenario::value::{Vars, fill, known, octets, typed};

/// A peer connects.
#[expect(clippy::struct_excessive_bools, reason = "each is a word of its own in the file")]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Join {
    /// What it is called.
    #[serde(rename = "as")]
    pub name: String,
    /// Its type: `full-node`, `harvester`, `farmer`, `timelord`, `introducer` or `wallet`. Says
    /// its handshake, awaits that of the tested side, and acks; without it nothing is said.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub node_type: Option<String>,
    /// What it calls itself: a byte 32 times, that of its turn if nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_id: Option<Value>,
    /// Where it says that it listens.
    #[serde(skip_serializing_if = "is_zero")]
    pub port: u16,
    /// From where it is seen: `10.0.0.1` and so on if nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The tested side dialled.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub dialled: bool,
    /// The tested side knows it by its configuration.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub trusted: bool,
    /// How many bytes it takes; no end of it if nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub takes: Option<usize>,
    /// The tested side is to close instead of sending its ack.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub refused: bool,
    /// Pings are for the scenario to see and to answer.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub pings: bool,
}

/// A peer sends something: one of a message, the body of a frame, bytes of the stream.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Say {
    /// Which one; the only one if nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// A message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Value>,
    /// The body of a frame, whose length is put before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// Bytes of the stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<Value>,
    /// The stream comes in pieces of so many bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut: Option<usize>,
}

/// A peer hears this next.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Hear {
    /// Which one; the only one if nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// What the message is like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Value>,
    /// The body of its frame, byte for byte.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// Other messages may come before it.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub eventually: bool,
    /// How long it may take in microseconds, on the tested side's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<u64>,
}

/// A peer hears nothing like this.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Hush {
    /// Which one; the only one if nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// What no message may be like; without it there may be none at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Value>,
}

/// The connection of a peer has ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Gone {
    /// Which one; the only one if nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// How, as in `accept`.
    pub with: Value,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
const fn is_zero(number: &u16) -> bool {
    *number == 0
}

/// Bytes of the length before a frame.
const LENGTH: usize = 4;

/// The frame around a body.
pub(super) fn framed(body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    let mut frame = Vec::with_capacity(body.len() + LENGTH);
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(body);
    frame
}

impl Say {
    /// The bytes of the stream.
    pub(super) fn stream(&self, vars: &Vars) -> Result<Vec<u8>, String> {
        match (&self.message, &self.body, &self.bytes) {
            (Some(message), None, None) => {
                let message: Message = typed(&fill(message, vars)?)?;
                let mut body = Vec::new();
                message.encode(&mut body);
                Ok(framed(&body))
            }
            (None, Some(body), None) => Ok(framed(&octets(body, vars)?)),
            (None, None, Some(bytes)) => octets(bytes, vars),
            _ => Err(String::from("`say` has one of `message`, `body` and `bytes`")),
        }
    }

    /// The step with what is known filled in.
    pub(in crate::sim::scenario) fn expand(&self, vars: &Vars) -> Self {
        if let Ok(bytes) = self.stream(vars) {
            let bytes = Some(Value::String(crate::sim::scenario::value::hex(&bytes)));
            return Self { message: None, body: None, bytes, ..self.clone() };
        }
        // It names what only playing tells.
        let known = |value: &Option<Value>| value.as_ref().map(|value| known(value, vars));
        let (message, body) = (known(&self.message), known(&self.body));
        Self { message, body, bytes: known(&self.bytes), ..self.clone() }
    }
}

impl Hear {
    /// The step with what is known filled in.
    pub(in crate::sim::scenario) fn expand(&self, vars: &Vars) -> Self {
        Self { message: self.message.as_ref().map(|it| known(it, vars)), ..self.clone() }
    }
}

impl Hush {
    /// The step with what is known filled in.
    pub(in crate::sim::scenario) fn expand(&self, vars: &Vars) -> Self {
        Self { message: self.message.as_ref().map(|it| known(it, vars)), ..self.clone() }
    }
}
