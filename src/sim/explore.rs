//! A breadth-first explorer: every state within bounds, and the shortest way to a fault.

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::hash::{Hash, Hasher};

use crate::sim::Fingerprint;

/// A state of something, and what can happen next.
///
/// Equal states must hash equally; states are told apart by a 64-bit [`Fingerprint`].
pub trait World: Clone + Hash {
    /// One thing that can happen.
    type Move: Clone + fmt::Debug;

    /// Appends what can happen here, always in the same order.
    fn moves(&self, moves: &mut Vec<Self::Move>);

    /// The state after `step`, or `None` where it turns out not to be possible.
    fn after(&self, step: &Self::Move) -> Option<Self>;

    /// What is wrong with this state, if anything is. Exploring stops at the first such state.
    fn fault(&self) -> Option<String>;

    /// What is wrong with stopping here; asked where nothing more can happen.
    fn stuck(&self) -> Option<String> {
        None
    }
}

/// Where exploring gives up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bounds {
    /// Most different states; about 16 bytes each plus the states that wait.
    pub states: usize,
    /// Most moves from the start.
    pub depth: u32,
}

impl Default for Bounds {
    /// Ten million states, any depth.
    fn default() -> Self {
        Self { states: 10_000_000, depth: u32::MAX }
    }
}

/// What exploring found.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub struct Explored<V> {
    /// Moves made.
    pub generated: u64,
    /// Different states seen.
    pub unique: usize,
    /// Moves to the farthest state.
    pub depth: u32,
    /// True if no bound was hit and no fault stopped it: everything there is was seen.
    pub complete: bool,
    /// The nearest fault.
    pub found: Option<Found<V>>,
}

/// A fault and the shortest way to it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Found<V> {
    /// What is wrong.
    pub fault: String,
    /// The moves from the start to it.
    pub path: Vec<V>,
}

impl<V: fmt::Debug> fmt::Display for Explored<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ends = if self.complete { "all seen" } else { "not all seen" };
        let Self { generated, unique, depth, .. } = self;
        write!(f, "{generated} generated, {unique} unique, depth {depth}, {ends}")?;
        if let Some(found) = &self.found {
            write!(f, "\nfault after {} moves: {}", found.path.len(), found.fault)?;
            for (at, step) in found.path.iter().enumerate() {
                write!(f, "\n  {}. {step:?}", at + 1)?;
            }
        }
        Ok(())
    }
}

/// Sees every state that can be reached from `start`, nearest first.
///
/// `watch` is called for every move made, with the states before and after it: the place to
/// collect which edges and rules were exercised.
///
/// ```
/// use nodewire::sim::{Bounds, World, explore};
///
/// /// Two jugs of 3 and 5 litres.
/// #[derive(Clone, Hash)]
/// struct Jugs(u8, u8);
///
/// impl World for Jugs {
///     type Move = &'static str;
///     fn moves(&self, moves: &mut Vec<&'static str>) {
///         moves.extend(["fill 3", "fill 5", "empty 3", "empty 5", "3 into 5", "5 into 3"]);
///     }
///     fn after(&self, step: &&'static str) -> Option<Self> {
///         let Jugs(a, b) = *self;
///         let (left, right) = (a.min(5 - b), b.min(3 - a));
///         Some(match *step {
///             "fill 3" => Jugs(3, b),
///             "fill 5" => Jugs(a, 5),
///             "empty 3" => Jugs(0, b),
///             "empty 5" => Jugs(a, 0),
///             "3 into 5" => Jugs(a - left, b + left),
///             _ => Jugs(a + right, b - right),
///         })
///     }
///     fn fault(&self) -> Option<String> {
///         (self.1 == 4).then(|| "four litres".into())
///     }
/// }
///
/// let explored = explore(Jugs(0, 0), Bounds::default(), |_, _, _| ());
/// assert_eq!(explored.found.unwrap().path.len(), 6);
/// ```
#[expect(clippy::needless_pass_by_value, reason = "the start belongs to the exploration")]
pub fn explore<W: World>(
    start: W,
    bounds: Bounds,
    mut watch: impl FnMut(&W, &W::Move, &W),
) -> Explored<W::Move> {
    let mut seen = Seen::default();
    let mut queue = VecDeque::new();
    let mut moves = Vec::new();
    let mut all = Explored { generated: 0, unique: 1, depth: 0, complete: true, found: None };

    if let Some(fault) = start.fault() {
        all.found = Some(Found { fault, path: Vec::new() });
        all.complete = false;
        return all;
    }
    let _ = seen.insert(fingerprint(&start), 0);
    queue.push_back((0_u32, 0_u32, start.clone()));

    while let Some((at, depth, state)) = queue.pop_front() {
        moves.clear();
        state.moves(&mut moves);
        let mut moved = false;
        for step in &moves {
            let Some(next) = state.after(step) else { continue };
            moved = true;
            all.generated += 1;
            watch(&state, step, &next);
            let print = fingerprint(&next);
            if depth >= bounds.depth || seen.len() >= bounds.states {
                // Only what is new is missed: the bound leaves the rest complete.
                all.complete &= seen.contains(print);
                continue;
            }
            let Some(index) = seen.insert(print, at) else { continue };
            all.unique = seen.len();
            all.depth = depth.saturating_add(1);
            if let Some(fault) = next.fault() {
                all.found = Some(Found { fault, path: seen.path(&start, index) });
                all.complete = false;
                return all;
            }
            queue.push_back((index, depth.saturating_add(1), next));
        }
        if !moved {
            if let Some(fault) = state.stuck() {
                all.found = Some(Found { fault, path: seen.path(&start, at) });
                all.complete = false;
                return all;
            }
        }
    }
    all
}

