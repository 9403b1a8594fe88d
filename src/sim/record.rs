//! Recording a machine, and replaying what was recorded.

use alloc::string::{String, ToString};
use core::fmt;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::ask::AskId;
use crate::fault::Refusal;
use crate::machine::{Action, ActionOf, Input, InputOf, Machine, Out};
use crate::outbox::Outbox;
use crate::sim::trace::{Kind, Step, Trace};
use crate::time::Time;

/// How a machine's messages are written: by serde, or as hex where they are bytes.
pub(crate) type SendForm<M> = fn(&<M as Machine>::Send) -> Option<Value>;

pub(crate) fn by_serde<T: Serialize>(message: &T) -> Option<Value> {
    serde_json::to_value(message).ok()
}

#[expect(clippy::unnecessary_wraps, reason = "one signature for both forms")]
pub(crate) fn as_hex(bytes: &Bytes) -> Option<Value> {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    Some(Value::String(bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect()))
}

/// The data form of an action.
pub(crate) fn action_form<M>(action: &ActionOf<M>, send: SendForm<M>) -> Value
where
    M: Machine<Notice: Serialize, Query: Serialize>,
{
    let form = match action {
        Action::Send(message) => send(message).map(|message| json!({ "send": message })),
        Action::Notify(notice) => by_serde(notice).map(|notice| json!({ "notify": notice })),
        Action::Ask(id, query) => {
            by_serde(query).map(|query| json!({ "ask": { "id": id.as_u64(), "query": query } }))
        }
        Action::Close(ending) => by_serde(ending).map(|ending| json!({ "close": ending })),
    };
    // Only a hand-written Serialize that fails, or a map with odd keys, leads here.
    form.unwrap_or_else(|| json!({ "unwritable": true }))
}

/// A decorator that records all that goes in and comes out.
///
/// The trace grows with every input: for tests, reports and short runs.
///
/// ```
/// use nodewire::sim::{Recorder, Trace, replay};
/// # use core::convert::Infallible;
/// # use nodewire::{Machine, Out, Outbox, Refusal, Refused, Time};
/// # #[derive(Clone, Debug)]
/// # struct Echo;
/// # #[derive(Debug, serde::Serialize)]
/// # enum Nothing {}
/// # impl Machine for Echo {
/// #     type Local = ();
/// #     type Remote = u8;
/// #     type Send = u8;
/// #     type Notice = Nothing;
/// #     type Query = Nothing;
/// #     fn handle_local(&mut self, _: Time, i: (), _: &mut Out<Self>) -> Result<(), Refusal<()>> {
/// #         Err(Refusal::new(Refused::invalid("echo takes no orders"), i))
/// #     }
/// #     fn handle_remote(&mut self, _: Time, input: u8, out: &mut Out<Self>) { out.send(input); }
/// #     fn handle_timeout(&mut self, _: Time, _: &mut Out<Self>) {}
/// #     fn deadline(&self) -> Option<Time> { None }
/// # }
/// let mut out = Outbox::new();
/// let mut machine = Recorder::new(Echo, Trace::new("echo", &()));
/// machine.handle_remote(Time::from_micros(5), 7, &mut out);
///
/// let text = machine.trace().to_string();
/// assert_eq!(text.lines().nth(1), Some(r#"{"at":5,"remote":7,"actions":[{"send":7}]}"#));
/// assert_eq!(replay(Echo, &text.parse().unwrap()).unwrap().actions, 1);
/// ```
#[derive(Clone)]
pub struct Recorder<M: Machine> {
    machine: M,
    trace: Trace,
    send: SendForm<M>,
}

impl<M: Machine<Send: Serialize>> Recorder<M> {
    /// Records a machine into this trace.
    pub fn new(machine: M, trace: Trace) -> Self {
        Self { machine, trace, send: by_serde }
    }
}

impl<M: Machine<Send = Bytes>> Recorder<M> {
    /// Records a link, whose messages are bytes, into this trace.
    pub fn link(machine: M, trace: Trace) -> Self {
        Self { machine, trace, send: as_hex }
    }
}

impl<M: Machine> Recorder<M> {
    /// The machine.
    pub const fn machine(&self) -> &M {
        &self.machine
    }

    /// What was recorded.
    pub const fn trace(&self) -> &Trace {
        &self.trace
    }

    /// Ends recording.
    pub fn into_parts(self) -> (M, Trace) {
        (self.machine, self.trace)
    }
}

impl<M: Machine + fmt::Debug> fmt::Debug for Recorder<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { machine, trace, .. } = self;
        f.debug_struct("Recorder").field("machine", machine).field("trace", trace).finish()
    }
}

impl<M> Recorder<M>
where
    M: Machine<Notice: Serialize, Query: Serialize>,
{
    fn note(&mut self, at: Time, kind: Kind, input: String, out: &Out<M>, from: usize) {
        let form = |action| action_form::<M>(action, self.send).to_string();
        let actions = out.iter().skip(from).map(form).collect();
        self.trace.steps.push(Step { at, kind, input, actions, refused: None });
    }
}

