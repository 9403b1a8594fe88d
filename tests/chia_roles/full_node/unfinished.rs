//! Unfinished blocks (P-20 to P-22, F-25).

use std::time::Duration;

use nodewire::AskId;
use nodewire::Machine;
use nodewire::codec::chia::messages::{
    Block, ProofOfSpaceArrived, ProofOfSpaceInfo, UnfinishedBlock,
};
use nodewire::codec::chia::{FullBlock, Message, NodeType};
use nodewire::state::chia::{
    Added, ConnectionId, Delivery, FullNodeCommand, FullNodeConfig, FullNodeNotice, FullNodeQuery,
    Proven, Role, Tip,
};

use super::{A, B, C, Node, branch, chain, genesis, hash, maker};
use crate::given::{bytes32, penalty, to};

fn node() -> Node {
    Node::among_peers(4, FullNodeConfig::default())
}

/// An unfinished block on the tip, told from others by its time.
fn unfinished(node: &Node, number: u64) -> FullBlock {
    let mut block = maker(1).unfinished(&node.top());
    block.header_block.header.data.timestamp = number;
    block
}

/// The same on this tip.
fn unfinished_on(tip: &Tip, number: u64, node: &Node) -> FullBlock {
    let parent = node.ledger.block(tip.header_hash).unwrap();
    let mut block = maker(1).unfinished(parent);
    block.header_block.header.data.timestamp = number;
    block
}

/// A peer sends it, and the chain says that it takes so many iterations: 1,000 are a second.
fn takes(node: &mut Node, from: u64, block: &FullBlock, iterations: u64) -> Vec<Delivery> {
    node.hear(from, UnfinishedBlock { block: block.clone() });
    let (id, query) = node.played.question();
    assert_eq!(query, FullNodeQuery::ValidateUnfinished(Box::new(block.clone())));
    valid(node, id, iterations);
    node.played.sent()
}

fn valid(node: &mut Node, id: AskId, iterations: u64) {
    let proven = Proven { quality: bytes32(3), iterations };
    node.played.local(FullNodeCommand::Validated(id, Some(proven)));
}

/// What is said of a block that is accepted, in order (P-20 step 8).
fn accepted(node: &Node, from: u64, block: &FullBlock, iterations_needed: u64) -> Vec<Delivery> {
    let tip = node.tip();
    let info = ProofOfSpaceInfo { challenge_hash: tip.challenge_hash, iterations_needed };
    let weight = tip.weight + tip.child_difficulty;
    let arrived = ProofOfSpaceArrived { weight, quality: bytes32(3) };
    let block = UnfinishedBlock { block: block.clone() };
    vec![
        Delivery::Broadcast(NodeType::Timelord, info.into()),
        Delivery::BroadcastToOthers(NodeType::FullNode, ConnectionId(from), block.into()),
        Delivery::Broadcast(NodeType::Farmer, arrived.into()),
    ]
}

#[test]
fn a_good_one_is_handed_on_in_order() {
    let mut node = node();
    let block = unfinished(&node, 1);
    let expected = accepted(&node, A, &block, 9_000);
    assert_eq!(takes(&mut node, A, &block, 9_000), expected);
    let challenge_hash = node.tip().challenge_hash;
    let notice = FullNodeNotice::Unfinished { challenge_hash, iterations: 9_000 };
    assert_eq!(node.played.notices(), [notice]);
    assert_eq!(node.unfinished(B, &block), [], "seen");
    let mut config = FullNodeConfig::default();
    config.announce_arrivals = false;
    let mut quiet = Node::among_peers(4, config);
    assert_eq!(takes(&mut quiet, A, &block, 9_000), expected[..2], "F-25 is an option");
}

#[test]
fn it_is_unfinished_and_valid_or_its_sender_is_blamed() {
    let mut node = node();
    let finished = maker(1).finish(unfinished(&node, 1), Some(&node.top()));
    let mut mixed = [finished.clone(), finished.clone(), finished];
    mixed[0].header_block.challenge = None;
    mixed[1].header_block.proof_of_time = None;
    for block in mixed {
        let sent = node.unfinished(A, &block);
        assert_eq!(penalty(&sent), Some((A, "chia/P-20")));
        let [Delivery::Penalise(_, rule)] = &sent[..] else { panic!() };
        assert_eq!(rule.reason(), "NotUnfinished", "A-18");
    }
    let block = unfinished(&node, 2);
    for peer in [A, B] {
        // Whoever sends it: nobody is spared because somebody else was blamed before.
        node.hear(peer, UnfinishedBlock { block: block.clone() });
        let (id, _) = node.played.question();
        node.played.local(FullNodeCommand::Validated(id, None));
        assert_eq!(penalty(&node.played.sent()), Some((peer, "chia/P-20")));
    }
}

