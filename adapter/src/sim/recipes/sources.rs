//! Recipe 1: one sink pulls a closure of 12 MB from eight unequal sources.

use std::rc::Rc;
use std::time::Duration;

use nodewire::Time;
use nodewire::sim::{End, Host, Net, Rng};
use nodewire::state::leios::Fetch;

use super::{Done, Tried, session};
use crate::sim::links::Links;
use crate::sim::node::{Act, Decide, LeiosNode, Shared};
use crate::sim::plain::{Plain, Whom};
use crate::sim::world::{World, article, sizes, txs};
use crate::sim::{Figures, Settings};

/// What one pull came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pull {
    /// From the offers to the whole closure.
    pub took: Duration,
    /// Bytes that left the sources, all protocols and headers of segments, until then and after.
    pub bytes: u64,
    /// The trace hash.
    pub hash: u64,
}

pub fn run(settings: &Settings, seed: Option<u64>) -> Tried<Done> {
    let recipe = &settings.sources;
    let plain =
        |whom| Plain::new(whom, recipe.plain_window, settings.limits.reply_split_target as u64);
    let fetch = || Fetch::new(settings.fetch.clone());
    let (pull, links) = pull(settings, seed, None, fetch())?;
    let (mute, _) = self::pull(settings, seed, Some(recipe.mute_after), fetch())?;
    let (one, _) = self::pull(settings, seed, None, plain(Whom::One))?;
    let (all, _) = self::pull(settings, seed, None, plain(Whom::Everyone))?;

    let mut figures = Figures::default();
    let seconds = |pull: &Pull| pull.took.as_secs_f64();
    let ratio = |pull: &Pull| pull.bytes as f64 / one.bytes as f64;
    let total: u64 = links.rates.iter().sum();
    let bound = recipe.closure as f64 * 8.0 / total as f64;
    figures.put("lower bound s", bound);
    figures.put("fetch s", seconds(&pull));
    figures.put("fetch / bound", seconds(&pull) / bound);
    figures.put("fetch bytes", ratio(&pull));
    figures.put("first answerer mute s", seconds(&mute));
    figures.put("first answerer mute bytes", ratio(&mute));
    figures.put("one peer s", seconds(&one));
    figures.put("one peer MB", one.bytes as f64 / 1e6);
    figures.put("everyone s", seconds(&all));
    figures.put("everyone bytes", ratio(&all));
    Ok(Done { links: links.said, hash: pull.hash, figures })
}

/// The links a pull went over.
#[derive(Debug)]
pub struct Over {
    said: Vec<String>,
    rates: Vec<u64>,
}

/// One pull with a decision logic of the caller's.
///
/// # Errors
/// If the settings make no block, or the closure does not come within two minutes.
pub fn pull(
    settings: &Settings,
    seed: Option<u64>,
    mute_after: Option<u64>,
    decide: impl Decide,
) -> Tried<(Pull, Over)> {
    let recipe = &settings.sources;
    let mut rng = Rng::new(seed.unwrap_or(0)).stream("sizes");
    let sizes = sizes(&mut rng, recipe.txs, recipe.tx_sizes, recipe.closure);
    let offered = Time::ZERO.after(recipe.offered_at);
    let announced = Time::ZERO.after(recipe.offered_at.saturating_sub(recipe.announced_before));
    let mut world = World::default();
    let slot = announced.as_micros() / 1_000_000;
    let point = world.add(article(slot, 1, txs(seed.unwrap_or(0), sizes))?, 0);
    let mut shared = Shared::new(world, session(settings));
    shared.mute_after = mute_after;
    let shared = Rc::new(shared);

    let mut net = Net::new(seed.unwrap_or(0));
    let mut links = Links::new(&settings.link, seed);
    let sink = net.add(Host::new(LeiosNode::new(0, Rc::clone(&shared), Some(decide))));
    let mut ends: Vec<End> = Vec::new();
    let mut rates = Vec::new();
    for (number, (rate, delay)) in (1..).zip(recipe.rates.iter().zip(&recipe.delays_us)) {
        let source = LeiosNode::new(number, Rc::clone(&shared), None)
            .does(announced, Act::Announce(point))
            .does(offered, Act::OfferBlock(point))
            .does(offered, Act::OfferTxs(point));
        let source = net.add(Host::new(source));
        let specs = links.make(*rate, Duration::from_micros(*delay));
        rates.push(specs[1].rate * 8);
        ends.push(net.connect(Time::ZERO, sink, source, specs).1);
    }
    net.run(offered, u64::MAX);
    let before: u64 = ends.iter().map(|end| net.sent(*end)).sum();
    let report = net.run(offered.after(Duration::from_secs(120)), u64::MAX);
    let node = net.node(sink).map(Host::policy).ok_or("there is no sink")?;
    let closure = node.seen(&point).closure;
    let closure = closure.ok_or_else(|| format!("no closure: {:?}", node.counted()))?;
    let bytes = ends.iter().map(|end| net.sent(*end)).sum::<u64>() - before;
    let pull = Pull { took: closure.since(offered), bytes, hash: report.hash };
    Ok((pull, Over { said: links.said(), rates }))
}
