//! Our multiplexer with somebody else's ChainSync and BlockFetch: their bytes pass through
//! unread, and go before Leios on the way out.
//!
//! `cargo run --example foreign_channels`

use nodewire::bytes::Bytes;
use nodewire::link::{Mux, MuxConfig, MuxLocal, MuxNotice, Transport};
use nodewire::state::leios::{Client, ClientCommand, Limits, Server, ServerNotice, SlotClock};
use nodewire::{Action, Channel, ChannelSpec, Class, Machine, Outbox, Role, Time};

const CHAIN_SYNC: u16 = 2;
const BLOCK_FETCH: u16 = 3;

/// ChainSync and BlockFetch in class A, with the ingress limits of `leios.md` 10.4.
fn praos(role: Role) -> [ChannelSpec; 2] {
    [(CHAIN_SYNC, 462_000), (BLOCK_FETCH, 23_068_694)].map(|(number, ingress)| ChannelSpec {
        channel: Channel::new(number, role),
        ingress,
        class: Class::Praos,
    })
}

pub fn main() {
    let (limits, clock, now) = (Limits::default(), SlotClock::default(), Time::ZERO);
    let client = Client::new(limits.clone(), clock);
    let server = Server::new(limits, clock);
    let mut down = Mux::new(client, MuxConfig::default(), &praos(Role::Initiator));
    let mut up = Mux::new(server, MuxConfig::default(), &praos(Role::Responder));
    let (mut to_do_down, mut to_do_up) = (Outbox::new(), Outbox::new());

    // The transport takes nothing yet: Leios waits first, ChainSync and BlockFetch come after.
    let start = MuxLocal::Machine(ClientCommand::Start);
    down.handle_local(now, start, &mut to_do_down).expect("a fresh client");
    let next = Bytes::from_static(&[0x81, 0x00]);
    let range = Bytes::from_static(&[0x83, 0x00, 0x80, 0x80]);
    for (number, bytes) in [(CHAIN_SYNC, &next), (BLOCK_FETCH, &range)] {
        let channel = Channel::new(number, Role::Initiator);
        let send = MuxLocal::Foreign { channel, bytes: bytes.clone() };
        down.handle_local(now, send, &mut to_do_down).expect("little waits");
    }
    assert!(to_do_down.is_empty());

    let all = Transport::Writable(Transport::UNCOUNTED);
    down.handle_remote(now, all, &mut to_do_down);
    let Some(Action::Send(wire)) = to_do_down.pop() else { panic!("nothing was sent") };
    let order = protocols(&wire);
    println!("on the way out: mini-protocols {order:?}");
    assert_eq!(order, [CHAIN_SYNC, BLOCK_FETCH, 25], "Praos goes before Leios (L-60)");

    up.handle_remote(now, Transport::Received(wire), &mut to_do_up);
    let mut foreign = Vec::new();
    let mut opened = false;
    while let Some(action) = to_do_up.pop() {
        match action {
            Action::Notify(MuxNotice::Foreign { channel, bytes }) => {
                assert_eq!(channel.role, Role::Responder);
                // Whoever speaks ChainSync has read them; they no longer count (L-63).
                let consumed = MuxLocal::Consumed { channel, bytes: bytes.len() };
                up.handle_local(now, consumed, &mut to_do_up).expect("they had come");
                foreign.push((channel.number, bytes));
            }
            Action::Notify(MuxNotice::Machine(notice)) => opened |= notice == ServerNotice::Opened,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(foreign, [(CHAIN_SYNC, next), (BLOCK_FETCH, range)]);
    assert!(opened, "MsgLeiosInit has come");
}

/// The mini-protocol numbers of the segments in `wire`, in order.
fn protocols(wire: &[u8]) -> Vec<u16> {
    let mut numbers = Vec::new();
    let mut rest = wire;
    while let [_, _, _, _, number, low, length, length_low, payload @ ..] = rest {
        numbers.push(u16::from_be_bytes([*number, *low]) & 0x7fff);
        let length = usize::from(u16::from_be_bytes([*length, *length_low]));
        rest = &payload[length..];
    }
    numbers
}
