//! Which header a signature is of, which it does not say (F-6, F-7).

use nodewire::Machine;
use nodewire::codec::chia::messages::{
    ChallengeResponse, HeaderHash, HeaderSignature, ProofOfSpaceArrived, RequestHeaderSignature,
    RespondHeaderSignature, RespondProofOfSpace,
};
use nodewire::codec::chia::{Bytes32, HeaderDataHash, Message, NodeType};
use nodewire::state::chia::{Delivery, Farmer, FarmerCommand, FarmerQuery};

use super::{
    DIFFICULTY, GOOD, HARVESTER, NODE, OTHER_NODE, config, finalized, pos_hash, proof, proven,
    request_header_hash, response,
};
use crate::given::{Played, bytes32, penalty, signature, to};

fn made(byte: u8) -> HeaderHash {
    HeaderHash { pos_hash: pos_hash(), header_hash: HeaderDataHash([byte; 32]) }
}

/// The harvester signs the header of this byte; every question is answered as is true.
fn sign(played: &mut Played<Farmer>, byte: u8) {
    let header_hash_signature = signature(byte);
    played.hear(HARVESTER, RespondHeaderSignature { quality: GOOD, header_hash_signature });
    loop {
        let asked = played.asked();
        if asked.is_empty() {
            return;
        }
        for (id, query) in asked {
            let FarmerQuery::VerifySignature(of) = query else { panic!("{query:?}") };
            played.local(FarmerCommand::Verdict(id, of.signature == signature(of.hash.0[0])));
        }
    }
}

/// The first full node made header 8 and went, the other one made header 9.
fn with_two() -> Played<Farmer> {
    let (mut played, _) = proven(config());
    played.hear(NODE, made(8));
    played.disconnect(NODE);
    played.hear(OTHER_NODE, made(9));
    assert_eq!(played.sent().len(), 2);
    played
}

#[test]
fn a_harvester_may_sign_in_any_order_and_leave_some_out() {
    for order in [&[8, 9][..], &[9, 8], &[9]] {
        let mut played = with_two();
        let mut sent = Vec::new();
        for byte in order {
            sign(&mut played, *byte);
            sent.extend(played.sent());
        }
        let HeaderHash { pos_hash, header_hash } = made(9);
        let message = HeaderSignature { pos_hash, header_hash, header_signature: signature(9) };
        assert_eq!(sent, [to(OTHER_NODE, message)], "{order:?}");
    }
}

#[test]
fn a_signature_of_none_of_them_is_a_violation() {
    let mut played = with_two();
    sign(&mut played, 7);
    assert_eq!(penalty(&played.sent()), Some((HARVESTER, "chia/F-7")));
}

/// What it was asked to sign made room for another quality, and was found again.
#[test]
fn a_signature_that_is_not_needed_any_more_is_no_violation() {
    let mut config = config();
    config.limits.max_qualities = 1;
    let (mut played, _) = proven(config);
    played.hear(NODE, made(8));
    played.hear(NODE, finalized(6, 2_000, 101));
    let challenge_hash = bytes32(6);
    played
        .hear(HARVESTER, ChallengeResponse { challenge_hash, ..response(Bytes32([254; 32]), 20) });
    played.hear(HARVESTER, response(GOOD, 20));
    played.hear(HARVESTER, RespondProofOfSpace { quality: GOOD, proof: proof() });
    let (id, _) = played.question();
    played.local(FarmerCommand::Quality(id, Some(GOOD)));
    played.sent();
    played.hear(NODE, made(9));
    assert_eq!(played.sent(), [request(9)]);
    sign(&mut played, 8);
    assert_eq!(played.sent(), []);
    // Once for each that it was asked for.
    sign(&mut played, 8);
    assert_eq!(penalty(&played.sent()), Some((HARVESTER, "chia/F-7")));
}

#[test]
fn full_nodes_that_come_and_go_do_not_have_a_proof_signed_for_ever() {
    let (mut played, _) = proven(config());
    for node in 10..20 {
        played.connect(node, NodeType::FullNode);
        played.hear(node, made(u8::try_from(node).unwrap()));
        played.disconnect(node);
    }
    assert_eq!(played.sent().len(), 4);
    // As soon as one is signed another may be.
    sign(&mut played, 11);
    played.hear(OTHER_NODE, made(9));
    assert_eq!(played.sent().len(), 1);
}

