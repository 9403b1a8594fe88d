//! A Supervisor that follows execution layers over real HTTP.

#[path = "../../../tests/supervisor_cluster/chains.rs"]
mod chains;
mod following;
mod layer;
mod levels;
mod process;
mod together;
mod troubles;
mod world;
