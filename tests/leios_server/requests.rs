//! Requests: each rule that the server checks, broken on purpose, and the steady state.

use nodewire::bytes::Bytes;
use nodewire::codec::leios::{
    Deliverable, DeliverableId, LinearLeiosBlock, ReplyMessage, RequestMessage, SlotNo, VoteIssuer,
};
use nodewire::state::leios::{
    Content, Order, ServerCommand, ServerNotice, ServerQuery, ServerRemote,
};
use nodewire::{Action, AskId, Ending, Fault, Machine, Refused};

use crate::support::{
    Rig, Store, asked, block_id, deliveries, fault, limits, point, remarks, requests, txs_id, vote,
    vote_id, wants,
};

#[test]
fn a_request_becomes_a_question_an_answer_a_reply() {
    let mut rig = Rig::new();
    let mut store = Store::default();
    let a = store.block(50, 1, &["t1", "t2", "t3"]);
    let acts = rig.request(vec![block_id(a), txs_id(a, [0, 2]), vote_id(50, 7)]);
    let [(id, query)] = &asked(&acts)[..] else { panic!("{acts:?}") };
    let ServerQuery::Fetch { no, ids } = query;
    assert_eq!((no.0, ids.len()), (0, 3));
    assert!(rig.server.awaits(*id));
    assert_eq!(rig.server.outstanding().1, 3);

    let acts = rig.answer(&store, &acts);
    assert_eq!(acts.len(), 2, "{acts:?}");
    let (no, list) = &deliveries(&acts)[0];
    assert_eq!((*no, list.len()), (0, 3));
    assert!(matches!(&list[0], Deliverable::LinearLeiosBlockDelivery(block) if block.count() == 3));
    assert!(matches!(&list[2], Deliverable::LinearLeiosVoteDelivery(vote) if vote.issuer().0 == 7));
    let Action::Send(message) = &acts[0] else { panic!("{acts:?}") };
    let bytes = message.wire_len() as u32;
    assert_eq!(acts[1], Action::Notify(ServerNotice::Answered { no: 0.into_no(), bytes }));
    assert_eq!(rig.server.waiting(), bytes as usize);
    assert_eq!(rig.server.outstanding(), (0, 0, 0));
    assert!(rig.drain().is_empty());
    assert_eq!(rig.server.waiting(), 0);

    // Nothing is left of it.
    let mut fresh = Rig::new();
    fresh.request(vec![vote_id(1, 1)]);
    assert!(!rig.server.awaits(*id));
    assert!(rig.server.footprint() <= fresh.server.footprint());
}

trait IntoNo {
    fn into_no(self) -> nodewire::codec::leios::RequestNo;
}

impl IntoNo for u64 {
    fn into_no(self) -> nodewire::codec::leios::RequestNo {
        nodewire::codec::leios::RequestNo(self)
    }
}

#[test]
fn numbers_start_at_zero_and_go_up_by_one() {
    for (first, then, rule) in [
        (vec![], 1, "leios/L-1"),
        (vec![], u64::MAX, "leios/L-1"),
        (vec![0], 0, "leios/L-2"),
        (vec![0], 2, "leios/L-2"),
        (vec![0, 1], u64::MAX, "leios/L-2"),
    ] {
        for (notifications, message) in
            [(true, wants(then, 2_048)), (false, requests(then, vec![vote_id(1, 1)]))]
        {
            let mut rig = Rig::new();
            for no in &first {
                let message = match notifications {
                    true => requests(*no, vec![vote_id(1, 1)]),
                    false => wants(*no, 2_048),
                };
                rig.message(message);
            }
            assert_eq!(fault(&rig.message(message)), (rule, "BadRequestNo"), "{first:?} {then}");
        }
    }
}

#[test]
fn the_request_that_crosses_10_000_bytes_is_legal_and_the_next_is_not() {
    let mut rig = Rig::new();
    // 1 + 1 + 1 + 1 bytes, then 10 for each vote: 9,996 in all for 999 ids (8.2).
    let votes = |no: u64, count: u16| {
        requests(no, (0..count).map(|issuer| vote_id(100_000, 1_000 + issuer)).collect())
    };
    let message = votes(0, 999);
    assert_eq!(message.wire_len(), 9_996);
    rig.message(message);
    assert_eq!(rig.server.outstanding(), (9_996, 999, 0));
    // Sized as on the wire: three bytes more than its shortest form.
    let message = wants(1, 2_048);
    let acts = rig.remote(ServerRemote::Request { message: message.clone(), size: 9 });
    assert_eq!(acts, []);
    assert_eq!(rig.server.outstanding(), (10_005, 1_000, 0));
    let acts = rig.message(wants(2, 2_048));
    assert_eq!(fault(&acts), ("leios/L-3", "TooManyRequestBytes"));

    let mut rig = Rig::new();
    rig.message(votes(0, 1_000));
    assert_eq!(rig.server.outstanding(), (10_006, 1_000, 0));
    assert_eq!(fault(&rig.message(wants(1, 2_048))), ("leios/L-3", "TooManyRequestBytes"));
}

