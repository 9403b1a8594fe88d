//! Adversaries that answer: our client and what it asked for.

use nodewire::codec::leios::{Hash32, SlotNo, VoteIssuer};
use nodewire::state::leios::{ClientCommand, WantedTx};

use crate::site::{NOW, Site, Told, at};
use crate::wire::{self, Mode, REPLY, bytes, hash, uint};

type Txs = &'static [&'static [u8]];

/// Windows of a delivery: number, bitmap, transactions.
type Windows = &'static [(u64, u64, Txs)];

fn asking() -> Site {
    let mut site = Site::new();
    site.command(ClientCommand::Start);
    site
}

fn want_votes(site: &mut Site, issuers: std::ops::Range<u16>) {
    let votes = issuers.map(|issuer| (SlotNo(NOW), VoteIssuer(issuer))).collect();
    site.command(ClientCommand::RequestVotes { votes });
}

fn want_txs(site: &mut Site, slot: u64, name: u8, txs: &[(u32, &[u8])]) {
    let wanted = |(index, tx): &(u32, &[u8])| WantedTx {
        index: *index,
        hash: Hash32(hash(tx)),
        size: tx.len() as u32,
    };
    let txs = txs.iter().map(wanted).collect();
    site.command(ClientCommand::RequestTxs { point: at(slot, [name; 32]), txs });
}

/// Item 10: replies to requests completed, to come, of the wrong kind, twice.
#[test]
fn replies_that_answer_nothing() {
    let vote = |issuer| wire::vote_delivery(NOW, issuer);
    let good = wire::deliveries(0, &[vote(1)]);
    let news = |no| wire::news(no, false, &[wire::vote_offer(NOW, 1)]);
    for (before, bad, reason) in [
        (true, good.clone(), "NoSuchRequest"),
        (true, news(0), "NoSuchRequest"),
        (false, wire::deliveries(1, &[vote(1)]), "NoSuchRequest"),
        (false, wire::deliveries(u64::MAX, &[vote(1)]), "NoSuchRequest"),
        (false, news(0), "ReplyKindMismatch"),
        (false, news(7), "NoSuchRequest"),
        (false, wire::INIT.to_vec(), "UnexpectedMessage"),
    ] {
        let mut site = asking();
        want_votes(&mut site, 1..2);
        if before {
            site.reply(&good);
            assert_eq!(site.told, [Told::Vote(1)]);
        }
        site.reply(&bad);
        assert_eq!(site.fault(), reason, "{bad:x?}");
        assert_eq!(site.told.len(), usize::from(before));
    }
    let mut site = Site::listening();
    site.reply(&wire::deliveries(0, &[]));
    assert_eq!(site.fault(), "ReplyKindMismatch");
}

/// Item 10: two good replies and then the second of them again, in one read.
#[test]
fn a_reply_twice_in_one_read() {
    let mut site = asking();
    want_votes(&mut site, 1..2);
    want_votes(&mut site, 2..3);
    let first = wire::deliveries(0, &[wire::vote_delivery(NOW, 1)]);
    let second = wire::deliveries(1, &[wire::vote_delivery(NOW, 2)]);
    site.reply(&[first, second.clone(), second].concat());
    assert_eq!(site.fault(), "NoSuchRequest");
    assert_eq!(site.told, [Told::Vote(1), Told::Vote(2)]);
}

/// Item 16: blocks that are not the one asked for, or not as announced.
#[test]
fn blocks_that_do_not_match() {
    let block = wire::block(&[b"one", b"two"]);
    let other = wire::block(&[b"one", b"2ND"]);
    assert_eq!(block.len(), other.len());
    let point = at(NOW, hash(&block));
    let twice = wire::block_claiming(&[([7; 32], 3), ([7; 32], 3)]);
    let zero = wire::block_claiming(&[([7; 32], 0)]);
    let huge = wire::block_claiming(&[([7; 32], 16_385)]);
    let of = |block: &[u8]| wire::deliveries(0, &[wire::block_delivery(block)]);
    let both = wire::deliveries(0, &[wire::block_delivery(&block), wire::block_delivery(&block)]);
    let cases: [(Vec<u8>, usize, [u8; 32], &str); 7] = [
        (of(&other), block.len(), hash(&block), "BlockMismatch"),
        (of(&block), block.len() + 1, hash(&block), "BlockMismatch"),
        (of(&block), block.len() - 1, hash(&block), "BlockMismatch"),
        (of(&twice), twice.len(), hash(&twice), "Decode"),
        (of(&zero), zero.len(), hash(&zero), "BlockMismatch"),
        (of(&huge), huge.len(), hash(&huge), "BlockMismatch"),
        (both, block.len(), hash(&block), "DuplicateDeliverable"),
    ];
    for (reply, size, name, reason) in cases {
        let mut site = asking();
        let (point, size) = (at(NOW, name), size as u32);
        site.command(ClientCommand::RequestBlock { point, size });
        site.reply(&reply);
        let fault = site.fault();
        let decode = reason == "Decode" && format!("{:?}", site.ending()).contains("Duplicate");
        // Two blocks of 36 bytes exceed what one may take: cut before it is read.
        let cut = reason == "DuplicateDeliverable" && fault == "MessageTooLarge";
        assert!(fault == reason || decode || cut, "{fault}, not {reason}");
        assert!(site.told.is_empty());
    }
    let mut site = asking();
    site.command(ClientCommand::RequestBlock { point, size: block.len() as u32 });
    site.reply(&of(&block));
    assert_eq!(site.told, [Told::Block(block.len())]);
}

