//! The introducer: tells full nodes of each other (`chia.md` 13).

use alloc::collections::BTreeMap;
use core::time::Duration;

use crate::codec::chia::NodeType;
use crate::fault::Refusal;
use crate::heap;
use crate::machine::{ActionOf, Machine, Never, Out};
use crate::state::chia::addresses::{Addresses, AddressesCommand, AddressesConfig};
use crate::state::chia::role::{ConnectionId, Delivery, FromPeer, Role};
use crate::time::{Deadlines, Time};

/// An introducer: it remembers every full node that was connected (I-1) and tells a few of them to
/// who asks (I-2, P-25). It never dials (I-3).
///
/// Who says nothing for [`introducer_idle`] is left, blaming nobody: what it came for it has, it is
/// remembered all the same, and others want its place. (C-13 is of two full nodes only.)
///
/// [`introducer_idle`]: crate::state::chia::AddressesLimits::introducer_idle
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Introducer {
    addresses: Addresses,
    idle: Duration,
    /// Until when each peer may say nothing.
    until: BTreeMap<ConnectionId, Time>,
    due: Deadlines<ConnectionId>,
}

const _: () = assert!(size_of::<ActionOf<Introducer>>() <= 128);
const _: () = crate::machine::kept::<Introducer>();

impl Introducer {
    /// An introducer that knows nobody. It dials nobody, whatever the configuration says.
    #[must_use]
    pub fn new(config: AddressesConfig) -> Self {
        let idle = config.limits.introducer_idle;
        let config = AddressesConfig { introducer: None, target_peers: 0, ..config };
        let addresses = Addresses::new(config);
        Self { addresses, idle, until: BTreeMap::new(), due: Deadlines::new() }
    }

    /// Whom it knows.
    #[must_use]
    pub const fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// A peer may say nothing until then, or is gone.
    fn wait(&mut self, from: ConnectionId, until: Option<Time>) {
        let before = match until {
            Some(until) => self.until.insert(from, until),
            None => self.until.remove(&from),
        };
        heap::relax_map(&mut self.until);
        self.due.shift(&from, before, until);
    }
}

impl Role for Introducer {
    fn node_type(&self) -> NodeType {
        NodeType::Introducer
    }
}

impl Machine for Introducer {
    type Local = AddressesCommand;
    type Remote = FromPeer;
    type Send = Delivery;
    type Notice = Never;
    type Query = Never;

    fn handle_local(
        &mut self,
        now: Time,
        input: AddressesCommand,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<AddressesCommand>> {
        self.addresses.handle_local(now, input, out)
    }

    fn handle_remote(&mut self, now: Time, input: FromPeer, out: &mut Out<Self>) {
        match &input {
            FromPeer::Connected(from, ..) => self.wait(*from, Some(now.after(self.idle))),
            FromPeer::Received(from, _) if self.until.contains_key(from) => {
                self.wait(*from, Some(now.after(self.idle)));
            }
            FromPeer::Disconnected(from, _) => self.wait(*from, None),
            FromPeer::Received(..) | FromPeer::DialFailed(_) | FromPeer::DialPutOff(..) => {}
        }
        self.addresses.handle_remote(now, input, out);
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        while let Some((_, from)) = self.due.first().filter(|(due, _)| *due <= now) {
            let from = *from;
            self.wait(from, None);
            out.send(Delivery::Close(from));
        }
        self.addresses.handle_timeout(now, out);
    }

    fn deadline(&self) -> Option<Time> {
        let idle = self.due.first().map(|(due, _)| due);
        idle.into_iter().chain(self.addresses.deadline()).min()
    }

    fn footprint(&self) -> usize {
        let until = heap::tree(self.until.len(), size_of::<(ConnectionId, Time)>());
        let own = size_of::<Self>().saturating_sub(size_of::<Addresses>());
        let own = own.saturating_add(until).saturating_add(self.due.heap());
        own.saturating_add(self.addresses.footprint())
    }
}