#[test]
fn the_thousandth_request_is_legal_and_the_next_is_not() {
    let mut rig = Rig::new();
    for _ in 0..1_000 {
        assert_eq!(rig.want(2_048), []);
    }
    assert!(rig.server.outstanding().0 < 8_000);
    assert_eq!(fault(&rig.want(2_048)), ("leios/L-4", "TooManyRequests"));
}

#[test]
fn one_request_may_exceed_both_counts() {
    let mut rig = Rig::new();
    let ids: Vec<_> = (0..4_000).map(|issuer| vote_id(100_000, issuer)).collect();
    let acts = rig.request(ids);
    assert_eq!(asked(&acts).len(), 1);
    assert_eq!(fault(&rig.want(2_048)), ("leios/L-3", "TooManyRequestBytes"));
}

#[test]
fn counts_fall_when_the_reply_is_handed_over() {
    let mut rig = Rig::new();
    let store = Store::default();
    let first = rig.request((0..999).map(|issuer| vote_id(100_000, 1_000 + issuer)).collect());
    let second = rig.request((0..10).map(|issuer| vote_id(100_001, issuer)).collect());
    assert!(rig.server.outstanding().0 > 10_000);
    rig.answer(&store, &second);
    assert_eq!(rig.server.outstanding().1, 999);
    rig.answer(&store, &first);
    assert_eq!(rig.server.outstanding(), (0, 0, 0));
    assert_eq!(asked(&rig.request(vec![vote_id(1, 1)])).len(), 1);
}

#[test]
fn small_notification_requests_are_a_fault() {
    let mut rig = Rig::new();
    assert_eq!(rig.want(2_048), []);
    assert_eq!(rig.want(u16::MAX), []);
    assert_eq!(fault(&rig.want(2_047)), ("leios/L-5", "NotificationRequestTooSmall"));
}

#[test]
fn transaction_bits_are_limited() {
    let mut store = Store::default();
    let mut rig = Rig::with(|limits| limits.max_outstanding_txs = 100);
    let a = store.bulk(1, 1, 101, 10);
    let b = store.bulk(2, 2, 101, 10);
    let first = rig.request(vec![txs_id(a, 0..60)]);
    let second = rig.request(vec![txs_id(b, 0..40)]);
    assert_eq!(rig.server.outstanding().2, 100);
    rig.answer(&store, &first);
    rig.request(vec![txs_id(a, 0..60)]);
    rig.answer(&store, &second);
    assert_eq!(fault(&rig.request(vec![txs_id(b, 0..41)])), ("leios/L-14", "TooManyTxs"));

    let mut rig = Rig::with(|limits| limits.max_outstanding_txs = 100);
    assert_eq!(fault(&rig.request(vec![txs_id(a, 0..101)])), ("leios/L-14", "TooManyTxs"));
}

#[test]
fn an_index_beyond_the_block_is_the_clients_fault() {
    let mut store = Store::default();
    let a = store.block(1, 1, &["t0", "t1", "t2"]);
    let mut rig = Rig::new();
    let acts = rig.request(vec![txs_id(a, [0, 1, 2])]);
    assert_eq!(deliveries(&rig.answer(&store, &acts)).len(), 1);
    let acts = rig.request(vec![txs_id(a, [2, 3])]);
    assert_eq!(fault(&rig.answer(&store, &acts)), ("leios/L-8", "TxIndexOutOfRange"));
}

#[test]
fn an_id_may_stand_once_in_a_request() {
    let (a, other) = (point(1, 1), point(2, 1));
    for ids in [
        vec![block_id(a), block_id(a)],
        // The hash counts, not the slot.
        vec![block_id(a), vote_id(1, 1), block_id(other)],
        vec![txs_id(a, [0]), txs_id(a, [1])],
        vec![vote_id(1, 1), vote_id(1, 2), vote_id(1, 1)],
    ] {
        assert_eq!(fault(&Rig::new().request(ids)), ("leios/L-9", "DuplicateId"));
    }
    let ids = vec![block_id(a), txs_id(a, [0]), vote_id(1, 1), vote_id(2, 1), vote_id(1, 2)];
    assert_eq!(asked(&Rig::new().request(ids)).len(), 1);
}

