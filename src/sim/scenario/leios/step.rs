//! What the other end sends, and what it awaits.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::message::Protocol;

use crate::codec::{Mode, SegmentHeader};
use crate::sim::scenario::value::{Vars, fill, hex, known, octets};

/// What the other end sends: one of a message, bytes on a channel, a segment, bytes of the stream.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Peer {
    /// Which of several other ends.
    #[serde(skip_serializing_if = "is_zero")]
    pub from: u64,
    /// On which mini-protocol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// A message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Value>,
    /// Bytes, of a message or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hex: Option<Value>,
    /// A segment of the stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<Segment>,
    /// Bytes of the stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<Value>,
}

/// A segment of the multiplexed stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Segment {
    /// The mini-protocol.
    pub number: u16,
    /// Which side of the mini-protocol sends it.
    pub mode: Mode,
    /// A message as payload, of the mini-protocol with that number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Value>,
    /// The payload as bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hex: Option<Value>,
}

/// What the tested side is to send next: a whole message, or one of the notifications.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Await {
    /// To which of several other ends.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub to: u64,
    /// The mini-protocol, or `segments`.
    pub on: String,
    /// What the message is like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Value>,
    /// What one of the notifications sent is like; others before it are passed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification: Option<Value>,
    /// True if other messages may come before it.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub eventually: bool,
    /// How long it may take in microseconds, on the tested side's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<u64>,
}

/// What the tested side is not to send.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Quiet {
    /// To which of several other ends.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub to: u64,
    /// The mini-protocol, or `segments`.
    pub on: String,
    /// What no message may be like; without it there may be none at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Value>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Await {
    /// The step with what is known filled in.
    pub(in crate::sim::scenario) fn expand(&self, vars: &Vars) -> Self {
        Self {
            message: self.message.as_ref().map(|message| known(message, vars)),
            notification: self.notification.as_ref().map(|news| known(news, vars)),
            ..self.clone()
        }
    }
}

impl Quiet {
    /// The step with what is known filled in.
    pub(in crate::sim::scenario) fn expand(&self, vars: &Vars) -> Self {
        Self { message: self.message.as_ref().map(|message| known(message, vars)), ..self.clone() }
    }
}

impl Peer {
    /// The bytes on a channel.
    pub(super) fn bytes(&self, vars: &Vars) -> Result<Option<(Protocol, Vec<u8>)>, String> {
        let Some(on) = &self.on else { return Ok(None) };
        let on = Protocol::named(on).ok_or_else(|| alloc::format!("no mini-protocol {on}"))?;
        let bytes = match (&self.message, &self.hex) {
            (Some(message), None) => on.encode(&fill(message, vars)?)?,
            (None, Some(parts)) => octets(parts, vars)?,
            _ => return Err("`peer` sends one of `message` and `hex`".to_string()),
        };
        Ok(Some((on, bytes)))
    }

    /// The bytes of the stream.
    pub(super) fn stream(&self, vars: &Vars) -> Result<Vec<u8>, String> {
        match (&self.segment, &self.stream) {
            (Some(segment), None) => segment.bytes(vars),
            (None, Some(parts)) => octets(parts, vars),
            _ => Err("`peer` sends on a channel, or one of `segment` and `stream`".to_string()),
        }
    }

    /// The step with what is known filled in.
    pub(in crate::sim::scenario) fn expand(&self, vars: &Vars) -> Self {
        match self.bytes(vars) {
            Ok(Some((_, bytes))) => {
                Self { message: None, hex: Some(Value::String(hex(&bytes))), ..self.clone() }
            }
            Ok(None) => self.stream(vars).map_or_else(
                |_| self.clone(),
                |bytes| Self {
                    segment: None,
                    stream: Some(Value::String(hex(&bytes))),
                    ..self.clone()
                },
            ),
            // It names what only playing tells.
            Err(_) => {
                let message = self.message.as_ref().map(|message| known(message, vars));
                let hex = self.hex.as_ref().map(|parts| known(parts, vars));
                Self { message, hex, ..self.clone() }
            }
        }
    }
}

impl Segment {
    fn bytes(&self, vars: &Vars) -> Result<Vec<u8>, String> {
        let payload = match (&self.message, &self.hex) {
            (Some(message), None) => {
                let on = Protocol::numbered(self.number).ok_or("no message has this number")?;
                on.encode(&fill(message, vars)?)?
            }
            (None, Some(parts)) => octets(parts, vars)?,
            _ => return Err("`segment` has one of `message` and `hex`".to_string()),
        };
        let length = u16::try_from(payload.len()).map_err(|_| "too long for a segment")?;
        let header = SegmentHeader { time: 0, mode: self.mode, number: self.number, length };
        let mut bytes = header.encode().to_vec();
        bytes.extend_from_slice(&payload);
        Ok(bytes)
    }
}
