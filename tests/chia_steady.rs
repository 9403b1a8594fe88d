//! What Chia's connections and nodes allocate and hold once all has settled: a step allocates
//! nothing but what it says, an idle connection is small, and a node that lives long holds no more
//! than it did after a while.

#![cfg(all(feature = "chia", feature = "sim"))]

mod heap;

use std::time::Duration;

use heap::{calls, held, live};
use nodewire::bytes::Bytes;
use nodewire::chia::{Node, NodeCommand, NodeConfig, NodeRemote, Session, session};
use nodewire::codec::chia::messages::{
    Block, Handshake, HandshakeAck, NewTransaction, Ping, Pong, RequestBlock, RequestTransaction,
    TransactionId, UnfinishedBlock,
};
use nodewire::codec::chia::{Blob, Bytes32, Message, NodeId, NodeType, PeerInfo, Transaction};
use nodewire::codec::streamable::{RustCryptoSha256, Streamable};
use nodewire::link::Transport;
use nodewire::sim::chia::{Answers, Consensus, Keeper, Ledger, Maker, Oracle};
use nodewire::state::chia::{
    Admission, ConnectionCommand, ConnectionConfig, ConnectionId, ConnectionQuery, Direction,
    FullNode, FullNodeConfig, FullNodeQuery, Opened, TransactionHash, TransactionIds,
    TransactionResult, TransactionsCommand, TransactionsQuery,
};
use nodewire::{Action, Machine, Outbox, Time};

fn frame(message: impl Into<Message>) -> Vec<u8> {
    let mut frame = vec![0; 4];
    message.into().encode(&mut frame);
    let length = u32::try_from(frame.len() - 4).unwrap();
    frame[..4].copy_from_slice(&length.to_be_bytes());
    frame
}

fn bytes32(number: u64) -> Bytes32 {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    Bytes32(bytes)
}

fn hello(number: u64) -> Vec<u8> {
    let hello = Handshake {
        network_id: "testnet".into(),
        version: ConnectionConfig::VERSION.into(),
        node_id: NodeId(bytes32(number).0),
        server_port: 8_444,
        node_type: NodeType::FullNode,
    };
    [frame(hello), frame(HandshakeAck {})].concat()
}

/// A session of two full nodes, established.
fn established() -> Session {
    let mut config = ConnectionConfig::new(NodeType::FullNode, NodeId([9; 32]));
    config.limits.rate = None;
    let (mut session, mut out) = (session(config, Direction::Inbound), Outbox::new());
    session.handle_remote(Time::ZERO, Transport::Writable(Transport::UNCOUNTED), &mut out);
    session.handle_local(Time::ZERO, ConnectionCommand::Open, &mut out).unwrap();
    // As large as buffers of reads are.
    let mut read = Vec::with_capacity(65_536);
    read.extend(hello(1));
    session.handle_remote(Time::ZERO, Transport::Received(read.into()), &mut out);
    while let Some(action) = out.pop() {
        if let Action::Ask(id, ConnectionQuery::Register(_)) = action {
            let admitted = ConnectionCommand::Admitted(id, Admission::Registered);
            session.handle_local(Time::ZERO, admitted, &mut out).unwrap();
        }
    }
    session
}

/// Allocations of a hundred steps after the first, and what they sent.
fn steps(mut step: impl FnMut(u64) -> usize) -> (u64, usize) {
    step(0);
    let (before, mut sent) = (calls(), 0);
    for number in 1..=100 {
        sent += step(number);
    }
    (calls() - before, sent)
}

#[test]
fn a_message_through_a_session_allocates_nothing_but_its_answer() {
    let mut session = established();
    let mut out = Outbox::new();
    let mut heard = |bytes: Vec<u8>| {
        let read = Bytes::from(bytes);
        held(|| session.handle_remote(Time::ZERO, Transport::Received(read), &mut out));
        let sent = out.iter().filter(|it| matches!(it, Action::Send(_))).count();
        out.drain().for_each(drop);
        sent
    };
    let told = |number| {
        frame(RequestBlock { header_hash: nodewire::codec::chia::HeaderHash(bytes32(number).0) })
    };
    assert_eq!(steps(|number| heard(told(number))), (0, 0), "it is told");
    assert_eq!(steps(|number| heard(frame(Pong { nonce: bytes32(number) }))), (0, 0));
    let (allocations, sent) = steps(|number| heard(frame(Ping { nonce: bytes32(number) })));
    assert_eq!(sent, 100);
    assert!(allocations <= 5 * 100, "{allocations} for the answers, each with its buffer");
}

#[test]
fn an_idle_session_holds_at_most_4_kib() {
    let session = held(established);
    let heap = live();
    let inline = size_of::<Session>();
    println!("an idle session: {inline} bytes inline, {heap} on the heap");
    assert!(inline + heap <= 4_096, "{inline} and {heap} bytes");
    assert!(session.footprint() >= inline + heap);
    held(|| drop(session));
    assert_eq!(live(), 0);
}

/// A full node with a chain that grows, whose keeper's memory is not counted.
struct Life {
    node: Node<FullNode>,
    keeper: Keeper,
    now: Time,
}

