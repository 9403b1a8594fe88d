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
        let batch = self.limits.max_batch;
        let count = |of: u8| text.iter().filter(|byte| **byte == of).take(batch).count();
        // Every call has a brace of its own; a text has no more of them than a batch may have.
        let calls = count(b'{').max(1);
        let answers = calls.saturating_mul(self.answer);
        // Those after the limit are refused.
        let limit = self.limits.max_reply.saturating_add(self.answer);
        let limited = limit.saturating_add(calls.saturating_mul(REFUSAL));
        // What is no call is refused too.
        let is_batch = text.trim_ascii_start().first() == Some(&b'[');
        let others = if is_batch { count(b',').saturating_mul(REFUSAL) } else { 0 };
        // Each repeats its id.
        text.len().saturating_add(answers.min(limited)).saturating_add(others)
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use nodewire::codec::supervisor::ChainId;
    use nodewire::state::supervisor::{ChainConfig, ExpiryWindow};

    use super::*;

    #[test]
    fn no_reply_is_longer_and_no_text_takes_more_than_a_whole_batch() {
        let chains = [(ChainId::from(10), ChainConfig { activation: 0, block_time: 2 })];
        let config = Config::new(BTreeMap::from(chains), ExpiryWindow::EXPIRY_CURRENT);
        let limits = Limits::default();
        let manner = Manner::new(&config, &limits);
        let call = r#"{"jsonrpc":"2.0","id":1,"method":"supervisor_syncStatus"}"#;
        let texts = [
            call.to_owned(),
            format!("[{}]", [call; 1_000].join(",")),
            format!("[{}]", ["1"; 1_000].join(",")),
            format!(" [{}]", ["{}"; 1_000].join(",")),
            "{".repeat(5_000_000),
            format!("[{}1]", "1,".repeat(2_000_000)),
        ];
        let most = 2 * limits.max_text + limits.max_reply;
        for text in texts {
            let longest = manner.longest_reply(text.as_bytes());
            let start = text.get(..20.min(text.len())).unwrap_or_default().to_owned();
            assert!(longest < most, "{start}: {longest}");
            let reply = manner.refuse(text.into(), Code::ResourceUnavailable, &"x".repeat(300));
            assert!(reply.is_some_and(|reply| reply.len() <= longest), "{start}");
        }
    }
}
