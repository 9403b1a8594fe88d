//! Two honest ends never blame each other, however the stream between them is cut and delayed.

use std::collections::VecDeque;

use nodewire::bytes::Bytes;
use nodewire::chia::{Session, session};
use nodewire::codec::chia::messages::{Peers, RequestBlock, RequestPeers, TransactionId};
use nodewire::codec::chia::{self, HeaderHash, Message, NodeType};
use nodewire::link::Transport;
use nodewire::state::chia::{
    Admission, ConnectionCommand, ConnectionNotice, ConnectionQuery, Direction, RateLimits,
};
use nodewire::{Action, Machine, Outbox, Time};
use proptest::prelude::*;

use crate::given::{PEER, US, config};

struct End {
    link: Session,
    /// Bytes on their way to it.
    coming: VecDeque<u8>,
    heard: Vec<Message>,
    connected: bool,
    to_say: VecDeque<Message>,
    questions: Vec<nodewire::AskId>,
}

fn end(node_id: chia::NodeId, direction: Direction, to_say: Vec<Message>) -> End {
    let mut config = config(NodeType::FullNode, node_id);
    let mut rate = RateLimits::default();
    (rate.messages, rate.transactions) = (4, 3);
    config.limits.rate = Some(rate);
    let link = session(config, direction);
    End {
        link,
        coming: VecDeque::new(),
        heard: Vec::new(),
        connected: false,
        to_say: to_say.into(),
        questions: Vec::new(),
    }
}

/// Carries out what an end wants; bytes go into `other`.
fn follow(out: Outbox<Bytes, ConnectionNotice, ConnectionQuery>, one: &mut End, other: &mut End) {
    let mut out = out;
    for action in out.drain() {
        match action {
            Action::Send(bytes) => other.coming.extend(bytes),
            Action::Notify(ConnectionNotice::Connected(_)) => one.connected = true,
            Action::Notify(ConnectionNotice::Received(message)) => one.heard.push(message),
            Action::Notify(_) => {}
            Action::Ask(id, _) => one.questions.push(id),
            Action::Close(ending) => panic!("{ending}"),
        }
    }
}

fn messages() -> impl Strategy<Value = Vec<Message>> {
    let one = prop_oneof![
        any::<u8>().prop_map(|n| RequestBlock { header_hash: HeaderHash([n; 32]) }.into()),
        any::<u8>().prop_map(|n| {
            TransactionId { transaction_id: chia::TransactionId([n; 32]) }.into()
        }),
        Just(RequestPeers {}.into()),
    ];
    proptest::collection::vec(one, 0..12)
}

proptest! {
    #[test]
    fn all_that_is_said_arrives_in_order_and_nobody_is_blamed(
        a in messages(),
        b in messages(),
        steps in proptest::collection::vec((any::<bool>(), 0_u8..4, 1_usize..40), 0..200),
    ) {
        let mut ends = [
            end(US, Direction::Outbound, a.clone()),
            end(PEER, Direction::Inbound, b.clone()),
        ];
        let mut now = Time::ZERO;
        let act = |ends: &mut [End; 2], at: usize, what: u8, size: usize, now: Time| {
            let [first, second] = ends;
            let (one, other) = if at == 0 { (first, second) } else { (second, first) };
            let mut out = Outbox::new();
            match what {
                0 if one.connected => {
                    if let Some(message) = one.to_say.pop_front() {
                        let command = ConnectionCommand::Send(message);
                        one.link.handle_local(now, command, &mut out).unwrap();
                    }
                }
                1 => {
                    if let Some(id) = one.questions.pop() {
                        let command = ConnectionCommand::Admitted(id, Admission::Registered);
                        one.link.handle_local(now, command, &mut out).unwrap();
                    }
                }
                // Nothing is read while the link is full.
                2 if !one.link.saturated() => {
                    let size = size.min(one.coming.len());
                    let bytes: Bytes = one.coming.drain(..size).collect();
                    if !bytes.is_empty() {
                        one.link.handle_remote(now, Transport::Received(bytes), &mut out);
                    }
                }
                _ => {
                    if one.link.deadline().is_some_and(|due| due <= now) {
                        one.link.handle_timeout(now, &mut out);
                    }
                }
            }
            follow(out, one, other);
        };
        for at in [0, 1] {
            let mut out = Outbox::new();
            ends[at].link.handle_local(now, ConnectionCommand::Open, &mut out).unwrap();
            let uncounted = Transport::Writable(Transport::UNCOUNTED);
            ends[at].link.handle_remote(now, uncounted, &mut out);
            let [first, second] = &mut ends;
            let (one, other) = if at == 0 { (first, second) } else { (second, first) };
            follow(out, one, other);
        }
        for (side, what, size) in steps {
            act(&mut ends, usize::from(side), what, size, now);
            now = now.after(std::time::Duration::from_millis(3));
        }
        // What is left arrives, minute by minute.
        for round in 0..60 {
            for what in [1, 2, 0, 3] {
                for at in [0, 1] {
                    for _ in 0..20 {
                        act(&mut ends, at, what, 4_096, now);
                    }
                }
            }
            if round > 2 {
                now = now.after(std::time::Duration::from_secs(20));
            }
        }
        let [x, y] = ends;
        prop_assert!(x.connected && y.connected);
        prop_assert_eq!(x.heard, b);
        prop_assert_eq!(y.heard, a);
    }
}

#[test]
fn a_late_answer_was_asked_for_all_the_same() {
    let mut played = crate::given::Played::established(NodeType::FullNode, NodeType::FullNode);
    for _ in 0..40 {
        played.command(ConnectionCommand::Send(RequestPeers {}.into()));
    }
    played.pass(crate::given::seconds(2_900));
    for _ in 0..40 {
        played.hear(Peers { peer_list: Vec::new() });
    }
    let heard = played.notices();
    assert_eq!(heard.len(), 40);
    assert_eq!(played.ending(), None);
}