#[test]
fn what_the_application_lacks_ends_the_connection() {
    let mut store = Store::default();
    let a = store.block(1, 1, &["t0"]);
    let mut rig = Rig::new();
    let acts = rig.request(vec![block_id(a), block_id(point(1, 2))]);
    let acts = rig.answer(&store, &acts);
    assert_eq!(fault(&acts), ("leios/L-20", "NotAvailable"));
    let ours = matches!(acts.last(), Some(Action::Close(Ending::Fault(Fault::Unable { .. }))));
    assert!(ours, "{acts:?}");
}

#[test]
fn a_reply_beyond_the_message_limit_is_the_clients_fault() {
    let mut store = Store::default();
    let a = store.bulk(1, 1, 100, 1_000);
    // The message around 99 transactions: [2, no, [[1, [slot, hash], {0: [..], 1: [..]}]]].
    let around = 4 + 3 + 1 + 34 + 1 + (1 + 1 + 9 + 2) + (1 + 1 + 9 + 2);
    let exact = around + 99 * 1_003;
    for (limit, fits) in [(exact, true), (exact - 1, false)] {
        let mut rig = Rig::with(|limits| limits.max_reply_message = limit);
        let acts = rig.request(vec![txs_id(a, 0..99)]);
        let acts = rig.answer(&store, &acts);
        if fits {
            let Action::Send(message) = &acts[0] else { panic!("{acts:?}") };
            assert_eq!(message.wire_len(), exact);
        } else {
            assert_eq!(fault(&acts), ("leios/L-12", "ReplyTooLarge"));
        }
    }
}

#[test]
fn a_large_reply_is_remarked_on_unless_it_is_one_block() {
    let mut store = Store::default();
    let a = store.bulk(1, 1, 3_000, 50);
    let mut rig = Rig::with(|limits| limits.max_provided_bytes = 1 << 30);
    let acts = rig.request(vec![txs_id(a, 0..3_000)]);
    assert_eq!(remarks(&rig.answer(&store, &acts)), ["leios/L-13"]);
    rig.drain();
    let acts = rig.request(vec![txs_id(a, 0..1_000)]);
    assert_eq!(remarks(&rig.answer(&store, &acts)), [""; 0]);
    rig.drain();
    let acts = rig.request(vec![block_id(a)]);
    let acts = rig.answer(&store, &acts);
    assert_eq!(remarks(&acts), [""; 0]);
    let Action::Send(message) = &acts[0] else { panic!("{acts:?}") };
    assert!(message.wire_len() > 100_000);
}

#[test]
fn a_request_message_is_limited() {
    let mut rig = Rig::new();
    let acts = rig.remote(ServerRemote::Request { message: wants(0, 2_048), size: 65_536 });
    assert_eq!(fault(&acts), ("leios/L-11", "MessageTooLarge"));
    let acts = Rig::new().remote(ServerRemote::Request { message: wants(0, 2_048), size: 65_535 });
    assert_eq!(acts, []);
}

#[test]
fn of_several_faults_the_first_in_the_order_of_checks_is_named() {
    let twice = vec![vote_id(1, 1), vote_id(1, 1)];
    let mut rig = Rig::with(|limits| limits.max_outstanding_requests = 1);
    rig.message(wants(0, 2_048));
    let broken = |message| {
        let mut copy = Rig { server: rig.server.clone(), now: rig.now, next: 0 };
        fault(&copy.message(message)).0
    };
    // Number before flow control before content.
    assert_eq!(broken(requests(5, twice.clone())), "leios/L-2");
    assert_eq!(broken(requests(1, twice.clone())), "leios/L-4");
    assert_eq!(broken(wants(1, 7)), "leios/L-4");
    assert_eq!(fault(&Rig::new().message(requests(0, twice))).0, "leios/L-9");
}

