//! The harvester (`chia.md` 9).

mod anew;

use nodewire::codec::chia::messages::{
    ChallengeResponse, HarvesterHandshake, NewChallenge, RequestHeaderSignature,
    RequestPartialProof, RequestProofOfSpace, RespondHeaderSignature, RespondPartialProof,
    RespondProofOfSpace,
};
use nodewire::codec::chia::{Blob, Bytes32, HeaderDataHash, NodeType, ProofOfSpace};
use nodewire::codec::streamable::{RustCryptoSha256, Sha256};
use nodewire::state::chia::{
    ConnectionId, Delivery, Direction, Harvester, HarvesterCommand, HarvesterLimits,
    HarvesterNotice, HarvesterQuery, Plot, PlotId,
};
use nodewire::{AskId, Machine, Outbox, Refused, Time};

use crate::given::{Played, bytes32, key, penalty, signature, to};

const FARMER: u64 = 1;

fn plot(id: u32, pool: u8) -> Plot {
    let id_byte = u8::try_from(id).unwrap();
    Plot { id: PlotId(id), pool_pubkey: key(pool), plot_pubkey: key(100 + id_byte), size: 20 }
}

fn blob(text: &str) -> Blob {
    Blob(text.as_bytes().to_vec().into())
}

fn quality(challenge: Bytes32, text: &str) -> Bytes32 {
    Bytes32(RustCryptoSha256::sha256(&[&challenge.0[..], text.as_bytes()].concat()))
}

/// Two plots of pool 5 and one of pool 6, and a farmer for pool 5.
fn harvester(limits: HarvesterLimits) -> Played<Harvester> {
    let mut played = Played::new(Harvester::new(limits));
    played.local(HarvesterCommand::Plots(vec![plot(1, 5), plot(2, 6), plot(3, 5)]));
    played.connect(FARMER, NodeType::Farmer);
    played.hear(FARMER, HarvesterHandshake { pool_pubkeys: vec![key(5)] });
    assert_eq!(played.sent(), []);
    played
}

fn challenge(played: &mut Played<Harvester>, byte: u8) -> Vec<(AskId, HarvesterQuery)> {
    played.hear(FARMER, NewChallenge { challenge_hash: bytes32(byte) });
    played.asked()
}

fn response(byte: u8, text: &str) -> Delivery {
    let challenge_hash = bytes32(byte);
    let quality = quality(challenge_hash, text);
    to(FARMER, ChallengeResponse { challenge_hash, quality, plot_size: 20 })
}

/// The plots that questions look into.
fn plots(asked: &[(AskId, HarvesterQuery)]) -> Vec<u32> {
    let looked = asked.iter().map(|(_, query)| match query {
        HarvesterQuery::LookupQualities { plot, .. } => plot.0,
        other => panic!("{other:?}"),
    });
    looked.collect()
}

#[test]
fn active_plots_are_looked_into_and_each_quality_is_told_once() {
    let mut played = harvester(HarvesterLimits::default());
    let asked = challenge(&mut played, 7);
    assert_eq!(plots(&asked), [1, 3], "the plot of another pool is not active (H-2)");
    played.local(HarvesterCommand::Qualities(asked[1].0, Some(vec![blob("c"), blob("d")])));
    assert_eq!(played.sent(), [response(7, "c"), response(7, "d")]);
    assert_eq!(played.notices(), []);
    // A plot that has nothing, or cannot be read, is passed over (H-4).
    played.local(HarvesterCommand::Qualities(asked[0].0, None));
    assert_eq!(played.sent(), []);
    let harvested = HarvesterNotice::Harvested { challenge_hash: bytes32(7), found: 2 };
    assert_eq!(played.notices(), [harvested]);
    // A repeat is answered from memory, identically (H-5).
    assert_eq!(challenge(&mut played, 7), []);
    assert_eq!(played.sent(), [response(7, "c"), response(7, "d")]);
    // Other pools, other plots: a repeat is looked up anew.
    played.hear(FARMER, HarvesterHandshake { pool_pubkeys: vec![key(5), key(6)] });
    assert_eq!(plots(&challenge(&mut played, 7)), [1, 2, 3]);
    assert_eq!(played.sent(), []);
}

