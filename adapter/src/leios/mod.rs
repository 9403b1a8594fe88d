//! What a node does around the Leios machines: content to serve, decisions to fetch.

mod content;
mod download;
mod header;
pub mod real;
mod report;
mod session;
mod tally;
mod upload;

pub use content::{Article, Content};
pub use download::{Downloader, Progress, Until};
pub use header::synthetic;
pub use report::{Report, protocol};
pub use session::{RecordedSession, RunRecorded, SharedTrace, recorded};
pub use tally::{Count, Tally};
pub use upload::Uploader;
