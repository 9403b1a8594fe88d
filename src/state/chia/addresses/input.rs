//! What goes into a table of addresses, and its bounds.

use alloc::vec::Vec;
use core::time::Duration;

use crate::codec::chia::PeerInfo;

/// What the application wants of a table of addresses.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum AddressesCommand {
    /// These are known: configured, or kept from the last time. As if they were heard of now.
    Known(Vec<PeerInfo>),
}

/// What addresses are wanted for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct AddressesConfig {
    /// Who tells of addresses at the start and while there are too few peers.
    pub introducer: Option<PeerInfo>,
    /// So many full nodes that listen are wanted (P-28); 0: nobody is ever dialled (I-3).
    pub target_peers: usize,
    /// Full nodes that were dialled are asked for addresses too, while too few are connected. The
    /// reference asks introducers alone (`chia.md` 7.5).
    pub asks_full_nodes: bool,
    /// What chance is made from.
    pub seed: u64,
    /// Every bound and time.
    pub limits: AddressesLimits,
}

/// Bounds and times of a table of addresses.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct AddressesLimits {
    /// Most addresses that are kept; of more, any one goes (P-26).
    pub max_addresses: usize,
    /// Most addresses of one host that are kept, unless it is this computer; of more, any one of
    /// that host goes: our own addition.
    pub max_of_host: usize,
    /// Most addresses of a message that are looked at (P-26).
    pub max_read: usize,
    /// Most addresses in an answer (P-25).
    pub max_answered: usize,
    /// An address that was not heard of for longer is not told or dialled (P-25).
    pub recent: Duration,
    /// How often the introducer is dialled (P-28).
    pub introducer_interval: Duration,
    /// How soon again if it was not reached (P-28).
    pub introducer_retry: Duration,
    /// How soon an address is dialled again: our own addition, so that a peer that hangs up is not
    /// called all the time.
    pub redial: Duration,
    /// What is being dialled so long has got lost: our own addition.
    pub dial_timeout: Duration,
    /// A peer that says nothing for so long leaves its place at an
    /// [introducer](crate::state::chia::Introducer) to others: our own addition.
    pub introducer_idle: Duration,
}

impl AddressesConfig {
    /// What a full node wants of addresses.
    #[must_use]
    pub fn full_node(introducer: Option<PeerInfo>, seed: u64) -> Self {
        Self { introducer, seed, ..Self::default() }
    }

    /// What an introducer does: it never dials (I-3), and tells little at a time (P-25).
    #[must_use]
    pub fn introducer(seed: u64) -> Self {
        let limits = AddressesLimits { max_answered: 20, ..AddressesLimits::default() };
        Self { target_peers: 0, seed, limits, ..Self::default() }
    }
}

impl AddressesConfig {
    /// Heap bytes held.
    pub(in crate::state::chia) fn heap(&self) -> usize {
        self.introducer.as_ref().map_or(0, |address| address.host.capacity())
    }
}

impl Default for AddressesConfig {
    fn default() -> Self {
        Self {
            introducer: None,
            target_peers: 10,
            asks_full_nodes: false,
            seed: 0,
            limits: AddressesLimits::default(),
        }
    }
}

impl Default for AddressesLimits {
    fn default() -> Self {
        Self {
            max_addresses: 1_000,
            max_of_host: 32,
            max_read: 1_000,
            max_answered: 1_000,
            recent: Duration::from_secs(6_000),
            introducer_interval: Duration::from_secs(120),
            introducer_retry: Duration::from_secs(5),
            redial: Duration::from_secs(60),
            dial_timeout: Duration::from_secs(60),
            introducer_idle: Duration::from_secs(120),
        }
    }
}
