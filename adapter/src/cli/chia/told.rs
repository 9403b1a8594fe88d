//! What a node tells, in a line.

use nodewire::chia::NodeNotice;
use nodewire::state::chia::{
    Direction, FarmerNotice, FullNodeNotice, HarvesterNotice, SyncNotice, SyncOutcome,
    TimelordNotice,
};
use nodewire::{Ending, Time};
use serde::Serialize;
use serde_json::json;

/// What is worth a line of what a role tells.
pub type Teller<N> = fn(&N) -> Option<String>;

/// The line for a notice, if it is worth one. As JSON, all are.
pub fn line<N: Serialize>(
    now: Time,
    notice: &NodeNotice<N>,
    tell: Teller<N>,
    json: bool,
) -> Option<String> {
    let micros = now.as_micros();
    if json {
        return Some(json!({ "at": micros, "told": notice }).to_string());
    }
    let text = match notice {
        NodeNotice::Connected(id, peer, at) => {
            let way = match at.direction {
                Direction::Outbound => "to",
                Direction::Inbound => "from",
            };
            format!("#{}: connected {way} a {}", id.0, peer.node_type.name())
        }
        NodeNotice::TurnedAway(id, why) => format!("#{}: turned away: {why:?}", id.0),
        NodeNotice::Closed { connection, ending, banned_until, .. } => {
            let ban = banned_until.map_or("", |_| "; its host is kept out");
            let ending = match ending {
                Ending::Done => "over".to_owned(),
                Ending::Fault(fault) => fault.to_string(),
            };
            format!("#{}: {ending}{ban}", connection.0)
        }
        NodeNotice::Role(notice) => tell(notice)?,
        _ => return None,
    };
    Some(format!("{:>9.3} s  {text}", micros as f64 / 1e6))
}

/// What a full node tells.
pub fn full_node(notice: &FullNodeNotice) -> Option<String> {
    Some(match notice {
        FullNodeNotice::NewTip(tip) => {
            let hash = tip.header_hash.to_string();
            format!("new tip {} at height {}", short(&hash), tip.height)
        }
        FullNodeNotice::Sync(SyncNotice::Began) => "syncing".to_owned(),
        FullNodeNotice::Sync(SyncNotice::Entered(phase, _)) => format!("syncing: {phase:?}"),
        FullNodeNotice::Sync(SyncNotice::Ended(outcome)) => match outcome {
            SyncOutcome::Synced(tip) => format!("synced to {}", short(&tip.to_string())),
            SyncOutcome::NothingHeavier => "synced: nobody has more".to_owned(),
            SyncOutcome::Failed(why) => format!("the sync came to nothing: {why:?}"),
            _ => return None,
        },
        _ => return None,
    })
}

/// What a farmer tells.
pub fn farmer(notice: &FarmerNotice) -> Option<String> {
    match notice {
        FarmerNotice::Submitted { header_hash, .. } => {
            Some(format!("a block was signed: {}", short(&header_hash.to_string())))
        }
        FarmerNotice::Partial(_) => Some("a partial proof for the pool".to_owned()),
        _ => None,
    }
}

/// What a harvester tells.
pub fn harvester(notice: &HarvesterNotice) -> Option<String> {
    match notice {
        HarvesterNotice::Harvested { challenge_hash, found } => {
            let challenge = challenge_hash.to_string();
            Some(format!("challenge {}: {found} qualities", short(&challenge)))
        }
        _ => None,
    }
}

/// What a timelord tells.
pub fn timelord(notice: &TimelordNotice) -> Option<String> {
    match notice {
        TimelordNotice::Finished { challenge_hash, iterations } => {
            let challenge = challenge_hash.to_string();
            Some(format!("challenge {}: {iterations} iterations proved", short(&challenge)))
        }
        _ => None,
    }
}

/// What an introducer tells: nothing.
pub fn introducer<N>(_: &N) -> Option<String> {
    None
}

/// The beginning of a hash: enough to tell it from others.
fn short(hash: &str) -> &str {
    hash.get(..8).unwrap_or(hash)
}
