//! The Supervisor: what it answers, what it has to be told, and how to run its machines.
//!
//! # The question
//!
//! Rollups of one cluster execute each other's messages. Whoever builds a block or keeps a pool
//! asks before it includes such a transaction: may this message be executed, at this safety level,
//! now? The Supervisor answers from an index of every log of every chain of the cluster, and of
//! what was derived from layer one:
//!
//! ```text
//!   layer one ── tips, finality ──►┐
//!   node of chain 10 ── events ───►│  Supervisor  │◄── JSON-RPC texts ── builders, pools, nodes
//!   node of chain 20 ── events ───►│              │──► replies ────────►
//!        ▲                         └──┬───────┬───┘
//!        └── commands: heads, resets,─┘       └─► questions: blocks, logs, outputs
//!            invalidate, provide L1
//! ```
//!
//! The API was retired upstream in 2026, its `supervisor_checkAccessList` lives on in other
//! services; [`Profile`](crate::codec::supervisor::Profile) has both output forms.
//!
//! # The levels
//!
//! | level | a block has it if |
//! |---|---|
//! | `unsafe` | it is indexed |
//! | `cross-unsafe` | so are all blocks its messages were initiated in, and they have the level |
//! | `local-safe` | it was derived from layer one |
//! | `safe` | it was derived, and all it depends on within the same layer-one scope |
//! | `finalized` | it is `safe` from a layer-one block that is final |
//!
//! A derived block whose message can never be valid is invalidated; its node is told to replace it
//! by one of deposits only, at the same height. Chains may depend on each other at the same time,
//! a log may not depend on itself.
//!
//! # The machines
//!
//! | machine | it |
//! |---|---|
//! | [`Supervisor`](crate::state::supervisor::Supervisor) | all of it: index, nodes, layer one, RPC |
//! | [`Server`](crate::state::supervisor::Server) | the RPC alone, for an index of your own: texts in, calls out as questions |
//! | [`Index`](crate::state::supervisor::Index) | no machine: the data, for those who fetch by themselves |
//!
//! # A cluster
//!
//! ```
//! use std::collections::BTreeMap;
//!
//! use nodewire::codec::supervisor::{BlockRef, ChainId, DerivedRefPair, Hash, NodeEvent};
//! use nodewire::state::supervisor::{
//!     CallId, ChainConfig, Config, ExpiryWindow, Limits, LogsQuery, NodeId, RpcText, Supervisor,
//!     SupervisorCommand, SupervisorMessage, SupervisorQuery, SupervisorRemote,
//! };
//! use nodewire::{Action, Machine, Outbox, Time};
//!
//! let (now, chain_id, node) = (Time::ZERO, ChainId::from(10), NodeId(0));
//! let chains = BTreeMap::from([(chain_id, ChainConfig { activation: 0, block_time: 2 })]);
//! let config = Config::new(chains, ExpiryWindow::EXPIRY_CURRENT);
//! let mut supervisor: Supervisor = Supervisor::new(config, Limits::default()).unwrap();
//! let mut out = Outbox::new();
//! let block = |number: u8| BlockRef {
//!     hash: Hash([number; 32]),
//!     number: number.into(),
//!     parent_hash: Hash([number - 1; 32]),
//!     timestamp: 1_000 + 2 * u64::from(number),
//! };
//!
//! // Indexing starts at a pair that is trusted.
//! let anchor = Box::new(DerivedRefPair { source: block(100), derived: block(1) });
//! let anchor = SupervisorCommand::Anchor { chain_id, anchor };
//! supervisor.handle_local(now, anchor, &mut out).unwrap();
//!
//! // A node tells of its newest block. It is indexed with its logs, or not at all.
//! let event = Box::new(NodeEvent { unsafe_block: Some(block(2)), ..NodeEvent::default() });
//! supervisor.handle_remote(now, SupervisorRemote::Node { chain_id, node, event }, &mut out);
//!
//! // A client asks how far the chain is.
//! let text = r#"{"jsonrpc":"2.0","id":1,"method":"supervisor_localUnsafe","params":["0xa"]}"#;
//! let text = RpcText { call: CallId(7), text: text.into() };
//!
//! let mut answers = Vec::new();
//! while let Some(action) = out.pop() {
//!     match action {
//!         Action::Ask(id, SupervisorQuery::Logs(LogsQuery { hash, .. })) => {
//!             assert_eq!(hash, block(2).hash);
//!             let none = LogsQuery::answered(id, Some(Vec::new()));
//!             supervisor.handle_local(now, none, &mut out).unwrap();
//!             let text = SupervisorRemote::Rpc(text.clone());
//!             supervisor.handle_remote(now, text, &mut out);
//!         }
//!         Action::Send(SupervisorMessage::Reply(reply)) => answers.extend(reply.text),
//!         // Head updates for the node, notices for the operator, other questions.
//!         _ => {}
//!     }
//! }
//! let expected = format!(
//!     r#"{{"jsonrpc":"2.0","id":1,"result":{{"hash":"{}","number":2}}}}"#, block(2).hash
//! );
//! assert_eq!(answers, [expected.as_bytes()]);
//! ```
//!
//! # What a driver does
//!
//! - **Texts.** Each [`RpcText`](crate::state::supervisor::RpcText) has exactly one
//!   [`RpcReply`](crate::state::supervisor::RpcReply), at once or after nodes have answered; a
//!   reply without a text means that nothing is to be sent. Nothing that a client sends is anybody
//!   else's trouble: what is wrong is answered with its code, over a limit with -32005.
//! - **Questions.** Blocks, logs and outputs come from any node or execution layer of the chain,
//!   [`NodeBlockQuery`](crate::state::supervisor::NodeBlockQuery) from the node it names, layer
//!   one from a node of its own. "Not known" is an answer; it is asked again later.
//! - **Commands** are signals. One that can't be delivered is superseded by the next, or by the
//!   reset when the node is back.
//! - **Faulty nodes.** What contradicts what is known is refused and said in a notice; the node is
//!   reset to the newest block that both sides share, found by bisection, ever more rarely if it
//!   fails. Heads never rest on what was dropped.
//!
//! # Codes
//!
//! Try again: -32112 (not yet), -32101 (no anchor yet), -32115 (being replaced), -32002
//! (unavailable). For good: -32114 (it is otherwise), -32113 (pruned, or before the anchor),
//! -32100 (no chain of the cluster). [`Code`](crate::codec::supervisor::Code) has all, and the
//! six-digit numbers of deployed services. A refusal of `checkAccessList` is advice for now, not
//! for ever; so is its consent: it holds until
//! [`valid_until`](crate::codec::supervisor::ExecutingDescriptor::valid_until).
