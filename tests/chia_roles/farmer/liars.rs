//! What one peer of a farmer says takes nothing from the others (F-2 to F-5, F-9, F-11).

use nodewire::Machine;
use nodewire::codec::chia::messages::{
    ChallengeResponse, NewChallenge, ProofOfSpaceArrived, ProofOfTimeRate, RequestProofOfSpace,
    RespondProofOfSpace,
};
use nodewire::codec::chia::{Bytes32, Message, NodeType, ProofOfSpace};
use nodewire::state::chia::{
    ConnectionId, Delivery, Farmer, FarmerCommand, FarmerConfig, FarmerQuery, Role,
};

use super::{
    GOOD, HARVESTER, NODE, OTHER_HARVESTER, OTHER_NODE, broadcast, coinbase, config, farmer,
    finalized, proof, prove_large, request_header_hash, response,
};
use crate::given::{Played, bytes32, penalty, to};

/// Whoever tells lies.
const LIAR: u64 = OTHER_NODE;

fn told(byte: u8) -> [Delivery; 1] {
    let challenge = NewChallenge { challenge_hash: bytes32(byte) };
    [broadcast(NodeType::Harvester, challenge)]
}

/// Answers all questions for coinbases.
fn pay(played: &mut Played<Farmer>) {
    for (id, query) in played.asked() {
        let FarmerQuery::GetCoinbase { height } = query else { panic!("{query:?}") };
        played.local(FarmerCommand::Coinbase(id, Some(Box::new(coinbase(height)))));
    }
}

/// What is sent once a proof of challenge 7 was shown and found good.
fn shown(played: &mut Played<Farmer>) -> Vec<Delivery> {
    played.hear(HARVESTER, response(GOOD, 20));
    assert_eq!(played.sent(), [to(HARVESTER, RequestProofOfSpace { quality: GOOD })]);
    played.hear(HARVESTER, RespondProofOfSpace { quality: GOOD, proof: proof() });
    let (id, _) = played.question();
    played.local(FarmerCommand::Quality(id, Some(GOOD)));
    let sent = played.sent();
    sent.into_iter().filter(|it| !matches!(it, Delivery::To(ConnectionId(HARVESTER), _))).collect()
}

#[test]
fn a_huge_weight_hides_nobody_elses_challenges() {
    let mut played = farmer(config());
    played.hear(LIAR, finalized(1, 9, u64::MAX));
    assert_eq!(played.sent(), told(1));
    played.hear(NODE, finalized(7, 2_000, 100));
    assert_eq!(played.sent(), told(7), "the heaviest that this full node told (F-2)");
    played.hear(LIAR, finalized(2, 9, u64::MAX - 1));
    assert_eq!(played.sent(), [], "by what it said itself it is not fresh");
    played.disconnect(LIAR);
    played.hear(NODE, finalized(8, 2_000, 99));
    assert_eq!(played.sent(), []);
    played.hear(NODE, finalized(9, 2_001, 101));
    assert_eq!(played.sent(), told(9));
}

#[test]
fn who_tells_a_challenge_as_old_news_does_not_make_it_so() {
    let mut played = farmer(config());
    played.hear(LIAR, finalized(1, 9, 50));
    played.hear(LIAR, finalized(7, 2_000, 0));
    assert_eq!(played.sent(), told(1));
    played.hear(NODE, finalized(7, 2_000, 100));
    assert_eq!(played.sent(), told(7));
    played.hear(LIAR, finalized(7, 2_000, 100));
    assert_eq!(played.sent(), [], "once");
}

#[test]
fn a_flood_of_challenges_takes_nobody_elses_room() {
    let mut config = config();
    (config.limits.max_challenges, config.limits.max_open_asks) = (8, 1_000);
    for leaves in [false, true] {
        let mut played = farmer(config.clone());
        played.hear(NODE, finalized(7, 2_000, 100));
        for byte in 100..=255 {
            played.hear(LIAR, finalized(byte, 3_000 + u32::from(byte), u64::MAX));
        }
        if leaves {
            played.disconnect(LIAR);
        }
        played.hear(NODE, finalized(8, 2_001, 101));
        pay(&mut played);
        played.sent();
        let sent = shown(&mut played);
        // Who is there and has not told it is not asked.
        let all = broadcast(NodeType::FullNode, request_header_hash());
        let asked = if leaves { all } else { to(NODE, request_header_hash()) };
        assert_eq!(sent, [asked], "{leaves}");
    }
}

