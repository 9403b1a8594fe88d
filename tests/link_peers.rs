//! Many machines by peer: whose deadline is next, and who has ended.

#![cfg(feature = "leios")]

mod link_toy;

use link_toy::*;
use nodewire::bytes::Bytes;
use nodewire::link::Peers;
use nodewire::{Action, Ending, Input, Machine, Refused, Time};
use proptest::prelude::*;

fn at(micros: u64) -> Time {
    Time::from_micros(micros)
}

fn wake(peers: &mut Peers<u32, Toy>, peer: u32, micros: u64) {
    let mut out = Vec::new();
    let input = Input::Local(Local::WakeAt(at(micros)));
    peers.handle(Time::ZERO, &peer, input, &mut out).unwrap();
    assert!(out.is_empty());
}

#[test]
fn the_earliest_deadline_is_first_and_ties_go_to_the_smallest_key() {
    let mut peers = Peers::new();
    for peer in [7, 3, 5, 9] {
        assert_eq!(peers.insert(peer, Toy::default()), None);
    }
    assert_eq!(peers.deadline(), None);
    wake(&mut peers, 7, 100);
    wake(&mut peers, 5, 100);
    wake(&mut peers, 9, 200);
    assert_eq!(peers.deadline(), Some((at(100), &5)));
    let mut out = Vec::new();
    peers.handle(at(100), &5, Input::Timeout, &mut out).unwrap();
    assert_eq!(out, [(5, Action::Notify(Notice::Woken))]);
    assert_eq!(peers.deadline(), Some((at(100), &7)));
    wake(&mut peers, 7, 300);
    assert_eq!(peers.deadline(), Some((at(200), &9)));
    assert!(peers.remove(&9).is_some());
    assert_eq!(peers.deadline(), Some((at(300), &7)));
}

#[test]
fn a_closed_machine_is_dropped_and_its_peer_stays_until_removed() {
    let mut peers = Peers::new();
    let due = Toy { due: Some(at(9)), ..Toy::default() };
    peers.insert(1, due.clone());
    assert_eq!(peers.deadline(), Some((at(9), &1)));
    let mut out = Vec::new();
    let done = Remote::Item(CHAIN, Bytes::from_static(&[DONE]));
    peers.handle(Time::ZERO, &1, Input::Remote(done.clone()), &mut out).unwrap();
    assert_eq!(out.pop(), Some((1, Action::Close(Ending::Done))));
    out.clear();
    assert_eq!(peers.deadline(), None);
    assert!(peers.contains(&1) && peers.get(&1).is_none());
    peers.handle(Time::ZERO, &1, Input::Remote(done), &mut out).unwrap();
    let refusal = peers.handle(Time::ZERO, &1, Input::Local(Local::Release), &mut out).unwrap_err();
    assert_eq!((refusal.why, refusal.input), (Refused::Ended, Local::Release));
    assert!(out.is_empty());
    assert_eq!(peers.remove(&1), None);
    assert!(peers.is_empty());
    let refusal = peers.handle(Time::ZERO, &1, Input::Local(Local::Release), &mut out).unwrap_err();
    assert_eq!(refusal.why, Refused::Ended);
    assert_eq!(peers.insert(1, due.clone()), None);
    assert_eq!(peers.insert(1, Toy::default()), Some(due));
    assert_eq!(peers.deadline(), None);
}

#[test]
fn peers_are_listed_in_order_and_counted_in_bytes() {
    let mut peers: Peers<u32, Toy> = Peers::default();
    assert!(peers.is_empty());
    let nobody = peers.footprint();
    for peer in [9, 3, 7] {
        peers.insert(peer, Toy::default());
    }
    assert_eq!(peers.len(), 3);
    let mut out = Vec::new();
    peers.handle(Time::ZERO, &7, Input::Local(Local::Finish), &mut out).unwrap();
    let listed: Vec<_> = peers.iter().map(|(peer, machine)| (*peer, machine.is_some())).collect();
    assert_eq!(listed, [(3, true), (7, false), (9, true)]);
    assert!(peers.footprint() >= nobody + 2 * size_of::<Toy>());
}

proptest! {
    /// The index of deadlines is what a scan would find.
    #[test]
    fn the_deadline_is_that_of_a_scan(
        steps in prop::collection::vec((0_u32..6, 0_u8..5, 0_u64..20), 0..80),
    ) {
        let mut peers: Peers<u32, Toy> = Peers::new();
        let mut out = Vec::new();
        for (peer, what, micros) in steps {
            let _ = match what {
                0 => { peers.insert(peer, Toy { due: Some(at(micros)), ..Toy::default() }); Ok(()) }
                1 => { peers.remove(&peer); Ok(()) }
                2 => peers.handle(at(micros), &peer, Input::Timeout, &mut out),
                3 => peers.handle(at(micros), &peer, Input::Local(Local::Finish), &mut out),
                _ => peers.handle(at(0), &peer, Input::Local(Local::WakeAt(at(micros))), &mut out),
            };
            let scan = peers.iter().filter_map(|(key, toy)| Some((toy?.deadline()?, key))).min();
            prop_assert_eq!(peers.deadline(), scan);
        }
    }
}
