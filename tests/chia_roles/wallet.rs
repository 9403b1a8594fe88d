//! The wallet (`chia.md` 13, W-6).

use std::time::Duration;

use nodewire::codec::chia::messages::{
    Ancestors, Header, NewLca, RequestAncestors, RequestBody, RequestHeader, RespondBody,
    SendTransaction,
};
use nodewire::codec::chia::{
    self, Blob, Body, Bytes32, CoinbaseInfo, FeesTarget, HeaderBlock, HeaderData, HeaderHash,
    NodeType, ProofOfSpace, Transaction,
};
use nodewire::codec::streamable::{RustCryptoSha256, Streamable};
use nodewire::state::chia::{
    ConnectionId, Delivery, Lca, Wallet, WalletCommand, WalletLimits, WalletNotice, WalletRequest,
};
use nodewire::{Machine, Outbox, Refused};

use crate::given::{Played, bytes32, key, signature, to};

const NODES: [u64; 3] = [1, 2, 3];

fn wallet(limits: WalletLimits) -> Played<Wallet> {
    let mut played = Played::new(Wallet::new(limits));
    for node in NODES {
        played.connect(node, NodeType::FullNode);
    }
    played
}

fn default() -> Played<Wallet> {
    wallet(WalletLimits::default())
}

fn header_block(byte: u8) -> HeaderBlock {
    let data = HeaderData {
        prev_header_hash: HeaderHash([byte; 32]),
        timestamp: 7,
        filter_hash: bytes32(0),
        proof_of_space_hash: bytes32(0),
        body_hash: bytes32(0),
        extension_data: bytes32(0),
    };
    let proof_of_space = ProofOfSpace {
        challenge_hash: bytes32(0),
        pool_pubkey: key(1),
        plot_pubkey: key(2),
        size: 20,
        proof: Blob(vec![1; 160].into()),
    };
    let header = chia::Header { data, harvester_signature: signature(3) };
    HeaderBlock { proof_of_space, proof_of_time: None, challenge: None, header }
}

fn header_hash(byte: u8) -> HeaderHash {
    header_block(byte).header_hash::<RustCryptoSha256>()
}

fn header(byte: u8) -> Header {
    Header { header_block: header_block(byte), bip158_filter: Blob(vec![9].into()) }
}

fn body(height: u32) -> Body {
    Body {
        coinbase: CoinbaseInfo { height, amount: 14, puzzle_hash: bytes32(40) },
        coinbase_signature: signature(41),
        fees_target_info: FeesTarget { puzzle_hash: bytes32(5), amount: 1 },
        aggregated_signature: None,
        solutions_generator: bytes32(6),
        cost: 8,
    }
}

fn body_hash(height: u32) -> Bytes32 {
    Bytes32(body(height).get_hash::<RustCryptoSha256>())
}

fn refused(played: &Played<Wallet>, command: WalletCommand) -> Option<Refused> {
    let (mut machine, mut out) = (played.machine.clone(), Outbox::new());
    let why = machine.handle_local(played.now, command, &mut out).err()?.why;
    assert!(out.is_empty() && machine == played.machine);
    Some(why)
}

#[test]
fn the_newest_common_ancestor_is_kept() {
    let mut played = default();
    assert_eq!(played.machine.lca(), None);
    for (from, byte, height) in [(1, 5, 50), (2, 4, 40)] {
        let hash = HeaderHash([byte; 32]);
        played.hear(from, NewLca { lca_hash: hash, height });
        let lca = Lca { from: ConnectionId(from), hash, height };
        assert_eq!(played.notices(), [WalletNotice::NewLca(lca)]);
        assert_eq!(played.machine.lca(), Some(&lca), "a chain may fall back");
    }
}

#[test]
fn headers_and_bodies_are_taken_by_their_hash() {
    let mut played = default();
    played.local(WalletCommand::Header(header_hash(1)));
    played.local(WalletCommand::Body(body_hash(7)));
    let asked = [
        to(1, RequestHeader { header_hash: header_hash(1) }),
        to(1, RequestBody { body_hash: body_hash(7) }),
    ];
    assert_eq!(played.sent(), asked);
    for from in NODES {
        played.hear(from, header(2));
        played.hear(from, RespondBody { body: body(8) });
    }
    assert_eq!(played.notices(), [], "others are passed over (W-6)");
    // The hash proves it, whoever sends it.
    played.hear(3, header(1));
    played.hear(1, RespondBody { body: body(7) });
    let (filter, body_hash) = (Blob(vec![9].into()), body_hash(7));
    let header_block = Box::new(header_block(1));
    let told = [
        WalletNotice::Header { header_hash: header_hash(1), header_block, filter },
        WalletNotice::Body { body_hash, body: Box::new(body(7)) },
    ];
    assert_eq!(played.notices(), told);
    // Once: a second answer was not asked for.
    played.hear(1, header(1));
    played.hear(1, RespondBody { body: body(7) });
    assert_eq!((played.notices(), played.sent()), (vec![], vec![]));
    assert_eq!(played.machine.deadline(), None);
}

