//! What a role tells, in words.

use nodewire::codec::chia::NodeType;
use nodewire::sim::{Keep, Recorder};
use nodewire::state::chia::{
    Farmer, FarmerNotice, FullNode, FullNodeNotice, Harvester, HarvesterNotice, Introducer, Role,
    SyncFailure, SyncNotice, SyncOutcome, SyncPhase, Timelord, TimelordNotice, Tip,
};
use nodewire::{Machine, Never};
use serde::Serialize;

/// A role that tells what it does.
pub trait Tells: Role<Notice: Serialize> {
    /// What is worth a line.
    fn tells(&self, notice: &Self::Notice) -> Option<String>;

    /// How far it is, which is worth a line now and then.
    fn progress(&self, notice: &Self::Notice) -> Option<String> {
        let _ = notice;
        None
    }

    /// Where its chain stands, if it keeps one.
    fn tip(&self) -> Option<&Tip> {
        None
    }

    /// How many challenges a harvester that has come is not told.
    fn untold(&self) -> usize {
        0
    }
}

impl Tells for FullNode {
    fn tells(&self, notice: &FullNodeNotice) -> Option<String> {
        Some(match notice {
            FullNodeNotice::NewTip(tip) => {
                let hash = tip.header_hash.to_string();
                format!("new tip {} at height {}", short(&hash), tip.height)
            }
            FullNodeNotice::Sync(SyncNotice::Began) => "syncing".to_owned(),
            FullNodeNotice::Sync(SyncNotice::Entered(phase, _)) => {
                format!("syncing: {}", phase_name(*phase))
            }
            FullNodeNotice::Sync(SyncNotice::Ended(outcome)) => match outcome {
                SyncOutcome::Synced(tip) => {
                    let height = self.chain().heaviest().map_or(0, |tip| tip.height);
                    format!("synced to {} at height {height}", short(&tip.to_string()))
                }
                SyncOutcome::NothingHeavier => "synced: nobody has more".to_owned(),
                SyncOutcome::Failed(why) => {
                    format!("the sync came to nothing: {}", failure(*why))
                }
                _ => return None,
            },
            _ => return None,
        })
    }

    fn progress(&self, notice: &FullNodeNotice) -> Option<String> {
        match notice {
            FullNodeNotice::Sync(SyncNotice::Reached(phase, height)) => {
                Some(format!("syncing: {}, up to height {height}", phase_name(*phase)))
            }
            _ => None,
        }
    }

    fn tip(&self) -> Option<&Tip> {
        self.chain().heaviest()
    }
}

impl Tells for Farmer {
    fn tells(&self, notice: &FarmerNotice) -> Option<String> {
        match notice {
            FarmerNotice::Submitted { header_hash, .. } => {
                Some(format!("a block was signed: {}", short(&header_hash.to_string())))
            }
            FarmerNotice::Partial(_) => Some("a partial proof for the pool".to_owned()),
            _ => None,
        }
    }

    fn untold(&self) -> usize {
        Self::untold(self)
    }
}

impl Tells for Harvester {
    fn tells(&self, notice: &HarvesterNotice) -> Option<String> {
        match notice {
            HarvesterNotice::Harvested { challenge_hash, found } => {
                let challenge = challenge_hash.to_string();
                let qualities = if *found == 1 { "quality" } else { "qualities" };
                Some(format!("challenge {}: {found} {qualities}", short(&challenge)))
            }
            _ => None,
        }
    }
}

impl Tells for Timelord {
    fn tells(&self, notice: &TimelordNotice) -> Option<String> {
        match notice {
            TimelordNotice::Finished { challenge_hash, iterations } => {
                let challenge = challenge_hash.to_string();
                Some(format!("challenge {}: {iterations} iterations proved", short(&challenge)))
            }
            _ => None,
        }
    }
}

impl Tells for Introducer {
    fn tells(&self, notice: &Never) -> Option<String> {
        match *notice {}
    }
}

/// Recorded it tells the same.
impl<R: Tells, K: Keep> Tells for Recorder<R, K>
where
    R: Machine<Local: Serialize, Query: Serialize>,
{
    fn tells(&self, notice: &R::Notice) -> Option<String> {
        self.machine().tells(notice)
    }

    fn progress(&self, notice: &R::Notice) -> Option<String> {
        self.machine().progress(notice)
    }

    fn tip(&self) -> Option<&Tip> {
        self.machine().tip()
    }

    fn untold(&self) -> usize {
        self.machine().untold()
    }
}

/// What a phase of a sync is about.
pub const fn phase_name(phase: SyncPhase) -> &'static str {
    match phase {
        SyncPhase::WaitTips => "hearing of tips",
        SyncPhase::Hashes => "header hashes",
        SyncPhase::Headers => "headers",
        SyncPhase::Weight => "their weight",
        SyncPhase::Blocks => "blocks",
        SyncPhase::Finish => "the end",
    }
}

/// Why a sync came to nothing.
pub fn failure(why: SyncFailure) -> String {
    match why {
        SyncFailure::TimedOut(phase) => format!("nobody answered in time ({})", phase_name(phase)),
        SyncFailure::Shorter => "the other chain is not longer than ours".to_owned(),
        SyncFailure::TooLight => "the tip does not weigh what was told".to_owned(),
        SyncFailure::Invalid => "a block is invalid".to_owned(),
        SyncFailure::Disconnected => "a block has no parent here".to_owned(),
        other => format!("{other:?}"),
    }
}

/// The beginning of a hash: enough to tell it from others.
pub fn short(hash: &str) -> &str {
    hash.get(..8).unwrap_or(hash)
}

/// What a node of a type is called.
pub fn a(node_type: NodeType) -> String {
    let article = if node_type == NodeType::Introducer { "an" } else { "a" };
    format!("{article} {}", node_type.name())
}
