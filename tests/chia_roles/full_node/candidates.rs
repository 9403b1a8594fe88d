//! Blocks for farmers (F-22 to F-26).

use nodewire::codec::chia::messages::{HeaderHash, HeaderSignature, RequestHeaderHash};
use nodewire::codec::chia::{Bytes32, FullBlock, HeaderDataHash, NodeType};
use nodewire::codec::streamable::{RustCryptoSha256, Streamable};
use nodewire::sim::chia::stand_in;
use nodewire::state::chia::{
    Candidate, CandidateRequest, ConnectionId, Delivery, FullNodeCommand, FullNodeConfig,
    FullNodeQuery, PooledCoinbase, Signed,
};
use nodewire::{Machine, Outbox, Refused};

use super::{A, FARMER, Node, branch, maker};
use crate::given::{bytes32, penalty, signature, to};

fn node() -> Node {
    Node::among_peers(4, FullNodeConfig::default())
}

/// What a farmer asks to get this block.
fn request(block: &FullBlock) -> RequestHeaderHash {
    let proof_of_space = block.header_block.proof_of_space.clone();
    RequestHeaderHash {
        challenge_hash: proof_of_space.challenge_hash,
        coinbase: block.body.coinbase.clone(),
        coinbase_signature: block.body.coinbase_signature,
        fees_target_puzzle_hash: bytes32(9),
        proof_of_space,
    }
}

fn built(block: &FullBlock) -> Box<Candidate> {
    let header_data = block.header_block.header.data.clone();
    Box::new(Candidate { body: block.body.clone(), header_data })
}

fn answer(node: &mut Node, answer: impl FnOnce(nodewire::AskId) -> FullNodeCommand) {
    let (id, _) = node.played.question();
    node.played.local(answer(id));
}

fn pos_hash(block: &FullBlock) -> Bytes32 {
    Bytes32(block.header_block.proof_of_space.get_hash::<RustCryptoSha256>())
}

fn data_hash(block: &FullBlock) -> HeaderDataHash {
    block.header_block.header.data.hash::<RustCryptoSha256>()
}

/// Asks up to the built block; what the farmer is told.
pub fn ask(node: &mut Node, from: u64, block: &FullBlock) -> Vec<Delivery> {
    node.hear(from, request(block));
    answer(node, |id| FullNodeCommand::Quality(id, Some(bytes32(1))));
    answer(node, |id| FullNodeCommand::Verdict(id, true));
    answer(node, |id| FullNodeCommand::Candidate(id, Some(built(block))));
    node.played.sent()
}

pub fn signed(block: &FullBlock) -> HeaderSignature {
    HeaderSignature {
        pos_hash: pos_hash(block),
        header_hash: data_hash(block),
        header_signature: block.header_block.header.harvester_signature,
    }
}

#[test]
fn a_proof_becomes_a_block() {
    let mut node = node();
    let (parent, block) = (node.tip(), maker(3).unfinished(&node.top()));
    node.hear(FARMER, request(&block));
    let proof = block.header_block.proof_of_space.clone();
    let (id, query) = node.played.question();
    assert_eq!(query, FullNodeQuery::VerifyProofOfSpace(Box::new(proof.clone())));
    node.played.local(FullNodeCommand::Quality(id, Some(bytes32(1))));
    let (id, query) = node.played.question();
    let FullNodeQuery::VerifyCoinbase(coinbase) = query else { panic!() };
    let PooledCoinbase { pool_pubkey, signed: coinbase } = *coinbase;
    assert_eq!(pool_pubkey, proof.pool_pubkey);
    assert_eq!(coinbase.coinbase, block.body.coinbase);
    assert_eq!(coinbase.coinbase_signature, block.body.coinbase_signature);
    node.played.local(FullNodeCommand::Verdict(id, true));
    let (id, query) = node.played.question();
    let wanted = CandidateRequest { parent, request: request(&block) };
    assert_eq!(query, FullNodeQuery::BuildCandidate(Box::new(wanted)));
    assert_eq!(node.played.sent(), []);
    node.played.local(FullNodeCommand::Candidate(id, Some(built(&block))));
    let (pos_hash, header_hash) = (pos_hash(&block), data_hash(&block));
    assert_eq!(node.played.sent(), [to(FARMER, HeaderHash { pos_hash, header_hash })]);
    assert_eq!(node.played.machine.candidates(), 1);
    node.hear(FARMER, signed(&block));
    let (id, query) = node.played.question();
    let signature = block.header_block.header.harvester_signature;
    let hash = Bytes32(header_hash.0);
    let expected = Signed { key: proof.plot_pubkey, hash, signature };
    assert_eq!(query, FullNodeQuery::VerifySignature(Box::new(expected)));
    node.played.local(FullNodeCommand::Verdict(id, true));
    // Handled as an unfinished block of our own (P-20).
    let (id, query) = node.played.question();
    assert_eq!(query, FullNodeQuery::ValidateUnfinished(Box::new(block.clone())));
    let (quality, iterations) = node.ledger.judge_unfinished(&block).unwrap();
    let proven = nodewire::state::chia::Proven { quality, iterations };
    node.played.local(FullNodeCommand::Validated(id, Some(proven)));
    let sent = node.played.sent();
    let unfinished = nodewire::codec::chia::messages::UnfinishedBlock { block };
    assert_eq!(sent[1], Delivery::Broadcast(NodeType::FullNode, unfinished.into()), "to all");
    assert_eq!(sent.len(), 3);
}

