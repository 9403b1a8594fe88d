//! Nodes and tables of addresses keep the laws of all machines, whatever comes in.

use nodewire::Input;
use nodewire::bytes::Bytes;
use nodewire::chia::{NodeCommand, NodeRemote};
use nodewire::codec::chia::messages::{Peers, Ping, RequestBlock, RequestPeers};
use nodewire::codec::chia::{Bytes32, HeaderHash, NodeType, PeerInfo};
use nodewire::link::Transport;
use nodewire::sim::Laws;
use nodewire::state::chia::{
    Addresses, AddressesCommand, AddressesConfig, ConnectionId, Delivery, Direction, FromPeer,
    Opened, Parting, Peer, PutOff, Whereabouts, rules,
};
use proptest::prelude::*;

use crate::given::{Played, Tell, ack, at, config, frame, hello, host, id, peer, seconds};

const FULL: NodeType = NodeType::FullNode;

#[derive(Clone, Debug)]
enum Step {
    /// A stream: whether by a new number, host, whether we dialled, whether it is trusted.
    Open(u64, usize, bool, bool),
    /// A handshake, of one of a few node ids and types.
    Hello(u64, u8, bool),
    Ack(u64),
    Say(u64, u8),
    /// Part of a frame, or none.
    Bytes(u64, Vec<u8>),
    End(u64, bool),
    Credit(u64, usize),
    Tell(Tell),
    Close(u64),
    DialFailed(usize),
    Pass(u64),
}

fn connection() -> impl Strategy<Value = u64> {
    0_u64..6
}

fn tell() -> impl Strategy<Value = Tell> {
    let full = |message: nodewire::codec::chia::Message| Delivery::Broadcast(FULL, message);
    prop_oneof![
        (connection(), any::<bool>()).prop_map(|(c, busy)| Tell::Busy(c, busy)),
        connection().prop_map(|c| Tell::Say(Delivery::Close(ConnectionId(c)))),
        connection()
            .prop_map(|c| Tell::Say(Delivery::Penalise(ConnectionId(c), &rules::WRONG_PROOF))),
        (0_usize..4).prop_map(|there| Tell::Say(Delivery::Dial(at(&host(there), 8_444)))),
        Just(Tell::Say(full(RequestPeers {}.into()))),
        connection().prop_map(|c| Tell::Say(Delivery::To(
            ConnectionId(c),
            RequestBlock { header_hash: HeaderHash([1; 32]) }.into()
        ))),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (connection(), 0_usize..4, any::<bool>(), any::<bool>())
            .prop_map(|(c, h, out, trusted)| Step::Open(c, h, out, trusted)),
        6 => (connection(), 1_u8..6, any::<bool>()).prop_map(|(c, n, f)| Step::Hello(c, n, f)),
        6 => connection().prop_map(Step::Ack),
        4 => (connection(), any::<u8>()).prop_map(|(c, what)| Step::Say(c, what)),
        1 => (connection(), proptest::collection::vec(any::<u8>(), 0..9))
            .prop_map(|(c, bytes)| Step::Bytes(c, bytes)),
        1 => (connection(), any::<bool>()).prop_map(|(c, whole)| Step::End(c, whole)),
        2 => (connection(), prop_oneof![0_usize..300, Just(Transport::UNCOUNTED)])
            .prop_map(|(c, credit)| Step::Credit(c, credit)),
        3 => tell().prop_map(Step::Tell),
        1 => connection().prop_map(Step::Close),
        1 => (0_usize..4).prop_map(Step::DialFailed),
        1 => (0_u64..700).prop_map(Step::Pass),
    ]
}

fn opened(number: u64, there: usize, is_ours: bool, is_trusted: bool) -> Opened {
    let connection = ConnectionId(number);
    let dialled = at(&host(there), 8_444);
    let opened = if is_ours {
        Opened::outbound(connection, None).of_dial(dialled)
    } else {
        Opened::inbound(connection, Some(at(&host(there), 50_000)))
    };
    if is_trusted { opened.trusted() } else { opened }
}

