//! Rules between farmer and pool (`chia.md` 13).

use super::decided;
use crate::fault::Rule;
use crate::fault::Severity::{Benign, Faulty, Hostile};

/// The rules of this heading, in order.
pub(super) static ALL: &[&Rule] = &[
    &ANY_STREAM,
    &POOL_FUNCTION,
    &STOCK,
    &SILENT_FARMER,
    &WRONG_POOL,
    &BAD_COINBASE,
    &NO_DATA,
    &PARTIALS_OPEN,
    &NO_ACK,
    &INVALID_PARTIAL,
];

/// PO-1 `AnyStream`: The conversation runs over any stream of frames, without handshake or pings.
pub static ANY_STREAM: Rule = decided(
    "chia/PO-1",
    "AnyStream",
    "The conversation runs over any stream of frames, without handshake or pings.",
);

/// PO-1 `NotOfPool`: Farmer and pool send each other the messages of the pool protocol.
pub static POOL_FUNCTION: Rule = Rule::new(
    "chia/PO-1",
    "NotOfPool",
    "Farmer and pool send each other the messages of the pool protocol.",
    "reference; both ends check",
    Faulty,
);

/// PO-2 `Stock`: A farmer asks for data when the session starts and when its coinbases run low.
pub static STOCK: Rule = decided(
    "chia/PO-2",
    "Stock",
    "A farmer asks for data when the session starts and when its coinbases run low.",
);

/// PO-2 `SilentFarmer`: A farmer asks for data when the session starts, and says something now and
/// then.
pub static SILENT_FARMER: Rule = Rule::new(
    "chia/PO-2",
    "SilentFarmer",
    "A farmer asks for data when the session starts, and says something now and then.",
    "our own addition; the pool checks",
    Benign,
);

/// PO-3 `WrongPool`: The pool's key is one of the farmer's.
pub static WRONG_POOL: Rule = Rule::new(
    "chia/PO-3",
    "WrongPool",
    "The pool's key is one of the farmer's.",
    "reference; the farmer checks",
    Faulty,
);

/// PO-3 `InvalidCoinbase`: Every coinbase of a pool is signed by its key.
pub static BAD_COINBASE: Rule = Rule::new(
    "chia/PO-3",
    "InvalidCoinbase",
    "Every coinbase of a pool is signed by its key.",
    "reference; the farmer checks",
    Hostile,
);

/// PO-3 `NoData`: A pool sends the data that it is asked for within 120 s.
pub static NO_DATA: Rule = Rule::new(
    "chia/PO-3",
    "NoData",
    "A pool sends the data that it is asked for within 120 s.",
    "our own addition; the farmer checks",
    Benign,
);

/// PO-4 `TooManyPartials`: At most 64 partials wait for their acknowledgement.
pub static PARTIALS_OPEN: Rule = Rule::new(
    "chia/PO-4",
    "TooManyPartials",
    "At most 64 partials wait for their acknowledgement.",
    "reference; the pool checks",
    Faulty,
);

/// PO-4 `NoAck`: A pool acknowledges the next partial within 120 s.
pub static NO_ACK: Rule = Rule::new(
    "chia/PO-4",
    "NoAck",
    "A pool acknowledges the next partial within 120 s.",
    "our own addition; the farmer checks",
    Benign,
);

/// PO-5 `InvalidPartial`: A partial is a proof for the pool that answers its challenge, good
/// enough, its target signed by the plot.
pub static INVALID_PARTIAL: Rule = Rule::new(
    "chia/PO-5",
    "InvalidPartial",
    "A partial is a proof for the pool that answers its challenge, good enough, its target signed \
     by the plot.",
    "reference; the pool checks",
    Hostile,
);
