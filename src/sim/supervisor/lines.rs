//! A feed as JSON lines: what a Supervisor behind lines hears, and what it says.
//!
//! The lines are those of [`Player`](crate::sim::Player): inputs one way, actions the other.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Deserialize;
use serde_json::{Value, json};

use super::feed::Feed;
use super::history::Cluster;
use super::moves::Order;
use crate::ask::AskId;
use crate::codec::supervisor::{BlockId, BlockRef, ChainId, Hash, NodeCommand, ResetHeads, Seal};
use crate::machine::{Action, Input};
use crate::sim::trace::micros;
use crate::state::supervisor::{
    BlockQuery, CallId, L1Query, Limits, LogsQuery, NodeBlockQuery, NodeId, OutputsQuery, RpcReply,
    Supervisor, SupervisorCommand, SupervisorMessage, SupervisorQuery, SupervisorRemote,
};
use crate::time::Time;

/// The line of an input, without a line feed.
#[must_use]
pub fn input_line(at: Time, input: &Input<SupervisorCommand, SupervisorRemote>) -> String {
    let at = micros(at);
    let line = match input {
        Input::Local(input) => json!({ "at": at, "local": input }),
        Input::Remote(input) => json!({ "at": at, "remote": input }),
        Input::Timeout => json!({ "at": at, "timeout": true }),
    };
    line.to_string()
}

/// All that a Supervisor hears from a feed, answers included, as lines: what `nodewire play
/// supervisor` takes, for it asks the same in the same order.
#[must_use]
pub fn recorded(cluster: &Cluster, order: Order, limits: Limits) -> Vec<String> {
    let mut lines = Vec::new();
    let Ok(mut supervisor) =
        Supervisor::<crate::codec::supervisor::RustCryptoKeccak256>::new(cluster.config(), limits)
    else {
        return lines;
    };
    let mut feed = Feed::new(cluster, order);
    while let Some((now, input)) = feed.next(crate::Machine::deadline(&supervisor)) {
        lines.push(input_line(now, &input));
        let mut out = crate::Outbox::new();
        let _ = crate::Machine::handle(&mut supervisor, now, input, &mut out);
        out.drain().for_each(|action| feed.hear(action));
    }
    lines
}

impl Feed {
    /// The next line for a Supervisor with a clock of its own; `None` while there is nothing to say
    /// before it says something.
    pub fn next_line(&mut self) -> Option<String> {
        self.next(None).map(|(at, input)| input_line(at, &input))
    }

    /// Takes a line of a Supervisor. Notices, and where it stands, are passed over.
    ///
    /// # Errors
    /// Why the line is no action that could be carried out.
    pub fn hear_line(&mut self, line: &str) -> Result<(), String> {
        let line: Value = serde_json::from_str(line).map_err(|why| why.to_string())?;
        if let Some(ask) = line.get("ask") {
            let id = part(ask, "id")?;
            let query = ask.get("query").ok_or("no query")?;
            self.hear(Action::Ask(AskId::from_u64(id), read_query(query)?));
        } else if let Some(reply) = line.pointer("/send/reply") {
            let call = CallId(part(reply, "call")?);
            self.hear(Action::Send(SupervisorMessage::Reply(RpcReply { call, text: None })));
        } else if let Some(to) = line.pointer("/send/command") {
            let call = to.get("call").ok_or("no call")?;
            let method: String = part(call, "method")?;
            let params = call.get("params").ok_or("no parameters")?;
            let command = alloc::boxed::Box::new(read_command(&method, params)?);
            let (chain_id, node) = (part(to, "chainID")?, NodeId(part(to, "node")?));
            self.hear(Action::Send(SupervisorMessage::Command { chain_id, node, command }));
        }
        Ok(())
    }
}

/// A member of an object.
fn part<T: for<'de> Deserialize<'de>>(of: &Value, name: &str) -> Result<T, String> {
    let value = of.get(name).ok_or_else(|| alloc::format!("no `{name}`"))?;
    T::deserialize(value).map_err(|why| alloc::format!("`{name}`: {why}"))
}

fn read_query(query: &Value) -> Result<SupervisorQuery, String> {
    let (kind, of) = query.as_object().and_then(|it| it.iter().next()).ok_or("an empty query")?;
    let chain = || part::<ChainId>(of, "chainID");
    Ok(match kind.as_str() {
        "block" => {
            SupervisorQuery::Block(BlockQuery { chain_id: chain()?, number: part(of, "number")? })
        }
        "logs" => {
            let hash: Hash = part(of, "hash")?;
            SupervisorQuery::Logs(LogsQuery { chain_id: chain()?, hash })
        }
        "nodeBlock" => {
            let (chain_id, node) = (chain()?, NodeId(part(of, "node")?));
            SupervisorQuery::NodeBlock(NodeBlockQuery {
                chain_id,
                node,
                number: part(of, "number")?,
            })
        }
        "outputs" => {
            let timestamp = part(of, "timestamp")?;
            SupervisorQuery::Outputs(OutputsQuery { chain_id: chain()?, timestamp })
        }
        "l1" => SupervisorQuery::L1(L1Query { number: part(of, "number")? }),
        other => return Err(alloc::format!("an unknown query: {other}")),
    })
}

fn read_command(method: &str, params: &Value) -> Result<NodeCommand, String> {
    fn at<T: for<'de> Deserialize<'de>>(params: &Value, index: usize) -> Result<T, String> {
        let value = params.get(index).ok_or("a parameter is missing")?;
        T::deserialize(value).map_err(|why| why.to_string())
    }
    let id = |index| at::<BlockId>(params, index);
    Ok(match method {
        "interop_updateCrossUnsafe" => NodeCommand::UpdateCrossUnsafe(id(0)?),
        "interop_updateCrossSafe" => {
            NodeCommand::UpdateCrossSafe { derived: id(0)?, source: id(1)? }
        }
        "interop_updateFinalized" => NodeCommand::UpdateFinalized(id(0)?),
        "interop_invalidateBlock" => NodeCommand::InvalidateBlock(at::<Seal>(params, 0)?),
        "interop_reset" => NodeCommand::Reset(alloc::boxed::Box::new(ResetHeads {
            local_unsafe: id(0)?,
            cross_unsafe: id(1)?,
            local_safe: id(2)?,
            cross_safe: id(3)?,
            finalized: id(4)?,
        })),
        "interop_resetPreInterop" => NodeCommand::ResetPreInterop,
        "interop_provideL1" => NodeCommand::ProvideL1(at::<BlockRef>(params, 0)?),
        other => return Err(alloc::format!("an unknown call: {other}")),
    })
}
