//! What a full node holds while peers flood it: never more than it says, and no more after many
//! items than after a few (`chia.md` 17).

use nodewire::codec::Source;
use nodewire::codec::chia::messages::{
    Block, NewProofOfTime, RequestHeaderHash, TransactionId, UnfinishedBlock,
};
use nodewire::codec::chia::{self, Bytes32, FullBlock, HeaderHash, Message, NodeId, NodeType};
use nodewire::codec::streamable::{RustCryptoSha256, Streamable};
use nodewire::sim::chia::{Consensus, Ledger, Maker, stand_in};
use nodewire::state::chia::{
    Added, Candidate, ConnectionId, Direction, FromPeer, FullNode, FullNodeCommand, FullNodeConfig,
    FullNodeQuery, Parting, Peer, Proven, Role, TransactionsCommand, TransactionsQuery,
    Whereabouts,
};
use nodewire::{Action, AskId, Machine, Outbox, Time};

use crate::heap::{apart, held, live};

/// A flood, and who answers its questions: whatever lets most of it stay.
struct Flood {
    node: FullNode,
    genesis: FullBlock,
    now: Time,
    /// Whether anybody answers at all.
    answers: bool,
}

impl Flood {
    fn new(answers: bool) -> Self {
        let genesis = Maker::genesis(&Consensus::default());
        let chain = Ledger::new(Consensus::default(), genesis.clone()).chain();
        let node = held(|| FullNode::new(FullNodeConfig::default(), chain).unwrap());
        Self { node, genesis, now: Time::ZERO, answers }
    }

    fn connect(&mut self, from: u64, node_type: NodeType) {
        let peer = Peer { node_id: NodeId([9; 32]), node_type, server_port: 0 };
        let at = Whereabouts { direction: Direction::Inbound, listens: None };
        self.hear(FromPeer::Connected(ConnectionId(from), peer, at));
    }

    fn hear(&mut self, input: FromPeer) {
        let mut out = held(|| {
            let mut out = Outbox::new();
            self.node.handle_remote(self.now, input, &mut out);
            out
        });
        while let Some(action) = out.pop() {
            let Action::Ask(id, query) = action else { continue };
            if !self.answers {
                continue;
            }
            if let Some(answer) = apart(|| answer(id, query)) {
                held(|| self.node.handle_local(self.now, answer, &mut out).unwrap());
            }
        }
    }

    /// The item of this number, of one kind after the other, from this peer.
    fn send(&mut self, from: u64, number: u64) {
        let connection = ConnectionId(from);
        if self.node.is_busy_with(connection) {
            return;
        }
        let genesis = &self.genesis;
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        let maker = Maker::new(Consensus::default(), 3);
        let message: Message = match number % 5 {
            0 => {
                let mut block = maker.child(genesis);
                block.header_block.header.data.prev_header_hash = HeaderHash(bytes);
                Block { block }.into()
            }
            1 => {
                let mut block = maker.unfinished(genesis);
                block.header_block.header.data.timestamp = number;
                UnfinishedBlock { block }.into()
            }
            2 => {
                let tip = self.node.chain().heaviest().unwrap().challenge_hash;
                NewProofOfTime { proof: stand_in::proof_of_time(tip, number, 900) }.into()
            }
            3 => {
                let mut block = maker.unfinished(genesis);
                block.header_block.proof_of_space.proof = chia::Blob(bytes.to_vec().into());
                let proof_of_space = block.header_block.proof_of_space;
                RequestHeaderHash {
                    challenge_hash: proof_of_space.challenge_hash,
                    coinbase: block.body.coinbase,
                    coinbase_signature: block.body.coinbase_signature,
                    fees_target_puzzle_hash: Bytes32(bytes),
                    proof_of_space,
                }
                .into()
            }
            _ => TransactionId { transaction_id: chia::TransactionId(bytes) }.into(),
        };
        let mut frame = Vec::new();
        message.encode(&mut frame);
        let message = held(|| Message::decode(&frame, Source::COPY).unwrap());
        self.hear(FromPeer::Received(connection, message));
    }

