//! Rules of requests, L-1 to L-15.

use crate::fault::Rule;
use crate::fault::Severity::{Benign, Faulty, Hostile};

/// The rules of this heading, in order.
pub(super) static ALL: &[&Rule] = &[
    &FIRST_REQUEST_NO,
    &NEXT_REQUEST_NO,
    &TOO_MANY_REQUEST_BYTES,
    &TOO_MANY_REQUESTS,
    &NOTIFICATION_REQUEST_TOO_SMALL,
    &EMPTY_REQUEST,
    &WINDOWS_NOT_ASCENDING,
    &TX_INDEX_OUT_OF_RANGE,
    &DUPLICATE_ID,
    &NOT_OFFERED,
    &REQUEST_TOO_LARGE,
    &REPLY_TOO_LARGE,
    &LARGE_REPLY_WANTED,
    &TOO_MANY_TXS,
    &OVERWHELMED,
];

/// L-1 `BadRequestNo`: The first request is number 0.
pub static FIRST_REQUEST_NO: Rule = Rule::new(
    "leios/L-1",
    "BadRequestNo",
    "The first request is number 0.",
    "seed MUST; the server checks on receipt",
    Faulty,
);

/// L-2 `BadRequestNo`: Each later request has the next number; both kinds of request share one
/// count.
pub static NEXT_REQUEST_NO: Rule = Rule::new(
    "leios/L-2",
    "BadRequestNo",
    "Each later request has the next number; both kinds of request share one count.",
    "seed MUST; the server checks on receipt",
    Faulty,
);

/// L-3 `TooManyRequestBytes`: No request is sent while 10,000 bytes of requests or more are not
/// yet fully replied to.
pub static TOO_MANY_REQUEST_BYTES: Rule = Rule::new(
    "leios/L-3",
    "TooManyRequestBytes",
    "No request is sent while 10,000 bytes of requests or more are not yet fully replied to.",
    "seed MUST; the client checks before sending, the server on receipt with its own count",
    Faulty,
);

/// L-4 `TooManyRequests`: No request is sent while 1,000 individual requests or more are not yet
/// fully replied to.
pub static TOO_MANY_REQUESTS: Rule = Rule::new(
    "leios/L-4",
    "TooManyRequests",
    "No request is sent while 1,000 individual requests or more are not yet fully replied to.",
    "seed MUST; the client checks before sending, the server on receipt with its own count",
    Faulty,
);

/// L-5 `NotificationRequestTooSmall`: A notification request asks for MaxNotificationSize bytes
/// or more.
pub static NOTIFICATION_REQUEST_TOO_SMALL: Rule = Rule::new(
    "leios/L-5",
    "NotificationRequestTooSmall",
    "A notification request asks for MaxNotificationSize bytes or more.",
    "seed MUST; the server checks on receipt",
    Faulty,
);

/// L-6 `EmptyRequest`: A request for deliverables names at least one, a map of bitmaps has at
/// least one window, and a bitmap at least one bit.
pub static EMPTY_REQUEST: Rule = Rule::new(
    "leios/L-6",
    "EmptyRequest",
    "A request for deliverables names at least one, a map of bitmaps has at least one window, \
     and a bitmap at least one bit.",
    "seed, by its types; the server checks while decoding",
    Faulty,
);

/// L-7 `WindowsNotAscending`: Window numbers ascend strictly.
pub static WINDOWS_NOT_ASCENDING: Rule = Rule::new(
    "leios/L-7",
    "WindowsNotAscending",
    "Window numbers ascend strictly.",
    "added; the server checks while decoding",
    Faulty,
);

/// L-8 `TxIndexOutOfRange`: A set bit stands for a transaction that the block has.
pub static TX_INDEX_OUT_OF_RANGE: Rule = Rule::new(
    "leios/L-8",
    "TxIndexOutOfRange",
    "A set bit stands for a transaction that the block has.",
    "added, as the prototype has it; the server checks when it resolves the request",
    Faulty,
);

/// L-9 `DuplicateId`: One request names a block hash once per kind of id at most, and a vote once
/// at most.
pub static DUPLICATE_ID: Rule = Rule::new(
    "leios/L-9",
    "DuplicateId",
    "One request names a block hash once per kind of id at most, and a vote once at most.",
    "added; the server checks on receipt",
    Faulty,
);

/// L-10 `NotAvailable`: The client asks only for what this server offered, or what ChainSync
/// implies that it holds.
pub static NOT_OFFERED: Rule = Rule::new(
    "leios/L-10",
    "NotAvailable",
    "The client asks only for what this server offered, or what ChainSync implies that it holds.",
    "seed, implied by L-20; the server checks when it looks it up",
    Faulty,
);

/// L-11 `MessageTooLarge`: A request message has 65,535 bytes at most.
pub static REQUEST_TOO_LARGE: Rule = Rule::new(
    "leios/L-11",
    "MessageTooLarge",
    "A request message has 65,535 bytes at most.",
    "added: the idle limit of Cardano; the server checks while buffering",
    Hostile,
);

/// L-12 `ReplyTooLarge`: The expected reply to one request fits into 2,500,000 bytes.
pub static REPLY_TOO_LARGE: Rule = Rule::new(
    "leios/L-12",
    "ReplyTooLarge",
    "The expected reply to one request fits into 2,500,000 bytes.",
    "added; the client checks before sending, the server when it resolves the request",
    Faulty,
);

/// L-13 `LargeReplyWanted`: The expected reply to one request stays within 100,000 bytes, a
/// single endorser block excepted.
pub static LARGE_REPLY_WANTED: Rule = Rule::new(
    "leios/L-13",
    "LargeReplyWanted",
    "The expected reply to one request stays within 100,000 bytes, a single endorser block \
     excepted.",
    "seed SHOULD; the client does it by splitting",
    Benign,
);

/// L-14 `TooManyTxs`: No more than 73,728 transaction bits are outstanding.
pub static TOO_MANY_TXS: Rule = Rule::new(
    "leios/L-14",
    "TooManyTxs",
    "No more than 73,728 transaction bits are outstanding.",
    "added; the client checks before sending, the server on receipt",
    Faulty,
);

/// L-15 `Overwhelmed`: A client that is overwhelmed sends no requests; nothing else throttles the
/// server.
pub static OVERWHELMED: Rule = Rule::new(
    "leios/L-15",
    "Overwhelmed",
    "A client that is overwhelmed sends no requests; nothing else throttles the server.",
    "seed SHOULD; the client does it",
    Benign,
);
