//! Resolutions, R-1 to R-24: what the seed leaves open or says in two ways (`chia.md` 15). What a
//! peer can break of them is with its heading.

use super::decided;
use crate::fault::Rule;

/// The rules of this heading, in order.
pub(super) static ALL: &[&Rule] = &[
    &WALLET_TYPE,
    &STRICT_TYPES,
    &BYTES_OF_TEXT,
    &OPAQUE_TRANSACTION,
    &NO_ACK_FOR_REFUSED,
    &SMALLER_DIALLER,
    &NONCE,
    &ANCESTOR_PAIRS,
    &ONE_SIGNATURE,
    &CHILD_DIFFICULTY,
    &ARRIVED_ON_ACCEPTANCE,
    &HASH_OF_OUTPUT,
    &PROOF_WITHOUT_BLOCK,
    &NODES_ANSWER,
    &BY_ID,
    &RATE,
    &TWO_WORLDS,
    &INVALID_BLOCK,
    &CAPPED_LIST,
    &ONE_FARMER,
    &OVER_LIMIT_FIRST,
    &TARGET_SIGNED,
];

/// R-1 `WalletType`: 6 is a wallet.
pub static WALLET_TYPE: Rule = decided("chia/R-1", "WalletType", "6 is a wallet.");

/// R-2 `StrictTypes`: Types and sizes are exact; the order of keys, longer heads and unknown keys
/// of an envelope are free.
pub static STRICT_TYPES: Rule = decided(
    "chia/R-2",
    "StrictTypes",
    "Types and sizes are exact; the order of keys, longer heads and unknown keys of an \
     envelope are free.",
);

/// R-3 `BytesOfText`: The length of a text in an object counts bytes.
pub static BYTES_OF_TEXT: Rule =
    decided("chia/R-3", "BytesOfText", "The length of a text in an object counts bytes.");

/// R-5 `OpaqueTransaction`: A transaction is a byte string, the empty one included.
pub static OPAQUE_TRANSACTION: Rule = decided(
    "chia/R-5",
    "OpaqueTransaction",
    "A transaction is a byte string, the empty one included.",
);

/// R-6 `NoAckForRefused`: Who is refused gets no ack; networks are compared.
pub static NO_ACK_FOR_REFUSED: Rule =
    decided("chia/R-6", "NoAckForRefused", "Who is refused gets no ack; networks are compared.");

/// R-7 `SmallerDialler`: Of two handshakes dialled from both ends that of the smaller id goes on.
pub static SMALLER_DIALLER: Rule = decided(
    "chia/R-7",
    "SmallerDialler",
    "Of two handshakes dialled from both ends that of the smaller id goes on.",
);

/// R-8 `Nonce`: Pings and pongs have a nonce of 32 bytes.
pub static NONCE: Rule = decided("chia/R-8", "Nonce", "Pings and pongs have a nonce of 32 bytes.");

/// R-10 `AncestorPairs`: `ancestors` has heights and header hashes in pairs.
pub static ANCESTOR_PAIRS: Rule =
    decided("chia/R-10", "AncestorPairs", "`ancestors` has heights and header hashes in pairs.");

/// R-11 `OneSignature`: A proof gets one signature: for the first header hash.
pub static ONE_SIGNATURE: Rule =
    decided("chia/R-11", "OneSignature", "A proof gets one signature: for the first header hash.");

/// R-12 `ChildDifficulty`: The difficulty that is announced is that of a child.
pub static CHILD_DIFFICULTY: Rule =
    decided("chia/R-12", "ChildDifficulty", "The difficulty that is announced is that of a child.");

/// R-13 `ArrivedOnAcceptance`: A proof has arrived when its unfinished block is accepted, with the
/// weight that the block will have.
pub static ARRIVED_ON_ACCEPTANCE: Rule = decided(
    "chia/R-13",
    "ArrivedOnAcceptance",
    "A proof has arrived when its unfinished block is accepted, with the weight that the \
     block will have.",
);

/// R-14 `HashOfOutput`: The hash of a proof of time's output is of the output alone, and nobody is
/// rejected by it.
pub static HASH_OF_OUTPUT: Rule = decided(
    "chia/R-14",
    "HashOfOutput",
    "The hash of a proof of time's output is of the output alone, and nobody is rejected by \
     it.",
);

/// R-15 `ProofWithoutBlock`: A proof of time without its block is verified and passed on, once.
pub static PROOF_WITHOUT_BLOCK: Rule = decided(
    "chia/R-15",
    "ProofWithoutBlock",
    "A proof of time without its block is verified and passed on, once.",
);

/// R-16 `NodesAnswer`: A full node answers who asks for peers, as an introducer does.
pub static NODES_ANSWER: Rule = decided(
    "chia/R-16",
    "NodesAnswer",
    "A full node answers who asks for peers, as an introducer does.",
);

/// R-17 `ById`: A transaction is announced by its id, asked for, and announced on; what is not had
/// is passed over in silence.
pub static BY_ID: Rule = decided(
    "chia/R-17",
    "ById",
    "A transaction is announced by its id, asked for, and announced on; what is not had is \
     passed over in silence.",
);

/// R-18 `Rate`: A peer's messages are counted by the minute; an answer that was asked for is not.
pub static RATE: Rule = decided(
    "chia/R-18",
    "Rate",
    "A peer's messages are counted by the minute; an answer that was asked for is not.",
);

/// R-19 `TwoWorlds`: Messages are CBOR; each hashable object in them is one byte string in its own
/// encoding.
pub static TWO_WORLDS: Rule = decided(
    "chia/R-19",
    "TwoWorlds",
    "Messages are CBOR; each hashable object in them is one byte string in its own encoding.",
);

/// R-20 `InvalidBlock`: Who sends an invalid block is penalised.
pub static INVALID_BLOCK: Rule =
    decided("chia/R-20", "InvalidBlock", "Who sends an invalid block is penalised.");

/// R-21 `CappedList`: A list of peers has an end.
pub static CAPPED_LIST: Rule = decided("chia/R-21", "CappedList", "A list of peers has an end.");

/// R-22 `OneFarmer`: A harvester that has a farmer takes no second one.
pub static ONE_FARMER: Rule =
    decided("chia/R-22", "OneFarmer", "A harvester that has a farmer takes no second one.");

/// R-23 `OverLimitFirst`: A request for too much is a violation whether its tip is known or not.
pub static OVER_LIMIT_FIRST: Rule = decided(
    "chia/R-23",
    "OverLimitFirst",
    "A request for too much is a violation whether its tip is known or not.",
);

/// R-24 `TargetSigned`: A partial proof signs the hash of the target alone.
pub static TARGET_SIGNED: Rule =
    decided("chia/R-24", "TargetSigned", "A partial proof signs the hash of the target alone.");
