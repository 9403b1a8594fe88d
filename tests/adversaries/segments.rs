//! Framing: segments of a byte, silence, claims, nesting, and what never ends.

use nodewire::bytes::Bytes;
use nodewire::link::{MuxLocal, StagedOf, Transport};
use nodewire::state::leios::{ClientCommand, Content, WantedTx};
use nodewire::{Channel, ChannelSpec, Class, Role};

use crate::heap;
use crate::site::{Asked, NOW, Site, Told, at, vote};
use crate::wire::{self, KEEP_ALIVE, Mode, REPLY, REQUEST, array, bytes, hash, head, uint, wide};

/// Item 1: 2.5 MB in segments of one byte each.
#[test]
fn segments_of_one_byte_each() {
    let txs: Vec<Vec<u8>> = (0..150_u8).map(|at| vec![at; 16_384]).collect();
    let block = [1; 32];
    let mut site = Site::with(|config| config.connection.limits.reply_split_target = 2_500_000);
    site.command(ClientCommand::Start);
    let wanted = |(index, tx): (usize, &Vec<u8>)| WantedTx {
        index: index as u32,
        hash: nodewire::codec::leios::Hash32(hash(tx)),
        size: 16_384,
    };
    let wanted = txs.iter().enumerate().map(wanted).collect();
    site.command(ClientCommand::RequestTxs { point: at(NOW, block), txs: wanted });
    let refs: Vec<&[u8]> = txs.iter().map(Vec::as_slice).collect();
    let windows =
        [(0, u64::MAX, &refs[..64]), (1, u64::MAX, &refs[64..128]), (2, !0 << 42, &refs[128..])];
    let reply = wire::deliveries(0, &[wire::txs_delivery(NOW, &block, &windows)]);
    assert!(reply.len() > 2_450_000);
    let stream = wire::segments(Mode::Server, REPLY, &reply, 1);
    let mut most = 0;
    for read in stream.chunks(65_536) {
        site.read(read);
        most = most.max(site.held());
    }
    assert_eq!(site.told, [Told::Txs((0..150).collect())]);
    assert!(most < 2 * reply.len() + 100_000, "{most} bytes held");
    assert!(site.held() < 100_000, "{} bytes held afterwards", site.held());
    site.others_go_on();
}

/// Item 1: one-byte segments of several protocols, one after the other.
#[test]
fn one_byte_segments_of_several_protocols_interleaved() {
    let mut site = Site::listening();
    let hash = [2; 32];
    let news = [
        wire::announcement(&wire::header(0, NOW, 1, &hash)),
        wire::block_offer(NOW, &hash),
        wire::vote_offer(NOW, 7),
    ];
    let streams = [
        (Mode::Client, REPLY, wire::INIT.to_vec()),
        (Mode::Client, REQUEST, wire::ask(0, &[wire::vote_id(NOW, 3)])),
        (Mode::Server, REPLY, wire::news(0, false, &news)),
        (Mode::Client, KEEP_ALIVE, array(&[uint(0), uint(500)])),
    ];
    let longest = streams.iter().map(|(_, _, stream)| stream.len()).max().unwrap();
    for byte in 0..longest {
        for (mode, number, stream) in &streams {
            if let Some(byte) = stream.get(byte) {
                site.say(*mode, *number, &[*byte]);
            }
        }
    }
    assert!(site.is_open());
    let heard = [Told::Announced(NOW, false), Told::BlockOffered, Told::VoteOffered(NOW, 7)];
    assert!(heard.iter().all(|told| site.told.contains(told)), "{:?}", site.told);
    let Asked::Fetch(_, ids) = &site.asked[0] else { panic!() };
    let content = ids.iter().map(vote).collect();
    site.answer(0, Some(content));
    assert_eq!(site.told.last(), Some(&Told::Answered(0)));
    site.others_go_on();
}

/// Item 2: a header, or a part of one, and then silence.
#[test]
fn a_segment_header_and_then_silence() {
    for part in 1..=9 {
        let mut site = Site::opened();
        let segment = wire::segment(Mode::Client, REQUEST, &wire::ask_news(0, 4_096));
        site.read(&segment[..part]);
        site.pass(29);
        assert!(site.is_open());
        site.pass(30);
        assert_eq!(site.fault(), "SegmentTimeout", "after {part} bytes");
    }
}

