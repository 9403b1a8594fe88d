//! The simulated network: its arithmetic, its order, its faults, and that runs repeat.
#![cfg(feature = "sim")]

use std::time::Duration;

use nodewire::Time;
use nodewire::bytes::Bytes;
use nodewire::sim::{End, Event, LinkSpec, Net, Node, Wire};

fn at(micros: u64) -> Time {
    Time::from_micros(micros)
}

/// Sends what it is to within its credit, and notes all that happens.
#[derive(Default)]
struct Pipe {
    to_send: Vec<(u16, Bytes)>,
    close_after: bool,
    deaf: bool,
    due: Option<Time>,
    rung: Vec<Time>,
    seen: Vec<(Time, Event)>,
    ends: Vec<End>,
}

impl Pipe {
    fn sending(bytes: usize) -> Self {
        Self { to_send: vec![(0, vec![1; bytes].into())], ..Self::default() }
    }

    fn received(&self) -> usize {
        self.pieces().map(|(_, _, bytes)| bytes.len()).sum()
    }

    fn pieces(&self) -> impl Iterator<Item = (Time, u16, &Bytes)> {
        self.seen.iter().filter_map(|(at, event)| match event {
            Event::Received(lane, bytes) => Some((*at, *lane, bytes)),
            _ => None,
        })
    }

    fn closed(&self) -> Option<Time> {
        self.seen.iter().find(|(_, event)| *event == Event::Closed).map(|(at, _)| *at)
    }
}

impl Node for Pipe {
    fn event(&mut self, now: Time, end: End, event: Event, wire: &mut Wire) {
        if event == Event::Opened {
            self.ends.push(end);
            for (lane, bytes) in self.to_send.drain(..) {
                wire.send_on(end, lane, bytes);
            }
            if self.close_after {
                wire.close(end);
            }
        }
        self.seen.push((now, event));
    }

    fn timeout(&mut self, now: Time, _: &mut Wire) {
        self.rung.push(now);
        self.due = None;
    }

    fn deadline(&self) -> Option<Time> {
        self.due
    }

    fn reads(&self, _: End) -> bool {
        !self.deaf
    }
}

/// One megabyte a second, ten milliseconds.
fn spec() -> LinkSpec {
    LinkSpec { rate: 1_000_000, delay: Duration::from_millis(10), ..LinkSpec::default() }
}

fn pair(seed: u64, a: Pipe, b: Pipe, spec: &LinkSpec) -> (Net<Pipe>, End) {
    let mut net = Net::new(seed);
    let (a, b) = (net.add(a), net.add(b));
    let (end, _) = net.connect(Time::ZERO, a, b, [*spec, *spec]);
    (net, end)
}

#[test]
fn bytes_take_their_time() {
    let (mut net, end) = pair(1, Pipe::sending(100_000), Pipe::default(), &spec());
    let report = net.run(at(u64::MAX), u64::MAX);
    assert!(report.idle);
    assert_eq!(net.nodes()[1].received(), 100_000);
    // 100 ms for the bytes, 10 ms for the way.
    assert_eq!(net.nodes()[1].pieces().last().unwrap().0, at(110_000));
    // All credit comes back: the backlog and what has left.
    let credit: usize = net.nodes()[0]
        .seen
        .iter()
        .map(|(_, event)| match event {
            Event::Writable(bytes) => *bytes,
            _ => 0,
        })
        .sum();
    assert_eq!(credit, spec().backlog + 100_000);
    assert_eq!((net.sent(end), net.sent(end.across())), (100_000, 0));
    assert_eq!(net.node(1).map(Pipe::received), Some(100_000));
    assert!(net.node(2).is_none());
}

#[test]
fn pieces_shorter_than_a_microsecond_add_up() {
    let fast = LinkSpec { rate: 3_000_000, pieces: (1, 1), ..spec() };
    let (mut net, _) = pair(1, Pipe::sending(30_000), Pipe::default(), &fast);
    net.run(at(u64::MAX), u64::MAX);
    let last = net.nodes()[1].pieces().last().unwrap().0;
    assert!((at(20_000)..=at(20_001)).contains(&last), "{last}");
}