fn fingerprint(state: &impl Hash) -> u64 {
    let mut hasher = Fingerprint::default();
    state.hash(&mut hasher);
    hasher.finish()
}

/// The fingerprints seen, in order of their discovery, with the parent of each, and a table that
/// finds them.
#[derive(Default)]
struct Seen {
    prints: Vec<u64>,
    parents: Vec<u32>,
    /// Open addressing: one more than the index of a fingerprint, or zero. A power of two long and
    /// at most three quarters full.
    table: Vec<u32>,
}

impl Seen {
    fn len(&self) -> usize {
        self.prints.len()
    }

    fn contains(&self, print: u64) -> bool {
        self.slot(print).is_some_and(|slot| self.table.get(slot).is_some_and(|&at| at != 0))
    }

    /// The index of a new fingerprint; `None` if it isn't new.
    fn insert(&mut self, print: u64, parent: u32) -> Option<u32> {
        if self.prints.len().saturating_mul(4) >= self.table.len().saturating_mul(3) {
            self.grow();
        }
        let index = u32::try_from(self.prints.len()).ok()?;
        let slot = self.slot(print)?;
        match self.table.get_mut(slot) {
            Some(free @ 0) => *free = index.checked_add(1)?,
            _ => return None,
        }
        self.prints.push(print);
        self.parents.push(parent);
        Some(index)
    }

    /// Where a fingerprint stands, or the free place where it would.
    fn slot(&self, print: u64) -> Option<usize> {
        let mask = self.table.len().checked_sub(1)?;
        let mut slot = usize::try_from(print & mask as u64).unwrap_or_default();
        loop {
            let held = *self.table.get(slot)?;
            let index = held.checked_sub(1).map(|index| index as usize);
            match index {
                Some(index) if self.prints.get(index) != Some(&print) => slot = (slot + 1) & mask,
                _ => return Some(slot),
            }
        }
    }

    fn grow(&mut self) {
        let places = self.table.len().saturating_mul(2).max(1024);
        self.table = alloc::vec![0; places];
        for (index, print) in self.prints.iter().enumerate() {
            let free = self.slot(*print).and_then(|slot| self.table.get_mut(slot));
            if let (Some(free), Ok(index)) = (free, u32::try_from(index + 1)) {
                *free = index;
            }
        }
    }

    /// The moves that lead from `start` to the state with this index, found by making the moves
    /// again towards each fingerprint on the way.
    fn path<W: World>(&self, start: &W, index: u32) -> Vec<W::Move> {
        let mut prints: Vec<u64> = Vec::new();
        let mut at = index;
        while at != 0 {
            prints.extend(self.prints.get(at as usize));
            at = self.parents.get(at as usize).copied().unwrap_or(0);
        }
        let mut state = start.clone();
        let mut path = Vec::new();
        for print in prints.into_iter().rev() {
            let mut moves = Vec::new();
            state.moves(&mut moves);
            let step = moves.into_iter().find_map(|step| {
                let next = state.after(&step)?;
                (fingerprint(&next) == print).then_some((step, next))
            });
            let Some((step, next)) = step else { break };
            path.push(step);
            state = next;
        }
        path
    }
}
