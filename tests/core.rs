//! The small parts that every machine is made of keep what they promise.

use std::error::Error;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use nodewire::{
    Action, Agency, AskId, Asks, Deadlines, Ending, Fault, Input, Machine, Never, Ordered, Out,
    Outbox, Refusal, Refused, Role, Rule, Severity, Table, Time, UntilClosed, edge,
};

static LATE: Rule = Rule::new("toy/T-1", "Late", "Words come in time.", "a toy", Severity::Faulty);

/// Repeats words until it hears 0; a timeout is a fault.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Echo {
    due: Time,
    heap: Vec<u8>,
}

impl Echo {
    fn new() -> Self {
        Self { due: Time::from_micros(9), heap: vec![0; 100] }
    }
}

impl Machine for Echo {
    type Local = u8;
    type Remote = u8;
    type Send = u8;
    type Notice = Never;
    type Query = Never;

    fn handle_local(&mut self, _: Time, n: u8, out: &mut Out<Self>) -> Result<(), Refusal<u8>> {
        if n > 9 {
            return Err(Refusal::new(Refused::invalid("more than nine"), n));
        }
        out.send(n);
        Ok(())
    }

    fn handle_remote(&mut self, _: Time, n: u8, out: &mut Out<Self>) {
        if n == 0 {
            return out.close(Ending::Done);
        }
        out.send(n);
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        if self.due <= now {
            out.fail(Fault::timeout(&LATE, "a word"));
        }
    }

    fn deadline(&self) -> Option<Time> {
        Some(self.due)
    }

    fn saturated(&self) -> bool {
        true
    }

    fn footprint(&self) -> usize {
        size_of_val(self) + self.heap.capacity()
    }
}

fn numbers() -> Ordered<u8, char> {
    let mut map = Ordered::default();
    for (key, value) in [(1, 'a'), (3, 'b'), (7, 'c'), (9, 'd')] {
        assert_eq!(map.push(key, value), Ok(()));
    }
    map
}

#[test]
fn an_ordered_map_takes_ascending_keys_only() {
    let mut map = numbers();
    assert_eq!(map.push(9, 'e'), Err('e'), "an equal key");
    assert_eq!(map.push(8, 'e'), Err('e'), "a smaller key");
    assert_eq!((map.len(), map.is_empty()), (4, false));
    assert_eq!(map.push(10, 'e'), Ok(()));
    assert_eq!(map.iter().map(|(key, _)| key).collect::<Vec<_>>(), [1, 3, 7, 9, 10]);
    let from = |key| map.at_or_after(key).map(|(key, _)| key).collect::<Vec<_>>();
    assert_eq!((from(0), from(4), from(9)), (vec![1, 3, 7, 9, 10], vec![7, 9, 10], vec![9, 10]));
    assert!(from(11).is_empty());
}

#[test]
fn an_ordered_map_finds_changes_and_removes() {
    let mut map = numbers();
    assert_eq!((map.get(1), map.get(7), map.get(8)), (Some(&'a'), Some(&'c'), None));
    *map.get_mut(7).unwrap() = 'x';
    assert_eq!(map.get_mut(2), None);
    for (key, value) in map.iter_mut() {
        if key == 9 {
            *value = 'y';
        }
    }
    assert_eq!(map.remove(3), Some('b'));
    assert_eq!(map.remove(3), None);
    assert_eq!(map.iter().rev().collect::<Vec<_>>(), [(9, &'y'), (7, &'x'), (1, &'a')]);
    map.retain(|key, value| key != 7 && *value != 'y');
    assert_eq!(map.first(), Some((1, &'a')));
    assert_eq!(map.pop_first(), Some((1, 'a')));
    assert_eq!((map.pop_first(), map.first(), map.is_empty()), (None, None, true));
}

