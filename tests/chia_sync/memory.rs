//! What a sync holds, and what it costs.

use std::rc::Rc;

use nodewire::codec::chia::messages::Block;
use nodewire::codec::chia::{FullBlock, Message, NodeId, NodeType};
use nodewire::state::chia::{
    ConnectionId, Direction, FromPeer, Parting, Peer, Sync, SyncLimits, SyncOutcome, SyncPhase,
    Whereabouts,
};
use nodewire::{Machine, Outbox, Time};

use crate::chains::{chain, empty, tip};
use crate::world::World;

/// A sync to a chain of so many blocks; the most bytes held in each phase, and the steps.
fn held(blocks: u32) -> [usize; 3] {
    let theirs = Rc::new(chain(blocks));
    let mut world = World::new(empty(), 1);
    for number in 1..=3 {
        world.honest(number, &theirs);
    }
    world.start(1);
    let mut held = [0; 3];
    while world.outcome().is_none() {
        world.step();
        let place = match world.sync.phase() {
            SyncPhase::Hashes => 0,
            SyncPhase::Headers => 1,
            SyncPhase::Blocks => 2,
            _ => continue,
        };
        held[place] = held[place].max(world.sync.footprint());
    }
    assert!(matches!(world.outcome(), Some(SyncOutcome::Synced(_))));
    let idle = world.sync.footprint();
    assert!(idle < 4_096, "{idle} once it is over");
    held
}

#[test]
fn of_a_header_that_was_handed_on_97_bytes_stay_and_a_window_of_the_rest() {
    let [_, headers, blocks] = held(1_000);
    let [_, twice_headers, twice_blocks] = held(2_000);
    // A hash of the list, and two of what was weighed.
    let each = |twice: usize, once: usize| twice.saturating_sub(once) / 1_000;
    let stays = 97..102;
    assert!(stays.contains(&each(twice_headers, headers)), "{headers} {twice_headers}");
    assert!(stays.contains(&each(twice_blocks, blocks)), "{blocks} {twice_blocks}");
    // Ten batches of headers, of two kilobytes with what their proofs pin.
    assert!(headers < 10 * 25 * 3_000 + 97 * 1_000 + 16_384, "{headers}");
}

#[test]
fn what_one_peer_sends_is_bounded() {
    let theirs = Rc::new(chain(60));
    let mut world = World::new(empty(), 1);
    world.honest(1, &theirs);
    world.start(1);
    let mut block = tip(&theirs);
    let before = world.sync.footprint();
    for weight in 0..2_000 {
        // Ever heavier candidates: one of each peer is kept.
        block.header_block.challenge.as_mut().unwrap().total_weight = 1_000 + weight;
        world.tell(1, block.clone());
    }
    assert_eq!(world.sync.footprint(), before);
}

fn connect(sync: &mut Sync, peer: u64) {
    let node_type = NodeType::FullNode;
    let it = Peer { node_id: NodeId([1; 32]), node_type, server_port: 1 };
    let at = Whereabouts { direction: Direction::Inbound, listens: None };
    let mut out = Outbox::new();
    sync.handle_remote(Time::ZERO, FromPeer::Connected(ConnectionId(peer), it, at), &mut out);
}

#[test]
fn candidates_of_however_many_peers_are_bounded_and_the_heaviest_stays() {
    let theirs = Rc::new(chain(60));
    let mut world = World::new(empty(), 1);
    world.honest(1, &theirs);
    world.start(1);
    let mut block = tip(&theirs);
    let mut least = usize::MAX;
    for peer in 100..2_000_u64 {
        connect(&mut world.sync, peer);
        block.header_block.challenge.as_mut().unwrap().total_weight = peer;
        let message: Message = Block { block: FullBlock::clone(&block) }.into();
        world.hear(peer, message);
        let gone = FromPeer::Disconnected(ConnectionId(peer), Parting::AddressKept);
        world.remote(gone);
        if peer == 200 {
            least = world.sync.footprint();
        }
    }
    assert!(world.sync.footprint() <= least);
    // The light ones found no room; the heaviest is the one that is picked.
    world.pass(Time::from_micros(5_000_000));
    assert!(matches!(&world.sent[..], [(1, Message::RequestAllHeaderHashes(_))]));
}

#[test]
fn syncs_that_fail_leave_little_behind() {
    let theirs = Rc::new(chain(60));
    let mut limits = SyncLimits::default();
    limits.max_barred = 4;
    let mut world = World::limited(empty(), 1, limits);
    world.twisted(1, &theirs, |_, _| Vec::new());
    let mut block = tip(&theirs);
    let mut sizes = Vec::new();
    for weight in 0..12 {
        block.header_block.challenge.as_mut().unwrap().total_weight = 1_000 + weight;
        world.notices.clear();
        world.start_with(1, block.clone());
        assert!(matches!(world.run(), SyncOutcome::Failed(_)));
        sizes.push(world.sync.footprint());
    }
    assert_eq!(sizes[5], sizes[11]);
}
