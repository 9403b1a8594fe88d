//! Overlapping requests (`leios.md` 8.4): whichever reply goes second leaves out what the first
//! carried.

use std::collections::BTreeSet;

use nodewire::Machine;
use nodewire::codec::leios::{Deliverable, DeliverableId, LeiosPoint};
use nodewire::state::leios::{Limits, Order};

use crate::support::{Act, Rig, Store, block_id, deliveries, limits, shown, txs_id, vote_id};

const TOP: u64 = 1 << 63;

/// The two blocks of the example: A = [t1, t2, t3, t4], B = [t3, t5, t1]; B is younger.
fn blocks(store: &mut Store) -> (LeiosPoint, LeiosPoint) {
    (store.block(10, 0xa, &["t1", "t2", "t3", "t4"]), store.block(11, 0xb, &["t3", "t5", "t1"]))
}

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_string()).collect()
}

/// The one reply among `acts`.
fn reply(acts: &[Act]) -> (u64, Vec<Deliverable>) {
    let [reply] = &deliveries(acts)[..] else { panic!("{acts:?}") };
    reply.clone()
}

#[test]
fn freshest_first_the_older_reply_leaves_out() {
    let mut store = Store::default();
    let (a, b) = blocks(&mut store);
    let mut rig = Rig::with(|limits| limits.reply_egress_low = 1);
    // Something on its way keeps both requests waiting.
    let acts = rig.request(vec![vote_id(1, 1)]);
    rig.answer(&store, &acts);
    for ids in [txs_id(a, 0..4), txs_id(b, 0..3)] {
        let acts = rig.request(vec![ids]);
        assert_eq!(rig.answer(&store, &acts), []);
    }
    let (no, list) = reply(&rig.drain());
    assert_eq!(
        (no, shown(&list)),
        (2, vec![(0xb, vec![(0, 0xe << 60, texts(&["t3", "t5", "t1"]))])])
    );
    let (no, list) = reply(&rig.drain());
    assert_eq!((no, shown(&list)), (1, vec![(0xa, vec![(0, 0x5 << 60, texts(&["t2", "t4"]))])]));
}

#[test]
fn in_request_order_the_younger_reply_leaves_out() {
    let mut store = Store::default();
    let (a, b) = blocks(&mut store);
    let mut rig = Rig::opened(limits(), Order::RequestOrder);
    let first = rig.request(vec![txs_id(a, 0..4)]);
    let second = rig.request(vec![txs_id(b, 0..3)]);
    assert_eq!(rig.answer(&store, &second), []);
    let both = deliveries(&rig.answer(&store, &first));
    assert_eq!(both[0].0, 0);
    assert_eq!(shown(&both[0].1), [(0xa, vec![(0, 0xf << 60, texts(&["t1", "t2", "t3", "t4"]))])]);
    assert_eq!(both[1].0, 1);
    assert_eq!(shown(&both[1].1), [(0xb, vec![(0, 0x4 << 60, texts(&["t5"]))])]);
}

#[test]
fn a_request_that_arrives_after_the_reply_gets_everything() {
    let mut store = Store::default();
    let (a, b) = blocks(&mut store);
    let mut rig = Rig::new();
    let acts = rig.request(vec![txs_id(a, 0..4)]);
    // Something else stays outstanding all the time: it must not matter.
    let kept = rig.request(vec![txs_id(store.block(5, 0xc, &["t9"]), [0])]);
    rig.answer(&store, &acts);
    let acts = rig.request(vec![txs_id(b, 0..3)]);
    let (_, list) = reply(&rig.answer(&store, &acts));
    assert_eq!(shown(&list), [(0xb, vec![(0, 0xe << 60, texts(&["t3", "t5", "t1"]))])]);
    // Asked for again while outstanding with its first reply: only what went since is left out.
    let (_, list) = reply(&rig.answer(&store, &kept));
    assert_eq!(shown(&list), [(0xc, vec![(0, TOP, texts(&["t9"]))])]);
}

#[test]
fn all_left_out_is_an_empty_list() {
    let mut store = Store::default();
    let (a, _) = blocks(&mut store);
    let b = store.block(12, 0xd, &["t3", "t1"]);
    let mut rig = Rig::new();
    let first = rig.request(vec![txs_id(a, 0..4)]);
    let second = rig.request(vec![txs_id(b, 0..2)]);
    assert_eq!(reply(&rig.answer(&store, &first)).1.len(), 1);
    assert_eq!(reply(&rig.answer(&store, &second)), (1, vec![]));
}

