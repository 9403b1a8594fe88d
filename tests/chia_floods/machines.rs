//! Machines by themselves: transactions, timelord, wallet, both ends of a pool's session. What they
//! hold is bounded, and never more than they say themselves.

use std::time::Duration;

use crate::flood::items;
use crate::heap::{held, live};
use nodewire::codec::chia::messages::{
    ChallengeStart, NewLca, NewTransaction, Partial, PartialAck, ProofOfSpaceInfo, RequestData,
    RequestTransaction, RespondData, SendTransaction, TransactionId,
};
use nodewire::codec::chia::{
    self, Blob, Bytes32, Challenge, CoinbaseInfo, HeaderHash, Message, NodeId, NodeType,
    PrependSignature, ProofOfSpace, PublicKey, SignedCoinbase, Transaction,
};
use nodewire::codec::streamable::RustCryptoSha256;
use nodewire::state::chia::{
    ConnectionId, Direction, FromPeer, Peer, Pool, PoolClient, PoolClientCommand, PoolClientConfig,
    PoolClientQuery, PoolConfig, Timelord, TimelordCommand, TimelordConfig, TimelordQuery,
    TransactionResult, Transactions, TransactionsCommand, TransactionsLimits, TransactionsQuery,
    Wallet, WalletCommand, WalletLimits, Whereabouts,
};
use nodewire::{Action, AskId, Machine, Outbox, Time};

/// So many messages of each kind.
fn many() -> u64 {
    items().max(20_000)
}

/// How often is looked.
const EVERY: u64 = 64;

fn bytes32(number: u64) -> Bytes32 {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    Bytes32(bytes)
}

fn connected(connection: u64, node_type: NodeType) -> FromPeer {
    let peer = Peer { node_id: NodeId([1; 32]), node_type, server_port: 0 };
    let at = Whereabouts { direction: Direction::Inbound, listens: None };
    FromPeer::Connected(ConnectionId(connection), peer, at)
}

fn from(connection: u64, message: impl Into<Message>) -> FromPeer {
    FromPeer::Received(ConnectionId(connection), message.into())
}

/// A machine that is flooded: the most that it held, with the questions answered as told.
fn flood<M: Machine<Local: std::fmt::Debug>>(
    machine: &mut M,
    count: u64,
    message: impl Fn(u64) -> M::Remote,
    answer: impl Fn(AskId, M::Query) -> Option<M::Local>,
) -> usize {
    let (mut most, mut now) = (0, Time::ZERO);
    for number in 0..count {
        let mut out = Outbox::new();
        held(|| machine.handle_remote(now, message(number), &mut out));
        while let Some(action) = out.pop() {
            match action {
                Action::Ask(id, query) => {
                    if let Some(command) = held(|| answer(id, query)) {
                        held(|| machine.handle_local(now, command, &mut out).unwrap());
                    }
                }
                Action::Close(_) => return most,
                Action::Send(_) | Action::Notify(_) => {}
            }
        }
        drop(out);
        if number % EVERY == 0 {
            now = now.after(Duration::from_secs(1));
            let mut out = Outbox::new();
            held(|| machine.handle_timeout(now, &mut out));
            drop(out);
            most = most.max(live());
            assert!(machine.footprint() >= live(), "{} says {}", live(), machine.footprint());
        }
    }
    most
}

fn of_mempool(id: AskId, query: TransactionsQuery) -> Option<TransactionsCommand> {
    Some(match query {
        TransactionsQuery::IsKnown(_) => TransactionsCommand::Known(id, false),
        TransactionsQuery::Get(_) => TransactionsCommand::Found(id, None),
        _ => TransactionsCommand::Offered(id, TransactionResult::Accepted),
    })
}

#[test]
fn transactions() {
    let transaction = |number: u64| Transaction(Blob(number.to_be_bytes().to_vec().into()));
    let transaction_id = |number| chia::TransactionId(bytes32(number).0);
    let kinds: [&dyn Fn(u64) -> Message; 4] = [
        &|number| TransactionId { transaction_id: transaction_id(number) }.into(),
        &|number| RequestTransaction { transaction_id: transaction_id(number) }.into(),
        &|number| NewTransaction { transaction: transaction(number) }.into(),
        &|number| SendTransaction { transaction: transaction(number) }.into(),
    ];
    for (kind, message) in kinds.into_iter().enumerate() {
        for answers in [true, false] {
            let mut machine = held(|| <Transactions>::new(TransactionsLimits::default()));
            let mut out = Outbox::new();
            for peer in [1, 2] {
                held(|| {
                    machine.handle_remote(Time::ZERO, connected(peer, NodeType::FullNode), &mut out)
                });
            }
            let answer = |id, query| of_mempool(id, query).filter(|_| answers);
            let most = flood(&mut machine, many(), |number| from(1, message(number)), answer);
            assert!(most < 2 << 20, "{kind}: {most} bytes");
            let idle = size_of_val(&machine) + (4 << 10);
            let mut out = Outbox::new();
            let gone = FromPeer::Disconnected(
                ConnectionId(1),
                nodewire::state::chia::Parting::AddressDropped,
            );
            held(|| machine.handle_remote(Time::ZERO, gone, &mut out));
            drop(out);
            assert!(live() < idle + (96 << 10), "{kind}: {} bytes are left", live());
            held(|| drop(machine));
            assert_eq!(live(), 0);
        }
    }
}

