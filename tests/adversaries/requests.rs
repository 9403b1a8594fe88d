//! Adversaries that ask: our server under requests.

use nodewire::bytes::Bytes;
use nodewire::codec::leios::{DeliverableId, Hash32};
use nodewire::link::Transport;
use nodewire::state::leios::Content;

use crate::site::{Asked, NOW, Site, Told, vote};
use crate::wire::{self, KEEP_ALIVE, Mode, REPLY, array, uint, wide};

fn votes(from: u64, count: u64) -> Vec<Vec<u8>> {
    (from..from + count).map(|issuer| wire::vote_id(NOW, issuer)).collect()
}

/// Item 7.
#[test]
fn request_numbers_repeated_skipped_and_at_the_end() {
    for (before, no) in [(0, 1), (0, u64::MAX), (1, 0), (1, 2), (2, 1), (2, u64::MAX)] {
        let mut site = Site::opened();
        for good in 0..before {
            site.request(&wire::ask_news(good, 4_096));
        }
        assert!(site.is_open());
        site.request(&wire::ask_news(no, 4_096));
        assert_eq!(site.fault(), "BadRequestNo");
        let mut site = Site::opened();
        (0..before).for_each(|good| site.request(&wire::ask_news(good, 4_096)));
        site.request(&wire::ask(no, &votes(0, 1)));
        assert_eq!(site.fault(), "BadRequestNo");
    }
}

/// Item 8: the limits in every mixture, against the arithmetic of 8.2.
#[test]
fn the_limits_of_requests_in_every_mixture() {
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..60_u64 {
        let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut next = |below: u64| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random % below
        };
        let mut site = Site::opened();
        let (mut no, mut bytes, mut count, mut issuer) = (0, 0, 0, 0);
        let most = [3, 100, 300, 1_200][(seed % 4) as usize];
        loop {
            let message = if seed % 3 == 0 || next(2) == 0 {
                wire::ask_news(no, 2_048 + next(60_000))
            } else {
                let ids = votes(issuer, 1 + next(most));
                issuer += ids.len() as u64;
                wire::ask(no, &ids)
            };
            let ids = if message[1] == 0 { 1 } else { message_ids(&message) };
            let legal = bytes < 10_000 && count < 1_000;
            let reason = if bytes >= 10_000 { "TooManyRequestBytes" } else { "TooManyRequests" };
            site.request(&message);
            assert_eq!(site.is_open(), legal, "{bytes} bytes, {count} requests");
            if !legal {
                assert_eq!(site.fault(), reason);
                seen.insert(reason);
                break;
            }
            bytes += message.len();
            count += ids;
            no += 1;
        }
    }
    assert_eq!(seen.len(), 2, "{seen:?}");
}

/// How many ids a request for votes names.
fn message_ids(message: &[u8]) -> usize {
    let list = &message[message.len().min(3)..];
    let skip = match message[2] {
        0..=23 => 0,
        24 => 1,
        25 => 2,
        _ => 4,
    };
    match list[skip] {
        short @ 0x80..=0x97 => usize::from(short - 0x80),
        0x98 => usize::from(list[skip + 1]),
        _ => usize::from(u16::from_be_bytes([list[skip + 1], list[skip + 2]])),
    }
}

/// Item 8: a first message of 65,535 bytes is legal, one byte more isn't.
#[test]
fn a_first_message_of_65535_bytes() {
    let of = |total: usize| {
        let mut ids = votes(1_000, 6_552);
        let short = |ids: &[Vec<u8>]| wire::ask(0, ids).len();
        // Wider heads make up the difference.
        let mut at = 0;
        while short(&ids) < total {
            let missing = total - short(&ids);
            let issuer = 1_000 + at as u64;
            let mut id = vec![0x83, 2];
            id.extend(wire::uint(NOW));
            id.extend(if missing >= 6 { wide(0, issuer) } else { wire::uint(issuer) });
            if missing < 6 {
                id = vec![0x83];
                id.extend(match missing {
                    1 => vec![0x18, 2],
                    2 => vec![0x19, 0, 2],
                    4 => vec![0x1a, 0, 0, 0, 2],
                    3 => vec![0x19, 0, 2],
                    _ => vec![0x1a, 0, 0, 0, 2],
                });
                id.extend(wire::uint(NOW));
                id.extend(wire::uint(issuer));
            }
            ids[at] = id;
            at += 1;
        }
        let message = wire::ask(0, &ids);
        assert_eq!(message.len(), total);
        message
    };
    let mut site = Site::opened();
    site.request(&of(65_535));
    assert!(site.is_open());
    assert_eq!(site.asked.len(), 1);
    site.request(&wire::ask_news(1, 4_096));
    assert_eq!(site.fault(), "TooManyRequestBytes");

    let mut site = Site::opened();
    site.request(&of(65_536));
    assert_eq!(site.fault(), "MessageTooLarge");
    assert!(site.asked.is_empty());
}

