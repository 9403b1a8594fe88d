//! A client and a server of the pair, message by message, without any I/O: an announcement, an
//! offer, the block, its transactions, the end. Prints the tables and what happens.
//!
//! `cargo run --example pair`

#[allow(dead_code)]
mod content;

use nodewire::state::leios::table::{REPLY, REQUEST};
use nodewire::state::leios::{
    Client, ClientCommand, ClientNotice, ClientRemote, Limits, PairMessage, Server, ServerCommand,
    ServerRemote, SlotClock,
};
use nodewire::{Action, Ending, Machine, Outbox, Time, UntilClosed};

pub fn main() {
    println!("{}:\n{REQUEST}\n{}:\n{REPLY}", REQUEST.name(), REPLY.name());

    let (limits, clock, now) = (Limits::default(), SlotClock::default(), Time::ZERO);
    let mut client = Client::new(limits.clone(), clock);
    // It is told of what has left even after its end.
    let mut server = UntilClosed::new(Server::new(limits, clock));
    let (mut to_do_a, mut to_do_b) = (Outbox::new(), Outbox::new());

    let target = ClientCommand::NotificationTarget { low: 32_768, chunk: 32_768 };
    for command in [ClientCommand::Start, target] {
        client.handle_local(now, command, &mut to_do_a).expect("a fresh client");
    }
    let offers = [
        ServerCommand::Announce(content::header()),
        ServerCommand::OfferBlock(content::point()),
        ServerCommand::OfferTxs(content::point()),
    ];
    for command in offers {
        server.handle_local(now, command, &mut to_do_b).expect("a fresh server");
    }

    let mut fetched = Vec::new();
    let mut endings = (None, None);
    loop {
        if let Some(action) = to_do_a.pop() {
            println!("client: {action:?}");
            match action {
                Action::Send(message) => {
                    let message = to_server(message);
                    server.handle_remote(now, message, &mut to_do_b);
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
            println!("server: {action:?}");
            match action {
                Action::Send(reply) => {
                    // Sent and gone: a server is told when its bytes have left (L-62).
                    let left = ServerRemote::Drained(reply.wire_len() as u32);
                    server.handle_remote(now, left, &mut to_do_b);
                    client.handle_remote(now, ClientRemote::Reply(reply), &mut to_do_a);
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
}

fn to_server(message: PairMessage) -> ServerRemote {
    match message {
        PairMessage::Request(message) => {
            let size = message.wire_len() as u32;
            ServerRemote::Request { message, size }
        }
        PairMessage::Reply(message) => ServerRemote::Reply(message),
    }
}
