//! What is answered out of a chain, in which order, and to how many.

use nodewire::codec::chia::messages::{
    Ancestors, Block, HeaderBlocks, RequestAllHeaderHashes, RequestAncestors, RequestBlock,
    RequestBody, RequestHeader, RequestHeaderBlocks, RequestSyncBlocks, SyncBlocks,
};
use nodewire::codec::chia::{Bytes32, HeaderHash, Message};
use nodewire::codec::streamable::{RustCryptoSha256 as Sha, Streamable};
use nodewire::sim::chia::Ledger;
use nodewire::state::chia::{
    ConnectionId, Delivery, Found, FromPeer, Parting, Serving, ServingCommand, ServingLimits,
    ServingQuery,
};
use nodewire::{Action, ActionOf, AskId, Machine, Outbox, Time};

use crate::chains::{chain, look_up, tip};

struct Played {
    serving: Serving,
    ledger: Ledger,
    asked: Vec<(AskId, ServingQuery)>,
    sent: Vec<Delivery>,
}

impl Played {
    fn new(blocks: u32) -> Self {
        let serving = Serving::new(ServingLimits::default());
        Self { serving, ledger: chain(blocks), asked: Vec::new(), sent: Vec::new() }
    }

    fn hear(&mut self, from: u64, message: impl Into<Message>) {
        let mut out = Outbox::new();
        let input = FromPeer::Received(ConnectionId(from), message.into());
        self.serving.handle_remote(Time::ZERO, input, &mut out);
        self.follow(out);
    }

    fn follow(&mut self, mut out: Outbox<Delivery, nodewire::Never, ServingQuery>) {
        for action in out.drain() {
            let action: ActionOf<Serving> = action;
            match action {
                Action::Ask(id, query) => self.asked.push((id, query)),
                Action::Send(delivery) => self.sent.push(delivery),
                other => panic!("{other:?}"),
            }
        }
    }

    /// Answers the oldest question.
    fn answer(&mut self) -> bool {
        if self.asked.is_empty() {
            return false;
        }
        let (id, query) = self.asked.remove(0);
        let answer = look_up(&self.ledger, id, query);
        let mut out = Outbox::new();
        self.serving.handle_local(Time::ZERO, answer, &mut out).unwrap();
        self.follow(out);
        true
    }

    /// What a request leads to once all questions are answered.
    fn ask(&mut self, message: impl Into<Message>) -> Vec<Delivery> {
        self.hear(1, message);
        while self.answer() {}
        std::mem::take(&mut self.sent)
    }
}

fn to(peer: u64, message: impl Into<Message>) -> Delivery {
    Delivery::To(ConnectionId(peer), message.into())
}

fn penalty(sent: &[Delivery]) -> Option<(&'static str, &'static str)> {
    match sent {
        [Delivery::Penalise(ConnectionId(1), rule)] => Some((rule.id(), rule.reason())),
        _ => None,
    }
}

const UNKNOWN: HeaderHash = HeaderHash([9; 32]);

#[test]
fn what_is_known_is_answered_and_of_the_rest_nothing_is_said() {
    let mut played = Played::new(30);
    let block = tip(&played.ledger);
    let header_hash = block.header_hash::<Sha>();
    let all = played.ledger.hashes_to(header_hash).unwrap();
    let answer = played.ask(RequestBlock { header_hash });
    assert_eq!(answer, [to(1, Block { block: block.clone() })]);
    assert_eq!(played.ask(RequestBlock { header_hash: UNKNOWN }), []);
    let answer = played.ask(RequestAllHeaderHashes { tip_header_hash: header_hash });
    let hashes = nodewire::codec::chia::messages::AllHeaderHashes { header_hashes: all.clone() };
    assert_eq!(answer, [to(1, hashes)]);
    assert_eq!(played.ask(RequestAllHeaderHashes { tip_header_hash: UNKNOWN }), []);
    let answer = played.ask(RequestHeader { header_hash });
    assert!(matches!(&answer[..], [Delivery::To(_, Message::Header(it))]
        if it.header_block == block.header_block));
    assert_eq!(played.ask(RequestHeader { header_hash: UNKNOWN }), []);
    let body_hash = Bytes32(block.body.get_hash::<Sha>());
    let answer = played.ask(RequestBody { body_hash });
    assert!(matches!(&answer[..], [Delivery::To(_, Message::RespondBody(it))]
        if it.body == block.body));
    assert_eq!(played.ask(RequestBody { body_hash: Bytes32([9; 32]) }), []);
    let wanted = vec![31, 3, 30, 3, 0];
    let request = RequestAncestors { header_hash, previous_heights_desired: wanted };
    let ancestors = vec![(3, all[3]), (30, all[30]), (3, all[3]), (0, all[0])];
    assert_eq!(played.ask(request), [to(1, Ancestors { header_hash, ancestors })]);
}

