//! Any machine behind one function: a line of JSON goes in, lines of JSON come out.
//!
//! One input a line, with the time in microseconds (as a string
//! above 2⁵³); without `at` it is the time of the line
//! before, and zero at first:
//!
//! ```text
//! {"at":5,"local":..}      {"at":5,"remote":..}      {"at":5,"timeout":true}
//! ```
//!
//! The reply is one line for each action, in order, then one that says where the machine stands.
//! Every line ends with a line feed:
//!
//! ```text
//! {"send":..}
//! {"notify":..}
//! {"ask":{"id":0,"query":..}}
//! {"close":"done"}  or  {"close":{"fault":{"kind":"Violation","rule":"leios/L-17",
//!                        "reason":"NoSuchRequest","phase":"..","text":".."}}}
//! {"at":5,"deadline":60000000,"saturated":false,"closed":false}
//! ```
//!
//! A refused local input gives `{"refused":{"kind":"Busy","limit":"..","text":".."}}` before that
//! last line and has changed nothing. A line that is no input gives the single line
//! `{"error":".."}`. A blank line gives nothing. Fields of an input line that are not named here
//! are errors.
//!
//! [`Play::hello`] is the line to begin with: `{"play":1,"machine":"leios.client"}`, the number
//! being that of this format.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use core::fmt::Write;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

use crate::machine::{Input, Machine};
use crate::outbox::Outbox;
use crate::sim::record::{SendForm, action_form, as_hex, by_serde};
use crate::sim::trace::{micros, read_micros};
use crate::time::Time;
use crate::until_closed::UntilClosed;

/// The version of the format of [`Player`].
pub const PLAY_VERSION: u64 = 1;

/// A machine that is spoken to in lines: what a command line or another language holds.
pub trait Play {
    /// The first line: the format's number and the machine's name.
    fn hello(&self) -> String;

    /// Takes one line of input and returns the lines it gives, each with its line feed.
    fn line(&mut self, line: &str) -> String;

    /// True once the machine has closed.
    fn is_closed(&self) -> bool;
}

impl<P: Play + ?Sized> Play for Box<P> {
    fn hello(&self) -> String {
        (**self).hello()
    }

    fn line(&mut self, line: &str) -> String {
        (**self).line(line)
    }

    fn is_closed(&self) -> bool {
        (**self).is_closed()
    }
}

/// Plays one machine, line by line. The module's first lines say how.
///
/// ```
/// use nodewire::sim::{Play, Player};
/// # use nodewire::{Machine, Out, Refusal, Refused, Time};
/// # struct Echo;
/// # #[derive(serde::Serialize)]
/// # enum Nothing {}
/// # impl Machine for Echo {
/// #     type Local = u8;
/// #     type Remote = u8;
/// #     type Send = u8;
/// #     type Notice = Nothing;
/// #     type Query = Nothing;
/// #     fn handle_local(&mut self, _: Time, i: u8, _: &mut Out<Self>) -> Result<(), Refusal<u8>> {
/// #         Err(Refusal::new(Refused::UnknownAsk, i))
/// #     }
/// #     fn handle_remote(&mut self, _: Time, input: u8, out: &mut Out<Self>) { out.send(input); }
/// #     fn handle_timeout(&mut self, _: Time, _: &mut Out<Self>) {}
/// #     fn deadline(&self) -> Option<Time> { None }
/// # }
/// let mut player = Player::new("echo", Echo);
/// assert_eq!(player.hello(), "{\"play\":1,\"machine\":\"echo\"}\n");
/// assert_eq!(
///     player.line(r#"{"at":5,"remote":7}"#),
///     "{\"send\":7}\n{\"at\":5,\"deadline\":null,\"saturated\":false,\"closed\":false}\n",
/// );
/// assert!(player.line(r#"{"local":7}"#).starts_with("{\"refused\":{\"kind\":\"UnknownAsk\""));
/// assert!(player.line("what?").starts_with("{\"error\":"));
/// ```
#[derive(Clone, Debug)]
pub struct Player<M: Machine> {
    name: &'static str,
    machine: UntilClosed<M>,
    now: Time,
    send: SendForm<M>,
}

