//! What is asked of the disk and when, what it may answer, and what files say besides.

use std::collections::BTreeMap;

use nodewire::codec::supervisor::journal::{FileHeader, FileKind, StoreFile};
use nodewire::codec::supervisor::{
    ChainId, DerivedRefPair, NodeEvent, RustCryptoKeccak256 as Keccak,
};
use nodewire::state::supervisor::{
    CallId, ChainConfig, Config, Durable, DurableCommand, DurableLimits, DurableQuery,
    ExpiryWindow, Limits, NodeId, Record, RecordBody, RpcText, Snapshot, Store, StoreAnswer,
    SupervisorCommand, SupervisorMessage, SupervisorQuery, SupervisorRemote, recover, restore,
};
use nodewire::{Action, AskId, Input, Machine, Outbox, Refused, Time};
use serde_json::{Value, json};

use crate::chains::{executing, plain};
use crate::host::{Host, Truth, recovered};
use crate::world::{NODE, World};

type Out = nodewire::Out<Durable>;

fn begin(limits: DurableLimits) -> (Durable, Out) {
    let chains = [(ChainId::from(1), ChainConfig { activation: 0, block_time: 2 })];
    let config = Config::new(BTreeMap::from(chains), ExpiryWindow::EXPIRY_CURRENT);
    let found = recover::<Keccak, Vec<u8>>(&config, &Limits::default(), &[], |_| None);
    let mut out = Outbox::new();
    let durable = Durable::begin(Time::ZERO, found.unwrap(), limits, &mut out);
    (durable, out)
}

/// What the disk is asked, by its numbers.
fn asked(out: &mut Out) -> Vec<(AskId, Store)> {
    let asked = out.drain().filter_map(|action| match action {
        Action::Ask(id, DurableQuery::Store(store)) => Some((id, store)),
        _ => None,
    });
    asked.collect()
}

fn stored(durable: &mut Durable, id: AskId) -> Vec<(AskId, Store)> {
    let mut out = Outbox::new();
    let stored = DurableCommand::Stored(id, StoreAnswer::Durable);
    durable.handle_local(Time::ZERO, stored, &mut out).unwrap();
    asked(&mut out)
}

#[test]
fn a_snapshot_begins_as_soon_as_the_journal_before_it_is_written() {
    let mut limits = DurableLimits::default();
    limits.snapshot_after = 1;
    let (mut durable, mut out) = begin(limits);
    let first = asked(&mut out);
    let [(first, Store::Begin { generation: 1, .. })] = first[..] else { panic!("{first:?}") };
    assert!(durable.awaits(first));
    let then = stored(&mut durable, first);
    let [
        (journal, Store::Begin { generation: 2, .. }),
        (snapshot, Store::Snapshot { generation: 2, offset: 0, last: true, .. }),
    ] = then[..]
    else {
        panic!("{then:?}")
    };
    // Each is waited for until it is answered.
    let awaited = |durable: &Durable| [first, journal, snapshot].map(|id| durable.awaits(id));
    assert_eq!(awaited(&durable), [false, true, true]);
    let then = stored(&mut durable, snapshot);
    let [(removal, Store::Remove { before: 2 })] = then[..] else { panic!("{then:?}") };
    assert_eq!(awaited(&durable), [false, true, false]);
    assert!(durable.awaits(removal));
    assert_eq!(stored(&mut durable, removal), []);
    assert!(!durable.awaits(removal));
    stored(&mut durable, journal);
    assert_eq!(awaited(&durable), [false; 3]);
}

#[test]
fn an_answer_to_what_was_not_asked_yet_is_refused() {
    let (mut durable, mut out) = begin(DurableLimits::default());
    let (first, _) = asked(&mut out).pop().unwrap();
    let before = durable.clone();
    let next = AskId::from_u64(first.as_u64() + 2);
    let early = DurableCommand::Stored(next, StoreAnswer::Durable);
    let refusal = durable.handle_local(Time::ZERO, early.clone(), &mut out).unwrap_err();
    assert_eq!((refusal.why, refusal.input), (Refused::UnknownAsk, early));
    assert!(durable == before);
    assert!(!durable.awaits(next));
}

