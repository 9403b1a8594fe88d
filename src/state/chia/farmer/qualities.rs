//! Qualities that are being followed, from the request of their proof to the signed header
//! (`chia.md` 14.2).

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::cmp::Reverse;

use super::quality::{Header, Held, Place, Progress, Quality, Submitted};
use crate::codec::chia::Bytes32;
use crate::heap;
use crate::state::chia::role::ConnectionId;
use crate::time::{Deadlines, Time};

/// Qualities by themselves and by the hash of their proof.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Qualities {
    all: BTreeMap<Bytes32, Quality>,
    by_proof: BTreeMap<Bytes32, Bytes32>,
    /// By harvester, those that wait first, then the oldest; those of harvesters that are gone are
    /// nobody's. The first of whoever found the most make room.
    owned: BTreeMap<Option<ConnectionId>, BTreeSet<Place>>,
    /// Numbers them in the order in which they are followed.
    next: u64,
    /// When proofs that were asked for are to be here.
    due: Deadlines<Bytes32>,
    /// When another block of a proof may be signed for which one is there.
    resting: Deadlines<Bytes32>,
    /// How many signatures each harvester owes of qualities that made room: it may find these again.
    unneeded: BTreeMap<ConnectionId, usize>,
}

impl Qualities {
    pub const fn new() -> Self {
        Self {
            all: BTreeMap::new(),
            by_proof: BTreeMap::new(),
            owned: BTreeMap::new(),
            next: 0,
            due: Deadlines::new(),
            resting: Deadlines::new(),
            unneeded: BTreeMap::new(),
        }
    }

    pub fn get(&self, quality: Bytes32) -> Option<&Quality> {
        self.all.get(&quality)
    }

    pub fn get_mut(&mut self, quality: Bytes32) -> Option<&mut Quality> {
        self.all.get_mut(&quality)
    }

    /// It is so far now.
    pub fn advance(&mut self, quality: Bytes32, progress: Progress) {
        if let Some(of_it) = self.all.get_mut(&quality) {
            let (old, place) = (of_it.due(), of_it.place(quality));
            of_it.progress = progress;
            self.due.shift(&quality, old, of_it.due());
            if let Some(of_harvester) = self.owned.get_mut(&Some(of_it.harvester)) {
                if of_harvester.remove(&place) {
                    of_harvester.insert(of_it.place(quality));
                }
            }
        }
    }

    /// When the next proof is to be here, or another block may be signed.
    pub fn deadline(&self) -> Option<Time> {
        let all = [self.due.first(), self.resting.first()];
        all.into_iter().flatten().map(|(due, _)| due).min()
    }

    /// A block waits until the proof has rested.
    pub fn rest(&mut self, quality: Bytes32, until: Time) {
        self.resting.shift(&quality, None, Some(until));
    }

    /// A proof that has rested.
    pub fn rested(&mut self, now: Time) -> Option<Bytes32> {
        let (at, quality) = self.resting.first().filter(|(at, _)| *at <= now)?;
        let quality = *quality;
        self.resting.shift(&quality, Some(at), None);
        Some(quality)
    }

    /// A proof that is overdue from now on: who owes it, and of which challenge it is.
    pub fn lapse(&mut self, now: Time) -> Option<(ConnectionId, Bytes32)> {
        let (due, quality) = self.due.first()?;
        let quality = *quality;
        if due > now {
            return None;
        }
        self.advance(quality, Progress::ProofRequested(None));
        self.get(quality).map(|of_it| (of_it.harvester, of_it.challenge_hash))
    }

    /// Follows a quality. In a full table one of whoever found the most makes room, first those
    /// that wait: the oldest of them; what was asked for is handed back. `None` if this one is only
    /// to wait, and all that its own harvester found, which is the most, were asked for.
    pub fn follow(
        &mut self,
        hash: Bytes32,
        mut quality: Quality,
        is_wanted: bool,
        most: usize,
    ) -> Option<Vec<(Bytes32, Quality)>> {
        let mut displaced = Vec::new();
        while self.all.len() >= most.max(1) {
            let greedy = self.owned.iter().min_by_key(|(owner, of)| (Reverse(of.len()), **owner));
            let first = greedy.and_then(|(owner, of)| Some((*owner, *of.first()?)));
            let Some((owner, place @ (was_wanted, _, first))) = first else { break };
            if was_wanted && !is_wanted && owner == Some(quality.harvester) {
                return None;
            }
            self.take(owner, &place);
            let Some(gone) = self.remove(first) else { continue };
            if let (Some(owner), owed @ 1..) = (owner, gone.owed()) {
                let unneeded = self.unneeded.entry(owner).or_default();
                *unneeded = unneeded.saturating_add(owed);
            }
            if was_wanted && !gone.is_submitted() {
                displaced.push((first, gone));
            }
        }
        quality.number = self.next;
        self.next = self.next.saturating_add(1);
        self.owned.entry(Some(quality.harvester)).or_default().insert(quality.place(hash));
        self.due.shift(&hash, None, quality.due());
        self.all.insert(hash, quality);
        Some(displaced)
    }

