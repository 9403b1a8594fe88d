//! The links of a run: as set, or varied from a seed.

use std::time::Duration;

use nodewire::sim::{LinkSpec, Rng};

use super::settings::LinkSettings;

/// Makes the links of a run and keeps what it made, in words.
#[derive(Debug)]
pub struct Links {
    settings: LinkSettings,
    /// None where rates and delays are as they are set.
    spread: Option<Rng>,
    made: Vec<String>,
}

impl Links {
    /// Links by these settings; with a seed, varied.
    #[must_use]
    pub fn new(settings: &LinkSettings, seed: Option<u64>) -> Self {
        let spread = seed.map(|seed| Rng::new(seed).stream("links"));
        Self { settings: settings.clone(), spread, made: Vec::new() }
    }

    /// Both directions of a link of this rate, in bits a second, and one-way delay.
    pub fn make(&mut self, rate: u64, delay: Duration) -> [LinkSpec; 2] {
        let (rate, micros) = (self.vary(rate), self.vary(delay.as_micros() as u64));
        let delay = Duration::from_micros(micros);
        self.made.push(format!("{:.3} Mb/s, {:.3} ms", rate as f64 / 1e6, micros as f64 / 1e3));
        [(); 2].map(|()| self.settings.spec(rate, delay))
    }

    /// What was made, and what all have in common.
    #[must_use]
    pub fn said(&self) -> Vec<String> {
        let LinkSettings { backlog, window, piece, jitter, .. } = &self.settings;
        let common = format!(
            "each way: unsent backlog {backlog} bytes, window {window} bytes, pieces of {piece} \
             bytes, jitter up to {jitter:?}; no loss, no congestion control, no time to compute"
        );
        let count = self.made.len();
        let shown = self.made.iter().take(8).cloned();
        let more = (count > 8).then(|| format!("and {} links more", count - 8));
        std::iter::once(common).chain(shown).chain(more).collect()
    }

    fn vary(&mut self, value: u64) -> u64 {
        let spread = self.settings.spread_percent.min(99) * 10_000;
        match &mut self.spread {
            Some(rng) => {
                let factor = rng.between(1_000_000 - spread, 1_000_000 + spread);
                (u128::from(value) * u128::from(factor) / 1_000_000) as u64
            }
            None => value,
        }
    }
}
