//! Time, questions and refusals of the machine, and what it says of its own accord.

use nodewire::bytes::Bytes;
use nodewire::codec::Malformed;
use nodewire::link::{Framed, FramedConfig, LengthPrefixed, OverFrames, Transport, Whole};
use nodewire::{Action, AskId, Ending, Fault, Machine, Out, Outbox, Refusal, Refused, Time};

use crate::given::{BAD, Echo, Word, frame, give, malformed, received};

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
    fn malformed(&self, it: Malformed) -> Fault {
        malformed(it)
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
