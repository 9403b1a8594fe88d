//! Whoever serves as slowly as it may holds a sync up for a bounded time, under virtual time.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use nodewire::codec::chia::Message;
use nodewire::codec::streamable::RustCryptoSha256 as Sha;
use nodewire::sim::chia::Ledger;
use nodewire::state::chia::{SyncLimits, SyncOutcome};

use crate::chains::{chain, empty, grow, tip};
use crate::world::{Lag, World};

const LIAR: u64 = 3;

/// A chain of so many blocks, and one that leaves it ten blocks below its tip and is heavier.
fn chains(blocks: u32) -> (Rc<Ledger>, Rc<Ledger>) {
    let mut honest = chain(blocks - 10);
    let mut other = honest.clone();
    grow(&mut honest, 2, 10);
    grow(&mut other, 3, 12);
    (Rc::new(honest), Rc::new(other))
}

/// Two honest nodes, and one that has a heavier chain and is slow with it. What was asked for, and
/// how many seconds it took.
fn dripped(blocks: u32, lag: Lag, limits: SyncLimits) -> (World, u64) {
    let (honest, other) = chains(blocks);
    let mut world = World::limited(empty(), 1, limits);
    world.honest(1, &honest);
    world.honest(2, &honest);
    // Of what it is asked for again it takes no notice.
    let mut served = BTreeSet::new();
    world.twisted(LIAR, &other, move |request, answer| {
        let is_new = match request {
            Message::RequestHeaderBlocks(it) => served.insert((0, it.heights.clone())),
            Message::RequestSyncBlocks(it) => served.insert((1, it.heights.clone())),
            _ => true,
        };
        answer.filter(|_| is_new).into_iter().collect()
    });
    world.lags(LIAR, lag);
    world.start(LIAR);
    world.tell(1, tip(&honest));
    let outcome = world.run();
    assert_eq!(world.blamed(), []);
    let seconds = world.now.as_micros() / 1_000_000;
    let reached = if seconds < 600 { &honest } else { &other };
    assert_eq!(outcome, SyncOutcome::Synced(tip(reached).header_hash::<Sha>()));
    (world, seconds)
}

/// Everything just in time, by what counts for one batch alone.
fn headers_late(message: &Message) -> Duration {
    match message {
        Message::AllHeaderHashes(_) | Message::HeaderBlocks(_) => Duration::from_secs(29),
        _ => Duration::ZERO,
    }
}

fn blocks_late(message: &Message) -> Duration {
    match message {
        Message::SyncBlocks(_) => Duration::from_secs(199),
        _ => Duration::ZERO,
    }
}

/// Nobody gives way.
fn patient() -> SyncLimits {
    let mut limits = SyncLimits::default();
    limits.stalled = Duration::from_secs(86_400);
    limits
}

#[test]
fn who_drips_headers_loses_its_turn_and_others_go_on_from_there() {
    let (world, seconds) = dripped(1_000, headers_late, SyncLimits::default());
    // Tips, hashes, and what the headers that came are worth: 30 s and 20 ms for each.
    assert!((60..=5 + 30 + 31 + 5).contains(&seconds), "{seconds}");
    // What the slow one delivered was not asked for again.
    let asked_again = world.sent.iter().any(|(to, message)| match message {
        Message::RequestHeaderBlocks(it) => {
            let is_next = it.tip_header_hash != world.sent_tip(LIAR);
            *to != LIAR && is_next && it.heights.contains(&1)
        }
        _ => false,
    });
    assert!(!asked_again);
    // Otherwise it would hold the sync for as long as it has headers.
    let (_, hours) = dripped(1_000, headers_late, patient());
    assert!(hours > 40 * 29, "{hours}");
}

#[test]
fn who_drips_blocks_loses_its_turn_and_others_go_on_from_there() {
    let (world, seconds) = dripped(200, blocks_late, SyncLimits::default());
    // Tips, twice ten seconds for what others do not have, and 30 s without a block.
    assert!((35..=5 + 2 * 10 + 31).contains(&seconds), "{seconds}");
    // The headers of the chain that both share were weighed once.
    let of_first = |message: &Message| match message {
        Message::RequestHeaderBlocks(it) => it.heights.contains(&100),
        _ => false,
    };
    let of_tip = |message: &Message| match message {
        Message::RequestHeaderBlocks(it) => it.tip_header_hash != world.sent_tip(LIAR),
        _ => false,
    };
    assert!(!world.sent.iter().any(|(_, it)| of_first(it) && of_tip(it)));
    // No block was added twice.
    let mut added = world.keeper.added.clone();
    added.dedup();
    assert_eq!(added, (1..=200).collect::<Vec<_>>());
    let (_, hours) = dripped(60, blocks_late, patient());
    assert!(hours > 12 * 199, "{hours}");
}

/// One of three that have the same chain takes all the time that an answer has: it is asked last.
#[test]
fn who_answers_late_is_asked_only_if_others_are_as_late() {
    let theirs = Rc::new(chain(1_500));
    for seed in 0..2 {
        let mut world = World::new(empty(), seed);
        for number in 1..=3 {
            world.honest(number, &theirs);
        }
        world.lags(LIAR, |message| match message {
            Message::HeaderBlocks(_) | Message::SyncBlocks(_) => Duration::from_millis(2_400),
            _ => Duration::ZERO,
        });
        world.start(1);
        assert!(matches!(world.run(), SyncOutcome::Synced(_)));
        assert_eq!(world.blamed(), []);
        let asked = world.sent.iter().filter(|(to, _)| *to == LIAR).count();
        assert!(asked <= 2 * 10, "{asked} of {}", world.sent.len());
        assert!(world.now.as_micros() < 45_000_000, "{}", world.now);
    }
    // If all are as late, all are asked.
    let theirs = Rc::new(chain(500));
    let mut world = World::new(empty(), 1);
    for number in 1..=3 {
        world.honest(number, &theirs);
        world.lags(number, |_| Duration::from_millis(2_400));
    }
    world.start(1);
    assert!(matches!(world.run(), SyncOutcome::Synced(_)));
    for number in 1..=3 {
        assert!(world.sent.iter().filter(|(to, _)| *to == number).count() > 10);
    }
}

/// All are slower than the pace, each with a chain of its own: each gets its turns, which grow, and
/// one of them comes to the end.
#[test]
fn where_all_are_slow_turns_grow_until_one_is_done() {
    let (honest, other) = chains(500);
    let mut world = World::new(empty(), 1);
    world.honest(1, &honest);
    world.honest(LIAR, &other);
    for number in [1, LIAR] {
        world.lags(number, |message| match message {
            Message::AllHeaderHashes(_) => Duration::ZERO,
            _ => Duration::from_secs(4),
        });
    }
    world.start(LIAR);
    world.tell(1, tip(&honest));
    assert!(matches!(world.run(), SyncOutcome::Synced(_)));
    assert_eq!(world.blamed(), []);
    // A batch takes 4 s, whoever has the turn: 20 of headers and 100 of blocks, some twice.
    let seconds = world.now.as_micros() / 1_000_000;
    assert!(seconds < 2 * 4 * 120, "{seconds}");
}
