//! Tiny clusters, block by block.

use nodewire::codec::supervisor::{BlockRef, Hash, Log, Message};
use nodewire::sim::supervisor::{
    Body, Cluster, Options, Replan, Step, executing, message_of, plain,
};

/// A cluster, and after how many moves in turn it gets interesting.
pub struct Tiny {
    pub name: String,
    pub cluster: Cluster,
    pub first: usize,
    /// Nodes tell at once what they have to tell.
    pub prompt: bool,
    /// History goes on whatever is still to be heard.
    pub free: bool,
    /// So many blocks are built before anything is told of them.
    pub built: usize,
}

/// The chains at their anchors, one node each.
fn anchored(chains: usize) -> Cluster {
    let mut options = Options::default();
    options.nodes = 1;
    options.calls = 0;
    Cluster::anchored(7, chains, options)
}

/// Anchors and nodes are told in turn.
const fn begun(chains: usize) -> usize {
    2 * chains
}

fn tiny(name: &str, chains: usize, steps: Vec<Step>) -> Tiny {
    let cluster = anchored(chains).then(steps);
    Tiny {
        name: name.into(),
        cluster,
        first: begun(chains),
        built: chains,
        prompt: true,
        free: false,
    }
}

fn body(logs: Vec<Log>) -> Body {
    Body { branch: 0, deposits: 0, logs: logs.into() }
}

fn build(chain: usize, logs: Vec<Log>) -> Step {
    Step::Build { chain, body: body(logs) }
}

/// The plain log of each chain's blocks.
fn said(chain: usize) -> Log {
    plain(&format!("said on {chain}"))
}

/// The message that [`said`] is as log `index` of the first block of a chain.
fn message(chain: usize, index: u32) -> Message {
    let cluster = anchored(chain + 1);
    let anchor = cluster.anchors()[chain].derived;
    let id = cluster.chain_ids().nth(chain).expect("a chain");
    message_of(id, (anchor.number + 1, anchor.timestamp + 2), index, &said(chain))
}

/// Layer-one blocks after the anchors', of a branch.
fn l1(number: u64, branch: u8) -> BlockRef {
    let first = anchored(1).anchors()[0].source;
    let hash = |at: u64, branch| {
        if at == 0 { first.hash } else { Hash([branch ^ at as u8; 32]) }
    };
    // Both branches part at the first block.
    BlockRef {
        hash: hash(number, branch),
        number: first.number + number,
        parent_hash: number.checked_sub(1).map_or(first.parent_hash, |at| hash(at, branch)),
        timestamp: first.timestamp + 12 * number,
    }
}

fn grow(number: u64, branch: u8, derived: &[u64]) -> Step {
    Step::L1 { block: l1(number, branch), derived: derived.to_vec(), told: true }
}

fn finalize(number: u64) -> Step {
    Step::Finalize { number: l1(number, 0).number }
}

/// A block of each of two chains, derived from one layer-one block, another layer-one block, and
/// finality.
fn history(a: Vec<Log>, b: Vec<Log>) -> Vec<Step> {
    let derived = [101, 201];
    vec![build(0, a), build(1, b), grow(1, 0x10, &derived), grow(2, 0x10, &derived), finalize(1)]
}

/// Each executes what the other said at the same time, after saying something itself.
fn mutual() -> (Vec<Log>, Vec<Log>) {
    (vec![said(0), executing(&message(1, 0))], vec![said(1), executing(&message(0, 0))])
}

/// Each executes what the other said at the same time after executing: a cycle.
fn cycle() -> (Vec<Log>, Vec<Log>) {
    (vec![executing(&message(1, 1)), said(0)], vec![executing(&message(0, 1)), said(1)])
}

/// One executes what the other never said.
fn lie() -> (Vec<Log>, Vec<Log>) {
    (vec![executing(&message(1, 1)), said(0)], vec![said(1)])
}

