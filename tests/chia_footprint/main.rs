//! What machines of the Chia family say that they hold is never less than what is freed with them.
#![cfg(all(feature = "chia", feature = "sim", feature = "arbitrary"))]
#![cfg(all(feature = "leios", feature = "supervisor"))]

#[path = "../given/mod.rs"]
mod given;
#[path = "../heap/mod.rs"]
mod heap;

use std::time::Duration;

use arbitrary::Unstructured;
use nodewire::codec::Source;
use nodewire::codec::chia::messages::{ChallengeStart, RequestData};
use nodewire::codec::chia::{Blob, Bytes32, FullBlock, Message, NodeId, NodeType};
use nodewire::codec::streamable::Streamable;
use nodewire::sim::chia::{Consensus, Maker};
use nodewire::state::chia::{
    ConnectionId, Direction, Farmer, FarmerConfig, FromPeer, Parting, Peer, Timelord,
    TimelordCommand, TimelordConfig, Whereabouts,
};
use nodewire::{Action, Input, Machine, Outbox};

use given::chia::{self, ForChiaConnection, ForPool, ForPoolClient};
use given::{Given, start};

/// A message with bytes of its own.
fn own(message: &Message) -> Message {
    let mut bytes = Vec::new();
    message.encode(&mut bytes);
    Message::decode(&bytes, Source::COPY).expect("our own encoding")
}

/// Bytes that decide, the same in every run.
fn scripts(count: u64, length: usize) -> impl Iterator<Item = Vec<u8>> {
    (1..=count).map(move |seed| {
        let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let next = |_| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            (random >> 16) as u8
        };
        (0..length).map(next).collect()
    })
}

/// Runs machines along scripts and drops them after each number of steps.
fn keeps_its_word<G>(name: &str, make: impl Fn() -> G, own: impl Fn(&mut RemoteOf<G>))
where
    G: Given,
{
    let mut most = 0;
    for script in scripts(160, 4_000) {
        for steps in [10, 40, 100] {
            let (told, freed) = heap::held(|| run(make(), &script, steps, &own));
            assert!(freed <= told, "{name}: {freed} bytes live, {told} told");
            most = most.max(freed);
        }
    }
    println!("{name}: {most}");
    assert!(most > 0, "{name} holds nothing");
}

type RemoteOf<G> = <<G as Given>::Machine as Machine>::Remote;

/// What a machine tells after so many steps, and what is freed with it.
fn run<G: Given>(
    mut given: G,
    script: &[u8],
    steps: u64,
    own: impl Fn(&mut RemoteOf<G>),
) -> (usize, usize) {
    let script = &mut Unstructured::new(script);
    let (mut machine, mut now) = (given.machine(), start());
    for step in 0..steps {
        let mut out = Outbox::new();
        let Ok(mut input) = given.pick(script, step) else { break };
        if let Input::Remote(remote) = &mut input {
            own(remote);
        }
        now = now.after(Duration::from_millis(step % 3 * 700));
        let _ = machine.handle(now, input, &mut out);
        if machine.deadline().is_some_and(|due| due <= now) && !out.ends() {
            machine.handle_timeout(now, &mut out);
        }
        given.saw(&out);
        if out.ends() {
            break;
        }
    }
    drop(given);
    let told = machine.footprint() - size_of::<G::Machine>();
    let before = heap::live();
    drop(machine);
    (told, before - heap::live())
}

fn of_role(news: &mut FromPeer) {
    if let FromPeer::Received(_, message) = news {
        *message = own(message);
    }
}

#[test]
fn roles_hold_no_more_than_they_say() {
    keeps_its_word("harvester", chia::harvester, of_role);
    keeps_its_word("farmer", chia::farmer, of_role);
    keeps_its_word("timelord", chia::timelord, of_role);
    keeps_its_word("introducer", chia::introducer, of_role);
    keeps_its_word("wallet", chia::wallet, of_role);
}

#[test]
fn a_full_node_holds_no_more_than_it_says() {
    keeps_its_word("full node", chia::full_node, of_role);
}

#[test]
fn parts_of_a_full_node_hold_no_more_than_they_say() {
    keeps_its_word("sync", chia::sync, of_role);
    keeps_its_word("serving", chia::serving, of_role);
    keeps_its_word("transactions", chia::transactions, of_role);
    keeps_its_word("addresses", chia::addresses, of_role);
}

