//! Whoever lies about blocks (P-42).

use std::rc::Rc;

use nodewire::codec::chia::{FullBlock, HeaderHash, Message};
use nodewire::sim::chia::Ledger;
use nodewire::state::chia::{SyncFailure, SyncOutcome};

use super::LIAR;
use crate::chains::{empty, grow, tip};
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
