//! Nodes that tell of unsafe blocks that nobody has.

use std::collections::VecDeque;
use std::time::Duration;

use nodewire::codec::supervisor::{BlockRef, ChainId, Code, NodeEvent};
use nodewire::state::supervisor::{
    Dropped, Limits, NodeId, SupervisorNotice, SupervisorQuery, SupervisorRemote,
};
use nodewire::{AskId, Machine};

use crate::chains::{hash, plain};
use crate::world::{NODE, World};

const LIAR: NodeId = NodeId(7);

fn lie(number: u64) -> BlockRef {
    let hash_of = |number: u64| hash(&format!("lie {number}"));
    BlockRef {
        hash: hash_of(number),
        number,
        parent_hash: hash_of(number - 1),
        timestamp: 1_000 + 2 * number,
    }
}

fn tell(world: &mut World, node: NodeId, block: BlockRef) {
    let event = Box::new(NodeEvent { unsafe_block: Some(block), ..NodeEvent::default() });
    world.hear(SupervisorRemote::Node { chain_id: ChainId::from(1), node, event });
}

fn is_drop(notice: &SupervisorNotice) -> bool {
    let chain_id = Some(ChainId::from(1));
    let (what, code) = (Dropped::UnsafeBlock, Code::ResourceUnavailable);
    *notice == SupervisorNotice::Dropped { what, chain_id, code }
}

fn dropped(world: &World) -> usize {
    world.notices.iter().filter(|notice| is_drop(notice)).count()
}

/// Until nothing is waited for: the seconds between.
fn waits(world: &mut World) -> Vec<u64> {
    let mut waits = Vec::new();
    while world.supervisor.deadline().is_some() {
        let before = world.now.as_micros();
        world.wait();
        waits.push((world.now.as_micros() - before) / 1_000_000);
    }
    waits
}

#[test]
fn what_nobody_has_is_asked_for_ever_more_seldom_and_given_up() {
    let mut world = World::new(&[1]);
    tell(&mut world, LIAR, lie(50_000));
    assert!(!world.supervisor.is_synced());
    assert_eq!(waits(&mut world), [1, 2, 4, 8]);
    assert!(world.supervisor.is_synced());
    let limits = Limits::default();
    assert_eq!(world.asked, limits.max_attempts as usize * limits.max_fetches);
    assert_eq!(dropped(&world), 1);
}

#[test]
fn who_told_what_nobody_has_is_not_believed_for_a_while_and_others_are() {
    let mut world = World::new(&[1]);
    tell(&mut world, LIAR, lie(50_000));
    waits(&mut world);
    for doubts in 2..=8 {
        world.now = world.now.after(Duration::from_micros((1_000_000 << (doubts - 2)) - 1));
        tell(&mut world, LIAR, lie(50_000));
        assert!(world.supervisor.is_synced());
        // Another node tells what is so, and is heard at once.
        world.chain(1).grow("a", vec![plain("hello")]);
        world.chain(1).grow("a", vec![plain("hello")]);
        world.tell_unsafe(1);
        assert_eq!(world.heads(1).local_unsafe, Some(world.chain(1).head()));
        world.now = world.now.after(Duration::from_micros(1));
        tell(&mut world, LIAR, lie(50_000));
        if doubts > 6 {
            break;
        }
        assert!(!world.supervisor.is_synced(), "{doubts}");
        assert_eq!(waits(&mut world), [1, 2, 4, 8]);
        assert!(world.supervisor.is_synced());
    }
    // What it tells truly is heard like anybody's.
    world.chain(1).grow("a", vec![]);
    world.now = world.now.after(Duration::from_secs(60));
    let head = world.chain(1).head();
    tell(&mut world, LIAR, head);
    assert_eq!(world.heads(1).local_unsafe, Some(head));
}