/// Be it of challenges that others told.
#[test]
fn a_flood_of_heights_takes_nobody_elses_coinbase() {
    let mut config = config();
    config.limits.max_challenges = 4;
    let mut played = farmer(config);
    played.hear(NODE, finalized(7, 2_000, 100));
    pay(&mut played);
    for (byte, height) in [(20, 3_000), (21, 3_001), (22, 3_002), (7, 3_003)] {
        played.hear(LIAR, finalized(byte, height, u64::from(height)));
        pay(&mut played);
    }
    played.sent();
    let sent = shown(&mut played);
    assert!(sent.contains(&to(NODE, request_header_hash())), "{sent:?}");
}

#[test]
fn who_told_a_challenge_first_does_not_take_it_along() {
    let mut config = config();
    config.limits.max_challenges = 8;
    let mut played = farmer(config);
    played.hear(LIAR, finalized(100, 3_000, u64::MAX));
    played.hear(LIAR, finalized(7, 9, 0));
    played.hear(NODE, finalized(7, 2_000, 100));
    for byte in 101..=255 {
        played.hear(LIAR, finalized(byte, 3_000, u64::MAX));
    }
    pay(&mut played);
    played.sent();
    let sent = shown(&mut played);
    assert_eq!(sent, [to(NODE, request_header_hash())]);
}

#[test]
fn each_full_node_is_asked_for_a_block_by_what_it_said() {
    let lie = |height, difficulty| {
        let mut lie = finalized(7, height, 100);
        lie.difficulty = difficulty;
        lie
    };
    let honest = finalized(7, 2_000, 100);
    for lie in [lie(3_000, 1), lie(3_000, u64::MAX), lie(0, honest.difficulty)] {
        for liar_first in [true, false] {
            let mut played = farmer(config());
            let mut told = [(LIAR, lie.clone()), (NODE, honest.clone())];
            if !liar_first {
                told.reverse();
            }
            for (node, it) in told {
                played.hear(node, it);
            }
            pay(&mut played);
            played.sent();
            let sent = shown(&mut played);
            let honest = to(NODE, request_header_hash());
            assert!(sent.contains(&honest), "{sent:?}");
            let wrong = |it: &&Delivery| match it {
                Delivery::To(ConnectionId(LIAR), Message::RequestHeaderHash(it)) => {
                    it.coinbase.height != lie.height + 1
                }
                it => **it != honest,
            };
            assert_eq!(sent.iter().find(wrong), None);
        }
    }
}

#[test]
fn those_who_agree_are_asked_together() {
    let mut played = farmer(config());
    for node in [NODE, OTHER_NODE] {
        played.hear(node, finalized(7, 2_000, 100));
    }
    pay(&mut played);
    assert_eq!(played.sent(), told(7));
    let sent = shown(&mut played);
    assert_eq!(sent, [broadcast(NodeType::FullNode, request_header_hash())]);
}

#[test]
fn a_rate_counts_for_who_told_it() {
    for (rate, is_late) in [(1, false), (u64::MAX, false), (1, true), (u64::MAX, true)] {
        let mut played = farmer(config());
        played.hear(NODE, ProofOfTimeRate { pot_estimate_ips: 10_000 });
        if !is_late {
            played.hear(LIAR, ProofOfTimeRate { pot_estimate_ips: rate });
        }
        played.hear(NODE, finalized(7, 2_000, 100));
        if is_late {
            played.hear(LIAR, ProofOfTimeRate { pot_estimate_ips: rate });
            played.hear(LIAR, finalized(7, 2_000, 100));
        }
        pay(&mut played);
        played.sent();
        let sent = shown(&mut played);
        let asks = |it: &Delivery| match it {
            Delivery::Broadcast(_, Message::RequestHeaderHash(_)) => true,
            Delivery::To(node, Message::RequestHeaderHash(_)) => *node == ConnectionId(NODE),
            _ => false,
        };
        assert!(sent.iter().any(asks), "{rate} {is_late}: {sent:?}");
    }
}

