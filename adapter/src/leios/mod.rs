//! What a node does around the Leios machines: content to serve, decisions to fetch.

mod content;
mod header;

pub use content::{Article, Content};
pub use header::synthetic;