impl<M> Machine for Recorder<M>
where
    M: Machine<Local: Serialize, Remote: Serialize, Notice: Serialize, Query: Serialize>,
{
    type Local = M::Local;
    type Remote = M::Remote;
    type Send = M::Send;
    type Notice = M::Notice;
    type Query = M::Query;

    fn handle_local(
        &mut self,
        now: Time,
        input: Self::Local,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<Self::Local>> {
        let body = body(&input);
        let before = out.len();
        let result = self.machine.handle_local(now, input, out);
        self.note(now, Kind::Local, body, out, before);
        if let (Err(refusal), Some(step)) = (&result, self.trace.steps.last_mut()) {
            step.refused = by_serde(&refusal.why).map(|why| why.to_string());
        }
        result
    }

    fn handle_remote(&mut self, now: Time, input: Self::Remote, out: &mut Out<Self>) {
        let body = body(&input);
        let before = out.len();
        self.machine.handle_remote(now, input, out);
        self.note(now, Kind::Remote, body, out, before);
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        let before = out.len();
        self.machine.handle_timeout(now, out);
        self.note(now, Kind::Timeout, "true".to_string(), out, before);
    }

    fn deadline(&self) -> Option<Time> {
        self.machine.deadline()
    }

    fn saturated(&self) -> bool {
        self.machine.saturated()
    }

    fn awaits(&self, id: AskId) -> bool {
        self.machine.awaits(id)
    }

    /// That of the machine: the trace is not part of what is measured.
    fn footprint(&self) -> usize {
        self.machine.footprint()
    }
}

fn body(input: &impl Serialize) -> String {
    by_serde(input).unwrap_or(Value::Null).to_string()
}

/// What a replay went through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReplayReport {
    /// Inputs replayed.
    pub steps: usize,
    /// Actions that came out.
    pub actions: usize,
    /// True if the machine closed.
    pub closed: bool,
}

/// Why a replay stopped.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The trace has been shortened: its bodies are gone.
    #[error("a shortened trace cannot be replayed")]
    Shortened,
    /// An input is none of this machine's.
    #[error("step {step} is no input of this machine: {why}")]
    Unreadable {
        /// Counted from one.
        step: usize,
        /// What is wrong with it.
        why: String,
    },
    /// The machine did something else than recorded.
    #[error("step {step} differs: expected {expected}, got {got}")]
    Differs {
        /// Counted from one.
        step: usize,
        /// The step as recorded.
        expected: String,
        /// The step as it went now.
        got: String,
    },
}

/// Gives a fresh machine the inputs of a trace and compares what comes out.
///
/// # Errors
/// The first step that differs or cannot be read.
pub fn replay<M>(machine: M, trace: &Trace) -> Result<ReplayReport, ReplayError>
where
    M: Machine<Send: Serialize, Notice: Serialize, Query: Serialize>,
    M::Local: Serialize + DeserializeOwned,
    M::Remote: Serialize + DeserializeOwned,
{
    replay_in(Recorder::new(machine, Trace::new(trace.machine(), &())), trace)
}

/// The same for a link, whose messages are bytes.
///
/// # Errors
/// As [`replay`].
pub fn replay_link<M>(machine: M, trace: &Trace) -> Result<ReplayReport, ReplayError>
where
    M: Machine<Send = Bytes, Notice: Serialize, Query: Serialize>,
    M::Local: Serialize + DeserializeOwned,
    M::Remote: Serialize + DeserializeOwned,
{
    replay_in(Recorder::link(machine, Trace::new(trace.machine(), &())), trace)
}

fn replay_in<M>(mut recorder: Recorder<M>, trace: &Trace) -> Result<ReplayReport, ReplayError>
where
    M: Machine<Notice: Serialize, Query: Serialize>,
    M::Local: Serialize + DeserializeOwned,
    M::Remote: Serialize + DeserializeOwned,
{
    if trace.shortened {
        return Err(ReplayError::Shortened);
    }
    let mut report = ReplayReport { steps: 0, actions: 0, closed: false };
    let mut out = Outbox::new();
    for (number, recorded) in (1..).zip(&trace.steps) {
        let input =
            input_of::<M>(recorded).map_err(|why| ReplayError::Unreadable { step: number, why })?;
        // A refusal is part of the recorded step.
        let _ = recorder.handle(recorded.at, input, &mut out);
        report.closed |= out.ends();
        report.actions += out.drain().count();
        report.steps = number;
        let got = recorder.trace.steps.pop();
        let same = got.as_ref().is_some_and(|got| {
            got.actions.len() == recorded.actions.len()
                && got.refused.is_some() == recorded.refused.is_some()
                && got.actions.iter().zip(&recorded.actions).all(|(a, b)| alike(a, b))
                && got.refused.iter().zip(&recorded.refused).all(|(a, b)| alike(a, b))
        });
        if !same {
            let got = got.map_or(String::new(), |got| got.to_string());
            let expected = recorded.to_string();
            return Err(ReplayError::Differs { step: number, expected, got });
        }
    }
    Ok(report)
}

/// The same data; the order of keys may be another, since another feature of `serde_json` or
/// another writer made it.
fn alike(a: &str, b: &str) -> bool {
    let read = |text: &str| serde_json::from_str::<Value>(text).ok();
    a == b || (read(a).is_some() && read(a) == read(b))
}

fn input_of<M>(step: &Step) -> Result<InputOf<M>, String>
where
    M: Machine<Local: DeserializeOwned, Remote: DeserializeOwned>,
{
    let input = match step.kind {
        Kind::Local => serde_json::from_str(&step.input).map(Input::Local),
        Kind::Remote => serde_json::from_str(&step.input).map(Input::Remote),
        Kind::Timeout => Ok(Input::Timeout),
    };
    input.map_err(|error| error.to_string())
}
