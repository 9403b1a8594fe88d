//! The client on its channels: what the first bytes of a reply give away (L-17, L-23, 8.5).

use nodewire::codec::Source;
use nodewire::codec::leios::{ReplyMessage, RequestMessage};
use nodewire::state::leios::{
    Client, ClientCommand, ClientRemote, LEIOS_SHARE, Limits, Numbers, PairMessage,
    RustCryptoBlake2b, SlotClock,
};
use nodewire::{Channel, Class, Fault, OverChannels, Role};

use crate::support::*;

const REPLY: Channel = Channel::new(25, Role::Initiator);
const REQUEST: Channel = Channel::new(24, Role::Initiator);

fn limit(rig: &Rig, head: &[u8]) -> Result<usize, (&'static str, &'static str)> {
    rig.client.item_limit(REPLY, head).map_err(|fault| named(&fault))
}

/// Request 0 for notifications of 32,768 bytes, 1 likewise, 2 for a block of 1,000, 3 for two
/// votes, 4 for two transactions of one window.
fn busy() -> Rig {
    let mut rig = Rig::listening();
    rig.local(ClientCommand::RequestBlock { point: point(NOW, 1), size: 1_000 });
    rig.want_votes(NOW, [1, 2]);
    rig.want_txs(&Block::new(NOW, &[b"four", b"seven77"]), &[0, 1]);
    rig
}

#[test]
fn two_channels_of_one_share_requests_first() {
    let client = Client::new(Limits::default(), SlotClock::default());
    let specs = client.channels();
    assert_eq!(specs.iter().map(|spec| spec.channel).collect::<Vec<_>>(), [REQUEST, REPLY]);
    assert!(specs.iter().all(|spec| spec.class == Class::Bulk { share: LEIOS_SHARE }));
    assert_eq!(specs[1].ingress, 5_644_178);
}

#[test]
fn the_largest_reply_is_known_from_the_number_of_its_request() {
    let rig = busy();
    assert_eq!(limit(&rig, &[0x83, 2, 2]), Ok(64 + 1_000 + 16));
    assert_eq!(limit(&rig, &[0x83, 2, 3]), Ok(64 + 2 * 128));
    assert_eq!(limit(&rig, &[0x83, 2, 4]), Ok(64 + 96 + 32 + 4 + 9 + 7 + 9));
    // The number in a wider head than it needs, and what follows, change nothing.
    assert_eq!(limit(&rig, &[0x83, 2, 0x1b, 0, 0, 0, 0, 0, 0, 0, 2, 0x81]), Ok(1_080));
    let notifications = limit(&rig, &[0x84, 1, 0]).unwrap();
    assert!((32_768..40_000).contains(&notifications), "{notifications}");
    assert!(limit(&rig, &[0x81, 3]).unwrap() <= 20, "MsgLeiosDone has no payload");
}

#[test]
fn until_the_number_has_come_nothing_is_known() {
    for head in [&[0x83][..], &[0x83, 2], &[0x83, 2, 0x19, 1], &[0x98], &[0x98, 3, 0x18]] {
        assert_eq!(limit(&busy(), head), Ok(2_500_000), "{head:?}");
    }
}

#[test]
fn a_wrong_head_is_named_at_once() {
    for (head, expected) in [
        (&[0x83, 2, 9][..], ("leios/L-17", "NoSuchRequest")),
        (&[0x83, 2, 0x1b, 255, 255, 255, 255, 255, 255, 255, 255], ("leios/L-17", "NoSuchRequest")),
        (&[0x84, 1, 9], ("leios/L-17", "NoSuchRequest")),
        (&[0x83, 2, 0], ("leios/L-18", "ReplyKindMismatch")),
        (&[0x84, 1, 2], ("leios/L-18", "ReplyKindMismatch")),
    ] {
        assert_eq!(limit(&busy(), head), Err(expected), "{head:?}");
    }
    for (head, kind) in [
        (&[0x81, 4][..], "UnknownMessage"),
        (&[0x84, 2], "BadArity"),
        (&[0x80], "BadArity"),
        (&[0x9f], "BadArity"),
        (&[0xa1], "TypeMismatch"),
        (&[0x83, 2, 0x20], "TypeMismatch"),
        (&[0x83, 0x40], "TypeMismatch"),
    ] {
        match busy().client.item_limit(REPLY, head) {
            Err(Fault::Malformed { kind: found, .. }) => assert_eq!(found, kind, "{head:?}"),
            other => panic!("{head:?}: {other:?}"),
        }
    }
}

