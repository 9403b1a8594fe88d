//! Chia: the six sub-protocols of December 2019, and how to run their roles.
//!
//! # Who talks to whom
//!
//! ```text
//!              harvester protocol        farmer protocol
//!   harvester ◄──────────────────► farmer ◄───────────► full node ◄──► full node   peer protocol
//!                                    │                    ▲  ▲  ▲
//!                                    ▼ pool protocol      │  │  └──► introducer    peer protocol
//!                                   pool        timelord ◄┘  └─────► wallet        wallet protocol
//! ```
//!
//! A message is a CBOR map of a function name and named members, with a length of four bytes before
//! it; whatever is hashed (blocks, proofs, challenges) is inside as a byte string in another
//! encoding, Streamable. Today's network has another wire: nobody out there speaks this one.
//!
//! # The machines
//!
//! | machine | it |
//! |---|---|
//! | [`Connection`](crate::state::chia::Connection) | one stream: handshake, pings, who may send what, limits |
//! | [`Session`](crate::chia::Session) | the same on bytes |
//! | [`Farmer`](crate::state::chia::Farmer), [`Harvester`](crate::state::chia::Harvester), [`FullNode`](crate::state::chia::FullNode), [`Timelord`](crate::state::chia::Timelord), [`Introducer`](crate::state::chia::Introducer), [`Wallet`](crate::state::chia::Wallet) | what a node is there for, above all its connections |
//! | [`Node`](crate::chia::Node) | a role with all its connections: bytes of every stream in and out |
//! | [`Sync`](crate::state::chia::Sync), [`Serving`](crate::state::chia::Serving), [`Transactions`](crate::state::chia::Transactions), [`Addresses`](crate::state::chia::Addresses) | parts of the full node, each usable alone |
//! | [`PoolClient`](crate::state::chia::PoolClient), [`Pool`](crate::state::chia::Pool) | both ends of a session between farmer and pool |
//!
//! A role hears [`FromPeer`](crate::state::chia::FromPeer) and says
//! [`Delivery`](crate::state::chia::Delivery): to one peer, to all of a type, to all others. Plots,
//! signatures, proofs, blocks and time are questions.
//!
//! # Two ends of a stream
//!
//! ```
//! use nodewire::chia::{Session, session};
//! use nodewire::codec::chia::{NodeId, NodeType};
//! use nodewire::link::Transport;
//! use nodewire::state::chia::{
//!     Admission, ConnectionCommand, ConnectionConfig, ConnectionNotice, Direction,
//! };
//! use nodewire::{Action, Machine, Outbox, Time};
//!
//! let now = Time::ZERO;
//! let end = |node_type, id, direction| {
//!     let mut session = session(ConnectionConfig::new(node_type, NodeId([id; 32])), direction);
//!     let mut out = Outbox::new();
//!     session.handle_remote(now, Transport::Writable(Transport::UNCOUNTED), &mut out);
//!     session.handle_local(now, ConnectionCommand::Open, &mut out).unwrap();
//!     (session, out)
//! };
//! let (mut farmer, mut from_farmer) = end(NodeType::Farmer, 1, Direction::Outbound);
//! let (mut node, mut from_node) = end(NodeType::FullNode, 2, Direction::Inbound);
//!
//! let mut established = 0;
//! while !(from_farmer.is_empty() && from_node.is_empty()) {
//!     step(&mut farmer, &mut from_farmer, &mut node, &mut from_node, &mut established);
//!     step(&mut node, &mut from_node, &mut farmer, &mut from_farmer, &mut established);
//! }
//! assert_eq!(established, 2);
//!
//! /// Carries out what one end wants done.
//! fn step(
//!     session: &mut Session,
//!     out: &mut nodewire::Out<Session>,
//!     other: &mut Session,
//!     back: &mut nodewire::Out<Session>,
//!     established: &mut u32,
//! ) {
//!     while let Some(action) = out.pop() {
//!         match action {
//!             Action::Send(bytes) => {
//!                 other.handle_remote(Time::ZERO, Transport::Received(bytes), back);
//!             }
//!             // Is the peer's node id free? A node with a registry knows.
//!             Action::Ask(id, _) => {
//!                 let free = ConnectionCommand::Admitted(id, Admission::Registered);
//!                 session.handle_local(Time::ZERO, free, out).unwrap();
//!             }
//!             Action::Notify(ConnectionNotice::Connected(_)) => *established += 1,
//!             Action::Notify(_) => {}
//!             Action::Close(ending) => panic!("{ending}"),
//!         }
//!     }
//! }
//! ```
//!
//! # A role in a node
//!
//! A [`Node`](crate::chia::Node) is driven as any machine, with several streams instead of one:
//!
//! 1. Tell the role what is there ([`NodeCommand::Role`](crate::chia::NodeCommand::Role)).
//! 2. For each stream, dialled or accepted, say
//!    [`Opened`](crate::chia::NodeCommand::Opened) with a number above all before it, then how much
//!    it takes (`Writable`), then what comes of it, each as a
//!    [`NodeRemote`](crate::chia::NodeRemote). Don't read a stream while
//!    [`holds_back`](crate::chia::Node::holds_back) says so of it.
//! 3. Carry out [`NodeSend`](crate::chia::NodeSend): bytes to write, streams to close or to dial.
//! 4. Answer the role's questions, now or later, by its commands. For tests, oracles that make
//!    answers up are in the room `sim`.
//!
//! Here a harvester looks a challenge up, for a farmer that is a bare session:
//!
//! ```
//! use nodewire::bytes::Bytes;
//! use nodewire::chia::{Node, NodeCommand, NodeConfig, NodeRemote, NodeSend, session};
//! use nodewire::codec::chia::messages::{HarvesterHandshake, NewChallenge};
//! use nodewire::codec::chia::{Blob, Bytes32, Message, NodeId, NodeType, PublicKey};
//! use nodewire::link::Transport;
//! use nodewire::state::chia::{
//!     Admission, ConnectionCommand, ConnectionConfig, ConnectionId, ConnectionNotice, Direction,
//!     Harvester, HarvesterCommand, HarvesterLimits, HarvesterQuery, Opened, Plot, PlotId,
//! };
//! use nodewire::{Action, Machine, Outbox, Time};
//!
//! let (now, pool) = (Time::ZERO, PublicKey([1; 48]));
//! let config = ConnectionConfig::new(NodeType::Harvester, NodeId([2; 32]));
//! let mut node = Node::new(NodeConfig::new(config), Harvester::new(HarvesterLimits::default()));
//! let mut out = Outbox::new();
//! let plot = Plot { id: PlotId(0), pool_pubkey: pool, plot_pubkey: PublicKey([3; 48]), size: 32 };
//! let plots = NodeCommand::Role(HarvesterCommand::Plots(vec![plot]));
//! let opened = NodeCommand::Opened(Opened::outbound(ConnectionId(1), None));
//! for command in [plots, opened] {
//!     node.handle_local(now, command, &mut out).unwrap();
//! }
//! let hears = |transport| NodeRemote { connection: ConnectionId(1), transport };
//! node.handle_remote(now, hears(Transport::Writable(Transport::UNCOUNTED)), &mut out);
//!
//! let config = ConnectionConfig::new(NodeType::Farmer, NodeId([4; 32]));
//! let (mut farmer, mut back) = (session(config, Direction::Inbound), Outbox::new());
//! farmer.handle_remote(now, Transport::Writable(Transport::UNCOUNTED), &mut back);
//! farmer.handle_local(now, ConnectionCommand::Open, &mut back).unwrap();
//!
//! let found = 'both: loop {
//!     while let Some(action) = out.pop() {
//!         match action {
//!             Action::Send(NodeSend::Bytes(_, bytes)) => {
//!                 farmer.handle_remote(now, Transport::Received(bytes), &mut back);
//!             }
//!             Action::Ask(id, query) => {
//!                 let answer = match query {
//!                     HarvesterQuery::LookupQualities { .. } => {
//!                         let string = Blob(Bytes::from_static(&[5; 32]));
//!                         HarvesterCommand::Qualities(id, Some(vec![string]))
//!                     }
//!                     HarvesterQuery::FetchProof { .. } => HarvesterCommand::Proof(id, None),
//!                     HarvesterQuery::Sign { .. } => HarvesterCommand::Signature(id, None),
//!                 };
//!                 node.handle_local(now, NodeCommand::Role(answer), &mut out).unwrap();
//!             }
//!             Action::Notify(notice) => println!("{notice:?}"),
//!             other => panic!("{other:?}"),
//!         }
//!     }
//!     let commands = match back.pop().expect("either has something to do") {
//!         Action::Send(bytes) => {
//!             node.handle_remote(now, hears(Transport::Received(bytes)), &mut out);
//!             vec![]
//!         }
//!         Action::Ask(id, _) => vec![ConnectionCommand::Admitted(id, Admission::Registered)],
//!         Action::Notify(ConnectionNotice::Connected(_)) => vec![
//!             ConnectionCommand::Send(HarvesterHandshake { pool_pubkeys: vec![pool] }.into()),
//!             ConnectionCommand::Send(NewChallenge { challenge_hash: Bytes32([6; 32]) }.into()),
//!         ],
//!         Action::Notify(ConnectionNotice::Received(Message::ChallengeResponse(found))) => {
//!             break 'both found;
//!         }
//!         other => panic!("{other:?}"),
//!     };
//!     for command in commands {
//!         farmer.handle_local(now, command, &mut back).unwrap();
//!     }
//! };
//! assert_eq!((found.challenge_hash, found.plot_size), (Bytes32([6; 32]), 32));
//! ```
//!
//! `examples/chia_harvester.rs` is the same over a blocking socket, with deadlines;
//! `adapter/src/chia/hub.rs` drives any role on any number of tokio streams, with dialling.
//!
//! # A block is farmed
//!
//! The full node announces its heaviest block's challenge; the harvester has a proof; the farmer
//! lets the full node make a block and the plot sign it; the timelord lets time pass.
//!
//! ```mermaid
//! sequenceDiagram
//!   participant H as harvester
//!   participant F as farmer
//!   participant N as full node
//!   participant T as timelord
//!   participant O as other full nodes
//!   F->>H: harvester_handshake
//!   N->>F: proof_of_time_rate, proof_of_space_finalized
//!   N->>T: challenge_start
//!   F->>H: new_challenge
//!   H->>F: challenge_response
//!   F->>H: request_proof_of_space
//!   H->>F: respond_proof_of_space
//!   F->>H: request_partial_proof
//!   H->>F: respond_partial_proof
//!   F->>N: request_header_hash
//!   N->>F: header_hash
//!   F->>H: request_header_signature
//!   H->>F: respond_header_signature
//!   F->>N: header_signature
//!   N->>T: proof_of_space_info
//!   N->>O: unfinished_block
//!   N->>F: proof_of_space_arrived
//!   T->>N: proof_of_time_finished
//!   N->>T: challenge_start
//!   N->>O: block
//!   N->>F: proof_of_space_finalized
//! ```
//!
//! # A node that is behind
//!
//! A block from far above makes a full node sync: it waits for other tips, takes the heaviest, asks
//! for all header hashes up to it, finds where its own chain leaves that one by binary search, and
//! loads headers in batches, lets them be weighed, and loads blocks. What is wrong is asked of
//! somebody else, and whoever supplied it is blamed; what is slow is asked again.
//!
//! ```mermaid
//! sequenceDiagram
//!   participant L as late node
//!   participant A as a peer
//!   participant B as another
//!   A->>L: block (far above)
//!   L->>A: request_all_header_hashes
//!   A->>L: all_header_hashes
//!   L->>A: request_header_blocks (1 to 25)
//!   L->>B: request_header_blocks (26 to 50)
//!   B->>L: header_blocks
//!   A->>L: header_blocks
//!   L->>B: request_sync_blocks (1 to 5)
//!   B->>L: sync_blocks
//! ```
//!
//! # A transaction spreads
//!
//! ```mermaid
//! sequenceDiagram
//!   participant A as one full node
//!   participant B as another
//!   participant C as a third
//!   A->>B: transaction_id
//!   B->>A: request_transaction
//!   A->>B: new_transaction
//!   B->>C: transaction_id
//! ```
//!
//! # What becomes of bad peers
//!
//! Every way to break a rule is a static in [`rules`](crate::state::chia::rules), with its number in
//! the reference. One malformed frame ends one connection, with the rule named; the others go on.