#[test]
fn headers_and_blocks_come_in_the_order_asked_repeated_or_not() {
    let mut played = Played::new(30);
    let tip_header_hash = tip(&played.ledger).header_hash::<Sha>();
    let at = |played: &Played, height: u32| {
        let hash = played.ledger.header_hash_at(height).unwrap();
        nodewire::codec::chia::FullBlock::clone(played.ledger.block(hash).unwrap())
    };
    let heights = vec![7, 30, 0, 7];
    let blocks: Vec<_> = heights.iter().map(|height| at(&played, *height)).collect();
    let header_blocks = blocks.iter().map(|it| it.header_block.clone()).collect();
    let answer = played.ask(RequestSyncBlocks { tip_header_hash, heights: heights.clone() });
    assert_eq!(answer, [to(1, SyncBlocks { tip_header_hash, blocks })]);
    let answer = played.ask(RequestHeaderBlocks { tip_header_hash, heights });
    assert_eq!(answer, [to(1, HeaderBlocks { tip_header_hash, header_blocks })]);
    let answer = played.ask(RequestHeaderBlocks { tip_header_hash, heights: Vec::new() });
    assert_eq!(answer, [to(1, HeaderBlocks { tip_header_hash, header_blocks: Vec::new() })]);
    let unknown = RequestSyncBlocks { tip_header_hash: UNKNOWN, heights: vec![1] };
    assert_eq!(played.ask(unknown), []);
}

#[test]
fn limits_are_looked_at_before_anything_else() {
    let mut played = Played::new(30);
    let known = tip(&played.ledger).header_hash::<Sha>();
    // Whether the tip is known or not.
    for tip_header_hash in [known, UNKNOWN] {
        let too_many = Some(("chia/P-43", "TooManyHeights"));
        let request = RequestHeaderBlocks { tip_header_hash, heights: vec![1; 26] };
        played.hear(1, request);
        assert!(played.asked.is_empty());
        assert_eq!(penalty(&std::mem::take(&mut played.sent)), too_many);
        let request = RequestSyncBlocks { tip_header_hash, heights: vec![1; 6] };
        assert_eq!(penalty(&played.ask(request)), too_many);
        let previous_heights_desired = vec![1; 101];
        let request = RequestAncestors { header_hash: tip_header_hash, previous_heights_desired };
        assert_eq!(penalty(&played.ask(request)), Some(("chia/W-3", "TooManyAncestors")));
    }
    // At the edge.
    let request = RequestHeaderBlocks { tip_header_hash: known, heights: vec![1; 25] };
    assert_eq!(played.ask(request).len(), 1);
    let request = RequestSyncBlocks { tip_header_hash: known, heights: vec![30; 5] };
    assert_eq!(played.ask(request).len(), 1);
    let previous_heights_desired = vec![1; 100];
    let request = RequestAncestors { header_hash: known, previous_heights_desired };
    assert_eq!(played.ask(request).len(), 1);
    let above = Some(("chia/P-43", "HeightAboveTip"));
    let request = RequestHeaderBlocks { tip_header_hash: known, heights: vec![3, 31] };
    assert_eq!(penalty(&played.ask(request)), above);
    let request = RequestSyncBlocks { tip_header_hash: known, heights: vec![31] };
    assert_eq!(penalty(&played.ask(request)), above);
    // Of an unknown tip nobody can say how high it is.
    let request = RequestSyncBlocks { tip_header_hash: UNKNOWN, heights: vec![u32::MAX] };
    assert_eq!(played.ask(request), []);
}

#[test]
fn one_request_of_a_peer_is_answered_at_a_time_and_no_peer_waits_for_another() {
    let mut played = Played::new(30);
    let all = played.ledger.hashes_to(tip(&played.ledger).header_hash::<Sha>()).unwrap();
    for header_hash in &all[1..4] {
        played.hear(1, RequestBlock { header_hash: *header_hash });
        played.hear(2, RequestBlock { header_hash: *header_hash });
    }
    assert_eq!(played.asked.len(), 2);
    // The first peer's question is not answered for a while.
    let slow = played.asked.remove(0);
    while played.answer() {}
    let heights = |played: &Played| {
        let sent = played.sent.iter().map(|delivery| match delivery {
            Delivery::To(to, Message::Block(it)) => (to.0, it.block.height()),
            other => panic!("{other:?}"),
        });
        sent.collect::<Vec<_>>()
    };
    assert_eq!(heights(&played), [(2, 1), (2, 2), (2, 3)]);
    played.sent.clear();
    played.asked.push(slow);
    while played.answer() {}
    assert_eq!(heights(&played), [(1, 1), (1, 2), (1, 3)]);
}

