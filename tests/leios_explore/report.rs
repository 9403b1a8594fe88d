//! What explorations have seen.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::Path;

use nodewire::sim::{Bounds, Duo, DuoMove, Side, Wiring, explore};
use nodewire::{Action, Ending, Machine, Outbox, Role, Table, Time, UntilClosed};

/// What explorations have seen.
pub struct Report {
    /// Most states of one exploration; each must end before.
    pub bound: usize,
    pub lines: Vec<String>,
    /// Edges taken: table, phase, message.
    pub edges: BTreeSet<(&'static str, String, String)>,
    /// Notices seen when a message was heard, by name.
    pub told: BTreeSet<String>,
    /// What showed that a rule was kept, in words.
    pub events: BTreeSet<&'static str>,
}

impl Report {
    pub const fn new(bound: usize) -> Self {
        Self {
            bound,
            lines: Vec::new(),
            edges: BTreeSet::new(),
            told: BTreeSet::new(),
            events: BTreeSet::new(),
        }
    }

    /// Explores all of `start` and keeps the counts; a fault prints its shortest way and fails.
    pub fn explore<W: Wiring>(
        &mut self,
        name: &str,
        start: Duo<W>,
        mut watch: impl FnMut(&mut Self, &Duo<W>, &DuoMove, &Duo<W>),
    ) {
        let bounds = Bounds { states: self.bound, ..Bounds::default() };
        let explored =
            explore(start, bounds, |before, step, after| watch(self, before, step, after));
        assert!(explored.found.is_none(), "{name}: {explored}");
        assert!(explored.complete, "{name}: more than {} states", bounds.states);
        let line = format!("{name}: {explored}");
        println!("{line} (bound {})", bounds.states);
        self.lines.push(line);
    }

    pub fn edge<P: Copy + Eq + Debug, L: Copy + Eq + Debug>(
        &mut self,
        table: &Table<P, L>,
        from: P,
        by: Role,
        on: L,
    ) {
        if table.next(from, by, on).is_some() {
            self.edges.insert((table.name(), format!("{from:?}"), format!("{on:?}")));
        }
    }

    /// Hears the message once more on a clone, to see what is told.
    pub fn hears<M: Machine<Notice: Debug> + Clone>(&mut self, machine: &M, message: M::Remote) {
        let mut out = Outbox::new();
        UntilClosed::new(machine.clone()).handle_remote(Time::ZERO, message, &mut out);
        for action in out.drain() {
            if let Action::Notify(notice) = action {
                let text = format!("{notice:?}");
                let name = text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
                self.told.insert(name.to_owned());
            }
        }
    }

    pub fn covers<P: Copy + Eq + Debug, L: Copy + Eq + Debug>(&self, table: &Table<P, L>) {
        for edge in table.edges() {
            let (from, on) = (format!("{:?}", edge.from()), format!("{:?}", edge.on()));
            let taken = self.edges.contains(&(table.name(), from, on));
            assert!(taken, "{}: no run takes {edge:?}", table.name());
        }
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

pub fn both_done<W: Wiring>(duo: &Duo<W>) -> Option<String> {
    let endings = [duo.ending(Side::A), duo.ending(Side::B)];
    (endings != [Some(Ending::Done); 2]).then(|| format!("ended as {endings:?}"))
}
