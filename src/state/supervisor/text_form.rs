//! Texts of the RPC as data: as they are, or in hex if they are not UTF-8.

use core::str::from_utf8;

use bytes::Bytes;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::codec::supervisor::HexBytes;

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Form<T> {
    Text(T),
    Odd { hex: HexBytes },
}

pub(super) fn serialize<S: Serializer>(text: &Bytes, to: S) -> Result<S::Ok, S::Error> {
    let form =
        from_utf8(text).map_or_else(|_| Form::Odd { hex: HexBytes(text.clone()) }, Form::Text);
    form.serialize(to)
}

pub(super) fn serialize_optional<S: Serializer>(
    text: &Option<Bytes>,
    to: S,
) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    #[serde(transparent)]
    struct Of<'a>(#[serde(serialize_with = "serialize")] &'a Bytes);
    text.as_ref().map(Of).serialize(to)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Bytes, D::Error> {
    match Form::<alloc::string::String>::deserialize(from).map_err(D::Error::custom)? {
        Form::Text(text) => Ok(text.into()),
        Form::Odd { hex } => Ok(hex.0),
    }
}
