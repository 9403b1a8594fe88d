//! Adversaries that tell: our client under notifications.

use nodewire::state::leios::Verdict;

use crate::site::{Asked, NOW, Site, Told};
use crate::wire::{self, array, bytes, uint, wide};

/// Bytes of each notification request of a listening client, and of its credit at the beginning.
const CHUNK: u64 = 32_768;
const CREDIT: u64 = 65_536;

/// Says what it says in the right numbers, with the right flags.
struct Teller {
    site: Site,
    position: u64,
}

impl Teller {
    fn new() -> Self {
        Self::to(Site::listening())
    }

    fn to(site: Site) -> Self {
        Self { site, position: 0 }
    }

    fn no(&self) -> u64 {
        self.position / CHUNK
    }

    /// Many notifications, in as few messages as may be.
    fn tell(&mut self, items: &[Vec<u8>]) {
        let mut list = Vec::new();
        for item in items {
            let no = self.no();
            self.position += item.len() as u64;
            list.push(item.clone());
            if self.no() != no {
                self.site.reply(&wire::news(no, true, &std::mem::take(&mut list)));
            }
        }
        if !list.is_empty() {
            let no = self.no();
            self.site.reply(&wire::news(no, false, &list));
        }
    }

    fn announce(&mut self, slot: u64, pool: u8, hash: &[u8; 32]) {
        self.tell(&[wire::announcement(&wire::header(0, slot, pool, hash))]);
    }

    /// Tells harmless things until the next thing told stands at `position`.
    fn fill(&mut self, position: u64) {
        let hash = [200; 32];
        self.announce(NOW, 200, &hash);
        let slot = [0x1b_u8].iter().chain(&NOW.to_be_bytes()).copied().collect::<Vec<u8>>();
        while self.position < position {
            let offer = match position - self.position {
                // 44 bytes with the wide slot, 40 with the short one, 10 for a vote.
                left if left >= 200 => wire::block_offer(NOW, &hash),
                left => {
                    let head = |wide: usize| match wide {
                        0 => wire::uint(3),
                        1 => vec![0x18, 3],
                        2 => vec![0x19, 0, 3],
                        4 => vec![0x1a, 0, 0, 0, 3],
                        _ => [&[0x1b][..], &3_u64.to_be_bytes()].concat(),
                    };
                    let issuer = |wide: usize| match wide {
                        0 => wire::uint(1),
                        1 => vec![0x18, 1],
                        2 => vec![0x19, 0, 1],
                        4 => vec![0x1a, 0, 0, 0, 1],
                        _ => [&[0x1b][..], &1_u64.to_be_bytes()].concat(),
                    };
                    let sizes = [0_usize, 1, 2, 4, 8];
                    let all = sizes.iter().flat_map(|a| sizes.iter().map(move |b| (*a, *b)));
                    let made = all.flat_map(|(a, b)| {
                        [wire::uint(NOW), slot.clone()]
                            .map(|slot| array(&[head(a), slot, issuer(b)]))
                    });
                    let made: Vec<Vec<u8>> = made.collect();
                    let left = left as usize;
                    let good = |item: &&Vec<u8>| item.len() == left || item.len() + 8 <= left;
                    made.iter().filter(good).max_by_key(|item| item.len()).expect("fits").clone()
                }
            };
            self.tell(&[offer]);
        }
        assert_eq!(self.position, position);
        assert!(self.site.is_open());
    }
}

