//! Several tell one block while it is being added: what becomes of it concerns them all (P-3, P-4).

use std::time::Duration;

use nodewire::codec::chia::FullBlock;
use nodewire::codec::chia::messages::{Block, RequestBlock};
use nodewire::state::chia::{Added, ConnectionId, Delivery, FullNodeCommand, FullNodeConfig, Role};
use nodewire::{AskId, Machine};

use super::{A, B, C, Node, branch, genesis, hash};
use crate::given::to;

/// A block of another chain, of this height and heavier than ours.
fn far(height: u32) -> FullBlock {
    let mut block = branch(&branch(&genesis(), 7, 1)[0], 7, height - 1).pop().unwrap();
    block.header_block.challenge.as_mut().unwrap().total_weight = 1_000;
    block
}

fn node() -> Node {
    let mut config = FullNodeConfig::default();
    config.limits.max_asks_of_gone = 1;
    Node::among_peers(4, config)
}

/// Each tells the block; the one question about it.
fn told(node: &mut Node, from: &[u64], block: &FullBlock) -> AskId {
    for from in from {
        node.hear(*from, Block { block: block.clone() });
    }
    node.played.question().0
}

fn answer(node: &mut Node, id: AskId, added: Added) -> Vec<Delivery> {
    node.played.local(FullNodeCommand::Added(id, added));
    node.played.sent()
}

/// Whoever is not listened to (P-45) does not keep us from catching up by being first.
#[test]
fn a_sync_begins_with_whoever_it_may_begin_with() {
    let mut node = node();
    node.block(A, &far(40));
    while node.played.machine.is_syncing() {
        node.played.pass(Duration::from_secs(5));
    }
    node.played.sent();
    let far = far(45);
    let id = told(&mut node, &[A], &far);
    answer(&mut node, id, Added::Disconnected);
    assert!(!node.played.machine.is_syncing(), "A alone tells nothing that counts");
    let id = told(&mut node, &[A, B, A], &far);
    answer(&mut node, id, Added::Disconnected);
    assert!(node.played.machine.is_syncing());
    node.played.pass(Duration::from_secs(5));
    assert!(matches!(&node.played.sent()[..], [Delivery::To(ConnectionId(B), _)]));
}

/// All are asked for the parent, each once.
#[test]
fn all_are_asked_for_the_parent() {
    let next = branch(&node().top(), 1, 2);
    let request = |from| to(from, RequestBlock { header_hash: hash(&next[0]) });
    for goes in [false, true] {
        let mut node = node();
        let id = told(&mut node, &[B, A, C, B, A], &next[1]);
        let mut expected = vec![request(B), request(A), request(C)];
        if goes {
            node.played.disconnect(B);
            expected.remove(0);
        }
        assert_eq!(answer(&mut node, id, Added::Disconnected), expected);
        assert_eq!(node.played.machine.disconnected_blocks(), 1);
        node.block(C, &next[0]);
        assert_eq!(node.tip().height, 6);
    }
}

/// Each who sends what is invalid is blamed (P-3), if it is there.
#[test]
fn all_are_blamed_for_an_invalid_block() {
    let mut node = node();
    let block = branch(&node.top(), 1, 1).remove(0);
    let id = told(&mut node, &[B, A, C], &block);
    node.played.disconnect(A);
    let blamed: Vec<_> = answer(&mut node, id, Added::Invalid)
        .into_iter()
        .map(|it| match it {
            Delivery::Penalise(ConnectionId(from), rule) => (from, rule.id()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(blamed, [(B, "chia/P-3"), (C, "chia/P-3")]);
}

/// One whose body is not its header's, too.
#[test]
fn all_are_blamed_for_a_body_that_is_not_the_headers() {
    let mut node = node();
    let mut block = far(40);
    block.body.coinbase.height = 41;
    block.header_block.challenge.as_mut().unwrap().height = 41;
    let id = told(&mut node, &[B, A], &block);
    let sent = answer(&mut node, id, Added::Disconnected);
    let blamed =
        |it: &Delivery| matches!(it, Delivery::Penalise(_, rule) if rule.id() == "chia/P-3");
    assert!(sent.len() == 2 && sent.iter().all(blamed), "{sent:?}");
    assert!(!node.played.machine.is_syncing());
}

/// A question is not given up while somebody is there who told the block, and counts as of that one.
#[test]
fn it_is_not_given_up_while_one_of_them_is_there() {
    let mut node = node();
    let blocks: Vec<_> = (20..23).map(|plot| branch(&node.top(), plot, 1).remove(0)).collect();
    let ids: Vec<_> = blocks.iter().map(|block| told(&mut node, &[A], block)).collect();
    node.hear(B, Block { block: blocks[0].clone() });
    node.played.disconnect(A);
    let awaited = |node: &Node| ids.iter().map(|id| node.played.machine.awaits(*id)).collect();
    let now: Vec<bool> = awaited(&node);
    assert_eq!(now, [true, false, true]);
    node.played.disconnect(B);
    let now: Vec<bool> = awaited(&node);
    assert_eq!(now, [false, false, true], "the oldest of two");
}

/// Whoever tells what others told has as many questions open as if it had been first.
#[test]
fn whoever_tells_the_same_is_held_back_too() {
    let mut node = node();
    let blocks: Vec<_> = (20..36).map(|plot| branch(&node.top(), plot, 1).remove(0)).collect();
    let ids: Vec<_> = blocks.iter().map(|block| told(&mut node, &[A], block)).collect();
    for block in &blocks {
        assert!(!node.played.machine.is_busy_with(ConnectionId(B)));
        for _ in 0..2 {
            node.hear(B, Block { block: block.clone() });
        }
    }
    assert!(node.played.machine.is_busy_with(ConnectionId(B)));
    let before = node.played.machine.footprint();
    answer(&mut node, ids[0], Added::Orphan);
    assert!(!node.played.machine.is_busy_with(ConnectionId(B)));
    assert!(node.played.machine.footprint() < before);
}

/// It is kept as that of whoever has room for it.
#[test]
fn it_waits_where_there_is_room() {
    for (of_one, of_all, waiting) in [(1, 64, 2), (24, 1, 1)] {
        let mut config = FullNodeConfig::default();
        config.limits.max_disconnected_per_peer = of_one;
        config.limits.max_disconnected = of_all;
        let mut node = Node::among_peers(4, config);
        let (next, other) = (branch(&node.top(), 1, 2), branch(&node.top(), 3, 2));
        node.block(A, &other[1]);
        let id = told(&mut node, &[A, B], &next[1]);
        let sent = answer(&mut node, id, Added::Disconnected);
        assert!(sent.contains(&to(B, RequestBlock { header_hash: hash(&next[0]) })));
        assert_eq!(node.played.machine.disconnected_blocks(), waiting);
        node.played.disconnect(A);
        assert_eq!(node.played.machine.disconnected_blocks(), 1, "of the second");
    }
}
