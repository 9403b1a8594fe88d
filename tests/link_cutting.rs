//! However a stream is cut up, the actions are the same.

#![cfg(feature = "leios")]

mod link_toy;

use std::convert::Infallible;

use link_toy::*;
use nodewire::Time;
use nodewire::bytes::Bytes;
use nodewire::link::{ChannelInput, Channels, MuxNotice, Outgoing, Transport};
use nodewire::{Action, Ending, Fault, Machine, Outbox};
use proptest::prelude::*;

/// Items of all kinds, most of them good.
fn item() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => prop_oneof![Just(PLAIN), Just(ECHO), Just(HOLD), Just(RELEASE)].prop_map(|b| vec![b]),
        4 => (0_usize..600).prop_map(string),
        2 => (0_u8..24).prop_map(|n| [&[0x80 | n][..], &vec![ECHO; n.into()]].concat()),
        1 => prop_oneof![
            Just(vec![BAD]),
            Just(vec![DONE]),
            Just(vec![0xff]),
            Just(vec![0x98, 60]),
            Just([&[0x98, 60][..], &[0; 60]].concat()),
            Just(vec![0x82, 0x1c, 0]),
            Just(string(130_000)),
        ],
    ]
}

/// Segments on two or three channels with the bytes of items, cut anywhere; sometimes garbage.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let lane = prop::collection::vec(item(), 0..8).prop_map(|items| items.concat());
    let lanes = prop::collection::vec(lane, 3);
    let order = prop::collection::vec((0_usize..3, 1_usize..400), 0..60);
    (lanes, order, prop::option::weighted(0.1, any::<[u8; 9]>())).prop_map(|(lanes, order, end)| {
        let mut rest: Vec<&[u8]> = lanes.iter().map(|lane| &lane[..]).collect();
        let mut wire = Vec::new();
        for (at, length) in order {
            let (piece, later) = rest[at].split_at(length.min(rest[at].len()));
            rest[at] = later;
            if !piece.is_empty() {
                wire.extend(segment(ALL[at], piece));
            }
        }
        wire.extend(end.into_iter().flatten());
        wire
    })
}

fn run(wire: &[u8], cuts: &[usize], credit: usize) -> Outcome<MuxNotice<Notice>> {
    let mut mux = mux();
    let mut out = Outbox::new();
    mux.handle_remote(Time::ZERO, Transport::Writable(credit), &mut out);
    let mut start = 0;
    for end in cuts.iter().copied().chain([wire.len()]) {
        let piece = Bytes::copy_from_slice(&wire[start..end.max(start)]);
        mux.handle_remote(Time::ZERO, Transport::Received(piece), &mut out);
        start = end.max(start);
    }
    mux.handle_remote(Time::ZERO, Transport::Closed, &mut out);
    outcome(&mut out)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_cut_stream_of_segments_does_the_same(
        wire in stream(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        credit in prop_oneof![Just(usize::MAX), 0_usize..200],
    ) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(wire.len() + 1)).collect();
        cuts.sort_unstable();
        let whole = run(&wire, &[], credit);
        prop_assert_eq!(&run(&wire, &cuts, credit), &whole);
        let every: Vec<usize> = (0..wire.len()).collect();
        prop_assert_eq!(&run(&wire, &every, credit), &whole);
    }

    #[test]
    fn cut_channels_do_the_same(
        items in prop::collection::vec(item(), 0..10),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let bytes = items.concat();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.sort_unstable();
        let run = |cuts: &[usize]| {
            let mut link = Channels::new(Toy::default());
            let mut out = Outbox::new();
            let mut start = 0;
            for end in cuts.iter().copied().chain([bytes.len()]) {
                let bytes = Bytes::copy_from_slice(&bytes[start..end]);
                let input = ChannelInput::Received { channel: CHAIN, bytes };
                link.handle_remote(Time::ZERO, input, &mut out);
                start = end;
            }
            link.handle_remote(Time::ZERO, ChannelInput::Closed, &mut out);
            out
        };
        let whole = run(&[]);
        prop_assert_eq!(&run(&cuts), &whole);
        prop_assert_eq!(&run(&(0..bytes.len()).collect::<Vec<_>>()), &whole);
    }
}

#[test]
fn good_messages_before_a_bad_one_are_delivered_first() {
    let mut mux = mux();
    let outcome = receive(&mut mux, &segment(CHAIN, &[PLAIN, ECHO, BAD, PLAIN]));
    assert_eq!(outcome.notices, [got(CHAIN, &[PLAIN]), got(CHAIN, &[ECHO])]);
    assert_eq!(outcome.ending, Some(Ending::Fault(Fault::violation(&BAD_ITEM, "Toy"))));
    let later = receive(&mut mux, &segment(CHAIN, &[PLAIN]));
    assert_eq!(later, Outcome { sent: vec![], notices: vec![], ending: None });
}

