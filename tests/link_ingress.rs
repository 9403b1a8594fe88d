//! What is held back, what is too much, and how streams end.

#![cfg(feature = "leios")]

mod link_toy;

use link_toy::*;
use nodewire::link::{Mux, MuxConfig, MuxLocal, Transport, rules};
use nodewire::{Channel, Ending, Fault, Machine, Outbox, Role, Rule, Severity, Time};

fn fault_of<N>(outcome: &Outcome<N>) -> Fault {
    match outcome.ending {
        Some(Ending::Fault(fault)) => fault,
        other => panic!("no fault but {other:?}"),
    }
}

fn broken<N>(outcome: &Outcome<N>) -> &'static Rule {
    fault_of(outcome).rule().expect("a rule")
}

fn release() -> MuxLocal<Local> {
    MuxLocal::Machine(Local::Release)
}

#[test]
fn held_items_wait_in_order_while_other_channels_go_on() {
    let mut mux = mux();
    assert_eq!(receive(&mut mux, &segment(CHAIN, &[HOLD, PLAIN])).notices, [got(CHAIN, &[HOLD])]);
    assert_eq!(receive(&mut mux, &segment(CHAIN, &[0x05, 0x41])).notices, []);
    assert_eq!(receive(&mut mux, &segment(BLOCK, &[PLAIN])).notices, [got(BLOCK, &[PLAIN])]);
    assert!(!mux.saturated());
    let resumed = local(&mut mux, release()).notices;
    assert_eq!(resumed, [got(CHAIN, &[PLAIN]), got(CHAIN, &[0x05])]);
    let rest = receive(&mut mux, &segment(CHAIN, &[0xaa])).notices;
    assert_eq!(rest, [got(CHAIN, &[0x41, 0xaa])]);
}

#[test]
fn a_message_on_one_channel_resumes_another() {
    let mut mux = mux();
    receive(&mut mux, &segment(CHAIN, &[HOLD, 0x05, 0x06]));
    let notices = receive(&mut mux, &segment(BLOCK, &[RELEASE, PLAIN])).notices;
    let expected =
        [got(BLOCK, &[RELEASE]), got(CHAIN, &[5]), got(CHAIN, &[6]), got(BLOCK, &[PLAIN])];
    assert_eq!(notices, expected);
}

#[test]
fn a_held_channel_that_is_almost_full_stops_the_reading_and_a_full_one_is_a_fault() {
    let mut mux = mux();
    receive(&mut mux, &segment(CHAIN, &[HOLD]));
    receive(&mut mux, &segment(CHAIN, &[PLAIN; 60_000]));
    assert!(!mux.saturated());
    receive(&mut mux, &segment(CHAIN, &[PLAIN; 52_501]));
    assert!(mux.saturated());
    receive(&mut mux, &segment(CHAIN, &[PLAIN; 7_499]));
    let mut full = mux.clone();
    let end = receive(&mut full, &segment(CHAIN, &[PLAIN]));
    assert_eq!(broken(&end), &rules::INGRESS_OVERFLOW);
    let resumed = local(&mut mux, release());
    assert_eq!(resumed.notices.len(), 120_000);
    assert!(!mux.saturated());
}

#[test]
fn an_item_beyond_its_limit_is_too_long_however_it_comes() {
    let long = [vec![0x98, 49], vec![PLAIN; 49]].concat();
    let whole = receive(&mut mux(), &segment(CHAIN, &long));
    assert_eq!(broken(&whole), &TOO_LONG);
    let mut slow = mux();
    for byte in &long[..49] {
        assert_eq!(receive(&mut slow, &segment(CHAIN, &[*byte])).ending, None);
    }
    assert_eq!(broken(&receive(&mut slow, &segment(CHAIN, &long[49..50]))), &TOO_LONG);
}

