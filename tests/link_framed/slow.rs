//! A frame that has begun and does not end in time (`OverFrames::partial_frame`).

use std::time::Duration;

use nodewire::bytes::Bytes;
use nodewire::codec::Malformed;
use nodewire::link::{Framed, FramedConfig, LengthPrefixed, OverFrames, Transport};
use nodewire::{Action, Ending, Fault, Machine, Never, Out, Outbox, Refusal, Rule, Severity, Time};

use crate::given::{Word, malformed};

static LATE: Rule = Rule::new("toy/2", "Late", "Words are said.", "the toy", Severity::Benign);

/// Tells words; `hold` has it held back until it is let go.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Told {
    patience: Option<Duration>,
    is_held: bool,
    due: Option<Time>,
}

impl Machine for Told {
    type Local = ();
    type Remote = Word;
    type Send = Word;
    type Notice = Word;
    type Query = Never;

    fn handle_local(&mut self, _: Time, (): (), _: &mut Out<Self>) -> Result<(), Refusal<()>> {
        self.is_held = false;
        Ok(())
    }

    fn handle_remote(&mut self, _: Time, word: Word, out: &mut Out<Self>) {
        self.is_held = &word.0[..] == b"hold";
        out.notify(word);
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        if self.due.is_some_and(|due| due <= now) {
            out.close(Ending::Done);
        }
    }

    fn deadline(&self) -> Option<Time> {
        self.due
    }

    fn saturated(&self) -> bool {
        self.is_held
    }
}

impl OverFrames for Told {
    fn malformed(&self, it: Malformed) -> Fault {
        malformed(it)
    }

    fn partial_frame(&self) -> Option<(Duration, Fault)> {
        self.patience.map(|patience| (patience, Fault::timeout(&LATE, "a word")))
    }
}

/// A stream whose frames are waited for ten seconds.
struct Stream {
    link: Framed<Told, LengthPrefixed>,
    out: Outbox<Bytes, Word, Never>,
    now: Time,
}

impl Stream {
    fn new(patience: Option<Duration>, due: Option<Time>) -> Self {
        let told = Told { patience, is_held: false, due };
        let link = Framed::new(told, LengthPrefixed::one(255), FramedConfig::default());
        Self { link, out: Outbox::new(), now: Time::ZERO }
    }

    fn patient() -> Self {
        Self::new(Some(Duration::from_secs(10)), None)
    }

    fn hear(&mut self, bytes: &'static [u8]) {
        let bytes = Transport::Received(Bytes::from_static(bytes));
        self.link.handle_remote(self.now, bytes, &mut self.out);
    }

    fn let_go(&mut self) {
        self.link.handle_local(self.now, (), &mut self.out).unwrap();
    }

    /// It is that many seconds now.
    fn at(&mut self, seconds: u64) {
        self.now = Time::ZERO.after(Duration::from_secs(seconds));
        self.link.handle_timeout(self.now, &mut self.out);
    }

    fn due(&self) -> Option<u64> {
        self.link.deadline().map(|due| due.as_micros() / 1_000_000)
    }

    fn ending(&mut self) -> Option<Ending> {
        let said = self.out.drain().collect::<Vec<_>>().into_iter();
        said.filter_map(|it| if let Action::Close(it) = it { Some(it) } else { None }).next()
    }
}

fn late() -> Option<Ending> {
    Some(Ending::Fault(Fault::timeout(&LATE, "a word")))
}

#[test]
fn a_frame_has_so_long_from_its_first_byte_on() {
    let mut stream = Stream::patient();
    assert_eq!(stream.due(), None);
    stream.at(5);
    stream.hear(b"\x03a");
    assert_eq!(stream.due(), Some(15));
    // More of it gives it no more time.
    stream.at(14);
    stream.hear(b"b");
    assert_eq!((stream.due(), stream.ending()), (Some(15), None));
    stream.at(15);
    assert_eq!((stream.due(), stream.ending()), (None, late()));
    stream.hear(b"c");
    stream.at(100);
    assert_eq!(stream.ending(), None);
}

#[test]
fn a_frame_that_ends_in_time_is_as_good_as_any() {
    let mut stream = Stream::patient();
    stream.hear(b"\x03ab");
    stream.at(9);
    stream.hear(b"c");
    assert_eq!(stream.due(), None);
    stream.at(100);
    assert_eq!(stream.ending(), None);
    // Each frame has its own time, also if the next begins with the end of the last.
    stream.hear(b"\x01");
    assert_eq!(stream.due(), Some(110));
    stream.at(109);
    stream.hear(b"a\x01");
    assert_eq!(stream.due(), Some(119));
    stream.at(118);
    assert_eq!(stream.ending(), None);
    stream.at(119);
    assert_eq!(stream.ending(), late());
}

/// What ends the moment that it is due has not ended in time only if nobody looked before.
#[test]
fn a_frame_that_ends_before_the_time_out_is_handed_in_counts() {
    let mut stream = Stream::patient();
    stream.hear(b"\x01");
    stream.now = Time::ZERO.after(Duration::from_secs(10));
    stream.hear(b"a");
    stream.at(10);
    assert_eq!(stream.ending(), None);
}

#[test]
fn while_we_hold_back_no_time_passes() {
    let mut stream = Stream::patient();
    stream.hear(b"\x04hold\x02a");
    assert_eq!(stream.due(), None);
    stream.at(1_000);
    stream.let_go();
    assert_eq!((stream.due(), stream.ending()), (Some(1_010), None));
    stream.hear(b"b\x04hold");
    assert_eq!(stream.due(), None);
}

#[test]
fn the_machines_own_time_comes_first() {
    let at = |seconds| Some(Time::ZERO.after(Duration::from_secs(seconds)));
    for (due, expected) in [(9, Some(Ending::Done)), (10, Some(Ending::Done)), (11, late())] {
        let mut stream = Stream::new(Some(Duration::from_secs(10)), at(due));
        stream.hear(b"\x01");
        let first = stream.due().unwrap();
        assert_eq!(first, due.min(10));
        stream.at(first);
        assert_eq!(stream.ending(), expected, "{due}");
    }
}

#[test]
fn without_patience_there_is_no_end_to_it() {
    let mut stream = Stream::new(None, None);
    stream.hear(b"\x02a");
    assert_eq!(stream.due(), None);
    stream.at(1_000_000);
    assert_eq!(stream.ending(), None);
}