#[test]
fn files_are_named_by_what_they_are() {
    for kind in [FileKind::Journal, FileKind::Snapshot] {
        for generation in [0, 1, 12_345, u64::MAX] {
            let file = StoreFile { kind, generation };
            assert_eq!(file.to_string().parse(), Ok(file));
        }
    }
    for wrong in [
        "",
        "journal-",
        "journal-7",
        "journal-0000000000000000007",
        "journal-000000000000000000007",
        "journal-+0000000000000000007",
        "journal-99999999999999999999",
        "other-00000000000000000007",
        "journal-00000000000000000007.tmp",
    ] {
        assert!(wrong.parse::<StoreFile>().is_err(), "{wrong}");
    }
}

/// Without leading zeros, whatever their first byte.
#[test]
fn records_keep_chain_ids_whole() {
    let mut lengths = Vec::new();
    for shift in 0..32 {
        let mut id = ChainId::from(0);
        id.0[shift] = 1;
        id.0[31] = 10;
        let input = SupervisorRemote::NodeUp { chain_id: id, node: NodeId(1) };
        let body = RecordBody::Input(Input::Remote(input));
        let record = Record { number: 1, time: Time::ZERO, body };
        let mut bytes = header();
        let before = bytes.len();
        record.write_frame(&mut bytes);
        lengths.push(bytes.len() - before);
        let (_, mut frames) = FileHeader::read(FileKind::Journal, &bytes).unwrap();
        assert_eq!(Record::read_payload(frames.read().unwrap()), Ok(record));
    }
    assert!(lengths.is_sorted_by(|a, b| a >= b));
    assert!(lengths[0] > lengths[31] + 30);
}

/// How a journal begins.
fn header() -> Vec<u8> {
    let (_, mut out) = begin(DurableLimits::default());
    let (_, begun) = asked(&mut out).pop().unwrap();
    let Store::Begin { bytes, .. } = begun else { panic!("{begun:?}") };
    let (_, frames) = FileHeader::read(FileKind::Journal, &bytes).unwrap();
    bytes[..frames.at()].to_vec()
}

fn root(id: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": "supervisor_superRootAtTimestamp",
        "params": ["0x3e8"]})
}

/// One call of a batch is answered, the other waits for a node.
#[test]
fn a_snapshot_tells_what_is_answered_of_a_batch() {
    let truth = Truth::new(1, 1, 1);
    let mut host = Host::new(&truth, DurableLimits::default(), Limits::default());
    let now = json!({"jsonrpc": "2.0", "id": "now", "method": "supervisor_finalizedL1"});
    host.text(json!([now, root("later")]));
    host.write_all();
    assert_eq!(host.calls[&0], None);
    let machine = host.durable.supervisor();
    let bytes = Snapshot::new(machine.clone(), 1, 1).write(usize::MAX);
    let (found, _) = restore::<Keccak>(truth.config(), Limits::default(), &bytes).unwrap();
    assert!(found == *machine);
}

/// Who waited before the restart is gone; nobody else gets what was meant for it.
#[test]
fn late_replies_to_texts_from_before_a_restart_are_nobodys() {
    let truth = Truth::new(1, 1, 1);
    let mut host = Host::new(&truth, DurableLimits::default(), Limits::default());
    for _ in 0..3 {
        host.text(root("old"));
    }
    host.write_all();
    assert!(host.calls.values().all(Option::is_none));
    host.crash();
    for _ in 0..3 {
        host.text(root("new"));
    }
    for _ in 0..20 {
        host.wait();
        host.write_all();
    }
    assert_eq!(host.calls.len(), 3);
    for reply in host.calls.values() {
        assert_eq!(reply.as_ref().map(|reply| &reply["id"]), Some(&json!("new")));
    }
}

