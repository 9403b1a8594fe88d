//! The phases and messages of the protocols, by the specification's names.

#![expect(
    clippy::exhaustive_enums,
    reason = "the specification has these phases and messages and no others"
)]

use crate::codec::leios::{
    HandshakeMessage, KeepAliveMessage, NaiveMessage, ReplyMessage, RequestMessage,
};

/// Declares the phases or labels of a protocol, which print as the specification names them.
macro_rules! names {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        pub enum $name {
            $($(#[$vdoc])* $variant,)*
        }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The specification's name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($variant),)*
                }
            }
        }
    };
}

names! {
    /// The phases of LeiosRequest.
    RequestPhase {
        /// The client may ask.
        StIdle,
        /// Nothing more will be asked.
        StDone,
    }
}

names! {
    /// The messages of LeiosRequest.
    RequestLabel {
        /// Asks for something.
        MsgLeiosRequest,
        /// Ends LeiosRequest.
        MsgLeiosDoneRequest,
    }
}

names! {
    /// The phases of LeiosReply.
    ReplyPhase {
        /// The client has not opened it yet.
        StInit,
        /// The server may answer.
        StIdle,
        /// Nothing more will be answered.
        StDone,
    }
}

names! {
    /// The messages of LeiosReply.
    ReplyLabel {
        /// The client opens it.
        MsgLeiosInit,
        /// The server answers.
        MsgLeiosReply,
        /// Ends LeiosReply.
        MsgLeiosDone,
    }
}

names! {
    /// The phases of NaiveLeios.
    NaivePhase {
        /// The client may ask.
        StIdle,
        /// The server owes a notification, some time.
        StNotification,
        /// The server owes a block.
        StBlock,
        /// The server owes a transaction.
        StBlockTx,
        /// The server owes a vote.
        StVote,
        /// It is over.
        StDone,
    }
}

names! {
    /// The messages of NaiveLeios.
    NaiveLabel {
        /// The client asks for one notification.
        MsgLeiosNotificationRequest,
        /// A header.
        MsgLeiosAnnouncement,
        /// A block is offered.
        MsgLeiosBlockOffer,
        /// All transactions of a block are offered.
        MsgLeiosBlockTxsOffer,
        /// A vote is offered.
        MsgLeiosVoteOffer,
        /// The client asks for a block.
        MsgLeiosBlockRequest,
        /// The block.
        MsgLeiosBlock,
        /// The client asks for a transaction.
        MsgLeiosBlockTxRequest,
        /// The transaction.
        MsgLeiosBlockTx,
        /// The client asks for a vote.
        MsgLeiosVoteRequest,
        /// The vote.
        MsgLeiosVote,
        /// The client ends it.
        MsgDone,
    }
}

names! {
    /// The phases of the handshake.
    HandshakePhase {
        /// The client is to propose.
        StPropose,
        /// The server is to answer.
        StConfirm,
        /// It is over.
        StDone,
    }
}

names! {
    /// The messages of the handshake.
    HandshakeLabel {
        /// The client's versions. In [`HandshakePhase::StConfirm`] it answers a proposal that
        /// crossed it: a simultaneous open.
        MsgProposeVersions,
        /// The server's choice.
        MsgAcceptVersion,
        /// The server declines.
        MsgRefuse,
        /// The server's versions.
        MsgQueryReply,
    }
}

names! {
    /// The phases of KeepAlive.
    KeepAlivePhase {
        /// The client may ping.
        StClient,
        /// The server is to answer.
        StServer,
        /// It is over.
        StDone,
    }
}

names! {
    /// The messages of KeepAlive.
    KeepAliveLabel {
        /// The ping.
        MsgKeepAlive,
        /// The answer.
        MsgKeepAliveResponse,
        /// The client ends it.
        MsgDone,
    }
}

impl From<&RequestMessage> for RequestLabel {
    fn from(message: &RequestMessage) -> Self {
        match message {
            RequestMessage::MsgLeiosRequest(_) => Self::MsgLeiosRequest,
            RequestMessage::MsgLeiosDoneRequest => Self::MsgLeiosDoneRequest,
        }
    }
}

impl From<&ReplyMessage> for ReplyLabel {
    fn from(message: &ReplyMessage) -> Self {
        match message {
            ReplyMessage::MsgLeiosInit => Self::MsgLeiosInit,
            ReplyMessage::MsgLeiosReply(_) => Self::MsgLeiosReply,
            ReplyMessage::MsgLeiosDone => Self::MsgLeiosDone,
        }
    }
}

impl From<&NaiveMessage> for NaiveLabel {
    fn from(message: &NaiveMessage) -> Self {
        match message {
            NaiveMessage::MsgLeiosNotificationRequest => Self::MsgLeiosNotificationRequest,
            NaiveMessage::MsgLeiosAnnouncement(_) => Self::MsgLeiosAnnouncement,
            NaiveMessage::MsgLeiosBlockOffer(_) => Self::MsgLeiosBlockOffer,
            NaiveMessage::MsgLeiosBlockTxsOffer(_) => Self::MsgLeiosBlockTxsOffer,
            NaiveMessage::MsgLeiosVoteOffer(..) => Self::MsgLeiosVoteOffer,
            NaiveMessage::MsgLeiosBlockRequest(_) => Self::MsgLeiosBlockRequest,
            NaiveMessage::MsgLeiosBlock(_) => Self::MsgLeiosBlock,
            NaiveMessage::MsgLeiosBlockTxRequest(..) => Self::MsgLeiosBlockTxRequest,
            NaiveMessage::MsgLeiosBlockTx(_) => Self::MsgLeiosBlockTx,
            NaiveMessage::MsgLeiosVoteRequest(..) => Self::MsgLeiosVoteRequest,
            NaiveMessage::MsgLeiosVote(_) => Self::MsgLeiosVote,
            NaiveMessage::MsgDone => Self::MsgDone,
        }
    }
}

impl From<&HandshakeMessage> for HandshakeLabel {
    fn from(message: &HandshakeMessage) -> Self {
        match message {
            HandshakeMessage::MsgProposeVersions(_) => Self::MsgProposeVersions,
            HandshakeMessage::MsgAcceptVersion(..) => Self::MsgAcceptVersion,
            HandshakeMessage::MsgRefuse(_) => Self::MsgRefuse,
            HandshakeMessage::MsgQueryReply(_) => Self::MsgQueryReply,
        }
    }
}

impl From<&KeepAliveMessage> for KeepAliveLabel {
    fn from(message: &KeepAliveMessage) -> Self {
        match message {
            KeepAliveMessage::MsgKeepAlive(_) => Self::MsgKeepAlive,
            KeepAliveMessage::MsgKeepAliveResponse(_) => Self::MsgKeepAliveResponse,
            KeepAliveMessage::MsgDone => Self::MsgDone,
        }
    }
}