#[test]
fn connections_hold_no_more_than_they_say() {
    keeps_its_word("connection", || ForChiaConnection::new(0), |it| it.message = own(&it.message));
    keeps_its_word("pool client", ForPoolClient::default, |_| ());
    keeps_its_word("pool", ForPool::default, |_| ());
}

/// A set that has become empty holds nothing: of harvesters that went nothing is left.
#[test]
fn a_farmer_whose_harvesters_have_gone_holds_no_more_than_it_says() {
    let peer = |node_type| Peer { node_id: NodeId([9; 32]), node_type, server_port: 0 };
    let at = Whereabouts { direction: Direction::Inbound, listens: None };
    let (told, freed) = heap::held(|| {
        let config = FarmerConfig::new(Vec::new(), Blob::default());
        let mut farmer: Farmer = Farmer::new(config);
        let mut out = Outbox::new();
        let (from, start) = (ConnectionId(1), start());
        let come = FromPeer::Connected(from, peer(NodeType::Harvester), at);
        farmer.handle_remote(start, come, &mut out);
        farmer.handle_remote(start, FromPeer::Disconnected(from, Parting::AddressKept), &mut out);
        drop(out);
        let told = farmer.footprint() - size_of::<Farmer>();
        let before = heap::live();
        drop(farmer);
        (told, before - heap::live())
    });
    assert!(freed <= told, "{freed} bytes live, {told} told");
}

/// What a timelord tells, and what is freed with it, once it was given a thousand challenges, and a
/// VDF of each was begun or has failed.
fn timelord_of_many(fails: bool) -> (usize, usize) {
    heap::held(|| {
        let mut config = TimelordConfig::default();
        config.workers = 1_000;
        let mut timelord: Timelord = Timelord::new(config);
        let (from, start, mut out) = (ConnectionId(1), start(), Outbox::new());
        let node_type = NodeType::FullNode;
        let peer = Peer { node_id: NodeId([9; 32]), node_type, server_port: 0 };
        let at = Whereabouts { direction: Direction::Inbound, listens: None };
        timelord.handle_remote(start, FromPeer::Connected(from, peer, at), &mut out);
        for number in 0..1_000_u32 {
            let mut challenge_hash = Bytes32([0; 32]);
            challenge_hash.0[..4].copy_from_slice(&number.to_be_bytes());
            let told = ChallengeStart { challenge_hash, weight: 1 };
            timelord.handle_remote(start, FromPeer::Received(from, told.into()), &mut out);
        }
        for action in out.drain().filter(|_| fails) {
            let Action::Ask(vdf, _) = action else { panic!("{action:?}") };
            let _ =
                timelord.handle_local(start, TimelordCommand::VdfFailed(vdf), &mut Outbox::new());
        }
        drop(out);
        assert_eq!(timelord.active(), if fails { 0 } else { 1_000 });
        let told = timelord.footprint() - size_of::<Timelord>();
        let before = heap::live();
        drop(timelord);
        (told, before - heap::live())
    })
}

/// One whose VDFs are over holds less, and tells so.
#[test]
fn a_timelord_tells_of_its_vdfs() {
    let (without, with) = (timelord_of_many(true), timelord_of_many(false));
    assert!(without.1 <= without.0 && with.1 <= with.0, "{without:?} {with:?}");
    assert!(with.1 > without.1 && with.0 > without.0, "{without:?} {with:?}");
}

/// Blocks and their parts, with texts and optional members.
#[test]
fn values_hold_no_more_than_they_say() {
    let consensus = Consensus::default();
    let genesis = Maker::genesis(&consensus);
    let block = Maker::new(consensus, 1).child(&genesis).to_bytes();
    let before = heap::live();
    let block = heap::held(|| FullBlock::from_bytes(&block).unwrap());
    let live = heap::live() - before;
    assert!(live >= 934, "proof and witness are there: {live}");
    assert!(block.heap() >= live && block.header_block.heap() >= live);
    let farmer_id = Some("f".repeat(200));
    let told: Message = RequestData { min_height: None, farmer_id }.into();
    assert!(told.heap() >= 200);
}
