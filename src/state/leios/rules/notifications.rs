//! Rules of notifications, L-25 to L-45.

use crate::fault::Rule;
use crate::fault::Severity::{Benign, Faulty, Hostile};

/// The rules of this heading, in order.
pub(super) static ALL: &[&Rule] = &[
    &EMPTY_NOTIFICATIONS,
    &NOTIFICATION_TOO_LARGE,
    &NOTIFICATION_CREDIT_EXCEEDED,
    &NOTIFICATION_OUT_OF_ORDER,
    &COMPLETION_FLAG_MISMATCH,
    &CONTENT_AFTER_COMPLETION,
    &SPILL,
    &NOTIFICATION_SPANS_TWO_REQUESTS,
    &THIRD_ANNOUNCEMENT,
    &REPEATED_ANNOUNCEMENT,
    &INVALID_ANNOUNCEMENT,
    &HEADER_ANNOUNCES_NOTHING,
    &ANNOUNCEMENT_TOO_EARLY,
    &ANNOUNCEMENT_TOO_OLD,
    &RELAY_TOO_OLD,
    &OFFER_WITHOUT_ANNOUNCEMENT,
    &VOTE_OFFER_WITHOUT_ANNOUNCEMENT,
    &EMPTY_OFFER,
    &REPEATED_OFFER,
    &NOTIFICATION_ORDER,
    &NOTIFICATION_CREDIT_LOW,
    &OFFER_TOO_OLD,
];

/// L-25 `EmptyList`: A notification request may be answered by several messages, each with at
/// least one notification.
pub static EMPTY_NOTIFICATIONS: Rule = Rule::new(
    "leios/L-25",
    "EmptyList",
    "A notification request may be answered by several messages, each with at least one \
     notification.",
    "seed; the client checks while decoding",
    Faulty,
);

/// L-26 `NotificationTooLarge`: No notification is larger than MaxNotificationSize.
pub static NOTIFICATION_TOO_LARGE: Rule = Rule::new(
    "leios/L-26",
    "NotificationTooLarge",
    "No notification is larger than MaxNotificationSize.",
    "seed, its constant; the client checks, and the server before it queues",
    Faulty,
);

/// L-27 `NotificationCreditExceeded`: The bytes of all notifications never exceed the bytes
/// requested.
pub static NOTIFICATION_CREDIT_EXCEEDED: Rule = Rule::new(
    "leios/L-27",
    "NotificationCreditExceeded",
    "The bytes of all notifications never exceed the bytes requested.",
    "added, from L-16; the client checks",
    Faulty,
);

/// L-28 `NotificationOutOfOrder`: Notification requests are used up in the order of their
/// numbers.
pub static NOTIFICATION_OUT_OF_ORDER: Rule = Rule::new(
    "leios/L-28",
    "NotificationOutOfOrder",
    "Notification requests are used up in the order of their numbers.",
    "added; the client checks",
    Faulty,
);

/// L-29 `CompletionFlagMismatch`: The completion flag is set on the message whose last
/// notification covers the last byte of the request, and on no other.
pub static COMPLETION_FLAG_MISMATCH: Rule = Rule::new(
    "leios/L-29",
    "CompletionFlagMismatch",
    "The completion flag is set on the message whose last notification covers the last byte of \
     the request, and on no other.",
    "seed MUST; the client checks by its own arithmetic",
    Faulty,
);

/// L-30 `UnrequestedContent`: The notification that covers the last byte of a request is the last
/// of its message.
pub static CONTENT_AFTER_COMPLETION: Rule = Rule::new(
    "leios/L-30",
    "UnrequestedContent",
    "The notification that covers the last byte of a request is the last of its message.",
    "added, from L-19; the client checks",
    Faulty,
);

/// L-31 `Spill`: That notification may use bytes of the next notification request, which are
/// charged there.
pub static SPILL: Rule = Rule::new(
    "leios/L-31",
    "Spill",
    "That notification may use bytes of the next notification request, which are charged there.",
    "seed; a freedom, both sides count it",
    Benign,
);

/// L-32 `NotificationSpansTwoRequests`: No notification covers the last bytes of two requests.
pub static NOTIFICATION_SPANS_TWO_REQUESTS: Rule = Rule::new(
    "leios/L-32",
    "NotificationSpansTwoRequests",
    "No notification covers the last bytes of two requests.",
    "seed MUST; the client checks",
    Faulty,
);

/// L-33 `ThirdAnnouncement`: A server sends two announcements for one election at most on one
/// connection.
pub static THIRD_ANNOUNCEMENT: Rule = Rule::new(
    "leios/L-33",
    "ThirdAnnouncement",
    "A server sends two announcements for one election at most on one connection.",
    "seed MUST; the client checks before anything expensive",
    Hostile,
);

