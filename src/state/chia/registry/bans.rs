//! Hosts that are kept out, each until some time.

use alloc::collections::BTreeMap;
use alloc::string::String;

use crate::heap;
use crate::time::Time;

/// Hosts in canonical form, and until when each is kept out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Bans(BTreeMap<String, Time>);

impl Bans {
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Until when a host is kept out, if it is.
    pub fn until(&self, now: Time, host: &str) -> Option<Time> {
        self.0.get(host).copied().filter(|until| now < *until)
    }

    /// Keeps a host out until then, or longer if it is already. Of too many the one that would be
    /// free first is let in.
    pub fn ban(&mut self, now: Time, host: String, until: Time, most: usize) -> Time {
        let until = self.until(now, &host).map_or(until, |before| before.max(until));
        if !self.0.contains_key(&host) && self.0.len() >= most {
            self.0.retain(|_, until| now < *until);
            while self.0.len() >= most {
                let first = self.0.iter().min_by_key(|(_, until)| **until);
                let Some(first) = first.map(|(host, _)| host.clone()) else { break };
                self.0.remove(&first);
            }
        }
        if most > 0 {
            self.0.insert(host, until);
        }
        until
    }

    /// Heap bytes.
    pub fn heap(&self) -> usize {
        let hosts: usize = self.0.keys().map(String::capacity).sum();
        heap::tree(self.0.len(), size_of::<(String, Time)>()).saturating_add(hosts)
    }
}
