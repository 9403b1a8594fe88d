//! A script of inputs drives a machine, whatever they are.

use core::fmt::Debug;
use std::time::Duration;

use arbitrary::{Arbitrary, Result, Unstructured};
use nodewire::link::{Mux, MuxConfig, Transport};
use nodewire::state::leios::{
    Client, Handshake, HandshakeConfig, KeepAliveClient, KeepAliveConfig, KeepAliveServer, Limits,
    NaiveClient, NaiveConfig, NaiveServer, Server, SlotClock,
};
use nodewire::{Action, Input, Machine, Outbox, Time};

/// The first byte picks the machine, the rest is its script.
pub fn script(data: &[u8]) {
    let Some((&which, rest)) = data.split_first() else { return };
    let script = &mut Unstructured::new(rest);
    let clock = SlotClock::default();
    let keep_alive = KeepAliveConfig::default();
    // The end of the script is the end of the run.
    let _: Result<()> = match which % 10 {
        0 => drive(Client::new(small(), clock), <Client>::most_footprint(&small()), script),
        1 => drive(Client::new(Limits::default(), clock), usize::MAX, script),
        2 => drive(Server::new(small(), clock), Server::most_footprint(&small()), script),
        3 => drive(Server::new(Limits::default(), clock), usize::MAX, script),
        4 => drive(Handshake::initiator(HandshakeConfig::new(1)), 1 << 20, script),
        5 => drive(Handshake::responder(HandshakeConfig::new(1), Time::ZERO), 1 << 20, script),
        6 => drive(KeepAliveClient::new(keep_alive, Time::ZERO), 1_024, script),
        7 => {
            // It takes no commands.
            let machine = KeepAliveServer::new(keep_alive, Time::ZERO);
            drive_by(machine, 1_024, script, |script| {
                Ok(if script.ratio(1, 4)? {
                    Input::Timeout
                } else {
                    Input::Remote(script.arbitrary()?)
                })
            })
        }
        8 => drive(NaiveClient::new(NaiveConfig::default()), usize::MAX, script),
        _ => drive(NaiveServer::new(NaiveConfig::default()), usize::MAX, script),
    };
}

/// Limits that a short script can reach.
fn small() -> Limits {
    let mut limits = Limits::default();
    limits.max_outstanding_request_bytes = 300;
    limits.max_outstanding_requests = 6;
    limits.max_outstanding_txs = 100;
    limits.max_notification_size = 64;
    limits.notify_low = 100;
    limits.notify_chunk = 128;
    limits.max_tracked_elections = 4;
    limits.max_pending_notifications = 4;
    limits.max_queued_requests = 4;
    limits.max_open_asks = 2;
    limits
}

fn drive<'a, M>(machine: M, most: usize, script: &mut Unstructured<'a>) -> Result<()>
where
    M: Driven<Local: Arbitrary<'a>, Remote: Arbitrary<'a>>,
    M::Local: Clone + Debug + PartialEq,
    M::Remote: Clone + Debug,
    M::Send: Debug + PartialEq,
    M::Notice: Debug + PartialEq,
    M::Query: Debug + PartialEq,
{
    drive_by(machine, most, script, |script| script.arbitrary())
}

/// What every machine can do.
trait Driven: Machine + Clone + Debug + PartialEq {}

impl<M: Machine + Clone + Debug + PartialEq> Driven for M {}