/// Item 2: each byte comes in time, the segment doesn't.
#[test]
fn a_segment_that_trickles() {
    let mut site = Site::opened();
    let segment = wire::segment(Mode::Client, REQUEST, &[0; 1_000]);
    for (byte, second) in segment.iter().zip((0..).step_by(7)) {
        site.pass(second);
        if !site.is_open() {
            break;
        }
        // Nothing of it is an item yet: an array of three, once the header is there.
        site.read(&[*byte]);
    }
    assert_eq!(site.fault(), "SegmentTimeout");
}

/// Item 3: lengths near 2^64 with nothing behind them.
#[test]
fn claimed_lengths() {
    let claims: Vec<(Mode, u16, Vec<u8>)> = [1 << 40, u64::MAX - 1, u64::MAX]
        .into_iter()
        .flat_map(|claim| {
            let point = wire::point(NOW, &[1; 32]);
            let [bytes, array, map] = [2, 4, 5].map(|major| wide(major, claim));
            let in_id = |item: &[u8]| [&[0x83, 1, 0, 0x81, 0x83, 1][..], &point, item].concat();
            let in_news = |item: &[u8]| {
                [&[0x84, 1, 0, 0xf4, 0x81, 0x82, 0, 0x82, 6, 0xd8, 24][..], item].concat()
            };
            vec![
                (Mode::Client, REQUEST, array.clone()),
                (Mode::Client, REQUEST, [&[0x83, 1, 0][..], &array].concat()),
                (Mode::Client, REQUEST, in_id(&map)),
                (Mode::Client, REPLY, array.clone()),
                (Mode::Client, KEEP_ALIVE, array.clone()),
                (Mode::Server, KEEP_ALIVE, array.clone()),
                (Mode::Server, REPLY, array.clone()),
                (Mode::Server, REPLY, [&[0x84, 1, 0, 0xf4][..], &array].concat()),
                (Mode::Server, REPLY, in_news(&bytes)),
                (Mode::Server, REPLY, [&[0x83, 2, 2][..], &array].concat()),
                (Mode::Server, REPLY, [&[0x83, 2, 2, 0x81, 0x82, 0][..], &map].concat()),
                (Mode::Server, REPLY, [&[0x83, 2, 2, 0x81, 0x82, 2][..], &array].concat()),
            ]
        })
        .collect();
    for (mode, number, claim) in claims {
        let mut site = Site::listening();
        let votes =
            vec![(nodewire::codec::leios::SlotNo(NOW), nodewire::codec::leios::VoteIssuer(1))];
        site.command(ClientCommand::RequestVotes { votes });
        let before = heap::peak();
        site.say(mode, number, &claim);
        assert!(heap::peak() < before + 20_000, "{claim:x?}");
        // What follows is cut off, sooner or later.
        let mut more = 0;
        while site.is_open() && more < 1_000 {
            site.say(mode, number, &[0; 1_000]);
            more += 1;
        }
        assert!(more <= 100, "{claim:x?} went on for {more} kB");
        let reason = site.fault();
        assert!(!reason.is_empty());
    }
}

/// Item 4: nesting deeper than any item goes, in a header and in a vote.
#[test]
fn deeply_nested_items() {
    for open in [0x81_u8, 0x9f, 0xd8] {
        let nest: Vec<u8> = match open {
            0xd8 => [0xd8, 24].repeat(5_000),
            open => vec![open; 10_000],
        };
        let mut site = Site::listening();
        let head = [&[0x84, 1, 0, 0xf4, 0x81, 0x82, 0][..], &nest].concat();
        site.reply(&head);
        let reason = site.fault();
        assert!(["NotWellFormed", "TooDeep", "Decode"].contains(&reason), "{reason}");
    }
}

