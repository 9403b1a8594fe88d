//! The recipes, each a function from settings and seed to figures.

mod baseline;
mod bulk;
mod network;
mod overlap;
pub mod praos;
pub mod sources;

use nodewire::leios::SessionConfig;

use super::{Figures, RUN_VERSION, Run, Settings};

/// What goes wrong is a line for the user.
pub type Tried<T> = Result<T, String>;

/// What a recipe hands back.
#[derive(Debug)]
pub struct Done {
    /// The links, in words.
    pub links: Vec<String>,
    /// The trace hash.
    pub hash: u64,
    /// What came out.
    pub figures: Figures,
}

type Function = fn(&Settings, Option<u64>) -> Tried<Done>;

/// A recipe of `leios.md` section 21.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    /// Its number there.
    pub number: u32,
    /// Its name.
    pub name: &'static str,
    /// What it is about.
    pub about: &'static str,
    run: Function,
}

impl Recipe {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self {
            number: 1,
            name: "sources",
            about: "12 MB from eight unequal sources",
            run: sources::run,
        },
        Self {
            number: 2,
            name: "baseline",
            about: "NaiveLeios against the pair on one link",
            run: baseline::run,
        },
        Self {
            number: 3,
            name: "announcement",
            about: "a fresh announcement while old bulk is under way",
            run: bulk::announcement,
        },
        Self {
            number: 4,
            name: "burst",
            about: "a burst of old blocks, then a new one",
            run: bulk::burst,
        },
        Self {
            number: 5,
            name: "praos",
            about: "a ranking block beside saturating Leios",
            run: praos::run,
        },
        Self {
            number: 6,
            name: "overlap",
            about: "two blocks that share most of their transactions",
            run: overlap::run,
        },
        Self { number: 7, name: "network", about: "a small network", run: network::run },
    ];

    /// The recipes of this number or name; all for `all`.
    ///
    /// # Errors
    /// A line that lists the names.
    pub fn find(name: &str) -> Tried<Vec<Self>> {
        let known = |recipe: &&Self| {
            name == "all" || recipe.name == name || recipe.number.to_string() == name
        };
        let found: Vec<Self> = Self::ALL.iter().filter(known).copied().collect();
        if found.is_empty() {
            let list: Vec<String> =
                Self::ALL.iter().map(|r| format!("{} ({})", r.name, r.number)).collect();
            return Err(format!("no recipe {name}; there are {} and all", list.join(", ")));
        }
        Ok(found)
    }
}

/// Runs a recipe: with a seed, over links varied by it.
///
/// # Errors
/// What made it impossible: settings that make no block, or a pull that never ended.
pub fn run(recipe: &Recipe, settings: &Settings, seed: Option<u64>) -> Tried<Run> {
    let Done { links, hash, figures } =
        (recipe.run)(settings, seed).map_err(|why| format!("recipe {}: {why}", recipe.name))?;
    Ok(Run {
        version: RUN_VERSION,
        nodewire: env!("CARGO_PKG_VERSION"),
        recipe: recipe.name,
        seed,
        settings: settings.clone(),
        links,
        trace: format!("{hash:016x}"),
        figures,
    })
}

/// Sessions by these settings, on a test network.
fn session(settings: &Settings) -> SessionConfig {
    let mut session = SessionConfig::new(42);
    session.connection.limits = settings.limits.clone();
    session.mux = settings.mux.clone();
    session
}
