//! Flow control of requests: the same count on both ends (`leios.md` 8.2, S-5).

use crate::codec::leios::{DeliverableId, MsgRequestPayload};
use crate::fault::Rule;
use crate::state::leios::limits::Limits;
use crate::state::leios::rules;

/// What the requests amount to that are not yet fully replied to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Outstanding {
    bytes: usize,
    requests: usize,
    txs: usize,
}

/// What one request counts for (S-5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Cost {
    /// Its length on the wire, without multiplexer headers.
    pub bytes: u32,
    /// Individual requests: 1 for notifications, else the number of ids.
    pub requests: u32,
    /// Transaction bits.
    pub txs: u32,
}

impl Cost {
    /// What `payload` counts for when it is `bytes` bytes long on the wire.
    pub fn of(payload: &MsgRequestPayload, bytes: u32) -> Self {
        match payload {
            MsgRequestPayload::LeiosNotificationBytes(..) => Self::notification(bytes),
            MsgRequestPayload::LeiosDeliverableIds(_, ids) => {
                let requests = u32::try_from(ids.len()).unwrap_or(u32::MAX);
                let txs = ids.iter().fold(0_u32, |sum, id| sum.saturating_add(txs_of(id)));
                Self { bytes, requests, txs }
            }
        }
    }

    /// What a notification request of `bytes` bytes counts for.
    pub const fn notification(bytes: u32) -> Self {
        Self { bytes, requests: 1, txs: 0 }
    }
}

impl Outstanding {
    /// Nothing is outstanding.
    pub const fn new() -> Self {
        Self { bytes: 0, requests: 0, txs: 0 }
    }

    /// Which rule a request of this cost would break now: L-3, L-4, L-14. The first two are
    /// tested before the request counts, so the one that crosses the line is legal; the third
    /// counts it in.
    pub fn check(&self, cost: Cost, limits: &Limits) -> Result<(), &'static Rule> {
        if self.bytes >= limits.max_outstanding_request_bytes {
            return Err(&rules::TOO_MANY_REQUEST_BYTES);
        }
        if self.requests >= limits.max_outstanding_requests {
            return Err(&rules::TOO_MANY_REQUESTS);
        }
        if self.txs.saturating_add(cost.txs as usize) > limits.max_outstanding_txs {
            return Err(&rules::TOO_MANY_TXS);
        }
        Ok(())
    }

    /// Counts a request: the client when it sends, the server when it receives.
    pub const fn add(&mut self, cost: Cost) {
        self.bytes = self.bytes.saturating_add(cost.bytes as usize);
        self.requests = self.requests.saturating_add(cost.requests as usize);
        self.txs = self.txs.saturating_add(cost.txs as usize);
    }

    /// Counts it no more: the server when it hands over the completing reply, the client when it
    /// receives that.
    pub const fn remove(&mut self, cost: Cost) {
        self.bytes = self.bytes.saturating_sub(cost.bytes as usize);
        self.requests = self.requests.saturating_sub(cost.requests as usize);
        self.txs = self.txs.saturating_sub(cost.txs as usize);
    }

    /// Bytes of requests.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Individual requests.
    pub const fn requests(&self) -> usize {
        self.requests
    }

    /// Transaction bits.
    pub const fn txs(&self) -> usize {
        self.txs
    }
}

fn txs_of(id: &DeliverableId) -> u32 {
    match id {
        DeliverableId::LeiosBlockTxsId(_, bitmaps) => bitmaps.count(),
        DeliverableId::LinearLeiosBlockId(_) | DeliverableId::LinearLeiosVoteId(..) => 0,
    }
}
