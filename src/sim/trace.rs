//! Traces: what went into a machine and what came out, as JSON lines.
//!
//! The first line is the header, every other line is a step:
//!
//! ```text
//! {"trace":1,"machine":"leios.client","config":{"seed":7},"shortened":false}
//! {"at":0,"local":"Start","actions":[{"send":"MsgLeiosInit"}]}
//! {"at":48113,"remote":{"Offer":3},"actions":[{"notify":{"Offered":3}}]}
//! {"at":50000,"local":"Start","actions":[],"refused":{"kind":"WrongPhase", ..}}
//! {"at":60000000,"timeout":true,"actions":[{"close":{"fault":{"kind":"Timeout", ..}}}]}
//! ```
//!
//! `at` is in microseconds, as a string above 2⁵³; inputs, actions and refusals have the one data form of this crate, the
//! same as in [`Player`](crate::sim::Player). Keys within a body are in alphabetical order. Bytes
//! are hex. A format that changes gets a new number, and an unknown number is refused.
//!
//! A shortened trace says `"shortened":true` and has bodies of the form
//! `{"short":{"name":"Offer","length":11,"hash":"af63dc4c8601ec8c"}}`: the name of the variant,
//! the length of the body as JSON and its FNV-1a hash. It can be read and drawn, not replayed.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::Serialize;
use serde_json::{Value, json};

use crate::sim::TraceHash;
use crate::time::Time;

/// The version of the trace format written and read here.
pub const TRACE_VERSION: u64 = 1;

/// What happened to one machine.
///
/// Made by a [`Recorder`](crate::sim::Recorder) or read from text; [`Display`](fmt::Display)
/// writes the text.
///
/// ```
/// use nodewire::sim::{Trace, TraceError};
///
/// let text = "{\"trace\":1,\"machine\":\"echo\",\"config\":null,\"shortened\":false}\n\
///             {\"at\":5,\"remote\":7,\"actions\":[{\"send\":7}]}\n";
/// let trace: Trace = text.parse().unwrap();
/// assert_eq!(trace.to_string().lines().count(), 2);
/// assert_eq!("{\"trace\":9}".parse::<Trace>(), Err(TraceError::Version { found: 9 }));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Trace {
    pub(crate) machine: String,
    /// Canonical JSON.
    pub(crate) config: String,
    pub(crate) shortened: bool,
    pub(crate) steps: Vec<Step>,
}

/// One input and all that came of it, each as canonical JSON.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Step {
    pub(crate) at: Time,
    pub(crate) kind: Kind,
    pub(crate) input: String,
    pub(crate) actions: Vec<String>,
    pub(crate) refused: Option<String>,
}

/// The kind of a step's input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the three kinds of input")]
pub enum Kind {
    /// From our own side.
    Local,
    /// From outside.
    Remote,
    /// The time has come.
    Timeout,
}

/// Why a text is no trace.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum TraceError {
    /// The trace has a format this version doesn't know.
    #[error("trace format {found} is not known here, only {TRACE_VERSION}")]
    Version {
        /// The number in the header.
        found: u64,
    },
    /// A line is not what it should be.
    #[error("line {line}: {why}")]
    Line {
        /// Counted from one.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
}

impl Trace {
    /// A trace without steps: the machine's name (`leios.client`) and its configuration.
    ///
    /// A configuration that cannot be written as JSON is left out.
    pub fn new(machine: &str, config: &impl Serialize) -> Self {
        let config = serde_json::to_value(config).unwrap_or(Value::Null).to_string();
        Self { machine: machine.to_string(), config, shortened: false, steps: Vec::new() }
    }

    /// The machine's name.
    #[must_use]
    pub fn machine(&self) -> &str {
        &self.machine
    }

    /// The configuration, as JSON.
    #[must_use]
    pub fn config(&self) -> &str {
        &self.config
    }

