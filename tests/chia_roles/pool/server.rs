//! The pool's end: requests, partials, acknowledgements (PO-4, PO-5).

use nodewire::codec::chia::messages::{Partial, PartialAck};
use nodewire::codec::chia::{Blob, Bytes32};
use nodewire::codec::streamable::{RustCryptoSha256, Sha256};
use nodewire::state::chia::{Credit, Pool, PoolCommand, PoolNotice, PoolQuery, PoolRate, Signed};
use nodewire::{Action, ActionOf, AskId, Machine, Outbox, Refused, Time};

use super::{
    BAD, GOOD, Player, RATE, challenge, config, data, partial, pool, pos_hash, proof, request,
};
use crate::given::{key, signature};

#[test]
fn a_farmer_is_told_how_to_farm() {
    let mut player = pool(config());
    player.hear(request(Some(7)));
    let (id, query) = player.question();
    assert!(player.machine.awaits(id));
    let farmer_id = Some("farm".to_string());
    assert_eq!(query, PoolQuery::GetCoinbases { min_height: Some(7), farmer_id });
    player.local(PoolCommand::Coinbases(id, data([7, 8]).coinbase_info));
    assert_eq!(player.all(), [Action::Send(data([7, 8]).into())]);
    assert!(!player.machine.awaits(id));
    // So many may wait, and no more are taken meanwhile.
    for number in 0..4 {
        assert!(!player.machine.saturated(), "{number}");
        player.hear(request(None));
    }
    assert!(player.machine.saturated());
    player.hear(request(None));
    assert_eq!(player.all().len(), 4);
}

/// The next question of a pool, which has to be the only thing that it wants.
fn rate(player: &mut Player<Pool>, byte: u8, rate: Option<PoolRate>) {
    let (id, query) = player.question();
    assert_eq!(query, PoolQuery::GetRate(Box::new(challenge(byte))));
    player.local(PoolCommand::Rate(id, rate));
}

fn quality(player: &mut Player<Pool>, byte: u8, quality: Option<Bytes32>) {
    let (id, query) = player.question();
    assert_eq!(query, PoolQuery::VerifyProof(Box::new(proof(byte))));
    player.local(PoolCommand::Quality(id, quality));
}

fn verdict(player: &mut Player<Pool>, is_good: bool) {
    let (id, query) = player.question();
    let hash = Bytes32(RustCryptoSha256::sha256(b"me"));
    let signed = Signed { key: key(6), hash, signature: signature(7) };
    assert_eq!(query, PoolQuery::VerifySignature(Box::new(signed)), "R-24");
    player.local(PoolCommand::Verdict(id, is_good));
}

fn credit(byte: u8) -> ActionOf<Pool> {
    Action::Notify(PoolNotice::Credited(Box::new(Credit {
        farmer_target: Blob(b"me".to_vec().into()),
        challenge_hash: challenge(byte).hash::<RustCryptoSha256>(),
        pos_hash: pos_hash(byte),
        quality: GOOD,
    })))
}

fn ack() -> ActionOf<Pool> {
    Action::Send(PartialAck {}.into())
}

#[test]
fn a_partial_is_checked_credited_and_acknowledged() {
    let mut player = pool(config());
    player.hear(partial(1));
    rate(&mut player, 1, Some(RATE));
    quality(&mut player, 1, Some(GOOD));
    verdict(&mut player, true);
    assert_eq!(player.all(), [credit(1), ack()], "PO-5");
    // A challenge that the pool does not know is nobody's fault, and nobody's credit.
    player.hear(partial(2));
    rate(&mut player, 2, None);
    assert_eq!((player.all(), player.machine.unacknowledged()), (vec![ack()], 0));
}

#[test]
fn acknowledgements_keep_the_order_of_partials() {
    let mut player = pool(config());
    player.hear(partial(1));
    let (first, _) = player.question();
    player.hear(partial(2));
    rate(&mut player, 2, Some(RATE));
    quality(&mut player, 2, Some(GOOD));
    verdict(&mut player, true);
    assert_eq!((player.all(), player.machine.unacknowledged()), (vec![], 2));
    player.local(PoolCommand::Rate(first, None));
    assert_eq!(player.all(), [ack(), credit(2), ack()]);
}