#[test]
fn bad_segments_end_the_connection() {
    let unknown = segment(Channel::new(77, Role::Responder), &[PLAIN]);
    assert_eq!(broken(&receive(&mut mux(), &unknown)), &rules::UNKNOWN_PROTOCOL);
    let wrong = segment(Channel::new(2, Role::Initiator), &[PLAIN]);
    assert_eq!(broken(&receive(&mut mux(), &wrong)), &rules::WRONG_DIRECTION);
    assert_eq!(broken(&receive(&mut mux(), &segment(CHAIN, &[]))), &rules::ZERO_LENGTH_SEGMENT);
    // The header alone is enough.
    assert_eq!(broken(&receive(&mut mux(), &unknown[..8])), &rules::UNKNOWN_PROTOCOL);
    let mut config = MuxConfig::default();
    config.sdu_max = 3;
    let end = receive(&mut Mux::new(Toy::default(), config, &[]), &segment(CHAIN, &[PLAIN; 4]));
    assert_eq!(fault_of(&end), Fault::overrun("sdu_max"));
}

#[test]
fn a_segment_has_thirty_seconds_from_its_first_byte_to_its_last() {
    let at = |secs: u64| Time::from_micros(secs * 1_000_000);
    let mut mux = mux();
    let wire = segment(CHAIN, &[PLAIN; 4]);
    assert_eq!(mux.deadline(), None);
    receive_at(&mut mux, at(10), &wire[..1]);
    assert_eq!(mux.deadline(), Some(at(40)));
    receive_at(&mut mux, at(39), &wire[1..10]);
    assert_eq!(mux.deadline(), Some(at(40)));
    let mut late = mux.clone();
    let mut out = Outbox::new();
    late.handle_timeout(Time::from_micros(39_999_999), &mut out);
    assert!(out.is_empty() && late == mux);
    late.handle_timeout(at(40), &mut out);
    assert_eq!(broken(&outcome(&mut out)), &rules::SEGMENT_TIMEOUT);
    assert_eq!(late.deadline(), None);
    // The end of one segment and the beginning of the next.
    receive_at(&mut mux, at(40), &[&wire[10..], &wire[..9]].concat());
    assert_eq!(mux.deadline(), Some(at(70)));
    receive_at(&mut mux, at(41), &wire[9..]);
    assert_eq!(mux.deadline(), None);
}

#[test]
fn a_closed_transport_is_a_truncation_where_something_is_under_way() {
    let end = |wire: &[u8]| {
        let mut mux = mux();
        receive(&mut mux, wire);
        fault_of(&remote(&mut mux, Time::ZERO, Transport::Closed))
    };
    assert_eq!(end(&segment(CHAIN, &[PLAIN; 4])[..9]), Fault::truncated("a segment"));
    assert_eq!(end(&[0]), Fault::truncated("a segment"));
    assert_eq!(end(&segment(CHAIN, &[PLAIN, 0x41])), Fault::truncated("an item"));
    assert_eq!(end(&segment(CHAIN, &[PLAIN])), Fault::truncated("the conversation"));
    assert_eq!(end(&[]).severity(), Severity::Benign);
}

#[test]
fn what_was_held_is_taken_before_a_closed_transport_counts() {
    let mut mux = mux();
    receive(&mut mux, &segment(CHAIN, &[HOLD, 5, HOLD, 6]));
    let closed = remote(&mut mux, Time::ZERO, Transport::Closed);
    assert_eq!((closed.notices, closed.ending), (vec![], None));
    let first = local(&mut mux, release());
    assert_eq!(first.notices, [got(CHAIN, &[5]), got(CHAIN, &[HOLD])]);
    assert_eq!(first.ending, None);
    let last = local(&mut mux, release());
    assert_eq!(last.notices, [got(CHAIN, &[6])]);
    assert_eq!(fault_of(&last), Fault::truncated("the conversation"));
}

