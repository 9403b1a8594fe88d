//! The steps of a scenario as they are written.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::message::Protocol;
use super::value::{Vars, fill, hex, octets};
use crate::codec::{Mode, SegmentHeader};

/// One thing that happens, or that has to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Step {
    /// The tested side's application gives this command, as any node would by itself: over a wire
    /// it is taken for granted.
    Given(Value),
    /// The tested side's application gives this command.
    Local(Value),
    /// The tested machine refuses this command of its application.
    Refuse {
        /// The command.
        local: Value,
        /// Why.
        why: Value,
    },
    /// The other end sends something.
    Peer(Peer),
    /// The tested side sends this next on that channel.
    Await(Await),
    /// The tested side sends nothing more, or nothing like this.
    Quiet(Quiet),
    /// What a name stands for is like this: `["$flag", false]`.
    Same(Value, Value),
    /// The application is told this, sooner or later up to now. Over a wire it isn't seen.
    Expect(Value),
    /// The oldest open question like this is answered.
    Answer {
        /// What it is like.
        query: Value,
        /// The command that answers it, where `$id` is its number; as an honest application would
        /// if there is none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        with: Option<Value>,
    },
    /// So many microseconds pass.
    Wait(u64),
    /// So many bytes of what the tested side sent have left for the transport.
    Drained(u32),
    /// The transport of the tested side takes so many bytes more.
    Writable(usize),
    /// The other end closes the connection, if true.
    Eof(bool),
    /// The same again and again.
    Repeat {
        /// The name of the number.
        #[serde(rename = "as")]
        name: String,
        /// The first number.
        from: u64,
        /// The one after the last.
        to: u64,
        /// What is repeated.
        steps: Vec<Step>,
    },
}

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

impl Step {
    /// True if something is done to the tested side: leaving it out changes the scenario.
    #[must_use]
    pub const fn acts(&self) -> bool {
        match self {
            Self::Await(_)
            | Self::Quiet(_)
            | Self::Same(..)
            | Self::Expect(_)
            | Self::Refuse { .. } => false,
            Self::Given(_)
            | Self::Local(_)
            | Self::Peer(_)
            | Self::Answer { .. }
            | Self::Wait(_)
            | Self::Drained(_)
            | Self::Writable(_)
            | Self::Eof(_)
            | Self::Repeat { .. } => true,
        }
    }

    /// The step with what is known filled in.
    pub(super) fn expand(&self, vars: &Vars) -> Result<Self, String> {
        Ok(match self {
            Self::Peer(peer) => Self::Peer(peer.expand(vars)),
            Self::Given(command) => Self::Given(known(command, vars)),
            Self::Local(command) => Self::Local(known(command, vars)),
            Self::Await(awaited) => Self::Await(Await {
                message: awaited.message.as_ref().map(|message| known(message, vars)),
                notification: awaited.notification.as_ref().map(|news| known(news, vars)),
                ..awaited.clone()
            }),
            Self::Refuse { local, why } => {
                Self::Refuse { local: known(local, vars), why: known(why, vars) }
            }
            Self::Quiet(quiet) => Self::Quiet(Quiet {
                message: quiet.message.as_ref().map(|message| known(message, vars)),
                ..quiet.clone()
            }),
            Self::Repeat { name, from, to, steps } => Self::Repeat {
                name: name.clone(),
                from: *from,
                to: *to,
                steps: steps.iter().map(|step| step.expand(vars)).collect::<Result<_, _>>()?,
            },
            Self::Same(value, pattern) => Self::Same(known(value, vars), known(pattern, vars)),
            Self::Expect(notice) => Self::Expect(known(notice, vars)),
            Self::Answer { query, with } => Self::Answer {
                query: known(query, vars),
                with: with.as_ref().map(|with| known(with, vars)),
            },
            Self::Wait(_) | Self::Drained(_) | Self::Writable(_) | Self::Eof(_) => self.clone(),
        })
    }
}

/// A value with all names filled in that have a meaning; the others stay.
fn known(value: &Value, vars: &Vars) -> Value {
    match value {
        Value::Array(items) => fill(value, vars)
            .unwrap_or_else(|_| items.iter().map(|item| known(item, vars)).collect()),
        Value::Object(fields) => fill(value, vars).unwrap_or_else(|_| {
            let known = |(key, item): (&String, _)| (key.clone(), known(item, vars));
            Value::Object(fields.iter().map(known).collect())
        }),
        _ => fill(value, vars).unwrap_or_else(|_| value.clone()),
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

    fn expand(&self, vars: &Vars) -> Self {
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
