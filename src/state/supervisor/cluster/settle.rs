//! After every input heads advance, and what follows is told to nodes and operators.

use alloc::boxed::Box;
use core::time::Duration;

use super::{NodeId, Supervisor, SupervisorMessage, SupervisorNotice};
use crate::codec::supervisor::{Keccak256, NodeCommand};
use crate::machine::Out;
use crate::state::supervisor::index::{Consequence, Slot};

/// The newest signals to a chain's nodes; older ones are superseded.
#[derive(Clone, Default)]
struct Signals {
    cross_unsafe: Option<NodeCommand>,
    cross_safe: Option<NodeCommand>,
    finalized: Option<NodeCommand>,
}

impl<K: Keccak256> Supervisor<K> {
    pub(super) fn settle(&mut self, out: &mut Out<Self>) {
        let done = self.index.promote(&mut self.then);
        let later = self.latest.after(Duration::from_micros(1));
        self.promote_at = (!done).then_some(later);
        self.confirm_l1(out);
        let then = core::mem::take(&mut self.then);
        if then.is_empty() {
            return;
        }
        let mut signals = alloc::vec![Signals::default(); self.chains.len()];
        for consequence in then {
            self.follow(consequence, &mut signals, out);
        }
        for (slot, signals) in (0..).map(Slot).zip(signals) {
            let Signals { cross_unsafe, cross_safe, finalized } = signals;
            if cross_safe.is_some() {
                // There may be room for blocks that were too many.
                self.pump(slot, out);
            }
            for signal in [cross_unsafe, cross_safe, finalized].into_iter().flatten() {
                self.tell_all(slot, &signal, out);
            }
        }
    }

    fn follow(&mut self, consequence: Consequence, signals: &mut [Signals], out: &mut Out<Self>) {
        let mut none = Signals::default();
        match consequence {
            Consequence::CrossUnsafe(slot, block) => {
                let signals = signals.get_mut(slot.index()).unwrap_or(&mut none);
                signals.cross_unsafe = Some(NodeCommand::UpdateCrossUnsafe(block));
                out.notify(SupervisorNotice::CrossUnsafe(self.chain_id(slot), block));
            }
            Consequence::CrossSafe(slot, pair) => {
                let signals = signals.get_mut(slot.index()).unwrap_or(&mut none);
                let (derived, source) = (pair.derived, pair.source);
                signals.cross_safe = Some(NodeCommand::UpdateCrossSafe { derived, source });
                out.notify(SupervisorNotice::CrossSafe(self.chain_id(slot), derived));
            }
            Consequence::Finalized(slot, block) => {
                let signals = signals.get_mut(slot.index()).unwrap_or(&mut none);
                signals.finalized = Some(NodeCommand::UpdateFinalized(block));
                out.notify(SupervisorNotice::Finalized(self.chain_id(slot), block));
            }
            Consequence::Invalidated(slot, seal) => {
                out.notify(SupervisorNotice::Invalidated(self.chain_id(slot), seal));
                for node in self.listening(slot) {
                    self.tell_replace(slot, node, seal, out);
                }
                // Nothing is indexed at or above it until it is replaced.
                self.forget_incoming(slot, seal.number.saturating_sub(1));
            }
            Consequence::LogsRewound(slot, head) => {
                out.notify(SupervisorNotice::Rewound(self.chain_id(slot), head));
                if let Some(sync) = self.sync(slot) {
                    sync.incoming.clear();
                }
                self.restart_resets(slot, out);
                self.pump(slot, out);
            }
            Consequence::CrossUnsafeLowered(slot, block) => {
                let signals = signals.get_mut(slot.index()).unwrap_or(&mut none);
                signals.cross_unsafe = Some(NodeCommand::UpdateCrossUnsafe(block));
                out.notify(SupervisorNotice::CrossUnsafeLowered(self.chain_id(slot), block));
            }
            Consequence::Uninitialized(slot) => {
                out.notify(SupervisorNotice::Uninitialized(self.chain_id(slot)));
                self.forget_incoming(slot, 0);
            }
            Consequence::Corrupted(slot, code) => {
                out.notify(SupervisorNotice::Corrupted(self.chain_id(slot), code));
            }
        }
    }

    pub(super) fn tell(&self, slot: Slot, node: NodeId, command: NodeCommand, out: &mut Out<Self>) {
        let (chain_id, command) = (self.chain_id(slot), Box::new(command));
        out.send(SupervisorMessage::Command { chain_id, node, command });
    }

    fn tell_all(&self, slot: Slot, command: &NodeCommand, out: &mut Out<Self>) {
        for node in self.listening(slot) {
            self.tell(slot, node, command.clone(), out);
        }
    }
}
