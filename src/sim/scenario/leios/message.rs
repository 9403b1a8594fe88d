//! Messages as scenarios write them, and their bytes.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::codec::cbor::Scanner;
use crate::codec::leios::{
    HandshakeMessage, KeepAliveMessage, NaiveMessage, ReplyMessage, RequestMessage,
};
use crate::codec::{Malformed, Source};
use crate::state::leios::{
    HANDSHAKE_NUMBER, KEEP_ALIVE_NUMBER, LEIOS_REPLY, LEIOS_REQUEST, NAIVE_NUMBER,
};

/// How deep items may nest.
const DEPTH: u32 = 64;

/// A mini-protocol by its name in scenarios.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "those that scenarios speak of")]
pub enum Protocol {
    /// Number 0.
    Handshake,
    /// Number 8.
    KeepAlive,
    /// Number 24.
    LeiosRequest,
    /// Number 25.
    LeiosReply,
    /// Number 26.
    NaiveLeios,
}

impl Protocol {
    const ALL: [Self; 5] =
        [Self::Handshake, Self::KeepAlive, Self::LeiosRequest, Self::LeiosReply, Self::NaiveLeios];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Handshake => "Handshake",
            Self::KeepAlive => "KeepAlive",
            Self::LeiosRequest => "LeiosRequest",
            Self::LeiosReply => "LeiosReply",
            Self::NaiveLeios => "NaiveLeios",
        }
    }

    /// Its number on the multiplexer.
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::Handshake => HANDSHAKE_NUMBER,
            Self::KeepAlive => KEEP_ALIVE_NUMBER,
            Self::LeiosRequest => LEIOS_REQUEST,
            Self::LeiosReply => LEIOS_REPLY,
            Self::NaiveLeios => NAIVE_NUMBER,
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|protocol| protocol.name() == name)
    }

    /// The one of this number.
    #[must_use]
    pub fn numbered(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|protocol| protocol.number() == number)
    }

    /// The bytes of a message in the form of scenarios.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn encode(self, message: &Value) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        match self {
            Self::Handshake => read::<HandshakeMessage>(message)?.encode(&mut out),
            Self::KeepAlive => read::<KeepAliveMessage>(message)?.encode(&mut out),
            Self::LeiosRequest => read::<RequestMessage>(message)?.encode(&mut out),
            Self::LeiosReply => read::<ReplyMessage>(&counted(message))?.encode(&mut out),
            Self::NaiveLeios => read::<NaiveMessage>(message)?.encode(&mut out),
        }
        Ok(out)
    }

    /// The message at the front of `bytes` in the form of scenarios, and its length; `None` if
    /// more bytes are needed.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn decode(self, bytes: &[u8]) -> Result<Option<(Value, usize)>, Malformed> {
        let Some(length) = Scanner::new(DEPTH).feed(bytes, usize::MAX)? else { return Ok(None) };
        let item = bytes.get(..length).unwrap_or(bytes);
        let source = Source::COPY;
        let message = match self {
            Self::Handshake => write(&HandshakeMessage::decode(item, source)?),
            Self::KeepAlive => write(&KeepAliveMessage::decode(item, source)?),
            Self::LeiosRequest => write(&RequestMessage::decode(item, source)?),
            Self::LeiosReply => bare(write(&ReplyMessage::decode(item, source)?)),
            Self::NaiveLeios => write(&NaiveMessage::decode(item, source)?),
        };
        Ok(Some((message, length)))
    }
}

fn read<M: DeserializeOwned>(message: &Value) -> Result<M, String> {
    serde_json::from_value(message.clone()).map_err(|error| format!("{error}, in {message}"))
}

fn write(message: &impl Serialize) -> Value {
    serde_json::to_value(message).unwrap_or(Value::Null)
}

/// Scenarios name notifications without the sizes they had on the wire.
fn notifications(message: &mut Value) -> Option<&mut Vec<Value>> {
    let payload = message.get_mut("MsgLeiosReply")?;
    payload.get_mut("LeiosNotifications")?.get_mut(2)?.as_array_mut()
}

fn counted(message: &Value) -> Value {
    let mut message = message.clone();
    for notification in notifications(&mut message).into_iter().flatten() {
        *notification = json!({ "notification": notification.take(), "size": 0 });
    }
    message
}

fn bare(mut message: Value) -> Value {
    for notification in notifications(&mut message).into_iter().flatten() {
        if let Some(inner) = notification.get_mut("notification") {
            *notification = inner.take();
        }
    }
    message
}