#[test]
fn an_empty_window_and_an_empty_map_are_not_there() {
    let mut store = Store::default();
    let a = store.bulk(10, 0xa, 200, 8);
    let shared = store.blocks[&a.hash].clone();
    let b = store.bulk(11, 0xb, 3, 8);
    // The second block: the first 64 transactions of the first one, then its own, then the rest.
    let mut all = shared[..64].to_vec();
    all.extend(store.blocks[&b.hash].iter().cloned());
    store.blocks.insert(b.hash, all);
    let mut rig = Rig::new();
    let first = rig.request(vec![txs_id(a, 0..70)]);
    let second = rig.request(vec![vote_id(3, 3), txs_id(b, 0..67)]);
    let third = rig.request(vec![txs_id(a, 60..70), vote_id(4, 4)]);
    rig.answer(&store, &first);
    let (_, list) = reply(&rig.answer(&store, &second));
    let [Deliverable::LinearLeiosVoteDelivery(_), Deliverable::LeiosBlockTxsDelivery(_, windows)] =
        &list[..]
    else {
        panic!("{list:?}");
    };
    let windows: Vec<_> =
        windows.iter().map(|window| (window.window, window.bitmap.bits())).collect();
    assert_eq!(windows, [(1, 0xe << 60)]);
    let (_, list) = reply(&rig.answer(&store, &third));
    assert!(matches!(&list[..], [Deliverable::LinearLeiosVoteDelivery(_)]), "{list:?}");
}

#[test]
fn three_requests_that_share_everything_in_each_of_six_orders() {
    let mut store = Store::default();
    let points = [
        store.block(10, 1, &["x", "y"]),
        store.block(11, 2, &["y", "x"]),
        store.block(12, 3, &["x", "y"]),
    ];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let mut rig = Rig::new();
        let questions = points.map(|point| rig.request(vec![txs_id(point, 0..2), vote_id(7, 7)]));
        let replies = order.map(|at| reply(&rig.answer(&store, &questions[at])));
        assert_eq!(replies.clone().map(|(no, _)| no), order.map(|at| at as u64));
        assert_eq!(replies.map(|(_, list)| list.len()), [2, 0, 0], "{order:?}");
        assert_eq!(rig.server.outstanding(), (0, 0, 0));
        // No memory of deliveries survives the requests (S-10).
        let acts = rig.request(vec![txs_id(points[0], 0..2), vote_id(7, 7)]);
        assert_eq!(reply(&rig.answer(&store, &acts)).1.len(), 2);
    }
}

#[test]
fn blocks_overlap_by_hash_votes_by_slot_and_seat() {
    let mut store = Store::default();
    let a = store.block(10, 1, &["x"]);
    let later = LeiosPoint::new(nodewire::codec::leios::SlotNo(20), a.hash);
    let mut rig = Rig::new();
    let first = rig.request(vec![block_id(a), vote_id(3, 1), vote_id(3, 2)]);
    let second = rig.request(vec![block_id(later), vote_id(3, 2), vote_id(4, 2), txs_id(a, [0])]);
    assert_eq!(reply(&rig.answer(&store, &first)).1.len(), 3);
    let (_, list) = reply(&rig.answer(&store, &second));
    let [Deliverable::LinearLeiosVoteDelivery(vote), Deliverable::LeiosBlockTxsDelivery(..)] =
        &list[..]
    else {
        panic!("{list:?}");
    };
    assert_eq!(vote.slot().0, 4);
}

#[test]
fn a_transaction_of_two_blocks_in_one_request_goes_once() {
    let mut store = Store::default();
    let (a, b) = blocks(&mut store);
    let mut rig = Rig::new();
    let acts = rig.request(vec![txs_id(a, 0..4), txs_id(b, 0..3)]);
    let (_, list) = reply(&rig.answer(&store, &acts));
    assert_eq!(shown(&list)[1], (0xb, vec![(0, 0x4 << 60, texts(&["t5"]))]));
}