#[test]
fn wrong_content_is_refused_and_the_question_stays_open() {
    let mut store = Store::default();
    let a = store.block(1, 1, &["t0", "t1", "t2"]);
    let b = store.block(2, 2, &["x"]);
    let mut rig = Rig::new();
    let acts = rig.request(vec![txs_id(a, [0, 2]), vote_id(1, 4), block_id(b)]);
    let [(id, query)] = &asked(&acts)[..] else { panic!("{acts:?}") };
    let ServerQuery::Fetch { ids, .. } = query;
    let good: Vec<Content> = ids.iter().map(|id| store.content(id).expect("held")).collect();
    let [Content::Txs { txs, .. }, ..] = &good[..] else { panic!("{good:?}") };
    let txs = txs.clone();
    let with = |at: usize, content: Content| {
        let mut list = good.clone();
        list[at] = content;
        list
    };
    let of = |txs: &[(u32, nodewire::codec::leios::TxHash, Bytes)]| Content::Txs {
        count: 3,
        txs: txs.to_vec(),
    };
    let mut more = txs.clone();
    more.push((3, txs[0].1, txs[0].2.clone()));
    let mut empty = txs.clone();
    empty[0].2 = Bytes::new();
    let mut large = txs.clone();
    large[0].2 = Bytes::from(vec![0; 16_385]);
    for wrong in [
        vec![],
        good[..2].to_vec(),
        [&good[..], &good[..1]].concat(),
        with(0, of(&txs[..1])),
        with(0, of(&txs[1..])),
        with(0, of(&[txs[1].clone(), txs[0].clone()])),
        with(0, of(&more)),
        with(0, of(&empty)),
        with(0, of(&large)),
        with(0, Content::Txs { count: 2, txs: txs.clone() }),
        with(0, good[1].clone()),
        with(1, Content::Vote(vote(SlotNo(1), VoteIssuer(5)))),
        with(1, Content::Vote(vote(SlotNo(2), VoteIssuer(4)))),
        with(2, Content::Block(too_large_block())),
    ] {
        let refused = rig.try_local(query.fetched(*id, Some(wrong)));
        assert!(matches!(refused, Err(Refused::Invalid { .. })), "{refused:?}");
        assert!(rig.server.awaits(*id));
    }
    let acts = rig.local(query.fetched(*id, Some(good.clone())));
    assert_eq!(deliveries(&acts).len(), 1);
    // A stale answer does nothing, whatever it says.
    for late in [Some(good), None, Some(vec![])] {
        assert_eq!(rig.local(query.fetched(*id, late)), []);
    }
    let unknown = rig.try_local(query.fetched(AskId::from_u64(77), None));
    assert_eq!(unknown, Err(Refused::UnknownAsk));
}

fn too_large_block() -> LinearLeiosBlock {
    let mut store = Store::default();
    let point = store.bulk(1, 1, 14_500, 300);
    let id = DeliverableId::LinearLeiosBlockId(point);
    match store.content(&id) {
        Some(Content::Block(block)) => {
            assert!(block.raw().len() > limits().max_eb_bytes);
            block
        }
        other => panic!("no block but {other:?}"),
    }
}

#[test]
fn requests_before_the_opening_are_kept_and_answered_after_it() {
    let mut store = Store::default();
    let a = store.block(1, 1, &["t0"]);
    let mut rig = Rig::unopened(limits(), Order::FreshestFirst);
    let header = crate::support::header(crate::support::NOW, 1, 1);
    assert_eq!(rig.announce(&header), []);
    assert_eq!(rig.want(2_048), []);
    let acts = rig.request(vec![txs_id(a, [0])]);
    assert_eq!(rig.answer(&store, &acts), []);
    let acts = rig.init();
    assert_eq!(acts[0], Action::Notify(ServerNotice::Opened));
    assert_eq!(crate::support::news(&acts).len(), 1);
    assert_eq!(deliveries(&acts).len(), 1);
}

#[test]
fn what_no_client_may_send_is_unexpected() {
    for message in [ReplyMessage::MsgLeiosInit, ReplyMessage::MsgLeiosDone] {
        let acts = Rig::new().remote(ServerRemote::Reply(message));
        assert_eq!(fault(&acts), ("leios/5.4", "UnexpectedMessage"));
    }
    let mut rig = Rig::unopened(limits(), Order::FreshestFirst);
    let acts = rig.remote(ServerRemote::Reply(ReplyMessage::MsgLeiosDone));
    assert_eq!(fault(&acts), ("leios/5.4", "UnexpectedMessage"));

    let mut rig = Rig::unopened(limits(), Order::FreshestFirst);
    rig.message(RequestMessage::MsgLeiosDoneRequest);
    let acts = rig.message(wants(0, 2_048));
    assert_eq!(fault(&acts), ("leios/5.4", "MessageAfterDone"));
}

#[test]
fn commands_are_possible_before_anything_is_asked() {
    let mut rig = Rig::new();
    let header = crate::support::header(crate::support::NOW, 1, 1);
    assert_eq!(rig.announce(&header), []);
    assert_eq!(rig.local(ServerCommand::OfferBlock(point(crate::support::NOW, 1))), []);
    assert_eq!(rig.server.pending_notifications(), 2);
}
