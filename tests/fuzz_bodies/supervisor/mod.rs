//! The Supervisor's: texts, access lists and other forms, scripts.

mod forms;
mod script;
mod text;

use super::script::drive;

pub use forms::forms;
pub use script::script;
pub use text::text;
