//! One run, watched at every input.

use nodewire::sim::supervisor::{Cluster, Feed, Order};
use nodewire::state::supervisor::{Heads, Limits, Supervisor, SupervisorNotice};
use nodewire::{Action, Input};

use crate::heads;

/// How a run ended.
pub struct Run {
    pub supervisor: Supervisor,
    pub feed: Feed,
    pub counts: Counts,
    pub settled: bool,
}

/// What happened on the way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub inputs: u64,
    pub invalidated: u64,
    pub replaced: u64,
    pub rewound: u64,
    pub l1_reorganised: u64,
    pub resets: u64,
    pub impossible: u64,
    pub timeouts: u64,
}

pub fn run(cluster: &Cluster, order: Order) -> Run {
    run_with(cluster, order, Limits::default())
}

pub fn run_with(cluster: &Cluster, order: Order, limits: Limits) -> Run {
    let mut supervisor = Supervisor::new(cluster.config(), limits).unwrap();
    let mut feed = Feed::new(cluster, order);
    let mut counts = Counts::default();
    let mut before: Vec<Heads> = Vec::new();
    feed.play(&mut supervisor, |supervisor, input, out| {
        counts.inputs += 1;
        assert!(counts.inputs < 20_000, "no end: {counts:?}");
        counts.timeouts += u64::from(matches!(input, Input::Timeout));
        heads::check(supervisor.index());
        let index = supervisor.index();
        let now: Vec<Heads> = index.slots().map(|slot| index.heads(slot)).collect();
        let rewound = out
            .iter()
            .any(|action| matches!(action, Action::Notify(SupervisorNotice::L1Reorganised(_))));
        // Cross-safe never goes back while layer one stays.
        for (before, now) in before.iter().zip(&now).filter(|_| !rewound) {
            let number = |heads: &Heads| heads.cross_safe.map(|entry| entry.derived.number);
            assert!(number(before) <= number(now), "{before:?} then {now:?}");
        }
        before = now;
        for action in out.iter() {
            if let Action::Notify(notice) = action {
                match notice {
                    SupervisorNotice::Corrupted(..) => panic!("{notice:?}"),
                    SupervisorNotice::Invalidated(..) => counts.invalidated += 1,
                    SupervisorNotice::Replaced(..) => counts.replaced += 1,
                    SupervisorNotice::Rewound(..) => counts.rewound += 1,
                    SupervisorNotice::L1Reorganised(_) => counts.l1_reorganised += 1,
                    SupervisorNotice::ResetStarted(..) => counts.resets += 1,
                    SupervisorNotice::ResetImpossible(..) => counts.impossible += 1,
                    _ => {}
                }
            }
        }
    });
    // Every reply came once.
    assert_eq!((feed.strange(), feed.open_calls()), (0, 0));
    let settled = feed.is_settled();
    Run { supervisor, feed, counts, settled }
}

impl Run {
    pub fn heads(&self) -> Vec<Heads> {
        let index = self.supervisor.index();
        index.slots().map(|slot| index.heads(slot)).collect()
    }
}
