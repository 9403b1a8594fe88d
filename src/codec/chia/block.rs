//! Blocks and what they are made of (`chia.md` 5).

use super::object::{Held, object};
use super::{
    Blob, Bytes32, HeaderDataHash, HeaderHash, Int1024, PrependSignature, PublicKey, Signature,
};
use crate::codec::streamable::{Sha256, Streamable};

object! {
    /// An element of the class group that proofs of time run in: a form (a, b).
    ClassgroupElement {
        /// The first coefficient.
        a: Int1024,
        /// The second.
        b: Int1024,
    }
}

object! {
    /// A proof that a plot answers a challenge.
    ProofOfSpace {
        /// The challenge answered.
        challenge_hash: Bytes32,
        /// The key that the plot's rewards go to the pool by.
        pool_pubkey: PublicKey,
        /// The key that signs headers.
        plot_pubkey: PublicKey,
        /// k: the plot has about 2^k entries.
        size: u8,
        /// The proof itself: 8k bytes.
        proof: Blob,
    }
}

object! {
    /// A proof that time has passed: so many iterations, done one after the other.
    ProofOfTime {
        /// The challenge that the iterations begin with.
        challenge_hash: Bytes32,
        /// How many there are.
        #[cfg_attr(feature = "serde", serde(with = "crate::codec::text::number"))]
        number_of_iterations: u64,
        /// Where they lead.
        output: ClassgroupElement,
        /// Which kind of witness follows.
        witness_type: u8,
        /// What makes it quick to verify.
        witness: Blob,
    }
}

object! {
    /// What a finished block sets for the next one.
    Challenge {
        /// The hash of the challenge before it.
        prev_challenge_hash: Bytes32,
        /// SHA-256 of the proof of space.
        proof_of_space_hash: Bytes32,
        /// SHA-256 of the output of the proof of time.
        proof_of_time_output_hash: Bytes32,
        /// The height of the block.
        height: u32,
        /// The sum of difficulties up to the block.
        #[cfg_attr(feature = "serde", serde(with = "crate::codec::text::number"))]
        total_weight: u64,
        /// The sum of iterations up to the block.
        #[cfg_attr(feature = "serde", serde(with = "crate::codec::text::number"))]
        total_iters: u64,
    }
}

object! {
    /// What the harvester signs.
    HeaderData {
        /// The header hash of the parent.
        prev_header_hash: HeaderHash,
        /// Seconds since 1970.
        #[cfg_attr(feature = "serde", serde(with = "crate::codec::text::number"))]
        timestamp: u64,
        /// The hash of the filter of the block's transactions.
        filter_hash: Bytes32,
        /// SHA-256 of the proof of space.
        proof_of_space_hash: Bytes32,
        /// SHA-256 of the body.
        body_hash: Bytes32,
        /// Free.
        extension_data: Bytes32,
    }
}

object! {
    /// A block's header, signed.
    Header {
        /// What is signed.
        data: HeaderData,
        /// The signature of the data's hash, by the plot's key.
        harvester_signature: PrependSignature,
    }
}

object! {
    /// All of a block but its body. The header hash covers neither the proof of time nor the
    /// challenge: two of these can share one.
    HeaderBlock {
        /// Why its maker may make it.
        proof_of_space: ProofOfSpace,
        /// The time that has passed; absent while unfinished.
        proof_of_time: Option<ProofOfTime>,
        /// What it sets for the next block; absent while unfinished.
        challenge: Option<Challenge>,
        /// The header.
        header: Header,
    }
}

object! {
    /// What the block pays to the pool.
    CoinbaseInfo {
        /// The height of the block.
        height: u32,
        /// How much.
        #[cfg_attr(feature = "serde", serde(with = "crate::codec::text::number"))]
        amount: u64,
        /// To whom.
        puzzle_hash: Bytes32,
    }
}

object! {
    /// A coinbase that the pool allows.
    SignedCoinbase {
        /// What is allowed.
        coinbase: CoinbaseInfo,
        /// The pool's signature of its 44 bytes.
        coinbase_signature: PrependSignature,
    }
}

object! {
    /// What the block pays to the farmer.
    FeesTarget {
        /// To whom.
        puzzle_hash: Bytes32,
        /// How much.
        #[cfg_attr(feature = "serde", serde(with = "crate::codec::text::number"))]
        amount: u64,
    }
}

