//! Who is dialled, and who is asked for more (P-27, P-28, C-14).

use std::time::Duration;

use nodewire::codec::chia::messages::RequestPeers;
use nodewire::state::chia::{
    Addresses, AddressesConfig, ConnectionId, Delivery, Direction, FromPeer, Parting, PutOff,
};
use nodewire::{Machine, Time};

use super::{Played, addresses, dials, far, many, wanting};
use crate::given::{at, seconds};

#[test]
fn ten_full_nodes_that_listen_are_wanted() {
    let mut node = addresses(AddressesConfig::default());
    let said = node.know(many(50));
    assert_eq!(dials(&said), 10);
    assert_eq!(node.machine.needed(), 10);
    // One that does not listen is none of them.
    assert_eq!(node.connect(0, Direction::Inbound, None), []);
    assert_eq!(node.machine.needed(), 10);
    // Those under way count: at most as many as are needed.
    let Delivery::Dial(first) = &said[0] else { panic!() };
    assert_eq!(node.connect(1, Direction::Outbound, Some(first.clone())), []);
    assert_eq!(node.machine.needed(), 9);
    // One that came by itself: one less is needed than is under way.
    assert_eq!(node.connect(2, Direction::Inbound, Some(far(1_000))), []);
    assert_eq!(node.machine.needed(), 8);
    // A failed dial: the address goes, and another is dialled only when that is one too few.
    let Delivery::Dial(second) = said[1].clone() else { panic!() };
    assert_eq!(node.hear(FromPeer::DialFailed(second.clone())), []);
    assert!(!node.machine.knows(&second));
    let Delivery::Dial(third) = said[2].clone() else { panic!() };
    let again = node.hear(FromPeer::DialFailed(third));
    assert_eq!(dials(&again), 1);
    assert!(!said.contains(&again[0]));
}

/// That a host is banned, or that too many are dialled, says nothing of an address: it stays, and none
/// of the others is used up in its place.
#[test]
fn what_is_put_off_is_as_good_as_it_was_and_dialled_again_after_a_while() {
    let mut node = addresses(AddressesConfig::default());
    let said = node.know(many(50));
    assert_eq!(dials(&said), 10);
    for dial in &said {
        let Delivery::Dial(address) = dial else { panic!() };
        assert_eq!(node.hear(FromPeer::DialPutOff(address.clone(), PutOff::Full)), []);
    }
    assert_eq!(node.machine.len(), 50);
    assert_eq!(node.machine.deadline(), Some(seconds(60)));
    let again = node.pass(seconds(60));
    assert_eq!(again.len(), 10);
    for (_, dial) in &again {
        let Delivery::Dial(address) = dial else { panic!() };
        node.hear(FromPeer::DialFailed(address.clone()));
    }
    assert_eq!(node.machine.len(), 40);
}

/// Where a host is banned another's address is dialled a second later, none of its own ports, and
/// nobody's is lost: whatever the limits say, nothing happens twice in one instant.
#[test]
fn instead_of_a_banned_host_another_is_dialled_soon() {
    let banned = |port| at("10.9.9.9", port);
    for seed in 0..8 {
        let mut config = wanting(1);
        config.seed = seed;
        let mut node = addresses(config);
        let known: Vec<_> = (1..=5).map(banned).chain([far(1)]).collect();
        let said = node.know(known);
        let [Delivery::Dial(first)] = &said[..] else { panic!("{said:?}") };
        if *first != far(1) {
            assert_eq!(node.hear(FromPeer::DialPutOff(first.clone(), PutOff::Banned)), []);
            assert_eq!(node.pass(seconds(1)), [(1, Delivery::Dial(far(1)))]);
        }
        assert_eq!(node.machine.len(), 6);
    }
}

