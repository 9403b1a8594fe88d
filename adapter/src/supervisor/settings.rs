//! The configuration file: a cluster, and limits.

use nodewire::codec::supervisor::ChainId;
use nodewire::state::supervisor::{ChainConfig, Config, ExpiryWindow, Limits, Supervisor};
use serde_json::Value;

/// A cluster, and limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The cluster, and how it is answered about.
    pub config: Config,
    /// The limits.
    pub limits: Limits,
}

impl Settings {
    /// Reads `{"chains":{..},"expiryWindow":..,..,"limits":{..}}`: the members of [`Config`], and
    /// those limits that differ from the defaults.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn read(text: &str) -> Result<Self, serde_json::Error> {
        Self::of(serde_json::from_str(text)?)
    }

    /// Reads the same of a value.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn of(mut form: Value) -> Result<Self, serde_json::Error> {
        let limits = form.as_object_mut().and_then(|form| form.remove("limits"));
        let limits = limits.map(serde_json::from_value).transpose()?.unwrap_or_default();
        Ok(Self { config: serde_json::from_value(form)?, limits })
    }

    /// A cluster of these chains, all of them active since genesis with a block every two seconds.
    #[must_use]
    pub fn of_chains(chains: impl IntoIterator<Item = ChainId>, window: ExpiryWindow) -> Self {
        let usual = ChainConfig { activation: 0, block_time: 2 };
        let chains = chains.into_iter().map(|id| (id, usual)).collect();
        Self { config: Config::new(chains, window), limits: Limits::default() }
    }

    /// The machine.
    ///
    /// # Errors
    /// More chains than allowed.
    pub fn machine(&self) -> Result<Supervisor, String> {
        Supervisor::new(self.config.clone(), self.limits.clone())
            .map_err(|code| format!("{} chains: {code}", self.config.chains.len()))
    }
}
