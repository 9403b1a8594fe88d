//! One machine on a stream of frames.

use std::convert::Infallible;
use std::time::Duration;

use nodewire::bytes::Bytes;
use nodewire::codec::{Malformed, MalformedKind, Source, Wire};
use nodewire::link::{
    Framed, FramedConfig, Framing, LengthPrefixed, OverFrames, Transport, Vlq, Whole,
};
use nodewire::{
    Action, AskId, Ending, Fault, Machine, Out, Outbox, Refusal, Refused, Rule, Severity, Time,
};
use proptest::prelude::*;

static BAD: Rule = Rule::new("toy/1", "Bad", "A word is not `bad`.", "the toy", Severity::Faulty);

/// Echoes words; `hold` holds the rest back, `done` and `bad` end it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Echo {
    held: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Word(Bytes);

impl Wire for Word {
    fn decode(frame: &[u8], source: Source<'_>) -> Result<Self, Malformed> {
        if frame == b"bad" {
            return Err(Malformed::new(MalformedKind::UnknownMessage, 0));
        }
        Ok(Self(source.bytes(frame)))
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }
}

impl Machine for Echo {
    type Local = ();
    type Remote = Word;
    type Send = Word;
    type Notice = Word;
    type Query = Infallible;

    fn handle_local(&mut self, _: Time, (): (), _: &mut Out<Self>) -> Result<(), Refusal<()>> {
        self.held = false;
        Ok(())
    }

