//! Proofs that come late or never: below height 1000 they keep no other from being asked for (F-4).

use std::time::Duration;

use nodewire::codec::chia::messages::{
    ChallengeResponse, RequestProofOfSpace, RespondProofOfSpace,
};
use nodewire::codec::chia::{Bytes32, NodeType};
use nodewire::state::chia::{ConnectionId, Delivery, Farmer, FarmerCommand, FarmerQuery};
use nodewire::{AskId, Machine, Time};

use super::{
    GOOD, HARVESTER, NODE, OTHER_HARVESTER, coinbase, config, farmer, farming, finalized, proof,
    response,
};
use crate::given::{Played, bytes32, penalty, to};

const SILENT: u64 = OTHER_HARVESTER;

/// A quality worse than any with a greater byte.
fn nearly(byte: u8) -> Bytes32 {
    let mut quality = GOOD;
    quality.0[0] = byte;
    quality
}

fn asked(of: u64, quality: Bytes32) -> Delivery {
    to(of, RequestProofOfSpace { quality })
}

fn proof_timeout() -> Duration {
    config().limits.proof_timeout
}

/// A farmer at height 10, and a harvester that claims the best quality there is.
fn with_claim() -> Played<Farmer> {
    let mut played = farmer(config());
    played.hear(NODE, finalized(7, 10, 100));
    let (id, _) = played.question();
    played.local(FarmerCommand::Coinbase(id, Some(Box::new(coinbase(11)))));
    played.sent();
    played.hear(SILENT, response(GOOD, 20));
    assert_eq!(played.sent(), [asked(SILENT, GOOD)]);
    played
}

fn show(played: &mut Played<Farmer>, by: u64, quality: Bytes32) -> AskId {
    played.hear(by, RespondProofOfSpace { quality, proof: proof() });
    let (id, query) = played.question();
    assert_eq!(query, FarmerQuery::VerifyProof(Box::new(proof())));
    id
}

#[test]
fn the_next_best_is_asked_for_when_the_best_is_not_shown() {
    let mut played = with_claim();
    played.hear(HARVESTER, response(nearly(253), 20));
    played.hear(HARVESTER, response(nearly(254), 20));
    assert_eq!(played.sent(), []);
    assert_eq!(played.machine.deadline(), Some(Time::ZERO.after(proof_timeout())));
    let almost = proof_timeout().checked_sub(Duration::from_micros(1)).unwrap();
    played.pass(almost);
    assert_eq!(played.sent(), []);
    played.pass(Duration::from_micros(1));
    // Nobody is blamed. Of a challenge where that happened only what was shown counts, so that
    // others that are silent too cost no time more.
    assert_eq!(played.sent(), [asked(HARVESTER, nearly(254)), asked(HARVESTER, nearly(253))]);
    let id = show(&mut played, HARVESTER, nearly(254));
    played.local(FarmerCommand::Quality(id, Some(nearly(254))));
    let sent = played.sent();
    assert!(matches!(
        sent[..],
        [Delivery::To(ConnectionId(HARVESTER), _), Delivery::To(ConnectionId(NODE), _)]
    ));
}

#[test]
fn a_late_proof_counts() {
    let mut played = with_claim();
    played.pass(proof_timeout());
    assert_eq!((played.sent(), played.machine.deadline()), (vec![], None));
    let id = show(&mut played, SILENT, GOOD);
    // It is the best from when it is here.
    played.hear(HARVESTER, response(nearly(254), 20));
    assert_eq!(played.sent(), []);
    played.local(FarmerCommand::Quality(id, Some(GOOD)));
    assert!(matches!(played.sent()[..], [Delivery::To(..), Delivery::To(ConnectionId(NODE), _)]));
    played.hear(HARVESTER, response(nearly(253), 20));
    assert_eq!(played.sent(), []);
}

