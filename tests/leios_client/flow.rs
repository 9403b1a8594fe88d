//! What is sent when: the watermark, flow control, order, splitting and bundling (L-3, L-4, L-13,
//! L-14, L-44, `leios.md` 8.2, 12.3, 12.5).

use nodewire::codec::leios::{
    DeliverableId, MsgRequestPayload, RequestMessage, RequestNo, SlotNo, VoteIssuer,
};
use nodewire::state::leios::{ClientCommand, Limits, WantedTx};
use nodewire::{Machine, Refused};

use crate::support::*;

fn no(payload: &MsgRequestPayload) -> u64 {
    payload.no().0
}

#[test]
fn both_kinds_of_request_share_one_count() {
    let mut rig = Rig::listening();
    let mut seen = Vec::new();
    seen.extend(requests(&rig.want_votes(NOW, [1])));
    let known = rig.announced(NOW, 1, 1);
    rig.local(ClientCommand::StopNotifications);
    seen.extend(requests(&rig.local(ClientCommand::RequestBlock { point: known, size: 36 })));
    seen.extend(requests(&rig.target(66_000, 20_000)));
    seen.extend(requests(&rig.want_votes(NOW, [2])));
    // The first two were for notifications.
    let numbers: Vec<u64> = seen.iter().map(no).collect();
    assert_eq!(numbers, [2, 3, 4, 5]);
}

#[test]
fn the_watermark_keeps_credit() {
    let mut rig = Rig::new();
    let acts = rig.target(32_768, 32_768);
    let expected =
        [0, 1].map(|no| MsgRequestPayload::LeiosNotificationBytes(RequestNo(no), 32_768));
    assert_eq!(requests(&acts), expected);
    let known = rig.announced(NOW, 1, 1);
    // Just above the mark nothing is asked; at the mark one more is.
    let size = 2_000;
    while rig.client.notification_credit() > 32_768 + 2_000 {
        assert_eq!(requests(&rig.notifications(0, false, &[sized(known, size)])), []);
    }
    let rest = u32::try_from(rig.client.notification_credit() - 32_768).unwrap();
    assert_eq!(requests(&rig.notifications(0, false, &[sized(known, rest - 1)])), []);
    let acts = rig.notifications(0, true, &[sized(known, 1)]);
    assert_eq!(requests(&acts).len(), 1);
    assert_eq!(rig.client.notification_credit(), 65_536);
    rig.local(ClientCommand::StopNotifications);
    rig.notifications(1, false, &[sized(known, 2_000)]);
    assert_eq!(rig.client.notification_credit(), 63_536, "none are wanted any more");
}

#[test]
fn impossible_watermarks_are_refused() {
    let mut rig = Rig::new();
    for (low, chunk) in [(4_096, 2_047), (4_095, 2_048), (131_072, 2_048), (u32::MAX, u16::MAX)] {
        let refused = rig.try_local(ClientCommand::NotificationTarget { low, chunk });
        assert!(matches!(refused, Err(Refused::Invalid { .. })), "{low} {chunk}");
    }
    assert!(rig.try_local(ClientCommand::NotificationTarget { low: 4_096, chunk: 2_048 }).is_ok());
}

#[test]
fn requests_count_by_individual_ids_and_the_crossing_one_is_legal() {
    // Bundles of 64: fifteen are 960, the sixteenth makes 1,024, then nothing.
    let mut rig = Rig::with(|limits| limits.max_outstanding_request_bytes = usize::MAX);
    let acts = rig.want_votes(NOW, 0..2_000);
    let sizes: Vec<usize> = wanted(&acts).iter().map(|request| request.1.len()).collect();
    assert_eq!(sizes, [64; 16]);
    assert_eq!(rig.client.outstanding_requests(), 1_024);
    let all = |from: u16| (from..from + 64).map(|issuer| vote_delivery(NOW, issuer)).collect();
    assert_eq!(wanted(&rig.deliver(3, all(3 * 64))).len(), 1, "960 are below 1,000");
    assert_eq!(rig.client.outstanding_requests(), 1_024);
    assert_eq!(rig.client.room(), Limits::default().max_queued_requests - (2_000 - 17 * 64));
}

