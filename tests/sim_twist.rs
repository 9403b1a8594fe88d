//! What an adversary made of an honest machine does to its messages.
#![cfg(feature = "sim")]

mod sim_toys;

use std::hash::{Hash, Hasher};
use std::time::Duration;

use nodewire::bytes::Bytes;
use nodewire::link::Transport;
use nodewire::sim::{Change, Twist, TwistOp, TwistRates};
use nodewire::{Action, Ending, Machine, Out, Outbox, Time};
use sim_toys::{Lines, Order, Server, Word};

type Op = TwistOp<Word>;

fn at(micros: u64) -> Time {
    Time::from_micros(micros)
}

fn sent<M: Machine<Send = Word>>(out: &mut Out<M>) -> Vec<u8> {
    let number = |action| match action {
        Action::Send(Word::Here(n) | Word::Please(n)) => Some(n),
        _ => None,
    };
    out.drain().filter_map(number).collect()
}

/// What a server sends at once for nine numbers, and what is due later.
fn nine(ops: Vec<(u64, Op)>) -> (Vec<u8>, Vec<(u64, Vec<u8>)>) {
    let mut out = Outbox::new();
    let mut liar = Twist::script(Server { given: 0, odd: false }, ops);
    liar.handle_remote(Time::ZERO, Word::Please(9), &mut out);
    let now = sent::<Server>(&mut out);
    let mut later = Vec::new();
    while let Some(due) = liar.deadline() {
        liar.handle_timeout(due, &mut out);
        later.push((due.as_micros(), sent::<Server>(&mut out)));
    }
    (now, later)
}

#[test]
#[allow(clippy::type_complexity)]
fn each_op_does_what_it_says() {
    let second = Duration::from_secs(1);
    let tenfold = Change::new("tenfold", |word, _| match word {
        Word::Here(n) => Word::Here(n * 10),
        other => other,
    });
    let cases: Vec<(Vec<(u64, Op)>, &[u8])> = vec![
        (vec![], &[1, 2, 3, 4, 5, 6, 7, 8, 9]),
        (vec![(0, Op::Drop), (8, Op::Drop)], &[2, 3, 4, 5, 6, 7, 8]),
        (vec![(1, Op::Repeat(2))], &[1, 2, 2, 2, 3, 4, 5, 6, 7, 8, 9]),
        (vec![(2, Op::Replay(2))], &[1, 2, 3, 1, 4, 5, 6, 7, 8, 9]),
        (vec![(0, Op::Replay(1))], &[1, 2, 3, 4, 5, 6, 7, 8, 9]),
        (vec![(2, Op::Change(tenfold))], &[1, 2, 30, 4, 5, 6, 7, 8, 9]),
        (vec![(1, Op::Insert(vec![Word::Here(77)]))], &[1, 77, 2, 3, 4, 5, 6, 7, 8, 9]),
        (vec![(3, Op::Silence)], &[1, 2, 3]),
        (vec![(3, Op::Pass)], &[1, 2, 3, 4, 5, 6, 7, 8, 9]),
    ];
    for (ops, wanted) in cases {
        let (now, later) = nine(ops.clone());
        assert_eq!((now.as_slice(), later.len()), (wanted, 0), "{ops:?}");
    }
    let (now, later) = nine(vec![(3, Op::Delay(second))]);
    assert_eq!(now, [1, 2, 3, 5, 6, 7, 8, 9]);
    assert_eq!(later, [(1_000_000, vec![4])]);
    let (now, later) = nine(vec![(3, Op::Stall(second))]);
    assert_eq!(now, [1, 2, 3]);
    assert_eq!(later, [(1_000_000, vec![4, 5, 6, 7, 8, 9])]);
}

#[test]
fn what_is_held_goes_before_the_close() {
    let stall = (0, TwistOp::Stall(Duration::from_secs(9)));
    let mut liar = Twist::script(Lines::new(), [stall]);
    let mut out = Outbox::new();
    liar.handle_remote(at(0), Transport::Received(Bytes::from_static(b"a\nb\n")), &mut out);
    assert!(out.drain().all(|action| matches!(action, Action::Notify(_))));
    liar.handle_remote(at(1), Transport::Closed, &mut out);
    let all: Vec<_> = out.drain().collect();
    let wanted =
        [Action::Send("a\n".into()), Action::Send("b\n".into()), Action::Close(Ending::Done)];
    assert_eq!(all, wanted);
}

#[test]
fn refusals_and_the_rest_pass_through() {
    let mut liar = Twist::script(sim_toys::Client::new(), [(0, Op::Drop)]);
    let mut out = Outbox::new();
    assert!(liar.handle_local(at(0), Order::Want(10), &mut out).is_err());
    assert!(liar.handle_local(at(0), Order::Want(1), &mut out).is_ok());
    assert!(out.is_empty());
    assert_eq!(liar.deadline(), Some(at(1_000_000)));
    assert!(liar.footprint() >= size_of_val(&liar));
    // Two open questions are as many as there may be.
    assert!(!liar.saturated());
    for n in [1, 2] {
        liar.handle_local(at(0), Order::Want(1), &mut out).unwrap();
        liar.handle_remote(at(0), Word::Here(n), &mut out);
    }
    assert!(liar.saturated());
    assert!(liar.awaits(nodewire::AskId::from_u64(0)));
    assert_eq!((liar.machine().wanted, liar.machine().asks.len()), (1, 2));
}

