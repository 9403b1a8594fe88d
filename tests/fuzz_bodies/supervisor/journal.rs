//! What stands in the files of a journal: whole files, frames with good checksums, records.

use nodewire::codec::supervisor::journal::{FileHeader, FileKind, Frames, Stop, StoreFile};
use nodewire::state::supervisor::{
    Durable, DurableLimits, DurableQuery, Limits, Record, Recovered, Snapshot, Store, Supervisor,
    recover, restore,
};
use nodewire::{Action, Machine, Outbox, Time};

use crate::given::supervisor::{config, small};

/// The first byte says what the rest is.
pub fn journal(data: &[u8]) {
    let Some((&which, item)) = data.split_first() else { return };
    match which % 4 {
        0 => files(item),
        1 => record(item),
        2 => snapshot(item),
        _ => {
            let mut file = journal_header();
            file.extend(framed(item));
            let whole = recovered(FileKind::Journal, &file);
            // Half of it tells no more.
            let half = recovered(FileKind::Journal, &file[..file.len() / 2]);
            assert!(half.next <= whole.next && half.replayed <= whole.replayed);
            assert!(whole.machine.footprint() < 4 << 20);
        }
    }
}

/// A whole file of either kind.
fn files(item: &[u8]) {
    for kind in [FileKind::Journal, FileKind::Snapshot] {
        let found = recovered(kind, item);
        assert!(found.replayed as usize <= item.len());
        assert_eq!(found, recovered(kind, item));
    }
    let Err(stop) =
        restore::<nodewire::codec::supervisor::RustCryptoKeccak256>(config(), small(), item)
    else {
        return;
    };
    assert!(!format!("{stop:?}").is_empty());
}

fn recovered(kind: FileKind, bytes: &[u8]) -> Recovered {
    let file = StoreFile { kind, generation: 1 };
    recover(&config(), &small(), &[file], |_| Some(bytes)).expect("few chains")
}

/// A record has one form.
fn record(item: &[u8]) {
    let Ok(record) = Record::read_payload(item) else { return };
    let mut file = Vec::new();
    record.write_frame(&mut file);
    let mut frames = Frames::new(&file);
    assert_eq!(frames.read(), Ok(item), "one form");
    assert_eq!(frames.read(), Err(Stop::End));
}

/// Parts of a snapshot: all of it checks, or none of it counts.
fn snapshot(item: &[u8]) {
    let mut file = snapshot_header();
    file.extend(framed(item));
    let Ok((machine, header)) = restore(config(), small(), &file) else { return };
    let machine: Supervisor = machine;
    let mut again = Vec::new();
    let mut snapshot = Snapshot::new(machine.clone(), header.generation, header.first);
    while !snapshot.is_done() {
        again.extend(snapshot.write(1_000));
    }
    let restored = restore(config(), small(), &again).expect("what is written is read");
    assert!(restored.0 == machine, "restored from its own snapshot it is another");
}

/// Frames with good checksums: each two bytes of length and so many bytes.
fn framed(mut item: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some((length, rest)) = item.split_first_chunk() {
        let payload;
        (payload, item) = rest.split_at(usize::from(u16::from_be_bytes(*length)).min(rest.len()));
        let length = (payload.len() as u32).to_be_bytes();
        out.extend(length);
        out.extend(crc_32c(length.iter().chain(payload)).to_be_bytes());
        out.extend(payload);
    }
    out
}

/// CRC-32C (Castagnoli), bit by bit.
fn crc_32c<'a>(bytes: impl Iterator<Item = &'a u8>) -> u32 {
    !bytes.fold(!0, |crc: u32, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ if crc & 1 == 1 { 0x82f6_3b78 } else { 0 }
        })
    })
}

fn fresh() -> Recovered {
    recover::<_, &[u8]>(&config(), &small(), &[], |_| None).expect("few chains")
}

fn journal_header() -> Vec<u8> {
    let mut out = Outbox::new();
    let _: Durable = Durable::begin(Time::ZERO, fresh(), DurableLimits::default(), &mut out);
    let begin = out.iter().find_map(|action| match action {
        Action::Ask(_, DurableQuery::Store(Store::Begin { bytes, .. })) => Some(bytes),
        _ => None,
    });
    head(FileKind::Journal, begin.expect("a journal is begun"))
}

fn snapshot_header() -> Vec<u8> {
    head(FileKind::Snapshot, &Snapshot::new(fresh().machine, 1, 0).write(1))
}

fn head(kind: FileKind, bytes: &[u8]) -> Vec<u8> {
    let (_, frames) = FileHeader::read(kind, bytes).expect("a header");
    bytes[..frames.at()].to_vec()
}
