//! Backpressure: who may make whom wait, and what is bounded by what.
//!
//! Four things keep memory flat. None needs a thread or a clock.
//!
//! | pressure from | is told by | and then |
//! |---|---|---|
//! | a transport that takes no more | no `Writable` | links keep at most their egress limits |
//! | an application that doesn't answer | [`saturated`](crate::Machine::saturated), [`holds`](crate::OverChannels::holds) | links hold messages, drivers stop reading |
//! | a peer that sends too much | ingress and message limits | a fault that names the limit |
//! | an application that wants too much | `Err(Refusal)` with [`Busy`](crate::Refused::Busy) | it gets its input back, and tries again |
//!
//! # Credit for sending
//!
//! A link sends only what was granted: [`Writable(n)`](crate::link::Transport::Writable) says that
//! the transport takes `n` bytes more. Grant a small number at first and then exactly what the
//! transport has accepted; then a link never has more than that number cut into segments, and
//! what is urgent still overtakes what waits. [`UNCOUNTED`](crate::link::Transport::UNCOUNTED) is
//! for tests and for memory.
//!
//! ```
//! # #[cfg(feature = "leios")] {
//! use nodewire::link::{Mux, MuxConfig, MuxLocal, Transport};
//! use nodewire::state::leios::{Client, ClientCommand, LEIOS_REPLY, Limits, SlotClock};
//! use nodewire::{Action, Channel, Machine, Outbox, Role, Time};
//!
//! let now = Time::ZERO;
//! let client = Client::new(Limits::default(), SlotClock::default());
//! let mut link = Mux::new(client, MuxConfig::default(), &[]);
//! let mut out = Outbox::new();
//!
//! link.handle_local(now, MuxLocal::Machine(ClientCommand::Start), &mut out).unwrap();
//! assert!(out.is_empty()); // no credit yet: MsgLeiosInit waits
//! assert_eq!(link.waiting(Channel::new(LEIOS_REPLY, Role::Initiator)), Some(2));
//!
//! link.handle_remote(now, Transport::Writable(24_592), &mut out);
//! let Some(Action::Send(wire)) = out.pop() else { panic!("now it leaves") };
//! assert_eq!(wire.len(), 8 + 2); // a segment header, and 0x81 0x00
//! # }
//! ```
//!
//! What of a channel has left the link, its machine is told where it cares: a Leios server hands
//! over its next reply only while little waits, so that the freshest goes next and not the oldest.
//!
//! # Saturation
//!
//! [`saturated`](crate::Machine::saturated) is a look at the state, like the deadline. While it is
//! true a driver doesn't read; the transport's own window then stops the peer. Machines on
//! channels hold single ones ([`OverChannels::holds`](crate::OverChannels::holds)): KeepAlive goes
//! on while a server waits for its store. Bytes that have come all the same are kept up to the
//! channel's [`ingress`](crate::ChannelSpec::ingress); beyond, it is the peer's fault.
//!
//! # Foreign channels
//!
//! Bytes of a foreign channel count against its ingress from the moment they are handed to you
//! until you say [`Consumed`]: a slow ChainSync of your own is
//! held to its limit as ours are. On the way out,
//! [`egress_limit`] refuses what is too much with `Busy`.
//!
//! # Limits
//!
//! Every collection in a machine or link is bounded by a field of its limits, named in its
//! documentation, and the check comes before the insertion. Exceeding one is
//! [`Fault::Overrun`](crate::Fault::Overrun) or the rule that sets it; where our own input has more
//! to send than may wait, [`Fault::Congested`](crate::Fault::Congested), which is nobody's fault.
//! [`footprint`](crate::Machine::footprint) tells the bytes a machine or link holds at this moment,
//! heap and pinned buffers included; `most_footprint` of the pair, of every link and of a whole
//! [session] tells the most there can be:
//!
//! ```
//! # #[cfg(feature = "leios")] {
//! use nodewire::leios::{self, SessionConfig};
//! use nodewire::state::leios::{Client, Limits, SlotClock};
//! use nodewire::Machine;
//!
//! let mut limits = Limits::default();
//! limits.max_tracked_elections = 64;
//! let client: Client = Client::new(limits.clone(), SlotClock::default());
//! assert!(client.footprint() < 1_024);
//! assert!(client.footprint() <= <Client>::most_footprint(&limits));
//!
//! let config = SessionConfig::new(1);
//! let session = leios::initiator(config.clone());
//! assert!(session.footprint() <= leios::most_footprint(&config));
//! # }
//! ```
//!
//! A large read pins its buffer as long as one slice of it lives. Links copy what is small beside
//! the read it came in and share the rest: a kept vote never pins a 64 KiB buffer.
//!
#![cfg_attr(feature = "leios", doc = "[`Consumed`]: crate::link::MuxLocal::Consumed")]
#![cfg_attr(not(feature = "leios"), doc = "[`Consumed`]: crate#features")]
#![cfg_attr(feature = "leios", doc = "[`egress_limit`]: crate::link::MuxConfig::egress_limit")]
#![cfg_attr(not(feature = "leios"), doc = "[`egress_limit`]: crate#features")]
#![cfg_attr(feature = "leios", doc = "[session]: crate::leios::most_footprint")]
#![cfg_attr(not(feature = "leios"), doc = "[session]: crate#features")]
