//! What others have: whom it is asked of, and what becomes of what they send (P-29, P-31 to P-33,
//!

use std::time::Duration;

use nodewire::codec::chia::messages::{self, NewTransaction, RequestTransaction};
use nodewire::codec::chia::{Blob, NodeType, Transaction, TransactionId};
use nodewire::state::chia::{
    ConnectionId, Delivery, TransactionIds, TransactionResult, Transactions, TransactionsCommand,
    TransactionsLimits,
};
use nodewire::{Machine, Time};

use super::{
    ACCEPTED, NODES, SECOND, announce, announcement, default, deliver, nearly, request, sent,
};
use crate::given::{Played, penalty, to};

#[test]
fn what_is_announced_is_fetched_offered_and_announced_to_those_without() {
    let mut played = default();
    announce(&mut played, 1, 7);
    assert_eq!(played.sent(), [request(1, 7)], "P-29");
    // Further sources are not asked while the first has time.
    announce(&mut played, 2, 7);
    assert_eq!(played.sent(), []);
    deliver(&mut played, 1, 7, ACCEPTED);
    let others = (3..=NODES).map(|node| to(node, announcement(7))).collect::<Vec<_>>();
    assert_eq!(played.sent(), others, "P-31: neither the source nor who announced it, no wallet");
    assert_eq!((played.machine.fetching(), played.machine.deadline()), (0, None));
}

#[test]
fn what_the_mempool_knows_is_not_fetched() {
    let mut played = default();
    played.hear(1, announcement(7));
    let (ask, _) = played.question();
    played.hear(2, announcement(7));
    assert_eq!(played.asked(), [], "asked once for all sources");
    played.local(TransactionsCommand::Known(ask, true));
    assert_eq!((played.sent(), played.machine.fetching()), (vec![], 0));
}

#[test]
fn a_source_that_does_not_answer_makes_way_for_the_next() {
    let mut played = default();
    for node in [1, 2, 3] {
        announce(&mut played, node, 7);
    }
    assert_eq!(played.sent(), [request(1, 7)]);
    let time = TransactionsLimits::default().fetch_timeout;
    assert_eq!(time, 10 * SECOND);
    played.pass(nearly(time));
    assert_eq!(played.sent(), []);
    played.pass(Duration::from_micros(1));
    assert_eq!(played.sent(), [request(2, 7)]);
    // One that goes makes way at once.
    played.disconnect(2);
    assert_eq!(played.sent(), [request(3, 7)]);
    played.pass(nearly(time));
    assert_eq!((played.sent(), played.machine.fetching()), (vec![], 1));
    played.pass(Duration::from_micros(1));
    assert_eq!((played.sent(), played.machine.fetching()), (vec![], 0), "none left: forgotten");
    // It can be announced again.
    announce(&mut played, 1, 7);
    assert_eq!(played.sent(), [request(1, 7)]);
}

#[test]
fn another_transaction_than_the_one_asked_for_is_a_violation() {
    let mut played = default();
    announce(&mut played, 1, 7);
    played.sent();
    // Of somebody who owes nothing it is just a transaction.
    deliver(&mut played, 2, 8, TransactionResult::Refused);
    assert_eq!(played.sent(), []);
    played.hear(1, sent(8));
    assert_eq!((played.asked(), penalty(&played.sent())), (vec![], Some((1, "chia/P-32"))));
}

#[test]
fn who_is_asked_for_one_twice_may_answer_twice() {
    let mut played = default();
    for _ in 0..2 {
        announce(&mut played, 1, 7);
        played.pass(10 * SECOND);
    }
    announce(&mut played, 1, 8);
    assert_eq!(played.sent(), [request(1, 7), request(1, 7), request(1, 8)]);
    deliver(&mut played, 1, 7, TransactionResult::Refused);
    deliver(&mut played, 1, 7, TransactionResult::Refused);
    assert_eq!(played.sent(), []);
    played.hear(1, sent(7));
    assert_eq!(penalty(&played.sent()), Some((1, "chia/P-32")), "a third was never asked for");
}

#[test]
fn late_answers_and_answers_to_others_are_nobodys_fault() {
    let mut played = default();
    announce(&mut played, 1, 7);
    announce(&mut played, 2, 7);
    announce(&mut played, 1, 8);
    assert_eq!(played.sent(), [request(1, 7), request(1, 8)]);
    played.pass(10 * SECOND);
    assert_eq!(played.sent(), [request(2, 7)], "8 had one source");
    announce(&mut played, 1, 9);
    assert_eq!(played.sent(), [request(1, 9)]);
    // Late, while another answer is owed, and while another is asked for the same.
    played.hear(1, sent(7));
    let (ask, _) = played.question();
    played.hear(2, sent(7));
    assert_eq!((played.asked(), played.sent()), (vec![], vec![]), "one is looked at");
    played.local(TransactionsCommand::Offered(ask, ACCEPTED));
    assert_eq!(played.sent().len(), 7);
    deliver(&mut played, 1, 8, ACCEPTED);
    assert_eq!(played.sent().len(), 8);
    deliver(&mut played, 1, 9, ACCEPTED);
    assert_eq!(played.sent().len(), 8);
}

/// Only the first byte counts: the rest can be changed on the way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct FirstByte;

