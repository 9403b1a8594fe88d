//! A Chia harvester on a blocking TCP stream, without dependencies: a role in a node, driven by
//! one loop, its questions answered by a function of ours. In another thread a farmer wants a proof.
//!
//! `cargo run --example chia_harvester`

// A driver is where the clock and the threads are that the core does without.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)]

mod chia_farmer;

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use nodewire::bytes::Bytes;
use nodewire::chia::{Node, NodeCommand, NodeConfig, NodeNotice, NodeRemote, NodeSend};
use nodewire::codec::chia::{Blob, NodeId, NodeType, PrependSignature, PublicKey};
use nodewire::link::Transport;
use nodewire::state::chia::{
    ConnectionConfig, ConnectionId, Harvester, HarvesterCommand, HarvesterLimits, HarvesterQuery,
    Opened, Plot, PlotId,
};
use nodewire::{Action, AskId, Ending, Machine, Outbox, Time};

const POOL: PublicKey = PublicKey([1; 48]);
const PROOF: Bytes = Bytes::from_static(&[2; 8 * 32]);
/// There is one stream; of more, each has a number above all before it.
const FARMER: ConnectionId = ConnectionId(1);

/// What reads the disk and holds the keys: here it makes them up. It may also answer later.
fn answer(id: AskId, query: HarvesterQuery) -> HarvesterCommand {
    match query {
        HarvesterQuery::LookupQualities { challenge_hash, .. } => {
            let string = Bytes::copy_from_slice(&challenge_hash.0);
            HarvesterCommand::Qualities(id, Some(vec![Blob(string)]))
        }
        HarvesterQuery::FetchProof { .. } => HarvesterCommand::Proof(id, Some(Blob(PROOF))),
        HarvesterQuery::Sign { .. } => {
            HarvesterCommand::Signature(id, Some(PrependSignature([3; 96])))
        }
    }
}

/// Harvests for whoever is at the other end, until the stream is over.
fn harvest(mut stream: TcpStream) -> io::Result<Option<Ending>> {
    let epoch = Instant::now();
    let now = || Time::from_micros(epoch.elapsed().as_micros() as u64);
    let hears = |transport| NodeRemote { connection: FARMER, transport };
    let (mut out, mut buffer) = (Outbox::new(), vec![0; 65_536]);
    let (mut is_over, mut ending) = (false, None);
    stream.set_write_timeout(Some(Duration::from_secs(30)))?;

    // A node id, and the seed of its connections, are at random in earnest.
    let config = ConnectionConfig::new(NodeType::Harvester, NodeId([4; 32]));
    let mut node = Node::new(NodeConfig::new(config), Harvester::new(HarvesterLimits::default()));
    let plot = Plot { id: PlotId(0), pool_pubkey: POOL, plot_pubkey: PublicKey([5; 48]), size: 32 };
    // First the role, then the stream, then how much that takes, and only then its bytes.
    let plots = NodeCommand::Role(HarvesterCommand::Plots(vec![plot]));
    let opened = NodeCommand::Opened(Opened::outbound(FARMER, None).trusted());
    for command in [plots, opened] {
        node.handle_local(now(), command, &mut out).expect("the first of its number");
    }
    node.handle_remote(now(), hears(Transport::Writable(65_536)), &mut out);
    loop {
        while let Some(action) = out.pop() {
            match action {
                Action::Send(NodeSend::Bytes(_, bytes)) => {
                    stream.write_all(&bytes)?;
                    node.handle_remote(now(), hears(Transport::Writable(bytes.len())), &mut out);
                }
                Action::Send(NodeSend::Close(_)) => is_over = true,
                Action::Send(NodeSend::Dial(at)) => panic!("{at:?}: a harvester wants nobody"),
                Action::Ask(id, query) => {
                    let answer = NodeCommand::Role(answer(id, query));
                    node.handle_local(now(), answer, &mut out).expect("it was asked");
                }
                Action::Notify(NodeNotice::Closed { ending: how, .. }) => ending = Some(how),
                Action::Notify(notice) => println!("{notice:?}"),
                Action::Close(ending) => panic!("{ending}: streams end, a node does not"),
            }
        }
        if is_over {
            return Ok(ending);
        }
        let patience = node.deadline().map(|due| due.since(now()).max(Duration::from_millis(1)));
        if node.holds_back(FARMER) {
            thread::sleep(patience.unwrap_or(Duration::from_millis(100)));
            node.handle_timeout(now(), &mut out);
            continue;
        }
        stream.set_read_timeout(patience)?;
        let came = match stream.read(&mut buffer).map_err(|error| error.kind()) {
            Ok(0) => Transport::Finished,
            Ok(n) => Transport::Received(Bytes::copy_from_slice(&buffer[..n])),
            Err(ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted) => {
                node.handle_timeout(now(), &mut out);
                continue;
            }
            Err(_) => Transport::Closed,
        };
        node.handle_remote(now(), hears(came), &mut out);
    }
}

pub fn main() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let farmer = thread::spawn(move || chia_farmer::farm(listener.accept()?.0, POOL));
    let ending = harvest(TcpStream::connect(address).expect("it listens"));
    assert_eq!(ending.expect("a loopback socket holds"), Some(Ending::Done));
    let proof = farmer.join().expect("no panic").expect("a loopback socket holds");
    assert_eq!(proof, Some(Blob(PROOF)));
}
