//! Peers that offer first and deliver slowest, alone and in a crowd, over whole sessions byte by
//! byte (`leios.md` 18, item 24): they hold a block up by little, and nothing rests with them.

use std::rc::Rc;
use std::time::Duration;

use nodewire::Time;
use nodewire::leios::SessionConfig;
use nodewire::sim::{End, Host, Net, Rng};
use nodewire::state::leios::Fetch;
use nodewire_adapter::sim::links::Links;
use nodewire_adapter::sim::world::{article, sizes, txs};
use nodewire_adapter::sim::{Act, LeiosNode, Settings, Shared, World};

/// A peer: its rate in bits a second, its delay, and how long after the first it offers.
#[derive(Clone, Copy)]
struct Source {
    rate: u64,
    delay: Duration,
    later: Duration,
}

const CLOSURE: u64 = if cfg!(debug_assertions) { 1_500_000 } else { 12_000_000 };
const TXS: u32 = (CLOSURE / 8_000) as u32;

/// 80 kb/s: less than a hundredth of what the honest give.
const fn slow() -> Source {
    Source { rate: 80_000, delay: Duration::from_millis(40), later: Duration::ZERO }
}

const fn honest(later: Duration) -> Source {
    Source { rate: 10_000_000, delay: Duration::from_millis(10), later }
}

struct Pull {
    /// From the first offer to the whole closure.
    seconds: f64,
    /// Bytes that left each source.
    sent: Vec<u64>,
    faults: usize,
}

fn pull(sources: &[Source]) -> Pull {
    let settings = Settings::default();
    let mut session = SessionConfig::new(42);
    session.connection.limits = settings.limits.clone();
    session.mux = settings.mux.clone();
    let offered = Time::ZERO.after(Duration::from_secs(3));
    let announced = Time::ZERO.after(Duration::from_secs(2));

    let mut world = World::default();
    let sizes = sizes(&mut Rng::new(3), TXS, (628, 15_942), CLOSURE);
    let block = article(announced.as_micros() / 1_000_000, 1, txs(0, sizes)).expect("a block");
    let point = world.add(block, 0);
    let shared = Rc::new(Shared::new(world, session));
    let mut net = Net::new(7);
    let mut links = Links::new(&settings.link, None);
    let fetch = Some(Fetch::new(settings.fetch.clone()));
    let sink = net.add(Host::new(LeiosNode::new(0, Rc::clone(&shared), fetch)));
    let mut ends: Vec<End> = Vec::new();
    for (number, source) in (1..).zip(sources) {
        let at = offered.after(source.later);
        let node = LeiosNode::new(number, Rc::clone(&shared), None)
            .does(announced, Act::Announce(point))
            .does(at, Act::OfferBlock(point))
            .does(at, Act::OfferTxs(point));
        let node = net.add(Host::new(node));
        let specs = links.make(source.rate, source.delay);
        ends.push(net.connect(Time::ZERO, sink, node, specs).1);
    }
    net.run(offered, u64::MAX);
    let before: Vec<u64> = ends.iter().map(|end| net.sent(*end)).collect();
    net.run(offered.after(Duration::from_secs(60)), u64::MAX);
    let node = net.node(sink).map(Host::policy).expect("a sink");
    let closure = node.seen(&point).closure;
    let seconds = closure.map_or(f64::INFINITY, |at| at.since(offered).as_secs_f64());
    let sent = ends.iter().zip(before).map(|(end, before)| net.sent(*end) - before).collect();
    Pull { seconds, sent, faults: node.counted().faults.len() }
}

#[test]
fn one_that_offers_first_and_delivers_slowest() {
    let late = Duration::from_millis(100);
    let fair = pull(&[honest(late); 3]);
    let slowed = pull(&[slow(), honest(late), honest(late), honest(late)]);
    println!("{} s and {} s, {:?}", fair.seconds, slowed.seconds, slowed.sent);
    assert_eq!((fair.faults, slowed.faults), (0, 0));
    assert!(slowed.seconds <= fair.seconds + 0.5, "{} and {}", slowed.seconds, fair.seconds);
    // What the slow one was asked for is asked of others, at most once more.
    let bytes = |pull: &Pull| pull.sent.iter().sum::<u64>() as f64;
    assert!(bytes(&slowed) <= bytes(&fair) * 1.1, "{:?} and {:?}", slowed.sent, fair.sent);
}

#[test]
fn a_crowd_of_them_together() {
    let late = Duration::from_millis(200);
    let mut sources = vec![slow(); 30];
    sources.extend([honest(late); 4]);
    let crowd = pull(&sources);
    println!("{} s, {:?}", crowd.seconds, crowd.sent);
    assert_eq!(crowd.faults, 0);
    // The block itself is asked of two of them; a third is asked 6 s later.
    assert!(crowd.seconds <= 12.0, "{}", crowd.seconds);
    // Each is asked for its probe and what it was the only one to offer, and for no more.
    let most = crowd.sent[..30].iter().max().expect("a slow one");
    assert!(*most <= 130_000, "{:?}", crowd.sent);
    let all: u64 = crowd.sent.iter().sum();
    assert!(all <= CLOSURE * 21 / 20 + 31 * 130_000, "{all}");
}