/// Item 11: each way in which a completion flag can be wrong.
#[test]
fn completion_flags() {
    let hash = [200; 32];
    // An offer of this point takes 40 bytes.
    let offer = wire::block_offer(NOW, &hash);
    let size = offer.len() as u64;
    // Where the offer begins; a batch of how many; the flag; the outcome.
    let cases = [
        (0, 1, true, "CompletionFlagMismatch"),
        (CHUNK - size, 1, false, "CompletionFlagMismatch"),
        (CHUNK - size + 1, 1, false, "CompletionFlagMismatch"),
        (CHUNK - 1, 1, false, "CompletionFlagMismatch"),
        (CHUNK - 2 * size, 1, true, "CompletionFlagMismatch"),
        (CHUNK - 2 * size, 3, true, "UnrequestedContent"),
        (CHUNK - size, 2, true, "UnrequestedContent"),
        (CHUNK - size, 1, true, ""),
        (CHUNK - size + 1, 1, true, ""),
        (CHUNK - 1, 1, true, ""),
        (CHUNK - 2 * size, 2, true, ""),
        (CHUNK - 2 * size - 1, 2, true, "CompletionFlagMismatch"),
        (CHUNK - 2 * size - 1, 2, false, ""),
    ];
    for (position, count, flag, reason) in cases {
        let mut teller = Teller::new();
        teller.fill(position.max(1_000));
        let position = teller.position;
        let told = teller.site.told.len();
        let items = vec![offer.clone(); count];
        teller.site.reply(&wire::news(0, flag, &items));
        let site = &mut teller.site;
        if reason.is_empty() {
            assert!(site.is_open(), "{count} at {position}");
            assert_eq!(site.told.len(), told + count);
        } else {
            assert_eq!(site.fault(), reason, "{count} at {position}");
            assert_eq!(site.told.len(), told, "told something of a bad message");
        }
    }
}

/// Item 11: the next window's number too early, a number out of order.
#[test]
fn windows_out_of_order() {
    let mut teller = Teller::new();
    teller.fill(2_000);
    let offer = wire::vote_offer(NOW, 1);
    teller.site.reply(&wire::news(1, false, &[offer]));
    assert_eq!(teller.site.fault(), "NotificationOutOfOrder");
}

/// Item 12: the credit to its last byte, and one byte beyond.
#[test]
fn notification_bytes_beyond_credit_by_one() {
    for beyond in [0, 1] {
        let mut site = Site::new();
        site.command(nodewire::state::leios::ClientCommand::Start);
        let target =
            |low, chunk| nodewire::state::leios::ClientCommand::NotificationTarget { low, chunk };
        site.command(target(4_096, 32_768));
        site.command(nodewire::state::leios::ClientCommand::StopNotifications);
        let mut teller = Teller::to(site);
        let offer = wire::vote_offer(NOW, 9);
        teller.fill(CHUNK - offer.len() as u64 + beyond);
        let flag = true;
        teller.site.reply(&wire::news(0, flag, &[offer]));
        if beyond == 0 {
            assert_eq!(teller.site.told.last(), Some(&Told::VoteOffered(NOW, 9)));
            teller.site.reply(&wire::news(1, false, &[wire::vote_offer(NOW, 10)]));
            assert_eq!(teller.site.fault(), "NoSuchRequest");
        } else {
            assert_eq!(teller.site.fault(), "NotificationCreditExceeded");
        }
    }
}

/// Item 12: sizes are those on the wire, however wide the integers are.
#[test]
fn encodings_that_change_sizes() {
    let mut teller = Teller::new();
    teller.announce(NOW, 1, &[1; 32]);
    let at = |issuer: u64| array(&[wide(0, 3), wide(0, NOW), wide(0, issuer)]);
    let items: Vec<_> = (0..2_000).map(at).collect();
    assert_eq!(items[0].len(), 28);
    teller.tell(&items);
    assert!(teller.site.is_open());
    let offers = teller.site.told.iter().filter(|told| matches!(told, Told::VoteOffered(..)));
    assert_eq!(offers.count(), 2_000);

    // One larger than any notification may be.
    let mut teller = Teller::new();
    let large = bytes(&[0; 2_100]);
    let header = array(&[uint(7), [&[0xd8, 24][..], &large].concat()]);
    teller.site.reply(&wire::news(0, false, &[wire::announcement(&header)]));
    assert_eq!(teller.site.fault(), "NotificationTooLarge");
}

