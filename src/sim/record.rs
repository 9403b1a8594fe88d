//! Recording a machine, and replaying what was recorded.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::ask::AskId;
use crate::channel::{Channel, ChannelSpec, OverChannels};
use crate::codec::{Malformed, Source};
use crate::fault::{Ending, Fault, Refusal};
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
pub struct Recorder<M: Machine, K = Trace> {
    machine: M,
    kept: K,
    send: SendForm<M>,
}

/// Where a [`Recorder`] puts the steps: a [`Trace`], or a closure that writes them elsewhere.
pub trait Keep {
    /// Takes the next step.
    fn keep(&mut self, step: Step);
}

impl Keep for Trace {
    fn keep(&mut self, step: Step) {
        self.push(step);
    }
}

impl<F: FnMut(Step)> Keep for F {
    fn keep(&mut self, step: Step) {
        self(step);
    }
}

impl<M: Machine<Send: Serialize>, K: Keep> Recorder<M, K> {
    /// Records a machine into this trace.
    pub fn new(machine: M, trace: K) -> Self {
        Self { machine, kept: trace, send: by_serde }
    }
}

impl<M: Machine<Send = Bytes>, K: Keep> Recorder<M, K> {
    /// Records a link, whose messages are bytes, into this trace.
    pub fn link(machine: M, trace: K) -> Self {
        Self { machine, kept: trace, send: as_hex }
    }
}

impl<M: Machine, K> Recorder<M, K> {
    /// The machine.
    pub const fn machine(&self) -> &M {
        &self.machine
    }

    /// What was recorded.
    pub const fn trace(&self) -> &K {
        &self.kept
    }

    /// Ends recording.
    pub fn into_parts(self) -> (M, K) {
        (self.machine, self.kept)
    }
}

impl<M: Machine + fmt::Debug, K> fmt::Debug for Recorder<M, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("machine", &self.machine).finish_non_exhaustive()
    }
}

impl<M, K: Keep> Recorder<M, K>
where
    M: Machine<Notice: Serialize, Query: Serialize>,
{
    fn note(&mut self, mut step: Step, out: &Out<M>, from: usize) {
        let form = |action| action_form::<M>(action, self.send).to_string();
        step.actions = out.iter().skip(from).map(form).collect();
        self.kept.keep(step);
    }
}

impl<M, K: Keep> Machine for Recorder<M, K>
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
        let mut step = Step::of(now, Kind::Local, body(&input));
        let before = out.len();
        let result = self.machine.handle_local(now, input, out);
        if let Err(refusal) = &result {
            step.refused = by_serde(&refusal.why).map(|why| why.to_string());
        }
        self.note(step, out, before);
        result
    }

    fn handle_remote(&mut self, now: Time, input: Self::Remote, out: &mut Out<Self>) {
        let step = Step::of(now, Kind::Remote, body(&input));
        let before = out.len();
        self.machine.handle_remote(now, input, out);
        self.note(step, out, before);
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        let before = out.len();
        self.machine.handle_timeout(now, out);
        self.note(Step::of(now, Kind::Timeout, "true".to_string()), out, before);
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

/// A recorded machine speaks over channels as it did: so a recorder can stand below a link.
impl<M, K: Keep> OverChannels for Recorder<M, K>
where
    M: OverChannels<Local: Serialize, Remote: Serialize, Notice: Serialize, Query: Serialize>,
{
    fn channels(&self) -> Vec<ChannelSpec> {
        self.machine.channels()
    }

    fn item_limit(&self, channel: Channel, head: &[u8]) -> Result<usize, Fault> {
        self.machine.item_limit(channel, head)
    }

    fn too_large(&self, channel: Channel) -> Fault {
        self.machine.too_large(channel)
    }

    fn malformed(&self, channel: Channel, malformed: Malformed) -> Fault {
        self.machine.malformed(channel, malformed)
    }

    fn decode(
        &self,
        channel: Channel,
        item: &[u8],
        source: Source<'_>,
    ) -> Result<Self::Remote, Fault> {
        self.machine.decode(channel, item, source)
    }

    fn encode(message: &Self::Send, out: &mut Vec<u8>) -> Channel {
        M::encode(message, out)
    }

    fn drained(&self, channel: Channel, bytes: usize) -> Option<Self::Remote> {
        self.machine.drained(channel, bytes)
    }

    fn at_eof(&self) -> Ending {
        self.machine.at_eof()
    }

    fn holds(&self, channel: Channel) -> bool {
        self.machine.holds(channel)
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
        let got = recorder.kept.steps.pop();
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
