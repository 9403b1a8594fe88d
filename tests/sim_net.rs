//! The simulated network: its arithmetic, its order, its faults, and that runs repeat.
#![cfg(feature = "sim")]

mod sim_toys;

use std::time::Duration;

use nodewire::bytes::Bytes;
use nodewire::link::Transport;
use nodewire::sim::{End, Event, Host, LinkSpec, Net, Node, Orders, Policy, Wire};
use nodewire::{AskId, Asks, Ending, Fault, Machine, Out, Refusal, Refused, Time};
use sim_toys::{Lines, Nothing};

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

/// Each says its lines to the other, a second apart, answers nothing.
struct Chat {
    lines: Vec<String>,
    heard: Vec<(Time, String)>,
    ended: Vec<Option<Ending>>,
}

impl Policy for Chat {
    type Link = Lines;

    fn link(&mut self, _: Time, end: End, orders: &mut Orders<Lines>) -> Lines {
        for (n, line) in (0..).zip(self.lines.drain(..)) {
            orders.give_after(Duration::from_secs(n), end, line);
        }
        Lines { greets: true, ..Lines::new() }
    }

    fn notice(&mut self, now: Time, _: End, line: String, _: &mut Orders<Lines>) {
        self.heard.push((now, line));
    }

    fn ask(&mut self, _: Time, _: End, _: AskId, query: Nothing, _: &mut Orders<Lines>) {
        match query {}
    }

    fn ended(&mut self, _: Time, _: End, ending: Option<Ending>, _: &mut Orders<Lines>) {
        self.ended.push(ending);
    }
}

#[test]
fn hosts_run_links_under_a_policy() {
    let chat = |lines: &[&str]| {
        let lines = lines.iter().map(|line| (*line).into()).collect();
        Host::new(Chat { lines, heard: Vec::new(), ended: Vec::new() })
    };
    let mut net = Net::new(3);
    let a = net.add(chat(&["one", "two", "three", "!"]));
    let b = net.add(chat(&["uno"]));
    net.connect(at(1_000), a, b, [spec(), spec()]);
    let report = net.run(at(u64::MAX), u64::MAX);
    assert!(report.idle);
    let heard: Vec<_> = net.nodes()[b].policy().heard.clone();
    assert_eq!(
        heard,
        [
            (at(11_004), "one".into()),
            (at(1_011_004), "two".into()),
            (at(2_011_006), "three".into()),
        ]
    );
    let ended = &net.nodes()[b].policy().ended;
    assert!(matches!(ended[..], [Some(Ending::Fault(Fault::Violation { .. }))]), "{ended:?}");
    assert_eq!(net.nodes()[a].policy().heard, [(at(11_004), "uno".to_string())]);
    assert_eq!(net.nodes()[a].policy().ended, [Some(Ending::Done)]);
}

/// A link that asks what to say to each piece it hears, one at a time, and pings once.
#[derive(Clone)]
struct Asker {
    asks: Asks<usize>,
    ping: Option<Time>,
}

