//! Files that are cut or changed: what is whole before the damage counts, and nothing after it.

use nodewire::Input;
use nodewire::codec::supervisor::RustCryptoKeccak256 as Keccak;
use nodewire::codec::supervisor::journal::{FileHeader, FileKind, Frames, Stop, StoreFile};
use nodewire::state::supervisor::{
    DurableLimits, Level, Limits, Record, RecordBody, Recovered, Snapshot, recover, restore,
};

use crate::disk::{Dice, Disk};
use crate::host::{Host, Truth, recovered};

/// A run of so many steps without a snapshot, all of it on the disk.
fn run(truth: &Truth, seed: u64, steps: u32) -> Host<'_> {
    let mut host = Host::new(truth, DurableLimits::default(), Limits::default());
    host.dice = Dice::new(seed);
    for _ in 0..steps {
        host.step();
    }
    host.write_all();
    host
}

/// Where the frames of a journal end, header first.
fn ends(bytes: &[u8]) -> Vec<usize> {
    let (_, mut frames): (_, Frames<'_>) = FileHeader::read(FileKind::Journal, bytes).unwrap();
    let mut ends = vec![frames.at()];
    while frames.read().is_ok() {
        ends.push(frames.at());
    }
    assert_eq!(ends.last(), Some(&bytes.len()));
    ends
}

/// What is recovered is what was after the record before the damage.
fn check(host: &Host<'_>, found: &Recovered, records: usize) {
    assert_eq!(found.next, records as u64);
    assert!(host.history[&found.next] == found.machine, "after {}", found.next);
    assert!(found.exact && found.difference.is_none());
}

#[test]
fn every_cut_and_every_flipped_bit_of_the_last_records_leaves_what_was_before() {
    let truth = Truth::new(3, 2, 6);
    let host = run(&truth, 9, 40);
    let limits = Limits::default();
    let file = host.disk.newest_journal();
    let whole = host.disk.files[&file].clone();
    let ends = ends(&whole);
    let last = ends.len() - 1;
    assert!(last > 20, "{last} records");
    let changed = |bytes: Vec<u8>| {
        let mut disk = Disk::default();
        disk.files.insert(file, bytes);
        recovered(&truth, &limits, &disk)
    };
    check(&host, &changed(whole.clone()), last);
    for at in ends[last - 3]..whole.len() {
        let before = ends.iter().filter(|end| **end <= at).count() - 1;
        let found = changed(whole[..at].to_vec());
        check(&host, &found, before);
        // A crash may have torn it: nothing that was acknowledged need be missing.
        assert!(found.complete);
        let expected = if ends.contains(&at) { Stop::End } else { Stop::Torn };
        assert_eq!(found.files, [(file, expected)]);
        for bit in 0..8 {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << bit;
            let found = changed(bytes);
            check(&host, &found, before);
            assert!(matches!(found.files[..], [(_, Stop::Torn | Stop::Checksum)]));
        }
    }
}

#[test]
fn a_snapshot_that_is_cut_or_changed_is_refused_as_a_whole() {
    let truth = Truth::new(4, 2, 4);
    let host = run(&truth, 2, 60);
    let machine = host.durable.supervisor().clone();
    let whole = Snapshot::new(machine.clone(), 5, 77).write(usize::MAX);
    let restored = |bytes: &[u8]| restore::<Keccak>(truth.config(), Limits::default(), bytes);
    let (found, header) = restored(&whole).unwrap();
    assert!(found == machine);
    assert_eq!((header.kind, header.generation, header.first), (FileKind::Snapshot, 5, 77));
    for at in 0..whole.len() {
        assert!(restored(&whole[..at]).is_err(), "cut at {at}");
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        assert!(restored(&bytes).is_err(), "changed at {at}");
    }
    let mut longer = whole.clone();
    longer.push(0);
    assert_eq!(restored(&longer).err(), Some(Stop::Order));
    // Of other chains.
    let other = Truth::new(4, 3, 4);
    let refused = restore::<Keccak>(other.config(), Limits::default(), &whole);
    assert_eq!(refused.err(), Some(Stop::Contradiction));
}

#[test]
fn a_snapshot_made_in_parts_is_the_same() {
    let truth = Truth::new(8, 3, 10);
    let host = run(&truth, 1, 200);
    let machine = host.durable.supervisor().clone();
    let whole = Snapshot::new(machine.clone(), 1, 1).write(usize::MAX);
    let mut parts = Snapshot::new(machine, 1, 1);
    let mut joined = Vec::new();
    while !parts.is_done() {
        joined.extend(parts.write(1));
    }
    assert!(joined == whole);
    assert!(parts.write(1).is_empty());
}

#[test]
fn what_an_older_start_gave_up_does_not_count_and_what_is_missing_is_told() {
    let truth = Truth::new(6, 2, 6);
    let mut host = run(&truth, 4, 60);
    let limits = Limits::default();
    let first = host.disk.newest_journal();
    let torn = host.disk.files[&first].clone();
    // The last record is torn; the next start goes on before it.
    let cut = ends(&torn).into_iter().rev().nth(1).unwrap() + 3;
    host.disk.files.get_mut(&first).unwrap().truncate(cut);
    let mut host = Host::on(&truth, DurableLimits::default(), limits.clone(), host.disk, 1);
    host.write_all();
    let second = host.disk.newest_journal();
    assert_eq!((first.generation, second.generation), (1, 2));
    let before = recovered(&truth, &limits, &host.disk);
    assert!(before.complete && before.machine == *host.durable.supervisor());
    // It comes back, as what a disk gave up may.
    host.disk.files.insert(first, torn.clone());
    let again = recovered(&truth, &limits, &host.disk);
    assert_eq!(again.files, [(first, Stop::Superseded), (second, Stop::End)]);
    assert!(again.complete && again.machine == before.machine);
    // Something in the middle is gone: what follows does not count, and that is told.
    let middle = ends(&torn)[5];
    host.disk.files.insert(first, torn[..middle].to_vec());
    let short = recovered(&truth, &limits, &host.disk);
    assert_eq!(short.files, [(first, Stop::End), (second, Stop::Order)]);
    assert!(!short.complete);
    host.disk.files.remove(&first);
    assert!(!recovered(&truth, &limits, &host.disk).complete);
}

#[test]
fn a_rotten_snapshot_without_what_came_before_is_told() {
    let truth = Truth::new(6, 2, 6);
    let host = run(&truth, 4, 60);
    let limits = Limits::default();
    let name = |kind| StoreFile { kind, generation: 3 };
    let mut snapshot = Snapshot::new(host.durable.supervisor().clone(), 3, 60).write(usize::MAX);
    let mut disk = Disk::default();
    disk.files.insert(name(FileKind::Snapshot), snapshot.clone());
    let found = recovered(&truth, &limits, &disk);
    assert!(found.complete && found.snapshot == Some(3) && found.next == 60);
    let last = snapshot.len() - 40;
    snapshot[last] ^= 1;
    disk.files.insert(name(FileKind::Snapshot), snapshot);
    let found = recovered(&truth, &limits, &disk);
    assert!(!found.complete && found.snapshot.is_none());
}

#[test]
fn a_replay_that_comes_to_other_heads_names_the_first() {
    let truth = Truth::new(3, 2, 6);
    let limits = Limits::default();
    // Records of heads are written often.
    let mut often = DurableLimits::default();
    often.heads_after = 1;
    let mut host = Host::new(&truth, often, limits.clone());
    host.finish();
    host.write_all();
    let file = host.disk.newest_journal();
    assert!(recovered(&truth, &limits, &host.disk).difference.is_none());
    // With a window of nothing no message can be executed.
    let mut config = truth.config();
    config.expiry_window.0 = 0;
    let found: Recovered =
        recover(&config, &limits, &host.disk.names(), |file| host.disk.files.get(&file).cloned())
            .unwrap();
    assert!(!found.exact && found.complete);
    let difference = found.difference.expect("other heads");
    // The record before it agrees, and it is the head that is said.
    let (_, mut frames) = FileHeader::read(FileKind::Journal, &host.disk.files[&file]).unwrap();
    let record = loop {
        let record = Record::read_payload(frames.read().unwrap()).unwrap();
        if record.number == difference.record {
            break record;
        }
    };
    let RecordBody::Heads(heads) = record.body else { panic!("{record:?}") };
    let chain = heads.iter().find(|it| it.chain_id == difference.chain_id).unwrap();
    // An expired message is never valid: its block is invalidated, and dropped from the log index.
    assert_eq!(difference.level, Level::LocalUnsafe);
    let recorded = chain.local_unsafe;
    assert_eq!(difference.recorded, recorded);
    assert_ne!(difference.replayed, recorded);
}

#[test]
fn what_another_configuration_wrote_is_replayed_once_and_then_a_snapshot() {
    let truth = Truth::new(7, 2, 6);
    let host = run(&truth, 4, 80);
    let mut limits = Limits::default();
    limits.max_nodes = 7;
    let mut host = Host::on(&truth, DurableLimits::default(), limits.clone(), host.disk, 1);
    assert!(!host.recovered.exact && host.recovered.complete);
    assert_eq!(host.recovered.difference, None);
    host.write_all();
    let kept: Vec<_> = host.disk.names();
    assert!(kept.iter().all(|file| file.generation == 3), "{kept:?}");
    let again = recovered(&truth, &limits, &host.disk);
    assert!(again.exact && again.snapshot == Some(3));
    assert!(again.machine == *host.durable.supervisor());
}

#[test]
fn records_have_one_form() {
    let truth = Truth::new(5, 2, 6);
    let host = run(&truth, 3, 80);
    let bytes = &host.disk.files[&host.disk.newest_journal()];
    let (_, mut frames) = FileHeader::read(FileKind::Journal, bytes).unwrap();
    let mut kinds = [0; 4];
    while let Ok(payload) = frames.read() {
        let record = Record::read_payload(payload).unwrap();
        let kind = match &record.body {
            RecordBody::Input(Input::Local(_)) => 0,
            RecordBody::Input(Input::Remote(_)) => 1,
            RecordBody::Input(Input::Timeout) => 2,
            RecordBody::Heads(_) => 3,
        };
        kinds[kind] += 1;
        let mut frame = Vec::new();
        record.write_frame(&mut frame);
        assert_eq!(&frame[8..], payload);
        // A longer head of the same array is another form.
        let mut longer = payload.to_vec();
        assert_eq!(longer[0], 0x83);
        longer.splice(..1, [0x98, 3]);
        assert_eq!(Record::read_payload(&longer), Err(Stop::Unknown));
    }
    assert!(kinds.iter().all(|count| *count > 0), "{kinds:?}");
}