#[test]
fn time_that_passes_before_anything_is_due_has_no_record() {
    let truth = Truth::new(1, 1, 1);
    let mut host = Host::new(&truth, DurableLimits::default(), Limits::default());
    host.text(root("i"));
    host.write_all();
    let due = host.durable.deadline().unwrap();
    assert!(due > host.now);
    let (before, records) = (host.durable.clone(), host.durable.records());
    let mut out = Outbox::new();
    for early in [host.now, Time::from_micros(due.as_micros() - 1)] {
        host.durable.handle_timeout(early, &mut out);
    }
    assert!(out.pop().is_none() && host.durable == before);
    host.durable.handle_timeout(due, &mut out);
    assert!(host.durable.records() > records && out.pop().is_some());
}

/// The client has left before a restart: whoever replays that knows it, too.
#[test]
fn a_text_that_is_given_up_stays_so_after_a_crash() {
    let truth = Truth::new(1, 1, 1);
    let mut host = Host::new(&truth, DurableLimits::default(), Limits::default());
    host.text(root("left"));
    assert_eq!(host.durable.supervisor().questions().count(), 2, "a reset and an output");
    host.command(SupervisorCommand::Abandon(CallId(0)));
    host.write_all();
    let machine = host.durable.supervisor().clone();
    assert_eq!(machine.questions().count(), 1);
    host.crash();
    assert!(host.recovered.machine == machine);
}

