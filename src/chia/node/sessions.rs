//! What connections do, and what their node makes of it.

use crate::ask::AskId;
use crate::codec::chia::Message;
use crate::fault::{Ending, Fault};
use crate::machine::{Action, ActionOf, Out};
use crate::state::chia::{
    Admission, ConnectionCommand, ConnectionId, ConnectionNotice, ConnectionPhase, ConnectionQuery,
    FromPeer, Peer, Role, TurnedAway, Verdict, rules,
};
use crate::time::Time;

use super::{Node, NodeNotice, NodeSend, Session, Turn};

impl<R: Role> Node<R> {
    /// Does what a session wants.
    pub(super) fn carry_out(
        &mut self,
        now: Time,
        connection: ConnectionId,
        action: ActionOf<Session>,
        turn: &mut Turn,
        out: &mut Out<Self>,
    ) {
        match action {
            Action::Send(bytes) => out.send(NodeSend::Bytes(connection, bytes)),
            Action::Ask(id, ConnectionQuery::Register(peer)) => {
                self.register(now, connection, id, peer, turn, out);
            }
            Action::Notify(ConnectionNotice::Connected(peer)) => {
                self.connected(now, connection, peer, turn, out);
            }
            Action::Notify(ConnectionNotice::Received(message)) => {
                if self.waiting.has(connection) || self.role.is_busy_with(connection) {
                    self.waiting.push(connection, message);
                } else {
                    self.hand_over(now, connection, message, turn);
                }
            }
            Action::Notify(ConnectionNotice::RoundTrip(micros)) => {
                out.notify(NodeNotice::RoundTrip(connection, micros));
            }
            Action::Close(ending) => self.closed(now, connection, ending, turn, out),
        }
    }

    /// Answers whether a node id is free (C-4, C-9).
    fn register(
        &mut self,
        now: Time,
        connection: ConnectionId,
        ask: AskId,
        peer: Peer,
        turn: &mut Turn,
        out: &mut Out<Self>,
    ) {
        let verdict = self.registry.register(connection, ask, peer);
        let admission = match verdict {
            Verdict::Registered | Verdict::Replaces(_) => Admission::Registered,
            Verdict::Duplicate => Admission::Duplicate,
            Verdict::Postponed => return,
            Verdict::TurnedAway(why) => return self.turn_away(now, connection, why, turn, out),
        };
        if let Verdict::Replaces(other) = verdict {
            let phase = ConnectionPhase::AwaitAck.name();
            let ending = Ending::Fault(Fault::violation(&rules::DUPLICATE, phase));
            self.closed(now, other, ending, turn, out);
        }
        self.tell(now, connection, ConnectionCommand::Admitted(ask, admission), turn);
    }

    fn connected(
        &mut self,
        now: Time,
        connection: ConnectionId,
        peer: Peer,
        turn: &mut Turn,
        out: &mut Out<Self>,
    ) {
        match self.registry.establish(connection) {
            Ok(at) => {
                out.notify(NodeNotice::Connected(connection, peer, at.clone()));
                turn.news.push_back(FromPeer::Connected(connection, peer, at));
            }
            Err(why) => self.turn_away(now, connection, why, turn, out),
        }
    }

    /// A message is the role's.
    pub(super) fn hand_over(
        &mut self,
        now: Time,
        connection: ConnectionId,
        message: Message,
        turn: &mut Turn,
    ) {
        turn.news.push_back(FromPeer::Received(connection, message));
        match &mut turn.taken {
            Some((of, messages)) if *of == connection => *messages = messages.saturating_add(1),
            _ => {
                self.acknowledge(now, turn);
                turn.taken = Some((connection, 1));
            }
        }
    }

    /// A connection may go on with what it holds.
    pub(super) fn acknowledge(&mut self, now: Time, turn: &mut Turn) {
        if let Some((connection, messages)) = turn.taken.take() {
            self.tell(now, connection, ConnectionCommand::Taken(messages), turn);
        }
    }

    pub(super) fn turn_away(
        &mut self,
        now: Time,
        connection: ConnectionId,
        why: TurnedAway,
        turn: &mut Turn,
        out: &mut Out<Self>,
    ) {
        out.notify(NodeNotice::TurnedAway(connection, why));
        self.closed(now, connection, Ending::Done, turn, out);
    }

    /// A connection is no more, whatever it still had to say or was to be told.
    pub(super) fn closed(
        &mut self,
        now: Time,
        connection: ConnectionId,
        ending: Ending,
        turn: &mut Turn,
        out: &mut Out<Self>,
    ) {
        self.sessions.remove(&connection);
        self.waiting.forget(connection);
        let Some(parted) = self.registry.close(now, connection, &ending) else { return };
        let (reaction, banned_until) = (parted.reaction, parted.banned_until);
        out.send(NodeSend::Close(connection));
        out.notify(NodeNotice::Closed { connection, ending, reaction, banned_until });
        if parted.is_established {
            turn.news.push_back(FromPeer::Disconnected(connection, parted.parting()));
        } else {
            turn.news.extend(parted.dialled.map(FromPeer::DialFailed));
        }
        if let Some((next, ask, peer)) = parted.next {
            // It asks again, and its node id is free now.
            turn.said.push((next, Action::Ask(ask, ConnectionQuery::Register(peer))));
        }
    }
}
