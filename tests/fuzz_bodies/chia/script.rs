//! A script of inputs drives a connection, a session or a role of the Chia family.

use arbitrary::{Result, Unstructured};

use super::drive;
use crate::given::chia::{self, ForChiaConnection, ForChiaSession, ForPool, ForPoolClient};

/// The first byte picks the machine and the second what it is like; the rest is its script.
pub fn script(data: &[u8]) {
    let [which, flags, rest @ ..] = data else { return };
    let script = &mut Unstructured::new(rest);
    // The end of the script is the end of the run.
    let _: Result<()> = match which % 16 {
        0 => drive(ForChiaConnection::new(*flags), script),
        1 | 2 => drive(ForChiaSession::new(*flags), script),
        3 => drive(chia::harvester(), script),
        4 => drive(chia::farmer(), script),
        5 => drive(chia::timelord(), script),
        6 => drive(chia::introducer(), script),
        7 => drive(chia::wallet(), script),
        8 => drive(chia::serving(), script),
        9 => drive(chia::transactions(), script),
        10 => drive(chia::addresses(), script),
        11 => drive(chia::sync(), script),
        12 => drive(ForPoolClient::default(), script),
        13 => drive(ForPool::default(), script),
        _ => drive(chia::full_node(), script),
    };
}
