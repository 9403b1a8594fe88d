//! Which header a signature is of, which it does not say (F-6, F-7).

use nodewire::codec::chia::messages::{HeaderHash, HeaderSignature, RespondHeaderSignature};
use nodewire::codec::chia::{HeaderDataHash, NodeType};
use nodewire::state::chia::{Farmer, FarmerCommand, FarmerQuery};

use super::{GOOD, HARVESTER, NODE, OTHER_NODE, config, pos_hash, proven};
use crate::given::{Played, penalty, signature, to};

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