#[test]
fn only_children_of_tips_are_looked_at() {
    let mut node = node();
    let old = maker(2).unfinished(&genesis());
    let unknown = maker(2).unfinished(&branch(&node.top(), 3, 1)[0]);
    for block in [old, unknown.clone()] {
        node.hear(A, UnfinishedBlock { block });
        assert_eq!((node.played.asked(), node.played.sent()), (vec![], vec![]), "step 3");
    }
    // Once its parent is there, the last of each peer that is still there is looked at.
    let later = maker(4).unfinished(&branch(&node.top(), 3, 1)[0]);
    node.hear(B, UnfinishedBlock { block: later });
    node.played.disconnect(B);
    let parent = branch(&node.top(), 3, 1).remove(0);
    node.hear(C, Block { block: parent.clone() });
    let (id, _) = node.played.question();
    let added = node.ledger.add(parent);
    node.played.local(FullNodeCommand::Added(id, added));
    node.played.sent();
    let (id, query) = node.played.question();
    assert_eq!(query, FullNodeQuery::ValidateUnfinished(Box::new(unknown.clone())));
    valid(&mut node, id, 1_000);
    assert_eq!(node.played.sent(), accepted(&node, A, &unknown, 1_000));
}

/// Who comes when all others were told: nobody else would ever tell it.
#[test]
fn who_comes_is_offered_the_best_on_each_tip() {
    let mut node = node();
    let [slow, best] = [1, 2].map(|number| unfinished(&node, number));
    takes(&mut node, A, &slow, 9_000);
    takes(&mut node, A, &best, 8_000);
    node.played.connect(20, NodeType::FullNode);
    node.answer();
    let sent = node.played.sent();
    let tips = node.played.machine.chain().tips.len();
    assert_eq!(sent.len(), tips + 1);
    assert_eq!(sent[0], to(20, Block { block: node.top() }));
    assert_eq!(sent[tips], to(20, UnfinishedBlock { block: best }));
    // It is nothing once the tip is none any more.
    let longer = branch(&node.top(), 3, 3);
    for block in &longer {
        node.block(A, block);
    }
    node.played.connect(21, NodeType::FullNode);
    node.answer();
    let is_block = |it: &Delivery| matches!(it, Delivery::To(_, Message::Block(_)));
    assert!(node.played.sent().iter().all(is_block));
}

#[test]
fn one_for_each_number_of_iterations() {
    let mut node = node();
    let (one, other) = (unfinished(&node, 1), unfinished(&node, 2));
    assert_eq!(takes(&mut node, A, &one, 5_000).len(), 3);
    assert_eq!(takes(&mut node, B, &other, 5_000), [], "step 5");
    assert_eq!(node.played.machine.unfinished_blocks(), 1);
}

#[test]
fn slow_ones_wait() {
    for (iterations, waits) in [(120_999, false), (121_000, true)] {
        let mut node = node();
        let block = unfinished(&node, 1);
        let sent = takes(&mut node, A, &block, iterations);
        assert_eq!(sent.is_empty(), waits, "{iterations}: step 6");
        if waits {
            let due = node.played.now.after(Duration::from_secs(3));
            assert_eq!(node.played.machine.deadline(), Some(due));
            node.played.pass(Duration::from_micros(2_999_999));
            assert_eq!(node.played.sent(), []);
            node.played.pass(Duration::from_micros(1));
            assert_eq!(node.played.sent(), accepted(&node, A, &block, iterations));
            assert_eq!(node.played.machine.deadline(), None);
        }
    }
}

#[test]
fn after_its_wait_it_is_looked_at_again() {
    let slow = |node: &mut Node| {
        let block = unfinished(node, 1);
        assert_eq!(takes(node, A, &block, 300_000), []);
        block
    };
    let wait = Duration::from_secs(3);
    // Step 3: the parent is no tip any more.
    let mut one = Node::among_peers(0, FullNodeConfig::default());
    slow(&mut one);
    for block in chain(4) {
        one.block(B, &block);
    }
    one.played.sent();
    one.played.pass(wait);
    assert_eq!(one.played.sent(), []);
    // Step 5: another of the same iterations was accepted meanwhile.
    let mut two = node();
    slow(&mut two);
    let other = unfinished(&two, 2);
    takes(&mut two, B, &other, 300_000);
    two.played.pass(wait);
    assert_eq!(two.played.sent().len(), 3, "one of the two");
    assert_eq!(two.played.machine.unfinished_blocks(), 1);
    // Step 7: a much better one has come.
    let mut three = node();
    slow(&mut three);
    let better = unfinished(&three, 2);
    takes(&mut three, B, &better, 100_000);
    three.played.pass(wait);
    assert_eq!(three.played.sent(), [], "300 is more than 100 and 150");
}

