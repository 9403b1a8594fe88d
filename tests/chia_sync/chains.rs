//! Chains to sync from, and who answers a sync's questions about its own.

use nodewire::AskId;
use nodewire::codec::chia::{Challenge, FullBlock, HeaderBlock};
use nodewire::codec::streamable::{RustCryptoSha256 as Sha, Streamable};
use nodewire::sim::chia::{Consensus, Ledger, Maker};
use nodewire::state::chia::{
    AtHeights, Found, HeaderBatch, ServingCommand, ServingQuery, SyncCommand, SyncQuery, Weighed,
};

/// Small blocks: the fewer bytes of witness, the quicker.
pub fn consensus() -> Consensus {
    let mut consensus = Consensus::default();
    consensus.witness = 40;
    consensus
}

/// A ledger of its genesis.
pub fn empty() -> Ledger {
    let consensus = consensus();
    let genesis = Maker::genesis(&consensus);
    Ledger::new(consensus, genesis)
}

/// So many more blocks of this plot on the heaviest tip.
pub fn grow(ledger: &mut Ledger, plot: u64, blocks: u32) {
    let maker = Maker::new(ledger.consensus().clone(), plot);
    for _ in 0..blocks {
        ledger.add(maker.child(&tip(ledger)));
    }
}

/// A ledger of so many blocks above the genesis.
pub fn chain(blocks: u32) -> Ledger {
    let mut ledger = empty();
    grow(&mut ledger, 1, blocks);
    ledger
}

/// The heaviest block.
pub fn tip(ledger: &Ledger) -> FullBlock {
    let hash = ledger.chain().tips[0].header_hash;
    FullBlock::clone(ledger.block(hash).unwrap())
}

/// The keeper of the chain of the node that syncs.
pub struct Keeper {
    pub ledger: Ledger,
    /// Verify what is weighed; otherwise all is good.
    pub verifies: bool,
    /// The next headers make a chain that is bad.
    pub finds_bad: bool,
    /// Take any hash of a proof of time's output, as nobody checks it.
    pub is_lax: bool,
    /// The challenges of all headers that were weighed, first that of the fork.
    good: Vec<Challenge>,
    /// Heights of all headers that were weighed, and of all blocks that were added.
    pub weighed: Vec<u32>,
    pub added: Vec<u32>,
}

impl Keeper {
    pub fn new(ledger: Ledger) -> Self {
        let (good, weighed, added) = (Vec::new(), Vec::new(), Vec::new());
        Self { ledger, verifies: true, finds_bad: false, is_lax: false, good, weighed, added }
    }

    pub fn answer(&mut self, id: AskId, query: SyncQuery) -> SyncCommand {
        match query {
            SyncQuery::HashAt { height } => {
                SyncCommand::HashAt(id, self.ledger.header_hash_at(height))
            }
            SyncQuery::WeighHeaders(batch) => SyncCommand::Weighed(id, self.weigh(&batch)),
            SyncQuery::VerifyWeight(tip) => {
                let last = self.good.last();
                let good = last.is_some_and(|last| last.total_weight == tip.weight);
                SyncCommand::Weight(id, good)
            }
            SyncQuery::AddBlock(block) => {
                self.added.push(block.height());
                SyncCommand::Added(id, self.ledger.add(*block))
            }
        }
    }

    fn weigh(&mut self, batch: &HeaderBatch) -> Weighed {
        if std::mem::take(&mut self.finds_bad) {
            return Weighed::Bad;
        }
        if batch.first == batch.fork + 1 {
            let fork = self.ledger.header_hash_at(batch.fork).unwrap();
            let fork = self.ledger.block(fork).unwrap().header_block.challenge.clone();
            self.good = fork.into_iter().collect();
            self.weighed.clear();
        }
        self.good.retain(|challenge| challenge.height < batch.first);
        self.weighed.retain(|height| *height < batch.first);
        assert_eq!(self.good.last().map(|last| last.height + 1), Some(batch.first));
        let before = self.good.len();
        for header in &batch.headers {
            if self.verifies && !self.is_good(header) {
                self.good.truncate(before);
                return Weighed::Damaged;
            }
            self.good.extend(header.challenge.clone());
        }
        self.weighed.extend(batch.headers.iter().filter_map(HeaderBlock::height));
        Weighed::Good
    }

    /// Whether a header follows on the last one, with a proof of time of its own.
    fn is_good(&self, header: &HeaderBlock) -> bool {
        let consensus = self.ledger.consensus();
        let (Some(last), Some(time), Some(challenge)) =
            (self.good.last(), &header.proof_of_time, &header.challenge)
        else {
            return false;
        };
        let iterations = consensus.iterations_of(&header.proof_of_space);
        let output_hash = nodewire::codec::chia::Bytes32(time.output.get_hash::<Sha>());
        let expected = Challenge {
            prev_challenge_hash: last.hash::<Sha>(),
            proof_of_space_hash: header.header.data.proof_of_space_hash,
            proof_of_time_output_hash: if self.is_lax {
                challenge.proof_of_time_output_hash
            } else {
                output_hash
            },
            height: last.height + 1,
            total_weight: last.total_weight + consensus.difficulty,
            total_iters: last.total_iters + time.number_of_iterations,
        };
        time.challenge_hash == expected.prev_challenge_hash
            && header.proof_of_space.challenge_hash == expected.prev_challenge_hash
            && Some(time.number_of_iterations) == iterations
            && consensus.is_proof_of_time(time)
            && *challenge == expected
    }
}

/// Answers what is asked of a chain.
pub fn look_up(ledger: &Ledger, id: AskId, query: ServingQuery) -> ServingCommand {
    let block = |hash| ledger.block(hash).map(|block| FullBlock::clone(block));
    match query {
        ServingQuery::Block(hash) => ServingCommand::Block(id, block(hash).map(Box::new)),
        ServingQuery::HeaderHashes(tip) => ServingCommand::HeaderHashes(id, ledger.hashes_to(tip)),
        ServingQuery::HeaderBlocks(at) => {
            ServingCommand::HeaderBlocks(id, at_heights(ledger, &at, |it| it.header_block))
        }
        ServingQuery::SyncBlocks(at) => {
            ServingCommand::SyncBlocks(id, at_heights(ledger, &at, |it| it))
        }
        ServingQuery::Header(hash) => {
            let found = block(hash).map(|block| (block.header_block, Default::default()));
            ServingCommand::Header(id, found.map(Box::new))
        }
        ServingQuery::Ancestors(AtHeights { tip, heights }) => {
            let found = ledger.block(tip).map(|_| {
                let pairs = heights.into_iter();
                pairs.filter_map(|at| Some((at, ledger.ancestor(tip, at)?))).collect()
            });
            ServingCommand::Ancestors(id, found)
        }
        ServingQuery::Body(hash) => {
            ServingCommand::Body(id, ledger.body(hash).cloned().map(Box::new))
        }
    }
}

fn at_heights<T>(ledger: &Ledger, at: &AtHeights, part: fn(FullBlock) -> T) -> Found<T> {
    let Some(tip) = ledger.block(at.tip) else { return Found::Unknown };
    if at.heights.iter().any(|height| *height > tip.height()) {
        return Found::AboveTip;
    }
    let found = at.heights.iter().map(|height| {
        let hash = ledger.ancestor(at.tip, *height)?;
        ledger.block(hash).map(|block| part(FullBlock::clone(block)))
    });
    found.collect::<Option<_>>().map_or(Found::Unknown, Found::All)
}
