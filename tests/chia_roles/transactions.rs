//! The exchange of transactions (`chia.md` 12, P-29 to P-33, W-5, A-11).

use std::time::Duration;

use nodewire::codec::chia::messages::{self, NewTransaction, RequestTransaction, SendTransaction};
use nodewire::codec::chia::{Blob, NodeType, Transaction, TransactionId};
use nodewire::codec::streamable::{RustCryptoSha256, Sha256};
use nodewire::state::chia::{
    ConnectionId, Delivery, TransactionHash, TransactionIds, TransactionResult, Transactions,
    TransactionsCommand, TransactionsLimits, TransactionsQuery,
};
use nodewire::{AskId, Machine, Outbox, Refused, Time};

use crate::given::{Played, penalty, to};

/// Peers 1 to 9 are full nodes.
const NODES: u64 = 9;
const WALLET: u64 = 20;

fn exchange(limits: TransactionsLimits) -> Played<Transactions> {
    let mut played = Played::new(Transactions::new(limits));
    for node in 1..=NODES {
        played.connect(node, NodeType::FullNode);
    }
    played.connect(WALLET, NodeType::Wallet);
    played
}

fn default() -> Played<Transactions> {
    exchange(TransactionsLimits::default())
}

fn transaction(number: u64) -> Transaction {
    Transaction(Blob(number.to_be_bytes().to_vec().into()))
}

fn id(number: u64) -> TransactionId {
    TransactionId(RustCryptoSha256::sha256(&number.to_be_bytes()))
}

fn announcement(number: u64) -> messages::TransactionId {
    messages::TransactionId { transaction_id: id(number) }
}

fn sent(number: u64) -> NewTransaction {
    NewTransaction { transaction: transaction(number) }
}

fn request(from: u64, number: u64) -> Delivery {
    to(from, RequestTransaction { transaction_id: id(number) })
}

fn offer(number: u64) -> TransactionsQuery {
    TransactionsQuery::Offer(id(number), Box::new(transaction(number)))
}

/// Somebody announces what the mempool does not know.
fn announce(played: &mut Played<Transactions>, from: u64, number: u64) {
    played.hear(from, announcement(number));
    for (ask, query) in played.asked() {
        assert_eq!(query, TransactionsQuery::IsKnown(id(number)));
        played.local(TransactionsCommand::Known(ask, false));
    }
}

/// Somebody sends a transaction, which becomes of it what is said.
fn deliver(played: &mut Played<Transactions>, from: u64, number: u64, result: TransactionResult) {
    played.hear(from, sent(number));
    let (ask, query) = played.question();
    assert_eq!(query, offer(number));
    played.local(TransactionsCommand::Offered(ask, result));
}

const ACCEPTED: TransactionResult = TransactionResult::Accepted;
const SECOND: Duration = Duration::from_secs(1);

fn nearly(span: Duration) -> Duration {
    span.saturating_sub(Duration::from_micros(1))
}

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
    let machine = Transactions::<FirstByte>::new(TransactionsLimits::default());
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

#[test]
fn while_syncing_everything_is_passed_over() {
    let mut played = default();
    announce(&mut played, 1, 7);
    played.hear(2, announcement(8));
    let (looking, _) = played.question();
    played.hear(3, RequestTransaction { transaction_id: id(9) });
    let (getting, _) = played.question();
    played.hear(4, sent(10));
    let (offered, _) = played.question();
    played.sent();
    played.local(TransactionsCommand::Syncing(true));
    assert_eq!((played.machine.fetching(), played.machine.deadline()), (0, None));
    assert!(!played.machine.awaits(looking) && !played.machine.awaits(getting));
    played.local(TransactionsCommand::Known(looking, false));
    played.local(TransactionsCommand::Found(getting, Some(Box::new(transaction(9)))));
    played.hear(1, announcement(11));
    played.hear(1, RequestTransaction { transaction_id: id(11) });
    played.hear(1, sent(7));
    played.hear(2, sent(12));
    assert_eq!((played.asked(), played.sent()), (vec![], vec![]));
    // What was being looked at is not lost.
    played.local(TransactionsCommand::Offered(offered, ACCEPTED));
    assert_eq!(played.sent().len(), 8);
    played.local(TransactionsCommand::Syncing(false));
    announce(&mut played, 1, 13);
    assert_eq!(played.sent(), [request(1, 13)]);
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

/// P-34: what turns out to be bad while syncing is not fetched from others.
#[test]
fn a_bad_one_is_not_looked_for_elsewhere_while_syncing() {
    for (syncing, asked_of) in [(false, Some(2)), (true, None)] {
        let mut played = default();
        played.hear(1, sent(7));
        let (ask, _) = played.question();
        played.hear(2, announcement(7));
        played.local(TransactionsCommand::Syncing(syncing));
        played.local(TransactionsCommand::Offered(ask, TransactionResult::Invalid));
        let mut said = played.sent();
        assert_eq!(penalty(&[said.remove(0)]), Some((1, "chia/P-31")));
        assert_eq!(said, Vec::from_iter(asked_of.map(|peer| request(peer, 7))));
    }
}
