//! Byte windows of notification requests and their completion flags (`leios.md` 8.1).

use nodewire::codec::leios::{CountedNotification, Notification, SlotNo, VoteIssuer};
use nodewire::state::leios::ClientCommand;
use serde_json::Value;

use crate::shared_vectors::shared;
use crate::support::*;

/// Clients with given windows, and notifications of any size that are otherwise good: first an
/// announcement, then offers of votes.
struct Sender {
    rig: Rig,
    sent: u16,
}

impl Sender {
    /// `count` windows of `bytes` bytes, numbered from 0.
    fn equal(count: usize, bytes: u16) -> Self {
        let mut rig = Rig::with(|limits| limits.max_outstanding_requests = count);
        assert_eq!(requests(&rig.target(60_000, bytes)).len(), count);
        rig.local(ClientCommand::StopNotifications);
        Self { rig, sent: 0 }
    }

    /// A window of 4,096 bytes, two requests for deliverables, a window of 2,048 bytes.
    fn interleaved() -> Self {
        let mut rig = Rig::with(|limits| limits.max_notification_size = 1_109);
        assert_eq!(requests(&rig.target(2_218, 4_096)).len(), 1);
        rig.want_votes(NOW, [1]);
        rig.want_votes(NOW, [2]);
        assert_eq!(requests(&rig.target(5_000, 2_048)).len(), 1);
        rig.local(ClientCommand::StopNotifications);
        Self { rig, sent: 0 }
    }

    fn item(&mut self, size: u32) -> CountedNotification {
        self.sent += 1;
        let notification = match self.sent {
            1 => Notification::LinearLeiosAnnouncement(header(NOW, 1, 1)),
            issuer => Notification::LinearLeiosVoteOffer(SlotNo(NOW), VoteIssuer(issuer)),
        };
        CountedNotification::with_size(notification, size)
    }

    fn send(&mut self, no: u64, flag: bool, sizes: &[u32]) -> Vec<Act> {
        let items: Vec<_> = sizes.iter().map(|size| self.item(*size)).collect();
        self.rig.notifications(no, flag, &items)
    }

    fn good(&mut self, no: u64, flag: bool, sizes: &[u32]) {
        assert!(is_open(&self.send(no, flag, sizes)), "{no} {flag} {sizes:?}");
    }

    fn credit(&self) -> u64 {
        self.rig.client.notification_credit()
    }
}

#[test]
fn shared_vectors_of_completion_flags() {
    let Some(vectors) =
        shared("shared_vectors_of_completion_flags", "leios", "completion_flags.json")
    else {
        return;
    };
    let items = vectors["items"].as_array().unwrap();
    assert!(items.len() >= 8);
    items.iter().for_each(replay);
}

/// Sends what a vector says, and each time the opposite flag to a copy.
fn replay(item: &Value) {
    let name = item["name"].as_str().unwrap();
    let windows = item["requests"].as_array().unwrap();
    let numbers: Vec<u64> = windows.iter().map(|w| w["request_no"].as_u64().unwrap()).collect();
    let mut sender = match numbers.as_slice() {
        [0, 3] => Sender::interleaved(),
        _ => Sender::equal(numbers.len(), 2_048),
    };
    let total: u64 = windows.iter().map(|w| w["bytes"].as_u64().unwrap()).sum();
    assert_eq!(sender.credit(), total, "{name}");
    for step in item["notifications"].as_array().unwrap() {
        let size = u32::try_from(step["size"].as_u64().unwrap()).unwrap();
        match step["action"].as_str() {
            Some(action) if action.starts_with("hold") => {
                assert_eq!(
                    fault(&sender.send(0, true, &[size])),
                    ("leios/L-27", "NotificationCreditExceeded"),
                    "{name}"
                );
                break;
            }
            Some(action) => {
                assert!(action.starts_with("illegal"), "{name}");
                assert_eq!(
                    fault(&sender.send(0, true, &[size])),
                    ("leios/L-32", "NotificationSpansTwoRequests"),
                    "{name}"
                );
                break;
            }
            None => {}
        }
        let no = step["request_no"].as_u64().unwrap();
        let flag = step["completion_flag"].as_bool().unwrap();
        let mut wrong = sender.rig.clone();
        let odd = CountedNotification::with_size(
            Notification::LinearLeiosVoteOffer(SlotNo(NOW), VoteIssuer(9)),
            size,
        );
        let acts = wrong.notifications(no, !flag, &[odd]);
        assert_eq!(fault(&acts), ("leios/L-29", "CompletionFlagMismatch"), "{name}");
        sender.good(no, flag, &[size]);
        assert_eq!(sender.credit(), step["total_credit_left"].as_u64().unwrap(), "{name}");
    }
}

#[test]
fn a_message_may_end_with_the_notification_that_completes_its_request() {
    let mut sender = Sender::equal(2, 2_048);
    sender.good(0, true, &[1_000, 1_000, 100]);
    assert_eq!(sender.credit(), 1_996);
    sender.good(1, false, &[45]);
}

#[test]
fn nothing_may_follow_the_notification_that_completes_a_request() {
    let acts = Sender::equal(2, 2_048).send(0, true, &[1_000, 1_000, 100, 45]);
    assert_eq!(fault(&acts), ("leios/L-30", "UnrequestedContent"));
}

#[test]
fn an_early_flag_and_a_missing_flag_are_mismatches() {
    let acts = Sender::equal(2, 2_048).send(0, true, &[1_000, 1_000]);
    assert_eq!(fault(&acts), ("leios/L-29", "CompletionFlagMismatch"));
    let acts = Sender::equal(2, 2_048).send(0, false, &[1_000, 1_000, 48]);
    assert_eq!(fault(&acts), ("leios/L-29", "CompletionFlagMismatch"));
}

#[test]
fn requests_are_used_up_in_order() {
    let acts = Sender::equal(2, 2_048).send(1, false, &[100]);
    assert_eq!(fault(&acts), ("leios/L-28", "NotificationOutOfOrder"));
}

#[test]
fn a_completed_request_is_no_request_any_more() {
    let mut sender = Sender::equal(2, 2_048);
    sender.good(0, true, &[2_048]);
    assert_eq!(fault(&sender.send(0, false, &[10])), ("leios/L-17", "NoSuchRequest"));
}

#[test]
fn a_notification_larger_than_the_largest() {
    let acts = Sender::equal(1, 20_000).send(0, false, &[2_049]);
    assert_eq!(fault(&acts), ("leios/L-26", "NotificationTooLarge"));
}

#[test]
fn of_several_broken_byte_rules_the_first_is_named() {
    // Spans two windows and is too large: L-32 before L-26.
    let acts = Sender::equal(2, 2_048).send(0, true, &[4_096]);
    assert_eq!(fault(&acts), ("leios/L-32", "NotificationSpansTwoRequests"));
    // Too large and beyond all credit: L-26 before L-27.
    let acts = Sender::equal(1, 2_048).send(0, true, &[2_049]);
    assert_eq!(fault(&acts), ("leios/L-26", "NotificationTooLarge"));
}

#[test]
fn a_request_of_bytes_answered_with_deliveries_is_the_wrong_kind() {
    let acts = Rig::listening().deliver(0, Vec::new());
    assert_eq!(fault(&acts), ("leios/L-18", "ReplyKindMismatch"));
}
