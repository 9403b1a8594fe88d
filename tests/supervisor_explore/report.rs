//! What explorations have seen.

use std::collections::BTreeSet;
use std::path::Path;

use nodewire::sim::supervisor::Move;
use nodewire::sim::{Bounds, Explored, World, explore};

use crate::clusters::Tiny;
use crate::world::{Subject, Whole};

/// What explorations have seen.
pub struct Report {
    /// Most states of one exploration; each must end before.
    bound: usize,
    lines: Vec<String>,
}

/// All of a world, and the different ends it came to.
pub fn ends<S: Subject>(start: Whole<S>, bound: usize) -> (Explored<Move>, BTreeSet<String>) {
    let bounds = Bounds { states: bound, ..Bounds::default() };
    let mut ends = BTreeSet::new();
    let mut moves = Vec::new();
    let explored = explore(start, bounds, |_, _, after| {
        moves.clear();
        after.moves(&mut moves);
        if moves.is_empty() {
            ends.insert(after.supervisor.end());
        }
    });
    (explored, ends)
}

impl Report {
    pub const fn new(bound: usize) -> Self {
        Self { bound, lines: Vec::new() }
    }

    /// Explores all that follows after its first moves, and keeps the counts; a fault prints its
    /// shortest way and fails.
    pub fn explore<S: Subject>(&mut self, tiny: &Tiny) {
        let name = &tiny.name;
        let (explored, ends) = ends(Whole::<S>::new(tiny), self.bound);
        assert!(explored.found.is_none(), "{name}: {explored}");
        assert!(explored.complete, "{name}: more than {} states", self.bound);
        let line = format!("{name}: {explored}");
        println!("{line} (bound {}), {} ends", self.bound, ends.len());
        assert_eq!(ends.len(), 1, "{name}: orders differ: {ends:#?}");
        self.lines.push(line);
    }

    /// Holds the counts against those of a file.
    pub fn compare(&self, file: &str) {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file);
        let seen = self.lines.join("\n") + "\n";
        if std::env::var("NODEWIRE_BLESS").is_ok_and(|set| set == "1") {
            std::fs::write(&golden, &seen).unwrap();
        }
        let expected = std::fs::read_to_string(&golden).unwrap_or_default();
        assert_eq!(seen, expected, "the state space has changed; NODEWIRE_BLESS=1 accepts it");
    }
}