#[test]
fn the_best_leads() {
    let mut node = node();
    let mut number = 0;
    let mut next = |node: &mut Node, iterations| {
        number += 1;
        let block = unfinished(node, number);
        !takes(node, A, &block, iterations).is_empty()
    };
    let expected = [
        (100_000, true),
        (50_000, true),
        // 50 leads: up to 200 go on, and wait before they do.
        (20_000, true),
        (120_000, true),
        (19_999, true),
        (119_999, true),
    ];
    for (iterations, goes_on) in expected {
        assert_eq!(next(&mut node, iterations), goes_on, "{iterations}");
    }
    for (iterations, goes_on) in [(170_999, false), (169_999, true)] {
        assert!(!next(&mut node, iterations), "they wait first");
        node.played.pass(Duration::from_secs(3));
        assert_eq!(!node.played.sent().is_empty(), goes_on, "{iterations}: 19 and 150");
    }
}

#[test]
fn a_higher_one_leads_and_a_lower_one_is_dropped() {
    let mut node = node();
    let block = unfinished(&node, 1);
    takes(&mut node, A, &block, 1_000);
    let low = maker(5).unfinished(&node.top());
    let parent = branch(&node.top(), 3, 1).remove(0);
    node.block(B, &parent);
    let high = maker(5).unfinished(&parent);
    assert_eq!(takes(&mut node, A, &high, 110_000).len(), 3, "whatever it takes");
    assert_eq!(takes(&mut node, A, &low, 500), [], "its parent is a tip still, but it is lower");
}

/// P-20 step 7: where the chain was reorganised to a lower and heavier one, blocks on it go on, and
/// not those on the higher tip that is left.
#[test]
fn a_lower_one_on_a_heavier_chain_leads() {
    let mut node = node();
    let old = node.tip();
    let high = unfinished(&node, 1);
    assert_eq!(takes(&mut node, A, &high, 1_000).len(), 3);
    let parent = branch(&genesis(), 3, 2).remove(1);
    node.hear(B, Block { block: parent.clone() });
    let (id, _) = node.played.question();
    let mut chain = node.played.machine.chain().clone();
    let heaviest = Tip {
        header_hash: hash(&parent),
        height: 2,
        weight: old.weight + 1,
        challenge_hash: bytes32(7),
        ..old
    };
    (chain.tips, chain.lca, chain.lca_height) = (vec![heaviest, old], chain.genesis, 0);
    node.played.local(FullNodeCommand::Added(id, Added::Tip(Box::new(chain))));
    node.played.sent();
    let low = maker(5).unfinished(&parent);
    assert_eq!(takes(&mut node, A, &low, 110_000).len(), 3, "whatever it takes");
    let high = unfinished_on(&old, 2, &node);
    assert_eq!(takes(&mut node, A, &high, 500), [], "it is higher, on a lighter tip");
}

/// P-22, A-10: of those that wait, whoever has the most makes room.
#[test]
fn a_flood_keeps_nobody_out() {
    let mut config = FullNodeConfig::default();
    config.limits.max_waiting = 20;
    let mut node = Node::among_peers(4, config);
    let mut ids = Vec::new();
    let mut send = |node: &mut Node, from: u64, number: u64| {
        let block = unfinished(node, number);
        node.hear(from, UnfinishedBlock { block });
        let asked = node.played.asked();
        ids.extend(asked.iter().map(|(id, _)| *id));
        asked.len()
    };
    let asked: usize = (0..16).map(|number| send(&mut node, A, number)).sum();
    assert_eq!(asked, 16);
    assert!(node.played.machine.is_busy_with(ConnectionId(A)));
    let asked: usize = (100..112).map(|number| send(&mut node, B, number)).sum();
    assert_eq!(asked, 10, "up to half of the room");
    assert_eq!(send(&mut node, C, 200), 1);
    let awaited = ids.iter().filter(|id| node.played.machine.awaits(**id)).count();
    assert_eq!(awaited, 20);
    assert!(!node.played.machine.is_busy_with(ConnectionId(A)), "its newest made room");
    // What made room was not looked at, and may come again.
    valid(&mut node, ids[0], 9_000);
    assert_eq!(node.played.sent().len(), 3);
    let again = unfinished(&node, 15);
    node.hear(B, UnfinishedBlock { block: again });
    assert_eq!(node.played.asked().len(), 1);
}

