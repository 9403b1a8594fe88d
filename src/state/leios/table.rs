//! The transition tables of the pair, the baseline and the neighbours (`leios.md` 5.1 to 5.3,
//! 11.1, 11.2), and the functions that alone move a phase.

mod labels;

pub use labels::{
    HandshakeLabel, HandshakePhase, KeepAliveLabel, KeepAlivePhase, NaiveLabel, NaivePhase,
    ReplyLabel, ReplyPhase, RequestLabel, RequestPhase,
};

use crate::fault::Fault;
use crate::state::leios::rules;
use crate::table::Role::{Initiator, Responder};
use crate::table::{Agency, Role, Table, edge};

/// LeiosRequest (`leios.md` 5.2).
pub static REQUEST: Table<RequestPhase, RequestLabel> = {
    use RequestLabel::{MsgLeiosDoneRequest, MsgLeiosRequest};
    use RequestPhase::{StDone, StIdle};
    Table::new(
        "LeiosRequest",
        StIdle,
        &[
            edge(StIdle, Initiator, MsgLeiosRequest, StIdle),
            edge(StIdle, Initiator, MsgLeiosDoneRequest, StDone),
        ],
    )
};

/// LeiosReply (`leios.md` 5.3).
pub static REPLY: Table<ReplyPhase, ReplyLabel> = {
    use ReplyLabel::{MsgLeiosDone, MsgLeiosInit, MsgLeiosReply};
    use ReplyPhase::{StDone, StIdle, StInit};
    Table::new(
        "LeiosReply",
        StInit,
        &[
            edge(StInit, Initiator, MsgLeiosInit, StIdle),
            edge(StIdle, Responder, MsgLeiosReply, StIdle),
            edge(StIdle, Responder, MsgLeiosDone, StDone),
        ],
    )
};

/// NaiveLeios (`leios.md` 5.1).
pub static NAIVE: Table<NaivePhase, NaiveLabel> = {
    use NaiveLabel::{
        MsgDone, MsgLeiosAnnouncement, MsgLeiosBlock, MsgLeiosBlockOffer, MsgLeiosBlockRequest,
        MsgLeiosBlockTx, MsgLeiosBlockTxRequest, MsgLeiosBlockTxsOffer,
        MsgLeiosNotificationRequest, MsgLeiosVote, MsgLeiosVoteOffer, MsgLeiosVoteRequest,
    };
    use NaivePhase::{StBlock, StBlockTx, StDone, StIdle, StNotification, StVote};
    Table::new(
        "NaiveLeios",
        StIdle,
        &[
            edge(StIdle, Initiator, MsgLeiosNotificationRequest, StNotification),
            edge(StNotification, Responder, MsgLeiosAnnouncement, StIdle),
            edge(StNotification, Responder, MsgLeiosBlockOffer, StIdle),
            edge(StNotification, Responder, MsgLeiosBlockTxsOffer, StIdle),
            edge(StNotification, Responder, MsgLeiosVoteOffer, StIdle),
            edge(StIdle, Initiator, MsgLeiosBlockRequest, StBlock),
            edge(StBlock, Responder, MsgLeiosBlock, StIdle),
            edge(StIdle, Initiator, MsgLeiosBlockTxRequest, StBlockTx),
            edge(StBlockTx, Responder, MsgLeiosBlockTx, StIdle),
            edge(StIdle, Initiator, MsgLeiosVoteRequest, StVote),
            edge(StVote, Responder, MsgLeiosVote, StIdle),
            edge(StIdle, Initiator, MsgDone, StDone),
        ],
    )
};

/// The handshake (`leios.md` 11.1). A proposal from the responder is that of a simultaneous open
/// and counts as the reply.
pub static HANDSHAKE: Table<HandshakePhase, HandshakeLabel> = {
    use HandshakeLabel::{MsgAcceptVersion, MsgProposeVersions, MsgQueryReply, MsgRefuse};
    use HandshakePhase::{StConfirm, StDone, StPropose};
    Table::new(
        "Handshake",
        StPropose,
        &[
            edge(StPropose, Initiator, MsgProposeVersions, StConfirm),
            edge(StConfirm, Responder, MsgAcceptVersion, StDone),
            edge(StConfirm, Responder, MsgRefuse, StDone),
            edge(StConfirm, Responder, MsgQueryReply, StDone),
            edge(StConfirm, Responder, MsgProposeVersions, StDone),
        ],
    )
};