#[test]
fn what_comes_to_nothing_at_once_is_not_tried_again_at_once() {
    let introducer = at("introducer.example", 8_445);
    for is_banned in [false, true] {
        let mut config = AddressesConfig::full_node(Some(introducer.clone()), 3);
        (config.limits.redial, config.limits.introducer_retry) = Default::default();
        let mut node = addresses(config);
        assert_eq!(node.pass(Time::ZERO).len(), 1);
        assert_eq!(dials(&node.know(many(1))), 1);
        let news = |there| match is_banned {
            true => FromPeer::DialPutOff(there, PutOff::Banned),
            false => FromPeer::DialFailed(there),
        };
        assert_eq!(node.hear(news(introducer.clone())), []);
        assert_eq!(node.hear(FromPeer::DialPutOff(far(0), PutOff::Banned)), []);
        assert_eq!(node.machine.deadline(), Some(seconds(1)));
    }
}

/// Limits of zero neither have it dial all the time nor give an introducer up that has just connected.
#[test]
fn an_introducer_has_a_second_whatever_the_limits_say() {
    let introducer = at("introducer.example", 8_445);
    let mut config = AddressesConfig::full_node(Some(introducer.clone()), 3);
    config.limits.introducer_interval = Duration::ZERO;
    config.limits.dial_timeout = Duration::ZERO;
    let mut node = addresses(config);
    let dial = Delivery::Dial(introducer);
    assert_eq!(dials(&node.know(many(0))), 1);
    assert_eq!(node.machine.deadline(), Some(seconds(1)));
    assert_eq!(node.pass(seconds(2)), [(1, dial.clone()), (2, dial.clone())]);
    let ask = Delivery::To(ConnectionId(1), RequestPeers {}.into());
    assert_eq!(node.introducer(1, Direction::Outbound), [ask]);
    assert_eq!(node.pass(seconds(3)), [(3, Delivery::Close(ConnectionId(1))), (3, dial)]);
}

#[test]
fn an_introducer_that_is_put_off_is_dialled_soon() {
    let introducer = at("introducer.example", 8_445);
    let mut node = addresses(AddressesConfig::full_node(Some(introducer.clone()), 3));
    let dial = Delivery::Dial(introducer.clone());
    assert_eq!(node.pass(Time::ZERO), [(0, dial.clone())]);
    assert_eq!(node.hear(FromPeer::DialPutOff(introducer, PutOff::Full)), []);
    assert_eq!(node.pass(seconds(5)), [(5, dial)]);
}

#[test]
fn who_left_is_dialled_again_after_a_while_and_a_liar_never() {
    let mut node = addresses(AddressesConfig::default());
    node.connect(0, Direction::Outbound, Some(far(0)));
    node.connect(1, Direction::Outbound, Some(far(1)));
    assert_eq!(node.disconnect(0, Parting::AddressKept), []);
    assert_eq!(node.disconnect(1, Parting::AddressDropped), []);
    assert!(!node.machine.knows(&far(1)));
    assert_eq!(node.machine.deadline(), Some(seconds(60)));
    assert_eq!(
        node.pass(seconds(600)),
        [
            (60, Delivery::Dial(far(0))),
            // What comes to nothing at all has got lost.
            (120, Delivery::Dial(far(0))),
            (180, Delivery::Dial(far(0))),
            (240, Delivery::Dial(far(0))),
            (300, Delivery::Dial(far(0))),
            (360, Delivery::Dial(far(0))),
            (420, Delivery::Dial(far(0))),
            (480, Delivery::Dial(far(0))),
            (540, Delivery::Dial(far(0))),
            (600, Delivery::Dial(far(0))),
        ]
    );
    assert_eq!(node.hear(FromPeer::DialFailed(far(0))), []);
    assert!(node.machine.is_empty());
    assert_eq!(node.pass(seconds(10_000)), []);
}

#[test]
fn an_address_that_was_not_heard_of_of_late_is_not_dialled() {
    for (wait, dialled) in [(6_000, 1), (6_001, 0)] {
        let mut node = addresses(wanting(1));
        node.connect(0, Direction::Inbound, Some(far(500)));
        assert_eq!(node.know(many(1)), []);
        node.now = seconds(wait);
        assert_eq!(dials(&node.disconnect(0, Parting::AddressDropped)), dialled);
    }
}

