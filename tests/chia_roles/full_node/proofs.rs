//! Proofs of time (T-21, T-22, P-23, P-24).

use nodewire::codec::chia::messages::{Block, NewProofOfTime, ProofOfTimeFinished};
use nodewire::codec::chia::{Blob, FullBlock, NodeType, ProofOfTime};
use nodewire::sim::chia::stand_in;
use nodewire::state::chia::{
    ConnectionId, Delivery, FullNodeCommand, FullNodeConfig, FullNodeQuery, Proven,
};

use super::{A, B, C, Node, TIMELORD, branch, finalized, maker, start};
use crate::given::{bytes32, penalty, to};

fn node() -> Node {
    Node::among_peers(4, FullNodeConfig::default())
}

/// A node that has accepted an unfinished block of A's; the block with its proof of time.
fn with_unfinished(config: FullNodeConfig) -> (Node, FullBlock) {
    let mut node = Node::among_peers(4, config);
    let unfinished = maker(2).unfinished(&node.top());
    assert_eq!(node.unfinished(A, &unfinished).len(), 3);
    let finished = maker(2).finish(unfinished, Some(&node.top()));
    (node, finished)
}

fn time_of(block: &FullBlock) -> ProofOfTime {
    block.header_block.proof_of_time.clone().unwrap()
}

fn damaged(proof: &ProofOfTime, byte: u8) -> ProofOfTime {
    ProofOfTime { witness: Blob(vec![byte; 5].into()), ..proof.clone() }
}

#[test]
fn a_timelord_finishes_a_block() {
    let (mut node, finished) = with_unfinished(FullNodeConfig::default());
    node.hear(TIMELORD, ProofOfTimeFinished { proof: time_of(&finished) });
    node.answer();
    let tip = node.tip();
    let broadcast = |to, message| Delivery::Broadcast(to, message);
    let sent = node.played.sent();
    let expected = [
        broadcast(NodeType::Timelord, start(&tip)),
        broadcast(NodeType::FullNode, Block { block: finished }.into()),
        broadcast(NodeType::Farmer, finalized(&tip)),
    ];
    assert_eq!(sent[..3], expected, "T-21: the whole block as its maker would have finished it");
}

#[test]
fn a_full_node_finishes_a_block() {
    let (mut node, finished) = with_unfinished(FullNodeConfig::default());
    node.hear(B, NewProofOfTime { proof: time_of(&finished) });
    node.answer();
    let block = Block { block: finished };
    assert_eq!(node.played.sent()[1], Delivery::Broadcast(NodeType::FullNode, block.into()));
    assert_eq!(node.tip().height, 5);
}

#[test]
fn who_sends_a_bad_proof_is_blamed_and_the_good_one_still_counts() {
    for (peer, rule) in [(TIMELORD, "chia/T-21"), (B, "chia/P-23")] {
        let (mut node, finished) = with_unfinished(FullNodeConfig::default());
        let proof = time_of(&finished);
        let send = |node: &mut Node, proof: ProofOfTime| {
            if peer == TIMELORD {
                node.hear(peer, ProofOfTimeFinished { proof });
            } else {
                node.hear(peer, NewProofOfTime { proof });
            }
            node.answer();
            node.played.sent()
        };
        for _ in 0..2 {
            let sent = send(&mut node, damaged(&proof, 1));
            assert_eq!(penalty(&sent), Some((peer, rule)), "each time");
        }
        assert!(send(&mut node, proof).len() >= 3);
    }
}

#[test]
fn without_the_block_a_good_proof_goes_on_once() {
    for (peer, rule) in [(TIMELORD, "chia/T-21"), (B, "chia/P-23")] {
        let mut node = node();
        let challenge = node.tip().challenge_hash;
        let send = |node: &mut Node, from: u64, proof: &ProofOfTime| {
            let proof = proof.clone();
            if from == TIMELORD {
                node.hear(from, ProofOfTimeFinished { proof });
            } else {
                node.hear(from, NewProofOfTime { proof });
            }
            node.answer();
            node.played.sent()
        };
        let good = stand_in::proof_of_time(challenge, 7_777, 9);
        let sent = send(&mut node, peer, &damaged(&good, 3));
        assert_eq!(penalty(&sent), Some((peer, rule)));
        let message = NewProofOfTime { proof: good.clone() }.into();
        let expected = if peer == TIMELORD {
            Delivery::Broadcast(NodeType::FullNode, message)
        } else {
            Delivery::BroadcastToOthers(NodeType::FullNode, ConnectionId(peer), message)
        };
        assert_eq!(send(&mut node, peer, &good), [expected], "T-22, P-23");
        for again in [A, C, TIMELORD] {
            assert_eq!(send(&mut node, again, &good), [], "seen");
        }
        // Of no tip, of this chain or any other.
        let old = node.ledger.block(node.played.machine.chain().genesis).unwrap();
        let old = old.header_block.challenge.as_ref().unwrap().prev_challenge_hash;
        for challenge in [old, bytes32(77)] {
            node.hear(A, NewProofOfTime { proof: stand_in::proof_of_time(challenge, 1, 9) });
            assert_eq!((node.played.asked(), node.played.sent()), (vec![], vec![]));
        }
    }
}

