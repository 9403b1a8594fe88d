//! Who tells whom where full nodes are, and who is dialled (P-25 to P-28, I-1 to I-3, C-10, C-14).

mod dialled;
mod told;

use nodewire::codec::chia::messages::{Peers, RequestPeers};
use nodewire::codec::chia::{Message, NodeType, PeerInfo};
use nodewire::state::chia::{
    Addresses, AddressesCommand, AddressesConfig, ConnectionId, Delivery, Direction, FromPeer,
    Parting, Peer, Whereabouts,
};
use nodewire::{Action, Machine, Never, Outbox, Time};

use crate::given::{at, id};

struct Played<M> {
    machine: M,
    now: Time,
}

impl<M> Played<M>
where
    M: Machine<
            Local = AddressesCommand,
            Remote = FromPeer,
            Send = Delivery,
            Notice = Never,
            Query = Never,
        >,
{
    fn new(machine: M) -> Self {
        Self { machine, now: Time::ZERO }
    }

    fn out(mut out: Outbox<Delivery, Never, Never>) -> Vec<Delivery> {
        let sent = |action| if let Action::Send(it) = action { it } else { unreachable!() };
        out.drain().map(sent).collect()
    }

    fn know(&mut self, addresses: Vec<PeerInfo>) -> Vec<Delivery> {
        let mut out = Outbox::new();
        let known = AddressesCommand::Known(addresses);
        self.machine.handle_local(self.now, known, &mut out).unwrap();
        Self::out(out)
    }

    fn hear(&mut self, news: FromPeer) -> Vec<Delivery> {
        let mut out = Outbox::new();
        self.machine.handle_remote(self.now, news, &mut out);
        Self::out(out)
    }

    /// A full node connects which listens there, or doesn't.
    fn connect(
        &mut self,
        from: u64,
        direction: Direction,
        listens: Option<PeerInfo>,
    ) -> Vec<Delivery> {
        let server_port = listens.as_ref().map_or(0, |at| at.port);
        let peer = Peer { node_id: id(9), node_type: NodeType::FullNode, server_port };
        self.hear(FromPeer::Connected(ConnectionId(from), peer, Whereabouts { direction, listens }))
    }

    fn disconnect(&mut self, from: u64, parting: Parting) -> Vec<Delivery> {
        self.hear(FromPeer::Disconnected(ConnectionId(from), parting))
    }

    fn introducer(&mut self, from: u64, direction: Direction) -> Vec<Delivery> {
        let peer = Peer { node_id: id(8), node_type: NodeType::Introducer, server_port: 8_445 };
        let listens = Some(at("10.9.9.9", 8_445));
        self.hear(FromPeer::Connected(ConnectionId(from), peer, Whereabouts { direction, listens }))
    }

    fn peers(&mut self, from: u64, peer_list: Vec<PeerInfo>) -> Vec<Delivery> {
        self.hear(FromPeer::Received(ConnectionId(from), Peers { peer_list }.into()))
    }

    /// What somebody is told who asks.
    fn asked(&mut self, from: u64) -> Vec<PeerInfo> {
        let said = self.hear(FromPeer::Received(ConnectionId(from), RequestPeers {}.into()));
        let [Delivery::To(ConnectionId(to), Message::Peers(peers))] = &said[..] else {
            panic!("{said:?}")
        };
        assert_eq!(*to, from);
        peers.peer_list.clone()
    }

    /// Time passes up to `to`: what it did, and when.
    fn pass(&mut self, to: Time) -> Vec<(u64, Delivery)> {
        let mut did = Vec::new();
        while let Some(due) = self.machine.deadline().filter(|due| *due <= to) {
            self.now = self.now.max(due);
            let mut out = Outbox::new();
            self.machine.handle_timeout(self.now, &mut out);
            let at = self.now.as_micros() / 1_000_000;
            did.extend(Self::out(out).into_iter().map(|it| (at, it)));
        }
        self.now = self.now.max(to);
        did
    }
}

fn addresses(config: AddressesConfig) -> Played<Addresses> {
    Played::new(Addresses::new(config))
}

/// An address, one for each number.
fn far(number: u32) -> PeerInfo {
    let [_, a, b, c] = number.to_be_bytes();
    at(&format!("10.{a}.{b}.{c}"), 8_444)
}

fn many(count: u32) -> Vec<PeerInfo> {
    (0..count).map(far).collect()
}

fn dials(said: &[Delivery]) -> usize {
    said.iter().filter(|it| matches!(it, Delivery::Dial(_))).count()
}

fn quiet() -> AddressesConfig {
    AddressesConfig::introducer(1)
}

fn wanting(peers: usize) -> AddressesConfig {
    let mut config = AddressesConfig::default();
    config.target_peers = peers;
    config
}