#[test]
fn arrivals_count_for_who_told_them() {
    let mut config = config();
    (config.yield_to, config.pool_share_threshold) = (Some(1), 0);
    let mut played = farmer(config);
    played.hear(NODE, finalized(7, 2_000, 100));
    pay(&mut played);
    played.sent();
    let quality = Bytes32([254; 32]);
    let weight = 100 + super::DIFFICULTY;
    played.hear(LIAR, ProofOfSpaceArrived { weight, quality: bytes32(255) });
    prove_large(&mut played, quality);
    let sent = played.sent();
    let is_request = |it: &Delivery| {
        matches!(it, Delivery::To(ConnectionId(NODE), Message::RequestHeaderHash(_)))
    };
    assert!(sent.iter().any(is_request), "{sent:?}");
}

#[test]
fn a_full_node_that_comes_back_is_as_good_as_before() {
    let mut played = farmer(config());
    played.hear(NODE, ProofOfTimeRate { pot_estimate_ips: 20_000 });
    played.hear(NODE, finalized(7, 2_000, 100));
    // It goes before the coinbase is there: the question is withdrawn, and asked again.
    let (gone, _) = played.question();
    played.disconnect(NODE);
    assert!(!played.machine.awaits(gone));
    assert_eq!(played.sent(), told(7));
    played.connect(9, NodeType::FullNode);
    played.hear(9, finalized(7, 2_000, 100));
    assert_eq!(played.sent(), [], "harvesters have it (F-2)");
    pay(&mut played);
    let sent = shown(&mut played);
    assert_eq!(sent, [to(9, request_header_hash())]);
}

/// What it said may be false (F-22), so nobody is asked by that.
#[test]
fn proofs_of_a_challenge_whose_full_node_is_away_are_for_who_tells_it() {
    let mut played = farmer(config());
    played.hear(NODE, finalized(7, 2_000, 100));
    pay(&mut played);
    played.disconnect(NODE);
    played.sent();
    assert_eq!(shown(&mut played), []);
    played.hear(OTHER_NODE, finalized(7, 2_000, 100));
    assert_eq!(played.sent(), [to(OTHER_NODE, request_header_hash())]);
}

#[test]
fn a_flood_of_qualities_takes_nobody_elses_room() {
    let mut config = config();
    config.limits.max_qualities = 4;
    let mut played = farmer(config);
    played.hear(NODE, finalized(7, 2_000, 100));
    pay(&mut played);
    played.hear(HARVESTER, response(GOOD, 20));
    for byte in 0..200 {
        let mut quality = [255; 32];
        quality[31] = byte;
        played.hear(OTHER_HARVESTER, response(Bytes32(quality), 20));
    }
    played.sent();
    played.hear(HARVESTER, RespondProofOfSpace { quality: GOOD, proof: proof() });
    assert_eq!(played.question().1, FarmerQuery::VerifyProof(Box::new(proof())));
}

#[test]
fn below_height_1000_a_lie_that_was_found_out_is_forgotten() {
    let lies: [fn(&mut Played<Farmer>); 2] = [
        |played| {
            let proof = ProofOfSpace { size: 21, ..proof() };
            played.hear(OTHER_HARVESTER, RespondProofOfSpace { quality: GOOD, proof });
        },
        |played| {
            played.hear(OTHER_HARVESTER, RespondProofOfSpace { quality: GOOD, proof: proof() });
            let (id, _) = played.question();
            played.local(FarmerCommand::Quality(id, None));
        },
    ];
    for lie in lies {
        let mut played = farmer(config());
        played.hear(NODE, finalized(7, 10, 100));
        pay(&mut played);
        played.hear(OTHER_HARVESTER, response(GOOD, 20));
        let mut honest = [255; 32];
        honest[0] = 254;
        let quality = Bytes32(honest);
        let honest = ChallengeResponse { quality, ..response(GOOD, 20) };
        played.hear(HARVESTER, honest.clone());
        played.sent();
        lie(&mut played);
        // The next best is asked for at once.
        let sent = played.sent();
        assert_eq!(penalty(&sent[..1]), Some((OTHER_HARVESTER, "chia/F-5")));
        assert_eq!(sent[1..], [to(HARVESTER, RequestProofOfSpace { quality })], "F-4");
        played.disconnect(OTHER_HARVESTER);
        played.hear(HARVESTER, honest);
        assert_eq!(played.sent(), []);
    }
}

