//! Chia: every decoder, both ends of each kind of stream, and every role above its streams.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::hint::black_box;

use nodewire::AskId;
use nodewire::bytes::Bytes;
use nodewire::chia::{Node, NodeCommand, NodeConfig, NodeRemote};
use nodewire::chia::{pool_client_session, pool_session, session};
use nodewire::codec::Source;
use nodewire::codec::chia::{
    Blob, Body, Bytes32, Challenge, FullBlock, HeaderBlock, HeaderHash, Message, NodeId, NodeType,
    PeerInfo, ProofOfTime, PublicKey, SignedCoinbase, Transaction,
};
use nodewire::codec::streamable::{RustCryptoSha256, Streamable};
use nodewire::link::Transport;
use nodewire::state::chia::{
    Added, AddressesCommand, AddressesConfig, Admission, Chain, ConnectionCommand,
    ConnectionConfig, ConnectionId, Difficulty, Direction, Farmer, FarmerCommand, FarmerConfig,
    Found, FullNode, FullNodeCommand, FullNodeConfig, Harvester, HarvesterCommand, HarvesterLimits,
    Introducer, Opened, PartialProof, PoolClientCommand, PoolClientConfig, PoolCommand, PoolConfig,
    PoolRate, Role, ServingCommand, SyncCommand, SyncStart, Timelord, TimelordCommand,
    TimelordConfig, Tip, TransactionResult, TransactionsCommand, Wallet, WalletCommand,
    WalletLimits, Weighed, iterations, rules,
};

use crate::poke::poke;

/// Everything, on whatever the bytes are.
pub fn all(data: &[u8]) -> usize {
    let read = Bytes::copy_from_slice(data);
    decoders(&read) + sessions(&read) + roles(&read)
}

fn decoders(read: &Bytes) -> usize {
    let mut done = object::<FullBlock>(read)
        + object::<Vec<HeaderHash>>(read)
        + object::<SignedCoinbase>(read)
        + object::<PeerInfo>(read);
    match Message::decode(black_box(read), Source::of(read)) {
        Ok(message) => {
            let mut out = Vec::new();
            message.encode(&mut out);
            done += black_box(out).len() + message.wire_len() + message.heap();
        }
        Err(malformed) => {
            done += malformed.offset + rules::of_malformed(malformed.kind).id().len();
        }
    }
    done
}

fn object<T: Streamable>(read: &Bytes) -> usize {
    match T::from_source(black_box(read), Source::of(read)) {
        Ok(object) => {
            black_box(object.to_bytes()).len()
                + usize::from(object.get_hash::<RustCryptoSha256>()[0])
        }
        Err(malformed) => malformed.offset,
    }
}

fn sessions(read: &Bytes) -> usize {
    let mut done = 0;
    for direction in [Direction::Inbound, Direction::Outbound] {
        let mut commands = vec![
            ConnectionCommand::Open,
            ConnectionCommand::Admitted(ask(), Admission::Registered),
            ConnectionCommand::Taken(1),
        ];
        if let Ok(message) = Message::decode(read, Source::of(read)) {
            commands.push(ConnectionCommand::Send(message));
        }
        commands.push(ConnectionCommand::Close);
        let link = session(connection(NodeType::FullNode), direction);
        done += poke(link, black_box(commands), transport(read));
    }

    let keys = vec![PublicKey([0; 48])];
    let mut commands = vec![
        PoolClientCommand::Open,
        PoolClientCommand::Coinbase(1),
        PoolClientCommand::Verdict(ask(), true),
    ];
    if let (Ok(challenge), Ok(block)) = (Challenge::from_bytes(read), HeaderBlock::from_bytes(read))
    {
        let signature = block.header.harvester_signature;
        let proof = PartialProof { proof_of_space: block.proof_of_space, signature };
        commands.push(PoolClientCommand::Partial(Box::new(challenge), Box::new(proof)));
    }
    commands.push(PoolClientCommand::Close);
    let link = pool_client_session(PoolClientConfig::new(keys, Blob(read.clone())));
    done += poke(link, black_box(commands), transport(read));

    let commands = vec![
        PoolCommand::Coinbases(ask(), Vec::from_iter(SignedCoinbase::from_bytes(read))),
        PoolCommand::Rate(ask(), Some(PoolRate { difficulty: 5, ips: 1_000 })),
        PoolCommand::Quality(ask(), Some(Bytes32([0; 32]))),
        PoolCommand::Verdict(ask(), true),
        PoolCommand::Close,
    ];
    let link = pool_session(PoolConfig::new(PublicKey([0; 48])));
    done + poke(link, black_box(commands), transport(read))
}