#[test]
fn two_full_nodes_may_make_the_same_block() {
    for answers_early in [false, true] {
        let (mut played, _) = proven(config());
        played.hear(NODE, made(8));
        assert_eq!(played.sent().len(), 1);
        let header_hash_signature = signature(8);
        let signed = RespondHeaderSignature { quality: GOOD, header_hash_signature };
        if answers_early {
            played.hear(HARVESTER, signed.clone());
        }
        played.disconnect(NODE);
        played.hear(OTHER_NODE, made(8));
        assert_eq!(played.sent(), [], "it is asked for already");
        if !answers_early {
            played.hear(HARVESTER, signed);
        }
        let (id, _) = played.question();
        played.local(FarmerCommand::Verdict(id, true));
        let HeaderHash { pos_hash, header_hash } = made(8);
        let message = HeaderSignature { pos_hash, header_hash, header_signature: signature(8) };
        assert_eq!(played.sent(), [to(OTHER_NODE, message)], "{answers_early}");
    }
}

fn request(byte: u8) -> Delivery {
    let HeaderHash { header_hash, .. } = made(byte);
    to(HARVESTER, RequestHeaderSignature { quality: GOOD, header_hash })
}

fn submitted(node: u64, byte: u8) -> Delivery {
    let HeaderHash { pos_hash, header_hash } = made(byte);
    to(node, HeaderSignature { pos_hash, header_hash, header_signature: signature(byte) })
}

/// F-10: who has answered already won't again, so what it made is kept until the first is signed.
#[test]
fn what_others_made_is_signed_if_the_first_goes_before_it_is() {
    let (mut played, _) = proven(config());
    played.hear(NODE, made(8));
    // Of each the last: it may have made another since (F-23).
    played.hear(OTHER_NODE, made(7));
    played.hear(OTHER_NODE, made(9));
    assert_eq!(played.sent(), [request(8)]);
    played.disconnect(NODE);
    assert_eq!(played.sent(), [request(9)]);
    sign(&mut played, 8);
    assert_eq!(played.sent(), []);
    sign(&mut played, 9);
    assert_eq!(played.sent(), [submitted(OTHER_NODE, 9)]);
}

/// once a signature was handed on no other block of the proof is signed while it may be on its
/// way, nor for those that have it already (F-25) or something better.
#[test]
fn what_others_made_is_nothing_while_the_first_is_not_lost() {
    let weight = 100 + DIFFICULTY;
    let arrived = |quality| Message::from(ProofOfSpaceArrived { weight, quality });
    let news = [
        (arrived(GOOD), false),
        (arrived(bytes32(254)), true),
        (finalized(8, 2_001, 101).into(), false),
        (finalized(7, 2_000, 100).into(), true),
    ];
    for (news, is_signed) in news {
        let (mut played, _) = proven(config());
        played.hear(NODE, made(8));
        played.hear(OTHER_NODE, made(9));
        sign(&mut played, 8);
        assert_eq!(played.sent(), [request(8), submitted(NODE, 8)]);
        played.hear(OTHER_NODE, news);
        played.hear(OTHER_NODE, made(9));
        played.sent();
        played.disconnect(NODE);
        let expected = if is_signed { vec![request(9)] } else { vec![] };
        assert_eq!(played.sent(), expected);
    }
}

#[test]
fn what_who_is_gone_made_is_not_signed() {
    let (mut played, _) = proven(config());
    played.hear(NODE, made(8));
    played.hear(OTHER_NODE, made(9));
    played.disconnect(OTHER_NODE);
    played.disconnect(NODE);
    assert_eq!(played.sent(), [request(8)]);
    played.connect(5, NodeType::FullNode);
    played.hear(5, made(7));
    assert_eq!(played.sent(), [request(7)]);
}

/// One signature may be of a block that several full nodes made: whichever of them keeps it back.
#[test]
fn all_that_made_the_same_block_get_its_signature() {
    let (mut played, _) = proven(config());
    for (node, byte) in [(NODE, 8), (OTHER_NODE, 8), (OTHER_NODE, 8), (5, 9), (6, 8)] {
        played.hear(node, made(byte));
    }
    sign(&mut played, 8);
    let all = [NODE, OTHER_NODE, 6].map(|node| submitted(node, 8));
    assert_eq!(played.sent(), [&[request(8)], &all[..]].concat());
}