    /// True if bodies have been left out: such a trace cannot be replayed.
    #[must_use]
    pub const fn is_shortened(&self) -> bool {
        self.shortened
    }

    /// The steps, in order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Adds a step.
    pub fn push(&mut self, mut step: Step) {
        if self.shortened {
            step.shorten();
        }
        self.steps.push(step);
    }

    /// The same trace without bodies, to be shared: only names, lengths and hashes are left.
    ///
    /// Endings and refusals stay; they hold static text only. So does the configuration.
    #[must_use]
    pub fn shorten(&self) -> Self {
        let mut trace = self.clone();
        if !trace.shortened {
            trace.shortened = true;
            trace.steps.iter_mut().for_each(Step::shorten);
        }
        trace
    }
}

impl Step {
    /// An input, before anything came of it.
    pub(crate) const fn of(at: Time, kind: Kind, input: String) -> Self {
        Self { at, kind, input, actions: Vec::new(), refused: None }
    }

    /// When.
    #[must_use]
    pub const fn at(&self) -> Time {
        self.at
    }

    /// What kind of input.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The body of the input, as JSON; `true` for a timeout.
    #[must_use]
    pub fn input(&self) -> &str {
        &self.input
    }

    /// The actions in order, each as JSON: `{"send": ..}`.
    pub fn actions(&self) -> impl ExactSizeIterator<Item = &str> + '_ {
        self.actions.iter().map(String::as_str)
    }

    /// Why the input was refused, as JSON, if it was.
    #[must_use]
    pub fn refused(&self) -> Option<&str> {
        self.refused.as_deref()
    }

    /// Leaves the bodies out.
    fn shorten(&mut self) {
        if self.kind != Kind::Timeout {
            self.input = short(&self.input).to_string();
        }
        for action in &mut self.actions {
            let Ok(Value::Object(mut fields)) = serde_json::from_str::<Value>(action) else {
                continue;
            };
            for (name, body) in &mut fields {
                match (name.as_str(), body) {
                    ("send" | "notify", body) => *body = short(&body.to_string()),
                    ("ask", Value::Object(ask)) => {
                        if let Some(query) = ask.get_mut("query") {
                            *query = short(&query.to_string());
                        }
                    }
                    _ => {}
                }
            }
            *action = Value::Object(fields).to_string();
        }
    }

    fn parse(line: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(line).map_err(|error| why(&error))?;
        let Value::Object(mut fields) = value else { return Err("no object".to_string()) };
        let at = fields.remove("at").as_ref().and_then(read_micros);
        let at = at.ok_or("`at` is to be microseconds")?;
        let actions = match fields.remove("actions") {
            Some(Value::Array(actions)) => actions.iter().map(Value::to_string).collect(),
            _ => return Err("`actions` is to be a list".to_string()),
        };
        let refused = fields.remove("refused").map(|refused| refused.to_string());
        let mut inputs = fields.into_iter();
        let (Some((name, body)), None) = (inputs.next(), inputs.next()) else {
            return Err("one of `local`, `remote`, `timeout` is needed, nothing else".to_string());
        };
        let kind = Kind::named(&name).ok_or_else(|| format!("`{name}` is not known"))?;
        Ok(Self { at, kind, input: body.to_string(), actions, refused })
    }
}

impl Kind {
    /// As in the data form: `local`, `remote`, `timeout`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Remote => "remote",
            Self::Timeout => "timeout",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::Local, Self::Remote, Self::Timeout].into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { machine, config, shortened, .. } = self;
        let machine = Value::from(machine.as_str());
        writeln!(
            f,
            "{{\"trace\":{TRACE_VERSION},\"machine\":{machine},\"config\":{config},\
             \"shortened\":{shortened}}}"
        )?;
        self.steps.iter().try_for_each(|step| writeln!(f, "{step}"))
    }
}