/// The first chain builds another block in the place of its own.
fn unsafe_reorganisation(logs: Vec<Log>) -> Step {
    let body = Body { branch: 1, ..body(logs) };
    Step::Reorganise(Replan { chain: 0, keep: 100, bodies: vec![body] })
}

/// Layer one grows to another second block than it had.
fn l1_reorganisation() -> [Step; 4] {
    let (keep, derived) = (l1(0, 0).number, [101, 201]);
    let lost = Step::ReorganiseL1 { keep, chains: Vec::new() };
    [lost, grow(1, 0x20, &derived), grow(2, 0x20, &derived), grow(3, 0x20, &derived)]
}

/// What a debug build explores.
pub fn all() -> Vec<Tiny> {
    let mut all = Vec::new();
    for (name, (a, b)) in [("mutual", mutual()), ("cycle", cycle()), ("lie", lie())] {
        all.push(tiny(name, 2, history(a, b)));
    }
    let (a, b) = mutual();
    let mut steps = history(a.clone(), b);
    steps.insert(2, unsafe_reorganisation(a));
    all.push(tiny("mutual, unsafe blocks reorganised", 2, steps));
    all
}

/// The same with a reorganisation at each step.
pub fn reorganised() -> Vec<Tiny> {
    let mut all = Vec::new();
    for (name, (a, b)) in [("mutual", mutual()), ("cycle", cycle()), ("lie", lie())] {
        let steps = history(a.clone(), b);
        for at in 1..=2 {
            let mut steps = steps.clone();
            steps.insert(at, unsafe_reorganisation(a.clone()));
            let name = format!("{name}, unsafe blocks reorganised after step {at}");
            all.push(Tiny { built: at, ..tiny(&name, 2, steps) });
        }
        // Where blocks are replaced too, there are more states than can be seen.
        let most = if name == "mutual" { 4 } else { 2 };
        for at in 3..=most {
            let mut steps = steps[..at].to_vec();
            steps.extend(l1_reorganisation());
            steps.push(finalize(1));
            all.push(tiny(&format!("{name}, layer one reorganised after step {at}"), 2, steps));
        }
    }
    all
}

/// A cycle whose blocks were found to be on it and replaced, all of it derived from a layer-one block
/// that is gone then: another takes its place, the cycle is derived anew, found and replaced anew,
/// in every order.
///
/// Less happens than in [`reorganised`]: layer one grows by one block after the anchors' (by as many
/// as `blocks` on the other branch), and it is reorganised when all else has come to rest.
fn lost(name: &str, (a, b): (Vec<Log>, Vec<Log>), blocks: u64) -> Tiny {
    let derived = [101, 201];
    let lost = Step::ReorganiseL1 { keep: l1(0, 0).number, chains: Vec::new() };
    let mut steps = vec![build(0, a), build(1, b), grow(1, 0x10, &derived), lost];
    steps.extend((1..=blocks).map(|number| grow(number, 0x20, &derived)));
    steps.push(Step::Finalize { number: l1(1, 0).number });
    tiny(&format!("{name}, layer one reorganised after it was replaced"), 2, steps)
}

/// The first chain's block is on a cycle with itself: it executes what it says after.
pub fn lost_small() -> Tiny {
    let own = vec![executing(&message(0, 1)), said(0)];
    lost("cycle of one chain", (own, vec![said(1)]), 1)
}

/// Both chains' blocks are on a cycle.
pub fn lost_cycle() -> Tiny {
    lost("cycle", cycle(), 1)
}

/// The same, with another layer-one block after that.
pub fn lost_cycle_deep() -> Tiny {
    lost("cycle and a block more", cycle(), 2)
}

/// Three chains in a ring of messages of the same time.
pub fn deep() -> Tiny {
    let logs = |chain: usize| vec![said(chain), executing(&message((chain + 1) % 3, 0))];
    let derived = [101, 201, 301];
    let mut steps: Vec<_> = (0..3).map(|chain| build(chain, logs(chain))).collect();
    steps.extend([grow(1, 0x10, &derived)]);
    tiny("three chains", 3, steps)
}
