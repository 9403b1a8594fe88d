//! The timelord beside the naive one: whatever the order of events, both want the same of their
//! workers and say the same (T-1 to T-7).

use std::collections::BTreeMap;
use std::time::Duration;

use nodewire::codec::chia::Bytes32;
use nodewire::codec::chia::Message;
use nodewire::state::chia::{Delivery, Timelord, TimelordCommand, TimelordConfig, TimelordQuery};
use nodewire::{AskId, Machine, Time};
use proptest::prelude::*;

use super::naive::{Made, Naive, Running, Wanted};
use super::{NODE, info, proof, start, timelord_with};
use crate::given::{Played, bytes32};

#[derive(Clone, Copy, Debug)]
enum Event {
    Start(u8, u64),
    Info(u8, u64),
    Started(usize),
    Made(usize),
    Stopped(usize),
    Failed(usize),
    Verdict(usize, bool),
    Pass(u64),
}

/// Both, and the questions of the real one that are open.
#[derive(Clone)]
struct Pair {
    real: Timelord,
    now: Time,
    naive: Naive,
    starts: BTreeMap<AskId, Bytes32>,
    feeds: Vec<(AskId, AskId, u64)>,
    stops: Vec<(AskId, AskId)>,
    verifies: Vec<(AskId, Made)>,
}

impl Pair {
    fn new(config: TimelordConfig) -> Self {
        let (workers, initial_ips) = (config.workers, config.initial_ips);
        Self {
            real: timelord_with(config).machine,
            now: Time::ZERO,
            naive: Naive { workers, initial_ips, ..Naive::default() },
            starts: BTreeMap::new(),
            feeds: Vec::new(),
            stops: Vec::new(),
            verifies: Vec::new(),
        }
    }

    /// One event to both, if there is such a question; then both have to want the same.
    fn step(&mut self, event: Event) {
        let mut played = Played::new(self.real.clone());
        played.now = self.now;
        let now = self.now;
        let mut made = None;
        match event {
            Event::Start(byte, weight) => {
                played.hear(NODE, start(byte, weight));
                self.naive.challenge_start(now, bytes32(byte), weight);
            }
            Event::Info(byte, iterations) => {
                played.hear(NODE, info(byte, iterations));
                self.naive.proof_of_space_info(now, bytes32(byte), iterations);
            }
            Event::Started(at) => {
                let Some((id, hash)) = pick(self.starts.iter(), at) else { return };
                played.local(TimelordCommand::VdfStarted(*id));
                self.naive.started(now, *hash);
            }
            Event::Made(at) => {
                let Some((id, vdf, iterations)) = pick(self.feeds.iter(), at).copied() else {
                    return;
                };
                self.feeds.retain(|(feed, ..)| *feed != id);
                let hash = self.starts[&vdf];
                played.local(TimelordCommand::VdfProof(id, Box::new(proof(hash, iterations))));
                let running = self.naive.running.iter().find(|it| it.hash == hash).unwrap();
                let Running { weight, worker, since, .. } = running.clone();
                let micros = now.since(since.unwrap()).as_micros();
                let micros = u64::try_from(micros).unwrap();
                made = Some(Made { hash, iterations, weight, worker, micros });
                self.naive.made(now, hash, iterations);
            }
            Event::Stopped(at) => {
                let Some((id, vdf)) = pick(self.stops.iter(), at).copied() else { return };
                self.stops.retain(|(stop, _)| *stop != id);
                let hash = self.starts.remove(&vdf).unwrap();
                played.local(TimelordCommand::VdfStopped(id));
                self.naive.over(now, hash);
            }
            Event::Failed(at) => {
                let Some((id, hash)) = pick(self.starts.iter(), at) else { return };
                let (id, hash) = (*id, *hash);
                self.starts.remove(&id);
                self.feeds.retain(|(_, vdf, _)| *vdf != id);
                self.stops.retain(|(_, vdf)| *vdf != id);
                played.local(TimelordCommand::VdfFailed(id));
                self.naive.over(now, hash);
            }
            Event::Verdict(at, is_good) => {
                let Some((id, made)) = pick(self.verifies.iter(), at).cloned() else { return };
                self.verifies.retain(|(verify, _)| *verify != id);
                played.local(TimelordCommand::Verdict(id, is_good));
                self.naive.verified(now, &made, is_good);
            }
            Event::Pass(millis) => {
                played.pass(Duration::from_millis(millis));
                self.now = played.now;
                self.naive.schedule(self.now);
            }
        }
        self.compare(&mut played, made);
    }

