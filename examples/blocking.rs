//! The whole of a driver without dependencies: a loop around a blocking TCP stream. Two ends of a
//! Leios session in two threads: announcement, offer, block, transactions, end.
//!
//! `cargo run --example blocking`

// A driver is where the clock and the threads are that the core does without.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)]

#[allow(dead_code)]
mod content;

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use nodewire::bytes::Bytes;
use nodewire::leios::{self, Session, SessionCommand, SessionConfig, SessionNotice, SessionQuery};
use nodewire::link::{MuxNotice, StagedOf, Transport};
use nodewire::state::leios::{
    ClientCommand, ClientNotice, ConnectionCommand, ConnectionNotice, ConnectionQuery,
    HandshakeNotice, ServerCommand,
};
use nodewire::{Action, AskId, Ending, Machine, Outbox, Time};

/// What stands above a machine. Local input that comes of a notice or a question goes to `wants`.
trait Host<M: Machine> {
    fn notice(&mut self, notice: M::Notice, wants: &mut VecDeque<M::Local>);
    fn answer(&mut self, id: AskId, query: M::Query, wants: &mut VecDeque<M::Local>);
}

/// Drives `machine` over `stream` until it closes. `wants` is what it is told first.
///
/// Each turn is one input, then everything that came of it. Two bounds of a blocking loop: while
/// it writes it doesn't read, hence the time-out; and questions are answered at once, so that the
/// machine is never saturated for long.
fn drive<M, H>(
    machine: &mut M,
    stream: &mut TcpStream,
    host: &mut H,
    mut wants: VecDeque<M::Local>,
) -> io::Result<Ending>
where
    M: Machine<Remote = Transport, Send = Bytes>,
    H: Host<M>,
{
    let epoch = Instant::now();
    let now = || Time::from_micros(epoch.elapsed().as_micros() as u64);
    let mut out = Outbox::new();
    let mut buffer = vec![0; 65_536];
    stream.set_write_timeout(Some(Duration::from_secs(30)))?;
    machine.handle_remote(now(), Transport::Writable(24_592), &mut out);
    loop {
        while let Some(action) = out.pop() {
            match action {
                Action::Send(bytes) => {
                    stream.write_all(&bytes)?;
                    machine.handle_remote(now(), Transport::Writable(bytes.len()), &mut out);
                }
                Action::Notify(notice) => host.notice(notice, &mut wants),
                Action::Ask(id, query) => host.answer(id, query, &mut wants),
                Action::Close(ending) => return Ok(ending),
            }
        }
        if let Some(local) = wants.pop_front() {
            // A refusal has changed nothing and hands the input back: here it is a mistake.
            machine.handle_local(now(), local, &mut out).map_err(|no| io::Error::other(no.why))?;
            continue;
        }
        let patience = machine.deadline().map(|due| due.since(now()).max(Duration::from_millis(1)));
        stream.set_read_timeout(patience)?;
        match stream.read(&mut buffer) {
            Ok(0) => machine.handle_remote(now(), Transport::Finished, &mut out),
            Ok(n) => {
                let bytes = Bytes::copy_from_slice(&buffer[..n]);
                machine.handle_remote(now(), Transport::Received(bytes), &mut out);
            }
            Err(e) if is_timeout(&e) => machine.handle_timeout(now(), &mut out),
            Err(e) => return Err(e),
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

/// One end of the session: what it does once the versions are agreed on, and what it has fetched.
struct Node {
    first: Vec<ConnectionCommand>,
    fetched: Vec<Bytes>,
}

impl Host<Session> for Node {
    fn notice(&mut self, notice: SessionNotice, wants: &mut VecDeque<SessionCommand>) {
        let command = match notice {
            StagedOf::First(MuxNotice::Machine(HandshakeNotice::Agreed(_))) => {
                wants.extend(self.first.drain(..).map(leios::on_connection));
                return;
            }
            StagedOf::Second(MuxNotice::Machine(ConnectionNotice::Client(notice))) => {
                let command = content::react(&notice);
                if let ClientNotice::Txs { txs, .. } = notice {
                    self.fetched.extend(txs.into_iter().map(|(_, _, tx)| tx));
                }
                command
            }
            _ => None,
        };
        wants.extend(command.map(ConnectionCommand::Client).map(leios::on_connection));
    }

    fn answer(&mut self, id: AskId, query: SessionQuery, wants: &mut VecDeque<SessionCommand>) {
        let StagedOf::Second(query) = query; // The handshake asks nothing.
        let command = match query {
            ConnectionQuery::Client(query) => ConnectionCommand::Client(content::judge(id, &query)),
            ConnectionQuery::Server(query) => ConnectionCommand::Server(content::fetch(id, &query)),
        };
        wants.push_back(leios::on_connection(command));
    }
}

pub fn main() {
    const MAGIC: u32 = 164;
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");

    // The called side serves one block and fetches nothing; the calling side the reverse.
    let called = thread::spawn(move || {
        let (mut stream, _) = listener.accept()?;
        let server = [
            ServerCommand::Announce(content::header()),
            ServerCommand::OfferBlock(content::point()),
        ];
        let client = [ClientCommand::Start, ClientCommand::Finish];
        let first = server.map(ConnectionCommand::Server).into_iter();
        let first = first.chain(client.map(ConnectionCommand::Client)).collect();
        let mut node = Node { first, fetched: Vec::new() };
        let mut session = leios::responder(SessionConfig::new(MAGIC), Time::ZERO);
        drive(&mut session, &mut stream, &mut node, VecDeque::new())
    });

    let mut stream = TcpStream::connect(address).expect("it listens");
    let target = ClientCommand::NotificationTarget { low: 32_768, chunk: 32_768 };
    let first = [ClientCommand::Start, target].map(ConnectionCommand::Client).to_vec();
    let mut node = Node { first, fetched: Vec::new() };
    let mut session = leios::initiator(SessionConfig::new(MAGIC));
    let ending = drive(&mut session, &mut stream, &mut node, [leios::propose()].into());

    println!("calling side: {ending:?}, fetched {} transactions", node.fetched.len());
    assert_eq!(ending.expect("a loopback socket holds"), Ending::Done);
    assert_eq!(node.fetched, [content::tx(0), content::tx(1)]);
    let ending = called.join().expect("no panic").expect("a loopback socket holds");
    assert_eq!(ending, Ending::Done);
}
