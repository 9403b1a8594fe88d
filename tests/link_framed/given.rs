//! A toy protocol of words, each a frame, and a machine that echoes them.

use std::convert::Infallible;

use nodewire::bytes::Bytes;
use nodewire::codec::{Malformed, MalformedKind, Source, Wire};
use nodewire::link::{Framed, FramedConfig, Framing, OverFrames, Transport};
use nodewire::{Action, Ending, Fault, Machine, Out, Outbox, Refusal, Rule, Severity, Time};

pub static BAD: Rule =
    Rule::new("toy/1", "Bad", "A word is not `bad`.", "the toy", Severity::Faulty);

/// Any bytes but `bad`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Word(pub Bytes);

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

/// What is wrong with a word.
pub fn malformed(malformed: Malformed) -> Fault {
    Fault::malformed(&BAD, malformed.kind.name(), malformed.offset, "Word")
}

/// Echoes words; `hold` holds the rest back, `done` and `bad` end it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Echo {
    held: bool,
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
    fn malformed(&self, it: Malformed) -> Fault {
        malformed(it)
    }
}

/// A word as it is on the wire.
pub fn frame(framing: &impl Framing, word: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    framing.wrap(&mut out, &mut |out| out.extend_from_slice(word)).unwrap();
    out
}

/// A link that holds 1,000 bytes either way.
pub fn link<F: Framing>(framing: F) -> Framed<Echo, F> {
    let mut config = FramedConfig::default();
    (config.ingress, config.egress) = (1_000, 1_000);
    Framed::new(Echo::default(), framing, config)
}

/// The bytes sent, the words heard, and the end.
pub type Seen = (Vec<u8>, Vec<Vec<u8>>, Option<Ending>);

/// What came out, nothing of it after the end.
pub fn seen(out: &mut Outbox<Bytes, Word, Infallible>) -> Seen {
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

/// What comes of inputs at time zero.
pub fn give<F: Framing>(link: &mut Framed<Echo, F>, inputs: &[Transport]) -> Seen {
    let mut out = Outbox::new();
    for input in inputs {
        link.handle_remote(Time::ZERO, input.clone(), &mut out);
    }
    seen(&mut out)
}

pub fn received(bytes: &[u8]) -> Transport {
    Transport::Received(Bytes::copy_from_slice(bytes))
}
