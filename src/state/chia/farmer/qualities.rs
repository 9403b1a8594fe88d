//! Qualities that are being followed, from the request of their proof to the signed header
//! (`chia.md` 14.2).

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;
use core::cmp::Reverse;

use crate::codec::chia::{Bytes32, HeaderDataHash, ProofOfSpace};
use crate::heap;
use crate::state::chia::role::ConnectionId;

/// Qualities by themselves and by the hash of their proof.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Qualities {
    all: BTreeMap<Bytes32, Quality>,
    by_proof: BTreeMap<Bytes32, Bytes32>,
    /// By harvester, oldest first; those of harvesters that are gone are nobody's. The oldest of
    /// whoever found the most make room.
    owned: BTreeMap<Option<ConnectionId>, VecDeque<Bytes32>>,
}

/// A quality that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Quality {
    pub challenge_hash: Bytes32,
    pub plot_size: u8,
    /// Who found it.
    pub harvester: ConnectionId,
    /// SHA-256 of its proof, once a block was asked for.
    pub pos_hash: Option<Bytes32>,
    pub progress: Progress,
}

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Progress {
    /// The proof was asked for.
    ProofRequested,
    /// The proof is here, and is being verified.
    Verifying,
    /// The proof is good.
    ProofHeld(Box<Held>),
}

/// What follows from a proof.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Held {
    pub proof: ProofOfSpace,
    /// True while the harvester owes the signature of the target.
    pub partial_requested: bool,
    /// The block that is to be signed: the first that a full node made.
    pub header: Option<Header>,
    /// What the harvester owes signatures of, be it that nobody needs them any more. It may sign
    /// them in any order, and some of them not at all.
    pub signing: Vec<Header>,
    /// The signed header was handed to a full node: there is to be no other of this proof.
    pub is_submitted: bool,
}

/// A block that a full node made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Header {
    pub node: ConnectionId,
    pub header_hash: HeaderDataHash,
}

impl Quality {
    /// A block with its proof was signed and handed on.
    fn is_submitted(&self) -> bool {
        matches!(&self.progress, Progress::ProofHeld(held) if held.is_submitted)
    }
}

impl Qualities {
    pub const fn new() -> Self {
        Self { all: BTreeMap::new(), by_proof: BTreeMap::new(), owned: BTreeMap::new() }
    }

    pub fn get(&self, quality: Bytes32) -> Option<&Quality> {
        self.all.get(&quality)
    }

    pub fn get_mut(&mut self, quality: Bytes32) -> Option<&mut Quality> {
        self.all.get_mut(&quality)
    }

    /// Follows a quality; the oldest of whoever found the most makes room.
    pub fn follow(&mut self, hash: Bytes32, quality: Quality, most: usize) {
        while self.all.len() >= most.max(1) {
            let greedy = self.owned.iter().min_by_key(|(owner, of)| (Reverse(of.len()), **owner));
            let Some(greedy) = greedy.map(|(owner, _)| *owner) else { break };
            let Some(of_it) = self.owned.get_mut(&greedy) else { break };
            let oldest = of_it.pop_front();
            if of_it.is_empty() {
                self.owned.remove(&greedy);
            }
            oldest.map(|oldest| self.remove(oldest));
        }
        self.owned.entry(Some(quality.harvester)).or_default().push_back(hash);
        self.all.insert(hash, quality);
    }

    /// The proof of a quality has this hash.
    pub fn name_proof(&mut self, pos_hash: Bytes32, hash: Bytes32) {
        if let Some(quality) = self.all.get_mut(&hash) {
            quality.pos_hash = Some(pos_hash);
            self.by_proof.insert(pos_hash, hash);
        }
    }

    /// The quality whose proof has this hash, and the proof.
    pub fn of_proof(&mut self, pos_hash: Bytes32) -> Option<(Bytes32, ConnectionId, &mut Held)> {
        let quality = *self.by_proof.get(&pos_hash)?;
        let Quality { harvester, progress, .. } = self.all.get_mut(&quality)?;
        match progress {
            Progress::ProofHeld(held) => Some((quality, *harvester, held)),
            Progress::ProofRequested | Progress::Verifying => None,
        }
    }

    /// A harvester has gone, and with it what it found, but for what was submitted (F-10). The
    /// challenges of what is forgotten.
    pub fn forget_harvester(&mut self, harvester: ConnectionId) -> BTreeSet<Bytes32> {
        let mut forgotten = BTreeSet::new();
        for hash in self.owned.remove(&Some(harvester)).unwrap_or_default() {
            if self.get(hash).is_some_and(Quality::is_submitted) {
                self.owned.entry(None).or_default().push_back(hash);
            } else if let Some(gone) = self.remove(hash) {
                forgotten.insert(gone.challenge_hash);
            }
        }
        heap::relax_map(&mut self.owned);
        forgotten
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (Bytes32, &Quality)> + '_ {
        self.all.iter().map(|(hash, quality)| (*hash, quality))
    }

    /// A full node has gone: another's block may be signed (F-10).
    pub fn forget_node(&mut self, node: ConnectionId) {
        for quality in self.all.values_mut() {
            if let Progress::ProofHeld(held) = &mut quality.progress {
                let made = held.header.is_some_and(|header| header.node == node);
                if made && !held.is_submitted {
                    held.header = None;
                }
            }
        }
    }

    /// Drops a quality: the challenge that it was of.
    pub fn drop_one(&mut self, quality: Bytes32) -> Option<Bytes32> {
        let owner = Some(self.get(quality)?.harvester);
        for owner in [owner, None] {
            if let Some(of_it) = self.owned.get_mut(&owner) {
                of_it.retain(|other| *other != quality);
                if of_it.is_empty() {
                    self.owned.remove(&owner);
                }
            }
        }
        heap::relax_map(&mut self.owned);
        self.remove(quality).map(|gone| gone.challenge_hash)
    }

    fn remove(&mut self, quality: Bytes32) -> Option<Quality> {
        let gone = self.all.remove(&quality)?;
        if let Some(pos_hash) = gone.pos_hash {
            self.by_proof.remove(&pos_hash);
        }
        heap::relax_map(&mut self.all);
        heap::relax_map(&mut self.by_proof);
        Some(gone)
    }

    /// Heap bytes held.
    pub fn heap(&self) -> usize {
        let held = self.all.values().map(|quality| match &quality.progress {
            Progress::ProofHeld(held) => {
                let proof = crate::codec::Source::heap(&held.proof.proof.0);
                let signing = held.signing.capacity().saturating_mul(size_of::<Header>());
                size_of::<Held>().saturating_add(proof).saturating_add(signing)
            }
            Progress::ProofRequested | Progress::Verifying => 0,
        });
        let places = self.owned.values().map(VecDeque::capacity);
        let places = places.fold(0_usize, usize::saturating_add);
        let owned =
            heap::tree(self.owned.len(), size_of::<(Option<ConnectionId>, VecDeque<Bytes32>)>())
                .saturating_add(places.saturating_mul(size_of::<Bytes32>()));
        held.fold(0_usize, usize::saturating_add)
            .saturating_add(heap::tree(self.all.len(), size_of::<(Bytes32, Quality)>()))
            .saturating_add(heap::tree(self.by_proof.len(), size_of::<[Bytes32; 2]>()))
            .saturating_add(owned)
    }
}