/// Item 13: a third announcement, an identical one; two headers with one block are fine.
#[test]
fn announcements_of_one_election() {
    let of = |number, hash: u8| wire::announcement(&wire::header(number, NOW, 1, &[hash; 32]));
    let told = [Told::Announced(NOW, false), Told::Announced(NOW, true)];
    let mut teller = Teller::new();
    teller.tell(&[of(0, 1), of(1, 1)]);
    assert_eq!(teller.site.told, told);
    teller.tell(&[of(2, 1)]);
    assert_eq!(teller.site.fault(), "ThirdAnnouncement");
    assert_eq!(teller.site.told, told);

    let mut teller = Teller::new();
    teller.tell(&[of(0, 1)]);
    teller.tell(&[of(0, 1)]);
    assert_eq!(teller.site.fault(), "RepeatedAnnouncement");

    // What is ignored counts all the same.
    let mut teller = Teller::to(Site::listening().judging_nothing());
    teller.tell(&[of(0, 1), of(1, 2)]);
    teller.site.judge_all(Verdict::Ignore);
    teller.tell(&[of(2, 3)]);
    assert_eq!(teller.site.fault(), "ThirdAnnouncement");

    let mut teller = Teller::to(Site::listening().judging_nothing());
    teller.tell(&[of(0, 1)]);
    teller.site.judge_all(Verdict::Invalid);
    assert_eq!(teller.site.fault(), "InvalidAnnouncement");
}

/// Item 13: thousands of elections, of one slot and of many.
#[test]
fn thousands_of_elections() {
    for one_slot in [true, false] {
        let mut teller = Teller::new();
        let mut most = 0;
        for number in 0..2_000_u32 {
            let mut issuer = [0; 32];
            issuer[..4].copy_from_slice(&number.to_be_bytes());
            let slot = if one_slot { NOW } else { NOW - u64::from(number % 500) };
            let announced = array(&[bytes(&issuer), uint(4_096)]);
            let header = wire::header_of(0, slot, &issuer, &[vec![0xf4], announced]);
            teller.tell(&[wire::announcement(&header)]);
            if !teller.site.is_open() {
                break;
            }
            most = most.max(teller.site.held());
        }
        assert_eq!(teller.site.fault(), "TooManyElections");
        assert_eq!(teller.site.told.len(), 1_024);
        assert!(most < 600_000, "{most} bytes");
    }
}

/// Item 13: nobody judges; headers wait, and then the link stops reading.
#[test]
fn headers_that_nobody_judges() {
    let mut teller = Teller::to(
        Site::listening_with(|config| config.connection.limits.max_open_asks = 16)
            .judging_nothing(),
    );
    for number in 0..64_u64 {
        let header = wire::header(number, NOW - number, 1, &[number as u8; 32]);
        teller.tell(&[wire::announcement(&header)]);
    }
    assert_eq!(teller.site.asked.len(), 16);
    assert!(teller.site.is_open());
    assert!(!teller.site.saturated(), "there is room for much more");
    while !teller.site.asked.is_empty() {
        let Asked::Judge(_) = teller.site.asked[0] else { panic!() };
        teller.site.judge_all(Verdict::Process);
    }
    assert_eq!(teller.site.told.len(), 64);
    teller.site.others_go_on();
}

/// Item 13: slots at both ends of the numbers, and at the edges of what is timely.
#[test]
fn slots_out_of_time() {
    let cases = [
        (0, "AnnouncementTooOld"),
        (NOW - 601, "AnnouncementTooOld"),
        (NOW - 600, ""),
        (NOW + 2, ""),
        (NOW + 3, "AnnouncementTooEarly"),
        (u64::MAX, "AnnouncementTooEarly"),
    ];
    for (slot, reason) in cases {
        let mut teller = Teller::new();
        teller.announce(slot, 1, &[1; 32]);
        if reason.is_empty() {
            assert_eq!(teller.site.told, [Told::Announced(slot, false)]);
        } else {
            assert_eq!(teller.site.fault(), reason);
        }
    }
}

