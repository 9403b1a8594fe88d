//! Responses, and the texts they are.

use alloc::vec::Vec;

use bytes::Bytes;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::Id;
use crate::codec::supervisor::profile::{InProfile, write_json};
use crate::codec::supervisor::{Answer, Failure, Profile};

/// The answer to a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Response {
    /// The request's id.
    pub id: Id,
    /// The result or the error.
    pub outcome: Result<Answer, Failure>,
}

/// Bytes that nearly every response fits.
const USUAL: usize = 256;

impl Response {
    /// The response's text.
    #[must_use]
    pub fn to_bytes(&self, profile: Profile) -> Bytes {
        let mut text = Vec::with_capacity(USUAL);
        self.write(profile, &mut text);
        Bytes::from(text)
    }

    /// Appends the response's text.
    pub fn write(&self, profile: Profile, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"id\":");
        out.extend_from_slice(self.id.as_str().as_bytes());
        match &self.outcome {
            Ok(answer) => {
                out.extend_from_slice(b",\"result\":");
                answer.write(profile, out);
            }
            Err(failure) => {
                out.extend_from_slice(b",\"error\":");
                write_json(&InProfile(failure, profile), out);
            }
        }
        out.push(b'}');
    }
}

/// Appends the text of a batch of responses that are texts already.
pub fn write_batch<'a>(responses: impl IntoIterator<Item = &'a [u8]>, out: &mut Vec<u8>) {
    out.push(b'[');
    for (at, response) in responses.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.extend_from_slice(response);
    }
    out.push(b']');
}

impl Serialize for InProfile<'_, Failure> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(2))?;
        map.serialize_entry("code", &self.0.code.in_profile(self.1))?;
        map.serialize_entry("message", &alloc::format!("{}", self.0))?;
        map.end()
    }
}