    fn honest(&self) {
        let told = self.node.footprint() - size_of_val(&self.node);
        assert!(live() <= told, "{} bytes are held, {told} are told", live());
    }
}

fn answer(id: AskId, query: FullNodeQuery) -> Option<FullNodeCommand> {
    Some(match query {
        FullNodeQuery::AddBlock(_) => FullNodeCommand::Added(id, Added::Disconnected),
        FullNodeQuery::ValidateUnfinished(block) => {
            let iterations = block.header_block.header.data.timestamp % 100_000;
            let quality = Bytes32([1; 32]);
            FullNodeCommand::Validated(id, Some(Proven { quality, iterations }))
        }
        FullNodeQuery::VerifyProofOfTime(_) | FullNodeQuery::VerifyCoinbase(_) => {
            FullNodeCommand::Verdict(id, true)
        }
        FullNodeQuery::VerifyProofOfSpace(_) => {
            FullNodeCommand::Quality(id, Some(Bytes32([1; 32])))
        }
        FullNodeQuery::BuildCandidate(wanted) => {
            let maker = Maker::new(Consensus::default(), 3);
            let template = maker.unfinished(&Maker::genesis(&Consensus::default()));
            let (mut body, mut header_data) = (template.body, template.header_block.header.data);
            body.coinbase = wanted.request.coinbase;
            let proof = wanted.request.proof_of_space.get_hash::<RustCryptoSha256>();
            header_data.proof_of_space_hash = Bytes32(proof);
            header_data.body_hash = Bytes32(body.get_hash::<RustCryptoSha256>());
            FullNodeCommand::Candidate(id, Some(Box::new(Candidate { body, header_data })))
        }
        FullNodeQuery::Transactions(TransactionsQuery::IsKnown(_)) => {
            FullNodeCommand::Transactions(TransactionsCommand::Known(id, false))
        }
        _ => return None,
    })
}

/// Items of each kind; after a fifth of them nothing grows.
const ITEMS: u64 = 12_000;

#[test]
fn a_flood_of_each_kind_has_an_end() {
    for answers in [true, false] {
        let mut flood = Flood::new(answers);
        // A peer for each kind: with none of them anybody is busy because of another.
        for kind in 0..5 {
            let node_type = if kind == 3 { NodeType::Farmer } else { NodeType::FullNode };
            flood.connect(kind, node_type);
        }
        let mut most = 0;
        for number in 0..ITEMS {
            flood.send(number % 5, number);
            if number % 64 == 0 {
                flood.honest();
            }
            if number < ITEMS * 3 / 5 {
                most = most.max(live());
            } else {
                assert!(live() <= most + most / 8, "{} after {most}", live());
            }
        }
        println!("answered {answers}: {most} bytes at most");
        let node = &flood.node;
        let kept = [node.disconnected_blocks(), node.unfinished_blocks(), node.candidates()];
        assert_eq!(kept, if answers { [24, 256, 64] } else { [0; 3] });
        assert!(most <= 4 << 20, "{most}");
    }
}

/// Peers that come, leave something behind and go, hold no more than so many ever.
#[test]
fn peers_that_come_and_go_leave_little() {
    for answers in [true, false] {
        let mut flood = Flood::new(answers);
        let mut most = 0;
        for number in 0..600 {
            flood.connect(number, NodeType::FullNode);
            for item in 0..10 {
                flood.send(number, number * 20 + [0, 1, 2, 4][item % 4] + 5 * (item as u64 / 4));
            }
            let gone = FromPeer::Disconnected(ConnectionId(number), Parting::AddressDropped);
            flood.hear(gone);
            flood.honest();
            if number < 300 {
                most = most.max(live());
            } else {
                assert!(live() <= most + most / 4, "{} after {most}", live());
            }
        }
        assert!(!flood.node.saturated());
    }
}

#[test]
fn an_idle_peer_holds_little() {
    let mut flood = Flood::new(true);
    let before = live();
    for number in 0..200 {
        flood.connect(number, NodeType::FullNode);
    }
    let each = (live() - before) / 200;
    println!("an idle peer holds {each} bytes");
    assert!(each <= 1_024, "{each}");
    flood.honest();
}
