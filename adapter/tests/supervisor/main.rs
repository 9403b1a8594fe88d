//! The Supervisor, served.

#[path = "../../../tests/supervisor_cluster/chains.rs"]
mod chains;
mod host;
mod nodes;