/// Item 16: the transactions are of other sizes, or others, than the block says.
#[test]
fn transactions_that_do_not_match() {
    for (good, bad) in [(&b"tx"[..], &b"txx"[..]), (b"tx", b"t"), (b"tx", b"ty")] {
        let mut site = asking();
        want_txs(&mut site, NOW, 1, &[(0, good)]);
        let txs: &[&[u8]] = &[bad];
        let windows = [(0, 1 << 63, txs)];
        site.reply(&wire::deliveries(0, &[wire::txs_delivery(NOW, &[1; 32], &windows)]));
        assert_eq!(site.fault(), "TxMismatch");
    }
}

/// Item 17, delivered: bitmaps that are not the request's.
#[test]
fn bitmaps_that_do_not_fit_the_request() {
    let (a, b): (&[u8], &[u8]) = (b"a", b"b");
    const FIRST: u64 = 1 << 63;
    let cases: [(Windows, &str); 9] = [
        (&[(0, FIRST | 1, &[b"a", b"x"]), (1, FIRST, &[b"b"])], "BitmapNotSubset"),
        (&[(0, 1, &[b"a"]), (1, FIRST, &[b"b"])], "BitmapNotSubset"),
        (&[(0, FIRST, &[b"a"]), (2, FIRST, &[b"b"])], "UnrequestedContent"),
        (&[(0, FIRST, &[b"a", b"a"]), (1, FIRST, &[b"b"])], "BitmapCountMismatch"),
        (&[(0, FIRST, &[]), (1, FIRST, &[b"b"])], "EmptyList"),
        (&[(0, 0, &[b"a"]), (1, FIRST, &[b"b"])], "ZeroBitmap"),
        (&[(1, FIRST, &[b"b"]), (0, FIRST, &[b"a"])], "WindowsNotAscending"),
        (&[(0, FIRST, &[b"a"]), (0, FIRST, &[b"a"])], "WindowsNotAscending"),
        (&[(0, FIRST, &[b"a"])], "MissingDeliverable"),
    ];
    for (windows, reason) in cases {
        let mut site = asking();
        want_txs(&mut site, NOW, 1, &[(0, a), (64, b)]);
        site.reply(&wire::deliveries(0, &[wire::txs_delivery(NOW, &[1; 32], windows)]));
        let fault = site.fault();
        let ending = format!("{:?}", site.ending());
        assert!(fault == reason || ending.contains(reason), "{ending}, not {reason}");
        assert!(site.told.is_empty());
    }
    let mut site = asking();
    want_txs(&mut site, NOW, 1, &[(0, a), (64, b)]);
    let one: Windows = &[(0, FIRST, &[b"a"])];
    let delivery = wire::txs_delivery(NOW, &[1; 32], one);
    site.reply(&wire::deliveries(0, &[delivery.clone(), delivery]));
    assert_eq!(site.fault(), "DuplicateDeliverable");
}

/// What nobody asked for, in a reply that answers something.
#[test]
fn content_that_was_not_asked_for() {
    let vote = wire::vote_delivery(NOW, 1);
    let cases = [
        (vec![vote.clone(), wire::vote_delivery(NOW, 2)], "VoteMismatch"),
        (vec![vote.clone(), vote], "DuplicateDeliverable"),
        (vec![wire::vote_delivery(NOW + 1, 1)], "VoteMismatch"),
        (vec![wire::block_delivery(&wire::block(&[b"tx"]))], "UnrequestedContent"),
    ];
    for (items, reason) in cases {
        let mut site = asking();
        want_votes(&mut site, 1..2);
        site.reply(&wire::deliveries(0, &items));
        let fault = site.fault();
        assert!(fault == reason || fault == "MessageTooLarge", "{fault}, not {reason}");
        assert!(site.told.is_empty());
    }
}

