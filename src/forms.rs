//! The data forms of inputs, actions, endings, faults and refusals: one for traces, play and
//! scenarios.
//!
//! ```text
//! input    {"local": ..} | {"remote": ..} | {"timeout": true}
//! action   {"send": ..} | {"notify": ..} | {"ask": {"id": 0, "query": ..}} | {"close": ENDING}
//! ENDING   "done" | {"fault": {"kind": "Violation", "rule": "leios/L-17",
//!                              "reason": "NoSuchRequest", "phase": "..", "text": ".."}}
//! refusal  {"kind": "Busy", "limit": "..", "text": ".."}
//! rule     {"rule": "leios/L-17", "reason": "NoSuchRequest"}
//! ```

use core::fmt;
use core::marker::PhantomData;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Deserializer, Serialize};

use crate::ask::AskId;
use crate::fault::{Ending, Fault, Refused, Rule};
use crate::machine::{Action, Input};

impl<L: Serialize, R: Serialize> Serialize for Input<L, R> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        match self {
            Self::Local(input) => map.serialize_entry("local", input)?,
            Self::Remote(input) => map.serialize_entry("remote", input)?,
            Self::Timeout => map.serialize_entry("timeout", &true)?,
        }
        map.end()
    }
}

impl<'de, L: Deserialize<'de>, R: Deserialize<'de>> Deserialize<'de> for Input<L, R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InputForm(PhantomData))
    }
}

struct InputForm<L, R>(PhantomData<(L, R)>);

impl<'de, L: Deserialize<'de>, R: Deserialize<'de>> Visitor<'de> for InputForm<L, R> {
    type Value = Input<L, R>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one of `local`, `remote` and `timeout`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let key: Option<Key> = map.next_key()?;
        let input = match key {
            Some(Key::Local) => Input::Local(map.next_value()?),
            Some(Key::Remote) => Input::Remote(map.next_value()?),
            Some(Key::Timeout) if map.next_value::<bool>()? => Input::Timeout,
            Some(Key::Timeout) => return Err(A::Error::custom("`timeout` is `true` or absent")),
            None => return Err(A::Error::custom("one of `local`, `remote`, `timeout` is needed")),
        };
        match map.next_key::<Key>()? {
            None => Ok(input),
            Some(_) => Err(A::Error::custom("only one of `local`, `remote`, `timeout` is allowed")),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Key {
    Local,
    Remote,
    Timeout,
}

impl<S: Serialize, N: Serialize, Q: Serialize> Serialize for Action<S, N, Q> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        match self {
            Self::Send(message) => map.serialize_entry("send", message)?,
            Self::Notify(notice) => map.serialize_entry("notify", notice)?,
            Self::Ask(id, query) => map.serialize_entry("ask", &Asked { id: *id, query })?,
            Self::Close(ending) => map.serialize_entry("close", ending)?,
        }
        map.end()
    }
}

#[derive(Serialize)]
struct Asked<'a, Q> {
    id: AskId,
    query: &'a Q,
}

impl Serialize for Ending {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        match self {
            Self::Done => serializer.serialize_str("done"),
            Self::Fault(fault) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("fault", fault)?;
                map.end()
            }
        }
    }
}

impl Serialize for Fault {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        let mut map = serializer.serialize_map(None)?;
        let kind = match self {
            Self::Violation { .. } => "Violation",
            Self::Malformed { .. } => "Malformed",
            Self::Overrun { .. } => "Overrun",
            Self::Timeout { .. } => "Timeout",
            Self::Truncated { .. } => "Truncated",
            Self::Congested { .. } => "Congested",
            Self::Unable { .. } => "Unable",
        };
        map.serialize_entry("kind", kind)?;
        if let Some(rule) = self.rule() {
            map.serialize_entry("rule", rule.id())?;
            map.serialize_entry("reason", rule.reason())?;
        }
        match self {
            Self::Violation { phase, .. } => map.serialize_entry("phase", phase)?,
            Self::Malformed { kind, offset, inside, .. } => {
                map.serialize_entry("malformed", kind)?;
                map.serialize_entry("offset", offset)?;
                map.serialize_entry("inside", inside)?;
            }
            Self::Overrun { limit } | Self::Congested { limit } => {
                map.serialize_entry("limit", limit)?;
            }
            Self::Timeout { awaited, .. } => map.serialize_entry("awaited", awaited)?,
            Self::Truncated { inside } => map.serialize_entry("inside", inside)?,
            Self::Unable { duty, .. } => map.serialize_entry("duty", duty)?,
        }
        map.serialize_entry("text", &Text(self))?;
        map.end()
    }
}

impl Serialize for Refused {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        let mut map = serializer.serialize_map(None)?;
        let kind = match self {
            Self::WrongPhase { .. } => "WrongPhase",
            Self::Busy { .. } => "Busy",
            Self::Invalid { .. } => "Invalid",
            Self::UnknownAsk => "UnknownAsk",
            Self::Ended => "Ended",
        };
        map.serialize_entry("kind", kind)?;
        match self {
            Self::WrongPhase { phase } => map.serialize_entry("phase", phase)?,
            Self::Busy { limit } => map.serialize_entry("limit", limit)?,
            Self::Invalid { why } => map.serialize_entry("why", why)?,
            Self::UnknownAsk | Self::Ended => {}
        }
        map.serialize_entry("text", &Text(self))?;
        map.end()
    }
}

impl Serialize for Rule {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("rule", self.id())?;
        map.serialize_entry("reason", self.reason())?;
        map.end()
    }
}

/// Something as its text.
struct Text<'a, T>(&'a T);

impl<T: fmt::Display> Serialize for Text<'_, T> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serializer.collect_str(self.0)
    }
}
