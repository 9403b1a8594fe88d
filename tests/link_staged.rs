//! A handshake first, then the running link on the same stream.

#![cfg(feature = "leios")]

mod link_toy;

use std::time::Duration;

use link_toy::*;
use nodewire::link::{
    Follow, Mux, MuxConfig, MuxLocal, MuxNotice, Policy, Staged, StagedOf, Transport,
};
use nodewire::{Ending, Fault, Machine, Outbox, Refused, Time};

/// The second stage has the first one's machine again, fresh.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Again {
    refuses: bool,
}

impl Follow<Toy> for Again {
    type Next = Mux<Toy>;

    fn follow(self, first: Toy) -> Result<Mux<Toy>, Ending> {
        if self.refuses {
            return Err(Ending::Fault(Fault::truncated("the handshake")));
        }
        let toy = Toy { held: first.held, tells_drained: true, due: None };
        Ok(Mux::new(toy, MuxConfig::default(), &[]))
    }
}

type Link = Staged<Mux<Toy>, Again, Mux<Toy>>;

fn link() -> Link {
    let mut config = MuxConfig::default();
    config.segment_timeout = Duration::from_secs(10);
    config.policy = Policy::Strict;
    Staged::new(Mux::new(Toy::default(), config, &[]), Again { refuses: false })
}

fn first(item: u8) -> StagedOf<MuxNotice<Notice>, MuxNotice<Notice>> {
    StagedOf::First(got(CHAIN, &[item]))
}

fn second(item: u8) -> StagedOf<MuxNotice<Notice>, MuxNotice<Notice>> {
    StagedOf::Second(got(CHAIN, &[item]))
}

#[test]
fn what_was_not_read_and_the_credit_go_to_the_second_stage() {
    let wire = [segment(CHAIN, &[ECHO, DONE]), segment(CHAIN, &[5, ECHO])].concat();
    // However it is cut, and with a second segment that begins in the first read.
    for cut in 0..=wire.len() {
        let mut link = link();
        writable(&mut link, 30);
        let mut all = receive(&mut link, &wire[..cut]);
        let rest = receive(&mut link, &wire[cut..]);
        all.sent.extend(rest.sent);
        all.notices.extend(rest.notices);
        let told = StagedOf::Second(MuxNotice::Machine(Notice::Drained(CHAIN, 1)));
        assert_eq!(all.notices, [first(ECHO), first(DONE), second(5), second(ECHO), told]);
        assert_eq!(segments(&all.sent), [(0x8002, vec![ECHO]), (0x8002, vec![ECHO])]);
        assert!(link.first().is_none() && link.second().is_some());
        // 12 of 30 bytes of credit are left, and then some.
        let say = Local::Send(CHAIN, vec![7; 20]);
        let sent = local(&mut link, StagedOf::Second(MuxLocal::Machine(say))).sent;
        assert_eq!(sent.len(), 12);
    }
}

#[test]
fn the_second_stage_begins_when_the_first_has_left() {
    let mut link = link();
    let wire = [segment(CHAIN, &[ECHO, DONE]), segment(CHAIN, &[5])].concat();
    let early = receive(&mut link, &wire[..wire.len() - 1]);
    assert_eq!(early.notices, [first(ECHO), first(DONE)]);
    assert!(link.first().is_some() && link.second().is_none());
    // Bytes that come meanwhile are kept, and they are read: two ends must not wait for each other.
    assert!(!link.saturated());
    assert_eq!(receive(&mut link, &wire[wire.len() - 1..]).notices, []);
    let moved = writable(&mut link, 9);
    assert_eq!((moved.sent.len(), moved.notices), (9, vec![second(5)]));
    assert!(!link.saturated());
}

#[test]
fn input_for_the_other_stage_is_refused() {
    let mut link = link();
    let mut out = Outbox::new();
    let input = || StagedOf::Second(MuxLocal::Machine(Local::Release));
    let refusal = link.handle_local(Time::ZERO, input(), &mut out).unwrap_err();
    assert!(matches!(refusal.why, Refused::WrongPhase { .. }));
    assert_eq!(refusal.input, input());
    receive(&mut link, &segment(CHAIN, &[DONE]));
    let input = StagedOf::First(MuxLocal::Machine(Local::Release));
    assert_eq!(link.handle_local(Time::ZERO, input, &mut out).unwrap_err().why, Refused::Ended);
}

#[test]
fn a_fault_of_either_stage_ends_the_whole() {
    let mut link = link();
    let end = receive(&mut link, &segment(CHAIN, &[BAD]));
    assert_eq!(end.ending, Some(Ending::Fault(Fault::violation(&BAD_ITEM, "Toy"))));
    assert_eq!(receive(&mut link, &segment(CHAIN, &[BAD])).ending, None);

    let mut link = self::link();
    let end = receive(&mut link, &[segment(CHAIN, &[DONE]), segment(CHAIN, &[5, BAD])].concat());
    assert_eq!(end.notices, [first(DONE), second(5)]);
    assert_eq!(end.ending, Some(Ending::Fault(Fault::violation(&BAD_ITEM, "Toy"))));
    assert_eq!(link.deadline(), None);
}

