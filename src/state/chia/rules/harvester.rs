//! Rules between farmer and harvester (`chia.md` 9).

use super::decided;
use crate::fault::Rule;
use crate::fault::Severity::Benign;

/// The rules of this heading, in order.
pub(super) static ALL: &[&Rule] = &[
    &SECOND_FARMER,
    &POOL_KEYS,
    &LOOK_UP,
    &NONE_FOUND,
    &REPEATED_CHALLENGE,
    &WHOLE_PROOF,
    &SIGN_HEADER,
    &SIGN_TARGET,
    &SIGN_FIRST,
    &NEWEST_CHALLENGES,
    &FARMER_GONE,
];

/// H-1 `Duplicate`: A harvester serves one farmer.
pub static SECOND_FARMER: Rule = Rule::new(
    "chia/H-1",
    "Duplicate",
    "A harvester serves one farmer.",
    "seed, the original does not enforce it; the harvester decides",
    Benign,
);

/// H-2 `PoolKeys`: A plot is active while its pool key is among those of the last handshake.
pub static POOL_KEYS: Rule = decided(
    "chia/H-2",
    "PoolKeys",
    "A plot is active while its pool key is among those of the last handshake.",
);

/// H-3 `LookUp`: A challenge is looked up in every active plot, and each quality found is told.
pub static LOOK_UP: Rule = decided(
    "chia/H-3",
    "LookUp",
    "A challenge is looked up in every active plot, and each quality found is told.",
);

/// H-4 `NoneFound`: Where nothing is found nothing is sent; several of one plot are several
/// answers.
pub static NONE_FOUND: Rule = decided(
    "chia/H-4",
    "NoneFound",
    "Where nothing is found nothing is sent; several of one plot are several answers.",
);

/// H-5 `RepeatedChallenge`: A repeated challenge is answered again, in the same way.
pub static REPEATED_CHALLENGE: Rule = decided(
    "chia/H-5",
    "RepeatedChallenge",
    "A repeated challenge is answered again, in the same way.",
);

/// H-6 `WholeProof`: A proof is fetched for a known quality, with one more try; an unknown one is
/// passed over.
pub static WHOLE_PROOF: Rule = decided(
    "chia/H-6",
    "WholeProof",
    "A proof is fetched for a known quality, with one more try; an unknown one is passed \
     over.",
);

/// H-7 `SignHeader`: A header hash is signed by the plot of a known quality; an unknown one is
/// passed over.
pub static SIGN_HEADER: Rule = decided(
    "chia/H-7",
    "SignHeader",
    "A header hash is signed by the plot of a known quality; an unknown one is passed over.",
);

/// H-8 `SignTarget`: A farmer's target is signed by the plot of a known quality; an unknown one is
/// passed over.
pub static SIGN_TARGET: Rule = decided(
    "chia/H-8",
    "SignTarget",
    "A farmer's target is signed by the plot of a known quality; an unknown one is passed \
     over.",
);

/// H-9 `SignFirst`: A signature needs no proof before it.
pub static SIGN_FIRST: Rule =
    decided("chia/H-9", "SignFirst", "A signature needs no proof before it.");

/// H-10 `NewestChallenges`: Qualities of the newest challenges are kept, so many in all; the oldest
/// go as a whole.
pub static NEWEST_CHALLENGES: Rule = decided(
    "chia/H-10",
    "NewestChallenges",
    "Qualities of the newest challenges are kept, so many in all; the oldest go as a whole.",
);

/// H-11 `FarmerGone`: When the farmer goes, qualities and pool keys stay and what is being done for
/// it is dropped.
pub static FARMER_GONE: Rule = decided(
    "chia/H-11",
    "FarmerGone",
    "When the farmer goes, qualities and pool keys stay and what is being done for it is \
     dropped.",
);