impl TransactionIds for FirstByte {
    fn transaction_id(transaction: &Transaction) -> TransactionId {
        TransactionId([transaction.0.0[0]; 32])
    }
}

#[test]
fn a_bad_twin_does_not_keep_the_good_one_out() {
    let machine = Transactions::<FirstByte>::with_ids(TransactionsLimits::default());
    let mut played = Played::new(machine);
    let twin =
        |second: u8| NewTransaction { transaction: Transaction(Blob(vec![7, second].into())) };
    let transaction_id = TransactionId([7; 32]);
    for node in [1, 2, 3] {
        played.connect(node, NodeType::FullNode);
    }
    played.hear(1, messages::TransactionId { transaction_id });
    let (ask, _) = played.question();
    played.local(TransactionsCommand::Known(ask, false));
    played.hear(1, twin(0));
    played.sent();
    let (ask, _) = played.question();
    // While the bad one is looked at one announces it, and one sends it.
    played.hear(2, messages::TransactionId { transaction_id });
    played.hear(3, twin(1));
    assert_eq!(played.asked(), []);
    played.local(TransactionsCommand::Offered(ask, TransactionResult::Invalid));
    let request = to(2, RequestTransaction { transaction_id });
    let penalised =
        Delivery::Penalise(ConnectionId(1), &nodewire::state::chia::rules::INVALID_TRANSACTION);
    assert_eq!(played.sent(), [penalised, request]);
    played.disconnect(2);
    assert_eq!(played.sent(), [to(3, RequestTransaction { transaction_id })]);
    played.hear(3, twin(1));
    let (ask, _) = played.question();
    played.local(TransactionsCommand::Offered(ask, ACCEPTED));
    assert_eq!(played.sent(), [], "all that are left have it");
}

/// The first of eight has ten seconds, those after it half, a quarter and an eighth of that, and
/// the last all of it again (A-11, P-33).
#[test]
fn announcers_that_say_nothing_hide_a_transaction_for_little_longer_than_one() {
    let mut played = default();
    for node in 1..=NODES {
        announce(&mut played, node, 7);
    }
    for (node, eighths) in (1..=8).zip([8, 4, 2, 1, 1, 1, 1, 8]) {
        let time = eighths * 10 * SECOND / 8;
        assert_eq!(played.sent(), [request(node, 7)]);
        if node == 8 {
            // The last has been asked by now.
            assert_eq!(played.now, Time::from_micros(22_500_000));
        }
        played.pass(nearly(time));
        assert_eq!(played.sent(), []);
        played.pass(Duration::from_micros(1));
    }
    assert_eq!((played.sent(), played.machine.fetching()), (vec![], 0), "the ninth was too many");
    // What comes late was asked for all the same.
    for node in 1..=8 {
        announce(&mut played, node, 10 + node);
        deliver(&mut played, node, 7, TransactionResult::Refused);
    }
    assert_eq!(played.sent(), (1..=8).map(|node| request(node, 10 + node)).collect::<Vec<_>>());
    // Eight that are known to be silent make room for the ninth, which is asked first.
    let mut played = default();
    for number in [7, 8] {
        played.hear(1, announcement(number));
        let (ask, _) = played.question();
        for node in 2..=8 + number - 7 {
            played.hear(node, announcement(number));
        }
        played.local(TransactionsCommand::Known(ask, false));
        if number == 8 {
            assert_eq!(played.sent(), [request(9, 8)]);
            return;
        }
        while let Some(due) = played.machine.deadline() {
            played.pass(due.since(played.now));
        }
        assert_eq!(played.sent().len(), 8);
    }
}

#[test]
fn who_left_requests_unanswered_is_asked_after_those_who_did_not() {
    let mut played = default();
    for node in 1..=3 {
        announce(&mut played, node, 7);
    }
    assert_eq!(played.sent(), [request(1, 7)]);
    played.pass(10 * SECOND);
    assert_eq!(played.sent(), [request(2, 7)]);
    played.pass(5 * SECOND);
    assert_eq!(played.sent(), [request(3, 7)]);
    deliver(&mut played, 3, 7, TransactionResult::Refused);
    // Of the next they are known: all that were silent announce it before the one that was not.
    played.hear(1, announcement(8));
    let (ask, _) = played.question();
    for node in [2, 3] {
        played.hear(node, announcement(8));
    }
    played.local(TransactionsCommand::Known(ask, false));
    assert_eq!(played.sent(), [request(3, 8)]);
    // Who answers, however late, is as good as any.
    deliver(&mut played, 3, 8, TransactionResult::Refused);
    deliver(&mut played, 1, 7, TransactionResult::Refused);
    played.hear(2, announcement(9));
    let (ask, _) = played.question();
    played.hear(1, announcement(9));
    played.local(TransactionsCommand::Known(ask, false));
    assert_eq!(played.sent(), [request(1, 9)]);
}

#[test]
fn what_nobody_has_any_more_is_not_asked_about() {
    let mut played = default();
    played.hear(1, announcement(7));
    played.hear(2, announcement(7));
    let (ask, _) = played.question();
    played.disconnect(1);
    assert!(played.machine.awaits(ask), "there is another source");
    played.disconnect(2);
    assert!(!played.machine.awaits(ask));
    assert_eq!((played.machine.fetching(), played.sent()), (0, vec![]));
}
