//! Settled questions, S-1 to S-17: what the proposal leaves open.

use crate::fault::Rule;
use crate::fault::Severity::{Benign, Faulty};

/// The rules of this heading, in order.
pub(super) static ALL: &[&Rule] = &[
    &ONE_MESSAGE,
    &GRAMMAR,
    &ROLLING_TIMEOUT,
    &MAX_NOTIFICATION_SIZE,
    &FLOW_CONTROL,
    &SYNCING,
    &MISSING_BLOCKS,
    &HEAD_OF_LINE,
    &PRAOS_SCHEDULER,
    &OVERLAP,
    &ELECTION_KEY,
    &ONE_REPLY,
    &TIES,
    &REFUSAL_TO_SERVE,
    &VOTE_ISSUER,
    &NUMBERS,
    &FETCH_FROM_WHOM,
];

/// S-1 `OneMessage`: Each of the two protocols has one message with a payload; on the wire its
/// tag picks the payload.
pub static ONE_MESSAGE: Rule = Rule::new(
    "leios/S-1",
    "OneMessage",
    "Each of the two protocols has one message with a payload; on the wire its tag picks the \
     payload.",
    "settles a question of the seed; the codec does it",
    Benign,
);

/// S-2 `Decode`: A message fits the grammar, to the byte.
pub static GRAMMAR: Rule = Rule::new(
    "leios/S-2",
    "Decode",
    "A message fits the grammar, to the byte.",
    "settles a question of the seed; whoever decodes checks",
    Faulty,
);

/// S-3 `RollingTimeout`: One rolling timer for all outstanding requests of deliverables, a second
/// one for the oldest, a third for the end.
pub static ROLLING_TIMEOUT: Rule = Rule::new(
    "leios/S-3",
    "RollingTimeout",
    "One rolling timer for all outstanding requests of deliverables, a second one for the \
     oldest, a third for the end.",
    "settles a question of the seed, after its later revision; L-57 to L-59 check",
    Benign,
);

/// S-4 `MaxNotificationSize`: MaxNotificationSize is 2,048 bytes in version 1.
pub static MAX_NOTIFICATION_SIZE: Rule = Rule::new(
    "leios/S-4",
    "MaxNotificationSize",
    "MaxNotificationSize is 2,048 bytes in version 1.",
    "settles a constant of the seed; L-5 and L-26 check",
    Benign,
);

/// S-5 `FlowControl`: Request bytes are those of the encoded message, an id counts one, the test
/// comes before sending.
pub static FLOW_CONTROL: Rule = Rule::new(
    "leios/S-5",
    "FlowControl",
    "Request bytes are those of the encoded message, an id counts one, the test comes before \
     sending.",
    "settles a question of the seed; L-3 and L-4 check",
    Benign,
);

/// S-6 `Syncing`: A syncing node asks for no notifications, and asks by what ChainSync implies,
/// oldest first.
pub static SYNCING: Rule = Rule::new(
    "leios/S-6",
    "Syncing",
    "A syncing node asks for no notifications, and asks by what ChainSync implies, oldest first.",
    "settles a question of the seed; the application of the client does it",
    Benign,
);

/// S-7 `MissingBlocks`: A certified block that a caught-up node lacks goes in front of everything
/// else.
pub static MISSING_BLOCKS: Rule = Rule::new(
    "leios/S-7",
    "MissingBlocks",
    "A certified block that a caught-up node lacks goes in front of everything else.",
    "settles a question of the seed; the fetch logic does it",
    Benign,
);

/// S-8 `HeadOfLine`: The client splits its requests and the server keeps little queued;
/// LeiosReply is not doubled.
pub static HEAD_OF_LINE: Rule = Rule::new(
    "leios/S-8",
    "HeadOfLine",
    "The client splits its requests and the server keeps little queued; LeiosReply is not \
     doubled.",
    "settles a question of the seed; L-13 and L-62 say how",
    Benign,
);

/// S-9 `PraosScheduler`: Praos goes first by segment, with a guard that keeps Leios alive.
pub static PRAOS_SCHEDULER: Rule = Rule::new(
    "leios/S-9",
    "PraosScheduler",
    "Praos goes first by segment, with a guard that keeps Leios alive.",
    "settles a question of the seed; L-60 and L-61 say how",
    Benign,
);

/// S-10 `Overlap`: What may be left out of a reply is tied to requests outstanding together;
/// nothing is remembered after.
pub static OVERLAP: Rule = Rule::new(
    "leios/S-10",
    "Overlap",
    "What may be left out of a reply is tied to requests outstanding together; nothing is \
     remembered after.",
    "settles a question of the seed; L-47 and L-52 check",
    Benign,
);

/// S-11 `ElectionKey`: An election is a slot and a pool; a certificate number out of range is
/// ignored, not punished.
pub static ELECTION_KEY: Rule = Rule::new(
    "leios/S-11",
    "ElectionKey",
    "An election is a slot and a pool; a certificate number out of range is ignored, not \
     punished.",
    "settles a question of the seed; L-33 checks",
    Benign,
);

/// S-12 `OneReply`: Deliveries have no completion flag and come in one message.
pub static ONE_REPLY: Rule = Rule::new(
    "leios/S-12",
    "OneReply",
    "Deliveries have no completion flag and come in one message.",
    "follows the seed against its later revision; L-46 checks",
    Benign,
);

/// S-13 `Ties`: Ties break by younger slot, then lower request number, then order of insertion.
pub static TIES: Rule = Rule::new(
    "leios/S-13",
    "Ties",
    "Ties break by younger slot, then lower request number, then order of insertion.",
    "added; every machine does it",
    Benign,
);

/// S-14 `RefusalToServe`: A server that cannot serve disconnects; a polite refusal is kept for a
/// later version.
pub static REFUSAL_TO_SERVE: Rule = Rule::new(
    "leios/S-14",
    "RefusalToServe",
    "A server that cannot serve disconnects; a polite refusal is kept for a later version.",
    "follows the seed; L-20 says how",
    Benign,
);

/// S-15 `VoteIssuer`: A vote issuer is a seat of the committee in 16 bits.
pub static VOTE_ISSUER: Rule = Rule::new(
    "leios/S-15",
    "VoteIssuer",
    "A vote issuer is a seat of the committee in 16 bits.",
    "CIP-0164 since May 2026; the codec does it",
    Benign,
);

/// S-16 `Numbers`: The mini-protocols are 24, 25 and 26, unless configured otherwise.
pub static NUMBERS: Rule = Rule::new(
    "leios/S-16",
    "Numbers",
    "The mini-protocols are 24, 25 and 26, unless configured otherwise.",
    "added; the channels do it",
    Benign,
);

/// S-17 `FetchFromWhom`: Fetch logic chooses among eligible peers by what they owe and how fast
/// they are.
pub static FETCH_FROM_WHOM: Rule = Rule::new(
    "leios/S-17",
    "FetchFromWhom",
    "Fetch logic chooses among eligible peers by what they owe and how fast they are.",
    "added; the fetch logic does it",
    Benign,
);
