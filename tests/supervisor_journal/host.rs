//! Who drives a durable Supervisor: nodes that tell what they derive, a disk, and crashes.

use std::collections::{BTreeMap, VecDeque};

use nodewire::codec::supervisor::{
    BlockId, ChainId, DerivedRefPair, Keccak256, NodeCommand, NodeEvent, RustCryptoKeccak256,
};
use nodewire::state::supervisor::{
    CallId, Config, Durable, DurableCommand, DurableLimits, DurableNotice, DurableQuery,
    ExpiryWindow, Index, Limits, LogsQuery, Recovered, RpcText, StoreAnswer, Supervisor,
    SupervisorCommand, SupervisorMessage, SupervisorNotice, SupervisorQuery, SupervisorRemote,
    recover,
};
use nodewire::{Action, AskId, Input, Machine, Outbox, Time};
use serde_json::{Value, json};

use crate::chains::{executing, hash, plain};
use crate::disk::{Dice, Disk, Trouble};
use crate::heads;
use crate::world::{NODE, World};

type Out = nodewire::Out<Durable>;

/// What a chain's node has derived, and how far it told it.
struct Node {
    path: Vec<DerivedRefPair>,
    /// The next pair to tell.
    next: usize,
    /// The newest unsafe block to tell.
    head: u64,
}

/// What there is to be known: chains that send each other messages, derived from layer one.
pub struct Truth {
    pub world: World,
    pub paths: BTreeMap<ChainId, Vec<DerivedRefPair>>,
    pub expiry_window: ExpiryWindow,
}

impl Truth {
    pub fn new(seed: u64, chains: u64, blocks: u64) -> Self {
        Self::with_false_claims(seed, chains, blocks, 0)
    }

    /// Every `false_in`th claim is about a message that was never said; zero: none.
    pub fn with_false_claims(seed: u64, chains: u64, blocks: u64, false_in: u64) -> Self {
        let mut dice = Dice::new(seed);
        let ids: Vec<u64> = (1..=chains).collect();
        let mut world = World::new(&ids);
        for at in 1..=blocks {
            for id in &ids {
                let mut logs = vec![plain(&format!("{id} {at}")); dice.up_to(2)];
                let other = 1 + dice.below(chains);
                let said = 100 * other + at - 1 - dice.below(at.min(3));
                let is_there = world.chain(other).block(said).is_some_and(|(_, it)| !it.is_empty());
                if is_there {
                    let mut message = world.chain(other).message(said, 0);
                    if false_in > 0 && dice.below(false_in) == 0 {
                        message.payload_hash = hash("never said");
                    }
                    logs.push(executing(&message));
                }
                world.chain(*id).grow("a", logs);
            }
            world.grow_l1("a");
        }
        let paths = ids.iter().map(|id| (ChainId::from(*id), path(&mut world, *id, &mut dice)));
        let paths = paths.collect();
        Self { world, paths, expiry_window: ExpiryWindow::EXPIRY_CURRENT }
    }

    pub fn config(&self) -> Config {
        let mut config = self.world.supervisor.index().config().clone();
        config.admin = true;
        config.expiry_window = self.expiry_window;
        config
    }

    /// The heads when all was told, by a machine without a journal.
    pub fn ends(&self) -> BTreeMap<ChainId, [Option<BlockId>; 5]> {
        let limits = DurableLimits::default();
        let mut host = Host::new(self, limits, Limits::default());
        host.finish();
        host.heads()
    }
}

/// Every block of a chain, each derived from the same layer-one block as the one before, or the
/// next.
fn path(world: &mut World, id: u64, dice: &mut Dice) -> Vec<DerivedRefPair> {
    let (l1, chain) = (world.l1.clone(), world.chain(id));
    let (mut source, mut path) = (10, Vec::new());
    for (derived, _) in &chain.blocks[1..] {
        while source + 1 < l1.len() && dice.below(3) == 0 {
            source += 1;
            let last = path.last().map_or(chain.blocks[0].0, |pair: &DerivedRefPair| pair.derived);
            path.push(DerivedRefPair { source: l1[source], derived: last });
        }
        path.push(DerivedRefPair { source: l1[source], derived: *derived });
    }
    path
}