#[test]
fn below_height_1000_who_tells_a_challenge_late_has_nothing_asked_for_again() {
    let mut played = farmer(config());
    played.hear(NODE, finalized(7, 10, 100));
    played.hear(HARVESTER, response(GOOD, 20));
    played.hear(OTHER_NODE, finalized(7, 10, 100));
    played.sent();
    let mut worse = [255; 32];
    worse[0] = 254;
    played.hear(HARVESTER, response(Bytes32(worse), 20));
    assert_eq!(played.sent(), [], "F-4");
}

#[test]
fn who_causes_many_questions_is_held_back_alone() {
    let most = FarmerConfig::clone(&config()).limits.max_open_asks_of_one;
    let mut played = farmer(config());
    for height in 0.. {
        let byte = u8::try_from(height).unwrap();
        if played.machine.is_busy_with(ConnectionId(LIAR)) {
            break;
        }
        played.hear(LIAR, finalized(byte, height, u64::MAX));
    }
    let asked = played.asked();
    assert_eq!(asked.len(), most);
    assert!(!played.machine.saturated() && !played.machine.is_busy_with(ConnectionId(NODE)));
    let (id, _) = asked[0];
    played.local(FarmerCommand::Coinbase(id, None));
    assert!(!played.machine.is_busy_with(ConnectionId(LIAR)));
    // Who is gone wants nothing any more.
    played.disconnect(LIAR);
    assert!(asked.iter().all(|(id, _)| !played.machine.awaits(*id)));
}

#[test]
fn what_a_harvester_had_looked_at_is_withdrawn_with_it() {
    let mut played = farmer(config());
    played.hear(NODE, finalized(7, 2_000, 100));
    pay(&mut played);
    played.hear(HARVESTER, response(GOOD, 20));
    played.hear(HARVESTER, RespondProofOfSpace { quality: GOOD, proof: proof() });
    let (id, _) = played.question();
    played.disconnect(HARVESTER);
    assert!(!played.machine.awaits(id));
    played.local(FarmerCommand::Quality(id, None));
    let sent = played.sent();
    assert_eq!(penalty(&sent[sent.len() - 1..]), None);
}

/// F-5: a verdict is about whoever sent the proof, and nobody who has the quality by then.
#[test]
fn a_verdict_that_comes_late_is_about_who_sent_the_proof() {
    let mut config = config();
    config.limits.max_qualities = 1;
    let mut played = farmer(config);
    played.hear(NODE, finalized(7, 2_000, 100));
    pay(&mut played);
    played.hear(HARVESTER, response(GOOD, 20));
    played.hear(HARVESTER, RespondProofOfSpace { quality: GOOD, proof: proof() });
    let (id, _) = played.question();
    let mut other = GOOD;
    other.0[31] = 9;
    played.hear(OTHER_HARVESTER, response(other, 20));
    played.hear(OTHER_HARVESTER, response(GOOD, 20));
    let asked = to(OTHER_HARVESTER, RequestProofOfSpace { quality: GOOD });
    assert_eq!(played.sent().last(), Some(&asked));
    played.local(FarmerCommand::Quality(id, None));
    assert_eq!(played.sent(), []);
    // It is followed still.
    played.hear(OTHER_HARVESTER, RespondProofOfSpace { quality: GOOD, proof: proof() });
    assert_eq!(played.asked().len(), 1);
}
