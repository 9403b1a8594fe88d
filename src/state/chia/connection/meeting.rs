//! The handshake: who we are, who the peer is, and whether both want the connection.

use super::{
    Admission, CONNECTION, Connection, ConnectionConfig, ConnectionNotice, ConnectionQuery, Peer,
};
use crate::codec::chia::Message;
use crate::codec::chia::messages::{Handshake, HandshakeAck};
use crate::fault::Ending;
use crate::machine::Out;
use crate::state::chia::{rules, senders};
use crate::table::Role;
use crate::time::Time;

impl Connection {
    pub(super) fn handshake(&self) -> Handshake {
        let ConnectionConfig { network_id, version, node_id, server_port, node_type, .. } =
            self.config.clone();
        Handshake { network_id, version, node_id, server_port, node_type }
    }

    /// Sends what moves our own phase.
    pub(super) fn say(&mut self, message: Message, out: &mut Out<Self>) {
        let label = message.function().into();
        self.ours = CONNECTION.next(self.ours, Role::Initiator, label).unwrap_or(self.ours);
        out.send(message);
    }

    pub(super) fn admitted(
        &mut self,
        now: Time,
        admission: Admission,
        out: &mut Out<Self>,
    ) -> Result<(), Ending> {
        if admission == Admission::Duplicate {
            return Err(self.broken(&rules::DUPLICATE));
        }
        self.say(HandshakeAck {}.into(), out);
        self.establish(now, out);
        Ok(())
    }

    /// Tells that the connection is established, if it is.
    pub(super) fn establish(&mut self, now: Time, out: &mut Out<Self>) {
        if let (true, Some(peer)) = (self.is_established(), self.peer) {
            self.ping_at = now.after(self.config.limits.ping_interval);
            out.notify(ConnectionNotice::Connected(peer));
        }
    }

    /// Looks at who the peer is, in the order of C-3. Who is refused gets no ack.
    pub(super) fn meet(
        &mut self,
        handshake: &Handshake,
        out: &mut Out<Self>,
    ) -> Result<(), Ending> {
        let Handshake { network_id, version, node_id, server_port, node_type } = handshake;
        let wrong = if !senders::is_useful(self.config.node_type, *node_type) {
            Some(&rules::USELESS_PEER)
        } else if *node_id == self.config.node_id {
            Some(&rules::SELF_CONNECTION)
        } else if *network_id != self.config.network_id {
            Some(&rules::WRONG_NETWORK)
        } else if *version != self.config.version {
            Some(&rules::WRONG_VERSION)
        } else {
            None
        };
        if let Some(rule) = wrong {
            return Err(self.broken(rule));
        }
        let peer = Peer { node_id: *node_id, node_type: *node_type, server_port: *server_port };
        self.peer = Some(peer);
        // One handshake, one question.
        if let Ok(id) = self.asks.open(()) {
            out.ask(id, ConnectionQuery::Register(peer));
        }
        Ok(())
    }
}
