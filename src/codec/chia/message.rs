//! The catalogue: every message, by the function name it goes by (`chia.md` 8).

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use super::envelope::{self, Members};
use super::messages;
use crate::codec::cbor::Counter;
use crate::codec::{Malformed, Source, Wire};

/// Which conversation a message belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_enums, reason = "the seed's six, and what all share")]
pub enum SubProtocol {
    /// What every connection speaks.
    Shared,
    /// Farmer and harvester.
    Harvester,
    /// Farmer and full node.
    Farmer,
    /// Timelord and full node.
    Timelord,
    /// Full node and full node, full node and introducer.
    Peer,
    /// Farmer and pool.
    Pool,
    /// Wallet and full node.
    Wallet,
}

/// Declares [`Function`] and [`Message`] from one list: sub-protocol, message, what holds it,
/// function name. The largest ones are boxed, so that any message fits into an action.
macro_rules! catalogue {
    ($( $protocol:ident { $( $name:ident ($held:ty) = $function:literal, )* } )*) => {
        /// What a message asks for: its name on the wire, without its members.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
        #[expect(clippy::exhaustive_enums, reason = "the protocol's functions are known")]
        pub enum Function { $( $(
            #[doc = concat!("`", $function, "`: see [`", stringify!($name), "`](messages::", stringify!($name), ").")]
            $name,
        )* )* }

        impl Function {
            /// Every function, in the order of the reference.
            pub const ALL: &'static [Self] = &[ $( $( Self::$name, )* )* ];

            /// The name on the wire.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $( $( Self::$name => $function, )* )* }
            }

            /// The conversation that it belongs to.
            #[must_use]
            pub const fn protocol(self) -> SubProtocol {
                match self { $( $( Self::$name )|* => SubProtocol::$protocol, )* }
            }

            /// The function of this name, compared as a whole (D-11).
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                Self::of(name.as_bytes())
            }

            fn of(name: &[u8]) -> Option<Self> {
                $( $( if name == $function.as_bytes() {
                    return Some(Self::$name);
                } )* )*
                None
            }
        }

        /// A message: the body of a frame.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
        #[expect(clippy::exhaustive_enums, reason = "the protocol's messages are known")]
        pub enum Message { $( $(
            #[doc = concat!("`", $function, "`.")]
            $name($held),
        )* )* }

        impl Message {
            /// What it asks for.
            #[must_use]
            pub const fn function(&self) -> Function {
                match self { $( $( Self::$name(_) => Function::$name, )* )* }
            }

            /// Heap bytes held; shared frames count as [`Source::heap`] says.
            #[must_use]
            pub fn heap(&self) -> usize {
                match self { $( $( Self::$name(held) => Held::heap(held), )* )* }
            }

            fn write(&self, out: &mut impl crate::codec::cbor::Sink) {
                match self { $( $(
                    Self::$name(held) => envelope::write($function, Held::inner(held), out),
                )* )* }
            }

            fn read(
                function: Function,
                pairs: &mut envelope::Pairs<'_, '_>,
            ) -> Result<Self, Malformed> {
                match function { $( $(
                    Function::$name => {
                        <$held as Held<messages::$name>>::read(pairs).map(Self::$name)
                    }
                )* )* }
            }
        }

        $( $(
            impl From<messages::$name> for Message {
                fn from(message: messages::$name) -> Self {
                    Self::$name(Held::of(message))
                }
            }
        )* )*
    };
}

