//! The same inputs give the same actions and the same state, and nothing else is remembered.

use nodewire::sim::supervisor::{Cluster, Faults, Feed, Options, Order};
use nodewire::state::supervisor::{Limits, Supervisor};
use nodewire::{Machine, Outbox, Time};

#[test]
fn the_same_inputs_give_the_same_actions_and_state() {
    for seed in crate::orders::seeds(9_000, 6, 500) {
        let mut options = Options::default();
        if seed % 2 == 0 {
            options.faults = Faults::ALL;
        }
        let cluster = Cluster::generate(seed, 3, 30, options);
        let new = || Supervisor::new(cluster.config(), Limits::default()).unwrap();
        let (mut first, mut again): (Supervisor, Supervisor) = (new(), new());
        let mut feed = Feed::new(&cluster, Order::Mixed(seed));
        let mut said = Vec::new();
        while let Some((now, input)) = feed.next(first.deadline()) {
            let mut out = Outbox::new();
            first.handle(now, input.clone(), &mut out).unwrap();
            said.push((now, input, format!("{out:?}")));
            if said.len() == 3_000 {
                break;
            }
            out.drain().for_each(|action| feed.hear(action));
        }
        for (at, (now, input, actions)) in said.into_iter().enumerate() {
            let mut out = Outbox::new();
            again.handle(now, input, &mut out).unwrap();
            assert_eq!(format!("{out:?}"), actions, "seed {seed}, input {at}");
        }
        assert_eq!(first, again, "seed {seed}");
        assert!(first.latest() > Time::ZERO);
    }
}
