//! The Supervisor: index, nodes and RPC in one machine (`supervisor.md` sections 8 to 10).

mod doubt;
mod events;
mod fetch;
mod input;
mod l1;
mod node;
mod purpose;
mod remains;
mod replace;
mod reset;
mod roots;
mod settle;
mod sync;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::mem::{size_of, size_of_val};

pub use input::{
    BlockQuery, Dropped, L1Query, LogsQuery, NodeBlockQuery, NodeId, OutputsQuery,
    SupervisorAnswer, SupervisorCommand, SupervisorMessage, SupervisorNotice, SupervisorQuery,
    SupervisorRemote,
};

use self::fetch::Incoming;
use self::l1::L1;
use self::node::Node;
use self::purpose::{Asked, Place, Purpose};
use self::roots::RootCall;
use self::sync::ChainSync;
use super::config::Config;
use super::index::{Consequence, Index, Slot};
use super::limits::Limits;
use super::server::Server;
use crate::ask::{AskId, Asks};
use crate::codec::supervisor::{ChainId, Code, Keccak256, RustCryptoKeccak256, Served};
use crate::fault::{Refusal, Refused};
use crate::machine::{ActionOf, Machine, Out};
use crate::time::{Deadlines, Time};

/// The Supervisor of a cluster: texts of clients, events of nodes and blocks of layer one come in;
/// replies, calls to nodes, and questions go out.
///
/// It never closes: clients and nodes that do wrong are answered, reset or ignored. Whoever drives
/// it connects it to nodes ([`SupervisorQuery`]) and to a server of texts, and anchors each chain
/// ([`SupervisorCommand::Anchor`]).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Supervisor<K: Keccak256 = RustCryptoKeccak256> {
    limits: Limits,
    index: Index<K>,
    server: Server,
    /// By slot.
    chains: Vec<ChainSync>,
    l1: L1,
    /// Super roots whose outputs are being collected, by number.
    roots: BTreeMap<u64, RootCall>,
    next_root: u64,
    asks: Asks<Asked>,
    /// The open question for each place.
    places: BTreeMap<Place, AskId>,
    due: Deadlines<Due>,
    /// What followed from the input that is being handled; empty between inputs.
    then: Vec<Consequence>,
    /// When promotion goes on that ran out of its budget.
    promote_at: Option<Time>,
    /// The latest time of all inputs: no question is older than one before it.
    latest: Time,
}

const _: () = assert!(size_of::<ActionOf<Supervisor>>() <= 128);
const _: () = crate::machine::kept::<Supervisor>();

/// What happens at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Due {
    Retry(Slot),
    Reset(Slot, NodeId),
}

impl<K: Keccak256> Supervisor<K> {
    /// A Supervisor of the chains of `config`, none of them anchored.
    ///
    /// # Errors
    /// [`Code::LimitExceeded`] for more chains than allowed.
    pub fn new(config: Config, limits: Limits) -> Result<Self, Code> {
        let served = Served {
            extensions: config.extensions,
            dependency_set_v1: config.dependency_set_v1,
            admin: config.admin,
            max_access_entries: limits.max_access_entries,
        };
        let server = Server::new(limits.clone(), config.profile, served);
        let index = Index::new(config, limits.clone())?;
        let chains: Vec<_> = index.slots().map(|_| ChainSync::default()).collect();
        // For each chain its fetches, its nodes' resets and wants, a walk and a replacement, and
        // as many outputs as fetches; one for layer one.
        let of_chain = limits
            .max_fetches
            .saturating_mul(2)
            .saturating_add(limits.max_nodes.saturating_mul(2))
            .saturating_add(2);
        let asks = Asks::new(chains.len().saturating_mul(of_chain).saturating_add(1));
        Ok(Self {
            limits,
            index,
            server,
            chains,
            l1: L1::default(),
            roots: BTreeMap::new(),
            next_root: 0,
            asks,
            places: BTreeMap::new(),
            due: Deadlines::new(),
            then: Vec::new(),
            promote_at: None,
            latest: Time::ZERO,
        })
    }

    /// What is known of all chains.
    #[must_use]
    pub const fn index(&self) -> &Index<K> {
        &self.index
    }

    /// The limits it goes by.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// True if every chain is anchored and nothing waits to be indexed.
    #[must_use]
    pub fn is_synced(&self) -> bool {
        self.index.slots().zip(&self.chains).all(|(slot, sync)| {
            let head = self.index.heads(slot).local_unsafe;
            head.is_some_and(|head| head.number >= sync.target)
        })
    }

