//! Recipe 7: a small network of relaying nodes.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use nodewire::Time;
use nodewire::codec::leios::{LeiosPoint, VoteIssuer};
use nodewire::sim::{End, Host, Net, Rng};
use nodewire::state::leios::Fetch;

use super::{Done, Tried, session};
use crate::sim::links::Links;
use crate::sim::node::{Act, LeiosNode, Seen, Shared};
use crate::sim::settings::Network;
use crate::sim::world::{World, article, txs};
use crate::sim::{Figures, Settings};

/// A block, and the node that makes it, at the onset of its slot.
struct Made {
    point: LeiosPoint,
    by: usize,
    at: Time,
}

pub fn run(settings: &Settings, seed: Option<u64>) -> Tried<Done> {
    let recipe = &settings.network;
    if recipe.nodes < 2 {
        return Err("a network takes two nodes".into());
    }
    let rng = Rng::new(seed.unwrap_or(0));
    let mut world = World::default();
    let made = blocks(recipe, &mut rng.stream("blocks"), &mut world)?;
    let mut shared = Shared::new(world, session(settings));
    shared.relay = true;
    shared.missing_percent = recipe.missing_percent;
    shared.quorum = usize::from(recipe.votes) * 3 / 4;
    shared.check = recipe.check;
    shared.seats = seats(recipe, &mut rng.stream("seats"));
    let shared = Rc::new(shared);

    let mut net = Net::new(seed.unwrap_or(0));
    for number in 0..recipe.nodes {
        let fetch = Fetch::new(settings.fetch.clone());
        let mut node = LeiosNode::new(number as u64, Rc::clone(&shared), Some(fetch));
        for made in made.iter().filter(|made| made.by == number) {
            for act in
                [Act::Announce(made.point), Act::OfferBlock(made.point), Act::OfferTxs(made.point)]
            {
                node = node.does(made.at, act);
            }
        }
        net.add(Host::new(node));
    }
    let mut links = Links::new(&settings.link, seed);
    let ends = connect(recipe, &mut rng.stream("graph"), &mut net, &mut links);
    let last = made.last().map(|made| made.at).unwrap_or_default();
    let until = last.after(recipe.every.max(Duration::from_secs(20)));
    let report = net.run(until, u64::MAX);

    let mut figures = Figures::default();
    let degree = 2.0 * ends.len() as f64 / recipe.nodes as f64;
    figures.put("mean degree", degree);
    spread(&mut figures, "announcement", &net, &made, |seen| seen.announced);
    spread(&mut figures, "block", &net, &made, |seen| seen.block);
    spread(&mut figures, "closure", &net, &made, |seen| seen.closure);
    spread(&mut figures, "quorum", &net, &made, |seen| seen.quorum);
    traffic(&mut figures, recipe, &net, &ends, &made, until);
    Ok(Done { links: links.said(), hash: report.hash, figures })
}

type Nodes = Net<Host<LeiosNode<Fetch<End>>>>;

fn blocks(recipe: &Network, rng: &mut Rng, world: &mut World) -> Tried<Vec<Made>> {
    let mut made = Vec::new();
    // Everybody is connected by then.
    let mut slot = 10;
    for number in 0..recipe.blocks {
        let sizes = (0..recipe.txs).map(|_| recipe.tx_size);
        let article = article(slot, number as u8, txs(rng.next(), sizes))?;
        let point = world.add(article, recipe.votes);
        let by = rng.below(recipe.nodes as u64) as usize;
        made.push(Made { point, by, at: Time::from_micros(slot * 1_000_000) });
        // Half of the mean at least: slots differ, and blocks seldom meet.
        let mean = recipe.every.as_secs().max(2);
        slot += rng.between(mean / 2, mean + mean / 2).max(1);
    }
    Ok(made)
}

fn seats(recipe: &Network, rng: &mut Rng) -> BTreeMap<u64, Vec<VoteIssuer>> {
    let mut seats: BTreeMap<u64, Vec<VoteIssuer>> = BTreeMap::new();
    for seat in (0..recipe.votes).map(VoteIssuer) {
        seats.entry(rng.below(recipe.nodes as u64)).or_default().push(seat);
    }
    seats
}

/// Each node connects to about half of its degree, and is connected to as often.
fn connect(recipe: &Network, rng: &mut Rng, net: &mut Nodes, links: &mut Links) -> Vec<End> {
    let count = recipe.nodes;
    let (least, most) = recipe.degree;
    let mut joined: BTreeSet<(usize, usize)> = BTreeSet::new();
    let mut ends = Vec::new();
    for node in 0..count {
        // Its next neighbour first, so that the network is one.
        let mut wanted = rng.between(least as u64, most as u64).div_ceil(2).max(1);
        let mut other = (node + 1) % count;
        for _ in 0..20 * count {
            if other != node && joined.insert((node.min(other), node.max(other))) {
                let (low, high) = recipe.delays;
                let micros = rng.between(low.as_micros() as u64, high.as_micros() as u64);
                let specs = links.make(recipe.rate, Duration::from_micros(micros));
                let at = Time::from_micros(rng.below(1_000_000));
                ends.push(net.connect(at, node, other, specs).0);
                wanted -= 1;
            }
            if wanted == 0 {
                break;
            }
            other = rng.below(count as u64) as usize;
        }
    }
    ends
}

/// How long it took until a share of all nodes had something, over all blocks.
fn spread(
    figures: &mut Figures,
    name: &str,
    net: &Nodes,
    made: &[Made],
    pick: impl Fn(Seen) -> Option<Time>,
) {
    let mut times = Vec::new();
    let mut expected = 0_usize;
    for made in made {
        for (number, host) in net.nodes().iter().enumerate() {
            if number != made.by {
                expected += 1;
                times.extend(pick(host.policy().seen(&made.point)).map(|at| at.since(made.at)));
            }
        }
    }
    times.sort();
    for percent in [50, 95, 100] {
        let place = (expected * percent).div_ceil(100).saturating_sub(1);
        if let Some(time) = times.get(place) {
            figures.put(format!("{name} | {percent} % s"), time.as_secs_f64());
        }
    }
    figures.put(format!("{name} | reached %"), times.len() as f64 * 100.0 / expected.max(1) as f64);
}

fn traffic(
    figures: &mut Figures,
    recipe: &Network,
    net: &Nodes,
    ends: &[End],
    made: &[Made],
    until: Time,
) {
    let nodes = recipe.nodes as f64;
    let blocks = made.len() as f64;
    let bytes: u64 = ends.iter().map(|end| net.sent(*end) + net.sent(end.across())).sum();
    let first = made.first().map(|made| made.at).unwrap_or_default();
    let seconds = until.since(first).as_secs_f64();
    let sum = |pick: fn(&crate::sim::Counted) -> u64| {
        net.nodes().iter().map(|host| pick(host.policy().counted())).sum::<u64>() as f64
    };
    figures.put("sent Mb/s a node", bytes as f64 * 8.0 / 1e6 / nodes / seconds);
    figures.put("MB received a node and block", bytes as f64 / 1e6 / nodes / blocks);
    figures.put("blocks received a node and block", sum(|counted| counted.blocks) / nodes / blocks);
    let votes = f64::from(recipe.votes);
    figures.put(
        "votes received a node and vote",
        sum(|counted| counted.votes) / nodes / blocks / votes.max(1.0),
    );
    figures.put("refused", sum(|counted| counted.refused));
    figures.put("faults", sum(|counted| counted.faults.len() as u64));
}
