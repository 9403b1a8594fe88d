//! Recipe 6: two contemporary blocks that share most of their transactions.

use std::rc::Rc;
use std::time::Duration;

use nodewire::Time;
use nodewire::sim::{Host, LinkSpec, Net};
use nodewire::state::leios::Fetch;

use super::{Done, Tried, session};
use crate::leios::Article;
use crate::sim::links::Links;
use crate::sim::node::{Act, Decide, LeiosNode, Shared};
use crate::sim::plain::{Plain, Whom};
use crate::sim::world::{World, article, txs};
use crate::sim::{Figures, Settings};

const FROM: Time = Time::from_micros(5_000_000);

pub fn run(settings: &Settings, seed: Option<u64>) -> Tried<Done> {
    let recipe = &settings.overlap;
    let mut links = Links::new(&settings.link, seed);
    let specs = links.make(recipe.rate, recipe.delay);
    let sizes = || (0..recipe.txs).map(|_| recipe.tx_size);
    let shared = (u64::from(recipe.txs) * u64::from(recipe.shared_percent) / 100) as usize;
    let mine = txs(1, sizes());
    let mut other = txs(2, sizes());
    other.splice(..shared.min(other.len()), mine.iter().take(shared).cloned());
    let pair = [article(4, 1, mine)?, article(5, 2, other)?];
    let unique = (2 * u64::from(recipe.txs) - shared as u64) * u64::from(recipe.tx_size);

    let mut figures = Figures::default();
    let mut hash = 0_u64;
    figures.put("unique MB", unique as f64 / 1e6);
    let far = Duration::from_secs(20);
    for (name, plain, apart) in [
        ("decision logic", false, recipe.apart),
        ("asked twice, both outstanding", true, Duration::ZERO),
        ("asked twice, one after the other", true, far),
    ] {
        let (bytes, trace) = if plain {
            let request = settings.limits.reply_split_target as u64;
            let plain = Plain::new(Whom::One, u64::MAX / 2, request);
            transfer(settings, &pair, apart, specs, plain)?
        } else {
            let fetch = Fetch::new(settings.fetch.clone());
            transfer(settings, &pair, apart, specs, fetch)?
        };
        let redundant = bytes.saturating_sub(unique) as f64;
        figures.put(format!("{name} | redundant MB"), redundant / 1e6);
        figures.put(format!("{name} | redundant %"), redundant * 100.0 / unique as f64);
        hash = hash.rotate_left(1) ^ trace;
    }
    Ok(Done { links: links.said(), hash, figures })
}

/// Bytes of transactions that came for both blocks.
fn transfer(
    settings: &Settings,
    pair: &[Article; 2],
    apart: Duration,
    specs: [LinkSpec; 2],
    decide: impl Decide,
) -> Tried<(u64, u64)> {
    let mut world = World::default();
    let points = pair.clone().map(|article| world.add(article, 0));
    let shared = Rc::new(Shared::new(world, session(settings)));
    let mut source = LeiosNode::new(1, Rc::clone(&shared), None);
    for (point, at) in points.into_iter().zip([FROM, FROM.after(apart)]) {
        for act in [Act::Announce(point), Act::OfferBlock(point), Act::OfferTxs(point)] {
            source = source.does(at, act);
        }
    }
    let mut net = Net::new(0);
    let sink = net.add(Host::new(LeiosNode::new(0, shared, Some(decide))));
    let source = net.add(Host::new(source));
    net.connect(Time::ZERO, sink, source, specs);
    let report = net.run(FROM.after(Duration::from_secs(120)), u64::MAX);
    let node = net.node(sink).map(Host::policy).ok_or("there is no sink")?;
    match node.counted().faults.first() {
        Some(fault) => Err(fault.clone()),
        None => Ok((node.counted().tx_bytes, report.hash)),
    }
}
