//! The RPC server: texts in, calls out as questions, texts back (`supervisor.md` section 3).

mod remains;

use alloc::vec::Vec;
use core::mem::{size_of, size_of_val};

use bytes::Bytes;

use super::limits::Limits;
use super::text_form;
use crate::ask::{AskId, Asks};
use crate::codec::supervisor::json_rpc::{
    Document, Id, Request, Response, TextLimits, write_batch,
};
use crate::codec::supervisor::{Answer, Call, Code, Failure, Profile, Served};
use crate::fault::Refusal;
use crate::machine::{ActionOf, Machine, Never, Out};
use crate::ordered::Ordered;
use crate::time::Time;

/// Names a text that came, for whoever waits for its reply: a request over HTTP, say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct CallId(pub u64);

/// A whole text: the body of an HTTP request, a message, a line.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct RpcText {
    /// Whose reply it is to have.
    pub call: CallId,
    /// The text.
    #[serde(with = "text_form")]
    pub text: Bytes,
}

/// What a text is replied with: exactly one for each.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize)]
pub struct RpcReply {
    /// The text's.
    pub call: CallId,
    /// The reply; `None`: nothing is to be sent, there were only notifications.
    #[serde(serialize_with = "text_form::serialize_optional")]
    pub text: Option<Bytes>,
}

/// The answer to a question of the server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RpcAnswer(
    /// The question.
    pub AskId,
    /// Its answer.
    pub Result<Answer, Failure>,
);

/// The server's end of the RPC. It answers what is wrong with a text itself and asks the calls, in
/// order; the answers may come in any order.
///
/// It never closes and blames nobody: over HTTP a client is nobody's peer. More calls than
/// `max_parked_calls` are refused as over the limit, so are those of a batch after answers longer
/// than `max_reply`, and calls that are not answered within `parked_deadline` as unavailable.
///
/// ```
/// use nodewire::codec::supervisor::{Answer, Call, Profile, Served};
/// use nodewire::state::supervisor::{CallId, Limits, RpcAnswer, RpcText, Server};
/// use nodewire::{Action, Machine, Outbox, Time};
///
/// let served = Served {
///     extensions: true,
///     dependency_set_v1: false,
///     admin: false,
///     max_access_entries: 32_768,
/// };
/// let mut server = Server::new(Limits::default(), Profile::Seed, served);
/// let mut out = Outbox::new();
/// let text = r#"{"jsonrpc":"2.0","id":7,"method":"admin_getFailsafeEnabled"}"#;
/// server.handle_remote(Time::ZERO, RpcText { call: CallId(1), text: text.into() }, &mut out);
/// let Some(Action::Ask(id, Call::GetFailsafeEnabled)) = out.pop() else { panic!() };
/// server.handle_local(Time::ZERO, RpcAnswer(id, Ok(Answer::Failsafe(false))), &mut out).unwrap();
/// let Some(Action::Send(reply)) = out.pop() else { panic!() };
/// assert_eq!(reply.text.unwrap(), r#"{"jsonrpc":"2.0","id":7,"result":false}"#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Server {
    limits: Limits,
    profile: Profile,
    served: Served,
    /// Where the answer to each open question belongs.
    asks: Asks<Place>,
    /// Texts with open questions, oldest first.
    pending: Ordered<u64, Pending>,
    /// The number of the next text.
    next: u64,
}

const _: () = assert!(size_of::<ActionOf<Server>>() <= 128);
const _: () = crate::machine::kept::<Server>();

/// A text and a place among its answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Place {
    text: u64,
    part: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Pending {
    call: CallId,
    since: Time,
    batch: bool,
    parts: Parts,
    /// How many parts are open.
    open: usize,
}

/// The answers to the requests of a text, as far as they are there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Parts {
    list: Vec<Part>,
    /// Bytes of all that are there: an answer that comes does not go through the others.
    length: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Part {
    /// Not answered yet; without an id it never is.
    Open(Option<Id>),
    /// The text of the answer; empty for a notification.
    Done(Vec<u8>),
}

impl Server {
    /// A server without a call.
    #[must_use]
    pub fn new(limits: Limits, profile: Profile, served: Served) -> Self {
        let asks = Asks::new(limits.max_parked_calls);
        Self { limits, profile, served, asks, pending: Ordered::new(), next: 0 }
    }

