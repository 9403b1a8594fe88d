//! After whoever did wrong stops, a Supervisor is where it would be without them.

use nodewire::codec::supervisor::{BlockRef, LogKind};
use nodewire::sim::supervisor::{Cluster, Content, Faults, Options, Order};

use crate::orders::{assert_whole, seeds};
use crate::run::run;

fn after(name: &str, first: u64, set: impl Fn(&mut Faults)) {
    for seed in seeds(first, 6, 200) {
        let mut options = Options::default();
        set(&mut options.faults);
        let cluster = Cluster::generate(seed, 3, 30, options);
        let run = run(&cluster, Order::Mixed(seed));
        assert_whole(&run, &format!("{name}, seed {seed}"));
    }
}

#[test]
fn what_is_repeated_or_overtakes() {
    after("repeated", 100, |it| it.repeated = 20_000);
    after("reordered", 200, |it| it.reordered = 20_000);
}

/// Nodes that tell of blocks that are none, of either layer.
#[test]
fn what_contradicts_what_is_true() {
    after("contradictory", 300, |it| it.contradictory = 10_000);
}

/// All of it at once.
#[test]
fn everything_that_goes_wrong() {
    after("all", 1_000, |it| *it = Faults::ALL);
}

#[test]
fn questions_that_are_answered_wrongly_or_never() {
    after("wrong answers", 400, |it| it.wrong_answers = 10_000);
    after("unanswered", 500, |it| it.unanswered = 10_000);
}

#[test]
fn nodes_that_go_and_come() {
    after("nodes down", 600, |it| it.nodes_down = 5_000);
}

#[test]
fn a_layer_one_that_changes_its_mind() {
    after("tips", 700, |it| it.alternating_tips = 5_000);
    after("finality", 800, |it| it.finality_back = 5_000);
}

/// A chain that can never go on past a message of its anchor's block does not stop the others, as
/// far as they do not depend on it: nobody here executes anything of another chain.
#[test]
fn one_chain_that_stops_does_not_stop_the_others() {
    let mut stopped = 0;
    for seed in seeds(900, 10, 200) {
        let mut options = Options::default();
        options.content = Content::default();
        options.content.at_anchor = 1_000_000;
        options.executing = 30_000;
        let run = run(&Cluster::generate(seed, 3, 30, options), Order::Mixed(seed));
        assert!(run.settled, "seed {seed}");
        for (chain, heads) in run.heads().into_iter().enumerate() {
            let truth = run.feed.truth();
            let executing = |block: &BlockRef| {
                let logs = truth.logs(chain, block.hash).unwrap_or_default();
                logs.iter().any(|log| log.kind() != LogKind::Plain)
            };
            let blocks = truth.blocks(chain);
            let last = blocks.iter().position(executing).unwrap_or(blocks.len()) - 1;
            stopped += u64::from(last + 1 < blocks.len());
            let safe = heads.cross_safe.map(|entry| entry.derived);
            assert_eq!(safe, Some(blocks[last].seal()), "seed {seed}, chain {chain}");
            assert_eq!(heads.local_unsafe, truth.head(chain), "seed {seed}, chain {chain}");
        }
    }
    assert!(stopped > 2, "{stopped}");
}
