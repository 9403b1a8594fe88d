//! Leios: what the pair is, and how to run its machines.
//!
//! # The pair
//!
//! Leios nodes tell one another of endorser blocks and votes, and fetch what they lack. The
//! proposal splits that into two mini-protocols, in each of which one side alone speaks:
//!
//! ```text
//!   client                                            server
//!     │── LeiosReply    MsgLeiosInit ───────────────────►│   once
//!     │── LeiosRequest  32,768 bytes of notifications ──►│   credit
//!     │◄─ LeiosReply    announcement, block offer ───────│   as they happen
//!     │── LeiosRequest  that block ─────────────────────►│
//!     │── LeiosRequest  those 400 transactions ─────────►│   several at once
//!     │◄─ LeiosReply    the transactions ────────────────│   freshest first, not in order
//!     │◄─ LeiosReply    the block ───────────────────────│
//!     │── LeiosRequest  MsgLeiosDoneRequest ────────────►│
//!     │◄─ LeiosReply    MsgLeiosDone ────────────────────│
//! ```
//!
//! Two nodes that fetch from one another run it twice, once each way, on one connection.
//! No network runs this pair yet; the byte format is this project's reading of a proposal that has
//! none, in [`codec::leios::CDDL`](crate::codec::leios::CDDL).
//!
//! # The machines
//!
//! | machine | it |
//! |---|---|
//! | [`Client`](crate::state::leios::Client) | asks one server, checks all it says, splits what is large |
//! | [`Server`](crate::state::leios::Server) | tells one client what is new, answers freshest first |
//! | [`Fetch`](crate::state::leios::Fetch) | decides over all clients what to ask whom |
//! | [`KeepAliveClient`](crate::state::leios::KeepAliveClient), [`KeepAliveServer`](crate::state::leios::KeepAliveServer) | ping and answer |
//! | [`Handshake`](crate::state::leios::Handshake) | agrees on a version, either side |
//! | [`Connection`](crate::state::leios::Connection) | KeepAlive and the pair on one connection, one or both ways |
//! | [`NaiveClient`](crate::state::leios::NaiveClient), [`NaiveServer`](crate::state::leios::NaiveServer) | the baseline that the proposal argues against, to compare with |
//!
//! Take the highest one that fits:
//!
//! | you have | take | see |
//! |---|---|---|
//! | a TCP stream | [`Session`](crate::leios::Session): handshake, mux, connection in one | [`crate::leios`], `examples/blocking.rs` |
//! | a stream after the handshake | [`Mux`](crate::link::Mux) around a `Connection`, `Client` or `Server` | `examples/foreign_channels.rs` |
//! | a multiplexer | [`Channels`](crate::link::Channels) around the same: bytes by mini-protocol | `examples/own_mux.rs` |
//! | a decoder too | `Client` and `Server` themselves: messages | `examples/pair.rs` |
//! | ChainSync and BlockFetch of your own | foreign channels of our mux: they pass through unread, and go first | `examples/foreign_channels.rs` |
//!
//! # A client
//!
//! `Start` opens the pair. `NotificationTarget` keeps notifications coming. Each announcement is a
//! question, [`JudgeAnnouncement`](crate::state::leios::ClientQuery::JudgeAnnouncement): is this
//! header as valid as the ledger can tell? **No machine here verifies a signature or a
//! certificate.** `RequestBlock`, `RequestTxs` and `RequestVotes` fetch; what comes has the hashes
//! and sizes that were announced, or it doesn't come. `Failed` says what this server will not
//! deliver any more. `Finish` ends in peace.
//!
//! # A server
//!
//! `Announce`, `OfferBlock`, `OfferTxs` and `OfferVote` go to the client as its credit allows. Who
//! has offered has to deliver: every request is a question,
//! [`Fetch`](crate::state::leios::ServerQuery::Fetch), and `None` ends the connection.
//! [`Order`](crate::state::leios::Order) says which of the waiting replies goes next. Without a link,
//! say [`Drained`](crate::state::leios::ServerRemote::Drained) for what has left, or the next reply
//! waits for ever (L-62).
//!
//! # Many peers
//!
//! [`Fetch`](crate::state::leios::Fetch) is a machine whose outside are clients: their notices go
//! in, their commands come out, each with the peer's key.
//!
//! ```
//! use nodewire::codec::leios::{Hash32, LeiosPoint, SlotNo};
//! use nodewire::state::leios::{
//!     Client, ClientCommand, Fetch, FetchCommand, FetchLimits, Limits, PairMessage, SlotClock,
//! };
//! use nodewire::{Action, Machine, Outbox, Time};
//!
//! let now = Time::ZERO;
//! let mut fetch = Fetch::new(FetchLimits::default());
//! let mut client = Client::new(Limits::default(), SlotClock::default());
//! let (mut decided, mut out) = (Outbox::new(), Outbox::new());
//!
//! client.handle_local(now, ClientCommand::Start, &mut out).unwrap();
//! fetch.handle_local(now, FetchCommand::Joined("relay"), &mut decided).unwrap();
//! // ChainSync says that this relay has a block.
//! let point = LeiosPoint::new(SlotNo(7), Hash32([1; 32]));
//! let implied = FetchCommand::Implied { peer: "relay", point, size: 36 };
//! fetch.handle_local(now, implied, &mut decided).unwrap();
//!
//! while let Some(action) = decided.pop() {
//!     // What fetch decides, the client of that peer does.
//!     let Action::Send((peer, command)) = action else { continue };
//!     if let Err(refusal) = client.handle_local(now, command, &mut out) {
//!         let back = FetchCommand::Refused(peer, refusal.input);
//!         fetch.handle_local(now, back, &mut decided).unwrap();
//!     }
//! }
//! // And what the client tells, fetch hears.
//! let mut requests = 0;
//! while let Some(action) = out.pop() {
//!     match action {
//!         Action::Notify(notice) => fetch.handle_remote(now, ("relay", notice), &mut decided),
//!         Action::Send(PairMessage::Request(_)) => requests += 1,
//!         _ => {}
//!     }
//! }
//! assert_eq!(requests, 1);
//! ```
//!
//! Its policy is data, [`FetchLimits`](crate::state::leios::FetchLimits); a policy of your own is
//! a machine in its place. `nodewire sim leios` shows what either comes to.
//!
//! # Slots and limits
//!
//! A [`SlotClock`](crate::state::leios::SlotClock) maps driver time to slots; announcements from
//! the future or from long ago are faults by it. [`Limits`](crate::state::leios::Limits) are those
//! of version 1; both sides have to go by the same, for some are promises to the other. What a
//! network changes is set on a `Limits::default()`; other mini-protocol numbers are a type,
//! [`Numbers`](crate::state::leios::Numbers); another Blake2b is
//! [`Blake2b`](crate::state::leios::Blake2b).
//!
//! # The end
//!
//! `Finish` on a client asks for the end at once: what is outstanding then is reported as `Failed`,
//! and the server's `MsgLeiosDone` is the last message. On a [`Connection`](crate::state::leios::Connection) a part
//! that is done leaves the others running; with the last Leios part KeepAlive ends too, and all is
//! `Done`. A fault of one part ends all.