    /// How many texts wait for answers.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.pending.len()
    }

    /// Takes in a text as [`handle_remote`](Machine::handle_remote) does, and answers at once each
    /// call that `known` answers: only the others are asked. `known` sees too long an access list
    /// too, cut behind one entry more than may be, to refuse it for what comes first
    /// (`supervisor.md` 5.2); if it does not, the list is over the limit.
    ///
    /// A text that is wholly answered at once leaves the server as it was.
    pub fn handle_text(
        &mut self,
        now: Time,
        RpcText { call, text }: RpcText,
        mut known: impl FnMut(&Call) -> Option<Result<Answer, Failure>>,
        out: &mut Out<Self>,
    ) {
        let limits = TextLimits {
            max_text: self.limits.max_text,
            max_depth: self.limits.max_depth,
            max_batch: self.limits.max_batch,
        };
        let (parts, batch) = match Document::read(&text, &limits, self.served) {
            Document::Single(Request { id, call: asked }) => {
                let outcome = self.outcome(0, asked, &mut known, out);
                // Nearly every text: nothing is kept, nothing put together.
                if let Some(outcome) = outcome {
                    let text = id.map(|id| Response { id, outcome }.to_bytes(self.profile));
                    return out.send(RpcReply { call, text });
                }
                (Parts::of(alloc::vec![Part::Open(id)]), false)
            }
            Document::Batch(requests) => {
                let mut parts = Parts::of(Vec::with_capacity(requests.len()));
                for (part, Request { id, call: asked }) in requests.into_iter().enumerate() {
                    // What is not sent is not looked up.
                    let full = parts.length > self.limits.max_reply;
                    let asked = if full { Err(too_long()) } else { asked };
                    match self.outcome(part, asked, &mut known, out) {
                        Some(outcome) => parts.push(Part::done(id, outcome, self.profile)),
                        None => parts.push(Part::Open(id)),
                    }
                }
                (parts, true)
            }
        };
        // Times never go back in the list, whatever the clock does.
        let since = self.pending.iter().next_back().map_or(now, |(_, last)| now.max(last.since));
        let open = parts.open();
        let pending = Pending { call, since, batch, parts, open };
        if pending.open == 0 {
            out.send(pending.reply());
            return;
        }
        // The number is greater than all before.
        let _ = self.pending.push(self.next, pending);
        self.next = self.next.saturating_add(1);
    }

    /// Refuses what is still open of a text whose reply nobody waits for any more, so that its
    /// questions make room for others: the reply comes now. Nothing happens if nothing is open.
    pub fn abandon(&mut self, call: CallId, out: &mut Out<Self>) {
        let text = self.pending.iter().find(|(_, pending)| pending.call == call);
        let Some((text, _)) = text else { return };
        for place in self.asks.cancel(|place| place.text == text) {
            let why = Failure::new(Code::ResourceUnavailable, "nobody waits for the answer");
            self.place(&place, Err(why), out);
        }
    }

    /// What a call is answered with at once; nothing if it is asked.
    fn outcome(
        &mut self,
        part: usize,
        call: Result<Call, Failure>,
        known: &mut impl FnMut(&Call) -> Option<Result<Answer, Failure>>,
        out: &mut Out<Self>,
    ) -> Option<Result<Answer, Failure>> {
        let call = match call {
            Ok(call) => call,
            Err(failure) => return Some(Err(failure)),
        };
        let answer = known(&call);
        // Of such a list only the beginning is there: whatever it is answered, it does not pass.
        if matches!(answer, None | Some(Ok(_))) && self.is_too_long(&call) {
            return Some(Err(Failure::new(Code::LimitExceeded, "too many access-list entries")));
        }
        if answer.is_some() {
            return answer;
        }
        let Ok(ask) = self.asks.open(Place { text: self.next, part }) else {
            let failure = Failure::new(Code::LimitExceeded, "too many calls wait for nodes");
            return Some(Err(failure));
        };
        out.ask(ask, call);
        None
    }

    fn is_too_long(&self, call: &Call) -> bool {
        matches!(
            call,
            Call::CheckAccessList(check)
                if check.inbox_entries.len() > self.served.max_access_entries
        )
    }

    /// Puts an answer in its place, and sends the reply if it was the last.
    fn place(
        &mut self,
        Place { text, part }: &Place,
        outcome: Result<Answer, Failure>,
        out: &mut Out<Self>,
    ) {
        let Some(pending) = self.pending.get_mut(*text) else { return };
        let full = pending.parts.length > self.limits.max_reply;
        let outcome = if full { Err(too_long()) } else { outcome };
        if !pending.parts.close(*part, |id| Part::done(id, outcome, self.profile)) {
            return;
        }
        pending.open -= 1;
        if pending.open == 0 {
            if let Some(pending) = self.pending.remove(*text) {
                out.send(pending.reply());
            }
        }
    }
}

