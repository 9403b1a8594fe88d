//! A full node is asked for a block by what it told itself, as soon as it told it (F-5, F-22).

use nodewire::codec::chia::messages::RespondProofOfSpace;
use nodewire::codec::chia::{Message, NodeType};
use nodewire::state::chia::{Delivery, Farmer, FarmerCommand};

use super::{
    GOOD, HARVESTER, NODE, OTHER_NODE, broadcast, coinbase, config, farmer, finalized, proof,
    proven, request_header_hash, response,
};
use crate::given::{Played, to};

/// Says that the challenge is of height 1,999.
const LIAR: u64 = NODE;

/// A farmer that was told a false height, of which it has the coinbase, and has a proof.
fn lied_to() -> Played<Farmer> {
    let mut played = farmer(config());
    played.hear(LIAR, finalized(7, 1_999, 100));
    let (id, _) = played.question();
    played.local(FarmerCommand::Coinbase(id, Some(Box::new(coinbase(2_000)))));
    played
}

/// The proof is shown and found good: of which height blocks are asked for then.
fn prove(played: &mut Played<Farmer>) -> Vec<(Option<u64>, u32)> {
    played.hear(HARVESTER, response(GOOD, 20));
    played.hear(HARVESTER, RespondProofOfSpace { quality: GOOD, proof: proof() });
    let asked = played.asked();
    let (id, _) = asked.last().unwrap();
    played.local(FarmerCommand::Quality(*id, Some(GOOD)));
    let of = |it| match it {
        Delivery::Broadcast(NodeType::FullNode, Message::RequestHeaderHash(it)) => {
            Some((None, it.coinbase.height))
        }
        Delivery::To(node, Message::RequestHeaderHash(it)) => {
            Some((Some(node.0), it.coinbase.height))
        }
        _ => None,
    };
    played.sent().into_iter().filter_map(of).collect()
}

#[test]
fn who_tells_another_height_later_is_asked_for_its_block() {
    let mut played = lied_to();
    assert_eq!(prove(&mut played), [(Some(LIAR), 2_000)]);
    played.hear(OTHER_NODE, finalized(7, 2_000, 100));
    let (id, _) = played.question();
    assert_eq!(played.sent(), [], "its coinbase is not there");
    played.local(FarmerCommand::Coinbase(id, Some(Box::new(coinbase(2_001)))));
    assert_eq!(played.sent(), [to(OTHER_NODE, request_header_hash())]);
}

#[test]
fn who_tells_another_height_whose_coinbase_is_there_is_asked_at_once() {
    let mut played = lied_to();
    played.hear(LIAR, finalized(6, 2_000, 99));
    played.hear(OTHER_NODE, finalized(6, 2_000, 99));
    let (id, _) = played.question();
    played.local(FarmerCommand::Coinbase(id, Some(Box::new(coinbase(2_001)))));
    assert_eq!(prove(&mut played), [(Some(LIAR), 2_000)]);
    played.hear(OTHER_NODE, finalized(7, 2_000, 100));
    assert_eq!(played.sent(), [to(OTHER_NODE, request_header_hash())]);
}

#[test]
fn a_coinbase_that_comes_late_is_for_who_told_its_height() {
    let mut played = lied_to();
    played.hear(OTHER_NODE, finalized(7, 2_000, 100));
    let (id, _) = played.question();
    played.hear(HARVESTER, response(GOOD, 20));
    assert_eq!(prove(&mut played), [(Some(LIAR), 2_000)]);
    played.local(FarmerCommand::Coinbase(id, Some(Box::new(coinbase(2_001)))));
    assert_eq!(played.sent(), [to(OTHER_NODE, request_header_hash())]);
}

#[test]
fn who_tells_what_others_told_is_asked_once() {
    let (mut played, sent) = proven(config());
    assert_eq!(sent[1..], [to(NODE, request_header_hash())], "the other has not told it");
    for times in [1, 0] {
        played.hear(OTHER_NODE, finalized(7, 2_000, 100));
        assert_eq!(played.sent(), [to(OTHER_NODE, request_header_hash())][..times]);
    }
}

/// F-22: whoever has not told the challenge may be about to tell the true height, and would blame us
/// for one that another made up, be that one still there or not.
#[test]
fn a_false_height_is_asked_of_nobody_but_who_told_it() {
    let mut played = lied_to();
    assert_eq!(prove(&mut played), [(Some(LIAR), 2_000)]);
    let mut played = lied_to();
    played.disconnect(LIAR);
    assert_eq!(prove(&mut played), []);
    played.hear(OTHER_NODE, finalized(7, 2_000, 100));
    let (id, _) = played.question();
    played.local(FarmerCommand::Coinbase(id, Some(Box::new(coinbase(2_001)))));
    assert_eq!(played.sent(), [broadcast(NodeType::FullNode, request_header_hash())]);
}
