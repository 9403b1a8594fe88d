//! The steps of a scenario as they are written.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};
use serde_json::Value;

#[cfg(feature = "chia")]
use super::chia::{Gone, Hear, Hush, Join, Say};
#[cfg(feature = "leios")]
use super::leios::{Await, Peer, Quiet};
#[cfg(feature = "supervisor")]
use super::supervisor::{Call, Reply};
use super::value::{Vars, known};

/// One thing that happens, or that has to. Some are for one family only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Step {
    /// The tested side's application gives this command, as any node would by itself: over a wire
    /// it is taken for granted.
    Given(Value),
    /// The tested side's application gives this command.
    Local(Value),
    /// The tested machine refuses this command of its application.
    Refuse {
        /// The command.
        local: Value,
        /// Why.
        why: Value,
    },
    /// What a name stands for is like this: `["$flag", false]`.
    Same(Value, Value),
    /// The application is told this, sooner or later up to now. Over a wire it isn't seen.
    Expect(Value),
    /// The application was told nothing like this that was not expected.
    Untold(Value),
    /// No question like this is open.
    Unasked(Value),
    /// The oldest open question like this is answered.
    Answer {
        /// What it is like.
        query: Value,
        /// The command that answers it, where `$id` is its number; as an honest application would
        /// if there is none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        with: Option<Value>,
    },
    /// So many microseconds pass.
    Wait(u64),
    /// The same again and again.
    Repeat {
        /// The name of the number.
        #[serde(rename = "as")]
        name: String,
        /// The first number.
        from: u64,
        /// The one after the last.
        to: u64,
        /// What is repeated.
        steps: Vec<Step>,
    },
    /// A peer connects to the tested node.
    #[cfg(feature = "chia")]
    Join(Join),
    /// A peer sends something.
    #[cfg(feature = "chia")]
    Say(Say),
    /// A peer is sent this next.
    #[cfg(feature = "chia")]
    Hear(Hear),
    /// A peer is sent nothing more, or nothing like this.
    #[cfg(feature = "chia")]
    Hush(Hush),
    /// The stream of the peer of this name ends.
    #[cfg(feature = "chia")]
    Leave(String),
    /// The connection of a peer has ended like this; it counts for the verdict no more.
    #[cfg(feature = "chia")]
    Gone(Gone),
    /// The other end sends something.
    #[cfg(feature = "leios")]
    Peer(Peer),
    /// The tested side sends this next on that channel.
    #[cfg(feature = "leios")]
    Await(Await),
    /// The tested side sends nothing more, or nothing like this.
    #[cfg(feature = "leios")]
    Quiet(Quiet),
    /// So many bytes of what the tested side sent have left for the transport.
    #[cfg(feature = "leios")]
    Drained(u32),
    /// The transport of the tested side takes so many bytes more.
    #[cfg(feature = "leios")]
    Writable(usize),
    /// The other end closes the connection, if true.
    #[cfg(feature = "leios")]
    Eof(bool),
    /// A client calls a method, or sends whatever it sends.
    #[cfg(feature = "supervisor")]
    Call(Call),
    /// A call that was not replied to at once is now.
    #[cfg(feature = "supervisor")]
    Reply(Reply),
    /// Something comes from outside, in the form of traces.
    #[cfg(feature = "supervisor")]
    Remote(Value),
    /// A chain or layer one of the content gets on: `{"ten": {"unsafe": 103}}`.
    #[cfg(feature = "supervisor")]
    Tell(Value),
    /// From now on questions are answered by these branches of the content.
    #[cfg(feature = "supervisor")]
    Canonical(Vec<String>),
    /// From now on questions of these kinds, and of no others, are kept for `answer` steps.
    #[cfg(any(feature = "supervisor", feature = "chia"))]
    Hold(Vec<String>),
    /// This was sent to a node, or by a client; what was sent before is passed over.
    #[cfg(feature = "supervisor")]
    Sent(Value),
    /// Nothing like this was sent that was not passed over.
    #[cfg(feature = "supervisor")]
    Unsent(Value),
}