/// Runs two copies side by side: same actions, same state; a refusal changes nothing; a close is
/// the last action; a deadline moves on; the footprint stays under its bound.
fn drive_by<'a, M: Driven>(
    mut machine: M,
    most: usize,
    script: &mut Unstructured<'a>,
    pick: impl Fn(&mut Unstructured<'a>) -> Result<Input<M::Local, M::Remote>>,
) -> Result<()>
where
    M::Local: Clone + Debug + PartialEq,
    M::Remote: Clone + Debug,
    M::Send: Debug + PartialEq,
    M::Notice: Debug + PartialEq,
    M::Query: Debug + PartialEq,
{
    let mut twin = machine.clone();
    let mut now = Time::ZERO;
    let (mut out, mut twin_out) = (Outbox::new(), Outbox::new());
    for _ in 0..64 {
        if script.is_empty() {
            break;
        }
        now = match script.int_in_range(0..=7u8)? {
            0 => machine.deadline().unwrap_or(now).max(now),
            1 => Time::from_micros(script.arbitrary::<u32>()?.into()),
            2 => now.after(Duration::from_secs(script.arbitrary::<u8>()?.into())),
            _ => now,
        };
        let input = pick(script)?;
        let before = matches!(input, Input::Local(_)).then(|| machine.clone());
        let result = machine.handle(now, input.clone(), &mut out);
        let again = twin.handle(now, input.clone(), &mut twin_out);
        assert_eq!(out, twin_out, "the same input, other actions");
        assert!(result == again && machine == twin, "the same input, another state");
        if let (Err(refusal), Some(before)) = (result, before) {
            assert!(machine == before, "{} changed something", refusal.why);
            assert!(out.is_empty(), "{} said something", refusal.why);
            assert!(Input::Local(refusal.input) == input_local(input), "not handed back");
        }
        assert!(machine.footprint() <= most, "{} bytes", machine.footprint());
        let closes = out.iter().filter(|action| matches!(action, Action::Close(_))).count();
        assert!(closes == 0 || closes == 1 && out.ends(), "a close that is not the last action");
        if closes > 0 {
            return Ok(());
        }
        settle(&mut machine, now, &mut out);
        settle(&mut twin, now, &mut twin_out);
        if out.ends() {
            return Ok(());
        }
        out.drain().for_each(drop);
        twin_out.drain().for_each(drop);
    }
    Ok(())
}

/// Only local input can be refused.
fn input_local<L, R>(input: Input<L, R>) -> Input<L, ()> {
    match input {
        Input::Local(input) => Input::Local(input),
        Input::Remote(_) | Input::Timeout => Input::Timeout,
    }
}

/// Time-outs that are due are had soon.
fn settle<M: Machine>(machine: &mut M, now: Time, out: &mut nodewire::Out<M>) {
    for _ in 0..64 {
        if out.ends() || machine.deadline().is_none_or(|due| due > now) {
            return;
        }
        machine.handle_timeout(now, out);
    }
    assert!(out.ends(), "the deadline doesn't move on");
}

/// The same bytes over a link, cut in two ways.
pub fn cut(stream: &[u8], cuts: &[u8]) {
    let mut pieces = Vec::new();
    let mut rest = stream;
    for &cut in cuts.iter().cycle().take(stream.len()) {
        let (piece, after) = rest.split_at(usize::from(cut.max(1)).min(rest.len()));
        pieces.push(piece);
        rest = after;
    }
    for responder in [true, false] {
        let whole = hear(responder, [stream]);
        assert_eq!(hear(responder, pieces.iter().copied()), whole, "cutting changes the actions");
        assert_eq!(hear(responder, stream.chunks(1)), whole, "single bytes change the actions");
    }
}

/// What a link does on these bytes: what it sends, and everything else in order.
fn hear<'a>(responder: bool, pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<u8>, Vec<String>) {
    let config = MuxConfig::default();
    if responder {
        feed(Mux::new(Server::new(small(), SlotClock::default()), config, &[]), pieces)
    } else {
        feed(Mux::new(Client::new(small(), SlotClock::default()), config, &[]), pieces)
    }
}

fn feed<'a, M>(mut link: M, pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<u8>, Vec<String>)
where
    M: Machine<Remote = Transport, Send = nodewire::bytes::Bytes, Notice: Debug, Query: Debug>,
{
    let mut out = Outbox::new();
    link.handle_remote(Time::ZERO, Transport::Writable(Transport::UNCOUNTED), &mut out);
    let (mut sent, mut rest) = (Vec::new(), Vec::new());
    for piece in pieces {
        let read = nodewire::bytes::Bytes::copy_from_slice(piece);
        link.handle_remote(Time::ZERO, Transport::Received(read), &mut out);
        for action in out.drain() {
            match action {
                Action::Send(bytes) => sent.extend_from_slice(&bytes),
                Action::Notify(notice) => rest.push(format!("{notice:?}")),
                Action::Ask(id, query) => rest.push(format!("{id} {query:?}")),
                Action::Close(ending) => rest.push(format!("{ending}")),
            }
        }
    }
    (sent, rest)
}
