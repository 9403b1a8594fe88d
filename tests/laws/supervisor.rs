//! The Supervisor, with and without a journal, and both ends of its RPC on inputs of any kind.

use nodewire::Action;
use nodewire::state::supervisor::{ClientNotice, DurableNotice};
use proptest::prelude::*;

use crate::given::supervisor::{ForDurable, ForRpcClient, ForRpcServer, ForSupervisor};
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

    #[test]
    fn rpc_client_keeps_the_laws(bytes in script()) {
        run_with(&bytes, ForRpcClient::default(), |laws| laws);
    }

    #[test]
    fn durable_supervisor_keeps_the_laws(bytes in script(), flags: u8) {
        run_with(&bytes, ForDurable::new(flags), |laws| laws);
    }
}

/// The pickers reach what they are for.
#[test]
fn plausible_scripts_reach_a_supervisors_depths() {
    let actions = reached(|| ForSupervisor::new(7), |_| true);
    assert!(actions > 400, "{actions} actions");
    let outcome = |action: &_| matches!(action, Action::Notify(ClientNotice::Outcome(_, Ok(_))));
    let outcomes = reached(ForRpcClient::default, outcome);
    assert!(outcomes > 40, "{outcomes} answers");
    let snapshot =
        |action: &_| matches!(action, Action::Notify(DurableNotice::SnapshotTaken { .. }));
    let snapshots = reached(|| ForDurable::new(7), snapshot);
    assert!(snapshots > 10, "{snapshots} snapshots");
    let replies = reached(|| ForDurable::new(7), |action| matches!(action, Action::Send(_)));
    assert!(replies > 40, "{replies} replies and commands");
}