#[test]
fn the_lowest_and_slowest_make_room() {
    let mut config = FullNodeConfig::default();
    config.limits.max_unfinished = 2;
    let mut node = Node::among_peers(4, config);
    for (number, iterations, accepted) in
        [(1, 9_000, 3), (2, 8_000, 3), (3, 8_500, 3), (4, 9_500, 0)]
    {
        let block = unfinished(&node, number);
        assert_eq!(takes(&mut node, A, &block, iterations).len(), accepted, "{iterations}");
        assert!(node.played.machine.unfinished_blocks() <= 2);
    }
    // Another of 9,000 is taken no more: it is the slowest; 8,000 is there.
    for (number, iterations) in [(5, 9_000), (6, 8_000)] {
        let block = unfinished(&node, number);
        assert_eq!(takes(&mut node, A, &block, iterations), []);
    }
}

#[test]
fn numbers_at_the_end_are_harmless() {
    let mut node = node();
    let block = unfinished(&node, 1);
    assert_eq!(takes(&mut node, A, &block, 0).len(), 3, "no time at all");
    let block = unfinished(&node, 2);
    assert_eq!(takes(&mut node, A, &block, u64::MAX), []);
    node.played.pass(Duration::from_secs(3));
    assert_eq!(node.played.sent(), [], "for ever");
}

/// A peer that goes leaves its blocks, which nobody can be blamed for.
#[test]
fn what_the_gone_sent_is_still_good() {
    let mut node = node();
    let (one, two) = (unfinished(&node, 1), unfinished(&node, 2));
    for block in [&one, &two] {
        node.hear(A, UnfinishedBlock { block: block.clone() });
    }
    let asked = node.played.asked();
    node.played.disconnect(A);
    valid(&mut node, asked[0].0, 5_000);
    assert_eq!(node.played.sent(), accepted(&node, A, &one, 5_000));
    node.played.local(FullNodeCommand::Validated(asked[1].0, None));
    assert_eq!(node.played.sent(), []);
}

/// P-6: what is so far below the lowest tip nobody builds on any more.
#[test]
fn those_that_are_far_below_the_tips_are_dropped() {
    let mut config = FullNodeConfig::default();
    config.cleanup_depth = 2;
    let mut node = Node::among_peers(4, config);
    let block = unfinished(&node, 1);
    takes(&mut node, A, &block, 1_000);
    for block in branch(&node.top(), 3, 6) {
        assert_eq!(node.played.machine.unfinished_blocks(), 1);
        node.block(B, &block);
    }
    // The lowest tip is at 8 now, and it at 5.
    assert_eq!(node.played.machine.chain().lowest_height(), 8);
    assert_eq!(node.played.machine.unfinished_blocks(), 0);
}

/// What the gone sent is nobody's, and makes room before what anybody has who is there.
#[test]
fn what_the_gone_sent_makes_room_first() {
    let mut config = FullNodeConfig::default();
    config.limits.max_waiting = 4;
    let mut node = Node::among_peers(4, config);
    let mut ids = Vec::new();
    for (number, from) in [(0, A), (1, B), (2, A), (3, A), (4, C)] {
        if from == C {
            node.played.disconnect(A);
        }
        let block = unfinished(&node, number);
        node.hear(from, UnfinishedBlock { block });
        ids.push(node.played.question().0);
    }
    let awaited: Vec<_> = ids.iter().map(|id| node.played.machine.awaits(*id)).collect();
    assert_eq!(awaited, [true, true, true, false, true]);
}

/// Nothing is due for what made room while it waited.
#[test]
fn what_made_room_is_waited_for_no_more() {
    let mut config = FullNodeConfig::default();
    config.limits.max_waiting = 1;
    let mut node = Node::among_peers(4, config);
    let (slow, other) = (unfinished(&node, 1), unfinished(&node, 2));
    assert_eq!(takes(&mut node, A, &slow, 121_000), []);
    assert!(node.played.machine.deadline().is_some());
    node.hear(B, UnfinishedBlock { block: other });
    assert_eq!(node.played.machine.deadline(), None);
}

/// Whoever farms with many plots makes several blocks of one parent, and they are told to who comes
/// before it has caught up: those of one tip are not to displace those of another.
#[test]
fn several_of_one_parent_leave_room_for_those_of_others() {
    let mut node = node();
    let parent = branch(&node.top(), 3, 1).remove(0);
    let other = branch(&node.top(), 4, 1).remove(0);
    let wanted = maker(2).unfinished(&parent);
    node.hear(A, UnfinishedBlock { block: wanted.clone() });
    for number in 5..10 {
        node.hear(A, UnfinishedBlock { block: maker(number).unfinished(&other) });
    }
    node.hear(C, Block { block: parent.clone() });
    let (id, _) = node.played.question();
    let added = node.ledger.add(parent);
    node.played.local(FullNodeCommand::Added(id, added));
    let (_, query) = node.played.question();
    assert_eq!(query, FullNodeQuery::ValidateUnfinished(Box::new(wanted)));
}
