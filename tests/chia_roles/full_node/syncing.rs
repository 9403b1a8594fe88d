//! Before, while and after syncing (P-1, P-4, P-34, P-45, T-21).

use std::time::Duration;

use nodewire::codec::chia::messages::{
    AllHeaderHashes, Block, ChallengeStart, ProofOfTimeFinished, ProofOfTimeRate, TransactionId,
    UnfinishedBlock,
};
use nodewire::codec::chia::{self, Blob, FullBlock, NodeType, ProofOfTime};
use nodewire::sim::chia::stand_in;
use nodewire::state::chia::{
    Added, Chain, Delivery, FullNodeCommand, FullNodeConfig, FullNodeNotice, FullNodeQuery,
    SyncCommand, SyncFailure, SyncNotice, SyncOutcome, SyncPhase,
};
use nodewire::{AskId, Machine, Outbox, Refused};

use super::{A, B, Node, TIMELORD, branch, finalized, genesis, maker, start};
use crate::given::penalty;

/// A block of another chain, of this height, as heavy as told.
fn far(height: u32, weight: u64) -> FullBlock {
    let mut block = branch(&branch(&genesis(), 7, 1)[0], 7, height - 1).pop().unwrap();
    assert_eq!(block.height(), height);
    block.header_block.challenge.as_mut().unwrap().total_weight = weight;
    block
}

/// The notices of the sync.
fn told(node: &mut Node) -> Vec<SyncNotice> {
    let notices = node.played.notices().into_iter();
    notices
        .filter_map(|it| if let FullNodeNotice::Sync(it) = it { Some(it) } else { None })
        .collect()
}

/// A node that syncs to a chain that nobody will show it, with an unfinished block; that block
/// finished.
fn syncing() -> (Node, FullBlock) {
    let mut node = Node::among_peers(4, FullNodeConfig::default());
    let unfinished = maker(2).unfinished(&node.top());
    node.unfinished(B, &unfinished);
    node.block(A, &far(40, 1_000));
    assert!(node.played.machine.is_syncing());
    node.played.notices();
    let finished = maker(2).finish(unfinished, Some(&node.top()));
    (node, finished)
}

fn time_of(block: &FullBlock) -> ProofOfTime {
    block.header_block.proof_of_time.clone().unwrap()
}

const TIP_WAIT: Duration = Duration::from_secs(5);

/// Nobody answers what the sync asks, until it has come to nothing.
fn end(node: &mut Node) {
    node.played.pass(TIP_WAIT);
    let sent = node.played.sent();
    assert!(matches!(&sent[..], [Delivery::To(..)]), "the hashes: {sent:?}");
    node.played.pass(Duration::from_secs(201));
    assert!(!node.played.machine.is_syncing());
}

#[test]
fn more_than_twenty_blocks_are_synced() {
    for (height, syncs) in [(22, false), (23, true)] {
        // The lowest tip is at height 2.
        let mut node = Node::among_peers(4, FullNodeConfig::default());
        assert_eq!(node.played.machine.chain().lowest_height(), 2);
        let sent = node.block(A, &far(height, 1_000));
        assert_eq!(node.played.machine.is_syncing(), syncs, "{height}: P-4");
        assert_eq!(sent.is_empty(), syncs);
        let began = told(&mut node).first() == Some(&SyncNotice::Began);
        assert_eq!(began, syncs);
    }
}

/// One that weighs no more than ours would have us pass over what everybody else says, for nothing
/// and again and again (P-36).
#[test]
fn a_high_block_that_is_not_heavier_begins_nothing() {
    let mut node = Node::among_peers(4, FullNodeConfig::default());
    let ours = node.played.machine.chain().tips[0].weight;
    assert_eq!(node.block(A, &far(40, ours)), []);
    assert!(!node.played.machine.is_syncing());
    node.block(A, &far(40, ours + 1));
    assert!(node.played.machine.is_syncing());
}

/// Its height is what the body says, and the body is not the header's: an honest node that has the
/// header would seem to lie (P-3, P-4).
#[test]
fn a_high_block_whose_body_is_not_its_headers_begins_nothing() {
    let mut node = Node::among_peers(4, FullNodeConfig::default());
    let mut block = far(40, 1_000);
    block.body.coinbase.height = 41;
    block.header_block.challenge.as_mut().unwrap().height = 41;
    node.hear(A, Block { block });
    // A keeper that looks for the parent first.
    let (id, _) = node.played.question();
    node.played.local(FullNodeCommand::Added(id, Added::Disconnected));
    assert_eq!(penalty(&node.played.sent()), Some((A, "chia/P-3")));
    assert!(!node.played.machine.is_syncing());
}