#[test]
fn a_proof_of_a_tip_to_be_may_come_again() {
    let mut node = node();
    let next = branch(&node.top(), 1, 1).remove(0);
    let challenge = next.header_block.challenge.as_ref().unwrap();
    let challenge = challenge.hash::<nodewire::codec::streamable::RustCryptoSha256>();
    let proof = stand_in::proof_of_time(challenge, 5, 9);
    node.hear(A, NewProofOfTime { proof: proof.clone() });
    assert_eq!(node.played.asked(), [], "of no tip");
    node.block(A, &next);
    node.hear(A, NewProofOfTime { proof });
    node.answer();
    assert_eq!(node.played.sent().len(), 1);
}

/// While a proof is looked at, its block comes.
/// Who sends a good proof and goes before anybody has looked at it keeps it from nobody.
#[test]
fn a_proof_whose_sender_is_gone_counts_when_others_send_it() {
    let finished = maker(2).finish(maker(2).unfinished(&node().top()), Some(&node().top()));
    let proof = time_of(&finished);
    for in_time in [true, false] {
        let mut node = node();
        node.hear(B, NewProofOfTime { proof: proof.clone() });
        assert_eq!(node.played.asked().len(), 1);
        if !in_time {
            node.played.disconnect(B);
        }
        node.hear(A, NewProofOfTime { proof: proof.clone() });
        let asked = node.played.asked();
        assert_eq!(asked.len(), usize::from(!in_time), "P-23: once, while somebody waits for it");
        for (id, query) in asked {
            assert_eq!(query, FullNodeQuery::VerifyProofOfTime(Box::new(proof.clone())));
            node.played.local(FullNodeCommand::Verdict(id, true));
            let passed_on = NewProofOfTime { proof: proof.clone() }.into();
            let to_others =
                Delivery::BroadcastToOthers(NodeType::FullNode, ConnectionId(A), passed_on);
            assert_eq!(node.played.sent(), [to_others]);
        }
    }
}

/// The same of one that finishes a block, where too many of those gone wait (T-21).
#[test]
fn a_finished_block_that_was_given_up_is_finished_again() {
    let mut config = FullNodeConfig::default();
    config.limits.max_asks_of_gone = 0;
    let (mut node, finished) = with_unfinished(config);
    for peer in [TIMELORD, B] {
        node.hear(B, NewProofOfTime { proof: time_of(&finished) });
        let asked = node.played.asked();
        assert_eq!(asked.len(), 1, "{peer}");
        if peer == B {
            let (id, FullNodeQuery::AddBlock(block)) = asked.into_iter().next().unwrap() else {
                panic!("T-21")
            };
            let added = node.ledger.add(*block);
            node.played.local(FullNodeCommand::Added(id, added));
        } else {
            node.played.disconnect(B);
            node.played.connect(B, NodeType::FullNode);
            node.played.asked();
        }
    }
    assert_eq!(node.tip().height, 5);
}

#[test]
fn a_block_that_comes_meanwhile_is_finished() {
    let mut node = node();
    let unfinished = maker(2).unfinished(&node.top());
    let finished = maker(2).finish(unfinished.clone(), Some(&node.top()));
    node.hear(B, NewProofOfTime { proof: time_of(&finished) });
    let (id, query) = node.played.question();
    assert_eq!(query, FullNodeQuery::VerifyProofOfTime(Box::new(time_of(&finished))));
    node.unfinished(A, &unfinished);
    node.played.local(FullNodeCommand::Verdict(id, true));
    node.answer();
    assert_eq!(node.tip().height, 5);
}

/// what cannot be written is no block.
#[test]
fn sums_beyond_their_width_make_no_block() {
    for change in 0..2 {
        let mut node = node();
        // The heaviest tip is as heavy as can be, or after as many iterations as can be.
        let block = branch(&node.top(), 1, 1).remove(0);
        node.hear(A, Block { block: block.clone() });
        let (id, _) = node.played.question();
        node.ledger.add(block);
        let mut after = node.ledger.chain();
        if change == 0 {
            after.tips[0].weight = u64::MAX;
        } else {
            after.tips[0].total_iters = u64::MAX;
        }
        let added = nodewire::state::chia::Added::Tip(Box::new(after));
        node.played.local(FullNodeCommand::Added(id, added));
        let unfinished = maker(2).unfinished(&node.top());
        node.hear(A, nodewire::codec::chia::messages::UnfinishedBlock { block: unfinished });
        let (id, _) = node.played.question();
        let proven = Proven { quality: bytes32(1), iterations: 100 };
        node.played.local(FullNodeCommand::Validated(id, Some(proven)));
        assert_eq!(node.played.machine.unfinished_blocks(), 1);
        node.played.sent();
        let proof = stand_in::proof_of_time(node.tip().challenge_hash, 100, 9);
        node.hear(TIMELORD, ProofOfTimeFinished { proof });
        assert_eq!((node.played.asked(), node.played.sent()), (vec![], vec![]));
    }
}

#[test]
fn whoever_has_the_rest_may_be_sent_the_proof_alone() {
    let mut config = FullNodeConfig::default();
    config.compact_blocks = true;
    let (mut node, finished) = with_unfinished(config);
    // D came later, and does not have the unfinished block; B went and came again.
    node.played.connect(40, NodeType::FullNode);
    node.played.disconnect(B);
    node.played.connect(41, NodeType::FullNode);
    node.answer();
    node.played.sent();
    let sent = node.block(C, &finished);
    let proof = NewProofOfTime { proof: time_of(&finished) };
    let block = Block { block: finished };
    let told: Vec<_> = sent.into_iter().filter(|it| matches!(it, Delivery::To(..))).collect();
    assert_eq!(told, [to(A, proof), to(40, block.clone()), to(41, block)], "P-24");
}
