//! Finished blocks (P-1 to P-9).

use std::time::Duration;

use nodewire::codec::chia::messages::{Block, RequestBlock};
use nodewire::codec::chia::{Blob, FullBlock, NodeType};
use nodewire::state::chia::{
    Added, ConnectionId, Delivery, FullNodeCommand, FullNodeConfig, FullNodeQuery, Role,
};
use nodewire::{Machine, Outbox, Refused};

use super::{A, B, C, Node, branch, chain, consensus, genesis, hash};
use crate::given::{penalty, to};

fn node_at(height: u32) -> Node {
    Node::among_peers(height, FullNodeConfig::default())
}

/// With another witness: the same header hash.
fn twin(block: &FullBlock, witness: u8) -> FullBlock {
    let mut twin = block.clone();
    let proof = twin.header_block.proof_of_time.as_mut().unwrap();
    proof.witness = Blob(vec![witness; 9].into());
    assert_eq!(hash(&twin), hash(block));
    twin
}

/// The blocks that full nodes other than `from` were told.
fn spread(sent: &[Delivery], from: u64) -> usize {
    let is_block = |delivery: &&Delivery| {
        matches!(delivery, Delivery::BroadcastToOthers(NodeType::FullNode, source, message)
            if *source == ConnectionId(from) && message.function().name() == "block")
    };
    sent.iter().filter(is_block).count()
}

