//! Faults: whose fault it is, how bad it is, and which rule was broken.
//!
//! Errors follow the inputs.
//!
//! | what is wrong | how it shows | what has happened |
//! |---|---|---|
//! | *our* input makes no sense now | `Err(`[`Refusal`](crate::Refusal)`)` with the input in it | nothing |
//! | the *peer* broke a rule | `Action::Close(`[`Ending::Fault`](crate::Ending::Fault)`)` | everything good before it was delivered |
//! | *our side* cannot do what it promised | the same, with [`Fault::Unable`](crate::Fault::Unable) | the same |
//! | a SHOULD was not heeded | a notice, `Remark(&Rule)` | the conversation goes on |
//! | the stream itself failed | your transport's own error | tell the machine `Transport::Closed`; `Finished` when it merely ends |
//!
//! A [`Fault`](crate::Fault) is `Copy` and holds static text, a rule and an offset only: nothing is
//! allocated under attack, and no byte of a peer gets into a log by way of it. It is an `Error`
//! with a sentence, and its [`rule`](crate::Fault::rule) has a stable
//! [`id`](crate::Rule::id) for metrics and a [`source`](crate::Rule::source).
//!
//! ```
//! # #[cfg(feature = "leios")] {
//! use nodewire::codec::leios::{Hash32, LeiosPoint, Notification, SlotNo};
//! use nodewire::codec::leios::{CompletionFlag, CountedNotification, MsgReplyPayload};
//! use nodewire::link::{ChannelInput, Channels};
//! use nodewire::bytes::Bytes;
//! use nodewire::state::leios::{Client, ClientCommand, LEIOS_REPLY, Limits, SlotClock};
//! use nodewire::{Action, Channel, Ending, Machine, Outbox, Refused, Role, Severity, Time};
//!
//! let now = Time::ZERO;
//! let client = Client::new(Limits::default(), SlotClock::default());
//! let mut link = Channels::new(client);
//! let mut out = Outbox::new();
//!
//! // Ours: finishing what was never started. The command comes back, nothing has changed.
//! let refusal = link.handle_local(now, ClientCommand::Finish, &mut out).unwrap_err();
//! assert_eq!(refusal.input, ClientCommand::Finish);
//! assert!(matches!(refusal.why, Refused::WrongPhase { .. }));
//!
//! // Theirs: MsgLeiosDone with an element too many.
//! link.handle_local(now, ClientCommand::Start, &mut out).unwrap();
//! out.drain().for_each(drop);
//! let channel = Channel::new(LEIOS_REPLY, Role::Initiator);
//! let bytes = Bytes::from_static(&[0x82, 0x02, 0x00]);
//! link.handle_remote(now, ChannelInput::Received { channel, bytes }, &mut out);
//! let Some(Action::Close(Ending::Fault(fault))) = out.pop() else { panic!("it ends") };
//! assert_eq!(fault.severity(), Severity::Faulty);
//! println!("{fault}"); // the peer broke leios/.. : .. at byte .. of ..
//! # }
//! ```
//!
//! # Severity
//!
//! [`Severity`](crate::Severity) is advice for whoever keeps scores of peers; the library keeps
//! none.
//!
//! | | an honest peer | do |
//! |---|---|---|
//! | [`Benign`](crate::Severity::Benign) | may do it | count |
//! | [`Faulty`](crate::Severity::Faulty) | does it by a bug or a wrong configuration | disconnect |
//! | [`Hostile`](crate::Severity::Hostile) | never does it | disconnect and remember |
//!
//! # Rules
//!
//! A [`Rule`](crate::Rule) is one checkable sentence of a specification: a `static` with an id
//! (`leios/L-17`), the short name of its violation, its text, its source and its severity. All of
//! Leios' are in [`state::leios::rules`], `nodewire rules leios` lists
//! them, tests see to it that each is cited where it is kept and broken by a scenario.
//!
//! # The right moment
//!
//! A machine checks everything, then changes everything: a refusal leaves it equal to what it was,
//! bit by bit ([`Laws`](crate::manual) holds all machines to that). A fault comes after all that
//! was good before it, as the last action, however the bytes were cut into reads.
//!
#![cfg_attr(feature = "leios", doc = "[`state::leios::rules`]: crate::state::leios::rules")]
#![cfg_attr(not(feature = "leios"), doc = "[`state::leios::rules`]: crate#features")]
