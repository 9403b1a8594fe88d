//! Recipe 5: a ranking block, as BlockFetch bytes on a foreign channel, beside saturating Leios.

use std::rc::Rc;
use std::time::Duration;

use nodewire::bytes::Bytes;
use nodewire::link::Policy as Turns;
use nodewire::sim::{End, Event, Host, LinkSpec, Net, Node, Wire};
use nodewire::state::leios::Fetch;
use nodewire::{Channel, ChannelSpec, Class, Role, Time};

use super::{Done, Tried, session};
use crate::sim::links::Links;
use crate::sim::node::{Act, LeiosNode, Shared};
use crate::sim::tap::Either;
use crate::sim::world::{World, article, txs};
use crate::sim::{Figures, Settings};

const FROM: Time = Time::from_micros(5_000_000);
/// Leios has saturated the link by then.
const LATER: Duration = Duration::from_secs(1);
const BLOCK_FETCH: u16 = 3;

pub fn run(settings: &Settings, seed: Option<u64>) -> Tried<Done> {
    let recipe = &settings.praos;
    let mut figures = Figures::default();
    let mut common = settings.link.clone();
    common.backlog = recipe.backlog;
    let mut links = Links::new(&common, seed);
    let specs = links.make(recipe.rate, recipe.delay);
    let alone = recipe.block as f64 * 1e3 / specs[1].rate as f64;
    figures.put("alone, computed | worst ms", alone);
    let with = |backlog| specs.map(|spec| LinkSpec { backlog, ..spec });
    let usual = settings.link.backlog;
    let names =
        [usual, recipe.large_backlog].map(|backlog| format!("as set, backlog {backlog} bytes"));
    let mut hash = 0_u64;
    for (name, policy, specs, leios) in [
        ("alone", settings.mux.policy, specs, false),
        ("as set (Praos first)", settings.mux.policy, specs, true),
        ("fair", Turns::Fair, specs, true),
        (names[0].as_str(), settings.mux.policy, with(usual), true),
        (names[1].as_str(), settings.mux.policy, with(recipe.large_backlog), true),
    ] {
        let (times, trace) = beside_leios(settings, policy, specs, leios)?;
        put(&mut figures, name, &times, specs[1].delay);
        hash = hash.rotate_left(1) ^ trace;
    }
    let (times, trace) = by_message(settings, specs)?;
    put(&mut figures, "by message", &times, specs[1].delay);
    figures.put(
        "worst / alone",
        figures.get("as set (Praos first) | worst ms").unwrap_or(0.0) / alone,
    );
    Ok(Done { links: links.said(), hash: hash.rotate_left(1) ^ trace, figures })
}

/// How long each ranking block took, propagation excluded.
fn put(figures: &mut Figures, name: &str, times: &[Duration], delay: Duration) {
    let mut times: Vec<Duration> = times.iter().map(|time| time.saturating_sub(delay)).collect();
    times.sort();
    let millis = |time: Option<&Duration>| time.map_or(0.0, |time| time.as_secs_f64() * 1e3);
    figures.put(format!("{name} | worst ms"), millis(times.last()));
    figures.put(format!("{name} | median ms"), millis(times.get(times.len() / 2)));
}

/// The ranking blocks over a session, with or without Leios under way.
///
/// # Errors
/// If a block does not come, or the settings make no block.
pub fn beside_leios(
    settings: &Settings,
    policy: Turns,
    specs: [LinkSpec; 2],
    leios: bool,
) -> Tried<(Vec<Duration>, u64)> {
    let recipe = &settings.praos;
    let mut session = session(settings);
    session.mux.policy = policy;
    session.foreign = [Role::Initiator, Role::Responder]
        .map(|role| ChannelSpec {
            channel: Channel::new(BLOCK_FETCH, role),
            ingress: 23_068_694,
            class: Class::Praos,
        })
        .to_vec();
    let mut world = World::default();
    let bulk = &settings.bulk;
    let sizes = (0..bulk.txs).map(|_| bulk.tx_size);
    let point = world.add(article(5, 1, txs(1, sizes))?, 0);
    let shared = Rc::new(Shared::new(world, session));
    let fetch = Fetch::new(settings.fetch.clone());
    let sink = LeiosNode::new(0, Rc::clone(&shared), Some(fetch));
    let mut source = LeiosNode::new(1, shared, None);
    if leios {
        for act in [Act::Announce(point), Act::OfferBlock(point), Act::OfferTxs(point)] {
            source = source.does(FROM, act);
        }
    }
    let channel = Channel::new(BLOCK_FETCH, Role::Responder);
    let block = Bytes::from(vec![0x5a; recipe.block]);
    let sent: Vec<Time> =
        (0..recipe.blocks).map(|number| FROM.after(LATER + recipe.every * number)).collect();
    for at in &sent {
        source = source.does(*at, Act::Foreign(channel, block.clone()));
    }
    let mut net = Net::new(0);
    let sink = net.add(Host::new(sink));
    let source = net.add(Host::new(source));
    net.connect(Time::ZERO, sink, source, specs);
    let report = net.run(FROM.after(Duration::from_secs(60)), u64::MAX);
    let node = net.node(sink).map(Host::policy).ok_or("there is no sink")?;
    Ok((arrivals(&sent, recipe.block, &node.counted().foreign)?, report.hash))
}

