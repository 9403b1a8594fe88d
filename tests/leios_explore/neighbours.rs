//! The handshake and the keep-alive.

use nodewire::codec::leios::{HandshakeMessage, KeepAliveMessage, VersionData};
use nodewire::sim::{Duo, DuoMove, Side, Wiring};
use nodewire::state::leios::table::{
    HANDSHAKE, HandshakeLabel, KEEP_ALIVE, KeepAliveLabel, KeepAlivePhase,
};
use nodewire::state::leios::{
    Handshake, HandshakeCommand, HandshakeConfig, KeepAliveClient, KeepAliveCommand,
    KeepAliveConfig, KeepAliveServer,
};
use nodewire::{AskId, Never, Role, Table, Time};

use crate::patient::{Patient, Waits};
use crate::report::{Report, both_done};

/// Honest sides with a common version never refuse; the rest of the table.
pub static HANDSHAKE_WITHOUT_REFUSAL: Table<
    nodewire::state::leios::table::HandshakePhase,
    HandshakeLabel,
> = {
    use nodewire::edge;
    use nodewire::state::leios::table::HandshakePhase::{StConfirm, StDone, StPropose};
    Table::new(
        "Handshake",
        StPropose,
        &[
            edge(StPropose, Role::Initiator, HandshakeLabel::MsgProposeVersions, StConfirm),
            edge(StConfirm, Role::Responder, HandshakeLabel::MsgAcceptVersion, StDone),
            edge(StConfirm, Role::Responder, HandshakeLabel::MsgQueryReply, StDone),
            edge(StConfirm, Role::Responder, HandshakeLabel::MsgProposeVersions, StDone),
        ],
    )
};

enum Shake {}

impl Wiring for Shake {
    type A = Handshake;
    type B = Handshake;

    fn to_b(message: HandshakeMessage) -> Option<(u16, HandshakeMessage)> {
        Some((0, message))
    }

    fn to_a(message: HandshakeMessage) -> Option<(u16, HandshakeMessage)> {
        Some((0, message))
    }

    fn answers_a(_: AskId, query: &Never) -> Vec<HandshakeCommand> {
        match *query {}
    }

    fn answers_b(_: AskId, query: &Never) -> Vec<HandshakeCommand> {
        match *query {}
    }

    fn stuck(duo: &Duo<Self>) -> Option<String> {
        both_done(duo)
    }
}

pub fn handshakes(report: &mut Report) {
    let watch = |report: &mut Report, duo: &Duo<Shake>, step: &DuoMove, _: &Duo<Shake>| {
        let heard = match step {
            DuoMove::Hears(Side::A, at) => duo.a().zip(duo.next_to_a(*at)),
            DuoMove::Hears(Side::B, at) => duo.b().zip(duo.next_to_b(*at)),
            _ => None,
        };
        if let Some((machine, message)) = heard {
            let label = HandshakeLabel::from(message);
            report.edge(&HANDSHAKE, machine.phase(), machine.role().other(), label);
            report.hears(machine, message.clone());
        }
    };
    let propose = || [HandshakeCommand::Propose];
    let config = || HandshakeConfig::new(164);
    let other = || {
        let data = *config().get(HandshakeConfig::LEIOS).unwrap();
        config().with(14, data).with(16, VersionData { peras: Some(true), ..data })
    };
    let asking = config().each(|data| data.query = true);
    for (name, a, b) in [("handshake", config(), other()), ("handshake, query", asking, other())] {
        let duo = Duo::new(Handshake::initiator(a), Handshake::responder(b, Time::ZERO));
        report.explore(name, duo.script_a(true, propose()), watch);
    }
    let both = Duo::new(Handshake::initiator(config()), Handshake::initiator(other()));
    let both = both.script_a(true, propose()).script_b(true, propose());
    report.explore("handshake, simultaneous open", both, watch);
}

impl Waits for KeepAliveClient {
    fn waits(&self) -> bool {
        self.phase() != KeepAlivePhase::StClient
    }
}

impl Waits for KeepAliveServer {
    fn waits(&self) -> bool {
        true
    }
}

enum Pings {}

impl Wiring for Pings {
    type A = Patient<KeepAliveClient>;
    type B = Patient<KeepAliveServer>;

    fn to_b(message: KeepAliveMessage) -> Option<(u16, KeepAliveMessage)> {
        Some((8, message))
    }

    fn to_a(message: KeepAliveMessage) -> Option<(u16, KeepAliveMessage)> {
        Some((8, message))
    }

    fn answers_a(_: AskId, query: &Never) -> Vec<KeepAliveCommand> {
        match *query {}
    }

    fn answers_b(_: AskId, query: &Never) -> Vec<Never> {
        match *query {}
    }

    fn stuck(duo: &Duo<Self>) -> Option<String> {
        both_done(duo)
    }
}

pub fn keep_alive(report: &mut Report) {
    let config = KeepAliveConfig::default();
    let client = Patient(KeepAliveClient::new(config.clone(), Time::ZERO));
    let server = Patient(KeepAliveServer::new(config, Time::ZERO));
    let duo = Duo::<Pings>::new(client, server).script_a(true, [KeepAliveCommand::Finish]);
    report.explore("keep-alive, at most 5 pings", duo.timeouts(5), |report, duo, step, _| {
        if let DuoMove::Hears(Side::A, at) = step {
            let Some((client, message)) = duo.a().zip(duo.next_to_a(*at)) else { return };
            let label = KeepAliveLabel::from(message);
            report.edge(&KEEP_ALIVE, client.0.phase(), Role::Responder, label);
            report.hears(client, *message);
        }
        if let DuoMove::Hears(Side::B, at) = step {
            let Some((server, message)) = duo.b().zip(duo.next_to_b(*at)) else { return };
            let label = KeepAliveLabel::from(message);
            report.edge(&KEEP_ALIVE, server.0.phase(), Role::Initiator, label);
        }
    });
}
