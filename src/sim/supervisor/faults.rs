//! Who does wrong: what nodes tell comes twice, in another order or changed; answers are wrong or
//! never come; nodes go down; layer one seems to change its mind (`supervisor.md` section 13).

use super::feed::Feed;
use super::history::Cluster;
use super::options::Faults;
use crate::codec::supervisor::{BlockRef, Hash, NodeEvent};
use crate::machine::Input;
use crate::sim::Rng;
use crate::state::supervisor::{
    BlockQuery, L1Query, LogsQuery, NodeBlockQuery, OutputsQuery, SupervisorQuery, SupervisorRemote,
};

/// What goes wrong, in a feed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Mischief {
    faults: Faults,
    rng: Rng,
}

impl Default for Mischief {
    fn default() -> Self {
        Self { faults: Faults::default(), rng: Rng::new(0) }
    }
}

impl Mischief {
    pub(super) fn new(cluster: &Cluster, seed: u64) -> Self {
        let rng = Rng::new(cluster.seed ^ seed).stream("mischief");
        Self { faults: cluster.options.faults, rng }
    }

    /// What goes wrong before the next input; in quiet times nodes that were down come up.
    pub(super) fn happen(&mut self, feed: &mut Feed, quiet: bool) {
        if self.faults == Faults::default() {
            return;
        }
        if quiet || self.rng.chance(self.faults.nodes_down) {
            for at in 0..feed.nodes.len() {
                bring_up(feed, at);
            }
        }
        if quiet {
            return;
        }
        let faults = self.faults;
        if self.rng.chance(faults.repeated) {
            self.repeat(feed);
        }
        if self.rng.chance(faults.reordered) {
            let at = self.node(feed);
            if let Some(queue) = feed.told.get_mut(at).filter(|queue| queue.len() > 1) {
                queue.swap(0, 1);
            }
        }
        if self.rng.chance(faults.contradictory) {
            self.contradict(feed);
        }
        if self.rng.chance(faults.wrong_answers) {
            self.answer_wrongly(feed);
        }
        if self.rng.chance(faults.unanswered) {
            let at = self.below(feed.asked.len());
            if at < feed.asked.len() {
                feed.asked.remove(at);
            }
        }
        if self.rng.chance(faults.nodes_down) {
            let at = self.node(feed);
            take_down(feed, at);
        }
        if self.rng.chance(faults.alternating_tips) {
            self.alternate(feed);
        }
        if self.rng.chance(faults.finality_back) {
            self.finalize_back(feed);
        }
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.rng.below(bound as u64)).unwrap_or(0)
    }

    fn node(&mut self, feed: &Feed) -> usize {
        self.below(feed.nodes.len())
    }

    fn repeat(&mut self, feed: &mut Feed) {
        let at = self.node(feed);
        let Some(queue) = feed.told.get_mut(at) else { return };
        let which = self.below(queue.len());
        if let Some(told) = queue.get(which).cloned() {
            queue.push_back(told);
        }
    }

    /// A block that is none, in the place of one that is.
    fn contradict(&mut self, feed: &mut Feed) {
        let at = self.node(feed);
        let Some(SupervisorRemote::Node { chain_id, node, event }) =
            feed.told.get(at).and_then(|queue| queue.front())
        else {
            return;
        };
        let (chain_id, node) = (*chain_id, *node);
        let mut event: NodeEvent = (**event).clone();
        let mut changed = false;
        let source_too = self.rng.below(4) == 0;
        if let Some(pair) = &mut event.derivation_update {
            let block = if source_too { &mut pair.source } else { &mut pair.derived };
            changed = spoil(block);
        }
        if let Some(block) = &mut event.unsafe_block {
            changed = spoil(block);
        }
        if let Some(replacement) = &mut event.replace_block {
            changed = spoil(&mut replacement.replacement);
        }
        if changed {
            let event = alloc::boxed::Box::new(event);
            if let Some(queue) = feed.told.get_mut(at) {
                queue.push_front(SupervisorRemote::Node { chain_id, node, event });
            }
        }
    }

    /// Logs are taken at their word by a Supervisor, so nobody lies about them here.
    fn answer_wrongly(&mut self, feed: &mut Feed) {
        let at = self.below(feed.asked.len());
        let Some((id, query, _)) = feed.asked.get(at) else { return };
        let (id, query) = (*id, *query);
        let other = feed.truth.tip().map(|mut tip| {
            spoil(&mut tip);
            tip
        });
        let other = other.filter(|_| self.rng.below(2) == 0);
        let wrong = match query {
            SupervisorQuery::Block(query) => {
                let number = query.number;
                BlockQuery::answered(id, other.map(|block| BlockRef { number, ..block }))
            }
            SupervisorQuery::Logs(_) => LogsQuery::answered(id, None),
            SupervisorQuery::NodeBlock(query) => {
                let number = query.number;
                let other = other.map(|block| BlockRef { number, ..block });
                NodeBlockQuery::answered(id, other.map(|block| block.id()))
            }
            SupervisorQuery::Outputs(_) => OutputsQuery::answered(id, None),
            SupervisorQuery::L1(query) => {
                let number = query.number.saturating_add(self.rng.below(2));
                L1Query::answered(id, other.map(|block| BlockRef { number, ..block }))
            }
        };
        if let Some((_, _, answer)) = feed.asked.get_mut(at) {
            *answer = Some(wrong);
        }
    }

    /// A tip of another branch, then the right one again.
    fn alternate(&mut self, feed: &mut Feed) {
        let Some(tip) = feed.truth.tip() else { return };
        let mut other = tip;
        spoil(&mut other);
        if self.rng.below(2) == 0 {
            other.number = other.number.saturating_sub(self.rng.below(5));
        }
        for block in [other, tip] {
            feed.from_l1.push_back(Input::Remote(SupervisorRemote::L1Tip(block)));
        }
    }

    fn finalize_back(&mut self, feed: &mut Feed) {
        let Some(tip) = feed.truth.tip() else { return };
        let old = feed.truth.l1(tip.number.saturating_sub(12 + self.rng.below(4)));
        if let Some(old) = old {
            feed.from_l1.push_back(Input::Remote(SupervisorRemote::L1Finalized(old)));
        }
    }
}

fn take_down(feed: &mut Feed, at: usize) {
    let Some(node) = feed.nodes.get_mut(at).filter(|node| node.up) else { return };
    node.up = false;
    let (place, id) = (node.chain, node.id);
    let Some(chain_id) = feed.truth.chain_ids().nth(place) else { return };
    if let Some(queue) = feed.told.get_mut(at) {
        queue.clear();
        queue.push_back(SupervisorRemote::NodeDown { chain_id, node: id });
    }
    if let Some(queue) = feed.commands.get_mut(at) {
        queue.clear();
    }
}

fn bring_up(feed: &mut Feed, at: usize) {
    let Some(node) = feed.nodes.get_mut(at).filter(|node| !node.up) else { return };
    node.up = true;
    let (place, id) = (node.chain, node.id);
    let Some(chain_id) = feed.truth.chain_ids().nth(place) else { return };
    if let Some(queue) = feed.told.get_mut(at) {
        queue.push_back(SupervisorRemote::NodeUp { chain_id, node: id });
    }
}

/// Makes another block of it; true.
fn spoil(block: &mut BlockRef) -> bool {
    let Hash(bytes) = &mut block.hash;
    if let Some(last) = bytes.last_mut() {
        *last ^= 0x55;
    }
    true
}