/// What is done to a block, and the rule that it breaks then.
type Change = (fn(&mut FullBlock), &'static str);

#[test]
fn a_block_is_finished_and_of_one_height() {
    let good = branch(&genesis(), 1, 1).remove(0);
    let changes: [Change; 4] = [
        (|it| it.header_block.challenge = None, "NotFinished"),
        (|it| it.header_block.proof_of_time = None, "NotFinished"),
        (
            |it| (it.header_block.challenge, it.header_block.proof_of_time) = (None, None),
            "NotFinished",
        ),
        (|it| it.body.coinbase.height += 1, "TwoHeights"),
    ];
    for (change, reason) in changes {
        let mut node = node_at(0);
        let mut bad = good.clone();
        change(&mut bad);
        node.hear(A, Block { block: bad });
        assert_eq!(node.played.asked(), [], "the chain is not asked");
        let sent = node.played.sent();
        assert_eq!(penalty(&sent), Some((A, "chia/P-2")));
        let [Delivery::Penalise(_, rule)] = &sent[..] else { panic!() };
        assert_eq!(rule.reason(), reason);
    }
}

#[test]
fn what_becomes_of_a_block_is_the_chains_to_say() {
    let mut node = node_at(4);
    let blocks = chain(6);
    assert_eq!(spread(&node.block(A, &blocks[4]), A), 1);
    // Valid, and no tip: not announced.
    let mut sibling = branch(&genesis(), 2, 1);
    assert_eq!(node.block(A, &sibling.remove(0)), []);
    assert_eq!(node.block(B, &blocks[2]), [], "there already");
    // Invalid: the sender is blamed.
    assert_eq!(penalty(&node.block(B, &twin(&blocks[5], 1))), Some((B, "chia/P-3")));
    assert_eq!(spread(&node.block(C, &blocks[5]), C), 1, "nothing is held against the block");
}

#[test]
fn a_block_is_looked_at_once() {
    let mut node = node_at(4);
    let block = branch(&node.top(), 1, 1).remove(0);
    node.hear(A, Block { block: block.clone() });
    node.hear(B, Block { block: block.clone() });
    let asked = node.played.asked();
    assert_eq!(asked.len(), 1, "it is being added");
    let added = node.ledger.add(block.clone());
    node.played.local(FullNodeCommand::Added(asked[0].0, added));
    assert_eq!(spread(&node.played.sent(), A), 1);
    node.hear(B, Block { block });
    assert_eq!((node.played.asked(), node.played.sent()), (vec![], vec![]));
}

/// A twin that comes first does not keep the good block out (A-1, P-5).
#[test]
fn a_twin_censors_nothing() {
    let mut node = node_at(4);
    let block = branch(&node.top(), 1, 1).remove(0);
    // While the twin is being looked at, the good one is too.
    node.hear(A, Block { block: twin(&block, 1) });
    node.hear(B, Block { block: block.clone() });
    let asked = node.played.asked();
    assert_eq!(asked.len(), 2);
    node.played.local(FullNodeCommand::Added(asked[0].0, Added::Invalid));
    assert_eq!(penalty(&node.played.sent()), Some((A, "chia/P-3")));
    let added = node.ledger.add(block.clone());
    node.played.local(FullNodeCommand::Added(asked[1].0, added));
    assert_eq!(spread(&node.played.sent(), B), 1);
    // Nor among those that wait for their parents.
    let blocks = branch(&block, 1, 2);
    node.block(A, &twin(&blocks[1], 2));
    assert_eq!(node.block(B, &blocks[1]), [to(B, RequestBlock { header_hash: hash(&blocks[0]) })]);
    assert_eq!(node.played.machine.disconnected_blocks(), 2);
    let sent = node.block(C, &blocks[0]);
    assert_eq!((spread(&sent, C), spread(&sent, B)), (1, 1));
    let blamed = sent.iter().filter(|it| matches!(it, Delivery::Penalise(ConnectionId(A), _)));
    assert_eq!(blamed.count(), 1, "the twin, once its parent is there");
}

#[test]
fn how_far_a_block_is_decides_what_is_done_about_it() {
    // The lowest tip is at height 30; every block of another branch is disconnected.
    let other = branch(&branch(&genesis(), 7, 1)[0], 7, 60);
    for (height, wanted) in [(50, true), (30, true), (27, true), (26, false)] {
        let mut node = node_at(30);
        assert_eq!(node.played.machine.chain().lowest_height(), 28, "three tips in a row");
        // The others are no tips of this test.
        let mut only = node.played.machine.chain().clone();
        only.tips.truncate(1);
        let (id, block) = extend(&mut node);
        only.tips[0] = node.ledger.chain().tips[0];
        node.ledger.add(block);
        let mut after = node.ledger.chain();
        after.tips.truncate(1);
        node.played.local(FullNodeCommand::Added(id, Added::Tip(Box::new(after))));
        node.played.sent();
        let height = height + 1;
        let block = other.iter().find(|block| block.height() == height).unwrap();
        let request = RequestBlock { header_hash: block.prev_header_hash() };
        let expected = if wanted { vec![to(A, request)] } else { vec![] };
        assert_eq!(node.block(A, block), expected, "{height} beside 31");
        assert_eq!(node.played.machine.disconnected_blocks(), usize::from(wanted));
    }
}

/// The next block on the heaviest tip, being added.
fn extend(node: &mut Node) -> (nodewire::AskId, FullBlock) {
    let block = branch(&node.top(), 1, 1).remove(0);
    node.hear(C, Block { block: block.clone() });
    let (id, query) = node.played.question();
    assert_eq!(query, FullNodeQuery::AddBlock(Box::new(block.clone())));
    (id, block)
}

#[test]
fn a_few_blocks_are_caught_up_with_backwards() {
    let blocks = chain(9);
    let mut node = node_at(5);
    for height in [9, 8, 7] {
        let request = RequestBlock { header_hash: hash(&blocks[height - 2]) };
        assert_eq!(node.block(A, &blocks[height - 1]), [to(A, request)]);
    }
    let sent = node.block(A, &blocks[5]);
    assert_eq!(spread(&sent, A), 4, "P-6: all of them, in order");
    assert_eq!(node.tip().height, 9);
    assert_eq!(node.played.machine.disconnected_blocks(), 0);
}

/// A parent that the chain had all along, as answers came in another order.
#[test]
fn a_child_is_not_stuck_if_its_parent_was_there() {
    let blocks = chain(7);
    let mut node = node_at(5);
    node.hear(A, Block { block: blocks[5].clone() });
    node.hear(A, Block { block: blocks[6].clone() });
    let asked = node.played.asked();
    // The child was looked at before its parent was added, and says so afterwards.
    let added = node.ledger.add(blocks[5].clone());
    node.played.local(FullNodeCommand::Added(asked[0].0, added));
    node.played.local(FullNodeCommand::Added(asked[1].0, Added::Disconnected));
    let request = RequestBlock { header_hash: hash(&blocks[5]) };
    assert_eq!(node.played.sent().last(), Some(&to(A, request)));
    let sent = node.block(A, &blocks[5]);
    assert_eq!(spread(&sent, A), 1, "the answer is known, and the child follows");
    assert_eq!(node.tip().height, 7);
}

#[test]
fn a_parent_is_not_asked_for_again_and_again() {
    let blocks = chain(9);
    let mut node = node_at(5);
    let request = |peer| to(peer, RequestBlock { header_hash: hash(&blocks[7]) });
    assert_eq!(node.block(A, &blocks[8]), [request(A)]);
    assert_eq!(node.block(A, &blocks[8]), [], "P-7: once");
    assert_eq!(node.block(B, &blocks[8]), [request(B)], "once of each peer");
    node.played.pass(Duration::from_micros(9_999_999));
    assert_eq!(node.block(A, &blocks[8]), []);
    node.played.pass(Duration::from_micros(1));
    assert_eq!(node.block(A, &blocks[8]), [request(A)], "after ten seconds");
    // Or once it was answered.
    let request = RequestBlock { header_hash: hash(&blocks[6]) };
    assert_eq!(node.block(A, &blocks[7]), [to(A, request)]);
}

/// Blocks of height 10, none of which has a known parent.
fn strays(number: u8) -> Vec<FullBlock> {
    let block = chain(10).remove(9);
    let stray = |byte| {
        let mut block = block.clone();
        block.header_block.header.data.prev_header_hash.0 = [byte; 32];
        block
    };
    (0..number).map(stray).collect()
}

/// each block names yet another parent that nobody knows.
#[test]
fn an_endless_chain_ends() {
    let mut node = node_at(5);
    let strays = strays(60);
    let asked: usize = strays[..30].iter().map(|block| node.block(A, block).len()).sum();
    assert_eq!(asked, 24, "P-7");
    assert_eq!(node.played.machine.disconnected_blocks(), 24);
    // An honest peer is as well off as ever.
    assert_eq!(node.block(B, &strays[31]).len(), 1);
    // What did not find its parent in ten seconds makes room, one for one.
    node.played.pass(Duration::from_secs(10));
    let asked: usize = strays[32..].iter().map(|block| node.block(A, block).len()).sum();
    assert_eq!(asked, 24);
    assert_eq!(node.played.machine.disconnected_blocks(), 25);
    node.played.disconnect(A);
    assert_eq!(node.played.machine.disconnected_blocks(), 1, "only who sent it can be asked");
}

#[test]
fn a_full_store_has_room_for_whoever_has_little() {
    let mut config = FullNodeConfig::default();
    config.limits.max_disconnected = 30;
    let mut node = Node::among_peers(5, config);
    let strays = strays(60);
    for block in &strays[..24] {
        node.block(A, block);
    }
    for block in &strays[24..40] {
        assert_eq!(
            node.block(B, block).len(),
            if block.prev_header_hash().0[0] < 39 { 1 } else { 0 }
        );
    }
    assert_eq!(node.played.machine.disconnected_blocks(), 30);
    assert_eq!(node.block(C, &strays[50]).len(), 1);
}

/// Two who have the same share of a full store: what did not find its parent makes room, whosever
/// it is, or the store would stay full.
#[test]
fn of_a_full_store_the_oldest_makes_room() {
    let mut config = FullNodeConfig::default();
    config.limits.max_disconnected = 8;
    let mut node = Node::among_peers(5, config);
    let strays = strays(10);
    for (number, block) in strays[..8].iter().enumerate() {
        assert_eq!(node.block([A, B][number % 2], block).len(), 1);
    }
    node.played.pass(Duration::from_micros(9_999_999));
    assert_eq!(node.block(B, &strays[8]), [], "nothing has waited for long");
    node.played.pass(Duration::from_micros(1));
    assert_eq!(node.block(B, &strays[8]).len(), 1, "instead of the first, of the other");
    assert_eq!(node.played.machine.disconnected_blocks(), 8);
    assert_eq!(node.block(A, &strays[9]).len(), 1);
    assert_eq!(node.played.machine.disconnected_blocks(), 8);
}

#[test]
fn what_is_far_below_the_tips_goes() {
    let mut node = node_at(36);
    let lowest = node.played.machine.chain().lowest_height();
    assert_eq!(lowest, 34);
    let other = branch(&branch(&genesis(), 7, 1)[0], 7, 60);
    let stray = other.iter().find(|block| block.height() == 31).unwrap();
    assert_eq!(node.block(A, stray).len(), 1);
    for block in branch(&node.top(), 1, 27) {
        node.block(B, &block);
    }
    assert_eq!(node.played.machine.chain().lowest_height(), 61);
    assert_eq!(node.played.machine.disconnected_blocks(), 1, "31 is 30 below 61");
    let block = branch(&node.top(), 1, 1).remove(0);
    node.block(B, &block);
    assert_eq!(node.played.machine.disconnected_blocks(), 0, "P-6");
}

#[test]
fn a_peer_has_so_many_questions_open_and_no_other_waits() {
    let mut node = node_at(2);
    let block = branch(&node.top(), 1, 1).remove(0);
    for witness in 0..16 {
        assert!(!node.played.machine.is_busy_with(ConnectionId(A)));
        node.hear(A, Block { block: twin(&block, witness) });
    }
    assert!(node.played.machine.is_busy_with(ConnectionId(A)));
    assert!(!node.played.machine.is_busy_with(ConnectionId(B)));
    assert!(!node.played.machine.saturated());
    assert_eq!(node.played.asked().len(), 16);
    node.hear(A, Block { block: twin(&block, 17) });
    assert_eq!(node.played.asked(), [], "a driver that does not hold it back");
    assert_eq!(spread(&node.block(B, &block), B), 1);
}

/// Peers that come and go leave no more than so many questions behind.
#[test]
fn what_the_gone_left_is_bounded() {
    let mut config = FullNodeConfig::default();
    config.limits.max_asks_of_gone = 4;
    let mut node = Node::among_peers(2, config);
    let block = branch(&node.top(), 1, 1).remove(0);
    let mut ids = Vec::new();
    for (peer, witness) in [(A, 0), (A, 1), (A, 2), (B, 3), (B, 4), (C, 5)] {
        node.hear(peer, Block { block: twin(&block, witness) });
        ids.extend(node.played.asked().into_iter().map(|(id, _)| id));
    }
    node.played.disconnect(A);
    assert!(ids.iter().all(|id| node.played.machine.awaits(*id)), "good blocks all the same");
    node.played.disconnect(B);
    let awaited: Vec<_> = ids.iter().map(|id| node.played.machine.awaits(*id)).collect();
    assert_eq!(awaited, [false, true, true, true, true, true], "the oldest is given up");
    // Nobody is there to be blamed, and a block is a block.
    node.played.local(FullNodeCommand::Added(ids[1], Added::Invalid));
    assert_eq!(node.played.sent(), []);
    // What was given up may come again.
    node.hear(C, Block { block: twin(&block, 0) });
    assert_eq!(node.played.asked().len(), 1);
}

#[test]
fn answers_have_to_fit() {
    let mut node = node_at(2);
    let block = branch(&node.top(), 1, 1).remove(0);
    node.hear(A, Block { block: block.clone() });
    let (id, _) = node.played.question();
    let before = node.played.machine.clone();
    let Added::Tip(after) = node.ledger.add(block) else { panic!() };
    let (mut none, mut rateless, mut turned) = (after.clone(), after.clone(), after.clone());
    none.tips.clear();
    rateless.ips = 0;
    turned.tips.reverse();
    let stale = node.played.machine.chain().clone();
    for chain in [none, rateless, turned, Box::new(stale)] {
        let wrong = FullNodeCommand::Added(id, Added::Tip(chain));
        assert!(matches!(refused(&mut node, wrong), Refused::Invalid { .. }));
    }
    let wrong = FullNodeCommand::Verdict(id, true);
    assert!(matches!(refused(&mut node, wrong), Refused::Invalid { .. }));
    let stray = nodewire::AskId::from_u64(id.as_u64() + 5);
    assert_eq!(refused(&mut node, FullNodeCommand::Verdict(stray, true)), Refused::UnknownAsk);
    let stray = nodewire::AskId::from_u64(id.as_u64() + 1);
    assert_eq!(refused(&mut node, FullNodeCommand::Verdict(stray, true)), Refused::UnknownAsk);
    assert_eq!(node.played.machine, before);
    node.played.local(FullNodeCommand::Added(id, Added::Tip(after.clone())));
    assert_eq!(node.played.machine.chain(), &*after);
    node.played.sent();
    node.played.local(FullNodeCommand::Added(id, Added::Tip(after)));
    assert_eq!(node.played.sent(), [], "answered before");
}

fn refused(node: &mut Node, command: FullNodeCommand) -> Refused {
    let mut out = Outbox::new();
    let now = node.played.now;
    let refusal = node.played.machine.handle_local(now, command.clone(), &mut out).unwrap_err();
    assert_eq!((refusal.input, out.len()), (command, 0));
    refusal.why
}

#[test]
fn a_chain_has_to_be_one() {
    use nodewire::sim::chia::Ledger;
    use nodewire::state::chia::{FullNode, MAX_TIPS};
    let chain = Ledger::new(consensus(), genesis()).chain();
    assert!(<FullNode>::new(FullNodeConfig::default(), chain.clone()).is_ok());
    let mut many = chain.clone();
    many.tips = vec![chain.tips[0]; MAX_TIPS + 1];
    assert!(<FullNode>::new(FullNodeConfig::default(), many).is_err());
}
