//! Everybody around a Supervisor: nodes and layer one tell, questions are answered from the truth,
//! commands are obeyed, clients ask.

use alloc::collections::{BTreeSet, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::calls;
use super::faults::Mischief;
use super::history::{Cluster, Step};
use super::moves::{Move, Order};
use super::node::{Node, settles};
use super::truth::Truth;
use crate::ask::AskId;
use crate::codec::supervisor::{Keccak256, NodeCommand, NodeEvent};
use crate::machine::{Action, ActionOf, Input, Machine, Out};
use crate::outbox::Outbox;
use crate::sim::Rng;
use crate::state::supervisor::{
    BlockQuery, CallId, L1Query, LogsQuery, NodeBlockQuery, NodeId, OutputsQuery, RpcText,
    Supervisor, SupervisorCommand, SupervisorMessage, SupervisorQuery, SupervisorRemote,
};
use crate::time::Time;

/// An input of a Supervisor.
pub(super) type Told = Input<SupervisorCommand, SupervisorRemote>;

/// Whoever a Supervisor deals with. It says what it hears ([`next`](Self::next)), and takes what it
/// does ([`hear`](Self::hear)).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Feed {
    pub(super) cluster: Cluster,
    pub(super) truth: Truth,
    pub(super) order: Order,
    pub(super) rng: Rng,
    /// The next step.
    pub(super) at: usize,
    pub(super) nodes: Vec<Node>,
    /// From each node, in order.
    pub(super) told: Vec<VecDeque<SupervisorRemote>>,
    /// To each node, in order.
    pub(super) commands: Vec<VecDeque<NodeCommand>>,
    pub(super) from_l1: VecDeque<Told>,
    /// Open questions, some with an answer that is on its way.
    pub(super) asked: Vec<(AskId, SupervisorQuery, Option<SupervisorCommand>)>,
    calls: BTreeSet<u64>,
    next_call: u64,
    now: Time,
    /// How often nothing but time and answers went on.
    pub(super) waits: u32,
    strange: u64,
    mischief: Mischief,
}

/// So many deadlines in a row without anything else, and the feed gives up.
const PATIENCE: u32 = 300;

impl Feed {
    /// The feed of a cluster, before its first step: anchors and nodes are told first.
    #[must_use]
    pub fn new(cluster: &Cluster, order: Order) -> Self {
        let seed = match order {
            Order::InTurn => 0,
            Order::Mixed(seed) => seed,
        };
        let rng = Rng::new(cluster.seed).stream("feed");
        let rng = Rng::new(rng.clone().next() ^ seed).stream("order");
        let mut nodes = Vec::new();
        let mut told = Vec::new();
        let mut from_l1 = VecDeque::new();
        for (chain, (chain_id, anchor)) in cluster.chain_ids().zip(cluster.anchors()).enumerate() {
            for id in (0..cluster.options.nodes).map(NodeId) {
                nodes.push(Node::new(chain, id, anchor));
                told.push(VecDeque::from([SupervisorRemote::NodeUp { chain_id, node: id }]));
            }
            let anchor = alloc::boxed::Box::new(*anchor);
            from_l1.push_back(Input::Local(SupervisorCommand::Anchor { chain_id, anchor }));
        }
        let commands = told.iter().map(|_| VecDeque::new()).collect();
        Self {
            cluster: cluster.clone(),
            truth: Truth::new(cluster),
            order,
            rng,
            at: 0,
            nodes,
            told,
            commands,
            from_l1,
            asked: Vec::new(),
            calls: BTreeSet::new(),
            next_call: 0,
            now: Time::ZERO,
            waits: 0,
            strange: 0,
            mischief: Mischief::new(cluster, seed),
        }
    }

    /// Plays all of it against a Supervisor; `watch` sees every input, and what followed.
    pub fn play<K: Keccak256>(
        &mut self,
        supervisor: &mut Supervisor<K>,
        mut watch: impl FnMut(&Supervisor<K>, &Told, &Out<Supervisor<K>>),
    ) {
        while let Some((now, input)) = self.next(supervisor.deadline()) {
            let mut out = Outbox::new();
            let heard = input.clone();
            // An answer that came too late is refused by nobody.
            if supervisor.handle(now, heard, &mut out).is_err() {
                self.strange += 1;
            }
            watch(supervisor, &input, &out);
            for action in out.drain() {
                self.hear(action);
            }
        }
    }

    /// The next input and its time; `None` when all is told and nothing follows any more.
    ///
    /// `deadline` is the Supervisor's.
    pub fn next(&mut self, deadline: Option<Time>) -> Option<(Time, Told)> {
        let mut moves = Vec::new();
        loop {
            if deadline.is_some_and(|deadline| deadline <= self.now) {
                self.waits += 1;
                return (self.waits <= PATIENCE).then_some((self.now, Input::Timeout));
            }
            if self.rng.chance(self.cluster.options.calls) && self.at > 0 {
                if let Some(input) = self.call() {
                    return Some((self.now, input));
                }
            }
            let quiet = self.at >= self.cluster.quiet_from;
            let mut mischief = core::mem::take(&mut self.mischief);
            mischief.happen(self, quiet);
            self.mischief = mischief;
            moves.clear();
            self.moves(deadline.is_some(), &mut moves);
            let chosen = self.choose(&moves)?;
            self.now = self.now.after(Duration::from_micros(1 + self.rng.below(300)));
            if chosen == Move::Wait {
                self.now = deadline.map_or(self.now, |deadline| deadline.max(self.now));
                continue;
            }
            if let Some(input) = self.make(chosen) {
                return Some((self.now, input));
            }
        }
    }

