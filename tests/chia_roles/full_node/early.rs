//! Unfinished blocks that come too early, or while a sync goes on: nobody offers them again, and
//! where one has the only timelord, or the only farmer, nothing would go on without them.

use std::time::Duration;

use nodewire::Machine;
use nodewire::codec::chia::messages::{Block, UnfinishedBlock};
use nodewire::codec::chia::{FullBlock, NodeType};
use nodewire::state::chia::{FullNodeCommand, FullNodeConfig, FullNodeQuery, Proven};

use super::{A, B, FARMER, Node, branch, genesis, maker};
use crate::given::bytes32;

/// One of another chain that nobody shows.
fn far() -> FullBlock {
    let mut block = branch(&branch(&genesis(), 7, 1)[0], 7, 39).pop().unwrap();
    block.header_block.challenge.as_mut().unwrap().total_weight = 1_000;
    block
}

/// Somebody claims a tip that makes the node sync.
fn mislead(node: &mut Node) {
    node.hear(A, Block { block: far() });
    for (id, query) in node.played.asked() {
        if matches!(query, FullNodeQuery::AddBlock(_)) {
            let added = nodewire::state::chia::Added::Disconnected;
            node.played.local(FullNodeCommand::Added(id, added));
        }
    }
    assert!(node.played.machine.is_syncing());
}

/// The sync comes to nothing; what is looked at then is valid.
fn end(node: &mut Node) {
    while node.played.machine.is_syncing() {
        let due = node.played.machine.deadline().unwrap();
        node.played.pass(due.since(node.played.now));
    }
    assert!(!node.played.machine.is_syncing());
    node.answer();
}

/// Who has come is offered the best on each tip of the other, and keeps them all until the tips are
/// here: the last is the one on the lightest.
#[test]
fn one_on_each_tip_is_kept() {
    let mut node = Node::among_peers(4, FullNodeConfig::default());
    let blocks = branch(&node.top(), 3, 3);
    let offered: Vec<_> = blocks.iter().rev().map(|parent| maker(5).unfinished(parent)).collect();
    for block in &offered {
        assert_eq!(node.unfinished(A, block), []);
    }
    for block in &blocks {
        node.block(A, block);
    }
    assert_eq!(node.tip().height, 7);
    node.played.sent();
    node.played.connect(20, NodeType::FullNode);
    node.answer();
    let sent = node.played.sent();
    let best = UnfinishedBlock { block: offered[0].clone() };
    assert!(sent.contains(&crate::given::to(20, best)), "the one on the heaviest: {sent:?}");
}

/// What never finds its parent does not keep out what may.
#[test]
fn of_a_full_table_the_oldest_makes_room() {
    let mut config = FullNodeConfig::default();
    config.limits.max_waiting = 2;
    let mut node = Node::among_peers(4, config);
    for (peer, plot) in [(A, 3), (B, 4)] {
        let lost = branch(&node.top(), plot, 1).remove(0);
        node.unfinished(peer, &maker(6).unfinished(&lost));
    }
    let parent = branch(&node.top(), 9, 1).remove(0);
    node.unfinished(super::C, &maker(6).unfinished(&parent));
    node.block(super::C, &parent);
    assert_eq!(node.played.machine.unfinished_blocks(), 1);
}

/// Where nobody has more than whoever comes, it is the oldest of all.
#[test]
fn of_a_full_table_of_equal_shares_the_oldest_makes_room() {
    let mut config = FullNodeConfig::default();
    config.limits.max_waiting = 2;
    let mut node = Node::among_peers(4, config);
    let parents = [3, 4, 9].map(|plot| branch(&node.top(), plot, 1).remove(0));
    for (peer, parent) in [A, B, A].into_iter().zip(&parents) {
        node.unfinished(peer, &maker(6).unfinished(parent));
    }
    for (parent, found) in parents.iter().zip([0, 1, 2]) {
        node.block(super::C, parent);
        assert_eq!(node.played.machine.unfinished_blocks(), found);
    }
}

/// Nobody can have a block forgotten by claiming a tip while it is being looked at.
#[test]
fn one_that_is_being_looked_at_when_a_sync_begins_is_kept() {
    let mut node = Node::among_peers(4, FullNodeConfig::default());
    let block = maker(2).unfinished(&node.top());
    node.hear(B, UnfinishedBlock { block });
    let (id, _) = node.played.question();
    mislead(&mut node);
    node.played.local(FullNodeCommand::Validated(
        id,
        Some(Proven { quality: bytes32(3), iterations: 9_000 }),
    ));
    assert_eq!(node.played.machine.unfinished_blocks(), 0, "P-34");
    end(&mut node);
    assert_eq!(node.played.machine.unfinished_blocks(), 1);
}

