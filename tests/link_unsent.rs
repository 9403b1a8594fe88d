//! What waits for a peer that reads nothing costs what it is, and no more for a moment.

mod heap;

use nodewire::bytes::Bytes;
use nodewire::codec::{Malformed, Source, Wire};
use nodewire::link::{Framed, FramedConfig, LengthPrefixed, OverFrames, Transport};
use nodewire::{Action, Ending, Fault, Machine, Never, Out, Outbox, Refusal, Rule, Severity, Time};

static BAD: Rule = Rule::new("toy/3", "Bad", "Words are said.", "the toy", Severity::Faulty);

/// Says words of the lengths that it is told, which tell how long they are or do not.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Speaker {
    tells: bool,
    said: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Word {
    byte: u8,
    length: usize,
    tells: bool,
}

impl Wire for Word {
    fn decode(frame: &[u8], _: Source<'_>) -> Result<Self, Malformed> {
        Ok(Self { byte: frame.first().copied().unwrap_or(0), length: frame.len(), tells: false })
    }

    /// In pieces, as messages are.
    fn encode(&self, out: &mut Vec<u8>) {
        for _ in 0..self.length {
            out.push(self.byte);
        }
    }

    fn encoded_len(&self) -> Option<usize> {
        self.tells.then_some(self.length)
    }
}

impl Machine for Speaker {
    type Local = usize;
    type Remote = Word;
    type Send = Word;
    type Notice = Never;
    type Query = Never;