    fn chain_id(&self, slot: Slot) -> ChainId {
        self.index.set().get(slot.index()).copied().unwrap_or_default()
    }

    fn sync(&mut self, slot: Slot) -> Option<&mut ChainSync> {
        self.chains.get_mut(slot.index())
    }

    fn drop_with(&self, what: Dropped, slot: Option<Slot>, code: Code, out: &mut Out<Self>) {
        let chain_id = slot.map(|slot| self.chain_id(slot));
        out.notify(SupervisorNotice::Dropped { what, chain_id, code });
    }

    fn admits(&self, input: &SupervisorCommand) -> Result<(), Refused> {
        match input {
            SupervisorCommand::Anchor { chain_id, .. }
            | SupervisorCommand::Rewind { chain_id, .. } => self
                .index
                .slot(*chain_id)
                .map(|_| ())
                .map_err(|_| Refused::invalid("the chain is not in the dependency set")),
            SupervisorCommand::Answer(id, answer) => match self.asks.context(*id)? {
                Some(asked) if !asked.what.fits(answer) => {
                    Err(Refused::invalid("an answer to another kind of question"))
                }
                _ => Ok(()),
            },
            SupervisorCommand::Failsafe(_) | SupervisorCommand::Abandon(_) => Ok(()),
        }
    }

    fn command(&mut self, input: SupervisorCommand, out: &mut Out<Self>) {
        match input {
            SupervisorCommand::Anchor { chain_id, anchor } => {
                if let Ok(slot) = self.index.slot(chain_id) {
                    self.anchor(slot, &anchor, out);
                }
            }
            SupervisorCommand::Answer(id, answer) => {
                if let Some(what) = self.close(id) {
                    self.answered(what, *answer, out);
                }
            }
            SupervisorCommand::Rewind { chain_id, head } => {
                let Ok(slot) = self.index.slot(chain_id) else { return };
                if let Err(code) = self.index.rewind_logs(slot, head, &mut self.then) {
                    self.drop_with(Dropped::UnsafeBlock, Some(slot), code, out);
                }
            }
            SupervisorCommand::Failsafe(on) => self.switch_failsafe(on, out),
            SupervisorCommand::Abandon(call) => self.abandon_text(call, out),
        }
    }

    fn switch_failsafe(&mut self, on: bool, out: &mut Out<Self>) {
        if self.index.failsafe() != on {
            self.index.set_failsafe(on);
            out.notify(SupervisorNotice::Failsafe(on));
        }
    }

    /// As `handle_remote`; `false` if nothing changed.
    pub(super) fn hear(&mut self, now: Time, input: SupervisorRemote, out: &mut Out<Self>) -> bool {
        if !matches!(input, SupervisorRemote::Rpc(_)) {
            self.latest = self.latest.max(now);
        }
        match input {
            SupervisorRemote::Rpc(text) => {
                return self.hear_text(now, text, out);
            }
            SupervisorRemote::Node { chain_id, node, event } => match self.index.slot(chain_id) {
                Ok(slot) => self.hear_node(slot, node, *event, out),
                Err(code) => self.drop_with(Dropped::Event, None, code, out),
            },
            SupervisorRemote::NodeUp { chain_id, node } => match self.index.slot(chain_id) {
                Ok(slot) => self.node_up(slot, node, out),
                Err(code) => self.drop_with(Dropped::Node, None, code, out),
            },
            SupervisorRemote::NodeDown { chain_id, node } => {
                if let Ok(slot) = self.index.slot(chain_id) {
                    self.node_down(slot, node);
                }
            }
            SupervisorRemote::L1Tip(tip) => self.l1_tip(tip, out),
            SupervisorRemote::L1Finalized(block) => {
                if let Err(code) = self.index.finalize_l1(block, &mut self.then) {
                    self.drop_with(Dropped::FinalizedL1, None, code, out);
                }
            }
        }
        self.settle(out);
        true
    }