/// Item 18: left out on the pretext of overlap, though no other reply carried it.
#[test]
fn withholding_on_the_pretext_of_overlap() {
    // Nothing overlaps.
    let mut site = asking();
    want_votes(&mut site, 1..3);
    site.reply(&wire::deliveries(0, &[wire::vote_delivery(NOW, 1)]));
    assert_eq!(site.fault(), "MissingDeliverable");

    // It overlaps, but the other reply left it out too.
    let mut site = asking();
    want_txs(&mut site, NOW, 1, &[(0, b"a"), (1, b"b")]);
    want_txs(&mut site, NOW, 2, &[(0, b"a")]);
    site.reply(&wire::deliveries(1, &[]));
    assert_eq!(site.fault(), "MissingDeliverable");

    // It was carried, but before this request was sent.
    let mut site = asking();
    want_txs(&mut site, NOW, 1, &[(0, b"a")]);
    want_txs(&mut site, NOW, 1, &[(1, b"b")]);
    let txs: Windows = &[(0, 1 << 63, &[b"a"])];
    site.reply(&wire::deliveries(0, &[wire::txs_delivery(NOW, &[1; 32], txs)]));
    want_txs(&mut site, NOW, 2, &[(0, b"a")]);
    site.reply(&wire::deliveries(2, &[]));
    assert_eq!(site.fault(), "MissingDeliverable");
    assert_eq!(site.told, [Told::Txs(vec![0])]);
}

/// Item 19: three requests that share everything, answered in each of six orders: the first
/// answered carries all, the others nothing; and each may also carry it again.
#[test]
fn overlap_chains_in_every_order() {
    const BITS: u64 = 0b111 << 61;
    let all: Windows = &[(0, BITS, &[b"a", b"b", b"c"])];
    let wanted: [(u32, &[u8]); 3] = [(0, b"a"), (1, b"b"), (2, b"c")];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0_u64]] {
        for again in [false, true] {
            let mut site = asking();
            for name in 0..3 {
                want_txs(&mut site, NOW, name, &wanted);
            }
            for (turn, no) in order.into_iter().enumerate() {
                let full = wire::txs_delivery(NOW, &[no as u8; 32], all);
                let items = if turn == 0 || again { vec![full] } else { Vec::new() };
                site.reply(&wire::deliveries(no, &items));
                assert!(site.is_open(), "{order:?}");
            }
            let txs = site.told.iter().filter(|told| matches!(told, Told::Txs(_))).count();
            let excused = site.told.iter().filter(|told| **told == Told::Excused(3)).count();
            assert_eq!((txs, excused), if again { (3, 0) } else { (1, 2) });
            assert!(site.held() < 40_000, "{} bytes", site.held());
            site.others_go_on();
        }
    }
}

/// Item 21: the end with everything outstanding is no violation; a reply after it is.
#[test]
fn the_end_with_everything_outstanding() {
    let mut site = Site::listening();
    want_votes(&mut site, 0..300);
    want_txs(&mut site, NOW, 1, &[(0, b"a"), (1, b"b")]);
    site.reply(wire::DONE);
    assert!(site.is_open());
    assert_eq!(site.told, [Told::Failed(301)]);
    assert!(site.sent.ends_with(wire::DONE_REQUEST));
    site.others_go_on();
    site.reply(wire::DONE);
    assert_eq!(site.fault(), "MessageAfterDone");
}

/// Item 21: replies before MsgLeiosInit, and messages only a client sends.
#[test]
fn replies_before_the_beginning() {
    for message in [
        wire::deliveries(0, &[]),
        wire::news(0, false, &[wire::vote_offer(NOW, 1)]),
        wire::DONE.to_vec(),
        wire::INIT.to_vec(),
    ] {
        let mut site = Site::new();
        site.say(Mode::Server, REPLY, &message);
        assert_eq!(site.fault(), "UnexpectedMessage");
    }
    let mut site = asking();
    site.say(Mode::Server, wire::REQUEST, wire::DONE_REQUEST);
    assert_eq!(site.fault(), "UnexpectedMessage");
    // A signature of 47 bytes.
    let mut site = asking();
    want_votes(&mut site, 1..2);
    let vote = wire::array(&[uint(NOW), bytes(&[9; 32]), uint(1), bytes(&[3; 47])]);
    site.reply(&wire::deliveries(0, &[wire::array(&[uint(2), vote])]));
    assert!(format!("{:?}", site.ending()).contains("BadSignatureLength"));
    site.fault();
}