#[test]
fn request_bytes_are_counted_as_encoded() {
    let mut rig = Rig::with(|limits| limits.max_outstanding_requests = usize::MAX);
    let acts = rig.want_votes(NOW, 0..2_000);
    let sizes: Vec<usize> = requests(&acts)
        .into_iter()
        .map(|payload| RequestMessage::MsgLeiosRequest(payload).wire_len())
        .collect();
    let total: usize = sizes.iter().sum();
    assert_eq!(rig.client.outstanding_bytes(), total);
    assert!(total >= 10_000, "{total}");
    assert!(total - sizes.last().unwrap() < 10_000, "the last one crossed the line");
}

#[test]
fn notification_requests_are_flow_controlled_too() {
    let mut rig = Rig::with(|limits| {
        limits.max_outstanding_requests = 3;
        limits.max_votes_per_request = 1;
    });
    assert_eq!(requests(&rig.target(32_768, 2_048)).len(), 3);
    assert_eq!(requests(&rig.want_votes(NOW, [1])), []);
    let known = point(NOW, 1);
    let announcement = nodewire::codec::leios::CountedNotification::with_size(
        nodewire::codec::leios::Notification::LinearLeiosAnnouncement(header(NOW, 1, 1)),
        2_000,
    );
    rig.notifications(0, false, &[announcement]);
    let acts = rig.notifications(0, true, &[sized(known, 48)]);
    assert_eq!(requests(&acts).len(), 1, "the watermark goes first");
    assert_eq!(wanted(&acts), []);
}

#[test]
fn votes_are_bundled_sorted_and_named_once() {
    let mut rig = Rig::new();
    let acts = rig.want_votes(NOW, [9, 3, 9, 70, 3]);
    let id = |issuer| DeliverableId::LinearLeiosVoteId(SlotNo(NOW), VoteIssuer(issuer));
    assert_eq!(wanted(&acts), [(0, vec![id(3), id(9), id(70)])]);
    assert_eq!(rig.client.outstanding_requests(), 3);
    assert_eq!(rig.client.room(), Limits::default().max_queued_requests);
}

#[test]
fn transactions_are_split_by_expected_reply() {
    let block = Block::bulk(NOW, 200, 1_500);
    let mut rig = Rig::new();
    let acts = rig.want_txs(&block, &(0..200).collect::<Vec<_>>());
    let counts: Vec<u32> = wanted(&acts)
        .iter()
        .map(|(_, ids)| match ids.as_slice() {
            [DeliverableId::LeiosBlockTxsId(_, bitmaps)] => bitmaps.count(),
            other => panic!("{other:?}"),
        })
        .collect();
    // 64 + 96 + 32 a window + 1,509 each: 66 of them are 99,818 at most, 67 would be more.
    assert_eq!(counts, [66, 66, 66, 2]);
    for (no, from) in [(0, 0_u32), (1, 66), (2, 132)] {
        let indices: Vec<u32> = (from..from + 66).collect();
        assert!(is_open(&rig.deliver(no, vec![block.txs(&indices)])));
    }
}

#[test]
fn outstanding_transactions_are_bounded() {
    let block = Block::bulk(NOW, 500, 12);
    let mut rig = Rig::with(|limits| limits.max_outstanding_txs = 300);
    let acts = rig.want_txs(&block, &(0..500).collect::<Vec<_>>());
    assert_eq!(wanted(&acts).len(), 1);
    assert_eq!(rig.client.outstanding_txs(), 300);
    let acts = rig.deliver(0, vec![block.txs(&(0..300).collect::<Vec<_>>())]);
    assert_eq!(wanted(&acts).len(), 1);
    assert_eq!(rig.client.outstanding_txs(), 200);
}

