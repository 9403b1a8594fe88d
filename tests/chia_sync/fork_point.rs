//! Where two chains part, as the original found it.

use nodewire::codec::chia::messages::AllHeaderHashes;
use nodewire::codec::chia::{HeaderHash, Message, NodeId, NodeType};
use nodewire::state::chia::{
    ConnectionId, Delivery, Direction, FromPeer, Peer, Sync, SyncCommand, SyncFailure, SyncLimits,
    SyncNotice, SyncOutcome, SyncQuery, SyncStart, Whereabouts,
};
use nodewire::{Action, ActionOf, Machine, Outbox, Time};
use serde_json::Value;

use crate::chains::{chain, empty, tip};
use crate::shared_vectors::shared;

fn number(value: &Value) -> u32 {
    u32::try_from(value.as_u64().unwrap()).unwrap()
}

/// A hash of ours, or theirs, at a height.
fn hash(height: u32, theirs: bool) -> HeaderHash {
    let mut hash = [u8::from(theirs); 32];
    hash[28..].copy_from_slice(&height.to_be_bytes());
    HeaderHash(hash)
}

/// What came of a search.
#[derive(Debug, PartialEq)]
enum Found {
    /// The height of the fork, one below the first header that is asked for.
    Fork(u32),
    /// The hashes break this rule.
    Broken(&'static str),
    /// The sync is over.
    Ended(SyncOutcome),
}

/// The same, and the heights that we were asked about.
fn searched(lca_height: u32, alternate: u32, common: u32) -> (Found, Vec<u32>) {
    // A real block, so that there is a tip of that height.
    let block = tip(&chain(alternate - 1));
    let tip_hash = block.header_hash::<nodewire::codec::streamable::RustCryptoSha256>();
    let mut ours = empty().chain();
    (ours.genesis, ours.lca_height) = (hash(0, false), lca_height);
    ours.tips[0].height = lca_height;
    ours.tips[0].weight = 1;
    let mut sync: Sync = Sync::new(SyncLimits::default(), 1);
    let mut out = Outbox::new();
    let peer = Peer { node_id: NodeId([1; 32]), node_type: NodeType::FullNode, server_port: 8_444 };
    let at = Whereabouts { direction: Direction::Inbound, listens: None };
    sync.handle_remote(Time::ZERO, FromPeer::Connected(ConnectionId(1), peer, at), &mut out);
    let start = SyncStart { chain: ours, tip: block, from: ConnectionId(1) };
    sync.handle_local(Time::ZERO, SyncCommand::Start(Box::new(start)), &mut out).unwrap();
    let now = sync.deadline().unwrap();
    sync.handle_timeout(now, &mut out);
    let mut header_hashes: Vec<_> = (0..alternate).map(|at| hash(at, at >= common)).collect();
    *header_hashes.last_mut().unwrap() = tip_hash;
    let answer = Message::from(AllHeaderHashes { header_hashes });
    sync.handle_remote(now, FromPeer::Received(ConnectionId(1), answer), &mut out);
    let mut asked = Vec::new();
    while let Some(action) = out.pop() {
        let action: ActionOf<Sync> = action;
        match action {
            Action::Ask(id, SyncQuery::HashAt { height }) => {
                assert!(height <= lca_height);
                asked.push(height);
                let answer = SyncCommand::HashAt(id, Some(hash(height, false)));
                sync.handle_local(now, answer, &mut out).unwrap();
            }
            Action::Send(Delivery::To(_, Message::RequestHeaderBlocks(it))) => {
                return (Found::Fork(it.heights[0] - 1), asked);
            }
            Action::Send(Delivery::Penalise(_, rule)) => return (Found::Broken(rule.id()), asked),
            Action::Notify(SyncNotice::Ended(outcome)) => return (Found::Ended(outcome), asked),
            _ => {}
        }
    }
    panic!("nothing came of it");
}

#[test]
fn the_fork_is_where_the_original_found_it() {
    let test = "the_fork_is_where_the_original_found_it";
    let Some(vectors) = shared(test, "chia", "fork_point.json") else { return };
    let vectors = vectors.as_array().unwrap();
    for vector in vectors {
        let lca = number(&vector["lca_height"]);
        let length = number(&vector["alternate_len"]);
        let common = number(&vector["common_prefix_len"]);
        if length == 0 {
            // A chain without blocks has no tip that could be told.
            continue;
        }
        let expected = match vector["original_fork_height"].as_str() {
            None => Found::Fork(number(&vector["original_fork_height"])),
            Some("error: ValueError Alternate chain is shorter") => {
                Found::Ended(SyncOutcome::Failed(SyncFailure::Shorter))
            }
            // Found before the search begins: the first hash is not that of our genesis.
            Some(_) => Found::Broken("chia/P-37"),
        };
        let (found, asked) = searched(lca, length, common);
        assert_eq!(found, expected, "{}", vector["name"]);
        // Half of what is left at a time (P-38).
        assert!(asked.len() <= lca.checked_ilog2().map_or(0, |log| log as usize + 2), "{asked:?}");
    }
    assert_eq!(vectors.len(), 46);
}

#[test]
fn a_chain_that_is_not_longer_than_what_our_tips_share_is_not_synced_to() {
    let mut world = crate::world::World::new(empty(), 1);
    let theirs = std::rc::Rc::new(chain(9));
    world.honest(1, &theirs);
    let mut ours = empty().chain();
    (ours.lca_height, ours.tips[0].height, ours.tips[0].weight) = (9, 9, 1);
    let start = SyncStart { chain: ours, tip: tip(&theirs), from: ConnectionId(1) };
    world.local(SyncCommand::Start(Box::new(start)));
    let failed = SyncOutcome::Failed(SyncFailure::Shorter);
    assert_eq!(world.run(), failed);
    assert_eq!(world.blamed(), []);
}
