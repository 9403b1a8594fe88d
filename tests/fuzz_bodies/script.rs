//! A script of inputs drives a machine or a link, whatever they are.

use arbitrary::{Result, Unstructured};
use nodewire::state::leios::Parts;
use nodewire::{Action, Input, Machine, Out, Outbox, Refused, Role, Time};

use crate::given::{
    ForClient, ForConnection, ForHandshake, ForKeepAliveClient, ForKeepAliveServer, ForNaiveClient,
    ForNaiveServer, ForServer, Given, OnChannels, OnMux, Script, start, when,
};

/// The first byte picks the machine and the second what it is like; the rest is its script.
pub fn script(data: &[u8]) {
    let [which, flags, rest @ ..] = data else { return };
    let script = &mut Unstructured::new(rest);
    let role = if flags & 64 == 0 { Role::Initiator } else { Role::Responder };
    let handshake = || ForHandshake::new(role, *flags);
    // The end of the script is the end of the run.
    let _: Result<()> = match which % 16 {
        0 | 1 => drive(ForClient::default(), script),
        2 | 3 => drive(ForServer::default(), script),
        4 => drive(ForConnection::new(parts(*flags)), script),
        5 => drive(handshake(), script),
        6 => drive(ForKeepAliveClient, script),
        7 => drive(ForKeepAliveServer, script),
        8 => drive(ForNaiveClient::default(), script),
        9 => drive(ForNaiveServer::default(), script),
        10 => match flags % 4 {
            0 => drive(OnChannels(ForNaiveClient::default()), script),
            1 => drive(OnChannels(ForNaiveServer::default()), script),
            2 => drive(OnChannels(ForKeepAliveClient), script),
            _ => drive(OnChannels(ForKeepAliveServer), script),
        },
        11 => drive(OnChannels(handshake()), script),
        12 => drive(OnChannels(ForClient::default()), script),
        13 => drive(OnMux::new(ForServer::default()), script),
        _ => drive(OnMux::new(ForConnection::new(parts(*flags))), script),
    };
}

/// Mostly all parts.
fn parts(flags: u8) -> Parts {
    match flags % 4 {
        0 => Parts::INITIATOR,
        1 => Parts::RESPONDER,
        _ => Parts::DUPLEX,
    }
}

/// Runs two copies side by side: same actions, same state; a refusal changes nothing; a close is
/// the last action, and nothing comes after it; a deadline moves on; the footprint stays under its
/// bound. The laws of `nodewire::sim` say more, and take six copies a step.
pub fn drive<G: Given>(mut given: G, script: &mut Script<'_>) -> Result<()> {
    let mut machine = given.machine();
    let mut twin = given.machine();
    let most = given.most();
    let mut now = start();
    let (mut out, mut twin_out) = (Outbox::new(), Outbox::new());
    for step in 0..48 {
        if script.is_empty() {
            break;
        }
        now = when(script, now, machine.deadline())?;
        let input = given.pick(script, step)?;
        let local = match &input {
            Input::Local(input) => Some((machine.clone(), input.clone())),
            Input::Remote(_) | Input::Timeout => None,
        };
        let result = machine.handle(now, input.clone(), &mut out);
        let again = twin.handle(now, input, &mut twin_out);
        assert_eq!(result.is_ok(), again.is_ok(), "the same input, another answer");
        if let Err(refusal) = result {
            let (before, input) = local.expect("only local input is refused");
            assert!(machine == before, "{} changed something", refusal.why);
            assert!(out.is_empty(), "{} said something", refusal.why);
            assert!(refusal.input == input, "not handed back");
        }
        settle(&mut machine, now, &mut out);
        settle(&mut twin, now, &mut twin_out);
        assert_eq!(out, twin_out, "the same input, other actions");
        assert!(machine.footprint() <= most, "{} bytes", machine.footprint());
        if closes(&out) {
            assert!(machine == twin, "the same inputs, another state");
            return after_close(&mut given, machine, script);
        }
        given.holds(&machine);
        given.saw(&out);
        out.drain().for_each(drop);
        twin_out.drain().for_each(drop);
    }
    assert!(machine == twin, "the same inputs, another state");
    Ok(())
}

/// At most one close, and that the last action.
fn closes<S, N, Q>(out: &Outbox<S, N, Q>) -> bool {
    let closes = out.iter().filter(|action| matches!(action, Action::Close(_))).count();
    assert!(closes == 0 || closes == 1 && out.ends(), "a close that is not the last action");
    closes > 0
}

/// A link is silent once it has closed.
fn after_close<G: Given>(
    given: &mut G,
    mut machine: G::Machine,
    script: &mut Script<'_>,
) -> Result<()> {
    if !G::LASTING {
        return Ok(());
    }
    for step in 0..4 {
        let input = given.pick(script, step)?;
        let local = matches!(input, Input::Local(_));
        let mut out = Outbox::new();
        let refused = machine.handle(start(), input, &mut out).err().map(|refusal| refusal.why);
        assert!(out.is_empty() && machine.deadline().is_none(), "something after the close");
        assert_eq!(refused, local.then_some(Refused::Ended));
    }
    Ok(())
}

/// Time-outs that are due are had soon.
fn settle<M: Machine>(machine: &mut M, now: Time, out: &mut Out<M>) {
    for _ in 0..64 {
        if out.ends() || machine.deadline().is_none_or(|due| due > now) {
            return;
        }
        machine.handle_timeout(now, out);
    }
    assert!(out.ends(), "the deadline doesn't move on");
}
