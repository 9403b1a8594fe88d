//! Who serves chains: answers what the machine asks, and carries its commands to nodes.

use nodewire::AskId;
use nodewire::codec::supervisor::{ChainId, NodeCommand};
use nodewire::state::supervisor::{NodeId, RpcReply, SupervisorNotice, SupervisorQuery};

/// Names an attached source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub(super) u32);

/// Serves one chain or more.
///
/// All methods are called in the task of the machine: they take what they are given (into a queue,
/// say) and return at once. Questions that are open are bounded by the machine's limits; commands
/// are signals, of which the newest of a kind supersedes the ones before.
pub trait Source: Send + 'static {
    /// Takes a question; false if it is none that this source answers. What it takes it answers by
    /// [`Link::answer`](super::Link::answer), sooner or later; what it never answers the machine
    /// gives up after the limit `call_deadline`.
    fn ask(&mut self, id: AskId, query: &SupervisorQuery) -> bool;

    /// Takes a call to a node that this source told of.
    fn command(&mut self, chain_id: ChainId, node: NodeId, command: &NodeCommand) {
        let _ = (chain_id, node, command);
    }

    /// Hears what operators are told.
    fn notice(&mut self, notice: &SupervisorNotice) {
        let _ = notice;
    }

    /// Takes the reply to a text that came from this source, under the source's own number.
    fn reply(&mut self, reply: RpcReply) {
        let _ = reply;
    }
}