fn roles(read: &Bytes) -> usize {
    let target = Blob(read.clone());
    let farmer = FarmerConfig::new(vec![PublicKey([0; 48])], target);
    let timelord = TimelordConfig::default();
    let mut done = node(<Harvester>::new(HarvesterLimits::default()), harvester(read), read);
    done += node(<Farmer>::new(farmer), self::farmer(read), read);
    done += node(<Timelord>::new(timelord), self::timelord(read), read);
    done += node(
        Introducer::new(AddressesConfig::introducer(1)),
        vec![AddressesCommand::Known(Vec::new())],
        read,
    );
    done += node(<Wallet>::new(WalletLimits::default()), wallet(read), read);
    if let Ok(role) = <FullNode>::new(FullNodeConfig::default(), chain(read)) {
        done += node(role, full_node(read), read);
    }
    done
}

/// A node of this role, with a stream on which this comes.
fn node<R: Role>(role: R, commands: Vec<R::Local>, read: &Bytes) -> usize {
    let there = PeerInfo { host: "node".into(), port: 8_444 };
    let opened = Opened::outbound(ConnectionId(1), Some(there.clone()));
    let mut all = vec![NodeCommand::Opened(opened), NodeCommand::DialFailed(there)];
    all.extend(commands.into_iter().map(NodeCommand::Role));
    all.push(NodeCommand::Close(ConnectionId(1)));
    let config = NodeConfig::new(connection(role.node_type()));
    let heard =
        transport(read).map(|transport| NodeRemote { connection: ConnectionId(1), transport });
    poke(Node::new(config, role), black_box(all), heard)
}

fn harvester(read: &Bytes) -> Vec<HarvesterCommand> {
    let signature = HeaderBlock::from_bytes(read).ok().map(|it| it.header.harvester_signature);
    vec![
        HarvesterCommand::Plots(Vec::new()),
        HarvesterCommand::Qualities(ask(), Some(vec![Blob(read.clone())])),
        HarvesterCommand::Proof(ask(), Some(Blob(read.clone()))),
        HarvesterCommand::Signature(ask(), signature),
    ]
}

fn farmer(read: &Bytes) -> Vec<FarmerCommand> {
    vec![
        FarmerCommand::Coinbase(ask(), SignedCoinbase::from_bytes(read).ok().map(Box::new)),
        FarmerCommand::Quality(ask(), Some(Bytes32([0; 32]))),
        FarmerCommand::Verdict(ask(), true),
        FarmerCommand::PoolShareThreshold(black_box(9)),
    ]
}

fn timelord(read: &Bytes) -> Vec<TimelordCommand> {
    let mut commands = vec![
        TimelordCommand::VdfStarted(ask()),
        TimelordCommand::VdfStopped(ask()),
        TimelordCommand::VdfFailed(ask()),
        TimelordCommand::Verdict(ask(), true),
    ];
    if let Ok(proof) = ProofOfTime::from_bytes(read) {
        commands.push(TimelordCommand::VdfProof(ask(), Box::new(proof)));
    }
    commands
}

fn wallet(read: &Bytes) -> Vec<WalletCommand> {
    vec![
        WalletCommand::Header(HeaderHash([0; 32])),
        WalletCommand::Ancestors(HeaderHash([0; 32]), vec![1]),
        WalletCommand::Body(Bytes32([0; 32])),
        WalletCommand::Send(Transaction(Blob(read.clone()))),
    ]
}