#[test]
fn blocks_are_candidates_and_the_rest_is_passed_over() {
    let (mut node, _) = syncing();
    let next = branch(&node.top(), 1, 1).remove(0);
    node.hear(B, Block { block: far(39, 2) });
    node.hear(B, UnfinishedBlock { block: maker(3).unfinished(&node.top()) });
    node.hear(B, UnfinishedBlock { block: next });
    let transaction_id = chia::TransactionId([1; 32]);
    node.hear(B, TransactionId { transaction_id });
    assert_eq!((node.played.asked(), node.played.sent()), (vec![], vec![]), "P-1, P-34");
    // What is no candidate is a violation here too.
    let mut mixed = far(30, 1);
    mixed.header_block.proof_of_time = None;
    node.hear(B, Block { block: mixed });
    assert_eq!(penalty(&node.played.sent()), Some((B, "chia/P-35")));
    assert_eq!(node.played.machine.deadline(), Some(node.played.now.after(TIP_WAIT)));
    end(&mut node);
    let failed = SyncOutcome::Failed(SyncFailure::TimedOut(SyncPhase::Hashes));
    assert_eq!(told(&mut node).last(), Some(&SyncNotice::Ended(failed)));
    node.played.sent();
    node.hear(A, TransactionId { transaction_id });
    assert_eq!(node.played.asked().len(), 1, "wanted again");
    let block = branch(&node.top(), 1, 1).remove(0);
    assert!(!node.block(A, &block).is_empty());
}

/// A sync that fails is over for everybody (P-45); another begins with what others told while it
/// went on.
#[test]
fn what_was_told_during_a_sync_that_failed_begins_another() {
    let (mut node, _) = syncing();
    let mut low = branch(&genesis(), 1, 1).remove(0);
    low.header_block.challenge.as_mut().unwrap().total_weight = 9_999;
    node.hear(B, Block { block: low.clone() });
    node.played.pass(TIP_WAIT);
    let [Delivery::To(to, _)] = &node.played.sent()[..] else { panic!() };
    assert_eq!(to.0, B);
    let header_hashes = vec![super::hash(&genesis()), super::hash(&low)];
    node.hear(B, AllHeaderHashes { header_hashes });
    let sent = node.played.sent();
    let failed = SyncNotice::Ended(SyncOutcome::Failed(SyncFailure::Shorter));
    let told = told(&mut node);
    let at = told.iter().position(|notice| *notice == failed).unwrap();
    assert_eq!(told[at + 1], SyncNotice::Began);
    assert!(node.played.machine.is_syncing());
    let tip = finalized(&node.tip());
    assert!(sent.contains(&Delivery::Broadcast(NodeType::Farmer, tip)), "P-45");
    // It is the turn of who told the other.
    node.played.pass(TIP_WAIT);
    let [Delivery::To(to, _)] = &node.played.sent()[..] else { panic!() };
    assert_eq!(to.0, A);
}

#[test]
fn what_is_finished_meanwhile_is_added_afterwards() {
    let (mut node, finished) = syncing();
    let good = time_of(&finished);
    node.hear(TIMELORD, ProofOfTimeFinished { proof: good.clone() });
    let (id, query) = node.played.question();
    assert_eq!(query, FullNodeQuery::VerifyProofOfTime(Box::new(good)), "or anybody could fill it");
    node.played.local(FullNodeCommand::Verdict(id, true));
    assert_eq!((node.played.asked(), node.played.sent()), (vec![], vec![]));
    end(&mut node);
    assert_eq!(node.played.sent(), [], "P-45: it is added first");
    let (id, query) = node.played.question();
    assert_eq!(query, FullNodeQuery::AddBlock(Box::new(finished.clone())));
    let added = node.ledger.add(finished.clone());
    node.played.local(FullNodeCommand::Added(id, added));
    let sent = node.played.sent();
    let tips = node.played.machine.chain().tips.clone();
    let block = Delivery::Broadcast(NodeType::FullNode, Block { block: finished }.into());
    assert_eq!(sent[1], block, "F-21");
    // Then everybody hears how things stand: timelords, then farmers, then wallets.
    let mut expected: Vec<_> =
        tips.iter().map(|tip| Delivery::Broadcast(NodeType::Timelord, start(tip))).collect();
    let infos = sent.iter().filter(|it| {
        matches!(it, Delivery::Broadcast(_, message)
        if message.function().name() == "proof_of_space_info")
    });
    expected.extend(infos.cloned());
    let rate = ProofOfTimeRate { pot_estimate_ips: 1_000 };
    expected.push(Delivery::Broadcast(NodeType::Farmer, rate.into()));
    let farmers = tips.iter().map(|tip| Delivery::Broadcast(NodeType::Farmer, finalized(tip)));
    expected.extend(farmers);
    assert!(sent.ends_with(&expected), "{sent:?}");
}

