//! The laws find each flaw by its name, and find nothing in sound machines.
#![cfg(feature = "sim")]

mod sim_toys;

use std::cell::Cell;
use std::rc::Rc;

use nodewire::bytes::Bytes;
use nodewire::link::Transport;
use nodewire::sim::{Law, Laws, Rng, cut_invariance};
use nodewire::{AskId, Ending, Input, InputOf, Machine, Out, Refusal, Refused, Time, UntilClosed};
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

/// A machine wrong in one way; its questions are numbers.
#[derive(Clone, Debug, PartialEq)]
struct Odd {
    wrong: Wrong,
    asked: u64,
    closed: bool,
    /// Clones have it in common, which no machine may.
    shared: Rc<Cell<u8>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Wrong {
    Nothing,
    SharesState,
    RefusesRemote,
    RefusesAloud,
    HandsBackAnother,
    ClosesTwice,
    AsksTheSame,
    KnowsAllAnswers,
    RefusesAnswers,
    TakesOrdersWhenClosed,
    HeedsTheStale,
}

fn odd(wrong: Wrong) -> Laws<Odd> {
    let shared = Rc::new(Cell::new(0));
    Laws::new(Odd { wrong, asked: 0, closed: false, shared })
        .lasting()
        .timeouts_at_once(1)
        .answering(|id, ()| Some(id.as_u64()))
}

impl Machine for Odd {
    type Local = u64;
    type Remote = u8;
    type Send = u8;
    type Notice = u8;
    type Query = ();

    fn handle_local(&mut self, _: Time, n: u64, out: &mut Out<Self>) -> Result<(), Refusal<u64>> {
        match self.wrong {
            Wrong::TakesOrdersWhenClosed => return Ok(()),
            _ if self.closed => return Err(Refusal::new(Refused::Ended, n)),
            Wrong::KnowsAllAnswers => return Ok(()),
            Wrong::RefusesAnswers => {}
            Wrong::RefusesAloud if n >= self.asked => out.notify(0),
            // The newest answer is passed over as it should be.
            Wrong::HeedsTheStale if n < self.asked.saturating_sub(1) => {
                out.notify(0);
                return Ok(());
            }
            Wrong::HandsBackAnother if n >= self.asked => {
                return Err(Refusal::new(Refused::UnknownAsk, n.wrapping_add(1)));
            }
            _ if n < self.asked => return Ok(()),
            _ => {}
        }
        Err(Refusal::new(Refused::UnknownAsk, n))
    }

    /// 0 closes, all else asks.
    fn handle_remote(&mut self, _: Time, n: u8, out: &mut Out<Self>) {
        if self.closed {
            return;
        }
        if n == 0 {
            self.closed = true;
            if self.wrong == Wrong::ClosesTwice {
                out.close(Ending::Done);
            }
            return out.close(Ending::Done);
        }
        if self.wrong == Wrong::SharesState {
            self.shared.set(self.shared.get().wrapping_add(1));
            out.send(self.shared.get());
        }
        if self.wrong == Wrong::AsksTheSame {
            self.asked = 0;
        }
        out.ask(AskId::from_u64(self.asked), ());
        self.asked += 1;
    }

    fn handle_timeout(&mut self, _: Time, _: &mut Out<Self>) {}

    fn deadline(&self) -> Option<Time> {
        None
    }

    fn awaits(&self, id: AskId) -> bool {
        self.wrong != Wrong::HeedsTheStale || id.as_u64() + 1 == self.asked
    }

    fn handle(
        &mut self,
        now: Time,
        input: InputOf<Self>,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<u64>> {
        match input {
            Input::Remote(_) if self.wrong == Wrong::RefusesRemote => {
                Err(Refusal::new(Refused::invalid("no word from outside"), 0))
            }
            Input::Local(n) => self.handle_local(now, n, out),
            Input::Remote(n) => {
                self.handle_remote(now, n, out);
                Ok(())
            }
            Input::Timeout => Ok(()),
        }
    }
}

#[test]
fn each_other_way_to_be_wrong_is_found_by_name() {
    let ask = || Input::Remote(1);
    let close = || Input::Remote(0);
    let unknown = || Input::Local(7);
    let cases: [(Wrong, Vec<InputOf<Odd>>, Law, &str); 10] = [
        (Wrong::SharesState, vec![ask()], Law::Determinism, "Send(2)"),
        (Wrong::RefusesRemote, vec![ask()], Law::Refusal, "no local input"),
        (Wrong::RefusesAloud, vec![unknown()], Law::Refusal, "Notify(0)"),
        (Wrong::HandsBackAnother, vec![unknown()], Law::Refusal, "7 went in and 8"),
        (Wrong::ClosesTwice, vec![close()], Law::Close, "2 closes"),
        (Wrong::AsksTheSame, vec![ask(), ask()], Law::Answers, "was asked before"),
        (Wrong::KnowsAllAnswers, vec![ask()], Law::Answers, "a question never asked"),
        (Wrong::RefusesAnswers, vec![ask()], Law::Answers, "the answer 0 to #0 was refused"),
        (Wrong::TakesOrdersWhenClosed, vec![close(), unknown()], Law::Close, "not Ended"),
        (Wrong::HeedsTheStale, vec![ask(), ask()], Law::Answers, "the answer to #0, which nobody"),
    ];
    for (wrong, inputs, law, detail) in cases {
        let (last, before) = inputs.split_last().unwrap();
        let (mut right, mut wrongly) = (odd(Wrong::Nothing), odd(wrong));
        for input in before {
            right.step(Time::ZERO, *input).unwrap();
            wrongly.step(Time::ZERO, *input).unwrap();
        }
        right.step(Time::ZERO, *last).unwrap();
        let broken = wrongly.step(Time::ZERO, *last).unwrap_err();
        assert_eq!((broken.law, broken.step), (law, inputs.len() as u64), "{wrong:?}: {broken}");
        assert!(broken.detail.contains(detail), "{wrong:?}: {broken}");
        assert!(broken.to_string().starts_with(&format!("law {} ", law as u8 + 1)), "{broken}");
    }
}

#[test]
fn what_does_not_last_is_given_nothing_after_its_end() {
    let mut laws = Laws::new(Lines::new());
    let blank = || Input::Remote(Transport::Received(Bytes::from_static(b"\n")));
    assert_eq!(laws.step(Time::ZERO, blank()).unwrap().actions.len(), 1);
    assert!(laws.is_closed());
    let after = laws.step(Time::ZERO, blank()).unwrap();
    assert_eq!((after.actions.len(), after.refused), (0, None));
    let late = laws.step(Time::ZERO, Input::Local("late".into())).unwrap();
    assert_eq!((late.actions.len(), late.refused), (0, Some(Refused::Ended)));
}