#[test]
fn one_byte_segments_interleaved_on_several_protocols() {
    let items = [string(700), vec![PLAIN; 30], string(300)];
    let mut mux = mux();
    let mut wire = Vec::new();
    for at in 0..items[0].len() {
        for (channel, item) in ALL.iter().zip(&items) {
            if let Some(byte) = item.get(at) {
                wire.extend(segment(*channel, &[*byte]));
            }
        }
    }
    let outcome = receive(&mut mux, &wire);
    assert_eq!(outcome.notices.len(), 32);
    assert_eq!(outcome.notices.last(), Some(&got(CHAIN, &items[0])));
    assert!(outcome.notices.contains(&got(TX, &items[2])));
    assert_eq!(outcome.ending, None);
}

#[test]
fn a_message_of_the_machine_is_one_item_on_its_channel() {
    let mut link = Channels::new(Toy::default());
    let mut out = Outbox::new();
    let bytes = Bytes::from_static(&[ECHO, PLAIN]);
    link.handle_remote(Time::ZERO, ChannelInput::Received { channel: TX, bytes }, &mut out);
    let sent = Outgoing { channel: TX, bytes: Bytes::from_static(&[ECHO]) };
    let all: Vec<_> = out.drain().collect();
    assert_eq!(all[1], Action::Send(sent));
    assert_eq!(all.len(), 3);
}

#[test]
fn time_and_endings_pass_through_channels() {
    let due = Time::from_micros(9);
    let id = nodewire::AskId::from_u64(0);
    let mut link = Channels::new(Toy::default());
    let mut out = Outbox::new();
    link.handle_local(Time::ZERO, Local::WakeAt(due), &mut out).unwrap();
    assert_eq!((link.deadline(), link.awaits(id)), (Some(due), true));
    assert!(link.footprint() > size_of_val(&link));
    link.handle_timeout(due, &mut out);
    assert_eq!(out.pop(), Some(nodewire::Action::Notify(Notice::Woken)));
    let refusal = link.handle_local(due, Local::Refuse, &mut out).unwrap_err();
    assert_eq!((refusal.input, out.len()), (Local::Refuse, 0));
    link.handle_local(due, Local::Finish, &mut out).unwrap();
    assert_eq!(out.pop(), Some(nodewire::Action::Close(nodewire::Ending::Done)));
    assert_eq!((link.deadline(), link.awaits(id), link.machine()), (None, false, None));
    let refusal = link.handle_local(due, Local::Finish, &mut out).unwrap_err();
    assert_eq!(refusal.why, nodewire::Refused::Ended);
    assert_eq!(link.footprint(), size_of_val(&link));
}

fn give(link: &mut Channels<Toy>, items: &[u8]) -> Vec<Action<Outgoing, Notice, Infallible>> {
    let mut out = Outbox::new();
    let bytes = Bytes::copy_from_slice(items);
    link.handle_remote(Time::ZERO, ChannelInput::Received { channel: CHAIN, bytes }, &mut out);
    out.drain().collect()
}

fn told(item: u8) -> Action<Outgoing, Notice, Infallible> {
    Action::Notify(Notice::Got(CHAIN, Bytes::copy_from_slice(&[item])))
}

#[test]
fn channels_have_enough_only_while_much_is_held_back() {
    let mut link = Channels::new(Toy::default());
    assert!(!link.saturated());
    assert_eq!(give(&mut link, &[PLAIN, HOLD]), [told(PLAIN), told(HOLD)]);
    assert!(!link.saturated(), "held back, but there is nothing");
    // All but the last sixteenth of the limit.
    assert_eq!(give(&mut link, &[PLAIN; INGRESS - INGRESS / 16]), []);
    assert!(!link.saturated());
    assert_eq!(give(&mut link, &[PLAIN]), []);
    assert!(link.saturated());
    let mut out = Outbox::new();
    link.handle_local(Time::ZERO, Local::Release, &mut out).unwrap();
    assert!(!link.saturated());
}

#[test]
fn no_bytes_follow_a_closed_transport() {
    let mut link = Channels::new(Toy::default());
    give(&mut link, &[HOLD, PLAIN]);
    let mut out = Outbox::new();
    link.handle_remote(Time::ZERO, ChannelInput::Closed, &mut out);
    assert!(out.is_empty(), "what is held back is still to be taken");
    let before = link.clone();
    assert_eq!(give(&mut link, &[ECHO]), []);
    assert_eq!(link, before);
    link.handle_local(Time::ZERO, Local::Release, &mut out).unwrap();
    let truncated = Ending::Fault(Fault::truncated("the conversation"));
    assert_eq!(out.drain().collect::<Vec<_>>(), [told(PLAIN), Action::Close(truncated)]);
}
