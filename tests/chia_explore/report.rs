//! What explorations have seen.

use std::path::Path;

use nodewire::sim::{Bounds, World, explore};

/// What explorations have seen.
pub struct Report {
    /// Most states of one exploration; each must end before.
    bound: usize,
    lines: Vec<String>,
}

impl Report {
    pub const fn new(bound: usize) -> Self {
        Self { bound, lines: Vec::new() }
    }

    /// Explores all of `start` and keeps the counts; a fault prints its shortest way and fails.
    /// `watch` sees every state that was reached.
    pub fn explore<W: World>(&mut self, name: &str, start: W, mut watch: impl FnMut(&W)) {
        let bounds = Bounds { states: self.bound, ..Bounds::default() };
        let explored = explore(start, bounds, |_, _, after| watch(after));
        assert!(explored.found.is_none(), "{name}: {explored}");
        assert!(explored.complete, "{name}: more than {} states", self.bound);
        let line = format!("{name}: {explored}");
        println!("{line} (bound {})", self.bound);
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

/// Explores a world with a fault planted on purpose, which is to be found by this name.
pub fn finds<W: World>(name: &str, start: W, fault: &str) {
    let explored = explore(start, Bounds { states: 100_000, ..Bounds::default() }, |_, _, _| ());
    println!("planted: {name}: {explored}");
    let found = explored.found.unwrap_or_else(|| panic!("{name}: nothing was found"));
    assert!(found.fault.contains(fault), "{name}: {}", found.fault);
}