#[test]
fn bytes_in_flight_are_bounded() {
    let mut rig = Rig::new();
    let mut sent = 0;
    for name in 0..20 {
        let command = ClientCommand::RequestBlock { point: point(NOW, name), size: 512_000 };
        sent += wanted(&rig.local(command)).len();
    }
    assert_eq!(sent, 9, "9 x 512,080 are within 5,000,000");
    // Something larger than the whole budget goes alone.
    let mut rig = Rig::with(|limits| limits.max_in_flight = 1);
    assert_eq!(wanted(&rig.want_votes(NOW, [1])).len(), 1);
    assert_eq!(wanted(&rig.want_votes(NOW, [2])).len(), 0);
    assert_eq!(wanted(&rig.deliver(0, vec![vote_delivery(NOW, 1)])).len(), 1);
}

/// A client that has one request outstanding and may send no other until that is answered.
fn narrow() -> Rig {
    let mut rig = Rig::with(|limits| limits.max_outstanding_requests = 1);
    rig.want_votes(NOW, [0]);
    rig
}

/// Answers each request as it comes and lists the slots that were asked for next.
fn order(rig: &mut Rig, blocks: &[Block]) -> Vec<(u64, &'static str)> {
    let mut acts = rig.deliver(0, vec![vote_delivery(NOW, 0)]);
    let mut seen = Vec::new();
    while let [(no, ids)] = wanted(&acts).as_slice() {
        let find = |point| blocks.iter().find(|block| block.point == point).unwrap();
        let (slot, kind, deliverable) = match &ids[0] {
            DeliverableId::LinearLeiosVoteId(slot, issuer) => {
                (slot.0, "vote", vote_delivery(slot.0, issuer.0))
            }
            DeliverableId::LinearLeiosBlockId(point) => {
                (point.slot.0, "block", find(*point).delivery())
            }
            DeliverableId::LeiosBlockTxsId(point, _) => {
                (point.slot.0, "txs", find(*point).txs(&[0]))
            }
        };
        seen.push((slot, kind));
        acts = rig.deliver(*no, vec![deliverable]);
    }
    seen
}

#[test]
fn what_waits_goes_freshest_first_or_oldest_first() {
    let blocks: Vec<Block> = [NOW - 9, NOW - 1, NOW - 5]
        .into_iter()
        .map(|slot| Block::new(slot, &[&slot.to_be_bytes()]))
        .collect();
    for oldest_first in [false, true] {
        let mut rig = narrow();
        rig.local(ClientCommand::OldestFirst(oldest_first));
        for block in &blocks {
            assert_eq!(rig.want_txs(block, &[0]), []);
            assert_eq!(rig.want_block(block), []);
            assert_eq!(rig.want_votes(block.point.slot.0, [3]), []);
        }
        assert_eq!(rig.client.room(), Limits::default().max_queued_requests - 9);
        let slots = match oldest_first {
            false => [NOW - 1, NOW - 5, NOW - 9],
            true => [NOW - 9, NOW - 5, NOW - 1],
        };
        // Within a slot: votes, the block, its transactions.
        let kinds = |slot| ["vote", "block", "txs"].map(|kind| (slot, kind));
        assert_eq!(order(&mut rig, &blocks), slots.map(kinds).concat());
    }
}

#[test]
fn commands_that_cannot_wait_are_refused_and_foreseeable() {
    let mut rig = Rig::with(|limits| {
        limits.max_queued_requests = 3;
        limits.max_outstanding_requests = 1;
    });
    rig.want_votes(NOW, [0]);
    rig.want_votes(NOW, [1, 2]);
    assert_eq!(rig.client.room(), 1);
    let votes = vec![(SlotNo(NOW), VoteIssuer(3)), (SlotNo(NOW), VoteIssuer(4))];
    let refused = rig.try_local(ClientCommand::RequestVotes { votes });
    assert_eq!(refused, Err(Refused::busy("max_queued_requests")));
    rig.want_votes(NOW, [3]);
    assert_eq!(rig.client.room(), 0);
}

