//! The Supervisor's machines and the index behind them (`supervisor.md` sections 4, 7, 8 and 9).

mod client;
mod cluster;
mod config;
mod index;
mod journal;
mod limits;
pub mod rules;
mod server;
mod sync_status;
mod text_form;

pub use client::{
    CallError, CallToken, Client, ClientCommand, ClientNotice, ClientRemote, Ignored, RequestId,
    RequestText,
};
pub use cluster::{
    BlockQuery, Dropped, L1Query, LogsQuery, NodeBlockQuery, NodeId, OutputsQuery, Supervisor,
    SupervisorAnswer, SupervisorCommand, SupervisorMessage, SupervisorNotice, SupervisorQuery,
    SupervisorRemote,
};
pub use config::{ChainConfig, Config, ExpiryWindow};
pub use index::{
    Chain, Claim, Consequence, CycleBlock, CycleRole, DerivationIndex, Entry, ExecutingLog, Heads,
    Index, IndexedLog, Link, LogIndex, OpenBlock, Outputs, Slot, SuperRootPart, Untimely, Waits,
    cycles, timely_in_access_list, timely_in_block,
};
pub use journal::{
    ChainHeads, Durable, DurableCommand, DurableLimits, DurableNotice, DurableQuery,
    HeadDifference, LOGIC_VERSION, Level, Record, RecordBody, Recovered, Snapshot, Store,
    StoreAnswer, recover, restore,
};
pub use limits::Limits;
pub use server::{CallId, RpcAnswer, RpcReply, RpcText, Server};
pub use sync_status::{ChainProgress, summary};
