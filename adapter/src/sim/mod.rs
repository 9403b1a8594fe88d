//! Many nodes under virtual time: the recipes of `leios.md` section 21, for users to vary.

pub mod links;
pub mod naive;
pub mod node;
pub mod plain;
pub mod plot;
pub mod recipes;
pub mod run;
pub mod set;
pub mod settings;
pub mod tap;
pub mod world;

pub use node::{Act, Counted, Decide, LeiosNode, Seen, Shared};
pub use plot::plot;
pub use recipes::{Recipe, run};
pub use run::{Figures, RUN_VERSION, Run};
pub use set::{keys, set};
pub use settings::Settings;
pub use world::World;
