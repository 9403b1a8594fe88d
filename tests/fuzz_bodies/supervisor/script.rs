//! A script of events, answers and calls drives the whole Supervisor, the one with a journal, or an
//! end of the RPC alone.

use arbitrary::{Result, Unstructured};

use super::drive;
use crate::given::supervisor::{ForDurable, ForRpcClient, ForRpcServer, ForSupervisor};

/// The first byte picks the machine and what it is like; the rest is its script.
pub fn script(data: &[u8]) {
    let [flags, rest @ ..] = data else { return };
    let script = &mut Unstructured::new(rest);
    // The end of the script is the end of the run.
    let _: Result<()> = match flags % 8 {
        0 => drive(ForRpcServer::default(), script),
        1 => drive(ForRpcClient::default(), script),
        2 => drive(ForDurable::new(*flags), script),
        _ => drive(ForSupervisor::new(*flags), script),
    };
}
