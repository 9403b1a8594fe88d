//! What survives: journals, snapshots, and a disk that fails in every way
//! (`supervisor.md` section 10).
#![cfg(feature = "supervisor")]

#[path = "../supervisor_cluster/chains.rs"]
#[allow(dead_code)]
mod chains;
mod chaos;
mod crashes;
mod damage;
mod disk;
#[path = "../supervisor_index/heads.rs"]
mod heads;
mod host;
#[path = "../supervisor_cluster/world.rs"]
#[allow(dead_code)]
mod world;
mod writes;
