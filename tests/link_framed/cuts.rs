//! Frames are found however the stream is cut, and what is none is refused.

use nodewire::link::{Framing, LengthPrefixed, Transport, Vlq, Whole};
use nodewire::{Ending, Fault};
use proptest::prelude::*;

use crate::given::{BAD, Seen, frame, give, link, received};

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
fn a_closed_transport_inside_a_frame_is_a_truncation() {
    let (_, _, ending) = run(LengthPrefixed::two(100), &[0, 3, 1, 2], 10);
    assert_eq!(ending, Some(Ending::Fault(Fault::truncated("a frame"))));
}