fn ancestors(heights: &[u32]) -> Ancestors {
    let ancestors = heights.iter().map(|height| (*height, HeaderHash([7; 32]))).collect();
    Ancestors { header_hash: HeaderHash([1; 32]), ancestors }
}

fn ask(played: &mut Played<Wallet>, heights: &[u32]) {
    played.local(WalletCommand::Ancestors(HeaderHash([1; 32]), heights.to_vec()));
}

fn told(heights: &[u32]) -> [WalletNotice; 1] {
    let Ancestors { header_hash, ancestors } = ancestors(heights);
    [WalletNotice::Ancestors { header_hash, ancestors }]
}

/// A wallet of one full node, which has let a request for these heights lapse.
fn lapsed(heights: &[u32]) -> Played<Wallet> {
    let mut played = Played::new(Wallet::new(WalletLimits::default()));
    played.connect(1, NodeType::FullNode);
    ask(&mut played, heights);
    played.pass(Duration::from_secs(10));
    assert!(matches!(played.notices()[..], [WalletNotice::Unanswered(_)]));
    played
}

/// W-6: an answer says of which header it is, not to which request; who is slow answers all of them
/// in order (C-16).
#[test]
fn ancestors_that_come_late_are_not_those_that_were_asked_for_since() {
    let mut played = lapsed(&[9, 3]);
    ask(&mut played, &[9, 3, 5]);
    played.hear(1, ancestors(&[9, 3]));
    assert_eq!(played.notices(), []);
    // The second answer is short for itself.
    played.hear(1, ancestors(&[9]));
    assert_eq!(played.notices(), told(&[9]));
    assert_eq!(played.machine.deadline(), None);
}

/// What has all that is wanted is as good as the answer, whichever it is.
#[test]
fn late_ancestors_that_are_all_that_is_wanted_are_taken() {
    let mut played = lapsed(&[9, 3, 5]);
    ask(&mut played, &[9, 5]);
    played.hear(1, ancestors(&[9, 5]));
    assert_eq!(played.notices(), told(&[9, 5]));
    // The answer to the second is owed still, and not taken for that to a third.
    ask(&mut played, &[9, 5, 4]);
    played.hear(1, ancestors(&[9, 5]));
    assert_eq!(played.notices(), []);
    played.hear(1, ancestors(&[9, 5]));
    assert_eq!(played.notices(), told(&[9, 5]));
}

/// Who asks for the same again is answered by the late answer, however short.
#[test]
fn the_same_ancestors_may_be_asked_for_again() {
    let mut played = lapsed(&[9, 3, 5]);
    ask(&mut played, &[9, 3, 5]);
    played.hear(1, ancestors(&[9]));
    assert_eq!(played.notices(), told(&[9]));
    played.hear(1, ancestors(&[9]));
    assert_eq!(played.notices(), []);
    // Nothing is owed any more.
    ask(&mut played, &[9, 3]);
    played.hear(1, ancestors(&[9]));
    assert_eq!(played.notices(), told(&[9]));
}

#[test]
fn who_never_answered_is_not_waited_for_twice() {
    let mut played = lapsed(&[9, 3]);
    ask(&mut played, &[9, 3, 5]);
    played.hear(1, ancestors(&[9, 3]));
    assert_eq!(played.notices(), []);
    played.pass(Duration::from_secs(10));
    assert_eq!(played.notices().len(), 1);
    ask(&mut played, &[9, 3, 5]);
    played.hear(1, ancestors(&[9, 3]));
    assert_eq!(played.notices(), told(&[9, 3]));
}

#[test]
fn who_has_gone_owes_no_ancestors() {
    let mut played = lapsed(&[9, 3]);
    played.disconnect(1);
    played.connect(1, NodeType::FullNode);
    ask(&mut played, &[9, 3, 5]);
    played.hear(1, ancestors(&[9, 3]));
    assert_eq!(played.notices(), told(&[9, 3]));
}

/// What is owed of one header, or by one full node, is nobody else's answer.
#[test]
fn late_ancestors_are_of_their_header_and_node() {
    let mut played = lapsed(&[9, 3]);
    let header_hash = HeaderHash([2; 32]);
    played.local(WalletCommand::Ancestors(header_hash, vec![9, 3, 5]));
    let Ancestors { ancestors, .. } = ancestors(&[9]);
    played.hear(1, Ancestors { header_hash, ancestors: ancestors.clone() });
    assert_eq!(played.notices(), [WalletNotice::Ancestors { header_hash, ancestors }]);
    let mut played = lapsed(&[9, 3]);
    played.connect(2, NodeType::FullNode);
    ask(&mut played, &[9, 3, 5]);
    played.pass(Duration::from_secs(10));
    played.notices();
    played.hear(2, self::ancestors(&[9]));
    assert_eq!(played.notices(), told(&[9]));
}

#[test]
fn what_was_given_up_is_bounded() {
    let mut played = lapsed(&[9, 3]);
    let mut most = 0;
    for number in 0..1_000_u32 {
        ask(&mut played, &vec![number; 100]);
        played.pass(Duration::from_secs(10));
        played.notices();
        played.sent();
        if number == 100 {
            most = played.machine.footprint();
        }
    }
    assert!(most >= 64 * 400 && played.machine.footprint() <= most);
}

