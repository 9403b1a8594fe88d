//! Whoever lies about blocks (P-42).

use std::rc::Rc;

use nodewire::codec::chia::{Blob, FullBlock, HeaderBlock, HeaderHash, Message, ProofOfTime};
use nodewire::sim::chia::{Ledger, stand_in};
use nodewire::state::chia::{SyncFailure, SyncOutcome};

use super::LIAR;
use crate::chains::{chain, empty, grow, tip};
use crate::world::World;

fn named(lie: fn(&mut Vec<FullBlock>)) {
    super::named_listing("chia/P-42", lie);
}

#[test]
fn blocks_that_are_not_those_asked_for() {
    named(|all| all.reverse());
    named(|all| all.truncate(all.len() - 1));
    named(Vec::clear);
    named(|all| all.push(all[0].clone()));
    named(|all| all[0].body.coinbase.height += 1);
    named(|all| all[0].body.cost += 1);
    named(|all| {
        all[0].header_block.proof_of_time.as_mut().unwrap().number_of_iterations += 1;
    });
    named(|all| all[1].header_block.challenge = None);
    super::named("chia/P-42", |message| match message {
        Message::SyncBlocks(mut it) => {
            it.tip_header_hash = HeaderHash([9; 32]);
            vec![it.into()]
        }
        other => vec![other],
    });
}

#[test]
fn an_invalid_block_of_a_chain_fails_the_sync_and_names_who_told_the_tip() {
    // The headers are believed, and the chain finds that the blocks are not good.
    let mut theirs = empty();
    let mut consensus = theirs.consensus().clone();
    consensus.difficulty = 9;
    let genesis = tip(&theirs);
    theirs = Ledger::new(consensus, genesis);
    grow(&mut theirs, 1, 60);
    let theirs = Rc::new(theirs);
    let mut world = World::new(empty(), 1);
    world.honest(1, &theirs);
    world.honest(LIAR, &theirs);
    world.keeper.verifies = false;
    world.start(LIAR);
    assert_eq!(world.run(), SyncOutcome::Failed(SyncFailure::Invalid));
    assert_eq!(world.blamed(), [(LIAR, "chia/P-42")]);
    assert_eq!(world.penalties[0].2, "InvalidChain");
}

/// What it says of headers and blocks comes with another witness: one of so many bytes, that is valid
/// as is that of the others, or one that is not.
fn other_witness(mut answer: Option<Message>, length: Option<usize>) -> Vec<Message> {
    let with = |header: &mut HeaderBlock| {
        let proof = header.proof_of_time.as_mut().unwrap();
        *proof = match length {
            Some(length) => {
                stand_in::proof_of_time(proof.challenge_hash, proof.number_of_iterations, length)
            }
            None => ProofOfTime { witness: Blob(vec![7; 40].into()), ..proof.clone() },
        };
    };
    match &mut answer {
        Some(Message::HeaderBlocks(it)) if length.is_some() => {
            it.header_blocks.iter_mut().for_each(with);
        }
        Some(Message::SyncBlocks(it)) => {
            it.blocks.iter_mut().for_each(|block| with(&mut block.header_block));
        }
        _ => {}
    }
    answer.into_iter().collect()
}

/// Two timelords may find a witness each of one proof of time, and anybody may make another of one
/// that is there: who has the other is no liar for it, whoever delivered the headers.
#[test]
fn who_has_another_valid_witness_is_not_blamed() {
    let theirs = Rc::new(chain(140));
    for seed in 0..6 {
        let mut world = World::new(empty(), seed);
        world.honest(1, &theirs);
        world.honest(2, &theirs);
        world.twisted(LIAR, &theirs, |_, answer| other_witness(answer, Some(77)));
        world.start(1 + seed % 3);
        assert_eq!(world.run(), SyncOutcome::Synced(theirs.chain().tips[0].header_hash));
        assert_eq!(world.blamed(), [], "{seed}");
        assert_eq!(world.keeper.ledger.chain(), theirs.chain());
    }
}

/// One that is not valid is its deliverer's fault alone, and the sync goes on with the others.
#[test]
fn who_makes_a_block_invalid_by_its_witness_is_named() {
    let theirs = Rc::new(chain(140));
    let mut named = 0;
    for seed in 0..6 {
        let mut world = World::new(empty(), seed);
        world.honest(1, &theirs);
        world.honest(2, &theirs);
        world.twisted(LIAR, &theirs, |_, answer| other_witness(answer, None));
        world.start(1 + seed % 3);
        assert_eq!(world.run(), SyncOutcome::Synced(theirs.chain().tips[0].header_hash));
        match &world.blamed()[..] {
            [] => {}
            [(LIAR, "chia/P-42")] => named += 1,
            others => panic!("{seed}: {others:?}"),
        }
        assert_eq!(world.keeper.ledger.chain(), theirs.chain());
    }
    assert!(named > 2, "{named}");
}
