//! Recipes 3 and 4: something fresh in the midst of old bulk, on one link.

use std::rc::Rc;
use std::time::Duration;

use nodewire::Time;
use nodewire::codec::leios::LeiosPoint;
use nodewire::sim::{Host, LinkSpec, Net};
use nodewire::state::leios::{Fetch, FetchLimits, Order};

use super::{Done, Tried, session};
use crate::sim::links::Links;
use crate::sim::node::{Act, LeiosNode, Seen, Shared};
use crate::sim::world::{World, article, txs};
use crate::sim::{Figures, Settings};

const FROM: Time = Time::from_micros(5_000_000);

/// How the two sides order what they have.
struct Way {
    name: &'static str,
    order: Order,
    /// The client asks for as much as the limits of the pair allow.
    deep: bool,
    /// The server hands all it has to the multiplexer, however much waits there (L-62 off).
    floods: bool,
}

const fn way(name: &'static str, order: Order, deep: bool, floods: bool) -> Way {
    Way { name, order, deep, floods }
}

const ANNOUNCEMENT: [Way; 3] = [
    way("the pair", Order::FreshestFirst, false, false),
    way("the pair, all asked at once", Order::FreshestFirst, true, false),
    way("in order of sending, all asked at once", Order::RequestOrder, true, true),
];

const BURST: [Way; 4] = [
    way("freshest first", Order::FreshestFirst, false, false),
    way("in order", Order::RequestOrder, false, false),
    way("freshest first, all asked at once", Order::FreshestFirst, true, false),
    way("in order, all asked at once", Order::RequestOrder, true, false),
];

/// Recipe 3: a header while 12 MB of old transactions are under way.
pub fn announcement(settings: &Settings, seed: Option<u64>) -> Tried<Done> {
    let recipe = &settings.bulk;
    let mut links = Links::new(&settings.link, seed);
    let specs = links.make(recipe.rate, recipe.delay);
    let fresh_at = FROM.after(recipe.fresh_after);
    let old = article(4, 1, txs(1, (0..recipe.txs).map(|_| recipe.tx_size)))?;
    let fresh = article(slot_at(fresh_at), 2, txs(2, [recipe.tx_size]))?;
    let mut figures = Figures::default();
    let mut hash = 0_u64;
    for way in ANNOUNCEMENT {
        let mut world = World::default();
        let old = world.add(old.clone(), 0);
        let point = world.add(fresh.clone(), 0);
        let source =
            |node: LeiosNode<Fetch<_>>| offer(node, FROM, old).does(fresh_at, Act::Announce(point));
        let (seen, trace) = one_link(settings, &way, world, specs, source, point);
        let came = seen.announced.ok_or("the fresh announcement never came")?;
        let late = came.since(fresh_at).saturating_sub(specs[1].delay);
        figures.put(format!("{} | announcement ms", way.name), late.as_secs_f64() * 1e3);
        hash = hash.rotate_left(1) ^ trace;
    }
    Ok(Done { links: links.said(), hash, figures })
}

/// Recipe 4: a burst of old blocks, then a new one.
pub fn burst(settings: &Settings, seed: Option<u64>) -> Tried<Done> {
    let recipe = &settings.bulk;
    let mut links = Links::new(&settings.link, seed);
    let specs = links.make(recipe.rate, recipe.delay);
    let sizes = || (0..recipe.burst_txs).map(|_| recipe.tx_size);
    let mut articles = Vec::new();
    for number in 0..recipe.burst {
        articles.push(article(u64::from(number), 1, txs(u64::from(number), sizes()))?);
    }
    let fresh_at = FROM.after(recipe.fresh_after);
    let fresh = article(slot_at(fresh_at), 2, txs(1_000, sizes()))?;
    let mut figures = Figures::default();
    let mut hash = 0_u64;
    for way in BURST {
        let mut world = World::default();
        let points: Vec<LeiosPoint> =
            articles.iter().map(|article| world.add(article.clone(), 0)).collect();
        let point = world.add(fresh.clone(), 0);
        let source = |mut node: LeiosNode<Fetch<_>>| {
            for old in &points {
                node = offer(node, FROM, *old);
            }
            offer(node, fresh_at, point)
        };
        let (seen, trace) = one_link(settings, &way, world, specs, source, point);
        let closure = seen.closure.ok_or("the fresh closure never came")?;
        figures.put(format!("{} | closure s", way.name), closure.since(fresh_at).as_secs_f64());
        hash = hash.rotate_left(1) ^ trace;
    }
    Ok(Done { links: links.said(), hash, figures })
}

/// The slot that has begun by then.
const fn slot_at(at: Time) -> u64 {
    at.as_micros() / 1_000_000
}

fn offer<D: crate::sim::Decide>(node: LeiosNode<D>, at: Time, point: LeiosPoint) -> LeiosNode<D> {
    let acts = [Act::Announce(point), Act::OfferBlock(point), Act::OfferTxs(point)];
    acts.into_iter().fold(node, |node, act| node.does(at, act))
}

fn one_link(
    settings: &Settings,
    way: &Way,
    world: World,
    specs: [LinkSpec; 2],
    source: impl FnOnce(LeiosNode<Fetch<nodewire::sim::End>>) -> LeiosNode<Fetch<nodewire::sim::End>>,
    point: LeiosPoint,
) -> (Seen, u64) {
    let mut session = session(settings);
    session.connection.order = way.order;
    if way.floods {
        session.connection.limits.reply_egress_low = usize::MAX;
    }
    let mut shared = Shared::new(world, session);
    // Without reordering nobody reorders: neither the server nor the client.
    shared.oldest_first = way.order == Order::RequestOrder;
    let shared = Rc::new(shared);
    let mut fetch = settings.fetch.clone();
    if way.deep {
        deepen(&mut fetch);
    }
    let mut net = Net::new(0);
    let sink = LeiosNode::new(0, Rc::clone(&shared), Some(Fetch::new(fetch)));
    let sink = net.add(Host::new(sink));
    let source = net.add(Host::new(source(LeiosNode::new(1, shared, None))));
    net.connect(Time::ZERO, sink, source, specs);
    let report = net.run(FROM.after(Duration::from_secs(300)), u64::MAX);
    let seen = net.node(sink).map(|host| host.policy().seen(&point)).unwrap_or_default();
    (seen, report.hash)
}

/// No windows but the limits of the pair.
fn deepen(fetch: &mut FetchLimits) {
    fetch.min_window = fetch.per_peer_in_flight;
    fetch.min_piece = fetch.request_bytes;
    fetch.queue_time = Duration::from_secs(60);
    fetch.probe_bytes = fetch.per_peer_in_flight;
    fetch.probe_piece = fetch.request_bytes;
}