#[test]
fn what_others_made_is_bounded() {
    let (mut played, _) = proven(config());
    played.hear(NODE, made(8));
    for node in 10..20 {
        played.hear(node, made(u8::try_from(node).unwrap()));
    }
    let footprint = played.machine.footprint();
    for node in 20..200 {
        played.hear(node, made(u8::try_from(node).unwrap()));
    }
    assert_eq!(played.machine.footprint(), footprint);
    played.sent();
    played.disconnect(NODE);
    assert_eq!(played.sent(), [request(10)]);
}

/// A full node that comes back is asked for what may have been lost with its connection: a block,
/// or to take the signature of the one that it made. Nobody else would ever bring them.
#[test]
fn who_comes_back_is_asked_for_a_block_and_given_its_signature() {
    let (mut played, _) = proven(config());
    played.disconnect(OTHER_NODE);
    played.disconnect(NODE);
    for node in [10, 11] {
        played.connect(node, NodeType::FullNode);
        played.hear(node, finalized(7, 2_000, 1_000));
        assert_eq!(played.sent(), [to(node, request_header_hash())], "{node}");
        played.hear(node, finalized(7, 2_000, 1_000));
        assert_eq!(played.sent(), [], "{node} said so before");
        played.disconnect(node);
        assert_eq!(played.sent(), []);
    }
    played.connect(12, NodeType::FullNode);
    played.hear(12, finalized(7, 2_000, 1_000));
    played.hear(12, made(8));
    sign(&mut played, 8);
    played.sent();
    let HeaderHash { pos_hash, header_hash } = made(8);
    let message = HeaderSignature { pos_hash, header_hash, header_signature: signature(8) };
    played.connect(13, NodeType::FullNode);
    played.hear(13, finalized(7, 2_000, 1_000));
    assert_eq!(played.sent(), [], "whom it was given is there");
    played.disconnect(12);
    come_back(&mut played, 14, message.clone());
    played.hear(14, made(8));
    assert_eq!(played.sent(), [to(14, message.clone())], "it is signed");
    come_back(&mut played, 15, None);
    played.disconnect(14);
    come_back(&mut played, 16, message);
    // It has lost its memory: nobody else would ever make a block of this proof.
    played.hear(16, made(9));
    assert_eq!(played.sent(), [request(9)]);
    sign(&mut played, 9);
    assert_eq!(played.sent(), [submitted(16, 9)]);
    come_back(&mut played, 17, None);
}

/// A full node comes, tells the challenge, and is given a signature and asked for a block.
fn come_back(played: &mut Played<Farmer>, node: u64, given: impl Into<Option<HeaderSignature>>) {
    played.connect(node, NodeType::FullNode);
    played.hear(node, finalized(7, 2_000, 1_000));
    let given = given.into();
    let sent = given.map(|it| vec![to(node, it), to(node, request_header_hash())]);
    assert_eq!(played.sent(), sent.unwrap_or_default(), "{node}");
}

/// Whoever takes signatures and goes, over and over, has a harvester sign once in a while.
#[test]
fn a_lost_block_is_made_again_once_in_a_while() {
    let (mut played, _) = proven(config());
    played.hear(NODE, made(1));
    sign(&mut played, 1);
    played.disconnect(NODE);
    played.sent();
    let mut asked = 0;
    let every = config().limits.sign_again_after;
    for node in 10..110 {
        played.connect(node, NodeType::FullNode);
        played.hear(node, finalized(7, 2_000, 1_000));
        let byte = u8::try_from(node).unwrap();
        played.hear(node, made(byte));
        sign(&mut played, byte);
        let is_request = |it: &&Delivery| **it == request(byte);
        asked += played.sent().iter().filter(is_request).count();
        played.disconnect(node);
        played.pass(every / 20);
    }
    assert_eq!(asked, 5);
    // Who stays has its turn in the end.
    played.connect(200, NodeType::FullNode);
    played.hear(200, finalized(7, 2_000, 1_000));
    played.sent();
    played.hear(200, made(200));
    assert_eq!(played.sent(), [request(200)]);
    played.connect(201, NodeType::FullNode);
    played.hear(201, made(201));
    played.disconnect(200);
    assert_eq!(played.sent(), []);
    assert_eq!(played.machine.deadline(), Some(played.now.after(every)));
    played.pass(every);
    assert_eq!(played.sent(), [request(201)]);
    assert_eq!(played.machine.deadline(), None);
}