fn full_node(read: &Bytes) -> Vec<FullNodeCommand> {
    let block = || FullBlock::from_bytes(read).ok();
    let header = || HeaderBlock::from_bytes(read).ok();
    let there = PeerInfo { host: "node".into(), port: 8_444 };
    let mut commands = vec![
        FullNodeCommand::Blocks(ask(), Vec::from_iter(block())),
        FullNodeCommand::Added(ask(), Added::Tip(Box::new(chain(read)))),
        FullNodeCommand::Validated(ask(), None),
        FullNodeCommand::Verdict(ask(), true),
        FullNodeCommand::Quality(ask(), Some(Bytes32([0; 32]))),
        FullNodeCommand::Candidate(ask(), None),
        FullNodeCommand::Sync(SyncCommand::HashAt(ask(), Some(HeaderHash([0; 32])))),
        FullNodeCommand::Sync(SyncCommand::Weighed(ask(), Weighed::Good)),
        FullNodeCommand::Sync(SyncCommand::Weight(ask(), true)),
        FullNodeCommand::Sync(SyncCommand::Added(ask(), Added::Orphan)),
        FullNodeCommand::Serving(ServingCommand::Block(ask(), block().map(Box::new))),
        FullNodeCommand::Serving(ServingCommand::HeaderHashes(ask(), None)),
        FullNodeCommand::Serving(ServingCommand::HeaderBlocks(
            ask(),
            Found::All(Vec::from_iter(header())),
        )),
        FullNodeCommand::Serving(ServingCommand::SyncBlocks(
            ask(),
            Found::All(Vec::from_iter(block())),
        )),
        FullNodeCommand::Serving(ServingCommand::Header(
            ask(),
            header().map(|header| Box::new((header, Blob(read.clone())))),
        )),
        FullNodeCommand::Serving(ServingCommand::Ancestors(ask(), None)),
        FullNodeCommand::Serving(ServingCommand::Body(
            ask(),
            Body::from_bytes(read).ok().map(Box::new),
        )),
        FullNodeCommand::Transactions(TransactionsCommand::Syncing(true)),
        FullNodeCommand::Transactions(TransactionsCommand::Known(ask(), false)),
        FullNodeCommand::Transactions(TransactionsCommand::Found(ask(), None)),
        FullNodeCommand::Transactions(TransactionsCommand::Offered(
            ask(),
            TransactionResult::Accepted,
        )),
        FullNodeCommand::Addresses(AddressesCommand::Known(vec![there])),
    ];
    if let Some(tip) = block() {
        let start = SyncStart { chain: chain(read), tip, from: ConnectionId(1) };
        commands.push(FullNodeCommand::Sync(SyncCommand::Start(Box::new(start))));
    }
    commands
}

/// A chain of one block, of whatever weight.
fn chain(read: &Bytes) -> Chain {
    let genesis = HeaderHash([0; 32]);
    let nothing = Bytes32([0; 32]);
    let weight = black_box(read.len() as u64);
    let of = Difficulty { difficulty: weight, ips: weight, min_block_time: 10, plot_size: 20 };
    let tip = Tip {
        header_hash: genesis,
        height: 0,
        weight,
        total_iters: iterations(nothing, of).unwrap_or(weight),
        challenge_hash: nothing,
        quality: nothing,
        child_difficulty: weight,
    };
    Chain { genesis, tips: vec![tip], lca: genesis, lca_height: 0, ips: weight }
}

/// A stream on which this comes, and which ends.
fn transport(read: &Bytes) -> [Transport; 3] {
    [Transport::Writable(9), Transport::Received(read.clone()), Transport::Closed]
}

fn connection(node_type: NodeType) -> ConnectionConfig {
    ConnectionConfig::new(node_type, NodeId([1; 32]))
}

fn ask() -> AskId {
    AskId::from_u64(0)
}