#[test]
fn a_refusal_hands_the_input_back_and_changes_nothing() {
    let mut mux = mux();
    receive(&mut mux, &segment(CHAIN, &[HOLD, 5, 0x41]));
    let before = mux.clone();
    let mut out = Outbox::new();
    let input = MuxLocal::Machine(Local::Refuse);
    let refusal = mux.handle_local(Time::ZERO, input.clone(), &mut out).unwrap_err();
    assert_eq!(refusal.input, input);
    assert!(out.is_empty() && mux == before);
}

#[test]
fn an_idle_link_gives_its_memory_back() {
    let mut mux = mux();
    let idle = mux.footprint();
    let mut wire = segment(CHAIN, &string(50_000));
    wire.extend(segment(BLOCK, &[HOLD, PLAIN]));
    receive(&mut mux, &wire[..30_000]);
    assert!(mux.footprint() > idle + 29_000);
    receive(&mut mux, &wire[30_000..]);
    local(&mut mux, MuxLocal::Machine(Local::Send(REPLY, vec![0; 3_000])));
    assert!(mux.footprint() > idle + 3_000);
    local(&mut mux, release());
    writable(&mut mux, usize::MAX);
    // What it keeps is room for a few actions of its machine.
    let spare = 4 * size_of::<nodewire::ActionOf<Toy>>();
    assert!(mux.footprint() <= idle + spare, "{} bytes more", mux.footprint() - idle);
    assert!(idle < 2_048, "{idle} bytes");
}

#[test]
fn a_long_message_in_one_byte_segments_takes_time_in_proportion() {
    // 90,000 looks at a growing buffer would be 4 billion bytes if each were a new one.
    let item = string(90_000);
    let wire: Vec<u8> = item.iter().flat_map(|byte| segment(CHAIN, &[*byte])).collect();
    let outcome = receive(&mut mux(), &wire);
    assert_eq!(outcome.notices, [got(CHAIN, &item)]);
}

#[test]
fn the_rules_of_links_are_those_of_the_family() {
    use core::ptr;
    use nodewire::state::leios::rules as leios;
    for rule in [
        &rules::INGRESS_OVERFLOW,
        &rules::ZERO_LENGTH_SEGMENT,
        &rules::UNKNOWN_PROTOCOL,
        &rules::WRONG_DIRECTION,
        &rules::NOT_ONE_SEGMENT,
        &rules::SEGMENT_TIMEOUT,
    ] {
        let listed = leios::all().filter(|listed| **listed == *rule);
        assert!(listed.map(ptr::from_ref).eq([ptr::from_ref(rule)]), "{rule} is stated once");
    }
}

/// For the multiplexer the end of the input is the end, named in the middle of what.
#[test]
fn a_peer_that_has_finished_is_gone() {
    let whole = segment(CHAIN, &string(20));
    for (bytes, inside) in [
        (&whole[..], "the conversation"),
        (&whole[..20], "a segment"),
        (&whole[..5], "a segment"),
        (&segment(CHAIN, &string(20)[..9])[..], "an item"),
    ] {
        for end in [Transport::Finished, Transport::Closed] {
            let mut mux = mux();
            receive(&mut mux, bytes);
            let ending = remote(&mut mux, Time::ZERO, end).ending;
            assert_eq!(ending, Some(Ending::Fault(Fault::truncated(inside))));
        }
    }
    // What is done may still leave, as long as somebody takes it.
    let mut done = mux();
    assert_eq!(receive(&mut done, &segment(CHAIN, &[ECHO, DONE])).ending, None);
    assert_eq!(remote(&mut done, Time::ZERO, Transport::Finished).ending, None);
    let mut gone = done.clone();
    let end = writable(&mut done, 9);
    assert_eq!((end.sent.len(), end.ending), (9, Some(Ending::Done)));
    let end = remote(&mut gone, Time::ZERO, Transport::Closed);
    assert_eq!((end.sent.len(), end.ending), (0, Some(Ending::Done)));
}
