//! An established connection (C-12 to C-16, R-8, R-9).

use std::time::Duration;

use nodewire::codec::chia::messages::{
    NewChallenge, Peers, Ping, Pong, RequestBlock, RequestPeers,
};
use nodewire::codec::chia::{Bytes32, Function, HeaderHash, Message, NodeId, NodeType};
use nodewire::state::chia::{ConnectionCommand, ConnectionLabel, ConnectionNotice, may_send};
use nodewire::{Ending, Fault, Machine};

use crate::given::{Played, config, seconds};

const FULL_NODE: NodeType = NodeType::FullNode;

#[test]
fn a_ping_is_answered_with_its_nonce_whatever_the_types() {
    for (us, peer) in [(FULL_NODE, FULL_NODE), (NodeType::Harvester, NodeType::Farmer)] {
        let mut played = Played::established(us, peer);
        let nonce = Bytes32([9; 32]);
        played.hear(Ping { nonce });
        assert_eq!(played.sent(), [Message::from(Pong { nonce })]);
        assert_eq!(played.notices(), []);
    }
}

#[test]
fn pings_are_sent_every_interval_and_only_their_own_pongs_count() {
    let mut played = Played::established(FULL_NODE, NodeType::Farmer);
    played.pass(seconds(299));
    assert_eq!(played.sent(), []);
    played.pass(seconds(300));
    let [Message::Ping(Ping { nonce })] = played.sent()[..] else { panic!() };
    played.hear(Pong { nonce: Bytes32([1; 32]) });
    assert_eq!(played.notices(), [], "a pong that nobody waits for");
    played.now = seconds(301);
    played.hear(Pong { nonce });
    assert_eq!(played.notices(), [ConnectionNotice::RoundTrip(1_000_000)]);
    played.hear(Pong { nonce });
    assert_eq!((played.notices(), played.ending()), (vec![], None));
    played.pass(seconds(600));
    let [Message::Ping(Ping { nonce: second })] = played.sent()[..] else { panic!() };
    assert_ne!(second, nonce);
}

/// A configuration without pings waits for nothing that never comes.
#[test]
fn an_interval_of_zero_is_no_pings() {
    let mut config = config(FULL_NODE, NodeId([1; 32]));
    config.limits.ping_interval = Duration::ZERO;
    let mut played = Played::established_with(config, NodeType::Farmer);
    assert_eq!(played.machine.deadline(), None);
    played.pass(seconds(10_000));
    assert_eq!((played.sent(), played.ending()), (vec![], None));
}

#[test]
fn a_silent_full_node_is_left_by_a_full_node_alone() {
    let mut played = Played::established(FULL_NODE, FULL_NODE);
    played.now = seconds(100);
    played.hear(RequestPeers {});
    played.pass(seconds(3_099));
    assert_eq!(played.ending(), None);
    played.pass(seconds(3_100));
    assert_eq!(played.broken(), Some(("chia/C-13", "IdleTimeout")));
    let mut played = Played::established(FULL_NODE, NodeType::Farmer);
    played.pass(seconds(10_000));
    assert_eq!(played.ending(), None);
}

#[test]
fn what_a_type_may_not_send_ends_it() {
    let mut played = Played::established(NodeType::Harvester, NodeType::Farmer);
    let challenge = NewChallenge { challenge_hash: Bytes32([3; 32]) };
    played.hear(challenge.clone());
    assert_eq!(played.notices(), [ConnectionNotice::Received(challenge.clone().into())]);
    played.hear(RequestPeers {});
    assert_eq!(played.broken(), Some(("chia/R-9", "WrongSender")));
    let mut played = Played::established(FULL_NODE, FULL_NODE);
    played.hear(challenge);
    assert_eq!(played.broken(), Some(("chia/R-9", "WrongSender")));
}

#[test]
fn the_matrix_has_every_function_of_its_sub_protocols_once_for_each_way() {
    let pairs = |function: Function| {
        let all = NodeType::ALL.into_iter();
        let pairs = all.flat_map(|from| NodeType::ALL.into_iter().map(move |to| (from, to)));
        pairs.filter(|(from, to)| may_send(*from, *to, function)).count()
    };
    use nodewire::codec::chia::SubProtocol;
    for function in Function::ALL {
        let expected = match (function, function.protocol()) {
            (Function::Ping | Function::Pong, _) => 36,
            (Function::Handshake | Function::HandshakeAck, _) | (_, SubProtocol::Pool) => 0,
            // Between full nodes, and with the introducer.
            (Function::RequestPeers | Function::Peers, _) => 2,
            _ => 1,
        };
        assert_eq!(pairs(*function), expected, "{function}");
    }
}

#[test]
fn answers_that_nobody_asked_for_are_passed_over_sixteen_times() {
    let mut played = Played::established(FULL_NODE, FULL_NODE);
    let peers = || Peers { peer_list: Vec::new() };
    played.command(ConnectionCommand::Send(RequestPeers {}.into()));
    played.hear(peers());
    assert_eq!(played.notices(), [ConnectionNotice::Received(peers().into())]);
    for _ in 0..16 {
        played.hear(peers());
    }
    assert_eq!((played.notices(), played.ending()), (vec![], None));
    played.hear(peers());
    assert_eq!(played.broken(), Some(("chia/16", "UnsolicitedAnswers")));
}

#[test]
fn a_block_may_come_asked_for_or_not() {
    let mut played = Played::established(FULL_NODE, FULL_NODE);
    let request = RequestBlock { header_hash: HeaderHash([4; 32]) };
    played.hear(request.clone());
    assert_eq!(played.notices(), [ConnectionNotice::Received(request.into())]);
}

#[test]
fn an_end_of_the_stream_blames_nobody() {
    use nodewire::bytes::Bytes;
    use nodewire::link::{Framed, FramedConfig, LengthPrefixed, Transport};
    use nodewire::{Action, Outbox, Time};
    let machine = || Played::established(FULL_NODE, FULL_NODE).machine;
    let framing = LengthPrefixed::four(usize::MAX);
    let end = |bytes: &'static [u8]| {
        let mut framed = Framed::new(machine(), framing, FramedConfig::default());
        let mut out = Outbox::new();
        framed.handle_remote(Time::ZERO, Transport::Received(Bytes::from_static(bytes)), &mut out);
        framed.handle_remote(Time::ZERO, Transport::Closed, &mut out);
        out.drain().find_map(|it| if let Action::Close(it) = it { Some(it) } else { None }).unwrap()
    };
    assert_eq!(end(b""), Ending::Done);
    assert_eq!(end(b"\x00\x00"), Ending::Fault(Fault::truncated("a frame")));
}

#[test]
fn steps_of_a_connection_are_named_by_the_first_messages() {
    for function in Function::ALL {
        let label = match function {
            Function::Handshake => ConnectionLabel::Handshake,
            Function::HandshakeAck => ConnectionLabel::HandshakeAck,
            Function::Ping => ConnectionLabel::Ping,
            Function::Pong => ConnectionLabel::Pong,
            _ => ConnectionLabel::Application,
        };
        assert_eq!(ConnectionLabel::from(*function), label);
    }
}
