//! The laws of all machines, kept by the client under random input.

use nodewire::Input;
use nodewire::codec::leios::{
    CompletionFlag, CountedNotification, Deliverable, MsgReplyPayload, NonEmpty, Notification,
    ReplyMessage, RequestNo, SlotNo, VoteIssuer,
};
use nodewire::sim::Laws;
use nodewire::state::leios::{Client, ClientCommand, ClientRemote, Limits, SlotClock, Verdict};
use proptest::prelude::*;

use crate::support::*;

type ClientInput = Input<ClientCommand, ClientRemote>;

fn blocks() -> Vec<Block> {
    vec![
        Block::new(NOW - 1, &[b"a", b"b", b"c"]),
        Block::new(NOW, &[b"c", b"d"]),
        Block::new(NOW + 1, &[b"b", b"a"]),
    ]
}

fn command() -> impl Strategy<Value = ClientCommand> {
    let block = (0..3_usize).prop_map(|at| blocks().remove(at));
    prop_oneof![
        Just(ClientCommand::Start),
        Just(ClientCommand::NotificationTarget { low: 4_096, chunk: 2_048 }),
        Just(ClientCommand::StopNotifications),
        block.clone().prop_map(|block| ClientCommand::RequestBlock {
            point: block.point,
            size: block.size()
        }),
        (block, 1..3_u32).prop_map(|(block, count)| ClientCommand::RequestTxs {
            point: block.point,
            txs: block.wanted(&(0..count).collect::<Vec<_>>())
        }),
        (0..3_u64, 0..9_u16).prop_map(|(slot, issuer)| ClientCommand::RequestVotes {
            votes: vec![(SlotNo(NOW + slot), VoteIssuer(issuer)); 3]
        }),
        Just(ClientCommand::SetClock(SlotClock::default())),
        any::<bool>().prop_map(ClientCommand::OldestFirst),
        Just(ClientCommand::Finish),
    ]
}

fn notification() -> impl Strategy<Value = CountedNotification> {
    prop_oneof![
        (0..3_u64, 0..3_u8, 0..3_u8).prop_map(|(slot, pool, name)| {
            Notification::LinearLeiosAnnouncement(header(NOW + slot, pool, name))
        }),
        (0..3_u64, 0..3_u8)
            .prop_map(|(slot, name)| Notification::LinearLeiosBlockOffer(point(NOW + slot, name))),
        (0..3_u64, 0..9_u16).prop_map(|(slot, issuer)| {
            Notification::LinearLeiosVoteOffer(SlotNo(NOW + slot), VoteIssuer(issuer))
        }),
    ]
    .prop_map(CountedNotification::new)
}

fn deliverable() -> impl Strategy<Value = Deliverable> {
    prop_oneof![
        (0..3_usize).prop_map(|at| blocks()[at].delivery()),
        (0..3_usize, 1..3_u32)
            .prop_map(|(at, count)| blocks()[at].txs(&(0..count).collect::<Vec<_>>())),
        (0..3_u64, 0..9_u16).prop_map(|(slot, issuer)| vote_delivery(NOW + slot, issuer)),
    ]
}

fn message() -> impl Strategy<Value = ReplyMessage> {
    let news = (0..3_u64, any::<CompletionFlag>(), prop::collection::vec(notification(), 1..3));
    let deliveries = (0..8_u64, prop::collection::vec(deliverable(), 0..3));
    prop_oneof![
        8 => news.prop_map(|(no, _, items)| {
            let items = NonEmpty::from_vec(items).unwrap();
            ReplyMessage::MsgLeiosReply(MsgReplyPayload::LeiosNotifications(
                RequestNo(no), false, items,
            ))
        }),
        8 => deliveries.prop_map(|(no, items)| ReplyMessage::MsgLeiosReply(
            MsgReplyPayload::LeiosDeliveries(RequestNo(no), items),
        )),
        1 => Just(ReplyMessage::MsgLeiosDone),
        1 => Just(ReplyMessage::MsgLeiosInit),
    ]
}

fn input() -> impl Strategy<Value = (u64, ClientInput)> {
    let input = prop_oneof![
        3 => command().prop_map(Input::Local),
        3 => message().prop_map(|message| Input::Remote(ClientRemote::Reply(message))),
        1 => Just(Input::Timeout),
    ];
    (0..20_u64, input)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn the_client_keeps_the_laws(inputs in prop::collection::vec(input(), 1..40)) {
        let mut limits = Limits::default();
        limits.max_outstanding_requests = 4;
        limits.max_queued_requests = 6;
        limits.max_open_asks = 2;
        let most = <Client>::most_footprint(&limits);
        let client = Client::new(limits, SlotClock::default());
        let mut laws = Laws::new(client)
            .footprint_limit(most)
            .answering(|id, query| Some(query.judged(id, Verdict::Process)));
        let mut now = NOW;
        let started = laws.step(seconds(now), Input::Local(ClientCommand::Start));
        prop_assert!(started.is_ok());
        for (after, input) in inputs {
            now += after;
            if let Err(broken) = laws.step(seconds(now), input) {
                prop_assert!(false, "{broken}");
            }
        }
    }
}