#[test]
fn nothing_is_active_before_the_handshake() {
    let mut played = Played::new(Harvester::<RustCryptoSha256>::new(HarvesterLimits::default()));
    played.local(HarvesterCommand::Plots(vec![plot(1, 5)]));
    played.connect(FARMER, NodeType::Farmer);
    assert_eq!(challenge(&mut played, 7), []);
}

fn known(played: &mut Played<Harvester>) -> Bytes32 {
    let asked = challenge(played, 7);
    played.local(HarvesterCommand::Qualities(asked[0].0, Some(vec![blob("a"), blob("b")])));
    played.local(HarvesterCommand::Qualities(asked[1].0, Some(vec![])));
    played.sent();
    played.notices();
    quality(bytes32(7), "b")
}

#[test]
fn a_proof_is_fetched_once_and_tried_twice() {
    let mut played = harvester(HarvesterLimits::default());
    let quality = known(&mut played);
    played.hear(FARMER, RequestProofOfSpace { quality: bytes32(1) });
    assert_eq!(played.asked(), [], "an unknown quality is passed over (H-6)");
    played.hear(FARMER, RequestProofOfSpace { quality });
    played.hear(FARMER, RequestProofOfSpace { quality });
    let (id, query) = played.question();
    let (plot, challenge_hash) = (PlotId(1), bytes32(7));
    assert_eq!(query, HarvesterQuery::FetchProof { plot, challenge_hash, index: 1 });
    played.local(HarvesterCommand::Proof(id, None));
    let (id, again) = played.question();
    assert_eq!(again, query);
    played.local(HarvesterCommand::Proof(id, Some(blob("proof"))));
    let proof = ProofOfSpace {
        challenge_hash,
        pool_pubkey: key(5),
        plot_pubkey: key(101),
        size: 20,
        proof: blob("proof"),
    };
    assert_eq!(played.sent(), [to(FARMER, RespondProofOfSpace { quality, proof })]);
    played.hear(FARMER, RequestProofOfSpace { quality });
    for _ in 0..2 {
        let (id, _) = played.question();
        played.local(HarvesterCommand::Proof(id, None));
    }
    assert_eq!((played.asked(), played.sent()), (vec![], vec![]));
}

#[test]
fn headers_and_targets_are_signed_by_the_plot_of_the_quality() {
    let mut played = harvester(HarvesterLimits::default());
    let quality = known(&mut played);
    // No proof has to be asked for first (H-9).
    let header_hash = HeaderDataHash([8; 32]);
    played.hear(FARMER, RequestHeaderSignature { quality, header_hash });
    played.hear(FARMER, RequestHeaderSignature { quality: bytes32(1), header_hash });
    let (id, query) = played.question();
    assert_eq!(query, HarvesterQuery::Sign { plot: PlotId(1), hash: bytes32(8) });
    played.local(HarvesterCommand::Signature(id, Some(signature(3))));
    let header_hash_signature = signature(3);
    let answer = RespondHeaderSignature { quality, header_hash_signature };
    assert_eq!(played.sent(), [to(FARMER, answer)]);
    played.hear(FARMER, RequestPartialProof { quality, farmer_target_hash: bytes32(4) });
    let (id, query) = played.question();
    assert_eq!(query, HarvesterQuery::Sign { plot: PlotId(1), hash: bytes32(4) });
    played.local(HarvesterCommand::Signature(id, Some(signature(5))));
    let farmer_target_signature = signature(5);
    let answer = RespondPartialProof { quality, farmer_target_signature };
    assert_eq!(played.sent(), [to(FARMER, answer)]);
    played.hear(FARMER, RequestPartialProof { quality, farmer_target_hash: bytes32(4) });
    let (id, _) = played.question();
    played.local(HarvesterCommand::Signature(id, None));
    assert_eq!(played.sent(), []);
}

