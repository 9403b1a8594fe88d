//! Which scenarios can be played over a wire, and why the others can't.

use nodewire::codec::Mode;
use nodewire::sim::scenario::{Scenario, Step};

/// Says why not.
pub fn to(scenario: &Scenario, side: Mode) -> Result<(), String> {
    let (theirs, other) = match side {
        Mode::Initiator => {
            (["server", "mux-server", "keep-alive-server", "handshake-responder", ""], "listen")
        }
        Mode::Responder => (
            ["client", "node", "mux-client", "keep-alive-client", "handshake-initiator"],
            "connect",
        ),
    };
    let kind = scenario.under_test.as_str();
    if !theirs.contains(&kind) {
        return Err(match kind {
            "naive-client" | "naive-server" => "the baseline is not part of a connection".into(),
            "mux-handshake" => "its multiplexer is tested after the handshake".into(),
            _ => format!("tests the other side: --{other}"),
        });
    }
    if !scenario.config.is_empty() {
        return Err("needs another configuration".into());
    }
    if scenario.manual {
        return Err("needs answers of the tested side's application".into());
    }
    let local = |step: &Step| matches!(step, Step::Local(_) | Step::Refuse { .. });
    if scenario.steps.iter().any(local) {
        return Err("needs commands of the tested side's application".into());
    }
    if side == Mode::Initiator && scenario.steps.iter().any(|step| needs(scenario, step)) {
        return Err("needs content that only a test can give the tested side".into());
    }
    Ok(())
}

/// Whether a step is about content of the tested server that it doesn't have by itself. Content
/// that it mustn't have is no matter.
fn needs(scenario: &Scenario, step: &Step) -> bool {
    let text = match step {
        Step::Peer(peer) if peer.hex.is_some() => return false,
        Step::Given(_) | Step::Expect(_) => return false,
        other => serde_json::to_string(other).unwrap_or_default(),
    };
    let here = scenario.content.iter().filter(|(_, entry)| {
        let missing = entry.as_object().and_then(|kinds| kinds.values().next()?.get("missing"));
        missing.is_none_or(|missing| missing != true)
    });
    here.into_iter().any(|(name, _)| {
        text.contains(&format!("\"${name}.")) || text.contains(&format!("\"${name}\""))
    })
}