/// But for outputs, whose calls are gone.
#[test]
fn what_was_asked_before_a_restart_is_asked_again() {
    let truth = Truth::new(1, 1, 3);
    let mut host = Host::new(&truth, DurableLimits::default(), Limits::default());
    for _ in 0..9 {
        host.answer_one();
    }
    let (chain_id, node) = (ChainId::from(1), NODE);
    let unsafe_block = Some(truth.world.chains[&chain_id].head());
    let event = Box::new(NodeEvent { unsafe_block, ..NodeEvent::default() });
    host.hear(SupervisorRemote::Node { chain_id, node, event });
    host.text(root("i"));
    host.write_all();
    let open: Vec<_> = host.durable.supervisor().questions().map(|(_, query)| query).collect();
    let is_output = |query: &SupervisorQuery| matches!(query, SupervisorQuery::Outputs(_));
    assert!(open.iter().any(is_output) && !open.iter().all(is_output), "{open:?}");
    let found = recovered(&truth, &Limits::default(), &host.disk);
    let mut out = Outbox::new();
    let durable = Durable::begin(Time::ZERO, found, DurableLimits::default(), &mut out);
    let again = out.drain().filter_map(|action| match action {
        Action::Ask(id, DurableQuery::Supervisor(query)) => Some((durable.awaits(id), query)),
        _ => None,
    });
    let expected = open.into_iter().filter(|query| !is_output(query)).map(|query| (true, query));
    assert_eq!(again.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
}

/// Records that wait, and texts that wait, each have their bound: however many texts there are,
/// whoever answers them is heard.
#[test]
fn much_to_write_stops_everything_and_many_texts_stop_texts() {
    let mut limits = DurableLimits::default();
    limits.max_waiting = 64;
    let (mut durable, mut out) = begin(limits);
    let (begun, _) = asked(&mut out).pop().unwrap();
    let on = || DurableCommand::Supervisor(SupervisorCommand::Failsafe(true));
    let text = |call: u64| RpcText { call: CallId(call), text: root("i").to_string().into() };
    let refused = |durable: &mut Durable| {
        let (before, mut out) = (durable.clone(), Outbox::new());
        durable.handle_remote(Time::ZERO, SupervisorRemote::Rpc(text(9)), &mut out);
        assert!(*durable == before);
        let Some(Action::Send(SupervisorMessage::Reply(reply))) = out.pop() else { panic!() };
        let reply: Value = serde_json::from_slice(&reply.text.unwrap()).unwrap();
        assert_eq!(
            (reply["error"]["code"].as_i64(), reply["id"].as_str()),
            (Some(-32_005), Some("i"))
        );
    };
    assert!(!durable.saturated());
    let truth = Truth::new(1, 1, 1);
    let (source, derived) = (truth.world.l1[10], truth.world.chains[&ChainId::from(1)].blocks[0].0);
    let anchor = Box::new(DerivedRefPair { source, derived });
    let anchor = SupervisorCommand::Anchor { chain_id: ChainId::from(1), anchor };
    durable.handle_local(Time::ZERO, DurableCommand::Supervisor(anchor), &mut out).unwrap();
    assert!(durable.saturated(), "a record waits");
    refused(&mut durable);
    let before = durable.clone();
    let refusal = durable.handle_local(Time::ZERO, on(), &mut out).unwrap_err();
    assert!(refusal.why == Refused::busy("max_waiting") && durable == before);
    for (id, _) in stored(&mut durable, begun) {
        assert!(!durable.saturated());
        stored(&mut durable, id);
    }
    out.drain().for_each(drop);
    assert!(text(1).text.len() > 64);
    durable.handle_remote(Time::ZERO, SupervisorRemote::Rpc(text(1)), &mut out);
    let (mut question, mut writes) = (None, Vec::new());
    for action in out.drain() {
        match action {
            Action::Ask(id, DurableQuery::Supervisor(query)) => question = Some((id, query)),
            Action::Ask(id, DurableQuery::Store(_)) => writes.push(id),
            other => panic!("{other:?}"),
        }
    }
    writes.into_iter().for_each(|id| drop(stored(&mut durable, id)));
    assert_eq!(durable.records().0, durable.records().1);
    refused(&mut durable);
    // But not who answers it, nor anybody else.
    assert!(!durable.saturated());
    let mut other = durable.clone();
    other.handle_local(Time::ZERO, on(), &mut Outbox::new()).unwrap();
    let (id, query) = question.expect("an output is asked for");
    let answer = DurableCommand::Supervisor(truth.world.answer(id, query));
    durable.handle_local(Time::ZERO, answer, &mut out).unwrap();
    for (id, _) in asked(&mut out) {
        stored(&mut durable, id);
    }
    let before = durable.records();
    durable.handle_remote(Time::ZERO, SupervisorRemote::Rpc(text(2)), &mut out);
    assert!(durable.records() > before, "there is room again");
}

/// Lists go on in the next frame: blocks, those that execute much, and what was derived.
#[test]
fn a_snapshot_of_long_chains_is_whole() {
    let mut world = World::new(&[1, 2]);
    for at in 0..600 {
        world.chain(1).grow("a", vec![plain("x"); 4]);
        let message = world.chain(1).message(101 + at, 1);
        world.chain(2).grow("a", vec![executing(&message); 3]);
    }
    world.tell_unsafe(1);
    world.tell_unsafe(2);
    for number in 101..=700 {
        world.tell_derived(1, 10, number);
    }
    assert_eq!((world.numbers(1)[3], world.numbers(2)[0]), (Some(700), Some(800)));
    let machine = &world.supervisor;
    let mut parts = Snapshot::new(machine.clone(), 1, 1);
    let mut whole = Vec::new();
    let mut longest = 0;
    while !parts.is_done() {
        let part = parts.write(1);
        // No more than is wanted, if it ends there.
        let mut again = Snapshot::new(machine.clone(), 1, 1);
        assert_eq!(again.write(whole.len() + part.len()).len(), whole.len() + part.len());
        longest = longest.max(part.len());
        whole.extend(part);
    }
    assert!(whole.len() > 5 * 65_536 && longest < 2 * 65_536, "{longest} of {}", whole.len());
    let config = machine.index().config().clone();
    let (found, _) = restore::<Keccak>(config, Limits::default(), &whole).unwrap();
    assert!(found == *machine);
}
