//! A message of the handshake is one segment, and honest ends see to it whatever they are set to.

#![cfg(feature = "leios")]

mod link_toy;

use link_toy::segments;
use nodewire::bytes::Bytes;
use nodewire::leios::{self, SessionConfig, SessionNotice};
use nodewire::link::{Mux, MuxConfig, MuxLocal, MuxNotice, StagedOf, Transport, rules};
use nodewire::state::leios::{Handshake, HandshakeCommand, HandshakeConfig, HandshakeNotice};
use nodewire::{Action, Ending, Fault, Machine, Outbox, Time};

const NOW: Time = Time::ZERO;

/// What the machine at the other end of a proposal says of `wire`, read in pieces of `size`.
fn ending(wire: &[u8], size: usize) -> Option<Ending> {
    let config = HandshakeConfig::new(1);
    let mut mux = Mux::new(Handshake::responder(config, NOW), MuxConfig::default(), &[]);
    let mut out = Outbox::new();
    mux.handle_remote(NOW, Transport::Writable(Transport::UNCOUNTED), &mut out);
    for piece in wire.chunks(size) {
        let read = Bytes::copy_from_slice(piece);
        mux.handle_remote(NOW, Transport::Received(read), &mut out);
    }
    out.drain().find_map(|action| match action {
        Action::Close(ending) => Some(ending),
        _ => None,
    })
}

fn proposal() -> Vec<u8> {
    let config = HandshakeConfig::new(1);
    let mut mux = Mux::new(Handshake::initiator(config), MuxConfig::default(), &[]);
    let mut out = Outbox::new();
    mux.handle_local(NOW, MuxLocal::Machine(HandshakeCommand::Propose), &mut out).unwrap();
    mux.handle_remote(NOW, Transport::Writable(Transport::UNCOUNTED), &mut out);
    match out.pop() {
        Some(Action::Send(wire)) => wire.to_vec(),
        other => panic!("{other:?}"),
    }
}

fn framed(payloads: &[&[u8]]) -> Vec<u8> {
    let mut wire = Vec::new();
    for payload in payloads {
        wire.extend([0; 6]);
        wire.extend((payload.len() as u16).to_be_bytes());
        wire.extend_from_slice(payload);
    }
    wire
}

#[test]
fn a_message_of_the_handshake_in_other_than_one_segment_is_a_fault() {
    let wire = proposal();
    let message = &wire[8..];
    assert_eq!(segments(&wire), [(0, message.to_vec())]);
    let fault = Fault::violation(&rules::NOT_ONE_SEGMENT, "Ingress");
    for size in [1, 3, 7, 1_000] {
        assert_eq!(ending(&framed(&[message]), size), Some(Ending::Done), "pieces of {size}");
        for cut in 1..message.len() {
            let (head, rest) = message.split_at(cut);
            let ending = ending(&framed(&[head, rest]), size);
            assert_eq!(ending, Some(Ending::Fault(fault)), "cut at {cut}, pieces of {size}");
        }
        for more in [&[0][..], message] {
            let ending = ending(&framed(&[&[message, more].concat()]), size);
            assert_eq!(ending, Some(Ending::Fault(fault)), "{} more", more.len());
        }
    }
}

#[test]
fn honest_ends_agree_whatever_their_segments_and_their_credit() {
    for sdu in [1, 5, 12_288] {
        for credit in [1, 9, 100, Transport::UNCOUNTED] {
            let config = || {
                let mut config = SessionConfig::new(1);
                config.mux.sdu_size = sdu;
                config
            };
            let mut sides = [leios::initiator(config()), leios::responder(config(), NOW)];
            let mut outs = [Outbox::new(), Outbox::new()];
            sides[0].handle_local(NOW, leios::propose(), &mut outs[0]).unwrap();
            let mut agreed = [false; 2];
            for _ in 0..200 {
                for at in 0..2 {
                    let credit = Transport::Writable(credit);
                    sides[at].handle_remote(NOW, credit, &mut outs[at]);
                    while let Some(action) = outs[at].pop() {
                        match action {
                            Action::Send(bytes) => {
                                let read = Transport::Received(bytes);
                                sides[1 - at].handle_remote(NOW, read, &mut outs[1 - at]);
                            }
                            Action::Notify(notice) => agreed[at] |= is_agreement(&notice),
                            Action::Ask(..) => {}
                            Action::Close(ending) => panic!("{ending}"),
                        }
                    }
                }
            }
            assert_eq!(agreed, [true; 2], "segments of {sdu}, credit of {credit}");
        }
    }
}

const fn is_agreement(notice: &SessionNotice) -> bool {
    matches!(notice, StagedOf::First(MuxNotice::Machine(HandshakeNotice::Agreed(_))))
}
