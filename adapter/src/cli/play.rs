//! `play`: any machine on standard input and output.

use std::io::{BufRead, Write};

use nodewire_adapter::machines::{Config, NAMES, player};

use super::failure::Failure;

/// Plays the machine of this name until the input ends.
pub fn run(name: &str, config: Option<&str>) -> Result<(), Failure> {
    let config: Config = match config {
        Some(text) => serde_json::from_str(&super::source::text(text)?)?,
        None => Config::default(),
    };
    let mut player = player(name, config).ok_or_else(|| {
        let names: Vec<_> = NAMES.iter().map(|(name, _)| *name).collect();
        Failure::new(format!("no machine is called {name}; there are {}", names.join(", ")))
    })?;
    let mut out = std::io::stdout().lock();
    out.write_all(player.hello().as_bytes())?;
    out.flush()?;
    for line in std::io::stdin().lock().lines() {
        out.write_all(player.line(&line?).as_bytes())?;
        out.flush()?;
    }
    Ok(())
}
