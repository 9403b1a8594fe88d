//! What waits to be read: how much there may be, and what becomes of it at the end.

use nodewire::link::{LengthPrefixed, Transport};
use nodewire::{Ending, Fault, Machine, Outbox, Time};

use crate::given::{frame, give, link, received, seen};

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

/// Nobody waits for frames that can't come.
#[test]
fn the_end_of_one_that_is_held_back_from_nothing_is_the_end() {
    let framing = LengthPrefixed::two(1_000);
    for end in [Transport::Closed, Transport::Finished] {
        let mut link = link(framing);
        assert_eq!(give(&mut link, &[received(&frame(&framing, b"hold"))]).2, None);
        let (_, words, ending) = give(&mut link, &[end]);
        assert_eq!(words, [] as [Vec<u8>; 0]);
        assert_eq!(ending, Some(Ending::Fault(Fault::truncated("the conversation"))));
    }
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
