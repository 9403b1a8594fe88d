//! Replies without the machine: every call of a text is refused, and what is wrong with the text
//! itself is said as ever.

use nodewire::bytes::Bytes;
use nodewire::codec::supervisor::json_rpc::{Id, Response};
use nodewire::codec::supervisor::{Code, Failure, Profile, Served};
use nodewire::state::supervisor::{CallId, Config, Limits, RpcAnswer, RpcText, Server};
use nodewire::{Action, Machine, Outbox, Time};

/// How texts are read and replies written.
#[derive(Clone, Debug)]
pub struct Manner {
    pub(super) limits: Limits,
    pub(super) profile: Profile,
    served: Served,
    /// Bytes that no answer is longer than.
    answer: usize,
}

/// Bytes of a chain in the longest answers, a super root and the state of syncing, and more than
/// those of anything else beside.
const OF_CHAIN: usize = 1_024;
/// Bytes of a refusal, without its id.
const REFUSAL: usize = 512;

impl Manner {
    /// As a Supervisor of this configuration does it.
    #[must_use]
    pub fn new(config: &Config, limits: &Limits) -> Self {
        let served = Served {
            extensions: config.extensions,
            dependency_set_v1: config.dependency_set_v1,
            admin: config.admin,
            max_access_entries: limits.max_access_entries,
        };
        let answer = OF_CHAIN.saturating_mul(config.chains.len().saturating_add(1));
        Self { limits: limits.clone(), profile: config.profile, served, answer }
    }

    /// Bytes that the reply to a text is not longer than.
    pub(super) fn longest_reply(&self, text: &[u8]) -> usize {
        // Every call has a brace of its own.
        let calls = text.iter().filter(|byte| **byte == b'{').count().max(1);
        let answers = calls.saturating_mul(self.answer);
        // Those after the limit are refused.
        let limit = self.limits.max_reply.saturating_add(self.answer);
        let limited = limit.saturating_add(calls.saturating_mul(REFUSAL));
        // Each repeats its id.
        text.len().saturating_add(answers.min(limited))
    }

    /// The reply to a text whose calls are all refused for this reason.
    #[must_use]
    pub fn refuse(&self, text: Bytes, code: Code, why: &str) -> Option<Bytes> {
        let mut server = Server::new(self.limits.clone(), self.profile, self.served);
        let mut out = Outbox::new();
        server.handle_remote(Time::ZERO, RpcText { call: CallId(0), text }, &mut out);
        while let Some(action) = out.pop() {
            match action {
                Action::Send(reply) => return reply.text,
                Action::Ask(id, _) => {
                    let refused = RpcAnswer(id, Err(Failure::new(code, why)));
                    // It was asked just now.
                    let _ = server.handle_local(Time::ZERO, refused, &mut out);
                }
                Action::Notify(_) | Action::Close(_) => {}
            }
        }
        None
    }

    /// The reply to a text that was not read.
    #[must_use]
    pub fn unread(&self, code: Code, why: &str) -> Bytes {
        let response = Response { id: Id::null(), outcome: Err(Failure::new(code, why)) };
        let mut text = Vec::new();
        response.write(self.profile, &mut text);
        text.into()
    }
}