/// Item 8: transaction bits.
#[test]
fn more_transactions_than_may_be_outstanding() {
    let windows: Vec<_> = (0..222).map(|at| (at, u64::MAX)).collect();
    let mut site = Site::opened();
    for no in 0..5 {
        site.request(&wire::ask(no, &[wire::txs_id(NOW, &[no as u8; 32], &windows)]));
        assert!(site.is_open(), "{no}");
        // Bytes are not to be what is broken: each of these takes 2.4 kB.
        if no == 3 {
            break;
        }
    }
    assert_eq!(site.asked.len(), 4);
    let windows: Vec<_> = (0..300).map(|at| (at, u64::MAX)).collect();
    site.request(&wire::ask(4, &[wire::txs_id(NOW, &[9; 32], &windows)]));
    assert_eq!(site.fault(), "TooManyTxs");
}

/// Item 9.
#[test]
fn notification_requests_below_the_least_and_thousands_of_them() {
    for size in [0, 1, 2_047] {
        let mut site = Site::opened();
        site.request(&wire::ask_news(0, size));
        assert_eq!(site.fault(), "NotificationRequestTooSmall");
    }
    let mut site = Site::opened();
    for no in 0..1_000 {
        site.request(&wire::ask_news(no, 65_535));
        assert!(site.is_open(), "{no}");
    }
    assert!(site.held() < 120_000, "{} bytes", site.held());
    site.request(&wire::ask_news(1_000, 65_535));
    assert_eq!(site.fault(), "TooManyRequests");
}

/// Item 17, asked for: bitmaps of no form.
#[test]
fn bitmaps_that_no_request_may_hold() {
    let hash = [1; 32];
    let cases: [(&[(u64, u64)], &str); 5] = [
        (&[(0, 0)], "ZeroBitmap"),
        (&[(1, 1), (0, 1)], "WindowsNotAscending"),
        (&[(1, 1), (1, 2)], "WindowsNotAscending"),
        (&[(65_536, 1)], "IntegerOutOfRange"),
        (&[], "EmptyBitmapMap"),
    ];
    for (windows, kind) in cases {
        let mut site = Site::opened();
        site.request(&wire::ask(0, &[wire::txs_id(NOW, &hash, windows)]));
        let ending = format!("{:?}", site.ending());
        assert!(ending.contains(kind), "{ending}");
        site.fault();
    }
    let mut site = Site::opened();
    let twice = [wire::txs_id(NOW, &hash, &[(0, 1)]), wire::txs_id(NOW, &hash, &[(1, 1)])];
    site.request(&wire::ask(0, &twice));
    assert_eq!(site.fault(), "DuplicateId");
}

/// Item 17: bits beyond the block, as the answer shows.
#[test]
fn bits_beyond_the_block() {
    let mut site = Site::opened();
    // Transaction 64 of a block of 64.
    site.request(&wire::ask(0, &[wire::txs_id(NOW, &[1; 32], &[(1, 1 << 63)])]));
    site.answer(0, Some(vec![Content::Txs { count: 64, txs: Vec::new() }]));
    assert_eq!(site.fault(), "TxIndexOutOfRange");
}

/// Item 21, asked: requests before MsgLeiosInit wait for it; none may come after the end.
#[test]
fn requests_before_the_beginning_and_after_the_end() {
    let mut site = Site::new();
    site.request(&wire::ask(0, &votes(1, 1)));
    site.request(&wire::ask_news(1, 4_096));
    assert!(site.is_open() && site.told.is_empty());
    let Asked::Fetch(_, ids) = &site.asked[0] else { panic!() };
    let content = ids.iter().map(vote).collect();
    site.answer(0, Some(content));
    assert!(site.told.is_empty(), "answered before MsgLeiosInit");
    site.say(Mode::Client, REPLY, wire::INIT);
    assert_eq!(site.told, [Told::Opened, Told::Answered(0)]);
    site.say(Mode::Client, REPLY, wire::INIT);
    assert_eq!(site.fault(), "UnexpectedMessage");

    let mut site = Site::opened();
    site.request(&wire::ask(0, &votes(1, 1)));
    site.request(wire::DONE_REQUEST);
    assert_eq!(site.told[1..], [Told::Finishing]);
    assert!(site.is_open());
    site.request(&wire::ask(1, &votes(1, 1)));
    assert_eq!(site.fault(), "MessageAfterDone");

    for (mode, message) in
        [(Mode::Client, wire::DONE), (Mode::Client, &wire::deliveries(0, &[])[..])]
    {
        let mut site = Site::opened();
        site.say(mode, REPLY, message);
        assert_eq!(site.fault(), "UnexpectedMessage");
    }
}

