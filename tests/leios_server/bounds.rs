//! Memory: what is held, what is asked for, what is held back.

use nodewire::state::leios::{Order, Server};
use nodewire::{Machine, OverChannels};

use crate::support::{
    NOW, Rig, Store, asked, block_id, deliveries, header, limits, point, txs_id, vote_id,
};

#[test]
fn an_idle_server_is_small() {
    let mut rig = Rig::new();
    rig.want(32_768);
    rig.want(32_768);
    assert!(rig.server.footprint() <= 2_048, "{}", rig.server.footprint());
}

#[test]
fn full_questions_hold_requests_back_and_nothing_else() {
    let mut rig = Rig::with(|limits| limits.max_open_asks = 2);
    let store = Store::default();
    let [request, reply] = [0, 1].map(|at| rig.server.channels()[at].channel);
    let first = rig.request(vec![vote_id(1, 1)]);
    assert!(!rig.server.saturated());
    rig.request(vec![vote_id(1, 2)]);
    assert!(rig.server.saturated());
    assert!(rig.server.holds(request) && !rig.server.holds(reply));
    // What comes all the same is kept and asked about later.
    assert_eq!(rig.request(vec![vote_id(1, 3)]), []);
    let acts = rig.answer(&store, &first);
    assert_eq!(asked(&acts).len(), 1);
    assert!(rig.server.saturated());
    let acts = rig.answer(&store, &acts);
    assert_eq!(deliveries(&acts).len(), 1);
    assert!(!rig.server.saturated() && !rig.server.holds(request));
}

#[test]
fn questions_wait_while_much_content_is_held() {
    let mut store = Store::default();
    let mut limits = limits();
    limits.max_provided_bytes = 1_000_000;
    limits.reply_egress_low = 0;
    let mut rig = Rig::opened(limits.clone(), Order::FreshestFirst);
    // 66 transactions may be 1,081,344 bytes: more than may be held, yet the first is asked for.
    let points: Vec<_> = (0..20).map(|name| store.bulk(10, name, 66, 1_500)).collect();
    let mut open = rig.request(vec![txs_id(points[0], 0..66)]);
    assert_eq!(asked(&open).len(), 1);
    for point in &points[1..] {
        assert_eq!(rig.request(vec![txs_id(*point, 0..66)]), []);
    }
    // Nothing leaves, so with the content of the first one no other is asked for.
    open = rig.answer(&store, &open);
    assert_eq!(open, []);
    assert!(rig.server.footprint() > 99_000);
    assert!(rig.server.footprint() <= Server::most_footprint(&limits));
    // Small things still fit beside it.
    assert_eq!(asked(&rig.request(vec![vote_id(9, 9)])), []);
    let acts = rig.request(vec![vote_id(100, 9)]);
    assert_eq!(asked(&acts).len(), 1);
}

#[test]
fn the_footprint_stays_below_its_limit_at_every_limit() {
    let mut store = Store::default();
    let limits = limits();
    let most = Server::most_footprint(&limits);
    let mut rig = Rig::opened(limits, Order::FreshestFirst);
    let check = |rig: &Rig| {
        let footprint = rig.server.footprint();
        assert!(footprint <= most, "{footprint} > {most}");
        footprint
    };
    for slot in 0..300 {
        for pool in 0..3 {
            rig.announce(&header(NOW - slot, pool, 1));
            rig.announce(&header(NOW - slot, pool, 2));
        }
        for seat in 0..50 {
            rig.local(nodewire::state::leios::ServerCommand::OfferVote(
                nodewire::codec::leios::SlotNo(NOW - slot),
                nodewire::codec::leios::VoteIssuer(seat * 1_300),
            ));
        }
    }
    let told = check(&rig);
    let a = store.bulk(NOW, 1, 10_000, 200);
    let first = rig.request(vec![vote_id(1, 1)]);
    rig.answer(&store, &first);
    for at in 0..60 {
        if rig.server.outstanding().0 >= 10_000 {
            break;
        }
        let acts =
            rig.request(vec![txs_id(a, at * 160..at * 160 + 160), block_id(point(at.into(), 200))]);
        check(&rig);
        let _ = acts;
    }
    rig.request((0..9_000).map(|issuer| vote_id(100_000, issuer)).collect());
    assert!(check(&rig) > told);
}

#[test]
fn the_largest_request_is_within_the_limit() {
    let limits = limits();
    let most = Server::most_footprint(&limits);
    // Six bytes each, which is next to nothing.
    let ids = (0..10_000).map(|issuer| vote_id(1, issuer)).collect();
    let mut rig = Rig::opened(limits, Order::FreshestFirst);
    rig.request(ids);
    assert!(rig.server.footprint() <= most);
}