impl Machine for Server {
    type Local = RpcAnswer;
    type Remote = RpcText;
    type Send = RpcReply;
    type Notice = Never;
    type Query = Call;

    fn handle_local(
        &mut self,
        _: Time,
        input: RpcAnswer,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<RpcAnswer>> {
        match self.asks.close(input.0) {
            Ok(Some(place)) => self.place(&place, input.1, out),
            Ok(None) => {}
            Err(why) => return Err(Refusal::new(why, input)),
        }
        Ok(())
    }

    fn handle_remote(&mut self, now: Time, input: RpcText, out: &mut Out<Self>) {
        self.handle_text(now, input, |_| None, out);
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        let deadline = self.limits.parked_deadline;
        let due = self.pending.iter().take_while(|(_, text)| text.since.after(deadline) <= now);
        let Some((last, _)) = due.last() else { return };
        // Of all texts at once, in their order: the list of questions is gone through once.
        for place in self.asks.cancel(|place| place.text <= last) {
            let late = Failure::new(Code::ResourceUnavailable, "no answer in time");
            self.place(&place, Err(late), out);
        }
    }

    fn deadline(&self) -> Option<Time> {
        let (_, oldest) = self.pending.first()?;
        Some(oldest.since.after(self.limits.parked_deadline))
    }

    fn awaits(&self, id: AskId) -> bool {
        self.asks.awaits(id)
    }

    fn footprint(&self) -> usize {
        let texts = self.pending.iter().map(|(_, pending)| {
            let parts = pending.parts.list.iter().map(|part| match part {
                Part::Open(id) => id.as_ref().map_or(0, |id| id.as_str().len()),
                Part::Done(text) => text.capacity(),
            });
            pending.parts.list.capacity() * size_of::<Part>() + parts.sum::<usize>()
        });
        size_of_val(self) + self.asks.heap() + self.pending.heap() + texts.sum::<usize>()
    }
}

impl Parts {
    fn of(list: Vec<Part>) -> Self {
        let length = list.iter().map(Part::length).fold(0, usize::saturating_add);
        Self { list, length }
    }

    fn push(&mut self, part: Part) {
        self.length = self.length.saturating_add(part.length());
        self.list.push(part);
    }

    /// Puts what `done` makes of its id in the place of an open part; false if it is not open.
    fn close(&mut self, part: usize, done: impl FnOnce(Option<Id>) -> Part) -> bool {
        let Some(place) = self.list.get_mut(part) else { return false };
        let Part::Open(id) = place else { return false };
        let part = done(id.take());
        self.length = self.length.saturating_add(part.length());
        *place = part;
        true
    }

    /// How many are open.
    fn open(&self) -> usize {
        self.list.iter().filter(|part| matches!(part, Part::Open(_))).count()
    }
}

impl Part {
    fn done(id: Option<Id>, outcome: Result<Answer, Failure>, profile: Profile) -> Self {
        let mut text = Vec::new();
        if let Some(id) = id {
            Response { id, outcome }.write(profile, &mut text);
        }
        Self::Done(text)
    }

    /// Bytes of the answer, as far as it is known.
    fn length(&self) -> usize {
        match self {
            Self::Open(_) => 0,
            Self::Done(text) => text.len(),
        }
    }
}

/// The answers before it are as long as those of a batch may be.
fn too_long() -> Failure {
    Failure::new(Code::LimitExceeded, "the reply is too long")
}

impl Pending {
    /// The answers that are sent, in the order of the requests (D-30).
    fn reply(self) -> RpcReply {
        let texts = self.parts.list.into_iter().filter_map(|part| match part {
            Part::Done(text) if !text.is_empty() => Some(text),
            _ => None,
        });
        let mut texts = texts.peekable();
        let text = if texts.peek().is_none() {
            None
        } else if self.batch {
            let mut text = Vec::new();
            let texts: Vec<_> = texts.collect();
            write_batch(texts.iter().map(Vec::as_slice), &mut text);
            Some(Bytes::from(text))
        } else {
            texts.next().map(Bytes::from)
        };
        RpcReply { call: self.call, text }
    }
}