    /// True if all is told, and nobody has anything to say or to do.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        let mut moves = Vec::new();
        self.moves(false, &mut moves);
        moves.is_empty()
    }

    /// What is true now.
    #[must_use]
    pub const fn truth(&self) -> &Truth {
        &self.truth
    }

    /// The calls that are not answered yet.
    #[must_use]
    pub fn open_calls(&self) -> usize {
        self.calls.len()
    }

    /// How many replies nobody waited for, commands went to nodes that there are not, and inputs
    /// were refused: none.
    #[must_use]
    pub const fn strange(&self) -> u64 {
        self.strange
    }

    /// Everything a client can ask about what is true now, as request texts.
    #[must_use]
    pub fn everything(&self) -> Vec<String> {
        calls::everything(&self.truth)
    }

    pub(super) fn step(&mut self) {
        let Some(step) = self.cluster.steps.get(self.at) else { return };
        self.at += 1;
        self.truth.apply(step);
        let remote = match step {
            Step::L1 { block, told: true, .. } => SupervisorRemote::L1Tip(*block),
            Step::Finalize { number } => match self.truth.l1(*number) {
                Some(block) => SupervisorRemote::L1Finalized(block),
                None => return,
            },
            _ => return,
        };
        self.from_l1.push_back(Input::Remote(remote));
    }

    pub(super) fn tell(&mut self, at: usize, event: Option<NodeEvent>) {
        let Some((node, event)) = self.nodes.get(at).filter(|node| node.up).zip(event) else {
            return;
        };
        let Some(chain_id) = self.truth.chain_ids().nth(node.chain) else { return };
        let event = alloc::boxed::Box::new(event);
        let remote = SupervisorRemote::Node { chain_id, node: node.id, event };
        if let Some(queue) = self.told.get_mut(at) {
            queue.push_back(remote);
        }
    }

    pub(super) fn obey(&mut self, at: usize, command: NodeCommand) {
        let truth = &mut self.truth;
        let Some(node) = self.nodes.get_mut(at) else { return };
        let chain = node.chain;
        if let Some((derived, source)) = settles(&command) {
            if truth.settle(chain, derived, source) {
                let Some(source) = truth.l1(source.number) else { return };
                let of_chain = self.nodes.iter_mut().filter(|node| node.chain == chain);
                of_chain.for_each(|node| node.settled(derived.number, source));
            }
            return;
        }
        let event = match command {
            NodeCommand::InvalidateBlock(seal) => {
                let replaced = truth.replace(chain, seal);
                if replaced.is_some() {
                    let of_chain = self.nodes.iter_mut().filter(|node| node.chain == chain);
                    of_chain.for_each(|node| node.replaced(seal.number));
                }
                replaced.map(|it| NodeEvent { replace_block: Some(it), ..NodeEvent::default() })
            }
            NodeCommand::Reset(heads) => {
                truth.derive_anew(chain, heads.local_safe.number);
                node.reset(truth, &heads)
            }
            NodeCommand::ResetPreInterop => {
                if let Some(anchor) = self.cluster.anchors.get(chain) {
                    node.restart(anchor);
                }
                None
            }
            NodeCommand::ProvideL1(block) => node.provided(truth, block),
            _ => None,
        };
        self.tell(at, event);
    }

    /// Takes what the Supervisor does.
    pub fn hear(&mut self, action: ActionOf<Supervisor>) {
        match action {
            Action::Send(SupervisorMessage::Reply(reply)) => {
                if !self.calls.remove(&reply.call.0) {
                    self.strange += 1;
                }
            }
            Action::Send(SupervisorMessage::Command { chain_id, node, command }) => {
                let place = self.truth.place(chain_id);
                let at = self.nodes.iter().position(|it| Some(it.chain) == place && it.id == node);
                match at.and_then(|at| self.commands.get_mut(at)) {
                    Some(queue) => queue.push_back(*command),
                    None => self.strange += 1,
                }
            }
            Action::Ask(id, query) => self.asked.push((id, query, None)),
            Action::Notify(_) => {}
            Action::Close(_) => self.strange += 1,
        }
    }

    pub(super) fn answer(&self, id: AskId, query: SupervisorQuery) -> SupervisorCommand {
        let truth = &self.truth;
        match query {
            SupervisorQuery::Block(BlockQuery { chain_id, number }) => {
                let chain = truth.place(chain_id);
                BlockQuery::answered(id, chain.and_then(|chain| truth.block(chain, number)))
            }
            SupervisorQuery::Logs(LogsQuery { chain_id, hash }) => {
                let logs = truth.place(chain_id).and_then(|chain| truth.logs(chain, hash));
                LogsQuery::answered(id, logs.map(<[_]>::to_vec))
            }
            SupervisorQuery::NodeBlock(NodeBlockQuery { chain_id, number, .. }) => {
                let chain = truth.place(chain_id);
                let block = chain.and_then(|chain| truth.block(chain, number));
                NodeBlockQuery::answered(id, block.map(|block| block.id()))
            }
            SupervisorQuery::Outputs(OutputsQuery { chain_id, timestamp }) => {
                let chain = truth.place(chain_id);
                let outputs = chain.and_then(|chain| truth.outputs(chain, timestamp));
                OutputsQuery::answered(id, outputs)
            }
            SupervisorQuery::L1(L1Query { number }) => L1Query::answered(id, truth.l1(number)),
        }
    }

    fn call(&mut self) -> Option<Told> {
        let id = self.next_call;
        let text = calls::request(id, &self.truth, &mut self.rng)?;
        self.next_call += 1;
        self.calls.insert(id);
        let text = RpcText { call: CallId(id), text: text.into() };
        Some(Input::Remote(SupervisorRemote::Rpc(text)))
    }
}
