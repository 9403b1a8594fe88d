//! Whole sessions, from the handshake to the end.

#![cfg(all(feature = "leios", feature = "sim"))]

use std::time::Duration;

use nodewire::bytes::Bytes;
use nodewire::codec::leios::{Hash32, LeiosPoint, SlotNo};
use nodewire::leios::{self, Session, SessionCommand, SessionConfig, SessionNotice};
use nodewire::link::{MuxLocal, MuxNotice, StagedOf, Transport};
use nodewire::sim::cut_invariance;
use nodewire::state::leios::{ClientCommand, ConnectionCommand, HandshakeNotice, rules};
use nodewire::{Action, Ending, Fault, Machine, Outbox, Refused, Time};

const T0: Time = Time::ZERO;

fn at(seconds: u64) -> Time {
    T0.after(Duration::from_secs(seconds))
}

/// Two sessions joined in memory. Time stands still unless `now` is moved.
struct Joined {
    sides: [Session; 2],
    now: Time,
    told: [Vec<SessionNotice>; 2],
    endings: [Option<Ending>; 2],
}

impl Joined {
    fn new(a: Session, b: Session) -> Self {
        let mut joined =
            Self { sides: [a, b], now: T0, told: Default::default(), endings: [None; 2] };
        for side in 0..2 {
            joined.hear(side, Transport::Writable(Transport::UNCOUNTED));
        }
        joined
    }

    fn hear(&mut self, side: usize, input: Transport) {
        let mut out = Outbox::new();
        self.sides[side].handle_remote(self.now, input, &mut out);
        self.carry(side, out);
    }

    fn tell(&mut self, side: usize, command: SessionCommand) {
        let mut out = Outbox::new();
        self.sides[side].handle_local(self.now, command, &mut out).unwrap();
        self.carry(side, out);
    }

    fn time_out(&mut self, side: usize) {
        let mut out = Outbox::new();
        self.sides[side].handle_timeout(self.now, &mut out);
        self.carry(side, out);
    }

    fn carry(&mut self, side: usize, mut out: nodewire::Out<Session>) {
        while let Some(action) = out.pop() {
            match action {
                Action::Send(bytes) => self.hear(1 - side, Transport::Received(bytes)),
                Action::Notify(notice) => self.told[side].push(notice),
                Action::Ask(id, query) => panic!("{id} {query:?}"),
                Action::Close(ending) => self.endings[side] = Some(ending),
            }
        }
    }

    fn agreed(&self, side: usize) -> bool {
        let is = |notice: &SessionNotice| {
            matches!(notice, StagedOf::First(MuxNotice::Machine(HandshakeNotice::Agreed(_))))
        };
        self.told[side].iter().any(is)
    }
}

fn config(magic: u32, initiator_only: bool) -> SessionConfig {
    let mut config = SessionConfig::new(magic);
    config.handshake = config.handshake.each(|data| data.initiator_only = initiator_only);
    config
}

fn on_client(command: ClientCommand) -> SessionCommand {
    leios::on_connection(ConnectionCommand::Client(command))
}

#[test]
fn sessions_run_from_the_proposal_to_the_end() {
    for initiator_only in [true, false] {
        let a = leios::initiator(config(1, initiator_only));
        let mut joined = Joined::new(a, leios::responder(config(1, false), T0));
        joined.tell(0, leios::propose());
        assert!(joined.agreed(0) && joined.agreed(1));
        let clients = if initiator_only { 0..1 } else { 0..2 };
        for side in clients.clone() {
            joined.time_out(side);
            joined.tell(side, on_client(ClientCommand::Start));
        }
        assert_eq!(joined.endings, [None, None]);
        for side in clients {
            joined.tell(side, on_client(ClientCommand::Finish));
        }
        assert_eq!(joined.endings, [Some(Ending::Done); 2], "initiator only: {initiator_only}");
    }
}

#[test]
fn a_refusal_reaches_the_other_side() {
    let mut joined =
        Joined::new(leios::initiator(config(1, false)), leios::responder(config(2, false), T0));
    joined.tell(0, leios::propose());
    let fault = Fault::violation(&rules::HANDSHAKE_REFUSED, "StConfirm");
    assert_eq!(joined.endings, [Some(Ending::Fault(fault)), Some(Ending::Done)]);
}

