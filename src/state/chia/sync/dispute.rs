//! Who lies: the peer whose headers do not fit the hashes, or the one that sent the hashes.
//!
//! The hashes end with that of the tip, which is what is asked for. Below it the peer has headers
//! of other hashes. Somewhere between, a header of the list's hash has a parent: either that of
//! the list or not. The peer is asked for headers in between, ever closer, until it has shown
//! which; an honest one always can, and a liar never.

use super::hashes::Theirs;
use crate::codec::chia::HeaderBlock;
use crate::codec::streamable::Sha256;
use crate::state::chia::role::ConnectionId;
use crate::time::Time;

/// A peer has another header at `low` than the hashes say, and is to have theirs at `high`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Dispute {
    pub with: ConnectionId,
    pub low: u32,
    pub high: u32,
    /// When it was asked last.
    pub since: Time,
}

/// What the peer's headers show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    SenderLies,
    HashesLie,
    /// It lies closer together.
    Between(Dispute),
}

impl Dispute {
    /// The heights of headers that the peer is to show, at most so many: all from above `low` up
    /// to `high`, or as many as there may be, evenly apart.
    pub fn heights(&self, most: u32) -> impl Iterator<Item = u32> {
        let most = most.max(1);
        let gap = self.high.saturating_sub(self.low);
        let step = gap.div_ceil(most.saturating_add(1)).max(1);
        let (first, last) = (self.low.saturating_add(step), self.high);
        (first..=last).step_by(step as usize).take(most as usize)
    }

    /// What the headers of these heights show.
    pub fn judge<H: Sha256>(self, headers: &[HeaderBlock], theirs: &Theirs, now: Time) -> Verdict {
        let mut low = self.low;
        for header in headers {
            let Some(height) = header.height() else { return Verdict::SenderLies };
            if theirs.at(height) != Some(header.header_hash::<H>()) {
                low = height;
                continue;
            }
            if height.saturating_sub(low) > 1 {
                return Verdict::Between(Self { low, high: height, since: now, ..self });
            }
            // Of the list's hash, and right above one that is not: its parent tells.
            return if theirs.at(low) == Some(header.prev_header_hash()) {
                Verdict::SenderLies
            } else {
                Verdict::HashesLie
            };
        }
        if low >= self.high {
            // It has not what it showed before, or not the tip.
            return Verdict::SenderLies;
        }
        Verdict::Between(Self { low, since: now, ..self })
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::codec::chia::{
        Blob, Bytes32, Challenge, Header, HeaderData, HeaderHash, PrependSignature, ProofOfSpace,
        PublicKey,
    };
    use crate::codec::streamable::RustCryptoSha256;

    fn header(height: u32, prev_header_hash: HeaderHash) -> HeaderBlock {
        let zero = Bytes32([0; 32]);
        let data = HeaderData {
            prev_header_hash,
            timestamp: 0,
            filter_hash: zero,
            proof_of_space_hash: zero,
            body_hash: zero,
            extension_data: zero,
        };
        let key = PublicKey([0; 48]);
        let challenge = Challenge {
            prev_challenge_hash: zero,
            proof_of_space_hash: zero,
            proof_of_time_output_hash: zero,
            height,
            total_weight: 0,
            total_iters: 0,
        };
        HeaderBlock {
            proof_of_space: ProofOfSpace {
                challenge_hash: zero,
                pool_pubkey: key,
                plot_pubkey: key,
                size: 20,
                proof: Blob::default(),
            },
            proof_of_time: None,
            challenge: Some(challenge),
            header: Header { data, harvester_signature: PrependSignature([0x40; 96]) },
        }
    }

    /// A peer that has another header 1 shows header `shown` of the list, whose parent is `parent`.
    fn judged(shown: u32, parent: HeaderHash) -> Verdict {
        let with = ConnectionId(1);
        let of_list = header(shown, parent);
        let mut hashes: Vec<_> = (0..4).map(|byte| HeaderHash([byte; 32])).collect();
        hashes[shown as usize] = of_list.header_hash::<RustCryptoSha256>();
        let theirs = Theirs::of(hashes, with);
        let dispute = Dispute { with, low: 1, high: 3, since: Time::ZERO };
        dispute.judge::<RustCryptoSha256>(&[of_list], &theirs, Time::from_micros(7))
    }

    #[test]
    fn the_parent_of_the_first_header_they_have_in_common_tells() {
        assert_eq!(judged(2, HeaderHash([1; 32])), Verdict::SenderLies);
        assert_eq!(judged(2, HeaderHash([9; 32])), Verdict::HashesLie);
        // Of one that is further above nothing is told yet.
        let (with, since) = (ConnectionId(1), Time::from_micros(7));
        let between = Verdict::Between(Dispute { with, low: 1, high: 3, since });
        assert_eq!(judged(3, HeaderHash([9; 32])), between);
    }
}