/// Item 13: headers of 9 to 14 fields.
#[test]
fn headers_of_every_arity() {
    let hash = [1; 32];
    let pair = array(&[bytes(&hash), uint(4_096)]);
    let no = || vec![0xf4];
    let null = || vec![0xf6];
    let cases: [(&[Vec<u8>], &str); 9] = [
        (&[], "HeaderAnnouncesNothing"),
        (&[no()], "HeaderAnnouncesNothing"),
        (std::slice::from_ref(&pair), ""),
        (&[no(), null()], "HeaderAnnouncesNothing"),
        (&[no(), pair.clone()], ""),
        (&[bytes(&hash), uint(4_096)], ""),
        (&[bytes(&hash), uint(4_096), no()], ""),
        (&[bytes(&hash), uint(4_096), no(), no()], "InvalidHeader"),
        (&[uint(1)], "InvalidHeader"),
    ];
    for (tail, reason) in cases {
        let mut teller = Teller::new();
        teller.tell(&[wire::announcement(&wire::header_with(0, NOW, 1, tail))]);
        if reason.is_empty() {
            assert_eq!(teller.site.told, [Told::Announced(NOW, false)], "{tail:x?}");
        } else {
            assert_eq!(teller.site.fault(), reason, "{tail:x?}");
        }
    }
}

/// Item 14.
#[test]
fn offers_before_announcements_for_others_and_repeated() {
    let offers = |hash: &[u8; 32]| {
        [wire::block_offer(NOW, hash), wire::txs_offer(NOW, hash), wire::vote_offer(NOW, 1)]
    };
    for offer in offers(&[1; 32]) {
        let mut teller = Teller::new();
        teller.tell(&[offer]);
        assert_eq!(teller.site.fault(), "OfferWithoutAnnouncement");
        assert!(teller.site.told.is_empty());
    }
    for (at, offer) in offers(&[2; 32]).into_iter().enumerate() {
        let mut teller = Teller::new();
        teller.announce(NOW, 1, &[1; 32]);
        teller.tell(&[offer]);
        if at < 2 {
            assert_eq!(teller.site.fault(), "OfferWithoutAnnouncement");
        } else {
            assert_eq!(teller.site.told.last(), Some(&Told::VoteOffered(NOW, 1)));
        }
    }
    let mut teller = Teller::new();
    teller.announce(NOW, 1, &[1; 32]);
    for _ in 0..3 {
        teller.tell(&offers(&[1; 32]));
    }
    assert!(teller.site.is_open());
    let remarks = teller.site.told.iter().filter(|told| matches!(told, Told::Remark(_)));
    assert_eq!(remarks.count(), 6);
    assert_eq!(teller.site.told.len(), 1 + 3 + 6);
}

/// Item 14: after pruning.
#[test]
fn offers_after_pruning() {
    for (late, open) in [(590, true), (615, false)] {
        let mut teller = Teller::new();
        let hash = [1; 32];
        teller.announce(NOW, 1, &hash);
        let mut second = 0;
        while second < late {
            second += 5;
            teller.site.pass(second);
            teller.site.keep_alive();
        }
        assert!(teller.site.is_open(), "{:?}", teller.site.ending());
        teller.tell(&[wire::block_offer(NOW, &hash)]);
        if open {
            assert_eq!(teller.site.told.last(), Some(&Told::BlockOffered));
        } else {
            assert_eq!(teller.site.fault(), "OfferWithoutAnnouncement");
        }
    }
}

/// Item 15: a vote of every seat: a bit each.
#[test]
fn vote_offers_of_every_seat() {
    let mut teller = Teller::new();
    teller.announce(NOW, 1, &[1; 32]);
    teller.announce(NOW - 1, 1, &[2; 32]);
    let before = teller.site.held();
    for slot in [NOW, NOW - 1] {
        let offers: Vec<_> = (0..65_536).map(|issuer| wire::vote_offer(slot, issuer)).collect();
        for offers in offers.chunks(4_096) {
            teller.tell(offers);
        }
    }
    assert!(teller.site.is_open());
    let grown = teller.site.held() - before;
    assert!(grown <= 2 * 8_192 + 2_048, "{grown} bytes for two slots");
    assert_eq!(teller.site.told.len(), 2 + 2 * 65_536);
    teller.tell(&[wire::vote_offer(NOW - 2, 0)]);
    assert_eq!(teller.site.fault(), "OfferWithoutAnnouncement");
    assert!(teller.position > 10 * CREDIT);
}
