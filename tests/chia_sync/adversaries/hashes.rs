//! Whoever lies about the hashes of headers (P-37).

use std::rc::Rc;
use std::time::Duration;

use nodewire::codec::chia::{FullBlock, HeaderHash, Message};
use nodewire::codec::streamable::RustCryptoSha256 as Sha;
use nodewire::sim::chia::Ledger;
use nodewire::state::chia::{SyncFailure, SyncNotice, SyncOutcome, SyncPhase};

use super::{LIAR, named_for};
use crate::chains::{chain, empty};
use crate::world::World;

fn named(lie: fn(&mut Vec<HeaderHash>)) {
    super::named_listing("chia/P-37", lie);
}

#[test]
fn hashes_that_do_not_go_from_the_genesis_to_the_tip_one_for_each_height() {
    named(|all| all[0] = HeaderHash([9; 32]));
    named(|all| *all.last_mut().unwrap() = HeaderHash([9; 32]));
    named(|all| all.truncate(70));
    named(|all| all.insert(70, HeaderHash([9; 32])));
    named(Vec::clear);
}

#[test]
fn hashes_that_are_made_up_in_the_middle_blame_who_sent_them_and_not_who_has_the_headers() {
    // One in the middle of a batch, the last of one, the first, all but the ends, and two swapped.
    named(|all| all[60] = HeaderHash([9; 32]));
    named(|all| all[75] = HeaderHash([9; 32]));
    named(|all| all[1] = HeaderHash([9; 32]));
    named(|all| all[139] = HeaderHash([9; 32]));
    named(|all| all[1..140].fill(HeaderHash([9; 32])));
    named(|all| all.swap(60, 61));
    named(|all| all[20..110].reverse());
}

#[test]
fn hashes_of_another_chain_that_really_has_such_headers() {
    // The headers are there, of the same heights, and are no ancestors of the tip.
    let theirs = Rc::new(chain(140));
    let mut both = Ledger::clone(&theirs);
    let maker = nodewire::sim::chia::Maker::new(both.consensus().clone(), 5);
    let mut parent = FullBlock::clone(both.block(both.header_hash_at(30).unwrap()).unwrap());
    let mut others = Vec::new();
    for _ in 31..=130 {
        parent = maker.child(&parent);
        others.push(parent.clone());
        both.add(parent.clone());
    }
    named_for(&theirs, "chia/P-37", || {
        let others = others.clone();
        move |request: &Message, answer: Option<Message>| match (request, answer) {
            (_, Some(Message::AllHeaderHashes(mut it))) => {
                for block in &others {
                    it.header_hashes[block.height() as usize] = block.header_hash::<Sha>();
                }
                vec![it.into()]
            }
            // It even delivers them.
            (Message::RequestHeaderBlocks(asked), Some(Message::HeaderBlocks(mut it))) => {
                for (height, header) in asked.heights.iter().zip(&mut it.header_blocks) {
                    if let Some(block) = others.iter().find(|it| it.height() == *height) {
                        *header = block.header_block.clone();
                    }
                }
                vec![it.into()]
            }
            (_, answer) => answer.into_iter().collect(),
        }
    });
}

/// Who tells the heaviest tip is slow with hashes, and a liar sends some of which the first are true: what
/// was shown by them counts for the turn when they are asked for anew, so that whoever told the tip is
/// not passed over as one that showed nothing (A-5, P-45).
#[test]
fn what_was_shown_by_hashes_that_lie_further_up_counts_for_the_turn() {
    let theirs = Rc::new(chain(400));
    let lighter = theirs.block(theirs.header_hash_at(300).unwrap()).unwrap();
    let mut lied = 0;
    for seed in 0..8 {
        let mut world = World::new(empty(), seed);
        world.honest(1, &theirs);
        world.honest(2, &theirs);
        world.twisted(LIAR, &theirs, |_, answer| match answer {
            Some(Message::AllHeaderHashes(mut it)) => {
                let tip = it.header_hashes.len() - 1;
                it.header_hashes[60..tip].fill(HeaderHash([9; 32]));
                vec![it.into()]
            }
            answer => answer.into_iter().collect(),
        });
        for node in [1, 2] {
            world.lags(node, |message| match message {
                Message::AllHeaderHashes(_) => Duration::from_secs(60),
                _ => Duration::ZERO,
            });
        }
        world.start(1);
        world.tell(2, FullBlock::clone(lighter));
        world.run();
        if world.blamed().is_empty() {
            continue;
        }
        assert_eq!(world.blamed(), [(LIAR, "chia/P-37")], "{seed}");
        // The liar's, others in place of those, and again when the other tip had its turn.
        let goal = theirs.chain().tips[0].header_hash;
        let entered = SyncNotice::Entered(SyncPhase::Hashes, goal);
        let turns = world.notices.iter().filter(|notice| **notice == entered).count();
        assert_eq!(turns, 3, "{seed}");
        lied += 1;
    }
    assert!(lied > 4, "{lied}");
}

/// Whoever sent the hashes has a chain that is bad: the one who told the tip may have another.
#[test]
fn a_bad_chain_is_of_who_sent_its_hashes() {
    let theirs = Rc::new(chain(140));
    let synced = SyncOutcome::Synced(theirs.chain().tips[0].header_hash);
    let bad = SyncOutcome::Failed(SyncFailure::TooLight);
    for (sender, blamed, outcome) in [(LIAR, "chia/P-37", synced), (1, "chia/P-41", bad)] {
        let mut world = World::new(empty(), 5);
        for node in [1, LIAR] {
            world.honest(node, &theirs);
            let late = |message: &Message| match message {
                Message::AllHeaderHashes(_) => Duration::from_secs(20),
                _ => Duration::ZERO,
            };
            if node != sender {
                world.lags(node, late);
            }
        }
        world.keeper.finds_bad = true;
        world.start(1);
        assert_eq!(world.run(), outcome, "{sender}");
        assert_eq!(world.blamed(), [(sender, blamed)]);
    }
}
