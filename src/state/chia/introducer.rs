//! The introducer: tells full nodes of each other (`chia.md` 13).

use crate::codec::chia::NodeType;
use crate::fault::Refusal;
use crate::machine::{ActionOf, Machine, Never, Out};
use crate::state::chia::addresses::{Addresses, AddressesCommand, AddressesConfig};
use crate::state::chia::role::{Delivery, FromPeer, Role};
use crate::time::Time;

/// An introducer: it remembers every full node that was connected (I-1) and tells a few of them to
/// who asks (I-2, P-25). It never dials (I-3).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Introducer(Addresses);

const _: () = assert!(size_of::<ActionOf<Introducer>>() <= 128);
const _: () = crate::machine::kept::<Introducer>();

impl Introducer {
    /// An introducer that knows nobody. It dials nobody, whatever the configuration says.
    #[must_use]
    pub fn new(config: AddressesConfig) -> Self {
        Self(Addresses::new(AddressesConfig { introducer: None, target_peers: 0, ..config }))
    }

    /// Whom it knows.
    #[must_use]
    pub const fn addresses(&self) -> &Addresses {
        &self.0
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
        self.0.handle_local(now, input, out)
    }

    fn handle_remote(&mut self, now: Time, input: FromPeer, out: &mut Out<Self>) {
        self.0.handle_remote(now, input, out);
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        self.0.handle_timeout(now, out);
    }

    fn deadline(&self) -> Option<Time> {
        self.0.deadline()
    }

    fn footprint(&self) -> usize {
        self.0.footprint()
    }
}
