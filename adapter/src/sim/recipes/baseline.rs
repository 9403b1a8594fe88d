//! Recipe 2: NaiveLeios against the pair, on one link.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use nodewire::Time;
use nodewire::codec::leios::{LeiosPoint, Notification, VoteIssuer};
use nodewire::sim::{Host, LinkSpec, Net};
use nodewire::state::leios::{Fetch, NaiveConfig};

use super::{Done, Tried, session};
use crate::sim::links::Links;
use crate::sim::naive::{NaiveSink, NaiveSource};
use crate::sim::node::{Act, LeiosNode, Seen, Shared};
use crate::sim::tap::{Either, Tapped};
use crate::sim::world::{World, article, txs};
use crate::sim::{Figures, Settings};

const FROM: Time = Time::from_micros(5_000_000);
const SLOT: u64 = 5;

/// What one exchange came to.
struct Exchange {
    seen: Seen,
    messages: u64,
    bytes: u64,
    hash: u64,
}

pub fn run(settings: &Settings, seed: Option<u64>) -> Tried<Done> {
    let recipe = &settings.baseline;
    let mut figures = Figures::default();
    let mut links = Links::new(&settings.link, seed);
    let mut hash = 0_u64;
    let sizes = (0..recipe.txs).map(|_| recipe.tx_size);
    let article = article(SLOT, 1, txs(seed.unwrap_or(0), sizes))?;
    for rate in &recipe.rates {
        for trip in &recipe.round_trips_ms {
            let specs = links.make(*rate, Duration::from_micros(trip * 500));
            for missing in &recipe.missing_percent {
                let mut world = World::default();
                let point = world.add(article.clone(), recipe.votes);
                let mut shared = Shared::new(world, session(settings));
                shared.missing_percent = *missing;
                shared.quorum = usize::from(recipe.quorum);
                let shared = Rc::new(shared);
                let naive = |pipeline| {
                    naive(
                        settings,
                        &shared,
                        point,
                        with_pipeline(settings.naive.clone(), pipeline),
                        specs,
                    )
                };
                for (name, exchange) in [
                    ("pair", pair(settings, &shared, point, specs)),
                    ("naive lock-step", naive(settings.naive.pipeline)),
                    ("naive pipelined", naive(recipe.pipeline)),
                ] {
                    hash = hash.rotate_left(1) ^ exchange.hash;
                    let row = format!("{} Mb/s {trip:3} ms {missing:3} % {name}", rate / 1_000_000);
                    put(&mut figures, &row, &exchange)?;
                }
            }
        }
    }
    Ok(Done { links: links.said(), hash, figures })
}

fn with_pipeline(mut config: NaiveConfig, pipeline: usize) -> NaiveConfig {
    config.pipeline = pipeline;
    config
}

fn put(figures: &mut Figures, row: &str, exchange: &Exchange) -> Tried<()> {
    let Seen { announced, quorum, closure, .. } = exchange.seen;
    for (column, at) in [("announced s", announced), ("quorum s", quorum), ("closure s", closure)] {
        let at = at.ok_or_else(|| format!("{row}: nothing for {column}"))?;
        figures.put(format!("{row} | {column}"), at.since(FROM).as_secs_f64());
    }
    figures.put(format!("{row} | messages"), exchange.messages as f64);
    figures.put(format!("{row} | MB"), exchange.bytes as f64 / 1e6);
    Ok(())
}

fn pair(
    settings: &Settings,
    shared: &Rc<Shared>,
    point: LeiosPoint,
    specs: [LinkSpec; 2],
) -> Exchange {
    let mut net = Net::new(0);
    let fetch = Fetch::new(settings.fetch.clone());
    let sink = LeiosNode::new(0, Rc::clone(shared), Some(fetch));
    let mut source = LeiosNode::new(1, Rc::clone(shared), None)
        .does(FROM, Act::Announce(point))
        .does(FROM, Act::OfferBlock(point))
        .does(FROM, Act::OfferTxs(point));
    for seat in (0..settings.baseline.votes).map(VoteIssuer) {
        source = source.does(FROM, Act::Vote(point.slot, seat));
    }
    let sink = net.add(Tapped::new(Host::new(sink)));
    let source = net.add(Tapped::new(Host::new(source)));
    net.connect(Time::ZERO, sink, source, specs);
    let report = net.run(FROM.after(Duration::from_secs(120)), u64::MAX);
    let seen = net.node(sink).map(|tap| tap.node().policy().seen(&point)).unwrap_or_default();
    Exchange {
        seen,
        messages: net.nodes().iter().map(Tapped::messages).sum(),
        bytes: net.nodes().iter().map(Tapped::bytes).sum(),
        hash: report.hash,
    }
}

fn naive(
    settings: &Settings,
    shared: &Rc<Shared>,
    point: LeiosPoint,
    config: NaiveConfig,
    specs: [LinkSpec; 2],
) -> Exchange {
    let mut news = VecDeque::new();
    if let Some(article) = shared.world.article(&point) {
        news.push_back(Notification::LinearLeiosAnnouncement(article.header.clone()));
    }
    news.push_back(Notification::LinearLeiosBlockOffer(point));
    news.push_back(Notification::LeiosBlockTxsOffer(point));
    for seat in (0..settings.baseline.votes).map(VoteIssuer) {
        news.push_back(Notification::LinearLeiosVoteOffer(point.slot, seat));
    }
    let mux = settings.mux.clone();
    let quorum = usize::from(settings.baseline.quorum);
    let sink = NaiveSink::new(Rc::clone(shared), config.clone(), mux.clone(), news.len(), quorum);
    let source = NaiveSource::new(Rc::clone(shared), config, mux, news, FROM);
    let mut net = Net::new(0);
    let sink = net.add(Tapped::new(Either::A(Host::new(sink))));
    let source = net.add(Tapped::new(Either::B(Host::new(source))));
    net.connect(Time::ZERO, sink, source, specs);
    let report = net.run(FROM.after(Duration::from_secs(36_000)), u64::MAX);
    let seen = match net.node(sink).map(Tapped::node) {
        Some(Either::A(host)) => host.policy().seen(),
        _ => Seen::default(),
    };
    Exchange {
        seen,
        messages: net.nodes().iter().map(Tapped::messages).sum(),
        bytes: net.nodes().iter().map(Tapped::bytes).sum(),
        hash: report.hash,
    }
}