    fn handle_local(
        &mut self,
        _: Time,
        length: usize,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<usize>> {
        self.said = self.said.wrapping_add(1);
        out.send(Word { byte: self.said, length, tells: self.tells });
        Ok(())
    }

    /// It says what it hears.
    fn handle_remote(&mut self, _: Time, word: Word, out: &mut Out<Self>) {
        out.send(word);
    }

    fn handle_timeout(&mut self, _: Time, _: &mut Out<Self>) {}

    fn deadline(&self) -> Option<Time> {
        None
    }
}

impl OverFrames for Speaker {
    fn malformed(&self, malformed: Malformed) -> Fault {
        Fault::malformed(&BAD, malformed.kind.name(), malformed.offset, "Word")
    }
}

type Link = Framed<Speaker, LengthPrefixed>;
type Said = Outbox<Bytes, Never, Never>;

const PREFIX: usize = 4;

fn link(egress: usize, tells: bool) -> Link {
    let mut config = FramedConfig::default();
    config.egress = egress;
    Framed::new(Speaker { tells, said: 0 }, LengthPrefixed::four(usize::MAX), config)
}

fn say(link: &mut Link, length: usize, out: &mut Said) {
    link.handle_local(Time::ZERO, length, out).unwrap();
}

fn grant(link: &mut Link, bytes: usize, out: &mut Said) {
    link.handle_remote(Time::ZERO, Transport::Writable(bytes), out);
}

/// The bytes that left, and how it ended.
fn left(out: &mut Said) -> (Vec<u8>, Option<Ending>) {
    let mut left = (Vec::new(), None);
    for action in out.drain() {
        match action {
            Action::Send(bytes) => left.0.extend_from_slice(&bytes),
            Action::Close(ending) => left.1 = Some(ending),
            Action::Notify(never) => match never {},
            Action::Ask(_, never) => match never {},
        }
    }
    left
}

/// What words of these lengths are on the wire.
fn wire(lengths: &[usize]) -> Vec<u8> {
    let words = (1_u8..).zip(lengths).flat_map(|(byte, length)| {
        let prefix = u32::try_from(*length).unwrap().to_be_bytes();
        prefix.into_iter().chain(std::iter::repeat_n(byte, *length))
    });
    words.collect()
}

/// As much as a small buffer, one more, a large one, and several of each.
const LENGTHS: [usize; 12] =
    [0, 1, 131_067, 131_068, 131_069, 5, 400_000, 7, 60_000, 60_000, 60_000, 300_000];

#[test]
fn what_waits_leaves_in_order_whatever_the_credit() {
    let expected = wire(&LENGTHS);
    for tells in [false, true] {
        for credit in [1_000, 4_096, 131_072, 131_073, 500_000, usize::MAX] {
            let (mut link, mut out) = (link(expected.len(), tells), Outbox::new());
            for length in LENGTHS {
                say(&mut link, length, &mut out);
            }
            assert!(out.is_empty());
            assert_eq!(link.waiting(), expected.len());
            let mut all = Vec::new();
            while link.waiting() > 0 {
                let before = link.waiting();
                grant(&mut link, credit, &mut out);
                let (bytes, ending) = left(&mut out);
                assert_eq!((bytes.len(), ending), (credit.min(before), None));
                all.extend(bytes);
            }
            assert!(all == expected, "{tells} {credit}");
        }
    }
}

#[test]
fn what_is_said_between_is_in_its_place() {
    let (mut link, mut out) = (link(10_000_000, true), Outbox::new());
    let mut all = Vec::new();
    for length in LENGTHS {
        say(&mut link, length, &mut out);
        grant(&mut link, 50_000, &mut out);
        all.extend(left(&mut out).0);
    }
    grant(&mut link, usize::MAX, &mut out);
    all.extend(left(&mut out).0);
    assert!(all == wire(&LENGTHS));
}

#[test]
fn as_much_as_may_wait_fits_and_a_byte_more_does_not() {
    for tells in [false, true] {
        let most = 2 * (100_000 + PREFIX);
        for (egress, fits) in [(most, true), (most - 1, false)] {
            let (mut link, mut out) = (link(egress, tells), Outbox::new());
            say(&mut link, 100_000, &mut out);
            say(&mut link, 100_000, &mut out);
            let ending = left(&mut out).1;
            let fault = Fault::congested("egress");
            assert_eq!(ending, (!fits).then_some(Ending::Fault(fault)), "{tells} {egress}");
        }
    }
}

/// A word that the peer's makes us say is too much by its own fault.
#[test]
fn too_much_of_the_peers_making_is_an_overrun() {
    let mut link = link(1_000, true);
    let mut out = Outbox::new();
    let word = Transport::Received(wire(&[1_001]).into());
    link.handle_remote(Time::ZERO, word, &mut out);
    assert_eq!(left(&mut out).1, Some(Ending::Fault(Fault::overrun("egress"))));
}

/// 14.4, A-16: at the limit of 64 MiB there is little more than 64 MiB, at any moment.
#[test]
fn nothing_doubles_for_what_waits() {
    const EGRESS: usize = 64 << 20;
    const BUFFER: usize = 131_072;
    for length in [100, 3_000, 131_060, 1_000_000, 20_000_000] {
        let count = EGRESS / (length + PREFIX);
        heap::held(|| {
            let (mut link, mut out) = (link(EGRESS, true), Outbox::new());
            for _ in 0..count {
                say(&mut link, length, &mut out);
            }
            assert!(left(&mut out).1.is_none());
            let told = link.footprint();
            assert!(heap::live() <= told, "{length}: {told} told");
            let config = {
                let mut it = FramedConfig::default();
                it.egress = EGRESS;
                it
            };
            let machine = size_of::<Speaker>();
            let largest = length + PREFIX;
            assert!(told <= Link::most_footprint(machine, &config, largest), "{length}");
            // One that is told how long it is is not encoded to be found too long.
            say(&mut link, EGRESS - count * (length + PREFIX), &mut out);
            let peak = heap::peak();
            let room = EGRESS + 4 * BUFFER;
            assert!(peak <= room, "{length}: {peak}, {}", EGRESS);
            let _ = left(&mut out);
        });
        assert_eq!(heap::live(), 0);
        heap::peak();
    }
}

/// What a peer has taken of is whole until it has taken all of it, and nothing else is.
#[test]
fn what_is_told_to_be_held_is_what_is_freed() {
    for credit in [1, 100, 131_072, 200_000, 1_000_000] {
        for count in [1, 3, 40] {
            let (told, freed) = heap::held(|| {
                let (mut link, mut out) = (link(64 << 20, false), Outbox::new());
                for length in LENGTHS.into_iter().cycle().take(count) {
                    say(&mut link, length, &mut out);
                }
                grant(&mut link, credit, &mut out);
                drop(out);
                let told = link.footprint() - size_of::<Link>();
                let before = heap::live();
                drop(link);
                (told, before - heap::live())
            });
            assert!(freed <= told, "{credit} {count}: {freed} freed, {told} told");
        }
    }
}
