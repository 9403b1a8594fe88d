//! What time does to a connection: the handshake has to be over, pings are sent, silence ends it.

use super::{Connection, ConnectionPhase};
use crate::codec::chia::NodeType;
use crate::codec::chia::messages::Ping;
use crate::fault::{Ending, Fault};
use crate::machine::{Machine, Out};
use crate::state::chia::rules;
use crate::time::Time;

impl Connection {
    pub(super) fn time_out(&mut self, now: Time, out: &mut Out<Self>) -> Result<(), Ending> {
        let due = |at: Option<Time>| at.is_some_and(|at| at <= now);
        if due(self.held_until) {
            self.held_until = None;
            self.rate.reset();
            // Who was held back could not be heard.
            self.heard = now;
        }
        if due(self.handshake_due()) {
            let awaited = match self.theirs {
                ConnectionPhase::AwaitHandshake => "handshake",
                ConnectionPhase::AwaitAck => "handshake_ack",
                ConnectionPhase::Established => "our own admission",
            };
            return Err(Ending::Fault(Fault::timeout(&rules::HANDSHAKE_TIMEOUT, awaited)));
        }
        if due(self.idle_due()) {
            return Err(Ending::Fault(Fault::timeout(&rules::IDLE, "any message")));
        }
        if due(self.ping_due()) {
            let nonce = self.nonces.next();
            self.pinged = Some((nonce, now));
            self.ping_at = now.after(self.config.limits.ping_interval);
            out.send(Ping { nonce }.into());
        }
        Ok(())
    }

    pub(super) fn handshake_due(&self) -> Option<Time> {
        let opened = self.opened.filter(|_| !self.is_established())?;
        Some(opened.after(self.config.limits.handshake_timeout))
    }

    pub(super) fn ping_due(&self) -> Option<Time> {
        let is_sent = self.is_established() && !self.config.limits.ping_interval.is_zero();
        is_sent.then_some(self.ping_at)
    }

    /// Only between full nodes, which find replacements (C-13).
    pub(super) fn idle_due(&self) -> Option<Time> {
        let peer = self.peer.filter(|_| self.is_established() && !self.saturated())?;
        let both = [peer.node_type, self.config.node_type] == [NodeType::FullNode; 2];
        both.then(|| self.heard.after(self.config.limits.idle_timeout))
    }
}
