//! What a run came to, as a line of JSON.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::Settings;

/// The version of the lines.
pub const RUN_VERSION: u32 = 1;

/// Named figures, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures(Vec<(String, f64)>);

impl Figures {
    /// Adds a figure.
    pub fn put(&mut self, name: impl Into<String>, value: f64) {
        // Figures of one run are compared and drawn, not computed with: six digits are plenty.
        self.0.push((name.into(), (value * 1e6).round() / 1e6));
    }

    /// A figure by its name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<f64> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().map(|(name, value)| (name.as_str(), *value))
    }
}

impl Serialize for Figures {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// One run of a recipe.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Run {
    /// [`RUN_VERSION`].
    pub version: u32,
    /// The version of the program.
    pub nodewire: &'static str,
    /// Which recipe.
    pub recipe: &'static str,
    /// The seed; none in a run with rates and delays as they are set.
    pub seed: Option<u64>,
    /// The configuration.
    pub settings: Settings,
    /// The links, in words.
    pub links: Vec<String>,
    /// The hash over all events, in hex: equal in equal runs.
    pub trace: String,
    /// What came out.
    pub figures: Figures,
}