#[test]
fn a_request_that_cannot_be_is_a_violation() {
    let block = maker(3).unfinished(&node().top());
    // Before anything is asked.
    let mut node_ = node();
    let other = RequestHeaderHash { challenge_hash: bytes32(1), ..request(&block) };
    node_.hear(FARMER, other);
    assert_eq!(node_.played.asked(), []);
    assert_eq!(blamed(&mut node_), "OtherChallenge");
    // The proof.
    let mut node_ = node();
    node_.hear(FARMER, request(&block));
    answer(&mut node_, |id| FullNodeCommand::Quality(id, None));
    assert_eq!(blamed(&mut node_), "InvalidProofOfSpace");
    // The height of the coinbase.
    for height in [4, 6] {
        let mut node_ = node();
        let mut wrong = request(&block);
        wrong.coinbase.height = height;
        node_.hear(FARMER, wrong);
        answer(&mut node_, |id| FullNodeCommand::Quality(id, Some(bytes32(1))));
        assert_eq!(blamed(&mut node_), "CoinbaseHeight");
    }
    // The pool's signature.
    let mut node_ = node();
    node_.hear(FARMER, request(&block));
    answer(&mut node_, |id| FullNodeCommand::Quality(id, Some(bytes32(1))));
    answer(&mut node_, |id| FullNodeCommand::Verdict(id, false));
    assert_eq!(blamed(&mut node_), "CoinbaseSignature");
    // The plot's.
    let mut node_ = node();
    ask(&mut node_, FARMER, &block);
    node_.hear(FARMER, HeaderSignature { header_signature: signature(7), ..signed(&block) });
    answer(&mut node_, |id| FullNodeCommand::Verdict(id, false));
    assert_eq!(blamed(&mut node_), "InvalidSignature");
}

fn blamed(node: &mut Node) -> &'static str {
    assert_eq!(node.played.asked(), [], "and nothing follows");
    let sent = node.played.sent();
    let [Delivery::Penalise(ConnectionId(FARMER), rule)] = &sent[..] else { panic!("{sent:?}") };
    rule.reason()
}

#[test]
fn what_is_for_no_tip_has_no_answer() {
    let mut node = node();
    let old = maker(3).unfinished(&super::genesis());
    node.hear(FARMER, request(&old));
    answer(&mut node, |id| FullNodeCommand::Quality(id, Some(bytes32(1))));
    assert_eq!((node.played.asked(), node.played.sent()), (vec![], vec![]), "silence");
    // A tip that is none any more when the coinbase was looked at.
    let mut node = Node::among_peers(0, FullNodeConfig::default());
    let block = maker(3).unfinished(&node.top());
    node.hear(FARMER, request(&block));
    answer(&mut node, |id| FullNodeCommand::Quality(id, Some(bytes32(1))));
    let (id, _) = node.played.question();
    for block in super::chain(4) {
        node.block(A, &block);
    }
    node.played.local(FullNodeCommand::Verdict(id, true));
    assert_eq!((node.played.asked(), node.played.sent()), (vec![], vec![]));
    // And a builder that wants no block.
    let block = maker(3).unfinished(&node.top());
    node.hear(FARMER, request(&block));
    answer(&mut node, |id| FullNodeCommand::Quality(id, Some(bytes32(1))));
    answer(&mut node, |id| FullNodeCommand::Verdict(id, true));
    answer(&mut node, |id| FullNodeCommand::Candidate(id, None));
    assert_eq!((node.played.sent(), node.played.machine.candidates()), (vec![], 0));
}

#[test]
fn a_block_asked_for_again_replaces_the_first() {
    let mut node = node();
    let first = maker(3).unfinished(&node.top());
    let mut second = first.clone();
    second.header_block.header.data.timestamp += 1;
    ask(&mut node, FARMER, &first);
    assert_eq!(ask(&mut node, FARMER, &second).len(), 1, "F-23");
    assert_eq!(node.played.machine.candidates(), 1);
    node.hear(FARMER, signed(&first));
    assert_eq!((node.played.asked(), node.played.sent()), (vec![], vec![]), "F-24: replaced");
    let unknown = HeaderSignature { pos_hash: bytes32(1), ..signed(&second) };
    node.hear(FARMER, unknown);
    assert_eq!((node.played.asked(), node.played.sent()), (vec![], vec![]), "F-24: unknown");
    node.hear(FARMER, signed(&second));
    assert_eq!(node.played.asked().len(), 1);
}

