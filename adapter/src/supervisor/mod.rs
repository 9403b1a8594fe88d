//! One Supervisor in one task, and everybody who talks with it.
//!
//! [`Host::start`] puts a machine into a task of its own and hands out a [`Handle`]. Texts of the
//! RPC go in by [`Handle::text`], which waits for the reply. Whoever serves chains is a [`Source`]:
//! a feed of node events, a poller of an execution layer. It is attached with
//! [`Handle::attach`], gets a [`Link`] to tell what it sees and to answer, and takes what the
//! machine asks and commands:
//!
//! ```text
//!   HTTP ── Handle::text ──▶ ┌────────────┐ ── Source::ask, command, notice ──▶ feed
//!                            │    host    │ ── Source::ask, command, notice ──▶ poller of chain 10
//!   feed ── Link::tell ────▶ │ Supervisor │
//! poller ── Link::answer ──▶ └────────────┘ ── Handle::status ──▶ /readyz, /metrics
//! ```
//!
//! A question is offered to every source at once, in the order in which they were attached, except
//! that one about a node goes to the source that told of that node, as all its commands do. The
//! first source that knows decides; that nobody knows is said when every source that took the
//! question has said so, or at once if none took it. So a feed and a poller may serve the same
//! chain, and one that stays silent delays nothing that the other knows.
//!
//! ```
//! use nodewire::AskId;
//! use nodewire::codec::supervisor::{BlockRef, ChainId};
//! use nodewire::state::supervisor::{
//!     ChainConfig, Config, ExpiryWindow, L1Query, Limits, Supervisor, SupervisorAnswer,
//!     SupervisorQuery, SupervisorRemote,
//! };
//! use nodewire_adapter::supervisor::{Host, Link, Source};
//!
//! /// Knows layer-one blocks, and nothing else.
//! struct LayerOne {
//!     link: Link,
//!     blocks: Vec<BlockRef>,
//! }
//!
//! impl Source for LayerOne {
//!     fn ask(&mut self, id: AskId, query: &SupervisorQuery) -> bool {
//!         let SupervisorQuery::L1(L1Query { number }) = query else { return false };
//!         let block = self.blocks.iter().find(|block| block.number == *number).copied();
//!         let link = self.link.clone();
//!         // A source never waits where it is asked: it would wait for itself.
//!         tokio::spawn(async move { link.answer(id, SupervisorAnswer::L1(block)).await });
//!         true
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let chains = [(ChainId::from(10), ChainConfig { activation: 0, block_time: 2 })];
//! let config = Config::new(chains.into(), ExpiryWindow::EXPIRY_CURRENT);
//! let machine = Supervisor::new(config, Limits::default()).unwrap();
//! let (handle, host) = Host::start(machine);
//! let tip = BlockRef { number: 7, ..BlockRef::default() };
//! let link = handle.attach(|link| LayerOne { link, blocks: vec![tip] }).await.unwrap();
//! link.tell(SupervisorRemote::L1Tip(tip)).await.unwrap();
//! let call = r#"{"jsonrpc":"2.0","id":1,"method":"admin_getFailsafeEnabled"}"#;
//! let reply = handle.text(call.into()).await.unwrap();
//! assert_eq!(reply.unwrap(), r#"{"jsonrpc":"2.0","id":1,"result":false}"#);
//! handle.stop().await;
//! host.await.unwrap();
//! # }
//! ```

mod budget;
mod disk;
pub mod el;
mod engine;
mod feed;
mod host;
mod interrupted;
mod link;
mod listen;
mod metrics;
mod peer;
mod ready;
mod refuse;
mod routes;
mod serve;
mod settings;
mod source;
mod status;
pub mod story;

pub use disk::{Folder, Storage};
pub use feed::{Feed, MACHINE};
pub use host::Host;
pub use interrupted::interrupted;
pub use link::{Gone, Handle, Link, Told};
pub use listen::listen;
pub use ready::Lag;
pub use refuse::Manner;
pub use serve::Serving;
pub use settings::Settings;
pub use source::{Source, SourceId};
pub use status::{ChainStatus, Counts, JournalStatus, Status};
