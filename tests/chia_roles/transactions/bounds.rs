//! What one peer, or one that is gone, can take of what is everybody's (P-33, A-11).

use nodewire::Machine;
use nodewire::codec::chia::NodeType;
use nodewire::codec::chia::messages::RequestTransaction;
use nodewire::state::chia::{
    ConnectionId, TransactionResult, Transactions, TransactionsCommand, TransactionsLimits,
};

use super::{announce, announcement, default, deliver, exchange, id, request, sent};
use crate::given::Played;

#[test]
fn what_one_peer_announces_is_bounded() {
    let mut limits = TransactionsLimits::default();
    limits.max_fetches_per_peer = 3;
    let mut played = exchange(limits);
    for number in 0..3 {
        announce(&mut played, 1, number);
    }
    assert_eq!(played.sent().len(), 3);
    announce(&mut played, 1, 3);
    assert_eq!((played.sent(), played.machine.fetching()), (vec![], 3));
    // Nor does it become a further source.
    announce(&mut played, 2, 4);
    announce(&mut played, 1, 4);
    assert_eq!(played.sent(), [request(2, 4)]);
    played.disconnect(2);
    assert_eq!((played.sent(), played.machine.fetching()), (vec![], 3));
    // A place that is free again can be used.
    deliver(&mut played, 1, 1, TransactionResult::Known);
    announce(&mut played, 1, 3);
    assert_eq!(played.sent(), [request(1, 3)]);
}

#[test]
fn floods_of_ids_do_not_keep_others_out() {
    let mut limits = TransactionsLimits::default();
    (limits.max_fetches, limits.max_fetches_per_peer) = (12, 6);
    let mut played = exchange(limits);
    // Two that collude fill everything.
    for number in 0..20 {
        announce(&mut played, 1, number);
        announce(&mut played, 2, 100 + number);
    }
    assert_eq!((played.machine.fetching(), played.sent().len()), (12, 12));
    // Everybody else gets a share as large as theirs, and not larger.
    for number in 0..20 {
        announce(&mut played, 3, 200 + number);
    }
    let asked = played.sent();
    assert_eq!(asked, (200..204).map(|number| request(3, number)).collect::<Vec<_>>());
    assert_eq!(played.machine.fetching(), 12);
    announce(&mut played, 1, 300);
    assert_eq!(played.sent(), [], "who has as large a share as any pushes nobody out");
    announce(&mut played, 4, 400);
    assert_eq!(played.sent(), [request(4, 400)]);
}

#[test]
fn what_is_pushed_out_and_others_have_is_asked_of_them() {
    let mut limits = TransactionsLimits::default();
    limits.max_fetches = 3;
    let mut played = exchange(limits);
    for number in 0..3 {
        announce(&mut played, 1, number);
        announce(&mut played, 2, number);
    }
    assert_eq!(played.sent().len(), 3);
    announce(&mut played, 3, 9);
    // Of two sources each, both have to go before there is room.
    let said = played.sent();
    let again = said.iter().filter(|it| (0..3).any(|number| **it == request(2, number))).count();
    let again_1 = said.iter().filter(|it| (0..3).any(|number| **it == request(1, number))).count();
    assert!(said.contains(&request(3, 9)), "{said:?}");
    assert_eq!((said.len(), played.machine.fetching()), (1 + again + again_1, 3));
}

#[test]
fn a_peer_with_many_open_questions_is_busy_and_no_other() {
    let mut limits = TransactionsLimits::default();
    (limits.max_open_asks, limits.max_open_asks_per_peer) = (3, 2);
    let mut played = exchange(limits);
    let is_busy =
        |played: &Played<Transactions>, node| played.machine.is_busy_with(ConnectionId(node));
    played.hear(1, announcement(1));
    assert!(!is_busy(&played, 1));
    played.hear(1, RequestTransaction { transaction_id: id(2) });
    assert!(is_busy(&played, 1) && !is_busy(&played, 2) && !played.machine.saturated());
    // What comes all the same is passed over.
    played.hear(1, announcement(3));
    played.hear(1, RequestTransaction { transaction_id: id(4) });
    played.hear(1, sent(5));
    let asked = played.asked();
    assert_eq!(asked.len(), 2);
    played.hear(2, sent(6));
    assert!(is_busy(&played, 2) && played.machine.saturated());
    played.local(TransactionsCommand::Known(asked[0].0, true));
    assert!(!is_busy(&played, 1) && !played.machine.saturated());
    // Who goes leaves no questions behind but what was to be offered.
    played.disconnect(1);
    assert!(!played.machine.awaits(asked[1].0));
}

/// Peers that come, send and go leave no more than so many questions behind, and nobody who stays
/// is held back for them.
#[test]
fn what_the_gone_sent_is_bounded() {
    let limits = TransactionsLimits::default();
    assert_eq!((limits.max_open_asks, limits.max_open_asks_of_gone), (1_024, 64));
    let mut played = default();
    let mut asks = Vec::new();
    for round in 0..100 {
        let from = 1_000 + round;
        played.connect(from, NodeType::FullNode);
        for number in 0..16 {
            played.hear(from, sent(1_000 + 16 * round + number));
        }
        let asked = played.asked();
        assert_eq!(asked.len(), 16, "{round}");
        asks.extend(asked.into_iter().map(|(ask, _)| ask));
        played.disconnect(from);
        assert!(!played.machine.is_busy_with(ConnectionId(1)), "{round}");
    }
    let awaited = asks.iter().filter(|ask| played.machine.awaits(**ask)).count();
    assert_eq!(awaited, 64);
    assert!(asks[..64].iter().all(|ask| played.machine.awaits(*ask)), "the newest are given up");
    played.hear(1, announcement(7));
    assert_eq!(played.asked().len(), 1);
    assert_eq!(played.sent(), []);
}

/// Only what the gone sent counts as that, and makes room.
#[test]
fn what_those_who_stay_sent_is_not_given_up_for_the_gone() {
    let mut limits = TransactionsLimits::default();
    limits.max_open_asks_of_gone = 1;
    let mut played = exchange(limits);
    for node in 1..=5 {
        played.hear(node, sent(node));
    }
    let asked = played.asked();
    assert_eq!(asked.len(), 5);
    played.disconnect(1);
    assert!(asked.iter().all(|(ask, _)| played.machine.awaits(*ask)));
    played.disconnect(4);
    let awaited: Vec<_> = asked.iter().map(|(ask, _)| played.machine.awaits(*ask)).collect();
    assert_eq!(awaited, [true, true, true, false, true]);
}