/// A chain of a block a second, half of whose heads come without their parents, beside a node that
/// lies without end.
#[test]
fn a_node_that_lies_without_end_stalls_nobody() {
    let mut world = World::new(&[1, 2]);
    let mut behind = 0;
    for second in 0..600 {
        for tick in 0..10 {
            world.now = world.now.after(Duration::from_millis(100));
            if world.supervisor.deadline().is_some_and(|due| due <= world.now) {
                world.wait();
            }
            tell(&mut world, LIAR, lie(20_000 + 10 * second + tick));
        }
        world.chain(1).grow("a", vec![plain("hello")]);
        world.chain(2).grow("a", vec![plain("hello")]);
        if second % 2 == 1 {
            world.tell_unsafe(1);
            world.tell_unsafe(2);
            let (told, known) = (world.chain(1).head().number, world.numbers(1)[0].unwrap());
            behind = behind.max(told - known);
            assert_eq!(world.heads(2).local_unsafe, Some(world.chain(2).head()));
        }
    }
    assert!(behind <= 2, "{behind}");
    // Not more than a round a second, most of the time none.
    let rounds = world.asked / Limits::default().max_fetches;
    assert!(rounds < 300, "{rounds}");
}

/// A chain of a block a second, where whoever is asked answers after 50 ms, and a node that lies
/// every 10 ms.
struct Late {
    world: World,
    flying: VecDeque<(u64, AskId, SupervisorQuery)>,
    tick: u64,
}

impl Late {
    fn new() -> Self {
        let mut world = World::new(&[1]);
        world.silent = true;
        Self { world, flying: VecDeque::new(), tick: 0 }
    }

    fn step(&mut self, branch: &str, lie: impl Fn(&World, u64) -> BlockRef) {
        let Self { world, flying, tick } = self;
        world.now = world.now.after(Duration::from_millis(10));
        if world.supervisor.deadline().is_some_and(|due| due <= world.now) {
            world.wait();
        }
        let lie = lie(world, *tick);
        tell(world, LIAR, lie);
        if *tick % 100 == 0 {
            world.chain(1).grow(branch, vec![plain("hello")]);
            world.tell_unsafe(1);
        }
        flying.extend(world.kept.drain(..).map(|(id, query)| (*tick + 5, id, query)));
        while flying.front().is_some_and(|(at, ..)| at <= tick) {
            let Some((_, id, query)) = flying.pop_front() else { break };
            let answer = world.answer(id, query);
            world.command(answer);
        }
        self.tick += 1;
    }
}

/// How far the chain is behind at most.
fn behind(lie: impl Fn(&World, u64) -> BlockRef) -> u64 {
    let mut late = Late::new();
    let mut behind = 0;
    for _ in 0..6_000 {
        late.step("a", &lie);
        let known = late.world.numbers(1)[0].unwrap();
        behind = behind.max(late.world.chain(1).head().number - known);
    }
    behind
}

#[test]
fn a_node_that_lies_below_a_fork_does_not_hide_it() {
    let mut late = Late::new();
    let lie = |_: &World, tick: u64| BlockRef { hash: hash(&format!("lie {tick}")), ..lie(101) };
    for branch in ["a", "b", "c", "d", "e"] {
        let cut = late.world.chain(1).head().number.saturating_sub(4).max(102);
        late.world.chain(1).cut(cut);
        for _ in 0..1_000 {
            late.step(branch, lie);
        }
        let (head, known) = (late.world.chain(1).head(), late.world.heads(1).local_unsafe.unwrap());
        assert!(head.number - known.number <= 2, "{branch}: {known:?} before {head:?}");
        assert_eq!(late.world.chain(1).block(known.number).unwrap().0, known);
    }
}

