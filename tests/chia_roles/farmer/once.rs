//! A proof is signed for one block, whichever full nodes come and go (F-6, F-10, R-11).

use nodewire::Machine;
use nodewire::codec::chia::HeaderDataHash;
use nodewire::codec::chia::messages::{HeaderHash, RequestHeaderSignature, RespondHeaderSignature};
use nodewire::state::chia::{Farmer, FarmerCommand, FarmerQuery};

use super::{
    GOOD, HARVESTER, NODE, OTHER_HARVESTER, OTHER_NODE, config, pos_hash, proven, response,
};
use crate::given::{Played, bytes32, signature, to};

#[test]
fn a_node_that_goes_leaves_the_signature_to_the_next() {
    let (mut played, _) = proven(config());
    let made = |byte| HeaderHash { pos_hash: pos_hash(), header_hash: HeaderDataHash([byte; 32]) };
    played.hear(NODE, made(8));
    played.disconnect(NODE);
    played.hear(OTHER_NODE, made(9));
    assert_eq!(played.sent().len(), 2);
    // The first signature is of the first block, whose maker has gone (F-10).
    for (byte, submitted) in [(8, false), (9, true)] {
        let header_hash_signature = signature(byte);
        played.hear(HARVESTER, RespondHeaderSignature { quality: GOOD, header_hash_signature });
        let (id, query) = played.question();
        let FarmerQuery::VerifySignature(signed) = query else { panic!("{query:?}") };
        assert_eq!(signed.hash, bytes32(byte));
        played.local(FarmerCommand::Verdict(id, true));
        assert_eq!(played.sent().len(), usize::from(submitted));
    }
}

/// Has a block with the proof signed and handed on.
fn submit(played: &mut Played<Farmer>) {
    let header_hash = HeaderDataHash([8; 32]);
    played.hear(NODE, HeaderHash { pos_hash: pos_hash(), header_hash });
    let header_hash_signature = signature(3);
    played.hear(HARVESTER, RespondHeaderSignature { quality: GOOD, header_hash_signature });
    let (id, _) = played.question();
    played.local(FarmerCommand::Verdict(id, true));
    assert_eq!(played.sent().len(), 2);
}

#[test]
fn a_proof_that_was_submitted_is_signed_once_while_who_has_it_is_there() {
    let (mut played, _) = proven(config());
    submit(&mut played);
    // Not even when the harvester comes back,
    let header_hash = HeaderDataHash([9; 32]);
    played.hear(OTHER_NODE, HeaderHash { pos_hash: pos_hash(), header_hash });
    played.disconnect(HARVESTER);
    for found in [response(GOOD, 21), response(GOOD, 20)] {
        played.hear(OTHER_HARVESTER, found);
    }
    assert_eq!(played.sent(), []);
    // but when the full node has gone that has it. Whoever has the proof now signs.
    played.disconnect(NODE);
    let request = RequestHeaderSignature { quality: GOOD, header_hash };
    assert_eq!(played.sent(), [to(OTHER_HARVESTER, request)]);
}

#[test]
fn what_was_to_be_signed_again_waits_for_a_harvester() {
    let (mut played, _) = proven(config());
    submit(&mut played);
    let header_hash = HeaderDataHash([9; 32]);
    let request = RequestHeaderSignature { quality: GOOD, header_hash };
    played.hear(OTHER_NODE, HeaderHash { pos_hash: pos_hash(), header_hash });
    played.disconnect(NODE);
    assert_eq!(played.sent(), [to(HARVESTER, request.clone())]);
    played.disconnect(HARVESTER);
    assert_eq!(played.sent(), []);
    played.hear(OTHER_HARVESTER, response(GOOD, 20));
    assert_eq!(played.sent(), [], "it was signed a moment ago");
    played.pass(config().limits.sign_again_after);
    assert_eq!(played.sent(), [to(OTHER_HARVESTER, request)]);
    assert_eq!(played.machine.deadline(), None);
}
