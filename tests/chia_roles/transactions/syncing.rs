//! While the chain is being synced (P-34).

use nodewire::Machine;
use nodewire::codec::chia::messages::RequestTransaction;
use nodewire::state::chia::{TransactionResult, TransactionsCommand};

use super::{ACCEPTED, announce, announcement, default, id, request, sent, transaction};
use crate::given::penalty;

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