#[test]
fn timelord() {
    let kinds: [&dyn Fn(u64) -> Message; 4] = [
        &|number| ChallengeStart { challenge_hash: bytes32(number), weight: number }.into(),
        &|number| ChallengeStart { challenge_hash: bytes32(number), weight: 7 }.into(),
        &|number| {
            let iterations_needed = number + 1;
            ProofOfSpaceInfo { challenge_hash: bytes32(number), iterations_needed }.into()
        },
        &|number| {
            let iterations_needed = number + 1;
            ProofOfSpaceInfo { challenge_hash: bytes32(number % 300), iterations_needed }.into()
        },
    ];
    let answer = |id, query| match query {
        TimelordQuery::StartVdf { .. } => Some(TimelordCommand::VdfStarted(id)),
        TimelordQuery::StopVdf { .. } => Some(TimelordCommand::VdfStopped(id)),
        _ => None,
    };
    for (kind, message) in kinds.into_iter().enumerate() {
        let mut machine = held(|| Timelord::new(TimelordConfig::default()));
        let mut out = Outbox::new();
        held(|| machine.handle_remote(Time::ZERO, connected(1, NodeType::FullNode), &mut out));
        drop(out);
        let most = flood(&mut machine, many(), |number| from(1, message(number)), answer);
        assert!(most < 2 << 20, "{kind}: {most} bytes");
        assert!(machine.challenges() <= 1_024);
        held(|| drop(machine));
        assert_eq!(live(), 0);
    }
}

#[test]
fn wallet() {
    let mut machine = held(|| <Wallet>::new(WalletLimits::default()));
    let mut out = Outbox::new();
    held(|| machine.handle_remote(Time::ZERO, connected(1, NodeType::FullNode), &mut out));
    for number in 0..64 {
        let heights = (0..100).collect();
        let command = WalletCommand::Ancestors(HeaderHash(bytes32(number).0), heights);
        held(|| machine.handle_local(Time::ZERO, command, &mut out).unwrap());
    }
    drop(out);
    let news = |number| NewLca { lca_hash: HeaderHash(bytes32(number).0), height: 7 };
    let most = flood(&mut machine, many(), |number| from(1, news(number)), |_, _| None);
    assert!(most < 64 << 10, "{most} bytes");
}

fn signature() -> PrependSignature {
    PrependSignature([0x40; 96])
}

#[test]
fn a_farmer_of_a_pool() {
    let config = || PoolClientConfig::new(vec![PublicKey([5; 48])], Blob::default());
    let data = |number: u64| {
        let heights = (0..64).map(|height| 64 * u32::try_from(number).unwrap() + height);
        let coinbase_info = heights.map(|height| SignedCoinbase {
            coinbase: CoinbaseInfo { height, amount: 14, puzzle_hash: bytes32(0) },
            coinbase_signature: signature(),
        });
        Message::from(RespondData {
            posting_url: "x".repeat(2_048),
            pool_pubkey: PublicKey([5; 48]),
            partials_threshold: 1,
            coinbase_info: coinbase_info.collect(),
        })
    };
    let mut machine = held(|| <PoolClient>::new(config()));
    let mut out = Outbox::new();
    held(|| machine.handle_local(Time::ZERO, PoolClientCommand::Open, &mut out).unwrap());
    drop(out);
    let mut most = 0;
    for number in 0..256 {
        let good =
            |id, PoolClientQuery::VerifyCoinbases(..)| Some(PoolClientCommand::Verdict(id, true));
        most = most.max(flood(&mut machine, 1, |_| data(number), good));
        // Its stock never lasts, so that the next is asked for.
        let mut out = Outbox::new();
        let wanted = PoolClientCommand::Coinbase(u32::MAX - u32::try_from(number).unwrap());
        held(|| machine.handle_local(Time::ZERO, wanted, &mut out).unwrap());
        drop(out);
    }
    assert_eq!(machine.stock(), 4_096);
    assert!(most < 2 << 20, "{most} bytes");
    // What nobody asked for is not kept at all.
    flood(&mut machine, many(), |_| PartialAck {}.into(), |_, _| None);
    held(|| drop(machine));
    assert_eq!(live(), 0);
}

#[test]
fn a_pool() {
    let partial = |number: u64| {
        let challenge = Challenge {
            prev_challenge_hash: bytes32(number),
            proof_of_space_hash: bytes32(1),
            proof_of_time_output_hash: bytes32(2),
            height: 3,
            total_weight: 4,
            total_iters: 5,
        };
        let proof_of_space = ProofOfSpace {
            challenge_hash: challenge.hash::<RustCryptoSha256>(),
            pool_pubkey: PublicKey([5; 48]),
            plot_pubkey: PublicKey([6; 48]),
            size: 32,
            proof: Blob(vec![1; 1_024].into()),
        };
        let farmer_target = "00".repeat(128);
        Message::from(Partial { challenge, proof_of_space, farmer_target, signature: signature() })
    };
    let request = |_| RequestData { min_height: None, farmer_id: Some("x".repeat(256)) }.into();
    let kinds: [&dyn Fn(u64) -> Message; 2] = [&partial, &request];
    for (kind, message) in kinds.into_iter().enumerate() {
        let mut machine = held(|| <Pool>::new(PoolConfig::new(PublicKey([5; 48]))));
        let most = flood(&mut machine, many(), message, |_, _| None);
        assert!(most < 256 << 10, "{kind}: {most} bytes");
        held(|| drop(machine));
        assert_eq!(live(), 0);
    }
}