#[test]
fn a_query_ends_both_in_peace() {
    let mut asking = config(1, false);
    asking.handshake = asking.handshake.each(|data| data.query = true);
    let mut joined = Joined::new(leios::initiator(asking), leios::responder(config(1, false), T0));
    joined.tell(0, leios::propose());
    assert_eq!(joined.endings, [Some(Ending::Done); 2]);
    assert!(!joined.agreed(0) && !joined.agreed(1));
}

#[test]
fn two_initiators_meet() {
    let mut joined =
        Joined::new(leios::initiator(config(1, false)), leios::initiator(config(1, false)));
    joined.tell(0, leios::propose());
    assert!(joined.agreed(0) && joined.agreed(1));
    assert_eq!(joined.endings, [None, None]);
    for side in 0..2 {
        joined.tell(side, on_client(ClientCommand::Start));
        joined.tell(side, on_client(ClientCommand::Finish));
    }
    assert_eq!(joined.endings, [Some(Ending::Done); 2]);
}

#[test]
fn silence_ends_the_handshake_after_ten_seconds() {
    let mut responder = leios::responder(config(1, false), T0);
    assert_eq!(responder.deadline(), Some(at(10)));
    let mut out = Outbox::new();
    responder.handle_timeout(at(10), &mut out);
    let fault = Fault::timeout(&rules::HANDSHAKE_TIMEOUT, "a proposal");
    assert_eq!(out.pop(), Some(Action::Close(Ending::Fault(fault))));
}

/// The whole stream of an initiator, cut at every byte: the responder does the same.
#[test]
fn a_responder_does_the_same_however_the_stream_is_cut() {
    let mut a = leios::initiator(config(1, true));
    let mut b = leios::responder(config(1, false), T0);
    let (mut to_do_a, mut to_do_b) = (Outbox::new(), Outbox::new());
    let all = || Transport::Writable(Transport::UNCOUNTED);
    a.handle_remote(T0, all(), &mut to_do_a);
    b.handle_remote(T0, all(), &mut to_do_b);
    a.handle_local(T0, leios::propose(), &mut to_do_a).unwrap();
    let mut stream = Vec::new();
    loop {
        if let Some(action) = to_do_a.pop() {
            match action {
                Action::Send(bytes) => {
                    stream.extend_from_slice(&bytes);
                    b.handle_remote(T0, Transport::Received(bytes), &mut to_do_b);
                }
                Action::Notify(StagedOf::First(MuxNotice::Machine(HandshakeNotice::Agreed(_)))) => {
                    a.handle_timeout(T0, &mut to_do_a);
                    for command in [ClientCommand::Start, ClientCommand::Finish] {
                        a.handle_local(T0, on_client(command), &mut to_do_a).unwrap();
                    }
                }
                _ => {}
            }
        } else if let Some(action) = to_do_b.pop() {
            if let Action::Send(bytes) = action {
                a.handle_remote(T0, Transport::Received(bytes), &mut to_do_a);
            }
        } else {
            break;
        }
    }
    let stream = Bytes::from(stream);
    let responder = || {
        let mut b = leios::responder(config(1, false), T0);
        let mut out = Outbox::new();
        b.handle_remote(T0, all(), &mut out);
        assert!(out.is_empty());
        b
    };
    for at in 1..stream.len() {
        cut_invariance(responder, Transport::Received, &stream, &[at]).unwrap();
    }
    let everywhere: Vec<usize> = (1..stream.len()).collect();
    cut_invariance(responder, Transport::Received, &stream, &everywhere).unwrap();
}

#[test]
fn commands_for_the_other_stage_are_refused() {
    let mut session = leios::initiator(config(1, false));
    let early = on_client(ClientCommand::RequestBlock {
        point: LeiosPoint::new(SlotNo(1), Hash32([1; 32])),
        size: 40,
    });
    let mut out = Outbox::new();
    let refusal = session.handle_local(T0, early.clone(), &mut out).unwrap_err();
    assert_eq!(refusal.input, early);
    assert_eq!(refusal.why, Refused::wrong_phase("the handshake"));
    assert!(matches!(early, StagedOf::Second(MuxLocal::Machine(_))));
}
