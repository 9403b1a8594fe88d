//! Rules of connections (`chia.md` 7, 16).

use crate::fault::Rule;
use crate::fault::Severity::{Benign, Faulty};

/// The rules of this heading, in order.
pub(super) static ALL: &[&Rule] = &[
    &INVALID_HANDSHAKE,
    &INVALID_ACK,
    &USELESS_PEER,
    &SELF_CONNECTION,
    &WRONG_NETWORK,
    &WRONG_VERSION,
    &DUPLICATE,
    &TOO_EARLY,
    &SECOND_HANDSHAKE,
    &HANDSHAKE_TIMEOUT,
    &IDLE,
    &WRONG_SENDER,
    &UNSOLICITED_ANSWERS,
];

/// C-2 `InvalidHandshake`: The first message is a handshake.
pub static INVALID_HANDSHAKE: Rule = Rule::new(
    "chia/C-2",
    "InvalidHandshake",
    "The first message is a handshake.",
    "seed; both ends check",
    Faulty,
);

/// C-2 `InvalidAck`: The second message is a `handshake_ack`.
pub static INVALID_ACK: Rule = Rule::new(
    "chia/C-2",
    "InvalidAck",
    "The second message is a handshake_ack.",
    "seed; both ends check",
    Faulty,
);

/// 7.4 `UselessPeer`: A node connects to types it has something to say to.
pub static USELESS_PEER: Rule = Rule::new(
    "chia/7.4",
    "UselessPeer",
    "A node connects to types it has something to say to.",
    "reference; both ends check",
    Benign,
);

/// C-3 `SelfConnection`: A node does not connect to itself.
pub static SELF_CONNECTION: Rule = Rule::new(
    "chia/C-3",
    "SelfConnection",
    "A node does not connect to itself.",
    "seed; both ends check",
    Benign,
);

/// C-3 `WrongNetwork`: Both ends belong to one network.
pub static WRONG_NETWORK: Rule = Rule::new(
    "chia/C-3",
    "WrongNetwork",
    "Both ends belong to one network.",
    "reference, the original does not compare; both ends check",
    Benign,
);

/// C-3 `WrongVersion`: Both ends speak one version of the protocol.
pub static WRONG_VERSION: Rule = Rule::new(
    "chia/C-3",
    "WrongVersion",
    "Both ends speak one version of the protocol.",
    "original; both ends check",
    Benign,
);

/// C-9 `Duplicate`: Two nodes have one connection.
pub static DUPLICATE: Rule = Rule::new(
    "chia/C-9",
    "Duplicate",
    "Two nodes have one connection.",
    "original; the end that has two decides",
    Benign,
);

/// C-6 `TooEarly`: Nothing but the handshake is said before both acks have passed.
pub static TOO_EARLY: Rule = Rule::new(
    "chia/C-6",
    "TooEarly",
    "Nothing but the handshake is said before both acks have passed.",
    "reference; both ends check",
    Faulty,
);

/// C-7 `SecondHandshake`: A handshake is not said twice.
pub static SECOND_HANDSHAKE: Rule = Rule::new(
    "chia/C-7",
    "SecondHandshake",
    "A handshake is not said twice.",
    "reference; both ends check",
    Faulty,
);

/// C-11 `HandshakeTimeout`: A connection is established 30 s after it was opened.
pub static HANDSHAKE_TIMEOUT: Rule = Rule::new(
    "chia/C-11",
    "HandshakeTimeout",
    "A connection is established 30 s after it was opened.",
    "reference; both ends check",
    Faulty,
);

/// C-13 `IdleTimeout`: A full node says something to another within 3,000 s.
pub static IDLE: Rule = Rule::new(
    "chia/C-13",
    "IdleTimeout",
    "A full node says something to another within 3,000 s.",
    "alpha-1.0; full nodes check",
    Benign,
);

/// R-9 `WrongSender`: A node sends what its type may send to the type of the receiver.
pub static WRONG_SENDER: Rule = Rule::new(
    "chia/R-9",
    "WrongSender",
    "A node sends what its type may send to the type of the receiver.",
    "reference, as all later versions; both ends check",
    Faulty,
);

/// 16 `UnsolicitedAnswers`: Answers that nobody asked for are passed over, but not more
/// than 16 of them.
pub static UNSOLICITED_ANSWERS: Rule = Rule::new(
    "chia/16",
    "UnsolicitedAnswers",
    "Answers that nobody asked for are passed over, but not more than 16 of them.",
    "reference; both ends check",
    Faulty,
);
