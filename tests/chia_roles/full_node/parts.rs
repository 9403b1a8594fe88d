//! What the parts of a full node do within it.

use nodewire::codec::chia::messages::{
    Block, NewTransaction, Peers, RequestBlock, RequestPeers, RequestTransaction, SendTransaction,
};
use nodewire::codec::chia::{Blob, NodeType, PeerInfo, Transaction, TransactionId};
use nodewire::codec::streamable::{RustCryptoSha256, Sha256};
use nodewire::state::chia::{
    AddressesCommand, ConnectionId, Delivery, FullNodeCommand, FullNodeConfig, FullNodeQuery, Role,
    ServingCommand, ServingQuery, TransactionResult, TransactionsCommand, TransactionsQuery,
};
use nodewire::{AskId, Machine, Outbox, Refused};

use super::{A, B, Node, WALLET};
use crate::given::to;

#[test]
fn addresses_are_told_and_dialled() {
    let mut node = Node::among_peers(2, FullNodeConfig::default());
    let known = PeerInfo { host: "10.0.0.7".into(), port: 8_444 };
    let command = FullNodeCommand::Addresses(AddressesCommand::Known(vec![known.clone()]));
    node.played.local(command);
    assert_eq!(node.played.sent(), [Delivery::Dial(known.clone())], "P-28");
    node.hear(A, RequestPeers {});
    assert_eq!(node.played.sent(), [to(A, Peers { peer_list: vec![known] })], "P-25");
    assert!(node.played.machine.deadline().is_some());
}

#[test]
fn who_asks_for_more_blocks_than_are_answered_is_held_back_alone() {
    let mut node = Node::among_peers(2, FullNodeConfig::default());
    let header_hash = node.tip().header_hash;
    let most = FullNodeConfig::default().serving.max_requests;
    for asked in 1..=most {
        node.hear(A, RequestBlock { header_hash });
        let busy = |peer| node.played.machine.is_busy_with(ConnectionId(peer));
        assert_eq!((busy(A), busy(B)), (asked == most, false));
    }
    let block = Box::new(node.top());
    for _ in 0..most {
        let (id, query) = node.played.question();
        assert_eq!(query, FullNodeQuery::Serving(ServingQuery::Block(header_hash)));
        let found = ServingCommand::Block(id, Some(block.clone()));
        node.played.local(FullNodeCommand::Serving(found));
        assert!(!node.played.machine.is_busy_with(ConnectionId(A)));
        assert_eq!(node.played.sent(), [to(A, Block { block: (*block).clone() })], "P-8");
    }
}

#[test]
fn transactions_go_from_wallets_to_full_nodes() {
    let mut node = Node::among_peers(2, FullNodeConfig::default());
    let transaction = Transaction(Blob(b"pay".to_vec().into()));
    let id = TransactionId(RustCryptoSha256::sha256(b"pay"));
    node.hear(WALLET, SendTransaction { transaction: transaction.clone() });
    let (ask, query) = node.played.question();
    let offer = TransactionsQuery::Offer(id, Box::new(transaction.clone()));
    assert_eq!(query, FullNodeQuery::Transactions(offer));
    let answer =
        |ask, result| FullNodeCommand::Transactions(TransactionsCommand::Offered(ask, result));
    assert!(node.played.machine.awaits(ask));
    // The number of a question of another part, and an answer of another kind.
    let wrong = AskId::from_u64(ask.as_u64() + 1);
    let refused = refused(&mut node, answer(wrong, TransactionResult::Accepted));
    assert_eq!(refused, Refused::UnknownAsk);
    let other = FullNodeCommand::Transactions(TransactionsCommand::Known(ask, true));
    assert!(matches!(self::refused(&mut node, other), Refused::Invalid { .. }));
    let ours = FullNodeCommand::Transactions(TransactionsCommand::Syncing(true));
    assert!(matches!(self::refused(&mut node, ours), Refused::Invalid { .. }));
    node.played.local(answer(ask, TransactionResult::Accepted));
    assert!(!node.played.machine.awaits(ask));
    assert_eq!(node.played.sent().len(), 3, "P-31: three full nodes hear of it");
    node.hear(B, RequestTransaction { transaction_id: id });
    let (ask, query) = node.played.question();
    assert_eq!(query, FullNodeQuery::Transactions(TransactionsQuery::Get(id)));
    let found = TransactionsCommand::Found(ask, Some(Box::new(transaction.clone())));
    node.played.local(FullNodeCommand::Transactions(found));
    assert_eq!(node.played.sent(), [to(B, NewTransaction { transaction })], "P-30");
    assert_eq!(node.played.machine.node_type(), NodeType::FullNode);
}

/// Why it is refused: the same comes back, and nothing has changed.
fn refused(node: &mut Node, command: FullNodeCommand) -> Refused {
    let (before, mut out) = (node.played.machine.clone(), Outbox::new());
    let now = node.played.now;
    let refusal = node.played.machine.handle_local(now, command.clone(), &mut out).unwrap_err();
    assert_eq!((refusal.input, out.len()), (command, 0));
    assert_eq!(node.played.machine, before);
    refusal.why
}