/// Item 22: the store loses what was offered: our own fault, by name.
#[test]
fn a_store_that_loses_content() {
    let mut site = Site::opened();
    site.request(&wire::ask(0, &votes(1, 2)));
    site.request(&wire::ask(1, &votes(3, 1)));
    let Asked::Fetch(_, ids) = &site.asked[1] else { panic!() };
    let content = ids.iter().map(vote).collect();
    site.answer(1, Some(content));
    site.answer(0, None);
    assert_eq!(site.fault(), "NotAvailable");
    assert_eq!(site.told, [Told::Opened, Told::Answered(1)]);
}

/// An application that answers nothing: questions are bounded, what waits is held, then it ends.
#[test]
fn requests_that_nobody_answers() {
    let mut site = Site::opened_with(|config| {
        config.connection.limits.max_open_asks = 4;
        config.connection.limits.max_outstanding_requests = 100_000;
        config.connection.limits.max_outstanding_request_bytes = 1_000_000;
    });
    let mut no = 0;
    while site.is_open() && no < 100_000 {
        let before = site.held();
        site.request(&wire::ask(no, &votes(1, 1)));
        assert!(site.held() < 4_000_000, "{before}");
        no += 1;
    }
    assert_eq!(site.asked.len(), 4);
    assert_eq!(site.fault(), "IngressOverflow");
}

/// Answers in any order, large content: what is held stays under `max_provided_bytes`.
#[test]
fn content_is_asked_for_as_far_as_there_is_room() {
    let mut site = Site::opened_with(|config| {
        config.connection.limits.max_provided_bytes = 1_100_000;
    });
    for no in 0..20 {
        site.request(&wire::ask(no, &[wire::block_id(NOW, &[no as u8; 32])]));
    }
    assert!(site.is_open());
    assert_eq!(site.asked.len(), 2, "blocks of 512,000 bytes at worst");
    let small = wire::block(&[b"tx"]);
    let block = nodewire::codec::leios::LinearLeiosBlock::from_raw(Bytes::from(small)).unwrap();
    let mut answered = 0;
    while !site.asked.is_empty() {
        let Asked::Fetch(_, ids) = site.asked.last().unwrap() else { panic!() };
        assert!(
            matches!(ids[..], [DeliverableId::LinearLeiosBlockId(point)] if point.hash != Hash32([99; 32]))
        );
        site.answer(site.asked.len() - 1, Some(vec![Content::Block(block.clone())]));
        answered += 1;
    }
    assert_eq!(answered, 20);
    site.others_go_on();
}

/// Pings without end from one who reads nothing: what waits weighs its bytes, up to `egress_cap`.
#[test]
fn a_flood_of_pings_and_nobody_reads() {
    let cap = 300_000;
    let mut site = Site::with_credit(2_000, |config| config.mux.egress_cap = cap);
    let ping = array(&[uint(0), uint(9)]).repeat(1_000);
    let mut most = 0;
    for _ in 0..200 {
        if site.is_open() {
            site.say(Mode::Client, KEEP_ALIVE, &ping);
            most = most.max(site.held());
        }
    }
    assert_eq!(site.fault(), "egress_cap");
    assert!(most <= 3 * cap, "{most} bytes of {cap}");
}

/// A read at a time, one byte each, with credit of one byte each: nothing grows.
#[test]
fn credit_of_one_byte_at_a_time() {
    let mut site = Site::with_credit(2_000, |_| {});
    site.say(Mode::Client, REPLY, wire::INIT);
    for no in 0..50 {
        site.request(&wire::ask(no, &votes(1, 1)));
        let Asked::Fetch(_, ids) = &site.asked[0] else { panic!() };
        let content = ids.iter().map(vote).collect();
        site.answer(0, Some(content));
    }
    let start = site.held();
    for _ in 0..20_000 {
        site.transport(Transport::Writable(1));
        assert!(site.held() <= start + 13_000);
    }
    assert_eq!(site.told.iter().filter(|told| matches!(told, Told::Answered(_))).count(), 50);
    site.others_go_on();
}