    fn compare(&mut self, played: &mut Played<Timelord>, made: Option<Made>) {
        let mut wanted = Vec::new();
        for delivery in played.sent() {
            wanted.push(match delivery {
                Delivery::Penalise(..) => Wanted::Blamed,
                Delivery::Broadcast(_, Message::ProofOfTimeFinished(it)) => {
                    Wanted::Sent(it.proof.challenge_hash, it.proof.number_of_iterations)
                }
                other => panic!("{other:?}"),
            });
        }
        for (id, query) in played.asked() {
            wanted.push(match query {
                TimelordQuery::StartVdf { worker, challenge_hash } => {
                    self.starts.insert(id, challenge_hash);
                    Wanted::Start(challenge_hash, worker)
                }
                TimelordQuery::FeedIterations { vdf, iterations } => {
                    let of = self.feeds.iter().filter(|(_, of, _)| *of == vdf);
                    assert!(of.clone().all(|(_, _, fed)| *fed != iterations), "T-5: once");
                    self.feeds.push((id, vdf, iterations));
                    Wanted::Feed(self.starts[&vdf], iterations)
                }
                TimelordQuery::StopVdf { vdf } => {
                    self.stops.push((id, vdf));
                    self.feeds.retain(|(_, of, _)| *of != vdf);
                    Wanted::Stop(self.starts[&vdf])
                }
                TimelordQuery::VerifyProof(it) => {
                    self.verifies.push((id, made.clone().unwrap()));
                    Wanted::Verify(it.challenge_hash, it.number_of_iterations)
                }
            });
        }
        let feeds = |wanted: &[Wanted]| -> Vec<Wanted> {
            wanted.iter().filter(|it| matches!(it, Wanted::Feed(..))).copied().collect()
        };
        let mut naive = std::mem::take(&mut self.naive.wanted);
        assert_eq!(feeds(&wanted), feeds(&naive), "T-5: ascending");
        wanted.sort_unstable();
        naive.sort_unstable();
        assert_eq!(wanted, naive);
        self.real = played.machine.clone();
        assert_eq!(self.real.best_three(), self.naive.best_three);
        assert_eq!(self.real.queued(), self.naive.queue.len());
        assert_eq!(self.real.active(), self.naive.running.len());
        assert!(self.real.footprint() < 64 << 10);
    }
}

fn pick<T>(mut items: impl ExactSizeIterator<Item = T>, at: usize) -> Option<T> {
    let at = at.checked_rem(items.len())?;
    items.nth(at)
}

fn config(workers: u32) -> TimelordConfig {
    let mut config = TimelordConfig::default();
    config.workers = workers;
    config
}

fn event() -> impl Strategy<Value = Event> {
    let at = || 0_usize..8;
    prop_oneof![
        4 => (0_u8..12, 0_u64..6).prop_map(|(byte, weight)| Event::Start(byte, weight)),
        4 => (0_u8..12, 0_u64..9).prop_map(|(byte, count)| Event::Info(byte, 5_000 * count)),
        4 => at().prop_map(Event::Started),
        3 => at().prop_map(Event::Made),
        3 => at().prop_map(Event::Stopped),
        1 => at().prop_map(Event::Failed),
        3 => (at(), prop::bool::weighted(0.8)).prop_map(|(at, good)| Event::Verdict(at, good)),
        2 => (0_u64..3_000).prop_map(Event::Pass),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn both_want_the_same(
        workers in 0_u32..4,
        events in proptest::collection::vec(event(), 0..120),
    ) {
        let mut pair = Pair::new(config(workers));
        for event in events {
            pair.step(event);
        }
    }
}

/// Every order of so many events, each of which may come once.
fn every_order(pair: &Pair, left: &[Event], orders: &mut usize) {
    if left.is_empty() {
        *orders += 1;
    }
    for at in 0..left.len() {
        let mut rest = left.to_vec();
        let event = rest.remove(at);
        let mut next = pair.clone();
        next.step(event);
        every_order(&next, &rest, orders);
    }
}

#[test]
fn in_every_order_both_want_the_same() {
    let events = [
        Event::Start(1, 10),
        Event::Start(2, 10),
        Event::Start(3, 11),
        Event::Info(2, 5_000),
        Event::Started(0),
        Event::Stopped(0),
        Event::Failed(0),
    ];
    let mut orders = 0;
    every_order(&Pair::new(config(1)), &events, &mut orders);
    assert_eq!(orders, 5_040);
    let proofs = [
        Event::Info(1, 5_000),
        Event::Info(2, 5_000),
        Event::Made(0),
        Event::Verdict(0, true),
        Event::Start(3, 11),
        Event::Pass(600),
    ];
    let mut pair = Pair::new(config(2));
    for event in [Event::Start(1, 10), Event::Start(2, 9), Event::Started(0), Event::Started(1)] {
        pair.step(event);
    }
    let mut orders = 0;
    every_order(&pair, &proofs, &mut orders);
    assert_eq!(orders, 720);
}