#[test]
fn without_anything_kept_everybody_is_told_at_once() {
    let (mut node, _) = syncing();
    end(&mut node);
    let tip = node.tip();
    let first = ChallengeStart { challenge_hash: tip.challenge_hash, weight: tip.weight };
    let sent = node.played.sent();
    assert_eq!(sent[0], Delivery::Broadcast(NodeType::Timelord, first.into()));
    // Three tips and an unfinished block; a rate and three tips.
    assert_eq!(sent.len(), 8);
}

#[test]
fn a_bad_proof_is_not_kept() {
    let (mut node, finished) = syncing();
    let bad = ProofOfTime { witness: Blob(vec![1].into()), ..time_of(&finished) };
    node.hear(TIMELORD, ProofOfTimeFinished { proof: bad });
    node.answer();
    assert_eq!(penalty(&node.played.sent()), Some((TIMELORD, "chia/T-21")));
    end(&mut node);
    assert_eq!(node.played.asked(), []);
}

#[test]
fn so_many_are_kept() {
    let mut config = FullNodeConfig::default();
    config.limits.max_kept = 2;
    let mut node = Node::among_peers(4, config);
    let unfinished = maker(2).unfinished(&node.top());
    node.unfinished(B, &unfinished);
    node.block(A, &far(40, 1_000));
    let finished = maker(2).finish(unfinished, Some(&node.top()));
    let good = time_of(&finished);
    for witness in 1..=3 {
        let size = witness * 10;
        let proof = stand_in::proof_of_time(good.challenge_hash, good.number_of_iterations, size);
        node.hear(TIMELORD, ProofOfTimeFinished { proof });
        node.answer();
    }
    assert_eq!(node.played.sent(), []);
    end(&mut node);
    let asked = node.played.asked();
    assert_eq!(asked.len(), 2, "T-21: the newest");
    for (id, query) in asked {
        assert_eq!(node.played.sent(), [], "once all are added");
        let FullNodeQuery::AddBlock(block) = query else { panic!() };
        let added = node.ledger.add(*block);
        node.played.local(FullNodeCommand::Added(id, added));
        if node.tip().height == 5 && node.played.machine.chain().tips.len() == 3 {
            // Announced as a new tip; the rest comes with the second.
            let sent = node.played.sent();
            assert!(!sent.is_empty());
        }
    }
}

/// A block that waited for its parent, which the sync has brought or not, is looked at again.
#[test]
fn what_waited_for_its_parent_is_tried_again() {
    let mut node = Node::among_peers(4, FullNodeConfig::default());
    let blocks = branch(&node.top(), 1, 3);
    node.block(B, &blocks[2]);
    node.block(A, &far(40, 1_000));
    // As a sync would.
    node.ledger.add(blocks[0].clone());
    node.ledger.add(blocks[1].clone());
    node.played.sent();
    end(&mut node);
    node.answer();
    assert_eq!(node.tip().height, 7);
    assert_eq!(node.played.machine.disconnected_blocks(), 0);
}

/// What the sync's keeper says of the chain has to be sound, as what the node's says (P-3).
#[test]
fn a_chain_that_cannot_stand_so_is_refused_while_syncing_too() {
    let (mut node, _) = syncing();
    let chain = node.played.machine.chain().clone();
    let mut unsound = chain.clone();
    unsound.tips.clear();
    let (before, mut out) = (node.played.machine.clone(), Outbox::new());
    let mut refused = |chain: Chain| {
        let added = SyncCommand::Added(AskId::from_u64(901), Added::Tip(Box::new(chain)));
        let command = FullNodeCommand::Sync(added);
        node.played.machine.handle_local(node.played.now, command, &mut out).unwrap_err().why
    };
    let why = refused(unsound);
    assert!(matches!(why, Refused::Invalid { .. }), "{why}");
    // One that can is refused for what it answers, as nothing was asked.
    assert_ne!(refused(chain), why);
    assert!(out.is_empty() && node.played.machine == before);
}
