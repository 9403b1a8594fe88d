//! What may go out, and what waits until the records before it are durable.

use super::{Durable, DurableNotice, DurableQuery, outer};
use crate::codec::supervisor::{Code, Keccak256};
use crate::machine::{Action, Out};
use crate::outbox::Outbox;
use crate::state::supervisor::server::{CallId, RpcReply, RpcText};
use crate::state::supervisor::{Supervisor, SupervisorMessage, SupervisorNotice, SupervisorQuery};

impl<K: Keccak256> Durable<K> {
    /// Lets out what may go, and holds the rest.
    pub(super) fn hold(&mut self, mut said: Out<Supervisor<K>>, out: &mut Out<Self>) {
        while let Some(action) = said.pop() {
            match action {
                Action::Ask(id, query) => out.ask(outer(id), DurableQuery::Supervisor(query)),
                action if self.kept == self.next => self.let_out(action, out),
                action => self.held.push_back((self.next, action)),
            }
        }
    }

    pub(super) fn let_out(
        &mut self,
        action: Action<SupervisorMessage, SupervisorNotice, SupervisorQuery>,
        out: &mut Out<Self>,
    ) {
        match action {
            Action::Send(SupervisorMessage::Reply(RpcReply { call: CallId(number), text })) => {
                // Who waited before a restart does not any more.
                if let Some(RpcText { call, .. }) = self.take_text(number) {
                    out.send(SupervisorMessage::Reply(RpcReply { call, text }));
                }
            }
            Action::Send(message) => out.send(message),
            Action::Notify(notice) => out.notify(DurableNotice::Supervisor(notice)),
            Action::Ask(id, query) => out.ask(outer(id), DurableQuery::Supervisor(query)),
            Action::Close(ending) => out.close(ending),
        }
    }

    fn take_text(&mut self, number: u64) -> Option<RpcText> {
        let text = self.texts.remove(&number)?;
        self.text_bytes = self.text_bytes.saturating_sub(text.text.len());
        crate::heap::relax_map(&mut self.texts);
        Some(text)
    }

    pub(super) fn machine_refuses(&mut self, text: RpcText, code: Code, out: &mut Out<Self>) {
        let mut said = Outbox::new();
        self.machine.refuse_text(text, code, &mut said);
        for action in said.drain() {
            if let Action::Send(reply) = action {
                out.send(reply);
            }
        }
    }
}
