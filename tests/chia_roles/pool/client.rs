//! The farmer's end: data, coinbases, partials (PO-1 to PO-4).

use nodewire::codec::chia::Blob;
use nodewire::codec::chia::NodeType;
use nodewire::codec::chia::messages::{
    ChallengeResponse, PartialAck, Ping, ProofOfSpaceFinalized, RequestData, RequestProofOfSpace,
    RespondData,
};
use nodewire::codec::streamable::RustCryptoSha256;
use nodewire::state::chia::{
    Farmer, FarmerCommand, FarmerConfig, PartialProof, PoolClient, PoolClientCommand,
    PoolClientConfig, PoolClientNotice, PoolClientQuery,
};
use nodewire::{Action, ActionOf, Ending, Refused};

use super::{
    GOOD, Player, challenge, client_config, coinbase, config, data, found, partial, pool, pos_hash,
    proof, request,
};
use crate::given::{bytes32, key, signature};

fn client(config: PoolClientConfig) -> Player<PoolClient> {
    let mut player = Player::new(PoolClient::new(config));
    player.local(PoolClientCommand::Open);
    assert_eq!(player.all(), [Action::Send(request(None))], "PO-2");
    player
}

/// One that has the coinbases of these heights.
fn stocked(config: PoolClientConfig, heights: &[u32]) -> Player<PoolClient> {
    let mut player = client(config);
    player.hear(data(heights.iter().copied()));
    let (id, query) = player.question();
    let all = data(heights.iter().copied()).coinbase_info;
    assert_eq!(query, PoolClientQuery::VerifyCoinbases(key(5), all));
    player.local(PoolClientCommand::Verdict(id, true));
    let told = PoolClientNotice::Data {
        posting_url: "pool.example".to_string(),
        pool_pubkey: key(5),
        partials_threshold: 9_000,
    };
    assert_eq!(player.all(), [Action::Notify(told)]);
    player
}

fn told(height: u32, is_there: bool) -> ActionOf<PoolClient> {
    let signed = is_there.then(|| Box::new(coinbase(height)));
    Action::Notify(PoolClientNotice::Coinbase(height, signed))
}

#[test]
fn data_is_asked_for_at_the_start_and_when_few_coinbases_are_left() {
    let mut player = stocked(client_config(), &[10, 11, 12]);
    for height in [10, 11] {
        player.local(PoolClientCommand::Coinbase(height));
        assert_eq!(player.all(), [told(height, true)]);
    }
    // One is left: that is few.
    player.local(PoolClientCommand::Coinbase(12));
    assert_eq!(player.all(), [Action::Send(request(Some(12))), told(12, true)]);
    // Meanwhile nothing more is asked for, and what is wanted waits.
    for height in [13, 14] {
        player.local(PoolClientCommand::Coinbase(height));
        assert_eq!(player.all(), []);
    }
    player.hear(data([13]));
    let (id, _) = player.question();
    player.local(PoolClientCommand::Verdict(id, true));
    // Whether it has the other it has not said yet.
    assert_eq!(player.all()[1..], [told(13, true), Action::Send(request(Some(14)))]);
    player.hear(data([]));
    let (id, _) = player.question();
    player.local(PoolClientCommand::Verdict(id, true));
    assert_eq!(player.all()[1..], [told(14, false)]);
    assert_eq!(player.machine.stock(), 4);
}

/// Full nodes name the heights, and one of them may lie: those that others name are asked about all the
/// same, however much lower they are.
#[test]
fn a_height_that_nobody_comes_to_keeps_no_other_from_being_asked_about() {
    let mut player = stocked(client_config(), &[10, 11, 12]);
    player.local(PoolClientCommand::Coinbase(u32::MAX));
    assert_eq!(player.all(), [Action::Send(request(Some(u32::MAX)))]);
    for height in [20, 500, 20, 21] {
        player.local(PoolClientCommand::Coinbase(height));
        assert_eq!(player.all(), []);
    }
    // What it says each time, and what is known by that.
    let rounds: [(&[u32], &[_], Option<u32>); 3] = [
        (&[], &[told(u32::MAX, false)], Some(20)),
        (&[20, 21, 22], &[told(20, true), told(21, true)], Some(500)),
        (&[501], &[told(500, false)], None),
    ];
    for (heights, expected, next) in rounds {
        player.hear(data(heights.iter().copied()));
        let (id, _) = player.question();
        player.local(PoolClientCommand::Verdict(id, true));
        let asked = next.map(|next| Action::Send(request(Some(next))));
        let expected: Vec<_> = expected.iter().cloned().chain(asked).collect();
        assert_eq!(player.all()[1..], expected);
    }
    player.local(PoolClientCommand::Coinbase(22));
    assert_eq!(player.all(), [told(22, true)]);
}

