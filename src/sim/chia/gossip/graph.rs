//! Who is connected with whom, how far that is, and how it changes.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::sim::Rng;
use crate::sim::node::End;
use crate::time::Time;

/// A connection between two nodes, by their places.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    pub(super) nodes: [usize; 2],
    /// The end at the first of them.
    pub(super) end: End,
    pub(super) since: Time,
    pub(super) until: Option<Time>,
}

impl Edge {
    /// True if it was there from then to then.
    pub(super) fn lasts(&self, from: Time, to: Time) -> bool {
        self.since <= from && self.until.is_none_or(|until| until > to)
    }

    pub(super) fn joins(&self, one: usize, other: usize) -> bool {
        self.nodes == [one, other] || self.nodes == [other, one]
    }
}

/// Pairs of nodes such that each has as many others as `degree` on average, and dials half of them.
pub(super) fn pairs(nodes: usize, degree: usize, rng: &mut Rng) -> Vec<[usize; 2]> {
    let mut pairs: Vec<[usize; 2]> = Vec::new();
    let mut known = alloc::vec![Vec::new(); nodes];
    for node in 0..nodes {
        // In a small network a node may have all others before it has dialled enough.
        for _ in 0..degree.div_ceil(2) {
            for _ in 0..TRIES {
                let other = pick(nodes, rng);
                let is_new = known
                    .get(node)
                    .is_some_and(|known: &Vec<usize>| other != node && !known.contains(&other));
                if is_new {
                    for (at, new) in [(node, other), (other, node)] {
                        if let Some(known) = known.get_mut(at) {
                            known.push(new);
                        }
                    }
                    pairs.push([node, other]);
                    break;
                }
            }
        }
    }
    pairs
}

/// How often chance is asked for somebody new.
const TRIES: usize = 64;

/// Any number below `bound`.
pub(super) fn pick(bound: usize, rng: &mut Rng) -> usize {
    usize::try_from(rng.below(bound as u64)).unwrap_or_default()
}

/// How many connections it takes from a node to each, where only some hand on what they hear.
pub(super) fn distances(
    nodes: usize,
    edges: &[[usize; 2]],
    from: usize,
    relays: impl Fn(usize) -> bool,
) -> Vec<Option<u32>> {
    let mut next = alloc::vec![Vec::new(); nodes];
    for [one, other] in edges {
        for (at, to) in [(*one, *other), (*other, *one)] {
            if let Some(of) = next.get_mut(at) {
                of.push(to);
            }
        }
    }
    let mut found = alloc::vec![None; nodes];
    let mut queue = VecDeque::from([(from, 0_u32)]);
    if let Some(found) = found.get_mut(from) {
        *found = Some(0);
    }
    while let Some((at, far)) = queue.pop_front() {
        if !relays(at) {
            continue;
        }
        for to in next.get(at).into_iter().flatten() {
            if let Some(place @ None) = found.get_mut(*to) {
                *place = Some(far.saturating_add(1));
                queue.push_back((*to, far.saturating_add(1)));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_lasts_if_it_was_there_all_the_time() {
        let at = Time::from_micros;
        let edge = |since, until| Edge {
            nodes: [0, 1],
            end: End::LAST,
            since: at(since),
            until: Option::map(until, at),
        };
        assert!(edge(5, None).lasts(at(5), at(9)) && !edge(6, None).lasts(at(5), at(9)));
        // What was cut at the end was not there to the end.
        let until = |until| edge(5, Some(until)).lasts(at(5), at(9));
        assert_eq!([8, 9, 10].map(until), [false, false, true]);
        assert!(!edge(6, Some(10)).lasts(at(5), at(9)));
    }
}
