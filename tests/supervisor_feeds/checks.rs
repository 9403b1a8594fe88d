//! An access list is accepted only for what is so at that instant: every message is in its block,
//! and the block is as safe as asked for.

use nodewire::codec::supervisor::{
    Access, CheckAccessList, Code, ExecutingDescriptor, Hash, RustCryptoKeccak256 as Keccak,
    SafetyLevel,
};
use nodewire::sim::supervisor::{Cluster, Faults, Feed, Options, Order, Truth, message_of};
use nodewire::state::supervisor::{Index, Limits, Slot, Supervisor};
use nodewire::{Machine, Outbox};

const LEVELS: [SafetyLevel; 5] = [
    SafetyLevel::Unsafe,
    SafetyLevel::CrossUnsafe,
    SafetyLevel::LocalSafe,
    SafetyLevel::Safe,
    SafetyLevel::Finalized,
];

fn is_accepted(index: &Index, access: Access, level: SafetyLevel) -> bool {
    let mut inbox_entries = Vec::new();
    access.encode(&mut inbox_entries);
    let timestamp = access.timestamp + 2;
    let executing_descriptor = ExecutingDescriptor { timestamp, timeout: 0, chain_id: None };
    let check = CheckAccessList { inbox_entries, min_safety: level, executing_descriptor };
    index.check_access_list(&check).is_ok()
}

/// Whether the block that is logged has this message, by what is true of that block.
fn is_there(index: &Index, truth: &Truth, slot: Slot, access: Access) -> bool {
    let block = index.chain(slot).unwrap().logs().find(access.block_number).unwrap();
    let chain = truth.place(access.chain_id).unwrap();
    let log = &truth.logs(chain, block.hash).unwrap()[access.log_index as usize];
    let place = (block.number, block.timestamp);
    let message = message_of(access.chain_id, place, access.log_index, log);
    Access::of::<Keccak>(&message) == access
}

fn has_level(index: &Index, slot: Slot, number: u64, level: SafetyLevel) -> bool {
    let (heads, chain) = (index.heads(slot), index.chain(slot).unwrap());
    let logged = chain.logs().find(number).unwrap();
    let derived = chain.local_safe().derived(number).is_ok_and(|it| it.derived == logged);
    let safe = chain.cross_safe().derived(number).is_ok_and(|it| it.derived == logged);
    match level {
        SafetyLevel::Unsafe => true,
        SafetyLevel::CrossUnsafe => heads.cross_unsafe.is_some_and(|head| number <= head.number),
        SafetyLevel::LocalSafe => derived,
        SafetyLevel::Safe => safe && derived,
        SafetyLevel::Finalized => safe && is_final(index, slot, number),
        SafetyLevel::Invalid => false,
    }
}

/// Final, or derived before a finalized layer-one block that the chain has another one of: there is
/// no finalized head then, but what was before it is as final as ever.
fn is_final(index: &Index, slot: Slot, number: u64) -> bool {
    let source = index.chain(slot).unwrap().cross_safe().derived(number).unwrap().source;
    match index.finalized(slot) {
        Ok(head) => number <= head.number,
        Err(Code::ConflictingData) => {
            index.finalized_l1().is_some_and(|last| source.number < last.number)
        }
        Err(_) => false,
    }
}

/// What the blocks after a chain's cross-safe head and its newest one claim.
fn claims(index: &Index) -> Vec<(Slot, Access)> {
    let blocks = index.slots().flat_map(|slot| {
        let (heads, logs) = (index.heads(slot), index.chain(slot).unwrap().logs());
        let next = heads.cross_safe.map(|it| it.derived.number + 1);
        let newest = heads.local_unsafe.map(|head| head.number);
        [next, newest].into_iter().flatten().filter_map(|number| logs.open(number).ok())
    });
    let logs = blocks.flat_map(|block| block.executing.iter());
    let access = |log: &nodewire::state::supervisor::ExecutingLog| {
        let slot = log.chain?;
        let access = Access {
            chain_id: index.set()[slot.index()],
            block_number: log.block_number,
            timestamp: log.timestamp,
            log_index: log.log_index,
            checksum: log.checksum,
        };
        Some((slot, access))
    };
    logs.filter_map(access).collect()
}

#[test]
fn what_is_accepted_is_so_at_that_instant() {
    let (mut accepted, mut refused) = ([0_u64; 5], 0_u64);
    for seed in crate::orders::seeds(30_000, 3, 200) {
        let mut options = Options::default();
        if seed % 2 == 0 {
            options.faults = Faults::ALL;
        }
        let cluster = Cluster::generate(seed, 3, 30, options);
        let mut supervisor: Supervisor =
            Supervisor::new(cluster.config(), Limits::default()).unwrap();
        let mut feed = Feed::new(&cluster, Order::Mixed(seed));
        while let Some((now, input)) = feed.next(supervisor.deadline()) {
            let mut out = Outbox::new();
            supervisor.handle(now, input, &mut out).unwrap();
            out.drain().for_each(|action| feed.hear(action));
            let index = supervisor.index();
            for (slot, access) in claims(index) {
                let mut other = access;
                let Hash(bytes) = &mut other.checksum;
                bytes[31] ^= 1;
                assert!(!is_accepted(index, other, SafetyLevel::Unsafe), "seed {seed}: {other:?}");
                for (level, count) in LEVELS.into_iter().zip(&mut accepted) {
                    if !is_accepted(index, access, level) {
                        refused += 1;
                        continue;
                    }
                    *count += 1;
                    let about = format!("seed {seed}, {level}: {access:?}");
                    assert!(is_there(index, feed.truth(), slot, access), "{about}");
                    assert!(has_level(index, slot, access.block_number, level), "{about}");
                }
            }
        }
    }
    println!("{accepted:?} accepted, {refused} refused");
    assert!(accepted.iter().all(|count| *count > 100) && refused > 1_000, "{accepted:?}");
}
