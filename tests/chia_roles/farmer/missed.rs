//! Blocks that nobody makes, though all full nodes were asked for them (F-5, F-10): where nobody
//! else farms, nothing would go on before another full node comes.

use std::time::Duration;

use nodewire::Machine;
use nodewire::codec::chia::HeaderDataHash;
use nodewire::codec::chia::messages::{
    HeaderHash, HeaderSignature, RequestHeaderSignature, RespondHeaderSignature,
};
use nodewire::state::chia::{Farmer, FarmerCommand};

use super::{
    GOOD, HARVESTER, NODE, OTHER_NODE, config, finalized, pos_hash, proven, request_header_hash,
};
use crate::given::{Played, signature, to};

const MADE: HeaderDataHash = HeaderDataHash([8; 32]);
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

/// It was asked when it did not know the challenge, and whoever did makes nothing.
#[test]
fn who_was_asked_too_early_is_asked_again() {
    let (mut played, _) = proven(config());
    played.hear(OTHER_NODE, finalized(7, 2_000, 100));
    played.pass(LATER - Duration::from_micros(1));
    assert_eq!(played.sent(), [], "it may be at it");
    played.pass(Duration::from_micros(1));
    // So may the other be for all that is known.
    let again = [NODE, OTHER_NODE].map(|node| to(node, request_header_hash()));
    assert_eq!(played.sent(), again);
    played.pass(LATER * 10);
    assert_eq!(played.sent(), [], "once");
}

/// The same if whoever made one has gone before it was signed.
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
    played.disconnect(NODE);
    played.pass(LATER - Duration::from_secs(1));
    played.hear(OTHER_NODE, finalized(7, 2_000, 100));
    played.connect(20, nodewire::codec::chia::NodeType::FullNode);
    played.hear(20, finalized(7, 2_000, 100));
    assert_eq!(played.sent(), [to(20, request_header_hash())]);
    played.pass(Duration::from_secs(1));
    assert_eq!(played.sent(), [to(OTHER_NODE, request_header_hash())]);
    played.hear(20, made());
    played.sent();
    played.pass(LATER);
    assert_eq!(played.sent(), []);
}
