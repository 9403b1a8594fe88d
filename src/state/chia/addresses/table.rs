//! Addresses of full nodes, and when each was heard of.

use alloc::vec::Vec;

use super::input::AddressesLimits;
use crate::codec::chia::PeerInfo;
use crate::state::chia::hosts;
use crate::state::chia::nonces::Nonces;
use crate::time::Time;

/// Addresses in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Table(Vec<Known>);

/// What is known of an address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Known {
    pub address: PeerInfo,
    /// When it was heard of last.
    pub heard: Time,
    /// When it was dialled, or a connection with it ended, last.
    pub tried: Option<Time>,
}

impl Table {
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Known> {
        self.0.iter()
    }

    pub fn get_mut(&mut self, address: &PeerInfo) -> Option<&mut Known> {
        let at = self.find(address).ok()?;
        self.0.get_mut(at)
    }

    pub fn contains(&self, address: &PeerInfo) -> bool {
        self.find(address).is_ok()
    }

    /// An address is heard of. Where there is no room for a new one, any other goes; where its host
    /// has its share, any other of that host, so that nobody pushes out all others by claiming one
    /// port after the other.
    pub fn hear(
        &mut self,
        now: Time,
        address: &PeerInfo,
        limits: &AddressesLimits,
        random: &mut Nonces,
    ) {
        if let Some(known) = self.get_mut(address) {
            known.heard = known.heard.max(now);
            return;
        }
        if limits.max_addresses == 0 {
            return;
        }
        if !hosts::is_loopback(&address.host) {
            self.keep_share(&address.host, limits.max_of_host.max(1), random);
        }
        while self.0.len() >= limits.max_addresses {
            let any = random.below(self.0.len());
            self.0.remove(any);
        }
        let at = self.find(address).unwrap_or_else(|at| at);
        self.0.insert(at, Known { address: address.clone(), heard: now, tried: None });
    }

    /// The addresses of a host are not to be tried for a while.
    pub fn rest(&mut self, host: &str, now: Time) {
        let of_it = self.0.iter_mut().filter(|known| known.address.host == host);
        of_it.for_each(|known| known.tried = Some(now));
    }

    pub fn remove(&mut self, address: &PeerInfo) {
        if let Ok(at) = self.find(address) {
            self.0.remove(at);
        }
        if self.0.is_empty() {
            self.0 = Vec::new();
        }
    }

    /// Heap bytes.
    pub fn heap(&self) -> usize {
        let hosts: usize = self.0.iter().map(|known| known.address.host.capacity()).sum();
        self.0.capacity().saturating_mul(size_of::<Known>()).saturating_add(hosts)
    }

    /// Makes room for one more address of a host among its own.
    fn keep_share(&mut self, host: &str, most: usize, random: &mut Nonces) {
        let first = self.0.partition_point(|known| known.address.host.as_str() < host);
        let of_it = self.0.iter().skip(first).take_while(|known| known.address.host == host);
        let mut count = of_it.count();
        while count >= most {
            self.0.remove(first.saturating_add(random.below(count)));
            count = count.saturating_sub(1);
        }
    }

    fn find(&self, address: &PeerInfo) -> Result<usize, usize> {
        self.0.binary_search_by(|known| known.address.cmp(address))
    }
}
