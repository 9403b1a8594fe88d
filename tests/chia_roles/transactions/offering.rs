//! What is here: who is given it, who is told of it, and what the application says (P-30, P-31,
//! W-5).

use nodewire::codec::chia::messages::{RequestTransaction, SendTransaction};
use nodewire::codec::chia::{NodeType, Transaction};
use nodewire::codec::streamable::{RustCryptoSha256, Sha256};
use nodewire::state::chia::{
    TransactionHash, TransactionIds, TransactionResult, TransactionsCommand, TransactionsLimits,
    TransactionsQuery,
};
use nodewire::{AskId, Machine, Outbox, Refused, Time};

use super::{
    ACCEPTED, NODES, WALLET, announcement, default, deliver, exchange, id, offer, sent, transaction,
};
use crate::given::{penalty, to};

#[test]
fn a_transaction_is_given_to_who_asks_or_nothing_is_said() {
    let mut played = default();
    played.hear(1, RequestTransaction { transaction_id: id(7) });
    played.hear(2, RequestTransaction { transaction_id: id(8) });
    let asked = played.asked();
    let queries = asked.iter().map(|(_, query)| query.clone()).collect::<Vec<_>>();
    assert_eq!(queries, [TransactionsQuery::Get(id(7)), TransactionsQuery::Get(id(8))]);
    // Another than the one asked for would be our own violation (P-32).
    let mut out = Outbox::new();
    let before = played.machine.clone();
    let wrong = TransactionsCommand::Found(asked[0].0, Some(Box::new(transaction(8))));
    let refusal = played.machine.handle_local(Time::ZERO, wrong, &mut out).unwrap_err();
    assert_eq!(refusal.why, Refused::invalid("the transaction has another id"));
    assert!(out.is_empty() && before == played.machine);
    let found = Some(Box::new(transaction(7)));
    played.local(TransactionsCommand::Found(asked[0].0, found));
    played.local(TransactionsCommand::Found(asked[1].0, None));
    assert_eq!(played.sent(), [to(1, sent(7))], "P-30");
    // Who was given it has it.
    deliver(&mut played, 2, 7, ACCEPTED);
    assert_eq!(played.sent().len(), usize::try_from(NODES).unwrap() - 2);
}

#[test]
fn what_comes_unasked_is_offered_too() {
    let mut played = default();
    deliver(&mut played, 1, 7, ACCEPTED);
    assert_eq!(played.sent().len(), 8);
    deliver(&mut played, 1, 8, TransactionResult::Known);
    deliver(&mut played, 1, 9, TransactionResult::Refused);
    assert_eq!(played.sent(), [], "refused for policy: nothing (P-31)");
    deliver(&mut played, 1, 10, TransactionResult::Invalid);
    assert_eq!(penalty(&played.sent()), Some((1, "chia/P-31")));
}

#[test]
fn a_wallet_hands_transactions_in() {
    let mut played = default();
    played.hear(WALLET, SendTransaction { transaction: transaction(7) });
    let (ask, query) = played.question();
    assert_eq!(query, offer(7));
    // It may go at once: what it handed in is not lost.
    played.disconnect(WALLET);
    assert!(played.machine.awaits(ask));
    played.local(TransactionsCommand::Offered(ask, ACCEPTED));
    let all = (1..=NODES).map(|node| to(node, announcement(7))).collect::<Vec<_>>();
    assert_eq!(played.sent(), all, "W-5");
    // A wallet is no source: it is never asked, whatever it says.
    played.connect(WALLET + 1, NodeType::Wallet);
    played.hear(WALLET + 1, announcement(8));
    assert_eq!(played.asked(), []);
}

#[test]
fn a_peer_is_remembered_to_know_what_it_touched_last() {
    let mut limits = TransactionsLimits::default();
    limits.max_known = 2;
    let mut played = exchange(limits);
    for number in [1, 2, 1, 3] {
        played.hear(1, announcement(number));
    }
    for (ask, _) in played.asked() {
        played.local(TransactionsCommand::Known(ask, true));
    }
    for (number, knows) in [(1, true), (2, false), (3, true)] {
        deliver(&mut played, 2, number, ACCEPTED);
        let said = played.sent();
        assert_eq!(!said.contains(&to(1, announcement(number))), knows, "{number}");
    }
}

#[test]
fn answers_to_other_questions_are_refused() {
    let mut played = default();
    played.hear(1, announcement(7));
    let (ask, _) = played.question();
    let before = played.machine.clone();
    let mut out = Outbox::new();
    for wrong in
        [TransactionsCommand::Offered(ask, ACCEPTED), TransactionsCommand::Found(ask, None)]
    {
        let refusal = played.machine.handle_local(Time::ZERO, wrong, &mut out).unwrap_err();
        assert_eq!(refusal.why, Refused::invalid("the question was another"));
    }
    let unknown = TransactionsCommand::Known(AskId::from_u64(99), true);
    let refusal = played.machine.handle_local(Time::ZERO, unknown, &mut out).unwrap_err();
    assert_eq!(refusal.why, Refused::UnknownAsk);
    assert!(out.is_empty() && played.machine == before);
    // A second answer is nothing.
    played.local(TransactionsCommand::Known(ask, false));
    played.sent();
    played.local(TransactionsCommand::Known(ask, false));
    assert_eq!(played.sent(), []);
}

#[test]
fn ids_are_sha_256_of_the_bytes() {
    assert_eq!(TransactionHash::<RustCryptoSha256>::transaction_id(&transaction(7)), id(7));
    let empty = TransactionHash::<RustCryptoSha256>::transaction_id(&Transaction::default());
    assert_eq!(empty.0, RustCryptoSha256::sha256(b""), "the historic transaction (R-5)");
}