#[test]
fn the_introducer_is_dialled_every_120_seconds_and_5_after_a_failure() {
    let introducer = at("introducer.example", 8_445);
    let dial = Delivery::Dial(introducer.clone());
    let mut node = addresses(AddressesConfig::full_node(Some(introducer.clone()), 3));
    assert_eq!(node.machine.deadline(), Some(Time::ZERO));
    assert_eq!(node.pass(Time::ZERO), [(0, dial.clone())]);
    assert_eq!(node.hear(FromPeer::DialFailed(introducer.clone())), []);
    assert_eq!(node.pass(seconds(5)), [(5, dial.clone())]);
    let asked = node.introducer(0, Direction::Outbound);
    assert_eq!(dials(&asked), 0);
    assert_eq!(asked.len(), 1);
    let said = node.peers(0, many(2));
    assert_eq!(said[0], Delivery::Close(ConnectionId(0)));
    assert_eq!(dials(&said), 2);
    node.disconnect(0, Parting::AddressKept);
    node.connect(1, Direction::Outbound, Some(far(0)));
    node.connect(2, Direction::Outbound, Some(far(1)));
    assert_eq!(node.pass(seconds(124)), []);
    assert_eq!(node.pass(seconds(125)), [(125, dial.clone())]);
    // One that never answers makes room for the next call.
    node.introducer(3, Direction::Outbound);
    let close = Delivery::Close(ConnectionId(3));
    assert_eq!(node.pass(seconds(245)), [(245, close), (245, dial.clone())]);
    node.hear(FromPeer::DialFailed(introducer));
    // Not while there are enough.
    for more in 0..8 {
        node.connect(10 + more, Direction::Inbound, Some(far(100 + u32::try_from(more).unwrap())));
    }
    assert_eq!(node.machine.needed(), 0);
    assert_eq!(node.machine.deadline(), None);
    assert_eq!(node.pass(seconds(5_000)), []);
    // And at once when there are too few again.
    assert!(node.disconnect(10, Parting::AddressKept).contains(&dial));
}

#[test]
fn full_nodes_are_asked_if_that_is_wanted_and_needed() {
    let mut config = wanting(2);
    config.asks_full_nodes = true;
    let mut node = addresses(config);
    let ask = |to| Delivery::To(ConnectionId(to), RequestPeers {}.into());
    assert_eq!(node.connect(0, Direction::Inbound, Some(far(0))), []);
    assert_eq!(node.connect(1, Direction::Outbound, None), [ask(1)]);
    let said = node.peers(1, vec![far(7)]);
    assert_eq!(said, [Delivery::Dial(far(7))]);
    assert_eq!(node.connect(2, Direction::Outbound, Some(far(7))), []);
    assert_eq!(node.machine.needed(), 0);
}

#[test]
fn a_failed_dial_does_not_forget_who_is_connected() {
    let mut node = addresses(AddressesConfig::default());
    node.know(many(1));
    // It came by itself before it was reached, and its second connection was one too many.
    node.connect(0, Direction::Inbound, Some(far(0)));
    node.hear(FromPeer::DialFailed(far(0)));
    assert!(node.machine.knows(&far(0)));
}

/// Which of many addresses are told and dialled follows from the seed.
#[test]
fn whom_a_node_dials_follows_from_its_seed() {
    let dialled = |seed| {
        let mut played = Played::new(Addresses::new(AddressesConfig::full_node(None, seed)));
        played.know((1..=200).map(|host| at(&format!("10.0.0.{host}"), 8_444)).collect())
    };
    assert_eq!(dialled(1).len(), 10);
    assert_eq!(dialled(1), dialled(1));
    assert_ne!(dialled(1), dialled(2));
}