impl Life {
    fn new(ledger: Ledger) -> Self {
        let mut connection = ConnectionConfig::new(NodeType::FullNode, NodeId([0x80; 32]));
        connection.limits.rate = None;
        let config = NodeConfig::new(connection);
        let node = held(|| {
            let mut of_role = FullNodeConfig::default();
            of_role.addresses.target_peers = 0;
            Node::new(config.clone(), FullNode::new(of_role, ledger.chain()).unwrap())
        });
        Self { node, keeper: Keeper::new(ledger), now: Time::ZERO }
    }

    fn connect(&mut self, number: u64) {
        let place = PeerInfo { host: "127.0.0.1".into(), port: 5 };
        let opened = Opened::inbound(ConnectionId(number), Some(place));
        let mut out = Outbox::new();
        let opened = NodeCommand::Opened(held(|| opened.clone()));
        held(|| self.node.handle_local(self.now, opened, &mut out)).unwrap();
        self.carry_out(out);
        self.transport(number, Transport::Writable(Transport::UNCOUNTED));
        self.hear(number, hello(number));
        assert!(self.node.registry().is_established(ConnectionId(number)));
    }

    fn hear(&mut self, from: u64, bytes: Vec<u8>) -> usize {
        self.transport(from, Transport::Received(Bytes::from(bytes)))
    }

    fn transport(&mut self, from: u64, transport: Transport) -> usize {
        let mut out = Outbox::new();
        let remote = NodeRemote { connection: ConnectionId(from), transport };
        held(|| self.node.handle_remote(self.now, remote, &mut out));
        self.carry_out(out)
    }

    fn pass(&mut self, time: Duration) {
        let to = self.now.after(time);
        while let Some(due) = self.node.deadline().filter(|due| *due <= to) {
            self.now = self.now.max(due);
            let mut out = Outbox::new();
            held(|| self.node.handle_timeout(self.now, &mut out));
            self.carry_out(out);
        }
        self.now = to;
    }

    /// How much it did; the keeper makes copies of what it keeps.
    fn carry_out(&mut self, mut out: Out) -> usize {
        let mut did = 0;
        while let Some(action) = out.pop() {
            did += 1;
            let Action::Ask(id, query) = action else { continue };
            let mut answers = Answers::new();
            match query {
                FullNodeQuery::Transactions(TransactionsQuery::Offer(..)) => {
                    let taken = TransactionsCommand::Offered(id, TransactionResult::Accepted);
                    answers.give(nodewire::state::chia::FullNodeCommand::Transactions(taken));
                }
                FullNodeQuery::AddBlock(block) => {
                    let copy = Streamable::from_bytes(&block.to_bytes()).unwrap();
                    let query = FullNodeQuery::AddBlock(Box::new(copy));
                    Oracle::<FullNode>::asked(&mut self.keeper, self.now, id, query, &mut answers);
                }
                query => {
                    Oracle::<FullNode>::asked(&mut self.keeper, self.now, id, query, &mut answers);
                }
            }
            for (_, answer) in answers.take() {
                let command = NodeCommand::Role(answer);
                held(|| self.node.handle_local(self.now, command, &mut out)).unwrap();
            }
        }
        did
    }
}

type Out = nodewire::Out<Node<FullNode>>;

/// Blocks of a long life; of everything that is remembered 1,024 at most are.
const LONG: u64 = 3_000;

#[test]
fn a_node_that_lives_long_holds_no_more_than_after_a_while() {
    let mut consensus = Consensus::default();
    consensus.witness = 100;
    let maker = Maker::new(consensus.clone(), 1);
    let genesis = Maker::genesis(&consensus);
    let mut life = Life::new(Ledger::new(consensus, genesis.clone()));
    for peer in 0..4 {
        life.connect(peer);
    }
    let (mut tip, mut newest, mut marks) = (genesis, 3, Vec::new());
    for round in 0..LONG {
        // A transaction is announced, fetched and handed on.
        let transaction = Transaction(Blob(round.to_be_bytes().repeat(30).into()));
        let transaction_id = <TransactionHash>::transaction_id(&transaction);
        life.hear(newest, frame(TransactionId { transaction_id }));
        life.hear(newest, frame(NewTransaction { transaction }));
        life.hear(newest - 1, frame(RequestTransaction { transaction_id }));
        // A block, before and after its proof of time.
        let unfinished = maker.unfinished(&tip);
        life.hear(newest, frame(UnfinishedBlock { block: unfinished }));
        tip = maker.child(&tip);
        for from in [newest, newest - 1] {
            life.hear(from, frame(Block { block: tip.clone() }));
        }
        let header_hash = tip.header_hash::<RustCryptoSha256>();
        life.hear(newest - 1, frame(RequestBlock { header_hash }));
        if round % 10 == 9 {
            // Somebody leaves, and somebody comes.
            life.transport(newest - 3, Transport::Closed);
            newest += 1;
            life.connect(newest);
        }
        life.pass(Duration::from_secs(10));
        if round % (LONG / 6) == LONG / 6 - 1 {
            marks.push(live());
            assert!(life.node.footprint() >= live());
        }
    }
    assert_eq!(u64::from(life.keeper.ledger().chain().tips[0].height), LONG);
    println!("held after each {} blocks: {marks:?}", LONG / 6);
    let (while_, end) = (marks[2], marks[5]);
    assert!(end <= while_ + while_ / 20, "{marks:?}");
}