#[test]
fn nothing_follows_where_the_outcome_says_so() {
    let mux = Mux::new(Toy::default(), MuxConfig::default(), &[]);
    let mut link: Link = Staged::new(mux, Again { refuses: true });
    let end = receive(&mut link, &segment(CHAIN, &[DONE]));
    assert_eq!(end.ending, Some(Ending::Fault(Fault::truncated("the handshake"))));
}

#[test]
fn a_stream_that_has_ended_ends_the_second_stage_too() {
    let mut link = link();
    receive(&mut link, &segment(CHAIN, &[ECHO, DONE]));
    let end = remote(&mut link, Time::ZERO, Transport::Closed);
    assert_eq!(end.ending, Some(Ending::Fault(Fault::truncated("the conversation"))));
}

#[test]
fn more_than_fits_before_the_second_stage_is_an_overrun() {
    let mut link = link();
    receive(&mut link, &segment(CHAIN, &[ECHO, DONE]));
    receive(&mut link, &vec![0; 65_537]);
    let end = writable(&mut link, 9);
    assert_eq!(end.ending, Some(Ending::Fault(Fault::overrun("unread"))));
}

/// A peer may follow up at once on what ends its handshake, and a driver may read all of it at once.
#[test]
fn a_long_read_may_hold_the_end_of_the_first_stage_and_much_of_the_second() {
    let wire = [segment(CHAIN, &[DONE]), segment(CHAIN, &[5]).repeat(30_000)].concat();
    assert!(wire.len() > 4 * 65_536);
    let mut link = link();
    let all = receive(&mut link, &wire);
    assert_eq!(all.notices[0], first(DONE));
    assert_eq!(all.notices[1..], vec![second(5); 30_000]);
    assert_eq!(all.ending, None);
    assert!(link.second().is_some());

    // What ends the second stage ends the whole, whatever follows.
    let wire = [segment(CHAIN, &[DONE]), segment(CHAIN, &[BAD]), vec![0; 200_000]].concat();
    let end = receive(&mut self::link(), &wire);
    assert_eq!(end.ending, Some(Ending::Fault(Fault::violation(&BAD_ITEM, "Toy"))));
    assert_eq!(end.notices, [first(DONE)]);
}

#[test]
fn deadlines_and_questions_are_those_of_the_running_stage() {
    let id = nodewire::AskId::from_u64(0);
    let due = Time::from_micros(50);
    let mut link = link();
    assert_eq!((link.deadline(), link.awaits(id)), (None, true), "a toy wants every answer");
    local(&mut link, StagedOf::First(MuxLocal::Machine(Local::WakeAt(due))));
    assert_eq!(link.deadline(), Some(due));
    let mut out = Outbox::new();
    link.handle_timeout(due, &mut out);
    let woken = || MuxNotice::Machine(Notice::Woken);
    assert_eq!(outcome(&mut out).notices, [StagedOf::First(woken())]);

    receive(&mut link, &segment(CHAIN, &[DONE]));
    assert!(link.second().is_some());
    local(&mut link, StagedOf::Second(MuxLocal::Machine(Local::WakeAt(due))));
    assert_eq!((link.deadline(), link.awaits(id)), (Some(due), true));
    link.handle_timeout(due, &mut out);
    assert_eq!(outcome(&mut out).notices, [StagedOf::Second(woken())]);
    receive(&mut link, &segment(CHAIN, &[BAD]));
    assert_eq!((link.deadline(), link.awaits(id), link.saturated()), (None, false, false));
    link.handle_timeout(due, &mut out);
    assert!(out.is_empty());
}

#[test]
fn each_stage_may_have_enough_for_now() {
    let mut link = link();
    // What is held back of a limit of 120,000 bytes: all but the last sixteenth is not too much.
    let hold = |link: &mut Link| {
        receive(link, &segment(CHAIN, &[HOLD]));
        for _ in 0..7 {
            assert!(!link.saturated());
            receive(link, &segment(CHAIN, &[PLAIN; 16_000]));
        }
        receive(link, &segment(CHAIN, &[PLAIN; 1_000]));
    };
    hold(&mut link);
    assert!(link.saturated());
    let told = local(&mut link, StagedOf::First(MuxLocal::Machine(Local::Release)));
    assert_eq!(told.notices.len(), 7 * 16_000 + 1_000);
    assert!(!link.saturated());

    receive(&mut link, &segment(CHAIN, &[DONE]));
    assert!(link.second().is_some());
    hold(&mut link);
    assert!(link.saturated());
    local(&mut link, StagedOf::Second(MuxLocal::Machine(Local::Release)));
    assert!(!link.saturated());
}
