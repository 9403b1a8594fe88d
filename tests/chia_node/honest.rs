//! Honest nodes never blame each other, however their streams are cut, delayed and interleaved.

use std::time::Duration;

use nodewire::chia::{NodeCommand, NodeNotice};
use nodewire::codec::chia::messages::{Peers, RequestBlock, RequestPeers, TransactionId};
use nodewire::codec::chia::{self, HeaderHash, Message, NodeType};
use nodewire::state::chia::{ConnectionId, Delivery, FromPeer, Reaction};
use nodewire::{Ending, Fault, Time};
use proptest::prelude::*;

use crate::given::{Net, Played, Tell, config};

const FULL: NodeType = NodeType::FullNode;

#[derive(Clone, Debug)]
enum Step {
    /// Somebody dials somebody.
    Dial(usize, usize),
    /// Some bytes arrive on one of the streams where some are on their way.
    Arrive(usize, usize),
    /// A node says something to all its peers.
    Say(usize, u8),
    /// A node has no room for one of its connections, or has again.
    Busy(usize, usize, bool),
    /// A node leaves one of its peers.
    Leave(usize, usize),
    /// Time passes, seconds at most.
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let node = || 0_usize..3;
    prop_oneof![
        2 => (node(), node()).prop_map(|(a, b)| Step::Dial(a, b)),
        20 => (any::<usize>(), 1_usize..90).prop_map(|(a, b)| Step::Arrive(a, b)),
        4 => (node(), any::<u8>()).prop_map(|(a, b)| Step::Say(a, b)),
        2 => (node(), 0_usize..12, any::<bool>()).prop_map(|(a, b, c)| Step::Busy(a, b, c)),
        1 => (node(), 0_usize..12).prop_map(|(a, b)| Step::Leave(a, b)),
        1 => (1_u64..400).prop_map(Step::Pass),
    ]
}

/// Anything that a full node may say unasked, and a request.
fn message(byte: u8) -> Message {
    match byte % 3 {
        0 => RequestBlock { header_hash: HeaderHash([byte; 32]) }.into(),
        1 => TransactionId { transaction_id: chia::TransactionId([byte; 32]) }.into(),
        _ => RequestPeers {}.into(),
    }
}

/// A node that takes little in a minute.
fn node(byte: u8) -> Played {
    let mut config = config(byte);
    // What passes slowly is no flood: the honest are held back.
    let rate = config.connection.limits.rate.as_mut().unwrap();
    (rate.messages, rate.transactions) = (6, 5);
    Played::with(config, FULL)
}

fn blamed(net: &mut Net) -> Vec<String> {
    let mut found = Vec::new();
    for (at, node) in net.nodes.iter_mut().enumerate() {
        for notice in node.notices() {
            match notice {
                NodeNotice::Closed { ending, reaction, banned_until, .. } => {
                    let is_fine = match ending {
                        Ending::Done => true,
                        Ending::Fault(fault) => {
                            matches!(fault, Fault::Timeout { .. } | Fault::Truncated { .. })
                                || fault.rule().is_some_and(|rule| rule.reason() == "Duplicate")
                        }
                    };
                    // Who dials itself is told so, and that is all.
                    let is_own = reaction == Reaction::DropForGood;
                    if !is_own && (!is_fine || reaction != Reaction::Keep || banned_until.is_some())
                    {
                        found.push(format!("{at}: {ending} {reaction:?}"));
                    }
                }
                NodeNotice::Unsaid { why, .. } => found.push(format!("{at}: {why}")),
                _ => {}
            }
        }
    }
    found
}

fn act(net: &mut Net, step: &Step, now: &mut Time) {
    match *step {
        Step::Dial(from, to) => {
            net.dial(from, to);
        }
        Step::Arrive(which, size) => {
            let moving: Vec<_> = net.moving().collect();
            if let Some((pipe, end)) = moving.get(which % moving.len().max(1)) {
                net.arrive(*pipe, *end, size);
            }
        }
        Step::Say(node, byte) => {
            net.nodes[node].say(Delivery::Broadcast(FULL, message(byte)));
            net.collect(node);
        }
        Step::Busy(node, at, busy) => {
            let connected = net.nodes[node].connected();
            let Some(peer) = connected.get(at % connected.len().max(1)) else { return };
            net.nodes[node].tell(Tell::Busy(*peer, busy));
            net.collect(node);
        }
        Step::Leave(node, at) => {
            let connected = net.nodes[node].connected();
            let Some(peer) = connected.get(at % connected.len().max(1)) else { return };
            net.nodes[node].command(NodeCommand::Close(ConnectionId(*peer)));
            net.collect(node);
        }
        Step::Pass(seconds) => {
            *now = now.after(Duration::from_secs(seconds));
            net.pass(*now);
        }
    }
}

/// Peers that asked are answered, which no role does here.
fn answers(net: &mut Net, told: &mut [usize]) {
    for (at, told) in told.iter_mut().enumerate() {
        let heard = net.nodes[at].heard()[*told..].to_vec();
        *told += heard.len();
        for news in heard {
            if let FromPeer::Received(from, Message::RequestPeers(_)) = news {
                net.nodes[at].say(Delivery::To(from, Peers { peer_list: Vec::new() }.into()));
                net.collect(at);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn honest_nodes_blame_nobody(steps in proptest::collection::vec(step(), 0..250)) {
        let mut net = Net::new(vec![node(1), node(2), node(3)]);
        let (mut now, mut told) = (Time::ZERO, [0; 3]);
        for step in &steps {
            act(&mut net, step, &mut now);
            answers(&mut net, &mut told);
            let found = blamed(&mut net);
            prop_assert!(found.is_empty(), "{found:?}");
        }
        // Everybody has room again, and all that is on its way arrives.
        for at in 0..3 {
            let busy: Vec<_> = net.nodes[at].node.role().busy.iter().copied().collect();
            for peer in busy {
                net.nodes[at].tell(Tell::Busy(peer.0, false));
                net.collect(at);
            }
        }
        for _ in 0..40 {
            net.settle();
            answers(&mut net, &mut told);
            let found = blamed(&mut net);
            prop_assert!(found.is_empty(), "{found:?}");
            // What was held back for its rate goes on.
            now = now.after(Duration::from_secs(20));
            net.pass(now);
        }
        // No two have two connections, and both ends have the same.
        for (at, node) in net.nodes.iter().enumerate() {
            let connected = node.connected();
            let mut peers: Vec<_> = connected
                .iter()
                .map(|it| node.node.registry().peer(ConnectionId(*it)).unwrap().node_id)
                .collect();
            let all = peers.len();
            peers.dedup();
            prop_assert_eq!(all, peers.len());
            for connection in connected {
                // The other end has the number beside it.
                let other = net.nodes.iter().enumerate().find(|(it, node)| {
                    *it != at && node.node.registry().is_established(ConnectionId(connection ^ 1))
                });
                prop_assert!(other.is_some(), "node {at}, connection {connection}");
            }
        }
    }
}
