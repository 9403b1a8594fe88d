//! The simulated recipes reach what they are to reach, and repeat from their seed.

use std::cell::Cell;
use std::rc::Rc;

use nodewire::sim::End;
use nodewire::state::leios::{
    ClientCommand, ClientNotice, Fetch, FetchCommand, FetchNotice, FetchQuery,
};
use nodewire::{Machine, Out, Refusal, Time};
use nodewire_adapter::sim::recipes::sources::pull;
use nodewire_adapter::sim::{Recipe, Settings, run, set};

fn settings(assignments: &[&str]) -> Settings {
    set(&Settings::default(), assignments).expect("known keys")
}

/// Recipe 1 at full size; at a quarter of it without optimisation, with the bounds of that size.
fn sources() -> (Settings, f64) {
    if cfg!(debug_assertions) {
        // Latency weighs more in a short pull: 0.5 s of it by the links, as in the long one.
        (settings(&["sources.closure=3000000", "sources.txs=375"]), 2.0 / 4.0 + 0.12)
    } else {
        (Settings::default(), 2.0)
    }
}

#[test]
fn eight_sources_deliver_in_time_and_hardly_anything_twice() {
    let (settings, seconds) = sources();
    let (pull, _) = pull(&settings, None, None, Fetch::new(settings.fetch.clone())).unwrap();
    let closure = settings.sources.closure as f64;
    println!("{:?}, {:.3} of the closure", pull.took, pull.bytes as f64 / closure);
    assert!(pull.took.as_secs_f64() <= seconds, "{:?}", pull.took);
    // One peer sends the closure, the block and what frames them.
    assert!(pull.bytes as f64 <= 1.15 * closure, "{}", pull.bytes);
}

#[test]
fn a_run_repeats_from_its_seed_and_from_no_other() {
    let settings = settings(&["sources.closure=300000", "sources.txs=40"]);
    let recipe = Recipe::find("sources").unwrap()[0];
    let run = |seed| run(&recipe, &settings, seed).unwrap();
    let first = run(Some(7));
    assert_eq!(first, run(Some(7)));
    assert_ne!(first.trace, run(Some(8)).trace);
    assert_ne!(first.trace, run(None).trace);
}

#[test]
fn an_unknown_key_is_named_with_its_neighbours() {
    let wrong = |assignment| set(&Settings::default(), [assignment]).unwrap_err();
    let line = wrong("fetch.que_time=1s");
    assert!(line.contains("fetch.que_time") && line.contains("fetch.queue_time"), "{line}");
    assert!(wrong("fetch.queue_time=7").contains("250ms"));
    assert!(wrong("limits.max_eb_txs=many").contains("limits.max_eb_txs=many"));
    assert!(wrong("rate").contains("key=value"));
}

#[test]
fn each_kind_of_value_can_be_set() {
    let set = settings(&[
        "fetch.queue_time=40ms",
        "limits.starvation=null",
        "limits.starvation=90s",
        "mux.policy=Fair",
        "mux.guard=null",
        "link.backlog=4_096",
        "sources.rates=[1000000,2000000]",
    ]);
    assert_eq!(set.fetch.queue_time.as_millis(), 40);
    assert_eq!(set.limits.starvation.unwrap().as_secs(), 90);
    assert_eq!(set.mux.policy, nodewire::link::Policy::Fair);
    assert_eq!(set.mux.guard, None);
    assert_eq!(set.link.backlog, 4_096);
    assert_eq!(set.sources.rates, [1_000_000, 2_000_000]);
}

/// The decision logic, and how often a command of its was refused.
struct Told {
    fetch: Fetch<End>,
    refused: Rc<Cell<usize>>,
}

impl Machine for Told {
    type Local = FetchCommand<End>;
    type Remote = (End, ClientNotice);
    type Send = (End, ClientCommand);
    type Notice = FetchNotice<End>;
    type Query = FetchQuery;

    fn handle_local(
        &mut self,
        now: Time,
        input: Self::Local,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<Self::Local>> {
        let refused = matches!(input, FetchCommand::Refused(..));
        self.refused.set(self.refused.get() + usize::from(refused));
        self.fetch.handle_local(now, input, out)
    }

    fn handle_remote(&mut self, now: Time, input: Self::Remote, out: &mut Out<Self>) {
        self.fetch.handle_remote(now, input, out);
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        self.fetch.handle_timeout(now, out);
    }

    fn deadline(&self) -> Option<Time> {
        self.fetch.deadline()
    }
}

#[test]
fn what_a_client_refuses_goes_back_to_the_decision_logic() {
    // A client that has four requests under way and queues little else.
    let settings = settings(&[
        "sources.closure=600000",
        "sources.txs=80",
        "sources.rates=[10000000,10000000]",
        "sources.delays_us=[12000,12000]",
        "limits.max_outstanding_requests=4",
        "limits.max_queued_requests=6",
    ]);
    let refused = Rc::new(Cell::new(0));
    let told = Told { fetch: Fetch::new(settings.fetch.clone()), refused: Rc::clone(&refused) };
    let (pull, _) = pull(&settings, None, None, told).expect("the closure comes all the same");
    println!("{:?}, {} refusals", pull.took, refused.get());
    assert!(refused.get() > 0);
}