/// L-34 `RepeatedAnnouncement`: Two announcements for one election are different headers.
pub static REPEATED_ANNOUNCEMENT: Rule = Rule::new(
    "leios/L-34",
    "RepeatedAnnouncement",
    "Two announcements for one election are different headers.",
    "added, as the prototype has it; the client checks",
    Faulty,
);

/// L-35 `InvalidAnnouncement`: The header of an announcement is as valid as the youngest stable
/// ledger state can tell.
pub static INVALID_ANNOUNCEMENT: Rule = Rule::new(
    "leios/L-35",
    "InvalidAnnouncement",
    "The header of an announcement is as valid as the youngest stable ledger state can tell.",
    "seed MUST; the application of the client judges",
    Hostile,
);

/// L-36 `HeaderAnnouncesNothing`: The header of an announcement announces an endorser block.
pub static HEADER_ANNOUNCES_NOTHING: Rule = Rule::new(
    "leios/L-36",
    "HeaderAnnouncesNothing",
    "The header of an announcement announces an endorser block.",
    "added, as the prototype has it; the client checks",
    Faulty,
);

/// L-37 `AnnouncementTooEarly`: The slot of an announcement begins no more than 2 seconds from
/// now.
pub static ANNOUNCEMENT_TOO_EARLY: Rule = Rule::new(
    "leios/L-37",
    "AnnouncementTooEarly",
    "The slot of an announcement begins no more than 2 seconds from now.",
    "added; the client checks by its slot clock",
    Faulty,
);

/// L-37 `AnnouncementTooOld`: The slot of an announcement began no more than 600 seconds ago.
pub static ANNOUNCEMENT_TOO_OLD: Rule = Rule::new(
    "leios/L-37",
    "AnnouncementTooOld",
    "The slot of an announcement began no more than 600 seconds ago.",
    "added; the client checks by its slot clock",
    Faulty,
);

/// L-38 `RelayTooOld`: An announcement is relayed only while its slot began 300 seconds ago at
/// most.
pub static RELAY_TOO_OLD: Rule = Rule::new(
    "leios/L-38",
    "RelayTooOld",
    "An announcement is relayed only while its slot began 300 seconds ago at most.",
    "added; the server does it",
    Benign,
);

/// L-39 `OfferWithoutAnnouncement`: An offer of a block or its transactions follows an
/// announcement of the same point on the same connection.
pub static OFFER_WITHOUT_ANNOUNCEMENT: Rule = Rule::new(
    "leios/L-39",
    "OfferWithoutAnnouncement",
    "An offer of a block or its transactions follows an announcement of the same point on the \
     same connection.",
    "seed MUST; the client checks",
    Faulty,
);

/// L-40 `OfferWithoutAnnouncement`: An offer of a vote follows an announcement for the same slot
/// on the same connection.
pub static VOTE_OFFER_WITHOUT_ANNOUNCEMENT: Rule = Rule::new(
    "leios/L-40",
    "OfferWithoutAnnouncement",
    "An offer of a vote follows an announcement for the same slot on the same connection.",
    "seed MUST; the client checks",
    Faulty,
);

/// L-41 `NotAvailable`: What is offered can be delivered now.
pub static EMPTY_OFFER: Rule = Rule::new(
    "leios/L-41",
    "NotAvailable",
    "What is offered can be delivered now.",
    "seed MUST; shows when it is asked for and L-20 applies",
    Faulty,
);

/// L-42 `RepeatedOffer`: A repeated offer adds nothing and is ignored; its bytes count.
pub static REPEATED_OFFER: Rule = Rule::new(
    "leios/L-42",
    "RepeatedOffer",
    "A repeated offer adds nothing and is ignored; its bytes count.",
    "added; the client remarks on it",
    Benign,
);

/// L-43 `NotificationOrder`: Announcements are sent before all else, then younger slots before
/// older ones.
pub static NOTIFICATION_ORDER: Rule = Rule::new(
    "leios/L-43",
    "NotificationOrder",
    "Announcements are sent before all else, then younger slots before older ones.",
    "seed in intent; the server does it",
    Benign,
);

/// L-44 `NotificationCreditLow`: The client keeps enough notification bytes outstanding.
pub static NOTIFICATION_CREDIT_LOW: Rule = Rule::new(
    "leios/L-44",
    "NotificationCreditLow",
    "The client keeps enough notification bytes outstanding.",
    "seed SHOULD; the client does it by a low watermark",
    Benign,
);

/// L-45 `OfferTooOld`: Votes and blocks older than the relay age are not offered any more.
pub static OFFER_TOO_OLD: Rule = Rule::new(
    "leios/L-45",
    "OfferTooOld",
    "Votes and blocks older than the relay age are not offered any more.",
    "added; the server does it",
    Benign,
);