    fn take(&mut self, owner: Option<ConnectionId>, place: &Place) {
        if let Some(of_it) = self.owned.get_mut(&owner) {
            of_it.remove(place);
            if of_it.is_empty() {
                self.owned.remove(&owner);
            }
        }
        heap::relax_map(&mut self.owned);
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
            Progress::Waiting | Progress::ProofRequested(_) | Progress::Verifying => None,
        }
    }

    /// A signature is of no block that it was asked for: true if it may be of one whose quality made
    /// room, and was found again.
    pub fn is_unneeded(&mut self, harvester: ConnectionId) -> bool {
        let Some(owed) = self.unneeded.get_mut(&harvester) else { return false };
        *owed = owed.saturating_sub(1);
        if *owed == 0 {
            self.forgive(harvester);
        }
        true
    }

    fn forgive(&mut self, harvester: ConnectionId) {
        self.unneeded.remove(&harvester);
        heap::relax_map(&mut self.unneeded);
    }

    /// A harvester has gone, and with it what it found, but for what was submitted (F-10). The
    /// challenges of what is forgotten.
    pub fn forget_harvester(&mut self, harvester: ConnectionId) -> BTreeSet<Bytes32> {
        let mut forgotten = BTreeSet::new();
        self.forgive(harvester);
        for place in self.owned.remove(&Some(harvester)).unwrap_or_default() {
            let (.., hash) = place;
            if self.get(hash).is_some_and(Quality::is_submitted) {
                self.owned.entry(None).or_default().insert(place);
                self.unsign(hash);
            } else if let Some(gone) = self.remove(hash) {
                forgotten.insert(gone.challenge_hash);
            }
        }
        heap::relax_map(&mut self.owned);
        forgotten
    }

    /// Nobody signs what was to be signed: it waits for whoever finds the quality again.
    fn unsign(&mut self, hash: Bytes32) {
        let Some(Progress::ProofHeld(held)) = self.all.get_mut(&hash).map(|of| &mut of.progress)
        else {
            return;
        };
        held.partial_requested = false;
        held.signing = Vec::new();
        if let Some(header) = held.header.take() {
            held.keep(header);
        }
    }

    /// A harvester has found what another had that is gone.
    pub fn adopt(&mut self, hash: Bytes32, harvester: ConnectionId) {
        let Some(place) = self.get(hash).map(|of_it| of_it.place(hash)) else { return };
        self.take(None, &place);
        self.owned.entry(Some(harvester)).or_default().insert(place);
        if let Some(of_it) = self.all.get_mut(&hash) {
            of_it.harvester = harvester;
        }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (Bytes32, &Quality)> + '_ {
        self.all.iter().map(|(hash, quality)| (*hash, quality))
    }

    /// A full node has gone: another's block may be signed (F-10). The qualities of what it made
    /// that was to be, and of what it was given.
    pub fn forget_node(&mut self, node: ConnectionId) -> Vec<Bytes32> {
        let mut unmade = Vec::new();
        for (hash, quality) in &mut self.all {
            if let Progress::ProofHeld(held) = &mut quality.progress {
                held.others.retain(|other| other.node != node);
                let made = held.header.is_some_and(|header| header.node == node);
                if made {
                    held.header = None;
                }
                let given = held.submitted.as_ref().is_some_and(|it| it.header.node == node);
                if made || given {
                    unmade.push(*hash);
                }
            }
        }
        unmade
    }

    /// The good proofs of a challenge.
    pub fn held_of(&self, challenge_hash: Bytes32) -> impl Iterator<Item = Bytes32> + '_ {
        let is_held = move |of: &Quality| {
            of.challenge_hash == challenge_hash && matches!(of.progress, Progress::ProofHeld(_))
        };
        self.all.iter().filter(move |(_, of)| is_held(of)).map(|(hash, _)| *hash)
    }

    /// Drops a quality: the challenge that it was of.
    pub fn drop_one(&mut self, quality: Bytes32) -> Option<Bytes32> {
        let of_it = self.get(quality)?;
        let (owner, place) = (Some(of_it.harvester), of_it.place(quality));
        for owner in [owner, None] {
            self.take(owner, &place);
        }
        self.remove(quality).map(|gone| gone.challenge_hash)
    }

    fn remove(&mut self, quality: Bytes32) -> Option<Quality> {
        let gone = self.all.remove(&quality)?;
        self.due.shift(&quality, gone.due(), None);
        if let Progress::ProofHeld(held) = &gone.progress {
            let rests_until = held.submitted.as_ref().map(|it| it.rests_until);
            self.resting.shift(&quality, rests_until, None);
        }
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
                let blocks = held.signing.capacity().saturating_add(held.others.capacity());
                let signing = blocks.saturating_mul(size_of::<Header>());
                let submitted = held.submitted.as_ref().map_or(0, |_| size_of::<Submitted>());
                size_of::<Held>()
                    .saturating_add(proof)
                    .saturating_add(signing)
                    .saturating_add(submitted)
            }
            Progress::Waiting | Progress::ProofRequested(_) | Progress::Verifying => 0,
        });
        let entry = size_of::<(Option<ConnectionId>, BTreeSet<Place>)>();
        let owned = self.owned.values().map(|of| heap::tree(of.len(), size_of::<Place>()));
        let owned = owned.fold(heap::tree(self.owned.len(), entry), usize::saturating_add);
        held.fold(0_usize, usize::saturating_add)
            .saturating_add(heap::tree(self.all.len(), size_of::<(Bytes32, Quality)>()))
            .saturating_add(heap::tree(self.by_proof.len(), size_of::<[Bytes32; 2]>()))
            .saturating_add(owned)
            .saturating_add(self.due.heap())
            .saturating_add(self.resting.heap())
            .saturating_add(heap::tree(self.unneeded.len(), size_of::<(ConnectionId, usize)>()))
    }
}