    fn answered(&mut self, what: Purpose, answer: SupervisorAnswer, out: &mut Out<Self>) {
        match (what, answer) {
            (Purpose::Block(slot, number), SupervisorAnswer::Block(block)) => {
                self.block_found(slot, number, block, out);
            }
            (Purpose::Walk(slot, number), SupervisorAnswer::Block(block)) => {
                self.walked(slot, number, block, out);
            }
            (Purpose::Logs(slot, block), SupervisorAnswer::Logs(logs)) => {
                self.logs_found(slot, block, logs, out);
            }
            (Purpose::Replace(slot, block), SupervisorAnswer::Logs(logs)) => {
                self.replacement_found(slot, block, logs, out);
            }
            (Purpose::Reset { slot, node, reset, number }, SupervisorAnswer::NodeBlock(block)) => {
                self.reset_answered((slot, node), reset, number, block, out);
            }
            (Purpose::Outputs { root, part, round }, SupervisorAnswer::Outputs(outputs)) => {
                self.outputs_found(root, part, round, outputs, out);
                self.begin_roots(out);
            }
            (Purpose::Provide { slot, node, number }, SupervisorAnswer::L1(block)) => {
                self.l1_found(slot, node, number, block, out);
            }
            (Purpose::Compare(number), SupervisorAnswer::L1(block)) => {
                self.compare_l1(number, block, out);
            }
            // The answer was found to fit before the question was closed.
            _ => {}
        }
    }

    /// Gives up the questions that nobody answered in time, oldest first.
    fn give_up(&mut self, out: &mut Out<Self>) {
        loop {
            let oldest = self.asks.iter().next().map(|(id, asked)| (id, *asked));
            let Some((id, asked)) = oldest else { return };
            if asked.since.after(self.limits.call_deadline) > self.latest {
                return;
            }
            match self.close(id) {
                Some(Purpose::Outputs { root, .. }) => self.give_up_root(root, out),
                Some(Purpose::Reset { slot, node, reset, .. }) => {
                    self.reset_unanswered(slot, node, reset);
                }
                Some(what) => self.answered(what, what.nothing(), out),
                None => {}
            }
        }
    }

    fn happens(&mut self, due: Due, out: &mut Out<Self>) {
        match due {
            Due::Retry(slot) => {
                self.set_retry(slot, None);
                self.begin_round(slot, out);
                self.compare_unfinished(out);
                self.fetch_replacement(slot, out);
                self.pump(slot, out);
                for node in self.listening(slot) {
                    self.provide(slot, node, out);
                }
            }
            Due::Reset(slot, node) => self.reset_due(slot, node, out),
        }
    }
}

impl<K: Keccak256> Machine for Supervisor<K> {
    type Local = SupervisorCommand;
    type Remote = SupervisorRemote;
    type Send = SupervisorMessage;
    type Notice = SupervisorNotice;
    type Query = SupervisorQuery;

    fn handle_local(
        &mut self,
        now: Time,
        input: SupervisorCommand,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<SupervisorCommand>> {
        if let Err(why) = self.admits(&input) {
            return Err(Refusal::new(why, input));
        }
        self.latest = self.latest.max(now);
        self.command(input, out);
        self.settle(out);
        Ok(())
    }

    fn handle_remote(&mut self, now: Time, input: SupervisorRemote, out: &mut Out<Self>) {
        self.hear(now, input, out);
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        if self.deadline().is_none_or(|due| due > now) {
            return;
        }
        self.latest = self.latest.max(now);
        self.answer_late_calls(out);
        self.give_up(out);
        while let Some((_, due)) = self.due.first().filter(|(at, _)| *at <= now) {
            let due = *due;
            self.happens(due, out);
        }
        self.settle(out);
    }

    fn deadline(&self) -> Option<Time> {
        let oldest = self.asks.iter().next();
        let oldest = oldest.map(|(_, asked)| asked.since.after(self.limits.call_deadline));
        let due = self.due.first().map(|(at, _)| at);
        [self.server.deadline(), oldest, due, self.promote_at].into_iter().flatten().min()
    }

    fn awaits(&self, id: AskId) -> bool {
        self.asks.awaits(id)
    }

    fn footprint(&self) -> usize {
        let parts = [
            self.index.footprint().saturating_sub(size_of::<Index<K>>()),
            self.server.footprint().saturating_sub(size_of::<Server>()),
            self.asks.heap(),
            crate::heap::tree(self.places.len(), size_of::<(Place, AskId)>()),
            self.chains.capacity() * size_of::<ChainSync>(),
            self.chains.iter().map(ChainSync::heap).sum(),
            crate::heap::tree(self.roots.len(), size_of::<(u64, RootCall)>()),
            self.roots.values().map(RootCall::heap).sum(),
            self.then.capacity() * size_of::<Consequence>(),
            crate::heap::tree(self.due.len(), size_of::<(Time, Due)>()),
        ];
        parts.into_iter().fold(size_of_val(self), usize::saturating_add)
    }
}
