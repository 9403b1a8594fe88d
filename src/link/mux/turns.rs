//! Whose turn it is on the way out: the order of segments, apart from what is in them.

use alloc::vec::Vec;

use super::config::Policy;
use crate::channel::Class;
use crate::time::Time;

/// The turns taken so far.
///
/// An entry is a class A channel or a share of class B, and is known by its first channel.
/// Entries take turns; within a share the channel declared first goes first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Turns {
    policy: Policy,
    guard: Option<u32>,
    /// The class of each channel, in order of declaration.
    classes: Vec<Class>,
    /// The entry of class A served last; of either class in `Fair`.
    last_a: usize,
    /// The entry of class B served last.
    last_b: usize,
    /// Segments of class A in a row while class B waited.
    row: u32,
    /// When class A last had a segment.
    busy_at: Option<Time>,
}

impl Turns {
    pub fn new(policy: Policy, guard: Option<u32>, classes: Vec<Class>) -> Self {
        let end = classes.len().saturating_sub(1);
        Self { policy, guard, classes, last_a: end, last_b: end, row: 0, busy_at: None }
    }

    /// Takes the next turn: which of the channels that have bytes sends a segment. `None` if none
    /// may. Praos goes first (L-60), by segment and with the guard (S-9).
    pub fn next(&mut self, now: Time, has: impl Fn(usize) -> bool) -> Option<usize> {
        if self.policy == Policy::Fair {
            let (entry, channel) = self.after(self.last_a, |_| true, &has)?;
            self.last_a = entry;
            return Some(channel);
        }
        let a = self.after(self.last_a, is_praos, &has);
        let b = self.after(self.last_b, |class| !is_praos(class), &has);
        match (a, b) {
            (Some((entry, channel)), b) if !self.is_guarded(b.is_some()) => {
                self.row = if b.is_some() { self.row.saturating_add(1) } else { 0 };
                self.last_a = entry;
                if matches!(self.policy, Policy::LeiosPauses { .. }) {
                    self.busy_at = Some(now);
                }
                Some(channel)
            }
            (_, Some((entry, channel))) if self.quiet_until().is_none_or(|due| now >= due) => {
                self.row = 0;
                self.last_b = entry;
                self.busy_at = None;
                Some(channel)
            }
            _ => None,
        }
    }

    /// Until when class B pauses, if only it has bytes.
    pub fn paused_until(&self, has: impl Fn(usize) -> bool) -> Option<Time> {
        let due = self.quiet_until()?;
        let mut waiting = self.classes.iter().enumerate().filter(|(at, _)| has(*at)).peekable();
        let any = waiting.peek().is_some();
        (any && waiting.all(|(_, class)| !is_praos(*class))).then_some(due)
    }

    /// Heap bytes.
    pub fn heap(&self) -> usize {
        self.classes.capacity().saturating_mul(size_of::<Class>())
    }

    fn quiet_until(&self) -> Option<Time> {
        match self.policy {
            Policy::LeiosPauses { quiet } => self.busy_at.map(|at| at.after(quiet)),
            _ => None,
        }
    }

    /// True if class A has had its run and class B waits.
    fn is_guarded(&self, waits: bool) -> bool {
        let guarded = self.policy == Policy::PraosFirst;
        waits && guarded && self.guard.is_some_and(|guard| self.row >= guard)
    }

    /// The next entry with bytes after `last`, and which of its channels sends.
    fn after(
        &self,
        last: usize,
        fits: impl Fn(Class) -> bool,
        has: &impl Fn(usize) -> bool,
    ) -> Option<(usize, usize)> {
        let entries = self.classes.iter().copied().enumerate();
        let later = entries.clone().skip(last.saturating_add(1));
        later.chain(entries.take(last.saturating_add(1))).find_map(|(at, class)| {
            let channel = if fits(class) { self.first_of(at, class, has) } else { None };
            channel.map(|channel| (at, channel))
        })
    }

    /// The first channel with bytes of the entry known by the channel `at`.
    fn first_of(&self, at: usize, class: Class, has: &impl Fn(usize) -> bool) -> Option<usize> {
        if is_praos(class) {
            return has(at).then_some(at);
        }
        let mut share = self.classes.iter().enumerate().filter(|(_, other)| **other == class);
        let (first, _) = share.clone().next()?;
        if first != at {
            return None;
        }
        share.find(|(channel, _)| has(*channel)).map(|(channel, _)| channel)
    }
}

fn is_praos(class: Class) -> bool {
    class == Class::Praos
}
