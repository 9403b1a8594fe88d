//! A small machine for all links: it asks, waits, echoes, refuses and ends as the words it hears
//! begin.

use std::time::Duration;

use arbitrary::Result;
use nodewire::bytes::Bytes;
use nodewire::codec::{Malformed, MalformedKind, Source, Wire};
use nodewire::link::OverFrames;
use nodewire::{
    AskId, Asks, Channel, ChannelSpec, Class, Ending, Fault, Machine, Out, OverChannels, Refusal,
    Refused, Role, Rule, Severity, Time,
};

use crate::given::Script;

pub static BAD: Rule = Rule::new("clerk/1", "Bad", "No word is bad.", "tests", Severity::Faulty);

/// Questions it may have open.
const ASKS: usize = 2;
/// The longest word that is none too long.
pub const LONGEST: usize = 90;
pub const DESK: Channel = Channel::new(5, Role::Responder);
/// Bytes that wait at its desk.
pub const INGRESS: usize = 250;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Clerk {
    asks: Asks<()>,
    due: Option<Time>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Word(pub Bytes);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Local {
    Say(Vec<u8>),
    Answer(AskId),
    WakeAt(Time),
    Finish,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Notice {
    Heard(Word),
    Woken,
}

impl Clerk {
    pub const fn new() -> Self {
        Self { asks: Asks::new(ASKS), due: None }
    }

    /// Its numbers go on; what it had asked nobody answers any more.
    pub fn again(mut self) -> Self {
        self.asks.cancel(|()| true);
        Self { asks: self.asks, due: None }
    }

    /// No more entries than this does a list get that never had more than the questions.
    pub const fn most_footprint() -> usize {
        size_of::<Self>() + 4 * size_of::<(AskId, ())>()
    }
}

impl Machine for Clerk {
    type Local = Local;
    type Remote = Word;
    type Send = Word;
    type Notice = Notice;
    type Query = Word;

    fn handle_local(
        &mut self,
        _: Time,
        input: Local,
        out: &mut Out<Self>,
    ) -> std::result::Result<(), Refusal<Local>> {
        match input {
            Local::Say(word) if word.len() > LONGEST => {
                return Err(Refusal::new(Refused::invalid("too long"), Local::Say(word)));
            }
            Local::Say(word) => out.send(Word(Bytes::from(word))),
            Local::Answer(id) => match self.asks.close(id) {
                Ok(Some(())) => out.send(Word(Bytes::from_static(b"so"))),
                Ok(None) => {}
                Err(why) => return Err(Refusal::new(why, input)),
            },
            Local::WakeAt(at) => self.due = Some(at),
            Local::Finish => out.close(Ending::Done),
        }
        Ok(())
    }

    fn handle_remote(&mut self, now: Time, word: Word, out: &mut Out<Self>) {
        match word.0.first() {
            Some(b'?') => match self.asks.open(()) {
                Ok(id) => out.ask(id, word),
                Err(()) => out.fail(Fault::overrun("asks")),
            },
            Some(b'!') => out.send(word),
            Some(b'.') => out.close(Ending::Done),
            Some(b'x') => {
                out.send(word);
                out.fail(Fault::violation(&BAD, "Clerk"));
            }
            Some(b't') => self.due = Some(now.after(Duration::from_secs(word.0.len() as u64))),
            _ => out.notify(Notice::Heard(word)),
        }
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        if self.due.is_some_and(|due| due <= now) {
            self.due = None;
            out.notify(Notice::Woken);
        }
    }

    fn deadline(&self) -> Option<Time> {
        self.due
    }

    fn saturated(&self) -> bool {
        self.asks.is_full()
    }

    fn awaits(&self, id: AskId) -> bool {
        self.asks.awaits(id)
    }

    fn footprint(&self) -> usize {
        size_of::<Self>() + self.asks.heap()
    }
}

impl Wire for Word {
    fn decode(frame: &[u8], source: Source<'_>) -> std::result::Result<Self, Malformed> {
        match frame {
            b"bad" => Err(Malformed::new(MalformedKind::UnknownMessage, 0)),
            _ => Ok(Self(source.bytes(frame))),
        }
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }
}

impl OverFrames for Clerk {
    fn malformed(&self, malformed: Malformed) -> Fault {
        Fault::malformed(&BAD, malformed.kind.name(), malformed.offset, "Clerk")
    }
}

/// On a channel a word is a byte string with a length of one byte.
pub fn item(word: &[u8]) -> Vec<u8> {
    [&[0x58, word.len() as u8][..], word].concat()
}

impl OverChannels for Clerk {
    fn channels(&self) -> Vec<ChannelSpec> {
        vec![ChannelSpec { channel: DESK, ingress: INGRESS, class: Class::Bulk { share: 0 } }]
    }

    fn item_limit(&self, _: Channel, _: &[u8]) -> std::result::Result<usize, Fault> {
        Ok(2 + LONGEST)
    }

    fn too_large(&self, _: Channel) -> Fault {
        Fault::violation(&BAD, "Clerk")
    }

    fn malformed(&self, _: Channel, malformed: Malformed) -> Fault {
        Fault::malformed(&BAD, malformed.kind.name(), malformed.offset, "Clerk")
    }

    fn decode(
        &self,
        _: Channel,
        item: &[u8],
        source: Source<'_>,
    ) -> std::result::Result<Word, Fault> {
        match item {
            [0x58, _, word @ ..] => Ok(Word(source.bytes(word))),
            _ => Err(Fault::violation(&BAD, "Clerk")),
        }
    }

    fn encode(word: &Word, out: &mut Vec<u8>) -> Channel {
        out.extend(item(&word.0));
        DESK
    }
}

/// A word of any kind.
pub fn word(script: &mut Script<'_>) -> Result<Vec<u8>> {
    let mut word = match script.int_in_range(0..=40_u8)? {
        0 => b".".to_vec(),
        1 => b"x".to_vec(),
        2 => b"bad".to_vec(),
        3..=6 => b"t".to_vec(),
        7..=12 => b"?".to_vec(),
        13..=24 => b"!".to_vec(),
        _ => b"-".to_vec(),
    };
    if word.len() == 1 {
        let more = if script.ratio(1, 3)? { LONGEST - 1 } else { 12 };
        word.resize(1 + script.int_in_range(0..=more)?, b'~');
    }
    Ok(word)
}

/// A command of any kind; the answer is most often to a question that was asked.
pub fn command(script: &mut Script<'_>, asked: &[AskId]) -> Result<Local> {
    Ok(match script.int_in_range(0..=24_u8)? {
        0 => Local::Finish,
        1 => Local::Answer(AskId::from_u64(script.arbitrary()?)),
        2..=5 => Local::WakeAt(Time::from_micros(script.int_in_range(0..=9_000_000)?)),
        6..=12 if !asked.is_empty() => Local::Answer(*script.choose(asked)?),
        _ => Local::Say(vec![b's'; script.int_in_range(0..=LONGEST + 2)?]),
    })
}
