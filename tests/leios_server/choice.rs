//! Which reply goes next (`leios.md` 13.3), and how much waits to leave (L-62).

use core::time::Duration;

use nodewire::codec::leios::{Deliverable, LeiosPoint};
use nodewire::state::leios::{Order, ServerCommand, ServerRemote};

use crate::support::{
    NOW, Rig, Store, asked, block_id, deliveries, header, limits, news, replies, txs_id, vote_id,
};

/// Five requests that are provided while one reply waits to leave: their numbers in the order of
/// the replies. Slots 30, 50, 40, 50, 20.
fn order_of_replies(order: Order) -> Vec<u64> {
    let mut store = Store::default();
    let mut limits = limits();
    limits.reply_egress_low = 1;
    let mut rig = Rig::opened(limits, order);
    let acts = rig.request(vec![vote_id(1, 1)]);
    rig.answer(&store, &acts);
    for (name, slot) in [(1, 30), (2, 50), (3, 40), (4, 50), (5, 20)] {
        let point = store.block(slot, name, &["x"]);
        let acts = rig.request(vec![vote_id(2, u16::from(name)), block_id(point)]);
        assert_eq!(rig.answer(&store, &acts), []);
    }
    let mut order = Vec::new();
    while rig.server.waiting() > 0 {
        order.extend(deliveries(&rig.drain()).into_iter().map(|(no, _)| no));
    }
    order
}

#[test]
fn the_youngest_slot_goes_first_and_ties_go_to_the_lower_number() {
    assert_eq!(order_of_replies(Order::FreshestFirst), [2, 4, 3, 1, 5]);
}

#[test]
fn request_order_does_not_reorder() {
    assert_eq!(order_of_replies(Order::RequestOrder), [1, 2, 3, 4, 5]);
}

#[test]
fn a_slow_question_blocks_nobody_unless_order_is_kept() {
    let mut store = Store::default();
    let (old, young) = (store.block(10, 1, &["x"]), store.block(11, 2, &["y"]));
    for (order, early) in [(Order::FreshestFirst, vec![0]), (Order::RequestOrder, vec![])] {
        let mut rig = Rig::opened(limits(), order);
        let (slot_old, slot_young) = match order {
            Order::FreshestFirst => (old, young),
            Order::RequestOrder => (young, old),
        };
        // The slow one is the one that would go first.
        let first = rig.request(vec![block_id(slot_old)]);
        let second = rig.request(vec![block_id(slot_young)]);
        let (slow, quick) = match order {
            Order::FreshestFirst => (second, first),
            Order::RequestOrder => (first, second),
        };
        let sent = |acts: &[_]| deliveries(acts).into_iter().map(|(no, _)| no).collect::<Vec<_>>();
        assert_eq!(sent(&rig.answer(&store, &quick)), early);
        let late = sent(&rig.answer(&store, &slow));
        assert_eq!([early, late].concat(), [0, 1]);
    }
}

#[test]
fn notifications_go_before_deliveries() {
    let mut store = Store::default();
    let point = store.block(NOW, 1, &["x"]);
    for (order, first_is_news) in [(Order::FreshestFirst, true), (Order::RequestOrder, false)] {
        let mut limits = limits();
        limits.reply_egress_low = 1;
        let mut rig = Rig::opened(limits, order);
        let acts = rig.request(vec![vote_id(1, 1)]);
        rig.answer(&store, &acts);
        let acts = rig.request(vec![block_id(point)]);
        rig.answer(&store, &acts);
        rig.want(4_096);
        rig.announce(&header(NOW, 1, 1));
        let first = rig.drain();
        assert_eq!(replies(&first).len(), 1);
        assert_eq!(news(&first).len() == 1, first_is_news);
        let second = rig.drain();
        assert_eq!(replies(&second).len(), 1);
        assert_eq!(news(&second).len() == 1, !first_is_news);
    }
}

#[test]
fn in_request_order_an_older_notification_request_goes_first() {
    let mut store = Store::default();
    let point = store.block(NOW, 1, &["x"]);
    let mut limits = limits();
    limits.reply_egress_low = 1;
    let mut rig = Rig::opened(limits, Order::RequestOrder);
    let acts = rig.request(vec![vote_id(1, 1)]);
    rig.answer(&store, &acts);
    rig.want(4_096);
    let acts = rig.request(vec![block_id(point)]);
    rig.answer(&store, &acts);
    rig.announce(&header(NOW, 1, 1));
    assert_eq!(news(&rig.drain()).len(), 1);
    assert_eq!(deliveries(&rig.drain()).len(), 1);
}

#[test]
fn a_reply_is_handed_over_only_while_little_waits() {
    let mut store = Store::default();
    let points: Vec<LeiosPoint> = (0..10).map(|name| store.bulk(10, name, 10, 1_000)).collect();
    let mut rig = Rig::new();
    let mut sent = Vec::new();
    for point in &points {
        let acts = rig.request(vec![txs_id(*point, 0..10)]);
        sent.extend(deliveries(&rig.answer(&store, &acts)));
    }
    // Each takes a little more than 10,000 bytes: three are handed over, since two are fewer than
    // 24,576.
    assert_eq!(sent.len(), 3);
    let waiting = rig.server.waiting();
    assert!((30_000..31_000).contains(&waiting), "{waiting}");
    let enough = waiting - 24_576;
    assert_eq!(replies(&rig.remote(ServerRemote::Drained(enough as u32))), []);
    assert_eq!(rig.server.waiting(), 24_576);
    let acts = rig.remote(ServerRemote::Drained(1));
    assert_eq!(deliveries(&acts).len(), 1);
    // However much leaves at once, each call hands over until enough waits again.
    let acts = rig.remote(ServerRemote::Drained(u32::MAX));
    assert_eq!(deliveries(&acts).len(), 3);
    assert_eq!(deliveries(&rig.drain()).len(), 3);
    assert_eq!(deliveries(&rig.drain()).len(), 0);
    assert_eq!(rig.server.waiting(), 0);
}

