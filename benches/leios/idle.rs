//! What an idle connection holds.

use nodewire::bytes::Bytes;
use nodewire::leios::{self, Session, SessionConfig};
use nodewire::link::{MuxNotice, StagedOf, Transport};
use nodewire::state::leios::{ClientCommand, ConnectionCommand, HandshakeNotice};
use nodewire::{Action, Machine, Outbox, Time};

use crate::common::alloc;

/// Bytes of a side of a connection, inline and on the heap, that is idle after the handshake, a
/// ping and the opening of the pair both ways: client, server, KeepAlive and multiplexer.
pub fn bytes() -> f64 {
    let before = alloc::live();
    let sides = idle();
    let heap = alloc::live() - before;
    drop(sides);
    size_of::<Session>() as f64 + heap as f64 / 2.0
}

/// Both sides, after reads in buffers of 64 KiB.
fn idle() -> [Session; 2] {
    let now = Time::ZERO;
    let config = || SessionConfig::new(1);
    let mut sides = [leios::initiator(config()), leios::responder(config(), now)];
    let mut outs = [Outbox::new(), Outbox::new()];
    for (side, out) in sides.iter_mut().zip(&mut outs) {
        side.handle_remote(now, Transport::Writable(Transport::UNCOUNTED), out);
    }
    sides[0].handle_local(now, leios::propose(), &mut outs[0]).expect("first of all");
    while let Some((at, action)) = (0..2).find_map(|at| Some((at, outs[at].pop()?))) {
        match action {
            Action::Send(bytes) => {
                let mut read = Vec::with_capacity(65_536);
                read.extend_from_slice(&bytes);
                let read = Transport::Received(Bytes::from(read));
                sides[1 - at].handle_remote(now, read, &mut outs[1 - at]);
            }
            Action::Notify(StagedOf::First(MuxNotice::Machine(HandshakeNotice::Agreed(_)))) => {
                let start = ConnectionCommand::Client(ClientCommand::Start);
                let start = leios::on_connection(start);
                sides[at].handle_local(now, start, &mut outs[at]).expect("agreed");
                sides[at].handle_timeout(now, &mut outs[at]);
            }
            Action::Notify(_) => {}
            Action::Ask(..) | Action::Close(_) => panic!("{action:?}"),
        }
    }
    sides
}