#[test]
fn an_invalid_partial_ends_the_session() {
    for change in [
        |it: &mut Partial| it.challenge.height = 4,
        |it: &mut Partial| it.proof_of_space.pool_pubkey = key(4),
        |it: &mut Partial| it.proof_of_space.size = 0,
        |it: &mut Partial| it.proof_of_space.size = 64,
        |it: &mut Partial| it.farmer_target = "6d6".to_string(),
        |it: &mut Partial| it.farmer_target = "me".to_string(),
    ] {
        let mut player = pool(config());
        let mut wrong = partial(1);
        change(&mut wrong);
        player.hear(wrong);
        assert_eq!((player.rule(), player.all()), (Some("chia/PO-5"), vec![]));
    }
    for found in [None, Some(BAD)] {
        let mut player = pool(config());
        player.hear(partial(1));
        rate(&mut player, 1, Some(RATE));
        quality(&mut player, 1, found);
        assert_eq!(player.rule(), Some("chia/PO-5"));
    }
    let mut player = pool(config());
    player.hear(partial(1));
    rate(&mut player, 1, Some(RATE));
    quality(&mut player, 1, Some(GOOD));
    verdict(&mut player, false);
    assert_eq!(player.rule(), Some("chia/PO-5"));
}

#[test]
fn the_threshold_is_in_seconds_and_not_reached() {
    // A quality at the top takes the least time of a block, and one iteration: 300,001 at this
    // rate.
    for (seconds, tolerance, is_good) in [(30, 1, false), (30, 0, false), (31, 1, true)] {
        let mut config = config();
        (config.partials_threshold, config.limits.tolerance) = (seconds, tolerance);
        let mut player = pool(config);
        player.hear(partial(1));
        rate(&mut player, 1, Some(RATE));
        quality(&mut player, 1, Some(GOOD));
        assert_eq!(player.rule().is_none(), is_good, "{seconds}");
    }
}

/// The farmer may have been told another rate, or another threshold when it sent this.
#[test]
fn a_partial_that_is_not_quite_good_enough_is_acknowledged_and_not_credited() {
    for (seconds, is_tolerated) in [(7, false), (8, true), (30, true)] {
        let mut config = config();
        config.partials_threshold = seconds;
        let mut player = pool(config);
        player.hear(partial(1));
        rate(&mut player, 1, Some(RATE));
        quality(&mut player, 1, Some(GOOD));
        if !is_tolerated {
            assert_eq!(player.rule(), Some("chia/PO-5"));
            continue;
        }
        assert_eq!(player.all(), [Action::Send(PartialAck {}.into())], "{seconds}");
        assert_eq!(player.machine.unacknowledged(), 0);
    }
}

/// The first that is done waits for those before it, credited or not (PO-4).
#[test]
fn what_is_tolerated_is_acknowledged_in_its_turn() {
    let mut config = config();
    config.partials_threshold = 31;
    let mut player = pool(config);
    player.hear(partial(1));
    rate(&mut player, 1, Some(RATE));
    quality(&mut player, 1, Some(GOOD));
    let (first, _) = player.question();
    player.hear(partial(2));
    rate(&mut player, 2, Some(PoolRate { ips: 1, ..RATE }));
    quality(&mut player, 2, Some(GOOD));
    assert_eq!((player.rule(), player.all()), (None, vec![]));
    player.local(PoolCommand::Verdict(first, true));
    let ack = || Action::Send(PartialAck {}.into());
    assert_eq!(player.all(), [credit(1), ack(), ack()]);
}

#[test]
fn one_partial_too_many_ends_the_session() {
    let mut player = pool(config());
    for byte in 0..64 {
        player.hear(partial(byte));
        assert_eq!(player.all().len(), 1);
    }
    // What 64 of them take, with the largest proofs, is bounded.
    assert!(player.machine.footprint() < 64 * (4 << 10));
    player.hear(partial(64));
    assert_eq!(player.rule(), Some("chia/PO-4"));
}

#[test]
fn answers_to_other_questions_are_refused() {
    let mut player = pool(config());
    player.hear(partial(1));
    let (id, _) = player.question();
    let before = player.machine.clone();
    let why = Refused::invalid("the question was another");
    assert_eq!(player.refused(PoolCommand::Quality(id, None)), why);
    assert_eq!(player.refused(PoolCommand::Verdict(id, true)), why);
    assert_eq!(player.refused(PoolCommand::Coinbases(id, vec![])), why);
    let unknown = PoolCommand::Rate(AskId::from_u64(9), None);
    assert_eq!(player.refused(unknown), Refused::UnknownAsk);
    assert_eq!(player.machine, before);
}

#[test]
fn so_many_coinbases_may_be_told_at_once() {
    let mut config = config();
    config.limits.max_coinbases = 2;
    let mut player = pool(config);
    player.hear(request(None));
    let (id, _) = player.question();
    let (before, mut out) = (player.machine.clone(), Outbox::new());
    let many = PoolCommand::Coinbases(id, data([7, 8, 9]).coinbase_info);
    let refusal = player.machine.handle_local(Time::ZERO, many, &mut out).unwrap_err();
    assert_eq!(refusal.why, Refused::busy("max_coinbases"));
    assert!(out.is_empty() && player.machine == before);
    player.local(PoolCommand::Coinbases(id, data([7, 8]).coinbase_info));
    assert_eq!(player.all(), [Action::Send(data([7, 8]).into())]);
}