impl Machine for Asker {
    type Local = (AskId, &'static str);
    type Remote = Transport;
    type Send = Bytes;
    type Notice = usize;
    type Query = Bytes;

    fn handle_local(
        &mut self,
        _: Time,
        (id, said): Self::Local,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<Self::Local>> {
        match self.asks.close(id) {
            Err(why) => return Err(Refusal::new(why, (id, said))),
            Ok(Some(heard)) if said == "bye" => {
                out.notify(heard);
                out.close(Ending::Done);
            }
            Ok(_) => out.send(Bytes::from(said)),
        }
        Ok(())
    }

    fn handle_remote(&mut self, _: Time, input: Transport, out: &mut Out<Self>) {
        if let Transport::Received(bytes) = input {
            if let Ok(id) = self.asks.open(bytes.len()) {
                out.ask(id, bytes);
            }
        }
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        if self.ping.is_some_and(|due| due <= now) {
            self.ping = None;
            out.send(Bytes::from_static(b"ping"));
        }
    }

    fn deadline(&self) -> Option<Time> {
        self.ping
    }

    fn saturated(&self) -> bool {
        self.asks.is_full()
    }
}

/// Answers a ping after a while with a pong, a pong with a farewell, and has a clock of its own.
#[derive(Debug, Default)]
struct Answering {
    ping: Option<Time>,
    due: Option<Time>,
    ends: Vec<End>,
    told: Vec<(Time, usize)>,
    refused: Vec<(Time, Refused)>,
    ended: Vec<Option<Ending>>,
    rung: Vec<Time>,
}

impl Policy for Answering {
    type Link = Asker;

    fn link(&mut self, _: Time, end: End, _: &mut Orders<Asker>) -> Asker {
        self.ends.push(end);
        Asker { asks: Asks::new(1), ping: self.ping }
    }

    fn notice(&mut self, now: Time, _: End, heard: usize, _: &mut Orders<Asker>) {
        self.told.push((now, heard));
    }

    fn ask(&mut self, _: Time, end: End, id: AskId, query: Bytes, orders: &mut Orders<Asker>) {
        match &query[..] {
            b"ping" => orders.give_after(Duration::from_millis(5), end, (id, "pong")),
            _ => orders.give(end, (id, "bye")),
        }
    }

    fn ended(&mut self, _: Time, _: End, ending: Option<Ending>, _: &mut Orders<Asker>) {
        self.ended.push(ending);
    }

    fn refused(&mut self, now: Time, _: End, why: Refused) {
        self.refused.push((now, why));
    }

    fn timeout(&mut self, now: Time, orders: &mut Orders<Asker>) {
        self.rung.push(now);
        self.due = None;
        for end in &self.ends {
            orders.give(*end, (AskId::from_u64(99), "what?"));
        }
    }

    fn deadline(&self) -> Option<Time> {
        self.due
    }
}

#[test]
fn a_host_lets_time_pass_for_its_links_and_its_policy() {
    let mut net = Net::new(3);
    let a = net.add(Host::new(Answering { ping: Some(at(2_000)), ..Answering::default() }));
    let b = net.add(Host::new(Answering { due: Some(at(1_000)), ..Answering::default() }));
    let (at_a, at_b) = net.connect(Time::ZERO, a, b, [spec(), spec()]);
    net.run(at(1_500), u64::MAX);
    let policy = net.nodes()[b].policy();
    assert_eq!((&policy.rung[..], policy.deadline()), (&[at(1_000)][..], None));
    assert_eq!(policy.refused, [(at(1_000), Refused::UnknownAsk)], "a refusal is told");
    let link = net.nodes()[a].link(at_a).unwrap();
    assert_eq!(link.deadline(), Some(at(2_000)));
    assert!(net.nodes()[a].link(at_b).is_none(), "the other's end");

    // The ping arrives after the way; while it waits for its answer nothing more is read.
    net.run(at(13_000), u64::MAX);
    assert!(net.nodes()[b].link(at_b).unwrap().saturated() && !net.nodes()[b].reads(at_b));
    assert!(net.run(at(u64::MAX), u64::MAX).idle);
    let policy = net.nodes()[a].policy();
    let [(told, 4)] = policy.told[..] else { panic!("{:?}", policy.told) };
    assert!((at(27_000)..at(27_100)).contains(&told), "10 ms, 5 ms and 10 ms later: {told}");
    assert_eq!(policy.ended, [Some(Ending::Done)]);
    assert_eq!(net.nodes()[b].policy().ended, [None], "its link had not ended by itself");
    assert!(net.nodes()[a].link(at_a).is_none() && net.nodes()[b].link(at_b).is_none());
    let shown = format!("{:?}", net.nodes()[b]);
    assert!(shown.starts_with("Host { policy: Answering") && shown.ends_with("links: 0 }"));
}

#[test]
fn a_policy_can_be_told_to_act_from_outside() {
    let mut net = Net::new(3);
    let a = net.add(Host::new(Answering { ping: Some(at(5_000_000)), ..Answering::default() }));
    let b = net.add(Host::new(Answering::default()));
    let (end, _) = net.connect(at(50), a, b, [spec(), spec()]);
    net.run(at(100), u64::MAX);
    net.with(a, |host, now, wire| {
        host.order(now, wire, |_, orders| orders.give(end, (AskId::from_u64(0), "what?")));
    });
    assert_eq!(net.nodes()[a].policy().refused, [(at(50), Refused::UnknownAsk)]);
    // A link that is still due is forgotten with its connection.
    net.break_at(at(200), end);
    assert!(net.run(at(u64::MAX), u64::MAX).idle);
    assert_eq!(net.nodes()[a].policy().ended, [None]);
    assert_eq!(net.nodes()[a].deadline(), None);
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