impl fmt::Display for Step {
    /// The step as its line, without the end of line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, kind, input, actions, refused } = self;
        let actions = actions.join(",");
        write!(f, "{{\"at\":{},\"{}\":{input},", micros(*at), kind.name())?;
        write!(f, "\"actions\":[{actions}]")?;
        if let Some(refused) = refused {
            write!(f, ",\"refused\":{refused}")?;
        }
        f.write_str("}")
    }
}

/// What is wrong with a line, and where in it: which one it is, is said elsewhere.
fn why(error: &serde_json::Error) -> String {
    error.to_string().replace(" at line 1 column ", " at column ")
}

impl core::str::FromStr for Trace {
    type Err = TraceError;

    /// Reads a trace. Blank lines are passed over.
    ///
    /// # Errors
    /// The first line that is wrong, or the format's number if it isn't known.
    fn from_str(text: &str) -> Result<Self, TraceError> {
        let mut lines = (1_usize..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
        let wrong = |line, why: &str| TraceError::Line { line, why: why.to_string() };
        let (at, header) = lines.next().ok_or_else(|| wrong(1, "no header"))?;
        let header: Value =
            serde_json::from_str(header).map_err(|error| wrong(at, &why(&error)))?;
        let field = |name: &str| header.get(name);
        match field("trace").and_then(Value::as_u64) {
            Some(TRACE_VERSION) => {}
            Some(found) => return Err(TraceError::Version { found }),
            None => return Err(wrong(at, "no header: `trace` is to be the format's number")),
        }
        let machine = field("machine").and_then(Value::as_str);
        let shortened = field("shortened").and_then(Value::as_bool);
        let mut trace = Self {
            machine: machine.ok_or_else(|| wrong(at, "`machine` is to be a name"))?.to_string(),
            config: field("config").unwrap_or(&Value::Null).to_string(),
            shortened: shortened.ok_or_else(|| wrong(at, "`shortened` is to be true or false"))?,
            steps: Vec::new(),
        };
        for (at, line) in lines {
            trace.steps.push(Step::parse(line).map_err(|why| wrong(at, &why))?);
        }
        Ok(trace)
    }
}

/// A time as data: microseconds, as a string above 2⁵³, which not every reader keeps exact.
pub(crate) fn micros(time: Time) -> Value {
    match time.as_micros() {
        exact @ 0..=0x20_0000_0000_0000 => Value::from(exact),
        large => Value::from(large.to_string()),
    }
}

/// A time written either way.
pub(crate) fn read_micros(value: &Value) -> Option<Time> {
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
    number.map(Time::from_micros)
}

/// A body without its contents.
fn short(body: &str) -> Value {
    let mut hash = TraceHash::new();
    hash.bytes(body.as_bytes());
    let hash = format!("{:016x}", hash.get());
    json!({ "short": { "name": name(body), "length": body.len(), "hash": hash } })
}

/// The name of a body's variant with those inside it, `Reply.MsgLeiosReply.LeiosDeliveries`, where
/// it has one.
fn name(body: &str) -> Option<String> {
    let body = serde_json::from_str(body).ok()?;
    let names = variants(&body).0;
    (!names.is_empty()).then(|| names.join("."))
}

/// The names of the variants that a body consists of, outermost first, and what is inside. A lone
/// string is a variant only if it is no bytes.
pub(crate) fn variants(mut body: &Value) -> (Vec<&str>, Option<&Value>) {
    let mut names = Vec::new();
    loop {
        match body {
            Value::String(name) if is_variant(name) => {
                names.push(name.as_str());
                return (names, None);
            }
            Value::Object(fields) if fields.len() == 1 => match fields.iter().next() {
                Some((name, inner)) if is_variant(name) => {
                    names.push(name.as_str());
                    body = inner;
                }
                _ => return (names, Some(body)),
            },
            _ => return (names, Some(body)),
        }
    }
}

/// True for a name in capitals-first form; hex is never that.
fn is_variant(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_alphanumeric())
        && !name.chars().all(|c| c.is_ascii_hexdigit())
}