    fn handle_remote(&mut self, _: Time, word: Word, out: &mut Out<Self>) {
        out.notify(word.clone());
        match &word.0[..] {
            b"hold" => self.held = true,
            b"done" => out.close(Ending::Done),
            _ => out.send(word),
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

impl OverFrames for Echo {
    fn malformed(&self, malformed: Malformed) -> Fault {
        Fault::malformed(&BAD, malformed.kind.name(), malformed.offset, "Word")
    }
}

fn frame(framing: &impl Framing, word: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    framing.wrap(&mut out, &mut |out| out.extend_from_slice(word)).unwrap();
    out
}

fn link<F: Framing>(framing: F) -> Framed<Echo, F> {
    let mut config = FramedConfig::default();
    (config.ingress, config.egress) = (1_000, 1_000);
    Framed::new(Echo::default(), framing, config)
}

type Seen = (Vec<u8>, Vec<Vec<u8>>, Option<Ending>);

fn seen(out: &mut Outbox<Bytes, Word, Infallible>) -> Seen {
    let mut seen = (Vec::new(), Vec::new(), None);
    for action in out.drain() {
        assert_eq!(seen.2, None);
        match action {
            Action::Send(bytes) => seen.0.extend_from_slice(&bytes),
            Action::Notify(word) => seen.1.push(word.0.to_vec()),
            Action::Ask(_, never) => match never {},
            Action::Close(ending) => seen.2 = Some(ending),
        }
    }
    seen
}

fn give<F: Framing>(link: &mut Framed<Echo, F>, inputs: &[Transport]) -> Seen {
    let mut out = Outbox::new();
    for input in inputs {
        link.handle_remote(Time::ZERO, input.clone(), &mut out);
    }
    seen(&mut out)
}

fn received(bytes: &[u8]) -> Transport {
    Transport::Received(Bytes::copy_from_slice(bytes))
}

/// Gives up when nothing has come for so long, and asks once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Patient(Time);

impl Machine for Patient {
    type Local = u8;
    type Remote = Word;
    type Send = Word;
    type Notice = ();
    type Query = ();

    fn handle_local(&mut self, _: Time, n: u8, out: &mut Out<Self>) -> Result<(), Refusal<u8>> {
        if n > 9 {
            return Err(Refusal::new(Refused::invalid("more than nine"), n));
        }
        out.send(Word(Bytes::from(vec![n])));
        Ok(())
    }

    fn handle_remote(&mut self, _: Time, _: Word, out: &mut Out<Self>) {
        out.ask(AskId::from_u64(0), ());
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        if self.0 <= now {
            out.fail(Fault::timeout(&BAD, "a word"));
        }
    }

    fn deadline(&self) -> Option<Time> {
        Some(self.0)
    }

    fn awaits(&self, id: AskId) -> bool {
        id == AskId::from_u64(0)
    }
}

impl OverFrames for Patient {
    fn malformed(&self, malformed: Malformed) -> Fault {
        Fault::malformed(&BAD, malformed.kind.name(), malformed.offset, "Word")
    }
}

#[test]
fn time_questions_and_refusals_pass_through() {
    let due = Time::from_micros(9);
    let mut link = Framed::new(Patient(due), Whole::new(20), FramedConfig::default());
    let mut out = Outbox::new();
    assert_eq!((link.machine(), link.deadline()), (Some(&Patient(due)), Some(due)));
    assert!(link.awaits(AskId::from_u64(0)) && !link.awaits(AskId::from_u64(1)));
    assert_eq!(link.handle_local(Time::ZERO, 10, &mut out).unwrap_err().input, 10);
    link.handle_local(Time::ZERO, 3, &mut out).unwrap();
    assert!(out.is_empty() && link.waiting() > 0, "without credit it waits");
    link.handle_remote(Time::ZERO, Transport::Writable(Transport::UNCOUNTED), &mut out);
    assert_eq!(out.pop(), Some(Action::Send(Bytes::from_static(&[3]))));
    link.handle_timeout(Time::from_micros(8), &mut out);
    assert!(out.is_empty());
    link.handle_timeout(due, &mut out);
    let fault = Fault::timeout(&BAD, "a word");
    assert_eq!(out.pop(), Some(Action::Close(Ending::Fault(fault))));
    assert_eq!((link.machine(), link.deadline()), (None, None));
    assert!(!link.awaits(AskId::from_u64(0)));
    let refusal = link.handle_local(due, 3, &mut out).unwrap_err();
    assert_eq!((refusal.why, refusal.input), (Refused::Ended, 3));
    link.handle_timeout(due, &mut out);
    assert!(out.is_empty());
}

fn run<F: Framing>(framing: F, wire: &[u8], size: usize) -> Seen {
    let mut inputs = vec![Transport::Writable(Transport::UNCOUNTED)];
    inputs.extend(wire.chunks(size.max(1)).map(received));
    inputs.push(Transport::Closed);
    give(&mut link(framing), &inputs)
}

fn words() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let word = prop_oneof![
        8 => prop::collection::vec(any::<u8>(), 0..200),
        1 => prop_oneof![Just(b"bad".to_vec()), Just(b"done".to_vec()), Just(b"hold".to_vec())],
    ];
    prop::collection::vec(word, 0..8)
}

fn same_however_cut<F: Framing + Copy>(framing: F, words: &[Vec<u8>], tail: &[u8]) {
    let frames: Vec<Vec<u8>> = words.iter().map(|word| frame(&framing, word)).collect();
    let wire = [&frames.concat()[..], tail].concat();
    let whole = run(framing, &wire, usize::MAX);
    for size in [1, 2, 7, 100] {
        assert_eq!(run(framing, &wire, size), whole);
    }
}

proptest! {
    #[test]
    fn cutting_changes_nothing(
        words in words(),
        tail in prop::collection::vec(any::<u8>(), 0..6),
    ) {
        same_however_cut(LengthPrefixed::one(250), &words, &tail);
        same_however_cut(LengthPrefixed::two(250), &words, &tail);
        same_however_cut(LengthPrefixed::four(250), &words, &tail);
        same_however_cut(Vlq::new(250), &words, &tail);
    }

    #[test]
    fn a_wrapped_message_is_found_again(length in 0_usize..70_000, tail in any::<bool>()) {
        let word = vec![7; length];
        let check = |framing: &dyn Framing, prefix: usize| {
            let mut wire = Vec::new();
            framing.wrap(&mut wire, &mut |out| out.extend_from_slice(&word)).unwrap();
            wire.extend(tail.then_some(9));
            let split = framing.split(&wire, false).unwrap().unwrap();
            assert_eq!((split.start, split.end), (prefix, prefix + length));
            assert_eq!(framing.split(&wire[..split.end - 1], false), Ok(None));
        };
        check(&LengthPrefixed::four(70_000), 4);
        check(&Vlq::new(70_000), if length < 128 { 1 } else if length < 16_384 { 2 } else { 3 });
        if length > 65_535 {
            let mut out = Vec::new();
            let two = LengthPrefixed::two(usize::MAX);
            prop_assert!(two.wrap(&mut out, &mut |out| out.extend_from_slice(&word)).is_err());
        }
    }
}

#[test]
fn good_frames_before_a_bad_one_are_taken_first() {
    let framing = LengthPrefixed::two(100);
    let wire = [frame(&framing, b"one"), frame(&framing, b"bad"), frame(&framing, b"x")].concat();
    let (sent, words, ending) = run(framing, &wire, 1_000);
    assert_eq!((sent, words), (frame(&framing, b"one"), vec![b"one".to_vec()]));
    let fault = Fault::malformed(&BAD, "UnknownMessage", 0, "Word");
    assert_eq!(ending, Some(Ending::Fault(fault)));
}

#[test]
fn a_prefix_that_claims_too_much_is_a_fault_before_its_bytes_come() {
    // 1,001; nothing of it; and 1,024 of a claim that goes on.
    for (wire, offset) in [(&[0x87, 0x69][..], 0), (&[0x80, 0x01], 0), (&[0x88, 0x80], 0)] {
        let (_, _, ending) = give(&mut link(Vlq::new(1_000)), &[received(wire)]);
        let Some(Ending::Fault(Fault::Malformed { offset: at, .. })) = ending else {
            panic!("{ending:?}")
        };
        assert_eq!(at, offset);
    }
    let (_, _, ending) = give(&mut link(LengthPrefixed::four(9)), &[received(&[0, 0, 0, 10])]);
    assert!(matches!(ending, Some(Ending::Fault(Fault::Malformed { .. }))));
}

#[test]
fn a_document_is_what_there_is_when_the_stream_ends() {
    let (sent, words, ending) = run(Whole::new(20), b"a document", 3);
    assert_eq!((&sent[..], words), (&b"a document"[..], vec![b"a document".to_vec()]));
    assert_eq!(ending, Some(Ending::Fault(Fault::truncated("the conversation"))));
    let (_, _, ending) = give(&mut link(Whole::new(20)), &[received(&[7; 21])]);
    assert!(matches!(ending, Some(Ending::Fault(Fault::Malformed { kind: "TooLarge", .. }))));
}

#[test]
fn held_frames_wait_up_to_the_limit_and_count_before_a_closed_transport() {
    let framing = LengthPrefixed::two(1_000);
    let mut link = link(framing);
    let wire = [frame(&framing, b"hold"), frame(&framing, b"one"), frame(&framing, b"two")];
    let (_, words, _) = give(&mut link, &[received(&wire.concat())]);
    assert_eq!(words, [b"hold".to_vec()]);
    assert!(!link.saturated());
    let mut full = link.clone();
    give(&mut full, &[received(&[0; 940])]);
    assert!(full.saturated());
    let (_, _, ending) = give(&mut full, &[received(&[0; 51])]);
    assert_eq!(ending, Some(Ending::Fault(Fault::overrun("ingress"))));

    assert_eq!(give(&mut link, &[Transport::Closed]).2, None);
    let mut out = Outbox::new();
    link.handle_local(Time::ZERO, (), &mut out).unwrap();
    let (_, words, ending) = seen(&mut out);
    assert_eq!(words, [b"one".to_vec(), b"two".to_vec()]);
    assert_eq!(ending, Some(Ending::Fault(Fault::truncated("the conversation"))));
}

#[test]
fn a_link_may_be_full_to_the_byte() {
    let framing = LengthPrefixed::two(1_000);
    let mut link = link(framing);
    give(&mut link, &[received(&frame(&framing, b"hold"))]);
    // Of the limit of 1,000 the last sixteenth, 62 bytes, is left for a read under way.
    give(&mut link, &[received(&[0; 938])]);
    assert!(!link.saturated());
    give(&mut link, &[received(&[0; 1])]);
    assert!(link.saturated());
    assert_eq!(give(&mut link, &[received(&[0; 61])]).2, None);
    let (_, _, ending) = give(&mut link, &[received(&[0; 1])]);
    assert_eq!(ending, Some(Ending::Fault(Fault::overrun("ingress"))));
}

#[test]
fn what_comes_after_the_end_is_not_kept() {
    let framing = LengthPrefixed::two(1_000);
    // Done, with a word still to leave; and finished by the peer, with a word held back.
    let done = [frame(&framing, b"one"), frame(&framing, b"done")].concat();
    let held = [frame(&framing, b"hold"), frame(&framing, b"one")].concat();
    for (wire, finished) in [(done, false), (held, true)] {
        let mut link = link(framing);
        assert_eq!(give(&mut link, &[received(&wire)]).2, None);
        if finished {
            assert_eq!(give(&mut link, &[Transport::Finished]).2, None);
        }
        let before = (link.footprint(), link.clone());
        assert_eq!(give(&mut link, &[received(&frame(&framing, b"two"))]).2, None);
        assert_eq!((link.footprint(), link), before);
    }
}

#[test]
fn a_frame_beyond_the_limit_is_one_however_it_comes() {
    let framing = LengthPrefixed::two(2_000);
    for (length, fits) in [(998, true), (999, false)] {
        let wire = frame(&framing, &vec![b'x'; length]);
        for cut in [0, 1, 500, 1_000, wire.len()] {
            let (head, rest) = wire.split_at(cut.min(wire.len()));
            let mut link = link(framing);
            let (_, words, ending) = give(&mut link, &[received(head), received(rest)]);
            assert_eq!(words.len(), usize::from(fits), "{length} cut at {cut}");
            let fault = Ending::Fault(Fault::overrun("ingress"));
            assert_eq!(ending, (!fits).then_some(fault), "{length} cut at {cut}");
        }
    }
}

#[test]
fn what_the_credit_covers_does_not_wait() {
    let framing = LengthPrefixed::two(100);
    let wire = frame(&framing, &[b'x'; 98]).repeat(20);
    for (credit, fits) in [(Transport::UNCOUNTED, true), (1_000, true), (999, false)] {
        let mut link = link(framing);
        let (sent, _, ending) = give(&mut link, &[Transport::Writable(credit), received(&wire)]);
        assert_eq!(ending.is_none(), fits, "{credit} bytes of credit");
        assert!(!fits || sent.len() == credit.min(wire.len()));
    }
}

#[test]
fn an_end_that_is_done_goes_on_reading() {
    let framing = LengthPrefixed::two(100);
    let mut link = link(framing);
    let wire = [frame(&framing, b"one"), frame(&framing, b"done")].concat();
    assert_eq!(give(&mut link, &[received(&wire)]).2, None);
    assert!(!link.saturated(), "or two such ends would wait for each other");
    assert_eq!(give(&mut link, &[received(&[0; 2_000])]), (vec![], vec![], None));
    let last = give(&mut link, &[Transport::Writable(100)]);
    assert_eq!((last.0.len(), last.2), (5, Some(Ending::Done)));
}

#[test]
fn a_closed_transport_inside_a_frame_is_a_truncation() {
    let (_, _, ending) = run(LengthPrefixed::two(100), &[0, 3, 1, 2], 10);
    assert_eq!(ending, Some(Ending::Fault(Fault::truncated("a frame"))));
}

#[test]
fn done_drains_under_credit_and_credit_is_kept_to_the_byte() {
    let framing = LengthPrefixed::two(100);
    let mut link = link(framing);
    let wire = [frame(&framing, b"one"), frame(&framing, b"done")].concat();
    let (sent, words, ending) = give(&mut link, &[Transport::Writable(2), received(&wire)]);
    assert_eq!((sent, words.len(), ending), (vec![0, 3], 2, None));
    assert_eq!(link.waiting(), 3);
    let (sent, _, ending) = give(&mut link, &[Transport::Writable(1)]);
    assert_eq!((sent, ending), (b"o".to_vec(), None));
    let (sent, _, ending) = give(&mut link, &[Transport::Writable(2)]);
    assert_eq!((sent, ending), (b"ne".to_vec(), Some(Ending::Done)));
    assert_eq!(give(&mut link, &[Transport::Writable(2), Transport::Closed]).2, None);
}

#[test]
fn what_waits_at_the_end_has_its_time() {
    let mut config = FramedConfig::default();
    config.drain_timeout = Duration::from_millis(3);
    let framing = LengthPrefixed::two(100);
    let mut link = Framed::new(Echo::default(), framing, config);
    let mut out = Outbox::new();
    let start = Time::from_micros(500);
    let wire = [frame(&framing, b"one"), frame(&framing, b"done")].concat();
    link.handle_remote(start, received(&wire), &mut out);
    let due = start.after(Duration::from_millis(3));
    assert_eq!((seen(&mut out).2, link.deadline()), (None, Some(due)));
    link.handle_timeout(Time::from_micros(3_499), &mut out);
    assert!(out.is_empty());
    let mut late = link.clone();
    late.handle_timeout(due, &mut out);
    let fault = Fault::congested("drain_timeout");
    assert_eq!(seen(&mut out), (vec![], vec![], Some(Ending::Fault(fault))));
    assert_eq!((late.deadline(), late.waiting()), (None, 0));
    link.handle_remote(start, Transport::Writable(5), &mut out);
    assert_eq!(seen(&mut out).2, Some(Ending::Done));
    assert_eq!(link.deadline(), None);
    link.handle_timeout(due, &mut out);
    assert!(out.is_empty());
}

/// More than may wait: of our own making it is nobody's fault.
#[test]
fn too_much_to_send_is_told_by_whose_input_it_came() {
    let mut config = FramedConfig::default();
    config.egress = 10;
    let mut link = Framed::new(Patient(Time::from_micros(9)), Whole::new(20), config.clone());
    let mut out = Outbox::new();
    for _ in 0..11 {
        link.handle_local(Time::ZERO, 3, &mut out).unwrap();
    }
    let fault = Fault::congested("egress");
    assert_eq!(out.pop(), Some(Action::Close(Ending::Fault(fault))));
    let framing = LengthPrefixed::two(100);
    let mut link = Framed::new(Echo::default(), framing, config);
    let (_, _, ending) = give(&mut link, &[received(&frame(&framing, &[7; 9]))]);
    assert_eq!(ending, Some(Ending::Fault(Fault::overrun("egress"))));
}

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
    fn malformed(&self, malformed: Malformed) -> Fault {
        Fault::malformed(&BAD, malformed.kind.name(), malformed.offset, "Word")
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

#[test]
fn an_idle_link_gives_its_memory_back() {
    let framing = LengthPrefixed::two(1_000);
    let mut link = link(framing);
    let idle = link.footprint();
    let wire = frame(&framing, &[7; 900]);
    give(&mut link, &[received(&wire[..800])]);
    assert!(link.footprint() >= idle + 800);
    give(&mut link, &[received(&wire[800..]), Transport::Writable(usize::MAX)]);
    // Room for a few actions stays, so that the next step allocates nothing.
    assert!(link.footprint() <= idle + 512, "{} and {idle}", link.footprint());
}