catalogue! {
    Shared {
        Handshake(Box<messages::Handshake>) = "handshake",
        HandshakeAck(messages::HandshakeAck) = "handshake_ack",
        Ping(messages::Ping) = "ping",
        Pong(messages::Pong) = "pong",
    }
    Harvester {
        HarvesterHandshake(messages::HarvesterHandshake) = "harvester_handshake",
        NewChallenge(messages::NewChallenge) = "new_challenge",
        ChallengeResponse(messages::ChallengeResponse) = "challenge_response",
        RequestProofOfSpace(messages::RequestProofOfSpace) = "request_proof_of_space",
        RespondProofOfSpace(Box<messages::RespondProofOfSpace>) = "respond_proof_of_space",
        RequestHeaderSignature(messages::RequestHeaderSignature) = "request_header_signature",
        RespondHeaderSignature(Box<messages::RespondHeaderSignature>) = "respond_header_signature",
        RequestPartialProof(messages::RequestPartialProof) = "request_partial_proof",
        RespondPartialProof(Box<messages::RespondPartialProof>) = "respond_partial_proof",
    }
    Farmer {
        ProofOfSpaceFinalized(Box<messages::ProofOfSpaceFinalized>) = "proof_of_space_finalized",
        ProofOfSpaceArrived(messages::ProofOfSpaceArrived) = "proof_of_space_arrived",
        RequestHeaderHash(Box<messages::RequestHeaderHash>) = "request_header_hash",
        HeaderHash(messages::HeaderHash) = "header_hash",
        HeaderSignature(Box<messages::HeaderSignature>) = "header_signature",
        ProofOfTimeRate(messages::ProofOfTimeRate) = "proof_of_time_rate",
    }
    Timelord {
        ProofOfTimeFinished(Box<messages::ProofOfTimeFinished>) = "proof_of_time_finished",
        ChallengeStart(messages::ChallengeStart) = "challenge_start",
        ProofOfSpaceInfo(messages::ProofOfSpaceInfo) = "proof_of_space_info",
    }
    Peer {
        NewProofOfTime(Box<messages::NewProofOfTime>) = "new_proof_of_time",
        UnfinishedBlock(Box<messages::UnfinishedBlock>) = "unfinished_block",
        RequestBlock(messages::RequestBlock) = "request_block",
        Block(Box<messages::Block>) = "block",
        RequestPeers(messages::RequestPeers) = "request_peers",
        Peers(messages::Peers) = "peers",
        RequestAllHeaderHashes(messages::RequestAllHeaderHashes) = "request_all_header_hashes",
        AllHeaderHashes(messages::AllHeaderHashes) = "all_header_hashes",
        RequestHeaderBlocks(messages::RequestHeaderBlocks) = "request_header_blocks",
        HeaderBlocks(messages::HeaderBlocks) = "header_blocks",
        RequestSyncBlocks(messages::RequestSyncBlocks) = "request_sync_blocks",
        SyncBlocks(messages::SyncBlocks) = "sync_blocks",
        TransactionId(messages::TransactionId) = "transaction_id",
        RequestTransaction(messages::RequestTransaction) = "request_transaction",
        NewTransaction(messages::NewTransaction) = "new_transaction",
    }
    Pool {
        RequestData(messages::RequestData) = "request_data",
        RespondData(Box<messages::RespondData>) = "respond_data",
        Partial(Box<messages::Partial>) = "partial",
        PartialAck(messages::PartialAck) = "partial_ack",
    }
    Wallet {
        SendTransaction(messages::SendTransaction) = "send_transaction",
        NewLca(messages::NewLca) = "new_lca",
        RequestHeader(messages::RequestHeader) = "request_header",
        Header(Box<messages::Header>) = "header",
        RequestAncestors(messages::RequestAncestors) = "request_ancestors",
        Ancestors(messages::Ancestors) = "ancestors",
        RequestBody(messages::RequestBody) = "request_body",
        RespondBody(Box<messages::RespondBody>) = "respond_body",
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Message {
    /// Reads the message that all of `body` must make up (D-1 to D-11).
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn decode(body: &[u8], source: Source<'_>) -> Result<Self, Malformed> {
        envelope::read(body, source, Function::of, Self::read)
    }

    /// Appends the one encoding of the message (E-1 to E-4), without the length before it.
    pub fn encode(&self, out: &mut Vec<u8>) {
        self.write(out);
    }

    /// Bytes of the encoding, without the four of its length.
    #[must_use]
    pub fn wire_len(&self) -> usize {
        Counter::of(|out| self.write(out))
    }
}

impl Wire for Message {
    fn decode(frame: &[u8], source: Source<'_>) -> Result<Self, Malformed> {
        Self::decode(frame, source)
    }

    fn encode(&self, out: &mut Vec<u8>) {
        self.write(out);
    }

    fn encoded_len(&self) -> Option<usize> {
        Some(self.wire_len())
    }
}

// An action is a message and a little more.
const _: () = assert!(size_of::<Message>() <= 104);

/// What a variant holds: a message, boxed or not.
trait Held<M> {
    fn of(message: M) -> Self;
    fn read(pairs: &mut envelope::Pairs<'_, '_>) -> Result<Self, Malformed>
    where
        Self: Sized;
    fn inner(&self) -> &M;
    fn heap(&self) -> usize;
}

impl<M: Members> Held<M> for M {
    #[inline]
    fn of(message: M) -> Self {
        message
    }

    #[inline]
    fn read(pairs: &mut envelope::Pairs<'_, '_>) -> Result<Self, Malformed> {
        let mut message = M::BLANK;
        message.read_over(pairs).map(|()| message)
    }

    fn inner(&self) -> &M {
        self
    }

    fn heap(&self) -> usize {
        Members::heap(self)
    }
}

impl<M: Members> Held<M> for Box<M> {
    #[inline]
    fn of(message: M) -> Self {
        Self::new(message)
    }

    #[inline]
    fn read(pairs: &mut envelope::Pairs<'_, '_>) -> Result<Self, Malformed> {
        let mut message = Self::new(M::BLANK);
        message.read_over(pairs).map(|()| message)
    }

    fn inner(&self) -> &M {
        self
    }

    fn heap(&self) -> usize {
        size_of::<M>().saturating_add(Members::heap(&**self))
    }
}