object! {
    /// What a block does.
    Body {
        /// What the pool gets.
        coinbase: CoinbaseInfo,
        /// The pool's signature of it: of its 44 bytes.
        coinbase_signature: PrependSignature,
        /// What the farmer gets.
        fees_target_info: FeesTarget,
        /// The signatures of all transactions in one, if there are any.
        aggregated_signature: Option<Signature>,
        /// The program of all transactions, by its hash.
        solutions_generator: Bytes32,
        /// What running it costs.
        #[cfg_attr(feature = "serde", serde(with = "crate::codec::text::number"))]
        cost: u64,
    }
}

object! {
    /// A block, finished or not.
    FullBlock {
        /// All but its body.
        header_block: HeaderBlock,
        /// What it does.
        body: Body,
    }
}

/// What is there of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "each of two things is there or not")]
pub enum Shape {
    /// Proof of time and challenge.
    Finished,
    /// Neither.
    Unfinished,
    /// One of them: decodes, and is invalid everywhere (P-2, P-20).
    Mixed,
}

impl HeaderData {
    /// What the farmer protocol calls the header hash.
    #[must_use]
    pub fn hash<H: Sha256>(&self) -> HeaderDataHash {
        HeaderDataHash(self.get_hash::<H>())
    }
}

impl Header {
    /// What full nodes call the header hash.
    #[must_use]
    pub fn hash<H: Sha256>(&self) -> HeaderHash {
        HeaderHash(self.get_hash::<H>())
    }
}

impl Challenge {
    /// The challenge hash that a child of the block must use.
    #[must_use]
    pub fn hash<H: Sha256>(&self) -> Bytes32 {
        Bytes32(self.get_hash::<H>())
    }
}

impl HeaderBlock {
    /// The hash of the header: not of all of this.
    #[must_use]
    pub fn header_hash<H: Sha256>(&self) -> HeaderHash {
        self.header.hash::<H>()
    }

    /// The header hash of the parent.
    #[must_use]
    pub const fn prev_header_hash(&self) -> HeaderHash {
        self.header.data.prev_header_hash
    }

    /// The height; `None` while unfinished.
    #[must_use]
    pub fn height(&self) -> Option<u32> {
        self.challenge.as_ref().map(|challenge| challenge.height)
    }

    /// Heap bytes held; shared frames count as [`Source::heap`](crate::codec::Source::heap) says.
    #[must_use]
    pub fn heap(&self) -> usize {
        self.held()
    }

    /// What is there of it.
    #[must_use]
    pub const fn shape(&self) -> Shape {
        match (&self.proof_of_time, &self.challenge) {
            (Some(_), Some(_)) => Shape::Finished,
            (None, None) => Shape::Unfinished,
            _ => Shape::Mixed,
        }
    }
}

impl FullBlock {
    /// The hash of the header: not of all of the block.
    #[must_use]
    pub fn header_hash<H: Sha256>(&self) -> HeaderHash {
        self.header_block.header_hash::<H>()
    }

    /// The hash of all of the block: what it is told from its twins by (P-5).
    #[must_use]
    pub fn whole_hash<H: Sha256>(&self) -> Bytes32 {
        Bytes32(self.get_hash::<H>())
    }

    /// True if the proof of space and the body are those that the header names: of a block that
    /// others have too, its height is then what they know.
    #[must_use]
    pub fn is_bound<H: Sha256>(&self) -> bool {
        let HeaderBlock { proof_of_space, header, .. } = &self.header_block;
        header.data.body_hash.0 == self.body.get_hash::<H>()
            && header.data.proof_of_space_hash.0 == proof_of_space.get_hash::<H>()
    }

    /// The header hash of the parent.
    #[must_use]
    pub const fn prev_header_hash(&self) -> HeaderHash {
        self.header_block.prev_header_hash()
    }

    /// The height: that of the coinbase, which is there in unfinished blocks too.
    #[must_use]
    pub const fn height(&self) -> u32 {
        self.body.coinbase.height
    }

    /// The weight: nothing while there is no challenge.
    #[must_use]
    pub fn weight(&self) -> u64 {
        self.header_block.challenge.as_ref().map_or(0, |challenge| challenge.total_weight)
    }

    /// What is there of it.
    #[must_use]
    pub const fn shape(&self) -> Shape {
        self.header_block.shape()
    }

    /// Heap bytes held; shared frames count as for [`Message::heap`](super::Message::heap).
    #[must_use]
    pub fn heap(&self) -> usize {
        self.held()
    }
}
