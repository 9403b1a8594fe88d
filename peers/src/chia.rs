//! The blocks of the Chia family as others would have them: chia-traits' derive over plain fields.
//!
//! Keys and signatures are bytes, as ours are. chia-traits reads arrays byte by byte; what is here
//! of fixed and of any length goes by slices, as the types of chia-protocol do.

use std::io::Cursor;

use chia_sha2::Sha256;
use chia_streamable_macro::Streamable;
use chia_traits::chia_error::{Error, Result};
use chia_traits::{Streamable, read_bytes};
use nodewire::codec::chia::FullBlock as Ours;

/// Bytes of a fixed number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fixed<const N: usize>(pub [u8; N]);

impl<const N: usize> Streamable for Fixed<N> {
    fn update_digest(&self, digest: &mut Sha256) {
        digest.update(self.0);
    }

    fn stream(&self, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(&self.0);
        Ok(())
    }

    fn parse<const TRUSTED: bool>(input: &mut Cursor<&[u8]>) -> Result<Self> {
        Ok(Self(read_bytes(input, N)?.try_into().expect("as many")))
    }
}

/// Bytes of any number, with their count before them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob(pub Vec<u8>);

impl Streamable for Blob {
    fn update_digest(&self, digest: &mut Sha256) {
        (self.0.len() as u32).update_digest(digest);
        digest.update(&self.0);
    }

    fn stream(&self, out: &mut Vec<u8>) -> Result<()> {
        u32::try_from(self.0.len()).map_err(|_| Error::InputTooLarge)?.stream(out)?;
        out.extend_from_slice(&self.0);
        Ok(())
    }

    fn parse<const TRUSTED: bool>(input: &mut Cursor<&[u8]>) -> Result<Self> {
        let len = u32::parse::<TRUSTED>(input)?;
        Ok(Self(read_bytes(input, len as usize)?.to_vec()))
    }
}

pub type Bytes32 = Fixed<32>;

#[derive(Streamable, Clone, Debug, PartialEq, Eq)]
pub struct ClassgroupElement {
    a: Fixed<129>,
    b: Fixed<129>,
}

#[derive(Streamable, Clone, Debug, PartialEq, Eq)]
pub struct ProofOfSpace {
    challenge_hash: Bytes32,
    pool_pubkey: Fixed<48>,
    plot_pubkey: Fixed<48>,
    size: u8,
    proof: Blob,
}

#[derive(Streamable, Clone, Debug, PartialEq, Eq)]
pub struct ProofOfTime {
    challenge_hash: Bytes32,
    number_of_iterations: u64,
    output: ClassgroupElement,
    witness_type: u8,
    witness: Blob,
}

#[derive(Streamable, Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    prev_challenge_hash: Bytes32,
    proof_of_space_hash: Bytes32,
    proof_of_time_output_hash: Bytes32,
    height: u32,
    total_weight: u64,
    total_iters: u64,
}

#[derive(Streamable, Clone, Debug, PartialEq, Eq)]
pub struct HeaderData {
    prev_header_hash: Bytes32,
    timestamp: u64,
    filter_hash: Bytes32,
    proof_of_space_hash: Bytes32,
    body_hash: Bytes32,
    extension_data: Bytes32,
}

#[derive(Streamable, Clone, Debug, PartialEq, Eq)]
pub struct Header {
    data: HeaderData,
    harvester_signature: Fixed<96>,
}

#[derive(Streamable, Clone, Debug, PartialEq, Eq)]
pub struct HeaderBlock {
    proof_of_space: ProofOfSpace,
    proof_of_time: Option<ProofOfTime>,
    challenge: Option<Challenge>,
    header: Header,
}

#[derive(Streamable, Clone, Debug, PartialEq, Eq)]
pub struct CoinbaseInfo {
    height: u32,
    amount: u64,
    puzzle_hash: Bytes32,
}

#[derive(Streamable, Clone, Debug, PartialEq, Eq)]
pub struct FeesTarget {
    puzzle_hash: Bytes32,
    amount: u64,
}

#[derive(Streamable, Clone, Debug, PartialEq, Eq)]
pub struct Body {
    coinbase: CoinbaseInfo,
    coinbase_signature: Fixed<96>,
    fees_target_info: FeesTarget,
    aggregated_signature: Option<Fixed<96>>,
    solutions_generator: Bytes32,
    cost: u64,
}

#[derive(Streamable, Clone, Debug, PartialEq, Eq)]
pub struct FullBlock {
    header_block: HeaderBlock,
    body: Body,
}

impl From<&Ours> for FullBlock {
    fn from(ours: &Ours) -> Self {
        let Ours { header_block, body } = ours;
        let space = &header_block.proof_of_space;
        let proof_of_space = ProofOfSpace {
            challenge_hash: Fixed(space.challenge_hash.0),
            pool_pubkey: Fixed(space.pool_pubkey.0),
            plot_pubkey: Fixed(space.plot_pubkey.0),
            size: space.size,
            proof: Blob(space.proof.0.to_vec()),
        };
        let proof_of_time = header_block.proof_of_time.as_ref().map(|time| ProofOfTime {
            challenge_hash: Fixed(time.challenge_hash.0),
            number_of_iterations: time.number_of_iterations,
            output: ClassgroupElement { a: Fixed(time.output.a.0), b: Fixed(time.output.b.0) },
            witness_type: time.witness_type,
            witness: Blob(time.witness.0.to_vec()),
        });
        let challenge = header_block.challenge.as_ref().map(|challenge| Challenge {
            prev_challenge_hash: Fixed(challenge.prev_challenge_hash.0),
            proof_of_space_hash: Fixed(challenge.proof_of_space_hash.0),
            proof_of_time_output_hash: Fixed(challenge.proof_of_time_output_hash.0),
            height: challenge.height,
            total_weight: challenge.total_weight,
            total_iters: challenge.total_iters,
        });
        let data = &header_block.header.data;
        let data = HeaderData {
            prev_header_hash: Fixed(data.prev_header_hash.0),
            timestamp: data.timestamp,
            filter_hash: Fixed(data.filter_hash.0),
            proof_of_space_hash: Fixed(data.proof_of_space_hash.0),
            body_hash: Fixed(data.body_hash.0),
            extension_data: Fixed(data.extension_data.0),
        };
        let harvester_signature = Fixed(header_block.header.harvester_signature.0);
        let body = Body {
            coinbase: CoinbaseInfo {
                height: body.coinbase.height,
                amount: body.coinbase.amount,
                puzzle_hash: Fixed(body.coinbase.puzzle_hash.0),
            },
            coinbase_signature: Fixed(body.coinbase_signature.0),
            fees_target_info: FeesTarget {
                puzzle_hash: Fixed(body.fees_target_info.puzzle_hash.0),
                amount: body.fees_target_info.amount,
            },
            aggregated_signature: body.aggregated_signature.map(|signature| Fixed(signature.0)),
            solutions_generator: Fixed(body.solutions_generator.0),
            cost: body.cost,
        };
        let header = Header { data, harvester_signature };
        let header_block = HeaderBlock { proof_of_space, proof_of_time, challenge, header };
        Self { header_block, body }
    }
}
