//! Bytes through links: demultiplexing, reassembly, and whole steps.

use std::hint::black_box;

use nodewire::bytes::Bytes;
use nodewire::codec::leios::ReplyMessage;
use nodewire::codec::{Malformed, Mode, SegmentHeader, Source};
use nodewire::link::{Mux, MuxConfig, MuxLocal, MuxNotice, Transport};
use nodewire::{
    Action, Channel, ChannelSpec, Class, Fault, Machine, Never, Out, Outbox, OverChannels, Refusal,
    Role, Rule, Severity, Time,
};

use crate::common::{Case, Run};
use crate::samples;

/// The cases.
pub fn cases() -> Vec<Case> {
    vec![
        Case {
            name: "demux/12288",
            ops: 1_000,
            bytes: 12_296_000,
            make: || foreign(1_000, 12_288, 65_536),
        },
        Case {
            name: "demux/45",
            ops: 10_000,
            bytes: 530_000,
            make: || foreign(10_000, 45, 65_536),
        },
        Case {
            name: "reassemble/12MB",
            ops: 1,
            bytes: 12_000_000,
            make: || reassemble(5, 12_288, 65_536),
        },
        Case {
            name: "reassemble/24MB",
            ops: 1,
            bytes: 24_000_000,
            make: || reassemble(10, 12_288, 65_536),
        },
        Case {
            name: "reassemble/100kB_of_1_byte",
            ops: 1,
            bytes: 100_000,
            make: || reassemble_small(66, 1, 65_536),
        },
        Case {
            name: "linear_reassemble/1",
            ops: 1,
            bytes: 0,
            make: || reassemble_small(100, 100, 1_448),
        },
        Case {
            name: "linear_reassemble/2",
            ops: 1,
            bytes: 0,
            make: || reassemble_small(200, 100, 1_448),
        },
        Case {
            name: "linear_one_byte_segments/1",
            ops: 1,
            bytes: 0,
            make: || reassemble_small(20, 1, 65_536),
        },
        Case {
            name: "linear_one_byte_segments/2",
            ops: 1,
            bytes: 0,
            make: || reassemble_small(40, 1, 65_536),
        },
        Case {
            name: "linear_one_byte_reads/1",
            ops: 1,
            bytes: 0,
            make: || reassemble_small(20, 1_000, 1),
        },
        Case {
            name: "linear_one_byte_reads/2",
            ops: 1,
            bytes: 0,
            make: || reassemble_small(40, 1_000, 1),
        },
    ]
}

/// A machine that decodes replies, counts them, and wants nothing.
#[derive(Clone, Debug, Default)]
struct Replies(usize);

const REPLY: Channel = Channel::new(25, Role::Initiator);
const FOREIGN: Channel = Channel::new(2, Role::Initiator);

static RULE: Rule = Rule::new("bench/1", "Bad", "It is a reply.", "bench", Severity::Faulty);

impl Machine for Replies {
    type Local = Never;
    type Remote = ReplyMessage;
    type Send = Never;
    type Notice = Never;
    type Query = Never;

    fn handle_local(
        &mut self,
        _: Time,
        input: Never,
        _: &mut Out<Self>,
    ) -> Result<(), Refusal<Never>> {
        match input {}
    }
    fn handle_remote(&mut self, _: Time, input: ReplyMessage, _: &mut Out<Self>) {
        black_box(&input);
        self.0 += 1;
    }
    fn handle_timeout(&mut self, _: Time, _: &mut Out<Self>) {}
    fn deadline(&self) -> Option<Time> {
        None
    }
}

impl OverChannels for Replies {
    fn channels(&self) -> Vec<ChannelSpec> {
        vec![ChannelSpec { channel: REPLY, ingress: 20_000_000, class: Class::Bulk { share: 1 } }]
    }
    fn item_limit(&self, _: Channel, _: &[u8]) -> Result<usize, Fault> {
        Ok(2_500_000)
    }
    fn too_large(&self, _: Channel) -> Fault {
        Fault::violation(&RULE, "bench")
    }
    fn malformed(&self, _: Channel, _: Malformed) -> Fault {
        Fault::violation(&RULE, "bench")
    }
    fn decode(&self, _: Channel, item: &[u8], source: Source<'_>) -> Result<ReplyMessage, Fault> {
        ReplyMessage::decode(item, source).map_err(|_| Fault::violation(&RULE, "bench"))
    }
    fn encode(message: &Never, _: &mut Vec<u8>) -> Channel {
        match *message {}
    }
}

/// The payload as segments of this size from the responder.
pub fn segments(number: u16, payload: &[u8], segment: usize) -> Bytes {
    let mut stream = Vec::new();
    for piece in payload.chunks(segment) {
        let length = piece.len() as u16;
        let header = SegmentHeader { time: 0, mode: Mode::Responder, number, length };
        stream.extend(header.encode());
        stream.extend_from_slice(piece);
    }
    Bytes::from(stream)
}

/// The same, cut into reads.
fn reads(number: u16, payload: &[u8], segment: usize, read: usize) -> Vec<Bytes> {
    let stream = segments(number, payload, segment);
    let cut = |at: usize| stream.slice(at..(at + read).min(stream.len()));
    (0..stream.len()).step_by(read).map(cut).collect()
}

/// Segments of a foreign channel, which pass through.
fn foreign(count: usize, segment: usize, read: usize) -> Run {
    let reads = reads(2, &vec![7; count * segment], segment, read);
    let spec = ChannelSpec { channel: FOREIGN, ingress: 1 << 20, class: Class::Praos };
    let mut mux = Mux::new(Replies::default(), MuxConfig::default(), &[spec]);
    let mut out = Outbox::new();
    Run::Again(Box::new(move || {
        let mut passed = 0;
        for read in &reads {
            mux.handle_remote(Time::ZERO, Transport::Received(read.clone()), &mut out);
            let mut bytes = 0;
            while let Some(action) = out.pop() {
                match action {
                    Action::Notify(MuxNotice::Foreign { bytes: piece, .. }) => bytes += piece.len(),
                    other => panic!("{other:?}"),
                }
            }
            passed += bytes;
            let used = MuxLocal::Consumed { channel: FOREIGN, bytes };
            assert!(mux.handle_local(Time::ZERO, used, &mut out).is_ok());
        }
        assert_eq!(passed, count * segment);
    }))
}

/// So many replies of 1,600 transactions of 1,500 bytes: five are 12 MB.
fn reassemble(replies: u32, segment: usize, read: usize) -> Run {
    let one = samples::encoded(&samples::txs_reply(1_600, 1_500));
    let all = one.repeat(replies as usize);
    through(reads(25, &all, segment, read), replies as usize)
}

/// One reply of so many 1,500-byte transactions.
fn reassemble_small(txs: u32, segment: usize, read: usize) -> Run {
    let one = samples::encoded(&samples::txs_reply(txs, 1_500));
    through(reads(25, &one, segment, read), 1)
}

fn through(reads: Vec<Bytes>, replies: usize) -> Run {
    let mut mux = Mux::new(Replies::default(), MuxConfig::default(), &[]);
    let mut out = Outbox::new();
    Run::Again(Box::new(move || {
        let before = mux.machine().expect("running").0;
        for read in &reads {
            mux.handle_remote(Time::ZERO, Transport::Received(read.clone()), &mut out);
        }
        assert!(out.is_empty());
        assert_eq!(mux.machine().expect("running").0 - before, replies);
    }))
}