impl Step {
    /// True if something is done to the tested side: leaving it out changes the scenario.
    #[must_use]
    pub const fn acts(&self) -> bool {
        match self {
            Self::Refuse { .. }
            | Self::Same(..)
            | Self::Expect(_)
            | Self::Untold(_)
            | Self::Unasked(_) => false,
            Self::Given(_)
            | Self::Local(_)
            | Self::Answer { .. }
            | Self::Wait(_)
            | Self::Repeat { .. } => true,
            #[cfg(feature = "chia")]
            Self::Hear(_) | Self::Hush(_) | Self::Gone(_) => false,
            #[cfg(feature = "chia")]
            Self::Join(_) | Self::Say(_) | Self::Leave(_) => true,
            #[cfg(feature = "leios")]
            Self::Await(_) | Self::Quiet(_) => false,
            #[cfg(feature = "leios")]
            Self::Peer(_) | Self::Drained(_) | Self::Writable(_) | Self::Eof(_) => true,
            #[cfg(feature = "supervisor")]
            Self::Reply(_) | Self::Sent(_) | Self::Unsent(_) => false,
            // A call asks and expects at once: it is compared with other calls instead.
            #[cfg(feature = "supervisor")]
            Self::Call(call) => call.is_open(),
            #[cfg(feature = "supervisor")]
            Self::Remote(_) | Self::Tell(_) | Self::Canonical(_) => true,
            #[cfg(any(feature = "supervisor", feature = "chia"))]
            Self::Hold(_) => true,
        }
    }

    /// The step with what is known filled in.
    pub(super) fn expand(&self, vars: &Vars) -> Self {
        let known = |value: &Value| known(value, vars);
        match self {
            Self::Given(command) => Self::Given(known(command)),
            Self::Local(command) => Self::Local(known(command)),
            Self::Refuse { local, why } => Self::Refuse { local: known(local), why: known(why) },
            Self::Same(value, pattern) => Self::Same(known(value), known(pattern)),
            Self::Expect(notice) => Self::Expect(known(notice)),
            Self::Untold(notice) => Self::Untold(known(notice)),
            Self::Unasked(query) => Self::Unasked(known(query)),
            Self::Answer { query, with } => {
                Self::Answer { query: known(query), with: with.as_ref().map(known) }
            }
            Self::Repeat { name, from, to, steps } => Self::Repeat {
                name: name.clone(),
                from: *from,
                to: *to,
                steps: steps.iter().map(|step| step.expand(vars)).collect(),
            },
            #[cfg(feature = "chia")]
            Self::Say(say) => Self::Say(say.expand(vars)),
            #[cfg(feature = "chia")]
            Self::Hear(hear) => Self::Hear(hear.expand(vars)),
            #[cfg(feature = "chia")]
            Self::Hush(hush) => Self::Hush(hush.expand(vars)),
            #[cfg(feature = "chia")]
            Self::Join(_) | Self::Leave(_) | Self::Gone(_) => self.clone(),
            #[cfg(feature = "leios")]
            Self::Peer(peer) => Self::Peer(peer.expand(vars)),
            #[cfg(feature = "leios")]
            Self::Await(awaited) => Self::Await(awaited.expand(vars)),
            #[cfg(feature = "leios")]
            Self::Quiet(quiet) => Self::Quiet(quiet.expand(vars)),
            #[cfg(feature = "leios")]
            Self::Drained(_) | Self::Writable(_) | Self::Eof(_) => self.clone(),
            #[cfg(feature = "supervisor")]
            Self::Call(call) => Self::Call(call.expand(vars)),
            #[cfg(feature = "supervisor")]
            Self::Reply(reply) => Self::Reply(reply.expand(vars)),
            #[cfg(feature = "supervisor")]
            Self::Remote(remote) => Self::Remote(known(remote)),
            #[cfg(feature = "supervisor")]
            Self::Sent(message) => Self::Sent(known(message)),
            #[cfg(feature = "supervisor")]
            Self::Unsent(message) => Self::Unsent(known(message)),
            #[cfg(feature = "supervisor")]
            Self::Tell(_) | Self::Canonical(_) => self.clone(),
            #[cfg(any(feature = "supervisor", feature = "chia"))]
            Self::Hold(_) => self.clone(),
            Self::Wait(_) => self.clone(),
        }
    }
}