impl<M: Machine<Send: Serialize>> Player<M> {
    /// Plays this machine under this name.
    pub fn new(name: &'static str, machine: M) -> Self {
        Self { name, machine: UntilClosed::new(machine), now: Time::ZERO, send: by_serde }
    }
}

impl<M: Machine<Send = Bytes>> Player<M> {
    /// Plays this link, whose messages are bytes: `{"send":"0102"}`.
    pub fn link(name: &'static str, machine: M) -> Self {
        Self { name, machine: UntilClosed::new(machine), now: Time::ZERO, send: as_hex }
    }
}

impl<M> Play for Player<M>
where
    M: Machine<Notice: Serialize, Query: Serialize>,
    M::Local: DeserializeOwned,
    M::Remote: DeserializeOwned,
{
    fn hello(&self) -> String {
        let name = Value::from(self.name);
        alloc::format!("{{\"play\":{PLAY_VERSION},\"machine\":{name}}}\n")
    }

    fn line(&mut self, line: &str) -> String {
        if line.trim().is_empty() {
            return String::new();
        }
        let mut reply = String::new();
        match read_input::<M::Local, M::Remote>(line) {
            Ok((at, input)) => self.step(at, input, &mut reply),
            Err(why) => push(&mut reply, &json!({ "error": why })),
        }
        reply
    }

    fn is_closed(&self) -> bool {
        self.machine.is_closed()
    }
}

impl<M: Machine<Notice: Serialize, Query: Serialize>> Player<M> {
    fn step(&mut self, at: Option<Time>, input: Input<M::Local, M::Remote>, reply: &mut String) {
        self.now = at.unwrap_or(self.now);
        let mut out = Outbox::new();
        let result = self.machine.handle(self.now, input, &mut out);
        for action in out.drain() {
            push(reply, &action_form::<M>(&action, self.send));
        }
        if let Err(refusal) = result {
            push(reply, &json!({ "refused": by_serde(&refusal.why) }));
        }
        let deadline = self.machine.deadline().map_or(Value::Null, micros);
        let (saturated, closed) = (self.machine.saturated(), self.machine.is_closed());
        let at = micros(self.now);
        // Writing to a string cannot fail.
        let _ = writeln!(
            reply,
            "{{\"at\":{at},\"deadline\":{deadline},\"saturated\":{saturated},\"closed\":{closed}}}"
        );
    }
}

fn push(reply: &mut String, line: &Value) {
    reply.push_str(&line.to_string());
    reply.push('\n');
}

/// An input line as it is written; checked by [`read_input`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields, bound = "L: Deserialize<'de>, R: Deserialize<'de>")]
struct Line<L, R> {
    #[serde(default)]
    at: Option<Value>,
    #[serde(default = "nothing", deserialize_with = "present")]
    local: Option<L>,
    #[serde(default = "nothing", deserialize_with = "present")]
    remote: Option<R>,
    #[serde(default)]
    timeout: bool,
}

const fn nothing<T>() -> Option<T> {
    None
}

/// What is written is present, `null` too.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// An input, and its time if the line gives one.
pub type TimedInput<L, R> = (Option<Time>, Input<L, R>);

/// Reads a line of input, for whoever takes such lines without a [`Player`].
///
/// # Errors
/// Why the line is no input.
pub fn read_input<L: DeserializeOwned, R: DeserializeOwned>(
    line: &str,
) -> Result<TimedInput<L, R>, String> {
    let line: Line<L, R> = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let input = match (line.local, line.remote, line.timeout) {
        (Some(input), None, false) => Input::Local(input),
        (None, Some(input), false) => Input::Remote(input),
        (None, None, true) => Input::Timeout,
        _ => return Err("one of `local`, `remote` and `timeout` is needed, one only".to_string()),
    };
    let at = match line.at {
        None => None,
        Some(at) => Some(read_micros(&at).ok_or("`at` is to be microseconds")?),
    };
    Ok((at, input))
}
