//! Feeds for a [`Supervisor`](crate::state::supervisor::Supervisor): a cluster's whole history
//! made from a seed, and everybody who tells of it.
//!
//! - [`Cluster::generate`]: what happens on layer one and on the chains, as steps.
//! - [`Truth`]: what is true after each step: who asks is answered from it.
//! - [`Feed`]: nodes and layer one tell, questions are answered, commands obeyed, in an order
//!   that a seed chooses; with [`Faults`] they also lie, repeat themselves and fall silent.
//! - [`recorded`], [`Feed::next_line`], [`Feed::hear_line`]: the same as JSON lines.
//! - [`plain`], [`executing`], [`message_of`], [`entries`], [`output_of`]: made-up content.
//!
//! ```
//! use nodewire::sim::supervisor::{Cluster, Feed, Options, Order};
//! use nodewire::state::supervisor::{Limits, Supervisor};
//!
//! let cluster = Cluster::generate(7, 2, 10, Options::default());
//! let mut supervisor: Supervisor = Supervisor::new(cluster.config(), Limits::default()).unwrap();
//! let mut feed = Feed::new(&cluster, Order::Mixed(1));
//! feed.play(&mut supervisor, |_, _, _| ());
//! assert!(feed.is_settled() && supervisor.is_synced());
//! ```

mod calls;
mod content;
mod faults;
mod feed;
mod history;
mod lines;
mod made;
mod moves;
mod node;
mod options;
mod truth;

pub use feed::Feed;
pub use history::{Body, Cluster, Replan, Step};
pub use lines::{input_line, recorded};
pub use made::{entries, executing, message_of, output_of, plain};
pub use moves::{Move, Order};
pub use options::{Content, Faults, Options};
pub use truth::Truth;
