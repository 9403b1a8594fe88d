//! What waits to be sent: it leaves as there is credit, in time, or is too much.

use std::time::Duration;

use nodewire::link::{Framed, FramedConfig, LengthPrefixed, Transport};
use nodewire::{Ending, Fault, Machine, Outbox, Time};

use crate::given::{Echo, frame, give, link, received, seen};

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
