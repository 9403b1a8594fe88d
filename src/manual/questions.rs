//! Questions: how a machine asks for what it cannot know.
//!
//! Is this header valid? What are the bytes of that block? A ledger or a store knows, a machine
//! doesn't: it puts out [`Action::Ask`](crate::Action::Ask) with an [`AskId`](crate::AskId) and a
//! query, and goes on. The answer is local input. It may come at once, out of order, after other
//! input, from another thread, or never.
//!
//! A query of Leios or of the Supervisor knows how to turn its answer into that input, so the types
//! pair them; one of Chia is answered by the role's command that names it in its documentation, with
//! the id that came with it.
//!
//! ```
//! # #[cfg(feature = "leios")] {
//! use nodewire::bytes::Bytes;
//! use nodewire::codec::leios::{
//!     DeliverableId, Hash32, LeiosPoint, MsgRequestPayload, NonEmpty, ReplyMessage,
//!     RequestMessage, RequestNo, SlotNo, VoteIssuer,
//! };
//! use nodewire::state::leios::{
//!     Limits, Server, ServerCommand, ServerNotice, ServerQuery, ServerRemote, SlotClock,
//! };
//! use nodewire::{Action, AskId, Ending, Fault, Machine, Outbox, Refused, Time};
//!
//! let now = Time::ZERO;
//! let mut server = Server::new(Limits::default(), SlotClock::default());
//! let mut out = Outbox::new();
//! let id = DeliverableId::LinearLeiosVoteId(SlotNo(7), VoteIssuer(3));
//! let message = RequestMessage::MsgLeiosRequest(MsgRequestPayload::LeiosDeliverableIds(
//!     RequestNo(0),
//!     NonEmpty::one(id),
//! ));
//! let size = message.wire_len() as u32;
//! server.handle_remote(now, ServerRemote::Reply(ReplyMessage::MsgLeiosInit), &mut out);
//! server.handle_remote(now, ServerRemote::Request { message, size }, &mut out);
//! assert_eq!(out.pop(), Some(Action::Notify(ServerNotice::Opened)));
//!
//! let Some(Action::Ask(id, query)) = out.pop() else { panic!("it asks for the vote") };
//! assert!(server.awaits(id)); // worth looking for
//!
//! // An answer to a question that was never asked is a mistake of ours: refused, no effect.
//! let stray = query.fetched(AskId::from_u64(99), None);
//! assert_eq!(server.handle_local(now, stray, &mut out).unwrap_err().why, Refused::UnknownAsk);
//!
//! // We don't have it. Having offered it would oblige us: the machine ends, and names the rule.
//! server.handle_local(now, query.fetched(id, None), &mut out).unwrap();
//! let Some(Action::Close(Ending::Fault(fault))) = out.pop() else { panic!("it ends") };
//! assert_eq!(fault.rule().unwrap().id(), "leios/L-20");
//! # }
//! ```
//!
//! - **Each question once.** Ids only grow. An answer counts once; a second one does nothing, and
//!   so does one to a question the machine has given up. Look before you work:
//!   [`awaits`](crate::Machine::awaits).
//! - **What to do next is data.** A machine keeps its open questions in
//!   [`Asks`](crate::Asks), each with what it will need then: visible in `Debug`, compared,
//!   counted, bounded.
//! - **No answer is pressure, not failure.** With as many questions open as its limit allows, a
//!   machine is [`saturated`](crate::Machine::saturated) or holds the channel, the peer runs out
//!   of credit, and nothing breaks. If your store may fail for good, answer that it has failed.
//! - **Queries are exhaustive enums.** A question that a wildcard swallows would stall a peer, so a
//!   new one is a new major version. Notices and commands may grow.
//! - **Inside a link** the query is wrapped as the notice is: a
//!   [`ConnectionQuery`] from a
//!   [`Session`] comes as `StagedOf::Second(..)`, its answer goes in through
//!   [`on_connection`], with the id that came with it.
//!
#![cfg_attr(feature = "leios", doc = "[`ConnectionQuery`]: crate::state::leios::ConnectionQuery")]
#![cfg_attr(not(feature = "leios"), doc = "[`ConnectionQuery`]: crate#features")]
#![cfg_attr(feature = "leios", doc = "[`Session`]: crate::leios::Session")]
#![cfg_attr(not(feature = "leios"), doc = "[`Session`]: crate#features")]
#![cfg_attr(feature = "leios", doc = "[`on_connection`]: crate::leios::on_connection")]
#![cfg_attr(not(feature = "leios"), doc = "[`on_connection`]: crate#features")]