#[test]
fn what_is_shown_in_time_is_waited_for_as_long_as_it_takes_to_verify() {
    let mut played = with_claim();
    played.hear(HARVESTER, response(nearly(254), 20));
    let id = show(&mut played, SILENT, GOOD);
    assert_eq!(played.machine.deadline(), None);
    played.pass(proof_timeout().saturating_mul(2));
    assert_eq!(played.sent(), []);
    // If it was none, the next best is asked for at once.
    played.local(FarmerCommand::Quality(id, None));
    let sent = played.sent();
    assert_eq!(penalty(&sent[..1]), Some((SILENT, "chia/F-5")));
    assert_eq!(sent[1..], [asked(HARVESTER, nearly(254))]);
}

#[test]
fn a_harvester_that_goes_leaves_the_next_best() {
    let mut played = with_claim();
    for byte in [252, 254, 253] {
        played.hear(HARVESTER, response(nearly(byte), 20));
    }
    assert_eq!(played.sent(), []);
    played.disconnect(SILENT);
    assert_eq!(played.sent(), [asked(HARVESTER, nearly(254))]);
}

/// The one that all others are held against makes room for what its harvester claims elsewhere.
#[test]
fn the_next_best_is_asked_for_when_the_best_makes_room() {
    let mut config = config();
    config.limits.max_qualities = 3;
    let mut played = farmer(config);
    played.hear(NODE, finalized(7, 10, 100));
    played.hear(SILENT, response(GOOD, 20));
    played.hear(HARVESTER, response(nearly(253), 20));
    assert_eq!(played.sent().last(), Some(&asked(SILENT, GOOD)));
    for (byte, next) in [(8, &[][..]), (9, &[asked(HARVESTER, nearly(253))])] {
        played.hear(NODE, finalized(byte, 10, 100));
        played.sent();
        let (challenge_hash, mut quality) = (bytes32(byte), GOOD);
        quality.0[31] = byte;
        played.hear(SILENT, ChallengeResponse { challenge_hash, quality, plot_size: 20 });
        let sent = played.sent();
        assert_eq!(sent[0], asked(SILENT, quality));
        assert_eq!(sent[1..], *next);
    }
}

#[test]
fn a_hundred_that_are_silent_cost_as_much_time_as_one() {
    let mut played = with_claim();
    for silent in 100..200 {
        played.connect(silent, NodeType::Harvester);
        let mut quality = GOOD;
        quality.0[31] = u8::try_from(silent).unwrap();
        played.hear(silent, response(quality, 20));
    }
    played.hear(HARVESTER, response(nearly(254), 20));
    played.sent();
    played.pass(proof_timeout());
    let sent = played.sent();
    assert_eq!(sent.last(), Some(&asked(HARVESTER, nearly(254))));
    // Nothing is asked for twice when these lapse.
    played.pass(proof_timeout());
    assert_eq!((played.sent(), played.machine.deadline()), (vec![], None));
}

#[test]
fn who_was_silent_once_keeps_no_other_back_until_it_shows_a_proof() {
    let mut played = with_claim();
    played.pass(proof_timeout());
    let of = |byte, quality| {
        let challenge_hash = bytes32(byte);
        ChallengeResponse { challenge_hash, quality, plot_size: 20 }
    };
    played.hear(NODE, finalized(8, 11, 101));
    played.sent();
    played.hear(SILENT, of(8, nearly(255 - 1)));
    played.hear(HARVESTER, of(8, nearly(253)));
    assert_eq!(played.sent(), [asked(SILENT, nearly(254)), asked(HARVESTER, nearly(253))]);
    // What others claim counts as ever.
    played.hear(HARVESTER, of(8, nearly(252)));
    assert_eq!(played.sent(), []);
    played.asked();
    let id = show(&mut played, SILENT, GOOD);
    played.local(FarmerCommand::Quality(id, Some(GOOD)));
    played.hear(NODE, finalized(9, 12, 102));
    played.sent();
    played.hear(SILENT, of(9, nearly(251)));
    played.hear(HARVESTER, of(9, nearly(250)));
    assert_eq!(played.sent(), [asked(SILENT, nearly(251))]);
}

