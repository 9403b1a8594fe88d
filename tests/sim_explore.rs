//! Exploring two machines: all states once, and the shortest way to a fault.
#![cfg(feature = "sim")]

mod sim_toys;

use std::collections::BTreeSet;

use nodewire::AskId;
use nodewire::sim::{Bounds, Duo, DuoMove, Explored, Side, Wiring, World, explore};
use sim_toys::{Client, Order, Question, Server, Word};

struct Joint;

impl Wiring for Joint {
    type A = Client;
    type B = Server;

    fn to_b(message: Word) -> Option<(u16, Word)> {
        Some((0, message))
    }

    /// Odd and even numbers on channels of their own.
    fn to_a(message: Word) -> Option<(u16, Word)> {
        let Word::Here(n) = message else { return None };
        Some((u16::from(n % 2), message))
    }

    fn answers_a(id: AskId, _: &Question) -> Vec<Order> {
        vec![Order::Checked(id, true), Order::Checked(id, false)]
    }

    fn answers_b(_: AskId, _: &Question) -> Vec<Word> {
        Vec::new()
    }

    fn stuck(duo: &Duo<Self>) -> Option<String> {
        let open = duo.a().is_some_and(|client| client.wanted > 0);
        (open || !duo.is_done(Side::A)).then(|| "something is still wanted".into())
    }
}

fn duo(odd: bool, wants: &[u8]) -> Duo<Joint> {
    Duo::new(Client::new(), Server { given: 0, odd })
        .script_a(true, wants.iter().map(|n| Order::Want(*n)))
}

fn run(duo: Duo<Joint>) -> (Explored<DuoMove>, BTreeSet<DuoMove>) {
    let mut seen = BTreeSet::new();
    let explored = explore(duo, Bounds::default(), |_, step, _| {
        seen.insert(*step);
    });
    (explored, seen)
}

#[test]
fn two_honest_machines_find_no_fault() {
    let (explored, seen) = run(duo(false, &[1, 1]));
    assert_eq!(explored.found, None);
    assert!(explored.complete);
    // Counted by hand for one want: wanted, heard, given, got, and two answers that end alike.
    let (one, _) = run(duo(false, &[1]));
    assert_eq!((one.unique, one.generated, one.depth), (5, 5, 4));
    assert_eq!(explored.depth, 8);
    assert!(seen.contains(&DuoMove::Hears(Side::A, 0)));
    assert!(seen.contains(&DuoMove::Hears(Side::A, 1)));
    assert!(seen.contains(&DuoMove::Answer(Side::A, 1, 1)));
}

#[test]
fn the_shortest_way_to_a_fault_is_named() {
    let start = duo(true, &[3]);
    let (explored, _) = run(start.clone());
    let found = explored.found.clone().unwrap();
    assert!(found.fault.contains("toy/T-1"), "{}", found.fault);
    // Want, heard by the server, four numbers heard by the client.
    assert_eq!(found.path.len(), 6);
    assert!(!explored.complete);
    let text = explored.to_string();
    assert!(text.contains("fault after 6 moves"), "{text}");

    // The path leads there.
    let mut state = start;
    for step in &found.path {
        assert_eq!(state.fault(), None);
        assert!(!state.describe(step).is_empty());
        state = state.after(step).unwrap();
    }
    assert_eq!(state.fault(), Some(found.fault));
}

#[test]
fn time_passes_within_its_budget() {
    let (explored, _) = run(duo(false, &[1]).timeouts(1));
    let found = explored.found.unwrap();
    assert!(found.fault.contains("toy/T-2"), "{}", found.fault);
    assert_eq!(found.path, [DuoMove::Local(Side::A, 0), DuoMove::Timeout(Side::A)]);
}

#[test]
fn any_order_reaches_more_states() {
    let wants = || [1, 2].map(Order::Want);
    let of = |ordered| {
        let duo: Duo<Joint> = Duo::new(Client::new(), Server { given: 0, odd: false });
        run(duo.script_a(ordered, wants())).0.unique
    };
    assert!(of(false) > of(true));
}

/// A grid to walk: as many states as places, however many ways there are.
#[derive(Clone, Hash)]
struct Grid(u16, u16);

impl World for Grid {
    type Move = bool;

    fn moves(&self, moves: &mut Vec<bool>) {
        moves.extend([false, true]);
    }

    fn after(&self, step: &bool) -> Option<Self> {
        let Self(x, y) = *self;
        let next = if *step { Self(x + 1, y) } else { Self(x, y + 1) };
        (next.0 < 100 && next.1 < 100).then_some(next)
    }

    fn fault(&self) -> Option<String> {
        None
    }

    /// The far corner is the only place to stop at.
    fn stuck(&self) -> Option<String> {
        ((self.0, self.1) != (99, 99)).then(|| "stopped on the way".into())
    }
}

