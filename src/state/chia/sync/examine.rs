//! What an answer with headers shows (P-40).

use super::hashes::Theirs;
use crate::codec::chia::{Bytes32, Challenge, HeaderBlock};
use crate::codec::streamable::{Sha256, Streamable};
use crate::state::chia::role::ConnectionId;

/// What an answer shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// It is what the hashes say.
    Fits,
    /// Its sender lies.
    SenderLies,
    /// The hashes are no chain.
    HashesLie,
    /// It is a chain up to this height, and not that of the hashes: one of both lies.
    Apart(u32),
}

/// Compares headers with the hashes. What the header hash covers cannot be made up to fit it:
/// whoever has a header of the list's hash shows what its parent is, and which challenge its proof
/// of space answers. Nobody who is honest has another challenge with the header below.
pub(super) fn examine<H: Sha256>(headers: &[HeaderBlock], theirs: &Theirs, tip: u32) -> Finding {
    let mut apart = None;
    let mut below: Option<&HeaderBlock> = None;
    for header in headers {
        let (Some(height), data) = (header.height(), &header.header.data) else {
            return Finding::SenderLies;
        };
        if data.proof_of_space_hash.0 != header.proof_of_space.get_hash::<H>() {
            return Finding::SenderLies;
        }
        if theirs.at(height) != Some(header.header_hash::<H>()) {
            apart = Some(height);
        } else if height.checked_sub(1).and_then(|below| theirs.at(below))
            != Some(data.prev_header_hash)
        {
            return Finding::HashesLie;
        } else if apart.is_some() {
            // It names the list's parent, and was sent with another.
            return Finding::SenderLies;
        }
        if below.is_some_and(|below| !answers(header, challenge::<H>(below))) {
            return Finding::SenderLies;
        }
        below = Some(header);
    }
    match apart {
        None => Finding::Fits,
        // The tip's hash is what is asked for: nobody made it up.
        Some(height) if height >= tip => Finding::SenderLies,
        Some(height) => Finding::Apart(height),
    }
}

/// The last batch that was handed on. That its highest challenge is the block's own shows in the
/// header above only, which another peer may deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Below {
    /// Who delivered it.
    pub from: ConnectionId,
    /// How many headers there are.
    pub headers: usize,
    challenge: Bytes32,
}

impl Below {
    pub fn of<H: Sha256>(from: ConnectionId, headers: &[HeaderBlock]) -> Option<Self> {
        let challenge = challenge::<H>(headers.last()?)?;
        Some(Self { from, headers: headers.len(), challenge })
    }

    /// Whether this header, which is right above, answers its challenge.
    pub fn is_below(&self, header: &HeaderBlock) -> bool {
        answers(header, Some(self.challenge))
    }
}

/// What a header block is known by once it was weighed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Digest {
    /// SHA-256 of all that whoever has the block has alike: not the witness, for one output has several
    /// that are valid, nor `proof_of_time_output_hash` of the tip, which no header above vouches for
    /// and nobody is refused for.
    common: Bytes32,
    /// The type of the witness, and SHA-256 of its bytes.
    witness: (u8, Bytes32),
}

impl Digest {
    pub fn of<H: Sha256>(header: &HeaderBlock, tip: u32) -> Self {
        let mut common = header.clone();
        let is_tip = header.height() == Some(tip);
        if let Some(challenge) = common.challenge.as_mut().filter(|_| is_tip) {
            challenge.proof_of_time_output_hash = Bytes32([0; 32]);
        }
        let mut witness = (0, Bytes32([0; 32]));
        if let Some(proof) = &mut common.proof_of_time {
            let bytes = core::mem::take(&mut proof.witness);
            witness = (core::mem::take(&mut proof.witness_type), Bytes32(H::sha256(&bytes.0)));
        }
        Self { common: Bytes32(common.get_hash::<H>()), witness }
    }

    /// Whether both are of one block; its witnesses may differ.
    pub fn is_alike(&self, other: &Self) -> bool {
        self.common == other.common
    }
}

fn challenge<H: Sha256>(of: &HeaderBlock) -> Option<Bytes32> {
    of.challenge.as_ref().map(Challenge::hash::<H>)
}

fn answers(header: &HeaderBlock, challenge: Option<Bytes32>) -> bool {
    challenge == Some(header.proof_of_space.challenge_hash)
}