/// H-1: who dials may only claim to be a farmer, and must not keep out the one that we dial.
#[test]
fn the_farmer_that_we_dial_takes_the_place_of_one_that_dialled_us() {
    let mut played = harvester(HarvesterLimits::default());
    let asked = challenge(&mut played, 7);
    played.connect_by(Direction::Outbound, 2, NodeType::Farmer);
    assert_eq!(penalty(&played.sent()), Some((FARMER, "chia/H-1")));
    assert_eq!(played.machine.farmer(), Some(ConnectionId(2)));
    // What was being done for the first is dropped (H-11), and it is heard no more.
    assert!(asked.iter().all(|(id, _)| !played.machine.awaits(*id)));
    assert_eq!(challenge(&mut played, 8), []);
    played.disconnect(FARMER);
    played.hear(2, NewChallenge { challenge_hash: bytes32(7) });
    assert_eq!(plots(&played.asked()), [1, 3]);
    // From then on it is the one farmer, whoever comes.
    for (direction, other) in [(Direction::Inbound, 3), (Direction::Outbound, 4)] {
        played.connect_by(direction, other, NodeType::Farmer);
        assert_eq!(penalty(&played.sent()), Some((other, "chia/H-1")));
    }
    // Who comes when it has gone is the first again, and gives way again.
    played.disconnect(2);
    played.connect(5, NodeType::Farmer);
    assert_eq!(played.machine.farmer(), Some(ConnectionId(5)));
    played.connect_by(Direction::Outbound, 6, NodeType::Farmer);
    assert_eq!(penalty(&played.sent()), Some((5, "chia/H-1")));
}

#[test]
fn one_farmer_is_served_and_another_closed() {
    let mut played = harvester(HarvesterLimits::default());
    played.connect(2, NodeType::Farmer);
    assert_eq!(penalty(&played.sent()), Some((2, "chia/H-1")));
    played.hear(2, NewChallenge { challenge_hash: bytes32(9) });
    assert_eq!(played.asked(), []);
    played.disconnect(2);
    assert!(played.machine.farmer().is_some());
}

#[test]
fn a_farmer_that_goes_leaves_the_qualities_but_no_work() {
    let mut played = harvester(HarvesterLimits::default());
    let quality = known(&mut played);
    let asked = challenge(&mut played, 8);
    played.disconnect(FARMER);
    played.local(HarvesterCommand::Qualities(asked[0].0, Some(vec![blob("x")])));
    assert_eq!((played.sent(), played.machine.qualities()), (vec![], 2));
    played.connect(3, NodeType::Farmer);
    played.hear(3, RequestProofOfSpace { quality });
    assert_eq!(played.asked().len(), 1, "pools and qualities are known as before (H-11)");
}

#[test]
fn the_oldest_challenges_make_room() {
    let mut limits = HarvesterLimits::default();
    (limits.max_challenges, limits.max_qualities) = (2, 3);
    let mut played = harvester(limits);
    let tell = |played: &mut Played<Harvester>, byte: u8, texts: [&str; 2]| {
        for (asked, text) in challenge(played, byte).into_iter().zip(texts) {
            played.local(HarvesterCommand::Qualities(asked.0, Some(vec![blob(text)])));
        }
        played.sent();
        played.notices();
    };
    tell(&mut played, 1, ["a", "b"]);
    tell(&mut played, 2, ["c", "d"]);
    // The fourth quality did not fit beside the first two.
    assert_eq!(played.machine.qualities(), 2);
    tell(&mut played, 3, ["e", "f"]);
    assert_eq!(played.machine.qualities(), 2);
    for (byte, text, is_known) in [(1, "a", false), (2, "c", false), (3, "e", true)] {
        played.hear(FARMER, RequestProofOfSpace { quality: quality(bytes32(byte), text) });
        assert_eq!(played.asked().len(), usize::from(is_known), "{byte}");
    }
}

#[test]
fn answers_to_other_questions_are_refused() {
    let mut played = harvester(HarvesterLimits::default());
    let asked = challenge(&mut played, 7);
    let before = played.machine.clone();
    let mut out = Outbox::new();
    let wrong = HarvesterCommand::Proof(asked[0].0, None);
    let refusal = played.machine.handle_local(Time::ZERO, wrong, &mut out).unwrap_err();
    assert_eq!(refusal.why, Refused::invalid("the question was another"));
    let unknown = HarvesterCommand::Proof(AskId::from_u64(99), None);
    let refusal = played.machine.handle_local(Time::ZERO, unknown, &mut out).unwrap_err();
    assert_eq!(refusal.why, Refused::UnknownAsk);
    assert!(out.is_empty() && played.machine == before);
}

