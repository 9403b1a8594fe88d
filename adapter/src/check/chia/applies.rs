//! Which scenarios can be played over sockets, and why the others can't.

use nodewire::sim::scenario::{Scenario, Step};

/// Says why not.
pub(super) fn to(scenario: &Scenario, role: &str) -> Result<(), String> {
    let tested = scenario.under_test.strip_prefix("chia-").unwrap_or_default();
    // The peers of a connection by itself are those of a full node.
    if tested != role && !(tested == "connection" && role == "full-node") {
        return Err(format!("tests another role: {tested}"));
    }
    if !scenario.config.is_empty() {
        return Err("needs another configuration".into());
    }
    if scenario.manual {
        return Err("needs answers of the tested side's application".into());
    }
    let mut ports: Vec<u16> = scenario.steps.iter().filter_map(port).collect();
    ports.sort_unstable();
    if ports.windows(2).any(|two| matches!(two, [one, next] if one == next)) {
        return Err("needs peers on other hosts".into());
    }
    scenario.steps.iter().find_map(needs).map_or(Ok(()), |why| Err(why.to_owned()))
}

/// Where a peer says that it listens: no two of one host do so at the same port.
fn port(step: &Step) -> Option<u16> {
    match step {
        Step::Join(join) => Some(join.port).filter(|port| *port != 0),
        _ => None,
    }
}

/// What a step takes that sockets do not give.
fn needs(step: &Step) -> Option<&'static str> {
    match step {
        Step::Local(_) | Step::Given(_) | Step::Refuse { .. } => {
            Some("needs commands of the tested side's application")
        }
        Step::Hold(_) => Some("needs answers of the tested side's application"),
        Step::Join(join) if join.dialled || join.trusted => {
            Some("needs the tested side's configuration")
        }
        Step::Join(join) if join.host.is_some() => Some("needs peers on other hosts"),
        // Where peers of a scenario are seen if nothing is said.
        other if serde_json::to_string(other).unwrap_or_default().contains("10.0.0.") => {
            Some("needs peers on other hosts")
        }
        Step::Join(join) if join.takes.is_some() => Some("needs a transport of our own"),
        _ => None,
    }
}