#[test]
fn a_node_that_lies_faster_than_anybody_answers_stalls_nobody() {
    let of_ours = |world: &World, tick: u64, after: u64| {
        let head = world.heads(1).local_unsafe.unwrap();
        let hash = hash(&format!("lie {tick}"));
        let parent_hash = if after == 1 { head.hash } else { hash };
        let number = head.number + after;
        BlockRef { hash, number, parent_hash, timestamp: head.timestamp + 2 * after }
    };
    // Another block of our newest number, one after it, one that nothing leads to.
    assert!(behind(|world, tick| of_ours(world, tick, 0)) <= 2);
    assert!(behind(|world, tick| of_ours(world, tick, 1)) <= 3);
    assert!(behind(|world, tick| of_ours(world, tick, 2)) <= 3);
    // Here it is told so much that nobody has that it waits for a while.
    assert!(behind(|world, tick| of_ours(world, tick, tick % 4)) <= 10);
}

#[test]
fn what_was_derived_is_asked_for_until_it_is_there() {
    let mut world = World::new(&[1]);
    let held = world.chain(1).clone();
    world.chain(1).grow("a", vec![]);
    world.tell_derived(1, 10, 101);
    let whole = std::mem::replace(world.chain(1), held);
    world.now = world.now.after(Duration::from_secs(1));
    tell(&mut world, LIAR, lie(50_000));
    // The block itself was had at once here; let it be lost again to whoever is asked.
    assert_eq!(world.numbers(1)[0], Some(101));
    let next = {
        *world.chain(1) = whole.clone();
        world.chain(1).grow("a", vec![])
    };
    let grown = std::mem::replace(world.chain(1), whole);
    let derivation_update =
        Some(nodewire::codec::supervisor::DerivedRefPair { source: world.l1[10], derived: next });
    world.node(1, NodeEvent { derivation_update, ..NodeEvent::default() });
    for _ in 0..12 {
        world.wait();
        assert!(!world.supervisor.is_synced());
    }
    *world.chain(1) = grown;
    world.wait();
    assert_eq!(world.numbers(1)[..4], [Some(102); 4]);
    assert!(world.supervisor.is_synced());
}

/// Whether another branch is there is asked again: nothing else would tell.
#[test]
fn a_search_that_nobody_answered_is_made_again() {
    let mut world = World::new(&[1]);
    for _ in 0..4 {
        world.chain(1).grow("a", vec![]);
    }
    world.tell_unsafe(1);
    world.chain(1).cut(102);
    let head = world.chain(1).grow("b", vec![]);
    for silent_at in 0..3 {
        let mut world = World {
            supervisor: world.supervisor.clone(),
            chains: world.chains.clone(),
            ..World::new(&[1])
        };
        world.silent = true;
        world.tell_unsafe(1);
        for _ in 0..silent_at {
            let Some((id, query)) = world.kept.pop() else { break };
            let answer = world.answer(id, query);
            world.command(answer);
        }
        assert!(world.kept.iter().all(|(_, query)| matches!(query, SupervisorQuery::Block(_))));
        // The questions that are open now are never answered.
        world.kept.clear();
        world.silent = false;
        for _ in 0..4 {
            if world.supervisor.deadline().is_some() {
                world.wait();
            }
        }
        assert_eq!(world.heads(1).local_unsafe, Some(head), "after {silent_at} answers");
        assert!(world.supervisor.nodes().contains(&(ChainId::from(1), NODE)));
    }
}

/// Whoever is asked for blocks is six seconds behind whoever tells of them: no reason to believe
/// the one less and less.
#[test]
fn who_tells_of_blocks_before_others_have_them_is_heard_all_the_same() {
    let mut world = World::new(&[1]);
    for _ in 0..300 {
        world.chain(1).grow("a", vec![plain("hello")]);
    }
    let known = world.chain(1).blocks.clone();
    let mut behind = 0;
    for (at, (block, _)) in known.iter().enumerate().skip(1) {
        world.chain(1).blocks = known[..=at.saturating_sub(3)].to_vec();
        tell(&mut world, NODE, *block);
        let next = world.now.after(Duration::from_secs(2));
        while world.supervisor.deadline().is_some_and(|due| due < next) {
            world.wait();
        }
        world.now = next;
        let head = world.heads(1).local_unsafe.unwrap();
        behind = behind.max(block.number - head.number);
    }
    assert!(behind <= 8, "{behind} blocks behind");
}
