//! Whose turn it is on the way out, and how much may leave.

#![cfg(feature = "leios")]

mod link_toy;

use std::time::Duration;

use link_toy::*;
use nodewire::bytes::Bytes;
use nodewire::link::{Mux, MuxConfig, MuxLocal, MuxNotice, Policy, Transport};
use nodewire::{
    Action, Channel, ChannelSpec, Class, Ending, Fault, Machine, Outbox, Refused, Role, Severity,
    Time,
};

const SDU: usize = 10;
const FULL: usize = SDU + 8;

fn with(policy: Policy, guard: Option<u32>) -> Mux<Toy> {
    let mut config = MuxConfig::default();
    (config.policy, config.guard, config.sdu_size) = (policy, guard, SDU as u16);
    Mux::new(Toy::default(), config, &[])
}

fn send(mux: &mut Mux<Toy>, channel: Channel, length: usize) {
    let sent = local(mux, MuxLocal::Machine(Local::Send(channel, vec![7; length])));
    assert_eq!(sent.sent.len(), 0);
}

/// The numbers of the next segments, one credit of a full segment at a time.
fn turns(mux: &mut Mux<Toy>, count: usize) -> Vec<u16> {
    (0..count)
        .filter_map(|_| Some(segments(&writable(mux, FULL).sent).first()?.0 & 0x7fff))
        .collect()
}

#[test]
fn praos_goes_first_and_the_guard_lets_one_in_seventeen_through() {
    let mut mux = with(Policy::PraosFirst, Some(16));
    send(&mut mux, REPLY, 1_000);
    send(&mut mux, CHAIN, 1_000);
    let turns = turns(&mut mux, 51);
    let expected = [[2; 16].as_slice(), &[25]].concat().repeat(3);
    assert_eq!(turns, expected);
}

#[test]
fn class_a_alone_is_not_counted_by_the_guard() {
    let mut mux = with(Policy::PraosFirst, Some(2));
    send(&mut mux, CHAIN, 1_000);
    assert_eq!(turns(&mut mux, 10), [2; 10]);
    send(&mut mux, REPLY, 20);
    assert_eq!(turns(&mut mux, 7), [2, 2, 25, 2, 2, 25, 2]);
}

#[test]
fn without_a_guard_class_b_waits_to_the_end() {
    for (policy, guard) in [(Policy::Strict, Some(16)), (Policy::PraosFirst, None)] {
        let mut mux = with(policy, guard);
        send(&mut mux, REPLY, 20);
        send(&mut mux, CHAIN, 300);
        assert_eq!(turns(&mut mux, 32), [[2; 30].as_slice(), &[25, 25]].concat());
    }
}

#[test]
fn class_a_and_the_shares_of_class_b_take_turns_each_among_themselves() {
    let mut mux = with(Policy::PraosFirst, Some(2));
    for channel in ALL {
        send(&mut mux, channel, 40);
    }
    // The pair is one share, and requests go before replies in it.
    let expected = [2, 3, 4, 2, 3, 24, 2, 3, 4, 2, 3, 24, 4, 24, 4, 24, 25, 25, 25, 25];
    assert_eq!(turns(&mut mux, 21), expected);
}

#[test]
fn fair_gives_each_class_a_channel_and_each_share_a_turn() {
    let mut mux = with(Policy::Fair, Some(16));
    for channel in ALL {
        send(&mut mux, channel, 30);
    }
    let expected = [2, 3, 4, 24, 2, 3, 4, 24, 2, 3, 4, 24, 25, 25, 25];
    assert_eq!(turns(&mut mux, 15), expected);
}

#[test]
fn class_b_pauses_until_class_a_has_been_quiet() {
    let quiet = Duration::from_millis(5);
    let mut mux = with(Policy::LeiosPauses { quiet }, Some(16));
    writable(&mut mux, usize::MAX);
    let start = Time::from_micros(1_000);
    let mut out = Outbox::new();
    let say = |channel| MuxLocal::Machine(Local::Send(channel, vec![7; 4]));
    mux.handle_local(start, say(CHAIN), &mut out).unwrap();
    mux.handle_local(start, say(REPLY), &mut out).unwrap();
    assert_eq!(segments(&outcome(&mut out).sent), [(0x8002, vec![7; 4])]);
    let due = start.after(quiet);
    assert_eq!(mux.deadline(), Some(due));
    mux.handle_timeout(Time::from_micros(5_999), &mut out);
    assert!(out.is_empty());
    mux.handle_timeout(due, &mut out);
    assert_eq!(segments(&outcome(&mut out).sent), [(0x8019, vec![7; 4])]);
    assert_eq!(mux.deadline(), None);
}

