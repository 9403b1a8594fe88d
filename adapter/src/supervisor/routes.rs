//! Who is asked what, who is commanded, and whose text a reply is for.

use std::collections::{BTreeMap, BTreeSet};

use nodewire::AskId;
use nodewire::bytes::Bytes;
use nodewire::codec::supervisor::{ChainId, NodeCommand};
use nodewire::state::supervisor::{
    CallId, NodeBlockQuery, NodeId, RpcReply, RpcText, SupervisorAnswer, SupervisorCommand,
    SupervisorNotice, SupervisorQuery, SupervisorRemote,
};
use tokio::sync::oneshot;

use super::link::Ticket;
use super::source::{Source, SourceId};

/// The routes of one host.
#[derive(Default)]
pub(super) struct Routes {
    sources: BTreeMap<SourceId, Box<dyn Source>>,
    /// For each open question who may still know.
    asked: BTreeMap<AskId, Asked>,
    /// Who told of each node.
    nodes: BTreeMap<(ChainId, NodeId), SourceId>,
    texts: BTreeMap<CallId, Waiting>,
    /// The texts of those that can leave.
    tickets: BTreeMap<Ticket, CallId>,
    next: u64,
}

struct Asked {
    query: SupervisorQuery,
    of: BTreeSet<SourceId>,
}

enum Waiting {
    Request(Ticket, oneshot::Sender<Option<Bytes>>),
    Source(SourceId, CallId),
}

impl Routes {
    pub(super) fn attach(&mut self, id: SourceId, source: Box<dyn Source>) {
        self.sources.insert(id, source);
    }

    /// Drops a source: says that its nodes are gone, and names its open questions that nobody else
    /// was asked.
    pub(super) fn detach(
        &mut self,
        id: SourceId,
    ) -> (Vec<SupervisorRemote>, Vec<(AskId, SupervisorQuery)>) {
        self.sources.remove(&id);
        let gone = self.nodes.iter().filter(|(_, of)| **of == id);
        let gone: Vec<_> = gone.map(|((chain_id, node), _)| (*chain_id, *node)).collect();
        self.nodes.retain(|_, of| *of != id);
        self.texts.retain(|_, waiting| !matches!(waiting, Waiting::Source(of, _) if *of == id));
        let mut unknown = Vec::new();
        self.asked.retain(|ask, asked| {
            if asked.of.remove(&id) && asked.of.is_empty() {
                unknown.push((*ask, asked.query));
            }
            !asked.of.is_empty()
        });
        let down = |(chain_id, node)| SupervisorRemote::NodeDown { chain_id, node };
        (gone.into_iter().map(down).collect(), unknown)
    }

    /// Notes who waits for a text's reply, and numbers it.
    pub(super) fn request(
        &mut self,
        text: Bytes,
        ticket: Ticket,
        to: oneshot::Sender<Option<Bytes>>,
    ) -> RpcText {
        let text = self.number(text, Waiting::Request(ticket, to));
        self.tickets.insert(ticket, text.call);
        text
    }

    /// The text of somebody who left, if there is no reply to it yet.
    pub(super) fn left(&self, ticket: Ticket) -> Option<CallId> {
        self.tickets.get(&ticket).copied()
    }

    /// The text that a source knows by this number.
    pub(super) fn of_source(&self, source: SourceId, named: CallId) -> Option<CallId> {
        let mut texts = self.texts.iter();
        let same = |waiting: &Waiting| matches!(waiting, Waiting::Source(of, call) if *of == source && *call == named);
        texts.find(|(_, waiting)| same(waiting)).map(|(call, _)| *call)
    }

    /// Notes what is learnt about routes from what a source tells: of `known` chains, and of
    /// `most` nodes of each.
    pub(super) fn told(
        &mut self,
        from: SourceId,
        input: SupervisorRemote,
        known: impl Fn(ChainId) -> bool,
        most: usize,
    ) -> SupervisorRemote {
        match input {
            SupervisorRemote::Rpc(RpcText { call, text }) => {
                SupervisorRemote::Rpc(self.number(text, Waiting::Source(from, call)))
            }
            SupervisorRemote::NodeUp { chain_id, node }
            | SupervisorRemote::Node { chain_id, node, .. } => {
                let all = (chain_id, NodeId(0))..=(chain_id, NodeId(u32::MAX));
                let again = self.nodes.contains_key(&(chain_id, node));
                if again || known(chain_id) && self.nodes.range(all).count() < most {
                    self.nodes.insert((chain_id, node), from);
                }
                input
            }
            SupervisorRemote::NodeDown { chain_id, node } => {
                self.nodes.remove(&(chain_id, node));
                input
            }
            other => other,
        }
    }

