//! The RPC client: calls in, request texts out, replies in, one outcome for each call.

mod input;

use alloc::vec::Vec;
use core::mem::{size_of, size_of_val};

use bytes::Bytes;

pub use input::{
    CallError, CallToken, ClientCommand, ClientNotice, ClientRemote, Ignored, RequestId,
    RequestText,
};

use super::limits::Limits;
use crate::codec::supervisor::json_rpc::{
    Id, MalformedReply, Received, ReceivedId, ResponseError, TextLimits, read_reply, write_batch,
    write_request,
};
use crate::codec::supervisor::{Answer, AnswerKind, Call};
use crate::fault::{Refusal, Refused};
use crate::machine::{ActionOf, Machine, Never, Out};
use crate::ordered::Ordered;
use crate::time::Time;

/// The client's end of the RPC, for a server of either profile: both forms of answers and of error
/// numbers are understood.
///
/// It never closes and blames nobody. What a reply says wrongly fails the calls it is about, where
/// that is known: those named in it, and over HTTP all that the request called. What is about no
/// open call is ignored with a notice. A call without a reply fails after `call_deadline`.
///
/// A success of `supervisor_checkAccessList` holds until
/// [`ExecutingDescriptor::valid_until`](crate::codec::supervisor::ExecutingDescriptor::valid_until):
/// then the transaction is to be verified anew or dropped (S-31). A refusal is no definite verdict
/// (S-32, S-33): the client remembers none, and neither should whoever uses it.
///
/// ```
/// use nodewire::codec::supervisor::{Answer, BlockId, Call, ChainId, Hash};
/// use nodewire::state::supervisor::{
///     CallToken, Client, ClientCommand, ClientNotice, ClientRemote, Limits,
/// };
/// use nodewire::{Action, Machine, Outbox, Time};
///
/// let mut client = Client::new(Limits::default());
/// let mut out = Outbox::new();
/// let call = Call::LocalUnsafe { chain_id: ChainId::from(10) };
/// client.handle_local(Time::ZERO, ClientCommand::Call(CallToken(5), call), &mut out).unwrap();
/// let Some(Action::Send(request)) = out.pop() else { panic!() };
/// assert_eq!(
///     request.text,
///     r#"{"jsonrpc":"2.0","id":0,"method":"supervisor_localUnsafe","params":["0xa"]}"#
/// );
/// let hash = Hash::ZERO;
/// let text = format!(r#"{{"jsonrpc":"2.0","id":0,"result":{{"hash":"{hash}","number":7}}}}"#);
/// let reply = ClientRemote::Reply { request: Some(request.request), text: text.into() };
/// client.handle_remote(Time::ZERO, reply, &mut out);
/// let block = Answer::BlockId(BlockId::new(hash, 7));
/// let outcome = ClientNotice::Outcome(CallToken(5), Ok(block));
/// assert_eq!(out.pop(), Some(Action::Notify(outcome)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Client {
    limits: Limits,
    /// By the number that is their id, oldest first.
    open: Ordered<u64, Open>,
    /// The next call's number.
    next: u64,
}

const _: () = assert!(size_of::<ActionOf<Client>>() <= 128);
const _: () = crate::machine::kept::<Client>();

/// A call that waits for its response.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Open {
    token: CallToken,
    /// The text it is in, by the number of the first call there.
    request: RequestId,
    kind: AnswerKind,
    since: Time,
}

impl Client {
    /// A client without a call.
    #[must_use]
    pub const fn new(limits: Limits) -> Self {
        Self { limits, open: Ordered::new(), next: 0 }
    }

