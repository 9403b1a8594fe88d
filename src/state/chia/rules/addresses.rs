//! Rules of addresses and of introducers (`chia.md` 12 and 13).

use super::decided;
use crate::fault::Rule;

/// The rules of this heading, in order.
pub(super) static ALL: &[&Rule] = &[
    &TELL_ADDRESSES,
    &TAKE_ADDRESSES,
    &INTRODUCER_DONE,
    &DIAL_AS_NEEDED,
    &REMEMBER_NODES,
    &INTRODUCE,
    &NEVER_DIALS,
];

/// P-25 `TellAddresses`: Who asks for peers is told addresses that were heard of of late, so many
/// at a time, and not its own.
pub static TELL_ADDRESSES: Rule = decided(
    "chia/P-25",
    "TellAddresses",
    "Who asks for peers is told addresses that were heard of of late, so many at a time, and \
     not its own.",
);

/// P-26 `TakeAddresses`: Addresses are taken from who was asked for them, so many, each by itself
/// if it is one; of too many that are known any one goes.
pub static TAKE_ADDRESSES: Rule = decided(
    "chia/P-26",
    "TakeAddresses",
    "Addresses are taken from who was asked for them, so many, each by itself if it is one; \
     of too many that are known any one goes.",
);

/// P-27 `IntroducerDone`: An introducer that has told of peers is left.
pub static INTRODUCER_DONE: Rule =
    decided("chia/P-27", "IntroducerDone", "An introducer that has told of peers is left.");

/// P-28 `DialAsNeeded`: As many are dialled as are needed, the introducer now and then, and who is
/// not reached is forgotten.
pub static DIAL_AS_NEEDED: Rule = decided(
    "chia/P-28",
    "DialAsNeeded",
    "As many are dialled as are needed, the introducer now and then, and who is not reached \
     is forgotten.",
);

/// I-1 `RememberNodes`: An introducer remembers every full node that was connected.
pub static REMEMBER_NODES: Rule = decided(
    "chia/I-1",
    "RememberNodes",
    "An introducer remembers every full node that was connected.",
);

/// I-2 `Introduce`: An introducer tells who asks of those that it remembers.
pub static INTRODUCE: Rule =
    decided("chia/I-2", "Introduce", "An introducer tells who asks of those that it remembers.");

/// I-3 `NeverDials`: An introducer dials nobody.
pub static NEVER_DIALS: Rule = decided("chia/I-3", "NeverDials", "An introducer dials nobody.");