#[test]
fn data_of_another_pool_or_with_a_bad_coinbase_ends_it() {
    let mut player = client(client_config());
    let of_other = RespondData { pool_pubkey: key(6), ..data([1]) };
    player.hear(of_other);
    assert_eq!((player.rule(), player.all()), (Some("chia/PO-3"), vec![]));
    let mut player = client(client_config());
    player.hear(data([1]));
    let (id, _) = player.question();
    player.local(PoolClientCommand::Verdict(id, false));
    assert_eq!((player.rule(), player.all()), (Some("chia/PO-3"), vec![]));
}

#[test]
fn coinbases_are_bounded_and_those_behind_go_first() {
    let mut config = client_config();
    config.limits.max_coinbases = 3;
    let mut player = stocked(config, &[1, 2, 3, 4]);
    assert_eq!(player.machine.stock(), 3, "PO-3: the highest goes");
    player.local(PoolClientCommand::Coinbase(3));
    assert_eq!(player.all(), [Action::Send(request(Some(3))), told(3, true)]);
    player.hear(data([4, 5]));
    let (id, _) = player.question();
    player.local(PoolClientCommand::Verdict(id, true));
    for (height, is_there) in [(1, false), (2, false), (3, true), (4, true), (5, true)] {
        player.all();
        let mut player = Player::new(player.machine.clone());
        player.local(PoolClientCommand::Coinbase(height));
        assert_eq!(player.all().contains(&told(height, true)), is_there, "{height}");
    }
}

/// Who named a height may have lied: what its coinbases take the place of is asked for once more, and kept
/// again.
#[test]
fn a_made_up_height_does_not_fill_the_stock_for_good() {
    for lie in [1, 1_000] {
        let mut config = client_config();
        (config.limits.max_coinbases, config.low_stock) = (4, 1);
        let mut player = stocked(config, &[10, 11, 12, 13]);
        for (height, kept) in [(lie, lie..lie + 4), (11, 11..15)] {
            player.local(PoolClientCommand::Coinbase(height));
            assert_eq!(player.all(), [Action::Send(request(Some(height)))]);
            // Also in this order.
            player.hear(data(kept.clone().rev()));
            let (id, _) = player.question();
            player.local(PoolClientCommand::Verdict(id, true));
            assert_eq!(player.all()[1..], [told(height, true)]);
            for height in kept {
                player.local(PoolClientCommand::Coinbase(height));
                assert_eq!(player.all(), [told(height, true)], "{height}");
            }
        }
    }
}

/// There is no room to keep it.
#[test]
fn what_is_sent_is_told_even_if_it_is_not_kept() {
    let mut config = client_config();
    (config.limits.max_coinbases, config.low_stock) = (2, 0);
    let mut player = client(config);
    for height in [10, 500] {
        player.local(PoolClientCommand::Coinbase(height));
    }
    player.hear(data([10, 11, 500]));
    let (id, _) = player.question();
    player.local(PoolClientCommand::Verdict(id, true));
    assert_eq!(player.all()[1..], [told(10, true), told(500, true)]);
    assert_eq!(player.machine.stock(), 2);
}