#[test]
fn commands_no_machine_could_honour_are_refused() {
    let mut rig = Rig::new();
    let point = point(NOW, 1);
    let hash = point.hash;
    let tx = |index, size| WantedTx { index, hash, size };
    let txs = |txs| ClientCommand::RequestTxs { point, txs };
    for command in [
        ClientCommand::RequestBlock { point, size: 0 },
        ClientCommand::RequestBlock { point, size: 512_001 },
        ClientCommand::RequestVotes { votes: Vec::new() },
        txs(Vec::new()),
        txs(vec![tx(1, 10), tx(1, 10)]),
        txs(vec![tx(2, 10), tx(1, 10)]),
        txs(vec![tx(1 << 22, 10)]),
        txs(vec![tx(1, 0)]),
        txs(vec![tx(1, 16_385)]),
    ] {
        let refused = rig.try_local(command.clone());
        assert!(matches!(refused, Err(Refused::Invalid { .. })), "{command:?}");
    }
    let mut rig = Rig::with(|limits| limits.max_reply_message = 1_000);
    let refused = rig.try_local(ClientCommand::RequestBlock { point, size: 921 });
    assert!(matches!(refused, Err(Refused::Invalid { .. })), "L-12");
    rig.local(ClientCommand::RequestBlock { point, size: 920 });
    assert_eq!(rig.client.deadline(), Some(seconds(NOW + 60)));
}

#[test]
fn a_request_message_is_never_longer_than_allowed() {
    // Each transaction in a window of its own: 14 bytes each besides 128.
    let mut rig = Rig::with(|limits| limits.max_request_message = 128 + 14 * 10);
    let indices: Vec<u32> = (0..25).map(|window| window * 64).collect();
    let block = Block::bulk(NOW, 25 * 64, 12);
    let counts: Vec<usize> = wanted(&rig.want_txs(&block, &indices))
        .iter()
        .map(|(_, ids)| match ids.as_slice() {
            [DeliverableId::LeiosBlockTxsId(_, bitmaps)] => bitmaps.indices().count(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(counts, [10, 10, 5]);
}

#[test]
fn votes_are_split_by_expected_reply() {
    // 64 and 128 a vote.
    let mut rig = Rig::with(|limits| limits.reply_split_target = 64 + 128 * 5 + 127);
    let acts = rig.want_votes(NOW, 0..12);
    let counts: Vec<usize> = wanted(&acts).iter().map(|(_, ids)| ids.len()).collect();
    assert_eq!(counts, [5, 5, 2]);
}

#[test]
fn what_exactly_fits_into_flight_is_sent() {
    // 64 and 16 besides a block.
    let most = |flight| {
        let mut rig = Rig::with(|limits| limits.max_in_flight = flight);
        let mut sent = 0;
        for name in 0..3 {
            let command = ClientCommand::RequestBlock { point: point(NOW, name), size: 1_000 };
            sent += wanted(&rig.local(command)).len();
        }
        sent
    };
    assert_eq!((most(2 * 1_080 - 1), most(2 * 1_080), most(3 * 1_080)), (1, 2, 3));
}

#[test]
fn a_transaction_is_wanted_if_its_lone_reply_fits() {
    let fits = |size| {
        let mut rig = Rig::with(|limits| limits.max_reply_message = 1_000);
        let point = point(NOW, 1);
        let txs = vec![WantedTx { index: 0, hash: point.hash, size }];
        rig.try_local(ClientCommand::RequestTxs { point, txs }).is_ok()
    };
    // 64, 96, 32 and 9 besides its bytes.
    assert!(fits(799) && !fits(800));
}
