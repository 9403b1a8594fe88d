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
}

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
        Self { limits: limits.clone(), profile: config.profile, served }
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
