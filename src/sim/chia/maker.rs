//! Makes blocks that a ledger takes.

use super::ledger::Consensus;
use super::stand_in;
use crate::codec::chia::{
    Body, Bytes32, Challenge, CoinbaseInfo, FeesTarget, FullBlock, Header, HeaderBlock, HeaderData,
    HeaderHash, ProofOfSpace, ProofOfTime, PublicKey,
};
use crate::codec::streamable::{RustCryptoSha256, Streamable};

/// Makes blocks: everything about them follows from the plot they are made with and from their
/// parents.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Maker {
    consensus: Consensus,
    pool: PublicKey,
    plot: PublicKey,
    plot_number: u64,
}

impl Maker {
    /// A maker with the plot of this number.
    #[must_use]
    pub fn new(consensus: Consensus, plot: u64) -> Self {
        Self {
            consensus,
            pool: stand_in::key(0),
            plot: stand_in::key(plot.wrapping_add(1)),
            plot_number: plot,
        }
    }

    /// The key of its pool: the same for every maker.
    #[must_use]
    pub const fn pool_pubkey(&self) -> PublicKey {
        self.pool
    }

    /// The key of its plot.
    #[must_use]
    pub const fn plot_pubkey(&self) -> PublicKey {
        self.plot
    }

    /// The first block of a chain: the same for every maker of these rules.
    #[must_use]
    pub fn genesis(consensus: &Consensus) -> FullBlock {
        let maker = Self::new(consensus.clone(), 0);
        let unfinished = maker.assemble(Bytes32([0; 32]), HeaderHash([0; 32]), 0);
        maker.finish(unfinished, None)
    }

    /// The block that follows on `parent`.
    #[must_use]
    pub fn child(&self, parent: &FullBlock) -> FullBlock {
        self.finish(self.unfinished(parent), Some(parent))
    }

    /// The same before its proof of time.
    #[must_use]
    pub fn unfinished(&self, parent: &FullBlock) -> FullBlock {
        let challenge = parent.header_block.challenge.as_ref();
        let challenge = challenge.map_or(Bytes32([0; 32]), Challenge::hash::<RustCryptoSha256>);
        let height = parent.height().saturating_add(1);
        self.assemble(challenge, parent.header_hash::<RustCryptoSha256>(), height)
    }

    /// A block with the proof of time that it needs.
    #[must_use]
    pub fn finish(&self, unfinished: FullBlock, parent: Option<&FullBlock>) -> FullBlock {
        let proof = &unfinished.header_block.proof_of_space;
        let iterations = self.consensus.iterations_of(proof).unwrap_or(u64::MAX);
        let time =
            stand_in::proof_of_time(proof.challenge_hash, iterations, self.consensus.witness);
        finished(unfinished, parent, time, self.consensus.difficulty)
    }

    fn assemble(&self, challenge: Bytes32, parent: HeaderHash, height: u32) -> FullBlock {
        let size = self.consensus.plot_size;
        let proof = stand_in::proof_of_space(challenge, self.pool, self.plot, size, 0);
        let mut to = [0; 32];
        to[..8].copy_from_slice(&self.plot_number.to_be_bytes());
        let coinbase =
            CoinbaseInfo { height, amount: 14_000_000_000_000, puzzle_hash: Bytes32(to) };
        let body = body(coinbase, self.pool, Bytes32(to));
        unfinished(proof, parent, body, u64::from(height).saturating_mul(300))
    }
}

/// A body without transactions.
fn body(coinbase: CoinbaseInfo, pool: PublicKey, fees_to: Bytes32) -> Body {
    Body {
        coinbase_signature: stand_in::sign(pool, &coinbase.to_bytes()),
        coinbase,
        fees_target_info: FeesTarget { puzzle_hash: fees_to, amount: 2_000_000_000_000 },
        aggregated_signature: None,
        solutions_generator: Bytes32([0; 32]),
        cost: 0,
    }
}

/// A block that waits for its proof of time, signed.
fn unfinished(
    proof_of_space: ProofOfSpace,
    prev_header_hash: HeaderHash,
    body: Body,
    timestamp: u64,
) -> FullBlock {
    let data = HeaderData {
        prev_header_hash,
        timestamp,
        filter_hash: Bytes32([0; 32]),
        proof_of_space_hash: Bytes32(proof_of_space.get_hash::<RustCryptoSha256>()),
        body_hash: Bytes32(body.get_hash::<RustCryptoSha256>()),
        extension_data: Bytes32([0; 32]),
    };
    let signed = data.hash::<RustCryptoSha256>();
    let harvester_signature = stand_in::sign(proof_of_space.plot_pubkey, &signed.0);
    let header = Header { data, harvester_signature };
    let header_block = HeaderBlock { proof_of_space, proof_of_time: None, challenge: None, header };
    FullBlock { header_block, body }
}

/// The block with its proof of time and what that makes of its parent's challenge (T-21).
fn finished(
    mut block: FullBlock,
    parent: Option<&FullBlock>,
    time: ProofOfTime,
    difficulty: u64,
) -> FullBlock {
    let parent = parent.and_then(|parent| parent.header_block.challenge.as_ref());
    let before = |of: fn(&Challenge) -> u64| parent.map_or(0, of);
    let proof_of_space_hash =
        Bytes32(block.header_block.proof_of_space.get_hash::<RustCryptoSha256>());
    block.header_block.challenge = Some(Challenge {
        prev_challenge_hash: time.challenge_hash,
        proof_of_space_hash,
        proof_of_time_output_hash: Bytes32(time.output.get_hash::<RustCryptoSha256>()),
        height: block.body.coinbase.height,
        total_weight: before(|it| it.total_weight).saturating_add(difficulty),
        total_iters: before(|it| it.total_iters).saturating_add(time.number_of_iterations),
    });
    block.header_block.proof_of_time = Some(time);
    block
}
