//! Whoever tells tips that are not what they claim (P-35, P-41, P-45).

use std::rc::Rc;

use nodewire::codec::chia::{FullBlock, Message};
use nodewire::codec::streamable::RustCryptoSha256 as Sha;
use nodewire::state::chia::{ConnectionId, SyncCommand, SyncFailure, SyncOutcome, SyncStart};
use nodewire::{Machine, Outbox, Time};

use super::LIAR;
use crate::chains::{chain, empty, grow, tip};
use crate::world::World;

#[test]
fn a_tip_that_claims_more_than_it_weighs_fails_and_its_announcer_is_named() {
    let theirs = Rc::new(chain(60));
    let mut twin = tip(&theirs);
    twin.header_block.challenge.as_mut().unwrap().total_weight = u64::MAX;
    let mut world = World::new(empty(), 1);
    world.honest(1, &theirs);
    world.honest(2, &theirs);
    world.honest(LIAR, &theirs);
    world.start_with(1, tip(&theirs));
    world.tell(LIAR, twin.clone());
    assert_eq!(world.run(), SyncOutcome::Failed(SyncFailure::TooLight));
    assert_eq!(world.blamed(), [(LIAR, "chia/P-41")]);
    // The tip that was told before has its turn then, and what was weighed is not asked for again.
    assert!(world.sync.is_running());
    world.notices.clear();
    assert_eq!(world.run(), SyncOutcome::Synced(tip(&theirs).header_hash::<Sha>()));
    assert_eq!(world.blamed().len(), 1);
    assert!(!world.sync.is_running());
    let headers = world.sent.iter().filter_map(|(_, message)| match message {
        Message::RequestHeaderBlocks(it) => Some(it.heights.len()),
        _ => None,
    });
    assert_eq!(headers.sum::<usize>(), 61, "but for the last, which is to be weighed");
    // The twin is barred; the block that it was made from is not (A-1, P-45).
    assert!(world.sync.is_barred(world.now, &twin));
    assert!(!world.sync.is_barred(world.now, &tip(&theirs)));
}

#[test]
fn a_candidate_that_is_not_finished_names_who_told_it() {
    let theirs = Rc::new(chain(60));
    let damages: [fn(&mut FullBlock); 4] = [
        |it| it.header_block.challenge = None,
        |it| it.header_block.proof_of_time = None,
        |it| (it.header_block.challenge, it.header_block.proof_of_time) = (None, None),
        |it| it.body.coinbase.height += 1,
    ];
    for damage in damages {
        let mut world = World::new(empty(), 1);
        world.honest(1, &theirs);
        world.honest(LIAR, &theirs);
        world.start(1);
        let mut block = tip(&theirs);
        damage(&mut block);
        world.tell(LIAR, block.clone());
        assert_eq!(world.blamed(), [(LIAR, "chia/P-35")]);
        assert!(matches!(world.run(), SyncOutcome::Synced(_)));
        // While nothing goes on it is none of the sync's business.
        world.honest(4, &theirs);
        world.tell(4, block);
        assert_eq!(world.blamed().len(), 1);
    }
}

/// A header that everybody has, with a body of another height and all the weight there is: whoever
/// answers honestly for it would seem to lie.
#[test]
fn a_candidate_whose_body_is_not_its_headers_sets_nobody_against_the_honest() {
    let theirs = Rc::new(chain(60));
    let mut twin = tip(&theirs);
    let challenge = twin.header_block.challenge.as_mut().unwrap();
    (challenge.height, challenge.total_weight) = (65, u64::MAX);
    twin.body.coinbase.height = 65;
    let mut world = World::new(empty(), 1);
    world.honest(1, &theirs);
    world.honest(2, &theirs);
    world.honest(LIAR, &theirs);
    world.start(1);
    world.tell(LIAR, twin.clone());
    assert_eq!(world.run(), SyncOutcome::Synced(theirs.chain().tips[0].header_hash));
    assert_eq!(world.blamed(), [(LIAR, "chia/P-35")]);
    // Nor does a sync begin with it.
    let mut world = World::new(empty(), 1);
    world.honest(1, &theirs);
    let (chain, from) = (world.keeper.ledger.chain(), ConnectionId(1));
    let start = SyncCommand::Start(Box::new(SyncStart { chain, tip: twin, from }));
    let mut out = Outbox::new();
    world.sync.handle_local(world.now, start, &mut out).unwrap_err();
    assert!(out.is_empty() && !world.sync.is_running());
}

/// Somebody tells a tip that claims to be heavier than all and is nowhere: whoever tells one that
/// is has its turn soon, however many the others are and whatever they claim next.
#[test]
fn a_tip_that_nobody_shows_gives_way_to_the_next_one_told() {
    let theirs = Rc::new(chain(60));
    let synced = SyncOutcome::Synced(theirs.chain().tips[0].header_hash);
    for shows_hashes in [false, true] {
        let made_up = Rc::new({
            let mut other = empty();
            grow(&mut other, 7, 90);
            other
        });
        let mut world = World::new(empty(), 1);
        world.honest(1, &theirs);
        for liar in LIAR..LIAR + 3 {
            world.twisted(liar, &made_up, move |_, answer| {
                let is_hashes = |it: &Message| matches!(it, Message::AllHeaderHashes(_));
                answer.filter(|it| shows_hashes && is_hashes(it)).into_iter().collect()
            });
        }
        world.start(LIAR);
        let claim = |world: &mut World, liar, weight| {
            let mut claimed = tip(&made_up);
            claimed.header_block.challenge.as_mut().unwrap().total_weight = weight;
            world.tell(liar, claimed);
        };
        claim(&mut world, LIAR + 1, u64::MAX - 9);
        world.pass(Time::from_micros(6_000_000));
        // Nobody else is there yet that was told of: the others only claim more.
        world.tell(1, tip(&theirs));
        for more in 1..9 {
            claim(&mut world, LIAR, u64::MAX - 9 + more);
            claim(&mut world, LIAR + 1, u64::MAX - 9 + more);
            claim(&mut world, LIAR + 2, u64::MAX - 9 + more);
        }
        assert_eq!(world.run(), synced);
        assert_eq!(world.blamed(), []);
        // Five seconds, the turns of two before it, and ten seconds for the third to say nothing.
        assert!(world.now < Time::from_micros(76_000_000), "{}", world.now);
        assert_eq!(world.keeper.ledger.chain(), theirs.chain());
    }
}