pub struct Host<'a> {
    truth: &'a Truth,
    limits: (DurableLimits, Limits),
    pub durable: Durable,
    pub disk: Disk,
    nodes: BTreeMap<ChainId, Node>,
    pub now: Time,
    questions: VecDeque<(AskId, DurableQuery)>,
    /// The machine after each record, by the number of the next.
    pub history: BTreeMap<u64, Supervisor>,
    /// What a machine without a journal would have said, and how many records led to it.
    expected: VecDeque<(u64, SupervisorMessage)>,
    /// So many records led to what was said.
    pub acknowledged: u64,
    pub trouble: Trouble,
    pub dice: Dice,
    pub calls: BTreeMap<u64, Option<Value>>,
    next_call: u64,
    pub notices: Vec<DurableNotice>,
    pub commands: usize,
    pub recovered: Recovered,
}

impl<'a> Host<'a> {
    pub fn new(truth: &'a Truth, limits: DurableLimits, machine: Limits) -> Self {
        Self::on(truth, limits, machine, Disk::default(), 0)
    }

    /// Starts on a disk.
    pub fn on(
        truth: &'a Truth,
        limits: DurableLimits,
        machine: Limits,
        disk: Disk,
        seed: u64,
    ) -> Self {
        let recovered = recovered(truth, &machine, &disk);
        let nodes = truth.paths.iter().map(|(id, path)| {
            let head = truth.world.chains[id].first;
            (*id, Node { path: path.clone(), next: 0, head })
        });
        let mut out = Outbox::new();
        let now = Time::ZERO;
        let durable = Durable::begin(now, recovered.clone(), limits.clone(), &mut out);
        let mut host = Self {
            truth,
            limits: (limits, machine),
            durable,
            disk,
            nodes: nodes.collect(),
            now,
            questions: VecDeque::new(),
            history: BTreeMap::from([(recovered.next, recovered.machine.clone())]),
            expected: VecDeque::new(),
            acknowledged: recovered.next,
            trouble: Trouble::None,
            dice: Dice::new(seed),
            calls: BTreeMap::new(),
            next_call: 0,
            notices: Vec::new(),
            commands: 0,
            recovered,
        };
        host.remember_begin();
        host.remember();
        host.carry_out(out);
        for (id, chain) in &truth.world.chains {
            let anchor = DerivedRefPair { source: truth.world.l1[10], derived: chain.blocks[0].0 };
            let anchor = Box::new(anchor);
            host.command(SupervisorCommand::Anchor { chain_id: *id, anchor });
            host.hear(SupervisorRemote::NodeUp { chain_id: *id, node: NODE });
        }
        host
    }

    /// What a crash leaves, and a start on it: of what is under way any first part is there.
    pub fn crash(&mut self) {
        let under_way = std::mem::take(&mut self.questions);
        for (_, question) in under_way {
            if let DurableQuery::Store(store) = question {
                let most = crate::disk::bytes_of(&store).map_or(9, <[u8]>::len);
                let part = self.dice.up_to(most);
                if part > 0 || self.dice.below(2) == 0 {
                    self.disk.part(&store, part);
                }
            }
        }
        let seed = self.dice.below(u64::MAX);
        let (limits, machine) = self.limits.clone();
        let next = Self::on(self.truth, limits, machine, self.disk.clone(), seed);
        let found = next.recovered.next;
        assert!(next.recovered.complete, "{:?}", next.recovered.files);
        assert!(next.recovered.exact && next.recovered.difference.is_none());
        assert!(found >= self.acknowledged, "{found} of {}", self.acknowledged);
        assert!(Some(&next.recovered.machine) == self.history.get(&found), "after {found}");
        *self = next;
    }

    /// What operators were told of the Supervisor since they were last asked.
    pub fn supervisor_notices(&mut self) -> Vec<SupervisorNotice> {
        let told = std::mem::take(&mut self.notices).into_iter();
        let of_supervisor = told.filter_map(|notice| match notice {
            DurableNotice::Supervisor(notice) => Some(notice),
            _ => None,
        });
        of_supervisor.collect()
    }