/// KeepAlive (`leios.md` 11.2).
pub static KEEP_ALIVE: Table<KeepAlivePhase, KeepAliveLabel> = {
    use KeepAliveLabel::{MsgDone, MsgKeepAlive, MsgKeepAliveResponse};
    use KeepAlivePhase::{StClient, StDone, StServer};
    Table::new(
        "KeepAlive",
        StClient,
        &[
            edge(StClient, Initiator, MsgKeepAlive, StServer),
            edge(StServer, Responder, MsgKeepAliveResponse, StClient),
            edge(StClient, Initiator, MsgDone, StDone),
        ],
    )
};

/// Where the two protocols of a pair stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PairPhases {
    request: RequestPhase,
    reply: ReplyPhase,
}

impl PairPhases {
    /// Both at their start.
    #[must_use]
    pub const fn new() -> Self {
        Self { request: REQUEST.start(), reply: REPLY.start() }
    }

    /// The phase of LeiosRequest.
    #[must_use]
    pub const fn request(&self) -> RequestPhase {
        self.request
    }

    /// The phase of LeiosReply.
    #[must_use]
    pub const fn reply(&self) -> ReplyPhase {
        self.reply
    }

    /// True when both are done: the pair has ended (`leios.md` 5.5).
    #[must_use]
    pub fn done(&self) -> bool {
        self.request == RequestPhase::StDone && self.reply == ReplyPhase::StDone
    }

    /// Moves LeiosRequest by what `by` sends. With [`step_reply`](Self::step_reply) the only
    /// place that moves a phase of the pair.
    ///
    /// # Errors
    /// The message is not legal there (`leios.md` 5.4); the phase is what it was.
    pub fn step_request(&mut self, by: Role, on: RequestLabel) -> Result<(), Fault> {
        self.request = step(&REQUEST, self.request, by, on, RequestPhase::name)?;
        Ok(())
    }

    /// Moves LeiosReply by what `by` sends.
    ///
    /// # Errors
    /// The message is not legal there (`leios.md` 5.4); the phase is what it was.
    pub fn step_reply(&mut self, by: Role, on: ReplyLabel) -> Result<(), Fault> {
        self.reply = step(&REPLY, self.reply, by, on, ReplyPhase::name)?;
        Ok(())
    }
}

impl Default for PairPhases {
    fn default() -> Self {
        Self::new()
    }
}

impl NaivePhase {
    /// The phase after `on` from `by`.
    ///
    /// # Errors
    /// The message is not legal here (`leios.md` 5.4).
    pub fn step(self, by: Role, on: NaiveLabel) -> Result<Self, Fault> {
        step(&NAIVE, self, by, on, Self::name)
    }
}

impl HandshakePhase {
    /// The phase after `on` from `by`.
    ///
    /// # Errors
    /// The message is not legal here (`leios.md` 5.4).
    pub fn step(self, by: Role, on: HandshakeLabel) -> Result<Self, Fault> {
        step(&HANDSHAKE, self, by, on, Self::name)
    }
}

impl KeepAlivePhase {
    /// The phase after `on` from `by`.
    ///
    /// # Errors
    /// The message is not legal here (`leios.md` 5.4).
    pub fn step(self, by: Role, on: KeepAliveLabel) -> Result<Self, Fault> {
        step(&KEEP_ALIVE, self, by, on, Self::name)
    }
}

/// Where the table leads, or the fault of whoever sent what it doesn't allow.
fn step<P: Copy + Eq, L: Copy + Eq>(
    table: &Table<P, L>,
    from: P,
    by: Role,
    on: L,
    name: fn(P) -> &'static str,
) -> Result<P, Fault> {
    table.next(from, by, on).ok_or_else(|| {
        let rule = match table.agency(from) {
            Agency::Nobody => &rules::MESSAGE_AFTER_DONE,
            _ => &rules::UNEXPECTED_MESSAGE,
        };
        Fault::violation(rule, name(from))
    })
}