#[test]
fn a_fresh_announcement_waits_for_a_bounded_backlog_only() {
    let mut store = Store::default();
    let point = store.bulk(NOW - 100, 1, 6_600, 1_500);
    let mut rig = Rig::new();
    rig.want(65_535);
    // Requests of 100 kB each, as many as the client may have.
    for at in 0..50 {
        let acts = rig.request(vec![txs_id(point, at * 66..(at + 1) * 66)]);
        rig.answer(&store, &acts);
    }
    assert_eq!(news(&rig.announce(&header(NOW, 1, 2))), []);
    let backlog = rig.server.waiting();
    assert!(backlog < 24_576 + 100_000, "{backlog}");
    let acts = rig.drain();
    assert!(matches!(&news(&acts)[..], [(0, false, list)] if list.len() == 1));
    let first = &replies(&acts)[0];
    assert_eq!(first.no().0, 0);
}

#[test]
fn the_youngest_question_is_asked_first_when_content_is_short() {
    let mut store = Store::default();
    let points: Vec<LeiosPoint> =
        [(1, 30), (2, 50), (3, 40)].map(|(name, slot)| store.bulk(slot, name, 10, 1_000)).to_vec();
    for (order, expected) in
        [(Order::FreshestFirst, [0, 2, 3, 1]), (Order::RequestOrder, [0, 1, 2, 3])]
    {
        let mut limits = limits();
        limits.max_provided_bytes = 1_000_000;
        let mut rig = Rig::opened(limits, order);
        let blocker = rig
            .request(vec![block_id(store.bulk(5, 9, 10, 1_000)), block_id(store.bulk(5, 8, 9, 9))]);
        let mut order: Vec<u64> = asked_numbers(&blocker);
        for point in &points {
            assert_eq!(asked(&rig.request(vec![block_id(*point)])), []);
        }
        let mut acts = rig.answer(&store, &blocker);
        while order.len() < 4 {
            let numbers = asked_numbers(&acts);
            assert!(!numbers.is_empty());
            order.extend(numbers);
            acts = rig.answer(&store, &acts);
            rig.drain();
        }
        assert_eq!(order, expected);
    }
}

fn asked_numbers(acts: &[crate::support::Act]) -> Vec<u64> {
    asked(acts)
        .into_iter()
        .map(|(_, nodewire::state::leios::ServerQuery::Fetch { no, .. })| no.0)
        .collect()
}

#[test]
fn deliveries_keep_the_order_of_their_ids() {
    let mut store = Store::default();
    let a = store.block(10, 1, &["x"]);
    let mut rig = Rig::new();
    let acts = rig.request(vec![vote_id(1, 1), block_id(a), vote_id(1, 0)]);
    let acts = rig.answer(&store, &acts);
    let list = &deliveries(&acts)[0].1;
    assert!(matches!(
        &list[..],
        [
            Deliverable::LinearLeiosVoteDelivery(_),
            Deliverable::LinearLeiosBlockDelivery(_),
            Deliverable::LinearLeiosVoteDelivery(_)
        ]
    ));
    assert_eq!(rig.local(ServerCommand::Finish).len(), 1);
}

/// A client gives up after 180 seconds (L-58), so the youngest may not go first for ever.
#[test]
fn an_old_request_is_not_starved_by_younger_ones() {
    for (starvation, waited) in [(Some(Duration::from_secs(180)), 91), (None, 1_000)] {
        let mut store = Store::default();
        let mut limits = limits();
        (limits.reply_egress_low, limits.starvation) = (1, starvation);
        limits.max_provided_bytes = limits.max_eb_bytes;
        let mut rig = Rig::opened(limits, Order::FreshestFirst);
        let acts = rig.request(vec![vote_id(1, 1)]);
        rig.answer(&store, &acts);
        let old = store.block(10, 1, &["x"]);
        let young = store.block(2_000, 2, &["y"]);
        let mut acts = Vec::new();
        for point in [young, young, old] {
            acts.extend(rig.request(vec![block_id(point)]));
        }
        let started = rig.now;
        let mut answered = Vec::new();
        // A young request is always there and asked about, and each reply takes a second.
        for second in 1..=1_000_u64 {
            rig.now = started.after(Duration::from_secs(second));
            for (id, query) in asked(&acts) {
                acts.extend(rig.local(store.answer(id, &query)));
            }
            acts = rig.drain();
            answered.extend(deliveries(&acts).into_iter().map(|(no, _)| (second, no)));
            acts.extend(rig.request(vec![block_id(young)]));
        }
        let first = answered.iter().find(|(_, no)| *no == 3).map(|(at, _)| *at);
        match starvation {
            Some(_) => {
                assert!(first.is_some_and(|at| (90..=waited + 2).contains(&at)), "{first:?}")
            }
            None => assert_eq!(first, None),
        }
    }
}