    /// Another step of whatever may happen.
    pub fn step(&mut self) {
        match self.dice.below(12) {
            0..=3 => self.answer_one(),
            4 | 5 => {
                let chain = self.some_chain();
                self.derive(chain);
            }
            6 | 7 => {
                let chain = self.some_chain();
                self.tell_head(chain);
            }
            8 => self.read(),
            9 => self.write_text(),
            10 => self.layer_one(),
            _ => self.wait(),
        }
    }

    fn some_chain(&mut self) -> ChainId {
        let at = self.dice.up_to(self.nodes.len() - 1);
        *self.nodes.keys().nth(at).unwrap()
    }

    /// Tells all that is left, and answers every question, until nothing changes.
    pub fn finish(&mut self) {
        for _ in 0..10_000 {
            while !self.questions.is_empty() {
                self.answer_one();
            }
            let chains: Vec<_> = self.nodes.keys().copied().collect();
            let left = chains.iter().any(|id| self.nodes[id].next < self.nodes[id].path.len());
            for chain in chains {
                self.derive(chain);
            }
            let tip = *self.truth.world.l1.last().unwrap();
            self.hear(SupervisorRemote::L1Tip(tip));
            self.hear(SupervisorRemote::L1Finalized(tip));
            while !self.questions.is_empty() {
                self.answer_one();
            }
            if !left && self.durable.supervisor().is_synced() {
                return;
            }
            self.wait();
        }
        panic!("it does not end");
    }

    pub fn heads(&self) -> BTreeMap<ChainId, [Option<BlockId>; 5]> {
        let index = self.durable.supervisor().index();
        all_heads(index)
    }

    fn derive(&mut self, chain_id: ChainId) {
        let node = self.nodes.get_mut(&chain_id).unwrap();
        let Some(pair) = node.path.get(node.next).copied() else { return };
        node.next += 1;
        let derivation_update = Some(pair);
        let event = NodeEvent { derivation_update, ..NodeEvent::default() };
        self.hear(SupervisorRemote::Node { chain_id, node: NODE, event: Box::new(event) });
    }

    fn tell_head(&mut self, chain_id: ChainId) {
        let more = self.dice.below(3);
        let chain = &self.truth.world.chains[&chain_id];
        let node = self.nodes.get_mut(&chain_id).unwrap();
        node.head = (node.head + more).min(chain.head().number);
        let unsafe_block = Some(chain.block(node.head).unwrap().0);
        let event = NodeEvent { unsafe_block, ..NodeEvent::default() };
        self.hear(SupervisorRemote::Node { chain_id, node: NODE, event: Box::new(event) });
    }

    fn layer_one(&mut self) {
        let l1 = &self.truth.world.l1;
        let block = l1[10 + self.dice.up_to(l1.len() - 11)];
        let is_tip = self.dice.below(2) == 0;
        let tip = SupervisorRemote::L1Tip(block);
        self.hear(if is_tip { tip } else { SupervisorRemote::L1Finalized(block) });
    }

    fn read(&mut self) {
        let chain = self.some_chain();
        self.text(json!({"jsonrpc": "2.0", "id": 1, "method": "supervisor_crossSafe",
            "params": [chain.to_string()]}));
    }

    fn write_text(&mut self) {
        let text = if self.dice.below(2) == 0 {
            let on = self.dice.below(2) == 0;
            json!({"jsonrpc": "2.0", "id": 1, "method": "admin_setFailsafeEnabled", "params": [on]})
        } else {
            let at = format!("{:#x}", 1_000 + 2 * self.dice.below(9));
            json!({"jsonrpc": "2.0", "id": 1, "method": "supervisor_superRootAtTimestamp",
                "params": [at]})
        };
        self.text(text);
    }

    pub fn text(&mut self, text: Value) {
        let call = CallId(self.next_call);
        self.next_call += 1;
        self.calls.insert(call.0, None);
        let text = text.to_string().into();
        self.hear(SupervisorRemote::Rpc(RpcText { call, text }));
    }

    pub fn wait(&mut self) {
        if let Some(due) = self.durable.deadline() {
            self.now = self.now.max(due);
            let mut out = Outbox::new();
            let expected = self.expect(Input::Timeout);
            self.durable.handle_timeout(self.now, &mut out);
            self.note(expected);
            self.carry_out(out);
        }
    }

