//! Blocks that nobody makes, though full nodes were asked for them (F-5, F-10): where nobody
//! else farms, nothing would go on before another full node comes.

use std::time::Duration;

use nodewire::Machine;
use nodewire::codec::chia::messages::{
    HeaderHash, HeaderSignature, RequestHeaderSignature, RespondHeaderSignature,
    RespondProofOfSpace,
};
use nodewire::codec::chia::{HeaderDataHash, Message, NodeType};
use nodewire::state::chia::{ConnectionId, Delivery, Farmer, FarmerCommand};

use super::{
    GOOD, HARVESTER, NODE, OTHER_NODE, broadcast, coinbase, config, farmer, finalized, pos_hash,
    proof, proven, request_header_hash, response,
};
use crate::given::{Played, signature, to};

const MADE: HeaderDataHash = HeaderDataHash([8; 32]);
const NEXT: HeaderDataHash = HeaderDataHash([7; 32]);
const LATER: Duration = Duration::from_secs(10);

fn made() -> HeaderHash {
    HeaderHash { pos_hash: pos_hash(), header_hash: MADE }
}

fn given() -> HeaderSignature {
    let header_signature = signature(9);
    HeaderSignature { pos_hash: pos_hash(), header_hash: MADE, header_signature }
}

/// The first full node has made a block.
fn with_block() -> Played<Farmer> {
    let (mut played, _) = proven(config());
    played.hear(NODE, made());
    let request = RequestHeaderSignature { quality: GOOD, header_hash: MADE };
    assert_eq!(played.sent(), [to(HARVESTER, request)]);
    played
}

/// It is signed, and handed on.
fn sign(played: &mut Played<Farmer>) {
    let header_hash_signature = signature(9);
    played.hear(HARVESTER, RespondHeaderSignature { quality: GOOD, header_hash_signature });
    let (id, _) = played.question();
    played.local(FarmerCommand::Verdict(id, true));
    assert_eq!(played.sent(), [to(NODE, given())]);
}

/// A full node that tells the challenge again, as that made room for others that it told, may be at
/// what it was asked for.
#[test]
fn who_was_asked_is_asked_again_later() {
    let mut played = with_all_asked();
    for (byte, weight) in [(8, 101), (9, 102), (7, 103)] {
        played.hear(OTHER_NODE, finalized(byte, 2_000, weight));
    }
    played.sent();
    played.pass(LATER - Duration::from_micros(1));
    assert_eq!(played.sent(), [], "it may be at it");
    played.pass(Duration::from_micros(1));
    // So may the other be for all that is known.
    let again = [NODE, OTHER_NODE].map(|node| to(node, request_header_hash()));
    assert_eq!(played.sent(), again);
    played.pass(LATER * 10);
    assert_eq!(played.sent(), [], "once");
}

/// Nor is it asked at once if it says another height then, for it was asked by what it said first.
#[test]
fn who_was_asked_and_says_another_height_is_asked_again_later() {
    let mut played = with_all_asked();
    played.hear(NODE, made());
    played.sent();
    sign(&mut played);
    played.disconnect(NODE);
    for (byte, height, weight) in [(8, 2_000, 101), (9, 2_000, 102), (7, 1_999, 103)] {
        played.hear(OTHER_NODE, finalized(byte, height, weight));
    }
    let (id, _) = played.question();
    played.sent();
    played.local(FarmerCommand::Coinbase(id, Some(Box::new(coinbase(2_000)))));
    assert_eq!(played.sent(), [], "it may be at it");
    played.pass(LATER);
    let sent = played.sent();
    assert_eq!(sent.first(), Some(&to(OTHER_NODE, given())));
    assert!(matches!(
        sent[1..],
        [Delivery::To(ConnectionId(OTHER_NODE), Message::RequestHeaderHash(_))]
    ));
}

/// Both full nodes were asked for a block, in one, by a farmer that knows two challenges at most.
fn with_all_asked() -> Played<Farmer> {
    let mut config = config();
    config.limits.max_challenges = 2;
    let mut played = farmer(config);
    for node in [OTHER_NODE, NODE] {
        played.hear(node, finalized(7, 2_000, 100));
    }
    let (id, _) = played.question();
    played.local(FarmerCommand::Coinbase(id, Some(Box::new(coinbase(2_001)))));
    played.sent();
    played.hear(HARVESTER, response(GOOD, 20));
    played.hear(HARVESTER, RespondProofOfSpace { quality: GOOD, proof: proof() });
    let (id, _) = played.question();
    played.local(FarmerCommand::Quality(id, Some(GOOD)));
    let all = broadcast(NodeType::FullNode, request_header_hash());
    assert_eq!(played.sent().last(), Some(&all));
    played
}