#[test]
fn the_stream_keeps_its_order_however_it_jitters() {
    let rough = LinkSpec { jitter: Duration::from_millis(50), pieces: (1, 99), ..spec() };
    let sent: Vec<u8> = (0..20_000_u32).map(|n| (n % 251) as u8).collect();
    let talker = Pipe { to_send: vec![(0, sent.clone().into())], ..Pipe::default() };
    let (mut net, _) = pair(5, talker, Pipe::default(), &rough);
    net.run(at(u64::MAX), u64::MAX);
    let heard: Vec<u8> = net.nodes()[1].pieces().flat_map(|(_, _, bytes)| bytes.to_vec()).collect();
    assert!(heard == sent);
    let sizes: std::collections::BTreeSet<_> =
        net.nodes()[1].pieces().map(|(_, _, bytes)| bytes.len()).collect();
    assert!(sizes.len() > 50 && sizes.iter().all(|size| *size < 100), "{sizes:?}");
}

#[test]
fn lanes_overtake_each_other_but_not_themselves() {
    let rough = LinkSpec { jitter: Duration::from_millis(50), ..spec() };
    let to_send: Vec<_> = (0..50_u8).map(|n| (u16::from(n % 2), Bytes::from(vec![n]))).collect();
    let (mut net, _) = pair(5, Pipe { to_send, ..Pipe::default() }, Pipe::default(), &rough);
    net.run(at(u64::MAX), u64::MAX);
    let heard: Vec<(u16, u8)> =
        net.nodes()[1].pieces().map(|(_, lane, bytes)| (lane, bytes[0])).collect();
    for lane in [0, 1] {
        assert!(heard.iter().filter(|(on, _)| *on == lane).is_sorted());
    }
    assert_eq!(heard.len(), 50);
    assert!(!heard.iter().map(|(_, n)| n).is_sorted(), "{heard:?}");
}

#[test]
fn a_close_follows_the_last_byte_and_a_break_does_not() {
    let closing = Pipe { close_after: true, ..Pipe::sending(50_000) };
    let (mut net, _) = pair(1, closing, Pipe::default(), &spec());
    net.run(at(u64::MAX), u64::MAX);
    assert_eq!((net.nodes()[1].received(), net.nodes()[1].closed()), (50_000, Some(at(60_000))));
    assert_eq!(net.nodes()[0].closed(), None, "who closes knows");

    let (mut net, end) = pair(1, Pipe::sending(50_000), Pipe::default(), &spec());
    net.break_at(at(30_000), end);
    assert!(net.run(at(u64::MAX), u64::MAX).idle);
    for node in net.nodes() {
        assert_eq!(node.closed(), Some(at(30_000)));
    }
    let received = net.nodes()[1].received();
    assert!((17_000..=20_000).contains(&received), "{received}");

    let brittle = LinkSpec { breaks: 1_000_000, ..spec() };
    let (mut net, _) = pair(1, Pipe::sending(50_000), Pipe::default(), &brittle);
    net.run(at(u64::MAX), u64::MAX);
    assert!(net.nodes()[1].closed().is_some() && net.nodes()[1].received() == 0);
}

#[test]
fn a_reader_that_does_not_read_stops_the_sender_at_the_window() {
    let narrow = LinkSpec { window: 10_000, ..spec() };
    let deaf = Pipe { deaf: true, ..Pipe::default() };
    let (mut net, _) = pair(1, Pipe::sending(100_000), deaf, &narrow);
    net.run(at(1_000_000), u64::MAX);
    assert_eq!(net.nodes()[1].received(), 0);
    let left: usize = net.nodes()[0]
        .seen
        .iter()
        .skip(2)
        .map(|(_, event)| match event {
            Event::Writable(bytes) => *bytes,
            _ => 0,
        })
        .sum();
    assert_eq!(left, 10_000);
    net.with(1, |node, _, _| node.deaf = false);
    assert!(net.run(at(u64::MAX), u64::MAX).idle);
    assert_eq!(net.nodes()[1].received(), 100_000);
}

#[test]
fn deadlines_move_and_fire_once() {
    let mut net: Net<Pipe> = Net::new(1);
    let node = net.add(Pipe { due: Some(at(500)), ..Pipe::default() });
    net.run(at(100), u64::MAX);
    net.with(node, |node, _, _| node.due = Some(at(300)));
    net.run(at(200), u64::MAX);
    net.with(node, |node, _, _| node.due = Some(at(700)));
    assert!(net.run(at(10_000), u64::MAX).idle);
    assert_eq!(net.nodes()[node].rung, [at(700)]);
}

