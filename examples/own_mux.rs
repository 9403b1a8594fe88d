//! The pair under a multiplexer of one's own: bytes go in and out by mini-protocol, cut up as the
//! multiplexer likes. Here it is a list of chunks of 16 bytes.
//!
//! `cargo run --example own_mux`

#[allow(dead_code)]
mod content;

use nodewire::bytes::Bytes;
use nodewire::link::{ChannelInput, Channels, Outgoing};
use nodewire::state::leios::{
    Client, ClientCommand, ClientNotice, Limits, Server, ServerCommand, SlotClock,
};
use nodewire::{Action, Channel, Ending, Machine, Outbox, Time};

/// So much of a mini-protocol at a time.
const CHUNK: usize = 16;

pub fn main() {
    let (limits, clock, now) = (Limits::default(), SlotClock::default(), Time::ZERO);
    let mut client = Channels::new(Client::new(limits.clone(), clock));
    let mut server = Channels::new(Server::new(limits, clock));
    let (mut to_do_a, mut to_do_b) = (Outbox::new(), Outbox::new());

    let target = ClientCommand::NotificationTarget { low: 32_768, chunk: 32_768 };
    for command in [ClientCommand::Start, target] {
        client.handle_local(now, command, &mut to_do_a).expect("a fresh client");
    }
    let offers =
        [ServerCommand::Announce(content::header()), ServerCommand::OfferBlock(content::point())];
    for command in offers {
        server.handle_local(now, command, &mut to_do_b).expect("a fresh server");
    }

    let mut fetched = Vec::new();
    let mut endings = (None, None);
    loop {
        if let Some(action) = to_do_a.pop() {
            match action {
                Action::Send(message) => {
                    for input in chunks(&message) {
                        server.handle_remote(now, input, &mut to_do_b);
                    }
                    client.handle_remote(now, left(&message), &mut to_do_a);
                }
                Action::Ask(id, query) => {
                    let verdict = content::judge(id, &query);
                    client.handle_local(now, verdict, &mut to_do_a).expect("it was asked");
                }
                Action::Notify(notice) => {
                    if let Some(command) = content::react(&notice) {
                        client.handle_local(now, command, &mut to_do_a).expect("there is room");
                    }
                    if let ClientNotice::Txs { txs, .. } = notice {
                        fetched.extend(txs.into_iter().map(|(_, _, tx)| tx));
                    }
                }
                Action::Close(ending) => endings.0 = Some(ending),
            }
        } else if let Some(action) = to_do_b.pop() {
            match action {
                Action::Send(message) => {
                    for input in chunks(&message) {
                        client.handle_remote(now, input, &mut to_do_a);
                    }
                    server.handle_remote(now, left(&message), &mut to_do_b);
                }
                Action::Ask(id, query) => {
                    let answer = content::fetch(id, &query);
                    server.handle_local(now, answer, &mut to_do_b).expect("it was asked");
                }
                Action::Notify(_) => {}
                Action::Close(ending) => endings.1 = Some(ending),
            }
        } else {
            break;
        }
    }
    assert_eq!(fetched, [content::tx(0), content::tx(1)]);
    assert_eq!(endings, (Some(Ending::Done), Some(Ending::Done)));
    println!("fetched {} transactions; both sides are done", fetched.len());
}

/// A message as the other side's multiplexer hands it in: in pieces, and its channel is the one
/// in which that side has the other role.
fn chunks(message: &Outgoing) -> impl Iterator<Item = ChannelInput> {
    let Outgoing { channel, bytes } = message;
    let channel = Channel::new(channel.number, channel.role.other());
    println!("protocol {}, {} bytes to its {}", channel.number, bytes.len(), channel.role);
    let pieces: Vec<Bytes> = bytes.chunks(CHUNK).map(Bytes::copy_from_slice).collect();
    pieces.into_iter().map(move |bytes| ChannelInput::Received { channel, bytes })
}

/// What the multiplexer says when a message has left: a server sends no more than it must (L-62).
fn left(message: &Outgoing) -> ChannelInput {
    ChannelInput::Drained { channel: message.channel, bytes: message.bytes.len() as u32 }
}