/// Item 4: indefinite items that never end are cut at the limit of their request.
#[test]
fn indefinite_items_that_never_end() {
    let votes = vec![(nodewire::codec::leios::SlotNo(NOW), nodewire::codec::leios::VoteIssuer(1))];
    for inner in [&[0x5f_u8, 0x41, 0][..], &[0x9f, 0], &[0xbf, 0, 0]] {
        let mut site = Site::new();
        site.command(ClientCommand::Start);
        site.command(ClientCommand::RequestVotes { votes: votes.clone() });
        let start = [&[0x83, 2, 0, 0x9f][..], &inner[..1]].concat();
        site.say(Mode::Server, REPLY, &start);
        let mut sent = start.len();
        while site.is_open() && sent < 10_000 {
            site.say(Mode::Server, REPLY, &inner[1..]);
            sent += inner.len() - 1;
        }
        // 64 and 128 bytes are the most that the answer to one vote takes (8.5).
        assert!(sent <= 193, "{sent} bytes of {inner:x?}");
        assert_eq!(site.fault(), "MessageTooLarge");
    }
}

/// Item 5: a reply is cut at the limit for its request, not at 2.5 MB.
#[test]
fn a_reply_that_never_completes() {
    let mut site = Site::new();
    site.command(ClientCommand::Start);
    site.command(ClientCommand::RequestBlock { point: at(NOW, [1; 32]), size: 20_000 });
    let start = [&[0x83, 2, 0, 0x81, 0x82, 0][..], &head(5, 14_000)].concat();
    site.say(Mode::Server, REPLY, &start);
    let mut sent = start.len();
    let mut most = 0;
    for number in 0_u32..14_000 {
        if !site.is_open() {
            break;
        }
        let mut key = [0; 32];
        key[..4].copy_from_slice(&number.to_be_bytes());
        let entry = [bytes(&key), uint(100)].concat();
        sent += entry.len();
        site.say(Mode::Server, REPLY, &entry);
        most = most.max(site.held());
    }
    assert_eq!(site.fault(), "MessageTooLarge");
    assert!((20_000..20_200).contains(&sent), "{sent}");
    assert!(most < 60_000, "{most}");
}

/// Item 5: notifications likewise: no more than what is still wanted of them.
#[test]
fn news_that_never_complete() {
    let mut site = Site::listening();
    site.say(Mode::Server, REPLY, &[0x84, 1, 0, 0xf4, 0x9f]);
    let mut sent = 0;
    while site.is_open() && sent < 1_000_000 {
        let offers = wire::vote_offer(NOW, 1).repeat(100);
        sent += offers.len();
        site.say(Mode::Server, REPLY, &offers);
    }
    assert_eq!(site.fault(), "MessageTooLarge");
    assert!(sent < 140_000, "{sent} bytes");
}

/// Item 6: what is wrong is found at once, not when the rest has come.
#[test]
fn wrong_messages_that_look_incomplete() {
    let wrong: &[(Mode, u16, &[u8])] = &[
        // An unknown leading integer, another arity, another type; none of them whole.
        (Mode::Client, REQUEST, &[0x83, 9]),
        (Mode::Client, REQUEST, &[0x84, 1]),
        (Mode::Client, REQUEST, &[0xa1]),
        (Mode::Client, REQUEST, &[0x83, 1, 0x61]),
        (Mode::Client, REQUEST, &[0x83, 1, 0, 0xa0]),
        (Mode::Client, REPLY, &[0x82, 5]),
        (Mode::Client, REPLY, &[0x9f]),
        (Mode::Client, KEEP_ALIVE, &[0x83, 0]),
        (Mode::Client, KEEP_ALIVE, &[0x82, 7]),
        (Mode::Server, REPLY, &[0x84, 1, 0, 0]),
        (Mode::Server, REPLY, &[0x84, 2]),
        (Mode::Server, REPLY, &[0x83, 2, 0x41]),
        (Mode::Server, REPLY, &[0xff]),
        (Mode::Server, REPLY, &[0x1c]),
        (Mode::Server, REQUEST, &[0x83, 0]),
    ];
    for (mode, number, message) in wrong {
        let mut site = Site::listening();
        site.say(*mode, *number, message);
        assert!(!site.is_open(), "{message:x?} on {number} waits for more");
        site.fault();
    }
}

