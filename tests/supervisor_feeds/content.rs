//! What was found of blocks is what is true of them: what is safe executes only what is there, and
//! what was replaced had something in it that is not.

use std::collections::{BTreeMap, BTreeSet};

use nodewire::codec::supervisor::{LogKind, Message, RustCryptoKeccak256 as Keccak};
use nodewire::sim::supervisor::{Cluster, Order, Truth};

/// A log: chain, block, position.
type Place = (usize, u64, u32);

/// Where a message is, if it is, and may be executed at this time.
fn executed(truth: &Truth, window: u64, message: &Message, now: u64) -> Option<Place> {
    let id = &message.identifier;
    let chain = truth.place(id.chain_id)?;
    let block = truth.block(chain, id.block_number)?;
    let log = truth.logs(chain, block.hash)?.get(id.log_index as usize)?;
    let right = block.timestamp == id.timestamp
        && log.address == id.origin
        && log.payload_hash::<Keccak>() == message.payload_hash
        && id.timestamp <= now
        && now - id.timestamp <= window;
    right.then_some((chain, id.block_number, id.log_index))
}

/// What is wrong with a block's content, as it was planned, in a world of `truth`.
struct Judge<'a> {
    truth: &'a Truth,
    window: u64,
}

impl Judge<'_> {
    /// The logs of a block: of the one that was replaced if `planned`.
    fn logs(
        &self,
        chain: usize,
        number: u64,
        planned: bool,
    ) -> &[nodewire::codec::supervisor::Log] {
        let replaced = self.truth.replaced(chain, number).filter(|_| planned);
        let block = replaced.or_else(|| self.truth.block(chain, number)).unwrap();
        self.truth.logs(chain, block.hash).unwrap_or_default()
    }

    /// True if every executing log executes something that is there.
    fn is_satisfied(&self, chain: usize, number: u64, planned: bool) -> bool {
        let now = self.truth.block(chain, number).unwrap().timestamp;
        self.logs(chain, number, planned).iter().all(|log| match log.kind() {
            LogKind::Plain => true,
            LogKind::Malformed => false,
            LogKind::Executing(message) => {
                executed(self.truth, self.window, &message, now).is_some()
            }
        })
    }

    /// True if a log of the block depends on itself, through blocks of its time; by walking all
    /// paths. Blocks that were replaced are looked at as they were.
    fn is_on_a_cycle(&self, chain: usize, number: u64) -> bool {
        let now = self.truth.block(chain, number).unwrap().timestamp;
        let next = |(chain, number, position): Place| -> Vec<Place> {
            let logs = self.logs(chain, number, true);
            let mut next: Vec<Place> =
                position.checked_sub(1).map(|before| (chain, number, before)).into_iter().collect();
            if let Some(LogKind::Executing(message)) =
                logs.get(position as usize).map(|it| it.kind())
            {
                let id = message.identifier;
                let place = self.truth.place(id.chain_id);
                let there = place.is_some_and(|at| self.truth.block(at, id.block_number).is_some());
                if let Some(at) = place.filter(|_| id.timestamp == now && there) {
                    next.push((at, id.block_number, id.log_index));
                }
            }
            next
        };
        let count = self.logs(chain, number, true).len() as u32;
        (0..count).any(|position| {
            let start = (chain, number, position);
            let (mut seen, mut todo) = (BTreeSet::new(), next(start));
            while let Some(place) = todo.pop() {
                if place == start {
                    return true;
                }
                if seen.insert(place) {
                    todo.extend(next(place));
                }
            }
            false
        })
    }
}

#[test]
fn what_is_safe_is_right_and_what_was_replaced_was_not() {
    let mut found: BTreeMap<&str, u64> = BTreeMap::new();
    let mut count = |what| *found.entry(what).or_default() += 1;
    for seed in crate::orders::seeds(20_000, 12, 1_500) {
        let cluster: Cluster = crate::orders::cluster(seed);
        let run = crate::run::run(&cluster, Order::Mixed(seed));
        let truth = run.feed.truth();
        let judge = Judge { truth, window: cluster.options().expiry_window };
        for chain in 0..cluster.anchors().len() {
            for block in &truth.blocks(chain)[1..] {
                let number = block.number;
                let about = format!("seed {seed}, chain {chain}, block {number}");
                assert!(judge.is_satisfied(chain, number, false), "{about}");
                if truth.replaced(chain, number).is_none() {
                    assert!(!judge.is_on_a_cycle(chain, number), "{about} is on a cycle");
                    count("kept");
                } else if !judge.is_satisfied(chain, number, true) {
                    count("unsatisfied");
                } else {
                    assert!(judge.is_on_a_cycle(chain, number), "{about} was right");
                    count("cycles");
                }
            }
        }
    }
    println!("{found:?}");
    assert!(found["kept"] > 20 * found["unsatisfied"].min(10) && found["unsatisfied"] > 10);
}
