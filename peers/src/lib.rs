//! nodewire beside other implementations: the same bytes to both, the same work of both.
//!
//! `cargo test` compares what they accept and mean, `cargo run --release --bin bench` what they
//! cost. Nothing of this is published, and the library depends on none of it.

pub mod chia;
#[path = "../../benches/chia/samples.rs"]
pub mod chia_samples;
#[path = "../../benches/supervisor/rpc_samples.rs"]
pub mod rpc_samples;
#[path = "../../benches/leios/samples.rs"]
pub mod samples;
#[path = "../../benches/supervisor/samples.rs"]
pub mod supervisor_samples;

use nodewire::codec::leios::LeiosPoint;
use pallas_codec::minicbor;
use pallas_network2::protocol::Point;

/// The same point in their terms.
pub fn their_point(point: LeiosPoint) -> Point {
    Point::Specific(point.slot.0, point.hash.0.to_vec())
}

/// What they make of a value.
pub fn their_bytes<T: minicbor::Encode<()>>(value: &T) -> Vec<u8> {
    minicbor::to_vec(value).expect("a vector takes everything")
}
