//! Nodes that tell anything at all: whatever the machine comes to, a snapshot tells it and a
//! journal leads to it.

use nodewire::codec::supervisor::{
    BlockRef, BlockReplacement, ChainId, DerivedRefPair, NodeEvent, RustCryptoKeccak256 as Keccak,
    Seal,
};
use nodewire::state::supervisor::{
    DurableLimits, Limits, NodeId, Snapshot, SupervisorCommand, SupervisorNotice, SupervisorRemote,
    restore,
};

use crate::chains::hash;
use crate::crashes::{cases, small};
use crate::disk::Dice;
use crate::host::{Host, Truth};

/// Any block of any chain, or of layer one; sometimes another of the same number.
fn block(truth: &Truth, dice: &mut Dice) -> BlockRef {
    let chains = truth.world.chains.len();
    let mut block = match truth.world.chains.values().nth(dice.up_to(chains)) {
        Some(chain) => chain.blocks[dice.up_to(chain.blocks.len() - 1)].0,
        None => truth.world.l1[dice.up_to(truth.world.l1.len() - 1)],
    };
    match dice.below(8) {
        0 => block.hash = hash("another"),
        1 => block.parent_hash = hash("another"),
        _ => {}
    }
    block
}

fn event(truth: &Truth, host: &mut Host<'_>, chain_id: ChainId) -> NodeEvent {
    let index = host.durable.supervisor().index();
    let slot = index.slot(chain_id).unwrap();
    let end = index.chain(slot).unwrap().local_safe().end().copied();
    let mut dice = host.dice.clone();
    let mut event = NodeEvent::default();
    let pair = |dice: &mut Dice| {
        let (source, derived) = (block(truth, dice), block(truth, dice));
        Some(DerivedRefPair { source, derived })
    };
    match dice.below(7) {
        0 => event.reset = Some("lost".into()),
        1 => event.unsafe_block = Some(block(truth, &mut dice)),
        2 => event.derivation_update = pair(&mut dice),
        3 => event.exhaust_l1 = pair(&mut dice),
        4 => event.derivation_origin_update = Some(block(truth, &mut dice)),
        _ => {
            let last = end.map(|end| end.derived).unwrap_or_default();
            event.replace_block = Some(replacement(truth, chain_id, last));
        }
    }
    host.dice = dice;
    event
}

/// What a node puts in the place of a block.
fn replacement(truth: &Truth, chain_id: ChainId, block: Seal) -> BlockReplacement {
    let Seal { hash: invalidated, number, timestamp } = block;
    let before = truth.world.chains[&chain_id].block(number.wrapping_sub(1));
    let parent_hash = before.map(|(block, _)| block.hash).unwrap_or_default();
    let hash = hash(&format!("instead of {invalidated}"));
    let replacement = BlockRef { hash, number, parent_hash, timestamp };
    BlockReplacement { replacement, invalidated }
}

/// The block of a chain that awaits its replacement.
fn marker(host: &Host<'_>, chain_id: ChainId) -> Option<Seal> {
    let index = host.durable.supervisor().index();
    let chain = index.chain(index.slot(chain_id).unwrap()).unwrap();
    chain.local_safe().end().filter(|end| end.invalidated).map(|end| end.derived)
}

/// What a snapshot of the machine leads to.
fn check_snapshot(truth: &Truth, host: &Host<'_>, limits: &Limits) {
    let machine = host.durable.supervisor();
    let bytes = Snapshot::new(machine.clone(), 1, 0).write(usize::MAX);
    let restored = restore::<Keccak>(truth.config(), limits.clone(), &bytes);
    let (restored, _) = restored.expect("a snapshot of what there is");
    assert!(restored == *machine, "{restored:?}\n{machine:?}");
    let open: Vec<_> = restored.questions().collect();
    assert!(open.iter().all(|(id, _)| nodewire::Machine::awaits(machine, *id)));
}

#[test]
fn any_state_is_told_by_a_snapshot_and_led_to_by_a_journal() {
    let (mut invalidated, mut replaced, mut rewound) = (0, 0, 0);
    for seed in 0..cases() {
        let truth = Truth::with_false_claims(seed, 2, 10, 2);
        let mut limits = Limits::default();
        limits.promotion_budget = 1 + usize::try_from(seed % 3).unwrap() * 100;
        let settings = if seed % 2 == 0 { small() } else { DurableLimits::default() };
        let mut host = Host::new(&truth, settings, limits.clone());
        host.dice = Dice::new(seed + 1_000);
        for at in 0..600 {
            let chain_id = ChainId::from(1 + host.dice.below(2));
            let node = NodeId(1 + u32::try_from(host.dice.below(2)).unwrap());
            let marker = marker(&host, chain_id).filter(|_| host.dice.below(8) == 0);
            if let Some(block) = marker {
                let replace_block = Some(replacement(&truth, chain_id, block));
                let event = Box::new(NodeEvent { replace_block, ..NodeEvent::default() });
                host.hear(SupervisorRemote::Node { chain_id, node, event });
            }
            match host.dice.below(80) {
                0 => host.hear(SupervisorRemote::NodeUp { chain_id, node }),
                1 => host.hear(SupervisorRemote::NodeDown { chain_id, node }),
                2..=6 => {
                    let event = Box::new(event(&truth, &mut host, chain_id));
                    host.hear(SupervisorRemote::Node { chain_id, node, event });
                }
                7 => {
                    let mut dice = host.dice.clone();
                    let head = block(&truth, &mut dice).id();
                    host.dice = dice;
                    host.command(SupervisorCommand::Rewind { chain_id, head });
                }
                8 => {
                    let mut dice = host.dice.clone();
                    let tip = block(&truth, &mut dice);
                    host.dice = dice;
                    host.hear(SupervisorRemote::L1Tip(tip));
                }
                _ => host.step(),
            }
            if at % 20 == 0 {
                check_snapshot(&truth, &host, &limits);
            }
            for notice in host.supervisor_notices() {
                match notice {
                    SupervisorNotice::Invalidated(..) => invalidated += 1,
                    SupervisorNotice::Replaced(..) => replaced += 1,
                    SupervisorNotice::Rewound(..) => rewound += 1,
                    _ => {}
                }
            }
            if at % 150 == 149 {
                host.crash();
            }
        }
    }
    let seen = [invalidated, replaced, rewound];
    assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
}