#[test]
fn a_deadline_that_moves_forward_is_kept() {
    let mut net: Net<Pipe> = Net::new(1);
    let node = net.add(Pipe { due: Some(at(500)), ..Pipe::default() });
    net.with(node, |node, _, _| node.due = Some(at(300)));
    assert!(net.run(at(10_000), u64::MAX).idle);
    assert_eq!(net.nodes()[node].rung, [at(300)]);
}

#[test]
fn a_single_piece_waits_for_its_reader() {
    let deaf = Pipe { deaf: true, ..Pipe::default() };
    let (mut net, _) = pair(1, Pipe::sending(1), deaf, &spec());
    assert!(net.run(at(1_000_000), u64::MAX).idle);
    assert_eq!(net.nodes()[1].received(), 0);
    net.with(1, |node, _, _| node.deaf = false);
    assert!(net.run(at(u64::MAX), u64::MAX).idle);
    assert_eq!(net.nodes()[1].received(), 1);
}

#[test]
fn nothing_leaves_a_connection_that_is_lost() {
    // Each piece takes ten milliseconds to leave: the break comes amid one.
    let coarse = LinkSpec { pieces: (10_000, 10_000), ..spec() };
    let (mut net, end) = pair(1, Pipe::sending(50_000), Pipe::default(), &coarse);
    net.break_at(at(25_000), end);
    net.run(at(25_000), u64::MAX);
    assert_eq!(net.sent(end), 20_000);
    assert!(net.run(at(u64::MAX), u64::MAX).idle);
    assert_eq!(net.sent(end), 20_000);
}

/// A ring in which bytes go round until they are used up.
struct Ring {
    next: Option<End>,
    bytes: usize,
}

impl Node for Ring {
    fn event(&mut self, _: Time, end: End, event: Event, wire: &mut Wire) {
        match event {
            Event::Opened if end.number() % 2 == 0 => {
                self.next = Some(end);
                if self.bytes > 0 {
                    wire.send(end, Bytes::from(vec![0; self.bytes]));
                }
            }
            Event::Received(_, bytes) => {
                if let Some(next) = self.next {
                    wire.send(next, bytes.slice(1..));
                }
            }
            _ => {}
        }
    }

    fn timeout(&mut self, _: Time, _: &mut Wire) {}

    fn deadline(&self) -> Option<Time> {
        None
    }
}

fn ring(seed: u64, bytes: usize, most: u64) -> (u64, u64) {
    let mut net = Net::new(seed);
    let jittery = LinkSpec { jitter: Duration::from_millis(3), pieces: (50, 500), ..spec() };
    let nodes: Vec<_> = (0..100_u8)
        .map(|n| net.add(Ring { next: None, bytes: bytes * usize::from(n % 3 == 0) }))
        .collect();
    for (n, node) in nodes.iter().enumerate() {
        net.connect(Time::ZERO, *node, nodes[(n + 1) % 100], [jittery, jittery]);
    }
    let report = net.run(at(u64::MAX), most);
    (report.hash, report.events)
}

#[test]
fn a_seed_repeats_bit_by_bit() {
    let (hash, events) = ring(1, 5_000, 30_000);
    assert_eq!((hash, events), ring(1, 5_000, 30_000));
    assert_ne!(hash, ring(2, 5_000, 30_000).0);
    assert_eq!(events, 30_000);
}

/// The same on every target: on 32 bits, on the other byte order, in every build.
#[test]
fn seeds_have_the_hashes_they_always_had() {
    let pinned = [
        0x4b8d_720f_5213_43a1,
        0x1fff_9958_6eb8_e381,
        0x7a09_cdf3_8c3d_5901,
        0xe90d_cbde_81f3_ea07,
        0x8750_0d8b_fc6a_fe62,
    ];
    let found = [1, 2, 3, 4, 5].map(|seed| ring(seed, 5_000, 30_000).0);
    assert_eq!(found, pinned, "{found:#018x?}");
}

/// Timed from outside: a million events take less than five seconds in release.
#[test]
fn three_million_events() {
    if cfg!(debug_assertions) {
        println!("skipped three_million_events: for optimised builds");
        return;
    }
    let (hash, events) = ring(1, 500_000, 3_000_000);
    println!("{events} events, hash {hash:016x}");
    assert_eq!(events, 3_000_000);
}