fn arrivals(sent: &[Time], block: usize, came: &[(Time, usize)]) -> Tried<Vec<Duration>> {
    let mut total = 0;
    let sums: Vec<(Time, usize)> = came
        .iter()
        .map(|(at, bytes)| {
            total += bytes;
            (*at, total)
        })
        .collect();
    let arrival = |(number, sent): (usize, &Time)| {
        let whole = block * (number + 1);
        let came = sums.iter().find(|(_, sum)| *sum >= whole);
        came.map(|(at, _)| at.since(*sent)).ok_or_else(|| format!("block {number} never came"))
    };
    sent.iter().enumerate().map(arrival).collect()
}

/// Praos first, but by whole messages, as one existing multiplexer does it.
fn by_message(settings: &Settings, specs: [LinkSpec; 2]) -> Tried<(Vec<Duration>, u64)> {
    let recipe = &settings.praos;
    let sent: Vec<Time> =
        (0..recipe.blocks).map(|number| FROM.after(LATER + recipe.every * 2 * number)).collect();
    let writer = Writer {
        end: None,
        credit: 0,
        current: (0, 0),
        sizes: [recipe.message, recipe.block],
        due: sent.iter().rev().copied().collect(),
        waiting: 0,
        from: FROM,
    };
    let mut net = Net::new(0);
    let reader = net.add(Either::A(Reader(Vec::new())));
    let source = net.add(Either::B(writer));
    net.connect(Time::ZERO, reader, source, specs);
    let last = sent.last().copied().unwrap_or_default();
    let report = net.run(last.after(Duration::from_secs(5)), u64::MAX);
    let came = match net.node(reader) {
        Some(Either::A(reader)) => reader.0.as_slice(),
        _ => &[],
    };
    Ok((arrivals(&sent, recipe.block, came)?, report.hash))
}

/// The first byte of bulk and of ranking blocks, which is all of their bytes.
const MARKS: [u8; 2] = [0, 0x5a];

/// Writes whole messages, ranking blocks before bulk.
struct Writer {
    end: Option<End>,
    credit: usize,
    /// The message under way: bulk or ranking block, and its bytes to come.
    current: (usize, usize),
    /// Bytes of a message of bulk and of a ranking block.
    sizes: [usize; 2],
    /// When ranking blocks come, the next one last.
    due: Vec<Time>,
    /// Ranking blocks that wait.
    waiting: usize,
    from: Time,
}

impl Writer {
    fn pump(&mut self, now: Time, wire: &mut Wire) {
        while self.due.last().is_some_and(|at| *at <= now) {
            self.due.pop();
            self.waiting += 1;
        }
        let Some(end) = self.end.filter(|_| now >= self.from) else { return };
        while self.credit > 0 {
            if self.current.1 == 0 {
                let kind = usize::from(self.waiting > 0);
                self.waiting = self.waiting.saturating_sub(1);
                self.current = (kind, self.sizes[kind]);
            }
            let bytes = self.current.1.min(self.credit);
            self.current.1 -= bytes;
            self.credit -= bytes;
            wire.send(end, Bytes::from(vec![MARKS[self.current.0]; bytes]));
        }
    }
}

impl Node for Writer {
    fn event(&mut self, now: Time, end: End, event: Event, wire: &mut Wire) {
        self.end = Some(end);
        if let Event::Writable(bytes) = event {
            self.credit += bytes;
        }
        self.pump(now, wire);
    }

    fn timeout(&mut self, now: Time, wire: &mut Wire) {
        self.pump(now, wire);
    }

    fn deadline(&self) -> Option<Time> {
        self.due.last().copied()
    }
}

/// Remembers when bytes of ranking blocks came.
struct Reader(Vec<(Time, usize)>);

impl Node for Reader {
    fn event(&mut self, now: Time, _: End, event: Event, _: &mut Wire) {
        if let Event::Received(_, bytes) = event {
            if bytes.first() == Some(&MARKS[1]) {
                self.0.push((now, bytes.len()));
            }
        }
    }

    fn timeout(&mut self, _: Time, _: &mut Wire) {}

    fn deadline(&self) -> Option<Time> {
        None
    }
}
