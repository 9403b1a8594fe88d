//! JSON-RPC in and out (`supervisor.md` sections 3 to 5).

#![cfg(feature = "supervisor")]

#[path = "../shared_vectors/mod.rs"]
mod shared_vectors;
#[path = "../supervisor_values/text.rs"]
mod text;

mod agree;
mod answers;
mod client;
mod differential;
mod documents;
mod long_replies;
mod replies;
mod slow_reading;
mod support;
mod times;