#[test]
fn counts_are_exact_and_bounds_are_told() {
    let all = explore(Grid(0, 0), Bounds::default(), |_, _, _| ());
    assert_eq!((all.unique, all.generated, all.depth, all.complete), (10_000, 19_800, 198, true));
    assert_eq!(all.to_string(), "19800 generated, 10000 unique, depth 198, all seen");

    let shallow = explore(Grid(0, 0), Bounds { depth: 3, ..Bounds::default() }, |_, _, _| ());
    assert_eq!((shallow.unique, shallow.depth, shallow.complete), (10, 3, false));
    let few = explore(Grid(0, 0), Bounds { states: 50, ..Bounds::default() }, |_, _, _| ());
    assert_eq!((few.unique, few.complete), (50, false));
}

/// Both sides ask and have scripts: two clients, each of whom hears what the other could say.
struct Twins;

impl Wiring for Twins {
    type A = Client;
    type B = Client;

    fn to_b(message: Word) -> Option<(u16, Word)> {
        let Word::Please(n) = message else { return None };
        Some((0, Word::Here(n)))
    }

    fn to_a(message: Word) -> Option<(u16, Word)> {
        Self::to_b(message)
    }

    fn answers_a(id: AskId, _: &Question) -> Vec<Order> {
        vec![Order::Checked(id, true)]
    }

    fn answers_b(id: AskId, _: &Question) -> Vec<Order> {
        vec![Order::Checked(id, false)]
    }
}

#[test]
fn both_sides_are_told_hear_ask_and_time_out() {
    let start: Duo<Twins> = Duo::new(Client::new(), Client::new())
        .script_a(true, [Order::Want(1), Order::Want(1)])
        .script_b(false, [Order::Want(1), Order::Want(2)])
        .timeouts(1);
    let take = |world: &Duo<Twins>, step| world.after(&step).unwrap();
    let mut moves = Vec::new();
    start.moves(&mut moves);
    let local = |side, at| DuoMove::Local(side, at);
    let timeouts = [DuoMove::Timeout(Side::A), DuoMove::Timeout(Side::B)];
    // A's script is in order, B's in any.
    let wanted = [local(Side::A, 0), local(Side::B, 0), local(Side::B, 1)];
    assert_eq!(moves, [&wanted[..], &timeouts].concat());
    assert!(start.is_quiet() && !start.is_done(Side::B));
    assert!(start.after(&timeouts[0]).is_none(), "nothing is due");

    let both = take(&take(&start, local(Side::A, 0)), local(Side::B, 1));
    assert_eq!(
        (both.next_to_a(0), both.next_to_b(0)),
        (Some(&Word::Here(2)), Some(&Word::Here(1)))
    );
    assert!(!both.is_quiet());
    let asked = take(&take(&both, DuoMove::Hears(Side::A, 0)), DuoMove::Hears(Side::B, 0));
    assert_eq!((asked.a().unwrap().asks.len(), asked.b().unwrap().asks.len()), (1, 1));
    for (step, about) in [
        (local(Side::A, 1), "Local(A, 1) Some(Want(1))"),
        (local(Side::B, 0), "Local(B, 0) Some(Want(1))"),
        (DuoMove::Answer(Side::A, 0, 0), "Answer(A, 0, 0) Some((AskId(0), Good(2)))"),
        (DuoMove::Answer(Side::B, 0, 0), "Answer(B, 0, 0) Some((AskId(0), Good(1)))"),
        (DuoMove::Timeout(Side::B), "Timeout(B) "),
    ] {
        assert_eq!(asked.describe(&step), about);
    }
    assert_eq!(both.describe(&DuoMove::Hears(Side::A, 0)), "Hears(A, 0) Some(Here(2))");
    assert_eq!(both.describe(&DuoMove::Hears(Side::B, 0)), "Hears(B, 0) Some(Here(1))");
    let answered = take(&asked, DuoMove::Answer(Side::B, 0, 0));
    assert!(answered.b().unwrap().asks.is_empty() && !answered.a().unwrap().asks.is_empty());

    // B still wants one more: its second is up. A has what it wanted and is not due.
    assert!(asked.after(&timeouts[0]).is_none());
    let late = take(&asked, timeouts[1]);
    assert!(late.b().is_none() && late.a().is_some());
    assert!(late.ending(Side::B).is_some() && late.ending(Side::A).is_none());
    assert!(late.fault().unwrap().starts_with("B ended: nothing came in time"));
    let mut left = Vec::new();
    late.moves(&mut left);
    assert!(!left.contains(&timeouts[0]), "the one jump is used up");
}

/// Wrong from the start, or not at all; nothing happens.
#[derive(Clone, Hash)]
struct Still(bool);

impl World for Still {
    type Move = ();

    fn moves(&self, _: &mut Vec<()>) {}

    fn after(&self, (): &()) -> Option<Self> {
        None
    }

    fn fault(&self) -> Option<String> {
        self.0.then(|| "wrong".into())
    }
}

#[test]
fn a_start_can_be_wrong_and_need_not_move() {
    let explored = explore(Still(true), Bounds::default(), |_, (), _| {});
    let found = explored.found.unwrap();
    assert_eq!((found.fault.as_str(), found.path.len(), explored.complete), ("wrong", 0, false));
    let explored = explore(Still(false), Bounds::default(), |_, (), _| {});
    assert!(explored.found.is_none() && explored.complete);
    assert_eq!((explored.unique, explored.generated), (1, 0));
}