    pub fn command(&mut self, command: SupervisorCommand) {
        let mut out = Outbox::new();
        let expected = self.expect(Input::Local(command.clone()));
        let command = DurableCommand::Supervisor(command);
        self.durable.handle_local(self.now, command, &mut out).unwrap();
        self.note(expected);
        self.carry_out(out);
    }

    pub fn hear(&mut self, remote: SupervisorRemote) {
        let mut out = Outbox::new();
        let expected = self.expect(Input::Remote(remote.clone()));
        self.durable.handle_remote(self.now, remote, &mut out);
        self.note(expected);
        self.carry_out(out);
    }

    /// Answers any of the open questions; those to the disk in their order.
    pub fn answer_one(&mut self) {
        let disk = |question: &(AskId, DurableQuery)| matches!(question.1, DurableQuery::Store(_));
        let at = self.dice.up_to(self.questions.len().saturating_sub(1));
        let Some(picked) = self.questions.get(at) else { return };
        let at = if disk(picked) { self.questions.iter().position(disk).unwrap() } else { at };
        let Some((id, query)) = self.questions.remove(at) else { return };
        let answer = match query {
            DurableQuery::Store(store) => {
                let answer = self.disk.carry_out(&store, self.trouble, &mut self.dice);
                DurableCommand::Stored(id, answer)
            }
            DurableQuery::Supervisor(query) => {
                let unknown = match query {
                    SupervisorQuery::Logs(LogsQuery { chain_id, hash }) => {
                        self.truth.world.chains[&chain_id].find(hash).is_none()
                    }
                    _ => false,
                };
                // Replacements have no logs.
                DurableCommand::Supervisor(if unknown {
                    LogsQuery::answered(id, Some(Vec::new()))
                } else {
                    self.truth.world.answer(id, query)
                })
            }
        };
        let mut out = Outbox::new();
        let expected = match &answer {
            DurableCommand::Supervisor(SupervisorCommand::Answer(id, answer)) => {
                let id = AskId::from_u64(id.as_u64() / 2);
                self.expect(Input::Local(SupervisorCommand::Answer(id, answer.clone())))
            }
            _ => (self.durable.records().0, Vec::new()),
        };
        if self.durable.handle_local(self.now, answer, &mut out).is_err() {
            assert!(!self.durable.is_ready());
        }
        self.note(expected);
        self.carry_out(out);
    }

    /// Notes what the start changed: after the heads, each node that was up is down.
    fn remember_begin(&mut self) {
        let Recovered { mut next, mut machine, time, .. } = self.recovered.clone();
        next += 1;
        self.history.insert(next, machine.clone());
        for (chain_id, node) in machine.nodes() {
            let gone = SupervisorRemote::NodeDown { chain_id, node };
            let mut out = Outbox::new();
            machine.handle_remote(time, gone, &mut out);
            next += 1;
            self.expected.extend(sends(out).map(|message| (next, message)));
            self.history.insert(next, machine.clone());
        }
    }

    /// What the machine would say if nothing had to be durable, and how many records there are.
    fn expect(
        &self,
        input: Input<SupervisorCommand, SupervisorRemote>,
    ) -> (u64, Vec<SupervisorMessage>) {
        let mut machine = self.durable.supervisor().clone();
        let began = self.recovered.time.since(Time::ZERO);
        let mut out = Outbox::new();
        if self.durable.is_ready() {
            machine.handle(self.now.after(began), input, &mut out).unwrap();
        }
        (self.durable.records().0, sends(out).collect())
    }

    fn note(&mut self, (before, expected): (u64, Vec<SupervisorMessage>)) {
        self.remember();
        // A text that changes nothing has no record.
        let records = self.durable.records().0.min(before + 1);
        self.expected.extend(expected.into_iter().map(|message| (records, message)));
    }

