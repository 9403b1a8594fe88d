//! The server of the pair: the upstream node that answers (`leios.md` section 13).

mod input;

pub use input::{Content, ServerCommand, ServerNotice, ServerQuery, ServerRemote};