/// Whoever made one has gone before it was signed.
#[test]
fn who_is_left_is_asked_for_what_another_made() {
    let mut played = with_block();
    played.hear(OTHER_NODE, finalized(7, 2_000, 100));
    played.pass(LATER * 10);
    assert_eq!((played.sent(), played.machine.deadline()), (vec![], None), "somebody makes it");
    played.disconnect(NODE);
    played.pass(LATER);
    assert_eq!(played.sent(), [to(OTHER_NODE, request_header_hash())]);
}

/// Or after that, and maybe before anybody else had it.
#[test]
fn who_is_left_is_asked_for_what_was_signed_for_another() {
    let mut played = with_block();
    sign(&mut played);
    played.hear(OTHER_NODE, finalized(7, 2_000, 100));
    played.pass(LATER * 10);
    assert_eq!((played.sent(), played.machine.deadline()), (vec![], None));
    played.disconnect(NODE);
    played.pass(LATER);
    assert_eq!(played.sent(), [to(OTHER_NODE, given()), to(OTHER_NODE, request_header_hash())]);
}

/// Who tells the challenge only then is asked at once, and who was there all the time made no block that
/// is signed.
#[test]
fn who_tells_it_when_another_has_gone_is_asked_for_what_that_had() {
    let mut played = with_block();
    sign(&mut played);
    played.disconnect(NODE);
    played.hear(OTHER_NODE, finalized(7, 2_000, 100));
    assert_eq!(played.sent(), [to(OTHER_NODE, request_header_hash())]);
    played.connect(20, NodeType::FullNode);
    played.hear(20, finalized(7, 2_000, 100));
    assert_eq!(played.sent(), [to(20, given()), to(20, request_header_hash())]);
}

/// Who told a height whose coinbase is not there is asked when it comes, unless it made a block
/// meanwhile that we have: it would make another in its place (F-23).
#[test]
fn who_made_one_before_the_coinbase_came_is_not_asked_for_another() {
    for makes in [false, true] {
        let mut played = with_block();
        sign(&mut played);
        played.disconnect(NODE);
        // The next is signed at once, and lost: another has to wait for its signature.
        played.hear(OTHER_NODE, finalized(7, 2_000, 100));
        played.hear(OTHER_NODE, HeaderHash { pos_hash: pos_hash(), header_hash: NEXT });
        let request = RequestHeaderSignature { quality: GOOD, header_hash: NEXT };
        assert_eq!(played.sent().last(), Some(&to(HARVESTER, request)));
        let header_hash_signature = signature(8);
        played.hear(HARVESTER, RespondHeaderSignature { quality: GOOD, header_hash_signature });
        let (id, _) = played.question();
        played.local(FarmerCommand::Verdict(id, true));
        played.disconnect(OTHER_NODE);
        played.connect(20, NodeType::FullNode);
        played.hear(20, finalized(7, 1_999, 100));
        let (id, _) = played.question();
        if makes {
            let header_hash = HeaderDataHash([6; 32]);
            played.hear(20, HeaderHash { pos_hash: pos_hash(), header_hash });
        }
        played.sent();
        played.local(FarmerCommand::Coinbase(id, Some(Box::new(coinbase(2_000)))));
        assert_eq!(played.sent().len(), usize::from(!makes));
    }
}

/// Who has a heavier tip since needs it no more.
#[test]
fn who_went_on_is_not_asked() {
    let mut played = with_block();
    played.hear(OTHER_NODE, finalized(7, 2_000, 100));
    played.disconnect(NODE);
    played.hear(OTHER_NODE, finalized(6, 2_001, 101));
    played.sent();
    played.asked();
    played.pass(LATER);
    assert_eq!(played.sent(), []);
}

/// Who was asked a moment ago would make another in its place (F-23).
#[test]
fn who_has_just_come_and_was_asked_is_not_asked_again() {
    let mut played = with_block();
    played.hear(OTHER_NODE, finalized(7, 2_000, 100));
    played.disconnect(NODE);
    played.pass(LATER - Duration::from_secs(1));
    assert_eq!(played.sent(), []);
    played.connect(20, NodeType::FullNode);
    played.hear(20, finalized(7, 2_000, 100));
    assert_eq!(played.sent(), [to(20, request_header_hash())]);
    played.pass(Duration::from_secs(1));
    assert_eq!(played.sent(), [to(OTHER_NODE, request_header_hash())]);
    played.hear(20, made());
    played.sent();
    played.pass(LATER);
    assert_eq!(played.sent(), []);
}
