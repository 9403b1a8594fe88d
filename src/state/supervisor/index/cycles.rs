//! Cycles among messages of one time (`supervisor.md` 8.5).
//!
//! A log depends on the log before it in its block, and an executing log on the log it executes.
//! Between executing logs of equal times that comes to two edges each: to the last such log
//! before it in its own block, and to the last such log up to the target in the target's block.

use alloc::vec;
use alloc::vec::Vec;

/// One block of a set of blocks with equal times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CycleBlock {
    /// How many logs it has.
    pub logs: usize,
    /// Its logs that execute a log of a block of the set, by ascending position.
    pub links: Vec<Link>,
}

/// A log that executes a log of a block of the set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its position in its block.
    pub position: u32,
    /// The index of the target's block in the set.
    pub target: usize,
    /// The target's position in that block.
    pub target_position: u32,
}

/// What a block of the set is to the cycles in it (D-19).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CycleRole {
    /// It has nothing to do with a cycle, or a cycle depends on it.
    Apart,
    /// It depends on a cycle.
    Dependant,
    /// One of its logs is on a cycle.
    Member,
}

/// What each block is to the cycles among `blocks`; in linear time, without recursion.
///
/// # Errors
/// The index of the first block with a link to a log or a block that is not there.
pub fn cycles(blocks: &[CycleBlock]) -> Result<Vec<CycleRole>, usize> {
    for (at, block) in blocks.iter().enumerate() {
        let there = |link: &Link| {
            let target = blocks.get(link.target);
            target.is_some_and(|target| (link.target_position as usize) < target.logs)
        };
        if !block.links.iter().all(there) {
            return Err(at);
        }
    }
    Ok(Search::new(blocks).run())
}

/// Tarjan's strongly connected components, on an explicit stack.
struct Search<'a> {
    blocks: &'a [CycleBlock],
    /// The first node of each block; nodes are links in order.
    starts: Vec<usize>,
    /// Of each node: its block.
    owner: Vec<usize>,
    /// Of each node: when it was met, 0 before.
    met: Vec<usize>,
    low: Vec<usize>,
    role: Vec<CycleRole>,
    /// Nodes whose component is not known yet.
    open: Vec<usize>,
    is_open: Vec<bool>,
}

#[expect(
    clippy::indexing_slicing,
    reason = "blocks and nodes are counted here, targets were checked"
)]
impl<'a> Search<'a> {
    fn new(blocks: &'a [CycleBlock]) -> Self {
        let mut starts = Vec::with_capacity(blocks.len());
        let mut owner = Vec::new();
        for (at, block) in blocks.iter().enumerate() {
            starts.push(owner.len());
            owner.resize(owner.len() + block.links.len(), at);
        }
        let nodes = owner.len();
        Self {
            blocks,
            starts,
            owner,
            met: vec![0; nodes],
            low: vec![0; nodes],
            role: vec![CycleRole::Apart; nodes],
            open: Vec::new(),
            is_open: vec![false; nodes],
        }
    }

    fn run(mut self) -> Vec<CycleRole> {
        let mut clock = 0;
        for node in 0..self.owner.len() {
            if self.met[node] == 0 {
                self.visit(node, &mut clock);
            }
        }
        let mut found = vec![CycleRole::Apart; self.blocks.len()];
        for (block, role) in self.owner.iter().zip(&self.role) {
            found[*block] = found[*block].max(*role);
        }
        found
    }

    fn visit(&mut self, root: usize, clock: &mut usize) {
        // A node and how many of its edges were followed.
        let mut path = vec![(root, 0)];
        while let Some((node, followed)) = path.last_mut() {
            let node = *node;
            if *followed == 0 {
                *clock += 1;
                self.met[node] = *clock;
                self.low[node] = *clock;
                self.open.push(node);
                self.is_open[node] = true;
            }
            let edge = self.edges(node).into_iter().nth(*followed);
            *followed += 1;
            match edge {
                Some(Some(next)) if self.met[next] == 0 => path.push((next, 0)),
                Some(Some(next)) if self.is_open[next] => {
                    self.low[node] = self.low[node].min(self.met[next]);
                }
                Some(_) => {}
                None => {
                    path.pop();
                    if let Some((before, _)) = path.last() {
                        self.low[*before] = self.low[*before].min(self.low[node]);
                    }
                    if self.low[node] == self.met[node] {
                        self.close(node);
                    }
                }
            }
        }
    }

    /// The component of `root` is complete: it is on top of the open nodes.
    fn close(&mut self, root: usize) {
        let from = self.open.iter().rposition(|node| *node == root).unwrap_or_default();
        let component = self.open.split_off(from);
        component.iter().for_each(|node| self.is_open[*node] = false);
        let on_itself = self.edges(root).contains(&Some(root));
        let role = if component.len() > 1 || on_itself {
            CycleRole::Member
        } else {
            let next = self.edges(root).into_iter().flatten().map(|next| self.role[next]);
            let reaches = next.max().is_some_and(|role| role > CycleRole::Apart);
            if reaches { CycleRole::Dependant } else { CycleRole::Apart }
        };
        component.iter().for_each(|node| self.role[*node] = role);
    }

    /// The nodes that a node depends on.
    fn edges(&self, node: usize) -> [Option<usize>; 2] {
        let block = self.owner[node];
        let before = (node > self.starts[block]).then(|| node - 1);
        let link = self.blocks[block].links[node - self.starts[block]];
        let links = &self.blocks[link.target].links;
        let up_to = links.partition_point(|other| other.position <= link.target_position);
        let target = up_to.checked_sub(1).map(|last| self.starts[link.target] + last);
        [before, target]
    }
}
