//! Where a node listens (`chia.md` 5).

use alloc::string::String;
use core::cmp::Ordering;

use super::object::object;

object! {
    /// Where a node listens.
    PeerInfo {
        /// An IP address or a host name.
        host: String,
        /// The TCP port.
        port: u16,
    }
}

impl PartialOrd for PeerInfo {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PeerInfo {
    fn cmp(&self, other: &Self) -> Ordering {
        (&self.host, self.port).cmp(&(&other.host, other.port))
    }
}
