//! What a role wants of the network, and of its application (`chia.md` 14.1).

use super::{Node, NodeNotice, NodeSend, Turn};
use crate::codec::chia::{Message, NodeType};
use crate::fault::{Ending, Fault, Refusal, Refused};
use crate::machine::{Action, Input, Out};
use crate::state::chia::{
    ConnectionCommand, ConnectionId, ConnectionPhase, Delivery, FromPeer, PutOff, Role,
};
use crate::time::Time;

impl<R: Role> Node<R> {
    /// Does what the role wants.
    pub(super) fn deliver(
        &mut self,
        now: Time,
        inner: &mut Out<R>,
        turn: &mut Turn,
        out: &mut Out<Self>,
    ) {
        turn.stepped = true;
        while let Some(action) = inner.pop() {
            match action {
                Action::Send(delivery) => self.send(now, delivery, turn, out),
                Action::Notify(notice) => out.notify(NodeNotice::Role(notice)),
                Action::Ask(id, query) => out.ask(id, query),
                // A role goes on as long as its node.
                Action::Close(_) => {}
            }
        }
    }

    fn send(&mut self, now: Time, delivery: Delivery, turn: &mut Turn, out: &mut Out<Self>) {
        match delivery {
            Delivery::To(connection, message) => {
                if self.registry.is_established(connection) {
                    self.say(now, connection, message, turn, out);
                }
            }
            Delivery::Broadcast(node_type, message) => {
                self.broadcast(now, node_type, None, &message, turn, out);
            }
            Delivery::BroadcastToOthers(node_type, source, message) => {
                self.broadcast(now, node_type, Some(source), &message, turn, out);
            }
            Delivery::Close(connection) => {
                self.tell(now, connection, ConnectionCommand::Close, turn);
            }
            Delivery::Penalise(connection, rule) => {
                let phase = ConnectionPhase::Established.name();
                let ending = Ending::Fault(Fault::violation(rule, phase));
                self.closed(now, connection, ending, turn, out);
            }
            Delivery::Dial(address) => {
                if self.dialling.contains(&address) {
                    return;
                }
                if self.registry.is_own(&address) {
                    turn.news.push_back(FromPeer::DialFailed(address));
                } else if self.registry.banned_until(now, &address.host).is_some() {
                    turn.news.push_back(FromPeer::DialPutOff(address, PutOff::Banned));
                } else if self.dialling.len() >= self.config.max_dials {
                    turn.news.push_back(FromPeer::DialPutOff(address, PutOff::Full));
                } else {
                    self.dialling.insert(address.clone());
                    out.send(NodeSend::Dial(address));
                }
            }
        }
    }

    /// Only established connections count (C-5).
    fn broadcast(
        &mut self,
        now: Time,
        node_type: NodeType,
        source: Option<ConnectionId>,
        message: &Message,
        turn: &mut Turn,
        out: &mut Out<Self>,
    ) {
        let Self { registry, sessions, .. } = self;
        for connection in registry.established(node_type).filter(|id| Some(*id) != source) {
            let command = ConnectionCommand::Send(message.clone());
            let sent = sessions.handle(now, &connection, Input::Local(command), &mut turn.said);
            unsaid::<R>(connection, sent, out);
        }
    }

    fn say(
        &mut self,
        now: Time,
        connection: ConnectionId,
        message: Message,
        turn: &mut Turn,
        out: &mut Out<Self>,
    ) {
        let command = Input::Local(ConnectionCommand::Send(message));
        let sent = self.sessions.handle(now, &connection, command, &mut turn.said);
        unsaid::<R>(connection, sent, out);
    }
}

/// Tells of what could not be said to somebody who is there.
fn unsaid<R: Role>(
    connection: ConnectionId,
    sent: Result<(), Refusal<ConnectionCommand>>,
    out: &mut Out<Node<R>>,
) {
    let Err(Refusal { why, input: ConnectionCommand::Send(message) }) = sent else { return };
    // Nobody is there: what is for nobody vanishes.
    if why != Refused::Ended {
        out.notify(NodeNotice::Unsaid { connection, function: message.function(), why });
    }
}
