//! The Supervisor and its RPC server on inputs of any kind.

use proptest::prelude::*;

use crate::given::supervisor::{ForRpcServer, ForSupervisor};
use crate::odd::{reached, run_with, script};

proptest! {
    #[test]
    fn supervisor_keeps_the_laws(bytes in script(), flags: u8) {
        run_with(&bytes, ForSupervisor::new(flags), |laws| laws);
    }

    #[test]
    fn rpc_server_keeps_the_laws(bytes in script()) {
        run_with(&bytes, ForRpcServer::default(), |laws| laws);
    }
}

/// The picker reaches what it is for.
#[test]
fn plausible_scripts_reach_a_supervisors_depths() {
    let actions = reached(|| ForSupervisor::new(7), |_| true);
    assert!(actions > 400, "{actions} actions");
}