#[test]
fn an_ordered_map_is_what_it_holds_and_gives_memory_back() {
    let mut map = Ordered::new();
    assert_eq!(map.heap(), 0);
    for key in 0..1_000_u32 {
        map.push(key, ()).unwrap();
    }
    assert!(map.heap() >= 1_000 * size_of::<u32>());
    map.retain(|key, ()| key == 999);
    let mut other = Ordered::new();
    other.push(999, ()).unwrap();
    assert_eq!(map, other, "whatever was in it before");
    assert_eq!(map.remove(999), Some(()));
    assert_eq!(map.heap(), 0, "a burst keeps nothing");
}

#[test]
fn time_is_shown_in_seconds_and_stops_at_its_end() {
    assert_eq!(Time::from_micros(1_500_000).to_string(), "1.500000");
    assert_eq!(Time::from_micros(7).to_string(), "0.000007");
    let last = Time::from_micros(u64::MAX);
    assert_eq!(Time::ZERO.after(Duration::MAX), last);
    assert_eq!(last.after(Duration::from_micros(1)), last);
    assert_eq!(Time::ZERO.after(Duration::from_nanos(1_999)).as_micros(), 1);
}

#[test]
fn deadlines_give_the_earliest_and_the_smallest_of_equals() {
    let at = |micros| Some(Time::from_micros(micros));
    let mut due = Deadlines::default();
    assert_eq!((due.first(), due.is_empty()), (None, true));
    due.shift(&'b', None, at(5));
    due.shift(&'a', None, at(5));
    due.shift(&'c', None, at(6));
    assert_eq!(due.first(), Some((Time::from_micros(5), &'a')));
    due.shift(&'a', at(5), at(5));
    assert_eq!(due.len(), 3);
    due.shift(&'a', at(5), at(7));
    due.shift(&'b', at(5), None);
    assert_eq!(due.first(), Some((Time::from_micros(6), &'c')));
    due.shift(&'c', at(6), None);
    due.shift(&'a', at(7), None);
    assert!(due.is_empty());
    assert_eq!(due, Deadlines::new());
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Idle,
    Busy,
    Both,
    Done,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Label {
    Go,
    Stop,
}

static TABLE: Table<Phase, Label> = Table::new(
    "Toy",
    Phase::Idle,
    &[
        edge(Phase::Idle, Role::Initiator, Label::Go, Phase::Busy),
        edge(Phase::Busy, Role::Responder, Label::Go, Phase::Both),
        edge(Phase::Both, Role::Initiator, Label::Stop, Phase::Done),
        edge(Phase::Both, Role::Responder, Label::Stop, Phase::Done),
    ],
);

#[test]
fn agency_follows_from_the_edges() {
    assert_eq!((TABLE.name(), TABLE.start()), ("Toy", Phase::Idle));
    for (phase, agency) in [
        (Phase::Idle, Agency::One(Role::Initiator)),
        (Phase::Busy, Agency::One(Role::Responder)),
        (Phase::Both, Agency::Both),
        (Phase::Done, Agency::Nobody),
    ] {
        assert_eq!(TABLE.agency(phase), agency, "{phase:?}");
    }
    for edge in TABLE.edges() {
        assert_eq!(TABLE.next(edge.from(), edge.by(), edge.on()), Some(edge.to()));
    }
    assert_eq!(TABLE.next(Phase::Idle, Role::Initiator, Label::Stop), None);
    assert_eq!(TABLE.next(Phase::Idle, Role::Responder, Label::Go), None);
    assert_eq!((Role::Initiator.other(), Role::Responder.other().other()), {
        (Role::Responder, Role::Responder)
    });
}

#[test]
fn a_table_is_drawn_with_each_end_once() {
    let drawing = "stateDiagram-v2
  [*] --> Idle
  Idle --> Busy: Go (initiator)
  Busy --> Both: Go (responder)
  Both --> Done: Stop (initiator)
  Both --> Done: Stop (responder)
  Done --> [*]
";
    assert_eq!(TABLE.to_string(), drawing);
}

#[test]
fn an_outbox_keeps_the_order_and_knows_its_end() {
    let mut out: Outbox<u8, char, ()> = Outbox::default();
    assert!(out.is_empty() && !out.ends());
    out.send(1);
    out.extend([Action::Notify('n'), Action::Ask(AskId::from_u64(0), ())]);
    out.close(Ending::Done);
    assert_eq!((out.len(), out.ends()), (4, true));
    assert_eq!(out.iter().next(), Some(&Action::Send(1)));
    let all: Vec<_> = out.drain().collect();
    let wanted = [
        Action::Send(1),
        Action::Notify('n'),
        Action::Ask(AskId::from_u64(0), ()),
        Action::Close(Ending::Done),
    ];
    assert_eq!(all, wanted);
    (0..1_000).for_each(|_| out.send(2));
    assert!(out.heap() >= 1_000);
    assert_eq!(out.drain().count(), 1_000);
    assert_eq!(out.heap(), 0, "a burst keeps nothing");
}

#[test]
fn questions_are_numbered_bounded_and_closed_once() {
    let mut asks = Asks::new(2);
    assert!(asks.is_empty());
    let (a, b) = (asks.open('a').unwrap(), asks.open('b').unwrap());
    assert_eq!((a.as_u64(), b.to_string().as_str()), (0, "#1"));
    assert_eq!((asks.open('c'), asks.is_full(), asks.len()), (Err('c'), true, 2));
    assert_eq!(asks.context(b), Ok(Some(&'b')));
    assert_eq!(asks.iter().collect::<Vec<_>>(), [(a, &'a'), (b, &'b')]);
    assert_eq!(asks.cancel(|context| *context == 'a'), ['a']);
    assert_eq!((asks.awaits(a), asks.awaits(b)), (false, true));
    assert_eq!(asks.context(a), Ok(None));
    assert_eq!(asks.close(a), Ok(None));
    assert_eq!(asks.open('c').unwrap().as_u64(), 2, "no number is used again");
    let never = AskId::from_u64(3);
    assert_eq!(asks.context(never), Err(Refused::UnknownAsk));
    assert_eq!(asks.close(never), Err(Refused::UnknownAsk));
    assert!(asks.heap() > 0);
}

#[test]
fn every_kind_of_input_reaches_its_handler() {
    let (mut echo, mut out) = (Echo::new(), Outbox::new());
    assert_eq!(echo.handle(Time::ZERO, Input::Local(3), &mut out), Ok(()));
    assert_eq!(echo.handle(Time::ZERO, Input::Remote(4), &mut out), Ok(()));
    assert_eq!(echo.handle(Time::ZERO, Input::Timeout, &mut out), Ok(()));
    assert_eq!(out.drain().collect::<Vec<_>>(), [Action::Send(3), Action::Send(4)]);
    let refusal = echo.handle(Time::ZERO, Input::Local(10), &mut out).unwrap_err();
    assert_eq!((refusal.input, out.len()), (10, 0));
    assert_eq!(refusal.to_string(), "refused: more than nine");
    assert_eq!(refusal.map(u16::from), Refusal::new(Refused::invalid("more than nine"), 10));
    let error: &dyn Error = &refusal;
    assert!(error.source().is_none());
}

#[test]
fn a_closed_machine_is_gone_for_good() {
    let id = AskId::from_u64(0);
    let (mut echo, mut out) = (UntilClosed::new(Echo::new()), Outbox::new());
    assert_eq!(echo.handle_local(Time::ZERO, 10, &mut out).unwrap_err().input, 10);
    echo.handle_local(Time::ZERO, 3, &mut out).unwrap();
    assert_eq!((echo.deadline(), echo.saturated()), (Some(Time::from_micros(9)), true));
    // What a machine does not say, it wants.
    assert!(echo.awaits(id));
    assert!(echo.footprint() >= size_of_val(&echo) + 100);
    echo.handle_timeout(Time::from_micros(8), &mut out);
    assert!(!echo.is_closed());
    echo.handle_timeout(Time::from_micros(9), &mut out);
    let ending = Ending::Fault(Fault::timeout(&LATE, "a word"));
    assert_eq!(out.drain().collect::<Vec<_>>(), [Action::Send(3), Action::Close(ending)]);

    assert!(echo.is_closed() && echo.get().is_none());
    assert_eq!(echo.handle_local(Time::ZERO, 3, &mut out), Err(Refusal::new(Refused::Ended, 3)));
    echo.handle_remote(Time::ZERO, 3, &mut out);
    echo.handle_timeout(Time::from_micros(9), &mut out);
    assert!(out.is_empty());
    assert_eq!((echo.deadline(), echo.saturated(), echo.awaits(id)), (None, false, false));
    assert_eq!(echo.footprint(), size_of_val(&echo));
}

#[test]
fn the_end_of_another_machine_is_not_ones_own() {
    // Several machines may put their actions into one outbox.
    let (mut echo, mut out) = (UntilClosed::new(Echo::new()), Outbox::new());
    out.close(Ending::Done);
    echo.handle_timeout(Time::from_micros(8), &mut out);
    assert!(!echo.is_closed() && echo.get().is_some());
}

#[test]
fn rules_are_equal_by_id_and_reason() {
    static SAME: Rule = Rule::new("toy/T-1", "Late", "In other words.", "b", Severity::Hostile);
    static OTHER: Rule = Rule::new("toy/T-1", "Early", "", "", Severity::Faulty);
    assert_eq!(LATE, SAME);
    assert_ne!(LATE, OTHER);
    let hash = |rule: &Rule| {
        let mut hasher = DefaultHasher::new();
        rule.hash(&mut hasher);
        hasher.finish()
    };
    assert_eq!(hash(&LATE), hash(&SAME));
    assert_ne!(hash(&LATE), hash(&OTHER));
    assert_eq!(LATE.to_string(), "toy/T-1 Late");
    assert_eq!((LATE.text(), LATE.source()), ("Words come in time.", "a toy"));
}

#[test]
fn a_fault_says_what_went_wrong_and_how_bad_it_is() {
    static BAD: Rule = Rule::new("toy/T-2", "Bad", "Be good.", "a toy", Severity::Hostile);
    for (fault, rule, severity, text) in [
        (
            Fault::violation(&BAD, "Idle"),
            Some(&BAD),
            Severity::Hostile,
            "the peer broke toy/T-2 Bad in Idle: Be good.",
        ),
        (
            Fault::malformed(&BAD, "TooDeep", 7, "a word"),
            Some(&BAD),
            Severity::Hostile,
            "the peer broke toy/T-2 Bad: TooDeep at byte 7 of a word",
        ),
        (Fault::overrun("room"), None, Severity::Hostile, "the peer overran the limit `room`"),
        (
            Fault::timeout(&BAD, "a word"),
            Some(&BAD),
            Severity::Faulty,
            "nothing came in time (toy/T-2 Bad) while waiting for a word",
        ),
        (
            Fault::truncated("a word"),
            None,
            Severity::Benign,
            "the transport closed in the middle of a word",
        ),
        (
            Fault::congested("room"),
            None,
            Severity::Benign,
            "what is to leave does not, and that reached the limit `room`",
        ),
        (
            Fault::unable(&BAD, "a word"),
            Some(&BAD),
            Severity::Benign,
            "the local side could not honour toy/T-2 Bad: a word",
        ),
    ] {
        assert_eq!(fault.rule(), rule, "{text}");
        assert_eq!(fault.severity(), severity, "{text}");
        assert_eq!(fault.to_string(), text);
        assert_eq!(Ending::Fault(fault).to_string(), text);
    }
    assert_eq!(Ending::Done.to_string(), "done");
    assert!(Severity::Benign < Severity::Faulty && Severity::Faulty < Severity::Hostile);
}

#[test]
fn a_refusal_says_why() {
    for (refused, text) in [
        (Refused::wrong_phase("Idle"), "not possible in Idle"),
        (Refused::busy("room"), "no room under `room` now"),
        (Refused::invalid("too much"), "too much"),
        (Refused::UnknownAsk, "an answer to a question that was never asked"),
        (Refused::Ended, "the machine has ended"),
    ] {
        assert_eq!(refused.to_string(), text);
    }
}
