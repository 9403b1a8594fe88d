//! Rules of connections (`chia.md` 7, 16).

use super::decided;
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
    &SIZES,
    &SPEAK_AT_ONCE,
    &ACK_IF_GOOD,
    &ESTABLISHED_BY_BOTH,
    &UNREGISTERED,
    &OWN_ADDRESS,
    &PINGS,
    &ADDRESS_KEPT,
    &KNOWN_BY_PORT,
    &IN_ORDER,
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

/// C-1 `SpeakAtOnce`: Each end says who it is as soon as the stream is open, without waiting for
/// the other.
pub static SPEAK_AT_ONCE: Rule = decided(
    "chia/C-1",
    "SpeakAtOnce",
    "Each end says who it is as soon as the stream is open, without waiting for the other.",
);

/// C-4 `AckIfGood`: A handshake that is found good is registered, then acknowledged.
pub static ACK_IF_GOOD: Rule = decided(
    "chia/C-4",
    "AckIfGood",
    "A handshake that is found good is registered, then acknowledged.",
);

/// C-5 `EstablishedByBoth`: A connection is established when both acks have passed, and no one
/// hears of it before.
pub static ESTABLISHED_BY_BOTH: Rule = decided(
    "chia/C-5",
    "EstablishedByBoth",
    "A connection is established when both acks have passed, and no one hears of it before.",
);

/// C-8 `Unregistered`: Whichever way a connection ends, its node id is free again.
pub static UNREGISTERED: Rule = decided(
    "chia/C-8",
    "Unregistered",
    "Whichever way a connection ends, its node id is free again.",
);

/// C-10 `OwnAddress`: A node does not dial where it listens itself, and forgets that address.
pub static OWN_ADDRESS: Rule = decided(
    "chia/C-10",
    "OwnAddress",
    "A node does not dial where it listens itself, and forgets that address.",
);

/// C-12 `Pings`: A ping is answered with its nonce; one is sent every 300 s; a pong that was not
/// waited for says nothing.
pub static PINGS: Rule = decided(
    "chia/C-12",
    "Pings",
    "A ping is answered with its nonce; one is sent every 300 s; a pong that was not waited \
     for says nothing.",
);

/// C-14 `AddressKept`: The address of a peer is kept when a stream ends or nothing comes in time,
/// and dropped when a rule was broken.
pub static ADDRESS_KEPT: Rule = decided(
    "chia/C-14",
    "AddressKept",
    "The address of a peer is kept when a stream ends or nothing comes in time, and dropped \
     when a rule was broken.",
);

/// C-15 `KnownByPort`: A full node that listens is known by its address as it was seen and its port
/// as it said.
pub static KNOWN_BY_PORT: Rule = decided(
    "chia/C-15",
    "KnownByPort",
    "A full node that listens is known by its address as it was seen and its port as it said.",
);

/// C-16 `InOrder`: Messages of a connection are taken in order, and answered in order but for what
/// is waited for.
pub static IN_ORDER: Rule = decided(
    "chia/C-16",
    "InOrder",
    "Messages of a connection are taken in order, and answered in order but for what is \
     waited for.",
);

/// 14.4 `WithinLimits`: A message and its parts are no larger than the limits that are configured.
pub static SIZES: Rule = decided(
    "chia/14.4",
    "WithinLimits",
    "A message and its parts are no larger than the limits that are configured.",
);
