//! The Supervisor, served.

#[path = "../../../tests/supervisor_rpc/agree.rs"]
mod agree;
#[expect(dead_code, reason = "shared with tests that need more of it")]
#[path = "../../../tests/supervisor_cluster/chains.rs"]
mod chains;
mod cli;
mod disk;
mod endpoint;
mod feed;
mod host;
mod http;
mod journal;
mod leaving;
mod lines;
mod nodes;
mod process;
#[path = "../../../tests/shared_vectors/mod.rs"]
mod shared_vectors;
