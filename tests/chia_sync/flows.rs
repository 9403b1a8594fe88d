//! The original's syncs, frame by frame.

use std::rc::Rc;

use nodewire::codec::Source;
use nodewire::codec::chia::{FullBlock, Message};
use nodewire::codec::streamable::Streamable;
use nodewire::sim::chia::{Consensus, Ledger, Proofs};
use nodewire::state::chia::SyncOutcome;
use serde_json::Value;

use crate::chains::look_up;
use crate::shared_vectors::shared;
use crate::world::World;

/// Where our syncs differ from the original's, each by its id.
const DEVIATIONS: &[(&str, &str)] = &[
    // What a batch of blocks leads to is sent in the order in which it is known: the next request
    // leaves as soon as the first batch was added, not once all answers at hand were looked at.
    // Of either end the order is the same, which is what is compared.
    ("chia/P-42", "requests and answers of both ends interleave in another way"),
    // The original tells timelords and farmers of the new tips; here that is the full node's.
    ("chia/P-45", "challenges and rates are told by the full node once the sync is over"),
];

pub fn bytes(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(byte).collect()
}

pub fn ledger(chains: &Value, parts: &[(&str, usize)]) -> Ledger {
    let mut consensus = Consensus::default();
    consensus.proofs = Proofs::Unchecked;
    let mut ledger: Option<Ledger> = None;
    for (name, count) in parts {
        for vector in chains[*name].as_array().unwrap().iter().take(*count) {
            let block = FullBlock::from_bytes(&bytes(&vector["block"])).unwrap();
            match &mut ledger {
                None => ledger = Some(Ledger::new(consensus.clone(), block)),
                Some(ledger) => drop(ledger.add(block)),
            }
        }
    }
    ledger.unwrap()
}

/// The messages of a flow that one end sends to full nodes.
fn said(flow: &Value, from: &str) -> Vec<Message> {
    let sent = flow.as_array().unwrap().iter().filter(|entry| {
        entry["from"] == from
            && entry["peer_type"] == "FULL_NODE"
            && entry["delivery"] != "BROADCAST_TO_OTHERS"
    });
    let messages = sent.map(|entry| {
        let frame = bytes(&entry["frame"]);
        let message = Message::decode(&frame[4..], Source::COPY).unwrap();
        let mut body = Vec::new();
        message.encode(&mut body);
        assert_eq!(body, &frame[4..], "encoded again it is the same");
        message
    });
    messages.collect()
}

/// Replays a sync of B to A.
fn replay(test: &str, name: &str, ours: &[(&str, usize)], requests: usize) {
    let Some(flows) = shared(test, "chia", "flows.json") else { return };
    let Some(chains) = shared(test, "chia", "chain.json") else { return };
    let flow = &flows["sync"][name];
    let theirs = Rc::new(ledger(&chains, &[("main", 61)]));
    let mut world = World::new(ledger(&chains, ours), 1);
    // Proofs are real, and believed.
    world.keeper.verifies = false;
    world.delay = 1;
    world.honest(1, &theirs);
    let (b, a) = (said(flow, "B"), said(flow, "A"));
    let tips = a.iter().filter_map(|message| match message {
        Message::Block(it) => Some(it.block.clone()),
        _ => None,
    });
    for (at, tip) in tips.enumerate() {
        if at == 0 {
            world.start_with(1, tip);
        } else {
            world.tell(1, tip);
        }
    }
    let outcome = world.run();
    assert_eq!(outcome, SyncOutcome::Synced(theirs.chain().tips[0].header_hash));
    assert_eq!(world.blamed(), []);
    let sent: Vec<_> = world.sent.iter().map(|(_, message)| message.clone()).collect();
    assert_eq!(sent.len(), requests);
    // Every request of the original and no other, in its order, byte for byte.
    assert_eq!(sent, b);
    // And every answer.
    let answers = sent.into_iter().map(|request| answer(&theirs, request));
    let expected = a.into_iter().filter(|message| !matches!(message, Message::Block(_)));
    assert!(answers.eq(expected));
}

/// What is answered to a request.
fn answer(theirs: &Ledger, request: Message) -> Message {
    use nodewire::state::chia::{ConnectionId, Delivery, FromPeer, Serving, ServingLimits};
    use nodewire::{Action, Machine, Outbox, Time};
    let mut serving = Serving::new(ServingLimits::default());
    let mut out = Outbox::new();
    let input = FromPeer::Received(ConnectionId(1), request);
    serving.handle_remote(Time::ZERO, input, &mut out);
    while let Some(action) = out.pop() {
        match action {
            Action::Ask(id, query) => {
                let found = look_up(theirs, id, query);
                serving.handle_local(Time::ZERO, found, &mut out).unwrap();
            }
            Action::Send(Delivery::To(_, message)) => return message,
            other => panic!("{other:?}"),
        }
    }
    panic!("nothing was answered")
}

#[test]
fn a_sync_from_the_genesis_is_that_of_the_original() {
    let test = "a_sync_from_the_genesis_is_that_of_the_original";
    replay(test, "genesis_to_60", &[("main", 1)], 1 + 3 + 12);
}

#[test]
fn a_sync_from_a_fork_is_that_of_the_original() {
    let test = "a_sync_from_a_fork_is_that_of_the_original";
    let ours = [("main", 21), ("fork_after_height_20", 12)];
    replay(test, "fork_at_20", &ours, 1 + 2 + 8);
}

#[test]
fn what_is_missing_between_two_tips_is_answered_as_the_original_does() {
    let test = "what_is_missing_between_two_tips_is_answered_as_the_original_does";
    let Some(flows) = shared(test, "chia", "flows.json") else { return };
    let Some(chains) = shared(test, "chia", "chain.json") else { return };
    let flow = &flows["sync"]["short_catchup_5_to_8"];
    let theirs = ledger(&chains, &[("main", 9)]);
    let (b, a) = (said(flow, "B"), said(flow, "A"));
    // Three tips on connect, and then what is asked for: no sync at all (P-4).
    assert_eq!((b.len(), a.len()), (2, 5));
    let answers = b.into_iter().map(|request| answer(&theirs, request));
    assert!(answers.eq(a.into_iter().skip(3)));
}

#[test]
fn every_deviation_is_a_rule() {
    for (id, _) in DEVIATIONS {
        assert!(nodewire::state::chia::rules::all().any(|rule| rule.id() == *id), "{id}");
    }
}