    /// What is said is what was expected next, and all that led to it is durable.
    fn check_sent(&mut self, message: &SupervisorMessage) {
        if !self.durable.is_ready() {
            let text = match message {
                SupervisorMessage::Reply(reply) => reply.text.clone().unwrap(),
                other => panic!("{other:?}"),
            };
            let refusal: Value = serde_json::from_slice(&text).unwrap();
            assert_eq!(refusal["error"]["code"], json!(-32_002));
            return;
        }
        loop {
            let (records, expected) = self.expected.pop_front().expect("nothing else");
            match (&expected, message) {
                (SupervisorMessage::Reply(expected), SupervisorMessage::Reply(said))
                    if expected.text == said.text => {}
                // Of a text from before the last start.
                (SupervisorMessage::Reply(_), _) => continue,
                (expected, said) => assert_eq!(expected, said),
            }
            let (_, durable) = self.durable.records();
            assert!(records <= durable, "said after {records} records, {durable} are durable");
            self.acknowledged = self.acknowledged.max(records);
            return;
        }
    }

    /// Notes the machine as it is after the newest record.
    fn remember(&mut self) {
        let (next, durable) = self.durable.records();
        let machine = self.durable.supervisor();
        let from = self.history.last_key_value().map_or(next, |(last, _)| last + 1);
        for number in from.min(next)..=next {
            self.history.entry(number).or_insert_with(|| machine.clone());
        }
        assert!(self.history.get(&next) == Some(machine), "changed without a record");
        assert!(self.acknowledged <= durable);
    }

    fn carry_out(&mut self, mut out: Out) {
        while let Some(action) = out.pop() {
            match action {
                Action::Ask(id, query) => self.questions.push_back((id, query)),
                Action::Notify(notice) => self.notices.push(notice),
                Action::Close(ending) => panic!("{ending:?}"),
                Action::Send(message) => {
                    self.check_sent(&message);
                    self.sent(message);
                }
            }
        }
        heads::check(self.durable.supervisor().index());
    }

    fn sent(&mut self, message: SupervisorMessage) {
        match message {
            SupervisorMessage::Reply(reply) => {
                let text = reply.text.expect("calls are answered");
                let place = self.calls.get_mut(&reply.call.0).expect("somebody asked");
                assert!(place.is_none(), "one reply");
                *place = Some(serde_json::from_slice(&text).unwrap());
            }
            SupervisorMessage::Command { chain_id, command, .. } => {
                self.commands += 1;
                if let NodeCommand::Reset(heads) = *command {
                    let node = self.nodes.get_mut(&chain_id).unwrap();
                    let known = node.path.iter().position(|it| it.derived.id() == heads.local_safe);
                    node.next = known.unwrap_or_default();
                }
            }
        }
    }

    /// Does all that the disk is asked for.
    pub fn write_all(&mut self) -> Vec<StoreAnswer> {
        let mut answers = Vec::new();
        while let Some(at) =
            self.questions.iter().position(|(_, query)| matches!(query, DurableQuery::Store(_)))
        {
            let Some((id, DurableQuery::Store(store))) = self.questions.remove(at) else { break };
            let answer = self.disk.carry_out(&store, self.trouble, &mut self.dice);
            answers.push(answer);
            let mut out = Outbox::new();
            let stored = DurableCommand::Stored(id, answer);
            self.durable.handle_local(self.now, stored, &mut out).unwrap();
            self.remember();
            self.carry_out(out);
        }
        answers
    }
}

fn sends(out: nodewire::Out<Supervisor>) -> impl Iterator<Item = SupervisorMessage> {
    let mut out = out;
    std::iter::from_fn(move || out.pop()).filter_map(|action| match action {
        Action::Send(message) => Some(message),
        _ => None,
    })
}

pub fn recovered(truth: &Truth, limits: &Limits, disk: &Disk) -> Recovered {
    recover::<RustCryptoKeccak256, _>(&truth.config(), limits, &disk.names(), |file| {
        disk.files.get(&file).cloned()
    })
    .unwrap()
}

pub fn all_heads<K: Keccak256>(index: &Index<K>) -> BTreeMap<ChainId, [Option<BlockId>; 5]> {
    let heads = |slot| {
        let heads = index.heads(slot);
        [
            heads.local_unsafe.map(|it| it.id()),
            heads.cross_unsafe.map(|it| it.id()),
            heads.local_safe.map(|it| it.derived.id()),
            heads.cross_safe.map(|it| it.derived.id()),
            heads.finalized.map(|it| it.id()),
        ]
    };
    index.slots().zip(index.set()).map(|(slot, id)| (*id, heads(slot))).collect()
}
