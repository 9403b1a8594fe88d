//! Calls of clients and what they are replied with.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::sim::scenario::Stop;
use crate::sim::scenario::play::{Played, cut, filled, short};
use crate::sim::scenario::value::{Vars, fits, known, octets};

/// A text of a client: a method with its parameters, a whole document, or anything.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Call {
    /// The method; the request around it is made up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Its parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub params: Option<Value>,
    /// The whole request, or a batch of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<Value>,
    /// The text as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The text in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hex: Option<Value>,
    /// What it is replied with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gives: Option<Gives>,
    /// With what else others may reply, whose codes are coarser. Ours may not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub or: Vec<Gives>,
    /// Its name, for a reply that comes later.
    #[serde(rename = "as", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A call that was not replied to at once is now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Reply {
    /// The name of the call.
    pub to: String,
    /// What it is replied with.
    pub gives: Gives,
}

/// What a call is replied with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Gives {
    /// This result.
    Result(Value),
    /// An error with this code, or like this object.
    Error(Value),
    /// This whole text, as JSON.
    Reply(Value),
    /// Nothing is sent.
    Nothing,
}

/// The id of requests that are made up.
const ID: u64 = 1;

impl Call {
    /// True if its reply is awaited by another step.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.name.is_some()
    }

    /// The bytes of the text.
    pub(super) fn bytes(&self, vars: &Vars) -> Result<Vec<u8>, Stop> {
        let Self { method, params, request, text, hex, .. } = self;
        match (method, request, text, hex) {
            (Some(method), None, None, None) => {
                let mut request = json!({ "jsonrpc": "2.0", "id": ID, "method": method });
                if let (Some(params), Value::Object(fields)) = (params, &mut request) {
                    fields.insert("params".to_string(), filled(params, vars)?);
                }
                Ok(request.to_string().into_bytes())
            }
            (None, Some(request), None, None) => {
                Ok(filled(request, vars)?.to_string().into_bytes())
            }
            (None, None, Some(text), None) => Ok(text.as_bytes().to_vec()),
            (None, None, None, Some(hex)) => octets(hex, vars).map_err(Stop::Broken),
            _ => {
                let why = "`call` has one of `method`, `request`, `text` and `hex`";
                Err(Stop::Broken(why.to_string()))
            }
        }
    }

    /// The call with what is known filled in.
    pub(in crate::sim::scenario) fn expand(&self, vars: &Vars) -> Self {
        Self {
            params: self.params.as_ref().map(|params| known(params, vars)),
            request: self.request.as_ref().map(|request| known(request, vars)),
            hex: self.hex.as_ref().map(|hex| known(hex, vars)),
            gives: self.gives.as_ref().map(|gives| gives.expand(vars)),
            or: self.or.iter().map(|gives| gives.expand(vars)).collect(),
            ..self.clone()
        }
    }
}

impl Reply {
    /// The step with what is known filled in.
    pub(in crate::sim::scenario) fn expand(&self, vars: &Vars) -> Self {
        Self { to: self.to.clone(), gives: self.gives.expand(vars) }
    }
}

impl Gives {
    fn expand(&self, vars: &Vars) -> Self {
        match self {
            Self::Result(pattern) => Self::Result(known(pattern, vars)),
            Self::Error(pattern) => Self::Error(known(pattern, vars)),
            Self::Reply(pattern) => Self::Reply(known(pattern, vars)),
            Self::Nothing => Self::Nothing,
        }
    }

    /// Whether a text is as it has to be.
    pub(super) fn check(&self, text: Option<&[u8]>, vars: &mut Vars) -> Played {
        let Some(text) = text else {
            return match self {
                Self::Nothing => Ok(()),
                other => Err(Stop::Failed(format!("sent nothing, not {}", other.shown()))),
            };
        };
        let wrong = |found: &str| {
            let found = cut(found);
            Err(Stop::Failed(format!("replied with {found}, not with {}", self.shown())))
        };
        let Ok(reply) = serde_json::from_slice::<Value>(text) else {
            return wrong(&String::from_utf8_lossy(text));
        };
        let good = match self {
            Self::Nothing => false,
            Self::Reply(pattern) => fits(pattern, &reply, vars),
            Self::Result(pattern) => {
                let result = member(&reply, "result");
                result.is_some_and(|result| fits(pattern, result, vars))
            }
            Self::Error(Value::Number(code)) => member(&reply, "error").is_some_and(|error| {
                error.get("code").and_then(Value::as_number) == Some(code)
                    && error.get("message").is_some_and(Value::is_string)
            }),
            Self::Error(pattern) => {
                member(&reply, "error").is_some_and(|error| fits(pattern, error, vars))
            }
        };
        if good { Ok(()) } else { wrong(&short(&reply)) }
    }

    fn shown(&self) -> String {
        serde_json::to_string(self).map(|form| cut(&form)).unwrap_or_default()
    }
}

/// This member of a whole response to a request that was made up, if there is no other.
fn member<'a>(reply: &'a Value, name: &str) -> Option<&'a Value> {
    let fields = reply.as_object()?;
    let whole = fields.len() == 3
        && fields.get("jsonrpc").is_some_and(|version| version == "2.0")
        && fields.get("id").is_some_and(|id| *id == ID);
    fields.get(name).filter(|_| whole)
}