#[test]
fn changes_are_known_by_their_names() {
    let double = Change::new("change", |n: u8, _| n * 2);
    let same_name = Change::new("change", |n: u8, _| n);
    let other = Change::new("other", |n: u8, _| n * 2);
    assert_eq!(double, same_name);
    assert_ne!(double, other);
    assert_eq!(format!("{double:?}"), "change");
    let hash = |change: &Change<u8>| {
        let mut hasher = std::hash::DefaultHasher::new();
        change.hash(&mut hasher);
        hasher.finish()
    };
    assert_eq!(hash(&double), hash(&same_name));
    assert_ne!(hash(&double), hash(&other));
}

#[test]
fn bytes_are_changed_by_little() {
    let honest = b"hello\n";
    let run = |seed, change| {
        let rates = TwistRates { change: 1_000_000, changes: vec![change], ..Default::default() };
        let mut liar = Twist::seeded(Lines::new(), seed, rates);
        let mut out = Outbox::new();
        liar.handle_local(at(0), "hello".into(), &mut out).unwrap();
        match out.pop() {
            Some(Action::Send(bytes)) => bytes,
            other => panic!("{other:?}"),
        }
    };
    for seed in 0..50 {
        let flipped = run(seed, Change::FLIP);
        let bits: u32 = flipped.iter().zip(honest).map(|(a, b)| (a ^ b).count_ones()).sum();
        assert_eq!((flipped.len(), bits), (honest.len(), 1));
        let cut = run(seed, Change::CUT);
        assert!(cut.len() < honest.len() && honest.starts_with(&cut));
        assert_eq!(run(seed, Change::FLIP), flipped);
    }
}

#[test]
fn any_bit_of_any_byte_may_be_flipped() {
    let honest = b"hellooo\n";
    let (mut bytes, mut bits) = ([0; 8], [0; 8]);
    for seed in 0..400 {
        let change = vec![Change::FLIP];
        let rates = TwistRates { change: 1_000_000, changes: change, ..Default::default() };
        let mut liar = Twist::seeded(Lines::new(), seed, rates);
        let mut out = Outbox::new();
        liar.handle_local(at(0), "hellooo".into(), &mut out).unwrap();
        let Some(Action::Send(flipped)) = out.pop() else { panic!("nothing was sent") };
        let at = flipped.iter().zip(honest).position(|(a, b)| a != b).unwrap();
        bytes[at] += 1;
        bits[(flipped[at] ^ honest[at]).trailing_zeros() as usize] += 1;
    }
    assert!(bytes.iter().chain(&bits).all(|count| *count > 20), "{bytes:?} {bits:?}");
}

#[test]
fn what_is_held_back_has_its_weight() {
    let stall = (0, TwistOp::Stall(Duration::from_secs(9)));
    let mut liar = Twist::script(Lines::new(), [stall]);
    let mut out = Outbox::new();
    for held in 1..=50 {
        liar.handle_local(at(0), "a line".into(), &mut out).unwrap();
        let least = size_of_val(&liar) + held * size_of::<Bytes>();
        assert!(liar.footprint() >= least, "{held}: {}", liar.footprint());
    }
    assert!(out.is_empty());
}

#[test]
fn chance_is_as_often_as_said() {
    let run = |rates: TwistRates<Word>| {
        let mut liar = Twist::seeded(Server { given: 0, odd: false }, 7, rates);
        let mut out = Outbox::new();
        let mut count = 0;
        for n in 0..40 {
            liar.handle_remote(at(n), Word::Please(250), &mut out);
            count += sent::<Server>(&mut out).len();
        }
        count
    };
    assert_eq!(run(TwistRates::default()), 10_000);
    let kept = run(TwistRates { drop: 250_000, ..Default::default() });
    assert!((7_300..7_700).contains(&kept), "{kept}");
    let more = run(TwistRates { replay: 100_000, ..Default::default() });
    assert!((10_800..11_200).contains(&more), "{more}");
}

#[test]
fn chance_holds_back_what_it_delays_and_no_more() {
    let run = |rates: TwistRates<Word>| {
        let mut liar = Twist::seeded(Server { given: 0, odd: false }, 7, rates);
        let mut out = Outbox::new();
        liar.handle_remote(at(0), Word::Please(100), &mut out);
        let mut all = sent::<Server>(&mut out);
        let first = all.len();
        while let Some(due) = liar.deadline() {
            assert!(due <= at(1_000), "no longer than said: {due}");
            liar.handle_timeout(due, &mut out);
            all.extend(sent::<Server>(&mut out));
        }
        (first, all)
    };
    let longest = Duration::from_millis(1);
    let (at_once, delayed) = run(TwistRates { delay: 500_000, longest, ..Default::default() });
    assert!((30..70).contains(&at_once), "{at_once}");
    assert!(!delayed.is_sorted(), "what is not delayed overtakes");
    let (at_once, stalled) = run(TwistRates { stall: 500_000, longest, ..Default::default() });
    assert!(at_once < 10, "{at_once}");
    let in_order: Vec<u8> = (1..=100).collect();
    assert_eq!(stalled, in_order, "a stall keeps the order");
    let mut sorted = delayed;
    sorted.sort_unstable();
    assert_eq!(sorted, in_order, "nothing is lost");
}
