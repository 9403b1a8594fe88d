//! Every machine and link on inputs of any kind: most of them what a conversation has, some odd.

use arbitrary::Unstructured;
use nodewire::sim::Laws;
use nodewire::state::leios::Parts;
use nodewire::{Action, ActionOf, Machine, Outbox, Role};
use proptest::prelude::*;

use crate::given::{
    ForClient, ForConnection, ForFetch, ForHandshake, ForKeepAliveClient, ForKeepAliveServer,
    ForNaiveClient, ForNaiveServer, ForServer, Given, OnChannels, OnMux, start, when,
};
use crate::heap;

/// Runs a script twice at once: under the laws, and with its memory counted.
fn run<G: Given>(script: &[u8], given: G) {
    run_with(script, given, |laws| laws);
}

/// The same, with more said to the laws.
pub fn run_with<G: Given>(
    script: &[u8],
    mut given: G,
    set: impl FnOnce(Laws<G::Machine>) -> Laws<G::Machine>,
) {
    let lasting = G::LASTING;
    let mut laws = set(Laws::new(given.machine()).footprint_limit(given.most()));
    if lasting {
        laws = laws.lasting();
    }
    let base = heap::live();
    let mut weighed = Some(heap::held(|| given.machine()));
    let mut now = start();
    let script = &mut Unstructured::new(script);
    for step in 0..60 {
        if script.is_empty() || laws.is_closed() && !lasting {
            return;
        }
        let Ok(at) = when(script, now, laws.machine().deadline()) else { return };
        now = at;
        let Ok(input) = given.pick(script, step) else { return };
        if let Some(machine) = &mut weighed {
            let copy = input.clone();
            let ended = heap::held(|| {
                let mut out = Outbox::new();
                let _ = machine.handle(now, copy, &mut out);
                out.ends()
            });
            let (held, told) = (heap::live() - base, machine.footprint() - size_of::<G::Machine>());
            assert!(held <= told, "{held} bytes live, {told} told");
            if ended && !lasting {
                weighed = None;
            }
        }
        let stepped = laws.step(now, input).unwrap_or_else(|broken| panic!("{broken}"));
        given.saw(&stepped.actions);
    }
}

pub fn script() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 50..800)
}

proptest! {
    #[test]
    fn client_keeps_the_laws(bytes in script()) {
        run(&bytes, ForClient::default());
    }

    #[test]
    fn server_keeps_the_laws(bytes in script()) {
        run(&bytes, ForServer::default());
    }

    #[test]
    fn connection_keeps_the_laws(bytes in script()) {
        run(&bytes, ForConnection::default());
        run(&bytes, ForConnection::new(Parts::INITIATOR));
        run(&bytes, ForConnection::new(Parts::RESPONDER));
    }

    #[test]
    fn channels_keep_the_laws(bytes in script()) {
        run(&bytes, OnChannels(ForClient::default()));
        run(&bytes, OnChannels(ForServer::default()));
        run(&bytes, OnChannels(ForNaiveClient::default()));
        run(&bytes, OnChannels(ForNaiveServer::default()));
    }

    #[test]
    fn multiplexers_keep_the_laws(bytes in script()) {
        run(&bytes, OnMux::new(ForClient::default()));
        run(&bytes, OnMux::new(ForServer::default()));
        run(&bytes, OnMux::new(ForConnection::default()));
    }

    #[test]
    fn neighbours_keep_the_laws(bytes in script(), flags: u8) {
        run(&bytes, ForKeepAliveClient);
        run(&bytes, ForKeepAliveServer);
        for role in [Role::Initiator, Role::Responder] {
            run(&bytes, ForHandshake::new(role, flags));
            run(&bytes, OnChannels(ForHandshake::new(role, flags)));
        }
        run(&bytes, OnChannels(ForKeepAliveClient));
        run(&bytes, OnChannels(ForKeepAliveServer));
    }

    #[test]
    fn the_baseline_keeps_the_laws(bytes in script()) {
        run(&bytes, ForNaiveClient::default());
        run(&bytes, ForNaiveServer::default());
    }

    #[test]
    fn the_decision_logic_keeps_the_laws(bytes in script()) {
        run(&bytes, ForFetch::default());
        run(&bytes, ForFetch::small());
    }
}

/// How many actions of a kind come of plausible scripts.
pub fn reached<G: Given>(
    make: impl Fn() -> G,
    counts: impl Fn(&ActionOf<G::Machine>) -> bool,
) -> usize {
    let mut random = 7_u64;
    let mut reached = 0;
    for _ in 0..40 {
        let mut given = make();
        let mut machine = given.machine();
        for step in 0..40 {
            let bytes: Vec<u8> = (0..64)
                .map(|_| {
                    random ^= random << 13;
                    random ^= random >> 7;
                    random ^= random << 17;
                    (random >> 16) as u8
                })
                .collect();
            let Ok(input) = given.pick(&mut Unstructured::new(&bytes), step) else { continue };
            let mut out = Outbox::new();
            let _ = machine.handle(start(), input, &mut out);
            given.saw(&out);
            reached += out.iter().filter(|action| counts(action)).count();
            if out.ends() {
                break;
            }
        }
    }
    reached
}

/// The pickers reach what they are for.
#[test]
fn plausible_scripts_reach_deep() {
    let sends = reached(ForServer::default, |action| matches!(action, Action::Send(_)));
    assert!(sends > 40, "{sends} replies");
    let notices = reached(ForClient::default, |action| matches!(action, Action::Notify(_)));
    assert!(notices > 40, "{notices} notices");
    let requests = reached(ForFetch::small, |action| matches!(action, Action::Send(_)));
    assert!(requests > 200, "{requests} requests");
}
