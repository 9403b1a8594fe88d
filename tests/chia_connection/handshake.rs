//! Who is let in (C-1 to C-11).

use nodewire::codec::chia::messages::{HandshakeAck, NewChallenge, Ping, RequestPeers};
use nodewire::codec::chia::{Bytes32, NodeType};
use nodewire::state::chia::{Admission, ConnectionCommand, ConnectionPhase, Direction, is_useful};
use nodewire::{Ending, Machine, Outbox, Refused};

use crate::given::{Played, US, config, handshake, seconds};

const FULL_NODE: NodeType = NodeType::FullNode;

fn refused(change: impl FnOnce(&mut nodewire::codec::chia::messages::Handshake)) -> &'static str {
    let mut played = Played::new(config(FULL_NODE, US));
    let mut theirs = handshake(FULL_NODE);
    change(&mut theirs);
    played.hear(theirs);
    assert_eq!(played.sent(), [], "whoever is refused gets no ack (R-6)");
    played.broken().unwrap().1
}

#[test]
fn a_handshake_is_checked_in_the_order_of_the_reference() {
    assert_eq!(refused(|it| it.node_type = NodeType::Harvester), "UselessPeer");
    assert_eq!(refused(|it| it.node_id = US), "SelfConnection");
    assert_eq!(refused(|it| it.network_id = "mainnet".to_string()), "WrongNetwork");
    assert_eq!(refused(|it| it.version = "0.0.5".to_string()), "WrongVersion");
    // Of several faults the first counts.
    let all = refused(|it| {
        (it.node_type, it.node_id) = (NodeType::Harvester, US);
        (it.network_id, it.version) = (String::new(), String::new());
    });
    assert_eq!(all, "UselessPeer");
    let last_two = refused(|it| (it.network_id, it.version) = (String::new(), String::new()));
    assert_eq!(last_two, "WrongNetwork");
    let mut played = Played::new(config(FULL_NODE, US));
    played.hear(handshake(FULL_NODE));
    played.admit(Admission::Duplicate);
    assert_eq!((played.sent(), played.broken()), (vec![], Some(("chia/C-9", "Duplicate"))));
}

#[test]
fn a_connection_is_established_when_both_acks_have_passed_in_either_order() {
    let mut played = Played::new(config(FULL_NODE, US));
    played.hear(handshake(FULL_NODE));
    played.hear(HandshakeAck {});
    assert!(!played.machine.is_established());
    assert_eq!(played.machine.phase(), ConnectionPhase::AwaitAck);
    played.admit(Admission::Registered);
    assert!(played.machine.is_established());
    assert_eq!((played.notices().len(), played.sent().len()), (1, 1));
    assert_eq!(played.machine.direction(), Direction::Inbound);
    assert_eq!(played.machine.peer().unwrap().node_id, handshake(FULL_NODE).node_id);
}

#[test]
fn only_the_handshake_is_said_before() {
    let mut played = Played::new(config(FULL_NODE, US));
    played.hear(HandshakeAck {});
    assert_eq!(played.broken(), Some(("chia/C-2", "InvalidHandshake")));
    for early in [RequestPeers {}.into(), Ping { nonce: Bytes32([0; 32]) }.into()] {
        let mut played = Played::new(config(FULL_NODE, US));
        played.hear(handshake(FULL_NODE));
        let message: nodewire::codec::chia::Message = early;
        played.hear(message.clone());
        assert_eq!(played.broken(), Some(("chia/C-2", "InvalidAck")));
        // It has acked, we have not.
        let mut played = Played::new(config(FULL_NODE, US));
        played.hear(handshake(FULL_NODE));
        played.hear(HandshakeAck {});
        played.hear(message);
        assert_eq!(played.broken(), Some(("chia/C-6", "TooEarly")));
    }
    let mut played = Played::established(FULL_NODE, FULL_NODE);
    played.hear(handshake(FULL_NODE));
    assert_eq!(played.broken(), Some(("chia/C-7", "SecondHandshake")));
    let mut played = Played::established(FULL_NODE, FULL_NODE);
    played.hear(HandshakeAck {});
    assert_eq!(played.broken(), Some(("chia/C-7", "SecondHandshake")));
}

#[test]
fn whoever_is_not_there_in_half_a_minute_is_left() {
    for heard in 0..3 {
        let mut played = Played::new(config(FULL_NODE, US));
        if heard > 0 {
            played.hear(handshake(FULL_NODE));
        }
        if heard > 1 {
            played.admit(Admission::Registered);
        }
        played.pass(seconds(29));
        assert_eq!(played.ending(), None);
        played.pass(seconds(30));
        assert_eq!(played.broken(), Some(("chia/C-11", "HandshakeTimeout")));
    }
}

#[test]
fn what_cannot_be_done_yet_is_refused_and_changes_nothing() {
    let mut played = Played::new(config(FULL_NODE, US));
    let before = played.machine.clone();
    let mut out = Outbox::new();
    for command in [ConnectionCommand::Open, ConnectionCommand::Send(RequestPeers {}.into())] {
        let refusal = played.machine.handle_local(played.now, command, &mut out).unwrap_err();
        assert_eq!(refusal.why, Refused::wrong_phase("AwaitHandshake"));
    }
    let unknown = ConnectionCommand::Admitted(nodewire::AskId::from_u64(0), Admission::Duplicate);
    let refusal = played.machine.handle_local(played.now, unknown, &mut out).unwrap_err();
    assert_eq!(refusal.why, Refused::UnknownAsk);
    assert!(out.is_empty() && played.machine == before);
    let mut played = Played::established(NodeType::Farmer, NodeType::Harvester);
    let wrong = ConnectionCommand::Send(RequestPeers {}.into());
    assert!(played.machine.handle_local(played.now, wrong, &mut out).is_err());
    let right = NewChallenge { challenge_hash: Bytes32([3; 32]) };
    played.command(ConnectionCommand::Send(right.into()));
    assert_eq!(played.sent().len(), 1);
    played.command(ConnectionCommand::Close);
    assert_eq!(played.ending(), Some(Ending::Done));
}

#[test]
fn types_are_of_use_to_each_other_as_the_matrix_says() {
    use NodeType::{Farmer, FullNode, Harvester, Introducer, Timelord, Wallet};
    let pairs = [
        (Harvester, Farmer),
        (Farmer, FullNode),
        (Timelord, FullNode),
        (FullNode, FullNode),
        (Introducer, FullNode),
        (Wallet, FullNode),
    ];
    for us in NodeType::ALL {
        for peer in NodeType::ALL {
            let listed = pairs.contains(&(us, peer)) || pairs.contains(&(peer, us));
            assert_eq!(is_useful(us, peer), listed, "{us:?} {peer:?}");
        }
    }
}