#[test]
fn ancestors_are_taken_of_who_was_asked_if_they_are_what_was_asked() {
    let mut played = default();
    let hash = HeaderHash([1; 32]);
    let heights = vec![9, 3, 5];
    played.local(WalletCommand::Ancestors(hash, heights.clone()));
    let request = RequestAncestors { header_hash: hash, previous_heights_desired: heights };
    assert_eq!(played.sent(), [to(1, request)]);
    let answer = |header_hash, heights: &[u32]| Ancestors {
        header_hash,
        ancestors: heights.iter().map(|height| (*height, HeaderHash([7; 32]))).collect(),
    };
    played.hear(2, answer(hash, &[9, 3, 5]));
    played.hear(1, answer(HeaderHash([2; 32]), &[9, 3, 5]));
    for wrong in [&[3, 9][..], &[9, 9], &[9, 4], &[9, 3, 5, 5]] {
        played.hear(1, answer(hash, wrong));
    }
    assert_eq!(played.notices(), []);
    // Those that the full node does not know, or that lie above, are left out (W-3).
    played.hear(1, answer(hash, &[9, 5]));
    let ancestors = answer(hash, &[9, 5]).ancestors;
    assert_eq!(played.notices(), [WalletNotice::Ancestors { header_hash: hash, ancestors }]);
}

#[test]
fn every_full_node_is_asked_once() {
    let mut played = default();
    // The second answers something, and is preferred from then on.
    played.local(WalletCommand::Body(body_hash(1)));
    played.hear(2, RespondBody { body: body(1) });
    played.sent();
    played.notices();
    played.local(WalletCommand::Header(header_hash(1)));
    let request = |node| to(node, RequestHeader { header_hash: header_hash(1) });
    for node in [2, 3, 1] {
        assert_eq!(played.sent(), [request(node)]);
        played.pass(Duration::from_micros(9_999_999));
        assert_eq!((played.sent(), played.notices()), (vec![], vec![]));
        played.pass(Duration::from_micros(1));
    }
    let unanswered = WalletNotice::Unanswered(WalletRequest::Header(header_hash(1)));
    assert_eq!((played.sent(), played.notices()), (vec![], vec![unanswered]));
    // A late answer is passed over, and nobody is blamed.
    played.hear(2, header(1));
    assert_eq!((played.sent(), played.notices()), (vec![], vec![]));
    // Who goes is not waited for.
    played.local(WalletCommand::Header(header_hash(1)));
    for gone in [2, 3] {
        assert_eq!(played.sent(), [request(gone)]);
        played.disconnect(gone);
    }
    assert_eq!(played.sent(), [request(1)]);
    played.disconnect(1);
    assert_eq!(played.notices().len(), 1);
    assert_eq!(played.machine.room(), 64);
}

#[test]
fn transactions_go_to_every_full_node() {
    let mut played = default();
    let transaction = Transaction(Blob(vec![1, 2].into()));
    played.local(WalletCommand::Send(transaction.clone()));
    let message = SendTransaction { transaction };
    assert_eq!(played.sent(), [Delivery::Broadcast(NodeType::FullNode, message.into())]);
}

#[test]
fn what_waits_is_bounded() {
    let mut limits = WalletLimits::default();
    limits.max_requests = 2;
    let mut played = wallet(limits);
    played.local(WalletCommand::Header(header_hash(1)));
    let again = refused(&played, WalletCommand::Header(header_hash(1)));
    assert_eq!(again, Some(Refused::invalid("the same is being asked for")));
    let below = |count| WalletCommand::Ancestors(HeaderHash([1; 32]), (0..count).collect());
    let many = refused(&played, below(101));
    assert_eq!(many, Some(Refused::invalid("so many heights may not be asked for (W-3)")));
    played.local(below(100));
    assert_eq!(played.machine.room(), 0);
    let third = refused(&played, WalletCommand::Body(body_hash(1)));
    assert_eq!(third, Some(Refused::busy("max_requests")));
    assert_eq!(refused(&played, WalletCommand::Send(Transaction::default())), None);
    let before = played.machine.footprint();
    for number in 0..1_000 {
        played.hear(1, RespondBody { body: body(number) });
    }
    assert_eq!(played.machine.footprint(), before);
}

#[test]
fn without_a_full_node_nothing_can_be_asked() {
    let mut played = Played::new(Wallet::<RustCryptoSha256>::new(WalletLimits::default()));
    let alone = Some(Refused::wrong_phase("a wallet without a full node"));
    for command in [
        WalletCommand::Header(header_hash(1)),
        WalletCommand::Ancestors(header_hash(1), vec![]),
        WalletCommand::Body(body_hash(1)),
        WalletCommand::Send(Transaction::default()),
    ] {
        assert_eq!(refused(&played, command.clone()), alone);
        played.connect(1, NodeType::FullNode);
        assert_eq!(refused(&played, command), None);
        played.disconnect(1);
    }
}