#[test]
fn so_many_questions_are_open_and_no_more() {
    let mut limits = HarvesterLimits::default();
    (limits.max_lookups, limits.max_open_asks) = (1, 2);
    let mut played = harvester(limits);
    let asked = challenge(&mut played, 7);
    assert_eq!(plots(&asked), [1]);
    assert!(!played.machine.saturated());
    assert_eq!(challenge(&mut played, 8), []);
    played.local(HarvesterCommand::Qualities(asked[0].0, Some(vec![blob("a")])));
    // The newest challenge goes first.
    let (_, query) = played.question();
    let HarvesterQuery::LookupQualities { challenge_hash, .. } = query else { panic!() };
    assert_eq!(challenge_hash, bytes32(8));
    played.hear(FARMER, RequestProofOfSpace { quality: quality(bytes32(7), "a") });
    assert!(played.machine.saturated());
}

#[test]
fn what_is_looked_up_goes_on_when_plots_are_added() {
    let mut limits = HarvesterLimits::default();
    limits.max_lookups = 1;
    let mut played = harvester(limits);
    let asked = challenge(&mut played, 7);
    assert_eq!(plots(&asked), [1]);
    played.local(HarvesterCommand::Plots(vec![plot(1, 5), plot(2, 6), plot(3, 5), plot(4, 5)]));
    let mut asked = asked;
    for (next, text) in [(Some(3), "a"), (Some(4), "b"), (None, "c")] {
        played.local(HarvesterCommand::Qualities(asked[0].0, Some(vec![blob(text)])));
        assert_eq!(played.sent(), [response(7, text)]);
        asked = played.asked();
        assert_eq!(plots(&asked), next.into_iter().collect::<Vec<_>>(), "H-3");
    }
    let harvested = HarvesterNotice::Harvested { challenge_hash: bytes32(7), found: 3 };
    assert_eq!(played.notices(), [harvested]);
}

#[test]
fn nothing_is_known_of_another_plot_under_the_same_name() {
    let mut played = harvester(HarvesterLimits::default());
    let quality = known(&mut played);
    let asked = challenge(&mut played, 8);
    played.hear(FARMER, RequestProofOfSpace { quality });
    let (fetch, _) = played.question();
    let other = Plot { plot_pubkey: key(99), ..plot(1, 5) };
    played.local(HarvesterCommand::Plots(vec![other, plot(3, 5)]));
    // What the one before it was asked is withdrawn, what the other one was is not.
    assert!(!played.machine.awaits(fetch) && !played.machine.awaits(asked[0].0));
    assert!(played.machine.awaits(asked[1].0));
    let header_hash = HeaderDataHash([8; 32]);
    played.hear(FARMER, RequestProofOfSpace { quality });
    played.hear(FARMER, RequestHeaderSignature { quality, header_hash });
    assert_eq!((played.asked(), played.sent()), (vec![], vec![]), "H-6, H-7");
}

#[test]
fn an_answer_to_a_lookup_that_was_begun_anew_counts_for_nothing() {
    let mut played = harvester(HarvesterLimits::default());
    let before = challenge(&mut played, 7);
    played.hear(FARMER, HarvesterHandshake { pool_pubkeys: vec![key(5), key(6)] });
    let asked = challenge(&mut played, 7);
    assert_eq!(plots(&asked), [1, 2, 3]);
    for (id, _) in &before {
        played.local(HarvesterCommand::Qualities(*id, Some(vec![blob("a")])));
    }
    assert_eq!((played.sent(), played.notices()), (vec![], vec![]));
    for (at, (id, _)) in asked.into_iter().enumerate() {
        played.local(HarvesterCommand::Qualities(id, Some(vec![blob(["a", "b", "c"][at])])));
    }
    assert_eq!(played.sent(), ["a", "b", "c"].map(|text| response(7, text)));
    let harvested = HarvesterNotice::Harvested { challenge_hash: bytes32(7), found: 3 };
    assert_eq!(played.notices(), [harvested]);
}

#[test]
fn so_many_plots_are_known_and_no_more() {
    let mut limits = HarvesterLimits::default();
    limits.max_plots = 3;
    let mut played = harvester(limits);
    let (before, mut out) = (played.machine.clone(), Outbox::new());
    let many = HarvesterCommand::Plots((1..=4).map(|id| plot(id, 5)).collect());
    let refusal = played.machine.handle_local(Time::ZERO, many, &mut out).unwrap_err();
    assert_eq!(refusal.why, Refused::busy("max_plots"));
    assert!(out.is_empty() && played.machine == before);
}
