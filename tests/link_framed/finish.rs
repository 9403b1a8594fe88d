//! A peer that finishes: the end for most machines, and not for those that answer then.

use std::convert::Infallible;

use nodewire::bytes::Bytes;
use nodewire::codec::{Malformed, Source, Wire};
use nodewire::link::{Framed, FramedConfig, Framing, LengthPrefixed, OverFrames, Transport, Whole};
use nodewire::{Ending, Fault, Machine, Out, Outbox, Refusal, Time};

use crate::given::{Seen, Word, frame, give, link, malformed, received, seen};

/// Answers once it has heard all: a request, and that no more comes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Answerer {
    heard: usize,
    over: bool,
    held: bool,
}

/// A word, or none any more.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Last(Option<Word>);

impl Wire for Last {
    fn decode(frame: &[u8], source: Source<'_>) -> Result<Self, Malformed> {
        Word::decode(frame, source).map(|word| Self(Some(word)))
    }

    fn encode(&self, _: &mut Vec<u8>) {
        unreachable!("only words are sent")
    }
}

impl Machine for Answerer {
    type Local = &'static [u8];
    type Remote = Last;
    type Send = Word;
    type Notice = Word;
    type Query = Infallible;

    fn handle_local(
        &mut self,
        _: Time,
        answer: &'static [u8],
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<&'static [u8]>> {
        self.held = false;
        if self.over {
            out.send(Word(Bytes::from_static(answer)));
            out.close(Ending::Done);
        }
        Ok(())
    }

    fn handle_remote(&mut self, _: Time, word: Last, out: &mut Out<Self>) {
        assert!(!self.over, "told once, and nothing afterwards");
        match word.0 {
            Some(word) => {
                self.heard += 1;
                self.held = &word.0[..] == b"hold";
                out.notify(word);
            }
            None => self.over = true,
        }
    }

    fn handle_timeout(&mut self, _: Time, _: &mut Out<Self>) {}

    fn deadline(&self) -> Option<Time> {
        None
    }

    fn saturated(&self) -> bool {
        self.held
    }
}

impl OverFrames for Answerer {
    fn malformed(&self, it: Malformed) -> Fault {
        malformed(it)
    }

    fn at_finish(&self) -> Option<Last> {
        Some(Last(None))
    }
}

fn answerer<F: Framing>(framing: F, inputs: &[Transport]) -> (Framed<Answerer, F>, Seen) {
    let mut link = Framed::new(Answerer::default(), framing, FramedConfig::default());
    let mut out = Outbox::new();
    for input in inputs {
        link.handle_remote(Time::ZERO, input.clone(), &mut out);
    }
    let seen = seen(&mut out);
    (link, seen)
}

fn answer<F: Framing>(link: &mut Framed<Answerer, F>) -> Seen {
    let mut out = Outbox::new();
    link.handle_local(Time::ZERO, b"an answer", &mut out).unwrap();
    seen(&mut out)
}

#[test]
fn a_machine_may_go_on_when_the_peer_has_finished() {
    let inputs = [Transport::Writable(4), received(b"a requ"), received(b"est")];
    let (mut link, all) = answerer(Whole::new(20), &inputs);
    assert_eq!(all, (vec![], vec![], None), "what there is may go on");
    let mut out = Outbox::new();
    for _ in 0..2 {
        link.handle_remote(Time::ZERO, Transport::Finished, &mut out);
        link.handle_remote(Time::ZERO, received(b"and more"), &mut out);
    }
    assert_eq!(seen(&mut out), (vec![], vec![b"a request".to_vec()], None));
    assert!(link.machine().is_some_and(|machine| machine.over));
    // It answers in its own time, and what it said leaves in the peer's.
    assert_eq!(answer(&mut link), (b"an a".to_vec(), vec![], None));
    link.handle_remote(Time::ZERO, Transport::Finished, &mut out);
    link.handle_remote(Time::ZERO, Transport::Writable(9), &mut out);
    assert_eq!(seen(&mut out), (b"nswer".to_vec(), vec![], Some(Ending::Done)));
}

#[test]
fn a_peer_finishes_between_frames_and_after_those_held_back() {
    let framing = LengthPrefixed::two(100);
    let wire = [frame(&framing, b"hold"), frame(&framing, b"two")].concat();
    let (link, (_, words, ending)) =
        answerer(framing, &[received(&wire), Transport::Finished, Transport::Finished]);
    assert_eq!((words.len(), ending), (1, None));
    assert!(link.machine().is_some_and(|machine| !machine.over));
    let mut inside = link.clone();
    let mut link = link;
    assert_eq!(answer(&mut link), (vec![], vec![b"two".to_vec()], None));
    assert!(link.machine().is_some_and(|machine| machine.over));
    // Inside a frame it is no end but a truncation, held back or not.
    let (_, (_, words, ending)) =
        answerer(framing, &[received(&wire[..wire.len() - 1]), Transport::Finished]);
    assert_eq!((words.len(), ending), (1, None), "it holds");
    let cut = [received(&wire[6..wire.len() - 1]), Transport::Finished];
    let (_, (_, _, ending)) = answerer(framing, &cut);
    assert_eq!(ending, Some(Ending::Fault(Fault::truncated("a frame"))));
    // A transport that is no more is the end in any case.
    for link in [&mut link, &mut inside] {
        let mut out = Outbox::new();
        link.handle_remote(Time::ZERO, Transport::Closed, &mut out);
        link.handle_local(Time::ZERO, b"late", &mut out).unwrap_or_default();
        let ending = seen(&mut out).2;
        assert_eq!(ending, Some(Ending::Fault(Fault::truncated("the conversation"))));
    }
}

#[test]
fn for_other_machines_the_end_of_the_input_is_the_end() {
    let framing = LengthPrefixed::two(100);
    let wire = frame(&framing, b"one");
    for (bytes, inside) in [(&wire[..], "the conversation"), (&wire[..4], "a frame")] {
        for end in [Transport::Finished, Transport::Closed] {
            let (_, _, ending) = give(&mut link(framing), &[received(bytes), end]);
            assert_eq!(ending, Some(Ending::Fault(Fault::truncated(inside))));
        }
    }
    // One that is done has its last words taken by a peer that has finished, not by one that left.
    let done = [&wire[..], &frame(&framing, b"done")].concat();
    let mut draining = link(framing);
    assert_eq!(give(&mut draining, &[received(&done), Transport::Finished]).2, None);
    let mut left = draining.clone();
    let end = give(&mut draining, &[Transport::Writable(5)]);
    assert_eq!((&end.0[..], end.2), (&wire[..], Some(Ending::Done)));
    let end = give(&mut left, &[Transport::Closed]);
    assert_eq!((end.0.len(), end.2), (0, Some(Ending::Done)));
}
