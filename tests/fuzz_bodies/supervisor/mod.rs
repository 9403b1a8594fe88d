//! The Supervisor's: texts, access lists and other forms, scripts,
//! journals.

mod forms;
mod journal;
mod script;
mod text;

use super::script::drive;

pub use forms::forms;
pub use journal::journal;
pub use script::script;
pub use text::text;
