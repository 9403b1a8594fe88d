//! How connections of a node begin and end: who gets in, and what becomes of who does not.

use super::{Node, NodeNotice, NodeSend, Turn};
use crate::ask::AskId;
use crate::chia::session;
use crate::codec::chia::PeerInfo;
use crate::fault::{Ending, Fault};
use crate::heap;
use crate::machine::{Action, Out};
use crate::state::chia::{
    Admission, ConnectionCommand, ConnectionId, ConnectionPhase, ConnectionQuery, FromPeer, Opened,
    Peer, PutOff, Role, TurnedAway, Verdict, rules,
};
use crate::time::Time;

impl<R: Role> Node<R> {
    /// A stream is open: whoever is at its other end may get in, or not.
    pub(super) fn open(&mut self, now: Time, opened: Opened, turn: &mut Turn, out: &mut Out<Self>) {
        let (connection, direction) = (opened.connection, opened.direction);
        let dialled = opened.dialled.clone();
        if let Some(address) = &dialled {
            self.dialled(address);
        }
        match self.registry.open(now, opened) {
            Ok(evicted) => {
                let mut config = self.config.connection.clone();
                config.seed = config.seed.wrapping_add(connection.0);
                self.sessions.insert(connection, session(config, direction));
                self.tell(now, connection, ConnectionCommand::Open, turn);
                if let Some(oldest) = evicted {
                    self.turn_away(now, oldest, TurnedAway::Full("max_half_open"), turn, out);
                }
            }
            Err(why) => {
                out.send(NodeSend::Close(connection));
                out.notify(NodeNotice::TurnedAway(connection, why));
                let put_off = match why {
                    TurnedAway::Banned(_) => PutOff::Banned,
                    TurnedAway::Full(_) | TurnedAway::NotOpen => PutOff::Full,
                };
                turn.news.extend(dialled.map(|there| FromPeer::DialPutOff(there, put_off)));
            }
        }
    }

    /// Something came of dialling this address; true if it was being dialled.
    pub(super) fn dialled(&mut self, address: &PeerInfo) -> bool {
        let was = self.dialling.remove(address);
        heap::relax_set(&mut self.dialling);
        was
    }

    /// Answers whether a node id is free (C-4, C-9).
    pub(super) fn register(
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

    /// A connection is established: is there still room?
    pub(super) fn connected(
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

    /// A stream is closed, though nobody did anything wrong.
    pub(super) fn turn_away(
        &mut self,
        now: Time,
        connection: ConnectionId,
        why: TurnedAway,
        turn: &mut Turn,
        out: &mut Out<Self>,
    ) {
        out.notify(NodeNotice::TurnedAway(connection, why));
        let put_off = |there| FromPeer::DialPutOff(there, PutOff::Full);
        self.part(now, connection, Ending::Done, put_off, turn, out);
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
        self.part(now, connection, ending, FromPeer::DialFailed, turn, out);
    }

    /// What is said of a peer that was dialled and did not become one is `unreached`.
    fn part(
        &mut self,
        now: Time,
        connection: ConnectionId,
        ending: Ending,
        unreached: fn(PeerInfo) -> FromPeer,
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
            turn.news.extend(parted.dialled.map(unreached));
        }
        if let Some((next, ask, peer)) = parted.next {
            // It asks again, and its node id is free now.
            turn.said.push((next, Action::Ask(ask, ConnectionQuery::Register(peer))));
        }
    }
}
