//! Nodes of a simulated network that run links under a policy.
#![cfg(feature = "sim")]

mod sim_toys;

use std::time::Duration;

use nodewire::bytes::Bytes;
use nodewire::link::Transport;
use nodewire::sim::{End, Host, LinkSpec, Net, Node, Orders, Policy};
use nodewire::{AskId, Asks, Ending, Fault, Machine, Out, Refusal, Refused, Time};
use sim_toys::{Lines, Nothing};

fn at(micros: u64) -> Time {
    Time::from_micros(micros)
}

/// One megabyte a second, ten milliseconds.
fn spec() -> LinkSpec {
    LinkSpec { rate: 1_000_000, delay: Duration::from_millis(10), ..LinkSpec::default() }
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
    refused: Vec<(Time, Refused, &'static str)>,
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

    fn refused(
        &mut self,
        now: Time,
        end: End,
        refusal: Refusal<(AskId, &'static str)>,
        orders: &mut Orders<Asker>,
    ) {
        let (id, answer) = refusal.input;
        if answer == "what?" {
            orders.give_after(Duration::from_micros(400), end, (id, "again"));
        }
        self.refused.push((now, refusal.why, answer));
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
    let refused = [(1_000, "what?"), (1_400, "again")];
    let refused = refused.map(|(now, answer)| (at(now), Refused::UnknownAsk, answer));
    assert_eq!(policy.refused, refused, "a refusal is told, and hands the answer back");
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
    assert_eq!(net.nodes()[a].policy().refused, [(at(50), Refused::UnknownAsk, "what?")]);
    // A link that is still due is forgotten with its connection.
    net.break_at(at(200), end);
    assert!(net.run(at(u64::MAX), u64::MAX).idle);
    assert_eq!(net.nodes()[a].policy().ended, [None]);
    assert_eq!(net.nodes()[a].deadline(), None);
}
