//! The laws find each flaw by its name, and find nothing in sound machines.
#![cfg(feature = "sim")]

mod sim_toys;

use nodewire::bytes::Bytes;
use nodewire::link::Transport;
use nodewire::sim::{Law, Laws, Rng, cut_invariance};
use nodewire::{Input, InputOf, Time, UntilClosed};
use sim_toys::{Client, Flaw, Lines, Order, Question, Word};

fn at(micros: u64) -> Time {
    Time::from_micros(micros)
}

fn laws(flaw: Flaw) -> Laws<Client> {
    Laws::new(Client::flawed(flaw))
        .footprint_limit(4_096)
        .answering(|id, Question::Good(n)| Some(Order::Checked(id, n % 2 == 1)))
}

/// Runs inputs until a law is broken.
fn verdict(flaw: Flaw, inputs: Vec<InputOf<Client>>) -> Option<(Law, u64)> {
    let mut laws = laws(flaw);
    inputs.into_iter().enumerate().find_map(|(n, input)| {
        let broken = laws.step(at(n as u64), input).err()?;
        assert!(!broken.to_string().is_empty());
        Some((broken.law, broken.step))
    })
}

#[test]
fn each_flaw_is_found_by_name() {
    let want = || Input::Local(Order::Want(1));
    let here = || Input::Remote(Word::Here(1));
    let cases = [
        (Flaw::LateRefusal, vec![want(), Input::Local(Order::Want(10))], (Law::Refusal, 2)),
        (Flaw::Spins, vec![want()], (Law::Deadline, 1)),
        (Flaw::Early, vec![want()], (Law::Deadline, 1)),
        (Flaw::Chatty, vec![here()], (Law::Close, 1)),
        (Flaw::Recounts, vec![want(), here()], (Law::Answers, 2)),
        (Flaw::Denies, vec![want()], (Law::Footprint, 1)),
    ];
    for (flaw, inputs, found) in cases {
        assert_eq!(verdict(Flaw::None, inputs.clone()), None, "{flaw:?}");
        assert_eq!(verdict(flaw, inputs), Some(found), "{flaw:?}");
    }
}

#[test]
fn a_sound_machine_keeps_them_whatever_comes() {
    for seed in 0..200 {
        let mut rng = Rng::new(seed);
        let mut laws = laws(Flaw::None);
        let mut now = 0;
        for _ in 0..40 {
            now += rng.below(400_000);
            let n = rng.below(12) as u8;
            let input = match rng.below(4) {
                0 => Input::Local(Order::Want(n)),
                1 => Input::Remote(Word::Here(n)),
                2 => Input::Local(Order::Checked(nodewire::AskId::from_u64(n.into()), true)),
                _ => Input::Timeout,
            };
            laws.step(at(now), input).unwrap();
        }
    }
}

#[test]
fn the_footprint_has_a_limit() {
    let mut laws = Laws::new(Lines::new()).footprint_limit(600);
    let line = |n: usize| Input::Remote(Transport::Received(Bytes::from(vec![b'x'; n])));
    assert!(laws.step(Time::ZERO, line(100)).is_ok());
    let broken = laws.step(Time::ZERO, line(1_000)).unwrap_err();
    assert_eq!(broken.law, Law::Footprint);
}

#[test]
fn what_ends_for_good_is_watched_after_its_end() {
    let blank = || Input::Remote(Transport::Received(Bytes::from_static(b"\n")));
    // Lines by itself closes again and again; UntilClosed puts an end to that.
    let mut naked = Laws::new(Lines::new()).lasting();
    assert!(naked.step(Time::ZERO, blank()).is_ok());
    assert_eq!(naked.step(Time::ZERO, blank()).unwrap_err().law, Law::Close);

    let mut wrapped = Laws::new(UntilClosed::new(Lines::new())).lasting();
    for _ in 0..3 {
        assert!(wrapped.step(Time::ZERO, blank()).is_ok());
        assert!(wrapped.step(Time::ZERO, Input::Local("late".into())).is_ok());
    }
    assert!(wrapped.is_closed());
}

#[test]
fn cutting_changes_nothing_for_a_sound_link() {
    let stream = Bytes::from_static(b"one\ntwo\nthree\n!\nfour");
    let every: Vec<usize> = (0..40).collect();
    for cuts in [&every[..], &[3, 4], &[17], &[]] {
        cut_invariance(Lines::new, Transport::Received, &stream, cuts).unwrap();
    }
}

#[test]
fn a_link_that_minds_the_cuts_is_found() {
    let stream = Bytes::from_static(b"one\ntwo\n");
    let curious = || Lines { curious: true, ..Lines::new() };
    cut_invariance(curious, Transport::Received, &stream, &[4]).unwrap();
    let broken = cut_invariance(curious, Transport::Received, &stream, &[5]).unwrap_err();
    assert_eq!(broken.law, Law::Cuts);
}