/// Good messages before a bad one in the same segment are told; nothing after it is.
#[test]
fn good_messages_before_a_bad_one_are_told() {
    let hash = [3; 32];
    let first = wire::news(0, false, &[wire::announcement(&wire::header(0, NOW, 1, &hash))]);
    let good = [
        wire::news(0, false, &[wire::vote_offer(NOW, 3)]),
        wire::news(0, false, &[wire::vote_offer(NOW, 4)]),
    ]
    .concat();
    let bad = wire::deliveries(77, &[]);
    let after = wire::news(0, false, &[wire::vote_offer(NOW, 5)]);
    let stream = wire::segment(Mode::Server, REPLY, &[good, bad, after].concat());
    for size in [1, 2, 3, 7, 16, stream.len()] {
        let mut site = Site::listening();
        site.reply(&first);
        stream.chunks(size).for_each(|read| site.read(read));
        assert_eq!(site.fault(), "NoSuchRequest");
        let told = [3, 4].map(|issuer| Told::VoteOffered(NOW, issuer));
        assert_eq!(site.told[1..], told);
    }
}

#[test]
fn segments_for_nobody() {
    let cases: [(Vec<u8>, &str); 4] = [
        (wire::segment(Mode::Client, 99, &[0]), "UnknownProtocol"),
        (wire::segment(Mode::Client, 18, &[0]), "UnknownProtocol"),
        (vec![0, 0, 0, 0, 0, 24, 0, 0], "ZeroLengthSegment"),
        (wire::segment(Mode::Client, 0, &[0x82, 0, 0xa0]), "UnknownProtocol"),
    ];
    for (stream, reason) in cases {
        let mut site = Site::opened();
        site.read(&stream);
        assert_eq!(site.fault(), reason);
    }
    let mut site = Site::opened();
    site.read(&wire::segment(Mode::Client, REQUEST, &[0; 40])[..20]);
    site.transport(Transport::Closed);
    assert!(["Truncated", "NotWellFormed", "TypeMismatch", "Decode"].contains(&site.fault()));
}

/// Item 25: BlockFetch keeps its queue full. Leios moves all the same, one segment in 17, and
/// BlockFetch never waits for more than one segment of Leios.
#[test]
fn block_fetch_saturates_the_connection() {
    let fetch = Channel::new(3, Role::Responder);
    let mut site = Site::with_credit(2_000, |config| {
        config.foreign =
            vec![ChannelSpec { channel: fetch, ingress: 1 << 20, class: Class::Praos }];
        config.connection.limits.reply_split_target = 2_500_000;
    });
    site.say(Mode::Client, REPLY, wire::INIT);
    let block: Vec<([u8; 32], u64)> = (0..10_000_u32)
        .map(|at| {
            let mut hash = [0; 32];
            hash[..4].copy_from_slice(&at.to_be_bytes());
            (hash, 100)
        })
        .collect();
    let block = wire::block_claiming(&block);
    let name = hash(&block);
    site.request(&wire::ask(0, &[wire::block_id(NOW, &name)]));
    let block = nodewire::codec::leios::LinearLeiosBlock::from_raw(Bytes::from(block)).unwrap();
    let fill = |site: &mut Site| {
        let bytes = Bytes::from(vec![7; 100_000]);
        while site
            .foreign(StagedOf::Second(MuxLocal::Foreign { channel: fetch, bytes: bytes.clone() }))
            .is_ok()
        {}
    };
    fill(&mut site);
    site.answer(0, Some(vec![Content::Block(block)]));
    let (mut leios, mut praos, mut row, mut seen) = (0, 0, 0, 0);
    let mut numbers = Vec::new();
    while leios < 360_000 {
        site.transport(Transport::Writable(12_296));
        fill(&mut site);
        let mut rest = &site.sent[seen..];
        while let Some((header, after)) = rest.split_first_chunk::<8>() {
            let number = u16::from_be_bytes([header[4], header[5]]) & 0x7fff;
            let length = usize::from(u16::from_be_bytes([header[6], header[7]]));
            let Some(after) = after.get(length..) else { break };
            rest = after;
            seen += 8 + length;
            numbers.push(number);
            if number == REPLY {
                leios += length;
                row = 0;
            } else {
                praos += length;
                row += 1;
            }
            assert!(row <= 17, "Leios starves");
        }
        assert!(numbers.len() < 2_000, "Leios doesn't move: {leios} bytes");
    }
    let two_in_a_row = numbers.windows(2).filter(|pair| pair[0] == REPLY && pair[1] == REPLY);
    assert_eq!(two_in_a_row.count(), 0);
    assert!(praos > 15 * leios, "{praos} and {leios}");
    assert!(leios >= 360_000);
    site.others_go_on();
}