#[test]
fn all_header_hashes_are_made_for_a_peer_once_at_a_time() {
    let mut played = Played::new(30);
    let tip_header_hash = tip(&played.ledger).header_hash::<Sha>();
    for _ in 0..5 {
        played.hear(1, RequestAllHeaderHashes { tip_header_hash });
    }
    played.hear(2, RequestAllHeaderHashes { tip_header_hash });
    assert_eq!(played.asked.len(), 2);
    while played.answer() {}
    assert_eq!(played.sent.len(), 2);
    played.hear(1, RequestAllHeaderHashes { tip_header_hash });
    assert_eq!(played.asked.len(), 1);
}

#[test]
fn a_peer_that_asks_too_much_is_held_back_and_no_other() {
    let mut played = Played::new(3);
    let header_hash = tip(&played.ledger).header_hash::<Sha>();
    for count in 0..40 {
        assert_eq!(played.serving.is_busy_with(ConnectionId(1)), count >= 16);
        played.hear(1, RequestBlock { header_hash });
    }
    let full = played.serving.footprint();
    for _ in 0..1_000 {
        played.hear(1, RequestBlock { header_hash });
    }
    assert_eq!(played.serving.footprint(), full);
    assert!(!played.serving.is_busy_with(ConnectionId(2)));
    assert_eq!(played.ask(RequestBlock { header_hash }).len(), 16);
    assert!(!played.serving.is_busy_with(ConnectionId(1)));
}

#[test]
fn more_peers_than_questions_take_turns() {
    let mut played = Played::new(3);
    let header_hash = tip(&played.ledger).header_hash::<Sha>();
    for _ in 0..2 {
        for peer in 0..100 {
            played.hear(peer, RequestBlock { header_hash });
        }
    }
    assert_eq!(played.asked.len(), 64);
    while played.answer() {}
    let sent = played.sent.iter().map(|delivery| match delivery {
        Delivery::To(to, _) => to.0,
        other => panic!("{other:?}"),
    });
    let sent: Vec<_> = sent.collect();
    assert_eq!(sent.len(), 200);
    // Everybody had one answer before anybody had two.
    let mut first: Vec<_> = sent[..100].to_vec();
    first.sort_unstable();
    assert_eq!(first, (0..100).collect::<Vec<_>>());
}

#[test]
fn who_is_gone_is_not_answered_and_leaves_nothing_behind() {
    let mut played = Played::new(3);
    let fresh = played.serving.footprint();
    let header_hash = tip(&played.ledger).header_hash::<Sha>();
    for _ in 0..5 {
        played.hear(1, RequestBlock { header_hash });
    }
    let (id, query) = played.asked.remove(0);
    let mut out = Outbox::new();
    let gone = FromPeer::Disconnected(ConnectionId(1), Parting::AddressKept);
    played.serving.handle_remote(Time::ZERO, gone, &mut out);
    assert!(out.is_empty() && !played.serving.awaits(id));
    let late = look_up(&played.ledger, id, query);
    played.serving.handle_local(Time::ZERO, late, &mut out).unwrap();
    assert!(out.is_empty());
    assert!(played.serving.footprint() <= fresh + 200);
}

#[test]
fn an_answer_to_another_question_is_refused() {
    let mut played = Played::new(3);
    let tip_header_hash = tip(&played.ledger).header_hash::<Sha>();
    played.hear(1, RequestSyncBlocks { tip_header_hash, heights: vec![1, 2] });
    let (id, _) = played.asked[0];
    let before = played.serving.clone();
    for answer in [
        ServingCommand::Block(id, None),
        ServingCommand::HeaderBlocks(id, Found::Unknown),
        ServingCommand::SyncBlocks(id, Found::All(vec![tip(&played.ledger)])),
        ServingCommand::SyncBlocks(AskId::from_u64(9), Found::Unknown),
    ] {
        let mut out = Outbox::new();
        let refusal = played.serving.handle_local(Time::ZERO, answer.clone(), &mut out);
        assert_eq!(refusal.unwrap_err().input, answer);
        assert!(out.is_empty() && played.serving == before);
    }
}

/// P-44: one list of hashes waits for a peer at a time, whatever else is answered meanwhile.
#[test]
fn a_second_list_of_hashes_is_not_answered_while_one_waits() {
    let mut played = Played::new(5);
    let tip_header_hash = played.ledger.chain().tips[0].header_hash;
    let list = RequestAllHeaderHashes { tip_header_hash };
    let lists = |played: &Played| {
        let is_list = |it: &&Delivery| matches!(it, Delivery::To(_, Message::AllHeaderHashes(_)));
        played.sent.iter().filter(is_list).count()
    };
    played.hear(1, RequestBlock { header_hash: tip_header_hash });
    played.hear(1, list.clone());
    played.answer();
    played.hear(1, list.clone());
    while played.answer() {}
    assert_eq!(lists(&played), 1);
    // Once it is answered there may be another, even if more is to be answered.
    played.hear(1, list.clone());
    played.hear(1, RequestBlock { header_hash: tip_header_hash });
    played.answer();
    played.hear(1, list);
    while played.answer() {}
    assert_eq!(lists(&played), 3);
}
