//! Our own blocks among those of others: a farmer has one signed once, so it is not to make
//! room for what anybody may send.

use nodewire::codec::chia::messages::{Block, UnfinishedBlock};
use nodewire::codec::chia::{FullBlock, Message, NodeType};
use nodewire::state::chia::{
    Added, Delivery, FullNodeCommand, FullNodeConfig, FullNodeQuery, Proven,
};
use nodewire::{AskId, Machine};

use super::candidates::{ask, signed};
use super::{A, B, C, FARMER, Node, branch, genesis, maker};
use crate::given::bytes32;

fn node(max_waiting: usize) -> Node {
    let mut config = FullNodeConfig::default();
    config.limits.max_waiting = max_waiting;
    Node::among_peers(4, config)
}

/// One on the tip that a peer sends, by the plot of that number; the question that it leads to.
fn offered(node: &mut Node, from: u64, plot: u64) -> Option<AskId> {
    let block = maker(plot).unfinished(&node.top());
    node.hear(from, UnfinishedBlock { block });
    node.played.asked().first().map(|(id, _)| *id)
}

/// One of our own; the question that it leads to.
fn own(node: &mut Node, plot: u64) -> (FullBlock, Option<AskId>) {
    let block = maker(plot).unfinished(&node.top());
    ask(node, FARMER, &block);
    node.hear(FARMER, signed(&block));
    let (id, _) = node.played.question();
    node.played.local(FullNodeCommand::Verdict(id, true));
    (block, node.played.asked().first().map(|(id, _)| *id))
}

fn awaited(node: &Node, ids: &[AskId]) -> Vec<bool> {
    ids.iter().map(|id| node.played.machine.awaits(*id)).collect()
}

/// Nobody can have a block of ours forgotten by going, and sending one more.
#[test]
fn it_makes_room_for_nobody() {
    let mut node = node(4);
    let mut ids: Vec<_> =
        [(A, 5), (A, 6), (B, 7)].map(|(from, plot)| offered(&mut node, from, plot).unwrap()).into();
    node.played.disconnect(A);
    ids.push(own(&mut node, 2).1.unwrap());
    ids.push(offered(&mut node, C, 8).unwrap());
    assert_eq!(awaited(&node, &ids), [true, false, true, true, true], "the newest of the gone");
}

/// Only half of the room is safe: whoever says that it farms is a peer like others.
#[test]
fn a_farmer_fills_no_more_than_half() {
    let mut node = node(4);
    let ids: Vec<_> = (20..24).map(|plot| own(&mut node, plot).1.unwrap()).collect();
    for (plot, from, awaited_then) in [
        (5, A, [true, true, true, false]),
        (6, B, [true, true, false, false]),
        (7, C, [true, true, false, false]),
    ] {
        assert!(offered(&mut node, from, plot).is_some(), "{plot}");
        assert_eq!(awaited(&node, &ids), awaited_then, "{plot}");
    }
    // What made room for others may make some again, at their cost.
    own(&mut node, 24).1.unwrap();
}

/// A claimed tip makes the node sync.
fn mislead(node: &mut Node) {
    let mut far = branch(&branch(&genesis(), 7, 1)[0], 7, 39).pop().unwrap();
    far.header_block.challenge.as_mut().unwrap().total_weight = 1_000;
    node.hear(C, Block { block: far });
    let (id, _) = node.played.question();
    node.played.local(FullNodeCommand::Added(id, Added::Disconnected));
    assert!(node.played.machine.is_syncing());
}

fn end(node: &mut Node) {
    while node.played.machine.is_syncing() {
        let due = node.played.machine.deadline().unwrap();
        node.played.pass(due.since(node.played.now));
    }
}

/// The unfinished blocks that are looked at.
fn looked_at(node: &mut Node) -> Vec<(AskId, FullBlock)> {
    let asked = node.played.asked().into_iter();
    let unfinished = asked.filter_map(|(id, query)| match query {
        FullNodeQuery::ValidateUnfinished(block) => Some((id, *block)),
        _ => None,
    });
    unfinished.collect()
}

/// The same while a sync goes on: those of the gone that were looked at by then have places of their
/// own, and are the gone's afterwards too.
#[test]
fn it_keeps_its_place_while_a_sync_goes_on() {
    for max_waiting in [64, 4] {
        let mut node = node(max_waiting);
        let ids = [5, 6, 7].map(|plot| offered(&mut node, A, plot).unwrap());
        mislead(&mut node);
        let (block, id) = own(&mut node, 2);
        assert_eq!(id, None, "P-34");
        node.played.disconnect(A);
        for (id, iterations) in ids.into_iter().zip(9_000..) {
            let proven = Proven { quality: bytes32(3), iterations };
            node.played.local(FullNodeCommand::Validated(id, Some(proven)));
        }
        end(&mut node);
        let looked_at = looked_at(&mut node);
        assert_eq!(looked_at.len(), 4);
        let is_ours = looked_at.iter().map(|(_, other)| *other == block);
        assert_eq!(is_ours.collect::<Vec<_>>(), [true, false, false, false]);
        if max_waiting == 4 {
            let ids: Vec<_> = looked_at.iter().map(|(id, _)| *id).collect();
            offered(&mut node, B, 8).unwrap();
            assert_eq!(awaited(&node, &ids), [true, true, true, false], "the newest of the gone");
        }
        // Told to all, as our own are.
        node.played.sent();
        let proven = Proven { quality: bytes32(3), iterations: 8_000 };
        node.played.local(FullNodeCommand::Validated(looked_at[0].0, Some(proven)));
        let message = Message::from(UnfinishedBlock { block });
        let told = Delivery::Broadcast(NodeType::FullNode, message);
        assert!(node.played.sent().contains(&told));
    }
}

/// In the least room, too: what others offered too early does not push it out.
#[test]
fn what_comes_too_early_leaves_it_its_place() {
    let mut node = node(2);
    mislead(&mut node);
    let (block, _) = own(&mut node, 2);
    for (plot, from) in [(5, A), (6, B), (7, A), (8, C)] {
        offered(&mut node, from, plot);
    }
    end(&mut node);
    let blocks: Vec<_> = looked_at(&mut node).into_iter().map(|(_, block)| block).collect();
    assert!(blocks.contains(&block));
    assert_eq!(blocks.len(), 2);
}