#[test]
fn credit_is_kept_to_the_byte() {
    let mut mux = with(Policy::PraosFirst, Some(16));
    let message: Vec<u8> = (0..35).collect();
    local(&mut mux, MuxLocal::Machine(Local::Send(CHAIN, message.clone())));
    let mut wire = Vec::new();
    for credit in [1, 2, 3, 5, 7, 0, 11, 13, 17] {
        let sent = writable(&mut mux, credit).sent;
        assert_eq!(sent.len(), credit);
        wire.extend(sent);
    }
    assert_eq!(mux.waiting(CHAIN), Some(0));
    wire.extend(writable(&mut mux, 1_000).sent);
    let payload: Vec<u8> = segments(&wire).into_iter().flat_map(|(_, payload)| payload).collect();
    assert_eq!(payload, message);
    assert_eq!(wire.len(), 35 + 4 * 8);
    // What was left of the 1,000 is still good.
    let sent = local(&mut mux, MuxLocal::Machine(Local::Send(CHAIN, vec![7; 5_000]))).sent;
    assert_eq!(wire.len() + sent.len(), 59 + 1_000);
}

#[test]
fn credit_without_end_does_not_run_out() {
    let mut mux = with(Policy::PraosFirst, Some(16));
    writable(&mut mux, usize::MAX);
    writable(&mut mux, 5);
    for _ in 0..3 {
        let sent = local(&mut mux, MuxLocal::Machine(Local::Send(CHAIN, vec![7; 10]))).sent;
        assert_eq!(sent.len(), FULL);
    }
}