#[test]
fn so_many_partials_are_unacknowledged_and_acknowledged_in_order() {
    let mut player = stocked(client_config(), &[1, 2, 3]);
    for byte in 0..64 {
        assert_eq!(player.machine.room(), 64 - usize::from(byte));
        player.local(found(byte));
        assert_eq!(player.all(), [Action::Send(partial(byte).into())]);
    }
    assert_eq!(player.refused(found(64)), Refused::busy("max_unacknowledged"), "PO-4");
    for byte in [0, 1] {
        player.hear(PartialAck {});
        let acknowledged = PoolClientNotice::Acknowledged(pos_hash(byte));
        assert_eq!(player.all(), [Action::Notify(acknowledged)]);
    }
    player.local(found(64));
    let other = PoolClientCommand::Partial(
        Box::new(challenge(1)),
        Box::new(PartialProof { proof_of_space: proof(2), signature: signature(7) }),
    );
    let why = Refused::invalid("the proof answers another challenge");
    assert_eq!(player.refused(other), why);
}

#[test]
fn answers_that_nobody_asked_for_are_passed_over_up_to_a_bound() {
    let mut player = stocked(client_config(), &[1, 2, 3]);
    for _ in 0..8 {
        player.hear(PartialAck {});
        player.hear(data([7]));
    }
    assert_eq!((player.all(), player.machine.stock()), (vec![], 3));
    player.hear(PartialAck {});
    assert_eq!(player.rule(), Some("chia/16"));
}

#[test]
fn only_messages_of_the_pool_protocol_are_taken() {
    let mut player = client(client_config());
    player.hear(partial(1));
    assert_eq!(player.rule(), Some("chia/PO-1"));
    let mut player = pool(config());
    player.hear(Ping { nonce: bytes32(0) });
    assert_eq!(player.rule(), Some("chia/PO-1"), "there are no pings");
}

#[test]
fn too_large_members_end_it() {
    let mut player = client(client_config());
    player.hear(RespondData { posting_url: "x".repeat(2_049), ..data([]) });
    let ending = player.all();
    assert!(matches!(&ending[..], [Action::Close(Ending::Fault(fault))]
        if *fault == nodewire::Fault::overrun("max_posting_url")));
    let mut player = pool(config());
    player.hear(RequestData { min_height: None, farmer_id: Some("x".repeat(257)) });
    assert!(matches!(&player.all()[..], [Action::Close(Ending::Fault(fault))]
        if *fault == nodewire::Fault::overrun("max_farmer_id")));
}

#[test]
fn a_client_does_not_speak_before_it_is_opened() {
    let mut player = Player::new(PoolClient::<RustCryptoSha256>::new(client_config()));
    let closed = Refused::wrong_phase("a session that was not opened");
    assert_eq!(player.refused(PoolClientCommand::Coinbase(1)), closed);
    assert_eq!(player.refused(found(1)), closed);
    player.local(PoolClientCommand::Open);
    let again = player.refused(PoolClientCommand::Open);
    assert_eq!(again, Refused::wrong_phase("a session with a pool"));
    player.all();
    player.local(PoolClientCommand::Close);
    assert_eq!(player.all(), [Action::Close(Ending::Done)]);
}
#[test]
fn what_the_pool_says_takes_the_place_of_the_farmers_own_threshold() {
    // A block this is not, so it is asked for if it counts for the pool.
    for (seconds, counts) in [(30, false), (31, true)] {
        let mut config = FarmerConfig::new(vec![key(5)], Blob(b"me".to_vec().into()));
        config.propagate_threshold = 0;
        let farmer: Farmer = Farmer::new(config);
        let mut played = crate::given::Played::new(farmer);
        played.connect(1, NodeType::FullNode);
        played.connect(2, NodeType::Harvester);
        let (challenge_hash, quality) = (bytes32(7), bytes32(0));
        let (height, weight, difficulty) = (2_000, 100, 1);
        played
            .hear(1, ProofOfSpaceFinalized { challenge_hash, height, weight, quality, difficulty });
        played.local(FarmerCommand::PoolShareThreshold(seconds));
        played.sent();
        played.hear(2, ChallengeResponse { challenge_hash, quality: GOOD, plot_size: 20 });
        let request = crate::given::to(2, RequestProofOfSpace { quality: GOOD });
        assert_eq!(played.sent() == [request], counts, "{seconds}");
    }
}
