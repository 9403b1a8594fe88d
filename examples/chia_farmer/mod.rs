//! The other end of the harvester's stream: a farmer on a bare connection, without a role.

use std::io::{self, Read, Write};
use std::net::TcpStream;

use nodewire::bytes::Bytes;
use nodewire::chia::session;
use nodewire::codec::chia::messages::{HarvesterHandshake, NewChallenge, RequestProofOfSpace};
use nodewire::codec::chia::{Blob, Bytes32, Message, NodeId, NodeType, PublicKey};
use nodewire::link::Transport;
use nodewire::state::chia::{
    Admission, ConnectionCommand, ConnectionConfig, ConnectionNotice, Direction,
};
use nodewire::{Action, Machine, Outbox, Time};

/// Asks whoever dialled for one proof of this pool's, and leaves when it is there.
pub fn farm(mut stream: TcpStream, pool: PublicKey) -> io::Result<Option<Blob>> {
    let config = ConnectionConfig::new(NodeType::Farmer, NodeId([6; 32]));
    let (mut session, mut out) = (session(config, Direction::Inbound), Outbox::new());
    let (mut buffer, mut wants, mut proof) = ([0; 4_096], vec![ConnectionCommand::Open], None);
    session.handle_remote(Time::ZERO, Transport::Writable(Transport::UNCOUNTED), &mut out);
    loop {
        for command in wants.drain(..) {
            session.handle_local(Time::ZERO, command, &mut out).expect("in its place");
        }
        match out.pop() {
            Some(Action::Send(bytes)) => stream.write_all(&bytes)?,
            Some(Action::Ask(id, _)) => {
                wants.push(ConnectionCommand::Admitted(id, Admission::Registered));
            }
            Some(Action::Notify(ConnectionNotice::Connected(_))) => {
                let pools = HarvesterHandshake { pool_pubkeys: vec![pool] };
                let challenge = NewChallenge { challenge_hash: Bytes32([7; 32]) };
                wants.push(ConnectionCommand::Send(pools.into()));
                wants.push(ConnectionCommand::Send(challenge.into()));
            }
            Some(Action::Notify(ConnectionNotice::Received(message))) => match message {
                Message::ChallengeResponse(found) => {
                    let wanted = RequestProofOfSpace { quality: found.quality };
                    wants.push(ConnectionCommand::Send(wanted.into()));
                }
                Message::RespondProofOfSpace(found) => {
                    proof = Some(found.proof.proof);
                    wants.push(ConnectionCommand::Close);
                }
                other => panic!("{other:?}"),
            },
            Some(Action::Notify(_)) => {}
            Some(Action::Close(_)) => return Ok(proof),
            None => {
                let came = match stream.read(&mut buffer)? {
                    0 => Transport::Finished,
                    n => Transport::Received(Bytes::copy_from_slice(&buffer[..n])),
                };
                session.handle_remote(Time::ZERO, came, &mut out);
            }
        }
    }
}