#[test]
fn a_transaction_of_three_blocks_in_one_request_goes_once() {
    let mut store = Store::default();
    let (a, b) = blocks(&mut store);
    let c = store.block(12, 0xc, &["t6", "t1", "t5"]);
    let mut rig = Rig::new();
    let acts = rig.request(vec![txs_id(a, 0..4), txs_id(b, 0..3), txs_id(c, 0..3)]);
    let (_, list) = reply(&rig.answer(&store, &acts));
    let shown = shown(&list);
    assert_eq!(shown[0].1, vec![(0, 0xf << 60, texts(&["t1", "t2", "t3", "t4"]))]);
    assert_eq!(shown[1].1, vec![(0, 0x4 << 60, texts(&["t5"]))]);
    assert_eq!(shown[2].1, vec![(0, TOP, texts(&["t6"]))]);
}

#[test]
fn forgotten_marks_cost_bytes_and_nothing_else() {
    let mut store = Store::default();
    let a = store.bulk(10, 1, 50, 8);
    let b = store.bulk(11, 1, 50, 8);
    let carried = |most: usize| {
        let mut rig = Rig::with(|limits| limits.max_overlap_marks = most);
        let first = rig.request(vec![txs_id(a, 0..50)]);
        let second = rig.request(vec![txs_id(b, 0..50)]);
        rig.answer(&store, &first);
        assert!(
            rig.server.footprint()
                <= nodewire::state::leios::Server::most_footprint(&{
                    let mut limits = limits();
                    limits.max_overlap_marks = most;
                    limits
                })
        );
        count(&reply(&rig.answer(&store, &second)).1)
    };
    assert_eq!([carried(0), carried(20), carried(50)], [50, 30, 0]);
}

fn count(list: &[Deliverable]) -> usize {
    list.iter()
        .map(|deliverable| match deliverable {
            Deliverable::LeiosBlockTxsDelivery(_, windows) => {
                windows.iter().map(|window| window.txs.len()).sum()
            }
            _ => 1,
        })
        .sum()
}

/// A model that keeps a set for each request, as the client does: whatever is asked and however
/// it is answered, each reply is what is asked for without what went while it was outstanding.
#[test]
fn replies_are_those_of_a_model_with_a_set_for_each_request() {
    let mut store = Store::default();
    let points: Vec<LeiosPoint> =
        (0..6).map(|name| store.bulk(10 + u64::from(name % 3), name, 40, 8)).collect();
    // Blocks share: the hash of a transaction is its first bytes, so all with one name differ by
    // index only. Three names hold each other's transactions.
    for pair in points.chunks(2) {
        let mine = store.blocks[&pair[0].hash][..25].to_vec();
        let theirs = store.blocks[&pair[1].hash][..15].to_vec();
        store.blocks.insert(pair[1].hash, [theirs, mine].concat());
    }
    let mut rng = Lcg(7);
    for _ in 0..200 {
        let mut rig = Rig::opened(Limits::default(), Order::FreshestFirst);
        let mut open: Vec<(Vec<Act>, DeliverableId, BTreeSet<Vec<u8>>)> = Vec::new();
        for _ in 0..40 {
            if open.len() < 5 && rng.below(2) == 0 {
                let point = points[rng.below(points.len())];
                let from = rng.below(40) as u32;
                let id = txs_id(point, from..from + 1 + rng.below(40 - from as usize) as u32);
                open.push((rig.request(vec![id.clone()]), id, BTreeSet::new()));
            } else if !open.is_empty() {
                let (acts, id, gone) = open.remove(rng.below(open.len()));
                let DeliverableId::LeiosBlockTxsId(point, wanted) = &id else { unreachable!() };
                let all = &store.blocks[&point.hash];
                let expected: Vec<Vec<u8>> = wanted
                    .indices()
                    .map(|index| all[index as usize].to_vec())
                    .filter(|tx| !gone.contains(tx))
                    .collect();
                let (_, list) = reply(&rig.answer(&store, &acts));
                let got: Vec<Vec<u8>> = list.iter().flat_map(carried).collect();
                assert_eq!(got, expected);
                for (_, _, gone) in &mut open {
                    gone.extend(got.iter().cloned());
                }
                rig.drain();
            }
        }
    }
}

fn carried(deliverable: &Deliverable) -> Vec<Vec<u8>> {
    match deliverable {
        Deliverable::LeiosBlockTxsDelivery(_, windows) => {
            windows.iter().flat_map(|window| window.txs.iter().map(<[u8]>::to_vec)).collect()
        }
        other => panic!("no transactions but {other:?}"),
    }
}

struct Lcg(u64);

impl Lcg {
    fn below(&mut self, most: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % most as u64) as usize
    }
}
