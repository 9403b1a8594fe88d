//! Whoever damages what no header hash covers and no keeper can see: the header above shows it,
//! and another may have delivered that.

use std::rc::Rc;
use std::time::Duration;

use nodewire::Time;
use nodewire::codec::chia::{HeaderBlock, Message};
use nodewire::sim::chia::Ledger;
use nodewire::state::chia::SyncOutcome;

use super::LIAR;
use crate::chains::{chain, empty, grow, tip};
use crate::world::World;

/// The highest header of a batch that is not the tip, by what its block is not known by.
fn damage(headers: &mut [HeaderBlock], tip: u32) {
    let last = headers.last_mut().filter(|last| last.height() < Some(tip));
    if let Some(challenge) = last.and_then(|last| last.challenge.as_mut()) {
        challenge.proof_of_time_output_hash.0[0] ^= 1;
    }
}

/// Its batches are damaged; what it is asked for again is as it should be.
fn damages(tip: u32) -> Lie {
    let mut seen: Vec<Vec<Option<u32>>> = Vec::new();
    Box::new(move |_, answer| {
        let Some(Message::HeaderBlocks(mut it)) = answer else {
            return answer.into_iter().collect();
        };
        let heights: Vec<_> = it.header_blocks.iter().map(HeaderBlock::height).collect();
        if seen.contains(&heights) {
            return vec![it.into()];
        }
        seen.push(heights);
        damage(&mut it.header_blocks, tip);
        vec![it.into()]
    })
}

type Lie = Box<dyn FnMut(&Message, Option<Message>) -> Vec<Message>>;

/// Two honest nodes and a liar; the sync begins with the tip that `teller` tells, who sends the
/// hashes too. The keeper does not look at what nobody checks.
fn world(theirs: &Rc<Ledger>, seed: u64, teller: u64, lie: Lie) -> World {
    let mut world = World::new(empty(), seed);
    world.keeper.is_lax = true;
    world.honest(1, theirs);
    world.honest(2, theirs);
    world.twisted(LIAR, theirs, lie);
    world.start(teller);
    world
}

fn synced(theirs: &Ledger) -> SyncOutcome {
    SyncOutcome::Synced(theirs.chain().tips[0].header_hash)
}

#[test]
fn who_delivered_it_is_named_once_who_sent_the_hashes_shows_what_fits() {
    let theirs = Rc::new(chain(140));
    let mut named = 0;
    for seed in 0..12 {
        let mut world = world(&theirs, seed, 1, damages(140));
        assert_eq!(world.run(), synced(&theirs), "{seed}");
        assert_eq!(world.keeper.ledger.chain(), theirs.chain());
        match &world.blamed()[..] {
            // It delivered no batch that another's follows.
            [] => {}
            [(LIAR, "chia/P-40")] => named += 1,
            others => panic!("{seed}: {others:?}"),
        }
    }
    assert!(named > 5, "{named}");
}

/// It can't have both: its hashes are those of headers that answer other challenges.
#[test]
fn who_sent_the_hashes_is_named_if_its_own_headers_do_not_fit() {
    let theirs = Rc::new(chain(140));
    let mut named = 0;
    for seed in 0..12 {
        let mut world = world(&theirs, seed, LIAR, damages(140));
        assert_eq!(world.run(), synced(&theirs), "{seed}");
        match &world.blamed()[..] {
            [] => {}
            [(LIAR, "chia/P-37")] => named += 1,
            others => panic!("{seed}: {others:?}"),
        }
    }
    assert!(named > 5, "{named}");
}

/// Whoever sent the hashes is gone, or silent: nobody is blamed for what can't be shown, and
/// hashes are asked for anew.
#[test]
fn who_can_not_be_asked_blames_nobody() {
    let theirs = Rc::new(chain(400));
    for (seed, stays) in [(0, true), (1, true), (2, false), (3, false), (4, false)] {
        let mut world = world(&theirs, seed, 1, damages(400));
        // All that it says after its hashes comes too late.
        let late: crate::world::Lag = |message| match message {
            Message::AllHeaderHashes(_) => Duration::ZERO,
            _ => Duration::from_secs(1_000),
        };
        world.lags(1, late);
        while world.keeper.weighed.is_empty() {
            assert!(world.step());
        }
        if !stays {
            world.leave(1);
        }
        assert_eq!(world.run(), synced(&theirs), "{seed}");
        let others = world.blamed().into_iter().filter(|(peer, _)| *peer != LIAR);
        assert_eq!(others.collect::<Vec<_>>(), [], "{seed}");
    }
}

/// No header is above the tip: what is delivered there does not count against those who have the
/// block as it is.
#[test]
fn the_tip_is_known_without_it() {
    let theirs = Rc::new(chain(60));
    for seed in 0..8 {
        let lie: Lie = Box::new(|_, answer| match answer {
            Some(Message::HeaderBlocks(mut it)) => {
                damage(&mut it.header_blocks, u32::MAX);
                if it.header_blocks.last().and_then(HeaderBlock::height) != Some(60) {
                    damage(&mut it.header_blocks, u32::MAX);
                }
                vec![it.into()]
            }
            answer => answer.into_iter().collect(),
        });
        let mut world = world(&theirs, seed, 1, lie);
        assert_eq!(world.run(), synced(&theirs), "{seed}");
        assert_eq!(world.blamed(), [], "{seed}");
    }
}

/// A tip that is made up, on a chain that is not: who tells it sends the hashes and nothing more,
/// a friend of its damages every other batch. However often the hashes are asked for anew, who told
/// a tip that is there has its turn soon.
#[test]
fn two_that_hold_a_turn_up_with_headers_that_do_not_meet_do_not_hold_it_long() {
    let theirs = Rc::new(chain(600));
    let made_up = Rc::new({
        let mut other = (*theirs).clone();
        grow(&mut other, 7, 1);
        other
    });
    for seed in 0..6 {
        let mut world = World::new(empty(), seed);
        world.keeper.is_lax = true;
        world.honest(1, &theirs);
        world.twisted(LIAR, &made_up, |_, answer| {
            let is_hashes = |it: &Message| matches!(it, Message::AllHeaderHashes(_));
            answer.filter(is_hashes).into_iter().collect()
        });
        world.twisted(LIAR + 1, &made_up, |_, mut answer| {
            if let Some(Message::HeaderBlocks(it)) = &mut answer {
                let first = it.header_blocks.first().and_then(HeaderBlock::height);
                if first.is_some_and(|first| first / 24 % 2 == 0) {
                    damage(&mut it.header_blocks, u32::MAX);
                }
            }
            answer.into_iter().collect()
        });
        world.start(LIAR);
        world.tell(1, tip(&theirs));
        assert_eq!(world.run(), synced(&theirs), "{seed}");
        let others = world.blamed().into_iter().filter(|(peer, _)| *peer < LIAR);
        assert_eq!(others.collect::<Vec<_>>(), [], "{seed}");
        // Five seconds for tips to come, thirty of the turn, ten that the silent one costs the next turn
        // too, since its own did show something, and what the wires take.
        assert!(world.now < Time::from_micros(50_000_000), "{}", world.now);
    }
}
