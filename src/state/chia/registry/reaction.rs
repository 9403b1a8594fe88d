//! What an ending brings upon the address of a peer, as a table (`chia.md` 16).

use core::time::Duration;

use crate::fault::{Ending, Fault, Rule, Severity};
use crate::state::chia::role::Parting;
use crate::state::chia::rules;

use super::RegistryLimits;

/// What becomes of the address of a peer whose connection has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "the rows of chia.md 16")]
pub enum Reaction {
    /// Nothing: the stream ended, nothing came in time, or there was one already.
    Keep,
    /// It is forgotten: the peer is of no use to us.
    Drop,
    /// It is ours: it is forgotten for good.
    DropForGood,
    /// It is forgotten and banned for [`RegistryLimits::ban_malformed`]: what came was malformed,
    /// out of turn or too much to ask for.
    Malformed,
    /// It is forgotten and banned for [`RegistryLimits::ban_flood`]: it sent too much, or took too
    /// little.
    Flood,
    /// It is forgotten and banned for [`RegistryLimits::ban_invalid`]: what it sent is a lie.
    Invalid,
}

/// The rules whose reaction is not that of their severity: `Faulty` is
/// [`Malformed`](Reaction::Malformed), `Hostile` is [`Invalid`](Reaction::Invalid), and what is
/// `Benign` is no reason for anything.
pub static REACTIONS: &[(&Rule, Reaction)] = &[
    (&rules::USELESS_PEER, Reaction::Drop),
    (&rules::WRONG_NETWORK, Reaction::Drop),
    (&rules::WRONG_VERSION, Reaction::Drop),
    (&rules::SELF_CONNECTION, Reaction::DropForGood),
    // Malformed, however little a bug excuses it.
    (&rules::FRAME_TOO_LARGE, Reaction::Malformed),
];

/// Limits whose overrun is a flood, not a malformed message.
const FLOODS: &[&str] = &["rate.messages", "rate.transactions", "rate.bytes", "egress"];

impl Reaction {
    /// The reaction to an ending.
    #[must_use]
    pub fn to(ending: &Ending) -> Self {
        let Ending::Fault(fault) = ending else { return Self::Keep };
        match fault {
            Fault::Violation { rule, .. } => Self::to_breach(rule),
            Fault::Overrun { limit } | Fault::Congested { limit } if FLOODS.contains(limit) => {
                Self::Flood
            }
            Fault::Malformed { .. } | Fault::Overrun { .. } => Self::Malformed,
            Fault::Timeout { .. }
            | Fault::Truncated { .. }
            | Fault::Congested { .. }
            | Fault::Unable { .. } => Self::Keep,
        }
    }

    /// The reaction to the breach of a rule.
    #[must_use]
    pub fn to_breach(rule: &Rule) -> Self {
        let known = REACTIONS.iter().find(|(known, _)| *known == rule);
        known.map_or_else(
            || match rule.severity() {
                Severity::Benign => Self::Keep,
                Severity::Faulty => Self::Malformed,
                Severity::Hostile => Self::Invalid,
            },
            |(_, reaction)| *reaction,
        )
    }

    /// What becomes of the address (C-14).
    #[must_use]
    pub const fn parting(self) -> Parting {
        match self {
            Self::Keep => Parting::AddressKept,
            _ => Parting::AddressDropped,
        }
    }

    /// How long the host is kept out.
    #[must_use]
    pub const fn ban(self, limits: &RegistryLimits) -> Option<Duration> {
        match self {
            Self::Keep | Self::Drop | Self::DropForGood => None,
            Self::Malformed => Some(limits.ban_malformed),
            Self::Flood => Some(limits.ban_flood),
            Self::Invalid => Some(limits.ban_invalid),
        }
    }
}