#[test]
fn what_leaves_in_one_call_leaves_in_one_buffer_up_to_a_size() {
    let mut mux = mux();
    for channel in ALL {
        send(&mut mux, channel, 50_000);
    }
    let mut out = Outbox::new();
    mux.handle_remote(Time::ZERO, Transport::Writable(usize::MAX), &mut out);
    let sizes: Vec<usize> = out
        .iter()
        .map(|action| match action {
            Action::Send(bytes) => bytes.len(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(sizes.len(), 2);
    assert!((131_072..131_072 + 12_296).contains(&sizes[0]));
    assert_eq!(sizes.iter().sum::<usize>(), 250_000 + 8 * 25);
}

#[test]
fn the_machine_is_told_what_has_left() {
    let toy = Toy { tells_drained: true, ..Toy::default() };
    let mut mux = Mux::new(toy, MuxConfig::default(), &[]);
    send(&mut mux, REPLY, 20_000);
    let told = |bytes| [MuxNotice::Machine(Notice::Drained(REPLY, bytes))];
    assert_eq!(writable(&mut mux, 1).notices, told(2_048));
    assert_eq!(writable(&mut mux, 2_054).notices, []);
    assert_eq!(writable(&mut mux, 9_001).notices, told(8_992));
    assert_eq!(writable(&mut mux, 9_001).notices, told(8_960));
}

/// What comes first by the time there is room goes first, though much was there before it.
#[test]
fn a_segment_is_no_longer_than_the_credit_but_no_dust() {
    let mut mux = Mux::new(Toy::default(), MuxConfig::default(), &[]);
    send(&mut mux, REPLY, 40_000);
    let lengths = |wire: &[u8]| segments(wire).iter().map(|(_, s)| s.len()).collect::<Vec<_>>();
    assert_eq!(lengths(&writable(&mut mux, 5_008).sent), [5_000]);
    assert_eq!(lengths(&writable(&mut mux, 12_296 + 3_008).sent), [12_288, 3_000]);
    // A segment has 2,048 bytes if they are there, and waits for the rest of its credit.
    let mut wire = writable(&mut mux, 30).sent;
    send(&mut mux, CHAIN, 100);
    wire.extend(writable(&mut mux, 2_026).sent);
    wire.extend(writable(&mut mux, 1).sent);
    wire.extend(writable(&mut mux, 107).sent);
    assert_eq!(lengths(&wire), [2_048, 100]);
    assert_eq!(lengths(&writable(&mut mux, 50_000).sent), [12_288, 5_376]);
}

#[test]
fn done_drains_under_credit_and_closes_last() {
    let mut mux = with(Policy::PraosFirst, Some(16));
    send(&mut mux, REPLY, 15);
    assert_eq!(local(&mut mux, MuxLocal::Machine(Local::Finish)).ending, None);
    let refusal = mux
        .handle_local(Time::ZERO, MuxLocal::Machine(Local::Release), &mut Outbox::new())
        .unwrap_err();
    assert_eq!(refusal.why, Refused::Ended);
    assert_eq!(writable(&mut mux, 20).ending, None);
    let last = writable(&mut mux, 11);
    assert_eq!((last.sent.len(), last.ending), (11, Some(Ending::Done)));
    assert_eq!(writable(&mut mux, 11), Outcome { sent: vec![], notices: vec![], ending: None });
}

#[test]
fn two_ends_that_are_done_do_not_wait_for_each_other_to_read() {
    // What lies between them is narrow: neither could finish if neither read.
    const ROOM: usize = 64;
    let mut ends = [0, 1].map(|_| with(Policy::PraosFirst, Some(16)));
    let mut between = [0_usize; 2];
    let mut endings = [None; 2];
    for end in &mut ends {
        send(end, REPLY, 1_000);
        assert_eq!(local(end, MuxLocal::Machine(Local::Finish)).ending, None);
    }
    for at in (0..2).cycle().take(200) {
        let other = 1 - at;
        let done = writable(&mut ends[at], ROOM - between[at]);
        endings[at] = endings[at].or(done.ending);
        between[at] += done.sent.len();
        if !ends[other].saturated() {
            receive(&mut ends[other], &vec![0; between[at]]);
            between[at] = 0;
        }
    }
    assert_eq!(endings, [Some(Ending::Done); 2]);
}

#[test]
fn what_was_sent_before_a_fault_leaves_as_far_as_it_may() {
    for (credit, leaves) in [(100, 10), (5, 5), (0, 0)] {
        let mut mux = mux();
        writable(&mut mux, credit);
        let end = receive(&mut mux, &segment(CHAIN, &[LAST_WORD]));
        assert_eq!(end.sent.len(), leaves);
        assert_eq!(end.ending, Some(Ending::Fault(Fault::violation(&BAD_ITEM, "Toy"))));
    }
}

#[test]
fn a_fault_drops_what_waits() {
    let mut mux = with(Policy::PraosFirst, Some(16));
    send(&mut mux, REPLY, 15);
    let end = receive(&mut mux, &segment(CHAIN, &[BAD]));
    assert_eq!(end.sent.len(), 0);
    assert!(matches!(end.ending, Some(Ending::Fault(_))));
    assert_eq!(writable(&mut mux, 1_000), Outcome { sent: vec![], notices: vec![], ending: None });
}

#[test]
fn a_queue_of_the_machine_beyond_its_cap_is_an_overrun_by_whoever_asked_for_it() {
    let mut config = MuxConfig::default();
    config.egress_cap = 100;
    let mut mux = Mux::new(Toy::default(), config, &[]);
    send(&mut mux, CHAIN, 60);
    let mut ours = mux.clone();
    let end = local(&mut ours, MuxLocal::Machine(Local::Send(CHAIN, vec![7; 41])));
    let fault = Fault::congested("egress_cap");
    assert_eq!(end.ending, Some(Ending::Fault(fault)));
    assert_eq!((fault.severity(), fault.rule()), (Severity::Benign, None));
    // Who has us say more than it takes is another matter, also when that was held back.
    assert_eq!(receive(&mut mux, &segment(CHAIN, &[ECHO; 40])).ending, None);
    let mut held = mux.clone();
    let fault = Fault::overrun("egress_cap");
    assert_eq!(receive(&mut mux, &segment(CHAIN, &[ECHO])).ending, Some(Ending::Fault(fault)));
    assert_eq!(fault.severity(), Severity::Hostile);
    assert_eq!(receive(&mut held, &segment(CHAIN, &[HOLD, ECHO])).ending, None);
    let end = local(&mut held, MuxLocal::Machine(Local::Release));
    assert_eq!(end.ending, Some(Ending::Fault(fault)));
}

#[test]
fn what_waits_at_the_end_has_its_time() {
    let mut config = MuxConfig::default();
    (config.sdu_size, config.drain_timeout) = (SDU as u16, Duration::from_millis(3));
    let mut mux = Mux::new(Toy::default(), config, &[]);
    send(&mut mux, CHAIN, 25);
    let mut out = Outbox::new();
    let start = Time::from_micros(500);
    mux.handle_local(start, MuxLocal::Machine(Local::Finish), &mut out).unwrap();
    let due = start.after(Duration::from_millis(3));
    assert_eq!((out.len(), mux.deadline()), (0, Some(due)));
    let mut taken = mux.clone();
    mux.handle_timeout(Time::from_micros(3_499), &mut out);
    assert!(out.is_empty());
    let late = remote(&mut mux, due, Transport::Writable(10));
    let fault = Fault::congested("drain_timeout");
    assert_eq!((late.sent.len(), late.ending), (10, Some(Ending::Fault(fault))));
    assert_eq!(mux.deadline(), None);
    assert_eq!(writable(&mut mux, 1_000), Outcome { sent: vec![], notices: vec![], ending: None });
    // The same, in time.
    let end = remote(&mut taken, start, Transport::Writable(1_000));
    assert_eq!((end.sent.len(), end.ending), (25 + 3 * 8, Some(Ending::Done)));
    assert_eq!(taken.deadline(), None);
}

const FOREIGN: Channel = Channel::new(9, Role::Initiator);

fn with_foreign() -> Mux<Toy> {
    let spec = ChannelSpec { channel: FOREIGN, ingress: 160, class: Class::Praos };
    let mut config = MuxConfig::default();
    config.egress_limit = 100;
    Mux::new(Toy::default(), config, &[spec])
}

fn foreign(length: usize) -> MuxLocal<Local> {
    MuxLocal::Foreign { channel: FOREIGN, bytes: Bytes::from(vec![9; length]) }
}

#[test]
fn foreign_bytes_pass_through_and_wait_for_their_limit() {
    let mut mux = with_foreign();
    local(&mut mux, foreign(60));
    let mut out = Outbox::new();
    let refusal = mux.handle_local(Time::ZERO, foreign(41), &mut out).unwrap_err();
    assert_eq!((refusal.why, refusal.input), (Refused::busy("egress_limit"), foreign(41)));
    local(&mut mux, foreign(40));
    assert_eq!(segments(&writable(&mut mux, 500).sent), [(9, vec![9; 100])]);
    let stranger = MuxLocal::Foreign { channel: CHAIN, bytes: Bytes::new() };
    assert!(matches!(
        mux.handle_local(Time::ZERO, stranger, &mut out).unwrap_err().why,
        Refused::Invalid { .. }
    ));
}

#[test]
fn a_foreign_channel_that_cannot_be_is_left_out() {
    let spec = |number, ingress| {
        let channel = Channel::new(number, Role::Responder);
        ChannelSpec { channel, ingress, class: Class::Praos }
    };
    // Numbers have 15 bits, the 16th is the role's; the machine speaks CHAIN; the third repeats the first.
    let specs = [spec(0x7fff, 20), spec(0x8009, 20), spec(0x7fff, 99), spec(CHAIN.number, 20)];
    let mut mux = Mux::new(Toy::default(), MuxConfig::default(), &specs);
    let foreign = |number| MuxLocal::Foreign {
        channel: Channel::new(number, Role::Responder),
        bytes: Bytes::from_static(b"abc"),
    };
    let mut out = Outbox::new();
    for number in [0x8009, 9, CHAIN.number] {
        let refusal = mux.handle_local(Time::ZERO, foreign(number), &mut out).unwrap_err();
        assert!(matches!(refusal.why, Refused::Invalid { .. }), "{number}");
    }
    assert_eq!(mux.waiting(Channel::new(0x8009, Role::Responder)), None);
    local(&mut mux, foreign(0x7fff));
    assert_eq!(segments(&writable(&mut mux, 500).sent), [(0xffff, b"abc".to_vec())]);
    // 99 bytes would be too many for the first of the same name.
    let channel = Channel::new(0x7fff, Role::Responder);
    let ending = receive(&mut mux, &segment(channel, &[5; 21])).ending;
    let Some(Ending::Fault(fault)) = ending else { panic!("{ending:?}") };
    assert_eq!(fault.rule().map(|rule| rule.id()), Some("leios/L-63"));
}

#[test]
fn foreign_bytes_count_until_they_are_consumed() {
    let mut mux = with_foreign();
    let read = Bytes::from(segment(FOREIGN, &[5; 155]));
    let mut out = Outbox::new();
    mux.handle_remote(Time::ZERO, Transport::Received(read.clone()), &mut out);
    let Some(Action::Notify(MuxNotice::Foreign { channel, bytes })) = out.pop() else { panic!() };
    assert_eq!((channel, bytes.as_ptr()), (FOREIGN, read[8..].as_ptr()));
    assert!(mux.saturated());
    let consumed = |bytes| MuxLocal::Consumed { channel: FOREIGN, bytes };
    assert!(mux.handle_local(Time::ZERO, consumed(156), &mut out).is_err());
    local(&mut mux, consumed(5));
    assert!(!mux.saturated());
    assert_eq!(receive(&mut mux, &segment(FOREIGN, &[5; 10])).ending, None);
    let Some(Ending::Fault(fault)) = receive(&mut mux, &segment(FOREIGN, &[5])).ending else {
        panic!("no fault")
    };
    assert_eq!(fault.rule().map(|rule| rule.id()), Some("leios/L-63"));
}

#[test]
fn nothing_is_due_while_there_is_no_credit() {
    let quiet = Duration::from_millis(5);
    let mut mux = with(Policy::LeiosPauses { quiet }, Some(16));
    // As much as the first message takes.
    writable(&mut mux, 12);
    let say = |channel| MuxLocal::Machine(Local::Send(channel, vec![7; 4]));
    assert_eq!(local(&mut mux, say(CHAIN)).sent.len(), 12);
    assert_eq!(local(&mut mux, say(REPLY)).sent.len(), 0);
    assert_eq!(mux.deadline(), None, "time alone lets nothing out");
    writable(&mut mux, 1);
    assert_eq!(mux.deadline(), Some(Time::ZERO.after(quiet)));
}

#[test]
fn long_foreign_bytes_are_not_copied_until_they_leave() {
    let spec = ChannelSpec { channel: FOREIGN, ingress: 160, class: Class::Praos };
    let mut mux = Mux::new(Toy::default(), MuxConfig::default(), &[spec]);
    for (length, shared) in [(4_096, false), (4_097, true), (9_000, true)] {
        let bytes = Bytes::from(vec![9; length]);
        local(&mut mux, MuxLocal::Foreign { channel: FOREIGN, bytes: bytes.clone() });
        assert_eq!(!bytes.is_unique(), shared, "{length} bytes");
        writable(&mut mux, 20_000);
        assert_eq!(mux.waiting(FOREIGN), Some(0));
        assert!(bytes.is_unique(), "{length} bytes");
        // What is left of the credit goes, so that the next bytes wait.
        let left = MuxLocal::Machine(Local::Send(CHAIN, vec![7; 30_000]));
        local(&mut mux, left);
        while mux.waiting(CHAIN) != Some(0) {
            writable(&mut mux, 1);
        }
    }
}

#[test]
fn long_messages_that_wait_weigh_little_more_than_their_bytes() {
    let mut mux = mux();
    let before = mux.footprint();
    let (count, length) = (33, 5_000);
    for _ in 0..count {
        send(&mut mux, CHAIN, length);
    }
    assert_eq!(mux.waiting(CHAIN), Some(count * length));
    let held = mux.footprint() - before;
    assert!((count * length..count * (length + 300)).contains(&held), "{held} bytes");
}
