//! What comes late, or while something else goes on, is not lost: answers that nobody waits for any
//! more, tips that are added while a sync goes on, parents that come meanwhile.

use std::time::Duration;

use nodewire::codec::chia::messages::{Block, RequestBlock};
use nodewire::codec::chia::{FullBlock, NodeType};
use nodewire::state::chia::{
    Added, Delivery, FullNodeCommand, FullNodeConfig, FullNodeNotice, SyncNotice, SyncOutcome,
};
use nodewire::{AskId, Machine, Outbox, Refused};

use super::{A, B, Node, branch, chain, finalized, genesis, hash, start};
use crate::given::to;

/// A block of another chain, of height 40, as heavy as told.
fn far(weight: u64) -> FullBlock {
    let mut block = branch(&branch(&genesis(), 7, 1)[0], 7, 39).pop().unwrap();
    block.header_block.challenge.as_mut().unwrap().total_weight = weight;
    block
}

/// A node that gave up what it asked about the block, as too many others of the gone came after it;
/// its question.
fn given_up(block: &FullBlock) -> (Node, AskId) {
    let mut config = FullNodeConfig::default();
    config.limits.max_asks_of_gone = 1;
    let mut node = Node::among_peers(4, config);
    node.hear(A, Block { block: block.clone() });
    let (id, _) = node.played.question();
    let mut other = block.clone();
    other.header_block.header.data.timestamp += 1;
    node.hear(A, Block { block: other });
    node.played.question();
    node.played.disconnect(A);
    assert!(!node.played.machine.awaits(id));
    (node, id)
}

/// The chain has the block all the same, and says where it stands since: everybody is told, and what
/// waited for the block is next.
#[test]
fn a_tip_counts_if_its_question_was_given_up() {
    let next = branch(&chain(4)[3], 1, 2);
    let (mut node, id) = given_up(&next[0]);
    let unfinished = super::maker(2).unfinished(&next[0]);
    assert_eq!(node.unfinished(B, &unfinished), []);
    assert_eq!(node.block(B, &next[1]), [to(B, RequestBlock { header_hash: hash(&next[0]) })]);
    let added = node.ledger.add(next[0].clone());
    node.played.local(FullNodeCommand::Added(id, added.clone()));
    assert_eq!(node.played.machine.chain(), &node.ledger.chain());
    let (sent, tip) = (node.played.sent(), node.tip());
    assert_eq!(sent[0], Delivery::Broadcast(NodeType::Timelord, start(&tip)));
    assert!(sent.contains(&Delivery::Broadcast(NodeType::Farmer, finalized(&tip))));
    node.answer();
    assert_eq!((node.tip().height, node.played.machine.unfinished_blocks()), (6, 1));
    // What was said before is not said again, and holds no more once the chain has grown.
    node.played.sent();
    node.played.local(FullNodeCommand::Added(id, added));
    assert_eq!((node.played.sent(), node.tip().height), (vec![], 6));
}

/// One that is no heavier than the heaviest, too.
#[test]
fn a_tip_beside_ours_counts_then() {
    let sibling = branch(&chain(4)[2], 2, 1).remove(0);
    let (mut node, id) = given_up(&sibling);
    let added = node.ledger.add(sibling.clone());
    node.played.local(FullNodeCommand::Added(id, added));
    let tips = &node.played.machine.chain().tips;
    assert!(tips.iter().any(|tip| tip.header_hash == hash(&sibling)));
}

/// As of a question that is open.
#[test]
fn it_has_to_be_a_chain_even_then() {
    let block = branch(&chain(4)[3], 1, 1).remove(0);
    let (mut node, id) = given_up(&block);
    let Added::Tip(mut unsound) = node.ledger.add(block) else { panic!() };
    unsound.ips = 0;
    let (before, mut out) = (node.played.machine.clone(), Outbox::new());
    let command = FullNodeCommand::Added(id, Added::Tip(unsound));
    let refused = node.played.machine.handle_local(node.played.now, command, &mut out);
    assert!(matches!(refused.unwrap_err().why, Refused::Invalid { .. }));
    assert!(out.is_empty() && node.played.machine == before);
}

/// A sync has to lead to more than we have by then (P-36), whoever brought us that.
#[test]
fn a_tip_of_ours_makes_a_sync_needless() {
    let mut node = Node::among_peers(4, FullNodeConfig::default());
    let far = far(node.tip().weight + 1);
    let next = branch(&node.top(), 1, 1).remove(0);
    node.hear(A, Block { block: far });
    node.hear(B, Block { block: next.clone() });
    let asked = node.played.asked();
    node.played.local(FullNodeCommand::Added(asked[0].0, Added::Disconnected));
    assert!(node.played.machine.is_syncing());
    let added = node.ledger.add(next);
    node.played.local(FullNodeCommand::Added(asked[1].0, added));
    node.played.notices();
    node.played.pass(Duration::from_secs(5));
    let over = FullNodeNotice::Sync(SyncNotice::Ended(SyncOutcome::NothingHeavier));
    assert_eq!(node.played.notices(), [over]);
}

/// A parent that was asked for and comes while a sync goes on is a candidate, and no more (P-1): it is
/// asked for again afterwards, as that was answered (P-7).
#[test]
fn a_parent_that_came_during_a_sync_is_asked_for_again() {
    let mut config = FullNodeConfig::default();
    // Longer than the sync.
    config.parent_timeout = Duration::from_secs(1_000);
    let mut node = Node::among_peers(4, config);
    let next = branch(&node.top(), 1, 2);
    let request = || to(B, RequestBlock { header_hash: hash(&next[0]) });
    assert_eq!(node.block(B, &next[1]), [request()]);
    node.block(A, &far(1_000));
    assert!(node.played.machine.is_syncing());
    // Something heavier, so that this is not what it told.
    node.hear(B, Block { block: far(900) });
    node.hear(B, Block { block: next[0].clone() });
    node.played.sent();
    while node.played.machine.is_syncing() {
        node.played.pass(Duration::from_secs(5));
    }
    node.answer();
    let again = node.played.sent().into_iter().filter(|it| *it == request());
    assert_eq!(again.count(), 1);
    node.block(B, &next[0]);
    assert_eq!(node.tip().height, 6);
}