/// Nor one that is slow, and waits.
#[test]
fn one_that_waits_when_a_sync_begins_is_kept() {
    let mut node = Node::among_peers(4, FullNodeConfig::default());
    let block = maker(2).unfinished(&node.top());
    node.hear(B, UnfinishedBlock { block });
    let (id, _) = node.played.question();
    let proven = Proven { quality: bytes32(3), iterations: 121_000 };
    node.played.local(FullNodeCommand::Validated(id, Some(proven)));
    mislead(&mut node);
    node.played.pass(Duration::from_secs(4));
    assert_eq!(node.played.machine.unfinished_blocks(), 0, "P-34");
    end(&mut node);
    assert_eq!(node.played.machine.unfinished_blocks(), 1);
}

/// A farmer has a block signed once: it is not lost because somebody claimed a tip.
#[test]
fn our_own_that_is_signed_while_syncing_is_kept() {
    let mut node = Node::among_peers(4, FullNodeConfig::default());
    let block = maker(2).unfinished(&node.top());
    super::candidates::ask(&mut node, FARMER, &block);
    mislead(&mut node);
    node.hear(FARMER, super::candidates::signed(&block));
    node.answer();
    assert_eq!(node.played.machine.unfinished_blocks(), 0, "P-34");
    end(&mut node);
    assert_eq!(node.played.machine.unfinished_blocks(), 1);
}

/// What was not looked at for so long that nobody builds on it any more is dropped (P-6).
#[test]
fn what_is_far_below_the_tips_goes() {
    let held = [true, false].map(|is_offered| {
        let mut node = Node::among_peers(4, FullNodeConfig::default());
        if is_offered {
            let parent = branch(&node.top(), 9, 1).remove(0);
            node.unfinished(A, &maker(6).unfinished(&parent));
        }
        for block in branch(&node.top(), 1, 40) {
            node.block(B, &block);
        }
        node.played.machine.footprint()
    });
    assert_eq!(held[0], held[1]);
}

/// A farmer has a block signed once, and nobody has it whose table is full of others.
#[test]
fn our_own_makes_room_for_itself() {
    let mut config = FullNodeConfig::default();
    config.limits.max_waiting = 2;
    let mut node = Node::among_peers(4, config);
    // Of peers that have gone since.
    for plot in 5..=6 {
        node.hear(B, UnfinishedBlock { block: maker(plot).unfinished(&node.top()) });
    }
    node.played.disconnect(B);
    let others = node.played.asked();
    assert_eq!(others.len(), 2);
    let block = maker(2).unfinished(&node.top());
    super::candidates::ask(&mut node, FARMER, &block);
    node.hear(FARMER, super::candidates::signed(&block));
    node.answer();
    assert_eq!(node.played.machine.unfinished_blocks(), 1);
}

/// What was told while a sync went on is nobody's news afterwards.
#[test]
fn a_tip_told_while_syncing_is_asked_for_afterwards() {
    let mut node = Node::among_peers(4, FullNodeConfig::default());
    mislead(&mut node);
    let next = branch(&node.top(), 3, 2);
    for block in &next {
        node.hear(B, Block { block: block.clone() });
    }
    // The sync brings the first of them.
    node.ledger.add(next[0].clone());
    while node.played.machine.is_syncing() {
        let due = node.played.machine.deadline().unwrap();
        node.played.pass(due.since(node.played.now));
    }
    let header_hash = super::hash(&next[1]);
    let request = nodewire::codec::chia::messages::RequestBlock { header_hash };
    assert!(node.played.sent().contains(&crate::given::to(B, request)));
    node.block(B, &next[1]);
    assert_eq!(node.tip().height, 6);
}

/// A proof of time that comes before the block is passed on, and finishes the block when it comes
/// again: a timelord sends it once more to who wants it later.
#[test]
fn a_proof_that_was_passed_on_finishes_a_block_that_comes_later() {
    let mut node = Node::among_peers(4, FullNodeConfig::default());
    let block = maker(2).unfinished(&node.top());
    let finished = maker(2).finish(block.clone(), Some(&node.top()));
    let proof = finished.header_block.proof_of_time.unwrap();
    let proof = nodewire::codec::chia::messages::ProofOfTimeFinished { proof };
    node.hear(super::TIMELORD, proof.clone());
    node.answer();
    assert_eq!(node.played.sent().len(), 1, "T-22");
    node.hear(super::TIMELORD, proof.clone());
    assert_eq!((node.played.asked(), node.played.sent()), (vec![], vec![]), "A-9");
    node.unfinished(B, &block);
    node.hear(super::TIMELORD, proof.clone());
    node.answer();
    assert_eq!(node.tip().height, 5);
    node.played.sent();
    node.hear(super::TIMELORD, proof);
    assert_eq!((node.played.asked(), node.played.sent()), (vec![], vec![]));
}