    /// How many calls wait for their outcome.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.open.len()
    }

    /// How many more calls may be made now.
    #[must_use]
    pub fn room(&self) -> usize {
        self.limits.max_open_calls.saturating_sub(self.open.len())
    }

    fn admits(&self, calls: usize) -> Result<(), Refused> {
        if calls > self.limits.max_batch {
            return Err(Refused::invalid("more calls than a batch may have"));
        }
        if calls > self.room() {
            return Err(Refused::busy("max_open_calls"));
        }
        Ok(())
    }

    /// Opens a call and appends its text.
    fn open(
        &mut self,
        now: Time,
        request: RequestId,
        (token, call): (CallToken, &Call),
        text: &mut Vec<u8>,
    ) {
        // Times never go back in the list, whatever the clock does.
        let since = self.open.iter().next_back().map_or(now, |(_, last)| now.max(last.since));
        let open = Open { token, request, kind: call.answer_kind(), since };
        // The number is greater than all before.
        let _ = self.open.push(self.next, open);
        write_request(&Id::number(self.next), call, text);
        self.next = self.next.saturating_add(1);
    }

    fn receive(&mut self, request: Option<RequestId>, text: &[u8], out: &mut Out<Self>) {
        if let Some(request) = request.filter(|request| self.first_of(*request).is_none()) {
            // Its calls have their outcomes, and it can say nothing of others.
            return out.notify(ClientNotice::Ignored(Ignored::Request(request)));
        }
        let limits = TextLimits {
            max_text: self.limits.max_reply,
            max_depth: self.limits.max_depth,
            max_batch: self.limits.max_batch,
        };
        // Why calls of the request have no response of their own.
        let mut rest = None;
        match read_reply(text, &limits) {
            Ok(responses) => {
                for Received { id, outcome } in responses {
                    match (id, outcome, request) {
                        (ReceivedId::Number(id), outcome, _) => {
                            self.respond(request, id, outcome, out);
                        }
                        // The server could not tell which call it is about: one of this request.
                        (ReceivedId::Null, Err(error), Some(_)) if rest.is_none() => {
                            rest = Some(error.into());
                        }
                        _ => out.notify(ClientNotice::Ignored(Ignored::WithoutId)),
                    }
                }
            }
            Err(malformed) if request.is_none() => {
                out.notify(ClientNotice::Ignored(Ignored::Text(malformed)));
            }
            Err(malformed) => rest = Some(malformed.into()),
        }
        if let Some(request) = request {
            self.fail(request, &rest.unwrap_or(MalformedReply::LeftOut.into()), out);
        }
    }

    fn respond(
        &mut self,
        request: Option<RequestId>,
        id: u64,
        outcome: Result<&str, ResponseError>,
        out: &mut Out<Self>,
    ) {
        let asked = |open: &Open| request.is_none_or(|request| open.request == request);
        if !self.open.get(id).is_some_and(asked) {
            return out.notify(ClientNotice::Ignored(Ignored::Response));
        }
        let Some(open) = self.open.remove(id) else { return };
        let outcome = outcome.map_err(CallError::from).and_then(|result| {
            Answer::read(open.kind, result).ok_or(MalformedReply::ResultForm.into())
        });
        out.notify(ClientNotice::Outcome(open.token, outcome));
    }

    /// The oldest open call of a request.
    fn first_of(&self, request: RequestId) -> Option<u64> {
        let (id, open) = self.open.at_or_after(request.0).next()?;
        (open.request == request).then_some(id)
    }

    /// The calls of a request that are still open have this outcome.
    fn fail(&mut self, request: RequestId, error: &CallError, out: &mut Out<Self>) {
        while let Some(open) = self.first_of(request).and_then(|id| self.open.remove(id)) {
            out.notify(ClientNotice::Outcome(open.token, Err(error.clone())));
        }
    }
}

impl Machine for Client {
    type Local = ClientCommand;
    type Remote = ClientRemote;
    type Send = RequestText;
    type Notice = ClientNotice;
    type Query = Never;

    fn handle_local(
        &mut self,
        now: Time,
        input: ClientCommand,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<ClientCommand>> {
        let request = RequestId(self.next);
        let mut text = Vec::new();
        match input {
            ClientCommand::Call(token, call) => {
                if let Err(why) = self.admits(1) {
                    return Err(Refusal::new(why, ClientCommand::Call(token, call)));
                }
                self.open(now, request, (token, &call), &mut text);
            }
            ClientCommand::Batch(calls) => {
                let admitted = match calls.len() {
                    0 => Err(Refused::invalid("a batch without a call")),
                    count => self.admits(count),
                };
                if let Err(why) = admitted {
                    return Err(Refusal::new(why, ClientCommand::Batch(calls)));
                }
                let mut texts = Vec::with_capacity(calls.len());
                for (token, call) in &calls {
                    let mut text = Vec::new();
                    self.open(now, request, (*token, call), &mut text);
                    texts.push(text);
                }
                write_batch(texts.iter().map(Vec::as_slice), &mut text);
            }
        }
        out.send(RequestText { request, text: Bytes::from(text) });
        Ok(())
    }

    fn handle_remote(&mut self, _: Time, input: ClientRemote, out: &mut Out<Self>) {
        match input {
            ClientRemote::Reply { request, text } => self.receive(request, &text, out),
            ClientRemote::Lost(request) if self.first_of(request).is_none() => {
                out.notify(ClientNotice::Ignored(Ignored::Request(request)));
            }
            ClientRemote::Lost(request) => self.fail(request, &CallError::Lost, out),
        }
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        while self.deadline().is_some_and(|due| due <= now) {
            let Some((_, open)) = self.open.pop_first() else { return };
            out.notify(ClientNotice::Outcome(open.token, Err(CallError::TimedOut)));
        }
    }

    fn deadline(&self) -> Option<Time> {
        let (_, oldest) = self.open.first()?;
        Some(oldest.since.after(self.limits.call_deadline))
    }

    fn footprint(&self) -> usize {
        size_of_val(self) + self.open.heap()
    }
}