#[test]
fn a_block_that_was_not_asked_for_is_refused() {
    let mut node = node();
    let block = maker(3).unfinished(&node.top());
    node.hear(FARMER, request(&block));
    answer(&mut node, |id| FullNodeCommand::Quality(id, Some(bytes32(1))));
    answer(&mut node, |id| FullNodeCommand::Verdict(id, true));
    let (id, _) = node.played.question();
    let changes: [fn(&mut Candidate); 4] = [
        |it| it.header_data.prev_header_hash.0[0] ^= 1,
        |it| it.header_data.proof_of_space_hash.0[0] ^= 1,
        |it| it.header_data.body_hash.0[0] ^= 1,
        |it| it.body.coinbase.amount += 1,
    ];
    for change in changes {
        let mut wrong = built(&block);
        change(&mut wrong);
        let command = FullNodeCommand::Candidate(id, Some(wrong));
        let mut out = Outbox::new();
        let refusal = node.played.machine.handle_local(node.played.now, command, &mut out);
        assert!(matches!(refusal.unwrap_err().why, Refused::Invalid { .. }));
    }
    node.played.local(FullNodeCommand::Candidate(id, Some(built(&block))));
    assert_eq!(node.played.sent().len(), 1);
}

#[test]
fn candidates_are_shared_out_and_grow_old() {
    let mut config = FullNodeConfig::default();
    config.limits.max_candidates = 3;
    let mut node = Node::among_peers(4, config);
    node.played.connect(50, NodeType::Farmer);
    node.played.sent();
    let proof = |plot: u64| {
        let mut block = maker(plot).unfinished(&node.top());
        let key = block.header_block.proof_of_space.plot_pubkey;
        assert_eq!(key, stand_in::key(plot + 1));
        block.header_block.header.data.timestamp = plot;
        block
    };
    let blocks: Vec<_> = (10..16).map(proof).collect();
    for block in &blocks[..3] {
        assert_eq!(ask(&mut node, FARMER, block).len(), 1);
    }
    assert_eq!(ask(&mut node, FARMER, &blocks[3]).len(), 1);
    node.hear(FARMER, signed(&blocks[0]));
    assert_eq!(node.played.asked(), [], "it has as much as there is: its oldest made room");
    assert_eq!(ask(&mut node, 50, &blocks[4]).len(), 1, "the other farmer has a share");
    assert_eq!(node.played.machine.candidates(), 3);
    node.hear(FARMER, signed(&blocks[3]));
    assert_eq!(node.played.asked(), [], "the newest of whoever had the most made room");
    // A farmer that goes may come back with the signature.
    node.played.disconnect(FARMER);
    node.played.connect(60, NodeType::Farmer);
    node.hear(60, signed(&blocks[1]));
    assert_eq!(node.played.asked().len(), 1);
    for block in branch(&node.top(), 1, 33) {
        node.block(A, &block);
    }
    assert_eq!(node.played.machine.chain().lowest_height(), 35);
    assert_eq!(node.played.machine.candidates(), 3, "of height 5");
    let block = branch(&node.top(), 1, 1).remove(0);
    node.block(A, &block);
    assert_eq!(node.played.machine.candidates(), 0, "F-26");
}

/// One farmer makes more blocks than there is room for: what was signed waits for nothing more.
#[test]
fn a_farmer_is_never_done() {
    let mut config = FullNodeConfig::default();
    config.limits.max_candidates = 2;
    let mut node = Node::among_peers(4, config);
    node.played.sent();
    for number in 10..20 {
        let mut block = maker(number).unfinished(&node.top());
        block.header_block.header.data.timestamp = number;
        assert_eq!(ask(&mut node, FARMER, &block).len(), 1, "{number}");
        node.hear(FARMER, signed(&block));
        answer(&mut node, |id| FullNodeCommand::Verdict(id, true));
        assert_eq!(node.played.machine.candidates(), 0);
        // It is looked at as any unfinished block.
        let (_, query) = node.played.question();
        assert!(matches!(query, FullNodeQuery::ValidateUnfinished(_)), "{query:?}");
        node.hear(FARMER, signed(&block));
        assert_eq!(node.played.asked(), [], "signed twice");
    }
}

#[test]
fn what_a_farmer_wanted_goes_with_it() {
    let mut node = node();
    let block = maker(3).unfinished(&node.top());
    node.hear(FARMER, request(&block));
    let (id, _) = node.played.question();
    node.played.disconnect(FARMER);
    assert!(!node.played.machine.awaits(id));
    node.played.local(FullNodeCommand::Quality(id, None));
    assert_eq!(penalty(&node.played.sent()), None);
}
