//! How answers are read, in both output forms, by the method that was called.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use serde::de::{DeserializeOwned, Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{Answer, AnswerKind};
use crate::codec::supervisor::object::Only;
use crate::codec::supervisor::{ChainId, HexUint64};

impl Answer {
    /// The answer of this kind that `text` is, in either output form; `None` for any other JSON.
    #[must_use]
    pub fn read(kind: AnswerKind, text: &str) -> Option<Self> {
        Some(match kind {
            AnswerKind::Null => serde_json::from_str(text).map(|()| Self::Null).ok()?,
            AnswerKind::BlockRef => Self::BlockRef(whole(text)?),
            AnswerKind::BlockId => Self::BlockId(whole(text)?),
            AnswerKind::Pair => Self::Pair(whole(text)?),
            AnswerKind::Blocks => {
                let mut from = serde_json::Deserializer::from_str(text);
                let blocks = objects_by_chain(&mut from).ok()?;
                from.end().ok()?;
                Self::Blocks(blocks)
            }
            AnswerKind::SuperRoot => Self::SuperRoot(Box::new(whole(text)?)),
            AnswerKind::SyncStatus => Self::SyncStatus(Box::new(whole(text)?)),
            AnswerKind::DependencySet => Self::DependencySet(whole(text)?),
            AnswerKind::Failsafe => Self::Failsafe(serde_json::from_str(text).ok()?),
        })
    }
}

/// The object that is the whole text.
fn whole<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str::<Only<T>>(text).ok().map(|only| only.0)
}

/// A list of objects.
pub(super) fn objects<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Vec<T>, D::Error> {
    let list = Vec::<Only<T>>::deserialize(from)?;
    Ok(list.into_iter().map(|only| only.0).collect())
}

/// An object by chain, no chain twice, in whichever form (D-24).
pub(super) fn objects_by_chain<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<BTreeMap<ChainId, T>, D::Error> {
    from.deserialize_map(ByChain(PhantomData))
}

struct ByChain<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ByChain<T> {
    type Value = BTreeMap<ChainId, T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object by chain id")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut map = BTreeMap::new();
        while let Some((chain_id, Only(value))) = members.next_entry()? {
            if map.insert(chain_id, value).is_some() {
                return Err(A::Error::custom("a chain that is there twice"));
            }
        }
        Ok(map)
    }
}

/// A number as such, or as the hex of deployed services.
pub(super) fn number_or_hex<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(u64),
        Hex(HexUint64),
    }
    Ok(match Either::deserialize(from)? {
        Either::Number(number) | Either::Hex(HexUint64(number)) => number,
    })
}