fn said(what: u8) -> Vec<u8> {
    match what % 4 {
        0 => frame(Ping { nonce: Bytes32([what; 32]) }),
        1 => frame(RequestBlock { header_hash: HeaderHash([what; 32]) }),
        2 => frame(RequestPeers {}),
        _ => frame(Peers { peer_list: Vec::new() }),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn nodes_keep_the_laws(steps in proptest::collection::vec(step(), 0..120)) {
        let mut config = config(3);
        (config.registry.max_established, config.registry.max_half_open) = (3, 3);
        config.max_waiting = 2;
        let mut laws = Laws::new(Played::with(config, FULL).node);
        let (mut now, mut next) = (seconds(0), 0);
        for step in steps {
            // The newest are spoken of most.
            let one_of = |c: u64| ConnectionId((next + 1_u64).saturating_sub(c));
            let remote = |c, transport| {
                Input::Remote(NodeRemote { connection: one_of(c), transport })
            };
            let received = |c, bytes: Vec<u8>| remote(c, Transport::Received(Bytes::from(bytes)));
            let input = match step {
                Step::Open(c, there, is_ours, is_trusted) => {
                    // Now and then by a number that was there already.
                    next += u64::from(c > 0);
                    Input::Local(NodeCommand::Opened(opened(next, there, is_ours, is_trusted)))
                }
                Step::Hello(c, byte, is_full) => {
                    let node_type = if is_full { FULL } else { NodeType::Farmer };
                    received(c, hello(peer(byte, node_type)))
                }
                Step::Ack(c) => received(c, ack()),
                Step::Say(c, what) => received(c, said(what)),
                Step::Bytes(c, bytes) => received(c, bytes),
                Step::End(c, true) => remote(c, Transport::Closed),
                Step::End(c, false) => remote(c, Transport::Finished),
                Step::Credit(c, credit) => remote(c, Transport::Writable(credit)),
                Step::Tell(tell) => Input::Local(NodeCommand::Role(tell)),
                Step::Close(c) => Input::Local(NodeCommand::Close(one_of(c))),
                Step::DialFailed(there) => {
                    Input::Local(NodeCommand::DialFailed(at(&host(there), 8_444)))
                }
                Step::Pass(passed) => {
                    now = now.after(std::time::Duration::from_secs(passed));
                    Input::Timeout
                }
            };
            if let Err(broken) = laws.step(now, input) {
                panic!("{broken}");
            }
        }
    }

    #[test]
    fn addresses_keep_the_laws(steps in proptest::collection::vec(
        (0_u8..8, 0_u64..6, 0_u32..40, 0_u64..200), 0..150)
    ) {
        let introducer = at("introducer.example", 8_445);
        let mut config = AddressesConfig::full_node(Some(introducer.clone()), 9);
        (config.target_peers, config.limits.max_addresses) = (3, 20);
        let mut laws = Laws::new(Addresses::new(config)).footprint_limit(20_000);
        let mut now = seconds(0);
        for (what, c, address, wait) in steps {
            let from = ConnectionId(c);
            let there = PeerInfo { host: format!("10.2.0.{address}"), port: 8_444 };
            let direction = if wait % 2 == 0 { Direction::Outbound } else { Direction::Inbound };
            let connected = |node_type, listens| {
                let peer = Peer { node_id: id(5), node_type, server_port: 8_444 };
                FromPeer::Connected(from, peer, Whereabouts { direction, listens })
            };
            let input = match what {
                0 => Input::Local(AddressesCommand::Known(vec![there])),
                1 => Input::Remote(connected(FULL, Some(there))),
                2 => Input::Remote(connected(NodeType::Introducer, None)),
                3 => Input::Remote(FromPeer::Received(from, RequestPeers {}.into())),
                4 => {
                    let peer_list = (0..address).map(|n| at(&format!("10.3.0.{n}"), 1)).collect();
                    Input::Remote(FromPeer::Received(from, Peers { peer_list }.into()))
                }
                5 if wait < 100 => Input::Remote(FromPeer::Disconnected(from, Parting::AddressKept)),
                5 => Input::Remote(FromPeer::Disconnected(from, Parting::AddressDropped)),
                6 if wait < 50 => Input::Remote(FromPeer::DialFailed(introducer.clone())),
                6 if wait < 75 => Input::Remote(FromPeer::DialPutOff(introducer.clone(), PutOff::Banned)),
                6 if wait < 100 => Input::Remote(FromPeer::DialPutOff(there, PutOff::Full)),
                6 => Input::Remote(FromPeer::DialFailed(there)),
                _ => {
                    now = now.after(std::time::Duration::from_secs(wait));
                    Input::Timeout
                }
            };
            if let Err(broken) = laws.step(now, input) {
                panic!("{broken}");
            }
            prop_assert!(laws.machine().len() <= 20);
        }
    }
}