#[test]
fn a_reply_before_init_and_any_byte_of_a_server_on_leios_request() {
    let rig = Rig::unopened(Limits::default());
    assert_eq!(limit(&rig, &[0x83]), Err(("leios/5.4", "UnexpectedMessage")));
    let fault = Rig::new().client.item_limit(REQUEST, &[0x81]).unwrap_err();
    assert_eq!(named(&fault), ("leios/5.4", "UnexpectedMessage"));
}

#[test]
fn a_reply_that_is_too_long_names_its_rule() {
    let fault = Rig::new().client.too_large(REPLY);
    assert_eq!(named(&fault), ("leios/L-23", "MessageTooLarge"));
}

#[test]
fn honest_replies_stay_below_their_limits() {
    let block = Block::bulk(NOW, 300, 40);
    let mut rig = Rig::new();
    rig.want_block(&block);
    rig.want_txs(&block, &[0, 64, 128, 192, 256, 299]);
    rig.want_votes(NOW, 0..64);
    let votes = (0..64).map(|issuer| vote_delivery(NOW, issuer)).collect();
    let replies = [vec![block.delivery()], vec![block.txs(&[0, 64, 128, 192, 256, 299])], votes];
    for (no, deliverables) in (0..).zip(replies) {
        use nodewire::codec::leios::{MsgReplyPayload, RequestNo};
        let payload = MsgReplyPayload::LeiosDeliveries(RequestNo(no), deliverables);
        let message = ReplyMessage::MsgLeiosReply(payload);
        let mut bytes = Vec::new();
        message.encode(&mut bytes);
        assert!(bytes.len() <= limit(&rig, &bytes).unwrap());
        let decoded = rig.client.decode(REPLY, &bytes, Source::COPY).unwrap();
        assert_eq!(decoded, ClientRemote::Reply(message));
        assert!(is_open(&rig.remote(decoded)));
    }
}

#[test]
fn malformed_replies_name_their_rule_and_offset() {
    let rig = busy();
    let fault = rig.client.decode(REPLY, &[0x84, 1, 0, 0xf4, 0x80], Source::COPY).unwrap_err();
    match fault {
        Fault::Malformed { kind, offset, .. } => assert_eq!((kind, offset), ("EmptyList", 4)),
        other => panic!("{other:?}"),
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Elsewhere;

impl Numbers for Elsewhere {
    const REQUEST: u16 = 40;
    const REPLY: u16 = 41;
}

#[test]
fn the_numbers_can_be_others() {
    type There = Client<RustCryptoBlake2b, Elsewhere>;
    let client = There::with_hash(Limits::default(), SlotClock::default());
    let numbers: Vec<u16> = client.channels().iter().map(|spec| spec.channel.number).collect();
    assert_eq!(numbers, [40, 41]);
    let mut bytes = Vec::new();
    let done = PairMessage::Request(RequestMessage::MsgLeiosDoneRequest);
    assert_eq!(There::encode(&done, &mut bytes), Channel::new(40, Role::Initiator));
    assert_eq!(bytes, [0x81, 2]);
    let init = PairMessage::Reply(ReplyMessage::MsgLeiosInit);
    assert_eq!(Client::<RustCryptoBlake2b>::encode(&init, &mut bytes), REPLY);
}

#[test]
fn what_was_asked_for_always_fits_the_way_in() {
    // A request that alone exceeds `max_in_flight` is sent when nothing else is outstanding.
    let mut limits = Limits::default();
    assert_eq!(limits.client_reply_ingress(), 5_644_178);
    limits.max_in_flight = 1_000;
    assert!(limits.client_reply_ingress() >= limits.max_reply_message);
    // Ten-byte notifications, one a message, take twice their bytes.
    limits.max_notification_credit = 10_000_000;
    assert!(limits.client_reply_ingress() >= limits.max_reply_message + 20_000_000);
}
