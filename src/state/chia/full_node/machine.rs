//! The full node as a machine and as a role: its parts beside its own.

use alloc::boxed::Box;

use super::parts::{self, OWN};
use super::{FullNode, FullNodeCommand, FullNodeNotice, FullNodeQuery};
use crate::ask::AskId;
use crate::codec::chia::{FullBlock, HeaderHash, NodeType};
use crate::codec::streamable::Sha256;
use crate::fault::Refusal;
use crate::heap;
use crate::machine::{Machine, Out};
use crate::state::chia::addresses::Addresses;
use crate::state::chia::role::{ConnectionId, Delivery, FromPeer, Role};
use crate::state::chia::serving::Serving;
use crate::state::chia::sync::Sync;
use crate::state::chia::transactions::{TransactionIds, Transactions};
use crate::time::Time;

/// A block that a peer told, and what it claims to weigh.
type Told = (ConnectionId, (u64, HeaderHash));

impl<H: Sha256, I: TransactionIds> Role for FullNode<H, I> {
    fn node_type(&self) -> NodeType {
        NodeType::FullNode
    }

    fn is_busy_with(&self, from: ConnectionId) -> bool {
        self.asks.is_full()
            || self.has_asked_enough(from)
            || self.transactions.is_busy_with(from)
            || self.serving.is_busy_with(from)
    }
}

impl<H: Sha256, I: TransactionIds> Machine for FullNode<H, I> {
    type Local = FullNodeCommand;
    type Remote = FromPeer;
    type Send = Delivery;
    type Notice = FullNodeNotice;
    type Query = FullNodeQuery;

    fn handle_local(
        &mut self,
        now: Time,
        input: FullNodeCommand,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<FullNodeCommand>> {
        match input {
            FullNodeCommand::Sync(command) => self.sync_command(now, command, out),
            FullNodeCommand::Serving(command) => {
                let done = parts::command(&mut self.serving, now, command, out);
                done.map_err(|refusal| refusal.map(FullNodeCommand::Serving))
            }
            FullNodeCommand::Transactions(command) => {
                let done = parts::command(&mut self.transactions, now, command, out);
                done.map_err(|refusal| refusal.map(FullNodeCommand::Transactions))
            }
            FullNodeCommand::Addresses(command) => {
                let done = parts::command(&mut self.addresses, now, command, out);
                done.map_err(|refusal| refusal.map(FullNodeCommand::Addresses))
            }
            input => {
                if let Err(why) = self.admits(&input) {
                    return Err(Refusal::new(why, input));
                }
                self.command(now, input, out);
                Ok(())
            }
        }
    }

    fn handle_remote(&mut self, now: Time, input: FromPeer, out: &mut Out<Self>) {
        match input {
            FromPeer::Received(from, message) => self.receive(now, from, message, out),
            input => {
                if let FromPeer::Connected(from, peer, _) = &input {
                    self.connected(*from, peer.node_type, out);
                }
                if let FromPeer::Disconnected(from, _) = &input {
                    self.disconnected_peer(*from);
                }
                self.sync_hears(now, input.clone(), out);
                parts::hear(&mut self.serving, now, input.clone(), out);
                parts::hear(&mut self.transactions, now, input.clone(), out);
                parts::hear(&mut self.addresses, now, input, out);
            }
        }
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        self.end_waits(now, out);
        self.sync_times_out(now, out);
        parts::time_out(&mut self.serving, now, out);
        parts::time_out(&mut self.transactions, now, out);
        parts::time_out(&mut self.addresses, now, out);
    }

    fn deadline(&self) -> Option<Time> {
        let due = [
            self.unfinished.deadline(),
            self.sync.deadline(),
            self.serving.deadline(),
            self.transactions.deadline(),
            self.addresses.deadline(),
        ];
        due.into_iter().flatten().min()
    }

    fn saturated(&self) -> bool {
        self.asks.is_full()
    }

    fn awaits(&self, id: AskId) -> bool {
        parts::inner(OWN, id).is_some_and(|id| self.asks.awaits(id))
            || parts::awaits(&self.sync, id)
            || parts::awaits(&self.serving, id)
            || parts::awaits(&self.transactions, id)
    }

    fn footprint(&self) -> usize {
        let asked = self.asks.iter().map(|(_, asked)| asked.heap());
        let kept =
            self.kept.iter().map(|block| size_of::<FullBlock>().saturating_add(block.heap()));
        let blocks = asked.chain(kept).fold(0_usize, usize::saturating_add);
        let places = self.kept.capacity().saturating_mul(size_of::<Box<FullBlock>>());
        size_of::<Self>()
            .saturating_sub(size_of::<(Transactions<I>, Addresses)>())
            .saturating_sub(size_of::<(Sync<H>, Serving)>())
            .saturating_add(self.sync.footprint())
            .saturating_add(self.serving.footprint())
            .saturating_add(self.transactions.footprint())
            .saturating_add(self.addresses.footprint())
            .saturating_add(self.config.addresses.heap())
            .saturating_add(self.chain.heap())
            .saturating_add(self.peers.heap())
            .saturating_add(self.blocks.heap())
            .saturating_add(self.unfinished.heap())
            .saturating_add(self.early.heap())
            .saturating_add(self.proofs.heap())
            .saturating_add(self.passed.heap())
            .saturating_add(heap::tree(self.told.len(), size_of::<Told>()))
            .saturating_add(self.candidates.heap())
            .saturating_add(self.asks.heap())
            .saturating_add(places)
            .saturating_add(blocks)
    }
}