#[test]
fn what_was_shown_still_counts_when_a_better_claim_is_not() {
    let mut played = farmer(config());
    played.hear(NODE, finalized(7, 10, 100));
    let (id, _) = played.question();
    played.local(FarmerCommand::Coinbase(id, Some(Box::new(coinbase(11)))));
    played.sent();
    played.hear(HARVESTER, response(nearly(253), 20));
    let id = show(&mut played, HARVESTER, nearly(253));
    played.local(FarmerCommand::Quality(id, Some(nearly(253))));
    played.sent();
    played.hear(SILENT, response(GOOD, 20));
    assert_eq!(played.sent(), [asked(SILENT, GOOD)]);
    // It is worse than what was shown.
    played.hear(HARVESTER, response(nearly(252), 20));
    played.pass(proof_timeout());
    assert_eq!(played.sent(), []);
}

#[test]
fn from_height_1000_on_nothing_waits() {
    let mut played = farming(config());
    played.hear(SILENT, response(GOOD, 20));
    played.hear(HARVESTER, response(nearly(254), 20));
    assert_eq!(played.sent(), [asked(SILENT, GOOD), asked(HARVESTER, nearly(254))]);
    played.pass(proof_timeout());
    assert_eq!((played.sent(), played.machine.deadline()), (vec![], None));
    let id = show(&mut played, SILENT, GOOD);
    played.local(FarmerCommand::Quality(id, Some(GOOD)));
    assert!(matches!(played.sent()[..], [Delivery::To(..), Delivery::To(ConnectionId(NODE), _)]));
}

/// F-11: what waits has no room of its own.
#[test]
fn what_waits_is_bounded_with_what_is_asked_for() {
    let mut config = config();
    config.limits.max_qualities = 2;
    let mut played = farmer(config);
    played.hear(NODE, finalized(7, 10, 100));
    // The last is good for nothing: of such the best is remembered.
    for byte in [255, 254, 253, 252, 100] {
        played.hear(HARVESTER, response(nearly(byte), 20));
    }
    played.sent();
    let footprint = played.machine.footprint();
    for byte in 100..250 {
        played.hear(HARVESTER, response(nearly(byte), 20));
    }
    assert!(played.machine.footprint() <= footprint);
    // What was asked for makes no room for what waits, and the oldest that waits for the next.
    played.pass(proof_timeout());
    assert_eq!(played.sent(), [asked(HARVESTER, nearly(249))]);
}

/// what makes room for each of a flood costs no look at all the others: with 4,000 each time
/// this would take minutes. That all others are held against stays.
#[test]
fn a_flood_of_what_waits_displaces_nothing_but_itself() {
    let mut config = config();
    config.limits.max_qualities = 4_000;
    let mut played = farmer(config);
    played.hear(NODE, finalized(7, 10, 100));
    played.hear(SILENT, response(GOOD, 20));
    played.sent();
    for number in 0..40_000_u32 {
        let mut quality = nearly(254);
        quality.0[28..].copy_from_slice(&number.to_be_bytes());
        played.hear(HARVESTER, response(quality, 20));
    }
    assert_eq!(played.sent(), []);
    // The one that all the others are held against is there still.
    played.disconnect(SILENT);
    assert_eq!(played.sent().len(), 1);
}

/// who fills the table with what it never shows keeps no room from what others have to wait
/// with.
#[test]
fn a_full_table_of_what_was_asked_for_leaves_others_room_to_wait() {
    let mut config = config();
    config.limits.max_qualities = 8;
    let mut played = farmer(config);
    played.hear(NODE, finalized(7, 10, 100));
    let liar = 9;
    played.connect(liar, NodeType::Harvester);
    for number in 0..9 {
        let mut quality = nearly(200);
        quality.0[31] = number;
        played.hear(liar, response(quality, 20));
        played.pass(proof_timeout());
    }
    played.hear(NODE, finalized(8, 11, 101));
    played.asked();
    let of = |quality| ChallengeResponse { challenge_hash: bytes32(8), quality, plot_size: 20 };
    played.hear(SILENT, of(GOOD));
    played.sent();
    played.hear(HARVESTER, of(nearly(254)));
    assert_eq!(played.sent(), []);
    played.pass(proof_timeout());
    assert_eq!(played.sent(), [asked(HARVESTER, nearly(254))]);
}
