//! A registry by itself, asked for what its node never asks it.

use nodewire::codec::chia::{NodeId, NodeType};
use nodewire::state::chia::{ConnectionId, Opened, Registry, RegistryLimits, TurnedAway, Verdict};
use nodewire::{AskId, Ending, Time};

use crate::given::peer;

/// What becomes of a stream that is registered, and of one that is established.
fn refused(registry: &mut Registry, connection: ConnectionId) -> [Option<TurnedAway>; 2] {
    let verdict = registry.register(connection, AskId::from_u64(0), peer(5, NodeType::FullNode));
    let registered = match verdict {
        Verdict::Registered => None,
        Verdict::TurnedAway(why) => Some(why),
        other => panic!("{other:?}"),
    };
    [registered, registry.establish(connection).err()]
}

#[test]
fn a_stream_that_is_not_open_is_refused_for_that_and_not_for_want_of_room() {
    let mut limits = RegistryLimits::default();
    limits.max_inbound = 1;
    let mut registry = Registry::new(NodeId([7; 32]), limits);
    let not_open = [Some(TurnedAway::NotOpen); 2];
    let [first, second] = [ConnectionId(0), ConnectionId(1)];
    assert_eq!(refused(&mut registry, first), not_open);
    assert!(registry.is_empty());

    registry.open(Time::ZERO, Opened::inbound(first, None)).unwrap();
    assert_eq!(refused(&mut registry, first), [None; 2]);
    // One that was turned away is as little open as one that never came, or has gone.
    let full = registry.open(Time::ZERO, Opened::inbound(second, None));
    assert_eq!(full, Err(TurnedAway::Full("max_inbound")));
    assert_eq!(refused(&mut registry, second), not_open);
    assert!(registry.close(Time::ZERO, first, &Ending::Done).is_some());
    assert_eq!(refused(&mut registry, first), not_open);
    assert_eq!(registry.close(Time::ZERO, first, &Ending::Done), None);
}