    fn number(&mut self, text: Bytes, waiting: Waiting) -> RpcText {
        let call = CallId(self.next);
        self.next += 1;
        self.texts.insert(call, waiting);
        RpcText { call, text }
    }

    /// Hands a reply to whoever waits for it, if anybody still does.
    pub(super) fn reply(&mut self, RpcReply { call, text }: RpcReply) {
        match self.texts.remove(&call) {
            // Whoever gave up waiting needs no reply.
            Some(Waiting::Request(ticket, to)) => {
                self.tickets.remove(&ticket);
                drop(to.send(text));
            }
            Some(Waiting::Source(of, call)) => {
                if let Some(source) = self.sources.get_mut(&of) {
                    source.reply(RpcReply { call, text });
                }
            }
            None => {}
        }
    }

    /// Offers a question; false if nobody took it.
    pub(super) fn ask(&mut self, id: AskId, query: &SupervisorQuery) -> bool {
        let only = match query {
            SupervisorQuery::NodeBlock(NodeBlockQuery { chain_id, node, .. }) => {
                self.nodes.get(&(*chain_id, *node)).copied()
            }
            _ => None,
        };
        let offered =
            self.sources.iter_mut().filter(|(of, _)| only.is_none_or(|only| only == **of));
        let taken = offered.filter_map(|(of, source)| source.ask(id, query).then_some(*of));
        let of: BTreeSet<_> = taken.collect();
        let any = !of.is_empty();
        if any {
            self.asked.insert(id, Asked { query: *query, of });
        }
        any
    }

    /// Offers a question to one source more, if it may know.
    pub(super) fn offer(&mut self, of: SourceId, id: AskId, query: &SupervisorQuery) {
        let taken = self.sources.get_mut(&of).is_some_and(|source| source.ask(id, query));
        if taken {
            let asked = Asked { query: *query, of: BTreeSet::new() };
            self.asked.entry(id).or_insert(asked).of.insert(of);
        }
    }

    /// The answer of a source as input, unless others that were asked may know better.
    pub(super) fn answered(
        &mut self,
        from: SourceId,
        id: AskId,
        answer: Box<SupervisorAnswer>,
    ) -> Option<SupervisorCommand> {
        if !knows(&answer) {
            if let Some(asked) = self.asked.get_mut(&id) {
                asked.of.remove(&from);
                if !asked.of.is_empty() {
                    return None;
                }
            }
        }
        Some(SupervisorCommand::Answer(id, answer))
    }

    /// Forgets the questions that are not open any more.
    pub(super) fn keep(&mut self, open: impl Fn(AskId) -> bool) {
        self.asked.retain(|id, _| open(*id));
    }

    /// How many questions are noted as open.
    pub(super) fn open(&self) -> usize {
        self.asked.len()
    }

    pub(super) fn close(&mut self, id: AskId) {
        self.asked.remove(&id);
    }

    pub(super) fn command(&mut self, chain_id: ChainId, node: NodeId, command: &NodeCommand) {
        let of = self.nodes.get(&(chain_id, node));
        if let Some(source) = of.and_then(|of| self.sources.get_mut(of)) {
            source.command(chain_id, node, command);
        }
    }

    pub(super) fn notice(&mut self, notice: &SupervisorNotice) {
        for source in self.sources.values_mut() {
            source.notice(notice);
        }
    }

    pub(super) fn sources(&self) -> usize {
        self.sources.len()
    }
}

/// False if it says that nobody knows.
fn knows(answer: &SupervisorAnswer) -> bool {
    match answer {
        SupervisorAnswer::Block(block) | SupervisorAnswer::L1(block) => block.is_some(),
        SupervisorAnswer::Logs(logs) => logs.is_some(),
        SupervisorAnswer::NodeBlock(block) => block.is_some(),
        SupervisorAnswer::Outputs(outputs) => outputs.is_some(),
    }
}

/// That nobody knows.
pub(super) fn nothing(query: &SupervisorQuery) -> SupervisorAnswer {
    match query {
        SupervisorQuery::Block(_) => SupervisorAnswer::Block(None),
        SupervisorQuery::Logs(_) => SupervisorAnswer::Logs(None),
        SupervisorQuery::NodeBlock(_) => SupervisorAnswer::NodeBlock(None),
        SupervisorQuery::Outputs(_) => SupervisorAnswer::Outputs(None),
        SupervisorQuery::L1(_) => SupervisorAnswer::L1(None),
    }
}
